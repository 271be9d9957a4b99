/* SPDX-License-Identifier: MIT */
#include "files/maker.h"

#include "sys/sys.h"

#include <linux/capability.h>
#include <string.h>

struct call {
	int directory, to;
	const char *name, *other;
	unsigned mode;
	unsigned long device;
};

typedef long call_fn(const struct call *call);

long lc_maker_of(const struct lc_files *files, struct lc_maker *out)
{
	int64_t uid = lc_file_map_out(&files->uids, 0), gid = lc_file_map_out(&files->gids, 0);

	*out = (struct lc_maker){0};
	if (files->uids.count == 0)
		return 0;
	if (uid < 0 || gid < 0)
		return -EOVERFLOW;
	out->uid = (uint32_t) uid;
	out->gid = (uint32_t) gid;
	out->is_other = uid != lc_sys_geteuid() || gid != lc_sys_getegid();
	return 0;
}

#define LCT_NO_ID ((uint32_t) -1)

/* These calls answer who it was, and no failure. */
static long become(const struct lc_maker *maker)
{
	(void) lc_sys_setfsgid(maker->gid);
	(void) lc_sys_setfsuid(maker->uid);
	return lc_sys_setfsgid(LCT_NO_ID) == maker->gid && lc_sys_setfsuid(LCT_NO_ID) == maker->uid ? 0 : -EPERM;
}

/* What a change of these ids takes away from the thread, or the program. */
struct belongings {
	struct __user_cap_data_struct capabilities[2];
	int death_signal;
	bool is_dumpable;
};

static long note(struct belongings *own)
{
	struct __user_cap_header_struct head = {.version = _LINUX_CAPABILITY_VERSION_3};
	long r = lc_sys_capget(&head, own->capabilities);

	if (r >= 0)
		r = lc_sys_prctl(PR_GET_PDEATHSIG, (unsigned long) &own->death_signal, 0, 0, 0);
	if (r >= 0)
		r = lc_sys_prctl(PR_GET_DUMPABLE, 0, 0, 0, 0);
	own->is_dumpable = r == 1;
	return r;
}

static void restore(struct belongings *own)
{
	struct __user_cap_header_struct head = {.version = _LINUX_CAPABILITY_VERSION_3};

	lc_sys_restore_fsids((uint32_t) lc_sys_geteuid(), (uint32_t) lc_sys_getegid());
	lc_sys_restore_capabilities(&head, own->capabilities);
	if (own->death_signal != 0)
		lc_sys_restore_parent_death(own->death_signal);
	if (own->is_dumpable)
		lc_sys_restore_dumpable();
}

/* To lose uid 0 there is to lose what passes by modes; being allowed to, it is taken again. */
static long as_other(const struct lc_maker *maker, call_fn *make, const struct call *call)
{
	struct __user_cap_header_struct head = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct belongings own;
	const lc_sigset all = ~(lc_sigset) 0;
	lc_sigset before;
	long r = lc_sys_sigprocmask(SIG_SETMASK, &all, &before);

	if (r < 0)
		return r;
	r = note(&own);
	if (r >= 0) {
		r = become(maker);
		if (r >= 0)
			r = lc_sys_capset(&head, own.capabilities);
		if (r >= 0)
			r = make(call);
		restore(&own);
	}
	lc_sys_restore_signals(&before);
	return r;
}

static long as(const struct lc_maker *maker, call_fn *make, const struct call *call)
{
	return maker->is_other ? as_other(maker, make, call) : make(call);
}

static long do_mkdir(const struct call *call)
{
	return lc_sys_mkdirat(call->directory, call->name, 0700);
}

static long do_open(const struct call *call)
{
	return lc_sys_openat(
		call->directory, call->name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
}

static long do_mknod(const struct call *call)
{
	return lc_sys_mknodat(call->directory, call->name, call->mode, call->device);
}

static long do_symlink(const struct call *call)
{
	return lc_sys_symlinkat(call->other, call->directory, call->name);
}

static long do_link(const struct call *call)
{
	return lc_sys_linkat(call->directory, call->other, call->to, call->name);
}

static long do_rename(const struct call *call)
{
	return lc_sys_renameat2(call->directory, call->other, call->to, call->name, call->mode);
}

long lc_maker_mkdir(const struct lc_maker *maker, int directory, const char *name)
{
	return as(maker, do_mkdir, &(struct call){.directory = directory, .name = name});
}

long lc_maker_open(const struct lc_maker *maker, int directory, const char *name)
{
	return as(maker, do_open, &(struct call){.directory = directory, .name = name});
}

long lc_maker_mknod(
	const struct lc_maker *maker, int directory, const char *name, unsigned mode, unsigned long device)
{
	return as(maker, do_mknod,
		&(struct call){.directory = directory, .name = name, .mode = mode, .device = device});
}

long lc_maker_symlink(const struct lc_maker *maker, const char *target, int directory, const char *name)
{
	return as(maker, do_symlink, &(struct call){.directory = directory, .name = name, .other = target});
}

long lc_maker_link(const struct lc_maker *maker, int from, const char *old, int to, const char *name)
{
	return as(maker, do_link, &(struct call){.directory = from, .other = old, .to = to, .name = name});
}

long lc_maker_rename(const struct lc_maker *maker, int from, const char *old, int to, const char *name,
	unsigned flags)
{
	return as(maker, do_rename,
		&(struct call){.directory = from, .other = old, .to = to, .name = name, .mode = flags});
}
