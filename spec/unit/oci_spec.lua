-- SPDX-License-Identifier: MIT
require("spec.support.schema_stub").provide()
local configs = require "libcontainer.configs"
local fixture = require "spec.support.fixture"
local json = require "libcontainer.json"

-- A document that is right, with what is given over it at the top.
local function document(more)
  local t = { ociVersion = "1.0.2", root = { path = "/nowhere" },
    process = { args = { "sh" }, cwd = "/", user = { uid = 0, gid = 0 } },
    linux = { namespaces = { { type = "mount" } } } }
  for name, value in pairs(more or {}) do t[name] = value end
  return t
end

local function linux(more)
  more.namespaces = more.namespaces or { { type = "mount" } }
  return document { linux = more }
end

local function process(more)
  more.args, more.cwd = more.args or { "sh" }, more.cwd or "/"
  return document { process = more }
end

-- What is said of a path in the document; nil when nothing is.
local function said(t, path)
  local config, err = configs.from_oci(t)
  if config then return nil end
  for _, problem in ipairs(err.problems) do
    if problem.field == path then return problem.message, problem.value end
  end
  return "other fields: " .. tostring(err)
end

local function ignored(t)
  local config, err, list = configs.from_oci(t)
  assert(config, tostring(err))
  local paths = {}
  for i, one in ipairs(list) do paths[i] = one.field end
  return table.concat(paths, " "), list
end

