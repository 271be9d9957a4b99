-- SPDX-License-Identifier: MIT
--- State files in every kind of disorder, of containers in every state: they are listed, nobody is signalled
-- and nothing removed by what they say, and one destroy removes every trace and every process.
local fixture = require "spec.support.fixture"
local proc = require "spec.support.proc"
local core = require "libcontainer.core"
local json = require "libcontainer.json"
local lc = require "libcontainer"

-- --- containers, by what they are doing ---

local STATES <const> = {
  created = function() return {} end,
  running = function(box) return { box:start { args = { "sh", "-c", "sleep 1000 & wait" } } } end,
  paused = function(box)
    local p = box:start { args = { "sleep", "1000" } }
    assert(box:pause())
    return { p }
  end,
  joined = function(box) -- further programs, one in a cgroup of its own, and what they have left running
    return { box:start { args = { "sleep", "1000" } }, box:start { args = { "sleep", "1000" } },
      box:start { args = { "sh", "-c", "sleep 1000 & wait" }, cgroups = { pids_limit = 10 } } }
  end,
  ["without cgroups"] = function(box) return { box:start { args = { "sh", "-c", "sleep 1000 & wait" } } } end,
  ["at a configured place"] = function(box) return { box:start { args = { "sleep", "1000" } } } end,
}

