/* SPDX-License-Identifier: MIT */
/*
 * The only place that starts processes: clone3 with CLONE_VM|CLONE_VFORK|CLONE_PIDFD, a short
 * window on the host's memory, execveat. A fork would copy the page tables of a big Lua heap.
 */
#ifndef LCT_NSENTER_SPAWN_H
#define LCT_NSENTER_SPAWN_H

#include "base/error.h"
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct lc_spawn {
	int exe_fd;              /* executed with an empty path, or -1 for exe_path */
	const char *exe_path;
	char *const *argv;       /* NULL-terminated */
	char *const *envp;
	uint64_t namespaces;     /* CLONE_NEW* */
	int cgroup_fd;           /* CLONE_INTO_CGROUP, or -1 */
	const int *join_fds;     /* open files of v1 cgroups to enter before exec */
	size_t join_count;
	const int *fds;          /* become 0, 1, 2, … of the new program; all others are closed */
	size_t fds_count;
};

/*
 * Start it. On success the pid and an owned, close-on-exec pidfd. A failure inside the window is
 * reported like one outside of it, with the child already gone and reaped.
 */
int lc_spawn(const struct lc_spawn *spawn, pid_t *out_pid, int *out_pidfd, struct lc_error *err);

#endif
