---@meta
-- SPDX-License-Identifier: MIT
-- The C core for editors: every function of src/binding/ with its types. Nothing runs here, and
-- nothing requires this file; a spec compares its names with what the core has. A failed operation
-- returns nil and a raw error (see errors.lua), which becomes the object that users see.
-- luacheck: ignore 212 241

---@class libcontainer.core
---@field version string
---@field architecture string  "amd64", "arm64", "riscv64"
local core = {}

--- Seconds of the monotonic clock.
---@return number
function core.now() end

--- Seconds since 1970.
---@return number
function core.time() end

---@return integer pid of this process
function core.pid() end

---@return integer uid the effective one
function core.uid() end

--- The effective group id.
---@return integer
function core.gid() end

--- May this process make namespaces without a user namespace of their own, and map any ids in one? By its
-- capabilities, not by its user.
---@return boolean
function core.is_privileged() end

---@param name string "TERM" or "SIGTERM"
---@return integer|nil
function core.signal(name) end

---@param number integer
---@return string|nil name "TERM"
function core.signal_name(number) end

---@param name string with or without CAP_
---@return integer|nil bit
function core.capability(name) end

---@param errno integer
---@return string|nil name "EPERM"
function core.errno_name(errno) end

---@param errno integer
---@return string|nil text
function core.errno_text(errno) end

---@param id string
---@return boolean
function core.id_is_valid(id) end

--- What is wrong with a property of a systemd scope and its value in GVariant's text; nil: nothing.
---@param name string "TimeoutStopSec"
---@param text string "uint64 30"
---@return string|nil
function core.unit_property_problem(name, text) end

--- Which mounts may have an option of mount(8): all, bind mounts, bind mounts whose source is a path, a tmpfs, what is
-- no bind mount; nil: it is none, so it is data of the file system.
---@param text string
---@return "any"|"bind"|"path"|"tmpfs"|"file system"|nil
function core.mount_option(text) end

---@class libcontainer.core.Field
---@field name string
---@field kind string      "flag", "integer", "size", "strings", "object", …
---@field detail string    words, or the section that describes an object
---@field default string|nil  nil for none
---@field since string
---@field oci string|nil  what OCI documents have for it, as schema.def says it; nil for nothing
---@field meaning string
---@field required true|nil
---@field minimum integer
---@field maximum integer

---@class libcontainer.core.Section
---@field name string
---@field meaning string
---@field fields libcontainer.core.Field[]

--- The fields of a configuration, as src/configs/schema.def has them: of all sections in their order, or of one.
---@param name string|nil
---@return libcontainer.core.Section[]|libcontainer.core.Section|nil
---@overload fun(name: string): libcontainer.core.Section|nil
function core.schema(name) end

--- What is worth knowing once: cgroup mounts, boot id, the init program.
---@param installed string|nil path of the init program as a file
---@param manager "auto"|"fs"|"systemd"|nil who makes cgroups, default "auto"
---@return libcontainer.core.Host|nil
---@return libcontainer.RawError|nil
function core.host(installed, manager) end

--- A state root, made when it is missing.
---@param path string
---@param is_swept boolean|nil  where what lies still for long is removed unless it is sticky
---@return libcontainer.core.Root|nil
---@return libcontainer.RawError|nil
function core.root(path, is_swept) end

--- A container's core object: decides where its cgroups will be and makes nothing.
---@param host libcontainer.core.Host
---@param path string|nil     cgroups.path of the configuration
---@param fallback string|nil the name when there is none; without both it has no cgroups
---@param manager "auto"|"fs"|"systemd"|nil whose it is, default what the host has
---@return libcontainer.core.Container|nil
---@return libcontainer.RawError|nil
function core.container(host, path, fallback, manager) end

--- The same for a container that is there already.
---@param host libcontainer.core.Host
---@param places libcontainer.core.Place[] as container:places() gave them
---@param name string as core.container took it for its fallback
---@param scope libcontainer.core.Scope|nil as container:scope() gave it
---@return libcontainer.core.Container|nil
---@return libcontainer.RawError|nil
function core.saved_container(host, places, name, scope) end

--- One of which nothing else is known: its cgroups are looked for.
---@param host libcontainer.core.Host
---@param name string
---@return libcontainer.core.Container|nil
---@return libcontainer.RawError|nil
function core.found_container(host, name) end

---@class libcontainer.core.Scope
---@field unit string  "libcontainer-….scope"
---@field slice string "system.slice"
---@field owner string what proves to us that it is this container's
---@field user boolean of the user's own systemd

--- How the systemd scope of a container has to be called.
---@param path string|nil "slice:prefix:name"
---@param fallback string our own name for the container
---@param user boolean
---@return libcontainer.core.Scope|nil
---@return libcontainer.RawError|nil
function core.scope(path, fallback, user) end

