/* SPDX-License-Identifier: MIT */
/* Lines of /proc/PID/mountinfo: whoever mounts something chooses the paths, the source, the options. */
#include "base/parse.h"
#include "fuzz.h"

#include <errno.h>

#define FIELDS 64 /* of a line, for the slow reader */

/* What proc_pid_mountinfo(5) says, read field by field. */
struct line {
	char *fields[FIELDS];
	size_t count;
};

static struct line split(char *text)
{
	struct line line = {.count = 0};

	for (char *at = text; at != NULL && line.count < FIELDS;) {
		char *blank = strchr(at, ' ');

		line.fields[line.count++] = at;
		if (blank != NULL)
			*blank++ = '\0';
		at = blank;
	}
	return line;
}

static bool is_octal(const char *text)
{
	return text[0] >= '0' && text[0] <= '3' && text[1] >= '0' && text[1] <= '7' &&
	       text[2] >= '0' && text[2] <= '7' && memcmp(text, "000", 3) != 0;
}

static bool says(const char *field, const char *read)
{
	for (; *field != '\0'; read++) {
		int c = (unsigned char) *field++;

		if (c == '\\' && is_octal(field)) {
			c = (field[0] - '0') * 64 + (field[1] - '0') * 8 + field[2] - '0';
			field += 3;
		}
		if ((unsigned char) *read != c)
			return false;
	}
	return *read == '\0';
}

/* Is `got` what the line says? NULL: is there nothing to be had from it? */
static bool is_right(const char *text, size_t length, const struct lc_mountinfo *got)
{
	char *copy = fuzz_room(length + 1);
	struct line line;
	size_t dash = 6;
	bool is_fine = true, is_so;

	memcpy(copy, text, length);
	copy[length] = '\0';
	line = split(copy);
	for (size_t i = 0; i < 6; i++)
		is_fine = is_fine && i < line.count && *line.fields[i] != '\0';
	is_fine = is_fine && line.fields[0][0] >= '0' && line.fields[0][0] <= '9';
	while (dash < line.count && strcmp(line.fields[dash], "-") != 0)
		dash++;
	is_fine = is_fine && dash + 3 < line.count && *line.fields[dash + 1] != '\0';
	if (line.count == FIELDS) /* the slow reader has not seen all of it */
		is_so = true;
	else if (got == NULL || !is_fine)
		is_so = (got == NULL) == !is_fine;
	else
		is_so = says(line.fields[3], got->root) && says(line.fields[4], got->mount_point) &&
			strcmp(line.fields[5], got->mount_options) == 0 &&
			strcmp(line.fields[dash + 1], got->fs_type) == 0 &&
			says(line.fields[dash + 2], got->source) &&
			strncmp(line.fields[dash + 3], got->super_options,
				strlen(line.fields[dash + 3])) == 0;
	free(copy);
	return is_so;
}

void fuzz_mountinfo(const uint8_t *data, size_t size)
{
	struct fuzz_input in = fuzz_input(data, size);
	char *text = fuzz_text(&in, '\0'), *original = fuzz_copy(text), *cursor = text;
	struct lc_mountinfo mount;
	int r;

	do {
		const char *line = original + (cursor - text);
		size_t length = strcspn(line, "\n");

		r = lc_parse_mountinfo(&cursor, &mount);
		MUST(r == 1 || r == 0 || r == -EINVAL);
		MUST((r == 0) == (*line == '\0'));
		MUST(cursor == text + (line - original) + length + (line[length] == '\n'));
		MUST(r == 0 || is_right(line, length, r > 0 ? &mount : NULL));
	} while (r != 0);
	free(original);
	free(text);
}
