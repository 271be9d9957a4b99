/* SPDX-License-Identifier: MIT */
/* The systemd driver without a systemd: names of units and slices, and limits as properties. */
#include "test.h"

#include "cgroups/systemd.h"

#include <stdlib.h>
#include <string.h>

static bool named(const char *path, const char *fallback, bool is_user, const char *unit,
	const char *slice)
{
	struct lc_arena arena = LCT_ARENA_INIT;
	struct lc_cgroup_scope scope = {.unit = NULL};
	struct lc_error err;
	bool is_so = lc_cgroup_scope_names(path, fallback, is_user, &arena, &scope, &err) == 0 &&
		     strcmp(scope.unit, unit) == 0 && strcmp(scope.slice, slice) == 0;

	lc_arena_done(&arena);
	return is_so;
}

static void test_names(struct test *t)
{
	OK(named(NULL, "libcontainer-1-web", false, "libcontainer-1-web.scope", "system.slice"),
		"[O84] without a path the scope has our own name, in system.slice");
	OK(named(NULL, "libcontainer-1-web", true, "libcontainer-1-web.scope", "user.slice"),
		"[O84] a user's is in user.slice");
	OK(named("pods.slice:cri:web", "x", false, "cri-web.scope", "pods.slice") &&
			named(":cri:web", "x", false, "cri-web.scope", "system.slice") &&
			named("-.slice::web", "x", false, "web.scope", "-.slice") &&
			named(":a:web.scope", "x", false, "a-web.scope", "system.slice"),
		"[O84] slice:prefix:name, where slice and prefix may be empty");
	OK(named(NULL, "a+b", false, "a\\x2bb.scope", "system.slice") &&
			named(":p q:web", "x", false, "p\\x20q-web.scope", "system.slice"),
		"[O84] what no unit's name may hold is escaped");
}

static void test_refused(struct test *t)
{
	static const char *const bad[] = {"web", "a.slice:web", "a:b:c", "a.slice:b:", "a.slice:b:c:d",
		"a--b.slice:b:c", "-a.slice:b:c", "a-.slice:b:c", "../a.slice:b:c", ".slice:b:c",
		"a.slice:b:c.slice", "a.slice:../b:c", "a.slice:b:c/../d", "::.hidden", "::-web", ""};
	char longest[300] = "::";
	bool refused = true;
	struct lc_error err;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct lc_arena arena = LCT_ARENA_INIT;
		struct lc_cgroup_scope scope = {.unit = NULL};

		err = (struct lc_error){.errnum = 0};
		if (lc_cgroup_scope_names(bad[i], "x", false, &arena, &scope, &err) != -EINVAL ||
			err.step != LCT_STEP_SYSTEMD || scope.unit != NULL) {
			printf("# %s\n", bad[i]);
			refused = false;
		}
		lc_arena_done(&arena);
	}
	OK(refused, "[O84] what is not slice:prefix:name, or leads elsewhere, is refused");
	memset(longest + 2, 'x', 260);
	longest[262] = '\0';
	{
		struct lc_arena arena = LCT_ARENA_INIT;
		struct lc_cgroup_scope scope = {.unit = NULL};

		OK(lc_cgroup_scope_names(longest, "x", false, &arena, &scope, &err) ==
				-ENAMETOOLONG,
			"a name of more than 255 bytes is too long");
		lc_arena_done(&arena);
	}
}

static bool path_is(const char *slice, const char *path)
{
	struct lc_arena arena = LCT_ARENA_INIT;
	const char *found = lc_systemd_slice_path(slice, &arena);
	bool is_so = found != NULL && strcmp(found, path) == 0;

	lc_arena_done(&arena);
	return is_so;
}

/* --- limits --- */

static const struct lc_unit_property *find(const struct lc_unit_properties *list, const char *name)
{
	for (size_t i = 0; i < list->count; i++)
		if (strcmp(list->items[i].name, name) == 0)
			return &list->items[i];
	return NULL;
}

static bool is(const struct lc_unit_properties *list, const char *name, uint64_t number)
{
	const struct lc_unit_property *found = find(list, name);

	return found != NULL && found->type == 't' && found->number == number;
}

static bool is_set(const struct lc_unit_properties *list, const char *name, const char *bytes,
	size_t size)
{
	const struct lc_unit_property *found = find(list, name);

	return found != NULL && found->type == 'y' && found->size == size &&
	       memcmp(found->bytes, bytes, size) == 0;
}

#define LIMIT(number) {.value = (number), .is_set = true}