--- Many descriptors as one that can be polled.
---@param can_wake boolean|nil it can be held awake, which takes one descriptor more
---@return libcontainer.core.PollSet|nil
---@return libcontainer.RawError|nil
function core.poll_set(can_wake) end

---@param direction "in"|"out" "in" when we write
---@return libcontainer.core.Stream|nil ours
---@return libcontainer.core.Stream|libcontainer.RawError theirs
function core.pipe(direction) end

--- The host's /dev/null.
---@return libcontainer.core.Stream|nil
---@return libcontainer.RawError|nil
function core.null() end

--- A descriptor that reads this text.
---@param text string
---@return libcontainer.core.Stream|nil
---@return libcontainer.RawError|nil
function core.text(text) end

--- Wait. Field 3 of each entry is set to whether it is ready; an interrupted wait answers 0.
---@param entries table[]    each { descriptor, "r"|"w"|"e" }, "e" for the end of the other side
---@param seconds number|nil nil waits for ever
---@return integer|nil count
---@return libcontainer.RawError|nil
function core.poll(entries, seconds) end

--- A stream with a descriptor of its own for what this one refers to.
---@param value integer|file*|libcontainer.core.Stream
---@return libcontainer.core.Stream|nil
---@return libcontainer.RawError|nil
function core.duplicate(value) end

--- Make the caller's terminal let every byte through, until the object is closed or goes.
---@param value integer|file*|libcontainer.core.Stream
---@param host libcontainer.core.Host|nil  then it is put back by another process when we are killed
---@return libcontainer.core.Raw|nil
---@return libcontainer.RawError|nil
function core.raw(value, host) end

---@class libcontainer.core.Raw
local Raw = {}

function Raw:close() end

--- Send the master of a terminal to who listens on a unix socket.
---@param path string
---@param master libcontainer.core.Stream
---@param timeout number|nil seconds, default 10
---@return true|nil
---@return libcontainer.RawError|nil
function core.send_terminal(path, master, timeout) end

--- A file of the host, of at most 16 MiB.
---@param path string
---@return string|nil text
---@return libcontainer.RawError|nil
function core.bundle_file(path) end

--- Where that really is: absolute and without links.
---@param path string
---@return string|nil real
---@return libcontainer.RawError|nil
function core.real_path(path) end

--- The digest that parts of images are named by.
---@param algorithm "sha256"|"sha512"
---@param text string
---@return string|nil digest  "sha256:…", in lower case
---@return libcontainer.RawError|nil  ELIBACC without libnettle, which sha512 takes
function core.digest(algorithm, text) end

--- What a path leads to, links followed.
---@param path string
---@return "file"|"directory"|"other"|nil
---@return libcontainer.RawError|nil
function core.path_type(path) end

--- Open a regular file to read. With `name`, the one below the directory `path`, where no link leads out of it.
---@param path string
---@param name string|nil
---@return libcontainer.core.Stream|nil
---@return integer|libcontainer.RawError size
function core.open_file(path, name) end

---@class libcontainer.core.Files  those of a container: paths are resolved below its root
local Files = {}

--- Of a container that does not run.
---@param rootfs string
---@param config table  with its mappings
---@return libcontainer.core.Files|nil
---@return libcontainer.RawError|nil raw
function core.files_of(rootfs, config) end

--- A regular file to be read, by whichever links.
---@param path string
---@return libcontainer.core.Stream|nil
---@return integer|libcontainer.RawError size
function Files:open(path) end

---@param path string
---@param bytes string
---@param mode integer|nil  that of the file that is there, or 0644
---@param uid integer|nil   as the container numbers them; that of the file that is there, or its root's
---@param gid integer|nil
---@return true|nil
---@return libcontainer.RawError|nil raw
function Files:write(path, bytes, mode, uid, gid) end

---@class libcontainer.core.CopyOptions
---@field overwrite boolean|nil    what has that name
---@field devices boolean|nil
---@field privileges boolean|nil   set-id bits, file capabilities
---@field keeps_owner boolean|nil  the same numbers on both sides
---@field uid integer|nil
---@field gid integer|nil
---@field mode integer|nil         of regular files
---@field limit integer|nil        bytes

---@param host_path string
---@param path string
---@param options libcontainer.core.CopyOptions
---@return libcontainer.core.Copy|nil
---@return libcontainer.RawError|nil raw
function Files:copy_in(host_path, path, options) end

---@param path string
---@param host_path string
---@param options libcontainer.core.CopyOptions
---@return libcontainer.core.Copy|nil
---@return libcontainer.RawError|nil raw
function Files:copy_out(path, host_path, options) end

function Files:close() end

---@class libcontainer.core.Copy  <close> removes what has not come to its place
local Copy = {}

