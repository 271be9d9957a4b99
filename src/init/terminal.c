/* SPDX-License-Identifier: MIT */
/*
 * A terminal of the container's own. It comes from the devpts that is mounted there, which is proved
 * before anything in it is opened: in a devpts only the kernel makes nodes, and nothing that is
 * mounted over one of them is entered. From the master on there are descriptors alone; no name of a
 * /dev/pts that others may change is used any more. The master goes to the host, and nothing of it
 * stays here. [A76 D32]
 */
#include "init/init.h"
#include "plan/report.h"
#include <linux/magic.h>
#include <sys/ioctl.h>
#include <sys/vfs.h>

#define PTS "/dev/pts"
#define CONSOLE "/dev/console"

/* A new master of the container's devpts. */
static int open_master(const struct lc_init *init)
{
	const uint64_t resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS |
		RESOLVE_NO_XDEV;
	LCT_INIT_FD int directory = lc_path_open(init, PTS, O_PATH | O_DIRECTORY, 0);
	struct statfs seen;
	long r = directory;

	if (r >= 0)
		r = lc_sys_fstatfs(directory, &seen);
	if (r >= 0 && (unsigned long) seen.f_type != DEVPTS_SUPER_MAGIC)
		r = -ENODEV;
	if (r < 0)
		return (int) r;
	return (int) lc_sys_openat2(
		directory, "ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC, 0, resolve);
}

/* Its other end, sized, and the user's. The group and the mode are the mount's to say. */
static int open_slave(int master, const struct lc_op_terminal *op)
{
	const uint32_t same_group = ~(uint32_t) 0;
	struct winsize size = {.ws_col = (unsigned short) op->columns,
		.ws_row = (unsigned short) op->rows};
	LCT_INIT_FD int slave = -1;
	int unlocked = 0;
	long r = lc_sys_ioctl(master, TIOCSPTLCK, &unlocked);

	if (r >= 0)
		r = slave = (int) lc_sys_ioctl(
			master, TIOCGPTPEER, (void *) (O_RDWR | O_NOCTTY | O_CLOEXEC));
	if (r >= 0)
		r = lc_sys_ioctl(slave, TIOCSWINSZ, &size);
	if (r >= 0)
		r = lc_sys_fchownat(slave, "", op->uid, same_group, AT_EMPTY_PATH);
	return r < 0 ? (int) r : lc_init_fd_take(&slave);
}

int lc_init_terminal(struct lc_init *init, const struct lc_op_terminal *op, struct lc_error *err)
{
	const struct lc_report report = {.kind = LCT_REPORT_TERMINAL};
	LCT_INIT_FD int master = open_master(init);
	LCT_INIT_FD int slave = -1;
	long r = master;
	int fd;

	if (r >= 0)
		r = slave = open_slave(master, op);
	for (fd = 0; r >= 0 && fd < LCT_FD_SESSION; fd++)
		r = lc_sys_dup3(slave, fd, 0);
	if (r < 0)
		return lc_fail(err, LCT_STEP_TERMINAL, r, PTS);
	r = lc_init_send_with(&report, master);
	return r < 0 ? lc_fail(err, LCT_STEP_TERMINAL, r, "master") : 0;
}

/* A copy of the very node that we are on; what is called so in the image is covered. */
int lc_init_console(struct lc_init *init, const struct lc_op_console *op, struct lc_error *err)
{
	struct lc_path_make how = {
		.kind = LCT_PATH_FILE, .mode = 0600, .resolve = RESOLVE_NO_SYMLINKS};
	LCT_INIT_FD int target = lc_path_make(init, 0, 0, CONSOLE, &how);
	LCT_INIT_FD int node = -1;
	long r = target;

	(void) op;
	if (r >= 0)
		r = node = (int) lc_sys_open_tree(
			0, "", AT_EMPTY_PATH | OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);
	if (r >= 0)
		r = lc_mount_move(node, target);
	return r < 0 ? lc_fail(err, LCT_STEP_TERMINAL, r, CONSOLE) : 0;
}

int lc_init_control(struct lc_init *init, const struct lc_op_control *op, struct lc_error *err)
{
	long r = lc_sys_ioctl(0, TIOCSCTTY, NULL);

	(void) init;
	(void) op;
	return r < 0 ? lc_fail(err, LCT_STEP_TERMINAL, r, "TIOCSCTTY") : 0;
}
