# SPDX-License-Identifier: MIT
# No configure step; every source is listed by name. `make help` says what there is.

VERSION  = 0.1.0
LUA      = lua5.4
LUA_INC  = $(firstword $(wildcard /usr/include/lua5.4 /usr/local/include/lua5.4 /usr/local/include))
CC       = gcc
# nsinit is linked with it: the archive, so that there is a library less to be loaded, or else what ld finds
LUA_LIBDIR ?= $(patsubst %/include,%/lib,$(firstword $(subst /include/,/include ,$(LUA_INC))))
LIBLUA   = $(firstword $(wildcard $(LUA_LIBDIR)/liblua5.4.a $(LUA_LIBDIR)/liblua.a \
           $(shell $(CC) -print-file-name=liblua5.4.a)) -llua5.4)
B        = build

# The library and the init it carries: plain, with faults to inject, under sanitizers. A variant
# lives in a directory of its own; its core.so is found with LUA_CPATH=build/<variant>/?.so.
VARIANT  = release
O        = $(B)/$(VARIANT)

WARN     = -Wall -Wextra -Wshadow -Wvla -Wformat=2 -Wundef -Wstrict-prototypes \
           -Wmissing-prototypes -Wwrite-strings -Wpointer-arith -Wimplicit-fallthrough
HARDEN   = -D_FORTIFY_SOURCE=2 -fstack-protector-strong $(if $(findstring x86_64,$(shell $(CC) -dumpmachine)),-fcf-protection)
OPT      = -O2 -g
CPPFLAGS = -D_GNU_SOURCE -Isrc -I$(B)/gen -DLCT_VERSION='"$(VERSION)"'
CFLAGS   = -std=gnu17 $(OPT) $(WARN) $(STRICT) -fvisibility=hidden -fPIC
LDLIBS   = -lseccomp -lcap -lm
LDSHARED = -shared -Wl,-z,relro,-z,now,-z,noexecstack,-z,nodelete

# The init stands alone: no libc, no relocation to do, nothing that it does not need. The kernel maps 64 aligned
# KiB of a file at one fault: all of its code, if it begins there.
INIT_CFLAGS  = -std=gnu17 -Os $(WARN) $(STRICT) -ffreestanding -fPIE -fvisibility=hidden \
               -ffunction-sections -fno-jump-tables -fno-stack-protector \
               -fno-asynchronous-unwind-tables -fcf-protection=none
INIT_LDFLAGS = -nostdlib -static-pie -s \
               -Wl,--gc-sections,--build-id=none,--no-dynamic-linker,-z,noexecstack,-z,norelro,-z,noseparate-code,-z,max-page-size=65536

ifeq ($(VARIANT),release)
CFLAGS += $(HARDEN)
endif
ifeq ($(VARIANT),fault)
CPPFLAGS += -DLCT_FAULT
FAULT_SRC = src/sys/sys_fault.c
endif
ifeq ($(VARIANT),asan)
OPT = -O1 -g
CFLAGS += -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer
LDSHARED += -fsanitize=address,undefined
# without a libc: undefined behaviour traps
INIT_CFLAGS += -fsanitize=undefined -fsanitize-undefined-trap-on-error
endif
# for `make fuzz`, which has clang compile it
ifeq ($(VARIANT),fuzz)
OPT = -O1 -g
CFLAGS += -fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer
endif

