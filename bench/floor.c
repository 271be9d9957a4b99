/* SPDX-License-Identifier: MIT */
/*
 * The floor: the kernel work of one container's start, wait and destroy, in bare C. What the
 * library needs above this number is what the library costs. Nothing of src/ may be used here.
 *
 *	floor [RUNS [DIRECTORY [TRUE [INIT [FILTER]]]]]
 *
 * RUNS is 50; a root file system is made in DIRECTORY (/tmp) and removed again; TRUE is a static
 * program that does nothing and INIT the inner half (floor_init.c), both by default beside this
 * program; FILTER holds a compiled seccomp filter, to load the same one as somebody else (without:
 * a small one that allows everything). Prints one line of JSON. Whatever fails is named, cleared
 * away and ends with status 1.
 */
#include "floor.h"
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define HIERARCHIES_MAX 24
#define PATH_ROOM 1024
#define NAMESPACES (CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWNET)

enum step { CGROUP_CREATE, CLONE, SETUP, EXEC_WAIT, CGROUP_REMOVE, STEPS, TOTAL = STEPS, COLUMNS };

static const char *const step_names[STEPS] = {
	"cgroup_create", "clone", "setup", "exec_wait", "cgroup_remove",
};

struct hierarchy {
	char name[64];           /* directory below /sys/fs/cgroup, "" when it is that itself */
	char options[128];       /* mount options, "" for the unified tree */
	char parent[PATH_ROOM];  /* absolute path of our own cgroup */
	int parent_fd;
	int dir_fd, tasks_fd;    /* of one run; -1 between runs */
};

/* All that has to be undone when something fails, hence the one global of this program. */
static struct {
	struct hierarchy items[HIERARCHIES_MAX];
	size_t count;
	char group[64];          /* name of the container's directories */
	char root[PATH_ROOM];
	int pidfd;
} floor_state = {.pidfd = -1};

static volatile sig_atomic_t is_interrupted;

static const char *const root_directories[] = {"proc", "dev", "sys", "etc"};

static void remove_all(void)
{
	char path[PATH_ROOM + 16];
	size_t i;

	if (floor_state.pidfd >= 0) {
		siginfo_t info;

		(void) RAW(pidfd_send_signal, floor_state.pidfd, SIGKILL, NULL, 0, 0);
		(void) waitid(P_PIDFD, (id_t) floor_state.pidfd, &info, WEXITED);
	}
	for (i = 0; i < floor_state.count; i++)
		(void) unlinkat(floor_state.items[i].parent_fd, floor_state.group, AT_REMOVEDIR);
	if (floor_state.root[0] == 0)
		return;
	for (i = 0; i < sizeof(root_directories) / sizeof(*root_directories); i++) {
		(void) snprintf(path, sizeof(path), "%s/%s", floor_state.root, root_directories[i]);
		(void) rmdir(path);
	}
	(void) snprintf(path, sizeof(path), "%s%s", floor_state.root, FLOOR_PROGRAM);
	(void) unlink(path);
	(void) rmdir(floor_state.root);
}

/* `answer` is libc's, with errno, or the negated errno of a finding of our own (never EPERM). */
__attribute__((format(printf, 2, 3))) static long check(long answer, const char *format, ...)
{
	int number = answer == -1 ? errno : (int) -answer;
	va_list arguments;

	if (answer >= 0)
		return answer;
	va_start(arguments, format);
	(void) fputs("floor: ", stderr);
	(void) vfprintf(stderr, format, arguments);
	(void) fprintf(stderr, ": %s\n", strerror(number));
	va_end(arguments);
	remove_all();
	exit(1);
}

static void check_raw(long answer, const char *what)
{
	if (answer < 0)
		errno = (int) -answer;
	check(answer < 0 ? -1 : 0, "%s", what);
}

static void on_signal(int signal_number)
{
	(void) signal_number;
	is_interrupted = 1;
}