static void test_limits(struct test *t)
{
	static const struct lc_cgroup_mounts pure = {
		.items = {{.name = (char *) "", .controllers = (char *) "cpuset,cpu,io,memory,pids",
			.is_unified = true}},
		.count = 1,
	};
	struct lc_arena arena = LCT_ARENA_INIT;
	struct lc_cgroup cg = {.mounts = &pure, .dirs = {{.hierarchy = 0}}, .count = 1};
	struct lc_unit_properties list = {.count = 0};
	struct lc_resources nothing = {.may_kill = false};
	struct lc_resources limits = {
		.memory = LIMIT(1 << 20),
		.memory_swap = LIMIT(3 << 20),
		.memory_reservation = LIMIT(4096),
		.cpu_shares = LIMIT(1024),
		.cpu_quota = LIMIT(25500),
		.cpu_period = LIMIT(50000),
		.pids_limit = LIMIT(20),
		.blkio_weight = LIMIT(500),
		.cpuset_cpus = "0-2,9",
		.cpuset_mems = "0",
	};

	OK(lc_systemd_limits(&cg, &nothing, &arena, &list) == 0 && list.count == 0,
		"what has no limit gets no property");
	OK(lc_systemd_limits(&cg, &limits, &arena, &list) == 0, "limits become properties");
	OK(is(&list, "MemoryMax", 1 << 20) && is(&list, "MemorySwapMax", 2 << 20) &&
			is(&list, "MemoryLow", 4096),
		"[O84] memory, swap alone, and the reservation");
	OK(is(&list, "CPUWeight", 100) && is(&list, "IOWeight", 4950), "weights in systemd's scale");
	OK(is(&list, "CPUQuotaPerSecUSec", 510000) && is(&list, "CPUQuotaPeriodUSec", 50000),
		"a quota is that of a second");
	OK(is(&list, "TasksMax", 21), "one task more than the limit, for the keeper");
	OK(is_set(&list, "AllowedCPUs", "\x07\x02", 2) && is_set(&list, "AllowedMemoryNodes", "\1", 1),
		"processors and nodes are bits");

	limits = (struct lc_resources){.memory = LIMIT(-1), .memory_swap = LIMIT(-1),
		.pids_limit = LIMIT(-1), .cpu_quota = LIMIT(-1), .cpu_weight = LIMIT(7)};
	list.count = 0;
	OK(lc_systemd_limits(&cg, &limits, &arena, &list) == 0 && is(&list, "MemoryMax", UINT64_MAX) &&
			is(&list, "MemorySwapMax", UINT64_MAX) && is(&list, "TasksMax", UINT64_MAX) &&
			is(&list, "CPUQuotaPerSecUSec", UINT64_MAX) && is(&list, "CPUWeight", 7),
		"-1 is infinity");
	limits = (struct lc_resources){.cpu_quota = LIMIT(33333), .pids_limit = LIMIT(0)};
	list.count = 0;
	OK(lc_systemd_limits(&cg, &limits, &arena, &list) == 0 &&
			is(&list, "CPUQuotaPerSecUSec", 340000) && is(&list, "TasksMax", 1),
		"[O95] a quota is rounded up, and 0 tasks leave room for the keeper");
	lc_arena_done(&arena);
}

/* --- properties as text --- */

/* Does the text say a single value of this type, and number or text? */
static bool says(const char *name, const char *value, const char *as, char type, uint64_t number,
	const char *text)
{
	struct lc_arena arena = LCT_ARENA_INIT;
	struct lc_unit_property p;
	const char *problem = NULL;
	bool is_so = lc_systemd_property(name, value, &arena, &p, &problem) == 0 && !p.is_array &&
		     strcmp(p.name, as) == 0 && p.type == type && p.number == number &&
		     (text == NULL ? p.text == NULL : p.text != NULL && strcmp(p.text, text) == 0);

	if (!is_so)
		printf("# %s=%s: %s\n", name, value, problem != NULL ? problem : "another value");
	lc_arena_done(&arena);
	return is_so;
}

#define NUMBER(value, type, number) says("Some", value, "Some", type, (uint64_t) (number), NULL)
#define TEXT(value, type, text) says("Some", value, "Some", type, 0, text)

static bool says_array(const char *value, char type, const void *bytes, size_t size, size_t count)
{
	struct lc_arena arena = LCT_ARENA_INIT;
	struct lc_unit_property p;
	const char *problem = NULL;
	bool is_so = lc_systemd_property("Some", value, &arena, &p, &problem) == 0 && p.is_array &&
		     p.type == type && p.size == size && p.count == count &&
		     memcmp(p.bytes, bytes, size) == 0;

	for (size_t i = 0; is_so && type == 's' && i < count; i++)
		is_so = strcmp(p.texts[i], i == 0 ? "a b" : "c") == 0;
	lc_arena_done(&arena);
	return is_so;
}

static bool says_real(const char *value, double real)
{
	struct lc_arena arena = LCT_ARENA_INIT;
	struct lc_unit_property p;
	const char *problem;
	bool is_so = lc_systemd_property("Some", value, &arena, &p, &problem) == 0 &&
		     p.type == 'd' && p.real > real - 1e-9 && p.real < real + 1e-9;

	lc_arena_done(&arena);
	return is_so;
}

