/* SPDX-License-Identifier: MIT */
/*
 * A filter in fewer instructions that gives the same answers. The kernel translates and compiles
 * a filter anew for every program that loads it; with one comparison for each system call, as
 * libseccomp writes them, that is an eighth of what a further program in a container takes.
 *
 * What follows the load of the call's number, and looks at nothing else, is a function from a
 * number to where it leads: an answer, or the first look at an argument. Written down as ranges and
 * searched by halves it is a quarter as long. Everything else is copied as it is.
 *
 * Jumps in BPF lead forwards, so the new program is written from its end: what an instruction leads
 * to is there before it.
 */
#include "seccomp/seccomp.h"

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stdlib.h>

#define LOAD (BPF_LD | BPF_W | BPF_ABS)
#define ANSWER (BPF_RET | BPF_K)
#define FAR 255u /* as far as a comparison can jump */

/* From this number on, up to the next range, it goes on there. */
struct range {
	uint32_t first;
	size_t leads_to;
};

struct ranges {
	struct range *items;
	size_t count;
};

struct program {
	const struct sock_filter *code;
	size_t count;
	struct ranges *ranges; /* by instruction: of one that loads the number */
	size_t *twins;         /* by instruction: of answers, the last that is the same */
	bool *is_needed;
};

/* Written from the end: place n is the n-th instruction from there. */
struct output {
	struct sock_filter *end; /* one past the last */
	size_t used, room;
	size_t *places;          /* by old instruction: the last place that it was written to */
};

/* --- reading --- */

static bool loads_number(const struct sock_filter *at)
{
	return at->code == LOAD && at->k == offsetof(struct seccomp_data, nr);
}

static bool is_comparison(const struct sock_filter *at)
{
	return at->code == (BPF_JMP | BPF_JEQ | BPF_K) || at->code == (BPF_JMP | BPF_JGT | BPF_K) ||
	       at->code == (BPF_JMP | BPF_JGE | BPF_K);
}

static bool is_jump(const struct sock_filter *at)
{
	return at->code == (BPF_JMP | BPF_JA);
}

/* Only what libseccomp writes, and no jump out of the program: whoever reads on may count on it. */
static bool is_familiar(const struct sock_filter *code, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		const struct sock_filter *at = &code[i];
		size_t most = is_comparison(at) ? (at->jt > at->jf ? at->jt : at->jf)
			      : is_jump(at)     ? at->k
						: 0;

		if (!is_comparison(at) && !is_jump(at) && at->code != LOAD && at->code != ANSWER &&
			at->code != (BPF_ALU | BPF_AND | BPF_K))
			return false;
		if (at->code != ANSWER && most >= count - 1 - i)
			return false;
	}
	return count > 0;
}

static size_t next_of(const struct program *p, size_t i, uint32_t number)
{
	const struct sock_filter *at = &p->code[i];
	unsigned op = BPF_OP(at->code);
	bool holds = op == BPF_JEQ   ? number == at->k
		     : op == BPF_JGT ? number > at->k
				     : number >= at->k;

	if (is_jump(at))
		return i + 1 + at->k;
	if (is_comparison(at))
		return i + 1 + (holds ? at->jt : at->jf);
	return i + 1; /* the number once more */
}

static bool is_of_number(const struct sock_filter *at)
{
	return is_comparison(at) || is_jump(at) || loads_number(at);
}

/* Where `number` leads from `i`, where it is loaded. */
static size_t follow(const struct program *p, size_t i, uint32_t number)
{
	while (is_of_number(&p->code[i]))
		i = next_of(p, i, number);
	return p->twins[i];
}

static void find_twins(struct program *p)
{
	for (size_t i = 0; i < p->count; i++) {
		size_t twin = p->code[i].code == ANSWER ? p->count - 1 : i;

		while (twin > i && (p->code[twin].code != ANSWER || p->code[twin].k != p->code[i].k))
			twin--;
		p->twins[i] = twin;
	}
}

static int compare_numbers(const void *left, const void *right)
{
	uint32_t a = *(const uint32_t *) left, b = *(const uint32_t *) right;

	return (a > b) - (a < b);
}

/* Every number at which a comparison that can be reached from `from` may change its mind. */
static size_t find_bounds(const struct program *p, size_t from, bool *is_reached, uint32_t *out)
{
	size_t count = 0;

	is_reached[from] = true;
	out[count++] = 0;
	for (size_t i = from; i < p->count; i++) {
		const struct sock_filter *at = &p->code[i];

		if (!is_reached[i] || !is_of_number(at))
			continue;
		if (!is_comparison(at)) {
			is_reached[next_of(p, i, 0)] = true;
			continue;
		}
		is_reached[i + 1 + at->jt] = true;
		is_reached[i + 1 + at->jf] = true;
		out[count++] = at->k;
		if (at->k < UINT32_MAX)
			out[count++] = at->k + 1;
	}
	qsort(out, count, sizeof(*out), compare_numbers);
	return count;
}

/* A leaf must not depend on what is loaded: it answers, or loads something itself. */
static bool is_leaf(const struct sock_filter *at)
{
	return at->code == ANSWER || at->code == LOAD;
}