CORE_SRC = \
	src/base/arena.c src/base/error.c src/base/fd.c src/base/file.c src/base/notify.c \
	src/base/parse.c src/base/poll_set.c src/base/digest.c src/base/sha256.c src/base/user.c \
	src/plan/explain.c src/plan/read.c src/plan/write.c \
	src/cgroups/change.c src/cgroups/child.c src/cgroups/delegate.c src/cgroups/device_program.c \
	src/cgroups/device_rules.c src/cgroups/files.c src/cgroups/freeze.c \
	src/cgroups/hybrid.c src/cgroups/inside.c src/cgroups/limits.c src/cgroups/listen.c \
	src/cgroups/manager.c src/cgroups/mark.c src/cgroups/mounts.c src/cgroups/none.c \
	src/cgroups/place.c src/cgroups/procs.c src/cgroups/search.c src/cgroups/stats.c \
	src/cgroups/systemd.c src/cgroups/systemd_bus.c src/cgroups/systemd_limits.c \
	src/cgroups/systemd_names.c src/cgroups/systemd_values.c src/cgroups/teardown.c \
	src/cgroups/tree.c src/cgroups/v1.c src/cgroups/v1_devices.c src/cgroups/v1_limits.c \
	src/cgroups/v1_stats.c src/cgroups/v2.c src/cgroups/v2_controllers.c \
	src/cgroups/v2_limits.c src/cgroups/v2_stats.c src/cgroups/waiting.c \
	src/seccomp/compile.c src/seccomp/default.c src/seccomp/answers.c src/seccomp/newer.c src/seccomp/notify.c \
	src/seccomp/prove.c src/seccomp/shorten.c \
	src/network/bridge.c src/network/link.c src/network/mnl.c src/network/netlink.c \
	src/network/route.c src/network/text.c \
	src/configs/compile.c src/configs/compile_attributes.c src/configs/compile_cgroups.c src/configs/compile_credentials.c \
	src/configs/compile_devices.c src/configs/compile_mounts.c src/configs/compile_options.c src/configs/compile_places.c \
	src/configs/compile_landlock.c src/configs/compile_layers.c src/configs/compile_networks.c src/configs/compile_process.c src/configs/mappings.c src/configs/names.c src/configs/namespaces.c \
	src/configs/layers.c src/configs/path.c src/configs/schema.c \
	src/configs/validate.c src/configs/validate_attributes.c src/configs/validate_cgroups.c src/configs/validate_fields.c src/configs/validate_layers.c src/configs/validate_mappings.c \
	src/configs/validate_mounts.c src/configs/validate_networks.c src/configs/validate_sysctl.c \
	src/nsenter/helper.c src/nsenter/idmap.c src/nsenter/spawn.c \
	src/files/attributes.c src/files/copy.c src/files/files.c src/files/map.c src/files/maker.c src/files/place.c \
	src/container/attendant.c src/container/checkpoint.c src/container/console.c src/container/container.c src/container/descriptors.c src/container/envoy.c \
	src/container/factory.c src/container/features.c src/container/handover.c src/container/hook.c src/container/host.c src/container/ids.c src/container/images.c \
	src/container/join.c \
	src/container/keeper.c src/container/latch.c src/container/launch.c src/container/layer.c src/container/mounting.c src/container/network.c src/container/pids.c \
	src/container/process.c src/container/raw.c src/container/resources.c src/container/rlimits.c src/container/root.c src/container/scout.c src/container/session.c \
	src/container/sibling.c src/container/signals.c src/container/datagram.c src/container/staging.c src/container/stats.c src/container/stdio.c src/container/users.c \
	src/container/trees.c src/container/user_namespace.c src/container/watcher.c \
	src/binding/bundle.c src/binding/checkpoint.c src/binding/container.c src/binding/convert.c src/binding/core.c \
	src/binding/factory.c src/binding/features.c src/binding/files.c \
	src/binding/failure.c src/binding/group.c src/binding/image.c src/binding/listener.c src/binding/network.c \
	src/binding/mounting.c src/binding/notify.c \
	src/binding/layer.c src/binding/poll_set.c src/binding/process.c src/binding/seccomp.c \
	src/binding/session.c src/binding/stats.c src/binding/stream.c src/binding/system.c src/binding/datagram.c src/binding/terminal.c \
	src/binding/usage.c src/binding/userdata.c \
	$(FAULT_SRC)
INIT_SRC = \
	src/init/attributes.c src/init/copy_up.c src/init/credentials.c src/init/devices.c src/init/exec.c src/init/guard.c src/init/host_part.c \
	src/init/init_linux.c src/init/join.c src/init/labels.c src/init/landlock.c src/init/lookup.c src/init/mounts.c src/init/namespaces.c src/init/overlay.c \
	src/init/paths.c src/init/rootfs.c src/init/scheduling.c src/init/slots.c src/init/start.c src/init/terminal.c \
	src/init/watch.c \
	src/plan/read.c $(FAULT_SRC)
# reads archives, in a container: with a libc, and libarchive when it runs
UNPACK_SRC = \
	src/unpack/layer.c src/unpack/library.c src/unpack/main.c src/unpack/members.c \
	src/unpack/report.c src/unpack/source.c src/unpack/tree.c src/base/digest.c src/base/sha256.c
TEST_SRC = \
	spec/c/test_main.c spec/c/test_base.c spec/c/test_parse.c spec/c/test_plan.c \
	spec/c/test_cgroups.c spec/c/test_cgroup_change.c spec/c/test_cgroup_limits.c spec/c/test_configs.c \
	spec/c/test_compile.c spec/c/test_seccomp.c \
	spec/c/test_network.c spec/c/test_stats.c spec/c/test_systemd.c
