/* SPDX-License-Identifier: MIT */
/* A reader of JSON that goes down with the document. Tables are on Lua's stack: what is raised frees them. */
#include "nsinit/json.h"

#include <lauxlib.h>
#include <locale.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define DEPTH_DEFAULT 1000 /* lua-cjson's */

struct reader {
	lua_State *L;
	const char *text, *at, *end; /* *end is a NUL, as behind every string of Lua */
	lua_Integer depth_left;
};

static _Noreturn void fail(const struct reader *in, const char *where, const char *what)
{
	luaL_error(in->L, "%s at character %I", what, (LUAI_UACINT) (where - in->text + 1));
	__builtin_unreachable();
}

static _Noreturn void fail_expected(const struct reader *in, const char *wanted)
{
	const char *found = "something else";
	char character[] = "\"?\"";

	if (in->at == in->end) {
		found = "the end of the text";
	} else if (*in->at > ' ' && *in->at < 127) {
		character[1] = *in->at;
		found = character;
	}
	lua_pushfstring(in->L, "expected %s but found %s", wanted, found);
	fail(in, in->at, lua_tostring(in->L, -1));
}

static void skip_space(struct reader *in)
{
	while (*in->at == ' ' || *in->at == '\n' || *in->at == '\t' || *in->at == '\r')
		in->at++;
}

static bool take(struct reader *in, char what)
{
	skip_space(in);
	if (*in->at != what)
		return false;
	in->at++;
	return true;
}

/* --- strings --- */

/* Four digits at `from`; -1: there are none. */
static int hex4(const char *from)
{
	int value = 0;

	for (int i = 0; i < 4; i++) {
		char c = from[i];

		if (c >= '0' && c <= '9')
			value = value * 16 + c - '0';
		else if ((c | 32) >= 'a' && (c | 32) <= 'f')
			value = value * 16 + (c | 32) - 'a' + 10;
		else
			return -1;
	}
	return value;
}

static char *put_utf8(char *out, uint32_t point)
{
	if (point < 0x80) {
		*out++ = (char) point;
		return out;
	}
	if (point < 0x800) {
		*out++ = (char) (0xc0 | point >> 6);
	} else {
		if (point < 0x10000) {
			*out++ = (char) (0xe0 | point >> 12);
		} else {
			*out++ = (char) (0xf0 | point >> 18);
			*out++ = (char) (0x80 | (point >> 12 & 0x3f));
		}
		*out++ = (char) (0x80 | (point >> 6 & 0x3f));
	}
	*out++ = (char) (0x80 | (point & 0x3f));
	return out;
}

/* Behind "\u": a letter of the first plane, or one that takes two of them. */
static char *read_point(struct reader *in, char *out)
{
	int first = hex4(in->at + 2), second;
	uint32_t point = (uint32_t) first;

	if (first < 0 || (first >= 0xdc00 && first < 0xe000))
		fail(in, in->at, "an escape that is no letter");
	in->at += 6;
	if (first >= 0xd800 && first < 0xdc00) {
		second = in->at[0] == '\\' && in->at[1] == 'u' ? hex4(in->at + 2) : -1;
		if (second < 0xdc00 || second >= 0xe000)
			fail(in, in->at - 6, "an escape that is half a letter");
		point = 0x10000 + ((point - 0xd800) << 10) + (uint32_t) second - 0xdc00;
		in->at += 6;
	}
	return put_utf8(out, point);
}

static char *read_escape(struct reader *in, char *out)
{
	static const char letters[] = "\"\\/bfnrt", bytes[] = "\"\\/\b\f\n\r\t";
	const char *found;

	if (in->at[1] == 'u')
		return read_point(in, out);
	found = in->at[1] == '\0' ? NULL : strchr(letters, in->at[1]);
	if (found == NULL)
		fail(in, in->at, "an escape that JSON has not");
	in->at += 2;
	*out = bytes[found - letters];
	return out + 1;
}

/* Behind the opening quote: where the closing one is, and whether there are escapes before it. */
static const char *find_quote(const struct reader *in, bool *out_has_escapes)
{
	const char *at = in->at;

	*out_has_escapes = false;
	for (; *at != '"'; at++) {
		if (at == in->end)
			fail(in, at, "a string that goes on at the end of the text");
		if ((unsigned char) *at < ' ')
			fail(in, at, "a control character in a string");
		if (*at == '\\') {
			*out_has_escapes = true;
			if (at + 1 < in->end)
				at++;
		}
	}
	return at;
}

static void push_string(struct reader *in)
{
	bool has_escapes;
	const char *quote = find_quote(in, &has_escapes);
	luaL_Buffer buffer;
	char *start, *out;

	if (!has_escapes) {
		lua_pushlstring(in->L, in->at, (size_t) (quote - in->at));
	} else { /* no escape is shorter than what it means */
		start = out = luaL_buffinitsize(in->L, &buffer, (size_t) (quote - in->at));
		while (in->at < quote) {
			if (*in->at == '\\')
				out = read_escape(in, out);
			else
				*out++ = *in->at++;
		}
		luaL_pushresultsize(&buffer, (size_t) (out - start));
	}
	in->at = quote + 1;
}

/* --- numbers --- */

static const char *skip_digits(const char *at)
{
	while (*at >= '0' && *at <= '9')
		at++;
	return at;
}

