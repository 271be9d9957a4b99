-- SPDX-License-Identifier: MIT
local fixture = require "spec.support.fixture"
local inside = require "spec.support.inside"
local configs = require "libcontainer.configs"
local core = require "libcontainer.core"

local SETS <const> = { Inh = "inheritable", Prm = "permitted", Eff = "effective", Bnd = "bounding", Amb = "ambient" }

local function mask(names)
  local bits = 0
  for _, name in ipairs(names or {}) do bits = bits | 1 << core.capability(name) end
  return bits
end

-- The five sets of a program inside, as numbers.
local function sets(config)
  local status = inside.status(inside.script(config, "cat /proc/self/status"))
  local out = {}
  for short, name in pairs(SETS) do out[name] = tonumber(status["Cap" .. short], 16) end
  return out, status
end

local function check(config, want)
  local got = sets(config)
  for _, name in pairs(SETS) do
    assert.equal(("%016x"):format(mask(want[name])), ("%016x"):format(got[name]), name)
  end
end

describe("capabilities", function()
  fixture.check_leaks()

  it("of the default are its list, exactly, and can reach nothing of the host's [A03] [O10] [O119]", function()
    fixture.needs("root", "busybox")
    local list = configs.default({ rootfs = "/x" }).capabilities
    check({}, { bounding = list, permitted = list, effective = list })
    for _, name in ipairs { "DAC_READ_SEARCH", "SYS_ADMIN", "SYS_MODULE", "SYS_RAWIO", "SYS_PTRACE", "NET_ADMIN" } do
      assert.equal(0, mask(list) & mask { name }, name)
    end
  end)

  it("of the default make no raw socket, no device node and open no file by its handle [A03] [A42]", function()
    fixture.needs("root", "busybox", "gcc")
    local rootfs = fixture.rootfs()
    inside.install_calls(rootfs)
    local config = { rootfs = rootfs, seccomp = false } -- the capabilities alone
    local answers = inside.answers(inside.script(config,
      "calls socket 2 3 1 ';' mknodat -100 @/tmp/sda 0060600 0x800 ';' open_by_handle_at 0 '#' 0 ';' "
      .. "reboot 0xfee1dead 672274793 0x1234567 ';' mount @t @/tmp @tmpfs 0 0 ';' settimeofday '#' 0"))
    for _, name in ipairs { "socket", "mknodat", "open_by_handle_at", "reboot", "mount", "settimeofday" } do
      assert.equal("EPERM", answers[name], name)
    end
  end)

  it("of host_root are fewer: none that opens what others may not read [A03]", function()
    fixture.needs("root")
    local list = configs.host_root().capabilities
    local result = inside.run({ rootfs = "/", capabilities = list }, "cat", "/proc/self/status")
    assert.equal(("%016x"):format(mask(list)), inside.status(result.stdout).CapEff)
    assert.equal(0, mask(list) & mask { "DAC_OVERRIDE", "DAC_READ_SEARCH", "SETUID", "SETGID", "SYS_ADMIN" })
  end)

  it("are five sets, each what was asked for and nothing else [O10] [O119] [D31]", function()
    fixture.needs("root", "busybox")
    for _, want in ipairs {
      {},
      { bounding = { "CHOWN", "KILL", "SETUID" } },
      { bounding = { "CHOWN", "KILL" }, permitted = { "CHOWN", "KILL" }, effective = { "KILL", "CHOWN" } },
      { bounding = { "CHOWN", "KILL", "FOWNER" }, permitted = { "CHOWN", "KILL", "FOWNER" },
        effective = { "CHOWN", "KILL", "FOWNER" }, inheritable = { "KILL", "FOWNER" }, ambient = { "FOWNER" } },
      { bounding = { "CHECKPOINT_RESTORE", "AUDIT_READ" }, permitted = { "CHECKPOINT_RESTORE", "AUDIT_READ" },
        effective = { "CHECKPOINT_RESTORE", "AUDIT_READ" } },
    } do
      want.bounding = want.bounding or {}
      -- The kernel makes root's permitted set effective at exec; nothing else changes there.
      check({ capabilities = want }, { bounding = want.bounding, permitted = want.permitted,
        effective = want.permitted, inheritable = want.inheritable, ambient = want.ambient })
    end
  end)

  it("of a user who is not root are none, but the ambient ones [A24] [A56] [D31]", function()
    fixture.needs("root", "busybox")
    local list = configs.default({ rootfs = "/x" }).capabilities
    check({ user = "1000:1001" }, { bounding = list })
    local want = { bounding = { "KILL", "NET_BIND_SERVICE" }, permitted = { "KILL", "NET_BIND_SERVICE" },
      effective = { "KILL", "NET_BIND_SERVICE" }, inheritable = { "NET_BIND_SERVICE" }, ambient = {
        "NET_BIND_SERVICE" } }
    check({ user = "1000:1001", capabilities = want }, { bounding = want.bounding, permitted = want.ambient,
      effective = want.ambient, inheritable = want.inheritable, ambient = want.ambient })
  end)

  it("may be the process's own, in place of the container's [O10]", function()
    fixture.needs("root", "busybox")
    local box <close> = assert(fixture.factory():create(fixture.id(), configs.default { rootfs = fixture.rootfs() }))
    local process = assert(box:start { args = { "cat", "/proc/self/status" }, stdout = "pipe", capabilities = {
      "KILL" } })
    local status = inside.status(process.stdout:read("a"))
    assert(process:wait(fixture.seconds(60)))
    process:close()
    assert.equal(("%016x"):format(mask { "KILL" }), status.CapBnd)
    assert.equal("0000000000000000", status.CapInh)
  end)

  it("that are unknown, or not permitted where they must be, are refused [O10]", function()
    fixture.needs("root", "busybox")
    for field, capabilities in pairs {
      ["capabilities[2]"] = { "KILL", "CHWON" }, ["capabilities[1]"] = { "" },
      ["capabilities.effective"] = { effective = { "KILL" } },
      ["capabilities.ambient"] = { bounding = { "KILL" }, permitted = { "KILL" }, ambient = { "KILL" } },
    } do
      local err = inside.refused({ capabilities = capabilities }, "true")
      assert.equal("ConfigInvalid", err.code)
      assert.truthy(err.problems[1].field:find(field, 1, true), err.problems[1].field)
    end
  end)

  it("that this process itself lacks fail the start, never quietly [O119] [O10]", function()
    fixture.needs("root", "busybox")
    local own = tonumber(fixture.read("/proc/self/status"):match("CapPrm:%s*(%x+)"), 16)
    local lacking
    for _, name in ipairs { "SYS_RESOURCE", "SYS_MODULE", "SYS_BOOT", "MAC_ADMIN", "SYS_RAWIO" } do
      if own & mask { name } == 0 then lacking = name end
    end
    if not lacking then return pending("this process has every capability") end
    local err = inside.refused({ capabilities = { lacking } }, "true")
    assert.equal("capabilities", err.step)
    assert.equal("EPERM", err.errname)
  end)
end)

