/* SPDX-License-Identifier: MIT */
/*
 * Building a plan (host only):
 *
 *	lc_plan_origin(w, "mounts[3]");
 *	LCT_PLAN(w, attach, .slot = 4, .target = lc_plan_intern(w, "/data"),
 *		.flags = LCT_TARGET_CREATE);
 *
 * The writer remembers the first failure (out of memory, too large) and answers it at the end, so
 * the lines above need no check each.
 */
#ifndef LCT_PLAN_WRITE_H
#define LCT_PLAN_WRITE_H

#include "base/arena.h"
#include "plan/plan.h"
#include "plan/report.h"

struct lc_plan_buffer {
	uint8_t *bytes;
	size_t used, room;
};

struct lc_plan_writer {
	struct lc_arena *arena;
	struct lc_plan_buffer ops, pool;
	const char **origins; /* by operation: which config field asked for it, "" for none */
	size_t origins_room;
	uint32_t *interned;   /* open addressing: pool offsets of interned strings, 0 for free */
	size_t interned_room, interned_count;
	const char *origin;
	uint32_t count, slots;
	uint32_t gates;       /* bit n: gate n is among them */
	int failed;           /* 0 or -errno of the first failure */
};

/* An empty plan in `arena`, which has to outlive it: 0 or -ENOMEM. */
int lc_plan_writer_init(struct lc_plan_writer *w, struct lc_arena *arena);

/* The config field that asks for the operations that follow, NULL or "" for none. Copied. */
void lc_plan_origin(struct lc_plan_writer *w, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* Put a string / bytes / strings into the pool; NULL is the empty string. */
uint32_t lc_plan_intern(struct lc_plan_writer *w, const char *text);
struct lc_plan_bytes lc_plan_blob(struct lc_plan_writer *w, const void *data, size_t size);
struct lc_plan_list lc_plan_strings(
	struct lc_plan_writer *w, const char *const *items, size_t count);

/* A slot number that nobody uses. */
uint32_t lc_plan_slot(struct lc_plan_writer *w);

/* Append a gate: plan/report.h. */
void lc_plan_gate(struct lc_plan_writer *w, enum lc_gate which);

/* Append a record; what LCT_PLAN expands to. */
void lc_plan_append(struct lc_plan_writer *w, enum lc_plan_op op, void *record, size_t size);
#define LCT_PLAN(w, name, ...)                                                                     \
	lc_plan_append((w), LCT_OP_##name, &(struct lc_op_##name){{0}, ##__VA_ARGS__},             \
		sizeof(struct lc_op_##name))

/* The plan as it is now, for whoever has to do a part of it: to be walked with lc_plan_next. Both point
 * into the writer, which must not be written to meanwhile. */
void lc_plan_view(const struct lc_plan_writer *w, struct lc_plan_header *header, struct lc_plan *out);

/* Join header, records and pool into one document owned by the arena. */
int lc_plan_finish(struct lc_plan_writer *w, const void **out, size_t *out_size,
	struct lc_error *err);

/* A sealed memfd with the document: nothing can be written, grown or shrunk. */
int lc_plan_seal(const void *document, size_t size, struct lc_error *err);

#endif
