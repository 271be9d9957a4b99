-- SPDX-License-Identifier: MIT
--- unpause ID: the classic name of resume.
return require "nsinit.command.resume"
