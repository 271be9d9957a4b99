-- SPDX-License-Identifier: MIT
--- Paths in random images full of links, against a slow resolver of our own: where a mount ends, what is
-- made for it, and that it is never outside.
local fixture = require "spec.support.fixture"
local inside = require "spec.support.inside"

local NAMES <const> = { "a", "b", "c", "d", "e" }
local MOST_LINKS <const> = 30 -- the kernel ends at 40: at the border it is not our business

-- --- the model: an image as a tree of tables, and mounts on it ---

local function directory(parent, name)
  return { kind = "directory", parent = parent, name = name, children = {} }
end

local function path_of(node)
  if not node.parent then return "/" end
  local above = path_of(node.parent)
  return (above == "/" and "" or above) .. "/" .. node.name
end

-- What is seen at a node: the last mount on it.
local function top(node)
  while node.cover do node = node.cover end
  return node
end

local function components(text)
  local list = {}
  for part in text:gmatch("[^/]+") do list[#list + 1] = part end
  return list
end

-- Walk `path` from the root, making what is missing. Answers the directory and how many links were
-- followed; nil where a file or too many links are in the way.
local function resolve(root, path)
  local node, todo, links = top(root), components(path), 0
  while #todo > 0 do
    local part = table.remove(todo, 1)
    if part == ".." then
      -- from the root of a mount up to where it is mounted
      node = node.parent and top(node.parent) or node
    elseif part ~= "." then
      local child = node.children[part]
      if not child then
        child = directory(node, part)
        node.children[part] = child
      end
      if child.kind == "link" then
        links = links + 1
        if links > MOST_LINKS then return nil end
        local more = components(child.target)
        table.move(todo, 1, #todo, #more + 1, more)
        todo = more
        if child.target:sub(1, 1) == "/" then node = top(root) end
      elseif child.kind == "file" then
        return nil
      else
        node = top(child)
      end
    end
  end
  return node, links
end

local function mount_on(node)
  node.cover = directory(node.parent, node.name)
end

-- A copy without the mounts, to try a path on.
local function copy(node, parent)
  local new = { kind = node.kind, target = node.target, parent = parent, name = node.name }
  if node.children then
    new.children = {}
    for name, child in pairs(node.children) do new.children[name] = copy(child, new) end
  end
  if node.cover then new.cover = copy(node.cover, parent) end
  return new
end

-- --- images ---

-- Links of every kind: to names that are there and that are not, up and out, absolute, in circles, to the host.
local function random_target(canary)
  local kinds = { canary, canary .. "/directory", canary:gsub("^/", ("../"):rep(math.random(9))), "/", ".", "..",
    "../../../../../../../..", "/proc/self/root" .. canary, "." .. canary }
  if math.random(4) == 1 then return kinds[math.random(#kinds)] end
  local parts = {}
  for i = 1, math.random(4) do
    local pick = math.random(10)
    parts[i] = pick <= 2 and ".." or pick == 3 and "." or pick == 4 and "new" .. math.random(3) or NAMES[math.random(#NAMES)]
  end
  return (math.random(3) == 1 and "/" or "") .. table.concat(parts, "/")
end

local function grow(node, depth, canary)
  for _, name in ipairs(NAMES) do
    local pick = math.random(10)
    if pick <= 3 and depth > 0 then
      node.children[name] = directory(node, name)
      grow(node.children[name], depth - 1, canary)
    elseif pick <= 8 then
      node.children[name] = { kind = "link", parent = node, name = name, target = random_target(canary) }
    elseif pick == 9 then
      node.children[name] = { kind = "file", parent = node, name = name }
    end
  end
end

-- Shell lines that make it, and lines that describe it as find(1) does.
local function write_out(node, lines)
  for _, name in ipairs(NAMES) do
    local child = node.children[name]
    if child then
      local path = "." .. path_of(child)
      if child.kind == "directory" then
        lines[#lines + 1] = "mkdir " .. path
        write_out(child, lines)
      elseif child.kind == "link" then
        lines[#lines + 1] = ("ln -s '%s' %s"):format(child.target, path)
      else
        lines[#lines + 1] = "touch " .. path
      end
    end
  end
  return lines
end

local function list_out(node, list)
  for _, child in pairs(node.children) do
    local letter = ({ directory = "d", link = "l", file = "f" })[child.kind]
    list[#list + 1] = ("%s %s %s"):format(path_of(child), letter, child.target or "")
    if child.kind == "directory" then list_out(child, list) end
  end
  return list
end

local function random_path()
  local parts = {}
  for i = 1, math.random(5) do
    local pick = math.random(12)
    parts[i] = pick == 1 and "new" .. math.random(3) or NAMES[math.random(#NAMES)]
  end
  return "/" .. table.concat(parts, "/")
end

describe("a path in an image full of links", function()
  fixture.check_leaks()

  it("leads where the kernel would lead who has the image as its root, never outside [A39] [A14] [A16]", function()
    fixture.needs("root", "busybox")
    local canary = inside.canary()
    local followed, mounted = 0, 0
    for seed = 1, fixture.rounds(60, 5) do
      math.randomseed(seed)
      local rootfs = fixture.rootfs()
      local image = directory(nil, "")
      grow(image, 3, canary.path)
      fixture.sh("cd %s && { %s; } 2>&1", rootfs, table.concat(write_out(image, { ":" }), "\n"))
      -- what the fixture put there, as far as a path may come across it
      for _, name in ipairs { "bin", "dev", "etc", "proc", "sys", "tmp", "root" } do
        image.children[name] = directory(image, name)
      end
      mount_on(image.children.proc)
      local mounts, expected = { { type = "proc", destination = "/proc" } }, {}
      for _ = 1, 60 do
        local path = random_path()
        local tried, links = resolve(copy(image), path)
        -- into /proc it must not go, and what the kernel has there the model does not know
        if tried and tried.parent and not path_of(tried):find("^/proc") and not path_of(tried):find("^/bin") then
          local node = resolve(image, path)
          mount_on(node)
          local source = "m" .. #mounts
          mounts[#mounts + 1] = { type = "tmpfs", source = source, destination = path }
          expected[source] = path_of(node)
          followed, mounted = followed + links, mounted + 1
        end
      end
      local result = inside.run({ exact = true, rootfs = rootfs, mounts = mounts }, "cat", "/proc/self/mountinfo")
      local got = {}
      for _, mount in ipairs(inside.mounts(result.stdout)) do
        if mount.source:match("^m%d+$") then got[mount.source] = mount.point end -- the root may be a tmpfs too
      end
      assert.same(expected, got, "seed " .. seed)
      canary.check()
      -- and what was made for it, no more and no less
      local made = {}
      for line in fixture.sh("cd %s && find . -mindepth 1 \\( -path './bin/*' -o -path './etc/*' -o -path './dev/*' \\) "
        .. "-prune -o -printf '/%%P %%y %%l\\n'", rootfs):gmatch("[^\n]+") do made[#made + 1] = line end
      local list = list_out(image, {})
      table.sort(made)
      table.sort(list)
      assert.same(list, made, "seed " .. seed)
    end
    assert.is_true(followed > mounted / 3 and mounted > 50, ("%d links, %d mounts"):format(followed, mounted))
  end)
end)
