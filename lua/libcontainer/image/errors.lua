-- SPDX-License-Identifier: MIT
--- The words of errors about images: documents that are not as they have to be, and what the program that reads
-- archives says.
local core = require "libcontainer.core"
local errors = require "libcontainer.errors"
local hints = require "libcontainer.hints"
local units = require "libcontainer.units"

local M = {}

local NO_DIGEST <const>, NETTLE <const> = "%s: %s digests need libnettle.so.8, which cannot be loaded",
  "apt-get install libnettle8"
local BOMB <const> = "%s unpacks to more than %s = %s allows"

-- What the program that reads archives says, by the kind of it: sentence, hint.
local UNPACK_FAILURES <const> = {
  library = function(_, report)
    return "image: libarchive cannot be loaded: " .. report.text, "apt-get install libarchive13"
  end,
  digest = function(_, report, place) return NO_DIGEST:format(place, report.text), NETTLE end,
  archive = function(_, report, place) return ("%s: %s"):format(place, report.text) end,
  path = function(_, report, place)
    if report.text == ".." then return place .. ": leads out of the root" end
    if report.text == "whiteout" then return place .. ": is a whiteout of no file" end
    return ("%s: %s"):format(place, report.text)
  end,
  size = function(job, _, place)
    return BOMB:format(place, "size_limit", units.format_size(job.size_limit or 0)),
      "if it is no decompression bomb, raise size_limit"
  end,
  entries = function(job, _, place)
    return BOMB:format(place, "entry_limit", job.entry_limit or 0), "if it is as it should be, raise entry_limit"
  end,
  ids = function(_, report, place)
    local kind = report.text:match("^user") and "uid_mappings" or "gid_mappings"
    return ("%s: belongs to %s, which %s does not have"):format(place, report.text, kind),
      "give a range that has it, or leave the mappings out"
  end,
  member = function(_, report, place) return ("%s: has no member %s"):format(place, report.text) end,
  system = function(_, report, place)
    return ("%s: %s%s"):format(place, report.text ~= "" and report.text .. ": " or "", errors.errno_words(report)),
      hints.of("image", report.errno and core.errno_name(report.errno))
  end,
}

--- What the program that reads archives has said last.
---@param job table     `what`, `layer`, `digest`, `size_limit`, `entry_limit`
---@param report table  `kind`, `entry`, `text`, `errno`
---@return libcontainer.Error
function M.failed(job, report)
  local errno = report.errno ~= 0 and report.errno or nil
  local place = "image: " .. job.what .. (report.entry ~= "" and ": " .. report.entry or "")
  local words = UNPACK_FAILURES[report.kind]
  local text, hint = ("%s: %s %s"):format(place, report.kind, report.text), nil
  if words then
    text, hint = words(job, { text = report.text, errno = errno }, place)
  end
  return errors.new { code = "SystemError", step = "image", subject = report.entry ~= "" and report.entry or job.what,
    errno = errno, layer = job.layer, digest = job.digest, message = text, hint = hint }
end

--- It has ended, and has not said why.
---@param job table
---@param exit libcontainer.Exit
---@return libcontainer.Error
function M.ended(job, exit)
  local how = exit.oom and "met its memory limit" or exit.signal and "was killed by signal "
    .. (exit.signal_name or exit.signal) or "ended with status " .. tostring(exit.status)
  return errors.new { code = "SystemError", step = "image", subject = job.what, layer = job.layer, digest = job.digest,
    message = ("image: %s: the program that reads it %s"):format(job.what, how),
    hint = exit.status == 127 and "the C library that it was built for has to be in /usr, /lib or /lib64" or nil }
end

--- It takes too long.
---@param job table
---@param seconds number
---@return libcontainer.Error
function M.timed_out(job, seconds)
  local err = errors.timed_out("image", ("image: %s is not read"):format(job.what), seconds)
  err.subject, err.layer, err.digest = job.what, job.layer, job.digest
  err.hint = "nothing of it is left; give a longer timeout"
  return err
end

--- What it says is no record.
---@return libcontainer.Error
function M.nonsense()
  return errors.new { code = "SystemError", step = "image",
    message = "image: the program that reads archives says what it never would: do not trust this archive" }
end

--- The program that reads archives is not where core.so is.
---@param path string|nil
---@return libcontainer.Error
function M.program_missing(path)
  return errors.new { code = "SystemError", step = "image", subject = path, errname = "ENOENT", errno = 2,
    message = "image: " .. (path or "unpack") .. ": no such file (ENOENT)",
    hint = "make install puts it beside core.so" }
end

--- A document or a part of an image that is not as it has to be.
---@param what string     the file, and what of it: "/srv/x: index.json: manifests[1].digest"
---@param message string  "must be text"
---@param hint string|nil
---@return libcontainer.Error
function M.invalid(what, message, hint)
  return errors.new { code = "SystemError", step = "image", subject = what,
    message = ("image: %s: %s"):format(what, message), hint = hint }
end

--- There is nothing that could verify a digest.
---@param what string
---@param algorithm string
---@return libcontainer.Error
function M.no_digest(what, algorithm)
  return errors.new { code = "SystemError", step = "image", subject = what,
    message = NO_DIGEST:format("image: " .. what, algorithm), hint = NETTLE }
end

--- What something is named by is not its digest.
---@param what string
---@param wanted string  "sha256:…"
---@param found string   the same
---@param layer integer|nil
---@return libcontainer.Error
function M.digest(what, wanted, found, layer)
  return errors.new { code = "SystemError", step = "image", subject = what, digest = wanted, layer = layer,
    message = ("image: %s: its digest is %s, and has to be %s"):format(what, found, wanted),
    hint = "it is damaged, or somebody has changed it: get it again" }
end

return M
