/* SPDX-License-Identifier: MIT */
/* src/base/parse.c against what /proc and cgroupfs write, and against what a container may make
 * them write. */
#include "test.h"

#include "base/arena.h"
#include "base/file.h"
#include "base/parse.h"
#include "sys/sys.h"

#include <stdlib.h>
#include <string.h>

static int parse(const char *text)
{
	uint64_t value = 77;
	int r = lc_parse_u64(text, &value);

	/* Out values stay as they were on failure. */
	return r < 0 && value != 77 ? 1 : r;
}

static bool is_number(const char *text, uint64_t expected)
{
	uint64_t value = 77;

	return lc_parse_u64(text, &value) == 0 && value == expected;
}

static void test_numbers(struct test *t)
{
	OK(is_number("0", 0) && is_number("42\n", 42), "numbers, with and without a newline");
	OK(is_number("18446744073709551615", UINT64_MAX), "[F09] 2^64-1 is read exactly");
	OK(parse("18446744073709551616") == -ERANGE && parse("99999999999999999999999") == -ERANGE,
		"[F09] 2^64 and more are ERANGE, not a smaller number");
	OK(is_number("max", UINT64_MAX) && is_number("max\n", UINT64_MAX), "[F09] max is no limit");
	OK(parse("") == -EINVAL && parse("\n") == -EINVAL && parse(" 1") == -EINVAL &&
			parse("-1") == -EINVAL && parse("+1") == -EINVAL &&
			parse("0x10") == -EINVAL && parse("1 ") == -EINVAL &&
			parse("1\n\n") == -EINVAL && parse("1\n2") == -EINVAL &&
			parse("maximum") == -EINVAL && parse("1max") == -EINVAL &&
			parse("1e3") == -EINVAL,
		"anything else is EINVAL");
}

static bool has_key(const char *text, const char *key, uint64_t expected)
{
	uint64_t value = 77;

	return lc_parse_key_u64(text, key, &value) == 0 && value == expected;
}

static int parse_key(const char *text, const char *key)
{
	uint64_t value = 77;
	int r = lc_parse_key_u64(text, key, &value);

	return r < 0 && value != 77 ? 1 : r;
}

static void test_keys(struct test *t)
{
	const char *events = "low 0\nhigh 3\nmax 18446744073709551615\noom 1\noom_kill 2\n";
	const char *status = "Name:\tSeccomp: 1\nUmask:\t0022\nUid:\t1000\t1001\t1002\t1003\n"
			     "VmHWM:\t    1234 kB\nSeccomp:\t2\nSeccomp_filters:\t1\n";

	OK(has_key(events, "oom_kill", 2) && has_key(events, "oom", 1) && has_key(events, "low", 0),
		"[F09] a key is matched whole");
	OK(has_key(events, "max", UINT64_MAX), "[F09] 2^64-1 is a value");
	OK(parse_key(events, "oo") == -ENOENT && parse_key("", "oom") == -ENOENT &&
			parse_key(events, "") == -ENOENT && parse_key(events, "0") == -ENOENT,
		"[F09] an absent key is ENOENT");
	OK(has_key(status, "Seccomp", 2), "[F07] a process may be called \"Seccomp: 1\"");
	OK(has_key(status, "VmHWM", 1234) && has_key(status, "Uid", 1000),
		"units and further values of a status line are left alone");
	OK(has_key("oom_kill_disable 0\nunder_oom 1", "under_oom", 1), "the last newline may miss");
	OK(parse_key("a 1 2\n", "a") == -EINVAL && parse_key("a\n", "a") == -ENOENT &&
			parse_key("a x\n", "a") == -EINVAL &&
			parse_key("a \nb 1\n", "a") == -EINVAL &&
			parse_key("a -1\n", "a") == -EINVAL,
		"[F09] a malformed value is EINVAL");
	OK(parse_key("a 18446744073709551616\n", "a") == -ERANGE, "[F09] a larger one is ERANGE");
}

#define STAT_REST " 1 2 3 0 -1 4194560 1 2 3 4 5 6 7 8 20 0 1 0 "

static bool is_stat(const char *text, char expected_state, uint64_t expected_start)
{
	uint64_t start = 0;
	char state = 0;

	return lc_parse_stat(text, &state, &start) == 0 && state == expected_state &&
	       start == expected_start;
}