--- Do some of it.
---@return boolean|nil is_done
---@return string|libcontainer.RawError|nil left_out  what was
---@return string|nil path                            and where
function Copy:step() end

---@return integer entries
---@return integer bytes
function Copy:counts() end

function Copy:close() end

---@class libcontainer.core.Staging  a root file system on its way; <close> removes what was not committed
local Staging = {}

--- Make one for the place of that name in the directory `parent`, which must be free when it is the target.
---@param parent string
---@param place string
---@param is_target boolean
---@return libcontainer.core.Staging|nil
---@return libcontainer.RawError|nil
function core.staging(parent, place, is_target) end

--- "box", "new/rootfs" and "new/trash" are in it.
---@return string|nil path
---@return libcontainer.RawError|nil
function Staging:path() end

---@return boolean  what is written there takes memory, not a disk
function Staging:is_memory() end

--- Put the root file system into its place.
---@return true|nil
---@return libcontainer.RawError|nil
function Staging:commit() end

--- Remove what is left of it. Twice is once.
---@return true|nil
---@return libcontainer.RawError|nil
function Staging:remove() end

--- Open a directory of images. EPERM unless it belongs to the caller and nobody else may write to it.
---@param path string absolute
---@param step "checkpoint"|"restore"
---@param may_make boolean|nil
---@return libcontainer.core.Directory|nil
---@return boolean|libcontainer.RawError is_made
function core.images(path, step, may_make) end

--- To which file of cgroup v2 a limit that is a number is written, by its field.
---@return table<string, string>
function core.limit_files() end

--- A file of /proc/PID.
---@param pid integer
---@param name string
---@return string|nil
---@return libcontainer.RawError|nil
function core.proc_file(pid, name) end

--- What a link of /proc/PID says.
---@param pid integer
---@param name string
---@return string|nil
---@return libcontainer.RawError|nil
function core.proc_link(pid, name) end

--- The numbers of a process's descriptors.
---@param pid integer
---@return integer[]|nil
---@return libcontainer.RawError|nil
function core.proc_fds(pid) end

---@param value integer|file*|libcontainer.core.Stream what a file has buffered is written out
---@return integer descriptor
function core.fileno(value) end

--- Make what is missing of a writable layer; a new one looks like the rootfs.
---@param path string
---@param config table  strict, with overlay
---@return true|nil
---@return libcontainer.RawError|nil
function core.layer_make(path, config) end

--- Empty a writable layer.
---@param path string
---@return true|nil
---@return libcontainer.RawError|nil
function core.layer_clear(path) end

--- What it changes of the layers below, in no order, some of it twice.
---@param path string
---@param config table  strict, with overlay
---@return { path: string, kind: "added"|"changed"|"deleted" }[]|nil
---@return libcontainer.RawError|nil
function core.layer_diff(path, config) end

---@param profile table section seccomp, strict
---@return string|nil bytes
---@return libcontainer.RawError|nil
function core.seccomp_compile(profile) end

--- The default filter, compiled when the library was built.
---@return string bytes
function core.seccomp_default() end

--- Is it a program that can be run?
---@param path string
---@return true|nil
---@return libcontainer.RawError|nil
function core.program(path) end

---@param name string
---@return boolean
function core.syscall_known(name) end

--- What an address is, "10.1.0.2" or, with the length of its network, "10.1.0.2/24"; nothing for what is none.
---@param text string
---@return 4|6|nil family
---@return integer|nil prefix  nil without a length
---@return boolean|nil has_host  bits behind the length are not 0
function core.address(text) end

--- What is wrong with the address of an interface, nothing when it may have it.
---@param text string    "10.1.0.2/24"
---@param family 4|6
---@return "no_network"|"not_ipv4"|"not_ipv6"|"no_length"|"network"|"not_of_one"|nil fault
---@return string|nil words  for people
function core.address_fault(text, family) end

--- What is wrong with a gateway, nothing when it can be one.
---@param text string    "10.1.0.1"
---@param family 4|6
---@param own string|nil  the address of the interface that it is reached by, nil when it is not known
---@return "no_host"|"not_ipv4"|"not_ipv6"|"own"|"outside"|nil fault
---@return string|nil words  for people
function core.gateway_fault(text, family, own) end

--- Is it a hardware address of one interface, "02:00:0a:01:00:02"?
---@param text string
---@return boolean
function core.mac_is_valid(text) end

---@param name string  of a network interface
---@param may_be_template boolean|nil  "eth%d" is one too
---@return boolean
function core.link_name_is_valid(name, may_be_template) end

--- The name of the end on the host of a container's network.
---@param mark string    the container's own among all roots
---@param index integer  which one of its networks, from 1
---@return string
function core.link_name(mark, index) end

--- Make a bridge in the network of the calling process, up, with these addresses.
---@param name string
---@param ... string "10.1.0.1/24"
---@return true|nil
---@return libcontainer.RawError|nil
function core.add_bridge(name, ...) end

