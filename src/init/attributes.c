/* SPDX-License-Identifier: MIT */
/*
 * What a process inherits besides descriptors and credentials: signals, umask, priorities, limits,
 * OOM score. A container must not depend on how its host process was started, so `reset` puts the
 * kernel's defaults in place first and the plan's own wishes follow. What a caller without
 * privilege may not raise (a nice value, say) stays as it is: a request fails, a reset does not.
 */
#include "init/init.h"
#include <linux/magic.h>
#include <sys/prctl.h>
#include <sys/statfs.h>

#define SIGNALS 64
/* Of the kernel's first process; what prctl calls "default" is the parent's own. */
#define TIMER_SLACK_NS 50000ul
/* 8192 CPUs, more than the kernel can be built for. Not on the stack: it would be one more page of it. */
static const unsigned char all_cpus[1024] = {[0 ... 1023] = 0xff};

/* What follows a name at the start of a line, NULL when there is no such line. */
static const char *find_line(const char *text, const char *name)
{
	while (*text != '\0') {
		const char *wanted = name;

		while (*wanted != '\0' && *text == *wanted) {
			text++;
			wanted++;
		}
		if (*wanted == '\0')
			return text;
		while (*text != '\0' && *text++ != '\n')
			;
	}
	return NULL;
}

/*
 * The signals that may be ignored, bit n - 1 for signal n. Handlers end with an exec, and nearly always
 * nothing is left to be reset: one look at what the kernel says saves sixty calls. Where it cannot be
 * read, that is all of them.
 */
static uint64_t ignored_signals(char text[PATH_MAX])
{
	LCT_INIT_FD int file =
		(int) lc_sys_openat(AT_FDCWD, "/proc/self/status", O_RDONLY | O_CLOEXEC, 0);
	struct statfs seen;
	long length = file;
	const char *digits = NULL;
	uint64_t set = 0;

	if (length >= 0)
		length = lc_sys_fstatfs(file, &seen);
	if (length >= 0 && (long) seen.f_type == PROC_SUPER_MAGIC)
		length = lc_sys_read(file, text, PATH_MAX - 1);
	if (length > 0) {
		text[length] = '\0';
		digits = find_line(text, "SigIgn:\t");
	}
	for (; digits != NULL && *digits != '\n' && *digits != '\0'; digits++)
		set = set << 4 | (uint64_t) (*digits <= '9' ? *digits - '0' : *digits - 'a' + 10);
	return digits == NULL || *digits == '\0' ? UINT64_MAX : set;
}

/* Dispositions first: a signal that waited must not be ignored or handled the host's way. */
static int reset_signals(struct lc_init *init)
{
	struct lc_sigaction normal = {.handler = SIG_DFL};
	uint64_t ignored = ignored_signals(init->room.text);
	lc_sigset none = 0;
	int signal;
	long r;

	for (signal = 1; signal <= SIGNALS; signal++) {
		if ((ignored >> (signal - 1) & 1) == 0 || signal == SIGKILL || signal == SIGSTOP)
			continue;
		r = lc_sys_sigaction(signal, &normal, NULL);
		if (r < 0)
			return (int) r;
	}
	return (int) lc_sys_sigprocmask(SIG_SETMASK, &none, NULL);
}

/* Whether a call did its work, or was refused in a way that a reset puts up with: see the head of
 * the file. EINVAL: an affinity of which the cpuset leaves nothing. */
static bool is_reset(long *answer)
{
	if (*answer == -EPERM || *answer == -EACCES || *answer == -ENOSYS || *answer == -EINVAL)
		*answer = 0;
	return *answer >= 0;
}

static int reset_scheduling(void)
{
	struct sched_param zero = {0};
	long r = lc_sys_sched_setscheduler(0, SCHED_OTHER, &zero);

	if (is_reset(&r))
		r = lc_sys_setpriority(PRIO_PROCESS, 0, 0);
	/* The cpuset of the cgroup narrows this to what the container may use. */
	if (is_reset(&r))
		r = lc_sys_sched_setaffinity(0, sizeof(all_cpus), all_cpus);
	if (is_reset(&r))
		r = lc_sys_ioprio_set(1 /* this process */, 0, 0);
	if (is_reset(&r))
		r = lc_sys_set_mempolicy(0 /* default */, NULL, 0);
	if (is_reset(&r))
		r = lc_sys_prctl(PR_SET_TIMERSLACK, TIMER_SLACK_NS, 0, 0, 0);
	return is_reset(&r) ? 0 : (int) r;
}

