/* SPDX-License-Identifier: MIT */
/*
 * Building a plan, host only. Records and pool grow in the arena; no step is taken before the new
 * length is known to fit (LCT_PLAN_SIZE_MAX is far below 2^32, so an offset that fits never wraps).
 * The first failure sticks, and everything after it does nothing.
 */
#include "plan/write.h"

#include "base/cleanup.h"
#include "base/fd.h"
#include "sys/sys.h"

#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define LCT_BUFFER_START 4096
#define LCT_INTERNED_START 256 /* a power of two */

static void give_up(struct lc_plan_writer *w, int errnum)
{
	if (w->failed == 0)
		w->failed = -errnum;
}

/* Room for `size` more zeroed bytes; NULL when the writer has failed. */
static void *extend(struct lc_plan_writer *w, struct lc_plan_buffer *buffer, size_t size)
{
	size_t room = buffer->room;
	void *start;

	if (w->failed != 0)
		return NULL;
	if (size > LCT_PLAN_SIZE_MAX - buffer->used) {
		give_up(w, E2BIG);
		return NULL;
	}
	while (room < buffer->used + size)
		room = room == 0 ? LCT_BUFFER_START : room * 2;
	if (room != buffer->room) {
		uint8_t *bytes = lc_arena_alloc(w->arena, room);

		if (bytes == NULL) {
			give_up(w, ENOMEM);
			return NULL;
		}
		if (buffer->used > 0)
			memcpy(bytes, buffer->bytes, buffer->used);
		buffer->bytes = bytes;
		buffer->room = room;
	}
	start = buffer->bytes + buffer->used;
	buffer->used += size;
	return start;
}

static uint32_t hash_of(const char *text)
{
	uint32_t hash = 0x811c9dc5u; /* FNV-1a */

	for (; *text != '\0'; text++)
		hash = (hash ^ (unsigned char) *text) * 0x01000193u;
	return hash;
}

/* Where the offset of `text` is, or has to go. A place is always free: see grow_interned. */
static uint32_t *find_interned(const struct lc_plan_writer *w, const char *text)
{
	size_t at = hash_of(text) & (w->interned_room - 1);

	while (w->interned[at] != 0 &&
		strcmp((const char *) w->pool.bytes + w->interned[at], text) != 0)
		at = (at + 1) & (w->interned_room - 1);
	return &w->interned[at];
}

/* Keep the table at most half full. */
static void grow_interned(struct lc_plan_writer *w)
{
	uint32_t *old = w->interned;
	size_t old_room = w->interned_room;
	size_t room = old_room == 0 ? LCT_INTERNED_START : old_room * 2;

	if (w->interned_count < old_room / 2)
		return;
	w->interned = lc_arena_array(w->arena, room, sizeof(*w->interned));
	if (w->interned == NULL) {
		w->interned = old;
		give_up(w, ENOMEM);
		return;
	}
	w->interned_room = room;
	for (size_t i = 0; i < old_room; i++)
		if (old[i] != 0)
			*find_interned(w, (const char *) w->pool.bytes + old[i]) = old[i];
}

int lc_plan_writer_init(struct lc_plan_writer *w, struct lc_arena *arena)
{
	*w = (struct lc_plan_writer){.arena = arena, .origin = ""};
	(void) extend(w, &w->pool, 1); /* offset 0 is the empty string */
	return w->failed;
}

void lc_plan_origin(struct lc_plan_writer *w, const char *format, ...)
{
	char text[512];
	va_list arguments;

	w->origin = "";
	if (format == NULL || w->failed != 0)
		return;
	va_start(arguments, format);
	(void) vsnprintf(text, sizeof(text), format, arguments);
	va_end(arguments);
	w->origin = lc_arena_copy(w->arena, text, strlen(text));
	if (w->origin == NULL) {
		w->origin = "";
		give_up(w, ENOMEM);
	}
}

uint32_t lc_plan_intern(struct lc_plan_writer *w, const char *text)
{
	uint32_t *place;
	size_t offset = w->pool.used, length;
	char *copy;

	if (text == NULL || *text == '\0' || w->failed != 0)
		return 0;
	grow_interned(w);
	if (w->failed != 0)
		return 0;
	place = find_interned(w, text);
	if (*place != 0)
		return *place;
	length = strlen(text);
	copy = extend(w, &w->pool, length + 1);
	if (copy == NULL)
		return 0;
	memcpy(copy, text, length);
	*place = (uint32_t) offset;
	w->interned_count++;
	return *place;
}

struct lc_plan_bytes lc_plan_blob(struct lc_plan_writer *w, const void *data, size_t size)
{
	struct lc_plan_bytes bytes = {0, 0};
	size_t padding = (8 - w->pool.used % 8) % 8;
	char *copy;

	if (size == 0 || extend(w, &w->pool, padding) == NULL)
		return bytes;
	bytes.offset = (uint32_t) w->pool.used;
	copy = extend(w, &w->pool, size);
	if (copy == NULL)
		return (struct lc_plan_bytes){0, 0};
	memcpy(copy, data, size);
	bytes.length = (uint32_t) size;
	return bytes;
}

struct lc_plan_list lc_plan_strings(
	struct lc_plan_writer *w, const char *const *items, size_t count)
{
	struct lc_plan_list list = {0, 0};

	if (count > LCT_LIST_MAX)
		give_up(w, E2BIG);
	if (count == 0 || w->failed != 0)
		return list;
	list.offset = (uint32_t) w->pool.used;
	for (size_t i = 0; i < count; i++) {
		size_t length = items[i] != NULL ? strlen(items[i]) : 0;
		char *copy = extend(w, &w->pool, length + 1);

		if (copy == NULL)
			return (struct lc_plan_list){0, 0};
		if (length > 0)
			memcpy(copy, items[i], length);
	}
	list.count = (uint32_t) count;
	return list;
}