---@param name string
---@return true|nil
---@return libcontainer.RawError|nil
function core.remove_bridge(name) end

--- Remove the ends on the host that have these names and bear that mark; what is not there is success.
---@param mark string
---@param names string[]|nil  nil: all that bear it
---@return true|nil
---@return libcontainer.RawError|nil
function core.remove_links(mark, names) end

--- What this kernel has.
---@return libcontainer.Features
function core.features() end

--- A connection to a unix socket of type stream.
---@param path string
---@return libcontainer.core.Stream|nil
---@return libcontainer.RawError|nil
function core.connect(path) end

--- Become the init that carries out the plan; does not return on success.
---@param session integer
---@param plan integer
---@param installed string|nil
---@return nil
---@return libcontainer.RawError
function core.start_initialization(session, plan, installed) end

---@return libcontainer.core.Signals|nil signals  of this thread, which end and interrupt nothing any more
---@return libcontainer.RawError|nil
function core.signals() end

---@param path string
---@param text string
---@param mode integer  the umask is taken off
---@return true|nil
---@return libcontainer.RawError|nil
function core.replace_file(path, text, mode) end

---@param path string  a unix socket of type stream
---@param text string
---@param descriptor any
---@return true|nil
---@return libcontainer.RawError|nil
function core.send_descriptor(path, text, descriptor) end

--- Make a directory, if it is not there.
---@param path string
---@param mode integer  whatever the umask
---@return true|nil
---@return libcontainer.RawError|nil
function core.make_directory(path, mode) end

---@class libcontainer.core.Signals
local Signals = {}

---@return integer|false|nil number  false: none at the moment
---@return libcontainer.RawError|nil
function Signals:take() end

---@return integer fd
function Signals:pollfd() end

function Signals:close() end

--- A unix socket of messages, bound at `path` for everybody to write to; without one to send from.
---@param path string|nil
---@return libcontainer.core.Datagram|nil
---@return libcontainer.RawError|nil
function core.datagram(path) end

---@class libcontainer.core.Datagram
local Datagram = {}

---@param path string  "@name" for an abstract one
---@param text string
---@return true|nil
---@return libcontainer.RawError|nil
function Datagram:send(path, text) end

---@return string|false|nil text  false: none at the moment
---@return libcontainer.RawError|nil
function Datagram:receive() end

---@param path string
---@param seconds number
---@return true|nil
---@return libcontainer.RawError|nil
function Datagram:barrier(path, seconds) end

---@return integer fd
function Datagram:pollfd() end

function Datagram:close() end

---@class libcontainer.core.Host
local Host = {}

---@return string
function Host:boot_id() end

--- False in a child that the owner forked.
---@return boolean
function Host:is_owner() end

---@return string driver
---@return { name: string, controllers: string, mount_point: string, own: string }[]
---@return boolean has_systemd it makes scopes
function Host:cgroups() end

function Host:close() end

---@class libcontainer.core.Root
local Root = {}

--- What tells this root from others, in names of cgroups.
---@return string
function Root:key() end

---@return libcontainer.core.Directory directory closed, for `make`
function Root:directory() end

--- Make a directory and open it as the object given; EEXIST when the id is in use.
---@param id string
---@param directory libcontainer.core.Directory
---@return true|nil
---@return libcontainer.RawError|nil
function Root:make(id, directory) end

--- ENOENT when there is none.
---@param id string
---@return libcontainer.core.Directory|nil
---@return libcontainer.RawError|nil
function Root:find(id) end

--- Remove the directory that is open, with everything in it; a new one of that name stays.
---@param id string
---@param directory libcontainer.core.Directory
---@return true|nil
---@return libcontainer.RawError|nil
function Root:remove(id, directory) end

---@return string[]|nil ids
---@return libcontainer.RawError|nil
function Root:ids() end

function Root:close() end

---@class libcontainer.core.Directory
local Directory = {}

--- EAGAIN while somebody else holds it, ENOENT when the directory goes; never waits.
---@param make boolean|nil  make the file: for who makes or removes the directory
---@return libcontainer.core.Lock|nil
---@return libcontainer.RawError|nil
function Directory:lock(make) end

---@return boolean
function Directory:is_open() end

---@return integer|nil pid  who holds the lock; nil when nobody does that we can see
function Directory:lock_holder() end

---@return true|nil
---@return libcontainer.RawError|nil
function Directory:remove_latch() end

---@param name string
---@return string|nil text
---@return libcontainer.RawError|nil
function Directory:read(name) end

--- Files that are replaced or removed in it from now on.
---@return libcontainer.core.Changes|nil
---@return libcontainer.RawError|nil
function Directory:changes() end

