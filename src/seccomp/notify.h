/* SPDX-License-Identifier: MIT */
/*
 * The supervisor's end of a filter that notifies: seccomp_unotify(2). Who makes such a call sleeps in
 * the kernel until it is answered. Its number of a process is a number as we see it; everything read of
 * the caller counts only as long as lc_notify_is_valid says so afterwards.
 */
#ifndef LCT_SECCOMP_NOTIFY_H
#define LCT_SECCOMP_NOTIFY_H

#include "base/error.h"
#include <stdbool.h>
#include <stdint.h>

struct lc_notify_call {
	uint64_t id;           /* of this call, for the functions below */
	uint32_t pid;          /* of the caller, 0 when it is not in a pid namespace that we see */
	int32_t number;
	uint32_t architecture; /* AUDIT_ARCH_* */
	uint64_t instruction, args[6];
};

/* The next call that waits: 1, 0 for none at the moment, -EPIPE when nobody is left who could make one. */
int lc_notify_receive(int listener, struct lc_notify_call *out, struct lc_error *err);

/* Let a call end: in `value`, or for errnum > 0 in that error. -ENOENT: the caller has gone. */
int lc_notify_answer(
	int listener, uint64_t id, int64_t value, int errnum, struct lc_error *err);
/* Let the kernel make the call after all. The caller may have changed meanwhile what its arguments point
 * to: this is no way to allow some of the values there. */
int lc_notify_continue(int listener, uint64_t id, struct lc_error *err);

/* Is the caller still there, in this very call? */
bool lc_notify_is_valid(int listener, uint64_t id);

/* Give the caller a copy of a descriptor: its number there, `number` of the caller's choice or -1 for the
 * next one; with `is_answer` that number is the answer of the call too. */
struct lc_notify_fd {
	int fd, number;
	bool is_cloexec, is_answer;
};
int lc_notify_add_fd(
	int listener, uint64_t id, const struct lc_notify_fd *what, struct lc_error *err);

/* Up to `size` bytes of the caller's memory: how many were read. What is not mapped ends it. */
long lc_notify_read(
	int listener, const struct lc_notify_call *call, uint64_t address, void *out, size_t size,
	struct lc_error *err);

#endif
