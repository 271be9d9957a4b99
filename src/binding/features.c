/* SPDX-License-Identifier: MIT */
/* What this kernel has, as a table. */
#include "binding/binding.h"

#include "container/features.h"

static void set_flag(lua_State *L, const char *name, bool value)
{
	lua_pushboolean(L, value);
	lua_setfield(L, -2, name);
}

/* core.features() -> { landlock, seccomp_notify, apparmor, selinux, resctrl } */
int lc_lua_features(lua_State *L)
{
	lua_createtable(L, 0, 5);
	lua_pushinteger(L, lc_features_landlock());
	lua_setfield(L, -2, "landlock");
	set_flag(L, "seccomp_notify", lc_features_notify());
	set_flag(L, "apparmor", lc_features_apparmor());
	set_flag(L, "selinux", lc_features_selinux());
	set_flag(L, "resctrl", lc_features_resctrl());
	return 1;
}
