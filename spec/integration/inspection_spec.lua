-- SPDX-License-Identifier: MIT
--- What is seen of a container from outside: processes, mounts, sockets, open files.
local fixture = require "spec.support.fixture"
local inside = require "spec.support.inside"
local configs = require "libcontainer.configs"
local core = require "libcontainer.core"

local function start(fields, script)
  fixture.needs("root", "busybox")
  fields.rootfs = fixture.rootfs()
  local box = assert(fixture.factory():create(fixture.id(), assert(configs.default(fields))))
  local process = assert(box:start { "sh", "-c", script .. "\necho ready; sleep 1000; true", stdin = "null",
    stdout = "pipe" })
  assert.equal("ready", process.stdout:read("l", fixture.seconds(30)))
  return box, process
end

-- What `look` answers when it is true, which it comes to.
local function awaited(look)
  local deadline = core.now() + fixture.seconds(30)
  repeat
    local found = look()
    if found then return found end
    core.poll({}, 0.01)
  until core.now() > deadline
  error("it does not come to that", 2)
end

local function find(list, key, value)
  for _, item in ipairs(list) do if item[key] == value then return item end end
end

local SOCKETS <const> = [[
#include <arpa/inet.h>
#include <linux/netlink.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>
static int inet(int type, int port)
{
	struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	int fd = socket(AF_INET, type, 0);
	return bind(fd, (void *) &at, sizeof(at)) == 0 ? fd : -1;
}
int main(void)
{
	struct sockaddr_in6 six = {.sin6_family = AF_INET6, .sin6_port = htons(4712), .sin6_addr = IN6ADDR_LOOPBACK_INIT};
	struct sockaddr_in peer = {.sin_family = AF_INET, .sin_port = htons(4711), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	struct sockaddr_un name = {.sun_family = AF_UNIX, .sun_path = "/root/socket"};
	int a = inet(SOCK_STREAM, 4711), b = socket(AF_INET6, SOCK_STREAM, 0), d, e;
	if (listen(a, 1) != 0 || bind(b, (void *) &six, sizeof(six)) != 0 || listen(b, 1) != 0) return 1;
	if (inet(SOCK_DGRAM, 4713) < 0) return 2;
	d = inet(SOCK_STREAM, 4714);
	if (connect(d, (void *) &peer, sizeof(peer)) != 0) return 3;
	e = socket(AF_UNIX, SOCK_STREAM, 0);
	if (bind(e, (void *) &name, sizeof(name)) != 0 || listen(e, 1) != 0) return 4;
	if (socket(AF_NETLINK, SOCK_RAW, NETLINK_ROUTE) < 0) return 5;
	puts("ready");
	fflush(stdout);
	pause();
	return 0;
}
]]

describe("a container that is looked into", function()
  fixture.check_leaks()

  it("shows its processes as a tree, paused too", function()
    local box <close>, init = start({}, "sh -c 'sleep 999; true' &")
    assert(box:start { "sleep", "998" })
    local roots = awaited(function()
      local roots = assert(box:tree())
      local shell = roots[1].children[1]
      return #roots == 2 and #roots[1].children == 2 and shell.children[1] and shell.children[1].args[1] == "sleep"
        and roots[1].children[2].args[1] == "sleep" and roots
    end)
    assert.equal(1, roots[1].pid)
    assert.equal(init:pid(), roots[1].host_pid)
    assert.same({ "sleep", "998" }, roots[2].args)
    assert.equal("sleep", roots[2].command)
    assert.is_true(roots[2].memory > 0)
    local shell = roots[1].children[1]
    assert.same({ "sleep", "999" }, shell.children[1].args)
    assert.truthy(tostring(roots):find(("\n  %d sh -c sleep 999; true\n    %d sleep 999\n"):format(shell.pid,
      shell.children[1].pid), 1, true), tostring(roots))
    assert(box:pause())
    assert.equal(tostring(roots), tostring(box:tree()))
    assert(box:resume())
  end)

  it("shows its mounts, as it sees them", function()
    local box <close> = start({ mounts = { { destination = "/a b", type = "tmpfs", source = "mine",
      options = { "nosuid", "size=64k" } } } }, "true")
    local mounts = assert(box:mounts())
    local seen = inside.mounts(assert(box:exec { "cat", "/proc/1/mountinfo" }).stdout)
    assert.equal(#seen, #mounts)
    assert.equal("/", mounts[1].destination)
    local own = find(mounts, "destination", "/a b")
    assert.equal("tmpfs mine /", ("%s %s %s"):format(own.type, own.source, own.root))
    assert.truthy(own.options:find("nosuid", 1, true) and own.file_system_options:find("size=64k", 1, true))
  end)

  it("shows what its processes have open", function()
    local box <close>, init = start({}, "exec 7>>/root/log 8</etc/passwd; echo 12345 >&7")
    local files = assert(box:open_files())
    local log, passwd = find(files, "fd", 7), find(files, "fd", 8)
    assert.equal("/root/log w 1 " .. init:pid(),
      ("%s %s %d %d"):format(log.target, log.access, log.pid, log.host_pid))
    assert.equal("/etc/passwd r", passwd.target .. " " .. passwd.access)
    assert.equal("/dev/null", find(files, "fd", 0).target)
    assert.truthy(find(files, "fd", 1).target:find("^pipe:"))
  end)

  it("shows the sockets of its processes, and nobody else's", function()
    fixture.needs("root", "busybox")
    local rootfs = fixture.rootfs()
    inside.install(inside.compile("sockets", SOCKETS), rootfs, "/bin/sockets")
    local box <close> = assert(fixture.factory():create(fixture.id(), assert(configs.default { rootfs = rootfs })))
    local process = assert(box:start { "sockets", stdout = "pipe", stdin = "null" })
    assert.equal("ready", process.stdout:read("l", fixture.seconds(30)))
    local told = {}
    for i, one in ipairs(assert(box:sockets())) do
      assert.equal(1, one.pid)
      told[i] = ("%d %s %s %s %s %s %s %s"):format(one.fd - 2, one.protocol, one.address or one.type, one.port or one.path,
        one.state, one.peer_address, one.peer_port == 4711 and 4711 or one.peer_port == 0 and 0 or "any", one.path)
    end
    assert.same({ "1 tcp 127.0.0.1 4711 listen 0.0.0.0 0 nil", "2 tcp6 ::1 4712 listen :: 0 nil",
      "3 udp 127.0.0.1 4713 close 0.0.0.0 0 nil", "4 tcp 127.0.0.1 4714 established 127.0.0.1 4711 nil",
      "5 unix stream /root/socket listen nil any /root/socket", "6 other nil nil nil nil any nil" }, told)
  end)

  it("has nothing of that before its start and behind its end", function()
    fixture.needs("root", "busybox")
    local box <close> = assert(fixture.factory():create(fixture.id(),
      assert(configs.default { rootfs = fixture.rootfs() })))
    for _ = 1, 2 do
      for _, method in ipairs { "tree", "mounts", "open_files", "sockets" } do
        local list, err = box[method](box)
        assert.is_nil(list)
        assert.equal("ContainerNotRunning", err.code)
      end
      assert(box:start { "true" }):wait(fixture.seconds(30))
    end
  end)
end)