describe("capabilities that the caller has for every program that he starts", function()
  fixture.check_leaks()

  it("are not the container's, though its program could inherit the same [A24] [E04]", function()
    fixture.needs("root", "busybox")
    assert.equal("CapInh:\t0000000000000020\nCapAmb:\t0000000000000000\n", fixture.lua_prints([[
      io.write(assert(lc.run { "grep", "-E", "CapInh|CapAmb", "/proc/self/status", rootfs = rootfs,
        factory = assert(lc.new(root)), capabilities = { bounding = { "KILL" }, permitted = { "KILL" },
        inheritable = { "KILL" } } }).stdout)]], { args = { fixture.root(), fixture.rootfs() },
      before = "setpriv --inh-caps +kill,+net_raw --ambient-caps +kill,+net_raw" }))
  end)
end)

describe("no_new_privileges", function()
  fixture.check_leaks()

  it("is set unless refused, and then a set-user-id program gains nothing [O13] [O117] [A19]", function()
    fixture.needs("root", "busybox", "gcc")
    local rootfs = fixture.rootfs()
    inside.install(inside.compile("ids", [[
      #include <stdio.h>
      #include <unistd.h>
      int main(void) { printf("%d %d\n", (int) geteuid(), (int) getegid()); return 0; }]]), rootfs, "/bin/ids",
        "6755")
    for no_new, want in pairs { [true] = "NoNewPrivs:\t1\n1000 1001\n", [false] = "NoNewPrivs:\t0\n0 0\n" } do
      assert.equal(want, inside.script({ rootfs = rootfs, user = "1000:1001", no_new_privileges = no_new },
        "grep NoNewPrivs /proc/self/status; ids"))
    end
    assert.equal("NoNewPrivs:\t1\n", inside.script({}, "grep NoNewPrivs /proc/self/status"))
  end)

  it("keeps a file's capabilities from being gained [O117]", function()
    fixture.needs("root", "busybox")
    if fixture.sh("command -v setcap") == "" then return pending("needs setcap") end
    local rootfs = fixture.rootfs()
    fixture.sh("rm %s/bin/cat && cp /bin/busybox %s/bin/cat && setcap cap_chown,cap_kill+ep %s/bin/cat", rootfs,
      rootfs,
      rootfs)
    for no_new, want in pairs { [false] = mask { "CHOWN", "KILL" }, [true] = 0 } do
      local result = inside.run({ rootfs = rootfs, user = "1000", no_new_privileges = no_new,
        capabilities = { bounding = { "CHOWN", "KILL" } } }, "cat", "/proc/self/status")
      assert.equal(want, tonumber(inside.status(result.stdout).CapEff, 16))
    end
  end)
end)