static void test_values(struct test *t)
{
	static const uint32_t fours[] = {1, 2, 3};
	static const uint16_t twos[] = {65535, 0};

	OK(NUMBER("true", 'b', 1) && NUMBER(" false ", 'b', 0) && NUMBER("boolean true", 'b', 1),
		"[O62] truth values");
	OK(NUMBER("123", 'i', 123) && NUMBER("-7", 'i', -7) && NUMBER("uint64 123", 't', 123) &&
			NUMBER("@t 5", 't', 5) && NUMBER("int64 -9223372036854775808", 'x', INT64_MIN) &&
			NUMBER("uint64 18446744073709551615", 't', UINT64_MAX) &&
			NUMBER("byte 0xfF", 'y', 255) && NUMBER("uint32 010", 'u', 8) &&
			NUMBER("int16 -32768", 'n', -32768) && NUMBER("uint16 0", 'q', 0),
		"[O62] numbers of every type, an int32 unless a word says another");
	OK(says_real("1.5", 1.5) && says_real("-.25", -0.25) && says_real("double 3", 3) &&
			says_real("1e3", 1000) && says_real("25E-1", 2.5),
		"[O62] numbers with a point or an exponent");
	OK(TEXT("'inactive-or-failed'", 's', "inactive-or-failed") && TEXT("\"it's\"", 's', "it's") &&
			TEXT("'a\\'b\\\\\\n'", 's', "a'b\\\n") && TEXT("string ''", 's', "") &&
			TEXT("objectpath '/a/b'", 'o', "/a/b"),
		"[O62] strings in either quotes, with what a backslash means");
	OK(says_array("[uint32 1, 2,3 ]", 'u', fours, sizeof(fours), 3) &&
			says_array("@au [1,2,3]", 'u', fours, sizeof(fours), 3) &&
			says_array("[uint16 65535, 0]", 'q', twos, sizeof(twos), 2) &&
			says_array("@ay []", 'y', "", 0, 0) &&
			says_array("[byte 7, 8]", 'y', "\7\10", 2, 2) &&
			says_array("['a b', \"c\"]", 's', "", 0, 2),
		"[O62] arrays of one type");
	OK(says("TimeoutStopSec", "5", "TimeoutStopUSec", 't', 5000000, NULL) &&
			says("TimeoutStopUSec", "uint64 5", "TimeoutStopUSec", 't', 5, NULL) &&
			says("TimeoutStopSec", "uint64 18446744073709", "TimeoutStopUSec", 't',
				UINT64_C(18446744073709000000), NULL) &&
			says("FooSEC", "5", "FooSEC", 'i', 5, NULL) &&
			says("XSec", "5", "XSec", 'i', 5, NULL),
		"[O62] a name that ends in Sec is the one in microseconds");
}

static void test_values_refused(struct test *t)
{
	static const char *const bad[][2] = {{"Some", ""}, {"Some", "yes"}, {"Some", "inactive"},
		{"Some", "'open"}, {"Some", "'open\\"}, {"Some", "1 2"}, {"Some", "2147483648"},
		{"Some", "-2147483649"}, {"Some", "uint64 -1"}, {"Some", "byte 256"}, {"Some", "uint64"},
		{"Some", "uint64 18446744073709551616"}, {"Some", "uint64 1.5"}, {"Some", "1.5.5"},
		{"Some", "1e"}, {"Some", "1e999"}, {"Some", "08"}, {"Some", "0x"}, {"Some", "-"},
		{"Some", "[]"}, {"Some", "[1"}, {"Some", "[1,]"}, {"Some", "[1 2]"}, {"Some", "[1, 'a']"},
		{"Some", "[uint32 1, uint64 2]"}, {"Some", "[true]"}, {"Some", "[[1]]"}, {"Some", "(1, 2)"},
		{"Some", "{'a': 1}"}, {"Some", "<1>"}, {"Some", "@as"}, {"Some", "@a"}, {"Some", "@"},
		{"Some", "objectpath 'a'"}, {"Some", "'\\u0041'"}, {"Some", "boolean 1"},
		{"TimeoutStopSec", "'5'"}, {"TimeoutStopSec", "-5"}, {"TimeoutStopSec", "1e14"},
		{"TimeoutStopSec", "[5]"}, {"TimeoutStopSec", "uint64 18446744073710"}, {"", "1"},
		{"Ab", "1"}, {"Mem Max", "1"}, {"A.Max", "1"}, {"Slice", "'a.slice'"}, {"PIDs", "[uint32 1]"},
		{"Description", "'a'"}, {"Delegate", "false"}};
	bool refused = true;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct lc_arena arena = LCT_ARENA_INIT;
		struct lc_unit_property p;
		const char *problem = NULL;

		if (lc_systemd_property(bad[i][0], bad[i][1], &arena, &p, &problem) != -EINVAL ||
			problem == NULL) {
			printf("# %s=%s\n", bad[i][0], bad[i][1]);
			refused = false;
		}
		lc_arena_done(&arena);
	}
	OK(refused, "[O62] what is no value, no name, or the container's own is refused, with a reason");
}

void test_systemd(struct test *t)
{
	test_names(t);
	test_refused(t);
	OK(path_is("system.slice", "system.slice") && path_is("-.slice", "") &&
			path_is("a-b-c.slice", "a.slice/a-b.slice/a-b-c.slice"),
		"[O84] dashes of a slice's name lead through its parents");
	test_limits(t);
	test_values(t);
	test_values_refused(t);
}
