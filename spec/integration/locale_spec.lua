-- SPDX-License-Identifier: MIT
--- A host whose locale writes numbers otherwise: what is on disk and what the kernel is told stay the same.
local fixture = require "spec.support.fixture"
local json = require "libcontainer.json"
local lc = require "libcontainer"

-- The one file of a locale that matters here, as the C library reads it: six fields, of which the first
-- is the decimal point. So no package with locales is needed.
local function locales()
  local path = fixture.directory()
  fixture.sh("mkdir %s/comma %s/wide", path, path)
  for name, point in pairs { comma = ",", wide = "\u{66b}" } do
    local after = 32 + #point + 1
    fixture.write(path .. "/" .. name .. "/LC_NUMERIC", string.pack("<I4I4 I4I4I4I4I4I4 zzz!4Xi4 I4I4z",
      0x20031114, 6, 32, after, after + 2, 40, 44, 48, point, ".", "\3\3", utf8.codepoint(point), 0x2e, "UTF-8"))
  end
  return "export LOCPATH=" .. path .. ";"
end

local COMMA <const> = "assert(os.setlocale('comma', 'numeric') and ('%.1f'):format(1 / 2) == '0,5')\n"

-- A host that goes through these two lines and makes a container with fractions in its configuration:
-- its plan, and the configuration as another object reads it.
local function host(root, rootfs, first, second)
  return fixture.lua_prints(first .. ([[
    package.path, package.cpath = %q, %q
    local lc = require "libcontainer"
    local json = require "libcontainer.json"
    assert(json.decode "[1.5]"[1] == 3 / 2)
    ]]):format(package.path, package.cpath) .. second .. [[
    local factory = assert(lc.new(arg[1]))
    local box = assert(factory:create("box", { rootfs = arg[2], detach = true,
      labels = { version = "1.5", other = "1,5" }, cgroups = { cpus = 0.75, memory = "33.5M" } }))
    assert(box:start { args = { "sleep", "1000" } })
    local other = assert(factory:load("box"))
    assert(other:status() == "running", other:status())
    print(other:explain())
    print(json.encode(other:config()))
    local r = assert(lc.run { "sleep", "1000", timeout = "0.25s", rootfs = arg[2], factory = factory })
    assert(r.timed_out and r.time >= 1 / 4)]], { bare = true, args = { root, rootfs }, shell = locales() })
end

local function value_of(box, v1, v2)
  for _, path in pairs(box:state().cgroup_paths) do
    local value = fixture.read(path .. "/" .. v1) or fixture.read(path .. "/" .. v2)
    if value then return (value:gsub("\n$", "")) end
  end
end

describe("in a locale with another decimal point", function()
  fixture.check_leaks()

  it("plan, state and limits are what they are elsewhere, also when it changes meanwhile [E29]", function()
    fixture.needs("root", "busybox")
    local rootfs, plain = fixture.rootfs(), nil
    for i, lines in ipairs { { "", "" }, { COMMA, "" }, { "", COMMA }, { COMMA, "os.setlocale('C')\n" } } do
      local root = fixture.root()
      local said = host(root, rootfs, lines[1], lines[2])
      plain = plain or said
      assert.equal(plain, said, "locale " .. i)
      local box = assert(assert(lc.new(root)):load("box"))
      assert.equal("running", box:status())
      assert.equal(0.75, box:config().cgroups.cpus)
      local quota = value_of(box, "cpu.cfs_quota_us", "cpu.max")
      assert.is_true(quota == "75000" or quota == "75000 100000", quota)
      assert.equal("35127296", value_of(box, "memory.limit_in_bytes", "memory.max"))
      local record = assert(json.decode(fixture.read(root .. "/box/state.json")))
      assert.equal("float", math.type(record.created))
      assert.equal("1,5", record.config.labels.other)
      assert(box:destroy())
    end
  end)

  it("of several bytes, reading numbers is an error that names it, and what there is can be destroyed", function()
    fixture.needs("root", "busybox")
    local root = fixture.root()
    local said = fixture.lua_prints([[
      local factory = assert(lc.new(root))
      assert(os.setlocale("wide", "numeric"))
      assert(assert(factory:create("box", { rootfs = rootfs, detach = true })):start { args = { "sleep", "1000" } })
      print(select(2, factory:load("box")))
      assert(factory:destroy("box"))]], { args = { root, fixture.rootfs() }, shell = locales() })
    assert.matches("decimal point is \"\u{66b}\"", said, 1, true)
    assert.matches('setlocale("C"', said, 1, true)
    assert.equal("", fixture.sh("ls %s", root))
  end)
end)
