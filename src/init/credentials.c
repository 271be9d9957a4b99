/* SPDX-License-Identifier: MIT */
/*
 * Who the program will be. Order that the kernel forces: the bounding set shrinks while
 * CAP_SETPCAP is there; groups before the user; capabilities survive the change of user by
 * PR_SET_KEEPCAPS and are cut to their final sets right after it. What was asked for is read back:
 * a protection that did not take is a failed start, never a quieter one.
 */
#include "init/init.h"
#include "plan/report.h"
#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>

#define CAPABILITIES 64
#define GROUPS_MAX 65536u

static bool holds(uint64_t set, unsigned capability)
{
	return ((set >> capability) & 1) != 0;
}

int lc_init_bounding(struct lc_init *init, const struct lc_op_bounding *op, struct lc_error *err)
{
	unsigned capability;

	(void) init;
	for (capability = 0; capability < CAPABILITIES; capability++) {
		long r;

		if (holds(op->set, capability))
			continue;
		r = lc_sys_prctl(PR_CAPBSET_DROP, capability, 0, 0, 0);
		if (r == -EINVAL)
			break; /* the kernel's last capability was the one before */
		/* Without CAP_SETPCAP even dropping nothing is refused. */
		if (r == -EPERM && lc_sys_prctl(PR_CAPBSET_READ, capability, 0, 0, 0) == 0)
			continue;
		if (r < 0)
			return lc_fail(err, LCT_STEP_CAPABILITIES, r, "bounding");
	}
	return 0;
}

int lc_init_user(struct lc_init *init, const struct lc_op_user *op, struct lc_error *err)
{
	const uint32_t *groups = lc_plan_data(&init->plan, op->groups);
	size_t count = op->groups.length / sizeof(*groups);
	long r;

	if (count > GROUPS_MAX || op->groups.length % sizeof(*groups) != 0)
		return lc_fail(err, LCT_STEP_USER, EINVAL, "groups");
	r = lc_sys_prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0);
	if (r < 0)
		return lc_fail(err, LCT_STEP_USER, r, "keepcaps");
	/* Always, with an empty list too: the host's groups must go, where they can. [D33] */
	if (op->keep_groups == 0)
		r = lc_sys_setgroups(count, groups);
	if (r < 0)
		return lc_fail(err, LCT_STEP_USER, r, "groups");
	r = lc_sys_setresgid(op->gid, op->gid, op->gid);
	if (r < 0)
		return lc_fail(err, LCT_STEP_USER, r, "gid");
	r = lc_sys_setresuid(op->uid, op->uid, op->uid);
	if (r < 0)
		return lc_fail(err, LCT_STEP_USER, r, "uid");
	r = lc_sys_prctl(PR_SET_KEEPCAPS, 0, 0, 0, 0);
	/* A change of user puts it back to the sysctl's value, and it cleared the parent death
	 * signal, for which the plan has another record. */
	if (r >= 0)
		r = lc_sys_prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
	return r < 0 ? lc_fail(err, LCT_STEP_USER, r, "keepcaps") : 0;
}

#define NO_ID 0xffffffffu

/* Who files are made by, and nothing else of us. The one way back to a user who has no number here is
 * to change nothing: setreuid(2) puts what files are made by back to the effective user then. */
int lc_init_files_by(struct lc_init *init, const struct lc_op_files_by *op, struct lc_error *err)
{
	long r;

	(void) init;
	if (op->root == 0) {
		r = lc_sys_setregid(NO_ID, NO_ID);
		if (r >= 0)
			r = lc_sys_setreuid(NO_ID, NO_ID);
	} else {
		r = lc_sys_setfsgid(0);
		if (r >= 0)
			r = lc_sys_setfsgid(NO_ID);
		if (r == 0)
			r = lc_sys_setfsuid(0);
		if (r >= 0)
			r = lc_sys_setfsuid(NO_ID);
		if (r > 0)
			r = -EPERM;
	}
	if (r >= 0)
		r = lc_sys_prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
	return r < 0 ? lc_fail(err, LCT_STEP_USER, r, "files") : 0;
}

static int set_ambient(uint64_t set)
{
	unsigned capability;
	long r = lc_sys_prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);

	for (capability = 0; r >= 0 && capability < CAPABILITIES; capability++)
		if (holds(set, capability))
			r = lc_sys_prctl(
				PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, capability, 0, 0);
	return (int) r;
}

/* The bounding and the ambient set as the kernel has them. What is ambient is inheritable too, so
 * only those that the inheritable set holds are asked for. */
