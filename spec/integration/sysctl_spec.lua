-- SPDX-License-Identifier: MIT
local fixture = require "spec.support.fixture"
local inside = require "spec.support.inside"

describe("kernel settings", function()
  fixture.check_leaks()

  it("of the own namespaces take effect inside and not on the host [O78]", function()
    fixture.needs("root", "busybox")
    local files = "/proc/sys/net/ipv4/ip_default_ttl /proc/sys/kernel/msgmax /proc/sys/kernel/sem "
      .. "/proc/sys/fs/mqueue/msg_max /proc/sys/net/ipv4/ping_group_range /proc/sys/kernel/shm_rmid_forced "
      .. "/proc/sys/net/ipv4/conf/lo/forwarding /proc/sys/kernel/domainname"
    local before = fixture.sh("cat " .. files)
    assert.equal("33\n4321\n10\t20\t30\t40\n17\n5\t6\n1\n1\ndom.example\n", inside.script({ sysctl = {
      ["net.ipv4.ip_default_ttl"] = "33", ["kernel.msgmax"] = 4321, ["kernel.sem"] = "10 20 30 40",
      ["fs.mqueue.msg_max"] = "17", ["net.ipv4.ping_group_range"] = "5 6", ["kernel/shm_rmid_forced"] = "1",
      ["net/ipv4/conf/lo/forwarding"] = "1", ["kernel.domainname"] = "dom.example" } }, "cat " .. files))
    assert.equal(before, fixture.sh("cat " .. files))
  end)

  it("of the host are refused, and so is whatever no namespace owns [O78] [A52]", function()
    fixture.needs("root", "busybox")
    for _, name in ipairs { "kernel.panic", "kernel.core_pattern", "kernel/core_pattern", "vm.swappiness",
      "fs.file-max", "kernel.hostname", "kernel.modprobe", "kernel.sem.x", "kernel.msgmaxx", "fs.mqueue", "net",
      "user.max_user_namespaces", "kernel.shm_next_id", "dev.cdrom.info", "kernel", "" } do
      local err = inside.refused({ sysctl = { [name] = "1" } }, "true")
      assert.equal("ConfigInvalid", err.code, name)
      assert.truthy(err.problems[1].field:find("^sysctl"))
    end
  end)

  it("are one name and one value: nothing smuggles a second one in [A52] [R9]", function()
    fixture.needs("root", "busybox")
    local host = fixture.read "/proc/sys/kernel/core_pattern"
    for _, name in ipairs { "net.ipv4.ip_forward=1+kernel.core_pattern", "net.ipv4.ip_forward;x",
      "net.x\nkernel.panic",
      "net/../kernel/core_pattern", "net..ipv4.ip_forward", "/net/ipv4/ip_forward", "net/ipv4/ip_forward/",
        "net//ipv4",
      "net/./ipv4/ip_forward", "../kernel/core_pattern", "net.ipv4.ip forward", "net/ipv4/\0x",
        "net/ipv4/ip_forward+",
      ("net/"):rep(200) .. "x" } do
      local err = inside.refused({ sysctl = { [name] = "1" } }, "true")
      assert.equal("ConfigInvalid", err.code, name)
    end
    for _, value in ipairs { "1+kernel.core_pattern=|/bin/evil", "1\nkernel.panic=1", "1;2", "1\0", "a=b", "../x",
      "a//b", "",
      "$(id)", "`id`" } do
      local err = inside.refused({ sysctl = { ["kernel.domainname"] = value } }, "true")
      assert.equal("ConfigInvalid", err.code, value)
    end
    assert.equal(host, fixture.read "/proc/sys/kernel/core_pattern")
  end)

  it("need the namespace that they belong to [O78]", function()
    fixture.needs("root", "busybox")
    for name, namespaces in pairs {
      ["net.ipv4.ip_forward"] = { "mount", "pid", "uts", "ipc" }, ["kernel.msgmax"] = { "mount", "pid", "uts",
        "network" },
      ["kernel.domainname"] = { "mount", "pid", "ipc", "network" },
    } do
      local err = inside.refused({ exact = true, rootfs = fixture.rootfs(), namespaces = namespaces,
        sysctl = { [name] = "1" } }, "true")
      assert.equal("ConfigInvalid", err.code, name)
      assert.truthy(tostring(err):find("namespace", 1, true))
    end
  end)

  it("that do not exist, or refuse the value, are errors that name them [O78]", function()
    fixture.needs("root", "busybox")
    local err = inside.refused({ sysctl = { ["net.ipv4.no_such_setting"] = "1" } }, "true")
    assert.equal("sysctl", err.step)
    assert.equal("ENOENT", err.errname)
    assert.equal('sysctl["net.ipv4.no_such_setting"]', err.field)
    err = inside.refused({ sysctl = { ["net.ipv4.ip_default_ttl"] = "100000" } }, "true")
    assert.equal("EINVAL", err.errname)
    assert.equal("EISDIR", inside.refused({ sysctl = { ["net.ipv4"] = "1" } }, "true").errname)
  end)

  it("are written through a procfs of the library's own, whatever the image has on /proc [A77] [O118] [A13]",
    function()
    fixture.needs("root", "busybox")
    local rootfs = fixture.rootfs()
    fixture.sh("mkdir -p %s/proc/sys/net/ipv4 && echo fake >%s/proc/sys/net/ipv4/ip_default_ttl", rootfs, rootfs)
    local box = { exact = true, rootfs = rootfs, sysctl = { ["net.ipv4.ip_default_ttl"] = "42" } }
    assert.equal("fake\n", inside.script(box, "cat /proc/sys/net/ipv4/ip_default_ttl"))
    assert.equal("fake\n", fixture.read(rootfs .. "/proc/sys/net/ipv4/ip_default_ttl"))
    box.mounts = { { type = "proc", destination = "/elsewhere" } }
    assert.equal("42\n", inside.script(box, "cat /elsewhere/sys/net/ipv4/ip_default_ttl"))
  end)
end)