FUZZ_TARGETS = bus devices layer mountinfo netlink notify options paths places plan process profile properties session \
	shorten stats users words
FUZZ_SRC = spec/fuzz/driver.c $(FUZZ_TARGETS:%=spec/fuzz/%.c)
FUZZ_HEADERS = $(wildcard spec/fuzz/*.h)
HEADERS  = $(wildcard src/*/*.h src/*/*.def src/sys/arch/*.h spec/c/*.h bench/*.h)
LUA_SRC  = $(wildcard lua/libcontainer/*.lua lua/libcontainer/*/*.lua lua/nsinit/*.lua lua/nsinit/*/*.lua)

CORE_OBJ = $(CORE_SRC:src/%.c=$(O)/obj/%.o)
INIT_OBJ = $(INIT_SRC:src/%.c=$(O)/init-obj/%.o)
# what the tests link: the core without the binding
TEST_OBJ = $(filter-out $(O)/obj/binding/%,$(CORE_OBJ))
# and the fuzz targets too: what of the init reads what a stranger may have made, with a libc
FUZZ_OBJ = $(TEST_OBJ) $(O)/obj/init/paths.o $(O)/obj/init/slots.o
# what of unpack does so; the target layer alone has the reports that it calls
FUZZ_LAYER_OBJ = $(O)/obj/unpack/layer.o $(O)/obj/unpack/source.o $(O)/obj/unpack/tree.o

.PHONY: all help deps env demo check check-c check-floors check-exports check-v2 check-v2-core check-systemd check-apparmor check-selinux check-rootless \
	check-rootless-here check-rootless-v2 check-engines check-engines-machine lint \
	apicheck asan sweep fault fuzz bench doc install clean size
.DELETE_ON_ERROR:
MAKEFLAGS += --no-builtin-rules
# `make V=1` shows the commands
ifneq ($(V),1)
Q = @
SAY = $(if $(findstring s,$(firstword -$(MAKEFLAGS))),@:,@echo)
else
SAY = @:
endif

all: $(O)/libcontainer/core.so $(O)/libcontainer/init $(O)/libcontainer/unpack $(O)/bin/nsinit

help:
	@echo "make deps        install the Debian packages that are missing"
	@echo "make             build $(O)/libcontainer/core.so"
	@echo "make demo        build this project's C sources inside a container"
	@echo "make check       floors, lint, exports, C tests, specs"
	@echo "make check-engines  podman, containerd and Docker, with nsinit as their runtime"
	@echo "make check-engines-machine  podman of an ordinary user, and its checkpoints, in virtual machines"
	@echo "make apicheck    the specs by a Lua that checks how its C API is used"
	@echo "make asan        the specs under AddressSanitizer and UBSan"
	@echo "make sweep       the sweeps of faults, with each call failing in every way"
	@echo "make fuzz        hostile input made up by libFuzzer, FUZZ_SECONDS=600 for each target; FUZZ=plan: one"
	@echo "make check-v2    the specs in a virtual machine that has nothing but cgroup v2"
	@echo "make check-v2-core  of those the ones that are about cgroups, in some minutes"
	@echo "make check-rootless  the specs of spec/rootless as an ordinary user, here and in a virtual machine"
	@echo "make check-apparmor  the specs of spec/apparmor in a virtual machine with AppArmor"
	@echo "make check-selinux  the specs of spec/selinux in a virtual machine with SELinux and a policy of theirs"
	@echo "make check-systemd  the specs of spec/systemd in a virtual machine that systemd runs"
	@echo "make bench       one table of ratios: bare kernel work, this library, runc, crun"
	@echo "make doc         doc/reference/fields.md and the editor's annotations, from the schema"
	@echo "make install     into PREFIX, LIBDIR, LUADIR (what luarocks calls)"
	@echo "make env         shell lines that make this checkout usable: eval \"\$$(make -s env)\""
	@echo "make clean       remove build/"

# --- packages ---

DEPS_RUN   = lua5.4 liblua5.4-dev libseccomp-dev libcap-dev lua-cjson lua-cjson-dev gcc libc6-dev
DEPS_CHECK = lua-busted lua-check luarocks busybox-static criu iptables iproute2 libmnl0 uidmap bzip2 xz-utils zstd \
	libarchive13 umoci skopeo lua-readline lua-cqueues lua-luv
