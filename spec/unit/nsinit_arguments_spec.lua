-- SPDX-License-Identifier: MIT
-- Command lines at random, of words that are known and others: nothing raises, what is rejected is not done, and
-- what is done is what was written.
local arguments = require "nsinit.arguments"
local commands = require "nsinit.commands"
local generate = require "spec.support.generate"

local CASES <const> = 3000
local VALUES <const> = { "/dev/null", "", "-", "--", "5", "a=b", "web", "true", "-x", "--all", "\255", "a b" }
local WORDS <const> = { "web", "--", "-", "", "--no-such", "-Z", "-", "kill", "help", "--help", "-h", "-=", "--=", "---" }

local function one_option(random, list)
  local option = random.one_of(list)
  if option.long:find "^log" then return { "--debug" } end -- those make files
  local name = option.short and random.below(2) == 0 and "-" .. option.short or "--" .. option.long
  local how = random.below(4)
  if how == 0 then return { name } end
  if how == 1 then return { name .. "=" .. random.one_of(VALUES) } end
  if how == 2 and option.short then return { "-" .. option.short .. random.one_of(VALUES) } end
  return option.value and { name, random.one_of(VALUES) } or { name }
end

local function add(words, more)
  table.move(more, 1, #more, #words + 1, words)
end

local function command_line(random)
  local words = {}
  for _ = 1, random.below(3) do add(words, one_option(random, commands.global)) end
  local command = random.one_of(commands.list)
  if random.below(20) > 0 then add(words, { command.name }) end
  for _ = 1, random.below(5) do
    local form = random.below(2) == 0 and command.classic or command
    if random.below(3) > 0 and #form.options > 0 then
      add(words, one_option(random, form.options))
    else
      add(words, { random.one_of(WORDS) })
    end
  end
  return words
end

-- Each command notes that it was called, and does nothing else.
local called
local function stand_in(context)
  called[#called + 1] = context
  return 0
end

-- luacheck: push ignore 122
-- main on these words: exit status, what was called, and what was printed.
local function run(words)
  local main = require "nsinit.main"
  local out, err = assert(io.tmpfile()), assert(io.tmpfile())
  local stdout, stderr = io.stdout, io.stderr
  called, io.stdout, io.stderr = {}, out, err
  local is_fine, status = pcall(main.main, words, "nsinit")
  io.stdout, io.stderr = stdout, stderr
  out:seek("set")
  err:seek("set")
  local printed, said = out:read("a"), err:read("a")
  out:close()
  err:close()
  assert(is_fine, status)
  return status, printed, (said:gsub("time=[^\n]* level=debug [^\n]*\n", "")) -- --debug tells what was called
end
-- luacheck: pop

local function is_known(options, name)
  for _, option in ipairs(options) do
    if option.long == name then return option end
  end
end

-- What was done is what its form allows.
local function check_context(context)
  local command = context.command
  local form = context.is_classic and command.classic or command
  assert(#context.args >= form.min and #context.args <= form.max, "number of arguments")
  for name, value in pairs(context.options) do
    local option = assert(is_known(form.options, name), name)
    local kind = option.many and "table" or option.value and "string" or "boolean"
    assert(type(value) == kind, name .. " is a " .. type(value))
  end
end

describe("a command line of nsinit", function()
  local kept = {}

  setup(function()
    for _, command in ipairs(commands.list) do
      local name = "nsinit.command." .. command.name
      kept[name], package.loaded[name] = package.loaded[name] or false, stand_in
    end
  end)
  teardown(function()
    for name, module in pairs(kept) do package.loaded[name] = module or nil end
  end)

  it("is done as it is written, or rejected with words and the status for it, and not done [F17]", function()
    local done, rejected = 0, 0
    generate.for_all(CASES, command_line, function(words)
      local status, printed, said = run(words)
      assert(#called <= 1, "done twice")
      if #called == 1 then
        done = done + 1
        assert(status == 0 and said == "" and printed == "", said)
        check_context(called[1])
      elseif status == 0 then
        assert(printed:find("^NAME:\n") or printed:find("^nsinit version "), printed)
        assert(said == "", said)
      else
        rejected = rejected + 1
        assert(status == 1, status)
        assert(said:find "^usage: nsinit" and said:find "\nnsinit: [^\n]+\n$" or said:find "^nsinit: %-%-log[^\n]+\n$", said)
      end
    end)
    assert.is_true(done > CASES // 10 and rejected > CASES // 10)
  end)

  it("means the same when it is written another way", function()
    local read = 0
    generate.for_all(CASES, function(random)
      local command = random.one_of(commands.list)
      local words = {}
      for _ = 1, random.below(6) do
        add(words, #command.options > 0 and random.below(3) > 0 and one_option(random, command.options)
          or { random.one_of(WORDS) })
      end
      return { name = command.name, words = words }
    end, function(case)
      local command = commands.find(case.name)
      if not command or type(case.words) ~= "table" then return end
      local values, rest = arguments.read(command.options, case.words, 1, command.stops or false)
      if not values then return assert(type(rest) == "string" and rest ~= "") end
      read = read + 1
      local again = {}
      for name, value in pairs(values) do
        for _, one in ipairs(type(value) == "table" and value or { value }) do
          again[#again + 1] = ("--%s=%s"):format(name, tostring(one))
        end
      end
      add(again, { "--" })
      add(again, rest)
      local same_values, same_rest = arguments.read(command.options, again, 1, command.stops or false)
      assert.same(values, same_values)
      assert.same(rest, same_rest)
    end)
    assert.is_true(read > CASES // 10)
  end)
end)
