/* SPDX-License-Identifier: MIT */
/*
 * Processes in a tree of cgroups: list, look, signal. A process is signalled by pidfd and only
 * after it was seen in the cgroup a second time, never by a bare number.
 *
 * A cgroup may vanish at any time; for whoever looks for processes that is the same as empty.
 */
#include "base/cleanup.h"
#include "base/fd.h"
#include "base/file.h"
#include "cgroups/driver.h"
#include "sys/sys.h"

#include <dirent.h>
#include <string.h>

#define DEPTH_MAX 128   /* of a walk: one descriptor for each level */
#define SIGNAL_BATCH 64 /* pidfds held at once */

int lc_cgroup_procs(int dirfd, int (*visit)(void *context, pid_t pid), void *context)
{
	LCT_CLEANUP(fd) int fd = lc_cgroup_open_at(dirfd, "cgroup.procs", O_RDONLY);
	char buffer[4096];
	pid_t pid = 0;
	bool in_number = false;

	if (fd < 0)
		return lc_cgroup_is_gone(fd) ? 0 : fd;
	for (;;) {
		long got = lc_sys_read(fd, buffer, sizeof(buffer));

		if (got == -EINTR)
			continue;
		if (got <= 0)
			return got == 0 || lc_cgroup_is_gone(got) ? 0 : (int) got;
		for (long i = 0; i < got; i++) {
			int r;

			if (buffer[i] >= '0' && buffer[i] <= '9') {
				pid = pid * 10 + (buffer[i] - '0'); /* at most 4194304 */
				in_number = true;
				continue;
			}
			r = in_number ? visit(context, pid) : 0;
			if (r != 0)
				return r;
			pid = 0;
			in_number = false;
		}
	}
}

struct child {
	struct child *next;
	char name[];
};

struct children {
	struct lc_arena arena;
	struct child *first;
};

static int add_child(void *context, const char *name, unsigned char type)
{
	struct children *children = context;
	size_t size = strlen(name) + 1;
	struct child *child;

	if (type != DT_DIR && type != DT_UNKNOWN)
		return 0;
	child = lc_arena_alloc(&children->arena, sizeof(*child) + size);
	if (child == NULL)
		return -ENOMEM;
	memcpy(child->name, name, size);
	child->next = children->first;
	children->first = child;
	return 0;
}

/* A directory's link count is 2 and one for each below it: nearly always there are none, and the
 * listing of some thirty files can be spared. */
static int list_children(int dirfd, struct children *children)
{
	struct statx info;

	if (lc_sys_statx(dirfd, "", AT_EMPTY_PATH, STATX_NLINK, &info) == 0 && info.stx_nlink == 2)
		return 0;
	return lc_dir_each(dirfd, add_child, children, LCT_STEP_CGROUP, NULL);
}

static int walk_level(
	int dirfd, unsigned depth, int (*visit)(void *context, int dirfd), void *context)
{
	struct children children = {LCT_ARENA_INIT, NULL};
	int r = visit(context, dirfd);

	if (r != 0)
		return r;
	r = list_children(dirfd, &children);
	if (r == 0 && children.first != NULL && depth == DEPTH_MAX)
		r = -ELOOP;
	for (struct child *child = children.first; r == 0 && child != NULL; child = child->next) {
		LCT_CLEANUP(fd)
		int fd = lc_cgroup_open_at(dirfd, child->name, O_RDONLY | O_DIRECTORY);

		if (fd >= 0)
			r = walk_level(fd, depth + 1, visit, context);
		else if (!lc_cgroup_is_gone(fd) && fd != -ENOTDIR)
			r = fd;
	}
	lc_arena_done(&children.arena);
	return lc_cgroup_is_gone(r) ? 0 : r;
}

int lc_cgroup_walk(int top, int (*visit)(void *context, int dirfd), void *context)
{
	return walk_level(top, 0, visit, context);
}

static int stop_at_pid(void *context, pid_t pid)
{
	(void) context;
	(void) pid;
	return 1;
}

static int stop_at_process(void *context, int dirfd)
{
	return lc_cgroup_procs(dirfd, stop_at_pid, context);
}

int lc_cgroup_populated(int top, bool *out)
{
	int r = lc_cgroup_walk(top, stop_at_process, NULL);

	if (r < 0)
		return r;
	*out = r > 0;
	return 0;
}

struct batch {
	pid_t pids[SIGNAL_BATCH], after; /* `after`: smaller or equal ones had their turn */
	int fds[SIGNAL_BATCH];
	size_t count;
	int signal;
	bool is_more;
};

static int batch_add(void *context, pid_t pid)
{
	struct batch *batch = context;
	long fd;

	if (pid <= batch->after || pid == 0)
		return 0;
	if (batch->count == SIGNAL_BATCH) {
		batch->is_more = true;
		return 1;
	}
	fd = lc_sys_pidfd_open(pid, 0);
	if (fd == -EMFILE || fd == -ENFILE || fd == -ENOMEM)
		return batch->count > 0 ? 1 : (int) fd;
	if (fd < 0)
		return 0; /* it has ended */
	batch->pids[batch->count] = pid;
	batch->fds[batch->count++] = lc_fd_above_stdio((int) fd);
	return 0;
}

static int batch_signal(void *context, pid_t pid)
{
	struct batch *batch = context;

	for (size_t i = 0; i < batch->count; i++)
		if (batch->pids[i] == pid)
			(void) lc_sys_pidfd_send_signal(batch->fds[i], batch->signal);
	return 0;
}

/*
 * A number read from a list may meanwhile be another process. So: list, open pidfds, list again;
 * what is still there under its number is either the one that the pidfd holds, or a newer one, and
 * then the pidfd's is dead and the signal goes nowhere.
 */
static int signal_procs(void *context, int dirfd)
{
	struct batch batch = {.after = 0, .signal = *(const int *) context};
	int r;

	do {
		batch.count = 0;
		batch.is_more = false;
		r = lc_cgroup_procs(dirfd, batch_add, &batch);
		if (r >= 0 && batch.count > 0)
			r = lc_cgroup_procs(dirfd, batch_signal, &batch);
		for (size_t i = 0; i < batch.count; i++) {
			if (batch.pids[i] > batch.after)
				batch.after = batch.pids[i];
			lc_fd_close(&batch.fds[i]);
		}
	} while (r >= 0 && batch.is_more); /* the caller's next round finishes an unsorted list */
	return r < 0 ? r : 0;
}

int lc_cgroup_signal_tree(int top, int signal)
{
	return lc_cgroup_walk(top, signal_procs, &signal);
}