describe("configs.from_oci", function()
  it("takes every version 1.x.y and no other [O1]", function()
    for _, version in ipairs { "1.0.0", "1.0.2", "1.3.0", "1.99.12", "1.0.2-dev", "1.0.0-rc.1+build.5", "1.1.0+x-y",
      "1.0.0-rc5-dev" } do
      assert.is_nil((said(document { ociVersion = version }, "ociVersion")), version)
    end
    for _, version in ipairs { "2.0.0", "0.9.0", "10.0.0", "1.0", "1", "", "1.0.x", "v1.0.0", "1.0.0-", "1.0.0 ",
      "1.0.0-a..b", "1.01.0", "1.0.0+", "1.0.0\n", " 1.0.0", "1.0.0dev", 1, true, {} } do
      assert.is_string((said(document { ociVersion = version }, "ociVersion")), tostring(version))
    end
    local t = document()
    t.ociVersion = nil
    assert.equal("is required", (said(t, "ociVersion")))
  end)

  it("ignores what the specification does not know, and other platforms, and tells of each [O24]", function()
    assert.equal("linux.future linux.namespaces[1].extra mounts[1].thing process.commandLine process.user.username "
      .. "solaris windows", ignored {
      ociVersion = "1.0.0", root = { path = "/nowhere" }, windows = { layerFolders = { "x" } }, solaris = {},
      process = { args = { "x" }, cwd = "/", commandLine = "x", user = { uid = 0, gid = 0, username = "x" } },
      mounts = { { destination = "/a", type = "tmpfs", thing = 5 } },
      linux = { future = { deep = true }, namespaces = { { type = "mount", extra = 1 } } } })
    local _, list = ignored(linux { future = 7 })
    assert.same({ { field = "linux.future", value = 7 } }, list)
    assert.equal("", (ignored(document())))
  end)

  it("refuses words that the specification does not have, with their path and value [O24] [O63]", function()
    local function refused(t, path, value)
      local message, found = said(t, path)
      assert.is_string(message)
      assert.is_nil(message:find("other fields"), message)
      assert.equal(value, found)
    end
    refused(linux { namespaces = { { type = "mount" }, { type = "mnt" } } }, "linux.namespaces[2].type", "mnt")
    refused(linux { namespaces = { { type = "mount" }, { type = "mount" } } }, "linux.namespaces[2].type", "mount")
    refused(linux { seccomp = { defaultAction = "SCMP_ACT_NOTHING" } }, "linux.seccomp.defaultAction", "NOTHING")
    refused(linux { seccomp = { defaultAction = "allow" } }, "linux.seccomp.defaultAction", "allow")
    refused(linux { rootfsPropagation = "both" }, "linux.rootfsPropagation", "both")
    refused(linux { devices = { { path = "/dev/x", type = "z" } } }, "linux.devices[1].type", "z")
    refused(process { rlimits = { { type = "RLIMIT_NOTHING", soft = 1, hard = 1 } } }, "process.rlimits[1].type", "NOTHING")
  end)

  it("says of what it knows and cannot do that it cannot, and nothing of what asks for nothing", function()
    assert.is_nil((said(linux { intelRdt = {} }, "linux.intelRdt")))
    local t = document()
    t.root.mode = nil
    assert.is_nil((said(t, "")))
  end)

  it("names every problem by its path in the document", function()
    local function at(t, path)
      local message = said(t, path)
      assert.is_string(message)
      assert.is_nil(message:find("other fields"), message)
    end
    at(linux { resources = { memory = { limit = "x" } } }, "linux.resources.memory.limit")
    at(linux { resources = { memory = 5 } }, "linux.resources.memory")
    at(linux { resources = { cpu = { quota = 5 } } }, "linux.resources.cpu.quota")
    at(linux { resources = { devices = { { allow = false }, { allow = true, access = "x" } } } },
      "linux.resources.devices[2].access")
    at(linux { resources = { rdma = { ["a/b"] = { hcaHandles = 1 } } } }, "linux.resources.rdma.a/b.device")
    at(linux { resources = { hugepageLimits = { { pageSize = "2", limit = 1 } } } },
      "linux.resources.hugepageLimits[1].pageSize")
    at(linux { seccomp = { defaultAction = "SCMP_ACT_ALLOW", syscalls = {
      { names = { "no_such_call" }, action = "SCMP_ACT_ERRNO" },
      { names = { "read" }, action = "SCMP_ACT_ALLOW", errnoRet = 5 } } } }, "linux.seccomp.syscalls[2].errnoRet")
    at(linux { maskedPaths = { "/x", "y" } }, "linux.maskedPaths[2]")
    at(linux { sysctl = { ["kernel.panic"] = "1" } }, "linux.sysctl.kernel.panic")
    at(linux { resources = { unified = { ["a/b"] = "1" } } }, "linux.resources.unified.a/b")
    at(document { mounts = { { type = "proc" } } }, "mounts[1].destination")
    at(document { mounts = { { type = "proc", destination = "/proc/self" } } }, "mounts[1].destination")
    at(document { hostname = "web" }, "hostname")
    at(document { hostname = {} }, "hostname")
    at(process { cwd = "x" }, "process.cwd")
    at(process { user = { uid = -1, gid = 0 } }, "process.user.uid")
    at(process { user = { uid = 0, gid = 4294967295 } }, "process.user.gid")
    at(process { user = { uid = 0, gid = 0, additionalGids = { 0, "x" } } }, "process.user.additionalGids[2]")
    at(process { args = {} }, "process.args")
    at(process { capabilities = { bounding = { "CAP_KILL" }, effective = { "CAP_NOPE", "CAP_CHOWN" } } },
      "process.capabilities.effective[2]")
    at(document { root = {} }, "root.path")
    at(document { process = 5 }, "process")
    -- what is no object has nothing else wrong with it, least of all at a place of ours
    local odd = select(2, configs.from_oci(linux { resources = { rdma = { ["a/b"] = 3 } } }, { bundle = "/x" }))
    for _, problem in ipairs(odd.problems) do assert.is_nil(problem.field:find("rdma[", 1, true), problem.field) end
  end)

  it("makes of absence what OCI means by it", function()
    local config, program = configs.from_oci(document())
    assert.is_false(config.seccomp)
    assert.is_false(config.no_new_privileges)
    assert.is_nil(config.capabilities)
    assert.same({ devices = {} }, config.cgroups)
    assert.same({ args = { "sh" }, cwd = "/", user = "0:0" }, program)
    assert.is_nil(configs.from_oci(linux { seccomp = json.array() }))
    assert.is_false(configs.from_oci(linux { seccomp = {} }).seccomp)
    -- without a program there is nothing to start, and nothing is said of it
    local without = document()
    without.process = nil
    config, program = configs.from_oci(without)
    assert.is_nil(program)
    assert.is_nil(config.no_new_privileges)
    -- what others write in place of nothing
    config = configs.from_oci(document { hostname = "", process = { args = { "x" }, cwd = "/", apparmorProfile = "" } })
    assert.is_nil(config.hostname)
  end)

  it("passes over what cannot be granted or met, as the specification has it, and tells of it [O109]", function()
    assert.equal("process.capabilities.bounding[2] process.capabilities.ambient[1]", (ignored(process {
      capabilities = { bounding = { "CAP_KILL", "CAP_OF_TOMORROW" }, permitted = { "CAP_KILL" }, ambient = { "CAP_KILL" } } })))
    assert.equal("process.capabilities.permitted[2] process.capabilities.effective[1]", (ignored(process { capabilities = {
      bounding = { "CAP_KILL" }, permitted = { "CAP_KILL", "CAP_CHOWN" }, effective = { "CAP_CHOWN", "CAP_KILL" } } })))
    local config, _, list = configs.from_oci(linux { seccomp = { defaultAction = "SCMP_ACT_ALLOW", syscalls = {
      { names = { "call_of_tomorrow" }, action = "SCMP_ACT_ERRNO" },
      { names = { "read", "call_of_tomorrow" }, action = "SCMP_ACT_KILL" } } } })
    assert.same({ { names = { "read" }, action = "kill_thread" } }, config.seccomp.syscalls)
    assert.equal(2, #list)
    assert.equal("linux.seccomp.syscalls[2].names[2]", list[2].field)
  end)

  it("keeps numbers of 64 bits", function()
    local config = assert(configs.from_oci(json.decode [[{ "ociVersion": "1.0.0", "root": { "path": "/nowhere" },
      "process": { "cwd": "/", "args": ["x"], "rlimits": [
        { "type": "RLIMIT_NOFILE", "soft": 9223372036854775807, "hard": 18446744073709551615 }] },
      "linux": { "namespaces": [{ "type": "mount" }],
        "resources": { "hugepageLimits": [{ "pageSize": "2MB", "limit": 18446744073709551615 }] },
        "seccomp": { "defaultAction": "SCMP_ACT_ALLOW", "syscalls": [{ "names": ["read"], "action": "SCMP_ACT_ERRNO", "args": [
          { "index": 0, "op": "SCMP_CMP_EQ", "value": 18446744073709551615 },
          { "index": 1, "op": "SCMP_CMP_EQ", "value": 9223372036854775808 },
          { "index": 2, "op": "SCMP_CMP_MASKED_EQ", "value": 9223372036854775807, "valueTwo": 18446744073709551614 }] }] } } }]]))
    assert.same({ { type = "NOFILE", soft = math.maxinteger, hard = -1 } }, config.rlimits)
    assert.equal(-1, config.cgroups.hugetlb_limit[1].limit)
    local args = config.seccomp.syscalls[1].args
    assert.equal(-1, args[1].value)
    assert.equal(math.mininteger, args[2].value)
    assert.equal(-2, args[3].value_two)
    local written = json.encode(assert(configs.to_oci(config)))
    for _, number in ipairs { "9223372036854775807", "18446744073709551615", "9223372036854775808",
      "18446744073709551614" } do
      assert.truthy(written:find("[: ]" .. number .. "[,}]"), number)
    end
  end)

  it("reads a bundle by its directory or its file, relative paths from there [O27] [O32]", function()
    local directory = fixture.directory()
    fixture.sh(("mkdir -p %s/b/root && ln -s b %s/link && ln -s root %s/b/to"):format(directory, directory, directory))
    fixture.write(directory .. "/b/config.json", json.encode { ociVersion = "1.0.0", root = { path = "../b/./to" },
      mounts = { { destination = "data", type = "bind", source = "data", options = { "bind" } } },
      linux = { namespaces = { { type = "mount" } } } })
    for _, path in ipairs { "/b", "/b/", "/link", "/b/config.json", "/link/config.json" } do
      local config = assert(configs.from_oci(directory .. path))
      assert.equal(directory .. "/b/root", config.rootfs)
      assert.equal(directory .. "/b/data", config.mounts[1].source)
      assert.equal("/data", config.mounts[1].destination)
    end
    local _, err = configs.from_oci(directory)
    assert.equal("ENOENT", err.errname)
    assert.equal(directory .. "/config.json", err.subject)
    fixture.write(directory .. "/config.json", "{ \"ociVersion\": \"1.0.0\",, }")
    _, err = configs.from_oci(directory)
    assert.equal("ConfigInvalid", err.code)
    assert.equal(1, err.line)
    fixture.sh(("rm %s/config.json && mkfifo %s/config.json"):format(directory, directory))
    assert.equal("ConfigInvalid", select(2, configs.from_oci(directory)).code)
    -- a table has no place of its own
    assert.matches("there is no bundle", said(document { root = { path = "rootfs" } }, "root.path"))
    assert.equal("/some/where/rootfs", configs.from_oci(document { root = { path = "rootfs" } },
      { bundle = "/some/where" }).rootfs)
    assert.has_error(function() configs.from_oci(document(), { bundle = "some" }) end)
    assert.has_error(function() configs.from_oci(document(), { bundel = "/some" }) end)
    assert.has_error(function() configs.from_oci(document(), { bundle = "/some", fields = 5 }) end)
    assert.matches("detach", tostring(select(2, configs.from_oci(document(),
      { bundle = "/some", fields = { detach = "x" } }))))
    assert.has_error(function() configs.from_oci(5) end)
  end)

  it("leaves what it is given as it was", function()
    local t = document { hooks = json.null, mounts = { { destination = "/a", type = "tmpfs" } } }
    t.mounts[1].options = setmetatable({}, { __index = function() error("read with metamethods") end })
    local before = json.encode(t)
    assert(configs.from_oci(t))
    assert.equal(before, json.encode(t))
  end)
end)

describe("configs.to_oci", function()
  it("writes what a program gets, and tells what OCI has no place for", function()
    local document_, left_out = configs.to_oci({ rootfs = "/x", namespaces = { "mount", "network" }, capabilities = { "KILL" },
      additional_groups = { "5" }, detach = true, labels = { a = "b" }, networks = { { type = "loopback" } },
      cgroups = { cpus = 0.5, cpu_weight = 50, memory_high = "1M" } },
      { "sh", user = 5, capabilities = { "CHOWN" }, additional_groups = { 7 }, seccomp = false, stdin = "pipe",
        cgroups = { memory = "1M" } })
    assert(document_, tostring(left_out))
    local paths = {}
    for i, one in ipairs(left_out) do paths[i] = one.field end
    table.sort(paths)
    assert.equal("detach labels process.cgroups process.stdin", table.concat(paths, " "))
    assert.same({ "CAP_CHOWN" }, document_.process.capabilities.bounding)
    assert.same({ uid = 5, gid = 0, additionalGids = { 5, 7 } }, document_.process.user)
    assert.same({ cpu = { quota = 50000, period = 100000 }, devices = { { allow = true, access = "rwm" } },
      unified = { ["cpu.weight"] = "50", ["memory.high"] = "1048576" } }, document_.linux.resources)
    assert.is_nil(document_.linux.seccomp)
    assert.is_true(document_.process.noNewPrivileges)
  end)

  it("keeps empty arrays arrays, and empty maps objects [E23]", function()
    local text = json.encode(assert(configs.to_oci({ rootfs = "/x", capabilities = {}, sysctl = {}, annotations = {},
      mounts = { { destination = "/a", type = "tmpfs", options = {} } }, rlimits = {}, mask_paths = {} })))
    for _, member in ipairs { '"bounding":[]', '"options":[]', '"rlimits":[]', '"maskedPaths":[]', '"sysctl":{}',
      '"annotations":{}' } do
      assert.truthy(text:find(member, 1, true), member)
    end
  end)

  it("reads no path that is cut at a NUL", function()
    local config, err = configs.from_oci("/etc/passwd\0x")
    assert.is_nil(config)
    assert.equal("source", err.field)
  end)

  it("refuses names of users, which OCI has not, and what is no configuration", function()
    local _, err = configs.to_oci({ rootfs = "/x" }, { "sh", user = "daemon:1", additional_groups = { "games" } })
    local paths = { err.problems[1].field, err.problems[2].field }
    table.sort(paths)
    assert.same({ "process.additional_groups[1]", "process.user" }, paths)
    _, err = configs.to_oci { rootfs = "/x", mounts = { { destination = "/a", type = "bind", source_fd = 0 } } }
    assert.equal("mounts[1].source_fd", err.problems[1].field)
    _, err = configs.to_oci({ rootfs = "x" }, { "sh", cwd = "y" })
    assert.equal("rootfs", err.problems[1].field)
    assert.equal("process.cwd", err.problems[2].field)
  end)

  it("says the first version of the specification that has all of it", function()
    local function version(config)
      config.rootfs = "/x"
      return assert(configs.to_oci(config)).ociVersion
    end
    assert.equal("1.0.0", version { seccomp = false })
    assert.equal("1.0.2", version { seccomp = { default_action = "allow", flags = { "LOG" } } })
    assert.equal("1.1.0", version { seccomp = false, domainname = "x" })
  end)
end)
