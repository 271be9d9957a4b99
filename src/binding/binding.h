/* SPDX-License-Identifier: MIT */
/*
 * What the binding files share. One file per userdata type; each is, from top to bottom: check,
 * constructor, methods, metamethods, tables. The rules that keep a raised Lua error from leaking:
 * a userdata exists, with its metatable, before the resource that it holds; whatever may raise
 * comes before the effect or after the resource is in its userdata.
 *
 * A failed operation returns nil and a raw error table { errno, step, subject, field }, which
 * lua/libcontainer/errors.lua turns into the object that users see.
 */
#ifndef LCT_BINDING_BINDING_H
#define LCT_BINDING_BINDING_H

#include "base/arena.h"
#include "base/error.h"
#include "configs/configs.h"
#include "container/container.h"
#include "container/host.h"
#include "container/process.h"

#include <lauxlib.h>
#include <lua.h>

/* Pids, sizes, flags of 64 bits and times all go through lua_Integer and lua_Number, and the Lua modules
 * write numbers into texts. A Lua that was built for less would cut them or fail far from here. */
#if LUA_VERSION_NUM != 504
#error "libcontainer needs the headers of Lua 5.4"
#endif
#if LUA_32BITS
#error "libcontainer needs a Lua with 64-bit integers: build Lua without LUA_32BITS"
#endif
#ifdef LUA_NOCVTN2S
#error "libcontainer needs numbers that become strings: build Lua without LUA_NOCVTN2S"
#endif
_Static_assert(sizeof(void *) == 8, "libcontainer needs a 64-bit machine");
_Static_assert(sizeof(lua_Integer) == 8, "libcontainer needs a Lua with 64-bit integers");
_Static_assert(sizeof(lua_Number) == 8 && (lua_Number) 0.5 != 0,
	"libcontainer needs a Lua whose numbers are doubles");

#define LCT_HOST_TYPE "libcontainer.host"
#define LCT_FACTORY_TYPE "libcontainer.root"
#define LCT_DIRECTORY_TYPE "libcontainer.directory"
#define LCT_LOCK_TYPE "libcontainer.lock"
#define LCT_CONTAINER_TYPE "libcontainer.core.container"
#define LCT_SESSION_TYPE "libcontainer.session"
#define LCT_PROCESS_TYPE "libcontainer.core.process"
#define LCT_STREAM_TYPE "libcontainer.core.stream"
#define LCT_GROUP_TYPE "libcontainer.group"
#define LCT_RAW_TYPE "libcontainer.raw"
#define LCT_CHANGES_TYPE "libcontainer.changes"
#define LCT_LISTENER_TYPE "libcontainer.core.listener"
#define LCT_NOTIFIER_TYPE "libcontainer.core.notifier"
#define LCT_POLL_SET_TYPE "libcontainer.poll_set"
#define LCT_STAGING_TYPE "libcontainer.staging"
#define LCT_SIGNALS_TYPE "libcontainer.core.signals"
#define LCT_DATAGRAM_TYPE "libcontainer.core.datagram"
#define LCT_FILES_TYPE "libcontainer.core.files"
#define LCT_COPY_TYPE "libcontainer.core.copy"

struct box_host {
	struct lc_host host;
	bool is_open;
};
struct box_container { /* user value 1: its host */
	struct lc_container container;
	bool is_open;
};

/* failure.c: push nil and the raw error; answers 2. `field` may be NULL. */
int lc_lua_failure(lua_State *L, const struct lc_error *err, const char *field);
/* The answer of a call that has nothing to tell: true, or when `result` is negative what lc_lua_failure
 * pushes. */
int lc_lua_answer(lua_State *L, int result, const struct lc_error *err);

/* usage.c: push the accounting of a cgroup; answers 1, or 2 for nil and a raw error. */
int lc_lua_push_usage(lua_State *L, struct lc_cgroup *cgroup);

/* convert.c: read the table at `index` into a zeroed struct of `section`. Raises on what the Lua
 * modules should never have let through. */
void lc_lua_read_section(lua_State *L, int index, const struct lc_section *section, void *out,
	struct lc_arena *arena);
/*
 * convert.c: run `body` with the arguments of the caller, and answer what it answers. When memory of
 * ours (not of Lua) runs out in it, that is nil and a raw error, like any other failure: whoever
 * fills an arena below `body` calls lc_lua_no_memory, which does not return.
 */
int lc_lua_with_arena(lua_State *L, lua_CFunction body);
int lc_lua_no_memory(lua_State *L);
/* convert.c: push an arena that the collector frees, whatever is raised. */
struct lc_arena *lc_lua_arena(lua_State *L);
/* convert.c: push the schema as a table. */
int lc_lua_push_schema(lua_State *L);

/* userdata.c: */
/* A new metatable called `name` with these methods and metamethods. */
void lc_lua_type(lua_State *L, const char *name, const luaL_Reg *methods,
	const luaL_Reg *metamethods);
/* Add methods to that type, which another file has made. */
void lc_lua_extend(lua_State *L, const char *name, const luaL_Reg *methods);
/* Milliseconds from seconds at `index`, `fallback` when absent; negative and NaN raise. */
int lc_lua_timeout_ms(lua_State *L, int index, int fallback);
/* May objects of this state act, or are we in a forked child of their owner? */
bool lc_lua_is_owner(const struct lc_host *host);