/*
 * Thousands of mounts wait in slots, a descriptor each, and the soft limit is usually 1024: use the
 * hard one for the set-up. The program gets the soft limit back, or the limit that the plan has.
 */
static int raise_nofile(struct lc_init *init)
{
	struct rlimit64 all;
	struct rlimit64 *now = &init->nofile.value;
	long r = lc_sys_prlimit(0, RLIMIT_NOFILE, NULL, now);

	if (r < 0 || now->rlim_cur == now->rlim_max)
		return (int) r;
	all.rlim_cur = all.rlim_max = now->rlim_max;
	r = lc_sys_prlimit(0, RLIMIT_NOFILE, &all, NULL);
	init->nofile.is_due = r >= 0;
	return (int) r;
}

/*
 * The program may have fewer descriptors, or processes, than we still need, so a lower limit waits
 * until the end, where it takes no privilege. A higher one takes privilege, which we have only now.
 */
static int defer_limit(int resource, struct lc_late_limit *late, const struct rlimit64 *wanted)
{
	struct rlimit64 now;
	long r = lc_sys_prlimit(0, resource, NULL, &now);

	if (r >= 0 && wanted->rlim_cur > wanted->rlim_max)
		r = -EINVAL;
	if (r >= 0 && wanted->rlim_max > now.rlim_max) {
		now.rlim_cur = now.rlim_max = wanted->rlim_max;
		r = lc_sys_prlimit(0, resource, &now, NULL);
	}
	late->value = *wanted;
	late->is_due = true;
	return (int) r;
}

static int settle_limit(int resource, struct lc_late_limit *late)
{
	long r = late->is_due ? lc_sys_prlimit(0, resource, &late->value, NULL) : 0;

	late->is_due = false;
	return (int) r;
}

int lc_init_limits_settle(struct lc_init *init, struct lc_error *err)
{
	int r = settle_limit(RLIMIT_NOFILE, &init->nofile);

	if (r < 0)
		return lc_fail(err, LCT_STEP_RLIMIT, r, "NOFILE");
	r = settle_limit(RLIMIT_NPROC, &init->nproc);
	return r < 0 ? lc_fail(err, LCT_STEP_RLIMIT, r, "NPROC") : 0;
}

int lc_init_reset(struct lc_init *init, const struct lc_op_reset *op, struct lc_error *err)
{
	long r = reset_signals(init);

	(void) op;
	if (r < 0)
		return lc_fail(err, LCT_STEP_PROCESS, r, "signals");
	r = lc_sys_umask(0); /* modes that the plan asks for are meant exactly */
	if (r >= 0)
		r = lc_sys_prctl(PR_SET_CHILD_SUBREAPER, 0, 0, 0, 0);
	if (r >= 0)
		r = lc_sys_personality(0);
	if (r < 0)
		return lc_fail(err, LCT_STEP_PROCESS, r, "attributes");
	r = reset_scheduling();
	if (r < 0)
		return lc_fail(err, LCT_STEP_PROCESS, r, "scheduling");
	r = raise_nofile(init);
	return r < 0 ? lc_fail(err, LCT_STEP_RLIMIT, r, "NOFILE") : 0;
}

/* A parent that died before this call is noticed all the same: the session socket is at its end. */
int lc_init_parent_death(
	struct lc_init *init, const struct lc_op_parent_death *op, struct lc_error *err)
{
	long r = lc_sys_prctl(PR_SET_PDEATHSIG, op->signal, 0, 0, 0);

	(void) init;
	return r < 0 ? lc_fail(err, LCT_STEP_PROCESS, r, "parent_death_signal") : 0;
}

/* A procfs of our own: what is called /proc proves nothing. An ordinary user who is not in his user namespace
 * yet can make none, and has that of the host, looked at. */
