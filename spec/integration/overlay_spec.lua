-- SPDX-License-Identifier: MIT
local fixture = require "spec.support.fixture"
local inside = require "spec.support.inside"
local configs = require "libcontainer.configs"

local function make(fields, factory)
  local config = { overlay = {}, capabilities = inside.all_capabilities() }
  for name, value in pairs(fields or {}) do config[name] = value end
  config.rootfs = config.rootfs or fixture.rootfs()
  return assert((factory or fixture.factory()):create(fixture.id(), configs.default(config))), config.rootfs
end

local function run(box, script)
  local p = assert(box:start { args = { "sh", "-c", script }, stdout = "pipe", stderr = "pipe" })
  local text = p.stdout:read("a") .. p.stderr:read("a")
  local exit = assert(p:wait(fixture.seconds(60)))
  p:close()
  return text, exit.status
end

local function listed(box)
  local lines = {}
  for i, entry in ipairs(assert(box:diff())) do lines[i] = entry.kind .. " " .. entry.path end
  return table.concat(lines, "\n")
end

local function tree(path)
  return fixture.sh([[cd %s && find . -printf '%%p %%y %%m %%U:%%G %%s %%T@ %%l\n' | sort; find . -type f -exec cksum {} + | sort]],
    path)
end

describe("a container with an overlay", function()
  fixture.check_leaks()

  it("writes to a layer of its own, which is listed, thrown away, and goes with it [O46] [A06]", function()
    fixture.needs("root", "busybox")
    local canary, rootfs = inside.canary(), fixture.rootfs()
    fixture.sh([[cd %s && mkdir -p data/sub/deep again && echo one >data/file && echo two >data/sub/f && echo x >again/old &&
      echo y >again/both && ln data/file data/hard && ln -s %s/directory out && ln -s ../../../../.. up && echo z >gone]],
      rootfs, canary.path)
    local before = tree(rootfs)
    local box <close> = make { rootfs = rootfs }
    assert.equal("", listed(box))
    local out, status = run(box, [[set -e; echo more >>/data/file; mkdir -p /new/dir; echo n >/new/dir/f; rm /gone
      rm -r /again; mkdir /again; echo y >/again/both; chmod 700 /data/sub/deep; ln -s /etc/shadow /new/link
      rm /out; ln -s / /out; mv /up /moved; ln /data/sub/f /new/hard; mkfifo /new/fifo
      grep ' / / ' /proc/self/mountinfo; cat /data/file]])
    assert.equal(0, status, out)
    assert.truthy(out:find(" - overlay overlay ", 1, true), out)
    assert.truthy(out:find("one\nmore\n$"), out)
    local expected = [[changed /again/both
deleted /again/old
deleted /gone
added /moved
added /new
added /new/dir
added /new/dir/f
added /new/fifo
added /new/hard
added /new/link
changed /out
deleted /up]]
    local found = listed(box)
    for line in expected:gmatch("[^\n]+") do
      assert.truthy(("\n" .. found .. "\n"):find("\n" .. line .. "\n", 1, true), line .. " is not in\n" .. found)
    end
    assert.truthy(found:find("changed /data/file", 1, true), found)
    assert.truthy(found:find("changed /data/sub/deep", 1, true), found)
    assert.is_nil(found:find("changed /data/sub\n", 1, true), found)
    assert.equal(before, tree(rootfs), "the root below is as it was")
    -- it is there at the next start, until it is thrown away
    assert.equal("one\nmore\n", (run(box, "cat /data/file; ls /gone 2>/dev/null; true")))
    assert(box:reset_layer())
    assert.equal("", listed(box))
    assert.equal("one\nz\n", (run(box, "cat /data/file /gone; echo again >/data/file")))
    assert.truthy(listed(box):find("changed /data/file", 1, true))
    assert(box:destroy())
    assert.equal(before, tree(rootfs))
    canary.check()
  end)

  it("keeps a layer at a place that was named, under any name, and its users come from all layers", function()
    fixture.needs("root", "busybox")
    local dir, rootfs = fixture.directory(), fixture.rootfs()
    local layer, one, two = dir .. "/a:b,c\\d", dir .. "/top:,\\", dir .. "/mid=x"
    fixture.sh([[cd %s && mkdir -p 'top:,\'/etc 'mid=x'/etc 'mid=x'/opt && echo top >'top:,\'/etc/which && echo mid >'mid=x'/etc/which &&
      echo mid >'mid=x'/opt/f && printf 'root:x:0:0::/:/bin/sh\nlayered:x:77:78::/:/bin/sh\n' >'mid=x'/etc/passwd]], dir)
    local fields = { rootfs = rootfs, overlay = { layer = layer, lower = { one, two } } }
    do
      local box <close> = make(fields)
      assert.equal("top\nmid\n", (run(box, "cat /etc/which /opt/f; echo kept >/opt/kept; rm /etc/which")))
      local p = assert(box:start { args = { "id", "-u" }, user = "layered", stdout = "pipe" })
      assert.equal("77\n", p.stdout:read("a"))
      assert(p:wait(fixture.seconds(60)))
      p:close()
      assert.equal("deleted /etc/which\nadded /opt/kept", listed(box))
      assert(box:destroy())
    end
    local box <close> = make(fields)
    assert.equal("kept\n", (run(box, "cat /opt/kept; test -e /etc/which && echo there; true")))
    local p = assert(box:start { args = { "sleep", "60" } })
    assert.equal("ContainerNotStopped", select(2, box:reset_layer()).code)
    local other <close> = make(fields)
    local started, err = other:start { args = { "true" } }
    assert.is_nil(started)
    assert.equal("EBUSY", err.errname, tostring(err))
    assert.equal("overlay", err.field)
    assert(box:destroy())
    p:close()
    assert.equal("upper\nwork", fixture.sh("ls '%s'", layer))
  end)

  it("is cleared away whole though it is deep, and by whoever destroys it after its host was killed [A06] [L01]", function()
    fixture.needs("root", "busybox")
    local root, rootfs, canary = fixture.root(), fixture.rootfs(), inside.canary()
    local ended = fixture.lua([[
      local box = assert(assert(lc.new(root)):create("x", require "libcontainer.configs".default { rootfs = rootfs,
        overlay = {} }))
      local p = assert(box:start { args = { "sh", "-c", [=[cd /; i=0; while [ $i -lt 300 ]; do mkdir d; cd d; i=$((i+1)); done
        ln -s ]=] .. arg[3] .. [=[ link; mkdir moved-0; echo made; sleep 100]=] }, stdout = "pipe" })
      assert(p.stdout:read(5) == "made\n")
      os.execute("kill -9 $PPID")]], { args = { root, rootfs, canary.path } })
    assert.equal(9, ended.signal, ended.stderr)
    assert.equal("d", fixture.sh("ls %s/x/layer/upper", root))
    local factory = assert(require "libcontainer".new(root))
    local err = select(2, assert(factory:load("x")):diff())
    assert.equal("ELOOP", err.errname, "deeper than is read")
    assert(factory:destroy("x"))
    assert.equal("", fixture.sh("ls -A %s", root):gsub("%s", ""))
    assert.equal("", fixture.sh("ls -d %s/d 2>/dev/null", rootfs))
    canary.check()
  end)

  it("tells what it cannot be, and a container without one has nothing to list", function()
    fixture.needs("root", "busybox")
    local fine, err = configs.validate(configs.default { rootfs = "/x",
      overlay = { layer = "/l", memory = "1M", mapped = true } })
    assert.is_nil(fine)
    assert.equal("overlay.memory", err.problems[1].field)
    assert.equal("overlay.mapped", err.problems[2].field)
    fine, err = configs.validate(configs.default { rootfs = "/x", overlay = { lower = { "x" }, uper = "/x" } })
    assert.is_nil(fine)
    assert.equal(2, #err.problems)
    local box <close> = assert(fixture.factory():create(fixture.id(), configs.default { rootfs = fixture.rootfs() }))
    for _, name in ipairs { "diff", "reset_layer" } do
      local nothing, why = box[name](box)
      assert.is_nil(nothing)
      assert.equal("overlay", why.field)
    end
    local missing <close> = make { overlay = { lower = { "/no/such/layer" } } }
    local row
    for _, one in ipairs(assert(missing:explain())) do row = one.op == "overlay" and one or row end
    assert.truthy(row.operands:find("options=redirect_dir=nofollow,metacopy=off,index=on", 1, true), row.operands)
    assert.equal("overlay", row.field)
  end)
end)
