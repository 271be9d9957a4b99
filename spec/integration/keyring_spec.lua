-- SPDX-License-Identifier: MIT
--- Kernel keys: what the host has in its keyrings is not the container's, and the other way round.
local fixture = require "spec.support.fixture"
local inside = require "spec.support.inside"

local KEYS <const> = [[
#define _GNU_SOURCE
#include <errno.h>
#include <linux/keyctl.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>
static int tell(const char *what, long r)
{
	printf("%s %s\n", what, r < 0 ? strerrorname_np(errno) : "ok");
	fflush(stdout);
	return 0;
}
/* with NAME PROGRAM…: run it with a session keyring that holds a key; find NAME; add NAME; name */
int main(int argc, char **argv)
{
	char text[1024] = "";
	if (strcmp(argv[1], "with") == 0) {
		syscall(SYS_keyctl, KEYCTL_JOIN_SESSION_KEYRING, NULL);
		syscall(SYS_add_key, "user", argv[2], "secret", 6, KEY_SPEC_SESSION_KEYRING);
		execvp(argv[3], argv + 3);
		return 1;
	}
	if (strcmp(argv[1], "find") == 0)
		return tell("find", syscall(SYS_keyctl, KEYCTL_SEARCH, KEY_SPEC_SESSION_KEYRING, "user",
			argv[2], 0));
	if (strcmp(argv[1], "add") == 0)
		return tell("add", syscall(SYS_add_key, "user", argv[2], "x", 1, KEY_SPEC_SESSION_KEYRING));
	syscall(SYS_keyctl, KEYCTL_DESCRIBE, KEY_SPEC_SESSION_KEYRING, text, sizeof(text));
	puts(strrchr(text, ';') ? strrchr(text, ';') + 1 : "none");
	return argc == 0;
}
]]

-- A Lua script whose own session keyring holds the key "of-the-host"; what it printed.
local function on_a_host_with_a_key(rootfs, script)
  return fixture.lua_prints(script, { args = { fixture.root(), rootfs },
    before = inside.compile("keys", KEYS) .. " with of-the-host" })
end

local function installed()
  local rootfs = fixture.rootfs()
  inside.install(inside.compile("keys", KEYS), rootfs, "/bin/keys")
  return rootfs
end

describe("the session keyring of a container", function()
  fixture.check_leaks()

  it("is a new one, named after it, in which no key of the host can be found [O20] [O122] [E04]", function()
    fixture.needs("root", "busybox", "gcc")
    local out = on_a_host_with_a_key(installed(), [[
      local factory = assert(lc.new(root))
      for _, user in ipairs { "0:0", "1000:1000" } do
        local box <close> = assert(factory:create("box", { rootfs = rootfs, seccomp = false }))
        local p = assert(box:start { args = { "sh", "-c", "keys name; keys find of-the-host; keys add own;"
          .. "keys find own" }, user = user, stdout = "pipe" })
        print(p.stdout:read("a"))
        assert(p:wait(60))
      end]])
    local first, second = out:match("^(box%.%x+)\nfind ENOKEY\nadd ok\nfind ok\n\n"
      .. "(box%.%x+)\nfind ENOKEY\nadd ok\nfind ok\n\n$")
    assert.is_string(first, out)
    assert.equal(#"box." + 16, #first)
    assert.not_equal(first, second, "the name of the one before is not the next one's")
  end)

  it("is not that of the host for a further program either [D4] [E04]", function()
    fixture.needs("root", "busybox", "gcc")
    local out = on_a_host_with_a_key(installed(), [[
      local box <close> = assert(assert(lc.new(root)):create("box", { rootfs = rootfs, seccomp = false }))
      assert(box:start { "sleep", "1000" })
      local p = assert(box:start { args = { "sh", "-c", "keys name; keys find of-the-host; keys add own" },
        stdout = "pipe" })
      io.write(p.stdout:read("a"))
      assert(p:wait(60))]])
    assert.matches("^box%.%x+\nfind ENOKEY\nadd ok\n$", out)
  end)

  it("is that of the calling process when session_keyring is false [O20]", function()
    fixture.needs("root", "busybox", "gcc")
    assert.equal("_ses\nfind ok\n", on_a_host_with_a_key(installed(), [[
      local box <close> = assert(assert(lc.new(root)):create("box", { rootfs = rootfs, seccomp = false,
        session_keyring = false }))
      local p = assert(box:start { args = { "sh", "-c", "keys name; keys find of-the-host" }, stdout = "pipe" })
      io.write(p.stdout:read("a"))
      assert(p:wait(60))]]))
  end)

  it("goes with the container: nothing is left of it or its keys [O20] [O122]", function()
    fixture.needs("root", "busybox", "gcc")
    local id = fixture.id()
    local box <close> = assert(fixture.factory():create(id, { rootfs = installed(), seccomp = false }))
    local p = assert(box:start { args = { "sh", "-c", "keys add key-of-" .. id .. "; echo up; cat" },
      stdin = "pipe", stdout = "pipe" })
    assert.equal("add ok", p.stdout:read("l"))
    assert.equal("up", p.stdout:read("l"))
    assert.truthy(fixture.read("/proc/keys"):find("key-of-" .. id, 1, true))
    assert(box:destroy())
    -- the kernel collects keys some time after their last user
    local deadline = os.time() + 60
    while fixture.read("/proc/keys"):find(id, 1, true) do
      assert.is_true(os.time() < deadline, fixture.read("/proc/keys"))
      fixture.sh("sleep 0.1")
    end
  end)

  it("that a filter around us forbids is an error that names the way out [O20]", function()
    local hints = require "libcontainer.hints"
    for _, name in ipairs { "EPERM", "EACCES", "EDQUOT" } do
      assert.matches("session_keyring = false", hints.of("keyring", name), 1, true)
    end
  end)
end)