static double now_us(void)
{
	struct timespec now;

	check(clock_gettime(CLOCK_MONOTONIC, &now), "clock_gettime");
	return (double) now.tv_sec * 1e6 + (double) now.tv_nsec / 1e3;
}

/* --- outside of the timing: what is mounted, and a root file system --- */

/* Our own cgroup in the hierarchy with these controllers: a line "ID:CONTROLLERS:PATH". */
static bool own_cgroup(const char *controllers, char *out, size_t room)
{
	FILE *file = fopen("/proc/self/cgroup", "re");
	char line[PATH_ROOM];
	bool is_found = false;

	check(file == NULL ? -1 : 0, "/proc/self/cgroup");
	while (!is_found && fgets(line, sizeof(line), file) != NULL) {
		char *names = strchr(line, ':');
		char *path = names == NULL ? NULL : strchr(names + 1, ':');

		if (path == NULL)
			continue;
		*path++ = 0;
		path[strcspn(path, "\n")] = 0;
		is_found = strcmp(names + 1, controllers) == 0;
		if (is_found)
			(void) snprintf(out, room, "%s", path);
	}
	(void) fclose(file);
	return is_found;
}

/* The controllers among a v1 superblock's options; "name=systemd" counts as one. */
static void controllers_of(char *options, char *out, size_t room)
{
	static const char *const other[] = {"rw", "ro", "xattr", "clone_children", "noprefix"};
	char *save = NULL, *word;
	size_t length = 0, i;

	out[0] = 0;
	for (word = strtok_r(options, ",\n", &save); word; word = strtok_r(NULL, ",\n", &save)) {
		bool is_other = strncmp(word, "release_agent=", 14) == 0;

		for (i = 0; i < sizeof(other) / sizeof(*other); i++)
			is_other |= strcmp(word, other[i]) == 0;
		if (!is_other && length < room)
			length += (size_t) snprintf(out + length, room - length, "%s%s",
				length > 0 ? "," : "", word);
	}
}

/* One line of mountinfo: "ID PARENT DEV ROOT MOUNTPOINT OPTIONS… - TYPE SOURCE SUPEROPTIONS". */
static void read_mount(char *line)
{
	struct hierarchy *item = &floor_state.items[floor_state.count];
	char root[PATH_ROOM], point[PATH_ROOM], own[PATH_ROOM], type[32], super[256];
	const char *tail = strstr(line, " - ");
	size_t root_length, i;

	if (tail == NULL || sscanf(line, "%*s %*s %*s %1023s %1023s", root, point) != 2 ||
		sscanf(tail, " - %31s %*s %255s", type, super) != 2)
		return;
	if (strcmp(type, "cgroup2") == 0)
		item->options[0] = 0;
	else if (strcmp(type, "cgroup") == 0)
		controllers_of(super, item->options, sizeof(item->options));
	else
		return;
	for (i = 0; i < floor_state.count; i++)
		if (strcmp(floor_state.items[i].options, item->options) == 0)
			return;
	root_length = strcmp(root, "/") == 0 ? 0 : strlen(root);
	if (!own_cgroup(item->options, own, sizeof(own)) || strncmp(own, root, root_length) != 0)
		return;
	check(floor_state.count + 1 < HIERARCHIES_MAX ? 0 : -E2BIG, "cgroup hierarchies");
	(void) snprintf(item->name, sizeof(item->name), "%s",
		strcmp(point, "/sys/fs/cgroup") == 0 ? "" : strrchr(point, '/') + 1);
	check(snprintf(item->parent, sizeof(item->parent), "%s%s", point, own + root_length) <
				(int) sizeof(item->parent) ? 0 : -ENAMETOOLONG, "%s", point);
	item->parent_fd = open(item->parent, O_PATH | O_DIRECTORY | O_CLOEXEC);
	check(item->parent_fd, "%s", item->parent);
	item->dir_fd = item->tasks_fd = -1;
	floor_state.count++;
}

