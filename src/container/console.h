/* SPDX-License-Identifier: MIT */
/* The host's end of a program's terminal: its size, and giving it to somebody else. */
#ifndef LCT_CONTAINER_CONSOLE_H
#define LCT_CONTAINER_CONSOLE_H

#include "base/error.h"

struct lc_console_size {
	unsigned short columns, rows;
};

/* Set, and read, the size of a terminal by either of its ends: 0 or -errno (ENOTTY). Setting it
 * tells the foreground process group by SIGWINCH. */
int lc_console_resize(int terminal, const struct lc_console_size *size, struct lc_error *err);
int lc_console_size(int terminal, struct lc_console_size *out, struct lc_error *err);

/*
 * The terminal of whoever called us: how it is, and how it would be without line editing, echo and
 * signals, so that every byte goes through and a read of it does not wait. lc_console_raw makes it so,
 * lc_console_restore puts it back. Neither stops a host that is in the background.
 */
struct lc_console_saved {
	unsigned char settings[64]; /* struct termios2, which libc's headers do not go with */
	unsigned char raw[64];
	size_t size;                /* of each */
};
int lc_console_look(int terminal, struct lc_console_saved *out, struct lc_error *err);
int lc_console_raw(int terminal, const struct lc_console_saved *saved, struct lc_error *err);
int lc_console_restore(
	int terminal, const struct lc_console_saved *saved, struct lc_error *err);

/*
 * Send the master of a terminal to whoever listens on the unix socket `path`, as OCI runtimes do: one
 * message with the terminal's name in the container and the descriptor. ETIMEDOUT when nobody takes
 * it in time.
 */
int lc_console_send(const char *path, int master, int timeout_ms, struct lc_error *err);

#endif
