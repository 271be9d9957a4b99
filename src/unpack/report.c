/* SPDX-License-Identifier: MIT */
#include "unpack/report.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define LCT_REPORT_MAX 65536 /* what the host takes */

static void write_all(const uint8_t *bytes, size_t size)
{
	while (size > 0) {
		ssize_t count = write(STDOUT_FILENO, bytes, size);

		if (count < 0 && errno == EINTR)
			continue;
		if (count <= 0)
			_exit(1);
		bytes += count;
		size -= (size_t) count;
	}
}

static void write_record(uint8_t *record, size_t size)
{
	size_t length = size - 4;

	for (int i = 0; i < 4; i++)
		record[i] = (uint8_t) (length >> (8 * i));
	write_all(record, size);
}

void lc_report(char letter, size_t count, const char *const texts[])
{
	static uint8_t record[LCT_REPORT_MAX];
	size_t size = 5;

	record[4] = (uint8_t) letter;
	for (size_t i = 0; i < count; i++) {
		size_t length = strlen(texts[i]);

		/* The longest that is told is a path, and those have an end. */
		if (length > 8192)
			length = 8192;
		if (size + length + 1 > sizeof(record))
			break;
		memcpy(record + size, texts[i], length);
		size += length;
		record[size++] = '\0';
	}
	write_record(record, size);
}

void lc_report_bytes(const void *bytes, size_t size)
{
	static uint8_t record[LCT_REPORT_MAX];

	while (size > 0) {
		size_t part = size < sizeof(record) - 5 ? size : sizeof(record) - 5;

		record[4] = 'T';
		memcpy(record + 5, bytes, part);
		write_record(record, part + 5);
		bytes = (const uint8_t *) bytes + part;
		size -= part;
	}
}

static const char *digits_of(uint64_t number, char out[24])
{
	snprintf(out, 24, "%" PRIu64, number);
	return out;
}

void lc_report_progress(uint64_t entries, uint64_t bytes, uint64_t read)
{
	char digits[3][24];
	const char *texts[] = {digits_of(entries, digits[0]), digits_of(bytes, digits[1]),
		digits_of(read, digits[2])};

	lc_report('P', 3, texts);
}

void lc_report_done(uint64_t entries, uint64_t bytes, const char *plain, const char *raw)
{
	char digits[2][24];
	const char *texts[] = {digits_of(entries, digits[0]), digits_of(bytes, digits[1]), plain, raw};

	lc_report('D', 4, texts);
}

_Noreturn void lc_report_failure(const char *kind, const char *entry, const char *text, int errnum)
{
	char number[16];
	const char *texts[] = {kind, entry, text, number};

	snprintf(number, sizeof(number), "%d", errnum);
	lc_report('E', 4, texts);
	_exit(1);
}
