-- SPDX-License-Identifier: MIT
--- What specs of checkpoints and of restores share: a container that counts, so that one sees whether it goes on.
local fixture = require "spec.support.fixture"
local configs = require "libcontainer.configs"
local core = require "libcontainer.core"

local M = {}

local COUNTER <const> = [[trap 'exit 7' TERM; i=0; while :; do i=$((i + 1)); echo $i >/tmp/count; sleep 0.1; done]]

--- A container with this configuration, and an id that no other has.
function M.create(factory, config)
  config = config or {}
  config.rootfs = config.rootfs or fixture.rootfs()
  return assert(factory:create(fixture.id(), assert(configs.default(config))))
end

--- A container whose program counts in its /tmp/count, a function that reads it, and the process.
function M.counting(factory, config, spec)
  local box = M.create(factory, config)
  spec = spec or {}
  spec[1], spec[2], spec[3] = "sh", "-c", COUNTER
  local process = assert(box:start(spec))
  local rootfs = box:config().rootfs
  return box, function() return tonumber(fixture.read(rootfs .. "/tmp/count") or "") or 0 end, process
end

--- It counts on from here.
function M.goes_on(count)
  local before, deadline = count(), core.now() + fixture.seconds(60)
  while count() <= before do
    assert(core.now() < deadline, "it does not go on")
    fixture.sh("sleep 0.1")
  end
end

return M
