-- SPDX-License-Identifier: MIT
require("spec.support.schema_stub").provide()
local configs = require "libcontainer.configs"
local json = require "libcontainer.json"
local normal = require "libcontainer.configs.normal"
local paths = require "libcontainer.configs.paths"

-- What is said about `field` when `fields` are added to a good configuration; nil when nothing is.
local function said(fields, field)
  local config = { rootfs = "/srv/x" }
  for name, value in pairs(fields) do
    config[name] = value
  end
  local ok, err = configs.validate(config)
  if ok then
    return nil
  end
  for _, problem in ipairs(err.problems) do
    if problem.field == field then
      return problem.message
    end
  end
  return nil, "another field: " .. tostring(err)
end

local function process_said(fields, field)
  fields.args = fields.args or { "sh" }
  local ok, err = configs.prepare_process(fields)
  return not ok and err.problems[1].field == field and err.problems[1].message or nil
end

local function accepted(fields)
  fields.rootfs = fields.rootfs or "/srv/x"
  assert(configs.validate(fields))
end

describe("profiles", function()
  it("are valid, and new tables each time", function()
    assert.is_true(configs.validate(assert(configs.default { rootfs = "/srv/x" })))
    assert.is_true(configs.validate(assert(configs.host_root())))
    assert.is_true(configs.validate(assert(configs.empty { rootfs = "/srv/x" })))
    local one = configs.host_root()
    one.mounts[1].options[1] = "changed"
    table.insert(one.namespaces, "x")
    assert.is_true(configs.validate(configs.host_root()))
    assert.is_nil(configs.validate(configs.default {}))
  end)

  it("give way where the caller's fields leave no room for what they say", function()
    local function options_of(gids, mounts)
      local config = assert(configs.default { rootfs = "/x", namespaces = { "mount", "uts", "network", "user" },
        uid_mappings = gids, gid_mappings = gids, mounts = mounts })
      for _, mount in ipairs(config.mounts) do
        if mount.type == "devpts" then return table.concat(mount.options, " "), config end
      end
    end
    local single = { { container_id = 0, host_id = 1000, size = 1 } }
    assert.matches("gid=5", (options_of { { container_id = 0, host_id = 1000, size = 6 } }))
    local text, config = options_of(single)
    assert.is_nil(text:find("gid", 1, true))
    assert.is_true(configs.validate(config))
    text, config = options_of(single, { { type = "devpts", destination = "/dev/pts", options = { "gid=5" } } })
    assert.equal("gid=5", text) -- said by him
    local fine, err = configs.validate(config)
    assert.is_nil(fine)
    assert.matches('options%[1%] = "gid=5": is not in gid_mappings', tostring(err))
    config = assert(configs.default { namespaces = { "pid", "network", mount = "/proc/9/ns/mnt", uts = "/proc/9/ns/uts" } })
    assert.is_true(configs.validate(config))
    assert.equal("/", config.rootfs)
    assert.is_nil(config.mounts or config.mask_paths or config.readonly_paths or config.hostname)
    config = assert(configs.default { rootfs = "/x", uid_mappings = single, gid_mappings = single,
      namespaces = { "mount", "network", user = "/proc/9/ns/user" } })
    assert.same(1000, config.uid_mappings[1].host_id)
    assert.is_nil(configs.default({ rootfs = "/x", namespaces = { "mount", user = "/proc/9/ns/user" } }).uid_mappings)
    -- who leaves the network out has the host's, and no interface of his own
    assert.is_nil(configs.default({ rootfs = "/x", namespaces = { "mount", "pid" } }).networks)
    assert.is_not_nil(configs.default({ rootfs = "/x", namespaces = { "mount", network = "/proc/9/ns/net" } }).networks)
  end)

  it("mask and protect what they should", function()
    for _, config in ipairs { configs.default { rootfs = "/x" }, configs.host_root() } do
      local masked, readonly = {}, {}
      for _, path in ipairs(config.mask_paths) do
        masked[path] = true
      end
      for _, path in ipairs(config.readonly_paths) do
        readonly[path] = true
      end
      for path in ([[/proc/acpi /proc/asound /proc/interrupts /proc/kcore /proc/keys /proc/latency_stats
        /proc/sched_debug /proc/scsi /proc/timer_list /proc/timer_stats /sys/devices/virtual/powercap
        /sys/firmware]]):gmatch("%S+") do
        assert.is_true(masked[path], path)
      end
      for path in ("/proc/bus /proc/fs /proc/irq /proc/sys /proc/sysrq-trigger"):gmatch("%S+") do
        assert.is_true(readonly[path], path)
      end
      assert.is_true(config.no_new_privileges)
      assert.equal("default", config.seccomp)
      assert.is_true(config.rlimits[1].soft <= config.rlimits[1].hard)
    end
    local masked = table.concat(configs.host_root().mask_paths, " ")
    assert.matches("/root /etc/shadow /etc/shadow%- /etc/gshadow", masked)
  end)

  it("give neither device nodes nor raw sockets nor other users' files", function()
    local default = table.concat(configs.default({ rootfs = "/x" }).capabilities, " ")
    assert.is_nil(default:find("MKNOD") or default:find("NET_RAW") or default:find("SYS_ADMIN"))
    local host = table.concat(configs.host_root().capabilities, " ")
    assert.is_nil(host:find("DAC_") or host:find("SETUID") or host:find("SETGID"))
    assert.equal("/", configs.host_root().rootfs)
    assert.is_true(configs.host_root().readonlyfs)
    local inheritable = assert(configs.prepare_config(configs.host_root())).capabilities.inheritable
    assert.is_nil(inheritable)
  end)

  it("can be changed by overrides", function()
    local config = assert(configs.default { rootfs = "/srv/x", hostname = "web", memory = "64M",
      cpus = 0.5, pids = 64,
      mounts = { { destination = "/dev/shm", type = "tmpfs", options = { "size=1m" } },
        { destination = "/a", type = "tmpfs" } },
      rlimits = { NOFILE = 64, CORE = { 0, "unlimited" } }, cgroups = { path = "/p" } })
    local strict = assert(configs.prepare_config(config))
    assert.same({ path = "/p", memory = 1 << 26, cpus = 0.5, pids_limit = 64, devices = {} }, strict.cgroups)
    assert.equal("web", strict.hostname)
    local shm = 0
    for _, mount in ipairs(strict.mounts) do
      shm = shm + (mount.destination == "/dev/shm" and 1 or 0)
    end
    assert.equal(1, shm)
    assert.equal("/a", strict.mounts[#strict.mounts].destination)
    assert.same({ type = "NOFILE", soft = 64, hard = 64 }, strict.rlimits[1])
    assert.same({ type = "CORE", soft = 0, hard = -1 }, strict.rlimits[2])
    assert.has_error(function()
      configs.default("x")
    end)
    local nothing, err = configs.default { rootfs = "/x", parent_death_signal = "NOPE" }
    assert.is_nil(nothing)
    assert.equal("parent_death_signal", err.field)
  end)

  it("load and work without io, os and debug, and set no global [E30]", function()
    local loaded = {}
    local function find(name)
      if name == "io" or name == "cjson" then
        error("module not found")
      elseif loaded[name] then
        return loaded[name]
      elseif name == "libcontainer.core" then
        return require(name)
      end
      local path = "lua/" .. name:gsub("%.", "/")
      local env = setmetatable({}, {
        __newindex = function(_, key)
          error("sets the global " .. tostring(key))
        end,
        __index = function(_, key)
          if key == "require" then
            return find
          end
          for _, allowed in ipairs { "string", "table", "math", "utf8", "type", "tostring",
            "tonumber", "ipairs", "pairs", "next",
            "select", "pcall", "error", "setmetatable", "getmetatable", "rawget", "rawset",
              "rawlen", "rawequal", "assert" } do
            if allowed == key then
              return _G[key]
            end
          end
          error("reads the global " .. tostring(key))
        end,
      })
      local chunk = loadfile(path .. ".lua", "t", env) or assert(loadfile(path .. "/init.lua", "t",
        env))
      loaded[name] = chunk()
      return loaded[name]
    end
    local own = find("libcontainer.configs")
    assert.is_true(own.validate(own.host_root()))
    assert.is_nil(own.validate { rootfs = 5, hostname = io.stdout })
  end)
end)

describe("a profile by its name", function()
  it("is that of the function, and valid", function()
    for _, name in ipairs { "default", "docker", "strict", "host_root", "empty" } do
      local config = assert(configs.profile(name, { rootfs = "/srv/x" }))
      assert.same(configs[name] { rootfs = "/srv/x" }, config)
      assert.is_true(configs.validate(config))
    end
    assert.error_matches(function() configs.profile("strct") end, 'did you mean "strict"')
    assert.has_error(function() configs.profile() end)
  end)

  it("gives what docker gives, or nothing", function()
    local docker = configs.docker { rootfs = "/srv/x" }
    assert.equal("AUDIT_WRITE CHOWN DAC_OVERRIDE FOWNER FSETID KILL MKNOD NET_BIND_SERVICE NET_RAW SETFCAP SETGID "
      .. "SETPCAP SETUID SYS_CHROOT", (function(list) table.sort(list) return table.concat(list, " ") end)(docker.capabilities))
    assert.is_false(docker.no_new_privileges)
    assert.same({}, docker.cgroups.devices)
    local strict = assert(configs.prepare_config(configs.strict { rootfs = "/srv/x" }))
    assert.is_true(strict.readonlyfs and strict.no_new_privileges)
    assert.same({ bounding = {}, effective = {}, permitted = {} }, strict.capabilities)
    for _, mount in ipairs(strict.mounts) do
      assert.is_nil(mount.destination:find("^/sys"))
      local noexec = table.concat(mount.options, " "):find("noexec")
      assert.truthy(noexec, mount.destination)
    end
  end)
end)

describe("configs.builder", function()
  it("has a method for every field, shorthand and singular, and builds what they say", function()
    local built = assert(configs.builder():rootfs("/srv/x"):memory("64M"):cpus(0.5):pids(9):cpu_burst(5):hostname("web")
      :mount { destination = "/data", type = "bind", source = "/s", options = { "bind" } }
      :mount("/t", { type = "tmpfs" }):mount("/dev/shm", { type = "tmpfs", options = { "size=1m" } })
      :device("/dev/x", { type = "c", major = 1, minor = 3 }):rlimit("CORE", { soft = 0, hard = 0 })
      :mask_path("/etc/x"):sysctl("net.ipv4.ip_forward", 1):sysctl { ["kernel.sem"] = "1" }:label("a", "b")
      :bind("/a:/b:ro"):bind { "/c" }:tmpfs("/y"):capabilities { "KILL" }:network("loopback"):build())
    local wanted = assert(configs.default { rootfs = "/srv/x", memory = "64M", cpus = 0.5, pids = 9,
      hostname = "web", bind = { "/a:/b:ro", "/c" }, tmpfs = "/y", capabilities = { "KILL" },
      sysctl = { ["net.ipv4.ip_forward"] = "1", ["kernel.sem"] = "1" }, labels = { a = "b" }, cgroups = { cpu_burst = 5 },
      devices = { { path = "/dev/x", type = "c", major = 1, minor = 3 } },
      rlimits = { { type = "CORE", soft = 0, hard = 0 } },
      mounts = { { destination = "/dev/shm", type = "tmpfs", options = { "size=1m" } } } })
    table.insert(wanted.mask_paths, "/etc/x")
    table.insert(wanted.networks, { type = "loopback" })
    table.insert(wanted.mounts, { destination = "/data", type = "bind", source = "/s", options = { "bind" } })
    table.insert(wanted.mounts, { destination = "/t", type = "tmpfs" })
    assert.same(configs.prepare_config(wanted), configs.prepare_config(built))
  end)

  it("stands on the profile that it is given, or on the one that fits", function()
    assert.equal("/", configs.builder():build().rootfs)
    assert.is_true(configs.builder():build().readonlyfs)
    assert.is_nil(configs.builder():rootfs("/x"):build().readonlyfs)
    assert.is_true(configs.builder("strict"):rootfs("/x"):build().readonlyfs)
    local base = { rootfs = "/x", namespaces = { "mount" } }
    assert.same({ rootfs = "/x", namespaces = { "mount", "pid" } }, configs.builder(base):namespace("pid"):build())
    assert.same({ "mount" }, base.namespaces)
    assert.error_matches(function() configs.builder("strct") end, 'did you mean "strict"')
  end)

  it("builds as often as it is asked, and each time a table of its own", function()
    local builder = configs.builder():rootfs("/x"):mount("/t", { type = "tmpfs" }):label("a", "b")
    local one = assert(builder:build())
    one.mounts[#one.mounts].type, one.labels.a = "changed", "changed"
    local two = assert(builder:hostname("two"):build())
    assert.equal("tmpfs", two.mounts[#two.mounts].type)
    assert.equal("b", two.labels.a)
    assert.equal(#one.mounts, #two.mounts)
    assert.equal("libcontainer.configs.builder (hostname, labels, mounts, rootfs)", tostring(builder))
  end)

  it("names the nearest method, and says of a field of the process where it belongs", function()
    assert.error_matches(function() return configs.builder():memroy("1M") end, 'did you mean "memory"')
    assert.error_matches(function() return configs.builder():mask_pth("1M") end, 'did you mean "mask_path"')
    assert.error_matches(function() return configs.builder():args { "sh" } end, "field of the process")
    assert.has_error(function() configs.builder():mount() end)
    for _, name in ipairs { "rootfs", "memory", "cpu_shares", "bind", "hostname" } do
      assert.error_matches(function() return configs.builder()[name](configs.builder(), nil) end,
        "bad argument to '" .. name .. "'")
    end
    assert.has_error(function() configs.builder():sysctl("x") end)
  end)

  it("tells at its end everything that is wrong, each once", function()
    local nothing, err = configs.builder():rootfs("x"):hostname(5):memory("1X"):mount("y", { type = "tmpfs" }):build()
    assert.is_nil(nothing)
    local fields = {}
    for i, problem in ipairs(err.problems) do fields[i] = problem.field end
    table.sort(fields)
    assert.equal("cgroups.memory hostname mounts[8].destination rootfs", table.concat(fields, " "))
  end)

  it("has a method of every field of a container and its limits", function()
    local builder, check = configs.builder(), require "libcontainer.check"
    for _, section in ipairs { "config", "cgroups" } do
      for _, name in ipairs(check.section(section).names) do assert.is_function(builder[name], name) end
    end
    for _, name in ipairs(normal.SHORTHANDS) do assert.is_function(builder[name], name) end
  end)
end)

describe("configs.merge", function()
  it("puts any number over one another, maps by name, items by what they are, lists as a whole", function()
    assert.same({ rootfs = "/c", sysctl = { a = "1", b = "2" }, cgroups = { memory = "1M", cpus = 2, unified = { x = "1", y = "2" } },
      mounts = { { destination = "/a", type = "y" }, { destination = "/b" } }, mask_paths = { "/2" },
      rlimits = { { type = "CORE", soft = 1, hard = 1 }, { type = "CPU", soft = 2, hard = 2 } } },
      configs.merge({ rootfs = "/a", sysctl = { a = "1" }, memory = "1M", mounts = { { destination = "/a", type = "x" } },
        rlimits = { CORE = 0, CPU = 2 }, mask_paths = { "/1" }, cgroups = { unified = { x = "1" } } },
        { sysctl = { b = "2" }, mounts = { { destination = "/b" } }, rlimits = { CORE = 1 }, mask_paths = { "/2" } },
        { rootfs = "/c", cpus = 2, mounts = { { destination = "/a", type = "y" } }, cgroups = { unified = { y = "2" } } }))
    assert.same({}, configs.merge())
    assert.same({ rootfs = "/x" }, configs.merge(nil, { rootfs = "/x" }, nil))
    assert.has_error(function() configs.merge({}, 5) end)
  end)

  it("takes away what is false, but where that is a value", function()
    assert.same({ readonlyfs = false, seccomp = false, sysctl = { b = "2" }, cgroups = { cpus = 1, oom_kill_disable = false } },
      configs.merge({ hostname = "x", mounts = { { destination = "/a" } }, readonlyfs = true, sysctl = { a = "1", b = "2" },
        labels = { a = "b" }, memory = "1M", cpus = 1 },
        { hostname = false, mounts = false, readonlyfs = false, seccomp = false, sysctl = { a = false }, labels = false,
          cgroups = { memory = false, oom_kill_disable = false } }))
  end)

  it("keeps what is wrong with a list, so that it is told: a hole loses nothing that comes behind it", function()
    local tmpfs <const> = { destination = "/x", type = "tmpfs" }
    for name, wrong in pairs { mounts = { [2] = tmpfs }, devices = { [3] = { path = "/dev/x" } },
      rlimits = { { type = "CORE", soft = 0, hard = 0 }, nil, { type = "CPU", soft = 2, hard = 2 } },
      hooks = { prestart = { [2] = { path = "/bin/true" } } } } do
      local _, err = configs.validate(assert(configs.host_root { [name] = wrong }))
      assert.matches("^" .. name, err.field)
      assert.matches("%[[12]%]$", err.field)
      assert.equal("is missing: the array has a hole", err.problems[1].message)
    end
    local _, err = configs.validate(assert(configs.host_root { mounts = { tmpfs, nil, tmpfs }, tmpfs = "/y" }))
    assert.equal("mounts[2]", err.field)
    _, err = configs.host_root { bind = { nil, "/etc" } }
    assert.equal("bind[1]", err.field)
  end)

  it("keeps both sides as they are", function()
    local a, b = { mounts = { { destination = "/a" } }, sysctl = { x = "1" } },
      { sysctl = { y = "2" }, mounts = { { destination = "/a", type = "t" } } }
    assert.same({ mounts = { { destination = "/a", type = "t" } }, sysctl = { x = "1", y = "2" } },
      configs.merge(a, b))
    assert.same({ mounts = { { destination = "/a" } }, sysctl = { x = "1" } }, a)
    local loop = {}
    loop.loop = loop
    assert.is_nil(configs.merge(loop, {}))
  end)
end)

describe("friendly forms", function()
  it("become the strict ones", function()
    local strict = assert(configs.prepare_config {
      rootfs = "/srv/x", namespaces = { mount = true, "pid", uts = true, network = false },
      capabilities = { "cap_chown", "KILL" }, parent_death_signal = "SIGKILL",
        sysctl = { ["kernel.sem"] = nil },
      rlimits = { { type = "rlimit_core", soft = 0, hard = "unlimited" }, { type = "as",
        soft = "1G", hard = "2G" } },
      devices = { { path = "/dev/x", type = "c", major = 1, minor = 3, file_mode = "0640" } },
      cgroups = { memory = "1.5G", memory_swap = "unlimited", pids_limit = "max" },
      mounts = { { destination = "/a", source = "/b", options = "rbind,ro" } },
        additional_groups = { 5 },
    })
    assert.same({ "pid", "mount", "uts" }, strict.namespaces)
    assert.same({ bounding = { "CHOWN", "KILL" }, effective = { "CHOWN", "KILL" },
      permitted = { "CHOWN", "KILL" } }, strict.capabilities)
    assert.equal(9, strict.parent_death_signal)
    assert.same({ { type = "CORE", soft = 0, hard = -1 }, { type = "AS", soft = 1 << 30,
      hard = 2 << 30 } }, strict.rlimits)
    assert.equal(416, strict.devices[1].file_mode)
    assert.same({ memory = 3 << 29, memory_swap = -1, pids_limit = -1 }, strict.cgroups)
    assert.same({ { destination = "/a", source = "/b", type = "bind", options = { "rbind",
      "ro" } } }, strict.mounts)
    assert.same({ "5" }, strict.additional_groups)
    assert.equal("1", assert(configs.prepare_config { rootfs = "/x",
      sysctl = { ["net.ipv4.ip_forward"] = 1 } }).sysctl["net.ipv4.ip_forward"])
    local process = assert(configs.prepare_process { "sh", "-c", "x", env = { B = 1, A = "y" },
      user = 1000, umask = "022" })
    assert.same({ args = { "sh", "-c", "x" }, env = { "A=y", "B=1" }, user = "1000", umask = 18 },
      process)
  end)

  it("are times too, where microseconds are", function()
    assert.same({ cpu_quota = 50000, cpu_period = 100000, cpu_burst = 250 }, configs.prepare_config { rootfs = "/x",
      cgroups = { cpu_quota = "50ms", cpu_period = "0.1s", cpu_burst = "250us" } }.cgroups)
    assert.is_string(said({ cgroups = { cpu_quota = "50" } }, "cgroups.cpu_quota"))
  end)

  it("want file modes in octal digits, or as numbers", function()
    for _, mode in ipairs { "999", "rw-r--r--", "", "07777777" } do
      local device = { path = "/dev/x", type = "c", major = 1, minor = 3, file_mode = mode }
      assert.matches("octal digits", said({ devices = { device } }, "devices[1].file_mode"))
      local process, err = configs.prepare_process { "sh", umask = mode }
      assert.is_nil(process)
      assert.equal(("umask = %q: must be octal digits, or a number (\"022\" and 18 are the same)"):format(mode), tostring(err))
    end
  end)

  it("keep the path of what is joined", function()
    local strict = assert(configs.prepare_config { rootfs = "/x", namespaces = { "mount", network = "/proc/1/ns/net" } })
    assert.same({ "mount", "network" }, strict.namespaces)
    assert.same({ network = "/proc/1/ns/net" }, strict.namespace_paths)
    assert.equal("is no namespace", said({ namespaces = { "mount", netwrk = true } }, "namespaces.netwrk"))
  end)

  it("split the table of lc.run", function()
    local input = function() end
    local config, process, options = configs.prepare_run { "sh", "-c", "exit 3", memory = "64M",
      timeout = "2m", input = input,
      output_limit = "1M", id = "x", env = { A = "b" }, cwd = "/tmp", tmpfs = "/x:size=1m",
        stdout = io.stdout,
      bind = { "/src", "/a:/b:ro", ["/c"] = "/d:ro" } }
    assert.is_table(config, tostring(process))
    assert.same({ timeout = 120, input = input, output_limit = 1 << 20, id = "x" }, options)
    assert.same({ args = { "sh", "-c", "exit 3" }, env = { "A=b" }, cwd = "/tmp",
      stdout = io.stdout }, process)
    assert.equal("/", config.rootfs)
    assert.equal(1 << 26, config.cgroups.memory)
    local last = table.move(config.mounts, #config.mounts - 3, #config.mounts, 1, {})
    assert.same({
      { type = "tmpfs", source = "tmpfs", destination = "/x", options = { "nosuid", "nodev",
        "size=1m" } },
      { type = "bind", source = "/src", destination = "/src", options = { "rbind", "rprivate" } },
      { type = "bind", source = "/a", destination = "/b", options = { "rbind", "rprivate",
        "rro" } },
      { type = "bind", source = "/d", destination = "/c", options = { "rbind", "rprivate",
        "rro" } } }, last)
    assert.equal("/srv/x", configs.prepare_run({ "sh", rootfs = "/srv/x" }).rootfs)
    assert.is_nil(configs.prepare_run({ "sh", rootfs = "/srv/x" }).readonlyfs)
  end)

  it("name a mistake in the array part and in the environment as they were written", function()
    for _, prepare in ipairs { configs.prepare_run, configs.prepare_exec, configs.prepare_process } do
      local _, err = prepare { "echo", json.null }
      assert.equal("args[2]", (err or select(2, prepare { "echo", json.null })).field)
      _, err = prepare { "env", env = { NAME = "a\0b" } }
      assert.equal("env.NAME", err.field)
    end
    for _, wrong in ipairs { {}, print, 2 ^ 31, -1, true } do
      local _, err = configs.prepare_process { "cat", stdout = wrong }
      assert.equal("stdout", err.field)
    end
  end)

  it("tell all mistakes of lc.run at once", function()
    local nothing, err = configs.prepare_run { "", memry = 1, timeout = "soon", memory = "1M",
      cgroups = { memory = "2M" },
      bind = "a:b:c:d", tmpfs = { 5 }, input = 5, output_limit = -1, env = { [1] = "novalue" } }
    assert.is_nil(nothing)
    local fields = {}
    for _, problem in ipairs(err.problems) do
      fields[problem.field] = problem.message .. " " .. (problem.hint or "")
    end
    assert.matches('did you mean "memory"', fields.memry)
    for _, field in ipairs { "timeout", "memory", "bind[1]", "tmpfs[1]", "input", "output_limit",
      "args[1]", "env[1]" } do
      assert.is_string(fields[field], field .. ": " .. tostring(err))
    end
    assert.is_nil(configs.prepare_run("sh"))
    assert.equal("memry", select(2, normal.split { "sh", memry = 1 }).field)
    assert.same({ "sh" }, select(2, normal.split { "sh", memory = 1 }).args)
    assert.equal("args", select(2, configs.prepare_run {}).field)
    assert.equal("args", select(2, configs.prepare_run { "a", args = { "b" } }).field)
  end)

  it("leave the configuration out for exec", function()
    local process, options = configs.prepare_exec { "ls", capabilities = { "KILL" }, timeout = 5 }
    assert.same({ "KILL" }, process.capabilities.bounding)
    assert.same({ timeout = 5 }, options)
    assert.equal(1048576, configs.prepare_exec({ "ls", memory = "1M" }).cgroups.memory)
    assert.matches("belongs to the container", tostring(select(2, configs.prepare_exec { "ls",
      hostname = "x" })))
    assert.same({ "input", "timeout", "id", "output_limit", "factory", "image" }, normal.OPTIONS)
  end)
end)

describe("rules", function()
  it("want namespaces for what they protect", function()
    accepted { namespaces = { "mount", "uts" }, hostname = "x" }
    assert.matches("needs the uts namespace", said({ namespaces = { "mount" }, hostname = "x" },
      "hostname"))
    assert.matches("needs the network namespace", said({ namespaces = { "mount" },
      networks = { { type = "loopback" } } }, "networks"))
    assert.matches('must have "mount"', said({ namespaces = { "pid" } }, "namespaces"))
    assert.matches("listed twice", said({ namespaces = { "mount", "pid", "pid" } },
      "namespaces[3]"))
    assert.matches("needs the time namespace", said({ namespaces = { "mount" }, time_offsets = { boottime = 1 } },
      "time_offsets"))
  end)

  it("want a root without detours", function()
    for _, path in ipairs { "srv/x", "/srv/../x", "/srv/./x", "/srv//x", "/srv/x/", "//", "/.." } do
      assert.is_string(said({ rootfs = path }, "rootfs"), path)
    end
    assert.equal("/b/c", paths.normalise("/a/../b/./c//"))
    assert.equal("/", paths.normalise("/../.."))
  end)

  it("let nothing be mounted on or below /proc but what is known [A18] [O40]", function()
    local function at(destination, kind)
      return said({ mounts = { { destination = destination, type = kind or "bind",
        source = "/src" } } }, "mounts[1].destination")
    end
    for _, path in ipairs { "/proc/self", "/proc/1/attr", "/proc/sys", "/proc/../proc/self",
      "//proc/./self", "/proc/self/../sys",
      "/proc/cpuinfo/x", "/proc/sys/kernel", "/", "/x/.." } do
      assert.is_string(at(path), path)
    end
    for _, path in ipairs { "/proc", "/proc/", "//proc/." } do
      assert.is_string(at(path, "tmpfs"))
      assert.is_nil((at(path))) -- the init proves that it is a procfs
    end
    assert.is_string(at("/proc/self", "tmpfs"))
    for _, path in ipairs { "/proc/cpuinfo", "/proc/meminfo", "/proc/uptime",
      "/proc/sys/kernel/ns_last_pid", "/procx", "/x/proc" } do
      assert.is_nil((at(path)), path)
    end
    assert.is_nil((at("/proc", "proc")))
  end)

  it("know what a bind mount can be given [O37]", function()
    local function bind(fields)
      fields.destination = "/d"
      return fields
    end
    assert.matches("is required for a bind", said({ mounts = { bind { type = "bind" } } },
      "mounts[1].source"))
    assert.matches("must be an absolute", said({ mounts = { bind { options = { "rbind" },
      source = "x" } } }, "mounts[1].source"))
    assert.matches("is no option of a bind", said({ mounts = { bind { type = "bind", source = "/s",
      options = { "ro", "size=1m" } } } }, "mounts[1].options[2]"))
    assert.matches("the options say bind", said({ mounts = { bind { type = "tmpfs",
      options = { "bind" } } } }, "mounts[1].type"))
    assert.matches("several options in one", said({ mounts = { bind { type = "tmpfs",
      options = { "ro,nosuid" } } } }, "mounts[1].options[1]"))
    assert.matches("no user namespace", said({ mounts = { bind { type = "bind", source = "/s",
      options = { "idmap" } } } }, "mounts[1].uid_mappings"))
    assert.matches("beside the other", said({ mounts = { bind { type = "bind", source = "/s",
      uid_mappings = { { container_id = 0, host_id = 5, size = 1 } } } } }, "mounts[1].gid_mappings"))
    assert.matches("overlaps", said({ mounts = { bind { type = "bind", source = "/s",
      options = { "idmap=uids=0-5-2#1-9-1;gids=0-0-1" } } } }, "mounts[1].uid_mappings[2].container_id"))
    for _, text in ipairs { "idmap=uids=0-5-2", "ridmap=", "idmap=uids=x;gids=0-0-1", "idmap=uids=@0-0-1;gids=0-0-1" } do
      assert.matches("no mappings that can be read", said({ mounts = { bind { type = "bind", source = "/s",
        options = { text } } } }, "mounts[1].options[1]"))
    end
    assert.matches("tmpfs alone", said({ mounts = { bind { type = "bind", source = "/s",
      options = { "tmpcopyup" } } } }, "mounts[1].options[1]"))
    assert.matches("is required", said({ mounts = { bind { source = "tmpfs" } } },
      "mounts[1].type"))
    accepted { mounts = { bind { type = "tmpfs", options = { "size=64k", "mode=1777" } } } }
  end)

  it("know the mount options of the core, and which mounts may have them", function()
    local core = require "libcontainer.core"
    local MAPPING <const> = { { container_id = 0, host_id = 1, size = 1 } }
    local file = assert(io.open("src/configs/names.c"))
    local text = file:read("a"):match("mount_options%[%] = (%b{})")
    file:close()
    local names = {}
    for name in text:gmatch('%{%.name = "([%w_-]+)"') do
      names[#names + 1] = name
    end
    for name in text:gmatch('%u+%("([%w_]+)"') do
      names[#names + 1], names[#names + 2] = name, "r" .. name
    end
    assert.is_true(#names > 60)
    local RIGHT <const> = { any = "bind", bind = "bind", path = "bind", tmpfs = "tmpfs", ["file system"] = "tmpfs" }
    local WRONG <const> = { bind = "tmpfs", path = "tmpfs", tmpfs = "bind", ["file system"] = "bind" }
    local function with(name, kind)
      local mapping = kind == "bind" and name:find("idmap") and MAPPING or nil
      return { mounts = { { destination = "/d", type = kind, source = "/s", options = { name }, uid_mappings = mapping,
        gid_mappings = mapping } } }
    end
    for _, name in ipairs(names) do
      local scope = core.mount_option(name)
      accepted(with(name, RIGHT[scope]))
      if WRONG[scope] then
        assert.matches(scope == "file system" and "is of a file system" or "alone$",
          said(with(name, WRONG[scope]), "mounts[1].options[1]"))
      end
    end
    assert.is_nil(core.mount_option("size=1m"))
    assert.is_nil(core.mount_option("remount"))
    for _, option in ipairs { "remount", "remount=x" } do
      assert.equal("would change a mount that is there already", said(with(option, "tmpfs"), "mounts[1].options[1]"))
    end
  end)

  it("let only the container's own settings be changed [A52] [O78]", function()
    local function set(name, value, namespaces)
      return said({ sysctl = { [name] = value or "1" }, namespaces = namespaces },
        "sysctl." .. name)
    end
    for _, name in ipairs { "net.ipv4.ip_forward", "net/ipv4/conf/eth0.100/forwarding",
      "kernel.shmmax", "kernel/sem", "fs.mqueue.msg_max",
      "kernel.domainname", "net.ipv4.ip_local_port_range", "kernel.shm_rmid_forced" } do
      assert.is_nil((set(name, name:find("range") and "1024\t65000" or "1")), name)
    end
    for _, name in ipairs { "kernel.panic", "vm.swappiness", "kernel.core_pattern", "kernel.shm",
      "kernel.hostname", "user.max_user_namespaces",
      "net", "fs.mqueue", "fs.file-max", "kernel.shmmax.x", "kernel/../net.x", "net.../x",
        "net//x", "/net/x", ".net.x", "net.x.", "net.ipv4+x",
      "net.x;y", "net.x=1", "net.x\ny", "net.a b", "" } do
      assert.is_nil(configs.validate { rootfs = "/x", sysctl = { [name] = "1" } }, name)
    end
    for _, value in ipairs { "1+kernel.panic=1", "1;2", "a=b", "1\n2", "../x", "a//b", "",
      "1\0" } do
      assert.is_string(set("net.ipv4.ip_forward", value), value)
    end
    assert.matches("network namespace", set("net.ipv4.ip_forward", "1", { "mount" }))
    assert.matches("ipc namespace", set("kernel.sem", "1", { "mount" }))
    assert.matches("uts namespace", set("kernel.domainname", "1", { "mount" }))
    assert.is_nil(configs.validate { rootfs = "/x", sysctl = { ["kernel.sem"] = "1",
      ["kernel/sem"] = "2" } })
  end)

  it("know what annotations may say of a systemd scope, and nothing of others [O62]", function()
    local function annotated(name, value)
      return said({ annotations = { ["org.systemd.property." .. name] = value, other = "x" } },
        "annotations.org.systemd.property." .. name)
    end
    for _, value in ipairs { "uint64 5", "true", "1.5", "'a'", "['a', 'b']", "@as []" } do
      assert.is_nil((annotated("TimeoutStop", value)), value)
    end
    assert.matches("quotes", annotated("KillMode", "string mixed"))
    assert.matches("an int32", annotated("TasksMax", "4294967296"))
    assert.matches("cannot be chosen", annotated("Slice", "'a.slice'"))
    assert.matches("letters", annotated("A.B", "1"))
    assert.matches("seconds", annotated("TimeoutStopSec", "'5'"))
    local many = {}
    for i = 1, 33 do many["org.systemd.property.Tasks" .. ("x"):rep(i)] = "1" end
    assert.matches("32", said({ annotations = many }, "annotations"))
  end)

  it("know capabilities, and which set must hold which", function()
    assert.equal("is no capability", said({ capabilities = { "CHWON" } }, "capabilities[1]"))
    assert.equal("is no system call", said({ seccomp = { default_action = "allow", syscalls = {
      { names = { "openat", "opne" }, action = "errno" } } } }, "seccomp.syscalls[1].names[2]"))
    local _, err = configs.validate { rootfs = "/x", capabilities = { "CHWON" } }
    assert.equal(1, #err.problems)
    assert.matches('did you mean "CHOWN"', err.problems[1].hint)
    assert.matches("permitted too", said({ capabilities = { effective = { "KILL" } } },
      "capabilities.effective[1]"))
    assert.matches("inheritable too", said({ capabilities = { bounding = { "KILL" }, permitted = { "KILL" },
      ambient = { "KILL" } } }, "capabilities.ambient[1]"))
    accepted { capabilities = { permitted = { "KILL" }, inheritable = { "KILL" },
      ambient = { "KILL" } } }
  end)

  it("know what a mount is made of", function()
    local function of_mount(mount, field)
      mount.destination = "/m"
      return said({ mounts = { mount } }, "mounts[1]." .. field)
    end
    assert.equal("must not be empty", of_mount({ type = "tmpfs", options = { "ro", "" } }, "options[2]"))
    assert.equal("is no name of a file system", of_mount({ type = "tmp fs" }, "type"))
    assert.equal("is no name of a file system", of_mount({ type = "" }, "type"))
    assert.equal("is for bind mounts alone", of_mount({ type = "tmpfs", source_fd = 5 }, "source_fd"))
    assert.equal("is for sources by path", of_mount({ type = "bind", source_fd = 5, options = { "src-nofollow" } }, "options[1]"))
    local ids = { { container_id = 0, host_id = 1000, size = 1 } }
    assert.equal("is for bind mounts alone", of_mount({ type = "tmpfs", uid_mappings = ids, gid_mappings = ids }, "uid_mappings"))
    assert.equal("cannot be given together with source", of_mount({ type = "bind", source = "/s", source_fd = 5 }, "source_fd"))
  end)

  it("let no permitted capability be lost without a word when the program is started", function()
    local permitted = { permitted = { "KILL", "CHOWN" }, bounding = { "KILL" } }
    assert.matches("capabilities.bounding too", said({ capabilities = permitted }, "capabilities.permitted[2]"))
    permitted.inheritable = { "CHOWN" }
    accepted { capabilities = permitted }
  end)

  it("let no layer of a root be in another one, or around it", function()
    local function field(overlay, rootfs)
      local _, err = configs.validate { rootfs = rootfs or "/srv/root", overlay = overlay }
      if not err then return nil end
      assert.equal(1, #err.problems)
      return err.problems[1].field, err.problems[1].message
    end
    local at, message = field { layer = "/srv/root/layer" }
    assert.equal("overlay.layer", at)
    assert.equal("is in rootfs (/srv/root), and layers share nothing", message)
    at, message = field({ layer = "/srv" }, "/srv/upper/root")
    assert.equal("overlay.layer", at)
    assert.equal("has rootfs (/srv/upper/root) in it, and layers share nothing", message)
    assert.equal("overlay.layer", (field({ layer = "/srv/" }, "/srv/work")))
    assert.equal("overlay.layer", (field { layer = "/l", lower = { "/a", "/l/../l/upper" } }))
    assert.equal("overlay.lower[2]", (field { lower = { "/a", "/srv/root/" } }))
    assert.equal("overlay.lower[1]", (field { lower = { "/a", "/b", "/a/b" } }))
    -- beside each other, also below one directory; and what the host's root has in it may be another file system
    assert.is_nil(field { layer = "/srv", lower = { "/srv/lower", "/srv/rootless", "/srv/upper2" } })
    assert.is_nil(field({ layer = "/srv/layer", lower = { "/srv/lower" } }, "/"))
  end)

  it("let no layer of a mount be in another one, or around it", function()
    local function said_of(...)
      local _, err = configs.validate { rootfs = "/x", mounts = { { type = "overlay", destination = "/m",
        options = { ... } } } }
      return err and ("%s %s"):format(err.problems[1].field, err.problems[1].message)
    end
    assert.equal("mounts[1].options[2] is in lowerdir= (/low), and layers share nothing",
      said_of("lowerdir=/top:/low", "upperdir=/low/u", "workdir=/w"))
    assert.equal("mounts[1].options[3] has lowerdir= (/w/low) in it, and layers share nothing",
      said_of("lowerdir=/w/low", "upperdir=/u", "workdir=/w"))
    assert.equal("mounts[1].options[2] has workdir= (/u/work) in it, and layers share nothing",
      said_of("lowerdir=/low", "upperdir=/u", "workdir=/u/work"))
    assert.equal("mounts[1].options[1] is in lowerdir= (/low), and layers share nothing",
      said_of("lowerdir=/low/../low:/low"))
    assert.is_nil(said_of("lowerdir=/a/low:/", "upperdir=/a/upper", "workdir=/a/work"))
  end)

  it("know limits", function()
    assert.matches("more than hard", said({ rlimits = { { type = "NOFILE", soft = 2,
      hard = 1 } } }, "rlimits[1].soft"))
    assert.matches("more than hard", said({ rlimits = { { type = "NOFILE", soft = -1,
      hard = 1 } } }, "rlimits[1].soft"))
    assert.matches("same as rlimits%[1%]", said({ rlimits = { { type = "CPU", soft = 1, hard = 1 },
      { type = "RLIMIT_CPU", soft = 1, hard = 1 } } }, "rlimits[2].type"))
  end)

  it("refuse what is right by itself and not together", function()
    -- a filter that nothing starts behind
    local refusing = { default_action = "errno", syscalls = { { names = { "read" }, action = "allow" } } }
    assert.matches("refuses execve", said({ seccomp = refusing }, "seccomp"))
    assert.matches("refuses execve", process_said({ seccomp = refusing }, "seccomp"))
    assert.matches("refuses execve", said({ seccomp = { default_action = "allow", syscalls = {
      { names = { "read" }, action = "errno" }, { names = { "write", "execve" }, action = "kill_thread" } } } },
      "seccomp.syscalls[2]"))
    accepted { seccomp = { default_action = "allow", syscalls = { { names = { "execve" }, action = "errno",
      args = { { index = 0, op = "EQ", value = 5 } } } } } }
    accepted { seccomp = { default_action = "kill_process", syscalls = { { names = { "execve" }, action = "log" } } } }
    -- nodes in the host's own /dev, wherever it is mounted
    local bound = { { destination = "/dev", type = "bind", source = "/dev" } }
    local device = { { path = "/dev/x", type = "c", major = 1, minor = 3 } }
    assert.matches("mounts%[1%] binds", said({ mounts = bound, devices = device }, "devices[1].path"))
    assert.matches("mounts%[1%] binds", said({ devices = { { path = "/a/b/../x", type = "p" } },
      mounts = { { destination = "/a", options = { "rbind" }, source = "/dev/../dev/net" } } }, "devices[1].path"))
    accepted { mounts = { bound[1], { destination = "/dev", type = "tmpfs" } }, devices = device }
    accepted { mounts = { { destination = "/dev", type = "bind", source = "/srv/dev" } }, devices = device }
    accepted { mounts = { { destination = "/devices", type = "bind", source = "/dev" } }, devices = device }
    -- names that break a line
    for _, name in ipairs { "a b", "a\nb", "a/b", "\1" } do
      assert.matches("control character", said({ hostname = name }, "hostname"))
      assert.matches("control character", said({ domainname = name }, "domainname"))
    end
    -- two limits for one thing
    assert.matches("same as cgroups.hugetlb_limit%[1%]", said({ cgroups = { hugetlb_limit = {
      { page_size = "2MB", limit = 1 }, { page_size = "2MB", limit = 2 } } } }, "cgroups.hugetlb_limit[2]"))
    assert.matches("same as", said({ cgroups = { blkio_throttle_read_bps_device = { "8:0 1", "8:16 1", "8:0 2" } } },
      "cgroups.blkio_throttle_read_bps_device[3]"))
  end)

  it("leave the root to readonlyfs", function()
    assert.is_string(said({ mask_paths = { "/x/.." } }, "mask_paths[1]"))
    assert.is_string(said({ readonly_paths = { "/" } }, "readonly_paths[1]"))
  end)

  it("know devices and filters", function()
    assert.is_string(said({ devices = { { path = "/dev/a", type = "c" } } }, "devices[1]"))
    assert.is_string(said({ devices = { { path = "/dev/a", type = "p" }, { path = "/dev//a",
      type = "p" } } }, "devices[2].path"))
    assert.is_string(said({ devices = { { path = "/proc/x", type = "p" } } }, "devices[1].path"))
    assert.is_string(said({ seccomp = { default_action = "allow",
      syscalls = { { names = { "raed" }, action = "errno" } } } }, "seccomp.syscalls[1].names[1]"))
    assert.is_string(said({ seccomp = { default_action = "alow" } }, "seccomp.default_action"))
    assert.is_string(said({ seccomp = "strict" }, "seccomp"))
    assert.is_string(said({ seccomp = true }, "seccomp"))
    accepted { seccomp = false }
  end)

  it("let no id wrap around, and no text be taken for root [A70] [A80]", function()
    for _, user in ipairs { -1, 4294967295, 4294967296, 1e300, "4294967296", "4294967295", "-1",
      ":2", "", "0x1", "1 ", "1:2:3", "1:", "1:-1",
      "1:4294967295", "1.5", 1.5, true, "a b", ("9"):rep(300) } do
      assert.is_string(process_said({ user = user }, "user"), tostring(user))
    end
    for _, user in ipairs { 0, 2147483648, 4294967294, "1", "1:2", "name", "name:grp", "1:grp",
      "www-data", "_apt", "0", "host$" } do
      assert.is_table(configs.prepare_process { args = { "sh" }, user = user }, tostring(user))
    end
    assert.is_string(process_said({ additional_groups = { "4294967295" } }, "additional_groups[1]"))
    assert.is_string(process_said({ additional_groups = { -1 } }, "additional_groups[1]"))
  end)

  it("know what a program can be given", function()
    assert.is_string(process_said({ args = { "" } }, "args[1]"))
    assert.is_string(process_said({ args = {} }, "args"))
    for _, entry in ipairs { "A", "", "=x", "A\0=1" } do
      assert.is_string(process_said({ env = { entry } }, "env[1]"), entry)
    end
    assert.is_string(process_said({ env = { ["A=B"] = "x" } }, "env.A=B"))
    assert.is_string(process_said({ env = { A = true } }, "env.A"))
    assert.is_string(process_said({ cwd = "x" }, "cwd"))
    assert.is_string(process_said({ stdout = "pip" }, "stdout"))
    assert.is_string(process_said({ stdin = true }, "stdin"))
    assert.is_string(process_said({ hostname = "x" }, "hostname"))
    assert.is_table(configs.prepare_process { args = { "sh" }, env = { "A=1", "A=", "B=\255" },
      stdin = "text\0with nul" })
  end)
end)
