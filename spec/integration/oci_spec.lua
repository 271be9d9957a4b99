-- SPDX-License-Identifier: MIT
-- A container from an OCI bundle: what the document says is what the program finds.
local configs = require "libcontainer.configs"
local fixture = require "spec.support.fixture"
local json = require "libcontainer.json"

local SCRIPT <const> = "umask; id -u; id -g; pwd; echo $NAME; hostname; ls /data; cat /proc/sys/net/ipv4/ip_forward; "
  .. "touch /x 2>/dev/null || echo ro; grep -E '^(Groups|CapBnd|CapEff|NoNewPrivs|Seccomp):' /proc/self/status; grep 'open files' /proc/self/limits"

-- As `runc spec` writes it, but for the terminal and the program.
local BUNDLE <const> = ([[{
  "ociVersion": "1.0.2-dev",
  "process": {
    "user": { "uid": 1000, "gid": 1001, "additionalGids": [2000, 5], "umask": 63 },
    "args": ["sh", "-c", "SCRIPT"],
    "env": ["PATH=/bin", "NAME=ünicode"],
    "cwd": "/tmp",
    "capabilities": { "bounding": ["CAP_KILL", "CAP_AUDIT_WRITE"], "effective": ["CAP_KILL"], "permitted": ["CAP_KILL"],
      "ambient": ["CAP_KILL"] },
    "rlimits": [{ "type": "RLIMIT_NOFILE", "hard": 1000, "soft": 100 }],
    "noNewPrivileges": true
  },
  "root": { "path": "rootfs", "readonly": true },
  "hostname": "bundle",
  "mounts": [
    { "destination": "/proc", "type": "proc", "source": "proc" },
    { "destination": "/dev", "type": "tmpfs", "source": "tmpfs", "options": ["nosuid", "strictatime", "mode=755", "size=65536k"] },
    { "destination": "/tmp/data", "type": "none", "source": "data", "options": ["bind", "ro"] },
    { "destination": "data", "source": "data", "options": ["rbind", "rprivate"] }
  ],
  "linux": {
    "sysctl": { "net.ipv4.ip_forward": "1" },
    "resources": { "devices": [{ "allow": false, "access": "rwm" }], "pids": { "limit": 32 } },
    "namespaces": [{ "type": "pid" }, { "type": "network" }, { "type": "ipc" }, { "type": "uts" }, { "type": "mount" }],
    "seccomp": { "defaultAction": "SCMP_ACT_ALLOW", "architectures": ["SCMP_ARCH_X86_64"],
      "syscalls": [{ "names": ["swapon", "call_of_tomorrow"], "action": "SCMP_ACT_ERRNO" }] },
    "maskedPaths": ["/proc/kcore"], "readonlyPaths": ["/proc/sys"]
  }
}]]):gsub("SCRIPT", SCRIPT)

describe("a container from an OCI bundle", function()
  fixture.check_leaks()

  local function bundle()
    local rootfs = fixture.rootfs()
    local directory = rootfs:match("^(.*)/rootfs$")
    fixture.sh("mkdir %s/data %s/data %s/tmp/data && touch %s/data/found", directory, rootfs, rootfs, directory)
    return directory
  end

  local function output(config, process)
    local factory = fixture.factory()
    local box <close> = assert(factory:create(fixture.id(), config))
    process.stdout = "pipe"
    local program = assert(box:start(process))
    local text = program.stdout:read("a", fixture.seconds(30))
    assert.equal(0, assert(program:wait(fixture.seconds(30))).status)
    return text
  end

  local EXPECTED <const> = "0077\n1000\n1001\n/tmp\nünicode\nbundle\nfound\n1\nro\nGroups:\t5 2000 \n"
    .. "CapEff:\t0000000000000000\nCapBnd:\t0000000020000020\nNoNewPrivs:\t1\nSeccomp:\t2\n"
    .. "Max open files            100                  1000                 files     \n"

  it("is what its document says", function()
    fixture.needs("root", "busybox")
    local directory = bundle()
    fixture.write(directory .. "/config.json", BUNDLE)
    local config, process, ignored = configs.from_oci(directory)
    assert(config, tostring(process))
    assert.same({ "process.capabilities.ambient[1]", "linux.seccomp.syscalls[1].names[2]" },
      { ignored[1].field, ignored[2].field })
    assert.equal(EXPECTED, output(config, process))
  end)

  it("is the same from the document that it writes, with its program or without [O2]", function()
    fixture.needs("root", "busybox")
    local config, process = assert(configs.from_oci(json.decode(BUNDLE), { bundle = bundle() }))
    local text = json.encode(assert(configs.to_oci(config, process)))
    assert.equal(EXPECTED, output(configs.from_oci(json.decode(text))))
    text = json.encode(assert(configs.to_oci(config)))
    local again, none = configs.from_oci(json.decode(text))
    assert.is_nil(none)
    assert.equal("bundle\n", output(again, { args = { "hostname" }, env = { "PATH=/bin" } }))
  end)
end)
