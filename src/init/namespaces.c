/* SPDX-License-Identifier: MIT */
/*
 * What belongs to a namespace and is not a mount: entering new ones, session and keyring, host and
 * domain name, network interfaces, kernel settings. Kernel settings are written through a procfs of
 * our own in a slot, never through /proc of the container, which may be anything.
 */
#include "init/init.h"
#include <linux/keyctl.h>
#include <linux/nsfs.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <sys/prctl.h>

int lc_init_unshare(struct lc_init *init, const struct lc_op_unshare *op, struct lc_error *err)
{
	long r = lc_sys_unshare(op->flags);

	(void) init;
	return r < 0 ? lc_fail(err, LCT_STEP_NAMESPACE, r, "unshare") : 0;
}

/* Whatever the path leads to: only a namespace answers what kind it is. [O64] */
int lc_init_namespace_open(
	struct lc_init *init, const struct lc_op_namespace_open *op, struct lc_error *err)
{
	const char *path = lc_plan_string(&init->plan, op->path);
	LCT_INIT_FD int namespace = (int) lc_sys_openat(
		AT_FDCWD, path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC, 0);
	long r = namespace;

	if (r >= 0)
		r = lc_sys_ioctl(namespace, NS_GET_NSTYPE, NULL);
	if (r == -ENOTTY || (r >= 0 && (uint64_t) r != op->flag))
		r = -EINVAL;
	if (r >= 0)
		r = lc_slot_put(init, op->slot, lc_init_fd_take(&namespace), op->path);
	return r < 0 ? lc_fail(err, LCT_STEP_NAMESPACE, r, path) : 0;
}

int lc_init_namespace_enter(
	struct lc_init *init, const struct lc_op_namespace_enter *op, struct lc_error *err)
{
	long r = lc_sys_setns(lc_slot_get(init, op->slot), op->flag);

	/* A change of user namespace changes credentials, and they bring their own idea of it. */
	if (r >= 0 && op->flag == CLONE_NEWUSER)
		r = lc_sys_prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
	if (r < 0)
		return lc_fail(err, LCT_STEP_NAMESPACE, r, lc_slot_name(init, op->slot));
	return lc_slot_put(init, op->slot, -1, 0);
}

/* Nobody is in it until the next process is made, or somebody enters it by name: from then on its clocks are
 * as they are. */
int lc_init_time(struct lc_init *init, const struct lc_op_time *op, struct lc_error *err)
{
	const char *offsets = lc_plan_string(&init->plan, op->offsets);
	LCT_INIT_FD int proc = lc_procfs_open();
	LCT_INIT_FD int file = -1;
	LCT_INIT_FD int namespace = -1;
	const char *what = "unshare";
	long r = proc;

	if (r >= 0)
		r = lc_sys_unshare(CLONE_NEWTIME);
	if (r >= 0 && *offsets != '\0') {
		what = "timens_offsets";
		r = file = (int) lc_sys_openat(proc, "self/timens_offsets", O_WRONLY | O_CLOEXEC, 0);
		if (r >= 0)
			r = lc_sys_write(file, offsets, lc_length(offsets));
	}
	if (r >= 0) {
		what = "setns";
		r = namespace = (int) lc_sys_openat(
			proc, "self/ns/time_for_children", O_RDONLY | O_CLOEXEC, 0);
	}
	if (r >= 0)
		r = lc_sys_setns(namespace, CLONE_NEWTIME);
	return r < 0 ? lc_fail(err, LCT_STEP_NAMESPACE, r, what) : 0;
}

int lc_init_session(struct lc_init *init, const struct lc_op_session *op, struct lc_error *err)
{
	long r = lc_sys_setsid();

	(void) init;
	(void) op;
	return r < 0 ? lc_fail(err, LCT_STEP_PROCESS, r, "setsid") : 0;
}

/* "name.0123456789abcdef": joining takes what has the name already, and who could guess it would
 * put a keyring of his own in our place. The kernel keeps a dot in front for its own, and an id may have
 * one. False when it does not fit. */
