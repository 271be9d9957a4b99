-- SPDX-License-Identifier: MIT
-- What a restore brings back is proved, whoever brings it: here a program that makes processes as criu does, and
-- confines nothing.
local fixture = require "spec.support.fixture"
local counter = require "spec.support.counting"
local inside = require "spec.support.inside"
local json = require "libcontainer.json"

-- restorer PIDFILE ROOT: an init in namespaces of its own, which sees no mount, and is a child of our caller.
local RESTORER <const> = [[
#define _GNU_SOURCE
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <unistd.h>
int main(int argc, char **argv)
{
  FILE *file = fopen(argv[1], "w");
  int there[2];
  char byte;
  long pid;

  if (argc != 3 || file == NULL || pipe2(there, O_CLOEXEC) < 0)
    return 2;
  pid = syscall(SYS_clone, CLONE_PARENT | CLONE_NEWPID | CLONE_NEWNS | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWNET
    | CLONE_NEWCGROUP | SIGCHLD, 0, 0, 0, 0);
  if (pid == 0) {
    if (chroot(argv[2]) < 0 || chdir("/") < 0 || write(there[1], "x", 1) != 1)
      return 3;
    close(there[0]);
    close(there[1]);
    for (;;)
      pause();
  }
  close(there[1]);
  return read(there[0], &byte, 1) == 1 && fprintf(file, "%ld", pid) > 0 && fclose(file) == 0 && pid > 0 ? 0 : 4;
}]]

describe("what comes back", function()
  fixture.check_leaks()

  -- A container that has been checkpointed; where its record and the description of its checkpoint are.
  local function checkpointed()
    local path, empty = fixture.directory() .. "/criu", fixture.directory()
    fixture.write(path, ([[#!/bin/sh
      verb=$1
      while [ $# -gt 0 ]; do case $1 in --tree) tree=$2 ;; --pidfile) pidfile=$2 ;; esac; shift; done
      [ $verb = restore ] || { kill -9 $tree; exit; }
      exec %s $pidfile %s]]):format(inside.compile("restorer", RESTORER), empty))
    fixture.sh("chmod 700 %s", path)
    local factory = fixture.factory { criu_path = path }
    local box = counter.counting(factory)
    assert(box:checkpoint())
    local directory = tostring(factory):match("factory (%S+)") .. "/" .. box:id()
    return factory, box, directory .. "/state.json", directory .. "/criu.image/libcontainer.json"
  end

  -- Have the checkpoint say that nothing has confined it.
  local function forget(description_path)
    local description = assert(json.decode(fixture.read(description_path)))
    description.facts = { init = 1, processes = {}, mounts = {}, namespaces = {}, stdio = {} }
    fixture.write(description_path, assert(json.encode(description)))
  end

  it("is refused and ended when it is confined less than what was checkpointed", function()
    fixture.needs("root", "busybox", "gcc")
    local factory, box <close>, state = checkpointed()
    local before = fixture.read(state)
    local back, err = factory:restore(box:id())
    assert.is_nil(back)
    assert.matches("process 1: CapPrm is %x+ and was %x+", err.message)
    assert.same({}, box:processes())
    assert.equal("checkpointed", assert(factory:load(box:id())):status())
    assert.equal(before, fixture.read(state))
    assert(box:destroy())
  end)

  it("is a checkpoint as before where it cannot be said that it runs, and a container where it can", function()
    fixture.needs("root", "busybox", "gcc")
    local factory, box <close>, state, description = checkpointed()
    forget(description)
    local before, refusal = fixture.read(state), select(2, factory:load(fixture.id()))
    local save = factory._save
    function factory._save(...) -- it is written, and nobody knows
      local done, err = save(...)
      if fixture.read(state):find('"status":"running"', 1, true) then return nil, refusal end
      return done, err
    end
    local back, err = factory:restore(box:id())
    assert.is_nil(back)
    assert.equal(refusal, err)
    assert.equal(before, fixture.read(state))
    factory._save = nil
    back, err = factory:restore(box:id())
    assert(back, tostring(err))
    assert.equal("running", assert(factory:load(box:id())):status())
    assert(back:destroy())
  end)
end)