static int find_ranges(struct program *p, size_t from, struct lc_arena *arena)
{
	bool *is_reached = lc_arena_array(arena, p->count, sizeof(*is_reached));
	uint32_t *bounds = lc_arena_array(arena, 2 * p->count + 1, sizeof(*bounds));
	struct ranges *ranges = &p->ranges[from];
	size_t count;

	if (is_reached == NULL || bounds == NULL)
		return -ENOMEM;
	count = find_bounds(p, from, is_reached, bounds);
	ranges->items = lc_arena_array(arena, count, sizeof(*ranges->items));
	if (ranges->items == NULL)
		return -ENOMEM;
	for (size_t i = 0; i < count; i++) {
		size_t leaf = follow(p, from, bounds[i]);

		if (!is_leaf(&p->code[leaf]))
			return -ENOTSUP;
		if (ranges->count > 0 && ranges->items[ranges->count - 1].leads_to == leaf)
			continue;
		ranges->items[ranges->count++] = (struct range){bounds[i], leaf};
		p->is_needed[leaf] = true;
	}
	return 0;
}

/* What the new program consists of, from the start. */
static int find_needed(struct program *p, struct lc_arena *arena)
{
	p->is_needed[0] = true;
	for (size_t i = 0; i < p->count; i++) {
		const struct sock_filter *at = &p->code[i];
		int r;

		if (!p->is_needed[i] || at->code == ANSWER)
			continue;
		if (loads_number(at)) {
			r = find_ranges(p, i, arena);
			if (r < 0)
				return r;
		} else if (is_comparison(at)) {
			p->is_needed[i + 1 + at->jt] = true;
			p->is_needed[i + 1 + at->jf] = true;
		} else {
			p->is_needed[is_jump(at) ? i + 1 + at->k : i + 1] = true;
		}
	}
	return 0;
}

/* --- writing --- */

static size_t put(struct output *out, struct sock_filter instruction)
{
	if (out->used < out->room)
		*(out->end - 1 - out->used) = instruction;
	return ++out->used; /* past the room: found out at the end */
}

/* A place that the instruction after next can jump to when `between` more are written before it. */
static size_t bring_near(struct output *out, size_t place, size_t most)
{
	struct sock_filter there;

	if (out->used - place <= most)
		return place;
	there = out->used <= out->room ? *(out->end - place) : (struct sock_filter){.code = ANSWER};
	if (there.code != ANSWER)
		there = (struct sock_filter) BPF_STMT(BPF_JMP | BPF_JA, (uint32_t) (out->used - place));
	return put(out, there);
}

static size_t put_comparison(struct output *out, struct sock_filter at, size_t yes, size_t no)
{
	no = bring_near(out, no, FAR - 1); /* the other one may still come between */
	yes = bring_near(out, yes, FAR);
	at.jt = (unsigned char) (out->used - yes);
	at.jf = (unsigned char) (out->used - no);
	return put(out, at);
}

static size_t put_search(struct output *out, const struct range *ranges, size_t count)
{
	size_t half = count / 2, low, high;

	if (count == 1)
		return out->places[ranges->leads_to];
	high = put_search(out, ranges + half, count - half);
	low = put_search(out, ranges, half);
	return put_comparison(out,
		(struct sock_filter) BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, ranges[half].first, 0, 0),
		high, low);
}

static void put_all(struct output *out, const struct program *p)
{
	for (size_t i = p->count; i-- > 0;) {
		struct sock_filter at = p->code[i];

		if (!p->is_needed[i])
			continue;
		if (is_comparison(&at)) {
			out->places[i] = put_comparison(out, at, out->places[i + 1 + at.jt],
				out->places[i + 1 + at.jf]);
		} else if (is_jump(&at)) {
			out->places[i] = out->places[i + 1 + at.k];
		} else if (at.code == ANSWER) {
			out->places[i] = put(out, at);
		} else {
			size_t next = loads_number(&at) ? put_search(out, p->ranges[i].items,
								  p->ranges[i].count)
							: out->places[i + 1];

			(void) bring_near(out, next, 0);
			out->places[i] = put(out, at);
		}
	}
}

int lc_seccomp_shorten(const void *bytes, size_t size, struct lc_arena *arena, const void **out,
	size_t *out_size)
{
	struct program p = {.code = bytes, .count = size / sizeof(*p.code)};
	struct output written = {.room = p.count};
	int r;

	if (!is_familiar(p.code, p.count))
		return 0;
	p.ranges = lc_arena_array(arena, p.count, sizeof(*p.ranges));
	p.twins = lc_arena_array(arena, p.count, sizeof(*p.twins));
	p.is_needed = lc_arena_array(arena, p.count, sizeof(*p.is_needed));
	written.places = lc_arena_array(arena, p.count, sizeof(*written.places));
	written.end = lc_arena_array(arena, p.count, sizeof(*written.end));
	if (p.ranges == NULL || p.twins == NULL || p.is_needed == NULL || written.places == NULL ||
		written.end == NULL)
		return -ENOMEM;
	written.end += p.count;
	find_twins(&p);
	r = find_needed(&p, arena);
	if (r < 0)
		return r == -ENOTSUP ? 0 : r;
	put_all(&written, &p);
	if (written.used >= p.count)
		return 0;
	*out = written.end - written.used;
	*out_size = written.used * sizeof(*written.end);
	return 0;
}