DEPS_ENGINES = podman conmon catatonit containerd docker.io bsdutils iproute2
DEPS_FUZZ  = clang libclang-rt-14-dev
DEPS_VM    = apparmor checkpolicy qemu-system-x86 qemu-system-common linux-image-cloud-amd64 cpio kmod file util-linux \
	systemd-sysv dbus libpam-systemd dbus-user-session
deps:
	@missing=$$(for p in $(DEPS_RUN) $(if $(DEPS_ALL),$(DEPS_CHECK)) $(if $(DEPS_OTHERS),$(DEPS_ENGINES)) $(if $(DEPS_CLANG),$(DEPS_FUZZ)) $(if $(DEPS_MACHINE),$(DEPS_VM)); do \
		dpkg-query -W -f='$${Status}' $$p 2>/dev/null | grep -q 'ok installed' || echo $$p; done); \
	if [ -n "$$missing" ]; then \
		echo "installing missing packages:" $$missing; \
		apt-get update -qq && DEBIAN_FRONTEND=noninteractive \
			apt-get install -y -qq --no-install-recommends $$missing >/dev/null; \
	fi

# --- generated: never committed ---

# Two names that must exist before anything else is compiled.
$(B)/gen/seccomp_profile.inc: src/seccomp/embed.lua $(wildcard lua/libcontainer/configs/seccomp*.lua)
	@mkdir -p $(@D)
	$(SAY) "  GEN  $@"
	$(Q)$(LUA) src/seccomp/embed.lua lua/libcontainer/configs/seccomp.lua > $@

EMBED_SRC = src/seccomp/embed.c src/seccomp/compile.c src/seccomp/answers.c src/seccomp/newer.c src/seccomp/prove.c src/seccomp/shorten.c \
	src/base/arena.c src/base/error.c \
	src/base/fd.c
$(B)/gen/embed: $(EMBED_SRC) $(B)/gen/seccomp_profile.inc $(HEADERS)
	$(SAY) "  CC   $@"
	$(Q)$(CC) -D_GNU_SOURCE -Isrc -I$(B)/gen -std=gnu17 -O1 $(WARN) -o $@ $(EMBED_SRC) -lseccomp

$(B)/gen/seccomp_default.inc: $(B)/gen/embed
	$(SAY) "  GEN  $@"
	$(Q)$(B)/gen/embed > $@

# --- the two programs ---

$(O)/init-obj/%.o: src/%.c $(HEADERS)
	@mkdir -p $(@D)
	$(SAY) "  CC   $@"
	$(Q)$(CC) $(CPPFLAGS) $(INIT_CFLAGS) -c -o $@ $<

# A relocation would need a loader that is not there, and gcc of some machines asks for one.
$(O)/libcontainer/init: $(INIT_OBJ)
	@mkdir -p $(@D)
	$(SAY) "  LD   $@"
	$(Q)$(CC) $(INIT_LDFLAGS) -o $@ $(INIT_OBJ)
	@! readelf -rlW $@ | grep -q 'R_\| INTERP ' || { echo "$@ needs a loader" >&2; rm -f $@; exit 1; }
	@echo "init program: $$(stat -c %s $@) bytes" >&2

# What nsinit carries, compiled by the Lua that it is linked with.
$(B)/gen/embed-modules: src/nsinit/embed.c
	@mkdir -p $(@D)
	$(SAY) "  CC   $@"
	$(Q)$(CC) -D_GNU_SOURCE -I$(LUA_INC) -std=gnu17 -O1 $(WARN) -o $@ $< $(LIBLUA) -lm -ldl
$(B)/gen/nsinit_modules.inc: $(B)/gen/embed-modules $(LUA_SRC)
	$(SAY) "  GEN  $@"
	$(Q)$(B)/gen/embed-modules $(B)/gen/nsinit_modules $@ $(LUA_SRC)
$(O)/obj/nsinit/modules.o: private CPPFLAGS += -DLCT_MODULES_FILE='"$(B)/gen/nsinit_modules"'
$(O)/obj/nsinit/modules.o: $(B)/gen/nsinit_modules.inc

