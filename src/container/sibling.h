/* SPDX-License-Identifier: MIT */
/*
 * Siblings of an init: further processes of its container, and first ones of others that have joined its
 * pid namespace, children of ours like itself. The kernel
 * lets the init of a pid namespace end only when all others in it are not just dead but reaped, and
 * nobody but us can reap these. So the host keeps a list of them, also of those that the program
 * around us has forgotten; a process object shares its entry, and with it the exit status.
 */
#ifndef LCT_CONTAINER_SIBLING_H
#define LCT_CONTAINER_SIBLING_H

#include "base/arena.h"
#include "container/process.h"

struct lc_host;

struct lc_sibling {
	struct lc_process process;
	pid_t init;          /* whose: pid and start time of the init */
	uint64_t init_start;
	unsigned holders;    /* the host's list, a process object */
	struct lc_sibling *next;
	struct lc_arena arena; /* where all of this is */
};

/* An entry with one holder and no process yet; NULL when out of memory. */
struct lc_sibling *lc_sibling_new(void);
/* A holder lets go; NULL is accepted. */
void lc_sibling_release(struct lc_sibling *sibling);

/* It lives from now on, beside that init: into the host's list. */
void lc_sibling_add(struct lc_host *host, struct lc_sibling *sibling, const struct lc_process *init);

/* The next of this init's siblings that has not been reaped, after `last` (NULL: the first one). */
struct lc_sibling *lc_sibling_next(
	const struct lc_host *host, const struct lc_process *init, const struct lc_sibling *last);

/* Reap those of this init that have ended; others are their own containers' business. */
void lc_sibling_reap(struct lc_host *host, const struct lc_process *init);

/* The host's list goes, when the host does. */
void lc_sibling_forget(struct lc_host *host);

#endif
