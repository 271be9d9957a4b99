/* SPDX-License-Identifier: MIT */
/*
 * Descriptors: every one is close-on-exec from birth, and none of ours is ever 0, 1 or 2, because
 * a host program may have been started with those closed and a later "inherit" would then hand our
 * own socket to a container.
 */
#ifndef LCT_BASE_FD_H
#define LCT_BASE_FD_H

#include "base/error.h"

/* `fd` (or a negative answer of a call, passed through) moved above 2 when it is not there yet.
 * The original is closed in every case. */
int lc_fd_above_stdio(int fd);

/* Close *fd if it is open and make it -1. */
void lc_fd_close(int *fd);

/* Read all of `fd` until end of file, at most `size` bytes: count, -EMSGSIZE if there is more. */
long lc_fd_read_all(int fd, char *buffer, size_t size);

/* Write all of `buffer`, whatever the kernel takes at a time. */
int lc_fd_write_all(int fd, const void *buffer, size_t size);

#endif