# bin/nsinit leads here. The library's core is in it, as it is in core.so. It is linked statically where there are the
# archives, because a loader and its libraries cost as much as a command; then there is the whole program beside the
# core, for what loads libraries (src/nsinit/alone.h). What that one loads finds Lua in it: -E.
NSINIT_OBJ = $(O)/obj/nsinit/memory.o $(O)/obj/nsinit/modules.o $(CORE_OBJ)
archive = $(or $(filter /%,$(shell $(CC) -print-file-name=lib$(1).a)),-l$(1))
CJSON = $(filter /%,$(call archive,lua5.4-cjson))
NSINIT_LIBS = $(CJSON) $(LIBLUA) $(call archive,seccomp) $(call archive,cap) -lm -ldl
LINK_NSINIT = $(CC) $(CPPFLAGS) $(if $(CJSON),-DLCT_CJSON) -I$(LUA_INC) $(CFLAGS) -fPIE -Wl,-z,relro,-z,now,-z,noexecstack
LINK_WHOLE = $(LINK_NSINIT) -pie -Wl,-E
# Its relocations in 1 kB instead of 130 kB, all of which it would read at every start: where linker and C library know that.
PACK = -Wl,-z,pack-relative-relocs
PACKED = $(shell echo 'int there, *volatile place = &there; int main(void) { return place != &there; }' | \
	$(CC) -x c - -fPIE -static-pie $(PACK) -o $(B)/gen/packed 2>/dev/null && $(B)/gen/packed && echo $(PACK))
LINK_ALONE = $(LINK_NSINIT) -static-pie $(PACKED) -Wl,--wrap=dlopen,--wrap=dlsym,--wrap=dlclose,--wrap=dlerror
NO_ARCHIVE = $(filter -l%,$(LIBLUA) $(foreach name,c m seccomp cap lua5.4-cjson,$(call archive,$(name))))
ifeq ($(VARIANT) $(NO_ARCHIVE),release )
NSINIT_WHOLE = $(O)/libcontainer/nsinit
all: $(NSINIT_WHOLE)
$(O)/bin/nsinit: src/nsinit/alone.c
endif
$(B)/apicheck/bin/nsinit: private LIBLUA = $(B)/apicheck/liblua5.4.a
$(O)/bin/nsinit $(B)/apicheck/bin/nsinit $(O)/libcontainer/nsinit: src/nsinit/main.c $(NSINIT_OBJ)
	@mkdir -p $(@D)
	$(SAY) "  LD   $@"
	$(Q)$(if $(filter src/nsinit/alone.c,$^),$(LINK_ALONE) -DLCT_WHOLE='"/$(NSINIT_WHOLE)"',$(LINK_WHOLE)) \
		-DLCT_CHECKOUT='"/$@"' -DLCT_BUILD='"$(O)"' -o $@ $^ $(NSINIT_LIBS)

# The same in every build: a sanitizer's library is not in its container.
$(O)/libcontainer/unpack: $(UNPACK_SRC) $(HEADERS)
	@mkdir -p $(@D)
	$(SAY) "  CC   $@"
	$(Q)$(CC) -D_GNU_SOURCE -Isrc -DLCT_VERSION='"$(VERSION)"' -std=gnu17 -O2 -g $(WARN) $(STRICT) $(HARDEN) \
		-fPIE -pie -Wl,-z,relro,-z,now,-z,noexecstack -o $@ $(UNPACK_SRC) -ldl

$(O)/obj/seccomp/default.o: $(B)/gen/seccomp_default.inc
$(O)/obj/nsenter/helper.o: private CPPFLAGS += -DLCT_INIT_FILE='"$(O)/libcontainer/init"'
$(O)/obj/nsenter/helper.o: $(O)/libcontainer/init
$(O)/obj/binding/%.o $(O)/obj/nsinit/%.o: private CPPFLAGS += -I$(LUA_INC)
$(O)/obj/%.o: src/%.c $(HEADERS)
	@mkdir -p $(@D)
	$(SAY) "  CC   $@"
	$(Q)$(CC) $(CPPFLAGS) $(CFLAGS) -c -o $@ $<

# liblua is not linked: the interpreter that loads us has it. [no second Lua in the process]
$(O)/libcontainer/core.so: $(CORE_OBJ)
	@mkdir -p $(@D)
	$(SAY) "  LD   $@"
	$(Q)$(CC) $(LDSHARED) -o $@ $(CORE_OBJ) $(LDLIBS)

# the fuzz targets with what was chosen for them once; no clang is needed
$(O)/replay $(O)/bus: private LDLIBS += -Wl,--wrap=dlopen,--wrap=dlsym,--wrap=dlclose
$(O)/replay: $(FUZZ_SRC) $(FUZZ_HEADERS) $(FUZZ_OBJ) $(FUZZ_LAYER_OBJ) $(HEADERS)
	$(SAY) "  LD   $@"
	$(Q)$(CC) $(CPPFLAGS) $(CFLAGS) -o $@ $(FUZZ_SRC) $(FUZZ_OBJ) $(FUZZ_LAYER_OBJ) $(LDLIBS)