/* "+memory" in the unified parent: refused while it holds processes itself, and then left out. */
static void enable_controllers(const struct hierarchy *unified)
{
	static const char *const wanted[] = {"+memory", "+pids", "+cpu"};
	int fd = openat(unified->parent_fd, "cgroup.subtree_control", O_WRONLY | O_CLOEXEC);
	size_t i;

	for (i = 0; fd >= 0 && i < sizeof(wanted) / sizeof(*wanted); i++)
		(void) !write(fd, wanted[i], strlen(wanted[i]));
	if (fd >= 0)
		(void) close(fd);
}

static void read_hierarchies(void)
{
	FILE *file = fopen("/proc/self/mountinfo", "re");
	char line[4 * PATH_ROOM];

	check(file == NULL ? -1 : 0, "/proc/self/mountinfo");
	while (fgets(line, sizeof(line), file) != NULL)
		read_mount(line);
	(void) fclose(file);
	(void) snprintf(floor_state.group, sizeof(floor_state.group), "floor-%d", (int) getpid());
	if (floor_state.count == 1 && floor_state.items[0].options[0] == 0)
		enable_controllers(&floor_state.items[0]);
}

static void make_root(const char *directory, const char *program)
{
	char path[PATH_ROOM + 16], buffer[65536];
	int from, to;
	ssize_t got;
	size_t i;

	check(snprintf(path, sizeof(path), "%s/floor-XXXXXX", directory) < PATH_ROOM ? 0 : -ENAMETOOLONG,
		"%s", directory);
	check(mkdtemp(path) == NULL ? -1 : 0, "%s", path);
	check(realpath(path, floor_state.root) == NULL ? -1 : 0, "%s", path);
	for (i = 0; i < sizeof(root_directories) / sizeof(*root_directories); i++) {
		(void) snprintf(path, sizeof(path), "%s/%s", floor_state.root, root_directories[i]);
		check(mkdir(path, 0755), "%s", path);
	}
	from = (int) check(open(program, O_RDONLY | O_CLOEXEC), "%s", program);
	(void) snprintf(path, sizeof(path), "%s%s", floor_state.root, FLOOR_PROGRAM);
	to = (int) check(open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0755), "%s", path);
	while ((got = check(read(from, buffer, sizeof(buffer)), "%s", program)) > 0)
		check(write(to, buffer, (size_t) got) == got ? 0 : -EIO, "%s", path);
	check(close(to), "%s", path);
	(void) close(from);
}

/* --- inside of the timing --- */

/* A file that is not there belongs to a controller that is not: false. */
static bool write_file(int dir_fd, const char *name, const char *text)
{
	int fd = openat(dir_fd, name, O_WRONLY | O_CLOEXEC);

	if (fd < 0 && errno == ENOENT)
		return false;
	check(fd, "%s", name);
	check(write(fd, text, strlen(text)), "%s", name);
	(void) close(fd);
	return true;
}

static size_t read_file(int dir_fd, const char *name, char *out, size_t room)
{
	int fd = openat(dir_fd, name, O_RDONLY | O_CLOEXEC);
	ssize_t got;

	if (fd < 0 && errno == ENOENT)
		return 0;
	check(fd, "%s", name);
	got = check(read(fd, out, room - 1), "%s", name);
	out[got] = 0;
	(void) close(fd);
	return (size_t) got;
}

static bool has(const struct hierarchy *item, const char *controller)
{
	const char *at = strstr(item->options, controller);
	size_t length = strlen(controller);

	while (at != NULL && ((at != item->options && at[-1] != ',') ||
				     (at[length] != 0 && at[length] != ',')))
		at = strstr(at + 1, controller);
	return at != NULL;
}

static void limit_unified(const struct hierarchy *item)
{
	(void) write_file(item->dir_fd, "memory.max", "268435456");
	(void) write_file(item->dir_fd, "pids.max", "256");
	(void) write_file(item->dir_fd, "cpu.max", "100000 100000");
}