--- Atomic, mode 0600.
---@param name string
---@param text string
---@return true|nil
---@return libcontainer.RawError|nil
function Directory:replace(name, text) end

--- What is in it, in no order.
---@return string[]|nil
---@return libcontainer.RawError|nil
function Directory:names() end

function Directory:close() end

--- The directory `name` below it: as core.images.
---@param name string
---@param step "checkpoint"|"restore"
---@param may_make boolean|nil
---@return libcontainer.core.Directory|nil
---@return boolean|libcontainer.RawError is_made
function Directory:images(name, step, may_make) end

--- EPERM when somebody else could have written one of its files.
---@param step "checkpoint"|"restore"
---@return true|nil
---@return libcontainer.RawError|nil
function Directory:check(step) end

---@param step "checkpoint"|"restore"
---@return boolean|nil
---@return libcontainer.RawError|nil
function Directory:is_empty(step) end

--- Remove what is in it.
---@param step "checkpoint"|"restore"
---@return true|nil
---@return libcontainer.RawError|nil
function Directory:clear(step) end

--- Remove a directory in it, with all that it holds.
---@param name string
---@param step "checkpoint"|"restore"
---@return true|nil
---@return libcontainer.RawError|nil
function Directory:remove(name, step) end

--- This very directory, for a program of ours: "/proc/PID/fd/N".
---@return string
function Directory:path() end

---@class libcontainer.core.Changes
local Changes = {}

---@return integer fd
function Changes:pollfd() end

---@return boolean  was there one since the last look?
function Changes:take() end

function Changes:close() end

---@class libcontainer.core.Lock
local Lock = {}

function Lock:close() end

---@class libcontainer.core.Place
---@field name string            of the hierarchy
---@field path string            below its mount

---@class libcontainer.core.Container
local Container = {}

--- ENODEV when this machine lacks what the limits of the configuration need.
---@param config table strict; its cgroups and devices count
---@return true|nil
---@return libcontainer.RawError|nil
function Container:check(config) end

--- Mount what a configuration has, in one that runs.
---@param config table  strict
---@return true|nil
---@return libcontainer.RawError|nil raw
function Container:add_mounts(config) end

---@param config table  strict
---@param path string
---@return true|nil
---@return libcontainer.RawError|nil raw
function Container:remove_mounts(config, path) end

--- The files of one with an init, under its lock.
---@return libcontainer.core.Files|nil
---@return libcontainer.RawError|nil raw
function Container:files() end

--- EBUSY when its place is in use.
---@return true|nil
---@return libcontainer.RawError|nil
function Container:probe() end

--- May this user make its cgroups? Looks at directories, and makes nothing.
---@return boolean
function Container:may_make() end

--- Begin anew, for another start: its place must be free.
---@param path string|nil     as core.container takes them
---@param fallback string|nil
---@return true|nil
---@return table|nil raw
function Container:renew(path, fallback) end

---@param places table[] of `places`: another process has started it again, there
---@param name string as core.container took it for its fallback
---@param scope libcontainer.core.Scope|nil
---@return true|nil
---@return libcontainer.RawError|nil
function Container:follow(places, name, scope) end

--- Take up what another process made.
---@param pid integer|nil
---@param start integer|nil
---@param is_first boolean|nil  without cgroups: it has to be the first process of a pid namespace
---@return true|nil
---@return libcontainer.RawError|nil
function Container:adopt(pid, start, is_first) end

---@return "created"|"running"|"pausing"|"paused"|"stopped"|nil
---@return libcontainer.RawError|nil
function Container:status() end

--- The same, without asking whether it is paused: it is "running" then, too.
---@return "created"|"running"|"stopped"|nil
---@return libcontainer.RawError|nil
function Container:life() end

---@return table<string, string> directories by controllers, absolute
function Container:cgroup_paths() end

---@return libcontainer.core.Place[]
function Container:places() end

---@return boolean|nil is there a cgroup of it?
---@return boolean|libcontainer.RawError is there each?
function Container:exists() end

--- Is there one in a hierarchy in which it has no place?
---@param name string as core.container took it for its fallback
---@return boolean|nil
---@return libcontainer.RawError|nil
function Container:is_lost(name) end

--- The systemd scope around its cgroup; nothing where systemd has no part in it.
---@return libcontainer.core.Scope|nil
function Container:scope() end

--- Of its cgroup and those below, as the host sees them.
---@return integer[]|nil
---@return libcontainer.RawError|nil
---@param is_inner boolean|nil as the container sees them
function Container:pids(is_inner) end

--- memory_peak, memory (bytes), cpu_ns, cpu_user_ns, cpu_system_ns, oom_kills, pids_peak; what the
-- kernel does not tell is absent.
---@return table<string, integer>|nil
---@return libcontainer.RawError|nil
function Container:usage() end

