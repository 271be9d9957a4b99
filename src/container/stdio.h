/* SPDX-License-Identifier: MIT */
/* The host's ends of a program's standard descriptors. */
#ifndef LCT_CONTAINER_STDIO_H
#define LCT_CONTAINER_STDIO_H

#include "base/error.h"
#include <stdbool.h>
#include <stddef.h>

/*
 * A pipe whose end for us does not block: *out_ours is the writing end when `for_input`, the
 * reading end otherwise; *out_theirs blocks, as programs expect.
 */
int lc_stdio_pipe(bool for_input, int *out_ours, int *out_theirs, struct lc_error *err);

/* The host's /dev/null, for reading and writing. */
int lc_stdio_null(struct lc_error *err);

/* A file in memory that holds `text`, positioned at its start: input that needs no pump. */
int lc_stdio_text(const void *text, size_t size, struct lc_error *err);

/* write(2) that never raises SIGPIPE in the host: bytes written, -EAGAIN, -EPIPE. */
long lc_stdio_write(int fd, const void *data, size_t size);

#endif
