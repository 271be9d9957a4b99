-- SPDX-License-Identifier: MIT
-- spec/support/run-vm, with programs in place of a virtual machine: what is run, skipped, and failed.
local fixture = require "spec.support.fixture"

-- Its output and status, with a shell script in place of vm-run.
local function run(script, places)
  local path = fixture.directory() .. "/vm-run"
  fixture.write(path, "#!/bin/sh\n" .. script .. "\n")
  fixture.sh("chmod 755 %s", path)
  local text = fixture.sh("spec/support/run-vm %s build/release %s 2>&1; echo status $?", path, places)
  return text:match("^(.*)\nstatus (%d+)$")
end

local COUNT <const> = "([%d]+) passed, ([%d]+) failed, ([%d]+) skipped$"
local FINE <const> = [[for last; do case $last in *_spec.lua) echo "$last"; esac; done; echo "5 passed, 0 failed, 2 skipped"]]

describe("the specs in a virtual machine", function()
  fixture.check_leaks()

  it("are skipped, counted, and no failure where no such machine is to be had", function()
    fixture.needs "root"
    local text, status = run("echo no kernel; exit 125", "spec/integration spec/systemd")
    local passed, failed, skipped = text:match(COUNT)
    assert.same({ "0", "0", "0" }, { status, passed, failed })
    assert.equal(tonumber(fixture.sh("find spec/integration spec/systemd -name '*_spec.lua' | wc -l")), tonumber(skipped))
    assert.matches("no kernel\n.*did not come up", text)
    text = fixture.sh("spec/support/run-vm /nonexistent/vm-run build/release spec/systemd; echo status $?")
    assert.matches("VM_RUN=path\n0 passed, 0 failed, 1 skipped\nstatus 0$", text)
  end)

  it("fail when the machine breaks off, or is not through in time", function()
    fixture.needs "root"
    for code, words in pairs { [124] = "not through in time", [1] = "broke off %(status 1%)" } do
      local text, status = run("exit " .. code, "spec/systemd")
      assert.equal("1", status)
      assert.matches(words .. "\n.*0 passed, 1 failed, %d+ skipped$", text)
    end
    local text, status = run("echo '5 passed, 1 failed, 2 skipped'; exit 1", "spec/systemd")
    assert.equal("1", status)
    assert.matches("\n5 passed, 1 failed, 2 skipped$", text)
  end)

  it("are those of the directory without what is left out, which is named with the reason and counted", function()
    fixture.needs "root"
    local text, status = run(FINE, "spec/integration")
    local files = 0
    for line in io.lines "spec/support/left-out-of-vm" do
      local file, reason = line:match("^(%S+): (.+)$")
      assert.is_truthy(file and fixture.read(file), line)
      assert.is_nil(text:find(file, 1, true), file)
      assert.matches(("\nnot run here: %s:[^\n]* %s"):format(reason:gsub("%p", "%%%0"), file:match("([^/]*)_spec")), text)
      files = files + 1
    end
    assert.equal("0", status)
    assert.matches("^spec/integration/any_order_spec.lua\n", text)
    assert.equal(("\n5 passed, 0 failed, %d skipped"):format(files + 2), text:match("\n[^\n]*$"))
  end)

  it("are those that are named, left out or not", function()
    fixture.needs "root"
    assert.equal("spec/integration/masks_spec.lua\n5 passed, 0 failed, 2 skipped",
      (run(FINE, "spec/integration/masks_spec.lua"):gsub("\n5 passed[^\n]*$", "", 1)))
  end)
end)
