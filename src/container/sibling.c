/* SPDX-License-Identifier: MIT */
/* The host's list of processes that have to be reaped. Only who was started here is in it. */
#include "container/sibling.h"

#include "container/host.h"

#include <stddef.h>

struct lc_sibling *lc_sibling_new(void)
{
	struct lc_arena arena = LCT_ARENA_INIT;
	struct lc_sibling *sibling = lc_arena_alloc(&arena, sizeof(*sibling));

	if (sibling == NULL)
		return NULL;
	sibling->process = (struct lc_process) LCT_PROCESS_INIT;
	sibling->holders = 1;
	sibling->arena = arena;
	return sibling;
}

void lc_sibling_release(struct lc_sibling *sibling)
{
	struct lc_arena arena;

	if (sibling == NULL || --sibling->holders > 0)
		return;
	lc_process_done(&sibling->process);
	arena = sibling->arena;
	lc_arena_done(&arena);
}

void lc_sibling_add(struct lc_host *host, struct lc_sibling *sibling, const struct lc_process *init)
{
	sibling->init = init->pid;
	sibling->init_start = init->start;
	sibling->holders++;
	sibling->next = host->siblings;
	host->siblings = sibling;
}

static bool is_beside(const struct lc_sibling *sibling, const struct lc_process *init)
{
	return sibling->init == init->pid && sibling->init_start == init->start;
}

struct lc_sibling *lc_sibling_next(
	const struct lc_host *host, const struct lc_process *init, const struct lc_sibling *last)
{
	struct lc_sibling *at = last != NULL ? last->next : host->siblings;

	while (at != NULL && !is_beside(at, init))
		at = at->next;
	return at;
}

void lc_sibling_reap(struct lc_host *host, const struct lc_process *init)
{
	struct lc_sibling **place = &host->siblings;

	while (*place != NULL) {
		struct lc_sibling *sibling = *place;
		bool has_ended = false;

		if (!is_beside(sibling, init) ||
			lc_process_poll(&sibling->process, &has_ended, NULL) < 0 ||
			!has_ended) {
			place = &sibling->next;
			continue;
		}
		*place = sibling->next;
		lc_sibling_release(sibling);
	}
}

void lc_sibling_forget(struct lc_host *host)
{
	while (host->siblings != NULL) {
		struct lc_sibling *sibling = host->siblings;
		bool has_ended;

		/* who ended with his container, and was not asked for since, is reaped */
		(void) lc_process_poll(&sibling->process, &has_ended, NULL);
		host->siblings = sibling->next;
		lc_sibling_release(sibling);
	}
}