$(O)/test: $(TEST_SRC) $(TEST_OBJ) $(HEADERS)
	$(SAY) "  LD   $@"
	$(Q)$(CC) $(CPPFLAGS) $(CFLAGS) -o $@ $(TEST_SRC) $(TEST_OBJ) $(LDLIBS)

size: $(O)/libcontainer/init
	@size $(O)/libcontainer/init

# --- using the checkout ---

LUA_ENV = LUA_PATH="$(CURDIR)/lua/?.lua;$(CURDIR)/lua/?/init.lua;$(CURDIR)/?.lua;;" \
	LUA_CPATH="$(CURDIR)/$(O)/?.so;;"
# What this prints is evaluated by a shell: the build's own words go to stderr.
env:
	@$(MAKE) --no-print-directory -s all >&2
	@echo 'export LUA_PATH="$(CURDIR)/lua/?.lua;$(CURDIR)/lua/?/init.lua;;"'
	@echo 'export LUA_CPATH="$(CURDIR)/$(O)/?.so;;"'

demo: deps
	@$(MAKE) --no-print-directory -s all
	@$(LUA_ENV) $(LUA) examples/build_in_sandbox.lua

# --- checking ---

check: DEPS_ALL = 1
check: deps
	@$(MAKE) --no-print-directory STRICT=-Werror all fault
	@$(MAKE) --no-print-directory check-floors check-exports lint
	@spec/support/run-all $(O)

# podman, containerd and Docker, each with nsinit as its runtime, in a place of its own on this machine.
check-engines: DEPS_ALL = 1
check-engines: DEPS_OTHERS = 1
check-engines: deps
	@$(MAKE) --no-print-directory -s STRICT=-Werror all
	@spec/support/run-engines $(O) $(or $(SPECS),spec/engines)

check-floors:
	@$(LUA) spec/support/floors.lua

check-exports: $(O)/libcontainer/core.so
	@exported=$$(nm -D --defined-only $< | awk '$$2 ~ /[A-Z]/ { print $$3 }'); \
	if [ "$$exported" != luaopen_libcontainer_core ]; then \
		echo "core.so exports: $$exported" >&2; exit 1; fi; echo "exports: 1 symbol"
	@if readelf -d $< | grep -q 'NEEDED.*liblua'; then echo "core.so links liblua" >&2; exit 1; fi

check-c: $(O)/test $(O)/replay
	@$(O)/test; tested=$$?; $(O)/replay spec/fuzz/corpus && exit $$tested

fault:
	@$(MAKE) --no-print-directory VARIANT=fault all

lint:
	@luacheck -q lua spec examples bench $(wildcard doc/*.lua src/*/*.lua)

# The same specs by an interpreter that checks how its API is used. `make apicheck SPECS=spec/unit`
SPECS =
apicheck: DEPS_ALL = 1
apicheck: deps
	@$(MAKE) --no-print-directory all fault
	@spec/support/build-checked-lua $(B)/apicheck
	@$(MAKE) --no-print-directory $(B)/apicheck/bin/nsinit
	@PATH="$(CURDIR)/$(B)/apicheck:$$PATH" LIBCONTAINER_NSINIT=$(B)/apicheck/bin/nsinit spec/support/run-all $(O) $(SPECS)

asan: DEPS_ALL = 1
asan: deps
	@$(MAKE) --no-print-directory VARIANT=asan STRICT=-Werror all build/asan/test build/asan/replay
	@spec/support/run-all build/asan

# The specs that make calls fail, each of them and in every way: of most, `make check` tries some.
sweep: DEPS_ALL = 1
sweep: deps
	@$(MAKE) --no-print-directory all fault
	@LIBCONTAINER_SWEEP=full spec/support/run-all $(O) $(or $(SPECS),$(wildcard spec/integration/fault_*_spec.lua))

# --- fuzzing ---

# What is found new goes to build/fuzz/found/TARGET, and what breaks off to build/fuzz/TARGET-*.
FUZZ ?= $(FUZZ_TARGETS)
FUZZ_SECONDS ?= 600
fuzz: DEPS_CLANG = 1
fuzz: deps
	@$(MAKE) --no-print-directory VARIANT=fuzz CC=clang $(FUZZ:%=build/fuzz/%)
	@for target in $(FUZZ); do \
		echo "== $$target, $(FUZZ_SECONDS) s"; mkdir -p build/fuzz/found/$$target; \
		build/fuzz/$$target -max_total_time=$(FUZZ_SECONDS) -timeout=20 -rss_limit_mb=1024 \
			-print_final_stats=1 -verbosity=0 -artifact_prefix=build/fuzz/$$target- \
			build/fuzz/found/$$target spec/fuzz/corpus/$$target || exit 1; \
	done