--- Only how many processes of it the OOM killer took until now.
---@return integer|nil
---@return libcontainer.RawError|nil
function Container:oom_kills() end

--- All that src/cgroups/stats.def lists, of this moment; times in seconds.
---@return table|nil
---@return libcontainer.RawError|nil  ESRCH at step process: it does not run
function Container:stats() end

--- Kills for want of memory. ENODEV: nothing here tells of them.
---@return libcontainer.core.Listener|nil
---@return libcontainer.RawError|nil
function Container:listen_oom() end

--- Its freezer in the unified tree.
---@return libcontainer.core.Listener|nil
---@return libcontainer.RawError|nil
function Container:listen_frozen() end

--- v1's memory.pressure_level.
---@param level "low"|"medium"|"critical"
---@return libcontainer.core.Listener|nil
---@return libcontainer.RawError|nil
function Container:listen_level(level) end

--- A trigger of pressure stall information. EINVAL for times that the kernel does not take.
---@param resource "cpu"|"memory"|"io"
---@param line "some"|"full"
---@param stall number  seconds
---@param window number seconds
---@return libcontainer.core.Listener|nil
---@return libcontainer.RawError|nil
function Container:listen_pressure(resource, line, stall, window) end

---@return integer|nil pid
---@return integer|nil start
function Container:init() end

---@return libcontainer.core.Process|nil
---@return libcontainer.RawError|nil
function Container:open_init() end

---@param number integer
---@return true|nil
---@return libcontainer.RawError|nil
function Container:signal(number) end

---@param number integer
---@return true|nil
---@return libcontainer.RawError|nil
function Container:signal_all(number) end

--- Everything stands still, or is thawed again when that takes longer.
---@param timeout number|nil seconds, default 10
---@param is_kept boolean|nil the caller goes on with it: after ETIMEDOUT it is not thawed
---@return true|nil
---@return libcontainer.RawError|nil
function Container:freeze(timeout, is_kept) end

---@param timeout number|nil seconds, default 10
---@return true|nil
---@return libcontainer.RawError|nil
function Container:thaw(timeout) end

--- Write limits, all or none. Of both tables cgroups and devices count.
---@param changed table what is to be written
---@param before table  with the rules for devices that are in force
---@return true|nil
---@return libcontainer.RawError|nil
function Container:set(changed, before) end

--- Put back what the last set changed.
---@return true|nil
---@return libcontainer.RawError|nil
function Container:put_back() end

--- Every process, and wait for their end.
---@param timeout number|nil seconds, default 10
---@return true|nil
---@return libcontainer.RawError|nil
function Container:kill(timeout) end

--- The descriptors of further processes that have not ended; those that have are reaped by it.
---@return integer[]
function Container:siblings() end

--- Kill, and remove the cgroups.
---@param timeout number|nil seconds, default 10
---@return true|nil
---@return libcontainer.RawError|nil
function Container:destroy(timeout) end

--- After destroy: take the init's exit status, which is lost to others by it.
---@return true|nil
---@return libcontainer.RawError|nil
function Container:reap() end

--- Interfaces of the host that are in it go back; success when there are none.
---@return true|nil
---@return libcontainer.RawError|nil
function Container:give_back() end

function Container:close() end

--- Start: cgroups, init, conversation. Options: filter (bytes); stdin, stdout, stderr (descriptors);
-- null_stdin, null_stdout, null_stderr; init (argv of a program that replaces ours);
-- sources (descriptors of mounts, by their index); layer (directory of an overlay); beside (the core object of the
-- container whose pid namespace is joined).
---@param config table  strict
---@param process table strict
---@param options table
---@return libcontainer.core.Session|nil
---@return libcontainer.RawError|nil
function Container:begin(config, process, options) end

--- The same for a further process of a container that runs. Options are those of begin without `init`,
-- and `group`.
---@param config table  strict
---@param process table strict
---@param options table
---@return libcontainer.core.Session|nil
---@return libcontainer.RawError|nil
function Container:join(config, process, options) end

--- What begin would have done.
---@param config table
---@param process table
---@param options table
---@return libcontainer.PlanRow[]|nil
---@return libcontainer.RawError|nil
function Container:plan(config, process, options) end

--- What join would do.
---@param config table
---@param process table
---@param options table
---@return libcontainer.PlanRow[]|nil
---@return libcontainer.RawError|nil
function Container:join_plan(config, process, options) end

--- A cgroup inside of the container's for one process that will join, with the limits of its `cgroups`.
---@param process table strict
---@return libcontainer.core.Group|nil
---@return libcontainer.RawError|nil
function Container:group(process) end

--- Run a hook; the session's process is its guard, and closing it ends the program. Options: `id`, stdin, stdout,
-- stderr; `hook`; `place`: "host", "namespaces" or "inside"; `of`: the session of the init that waits;
-- `directory`: the working directory on the host; inside `filter` and `filter_flags`.
---@param config table
---@param process table  whose place it takes inside
---@param options table
---@return libcontainer.core.Session|nil
---@return libcontainer.RawError|nil
function Container:hook(config, process, options) end

