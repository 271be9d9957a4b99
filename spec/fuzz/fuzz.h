/* SPDX-License-Identifier: MIT */
/*
 * Fuzz targets. Each one is a function in a file of its own: it gives the bytes to a reader of this
 * library, and breaks off (MUST) when the answer is not the one that a slower and simpler reader
 * gives, or is none that the header of the reader promises.
 *
 * driver.c runs them: `make fuzz` lets libFuzzer make up the bytes, `make check` gives them those of
 * spec/fuzz/corpus/TARGET/ again: seeds, and whatever was once answered wrongly.
 */
#ifndef LCT_SPEC_FUZZ_H
#define LCT_SPEC_FUZZ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* TARGET(name, what holds for all of its inputs). */
#define LCT_FUZZ_TARGETS(TARGET)                                                                   \
	TARGET(bus, "what systemd answers is checked before it is used [F21]")                     \
	TARGET(devices, "device rules are on v1 and v2 what the last of them says [F13]")          \
	TARGET(layer, "entries of layers change nothing beside the root, and make what they say")          \
	TARGET(mountinfo, "mountinfo is read as a slow reader reads it [F06]")                     \
	TARGET(netlink, "an answer of the kernel is read within its packet, to its first end [F16]")\
	TARGET(notify, "a call that asks is answered once, in its own words, while its caller lives [F15]") \
	TARGET(options, "a mount option sets what it names, or is data [F12]")                     \
	TARGET(paths, "a path in a hostile root leads into it, whoever changes it meanwhile [F18]") \
	TARGET(places, "no path of a cgroup leads out of its mount, or to its caller [F08]")       \
	TARGET(plan, "a plan is read as it was written, a damaged one inside its bytes [F04]")     \
	TARGET(process, "no name of a process moves what /proc says about it [F07]")               \
	TARGET(profile, "a filter answers as the rules of its profile read [F14]")                 \
	TARGET(properties, "text of a unit's property means one thing, or nothing [F21]")          \
	TARGET(session, "no message of an init leaves a descriptor or a wrong state [F05]")        \
	TARGET(shorten, "a shortened filter answers as the longer one does [F14]")                 \
	TARGET(stats, "what cgroup files count is read as a slow reader reads it [F09] [F20]")     \
	TARGET(users, "a user is who passwd and group say, and nobody else [F10] [F11]")           \
	TARGET(words, "words, sets and paths are understood whole, or refused [F13]")

#define TARGET(name, claim) void fuzz_##name(const uint8_t *data, size_t size);
LCT_FUZZ_TARGETS(TARGET)
#undef TARGET

/* What holds, whatever the input. */
#define MUST(condition)                                                                            \
	do {                                                                                       \
		if (!(condition)) {                                                                \
			fprintf(stderr, "# %s:%d: not so: %s\n", __FILE__, __LINE__, #condition);  \
			abort();                                                                   \
		}                                                                                  \
	} while (0)

/* Input that is taken piece by piece; behind its end there are zeros and empty texts. */
struct fuzz_input {
	const uint8_t *at, *end;
};

static inline struct fuzz_input fuzz_input(const uint8_t *data, size_t size)
{
	return (struct fuzz_input){data, data + size};
}

static inline size_t fuzz_left(const struct fuzz_input *in)
{
	return (size_t) (in->end - in->at);
}

/* A number of `bytes` bytes, the lowest first. */
static inline uint64_t fuzz_number(struct fuzz_input *in, unsigned bytes)
{
	uint64_t value = 0;

	for (unsigned i = 0; i < bytes && in->at < in->end; i++)
		value |= (uint64_t) *in->at++ << (8 * i);
	return value;
}

/* What malloc answers, when it answers: an exact size, so that the sanitizer sees one byte too many. */
static inline void *fuzz_room(size_t size)
{
	void *room = malloc(size > 0 ? size : 1);

	if (room == NULL)
		abort();
	return room;
}

/* The bytes up to `end`, which is stepped over, or all that are left, without their NULs. Freed by the
 * caller, like all texts here. */
static inline char *fuzz_text(struct fuzz_input *in, char end)
{
	size_t length = 0;
	const uint8_t *from = in->at;
	char *text;

	while (in->at < in->end && *in->at != (uint8_t) end)
		length += *in->at++ != '\0';
	text = fuzz_room(length + 1);
	for (size_t used = 0; from < in->at; from++)
		if (*from != '\0')
			text[used++] = (char) *from;
	text[length] = '\0';
	if (in->at < in->end)
		in->at++;
	return text;
}

/* A directory of this run's own, in TMPDIR; empty at first, and the targets' to write to. driver.c */
const char *fuzz_directory(void);

static inline char *fuzz_copy(const char *text)
{
	char *copy = fuzz_room(strlen(text) + 1);

	return strcpy(copy, text);
}

#endif
