-- SPDX-License-Identifier: MIT
--- What its users get wrong: one line that names the thing and the way out, the exit status of a failure, and nothing
-- that is left.
local command = require "spec.support.command"
local fixture = require "spec.support.fixture"

-- Every command that is about a container, with what else it wants.
local OF_A_CONTAINER <const> = { { "state" }, { "start" }, { "kill" }, { "delete" }, { "pause" }, { "resume" }, { "unpause" },
  { "ps" }, { "events" }, { "stats" }, { "oom" }, { "update", "--memory", "1G" }, { "checkpoint" }, { "exec" } }

describe("nsinit", function()
  fixture.check_leaks()
  local root

  before_each(function()
    fixture.needs("root", "busybox")
    root = command.fresh()
  end)

  local function check(ended, status, ...)
    assert.equal(status, ended.status, ended.stderr)
    assert.equal("", ended.stdout)
    assert.truthy(ended.stderr:find("^nsinit: [^\n]+\n$"), ended.stderr)
    for _, words in ipairs { ... } do assert.truthy(ended.stderr:find(words, 1, true), ended.stderr) end
  end
  local nsinit = command.nsinit
  -- The command on a container of that id.
  local function on(id, words)
    local all = table.move(words, 1, #words, 1, {})
    all[#all + 1] = id
    if words[1] == "exec" then all[#all + 1] = "true" end
    return nsinit(table.unpack(all)), words[1] == "exec" and 255 or 1
  end
  local function is_empty()
    assert.equal("", fixture.sh("ls -A %s 2>/dev/null", root))
  end

  it("tells of an id that nobody has, or can have, whatever is asked of it", function()
    for _, words in ipairs(OF_A_CONTAINER) do
      local ended, status = on("nobody", words)
      check(ended, status, '"nobody" does not exist', "nsinit list")
      ended, status = on("../etc", words)
      check(ended, status, "invalid container ID format", '"../etc"')
    end
    is_empty()
  end)

  it("tells of a state that is damaged, which only delete --force gets over", function()
    fixture.sh("mkdir -p %s/box && echo '{' >%s/box/state.json", root, root)
    for _, words in ipairs(OF_A_CONTAINER) do
      local ended, status = on("box", words)
      check(ended, status, 'the state of container "box" is damaged', "nsinit delete --force")
    end
    assert.equal(0, nsinit("delete", "--force", "box").status)
    is_empty()
  end)

  it("tells of what is wrong with a bundle, all at once, and makes nothing", function()
    local bundle = fixture.directory()
    for _, word in ipairs { "create", "run" } do
      check(nsinit(word, "-b", bundle .. "/none", "box"), 1, bundle .. "/none", "no such file")
      check(nsinit(word, "-b", bundle, "box"), 1, bundle .. "/config.json", "no such file")
      fixture.write(bundle .. "/config.json", "{")
      check(nsinit(word, "-b", bundle, "box"), 1, bundle .. "/config.json", "not valid JSON", "line 1")
      fixture.write(bundle .. "/config.json", '{"ociVersion":"1.0.0","root":{},"process":{"args":[],"cwd":"x"}}')
      check(nsinit(word, "-b", bundle, "box"), 1, "root.path", "process.args", "process.cwd")
      os.remove(bundle .. "/config.json")
    end
    is_empty()
  end)

  it("tells of a program that is not there or cannot be run, in the words that engines look for", function()
    for _, case in ipairs { { "none", "executable file not found in $PATH" }, { "/none", "no such file or directory" },
      { "/etc", "permission denied" }, { "/etc/passwd", "permission denied" }, { "/bin/sh/x", "not a directory" } } do
      for _, word in ipairs { "create", "run" } do
        local bundle = command.bundle { case[1] }
        check(nsinit(word, "-b", bundle, "box"), 1, case[1], case[2])
      end
      assert.equal("", fixture.sh("ls -A %s", root))
    end
    local bundle = command.bundle({ "true" }, function(document) document.process = nil end)
    check(nsinit("run", "-b", bundle, "box"), 1, "has no process")
    is_empty()
  end)

  it("tells of an id that is taken, and of what cannot be done in the state that a container is in", function()
    local bundle = command.bundle { "true" }
    assert.equal(0, nsinit("create", "-b", bundle, "box").status)
    check(nsinit("create", "-b", bundle, "box"), 1, "container with given ID already exists", "delete that container first")
    assert.equal(0, nsinit("kill", "box", "KILL").status)
    for _ = 1, fixture.rounds(200, 200) do
      if nsinit("kill", "box", "0").status ~= 0 then break end
    end
    for _, words in ipairs(OF_A_CONTAINER) do
      if words[1] ~= "state" and words[1] ~= "delete" then
        local ended, status = on("box", words)
        check(ended, status)
        assert.truthy(ended.stderr:find "stopped" or ended.stderr:find "not running", ended.stderr)
      end
    end
    assert.equal(0, nsinit("delete", "box").status)
    is_empty()
  end)

  it("tells of privileges that are missing", function()
    local bundle = command.bundle { "true" }
    fixture.sh("chmod 755 %s", bundle)
    local program = fixture.directory() .. "/nsinit" -- where everybody can run it
    fixture.sh("chmod 755 %s; cp %s %s", program:match("^(.*)/"), command.whole, program)
    local as_nobody = { program = program,
      shell = fixture.library_for_everybody() .. " setpriv --reuid 65534 --regid 65534 --clear-groups" }
    fixture.sh("mkdir -m 700 %s", root)
    local words = command.run(root, { "list" }, as_nobody)
    check(words, 1, "permission denied")
    words = command.run(root, { "run", "-b", bundle, "box" }, as_nobody)
    check(words, 1, "permission denied")
    is_empty()
  end)
end)