ifeq ($(VARIANT),fuzz)
$(FUZZ_TARGETS:%=$(O)/%): $(O)/%: spec/fuzz/%.c spec/fuzz/driver.c $(FUZZ_HEADERS) $(FUZZ_OBJ) $(HEADERS)
	$(SAY) "  LD   $@"
	$(Q)$(CC) $(CPPFLAGS) $(CFLAGS) -DFUZZ_TARGET=$* -fsanitize=fuzzer -o $@ $(filter %.c %.o,$^) $(LDLIBS)
$(O)/layer: $(FUZZ_LAYER_OBJ)
endif

# --- checking in a machine of its own ---

# vm-run [OPTION...] -- COMMAND runs a command in a virtual machine that sees this machine's files and
# has cgroup v2 alone. It is no part of this project; without it these are skipped. The specs of
# spec/unit are left out there: they meet no kernel; so are those that spec/support/left-out-of-vm names,
# unless they are asked for: make check-v2 SPECS="spec/integration/mounts_spec.lua".
VM_RUN ?= $(firstword $(shell command -v vm-run) $(wildcard ../*/vm/vm-run))

check-v2 check-systemd check-apparmor check-selinux: DEPS_ALL = 1
check-v2 check-systemd check-apparmor check-selinux check-engines-machine: DEPS_MACHINE = 1
check-v2: $(if $(VM_RUN),deps)
	@$(if $(VM_RUN),$(MAKE) --no-print-directory -s STRICT=-Werror all fault $(O)/test $(O)/replay)
	@spec/support/run-vm "$(VM_RUN)" $(O) $(or $(SPECS),spec/integration)
# What the driver of v2 does: limits, accounting, the freezer, killing, events, delegation.
V2_CORE = cgroups cgroup_mounts devices events exec exec_result limits pause resources set stats stop v2
check-v2-core:
	@$(MAKE) --no-print-directory check-v2 SPECS="$(V2_CORE:%=spec/integration/%_spec.lua)"
check-apparmor: $(if $(VM_RUN),deps)
	@$(if $(VM_RUN),$(MAKE) --no-print-directory -s STRICT=-Werror all fault $(O)/test $(O)/replay)
	@spec/support/run-vm "$(VM_RUN) --lsm apparmor" $(O) $(or $(SPECS),spec/apparmor)
check-selinux: $(if $(VM_RUN),deps)
	@$(if $(VM_RUN),$(MAKE) --no-print-directory -s STRICT=-Werror all fault $(O)/test $(O)/replay)
	@spec/support/run-vm "$(VM_RUN) --lsm selinux" $(O) $(or $(SPECS),spec/selinux)
# Engines in such machines: podman of an ordinary user, in his session, and its checkpoints.
ENGINE_MACHINE = $(if $(VM_RUN),$(VM_RUN) --env LIBCONTAINER_ENGINES_AT=/tmp/engines \
	--env LIBCONTAINER_ENGINES_NSINIT=$(CURDIR)/$(O)/bin/nsinit)
check-engines-machine: DEPS_ALL = 1
check-engines-machine: DEPS_OTHERS = 1
check-engines-machine: $(if $(VM_RUN),deps)
	@$(if $(VM_RUN),$(MAKE) --no-print-directory -s STRICT=-Werror all fault $(O)/test $(O)/replay)
	@spec/support/run-vm "$(ENGINE_MACHINE) --systemd --rootless" $(O) spec/machine/podman_rootless_spec.lua
	@spec/support/run-vm "$(ENGINE_MACHINE)" $(O) spec/machine/podman_checkpoint_spec.lua
check-systemd: $(if $(VM_RUN),deps)
	@$(if $(VM_RUN),$(MAKE) --no-print-directory -s STRICT=-Werror all fault $(O)/test $(O)/replay)
	@spec/support/run-vm "$(VM_RUN) --systemd" $(O) $(or $(SPECS),spec/systemd)

# As an ordinary user: here, where root makes one, and in the machine, where he is there. The first needs root
# or is that user.
check-rootless: check-rootless-here check-rootless-v2
check-rootless-here check-rootless-v2: DEPS_ALL = 1
check-rootless-v2: DEPS_MACHINE = $(if $(VM_RUN),1)
check-rootless-here: deps
	@$(MAKE) --no-print-directory -s STRICT=-Werror all
	@spec/support/run-rootless $(O) $(or $(SPECS),spec/rootless)
check-rootless-v2: deps
	@$(MAKE) --no-print-directory -s STRICT=-Werror all
	@spec/support/run-vm "$(VM_RUN) --rootless" $(O) $(or $(SPECS),spec/rootless)

# --- measuring ---

BENCH_BARE = -Os -static -nostdlib -ffreestanding -fno-stack-protector -fno-pie
$(B)/bench/floor: bench/floor.c bench/floor.h
	@mkdir -p $(@D)
	$(SAY) "  CC   $@"
	$(Q)$(CC) -std=gnu17 -O2 $(WARN) -fno-stack-protector -o $@ bench/floor.c
$(B)/bench/floor-init: bench/floor_init.c bench/floor.h
	@mkdir -p $(@D)
	$(SAY) "  CC   $@"
	$(Q)$(CC) -std=gnu17 $(WARN) $(BENCH_BARE) -o $@ bench/floor_init.c
$(B)/bench/stats-floor: bench/stats_floor.c
$(B)/bench/pause-floor: bench/pause_floor.c
$(B)/bench/timed: bench/timed.c
$(B)/bench/stats-floor $(B)/bench/pause-floor $(B)/bench/timed:
	@mkdir -p $(@D)
	$(SAY) "  CC   $@"
	$(Q)$(CC) -std=gnu17 -O2 $(WARN) -o $@ $<
$(B)/bench/true $(B)/bench/sleeper: $(B)/bench/%: bench/%.c bench/floor.h
	@mkdir -p $(@D)
	$(SAY) "  CC   $@"
	$(Q)$(CC) -std=gnu17 $(WARN) $(BENCH_BARE) -o $@ $<

BENCH = floor floor-init stats-floor pause-floor timed true sleeper
bench: all $(BENCH:%=$(B)/bench/%)
	@$(LUA_ENV) $(LUA) bench/run.lua

doc: all
	@$(LUA_ENV) $(LUA) doc/fields.lua > doc/reference/fields.md
	@$(LUA_ENV) $(LUA) doc/annotations.lua > lua/libcontainer/meta/fields.lua

# --- installing: luarocks gives LIBDIR, LUADIR, BINDIR ---

PREFIX ?= /usr/local
LIBDIR ?= $(PREFIX)/lib/lua/5.4
LUADIR ?= $(PREFIX)/share/lua/5.4
BINDIR ?= $(PREFIX)/bin
SHAREDIR ?= $(PREFIX)/share
# The command is linked again: installed, it has no checkout.
INSTALL_NSINIT = -DLCT_LIBDIR='"$(LIBDIR)"' src/nsinit/main.c
install: all
	install -d "$(DESTDIR)$(LIBDIR)/libcontainer"
	install -m 755 $(O)/libcontainer/core.so $(O)/libcontainer/init $(O)/libcontainer/unpack \
		"$(DESTDIR)$(LIBDIR)/libcontainer"
	for f in $(LUA_SRC:lua/%=%); do install -D -m 644 lua/$$f "$(DESTDIR)$(LUADIR)/$$f" || exit 1; done
	install -d "$(DESTDIR)$(BINDIR)"
	$(if $(NSINIT_WHOLE),$(LINK_ALONE) $(INSTALL_NSINIT) src/nsinit/alone.c \
		-DLCT_WHOLE='"$(LIBDIR)/libcontainer/nsinit"',$(LINK_WHOLE) $(INSTALL_NSINIT)) \
		-o "$(DESTDIR)$(BINDIR)/nsinit" $(NSINIT_OBJ) $(NSINIT_LIBS)
	$(if $(NSINIT_WHOLE),$(LINK_WHOLE) $(INSTALL_NSINIT) -o "$(DESTDIR)$(LIBDIR)/libcontainer/nsinit" \
		$(NSINIT_OBJ) $(NSINIT_LIBS))
	$(LUA_ENV) $(LUA) doc/nsinit_pages.lua $(O)/share
	for f in man/man1/nsinit.1 bash-completion/completions/nsinit zsh/site-functions/_nsinit \
		fish/vendor_completions.d/nsinit.fish; do \
		install -D -m 644 $(O)/share/$$f "$(DESTDIR)$(SHAREDIR)/$$f" || exit 1; done

clean:
	rm -rf $(B)