static int read_prctl_sets(uint64_t inheritable, uint64_t *out_bounding, uint64_t *out_ambient)
{
	unsigned capability;

	*out_bounding = *out_ambient = 0;
	for (capability = 0; capability < CAPABILITIES; capability++) {
		long in_bounding = lc_sys_prctl(PR_CAPBSET_READ, capability, 0, 0, 0);
		long in_ambient = 0;

		if (in_bounding == -EINVAL)
			break; /* the kernel's last capability was the one before */
		if (in_bounding < 0)
			return (int) in_bounding;
		if (holds(inheritable, capability))
			in_ambient = lc_sys_prctl(
				PR_CAP_AMBIENT, PR_CAP_AMBIENT_IS_SET, capability, 0, 0);
		if (in_ambient < 0)
			return (int) in_ambient;
		*out_bounding |= (uint64_t) in_bounding << capability;
		*out_ambient |= (uint64_t) in_ambient << capability;
	}
	return 0;
}

/* Read the sets back: -EPERM when one is not what was asked for, with its name in *out_which. */
static int prove_sets(const struct lc_op_capabilities *op, const char **out_which)
{
	struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct got[2];
	uint64_t bounding, ambient;
	long r = lc_sys_capget(&header, got);

	*out_which = "permitted";
	if (r < 0)
		return (int) r;
	if ((got[0].permitted | (uint64_t) got[1].permitted << 32) != op->permitted)
		return -EPERM;
	*out_which = "effective";
	if ((got[0].effective | (uint64_t) got[1].effective << 32) != op->effective)
		return -EPERM;
	*out_which = "inheritable";
	if ((got[0].inheritable | (uint64_t) got[1].inheritable << 32) != op->inheritable)
		return -EPERM;
	*out_which = "ambient";
	r = read_prctl_sets(op->inheritable, &bounding, &ambient);
	if (r < 0)
		return (int) r;
	if (ambient != op->ambient)
		return -EPERM;
	*out_which = "bounding";
	return bounding == op->bounding ? 0 : -EPERM;
}

int lc_init_capabilities(
	struct lc_init *init, const struct lc_op_capabilities *op, struct lc_error *err)
{
	struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct data[2];
	const char *wrong;
	long r;
	int i;

	(void) init;
	for (i = 0; i < 2; i++) {
		data[i].effective = (uint32_t) (op->effective >> (32 * i));
		data[i].permitted = (uint32_t) (op->permitted >> (32 * i));
		data[i].inheritable = (uint32_t) (op->inheritable >> (32 * i));
	}
	r = lc_sys_capset(&header, data);
	if (r < 0)
		return lc_fail(err, LCT_STEP_CAPABILITIES, r, "permitted");
	r = set_ambient(op->ambient);
	if (r < 0)
		return lc_fail(err, LCT_STEP_CAPABILITIES, r, "ambient");
	r = prove_sets(op, &wrong);
	return r < 0 ? lc_fail(err, LCT_STEP_CAPABILITIES, r, wrong) : 0;
}

int lc_init_no_new_privileges(
	struct lc_init *init, const struct lc_op_no_new_privileges *op, struct lc_error *err)
{
	long r = lc_sys_prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);

	(void) init;
	(void) op;
	return r < 0 ? lc_fail(err, LCT_STEP_NO_NEW_PRIVILEGES, r, "no_new_privileges") : 0;
}

/* Not read back: the filter may kill who asks. The kernel answers 0 only when it is in force. */
int lc_init_seccomp(struct lc_init *init, const struct lc_op_seccomp *op, struct lc_error *err)
{
	const struct lc_report report = {.kind = LCT_REPORT_LISTENER};
	struct sock_fprog program;
	long r;

	if (op->filter.length % sizeof(struct sock_filter) != 0 ||
		op->filter.length / sizeof(struct sock_filter) > BPF_MAXINSNS)
		return lc_fail(err, LCT_STEP_SECCOMP, EINVAL, "filter");
	r = lc_init_limits_settle(init, err); /* later the filter may forbid it */
	if (r < 0)
		return (int) r;
	program.len = (unsigned short) (op->filter.length / sizeof(struct sock_filter));
	/* The kernel copies the program; its interface just lacks the const. */
	program.filter = (struct sock_filter *) (uintptr_t) lc_plan_data(&init->plan, op->filter);
	r = lc_sys_seccomp(SECCOMP_SET_MODE_FILTER, (unsigned) op->flags, &program);
	if (r < 0)
		return lc_fail(err, LCT_STEP_SECCOMP, r, "filter");
	if ((op->flags & SECCOMP_FILTER_FLAG_NEW_LISTENER) == 0)
		return 0;
	/* It closes on exec. Until then there is more to do than the filter may let us. */
	r = lc_init_send_with(&report, (int) r);
	return r < 0 ? lc_fail(err, LCT_STEP_SECCOMP, r, "sendmsg") : 0;
}
