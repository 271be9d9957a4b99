/* SPDX-License-Identifier: MIT */
/*
 * The numbers of a container that runs. Its init is looked at before and after: between the two
 * nothing else had its pid, and its cgroups were not removed.
 */
#include "container/stats.h"

#include "base/fd.h"
#include "base/file.h"
#include "base/parse.h"
#include "sys/sys.h"

#include <stdio.h>
#include <string.h>

#define NET_DEV_LIMIT (4 << 20)
#define TASK_ROOM 48

/* "eth0: " and 16 numbers, of which these are ours. */
static const int columns[LCT_INTERFACE_STATS] = {
	[LCT_INTERFACE_RX_BYTES] = 0,
	[LCT_INTERFACE_RX_PACKETS] = 1,
	[LCT_INTERFACE_RX_ERRORS] = 2,
	[LCT_INTERFACE_RX_DROPPED] = 3,
	[LCT_INTERFACE_TX_BYTES] = 8,
	[LCT_INTERFACE_TX_PACKETS] = 9,
	[LCT_INTERFACE_TX_ERRORS] = 10,
	[LCT_INTERFACE_TX_DROPPED] = 11,
};

static bool parse_interface(char *line, struct lc_interface *out)
{
	char *colon = strchr(line, ':'), *rest = NULL, *word;
	uint64_t numbers[16];
	int count = 0;

	if (colon == NULL)
		return false; /* the two lines above the table */
	*colon = '\0';
	out->name = line + strspn(line, " ");
	for (word = strtok_r(colon + 1, " ", &rest); word != NULL && count < 16;
		word = strtok_r(NULL, " ", &rest))
		if (lc_parse_u64(word, &numbers[count++]) < 0)
			return false;
	for (int i = 0; count == 16 && i < LCT_INTERFACE_STATS; i++)
		out->values[i] = numbers[columns[i]];
	return count == 16;
}

int lc_stats_parse_interfaces(char *text, struct lc_stats *out, struct lc_arena *arena)
{
	char *rest = NULL;

	for (char *line = strtok_r(text, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest)) {
		struct lc_interface *items = lc_arena_grow(arena, out->interfaces,
			out->interfaces_count, &out->interfaces_room, sizeof(*items));

		if (items == NULL)
			return -ENOMEM;
		out->interfaces = items;
		out->interfaces_count += parse_interface(line, &items[out->interfaces_count]);
	}
	return 0;
}

/* The network namespace of a task: "net:[4026531840]". */
static long network_of(const char *task, char *out, size_t size)
{
	char path[TASK_ROOM + 16];
	long length;

	(void) snprintf(path, sizeof(path), "%s/ns/net", task);
	length = lc_sys_readlinkat(AT_FDCWD, path, out, size - 1);
	if (length >= 0)
		out[length] = '\0';
	return length;
}

/* A task that is ending has let go of its namespaces. */
static bool is_ending(long result)
{
	return result == -ENOENT || result == -ESRCH || result == -EINVAL;
}

struct search {
	char task[TASK_ROOM]; /* "/proc/7/task/8" */
	char network[64];
	pid_t pid;
	long result;
};

static int visit_task(void *context, const char *name, unsigned char type)
{
	struct search *search = context;

	(void) type;
	(void) snprintf(search->task, sizeof(search->task), "/proc/%d/task/%.16s",
		(int) search->pid, name);
	search->result = network_of(search->task, search->network, sizeof(search->network));
	return !is_ending(search->result);
}

/* A task of the process that still has a network namespace: the first thread may end before others.
 * -ESRCH when the whole process is ending. */
static int find_network(struct search *search, struct lc_error *err)
{
	int r;

	(void) snprintf(search->task, sizeof(search->task), "/proc/%d", (int) search->pid);
	search->result = network_of(search->task, search->network, sizeof(search->network));
	if (is_ending(search->result)) {
		char path[TASK_ROOM];
		int fd;

		(void) snprintf(path, sizeof(path), "/proc/%d/task", (int) search->pid);
		fd = lc_fd_above_stdio((int) lc_sys_openat(
			AT_FDCWD, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0));
		if (fd < 0)
			return lc_fail(err, LCT_STEP_PROCESS, is_ending(fd) ? ESRCH : fd, path);
		r = lc_dir_each(fd, visit_task, search, LCT_STEP_PROCESS, err);
		lc_fd_close(&fd);
		if (r < 0)
			return r;
	}
	if (is_ending(search->result))
		return lc_fail(err, LCT_STEP_PROCESS, ESRCH, "the init");
	return search->result < 0 ? lc_fail(err, LCT_STEP_PROCESS, search->result, search->task)
				  : 0;
}

/* With the host's network it has no interfaces of its own. */
static int read_interfaces(pid_t pid, struct lc_stats *out, struct lc_arena *arena, struct lc_error *err)
{
	struct search search = {.pid = pid};
	char own[64], path[TASK_ROOM + 16];
	char *text;
	long r = network_of("/proc/self", own, sizeof(own));

	if (r < 0)
		return lc_fail(err, LCT_STEP_PROCESS, r, "/proc/self/ns/net");
	r = find_network(&search, err);
	if (r < 0 || strcmp(own, search.network) == 0)
		return (int) r;
	(void) snprintf(path, sizeof(path), "%s/net/dev", search.task);
	r = lc_file_read_alloc(AT_FDCWD, path, arena, NET_DEV_LIMIT, &text, LCT_STEP_PROCESS, err);
	if (is_ending(r))
		return lc_fail(err, LCT_STEP_PROCESS, ESRCH, "the init");
	if (r >= 0 && lc_stats_parse_interfaces(text, out, arena) < 0)
		return lc_fail(err, LCT_STEP_MEMORY, ENOMEM, "");
	return r < 0 ? (int) r : 0;
}

static int check_running(const struct lc_container *container, struct lc_error *err)
{
	int r = container->init.pidfd >= 0 ? lc_process_await(&container->init, 0, err) : 0;

	if (r == -ETIMEDOUT)
		return 0;
	return r < 0 ? r : lc_fail(err, LCT_STEP_PROCESS, ESRCH, "the init");
}

int lc_container_stats(struct lc_container *container, struct lc_stats *out, struct lc_arena *arena,
	struct lc_error *err)
{
	struct lc_error ended;
	int r = check_running(container, err);

	if (r < 0)
		return r;
	r = lc_cgroup_stats(&container->cgroup, out, arena, err);
	lc_cgroup_rest(&container->cgroup);
	if (r >= 0)
		r = read_interfaces(container->init.pid, out, arena, err);
	/* What is missing is missing because it has ended: that is the better reason. */
	if (check_running(container, &ended) < 0) {
		*err = ended;
		return -ended.errnum;
	}
	return r;
}