int lc_procfs_open(void)
{
	LCT_INIT_FD int context = (int) lc_sys_fsopen("proc", FSOPEN_CLOEXEC);
	LCT_INIT_FD int proc = -1;
	struct statfs seen;
	long r = context;

	if (r >= 0)
		r = lc_sys_fsconfig(context, FSCONFIG_CMD_CREATE, NULL, NULL, 0);
	if (r >= 0)
		r = lc_sys_fsmount(context, FSMOUNT_CLOEXEC, 0);
	if (r != -EPERM)
		return (int) r;
	r = proc = (int) lc_sys_openat(AT_FDCWD, "/proc", O_PATH | O_DIRECTORY | O_CLOEXEC, 0);
	if (r >= 0)
		r = lc_sys_fstatfs(proc, &seen);
	if (r >= 0 && (long) seen.f_type != PROC_SUPER_MAGIC)
		r = -EXDEV;
	return r < 0 ? (int) r : lc_init_fd_take(&proc);
}

/* The files of who is not dumpable are root's; for this moment nobody is with us. */
static int open_score(int proc)
{
	const char *name = "self/oom_score_adj";
	long fd = lc_sys_openat(proc, name, O_WRONLY | O_CLOEXEC, 0), r;

	if (fd != -EACCES)
		return (int) fd;
	r = lc_sys_prctl(PR_SET_DUMPABLE, 1, 0, 0, 0);
	if (r < 0)
		return (int) r;
	fd = lc_sys_openat(proc, name, O_WRONLY | O_CLOEXEC, 0);
	r = lc_sys_prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
	if (r < 0 && fd >= 0)
		(void) lc_sys_close((int) fd);
	return (int) (r < 0 ? r : fd);
}

int lc_init_oom_score(struct lc_init *init, const struct lc_op_oom_score *op, struct lc_error *err)
{
	LCT_INIT_FD int proc = lc_procfs_open();
	LCT_INIT_FD int file = -1;
	int32_t value = (int32_t) op->adjust;
	uint32_t magnitude = value < 0 ? -(uint32_t) value : (uint32_t) value;
	char digits[12];
	size_t at = sizeof(digits);
	long r = proc;

	(void) init;
	do {
		digits[--at] = (char) ('0' + magnitude % 10);
		magnitude /= 10;
	} while (magnitude != 0);
	if (value < 0)
		digits[--at] = '-';
	if (r >= 0)
		r = file = open_score(proc);
	if (r >= 0)
		r = lc_sys_write(file, digits + at, sizeof(digits) - at);
	return r < 0 ? lc_fail(err, LCT_STEP_PROCESS, r, "oom_score_adj") : 0;
}

int lc_init_umask(struct lc_init *init, const struct lc_op_umask *op, struct lc_error *err)
{
	long r = lc_sys_umask(op->mask);

	(void) init;
	return r < 0 ? lc_fail(err, LCT_STEP_PROCESS, r, "umask") : 0;
}

/* Name of a limit, "" for a number that has none. One text, because a table of pointers would have
 * to be relocated. */
static const char *limit_name(uint32_t resource)
{
	static const char names[] =
		"CPU\0FSIZE\0DATA\0STACK\0CORE\0RSS\0NPROC\0NOFILE\0MEMLOCK\0AS\0LOCKS\0"
		"SIGPENDING\0MSGQUEUE\0NICE\0RTPRIO\0RTTIME\0";
	const char *name = names;

	while (resource-- > 0 && *name != '\0')
		name += lc_length(name) + 1;
	return name;
}

int lc_init_rlimit(struct lc_init *init, const struct lc_op_rlimit *op, struct lc_error *err)
{
	struct rlimit64 limit = {.rlim_cur = op->soft, .rlim_max = op->hard};
	long r;

	if (op->resource == RLIMIT_NOFILE)
		r = defer_limit(RLIMIT_NOFILE, &init->nofile, &limit);
	/* Who joins needs a second process to enter the pid namespace. */
	else if (op->resource == RLIMIT_NPROC && init->is_joined)
		r = defer_limit(RLIMIT_NPROC, &init->nproc, &limit);
	else
		r = lc_sys_prlimit(0, (int) op->resource, &limit, NULL);
	return r < 0 ? lc_fail(err, LCT_STEP_RLIMIT, r, limit_name(op->resource)) : 0;
}
