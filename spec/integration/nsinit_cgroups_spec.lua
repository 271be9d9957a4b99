-- SPDX-License-Identifier: MIT
--- What callers know of other runtimes, and the driver of cgroups has a part in.
local command = require "spec.support.command"
local fixture = require "spec.support.fixture"
local json = require "libcontainer.json"

describe("nsinit, with the cgroups of its containers,", function()
  fixture.check_leaks()
  local root

  local nsinit = command.nsinit

  before_each(function()
    fixture.needs("root", "busybox")
    root = command.fresh()
  end)

  it("writes a state and an event in one order: callers look for how a line begins [O159] [O165]", function()
    finally(command.end_box)
    local bundle = command.running()
    assert.truthy(nsinit("list", "--format", "json").stdout:find(
      ('^%%[{"ociVersion":"1[^"]*","id":"box","pid":%%d+,"status":"running","bundle":"%s","rootfs":"[^"]*","created":"')
        :format(bundle:gsub("%p", "%%%0"))))
    local line = nsinit("events", "--stats", "box").stdout
    assert.truthy(line:find('^{"type":"stats","id":"box","data":{'), line)
    assert.equal("box", json.decode(line).id)
    assert.equal(0, nsinit("delete", "--force", "box").status)
    assert.equal("[]\n", nsinit("list", "--format", "json").stdout)
  end)

  it("deletes by force what is paused, only created, half made, or not there, and says nothing [O187]", function()
    local bundle = command.bundle { "sleep", "1000" }
    local function gone()
      local ended = nsinit("delete", "--force", "box")
      assert.same({ 0, "", "" }, { ended.status, ended.stdout, ended.stderr })
      assert.equal(1, nsinit("state", "box").status)
      assert.equal("", fixture.sh("ls -A %s", root))
    end
    fixture.sh("mkdir -p %s", root)
    gone()
    fixture.sh("mkdir %s/box", root)
    gone()
    assert.equal(0, nsinit("create", "-b", bundle, "box").status)
    gone()
    assert.equal(0, nsinit("run", "-d", "-b", bundle, "box").status)
    assert.equal(0, nsinit("pause", "box").status)
    gone()
  end)

  it("leaves nothing of a create that fails, wherever it does [O126]", function()
    local function create(words, change)
      local bundle = command.bundle({ "sleep", "1000" }, change)
      table.insert(words, 1, "create")
      table.move({ "-b", bundle, "box" }, 1, 3, #words + 1, words)
      local ended = nsinit(table.unpack(words))
      assert.equal(1, ended.status)
      assert.truthy(ended.stderr:find "^nsinit: [^\n]+\n$", ended.stderr)
      assert.equal("", fixture.sh("ls -A %s 2>/dev/null || :", root))
      assert.equal(1, nsinit("state", "box").status)
    end
    local function linux(name, value)
      return function(document) document.linux[name] = value end
    end
    create({}, function(document) document.root.path = "nosuch" end)
    create({}, function(document) document.process.args = { "/no/such" } end)
    create({}, function(document) document.process.cwd = "/proc/self/fd/3" end)
    create({}, function(document) document.process.terminal = true end)
    create({}, function(document) document.hooks = { createRuntime = { { path = "/bin/false" } } } end)
    create({}, function(document)
      document.mounts = { table.unpack(document.mounts) }
      table.insert(document.mounts, { destination = "/x", type = "nosuchfs", source = "x" })
    end)
    create({}, linux("sysctl", { ["net.nosuch"] = "1" }))
    create({}, linux("cgroupsPath", "../x"))
    create({}, linux("resources", { cpu = { cpus = "9999" } }))
    create({ "--pid-file", "/no/such/pid" })
    create({ "--pidfd-socket", "/no/such/socket" })
    create({ "--console-socket", "/no/such/socket" }, function(document) document.process.terminal = true end)
    create({ "--preserve-fds", "40" })
  end)
end)
