-- SPDX-License-Identifier: MIT
-- The manual page and the completions, which are made from the list of commands.
local commands = require "nsinit.commands"
local fixture = require "spec.support.fixture"

local function completion(shell)
  return require("nsinit.completion." .. shell)("nsinit")
end

-- A program called nsinit that knows two containers, first in PATH.
local function with_containers(directory)
  fixture.write(directory .. "/nsinit", [[#!/bin/sh
case "$*" in
"--root /elsewhere list --quiet") echo other ;;
"list --quiet") printf 'web\ndb\n' ;;
esac
]])
  fixture.sh("chmod 755 %s/nsinit", directory)
  return ("PATH=%s:$PATH"):format(directory)
end

describe("the completion of nsinit", function()
  it("for bash knows commands, options, their values, files and ids", function()
    local directory = fixture.directory()
    local path = with_containers(directory)
    fixture.write(directory .. "/c", completion "bash")
    fixture.write(directory .. "/try", [[
      . "$1"
      try() { COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); COMPREPLY=(); _nsinit; echo "$*:${COMPREPLY[*]/#/ }"; }
      try nsinit cr
      try nsinit kill w
      try nsinit --root /elsewhere kill ""
      try nsinit kill --
      try nsinit --log-format ""
      try nsinit create --bundle /et
      try nsinit run -b /us
      try nsinit list -f t
      try nsinit create w
      try nsinit completion z
      try nsinit update --memory ""
    ]])
    assert.equal([[
nsinit cr: create
nsinit kill w: web
nsinit --root /elsewhere kill : other
nsinit kill --: --all
nsinit --log-format : text  json
nsinit create --bundle /et: /etc
nsinit run -b /us: /usr
nsinit list -f t: table
nsinit create w:
nsinit completion z: zsh
nsinit update --memory :]], fixture.sh("%s bash %s/try %s/c", path, directory, directory))
  end)

  it("for fish knows them too", function()
    fixture.needs("fish")
    local directory = fixture.directory()
    local path = with_containers(directory)
    fixture.write(directory .. "/c", completion "fish")
    local function try(line)
      return fixture.sh("HOME=%s %s fish -N -c \"source %s/c; complete -C '%s'\" | cut -f1 | sort | tr '\\n' ' '", directory,
        path, directory, line)
    end
    assert.equal("create ", try "nsinit cr")
    assert.equal("db web ", try "nsinit kill ")
    assert.equal("other ", try "nsinit --root /elsewhere kill ")
    assert.equal("--all ", try "nsinit kill --a")
    assert.equal("json text ", try "nsinit --log-format ")
    assert.equal("", try "nsinit update --memory ")
  end)

  it("for zsh is a script that it reads, with every command and option", function()
    fixture.needs("zsh")
    local directory, text = fixture.directory(), completion "zsh"
    fixture.write(directory .. "/c", text)
    assert.equal("", fixture.sh("zsh -n %s/c 2>&1", directory))
    for _, command in ipairs(commands.list) do
      assert.truthy(text:find("'" .. command.name .. ":", 1, true), command.name)
      for _, option in ipairs(command.options) do assert.truthy(text:find("--" .. option.long, 1, true), option.long) end
    end
  end)
end)

describe("the manual page of nsinit", function()
  it("has every command with its options and examples, and is one without a warning", function()
    fixture.needs("man")
    local directory = fixture.directory()
    fixture.write(directory .. "/nsinit.1", require("nsinit.manual")("nsinit", "1.2"))
    assert.equal("", fixture.sh("LC_ALL=C man --warnings -E UTF-8 -l -Tutf8 -Z %s/nsinit.1 2>&1 >/dev/null", directory))
    local text = fixture.sh("MANWIDTH=200 LC_ALL=C man -l %s/nsinit.1 | col -b", directory)
    for _, command in ipairs(commands.list) do
      assert.truthy(text:find("\n   " .. command.name .. "\n", 1, true), command.name)
      for _, option in ipairs(command.options) do assert.truthy(text:find("--" .. option.long, 1, true), option.long) end
      for _, example in ipairs(command.examples or {}) do assert.truthy(text:find(example, 1, true), example) end
    end
  end)
end)
