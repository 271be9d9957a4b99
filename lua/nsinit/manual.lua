-- SPDX-License-Identifier: MIT
--- The manual page, from the list of commands: man(7).
local commands = require "nsinit.commands"
local help = require "nsinit.help"
local words = require "nsinit.completion.words"

-- A line of text: no hyphen is one of a broken word, no dot or quote at its start a request.
local function plain(text)
  return (text:gsub("\\", "\\e"):gsub("-", "\\-"):gsub("^[.']", "\\&%0"))
end

local function options(out, list)
  for _, option in ipairs(list) do
    local forms = {}
    for i, word in ipairs(words.of(option)) do forms[i] = "\\fB" .. plain(word) .. "\\fR" end
    out[#out + 1] = (".TP\n%s%s\n%s%s."):format(table.concat(forms, ", "),
      option.value and " \\fI" .. plain(option.value) .. "\\fR" or "", plain(option.help),
      option.many and " (may be given more than once)" or "")
  end
end

local function add_usage(out, name, command, form)
  out[#out + 1] = ".B " .. plain((help.usage(name, command, form):gsub("^usage: ", "")))
end

local function add_form(out, name, form)
  options(out, form.options)
  if form.examples then
    out[#out + 1] = ".PP\n.EX"
    for _, example in ipairs(form.examples) do out[#out + 1] = plain((example:gsub("nsinit", name))) end
    out[#out + 1] = ".EE"
  end
end

local TAIL <const> = [[
.SH EXIT STATUS
0; 1 for a failure; 255 where \fBexec\fR could not run its program. Of \fBrun\fR, \fBexec\fR and \fBrestore\fR that wait
it is the status of the program, or 128 and the number of the signal that ended it.
.SH FILES
.TP
.I /run/nsinit
Where containers are kept; for an ordinary user \fI$XDG_RUNTIME_DIR/nsinit\fR.
.SH ENVIRONMENT
.TP
.B LISTEN_FDS
So many descriptors from 3 on are passed on to the program, with LISTEN_PID its own.
.SH SEE ALSO
.BR runc (8),
.BR crun (1),
.BR lua5.4 (1),
.BR namespaces (7),
.BR cgroups (7)
]]

--- The page as man wants it.
---@param name string  what the program is called
---@param version string
---@return string
return function(name, version)
  local out = { (".TH %s 1 \"\" \"%s %s\""):format(name:upper(), name, version), ".SH NAME",
    name .. " \\- containers by the OCI runtime specification, and by hand", ".SH SYNOPSIS",
    (".B %s\n[\\fIglobal options\\fR] \\fIcommand\\fR [\\fIoptions\\fR] [\\fIarguments\\fR]"):format(name),
    ".SH GLOBAL OPTIONS" }
  options(out, commands.global)
  out[#out + 1] = ".SH COMMANDS"
  for _, command in ipairs(commands.list) do
    out[#out + 1] = (".SS %s"):format(command.name)
    add_usage(out, name, command, command)
    out[#out + 1] = (".PP\n%s."):format(plain(command.summary))
    add_form(out, name, command)
    if command.classic then
      out[#out + 1] = ".PP\nThe classic form, with an option that it alone has:\n.PP"
      add_usage(out, name, command, command.classic)
      add_form(out, name, command.classic)
    end
  end
  return table.concat(out, "\n") .. "\n" .. TAIL
end
