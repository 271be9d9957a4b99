-- SPDX-License-Identifier: MIT
local fixture = require "spec.support.fixture"
local inside = require "spec.support.inside"
local configs = require "libcontainer.configs"

-- as /proc/PID/limits names them
local LINES <const> = { AS = "Max address space", CORE = "Max core file size", CPU = "Max cpu time",
  DATA = "Max data size", FSIZE = "Max file size", LOCKS = "Max file locks", MEMLOCK = "Max locked memory",
  MSGQUEUE = "Max msgqueue size", NICE = "Max nice priority", NOFILE = "Max open files", NPROC = "Max processes",
  RSS = "Max resident set", RTPRIO = "Max realtime priority", RTTIME = "Max realtime timeout",
  SIGPENDING = "Max pending signals", STACK = "Max stack size" }

local function limits(text)
  local out = {}
  for name, line in pairs(LINES) do
    local soft, hard = text:match(line .. "%s+(%w+)%s+(%w+)")
    out[name] = { soft, hard }
  end
  return out
end

local function inside_limits(config) return limits(inside.script(config, "cat /proc/self/limits")) end

describe("resource limits", function()
  fixture.check_leaks()

  it("are set by name, all sixteen, soft and hard [O12]", function()
    fixture.needs("root", "busybox")
    local own, list, want = limits(fixture.read "/proc/self/limits"), {}, {}
    for name in pairs(LINES) do
      -- below what this process has, so that no privilege is needed
      local hard = tonumber(own[name][2]) or 1 << 40
      hard = math.min(hard, 1 << 33)
      list[#list + 1] = { type = name, soft = hard // 2, hard = hard }
      want[name] = { tostring(hard // 2), tostring(hard) }
    end
    assert.equal(16, #list)
    assert.same(want, inside_limits { rlimits = list })
  end)

  it("may be written short, with RLIMIT_ in front, in small letters, and without end [O12]", function()
    fixture.needs("root", "busybox")
    local got = inside_limits { rlimits = { NOFILE = 99, core = { 0, 5 }, RLIMIT_STACK = { soft = "8M",
      hard = "16M" } } }
    assert.same({ "99", "99" }, got.NOFILE)
    assert.same({ "0", "5" }, got.CORE)
    assert.same({ "8388608", "16777216" }, got.STACK)
    if limits(fixture.read "/proc/self/limits").FSIZE[2] == "unlimited" then
      got = inside_limits { rlimits = { { type = "RLIMIT_FSIZE", soft = "unlimited", hard = -1 } } }
      assert.same({ "unlimited", "unlimited" }, got.FSIZE)
    end
  end)

  it("that are not named stay as the caller's, and the caller's own do not change [O12]", function()
    fixture.needs("root", "busybox")
    local before = fixture.read "/proc/self/limits"
    local got = inside_limits { exact = true, rootfs = fixture.rootfs(),
      mounts = { { type = "proc", destination = "/proc" } } }
    assert.same(limits(before), got)
    assert.equal(before, fixture.read "/proc/self/limits")
  end)

  it("of the default keep the number of open files small enough for select [O12]", function()
    fixture.needs("root", "busybox")
    local got = inside_limits {}
    assert.is_true(tonumber(got.NOFILE[1]) <= 1024 and tonumber(got.NOFILE[2]) <= 4096)
  end)

  it("hold for the program: no more descriptors, no larger files [O12]", function()
    fixture.needs("root", "busybox")
    assert.equal("153\n4096\n", inside.script({ rlimits = { { type = "FSIZE", soft = 4096, hard = 4096 } } },
      "dd if=/dev/zero of=/tmp/f bs=1024 count=10 2>/dev/null; echo $?; stat -c %s /tmp/f")) -- 128 + SIGXFSZ
    local result = inside.run({ rlimits = { NOFILE = 3 } }, "cat", "/etc/passwd")
    assert.not_equal(0, result.status)
    assert.truthy(result.stderr:find("Too many open files", 1, true))
  end)

  it("of open files do not stand in the way of many mounts [O12]", function()
    fixture.needs("root", "busybox")
    local mounts, dir = configs.default({ rootfs = "/x" }).mounts, fixture.directory()
    for i = 1, 60 do
      mounts[#mounts + 1] = { type = "bind", source = dir, destination = "/m/" .. i }
    end
    assert.equal("60\n", inside.script({ mounts = mounts, rlimits = { NOFILE = 8 } },
      "grep -c ' /m/' /proc/self/mountinfo"))
  end)

  it("that are not set are the caller's: of descriptors too, of which the set-up takes more [O12] [E04]", function()
    fixture.needs("root", "busybox")
    assert.equal("77 1024\n77 1024\n", fixture.lua_prints([[
      local factory = assert(lc.new(root))
      local config = { rootfs = rootfs, mounts = {} }
      for i = 1, 100 do config.mounts[i] = { type = "bind", source = "/etc", destination = "/tmp/" .. i } end
      local box <close> = assert(factory:create("box", config))
      local look = "echo $(ulimit -S -n) $(ulimit -H -n)"
      local p = assert(box:start { "sh", "-c", look .. "; exec sleep 1000", stdout = "pipe" })
      print(p.stdout:read("l", seconds(30)))
      io.write(assert(box:exec { "sh", "-c", look }).stdout)]], { args = { fixture.root(), fixture.rootfs() },
      before = "prlimit --nofile=77:1024" }))
  end)

  it("twice the same, the soft one above the hard one, or unknown are refused [O12]", function()
    fixture.needs("root", "busybox")
    for field, list in pairs {
      ["rlimits[2]"] = { { type = "CORE", soft = 0, hard = 0 }, { type = "CORE", soft = 1, hard = 1 } },
      ["rlimits[3]"] = { { type = "CORE", soft = 0, hard = 0 }, { type = "CPU", soft = 1, hard = 1 },
        { type = "RLIMIT_CPU", soft = 1, hard = 1 } },
      ["rlimits[1].soft"] = { { type = "CORE", soft = 2, hard = 1 } },
      ["rlimits[1].type"] = { { type = "NOFILES", soft = 1, hard = 1 } },
      ["rlimits[1].hard"] = { { type = "CORE", soft = 1 } },
    } do
      local err = inside.refused({ exact = true, rootfs = fixture.rootfs(), rlimits = list }, "true")
      assert.equal("ConfigInvalid", err.code)
      assert.truthy(err.problems[1].field:find(field, 1, true), err.problems[1].field)
    end
    assert.equal("ConfigInvalid", inside.refused({ rlimits = { { type = "CORE", soft = -1, hard = 5 } } },
      "true").code)
  end)

  it("beyond the caller's own are refused by the kernel, with the limit named [O12]", function()
    fixture.needs("root", "busybox")
    local own = tonumber(fixture.read("/proc/self/status"):match("CapEff:%s*(%x+)"), 16)
    if own >> 24 & 1 == 1 then return pending("this process may raise limits") end
    local hard = tonumber(limits(fixture.read "/proc/self/limits").NPROC[2])
    if not hard then return pending("the limit is infinite") end
    local err = inside.refused({ rlimits = { NPROC = hard + 1 } }, "true")
    assert.equal("rlimit", err.step)
    assert.equal("NPROC", err.subject)
    assert.equal("EPERM", err.errname)
  end)
end)
