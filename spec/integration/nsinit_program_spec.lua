-- SPDX-License-Identifier: MIT
-- The program nsinit, which carries Lua and the modules: what it runs is what stands in the sources.
local command = require "spec.support.command"
local fixture = require "spec.support.fixture"
local json = require "libcontainer.json"

local VERSION <const> = "lua/nsinit/command/version.lua"

describe("nsinit", function()
  fixture.check_leaks()

  -- A checkout of its own: the program where it is built, and the sources as old as they are here.
  local function checkout()
    local path, place = fixture.directory(), command.program:match("/(build/[^/]+/bin)/nsinit$")
    fixture.sh("mkdir -p %s/%s && cp %s %s/%s && cp -rp lua %s", path, place, command.program, path, place, path)
    return path, ("%s/%s/nsinit"):format(path, place)
  end

  -- The program that is linked statically has another one beside it; here, one that says that it was asked.
  local function with_another_whole()
    local path, program = checkout()
    local whole = program:gsub("bin/nsinit$", "libcontainer/nsinit")
    if command.whole == command.program then pending("needs an nsinit that is linked statically") end
    fixture.sh("mkdir -p $(dirname %s) && printf '#!/bin/sh\necho whole: $(ls -l /proc/$$/fd | grep -c log$) \"$@\"\n' >%s && chmod +x %s",
      whole, whole, whole)
    return path, program, whole
  end

  local function version(program, options)
    return fixture.sh("%s %s --version 2>&1 || true", program, options or "")
  end

  it("in a checkout is what the sources say, also before it is built again", function()
    local path, program = checkout()
    local before = version(program)
    assert.truthy(before:find("version", 1, true))
    -- a source that looks the same is not read: it is what was compiled
    fixture.sh("cp -p %s/%s %s/old && echo 'return function() print \"other words\" return 0 end' >%s/new", path, VERSION,
      path, path)
    fixture.sh("head -c $(stat -c %%s %s/old) /dev/zero | tr '\\0' ' ' >%s/%s && cat %s/new 1<>%s/%s && touch -r %s/old %s/%s",
      path, path, VERSION, path, path, VERSION, path, path, VERSION)
    assert.equal(before, version(program))
    fixture.sh("touch %s/%s", path, VERSION)
    assert.equal("other words", version(program))
  end)

  it("in a checkout finds a module that was not there when it was built", function()
    local path, program = checkout()
    fixture.sh("echo 'return \"new words\"' >%s/lua/nsinit/later.lua", path)
    fixture.sh("echo 'return function() print((require \"nsinit.later\")) return 0 end' >%s/%s", path, VERSION)
    assert.equal("new words", version(program))
  end)

  it("runs without the sources it was built from", function()
    local path, program = checkout()
    local before = version(program)
    fixture.sh("rm -r %s/lua", path)
    assert.equal(before, version(program))
  end)

  it("has memory for more than a command usually needs", function()
    fixture.needs("root", "busybox")
    local bundle = command.bundle({ "true" }, function(document)
      document.annotations = {}
      for i = 1, 1000 do document.annotations["of a caller " .. i] = ("x"):rep(4000 + i) end
    end)
    local ended = command.run(fixture.root(), { "run", "-b", bundle, "box" })
    assert.equal("0 ", ended.status .. " " .. ended.stderr)
  end)

  it("loads nothing of the directory that it is started in", function()
    local path, program = checkout()
    fixture.sh("mkdir %s/root; for m in cjson nsinit/main libcontainer/core; do mkdir -p %s/$(dirname $m) && "
      .. "echo 'print \"of the directory\"' >%s/$m.lua && ln -s /nowhere %s/$m.so; done", path, path, path, path)
    assert.equal("[]", fixture.sh("cd %s && env -u LUA_PATH -u LUA_CPATH %s --root %s/root list -f json 2>&1", path, program,
      path))
  end)

  it("tells where an error comes from when it is asked to", function()
    local path, program = checkout()
    fixture.sh("echo 'return function() require \"nsinit.units\".seconds {} end' >%s/lua/nsinit/command/features.lua", path)
    local function said(options)
      return fixture.sh("%s %s features 2>&1 || true", program, options)
    end
    assert.truthy(said("--debug"):find("lua/nsinit/units.lua:%d+: "), said "--debug")
    assert.falsy(said(""):find("units.lua", 1, true), said "")
  end)

  it("reads JSON as the library does", function()
    local texts = { '{"a":[1,2.5,-0,1e3],"b":{},"c":[],"d":null,"e":[true,false]}', "[1,2", "", "[1] x", "nullx", "[1,]",
      '{"a":1,}', '{"a" 1}', "{1:2}", '["\\u00e9\\u20ac\\ud83d\\ude00\\/\\b\\f\\n\\r\\t\\\\\\""]', '"\\ud800"', '"\\udc00"',
      '"\\udcff"', '"\\u12"', '"\\x"', '"abc', '"abc\\', "[01]", "[.5]", "[-]", "[+1]", "[0x10]", "[1e999]", "[nan]",
      "[18446744073709551615,-9223372036854775808,9007199254740993,1e16]", "[18446744073709551616]",
      '{"a":1,"a":[]}', " \t\r\n1 ", ("["):rep(128) .. ("]"):rep(128), ("["):rep(129) .. ("]"):rep(129) }
    local path = fixture.directory()
    for i, text in ipairs(texts) do
      fixture.write(("%s/%d"):format(path, i), text)
      local value, err = json.decode(text)
      texts[i] = value ~= nil and json.encode(value) or "refused at " .. tostring(err.line)
    end
    fixture.write(path .. "/chunk", ([[
      local json = require "libcontainer.json"
      for i = 1, %d do
        local file <close> = assert(io.open("%s/" .. i, "rb"))
        local value, err = json.decode(file:read "a")
        print(value ~= nil and json.encode(value) or "refused at " .. tostring(err.line))
      end]]):format(#texts, path))
    local said = fixture.sh("echo 'dofile \"%s/chunk\"' | %s shell", path, command.program)
    assert.equal(table.concat(texts, "\n"), said)
  end)

  it("is another program where libraries may have to be loaded, before it does anything", function()
    fixture.needs("root", "busybox")
    local path, program = with_another_whole()
    local root, bundle = path .. "/root", command.bundle({ "true" }, function(document)
      document.linux.netDevices = { eth9 = { name = "eth0" } }
    end)
    fixture.sh("mkdir -p %s/damaged && echo '{' >%s/damaged/state.json", root, root)
    for _, words in ipairs { "--systemd-cgroup --root ROOT list", "--root ROOT --cgroup-manager systemd state box", "shell",
      "--root ROOT exec --create -- true", "--root ROOT create -b " .. bundle .. " box", "--root ROOT delete --force damaged",
      "--root ROOT delete damaged", "--log " .. path .. "/log --cgroup-manager systemd list" } do
      words = words:gsub("ROOT", root)
      -- what Lua has opened for a log is not passed on
      assert.equal("whole: 0 " .. words, fixture.sh("%s %s 2>&1", program, words))
    end
    assert.equal("damaged", fixture.sh("ls %s", root))
    fixture.sh("mkdir -m 700 %s/other", path)
    assert.equal("[]", fixture.sh("%s --root %s/other list -f json", program, path))
    assert.equal("", fixture.sh("%s --root %s/other delete --force box 2>&1", program, path))
    fixture.sh("chmod -R a+rX %s", path)
    assert.equal("whole: 0 list", fixture.sh("setpriv --reuid 4242 --clear-groups %s list 2>&1", program))
  end)

  it("says what is missing where that other program is", function()
    local path, program, whole = with_another_whole()
    fixture.sh("rm %s", whole)
    local said = fixture.sh("%s --root %s/root --systemd-cgroup list 2>&1 || true", program, path)
    assert.truthy(said:find("nsinit: " .. whole .. ": No such file or directory — ", 1, true), said)
    assert.equal("", fixture.sh("ls %s/root 2>/dev/null || true", path))
  end)
end)