local ORDER <const> = {}
for name in pairs(STATES) do ORDER[#ORDER + 1] = name end
table.sort(ORDER)

-- Make one; answers its factory, file, pids and cgroups.
local function make(name, rootfs)
  local root = fixture.root()
  local factory = assert(lc.new(root, { cgroups = name == "without cgroups" and "none" or nil }))
  local config = { rootfs = rootfs, detach = true }
  if name == "at a configured place" then config.cgroups = { path = "/" .. fixture.id() .. "/above/box" } end
  local box = assert(factory:create("box", config))
  local pids, held = {}, STATES[name](box)
  for _, pid in ipairs(name == "paused" and {} or box:processes() or {}) do pids[pid] = true end
  for _, p in ipairs(held) do pids[p:pid()] = true end
  local text = fixture.read(root .. "/box/state.json")
  local paths = {}
  for _, path in pairs(box:state().cgroup_paths) do
    paths[#paths + 1] = path
    if config.cgroups then paths[#paths + 1] = path:match("^(.*)/above/box$") end
  end
  return { factory = assert(lc.new(root)), root = root, file = root .. "/box/state.json", text = text, pids = pids,
    paths = paths, held = held, box = box }
end

local function check_gone(made, label)
  -- children of ours are reaped by nobody else, and their init waits for that
  for i = #made.held, 1, -1 do assert(made.held[i]:wait(fixture.seconds(30)), label) end
  for pid in pairs(made.pids) do
    if not proc.ends(pid) then error(label .. ": a process is left") end
  end
  for _, path in ipairs(made.paths) do
    if fixture.read(path .. "/cgroup.procs") then error(label .. ": left is " .. path) end
  end
  assert.equal("", fixture.sh("ls -A %s", made.root), label)
end

local function check_alive(made, label)
  for pid in pairs(made.pids) do
    if not proc.is_alive(pid) then error(label .. ": a process was ended") end
  end
end

-- --- files, by what is wrong with them ---

local function encoded(change)
  return function(made)
    local record = assert(json.decode(made.text))
    change(record)
    fixture.write(made.file, assert(json.encode(record)))
  end
end

local function text(make_text)
  return function(made) fixture.write(made.file, make_text(made.text)) end
end

local DISORDERS <const> = {
  ["empty"] = text(function() return "" end),
  ["cut in the middle"] = text(function(whole) return whole:sub(1, #whole // 2) end),
  ["cut at its last byte"] = text(function(whole) return whole:sub(1, -2) end),
  ["binary"] = text(function(whole)
    return (whole:gsub(".", function(c) return string.char(c:byte() ~ 0x80) end))
  end),
  ["zeros"] = text(function(whole) return ("\0"):rep(#whole) end),
  ["doubled"] = text(function(whole) return whole .. whole end),
  ["huge"] = text(function(whole) return whole .. (" "):rep(17 << 20) end),
  ["deep"] = text(function() return ("["):rep(200000) end),
  ["a list"] = text(function(whole) return "[" .. whole .. "]" end),
  ["of a newer version"] = encoded(function(record) record.version = 99 end),
  ["without a version"] = encoded(function(record) record.version = nil end),
  ["of another id"] = encoded(function(record) record.id = "other" end),
  ["with a pid that is none"] = encoded(function(record)
    record.init_process_pid, record.init_process_start = -1, 1
  end),
  ["with a configuration that is none"] = encoded(function(record) record.config = { rootfs = 7 } end),
  ["a directory"] = function(made) fixture.sh("rm %s && mkdir -p %s/a/b", made.file, made.file) end,
  ["a pipe"] = function(made) fixture.sh("rm %s && mknod %s p", made.file, made.file) end,
  ["a link to itself"] = function(made) fixture.sh("ln -sf state.json %s", made.file) end,
}

-- Of a file that is well, but says what is not: no disorder of its own, and believed as far as it is proved.
local LIES <const> = {
  ["of another boot"] = function(record) record.boot_id = "00000000-0000-4000-8000-000000000000" end,
  ["with a stranger's process"] = function(record, victim)
    record.init_process_pid, record.init_process_start = victim.pid, victim.start
  end,
  ["with a stranger's cgroups"] = function(record, victim)
    record.cgroup_places, record.config.cgroups = victim.places, victim.cgroups
    record.init_process_pid, record.init_process_start = victim.pid, victim.start
  end,
}

describe("a container whose state file is", function()
  fixture.check_leaks()

  local turn = 0
  for name, spoil in pairs(DISORDERS) do
    turn = turn + 1
    local first <const> = turn
    it(name .. " is listed as damaged, and destroyed whole, whatever it is doing [L16] [L17] [L18]", function()
      fixture.needs("root", "busybox")
      local rootfs = fixture.rootfs()
      for i = first, first + fixture.rounds(2, 1) - 1 do -- two of the six in turn, or one on a slow machine
        local state = ORDER[i % #ORDER + 1]
        local label = name .. ", " .. state
        local made = make(state, rootfs)
        spoil(made)
        local list = assert(made.factory:list(), label)
        assert.equal(1, #list, label)
        assert.equal("box", list[1]:id(), label)
        assert.matches("damaged", tostring(list[1]), label)
        for _, verb in ipairs { "status", "state", "processes", "signal", "pause", "resume", "stats", "wait" } do
          local done, err = list[1][verb](list[1])
          assert.is_nil(done, label .. " " .. verb)
          assert.equal("SystemError", err.code, label .. " " .. verb)
        end
        local loaded, err = made.factory:load("box")
        assert.is_nil(loaded, label)
        assert.equal("SystemError", err.code, label)
        check_alive(made, label)
        local done, why = made.factory:destroy("box")
        assert(done, label .. ": " .. tostring(why))
        check_gone(made, label)
      end
    end)
  end

  it("of the wrong type in any field is damaged, or says nothing that is used [L17]", function()
    fixture.needs("root", "busybox")
    local made = make("running", fixture.rootfs())
    local values = { true, 7, -1, 1.5, "x", json.array {}, { a = 1 }, json.array { 1, "x" } }
    for field in pairs(assert(json.decode(made.text))) do
      for i, value in ipairs(values) do
        encoded(function(record) record[field] = value end)(made)
        local label = ("%s %d"):format(field, i)
        local list = assert(made.factory:list(), label)
        assert.equal(1, #list, label)
        assert.is_string(tostring(list[1]))
        local status, err = list[1]:status()
        assert.is_true(status ~= nil or err.code == "SystemError", label)
        check_alive(made, label)
      end
    end
    fixture.write(made.file, made.text)
    assert(made.factory:destroy("box"))
    check_gone(made, "in the end")
  end)
end)

describe("a state file that lies", function()
  fixture.check_leaks()

  -- A container that is none of the others' business.
  local function make_victim(rootfs)
    local victim = make("at a configured place", rootfs)
    local record = assert(json.decode(victim.text))
    victim.pid, victim.start = record.init_process_pid, proc.start_time(record.init_process_pid)
    victim.places, victim.cgroups = record.cgroup_places, record.config.cgroups
    return victim
  end

  local function check_victim(victim, label)
    check_alive(victim, label)
    assert.equal("running", victim.box:status(), label)
    for _, path in ipairs(victim.paths) do
      if not fixture.read(path .. "/cgroup.procs") then error(label .. ": gone is " .. path) end
    end
  end

  it("harms nobody else, and its container is destroyed whole, whatever it is doing [L17] [L19] [L20]", function()
    fixture.needs("root", "busybox")
    local rootfs = fixture.rootfs()
    local victim = make_victim(rootfs)
    local first = 0
    for name, lie in pairs(LIES) do
      first = first + 2
      for i = first, first + fixture.rounds(#ORDER, 2) - 1 do -- a slow machine is told one lie of each state
        local state = ORDER[i % #ORDER + 1]
        local label = name .. ", " .. state
        local made = make(state, rootfs)
        encoded(function(record) lie(record, victim) end)(made)
        assert.equal(1, #assert(made.factory:list()), label)
        assert(made.factory:destroy("box"), label)
        check_victim(victim, label)
        check_gone(made, label)
      end
    end
    assert(victim.factory:destroy("box"))
    check_gone(victim, "the victim")
  end)

  -- Values that mean something, put where they do not belong.
  local function mutate(record, victim, random)
    local pool = { victim.pid, victim.start, victim.places, victim.cgroups, victim.places[1].path, "/", "", "..", 0, 1,
      -1, core.pid(), true, json.array {}, {}, "running", 2 ^ 53, record.id }
    local at, key = record, nil
    for _ = 1, random(3) do
      local keys = {}
      for name in pairs(at) do keys[#keys + 1] = name end
      if #keys == 0 then break end
      table.sort(keys, function(a, b) return tostring(a) < tostring(b) end)
      key = keys[random(#keys)]
      if type(at[key]) ~= "table" or random(2) == 1 then break end
      at = at[key]
    end
    if key ~= nil and at[key] ~= nil then at[key] = random(5) > 1 and pool[random(#pool)] or nil end
  end

  it("in whatever way names nothing of others for us [F03]", function()
    fixture.needs("root", "busybox")
    local rootfs = fixture.rootfs()
    local victim = make_victim(rootfs)
    math.randomseed(3)
    local states = { "created", "running", "without cgroups", "at a configured place" }
    for round = 1, fixture.rounds(40, 8) do
      local made = make(states[round % #states + 1], rootfs)
      local record = assert(json.decode(made.text))
      for _ = 1, math.random(4) do mutate(record, victim, math.random) end
      local spoiled = json.encode(record)
      if spoiled then
        fixture.write(made.file, spoiled)
        local label = ("round %d: %s"):format(round, spoiled)
        local box = made.factory:load("box")
        if box then
          box:status()
          box:processes()
          box:signal("WINCH", { all = true })
        end
        assert(made.factory:list())
        local done, err = made.factory:destroy("box")
        if not done then error(label .. ": " .. tostring(err)) end
        check_victim(victim, label)
        check_gone(made, label)
      else
        assert(made.factory:destroy("box"))
      end
    end
    assert(victim.factory:destroy("box"))
    check_gone(victim, "the victim")
  end)
end)