--- Run criu beside it; the session's process is criu. Options: `id`, stdin, stdout, stderr.
---@param config table
---@param process table  `args`
---@param options table
---@return libcontainer.core.Session|nil
---@return libcontainer.RawError|nil
function Container:dump(config, process, options) end

--- Run a program of the host in its network namespace. Options: those of dump.
---@param config table
---@param process table  `args`
---@param options table
---@return libcontainer.core.Session|nil
---@return libcontainer.RawError|nil
function Container:repair(config, process, options) end

--- Make its cgroups and run criu in them. Options: those of dump, and `scratch`.
---@param config table
---@param process table  `args`, `no_new_privileges`
---@param options table
---@return libcontainer.core.Session|nil
---@return libcontainer.RawError|nil
function Container:restore(config, process, options) end

--- Make the root of what was restored read-only: it is when the session is ready, which is closed then.
---@param config table
---@param process table  `args`, which is not looked at
---@param options table
---@return libcontainer.core.Session|nil
---@return libcontainer.RawError|nil
function Container:close_root(config, process, options) end

--- Plug the pairs of what was restored into their bridges, at the gate "network": done when the session is ready,
-- which is closed then.
---@param config table
---@param process table  `args`, which is not looked at
---@param options table  those of dump, and `mark`
---@return libcontainer.core.Session|nil
---@return libcontainer.RawError|nil
function Container:restore_networks(config, process, options) end

--- What criu has restored is its init from now on; ESRCH when it is no child of ours in its cgroups.
---@param pid integer
---@return true|nil
---@return libcontainer.RawError|nil
function Container:take_restored(pid) end

---@param config table
---@param process table
---@param options table  `latch`: the container's directory
---@return libcontainer.core.Session|nil  at a gate: `go` lets it run
---@return libcontainer.RawError|nil  ESRCH when nobody waits there
function Container:release(config, process, options) end

---@class libcontainer.core.Group
local Group = {}

--- Its process is in it, alone: the limit on processes is what was asked for from now on.
---@return true|nil
---@return libcontainer.RawError|nil
function Group:settle() end

--- As Container:usage.
---@return table<string, integer>|nil
---@return libcontainer.RawError|nil
function Group:usage() end

--- Kills for want of memory in it; ENODEV when the container's listener is told of them too.
---@return libcontainer.core.Listener|nil
---@return libcontainer.RawError|nil
function Group:listen_oom() end

--- Every process in it, and wait for their end.
---@param timeout number|nil seconds, default 10
---@return true|nil
---@return libcontainer.RawError|nil
function Group:kill(timeout) end

--- Remove it, unless something is in it.
---@return boolean removed
function Group:close() end

---@class libcontainer.core.Session
local Session = {}

---@return "wait"|"gate"|"listener"|"ready"|"running"|"ended"|nil
---@return libcontainer.RawError|nil
function Session:step() end

--- The gate that the init waits at, nil for none.
---@return "ids"|"network"|"create_runtime"|"create_container"|"start_container"|nil
function Session:gate() end

--- How the program of a hook has ended.
---@return integer|nil status
---@return integer|nil signal
function Session:exit() end

--- What the gate "ids" waits for: the maps of the user namespace are written.
---@return true|nil
---@return libcontainer.RawError|nil
function Session:map_ids() end

--- The init becomes the container's now, if the host has nothing to wait for until it is ready: what is to be
-- done then may be done at once, and `go` be said ahead. False when it is to be waited for.
---@return boolean|nil
---@return libcontainer.RawError|nil
function Session:adopt() end

--- What it has waited for is done: READY, or a gate.
---@return true|nil
---@return libcontainer.RawError|nil
function Session:go() end

--- Set the scheduling policy of a further process that is ready a second time.
---@return true|nil
---@return libcontainer.RawError|nil
function Session:schedule() end

--- At the gate "network": what the plan has for the host is done.
---@return true|nil
---@return libcontainer.RawError|nil
function Session:network() end

--- The program runs: the session is over.
---@return libcontainer.core.Process
function Session:finish() end

--- The other end of the program's terminal, which is the caller's from then on; nil without one.
---@return libcontainer.core.Stream|nil
function Session:terminal() end

--- The listener of a filter that notifies, which is the caller's from then on; nil while it has not come.
---@return libcontainer.core.Notifier|nil
function Session:listener() end

--- Readable when the first process of a join ends; nil when it has, or there is none.
---@return integer|nil fd
function Session:helper() end

--- Has the init begun to end? Then the other end of the session closes soon.
---@return boolean
function Session:is_ending() end

