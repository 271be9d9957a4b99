-- SPDX-License-Identifier: MIT
--- checkpoint and restore as commands: by criu where it works, and what is said where it does not.
local command = require "spec.support.command"
local fixture = require "spec.support.fixture"
local json = require "libcontainer.json"

describe("nsinit", function()
  fixture.check_leaks()
  local root, bundle, images

  before_each(function()
    fixture.needs("root", "busybox")
    root, images = command.fresh(), fixture.directory() .. "/images"
    bundle = command.bundle({ "sh", "-c", "i=0; while :; do i=$((i+1)); echo $i >/tmp/count; sleep 0.05; done" })
  end)

  -- With nothing of the machine's own as its streams, which criu could not find again.
  local nsinit, has = command.nsinit, command.has
  local function start()
    assert.equal(0, command.run(root, { "run", "-d", "-b", bundle, "box" }, { after = ">/dev/null 2>&1" }).status)
  end
  local function count()
    return tonumber(fixture.read(bundle .. "/rootfs/tmp/count") or "") or 0
  end
  -- It counts on from there.
  local function goes_on_from(number)
    for _ = 1, fixture.rounds(1000, 1000) do
      if count() > number then return true end
      fixture.sh "sleep 0.02"
    end
    return false
  end
  -- Before the look for leaks, also when what is told below is wrong.
  local function delete()
    assert.equal(0, nsinit("delete", "--force", "box").status)
  end

  it("writes a container into files and brings it back as conmon asks for it, and by classic words [O166] [O174]", function()
    fixture.needs "criu"
    start()
    assert.is_true(goes_on_from(0))
    local ended = nsinit("checkpoint", "--image-path", images, "--work-path", bundle, "--leave-running", "box")
    assert.same({ "", 0 }, { ended.stderr, ended.status })
    assert.equal("running", json.decode(nsinit("state", "box").stdout).status)
    fixture.sh("rm -r %s", images)
    ended = nsinit("checkpoint", "--image-path", images, "--work-path", bundle, "box")
    assert.same({ "", 0 }, { ended.stderr, ended.status })
    assert.equal(1, nsinit("state", "box").status)
    local number = count()
    ended = command.run(root, { "restore", "--bundle", bundle, "--pid-file", bundle .. "/pid", "--detach", "--image-path",
      images, "--work-path", bundle, "box" }, { after = "2>&1 >/dev/null" })
    assert.same({ "", 0 }, { ended.stdout, ended.status })
    local state = json.decode(nsinit("state", "box").stdout)
    assert.same({ "running", ("%d"):format(state.pid) }, { state.status, fixture.read(bundle .. "/pid") })
    assert.is_true(goes_on_from(number))
    fixture.sh("rm -r %s", images)
    ended = nsinit("checkpoint", "--id", "box", "--image-path", images)
    assert.same({ "", 0 }, { ended.stderr, ended.status })
    number = count()
    ended = command.run(root, { "restore", "--id", "box", "-d", "--image-path", images }, { after = ">/dev/null 2>&1" })
    assert.equal(0, ended.status)
    -- its root is the one that was saved, and not the working directory
    assert.equal(bundle .. "/rootfs", json.decode(nsinit("state", "--id", "box").stdout).config.rootfs)
    assert.is_true(goes_on_from(number))
    delete()
  end)

  it("has criu restore in the root that was saved, wherever it is called, or in that of a bundle it is told of [D41]", function()
    local there, criu, seen = command.bundle { "true" }, bundle .. "/criu", bundle .. "/seen"
    for _, place in ipairs { bundle, there } do fixture.write(place .. "/rootfs/tmp/whose", place) end
    fixture.write(criu, ([[#!/bin/sh
      verb=$1
      while [ $# -gt 0 ]; do case $1 in --tree) tree=$2 ;; --root) root=$2 ;; esac; shift; done
      [ $verb = dump ] && { kill -9 $tree; exit 0; }
      cp $root/tmp/whose %s; exit 5]]):format(seen))
    fixture.sh("chmod 755 %s", criu)
    start()
    assert.equal(0, nsinit("--criu", criu, "checkpoint", "--image-path", images, "--id", "box").status)
    local function root_of(...)
      os.remove(seen)
      local ended = command.run(root, { "--criu", criu, "restore", "--id", "box", "--image-path", images, ... },
        { shell = "cd " .. there .. " &&" })
      has(ended.stderr, "criu failed with status 5")
      return fixture.read(seen)
    end
    assert.equal(bundle, root_of())
    assert.equal(there, root_of("-b", there))
    assert.equal(1, nsinit("state", "box").status)
  end)

  it("says what is missing for a checkpoint, by the criu that it is told of, and leaves the container as it is [O148]", function()
    start()
    local ended = nsinit("--criu", "/no/such/criu", "checkpoint", "--image-path", images, "box")
    assert.equal(1, ended.status)
    has(ended.stderr, "checkpoint needs the program criu")
    local criu = bundle .. "/criu"
    fixture.write(criu, "#!/bin/sh\nexit 3\n")
    fixture.sh("chmod 755 %s", criu)
    ended = nsinit("--criu", criu, "checkpoint", "--image-path", images, "box")
    has(ended.stderr, "criu failed with status 3")
    assert.equal("running", json.decode(nsinit("state", "box").stdout).status)
    delete()
    ended = nsinit("--criu", criu, "restore", "--image-path", images, "-b", bundle, "box")
    assert.equal(1, ended.status)
    has(ended.stderr, "images")
    assert.equal(1, nsinit("state", "box").status)
    for _, word in ipairs { "checkpoint", "restore" } do assert.equal(0, nsinit(word, "--help").status) end
  end)
end)