static int parse_stat(const char *text)
{
	uint64_t start = 77;
	char state = 'x';
	int r = lc_parse_stat(text, &state, &start);

	return r < 0 && (state != 'x' || start != 77) ? 1 : r;
}

static void test_stat(struct test *t)
{
	char own[1024] = "";

	OK(is_stat("7 (sh) S" STAT_REST "8914 1 2 3\n", 'S', 8914), "[F07] state and start time");
	OK(is_stat("7 (a) R 1 () Z" STAT_REST "8914 1\n", 'Z', 8914) &&
			is_stat("7 () R 1 2 3) S" STAT_REST "5 1\n", 'S', 5) &&
			is_stat("7 (\n9 (x) R) t" STAT_REST "5 1\n", 't', 5) &&
			is_stat("7 ()))))) S" STAT_REST "5 1\n", 'S', 5) &&
			is_stat("7 () S" STAT_REST "18446744073709551615 1\n", 'S', UINT64_MAX),
		"[F07] hostile command names do not move the fields");
	OK(parse_stat("") == -EINVAL && parse_stat("7 (sh") == -EINVAL &&
			parse_stat("7 (sh)") == -EINVAL && parse_stat("7 (sh) ") == -EINVAL &&
			parse_stat("7 (sh) S") == -EINVAL &&
			parse_stat("(sh) S" STAT_REST "5 1") == -EINVAL &&
			parse_stat("7 (sh) 1" STAT_REST "5 1") == -EINVAL,
		"[F07] a cut line is EINVAL");
	OK(parse_stat("7 (sh) S" STAT_REST "8914") == -EINVAL &&
			parse_stat("7 (sh) S" STAT_REST) == -EINVAL &&
			parse_stat("7 (sh) S" STAT_REST "max 1") == -EINVAL,
		"[F07] a start time that may be cut is no start time");
	OK(lc_file_read(AT_FDCWD, "/proc/self/stat", own, sizeof(own), LCT_STEP_STATE, NULL) > 0 &&
			parse_stat(own) == 0 && strstr(own, ") R ") != NULL,
		"[F07] our own line is read");
}

static bool unescapes(const char *from, const char *to)
{
	char text[64];

	snprintf(text, sizeof(text), "%s", from);
	lc_parse_unescape(text);
	return strcmp(text, to) == 0;
}

static void test_escapes(struct test *t)
{
	OK(unescapes("a\\040b\\011c\\012d\\134e", "a b\tc\nd\\e"),
		"[F06] [D44] octal escapes are undone");
	OK(unescapes("\\134040", "\\040"), "[F06] once");
	OK(unescapes("\\377\\101", "\377A"), "[F06] up to a byte");
	OK(unescapes("\\", "\\") && unescapes("\\04", "\\04") && unescapes("\\089", "\\089") &&
			unescapes("\\400", "\\400") && unescapes("\\x20", "\\x20") &&
			unescapes("\\000", "\\000") && unescapes("", ""),
		"[F06] what is no escape stays");
}

static int parse_line(const char *line, struct lc_mountinfo *out)
{
	static char text[512];
	char *cursor = text;

	snprintf(text, sizeof(text), "%s", line);
	return lc_parse_mountinfo(&cursor, out);
}