--- Is the process, which waits in a call that the filter notifies, surely our init?
---@param pid integer
---@return boolean
function Session:is_own(pid) end

---@return integer pid of the init
---@return integer start
function Session:pid() end

---@return boolean  its init has begun to end
function Session:is_ending() end

--- What to wait for before the next step: `core.poll` with these two.
---@return integer fd
---@return "r"|"e" direction  "e" when nothing has to be answered any more
function Session:pollfd() end

--- System calls of the init until it was ready; 0 but in test builds.
---@return integer
function Session:init_calls() end

--- Undo a start that did not come to its program.
function Session:close() end

---@class libcontainer.core.Notifier
local Notifier = {}

--- The next call that waits; false for none.
---@return table|false|nil call  id, pid, number, syscall, architecture, instruction, args
---@return libcontainer.RawError|nil  EPIPE: nobody is left who could make one
function Notifier:receive() end

---@param id integer
---@param value integer
---@param errno integer  0 for none
---@return true|nil
---@return libcontainer.RawError|nil  ENOENT: the caller has gone
function Notifier:answer(id, value, errno) end

---@param id integer
---@return true|nil
---@return libcontainer.RawError|nil
function Notifier:continue(id) end

---@param id integer
---@return boolean
function Notifier:is_valid(id) end

---@param id integer
---@param fd integer|libcontainer.core.Stream|file*
---@param number integer      -1 for the next one
---@param is_cloexec boolean
---@param is_answer boolean
---@return integer|nil number of it there
---@return libcontainer.RawError|nil
function Notifier:add_fd(id, fd, number, is_cloexec, is_answer) end

--- Of the caller's memory.
---@param id integer
---@param pid integer
---@param address integer
---@param size integer
---@return string|nil
---@return libcontainer.RawError|nil
function Notifier:read(id, pid, address, size) end

--- Give it to who is connected there.
---@param connection libcontainer.core.Stream
---@param text string
---@return true|nil
---@return libcontainer.RawError|nil
function Notifier:send(connection, text) end

---@return integer|nil fd
function Notifier:pollfd() end

function Notifier:close() end

---@class libcontainer.core.Process
local Process = {}

---@return integer pid
---@return integer start
function Process:pid() end

---@return integer|nil fd
function Process:pollfd() end

---@param number integer
---@return true|nil
---@return libcontainer.RawError|nil
function Process:signal(number) end

--- False while it runs; status or signal, core, lost, user and system (seconds).
---@return table|false|nil
---@return libcontainer.RawError|nil
function Process:poll() end

--- The same of criu: one that has failed takes along what it has started.
---@return table|false|nil
---@return libcontainer.RawError|nil
function Process:poll_group() end

--- End criu and everything that it has started.
---@param timeout number|nil seconds, default 10
---@return true|nil
---@return libcontainer.RawError|nil
function Process:end_group(timeout) end

function Process:close() end

---@class libcontainer.core.Stream
local Stream = {}

---@param max integer|nil at most 65536
---@return string|nil bytes "" at the end
---@return "again"|libcontainer.RawError|nil
function Stream:read(max) end

---@param bytes string
---@param from integer|nil position of the first one
---@return integer|nil count
---@return "again"|libcontainer.RawError|nil EPIPE when nobody reads
function Stream:write(bytes, from) end

--- Of a terminal.
---@param columns integer
---@param rows integer
---@return true|nil
---@return libcontainer.RawError|nil
function Stream:resize(columns, rows) end

---@return integer|nil columns
---@return integer|libcontainer.RawError rows
function Stream:size() end

--- Reading and writing do not wait from now on.
---@return true|nil
---@return libcontainer.RawError|nil
function Stream:nonblock() end

---@return integer|nil fd
function Stream:pollfd() end

function Stream:close() end

---@class libcontainer.core.PollSet
local PollSet = {}

---@param fd integer
---@param events "r"|"w"|"rw"|"e"|"p"|nil  "p" is what poll(2) calls POLLPRI, "e": the other end is closed
---@return true|nil
---@return libcontainer.RawError|nil
function PollSet:add(fd, events) end

---@param fd integer
function PollSet:remove(fd) end

--- Hold it readable, or not any more.
---@param is_awake boolean
function PollSet:wake(is_awake) end

---@return integer|nil fd
function PollSet:pollfd() end

function PollSet:close() end

---@class libcontainer.core.Listener
local Listener = {}

---@return { [1]: integer, [2]: "r"|"p" }[]
function Listener:pollfds() end

--- What has happened since the last look: count, is_stalled, is_frozen, pressure. Never waits.
---@return table|false|nil
---@return libcontainer.RawError|nil  ENODEV: the cgroup has gone
function Listener:take() end

--- What was killed before it listened is news too, which the next `take` tells.
function Listener:tell_all() end

function Listener:close() end

return core
