/* SPDX-License-Identifier: MIT */
/*
 * Readers for the text formats of /proc and cgroupfs. Each one takes what the kernel documents and
 * refuses the rest: a process chooses its own name, a mount its own source, so these texts are as
 * hostile as anything else from a container. No allocation, no libc number parser (locale, signs,
 * silent overflow), nothing written to an out value on failure.
 */
#include "base/parse.h"

#include <errno.h>
#include <string.h>

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* A run of digits, or "max", at *cursor, which is moved behind it. */
static int take_u64(const char **cursor, uint64_t *out)
{
	const char *at = *cursor;
	uint64_t value = 0;

	if (strncmp(at, "max", 3) == 0) {
		*out = UINT64_MAX;
		*cursor = at + 3;
		return 0;
	}
	if (!is_digit(*at))
		return -EINVAL;
	for (; is_digit(*at); at++) {
		if (__builtin_mul_overflow(value, (uint64_t) 10, &value) ||
			__builtin_add_overflow(value, (uint64_t) (*at - '0'), &value))
			return -ERANGE;
	}
	*out = value;
	*cursor = at;
	return 0;
}

int lc_parse_u64(const char *text, uint64_t *out)
{
	uint64_t value = 0;
	int r = take_u64(&text, &value);

	if (r < 0)
		return r;
	if (*text == '\n')
		text++;
	if (*text != '\0')
		return -EINVAL;
	*out = value;
	return 0;
}

int lc_parse_key_u64(const char *text, const char *key, uint64_t *out)
{
	size_t length = strlen(key);

	while (length > 0 && text != NULL) {
		const char *at = text + length;
		uint64_t value = 0;
		int r;

		if (strncmp(text, key, length) != 0 || (*at != ' ' && *at != ':')) {
			text = strchr(text, '\n');
			if (text != NULL)
				text++;
			continue;
		}
		/* "key value" is alone on its line; "Key:\tvalue" may be followed by a unit or by
		 * more values. */
		bool colon = *at++ == ':';

		while (*at == ' ' || *at == '\t')
			at++;
		r = take_u64(&at, &value);
		if (r < 0)
			return r;
		if (*at != '\n' && *at != '\0' && !(colon && (*at == ' ' || *at == '\t')))
			return -EINVAL;
		*out = value;
		return 0;
	}
	return -ENOENT;
}

int lc_parse_stat(const char *text, char *out_state, uint64_t *out_start)
{
	const char *at = strrchr(text, ')');
	uint64_t start = 0;
	char state;
	int r;

	if (at == NULL || !is_digit(text[0]) || at[1] != ' ')
		return -EINVAL;
	state = at[2];
	if (state < 'A' || state > 'z' || (state > 'Z' && state < 'a') || at[3] != ' ')
		return -EINVAL;
	at += 4;
	for (int field = 4; field < 22; field++) {
		if (*at == '-')
			at++;
		if (!is_digit(*at))
			return -EINVAL;
		while (is_digit(*at))
			at++;
		if (*at++ != ' ')
			return -EINVAL;
	}
	if (!is_digit(*at))
		return -EINVAL;
	r = take_u64(&at, &start);
	if (r < 0)
		return r;
	/* Cut within the number, it would be another process's start time. */
	if (*at != ' ' && *at != '\n')
		return -EINVAL;
	*out_state = state;
	*out_start = start;
	return 0;
}

void lc_parse_unescape(char *text)
{
	char *to = text;

	while (*text != '\0') {
		const unsigned char *from = (const unsigned char *) text;
		int value = 0;

		/* Three octal digits; a NUL is never escaped, and would cut the text. */
		if (from[0] == '\\' && from[1] >= '0' && from[1] <= '3' && from[2] >= '0' &&
			from[2] <= '7' && from[3] >= '0' && from[3] <= '7')
			value = (from[1] - '0') << 6 | (from[2] - '0') << 3 | (from[3] - '0');
		if (value != 0) {
			*to++ = (char) value;
			text += 4;
		} else {
			*to++ = *text++;
		}
	}
	*to = '\0';
}

/* The field at *cursor, which ends at a blank and may be empty (a mount's source can be). NULL
 * when there is none; the last field of a line leaves *cursor NULL. */
static char *take_field(char **cursor)
{
	char *field = *cursor;
	char *blank;

	if (field == NULL)
		return NULL;
	blank = strchr(field, ' ');
	if (blank != NULL)
		*blank++ = '\0';
	*cursor = blank;
	return field;
}

/* ID parent major:minor root mount_point options optional... - type source super_options */
int lc_parse_mountinfo(char **cursor, struct lc_mountinfo *out)
{
	char *line = *cursor;
	char *end, *field, *fields[6], *type, *source;

	if (*line == '\0')
		return 0;
	end = line + strcspn(line, "\n");
	*cursor = *end == '\n' ? end + 1 : end;
	*end = '\0';
	for (int i = 0; i < 6; i++) {
		fields[i] = take_field(&line);
		if (fields[i] == NULL || *fields[i] == '\0')
			return -EINVAL;
	}
	do
		field = take_field(&line);
	while (field != NULL && strcmp(field, "-") != 0);
	type = take_field(&line);
	source = take_field(&line);
	if (source == NULL || line == NULL || *type == '\0' || !is_digit(*fields[0]))
		return -EINVAL;
	lc_parse_unescape(fields[3]);
	lc_parse_unescape(fields[4]);
	lc_parse_unescape(source);
	*out = (struct lc_mountinfo){
		.root = fields[3],
		.mount_point = fields[4],
		.mount_options = fields[5],
		.fs_type = type,
		.source = source,
		.super_options = line,
	};
	return 1;
}

bool lc_parse_list_has(const char *list, const char *word)
{
	size_t length = strlen(word);

	while (length > 0) {
		size_t item = strcspn(list, ",");

		if (item == length && memcmp(list, word, length) == 0)
			return true;
		if (list[item] == '\0')
			break;
		list += item + 1;
	}
	return false;
}

int lc_parse_range(const char **cursor, uint64_t *out_first, uint64_t *out_last)
{
	const char *at = *cursor;
	uint64_t first, last;
	int r;

	if (*at == '\0' || *at == '\n')
		return 0;
	r = is_digit(*at) ? take_u64(&at, &first) : -EINVAL;
	if (r < 0)
		return r;
	last = first;
	if (*at == '-')
		r = is_digit(*++at) ? take_u64(&at, &last) : -EINVAL;
	if (r < 0 || last < first || (*at != ',' && *at != '\0' && *at != '\n'))
		return r < 0 ? r : -EINVAL;
	*cursor = *at == ',' ? at + 1 : at;
	*out_first = first;
	*out_last = last;
	return 1;
}