static bool name_keyring(char *out, size_t room, const char *name, uint64_t chance)
{
	static const char digits[] = "0123456789abcdef";
	char end[18] = ".";
	size_t used = 0;
	int i;

	for (i = 0; i < 16; i++)
		end[i + 1] = digits[chance >> (60 - 4 * i) & 15];
	return lc_append(out, room, &used, name[0] == '.' ? "_" : "") &&
		lc_append(out, room, &used, name) && lc_append(out, room, &used, end);
}

int lc_init_keyring(struct lc_init *init, const struct lc_op_keyring *op, struct lc_error *err)
{
	char name[512];
	uint64_t chance;
	long r = lc_sys_getrandom(&chance, sizeof(chance), 0);

	if (r >= 0 && !name_keyring(name, sizeof(name), lc_plan_string(&init->plan, op->name), chance))
		r = -ENAMETOOLONG;
	if (r >= 0)
		r = lc_sys_keyctl(KEYCTL_JOIN_SESSION_KEYRING, name);
	if (r == -ENOSYS)
		return 0; /* a kernel without keys has none to keep apart */
	return r < 0 ? lc_fail(err, LCT_STEP_KEYRING, r, "session keyring") : 0;
}

int lc_init_hostname(struct lc_init *init, const struct lc_op_hostname *op, struct lc_error *err)
{
	const char *name = lc_plan_string(&init->plan, op->name);
	long r = lc_sys_sethostname(name, lc_length(name));

	return r < 0 ? lc_fail(err, LCT_STEP_HOSTNAME, r, name) : 0;
}

int lc_init_domainname(
	struct lc_init *init, const struct lc_op_domainname *op, struct lc_error *err)
{
	const char *name = lc_plan_string(&init->plan, op->name);
	long r = lc_sys_setdomainname(name, lc_length(name));

	return r < 0 ? lc_fail(err, LCT_STEP_HOSTNAME, r, name) : 0;
}

int lc_init_link_up(struct lc_init *init, const struct lc_op_link_up *op, struct lc_error *err)
{
	const char *name = lc_plan_string(&init->plan, op->name);
	struct ifreq request = {0};
	size_t used = 0;
	LCT_INIT_FD int handle = -1;
	long r;

	if (!lc_append(request.ifr_name, sizeof(request.ifr_name), &used, name))
		return lc_fail(err, LCT_STEP_NETWORK, ENODEV, name);
	r = handle = (int) lc_sys_socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (r >= 0)
		r = lc_sys_ioctl(handle, SIOCGIFFLAGS, &request);
	if (r >= 0) {
		request.ifr_flags |= IFF_UP;
		r = lc_sys_ioctl(handle, SIOCSIFFLAGS, &request);
	}
	return r < 0 ? lc_fail(err, LCT_STEP_NETWORK, r, name) : 0;
}

/* The name is the path below /proc/sys. No component may be a link or another mount, or lead up. */
int lc_init_sysctl(struct lc_init *init, const struct lc_op_sysctl *op, struct lc_error *err)
{
	const uint64_t resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS |
		RESOLVE_NO_XDEV;
	const char *name = lc_plan_string(&init->plan, op->name);
	const char *value = lc_plan_string(&init->plan, op->value);
	size_t length = lc_length(value);
	LCT_INIT_FD int sys = (int) lc_sys_openat2(lc_slot_get(init, op->slot), "sys",
		O_PATH | O_DIRECTORY | O_CLOEXEC, 0, resolve);
	LCT_INIT_FD int file = -1;
	long r = sys;

	if (r >= 0)
		r = file = (int) lc_sys_openat2(sys, name, O_WRONLY | O_CLOEXEC, 0, resolve);
	if (r == -ENOENT && op->optional)
		return 0;
	if (r >= 0)
		r = lc_sys_write(file, value, length);
	if (r >= 0 && (size_t) r != length)
		r = -EIO;
	return r < 0 ? lc_fail(err, LCT_STEP_SYSCTL, r, name) : 0;
}
