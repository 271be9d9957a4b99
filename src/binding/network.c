/* SPDX-License-Identifier: MIT */
/* Networks: the texts of addresses and names for the rules, bridges, and what is left of pairs. */
#include "binding/binding.h"

#include "container/network.h"
#include "network/bridge.h"

#include <string.h>
#include <sys/socket.h>

#define NAMES_MAX (2 * LCT_LINK_NAMES_MAX)
#define ADDRESSES_MAX 8

/* "10.1.0.2/24" or "10.1.0.2" without a NUL in it. */
static bool read_address(lua_State *L, int index, struct lc_address *out, bool *out_is_network)
{
	size_t length;
	const char *text = luaL_checklstring(L, index, &length);

	*out_is_network = strchr(text, '/') != NULL;
	return strlen(text) == length && (*out_is_network ? lc_address_parse_network(text, out)
							   : lc_address_parse_host(text, out));
}

int lc_lua_address(lua_State *L)
{
	struct lc_address address;
	bool is_network;

	if (!read_address(L, 1, &address, &is_network))
		return 0;
	lua_pushinteger(L, address.family == AF_INET ? 4 : 6);
	if (is_network)
		lua_pushinteger(L, address.prefix);
	else
		lua_pushnil(L);
	lua_pushboolean(L, lc_address_has_host(&address));
	return 3;
}

/* Argument 2: 4 or 6. */
static int read_family(lua_State *L)
{
	lua_Integer family = luaL_checkinteger(L, 2);

	luaL_argcheck(L, family == 4 || family == 6, 2, "4 or 6 expected");
	return family == 4 ? AF_INET : AF_INET6;
}

/* Nothing for none. */
static int push_fault(lua_State *L, enum lc_address_fault fault)
{
	if (fault == LCT_ADDRESS_FINE)
		return 0;
	lua_pushstring(L, lc_address_fault_name(fault));
	lua_pushstring(L, lc_address_fault_words(fault));
	return 2;
}

int lc_lua_address_fault(lua_State *L)
{
	size_t length;
	const char *text = luaL_checklstring(L, 1, &length);
	int family = read_family(L);

	return push_fault(L, strlen(text) == length ? lc_address_check_own(text, family)
						    : LCT_ADDRESS_NO_NETWORK);
}

int lc_lua_gateway_fault(lua_State *L)
{
	size_t length;
	const char *text = luaL_checklstring(L, 1, &length);
	int family = read_family(L);
	const char *own = luaL_optstring(L, 3, NULL);

	return push_fault(L, strlen(text) == length ? lc_address_check_gateway(text, family, own)
						    : LCT_ADDRESS_NO_HOST);
}

int lc_lua_mac_is_valid(lua_State *L)
{
	uint8_t mac[LCT_MAC_SIZE];

	lua_pushboolean(L, lc_mac_parse(luaL_checkstring(L, 1), mac));
	return 1;
}

int lc_lua_link_name_is_valid(lua_State *L)
{
	size_t length;
	const char *name = luaL_checklstring(L, 1, &length);

	lua_pushboolean(L, strlen(name) == length && (lua_toboolean(L, 2) ? lc_link_template_is_valid(name)
									  : lc_link_name_is_valid(name)));
	return 1;
}

int lc_lua_link_name(lua_State *L)
{
	char name[LCT_LINK_NAME_SIZE];

	lc_link_name_make(luaL_checkstring(L, 1), (size_t) luaL_checkinteger(L, 2), name);
	lua_pushstring(L, name);
	return 1;
}

int lc_lua_add_bridge(lua_State *L)
{
	const char *name = luaL_checkstring(L, 1);
	struct lc_address addresses[ADDRESSES_MAX];
	size_t count = 0;
	struct lc_error err;

	luaL_argcheck(L, lc_link_name_is_valid(name), 1, "no name of an interface");
	luaL_argcheck(L, lua_gettop(L) - 1 <= ADDRESSES_MAX, 2, "too many addresses");
	for (int i = 2; i <= lua_gettop(L); i++) {
		bool is_network;

		luaL_argcheck(L, read_address(L, i, &addresses[count++], &is_network) && is_network,
			i, "no address with its network");
	}
	if (lc_bridge_add(name, addresses, count, &err) < 0)
		return lc_lua_failure(L, &err, NULL);
	lua_pushboolean(L, true);
	return 1;
}

int lc_lua_remove_bridge(lua_State *L)
{
	struct lc_error err;

	if (lc_bridge_remove(luaL_checkstring(L, 1), &err) < 0)
		return lc_lua_failure(L, &err, NULL);
	lua_pushboolean(L, true);
	return 1;
}

int lc_lua_remove_links(lua_State *L)
{
	const char *mark = luaL_checkstring(L, 1);
	const char *names[NAMES_MAX];
	bool is_listed = lua_istable(L, 2);
	size_t count = 0;
	struct lc_error err;

	if (is_listed) {
		luaL_checkstack(L, NAMES_MAX, "links");
		for (lua_Integer i = 1; count < NAMES_MAX && lua_rawgeti(L, 2, i) != LUA_TNIL; i++)
			names[count++] = luaL_checkstring(L, -1); /* the table keeps it */
	}
	if (lc_network_remove(is_listed ? names : NULL, count, mark, &err) < 0)
		return lc_lua_failure(L, &err, NULL);
	lua_pushboolean(L, true);
	return 1;
}

/* container:give_back() -> true | nil, raw: interfaces of the host that are in it */
static int container_give_back(lua_State *L)
{
	struct lc_error err;

	if (lc_network_give_back(lc_lua_container(L, 1), &err) < 0)
		return lc_lua_failure(L, &err, NULL);
	lua_pushboolean(L, true);
	return 1;
}

void lc_lua_open_network(lua_State *L)
{
	static const luaL_Reg of_container[] = {{"give_back", container_give_back}, {NULL, NULL}};

	lc_lua_extend(L, LCT_CONTAINER_TYPE, of_container);
}
