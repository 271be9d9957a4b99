/* SPDX-License-Identifier: MIT */
/*
 * Order that the kernel forces: setgroups is denied before gid_map is written, and never after. The
 * number of a process is good while the process has not been reaped, which the host program may do
 * behind our back: so its directory of /proc is opened first, and then it is looked whether it was
 * alive; with the programs, whose argument is the number, that has to be enough.
 */
#include "nsenter/idmap.h"

#include "base/cleanup.h"
#include "base/fd.h"
#include "base/file.h"
#include "nsenter/spawn.h"
#include "sys/sys.h"

#include <linux/capability.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LCT_IDMAP_ARGUMENTS (2 + 3 * 340 + 1)
#define LCT_IDMAP_SECONDS 10
#define SETIDS ((1u << CAP_SETUID) | (1u << CAP_SETGID) | (1u << CAP_SYS_ADMIN))

bool lc_idmap_is_privileged(void)
{
	struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct data[2] = {{0}};

	return lc_sys_capget(&header, data) >= 0 && (data[0].effective & SETIDS) == SETIDS;
}

/* Is it one range of one id, and the id outside this one? */
static bool is_only(const char *map, long id)
{
	char *rest;

	(void) strtoul(map, &rest, 10);
	return strtoul(rest, &rest, 10) == (unsigned long) id && strcmp(rest, " 1\n") == 0;
}

bool lc_idmap_denies_groups(const char *gids)
{
	return !lc_idmap_is_privileged() && is_only(gids, lc_sys_getegid());
}

static int write_text(int directory, const char *name, const char *text, struct lc_error *err)
{
	LCT_CLEANUP(fd) int file = (int) lc_sys_openat(directory, name, O_WRONLY | O_CLOEXEC, 0);
	size_t length = strlen(text);
	long r = file;

	if (r >= 0)
		r = lc_sys_write(file, text, length); /* in one: the kernel takes no second */
	if (r >= 0 && (size_t) r != length)
		r = -EIO;
	return r < 0 ? lc_fail(err, LCT_STEP_NAMESPACE, r, name) : 0;
}

/* --- the programs --- */

/* By a path that no PATH decides. */
static const char *find_program(const char *const places[2])
{
	for (int i = 0; i < 2; i++)
		if (lc_sys_faccessat(AT_FDCWD, places[i], X_OK) >= 0)
			return places[i];
	return NULL;
}

/* argv in `room`: the program, the number, and the words of the map, which is cut. */
static int make_arguments(const char *program, char *pid, char *map, char **argv)
{
	size_t count = 0;
	char *rest;

	argv[count++] = (char *) (uintptr_t) program;
	argv[count++] = pid;
	for (char *word = strtok_r(map, " \n", &rest); word != NULL;
		word = strtok_r(NULL, " \n", &rest)) {
		if (count + 1 >= LCT_IDMAP_ARGUMENTS)
			return -E2BIG;
		argv[count++] = word;
	}
	argv[count] = NULL;
	return 0;
}

/* What it says, until its end of the pipe closes. -ETIMEDOUT */
static long read_complaint(int pipe, char *out, size_t size)
{
	struct pollfd wait = {.fd = pipe, .events = POLLIN};
	size_t used = 0;
	long r = 1;

	while (r > 0 && used + 1 < size) {
		const struct timespec limit = {.tv_sec = LCT_IDMAP_SECONDS};

		r = lc_sys_poll(&wait, 1, &limit);
		if (r == 0)
			return -ETIMEDOUT;
		if (r > 0)
			r = lc_sys_read(pipe, out + used, size - 1 - used);
		if (r == -EINTR)
			r = 1;
		else if (r > 0)
			used += (size_t) r;
	}
	out[used] = '\0';
	out[strcspn(out, "\n")] = '\0';
	return r;
}

static void reap(int pidfd, bool is_killed)
{
	siginfo_t info;
	long r;

	/* Past injection: a program that is not reaped, or runs on, is no way to fail. */
	if (is_killed)
		(void) lc_arch_call(__NR_pidfd_send_signal, pidfd, SIGKILL, 0, 0, 0, 0);
	do
		r = lc_arch_call(__NR_waitid, P_PIDFD, pidfd, (long) &info, WEXITED | __WALL, 0, 0);
	while (r == -EINTR);
	(void) lc_sys_close(pidfd);
}

