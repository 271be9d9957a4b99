/* SPDX-License-Identifier: MIT */
/*
 * Messages over a unix socket that keeps them apart: what service managers and logs of the system are told with
 * (sd_notify(3), journald, syslog). For a program that is nothing but the host of its container.
 */
#ifndef LCT_CONTAINER_DATAGRAM_H
#define LCT_CONTAINER_DATAGRAM_H

#include "base/error.h"

#define LCT_DATAGRAM_MAX 65536

/* A socket, bound at `path` for everybody to write to, in place of one that was left there; NULL: to send from. */
int lc_datagram_open(const char *path, struct lc_error *err);

/* Send to who listens at `path`, "@name" for an abstract one; with a descriptor unless `passed` is below 0. Who does
 * not take it is not waited for longer than ten seconds. */
int lc_datagram_send(int fd, const char *path, const char *text, size_t size, int passed,
	struct lc_error *err);

/* The next message: its length, 0 for none at the moment. What is longer than `size` is cut. */
long lc_datagram_receive(int fd, char *out, size_t size, struct lc_error *err);

/* Tell a service manager at `path`, and wait until it has read all that was sent before. */
int lc_datagram_barrier(int fd, const char *path, int timeout_ms, struct lc_error *err);

#endif
