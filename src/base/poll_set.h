/* SPDX-License-Identifier: MIT */
/*
 * Many descriptors as one that can be polled: readable while one of them is, or while it is held
 * awake. For objects that wait for several things and show one descriptor to an event loop.
 *
 * What may be in it: descriptors whose poll only looks. A trigger of pressure stall information
 * forgets that it has fired when it is asked, so it is not for a set: cgroups/listen.c.
 */
#ifndef LCT_BASE_POLL_SET_H
#define LCT_BASE_POLL_SET_H

#include "base/error.h"
#include <stdbool.h>

struct lc_poll_set {
	int epoll_fd; /* the one to poll; -1: closed */
	int wake_fd;  /* -1: one that nobody holds awake */
};

#define LCT_POLL_SET_INIT {-1, -1}

/* An empty set: 0, or -errno with both descriptors at -1. One that nobody holds awake saves a descriptor. */
int lc_poll_set_init(struct lc_poll_set *set, bool can_wake, struct lc_error *err);
/* Closes both descriptors, those that were added stay open; twice is once. */
void lc_poll_set_done(struct lc_poll_set *set);

/* Add a descriptor, for POLLIN, POLLPRI, POLLOUT or 0: the end of the other side, which is told in any case.
 * One that is in it already stays. It leaves by itself when it is closed for the last time. */
int lc_poll_set_add(const struct lc_poll_set *set, int fd, short events, struct lc_error *err);
/* Take it out; one that is not in it is no failure. */
void lc_poll_set_remove(const struct lc_poll_set *set, int fd);
/* Hold it readable, or not any more: one that was made for it. */
void lc_poll_set_wake(const struct lc_poll_set *set, bool is_awake);

#endif
