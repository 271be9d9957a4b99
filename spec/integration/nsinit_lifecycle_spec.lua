-- SPDX-License-Identifier: MIT
--- The life of a container whose steps are processes of their own.
local command = require "spec.support.command"
local fixture = require "spec.support.fixture"
local json = require "libcontainer.json"

describe("nsinit", function()
  fixture.check_leaks()
  local nsinit, has = command.nsinit, command.has
  local function state(id)
    local ended = nsinit("state", id)
    return ended.status == 0 and json.decode(ended.stdout) or nil
  end

  before_each(function()
    fixture.needs("root", "busybox")
    command.fresh()
  end)

  it("runs a program, ends as it does, and leaves nothing", function()
    local bundle = command.bundle { "sh", "-c", "echo hello; exit 7" }
    local ended = nsinit("run", "-b", bundle, "box")
    assert.same({ "hello\n", "", 7 }, { ended.stdout, ended.stderr, ended.status })
    assert.equal(1, nsinit("state", "box").status)
  end)

  it("ends with 128 and the signal that ended the program [O152]", function()
    local bundle = command.bundle { "sh", "-c", "kill -KILL $$" }
    assert.equal(0, nsinit("run", "-b", bundle, "box").status) -- the first of a pid namespace is not ended by itself
    bundle = command.bundle { "sh", "-c", "sh -c 'kill -TERM $$'; exit $?" }
    assert.equal(143, nsinit("run", "-b", bundle, "box").status)
  end)

  it("creates, and starts when told, by processes that have gone meanwhile [O128] [O131] [O151]", function()
    local bundle = command.bundle { "sh", "-c", "echo started >/tmp/it; exec sleep 1000" }
    assert.same({ "", 0 }, { nsinit("create", "-b", bundle, "box").stderr, 0 })
    local created = assert(state("box"))
    assert.same({ "created", bundle }, { created.status, created.bundle })
    assert.is_nil(fixture.read(bundle .. "/rootfs/tmp/it"))
    assert.equal(0, nsinit("start", "box").status)
    assert.equal("running", state("box").status)
    assert.equal(created.pid, state("box").pid)
    local again = nsinit("start", "box")
    assert.equal(1, again.status)
    has(again.stderr, "cannot start an already running container")
    assert.equal(1, nsinit("delete", "box").status)
    assert.equal(0, nsinit("delete", "--force", "box").status)
    assert.equal(1, nsinit("state", "box").status)
    assert.equal(1, nsinit("delete", "box").status)
    assert.equal(0, nsinit("delete", "--force", "box").status)
  end)

  it("starts none that stands still, at once, and the program runs when it is started after that [O128]", function()
    local bundle = command.bundle { "sh", "-c", "trap 'exit 3' TERM; echo started >/tmp/it; while :; do sleep 0.1; done" }
    assert.equal(0, nsinit("create", "-b", bundle, "box").status)
    assert.equal(0, nsinit("pause", "box").status)
    local ended = nsinit("start", "box")
    assert.equal(1, ended.status)
    has(ended.stderr, "cannot start a container in the paused state")
    assert.equal(0, nsinit("resume", "box").status)
    has(nsinit("resume", "box").stderr, 'container not paused: "box" is created')
    assert.equal(0, nsinit("start", "box").status)
    assert.equal(0, nsinit("kill", "box", "").status) -- as kill without a signal
    for _ = 1, fixture.rounds(500, 500) do
      if state("box").status == "stopped" then break end
      fixture.sh "sleep 0.02"
    end
    has(nsinit("resume", "box").stderr, 'container not paused: "box" is stopped')
    assert.equal(0, nsinit("delete", "box").status)
  end)

  it("removes one that was created and never started without force [O158]", function()
    local bundle = command.bundle { "true" }
    assert.equal(0, nsinit("create", "-b", bundle, "box").status)
    assert.equal(0, nsinit("delete", "box").status)
    assert.is_nil(state("box"))
  end)

  it("tells at create what is missing, and leaves nothing of it", function()
    local bundle = command.bundle { "/no/such" }
    local ended = nsinit("create", "-b", bundle, "--pid-file", bundle .. "/pid", "box")
    assert.equal(1, ended.status)
    has(ended.stderr, "no such file or directory")
    assert.is_nil(fixture.read(bundle .. "/pid"))
    assert.is_nil(state("box"))
  end)

  it("writes the pid without a newline [O183]", function()
    local bundle = command.bundle { "true" }
    assert.equal(0, nsinit("create", "-b", bundle, "--pid-file", bundle .. "/pid", "box").status)
    assert.equal(("%d"):format(state("box").pid), fixture.read(bundle .. "/pid"))
    assert.equal(0, nsinit("delete", "box").status)
  end)
end)
