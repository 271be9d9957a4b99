-- SPDX-License-Identifier: MIT
-- Writes doc/reference/fields.md: every field of a configuration, from the schema that the library
-- itself reads (src/configs/schema.def). `make doc` runs it; a spec compares its output with the page
-- that is committed. No field is known here by name.
local core = require "libcontainer.core"
local oci = require "libcontainer.oci.fields"

local INTRODUCTION <const> = [[
# Fields

Every field of a configuration (section [config](#config)) and of a process (section
[process](#process)), with the sections that they refer to. This page is generated from
`src/configs/schema.def` by `make doc`; `lc.help "cgroups.memory"` prints the same at the prompt.

The column OCI has the property that `configs.from_oci` and `configs.to_oci` read and write, `[]` for each item of
an array; without one, the OCI runtime specification has no such thing.

Names are in lower case with underscores. A field that is no field is an error that names the nearest
one. How kinds are written:

| kind | what a person may write |
| --- | --- |
| flag | `true` or `false`; absent is `false` |
| choice3 | `true` or `false`; absent is neither, but the default |
| integer | a whole number: `64`, and `64.0` too |
| size | bytes: a whole number, or text with a unit: `"64M"`, `"1.5GiB"` (powers of 1024) |
| number | a number, with a fraction if need be |
| string | text without NUL |
| path | an absolute path |
| word | one of the words that are listed |
| strings, paths, words | an array of such |
| map | a table from names to text |
| object, objects | a table, an array of tables, described by the section that is named |
| descriptors | an array of numbers, streams and Lua files |
| handler | a function, or a table from names of system calls to functions, and `default`; see `process:seccomp_listener` |
| stdio | `"null"`, `"pipe"`, `"inherit"`, a descriptor or a Lua file |

Shorthands that `lc.run`, the profiles, `configs.merge` and `configs.builder` understand at the top level:
`memory`, `cpus` and `pids` are `cgroups.memory`, `cgroups.cpus` and `cgroups.pids_limit`; `bind` is an
array of `"source:destination"` or `"source:destination:ro"`, `tmpfs` an array of `"path"` or
`"path:size=64m"`, both mounted after the others, `tmpfs` first.

Forms of limits ([cgroups](#cgroups)) that a person may write as well, here in the table `cgroups` or in one
for `container:set`:

| limits | forms |
| --- | --- |
| bytes, counts and quotas with -1 for no limit | `"max"`, `"unlimited"` |
| microseconds of processors | a time: `"50ms"` |
| of block devices | `{ ["8:0"] = "1M" }`, `{ "8:0 1048576" }`, `"8:0 1048576"` |
| `hugetlb_limit`, `net_prio_ifpriomap`, `rdma` | by name: `{ ["2MB"] = "64M" }`, `{ eth0 = 5 }`, `{ mlx5_0 = { hca_handles = 3 } }` |
| `devices` | `"c 1:3 rwm"`, `"b 8:* r"` for what is allowed; in place of them `allow_all_devices`, `allowed_devices` and `denied_devices`, as the library's ancestor had them |
| `net_cls_classid` | `"0x100001"`, as tc(8) has it |
| `cpuset_cpus`, `cpuset_mems` | the number of a single one |

Absent leaves a limit as the kernel has it. So does 0 where the kernel has no such value (memory but
`memory_min`, `memory_low` and `memory_high`; shares and weights, quota and periods), and empty text. A limit
whose controller is not there is an error before anything is made. On cgroup v2 these are converted:

| limit | becomes |
| --- | --- |
| `memory_swap`, memory and swap together | `memory.swap.max` = `memory_swap` − `memory` |
| `memory_reservation` | `memory.low` |
| `cpu_shares` *s*, 2 to 262144 | `cpu.weight` = 10 to the power of (l² + 125 l) ÷ 612 − 7 ÷ 34, where l is log₂ *s*, rounded up: 2, 1024 and 262144 are 1, 100 and 10000. `cpu_weight` on v1 is the least *s* that gives it |
| `cpu_quota`, `cpu_period` | the two numbers of `cpu.max` |
| `blkio_weight` *w*, 10 to 1000 | `io.bfq.weight` as it is; where there is none, `io.weight` = 1 + (*w* − 10) · 9999 ÷ 990 |
| the four `blkio_throttle_…` | `rbps`, `wbps`, `riops` and `wiops` of `io.max` |
| `devices` | a program that the kernel asks (eBPF), where v1 has lists |
]]

local FIRST <const> = { "config", "process" }
local LARGE <const> = 1 << 53

local function in_order(sections)
  local by_name, ordered = {}, {}
  for _, section in ipairs(sections) do by_name[section.name] = section end
  for _, name in ipairs(FIRST) do ordered[#ordered + 1] = by_name[name] end
  for _, section in ipairs(sections) do
    if section.name ~= FIRST[1] and section.name ~= FIRST[2] then ordered[#ordered + 1] = section end
  end
  return ordered, by_name
end

local function words(detail)
  return "`" .. detail:gsub("|", "` `") .. "`"
end

local function range(field)
  if field.minimum <= -LARGE and field.maximum >= LARGE then return " of 64 bits" end
  if field.maximum >= LARGE then return (", at least %d"):format(field.minimum) end
  return (", %d to %d"):format(field.minimum, field.maximum)
end

local function kind_of(field, by_name)
  local kind, section = field.kind, by_name[field.detail]
  if kind == "lua" then -- a form of its own, which the meaning tells
    return section and ("text, or object [%s](#%s)"):format(section.name, section.name) or field.detail
  elseif section then
    return ("%s [%s](#%s)"):format(kind, section.name, section.name)
  elseif kind == "word" or kind == "words" then
    return kind .. ": " .. words(field.detail)
  elseif kind == "integer" or kind == "size" or kind == "number" then
    return kind .. range(field)
  end
  return kind
end

local function cell(text)
  return (text:gsub("|", "\\|"))
end

local function row(section, field, by_name)
  local default = field.required and "required" or field.default and "`" .. field.default .. "`" or ""
  local property = oci.property(section.name, field.name)
  return ("| `%s` | %s | %s | %s | %s | %s |\n"):format(field.name, cell(kind_of(field, by_name)),
    cell(default), field.since, property and "`" .. property .. "`" or "", cell(field.meaning))
end

local function write_section(section, by_name)
  local later = {}
  io.write("\n## ", section.name, "\n\n", (section.meaning:gsub("^%l", string.upper)), ".\n\n",
    "| field | kind | default | since | OCI | meaning |\n| --- | --- | --- | --- | --- | --- |\n")
  for _, field in ipairs(section.fields) do
    if field.kind == "later" then
      later[#later + 1] = ("`%s` (%s)"):format(field.name, field.meaning)
    else
      io.write(row(section, field, by_name))
    end
  end
  if #later > 0 then
    io.write("\nKnown, and refused by this version: ", table.concat(later, ", "), ".\n")
  end
end

io.write(INTRODUCTION)
local sections, by_name = in_order(core.schema())
for _, section in ipairs(sections) do write_section(section, by_name) end