uint32_t lc_plan_slot(struct lc_plan_writer *w)
{
	if (w->slots >= LCT_PLAN_SLOTS_MAX) {
		give_up(w, E2BIG);
		return 0;
	}
	return w->slots++;
}

/* Remember who asked for operation number w->count. */
static void note_origin(struct lc_plan_writer *w)
{
	if (w->count >= w->origins_room) {
		size_t room = w->origins_room == 0 ? 64 : w->origins_room * 2;
		const char **origins = lc_arena_array(w->arena, room, sizeof(*origins));

		if (origins == NULL) {
			give_up(w, ENOMEM);
			return;
		}
		if (w->count > 0)
			memcpy(origins, w->origins, w->count * sizeof(*origins));
		w->origins = origins;
		w->origins_room = room;
	}
	w->origins[w->count] = w->origin;
}

/* Operand by operand: what lies between them in the caller's struct is not ours to pass on, and the
 * same plan must have the same bytes. */
static void copy_record(uint8_t *to, const uint8_t *from, enum lc_plan_op op)
{
	static const uint8_t sizes[] = {
		[LCT_KIND_U32] = 4,
		[LCT_KIND_U64] = 8,
		[LCT_KIND_HEX] = 8,
		[LCT_KIND_STR] = 4,
		[LCT_KIND_LIST] = 8,
		[LCT_KIND_BYTES] = 8,
	};
	size_t count;
	const struct lc_plan_operand *operands = lc_plan_operands(&count);

	memcpy(to, from, sizeof(struct lc_plan_record));
	for (size_t i = 0; i < count; i++)
		if (operands[i].op == op)
			memcpy(to + operands[i].offset, from + operands[i].offset,
				sizes[operands[i].kind]);
}

void lc_plan_append(struct lc_plan_writer *w, enum lc_plan_op op, void *record, size_t size)
{
	struct lc_plan_record *head = record;
	void *copy;

	if (size != lc_plan_record_size(op) * 8u)
		give_up(w, EINVAL);
	/* An error names its operation in 16 bits, and LCT_NO_OP is none. */
	if (w->count >= LCT_NO_OP)
		give_up(w, E2BIG);
	if (w->failed != 0)
		return;
	note_origin(w);
	copy = extend(w, &w->ops, size);
	if (copy == NULL)
		return;
	head->op = (uint16_t) op;
	head->size = lc_plan_record_size(op);
	head->pad = 0;
	copy_record(copy, record, op);
	w->count++;
}

void lc_plan_gate(struct lc_plan_writer *w, enum lc_gate which)
{
	LCT_PLAN(w, gate, .which = which);
	w->gates |= 1u << which;
}

void lc_plan_view(const struct lc_plan_writer *w, struct lc_plan_header *header, struct lc_plan *out)
{
	*header = (struct lc_plan_header){.ops = w->count, .ops_size = (uint32_t) w->ops.used};
	*out = (struct lc_plan){header, w->ops.bytes, (const char *) w->pool.bytes};
}

int lc_plan_finish(struct lc_plan_writer *w, const void **out, size_t *out_size,
	struct lc_error *err)
{
	struct lc_plan_header *header;
	uint8_t *bytes;
	size_t total;

	if (w->failed == 0 && w->pool.bytes[w->pool.used - 1] != '\0')
		(void) extend(w, &w->pool, 1);
	/* Neither part is above LCT_PLAN_SIZE_MAX, so the sum cannot wrap. */
	total = sizeof(*header) + w->ops.used + w->pool.used;
	if (total > LCT_PLAN_SIZE_MAX)
		give_up(w, E2BIG);
	if (w->failed != 0)
		return lc_fail(err, LCT_STEP_PLAN, w->failed, "plan");
	bytes = lc_arena_alloc(w->arena, total);
	if (bytes == NULL)
		return lc_fail(err, LCT_STEP_PLAN, ENOMEM, "plan");
	header = (struct lc_plan_header *) bytes;
	*header = (struct lc_plan_header){
		.magic = LCT_PLAN_MAGIC,
		.total = (uint32_t) total,
		.layout = lc_plan_layout(),
		.ops = w->count,
		.ops_size = (uint32_t) w->ops.used,
		.pool_size = (uint32_t) w->pool.used,
		.slots = w->slots,
	};
	if (w->ops.used > 0)
		memcpy(bytes + sizeof(*header), w->ops.bytes, w->ops.used);
	memcpy(bytes + sizeof(*header) + w->ops.used, w->pool.bytes, w->pool.used);
	*out = bytes;
	*out_size = total;
	return 0;
}

int lc_plan_seal(const void *document, size_t size, struct lc_error *err)
{
	const unsigned flags = MFD_CLOEXEC | MFD_ALLOW_SEALING;
	LCT_CLEANUP(fd) int fd = (int) lc_sys_memfd_create("lc-plan", flags | MFD_NOEXEC_SEAL);
	long r;

	if (fd == -EINVAL) /* Linux < 6.3 does not know the flag */
		fd = (int) lc_sys_memfd_create("lc-plan", flags);
	fd = lc_fd_above_stdio(fd);
	if (fd < 0)
		return lc_fail(err, LCT_STEP_PLAN, fd, "memfd_create");
	r = lc_fd_write_all(fd, document, size);
	if (r < 0)
		return lc_fail(err, LCT_STEP_PLAN, r, "plan");
	r = lc_sys_fcntl(fd, F_ADD_SEALS, F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE);
	if (r < 0)
		return lc_fail(err, LCT_STEP_PLAN, r, "seals");
	return lc_take_fd(&fd);
}
