/* SPDX-License-Identifier: MIT */
/*
 * /proc/PID/stat and status. A process calls itself what it likes, ") S 1 (" and newlines too, and has as
 * many pid namespaces above it as it has made; what follows its name is the kernel's.
 *
 * Input: a letter for the state, four numbers, the name, and after a NUL a text to be read as it is.
 */
#include "base/parse.h"
#include "container/pids.h"
#include "container/process.h"
#include "fuzz.h"

#include <errno.h>
#include <inttypes.h>

#define ROOM 4096
#define NAME_MAX_BYTES 15 /* TASK_COMM_LEN - 1 */
#define EXITING 4u

static void check_stat(char state, uint64_t start, uint32_t flags, const char *name)
{
	char *text = fuzz_room(ROOM), *exact, got_state = '?';
	uint64_t got = 0;

	(void) snprintf(text, ROOM,
		"4242 (%s) %c 1 -4 5 0 -1 %" PRIu32 " 9 9 9 9 9 9 9 9 20 0 1 0 %" PRIu64 " 11 12 13\n",
		name, state, flags, start);
	exact = fuzz_copy(text);
	MUST(lc_parse_stat(exact, &got_state, &got) == 0 && got_state == state && got == start);
	MUST(lc_process_stat_ends(exact) == ((flags & EXITING) != 0));
	MUST(lc_process_stat_waits(exact) == ((flags & EXITING) != 0 && strchr("SIZ", state) != NULL));
	/* cut anywhere, it is refused: no name is long enough to hold the fields too */
	for (size_t length = strlen(exact); length > 1; length--) {
		int r;

		exact[length - 1] = '\0';
		r = lc_parse_stat(exact, &got_state, &got);
		MUST(r == 0 || r == -EINVAL || r == -ERANGE);
		MUST(got_state == state && got == start);
		MUST(r < 0 || strlen(exact) > strlen(name) + 50);
	}
	free(exact);
	free(text);
}

/* As the kernel writes a name there: a newline and a backslash are escaped. */
static void escape(const char *name, char *out)
{
	for (; *name != '\0'; name++) {
		if (*name == '\n' || *name == '\\')
			*out++ = '\\';
		*out++ = (char) (*name == '\n' ? 'n' : *name);
	}
	*out = '\0';
}

static void check_status(uint64_t mode, uint32_t outer, uint32_t inner, const char *name)
{
	char escaped[2 * NAME_MAX_BYTES + 1], *text = fuzz_room(ROOM), *exact;
	int level = -1;
	uint64_t got = 0;

	escape(name, escaped);
	(void) snprintf(text, ROOM,
		"Name:\t%s\nUmask:\t0022\nState:\tS (sleeping)\nNSpid:\t%d\t%d\nSeccomp:\t%" PRIu64
		"\nSeccomp_filters:\t7\n",
		escaped, (int) outer, (int) inner, mode);
	exact = fuzz_copy(text);
	MUST(lc_parse_key_u64(exact, "Seccomp", &got) == 0 && got == mode);
	MUST(lc_inner_pid_parse(exact, LCT_INNERMOST, &level) == (int) inner && level == 1);
	MUST(lc_inner_pid_parse(exact, 0, NULL) == (int) outer);
	MUST(lc_inner_pid_parse(exact, 2, NULL) == -1);
	free(exact);
	free(text);
}

/* The line that has the key, read slowly. */
static bool has_key(const char *text, const char *key, uint64_t *out)
{
	for (const char *line = text; line != NULL; line = strchr(line, '\n')) {
		unsigned __int128 value = 0;
		const char *at;

		line += *line == '\n';
		if (strncmp(line, key, strlen(key)) != 0 || strchr(" :", line[strlen(key)]) == NULL ||
			line[strlen(key)] == '\0')
			continue;
		at = line + strlen(key) + 1;
		at += strspn(at, " \t");
		if (strncmp(at, "max", 3) == 0) {
			*out = UINT64_MAX;
			at += 3;
		} else {
			if (*at < '0' || *at > '9')
				return false;
			for (; *at >= '0' && *at <= '9'; at++) {
				value = value * 10 + (unsigned) (*at - '0');
				if (value > UINT64_MAX)
					return false;
			}
			*out = (uint64_t) value;
		}
		return *at == '\n' || *at == '\0' ||
		       (line[strlen(key)] == ':' && (*at == ' ' || *at == '\t'));
	}
	return false;
}

static void check_any(const char *text)
{
	static const char *const keys[] = {"Seccomp", "max", "oom_kill", "a"};
	uint64_t start = 0, value, expected;
	char state = '?';
	int level = 0, r = lc_parse_stat(text, &state, &start);

	MUST(r == 0 || r == -EINVAL || r == -ERANGE);
	MUST(r == 0 || (state == '?' && start == 0));
	(void) lc_process_stat_ends(text);
	(void) lc_process_stat_waits(text);
	(void) lc_inner_pid_parse(text, LCT_INNERMOST, &level);
	MUST(level >= 0);
	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		value = expected = 7;
		r = lc_parse_key_u64(text, keys[i], &value);
		MUST((r == 0) == has_key(text, keys[i], &expected));
		MUST(value == (r == 0 ? expected : 7));
	}
}

void fuzz_process(const uint8_t *data, size_t size)
{
	struct fuzz_input in = fuzz_input(data, size);
	char state = (char) ('A' + fuzz_number(&in, 1) % 26);
	uint64_t start = fuzz_number(&in, 8), flags = fuzz_number(&in, 4);
	uint32_t outer = fuzz_number(&in, 4) & 0x3fffff, inner = fuzz_number(&in, 4) & 0x3fffff;
	char *name = fuzz_text(&in, '\0'), *rest = fuzz_text(&in, '\0');

	if (strlen(name) > NAME_MAX_BYTES)
		name[NAME_MAX_BYTES] = '\0';
	check_stat(state, start, (uint32_t) flags, name);
	check_status(start, outer, inner, name);
	check_any(rest);
	free(rest);
	free(name);
}
