-- SPDX-License-Identifier: MIT
require("spec.support.schema_stub").provide()
local errors = require "libcontainer.errors"
local json = require "libcontainer.json"

describe("errors", function()
  it("say step, field, subject, errno and the way out in one line", function()
    local err = errors.raw({ errno = 30, step = "mount", subject = "/data", op = 7 },
      { field = "mounts[3]" })
    assert.equal("SystemError", err.code)
    assert.equal("EROFS", err.errname)
    assert.equal(7, err.op)
    assert.equal("mount mounts[3]: /data: read-only file system (EROFS)", err.message)
    assert.equal(err.message .. " — " .. err.hint, tostring(err))
    assert.matches("^the root is read%-only", err.hint)
    assert.is_true(errors.is(err))
    assert.is_false(errors.is { code = "SystemError" })
    assert.equal("libcontainer.error", getmetatable(err).__name)
  end)

  it("name the field, the value, unless that is said anyhow, and the way out", function()
    local function said(problem) return tostring(errors.config_invalid { problem }) end
    assert.equal('capabilities[1] = "FOO": is no capability (did you mean "FOWNER"?)', said { field = "capabilities[1]",
      message = "is no capability", value = "FOO", hint = 'did you mean "FOWNER"?' })
    assert.equal("umask = 512: must be between 0 and 511", said { field = "umask",
      message = "must be between 0 and 511", value = 512 })
    assert.equal("umask: must be a whole number, not text", said { field = "umask",
      message = "must be a whole number, not text", value = "x" })
    assert.equal('new: "x" is no root', said { field = "new", message = '"x" is no root', value = "x" })
    assert.equal("cwd: must be an absolute path", said { field = "cwd", message = "must be an absolute path",
      value = ("x"):rep(61) })
    assert.equal("cwd: must be an absolute path", said { field = "cwd", message = "must be an absolute path",
      value = "a\nb" })
  end)

  it("keep to one line whatever a container is called", function()
    local err = errors.raw { errno = 2, step = "mount", subject = "/a\nb\27[31m\0" }
    assert.equal("mount: /a\\x0ab\\x1b[31m\\x00: no such file or directory (ENOENT) — " .. err.hint, tostring(err))
  end)

  it("use the words that engines look for when a program is not found [O180]", function()
    assert.matches('exec: "foo": executable file not found in $PATH',
      tostring(errors.raw { errno = 2, step = "exec", subject = "foo" }), 1, true)
    assert.matches('exec: "/bin/foo": no such file or directory (ENOENT)',
      tostring(errors.raw { errno = 2, step = "exec", subject = "/bin/foo" }), 1, true)
    assert.matches('exec: "/etc/passwd": permission denied (EACCES)',
      tostring(errors.raw { errno = 13, step = "exec", subject = "/etc/passwd" }), 1, true)
    assert.matches('the interpreter or loader "/run.sh": no such file or directory',
      tostring(errors.raw { errno = 2, step = "interpreter", subject = "/run.sh" }), 1, true)
  end)

  it("have the ancestor's codes", function()
    local cases = {
      { "InvalidIdFormat", { errno = 22, step = "id", subject = "../x" } },
      { "IdInUse", { errno = 17, step = "state", subject = "x" } },
      { "IdInUse", { errno = 17, step = "id", subject = "x" } },
      { "ContainerNotExists", { errno = 2, step = "id", subject = "x" } },
      { "ConfigInvalid", { errno = 22, step = "config", subject = "mounts[1].type" } },
      { "ConfigInvalid", { errno = 19, step = "cgroup", subject = "cgroups.pids_limit: pids" } },
      { "ConfigInvalid", { errno = 40, step = "rootfs", subject = "/srv/link" } },
      { "SystemError", { errno = 12, step = "memory" } },
    }
    for _, case in ipairs(cases) do
      assert.equal(case[1], errors.raw(case[2]).code)
    end
    assert.equal("cgroups.pids_limit needs the pids controller, which is not mounted — leave this limit out, or see to it that the "
        .. "machine has what is missing",
      tostring(errors.raw(cases[6][2])))
    assert.equal("cgroups.pids_limit", errors.raw(cases[6][2]).field)
    assert.equal("namespaces[1]: user is not supported by this version",
      tostring(errors.raw { errno = 38, step = "config", subject = "namespaces[1]: user" }))
    assert.equal("namespaces[2]: listed twice",
      tostring(errors.raw { errno = 22, step = "config", subject = "namespaces[2]: listed twice" }))
    assert.equal("namespaces[2]",
      errors.raw({ errno = 22, step = "config", subject = "namespaces[2]: listed twice" }).field)
    assert.equal("cgroups.path: is not valid",
      tostring(errors.raw { errno = 22, step = "config", subject = "cgroups.path" }))
    local made = { errors.id_in_use("x"), errors.invalid_id("../x"),
      errors.container_not_exists("x"),
      errors.container_paused("x"), errors.container_not_stopped("x"),
        errors.container_not_running("x"), errors.container_not_prepared("x", "running"),
      errors.process_not_executed(), errors.config_problem("a", "b"), errors.timed_out("wait",
        "it runs", 5) }
    local seen = {}
    for _, err in ipairs(made) do
      seen[err.code] = true
    end
    for code in pairs(errors.codes) do
      assert.is_true(seen[code], code)
    end
    assert.equal("ETIMEDOUT", made[10].errname)
  end)

  it("say what is missing without root, and which limits are reached", function()
    local cases = { { "spawn", 1, "CAP_SYS_ADMIN" }, { "mount", 28, "mount%-max" }, { "spawn", 24,
      "RLIMIT_NOFILE" },
      { "helper", 13, "memfd_noexec" }, { "cgroup", 16, "frozen" }, { "state", 28, "full" } }
    for _, case in ipairs(cases) do
      assert.matches(case[3], errors.raw({ errno = case[2], step = case[1] }).hint)
    end
  end)

  it("hold all problems of a configuration", function()
    local err = errors.config_invalid { { field = "a", message = "is wrong", hint = "right" },
      { field = "b", message = "too" } }
    assert.equal("2 problems: a: is wrong (right); b: too", tostring(err))
    assert.equal("a", err.field)
    assert.equal("a: is wrong", tostring(errors.config_problem("a", "is wrong")))
  end)

  it("can be written as JSON", function()
    local err = errors.raw({ errno = 2, step = "mount", subject = "/data" },
      { field = "mounts[3]" })
    local back = assert(json.decode(assert(json.encode(err))))
    assert.equal("mounts[3]", back.field)
    assert.equal(2, back.errno)
    assert.is_string(json.encode(errors.config_invalid { { field = "a", message = "b",
      value = 1.5 } }))
  end)

  it("are made only with a known code", function()
    assert.has_error(function()
      errors.new { code = "Oops" }
    end)
  end)
end)
