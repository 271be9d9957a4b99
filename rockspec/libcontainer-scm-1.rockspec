rockspec_format = "3.0"
package = "libcontainer"
version = "scm-1"
source = { url = "git+file://." }
description = {
  summary = "Linux containers inside the calling Lua process",
  detailed = [[
Creates, runs, inspects, limits and destroys Linux containers from Lua: no daemon, no image store,
no other runtime. A C core compiles a configuration into a plan that a tiny static init carries out.]],
  license = "MIT",
}
supported_platforms = { "linux" }
dependencies = { "lua ~> 5.4", "lua-cjson >= 2.1" }
external_dependencies = {
  SECCOMP = { header = "seccomp.h" },
  CAP = { header = "sys/capability.h" },
}
build = {
  type = "make",
  build_variables = { LUA_INC = "$(LUA_INCDIR)", LUA_LIBDIR = "$(LUA_LIBDIR)", LUA = "$(LUA)" },
  install_variables = { LIBDIR = "$(LIBDIR)", LUADIR = "$(LUADIR)", BINDIR = "$(BINDIR)", SHAREDIR = "$(PREFIX)/share",
    LUA_INC = "$(LUA_INCDIR)", LUA_LIBDIR = "$(LUA_LIBDIR)", LUA = "$(LUA)" },
}