static void limit_v1(const struct hierarchy *item)
{
	char text[256];

	if (has(item, "cpuset")) {
		static const char *const names[] = {"cpuset.cpus", "cpuset.mems"};
		size_t i;

		for (i = 0; i < 2; i++)
			if (read_file(item->parent_fd, names[i], text, sizeof(text)) > 0)
				(void) write_file(item->dir_fd, names[i], text);
	}
	if (has(item, "memory"))
		(void) write_file(item->dir_fd, "memory.limit_in_bytes", "268435456");
	if (has(item, "pids"))
		(void) write_file(item->dir_fd, "pids.max", "256");
	if (has(item, "cpu") && write_file(item->dir_fd, "cpu.cfs_period_us", "100000"))
		(void) write_file(item->dir_fd, "cpu.cfs_quota_us", "100000");
}

static void create_cgroups(void)
{
	size_t i;

	for (i = 0; i < floor_state.count; i++) {
		struct hierarchy *item = &floor_state.items[i];

		check(mkdirat(item->parent_fd, floor_state.group, 0755), "mkdir in %s", item->parent);
		item->dir_fd = openat(item->parent_fd, floor_state.group, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		check(item->dir_fd, "%s/%s", item->parent, floor_state.group);
		if (item->options[0] == 0) {
			limit_unified(item);
			continue;
		}
		limit_v1(item);
		/* Who joins has one thread, and to move just one needs no lock of the whole machine. */
		item->tasks_fd = openat(item->dir_fd, "tasks", O_WRONLY | O_CLOEXEC);
		check(item->tasks_fd, "%s/tasks", item->name);
	}
}

/* What a result reports: peak memory and processor time. */
static void read_usage(void)
{
	static const char *const files[][2] = {
		{"memory", "memory.max_usage_in_bytes"}, {"memory", "memory.oom_control"},
		{"cpuacct", "cpuacct.usage"}, {"cpuacct", "cpuacct.usage_user"},
		{"cpuacct", "cpuacct.usage_sys"}, {"", "memory.peak"}, {"", "memory.events"}, {"", "cpu.stat"},
	};
	char text[4096];
	size_t i, j;

	for (i = 0; i < floor_state.count; i++)
		for (j = 0; j < sizeof(files) / sizeof(*files); j++) {
			const struct hierarchy *item = &floor_state.items[i];

			if (files[j][0][0] == 0 ? item->options[0] == 0 : has(item, files[j][0]))
				(void) read_file(item->dir_fd, files[j][1], text, sizeof(text));
		}
}

static void remove_cgroups(void)
{
	size_t i;

	for (i = 0; i < floor_state.count; i++) {
		struct hierarchy *item = &floor_state.items[i];

		(void) close(item->dir_fd);
		if (item->tasks_fd >= 0)
			(void) close(item->tasks_fd);
		item->dir_fd = item->tasks_fd = -1;
		check(unlinkat(item->parent_fd, floor_state.group, AT_REMOVEDIR), "rmdir in %s",
			item->parent);
	}
}

struct window {
	char **argv;
	int init_fd, report_fd, filter_fd;
	long failed; /* written by the child: its memory is ours */
};

/* On our memory until the exec: raw calls only. */
static int window(void *argument)
{
	static char *const environment[] = {NULL};
	struct window *w = argument;
	size_t i;

	for (i = 0; i < floor_state.count && w->failed >= 0; i++)
		if (floor_state.items[i].tasks_fd >= 0)
			w->failed = RAW(write, floor_state.items[i].tasks_fd, "0", 1, 0, 0);
	if (w->failed >= 0)
		w->failed = RAW(dup3, w->report_fd, FLOOR_REPORT_FD, 0, 0, 0);
	if (w->failed >= 0)
		w->failed = RAW(close_range, FLOOR_REPORT_FD + 1, ~0u, 4 /* CLOSE_RANGE_CLOEXEC */, 0, 0);
	if (w->failed >= 0 && w->filter_fd >= 0)
		w->failed = RAW(dup3, w->filter_fd, FLOOR_FILTER_FD, 0, 0, 0);
	if (w->failed >= 0)
		w->failed = RAW(execveat, w->init_fd, "", w->argv, environment, AT_EMPTY_PATH);
	return 1;
}

static long clone_vm(struct clone_args *args, int (*child)(void *), void *argument)
{
#if defined(__x86_64__)
	register int (*r8)(void *) __asm__("r8") = child;
	register void *r9 __asm__("r9") = argument;
	long answer;

	__asm__ volatile("syscall\n\ttest %%rax, %%rax\n\tjnz 1f\n\txor %%ebp, %%ebp\n\t"
			 "mov %%r9, %%rdi\n\tcall *%%r8\n\tmov %%eax, %%edi\n\tmov $231, %%eax\n\t"
			 "syscall\n\thlt\n1:"
			 : "=a"(answer)
			 : "a"((long) __NR_clone3), "D"(args), "S"(sizeof(*args)), "r"(r8), "r"(r9)
			 : "rcx", "rdx", "r10", "r11", "memory");
	return answer;
#else
	register long x8 __asm__("x8") = __NR_clone3;
	register long x0 __asm__("x0") = (long) args;
	register long x1 __asm__("x1") = sizeof(*args);
	register int (*x9)(void *) __asm__("x9") = child;
	register void *x10 __asm__("x10") = argument;

	__asm__ volatile("svc 0\n\tcbnz x0, 1f\n\tmov x29, #0\n\tmov x0, x10\n\tblr x9\n\t"
			 "mov x8, #94\n\tsvc 0\n\tbrk #0\n1:"
			 : "+r"(x0)
			 : "r"(x8), "r"(x1), "r"(x9), "r"(x10)
			 : "x30", "memory");
	return x0;
#endif
}

static void spawn(struct window *w)
{
	static char stack[65536] __attribute__((aligned(16)));
	struct clone_args args = {
		.flags = CLONE_VM | CLONE_VFORK | CLONE_PIDFD | NAMESPACES,
		.pidfd = (uintptr_t) &floor_state.pidfd,
		.exit_signal = SIGCHLD,
		.stack = (uintptr_t) stack,
		.stack_size = sizeof(stack),
	};
	sigset_t all, old;
	size_t i;
	long pid;

	for (i = 0; i < floor_state.count; i++)
		if (floor_state.items[i].options[0] == 0) {
			args.flags |= CLONE_INTO_CGROUP;
			args.cgroup = (uint64_t) floor_state.items[i].dir_fd;
		}
	sigfillset(&all);
	check(sigprocmask(SIG_SETMASK, &all, &old), "sigprocmask");
	pid = clone_vm(&args, window, w);
	check(sigprocmask(SIG_SETMASK, &old, NULL), "sigprocmask");
	check_raw(pid, "clone3");
	check_raw(w->failed, "the window between clone3 and exec");
}

static void run(char **argv, int init_fd, int filter_fd, double *out)
{
	struct window w = {.argv = argv, .init_fd = init_fd, .filter_fd = filter_fd};
	struct timespec at_exec;
	int report[2];
	siginfo_t info;
	double before = now_us(), cgroup, clone, set_up, exited, after;

	create_cgroups();
	cgroup = now_us();
	check(pipe2(report, O_CLOEXEC), "pipe2");
	w.report_fd = report[1];
	spawn(&w);
	(void) close(report[1]);
	clone = now_us();
	check(waitid(P_PIDFD, (id_t) floor_state.pidfd, &info, WEXITED), "waitid");
	(void) close(floor_state.pidfd);
	floor_state.pidfd = -1;
	exited = now_us();
	check(info.si_code == CLD_EXITED && info.si_status == 0 ? 0 : -ECHILD, "the container's program");
	check(read(report[0], &at_exec, sizeof(at_exec)) == sizeof(at_exec) ? 0 : -EIO, "report");
	(void) close(report[0]);
	read_usage();
	remove_cgroups();
	after = now_us();
	set_up = (double) at_exec.tv_sec * 1e6 + (double) at_exec.tv_nsec / 1e3;
	out[CGROUP_CREATE] = cgroup - before;
	out[CLONE] = clone - cgroup;
	out[SETUP] = set_up - clone;
	out[EXEC_WAIT] = exited - set_up;
	out[CGROUP_REMOVE] = after - exited;
	out[TOTAL] = after - before;
}

/* --- the figures --- */

static int compare(const void *left, const void *right)
{
	double a = *(const double *) left, b = *(const double *) right;

	return (a > b) - (a < b);
}

/* `samples` holds COLUMNS figures for each run; they are put in order by column. */
static void print_figures(double (*samples)[COLUMNS], double *column, size_t runs)
{
	double median[COLUMNS];
	size_t i, j;

	for (j = 0; j < COLUMNS; j++) {
		for (i = 0; i < runs; i++)
			column[i] = samples[i][j];
		qsort(column, runs, sizeof(*column), compare);
		median[j] = (column[(runs - 1) / 2] + column[runs / 2]) / 2;
	}
	(void) printf("{\"what\":\"floor\",\"runs\":%zu,", runs);
	(void) printf("\"min_us\":%.1f,\"median_us\":%.1f,\"max_us\":%.1f,\"steps\":{", column[0],
		median[TOTAL], column[runs - 1]);
	for (j = 0; j < STEPS; j++)
		(void) printf("%s\"%s\":%.1f", j > 0 ? "," : "", step_names[j], median[j]);
	(void) printf("}}\n");
}

static const char *beside_us(const char *name)
{
	static char paths[2][PATH_ROOM];
	static size_t used;
	char *path = paths[used++];
	ssize_t length = check(readlink("/proc/self/exe", path, PATH_ROOM - 64), "/proc/self/exe");

	path[length] = 0;
	(void) strcpy(strrchr(path, '/') + 1, name);
	return path;
}

/* Above the numbers that the init gets; the first descriptor stays open to keep those taken. */
static int open_above(const char *path, int flags)
{
	int fd = (int) check(open(path, flags | O_CLOEXEC), "%s", path);

	return (int) check(fcntl(fd, F_DUPFD_CLOEXEC, FLOOR_FILTER_FD + 1), "%s", path);
}

int main(int argc, char **argv)
{
	struct sigaction action = {.sa_handler = on_signal};
	long runs = argc > 1 ? strtol(argv[1], NULL, 10) : 50;
	const char *program = argc > 3 ? argv[3] : beside_us("true");
	const char *init = argc > 4 ? argv[4] : beside_us("floor-init");
	char *init_argv[3 + 2 * HIERARCHIES_MAX] = {(char *) "floor-init", floor_state.root};
	double (*samples)[COLUMNS], *column;
	int init_fd, filter_fd = -1;
	size_t i;

	check(runs > 0 && runs <= 1000000 ? 0 : -EINVAL, "number of runs");
	samples = calloc((size_t) runs, sizeof(*samples));
	column = calloc((size_t) runs, sizeof(*column));
	check(samples == NULL || column == NULL ? -ENOMEM : 0, "samples");
	init_fd = open_above(init, O_PATH);
	if (argc > 5)
		filter_fd = open_above(argv[5], O_RDONLY);
	(void) sigaction(SIGINT, &action, NULL);
	(void) sigaction(SIGTERM, &action, NULL);
	read_hierarchies();
	make_root(argc > 2 ? argv[2] : "/tmp", program);
	for (i = 0; i < floor_state.count; i++) {
		init_argv[2 + 2 * i] = floor_state.items[i].name;
		init_argv[3 + 2 * i] = floor_state.items[i].options;
	}
	for (i = 0; i < (size_t) runs; i++) {
		check(is_interrupted ? -EINTR : 0, "run %zu", i);
		run(init_argv, init_fd, filter_fd, samples[i]);
	}
	remove_all();
	print_figures(samples, column, (size_t) runs);
	free(samples);
	free(column);
	return 0;
}