/* The end of the number at `at` by JSON's grammar, which is stricter than C's; NULL: it is none. */
static const char *number_end(const char *at)
{
	const char *digits;

	at += *at == '-';
	digits = at;
	at = skip_digits(at);
	if (at == digits || (*digits == '0' && at > digits + 1))
		return NULL;
	if (*at == '.') {
		digits = ++at;
		at = skip_digits(at);
		if (at == digits)
			return NULL;
	}
	if (*at == 'e' || *at == 'E') {
		at++;
		at += *at == '+' || *at == '-';
		digits = at;
		at = skip_digits(at);
		if (at == digits)
			return NULL;
	}
	return at;
}

static void push_number(struct reader *in)
{
	const char *end = number_end(in->at);

	if (end == NULL)
		fail(in, in->at, "a number that JSON has not");
	/* a host's locale may write another decimal point; "C" is there without being made */
	lua_pushnumber(in->L, strtod_l(in->at, NULL, newlocale(LC_ALL_MASK, "C", (locale_t) 0)));
	in->at = end;
}

/* --- values --- */

static void push_value(struct reader *in);

static void push_array(struct reader *in)
{
	lua_newtable(in->L);
	if (take(in, ']'))
		return;
	for (lua_Integer i = 1;; i++) {
		push_value(in);
		lua_rawseti(in->L, -2, i);
		if (take(in, ']'))
			return;
		if (!take(in, ','))
			fail_expected(in, "\",\" or \"]\"");
	}
}

static void push_object(struct reader *in)
{
	lua_newtable(in->L);
	if (take(in, '}'))
		return;
	for (;;) {
		if (!take(in, '"'))
			fail_expected(in, "the name of a member");
		push_string(in);
		if (!take(in, ':'))
			fail_expected(in, "\":\"");
		push_value(in);
		lua_rawset(in->L, -3);
		if (take(in, '}'))
			return;
		if (!take(in, ','))
			fail_expected(in, "\",\" or \"}\"");
	}
}

static bool take_word(struct reader *in, const char *word)
{
	size_t length = strlen(word);

	if ((size_t) (in->end - in->at) < length || memcmp(in->at, word, length) != 0)
		return false;
	in->at += length;
	return true;
}

static void push_nested(struct reader *in, void (*push)(struct reader *))
{
	if (in->depth_left-- == 0)
		fail(in, in->at, "nested too deeply");
	luaL_checkstack(in->L, 4, "of a nested document");
	in->at++;
	push(in);
	in->depth_left++;
}

static void push_value(struct reader *in)
{
	skip_space(in);
	if (*in->at == '"') {
		in->at++;
		push_string(in);
	} else if (*in->at == '{') {
		push_nested(in, push_object);
	} else if (*in->at == '[') {
		push_nested(in, push_array);
	} else if (*in->at == '-' || (*in->at >= '0' && *in->at <= '9')) {
		push_number(in);
	} else if (take_word(in, "true")) {
		lua_pushboolean(in->L, 1);
	} else if (take_word(in, "false")) {
		lua_pushboolean(in->L, 0);
	} else if (take_word(in, "null")) {
		lua_pushlightuserdata(in->L, NULL);
	} else {
		fail_expected(in, "a value");
	}
}

/* decode(text) -> value; upvalue: the instance, with what is set */
static int decode(lua_State *L)
{
	size_t size;
	const char *text = luaL_checklstring(L, 1, &size);
	struct reader in = {.L = L, .text = text, .at = text, .end = text + size};

	lua_settop(L, 1);
	lua_getfield(L, lua_upvalueindex(1), "max_depth");
	in.depth_left = lua_tointeger(L, -1);
	push_value(&in);
	skip_space(&in);
	if (in.at != in.end)
		fail_expected(&in, "the end of the text");
	return 1;
}

static int decode_max_depth(lua_State *L)
{
	lua_pushinteger(L, luaL_checkinteger(L, 1));
	lua_setfield(L, lua_upvalueindex(1), "max_depth");
	return 0;
}

/* decode_invalid_numbers(false): as it is, the grammar has none */
static int decode_invalid_numbers(lua_State *L)
{
	luaL_argcheck(L, lua_isboolean(L, 1) && !lua_toboolean(L, 1), 1, "JSON has no such numbers");
	return 0;
}

static int new_instance(lua_State *L)
{
	static const luaL_Reg functions[] = {
		{"decode", decode},
		{"decode_max_depth", decode_max_depth},
		{"decode_invalid_numbers", decode_invalid_numbers},
		{NULL, NULL},
	};

	luaL_newlibtable(L, functions);
	lua_createtable(L, 0, 1);
	lua_pushinteger(L, DEPTH_DEFAULT);
	lua_setfield(L, -2, "max_depth");
	luaL_setfuncs(L, functions, 1);
	lua_pushlightuserdata(L, NULL);
	lua_setfield(L, -2, "null");
	return 1;
}

int lc_nsinit_open_json(lua_State *L)
{
	lua_createtable(L, 0, 2);
	lua_pushcfunction(L, new_instance);
	lua_setfield(L, -2, "new");
	lua_pushlightuserdata(L, NULL);
	lua_setfield(L, -2, "null");
	return 1;
}
