-- SPDX-License-Identifier: MIT
local fixture = require "spec.support.fixture"
local inside = require "spec.support.inside"

local IDS <const> = "echo $(grep -E '^(Uid|Gid|Groups)' /proc/self/status | tr '\\t' ' ')"

-- "Uid: 1 1 1 1 Gid: 2 2 2 2 Groups: 3 4" of a program inside
local function ids(config)
  return (inside.script(config, IDS):gsub("%s+$", ""))
end

local function want(uid, gid, groups)
  return (("Uid: %d %d %d %d Gid: %d %d %d %d Groups: %s"):format(uid, uid, uid, uid, gid, gid, gid, gid,
    groups or ""):gsub("%s+$", ""))
end

describe("the user of a program", function()
  fixture.check_leaks()

  it("is root alone when nothing is said, with no group of the caller's [O7] [O8] [A58]", function()
    fixture.needs("root", "busybox")
    assert.equal(want(0, 0), ids {})
  end)

  it("is nobody whom the image gives the number that means \"unchanged\" to the kernel, or a larger one [A80] [O7]", function()
    fixture.needs("root", "busybox")
    local rootfs = fixture.rootfs()
    for _, number in ipairs { "4294967295", "4294967296", "18446744073709551615", "-1" } do
      fixture.write(rootfs .. "/etc/passwd", ("a:x:%s:1::/:/bin/sh\nb:x:1:%s::/:/bin/sh\n"):format(number, number))
      fixture.write(rootfs .. "/etc/group", ("c:x:%s:\n"):format(number))
      for _, config in ipairs { { user = "a" }, { user = "b" }, { user = "1:c" }, { additional_groups = { "c" } },
        { user = number }, { user = "1:" .. number }, { additional_groups = { number } } } do
        config.rootfs = rootfs
        assert.equal("ConfigInvalid", inside.refused(config, "true").code)
      end
    end
  end)

  it("is what was written, in every form [A80] [O7] [A21] [D26]", function()
    fixture.needs("root", "busybox")
    local rootfs = fixture.rootfs()
    fixture.write(rootfs .. "/etc/passwd", "root:x:0:0:root:/root:/bin/sh\nuser:x:1000:1001:u:/home/user:/bin/sh\n"
      .. "1000:x:0:0:trap:/:/bin/sh\n77:x:0:0:trap:/:/bin/sh\n0x1:x:0:0:trap:/:/bin/sh\n")
    fixture.write(rootfs .. "/etc/group", "root:x:0:\nusers:x:1001:\nextra:x:2000:user\n1001:x:0:\n88:x:0:\n")
    for user, expected in pairs {
      ["0"] = want(0, 0), ["1"] = want(1, 1), ["1:2"] = want(1, 2), ["1000"] = want(1000, 1001, "2000"),
      ["1000:1001"] = want(1000, 1001), ["77"] = want(77, 77), ["1:88"] = want(1, 88),
      ["user"] = want(1000, 1001, "2000"), ["user:extra"] = want(1000, 2000),
      ["1:users"] = want(1, 1001), ["user:5"] = want(1000, 5), ["root"] = want(0, 0),
      ["2147483648"] = want(2147483648, 2147483648), ["4294967294:4294967294"] = want(4294967294, 4294967294),
      ["0001"] = want(1, 1), [7] = want(7, 7),
    } do
      -- with a group written, the memberships of the name do not count
      assert.equal(expected, ids { rootfs = rootfs, user = user }, tostring(user))
    end
  end)

  it("has none of the groups of the caller, whether it has any of its own or not [A58] [O7]", function()
    fixture.needs("root", "busybox")
    assert.equal("0 0\n1000 1001 2000\n", fixture.lua_prints([[
      local factory = assert(lc.new(root))
      for _, user in ipairs { "0:0", "user" } do
        local r = assert(lc.run { "sh", "-c", "echo $(id -u) $(id -G)", rootfs = rootfs, user = user, factory = factory })
        io.write(r.stdout)
      end]], { args = { fixture.root(), fixture.rootfs() }, before = "setpriv --groups 4000,5000" }))
  end)

  it("is refused, never root, when it cannot be understood [A80] [A70] [O7]", function()
    fixture.needs("root", "busybox")
    local rootfs = fixture.rootfs()
    fixture.write(rootfs .. "/etc/passwd", "root:x:0:0:root:/root:/bin/sh\n-1:x:0:0:t:/:/bin/sh\n:x:0:0:t:/:/bin/sh\n"
      .. "0x1:x:0:0:t:/:/bin/sh\n1 :x:0:0:t:/:/bin/sh\nbad:x:many:0:t:/:/bin/sh\nover:x:4294967296:0:t:/:/bin/sh\n")
    for _, user in ipairs { "", ":", ":2", "1:", "1:2:3", "-1", "+1", "0x1", "1 ", " 1", "1e3", "1.0", "missing",
      "1:missing",
      "user:missing", "4294967295", "4294967296", "18446744073709551616", "1:4294967295", "1:-1", "bad", "over",
        "1\n",
      "99999999999999999999999" } do
      local err = inside.refused({ rootfs = rootfs, user = user }, "true")
      assert.is_true(err.code == "ConfigInvalid" or err.step == "user", ("%q"):format(user))
    end
    for _, user in ipairs { -1, 1.5, 2 ^ 32, 1e300, 0 / 0, true } do
      assert.equal("ConfigInvalid", inside.refused({ rootfs = rootfs, user = user }, "true").code, tostring(user))
    end
  end)

  it("has exactly the supplementary groups of the list and of its name [O8] [A58]", function()
    fixture.needs("root", "busybox")
    assert.equal(want(1000, 1001, "2000"), ids { user = "user" })
    assert.equal(want(5, 6, "7 8"), ids { user = "5:6", additional_groups = { 8, "7", "8" } })
    assert.equal(want(5, 6, "2000"), ids { user = "5:6", additional_groups = { "extra" } })
    assert.equal(want(0, 0, "9"), ids { additional_groups = { 9 } })
    for _, group in ipairs { "missing", "-1", "4294967295", "" } do
      local err = inside.refused({ user = "5:6", additional_groups = { group } }, "true")
      assert.is_true(err.code == "ConfigInvalid" or err.step == "user", group)
    end
  end)

  it("has the groups that make the permission checks right [A58]", function()
    fixture.needs("root", "busybox")
    local rootfs = fixture.rootfs()
    fixture.sh("echo s >%s/secret && chown 0:2000 %s/secret && chmod 604 %s/secret", rootfs, rootfs, rootfs)
    -- others may read what the group may not
    assert.not_equal(0, inside.run({ rootfs = rootfs, user = "user" }, "cat", "/secret").status)
    assert.equal(0, inside.run({ rootfs = rootfs, user = "5:6" }, "cat", "/secret").status)
  end)

  it("may be one that no passwd knows, and the image need not have one [O7]", function()
    fixture.needs("root", "busybox")
    local rootfs = fixture.rootfs()
    fixture.sh("rm -rf %s/etc", rootfs)
    assert.equal(want(123, 456), ids { rootfs = rootfs, user = "123:456" })
    local err = inside.refused({ rootfs = rootfs, user = "user" }, "true")
    assert.equal("user", err.step)
    assert.truthy(tostring(err):find("user", 1, true))
  end)

  it("gets its home from the passwd of the image, unless HOME is given [O4]", function()
    fixture.needs("root", "busybox")
    for user, home in pairs { user = "/home/user", ["1000:1001"] = "/home/user", root = "/root", ["5"] = "/" } do
      assert.equal(home .. "\n", inside.script({ user = user }, "echo $HOME"))
    end
    assert.equal("/x\n", inside.script({ user = "user", env = { HOME = "/x" } }, "echo $HOME"))
  end)

  it("has long and odd passwd and group files read line by line [A82] [O124]", function()
    fixture.needs("root", "busybox")
    local rootfs = fixture.rootfs()
    fixture.write(rootfs .. "/etc/passwd",
      ("x"):rep(100000) .. "\n\n:::::::\nuser\nuser:x\nuser:x:abc:1:::\n#user:x:0:0:::\n"
      .. "user:x:1000:1001:u:/home/user:/bin/sh:more:fields\nuser:x:0:0:second:/:/bin/sh")
    assert.equal(want(1000, 1001, "2000"), ids { rootfs = rootfs, user = "user" })
  end)
end)
