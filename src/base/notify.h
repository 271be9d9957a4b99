/* SPDX-License-Identifier: MIT */
/* inotify about one open file or directory, whatever its path is by now. */
#ifndef LCT_BASE_NOTIFY_H
#define LCT_BASE_NOTIFY_H

#include "base/error.h"
#include <stdbool.h>
#include <stdint.h>

/* A descriptor that is readable when something of `mask` (IN_*) has happened to what `fd` has open;
 * -errno otherwise. It is the caller's. */
int lc_notify_open(int fd, uint32_t mask);
/* Forget what has been told: was there something? Never blocks. */
bool lc_notify_take(int notify_fd);

#endif
