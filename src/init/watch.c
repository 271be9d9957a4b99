/* SPDX-License-Identifier: MIT */
/*
 * The terminal of the host's caller, when the host is killed and cannot put it back itself. Nothing of it
 * happens in a container: stdin is that terminal, and the end of the session socket the end of the host.
 */
#include "init/init.h"
#include "plan/report.h"
#include <asm/ioctls.h>
#include <asm/termbits.h>

static bool is_same_mode(const struct termios2 *a, const struct termios2 *b)
{
	/* the rest is the driver's to round, and was not changed */
	return a->c_iflag == b->c_iflag && a->c_oflag == b->c_oflag && a->c_lflag == b->c_lflag;
}

int lc_init_terminal_watch(
	struct lc_init *init, const struct lc_op_terminal_watch *op, struct lc_error *err)
{
	struct lc_report word;
	const struct termios2 *raw = lc_plan_data(&init->plan, op->raw);
	const struct termios2 *before = lc_plan_data(&init->plan, op->before);
	struct termios2 now;
	long r;

	if (op->raw.length != sizeof(*raw) || op->before.length != sizeof(*before))
		return lc_fail(err, LCT_STEP_TERMINAL, EINVAL, "settings");
	do
		r = lc_sys_recv(LCT_FD_SESSION, &word, sizeof(word), 0);
	while (r > 0 || r == -EINTR);
	r = lc_sys_ioctl(0, TCGETS2, &now);
	/* Who has changed it since, a shell say, knows better. */
	if (r >= 0 && is_same_mode(&now, raw))
		r = lc_sys_ioctl(0, TCSETS2, (void *) (uintptr_t) before);
	lc_sys_exit(r < 0 ? LCT_INIT_FAILED : 0);
	return lc_fail(err, LCT_STEP_TERMINAL, ECANCELED, "settings");
}
