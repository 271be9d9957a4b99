/* SPDX-License-Identifier: MIT */
/* Giving a descriptor to another program through its unix socket: consoles, seccomp listeners. Whoever
 * listens there is the caller's choice, and may be slow: it is not waited for longer than the caller says. */
#ifndef LCT_CONTAINER_HANDOVER_H
#define LCT_CONTAINER_HANDOVER_H

#include "base/error.h"

#include <sys/un.h>

/* The address of a socket whose path may be longer than an address: then through its directory, which
 * is open as *out_directory. 0 or -errno. */
int lc_handover_address(const char *path, struct sockaddr_un *out, int *out_directory);

/* Connect to the stream socket `path`, which may be longer than an address: the connection. ETIMEDOUT
 * when nobody takes it in time, which holds for what is sent too. */
int lc_handover_connect(
	const char *path, int timeout_ms, enum lc_step step, struct lc_error *err);

/* Send a text, and a descriptor along with its first byte: 0 or -errno. */
int lc_handover_send(int connection, const char *text, size_t size, int fd);

#endif