static void test_mountinfo(struct test *t)
{
	struct lc_mountinfo m;
	char lines[] = "36 35 98:0 /mnt1 /mnt\\0402 rw,noatime master:1 shared:2 - ext3 /dev/root "
		       "rw,errors=continue\nbroken\n37 35 0:5 / /t rw - tmpfs  rw\n";
	char *cursor = lines;

	OK(lc_parse_mountinfo(&cursor, &m) == 1 && strcmp(m.root, "/mnt1") == 0 &&
			strcmp(m.mount_point, "/mnt 2") == 0 &&
			strcmp(m.mount_options, "rw,noatime") == 0 &&
			strcmp(m.fs_type, "ext3") == 0 && strcmp(m.source, "/dev/root") == 0 &&
			strcmp(m.super_options, "rw,errors=continue") == 0,
		"[F06] a line with optional fields and an escape");
	OK(lc_parse_mountinfo(&cursor, &m) == -EINVAL, "[F06] a malformed line is EINVAL");
	OK(lc_parse_mountinfo(&cursor, &m) == 1 && *m.source == '\0' &&
			strcmp(m.super_options, "rw") == 0,
		"[F06] and stepped over; a source may be empty");
	OK(lc_parse_mountinfo(&cursor, &m) == 0 && lc_parse_mountinfo(&cursor, &m) == 0,
		"[F06] the end stays the end");
	OK(parse_line("1 2 0:1 / / rw - - - rw", &m) == 1 && strcmp(m.fs_type, "-") == 0 &&
			strcmp(m.source, "-") == 0,
		"[F06] a source called - is a source");
	OK(parse_line("1 2 0:1 / / rw -", &m) == -EINVAL &&
			parse_line("1 2 0:1 / / rw shared:1", &m) == -EINVAL &&
			parse_line("1 2 0:1 / / rw - ext4 src", &m) == -EINVAL &&
			parse_line("1 2 0:1  / rw - ext4 src rw", &m) == -EINVAL &&
			parse_line("1 2 0:1 / /", &m) == -EINVAL &&
			parse_line("\n", &m) == -EINVAL &&
			parse_line("x 2 0:1 / / rw - ext4 src rw", &m) == -EINVAL,
		"[F06] missing fields are EINVAL");
}

static void test_own_mountinfo(struct test *t)
{
	struct lc_arena arena = LCT_ARENA_INIT;
	char *text = NULL, *cursor;
	struct lc_mountinfo m;
	int lines = 0, parsed = 0, r;

	if (lc_file_read_alloc(AT_FDCWD, "/proc/self/mountinfo", &arena, 64 << 20, &text,
		    LCT_STEP_STATE, NULL) > 0) {
		for (const char *at = text; *at != '\0'; at++)
			lines += *at == '\n';
		cursor = text;
		while ((r = lc_parse_mountinfo(&cursor, &m)) == 1)
			parsed += m.mount_point[0] == '/';
		OK(r == 0 && parsed == lines && lines > 0, "[F06] every line of our own is read");
	}
	lc_arena_done(&arena);
}

static void test_many_mounts(struct test *t)
{
	static const char line[] = "36 35 98:0 / /\\040 rw - tmpfs s rw\n";
	const size_t size = sizeof(line) - 1, count = 100000;
	char *text = malloc(size * count + 1), *cursor = text;
	struct lc_mountinfo m;
	size_t parsed = 0;

	if (text == NULL)
		return;
	for (size_t i = 0; i < count; i++)
		memcpy(text + i * size, line, size);
	text[size * count] = '\0';
	while (lc_parse_mountinfo(&cursor, &m) == 1)
		parsed += strcmp(m.mount_point, "/ ") == 0;
	OK(parsed == count, "[F06] a hundred thousand lines");
	free(text);
}

static void test_ranges(struct test *t)
{
	static const char *const bad[] = {"x", "1-", "3-1", "-1", "1,,2", "1 2", "max", "1-max", ","};
	const char *list = "0-3,7,10-10\n";
	uint64_t first = 9, last = 9, sum = 0;
	bool refused = true;

	while (lc_parse_range(&list, &first, &last) == 1)
		sum = sum * 100 + first * 10 + last;
	OK(sum == (3 * 100 + 77) * 100 + 110 &&
			lc_parse_range(&list, &first, &last) == 0,
		"ranges of a list, one after the other");
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		int r = 1;

		for (list = bad[i]; r == 1;)
			r = lc_parse_range(&list, &first, &last);
		refused = refused && r == -EINVAL;
	}
	OK(refused, "[F06] a list that is none is refused");
}

void test_parse(struct test *t)
{
	test_ranges(t);
	test_numbers(t);
	test_keys(t);
	test_stat(t);
	test_escapes(t);
	test_mountinfo(t);
	test_own_mountinfo(t);
	test_many_mounts(t);
	OK(lc_parse_list_has("rw,memory,cpu", "memory") && lc_parse_list_has("cpu", "cpu") &&
			lc_parse_list_has("cpu,cpuacct", "cpuacct"),
		"a word of a list is found");
	OK(!lc_parse_list_has("cpuacct,cpuset", "cpu") && !lc_parse_list_has("", "cpu") &&
			!lc_parse_list_has("a,,b", "") && !lc_parse_list_has("xcpu", "cpu"),
		"a part of one is not");
}
