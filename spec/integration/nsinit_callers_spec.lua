-- SPDX-License-Identifier: MIT
--- What conmon, podman and containerd's shim call, word for word, and what they look at afterwards.
local command = require "spec.support.command"
local fixture = require "spec.support.fixture"

describe("nsinit under a caller", function()
  fixture.check_leaks()

  -- A caller: the nearest subreaper of whatever nsinit leaves behind, as conmon and the shim are. `rt` runs nsinit
  -- with these words and answers its exit status; `text` a file.
  local CALLER <const> = [[
    posix.prctl(36, 1)
    local bundle = arg[3]
    local function rt(words, before)
      local _, how, number = os.execute((before or "") .. " " .. arg[4] .. " " .. words .. " </dev/null")
      return how == "exit" and number or 128 + number
    end
    local function text(name)
      local file <close> = io.open(bundle .. "/" .. name)
      return file and file:read("a")
    end
    -- the program's trap is set
    local function await_trap()
      local rounds_left = rounds(2000, 2000)
      while not io.open(bundle .. "/rootfs/tmp/traps") and rounds_left > 0 do
        os.execute("exec sleep 0.01")
        rounds_left = rounds_left - 1
      end
    end
    -- of a child of ours: how it ended
    local function reap(pid)
      for _ = 1, rounds(2000, 2000) do
        local got, how, number = posix.wait(pid, true)
        if got ~= 0 then return how, number end
        os.execute("exec sleep 0.01")
      end
    end
    local _ <const>, _ <const>, _ <const>, _ <const> = rt, text, reap, await_trap
  ]]

  local function caller(bundle, script)
    local root = fixture.root()
    return fixture.lua_prints(CALLER .. script, { args = { root, bundle .. "/rootfs", bundle,
      command.program } })
  end

  before_each(function()
    fixture.needs("root", "busybox", "cc")
  end)

  it("leaves init and exec'd programs to the shim, which learns how they ended [O182] [O184]", function()
    local bundle = command.bundle { "sh", "-c", "trap 'exit 7' TERM; echo >/tmp/traps; while :; do sleep 0.05; done" }
    fixture.write(bundle .. "/exec.json", '{"args":["sh","-c","exit 5"],"cwd":"/","env":["PATH=/bin"]}')
    fixture.write(bundle .. "/resources.json", '{"pids":{"limit":50}}')
    assert.equal("0 0\n0 exit 5\n0 0\n[%d]\n0\n0\nexit 7\n0\nnil\n", (caller(bundle, [[
      local global = ("--root %s --log %s/log.json --log-format json "):format(root, bundle)
      local made = rt(global .. ("create --bundle %s --pid-file %s/init.pid box"):format(bundle, bundle))
      print(made, rt(global .. "start box"))
      local pid = math.tointeger(tonumber(text "init.pid"))
      local ran = rt(global .. ("exec --process %s/exec.json --detach --pid-file %s/e1.pid box"):format(bundle, bundle))
      print(ran, reap(math.tointeger(tonumber(text "e1.pid"))))
      print(rt(global .. "pause box"), rt(global .. "resume box"))
      rt(global .. "ps --format json box >" .. bundle .. "/ps")
      local first = text "ps":match "%d+"
      print(first == tostring(pid) and "[%d]" or text "ps")
      print(rt(("%supdate --resources=- box <%s/resources.json #"):format(global, bundle)))
      await_trap()
      print(rt(global .. "kill box 15"))
      print(reap(pid))
      print(rt(global .. "delete box"))
      print(text "log.json" == "" and "nil" or text "log.json")
    ]]):gsub("\t", " ")))
  end)

  it("serves CRI-O, which asks for features and states, and changes limits, beside what conmon calls [O191]", function()
    local bundle = command.bundle { "sh", "-c", "trap 'exit 7' TERM; echo >/tmp/traps; while :; do sleep 0.05; done" }
    fixture.write(bundle .. "/exec.json", '{"args":["sh","-c","exit 5"],"cwd":"/","env":["PATH=/bin"],"terminal":false}')
    fixture.write(bundle .. "/resources.json", '{"pids":{"limit":50},"cpu":{"shares":512}}')
    assert.equal("0 1.0.0 rro true\n0 created true\n0 running\n0 0 exit 5\n0 50\n0 exit 7\nstopped\n0 1\n", (caller(bundle, [[
      local json = require "libcontainer.json"
      local at = ("--root %s "):format(root)
      local function document(words)
        local status = rt(("%s%s >%s/out"):format(at, words, bundle))
        return status, status == 0 and assert(json.decode(text "out", { name = words })) or {}
      end
      local status, features = document "features"
      local option
      for _, name in ipairs(features.mountOptions) do option = name == "rro" and name or option end
      print(status, features.ociVersionMin, option, features.linux.mountExtensions.idmap.enabled)
      status = rt(("%screate --bundle %s --pid-file %s/pid box"):format(at, bundle, bundle))
      local _, state = document "state box"
      print(status, state.status, state.pid == tonumber(text "pid"))
      print(rt(at .. "start box"), select(2, document "state box").status)
      status = rt(("%sexec -d --pid-file %s/e.pid --process %s/exec.json box"):format(at, bundle, bundle))
      print(status, 0, reap(math.tointeger(tonumber(text "e.pid"))))
      status = rt(("%supdate --resources - box <%s/resources.json #"):format(at, bundle))
      print(status, select(2, document "state --id box").config.cgroups.pids_limit)
      await_trap()
      print(rt(at .. "kill box 15"), reap(state.pid))
      print(select(2, document "state box").status)
      print(rt(at .. "delete --force box"), (document "state box 2>/dev/null"))
    ]]):gsub("\t", " ")))
  end)

  it("needs nothing of an environment, as podman calls it directly [O178]", function()
    local bundle = command.bundle { "sleep", "1000" }
    assert.equal("0 0 0 0 0 0\n", (caller(bundle, [[
      -- but for what the sanitizer's part of a build under test reads
      local function bare(words) return rt(words, "env -i ASAN_OPTIONS=\"$ASAN_OPTIONS\"") end
      local at = "--root " .. root .. " "
      print(bare(at .. "create --bundle " .. bundle .. " box"), bare(at .. "start box"), bare(at .. "pause box"),
        bare(at .. "resume box"), bare(at .. "kill --all box 9"), bare(at .. "delete --force box"))
    ]]):gsub("\t", " ")))
  end)

  it("gives whoever listens a pidfd of the program [O192]", function()
    local bundle = command.bundle { "sleep", "1000" }
    assert.equal("0\nstandard anon_inode:[pidfd] true\n0\n", (caller(bundle, [[
      local listening = posix.listen(bundle .. "/s")
      print(rt(("--root %s create --bundle %s --pidfd-socket %s/s --pid-file %s/pid box"):format(root, bundle, bundle, bundle)))
      local words, fd = posix.take(listening)
      local link = io.popen("readlink /proc/" .. posix.getpid() .. "/fd/" .. fd):read("l")
      local file = io.open("/proc/self/fdinfo/" .. fd):read("a")
      print(words, link == "pidfd" and link or link:gsub("^pidfd:.*", "anon_inode:[pidfd]"),
        file:find("Pid:\t" .. text "pid") ~= nil)
      posix.close(listening)
      posix.close(fd)
      print(rt("--root " .. root .. " delete box"))
    ]]):gsub("\t", " ")))
  end)
end)
