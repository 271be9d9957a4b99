-- SPDX-License-Identifier: MIT
-- A Landlock domain: what the rules allow goes, all else is refused by the kernel, whatever rights there are.
local configs = require "libcontainer.configs"
local core = require "libcontainer.core"
local fixture = require "spec.support.fixture"
local inside = require "spec.support.inside"

local ABI <const> = core.features().landlock

local function needs(abi)
  if ABI < abi then pending("needs Landlock ABI " .. abi) end
  return ABI >= abi
end

local BASE <const> = { paths = { "/bin", "/lib", "/lib64", "/dev", "/proc" }, access = { "read", "execute", "write_file" } }

-- Those of the list that the root has.
local function base(rootfs)
  local rule = { paths = {}, access = BASE.access }
  for _, path in ipairs(BASE.paths) do
    if fixture.sh("test -d %s%s && echo 1", rootfs, path) == "1" then rule.paths[#rule.paths + 1] = path end
  end
  return rule
end

describe("a Landlock domain", function()
  fixture.check_leaks()

  local function config_of(rootfs, more)
    local domain = { paths = { base(rootfs), { paths = { "/data" }, access = { "read" } },
      { paths = { "/scratch" }, access = { "all" } }, { paths = { "/word" }, access = { "read_file" } } } }
    for key, value in pairs(more or {}) do domain[key] = value end
    fixture.sh("cd %s && mkdir -p data scratch secret && echo d >data/d && echo s >secret/s && echo w >word", rootfs)
    return { rootfs = rootfs, landlock = domain }
  end

  local SCRIPT <const> = [[cat /data/d /word; for try in 'cat /secret/s' 'ls /secret' 'touch /data/x' 'rm /data/d' \
    'mkdir /secret/x' 'ln /word /scratch/w'; do $try 2>/dev/null && echo "$try"; done
    echo x >/scratch/x && mkdir /scratch/d && mv /scratch/x /scratch/d/x && rm -r /scratch/d && echo scratch]]

  it("allows what its rules name, and refuses root with every capability the rest, first and further programs [O121]",
    function()
    fixture.needs("root", "busybox")
    if not needs(3) then return end
    local config = config_of(fixture.rootfs())
    config.capabilities = inside.all_capabilities()
    local box <close> = assert(fixture.factory():create(fixture.id(), configs.default(config)))
    local first = assert(box:start { args = { "sh", "-c", SCRIPT }, stdout = "pipe" })
    assert.equal("d\nw\nscratch\n", first.stdout:read("a", fixture.seconds(30)))
    assert(first:wait(fixture.seconds(60)))
    first:close()
    assert(box:start { "sleep", "1000" })
    assert.equal("d\nw\nscratch\n", assert(box:exec { "sh", "-c", SCRIPT }).stdout)
    assert.equal("d\nw\nscratch\n", assert(box:exec { "sh", "-c", SCRIPT, seccomp = false, user = "0" }).stdout)
  end)

  it("keeps a program that it does not allow from being started, and says so [O121]", function()
    fixture.needs("root", "busybox")
    if not needs(1) then return end
    local rootfs = fixture.rootfs()
    local config = config_of(rootfs, { paths = { { paths = { "/data" }, access = { "read" } } } })
    local err = inside.refused(config, "true")
    assert.same({ "exec", "EACCES" }, { err.step, err.errname })
  end)

  it("refuses TCP ports but those that are allowed [O121]", function()
    fixture.needs("root", "busybox")
    if not needs(4) then return end
    local script = [[nc -l -p 81 127.0.0.1 2>&1 </dev/null; echo bound; nc -l -p 80 127.0.0.1 </dev/null >/dev/null & listener=$!
      until echo | nc -w 1 127.0.0.1 80 2>/dev/null; do kill -0 $listener || exit; done; echo connected
      echo | nc -w 1 127.0.0.1 79 2>&1; true]]
    local said = inside.script({ landlock = { ports = { { port = 80, access = { "bind_tcp", "connect_tcp" } } } } }, script)
    assert.matches("ermission denied\nbound\nconnected\n.*ermission denied", said)
    local plain = inside.script({ landlock = { refuse = { "connect_tcp" } } }, "echo | nc -w 1 127.0.0.1 80 2>&1; true")
    assert.matches("ermission denied", plain)
    assert.not_matches("ermission denied", inside.script({}, "echo | nc -w 1 127.0.0.1 80 2>&1; true"))
  end)

  it("lets no signal out of it [O121]", function()
    fixture.needs("root", "busybox")
    if not needs(6) then return end
    -- each program is a domain of its own: a further one cannot signal the first
    for scope, want in pairs { [false] = "reached\n", [true] = "refused\n" } do
      local box <close> = assert(fixture.factory():create(fixture.id(), configs.default { rootfs = fixture.rootfs(),
        landlock = scope and { scope = { "signal", "abstract_unix_socket" } } or nil }))
      local first = assert(box:start { "sleep", "1000" })
      assert.equal(want, assert(box:exec { "sh", "-c", "kill -0 1 && echo reached || echo refused" }).stdout)
      first:close()
    end
  end)

  it("shows in explain, each rule with its field, after no_new_privileges and before the filter [O121]", function()
    fixture.needs("root", "busybox")
    if not needs(4) then return end
    local config = config_of(fixture.rootfs(), { ports = { { port = 443, access = { "connect_tcp" } } } })
    local box <close> = assert(fixture.factory():create(fixture.id(), configs.default(config)))
    local plan = tostring(assert(box:explain { args = { "true" } }))
    assert.matches("\n[^\n]*landlock +landlock +files=0x%x+ network=0x3.-landlock_path +landlock.paths%[2%].paths%[1%] +"
      .. "path=/data.-landlock_port +landlock.ports%[1%].-no_new_privileges.-landlock_restrict.-seccomp.-exec", plan)
  end)

  it("of a path that is not there fails the start, and names it [O121]", function()
    fixture.needs("root", "busybox")
    if not needs(1) then return end
    local err = inside.refused({ landlock = { paths = { { paths = { "/bin", "/nowhere" }, access = { "read" } } } } }, "true")
    assert.same({ "landlock", "ENOENT", "/nowhere", "landlock.paths[1].paths[2]" },
      { err.step, err.errname, err.subject, err.field })
    err = inside.refused({ landlock = { paths = { { paths = { "/bin/busybox" }, access = { "read_dir" } } } } }, "true")
    assert.equal("ENOTDIR", err.errname)
  end)

  it("is refused without no_new_privileges, and when it refuses nothing; a wrong word names the nearest [O121]", function()
    local function problem(landlock, more)
      local config = { rootfs = "/x", landlock = landlock }
      for key, value in pairs(more or {}) do config[key] = value end
      return select(2, configs.validate(config)).problems[1]
    end
    local fine <const> = { paths = { { paths = { "/" }, access = { "read" } } } }
    assert.equal("landlock", problem(fine, { no_new_privileges = false }).field)
    assert.equal("landlock", problem({}).field)
    assert.equal("landlock.paths[1].access[1]", problem { paths = { { paths = { "/" }, access = { "raed" } } } }.field)
    assert.equal("landlock.paths[1].paths[1]", problem { paths = { { paths = { "x" }, access = { "read" } } } }.field)
    assert.equal("landlock.ports[1].port", problem { ports = { { port = 65536, access = { "bind_tcp" } } } }.field)
  end)

  it("asks for no more than the kernel has, or says that less will do [O121]", function()
    local rules = require "libcontainer.configs.rules"
    local real = core.features
    finally(function() core.features = real end)
    local config = { landlock = { paths = { { paths = { "/" }, access = { "read", "truncate" } } },
      refuse = { "files", "bind_tcp" }, scope = { "signal" } } }
    local function fields_at(abi)
      core.features = function() return { landlock = abi } end
      local problems, fields = {}, {}
      rules.config(config, problems)
      for i, problem in ipairs(problems) do fields[i] = problem.field end
      return table.concat(fields, " ")
    end
    assert.equal("landlock", fields_at(0))
    assert.equal("landlock.paths[1].access[2] landlock.refuse[2] landlock.scope[1]", fields_at(2))
    assert.equal("landlock.scope[1]", fields_at(5))
    assert.equal("", fields_at(6))
    config.landlock.best_effort = true
    assert.equal("", fields_at(0))
  end)
end)

describe("what this kernel does not have", function()
  it("is an error that names it, before anything is made: labels, resctrl [O15] [O16] [O81] [A86]", function()
    local features = require("libcontainer").features()
    for field, feature in pairs { apparmor_profile = "apparmor", process_label = "selinux", mount_label = "selinux",
      intel_rdt = "resctrl" } do
      if not features[feature] then
        local wish = field == "intel_rdt" and { clos_id = "x", schemata = { "L3:0=f" } } or "some-label"
        local err = select(2, configs.validate { rootfs = "/x", [field] = wish })
        assert.equal(field, err.problems[1].field)
        assert.matches(({ apparmor = "AppArmor", selinux = "SELinux", resctrl = "resctrl" })[feature], err.message)
      end
    end
  end)

  it("does not pass where the kernel is not asked: the init's write is refused [O15] [O16] [A86]", function()
    fixture.needs("root", "busybox")
    if core.features().apparmor or core.features().selinux then return pending("needs a kernel without labels") end
    local rules = require "libcontainer.configs.rules"
    local real = core.features
    finally(function() core.features = real end)
    assert(rules)
    core.features = function() return { landlock = 0, apparmor = true, selinux = true } end
    for _, field in ipairs { "apparmor_profile", "process_label" } do
      local err = inside.refused({ [field] = "some-label" }, "true")
      assert.same({ "label", field, "EINVAL" }, { err.step, err.field, err.errname })
    end
    local err = inside.refused({ mount_label = "system_u:object_r:container_file_t:s0:c1,c2" }, "true")
    assert.same({ "mount", "EINVAL" }, { err.step, err.errname })
  end)
end)