/* The host at `index`; anything else raises. */
struct lc_host *lc_lua_host(lua_State *L, int index);
/* "auto", "fs" or "systemd" at `index`, "auto" when absent. */
enum lc_cgroup_manager lc_lua_manager(lua_State *L, int index);
struct lc_container *lc_lua_container(lua_State *L, int index);
/* Push an empty directory object, to be filled with a descriptor; the descriptor of one. */
int *lc_lua_push_directory(lua_State *L);
int lc_lua_directory(lua_State *L, int index);
/* Push an empty process object, to be filled. */
struct lc_process *lc_lua_push_process(lua_State *L);
/* Push one that shares the process of a sibling, as one of its holders. */
struct lc_sibling;
void lc_lua_push_sibling(lua_State *L, struct lc_sibling *sibling);
/* Push an empty stream object, to be filled with a descriptor. */
int *lc_lua_push_stream(lua_State *L);
/* Push an empty notifier object, to be filled with a listener. */
int *lc_lua_push_notifier(lua_State *L);
/* The cgroup of a group object. */
struct lc_cgroup *lc_lua_group(lua_State *L, int index);
/* The descriptor of a stream object, an integer or a Lua file; raises for anything else. */
int lc_lua_descriptor(lua_State *L, int index);

/* Make the types; each leaves the stack as it was. */
void lc_lua_open_host(lua_State *L);
void lc_lua_open_container(lua_State *L);
void lc_lua_open_session(lua_State *L);
void lc_lua_open_group(lua_State *L);
void lc_lua_open_checkpoint(lua_State *L); /* behind host and container */
void lc_lua_open_process(lua_State *L);
void lc_lua_open_stream(lua_State *L);
void lc_lua_open_terminal(lua_State *L); /* behind the stream */
void lc_lua_open_listener(lua_State *L); /* behind container and group */
void lc_lua_open_stats(lua_State *L);    /* behind the container */
void lc_lua_open_poll_set(lua_State *L);
void lc_lua_open_network(lua_State *L);  /* behind the container */
void lc_lua_open_notifier(lua_State *L);
void lc_lua_open_image(lua_State *L);
void lc_lua_open_system(lua_State *L);
void lc_lua_open_mounting(lua_State *L); /* behind the container */
void lc_lua_open_files(lua_State *L);    /* behind the container */
void lc_lua_open_datagram(lua_State *L);

/* stats.c: in the table at `index`, field `pressure`. */
struct lc_pressure;
void lc_lua_set_pressure(lua_State *L, int index, const struct lc_pressure *pressure);

/* Functions of the module, by file. */
int lc_lua_new_host(lua_State *L);
int lc_lua_new_root(lua_State *L);
int lc_lua_new_container(lua_State *L);
int lc_lua_saved_container(lua_State *L);
int lc_lua_found_container(lua_State *L);
int lc_lua_scope_names(lua_State *L);
int lc_lua_new_poll_set(lua_State *L);
int lc_lua_pipe(lua_State *L);
int lc_lua_null(lua_State *L);
int lc_lua_text(lua_State *L);
int lc_lua_poll(lua_State *L);
int lc_lua_send_terminal(lua_State *L);
int lc_lua_duplicate(lua_State *L);
int lc_lua_raw(lua_State *L);
int lc_lua_fileno(lua_State *L);
int lc_lua_layer_make(lua_State *L);
int lc_lua_layer_clear(lua_State *L);
int lc_lua_layer_diff(lua_State *L);
int lc_lua_bundle_file(lua_State *L);
int lc_lua_real_path(lua_State *L);
int lc_lua_open_images(lua_State *L);
int lc_lua_digest(lua_State *L);
int lc_lua_path_type(lua_State *L);
int lc_lua_open_file(lua_State *L);
int lc_lua_new_staging(lua_State *L);
int lc_lua_files_of(lua_State *L);
int lc_lua_proc_file(lua_State *L);
int lc_lua_proc_link(lua_State *L);
int lc_lua_proc_fds(lua_State *L);
int lc_lua_seccomp_compile(lua_State *L);
int lc_lua_seccomp_default(lua_State *L);
int lc_lua_syscall_known(lua_State *L);
int lc_lua_address(lua_State *L);
int lc_lua_address_fault(lua_State *L);
int lc_lua_gateway_fault(lua_State *L);
int lc_lua_mac_is_valid(lua_State *L);
int lc_lua_link_name_is_valid(lua_State *L);
int lc_lua_link_name(lua_State *L);
int lc_lua_add_bridge(lua_State *L);
int lc_lua_remove_bridge(lua_State *L);
int lc_lua_remove_links(lua_State *L);
int lc_lua_connect(lua_State *L);
int lc_lua_features(lua_State *L);
int lc_lua_signals(lua_State *L);
int lc_lua_replace_file(lua_State *L);
int lc_lua_send_descriptor(lua_State *L);
int lc_lua_make_directory(lua_State *L);
int lc_lua_datagram(lua_State *L);

#endif