static int run_program(char *const *argv, char *complaint, size_t size, struct lc_error *err)
{
	static char *const no_environment[] = {NULL};
	LCT_CLEANUP(fd) int null = -1;
	LCT_CLEANUP(fd) int reading = -1;
	LCT_CLEANUP(fd) int writing = -1;
	int ends[2], fds[3], pidfd = -1;
	struct lc_spawn spawn = {.exe_fd = -1, .exe_path = argv[0], .argv = argv,
		.envp = no_environment, .cgroup_fd = -1, .fds = fds, .fds_count = 3};
	pid_t pid;
	long r = lc_sys_pipe2(ends, O_CLOEXEC);

	if (r < 0)
		return lc_fail(err, LCT_STEP_NAMESPACE, r, "pipe");
	reading = ends[0];
	writing = ends[1];
	r = null = (int) lc_sys_openat(AT_FDCWD, "/dev/null", O_RDWR | O_CLOEXEC, 0);
	if (r < 0)
		return lc_fail(err, LCT_STEP_NAMESPACE, r, "/dev/null");
	fds[0] = fds[1] = null;
	fds[2] = writing;
	r = lc_spawn(&spawn, &pid, &pidfd, err);
	if (r < 0)
		return (int) r;
	lc_fd_close(&writing);
	r = read_complaint(reading, complaint, size);
	reap(pidfd, r < 0);
	return r < 0 ? lc_fail(err, LCT_STEP_NAMESPACE, r, argv[0]) : 0;
}

/* What is in a map now: its exit status may have gone to a foreign reaper. */
static int prove_written(int directory, const char *name, const char *complaint,
	struct lc_error *err)
{
	LCT_CLEANUP(fd) int file = (int) lc_sys_openat(directory, name, O_RDONLY | O_CLOEXEC, 0);
	char first;
	long r = file;

	if (r >= 0)
		r = lc_sys_read(file, &first, 1);
	if (r > 0)
		return 0;
	return lc_fail(err, LCT_STEP_NAMESPACE, r < 0 ? r : EPERM,
		complaint[0] != '\0' ? complaint : name);
}

static int write_by_program(int directory, const char *name, pid_t pid, const char *map,
	struct lc_error *err)
{
	static const char *const uid_places[2] = {"/usr/bin/newuidmap", "/bin/newuidmap"};
	static const char *const gid_places[2] = {"/usr/bin/newgidmap", "/bin/newgidmap"};
	bool is_gid = name[0] == 'g';
	const char *program = find_program(is_gid ? gid_places : uid_places);
	char *argv[LCT_IDMAP_ARGUMENTS], number[16], words[4096], complaint[LCT_SUBJECT_MAX] = "";
	int r;

	if (program == NULL)
		return lc_fail(err, LCT_STEP_NAMESPACE, ENOENT, is_gid ? "newgidmap" : "newuidmap");
	if (strlen(map) >= sizeof(words))
		return lc_fail(err, LCT_STEP_NAMESPACE, E2BIG, name);
	strcpy(words, map);
	snprintf(number, sizeof(number), "%d", (int) pid);
	r = make_arguments(program, number, words, argv);
	if (r < 0)
		return lc_fail(err, LCT_STEP_NAMESPACE, r, name);
	r = run_program(argv, complaint, sizeof(complaint), err);
	return r < 0 ? r : prove_written(directory, name, complaint, err);
}

/* --- both --- */

static int is_alive(int pidfd)
{
	const struct timespec now = {0};
	struct pollfd end = {.fd = pidfd, .events = POLLIN};
	long r;

	do
		r = lc_sys_poll(&end, 1, &now);
	while (r == -EINTR);
	return r > 0 ? -ESRCH : (int) r;
}

int lc_idmap_write(pid_t pid, int pidfd, const char *uids, const char *gids, struct lc_error *err)
{
	bool is_privileged = lc_idmap_is_privileged();
	bool is_own_uid = is_privileged || is_only(uids, lc_sys_geteuid());
	bool is_own_gid = is_privileged || is_only(gids, lc_sys_getegid());
	char path[32];
	LCT_CLEANUP(fd) int directory = -1;
	int r;

	snprintf(path, sizeof(path), "/proc/%d", (int) pid);
	directory = (int) lc_sys_openat(AT_FDCWD, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0);
	r = directory < 0 ? directory : is_alive(pidfd);
	if (r < 0)
		return lc_fail(err, LCT_STEP_NAMESPACE, r, path);
	r = is_own_uid ? write_text(directory, "uid_map", uids, err) :
		write_by_program(directory, "uid_map", pid, uids, err);
	if (r >= 0 && !is_privileged && is_own_gid)
		r = write_text(directory, "setgroups", "deny", err);
	if (r >= 0)
		r = is_own_gid ? write_text(directory, "gid_map", gids, err) :
			write_by_program(directory, "gid_map", pid, gids, err);
	return r;
}
