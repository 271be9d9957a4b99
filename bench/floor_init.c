/* SPDX-License-Identifier: MIT */
/*
 * The inner half of the floor probe: the set-up of one container, in the order of a default
 * configuration, with nothing decided at run time. No libc, as the library's own init has none.
 *
 *	floor-init ROOTFS [NAME OPTIONS]...
 *
 * with one NAME OPTIONS pair for each cgroup hierarchy: its directory below /sys/fs/cgroup ("" for
 * the only one) and its mount options ("" for the unified tree). Every call is checked; the first
 * failure is printed and ends the program.
 */
#include "floor.h"
#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/if.h>
#include <linux/mount.h>
#include <linux/openat2.h>
#include <linux/prctl.h>
#include <linux/seccomp.h>
#include <linux/sockios.h>
#include <linux/time_types.h>

#define FILTER_ROOM 4096 /* BPF_MAXINSNS */
#define FILTER_LEAVES 125 /* makes 250 instructions */
#define RECURSIVE 0x8000        /* AT_RECURSIVE */
#define EMPTY 0x1000            /* AT_EMPTY_PATH */
#define MOVE_EMPTY 0x44         /* MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH */
#define MOVE_FROM_EMPTY 0x04    /* MOVE_MOUNT_F_EMPTY_PATH */
#define TREE_CLONE 0x80001      /* OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC */
#define NOSUID_NODEV_NOEXEC (MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC)
#define RLIMIT_OPEN_FILES 7
#define KEPT_CAPABILITIES 0xa80425fbull /* the fourteen that containers usually keep */

static const char *const masked[] = {
	"/proc/acpi", "/proc/asound", "/proc/interrupts", "/proc/kcore", "/proc/keys",
	"/proc/latency_stats", "/proc/sched_debug", "/proc/scsi", "/proc/timer_list",
	"/proc/timer_stats", "/sys/devices/virtual/powercap", "/sys/firmware",
	"/sys/devices/system/cpu/cpu0/thermal_throttle",
};
static const char *const readonly[] = {
	"/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger",
};
static const struct {
	const char *name;
	unsigned major, minor;
} nodes[] = {
	{"null", 1, 3}, {"zero", 1, 5}, {"full", 1, 7}, {"random", 1, 8}, {"urandom", 1, 9}, {"tty", 5, 0},
};
static const struct {
	const char *name, *points_to;
} links[] = {
	{"fd", "/proc/self/fd"}, {"stdin", "/proc/self/fd/0"}, {"stdout", "/proc/self/fd/1"},
	{"stderr", "/proc/self/fd/2"}, {"ptmx", "pts/ptmx"}, {"core", "/proc/kcore"},
};

static struct sock_filter filter[FILTER_ROOM];

static size_t length(const char *text)
{
	size_t n = 0;

	while (text[n] != 0)
		n++;
	return n;
}

static void say(const char *text)
{
	(void) RAW(write, 2, text, length(text), 0, 0);
}

static long check(long answer, const char *what)
{
	char digits[] = ": errno 000\n";

	if (answer >= 0)
		return answer;
	digits[8] = (char) ('0' + -answer / 100 % 10);
	digits[9] = (char) ('0' + -answer / 10 % 10);
	digits[10] = (char) ('0' + -answer % 10);
	say("floor-init: ");
	say(what);
	say(digits);
	for (;;)
		(void) RAW(exit_group, 1, 0, 0, 0, 0);
}

static int close_fd(int fd)
{
	return (int) RAW(close, fd, 0, 0, 0, 0);
}

/* -ENOENT is an answer here: what does not exist need not be masked. */
static int find(int root, const char *path)
{
	struct open_how how = {
		.flags = O_PATH | O_CLOEXEC,
		.resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS,
	};
	long fd = RAW(openat2, root, path, &how, sizeof(how), 0);

	return fd == -ENOENT ? -ENOENT : (int) check(fd, path);
}

static void attach(int mount, int target, const char *path)
{
	check(RAW(move_mount, mount, "", target, "", MOVE_EMPTY), path);
	close_fd(target);
}

/* Options are "key=value" or "flag", separated by commas. */
static int filesystem(const char *type, const char *options, unsigned attributes)
{
	int fs = (int) check(RAW(fsopen, type, 1 /* FSOPEN_CLOEXEC */, 0, 0, 0), type);
	char text[256];
	long mount;

	while (*options != 0) {
		char *value = NULL;
		size_t n = 0;

		for (; *options != 0 && *options != ',' && n < sizeof(text) - 1; options++) {
			text[n] = *options == '=' && value == NULL ? 0 : *options;
			if (text[n++] == 0)
				value = text + n;
		}
		text[n] = 0;
		if (*options == ',')
			options++;
		check(RAW(fsconfig, fs, value ? FSCONFIG_SET_STRING : FSCONFIG_SET_FLAG, text, value, 0),
			text);
	}
	check(RAW(fsconfig, fs, FSCONFIG_CMD_CREATE, NULL, NULL, 0), type);
	mount = check(RAW(fsmount, fs, 1 /* FSMOUNT_CLOEXEC */, attributes, 0, 0), type);
	close_fd(fs);
	return (int) mount;
}

static int mount_at(int root, const char *path, const char *type, const char *options,
	unsigned attributes)
{
	int mount = filesystem(type, options, attributes);

	attach(mount, (int) check(find(root, path), path), path);
	return mount;
}

static void set_readonly(int mount, unsigned flags, const char *what)
{
	struct mount_attr attributes = {.attr_set = MOUNT_ATTR_RDONLY};

	check(RAW(mount_setattr, mount, "", EMPTY | flags, &attributes, sizeof(attributes)), what);
}

static void set_up_namespaces(void)
{
	struct ifreq interface = {.ifr_name = "lo", .ifr_flags = IFF_UP};
	int fd;

	check(RAW(unshare, 0x02000000 /* CLONE_NEWCGROUP */, 0, 0, 0, 0), "unshare");
	check(RAW(setsid, 0, 0, 0, 0, 0), "setsid");
	check(RAW(sethostname, "floor", 5, 0, 0, 0), "sethostname");
	fd = (int) check(RAW(socket, 2 /* AF_INET */, 2 /* DGRAM */ | O_CLOEXEC, 0, 0, 0), "socket");
	check(RAW(ioctl, fd, SIOCSIFFLAGS, &interface, 0, 0), "lo up");
	close_fd(fd);
}

static int enter_root(const char *rootfs)
{
	int root;

	check(RAW(mount, NULL, "/", NULL, 0x84000 /* MS_REC | MS_SLAVE */, NULL), "propagation");
	root = (int) check(RAW(open_tree, AT_FDCWD, rootfs, TREE_CLONE | RECURSIVE, 0, 0), rootfs);
	check(RAW(move_mount, root, "", AT_FDCWD, rootfs, MOVE_FROM_EMPTY), "move_mount of the root");
	check(RAW(fchdir, root, 0, 0, 0, 0), "fchdir");
	check(RAW(pivot_root, ".", ".", 0, 0, 0), "pivot_root");
	check(RAW(umount2, ".", 2 /* MNT_DETACH */, 0, 0, 0), "umount2");
	return root;
}

static int make_dev(int root)
{
	int dev = mount_at(root, "/dev", "tmpfs", "mode=755,size=65536k", MOUNT_ATTR_NOSUID);
	size_t i;

	for (i = 0; i < sizeof(nodes) / sizeof(*nodes); i++)
		check(RAW(mknodat, dev, nodes[i].name, 020666, nodes[i].major << 8 | nodes[i].minor, 0),
			nodes[i].name);
	for (i = 0; i < sizeof(links) / sizeof(*links); i++)
		check(RAW(symlinkat, links[i].points_to, dev, links[i].name, 0, 0), links[i].name);
	check(RAW(mkdirat, dev, "pts", 0755, 0, 0), "/dev/pts");
	check(RAW(mkdirat, dev, "shm", 0755, 0, 0), "/dev/shm");
	check(RAW(mkdirat, dev, "mqueue", 0755, 0, 0), "/dev/mqueue");
	close_fd(mount_at(root, "/dev/pts", "devpts", "newinstance,ptmxmode=0666,mode=0620,gid=5",
		MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC));
	close_fd(mount_at(root, "/dev/shm", "tmpfs", "mode=1777,size=65536k", NOSUID_NODEV_NOEXEC));
	close_fd(mount_at(root, "/dev/mqueue", "mqueue", "", NOSUID_NODEV_NOEXEC));
	return dev;
}

static void mount_cgroups(int root, char **pairs)
{
	unsigned attributes = NOSUID_NODEV_NOEXEC | MOUNT_ATTR_RDONLY;
	int top;

	if (*pairs == NULL)
		return;
	if (**pairs == 0) {
		close_fd(mount_at(root, "/sys/fs/cgroup", "cgroup2", "", attributes));
		return;
	}
	top = mount_at(root, "/sys/fs/cgroup", "tmpfs", "mode=755", NOSUID_NODEV_NOEXEC);
	for (; pairs[0] != NULL; pairs += 2) {
		int mount = filesystem(*pairs[1] == 0 ? "cgroup2" : "cgroup", pairs[1], attributes);
		int target;

		check(RAW(mkdirat, top, pairs[0], 0755, 0, 0), pairs[0]);
		target = (int) check(RAW(openat, top, pairs[0], O_PATH | O_CLOEXEC, 0, 0), pairs[0]);
		attach(mount, target, pairs[0]);
		close_fd(mount);
	}
	set_readonly(top, 0, "cgroup tmpfs");
	close_fd(top);
}

/*
 * The empty directory is attached as itself first and copied from there afterwards: before 6.15 a
 * mount that is not attached anywhere cannot be copied.
 */
static void mask(int root, int dev)
{
	int empty = filesystem("tmpfs", "mode=555,nr_inodes=2", NOSUID_NODEV_NOEXEC | MOUNT_ATTR_RDONLY);
	int is_used = 0;
	size_t i;

	for (i = 0; i < sizeof(masked) / sizeof(*masked); i++) {
		int target = find(root, masked[i]);
		struct open_how directory = {.flags = O_PATH | O_DIRECTORY | O_CLOEXEC};
		int is_directory, mount;

		if (target < 0)
			continue;
		mount = (int) RAW(openat2, target, ".", &directory, sizeof(directory), 0);
		is_directory = mount >= 0;
		if (is_directory)
			close_fd(mount);
		if (is_directory && !is_used)
			mount = empty;
		else if (is_directory)
			mount = (int) check(RAW(open_tree, empty, "", TREE_CLONE | EMPTY, 0, 0), "open_tree");
		else
			mount = (int) check(RAW(open_tree, dev, "null", TREE_CLONE, 0, 0), "open_tree");
		attach(mount, target, masked[i]);
		is_used |= is_directory;
		if (mount != empty)
			close_fd(mount);
	}
	close_fd(empty);
}

static void make_readonly(int root)
{
	size_t i;

	for (i = 0; i < sizeof(readonly) / sizeof(*readonly); i++) {
		int target = find(root, readonly[i]);
		int mount;

		if (target < 0)
			continue;
		mount = (int) check(RAW(open_tree, target, "", TREE_CLONE | EMPTY | RECURSIVE, 0, 0),
			readonly[i]);
		set_readonly(mount, RECURSIVE, readonly[i]);
		attach(mount, target, readonly[i]);
		close_fd(mount);
	}
	set_readonly(root, 0, "root");
}

static void drop_privileges(void)
{
	struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct sets[2] = {
		{KEPT_CAPABILITIES & 0xffffffffu, KEPT_CAPABILITIES & 0xffffffffu, 0},
		{KEPT_CAPABILITIES >> 32, KEPT_CAPABILITIES >> 32, 0},
	};
	uint64_t limit[2] = {1024, 1024};
	unsigned cap;
	long answer = 0;

	check(RAW(prlimit64, 0, RLIMIT_OPEN_FILES, limit, NULL, 0), "prlimit64");
	for (cap = 0; answer >= 0; cap++) /* EINVAL: past the last one that the kernel knows */
		if ((KEPT_CAPABILITIES >> cap & 1) == 0)
			answer = RAW(prctl, PR_CAPBSET_DROP, cap, 0, 0, 0);
	check(answer == -EINVAL ? 0 : answer, "PR_CAPBSET_DROP");
	check(RAW(setgroups, 0, NULL, 0, 0, 0), "setgroups");
	check(RAW(setresgid, 0, 0, 0, 0, 0), "setresgid");
	check(RAW(setresuid, 0, 0, 0, 0, 0), "setresuid");
	check(RAW(capset, &header, sets, 0, 0, 0), "capset");
	check(RAW(prctl, PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), "no_new_privs");
}

/*
 * A search tree that allows whatever it finds: the shape of a good filter. At loading, the kernel
 * runs a filter once for each system call number of each architecture to see which it always
 * allows; a plain chain of 250 comparisons makes that ten times as dear.
 */
static unsigned grow_filter(unsigned at, unsigned first, unsigned leaves)
{
	unsigned middle = first + leaves / 2 * 4, right;

	if (leaves == 1) {
		filter[at] = (struct sock_filter) BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
		return at + 1;
	}
	right = grow_filter(at + 1, first, leaves / 2);
	filter[at] = (struct sock_filter) BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, middle, right - at - 1, 0);
	return grow_filter(right, middle, leaves - leaves / 2);
}

static void load_filter(void)
{
	struct sock_fprog program = {0, filter};
	long got = RAW(pread64, FLOOR_FILTER_FD, filter, sizeof(filter), 0, 0);

	if (got == -EBADF) {
		filter[0] = (struct sock_filter) BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 0);
		program.len = (unsigned short) grow_filter(1, 0, FILTER_LEAVES);
	} else {
		program.len = (unsigned short) ((size_t) check(got, "filter") / sizeof(*filter));
		close_fd(FLOOR_FILTER_FD);
	}
	check(RAW(seccomp, SECCOMP_SET_MODE_FILTER, 0, &program, 0, 0), "seccomp");
}

void floor_start(long *stack);

__attribute__((used)) void floor_start(long *stack)
{
	char **argv = (char **) (stack + 1);
	char *program[] = {(char *) FLOOR_PROGRAM, NULL};
	char *environment[] = {NULL};
	struct __kernel_timespec now;
	int root, dev;

	if (stack[0] < 2)
		check(-EINVAL, "usage: floor-init ROOTFS [NAME OPTIONS]...");
	check(RAW(fcntl, FLOOR_REPORT_FD, F_SETFD, FD_CLOEXEC, 0, 0), "report descriptor");
	(void) RAW(umask, 0, 0, 0, 0, 0);
	set_up_namespaces();
	root = enter_root(argv[1]);
	close_fd(mount_at(root, "/proc", "proc", "", NOSUID_NODEV_NOEXEC));
	dev = make_dev(root);
	close_fd(mount_at(root, "/sys", "sysfs", "", NOSUID_NODEV_NOEXEC | MOUNT_ATTR_RDONLY));
	mount_cgroups(root, argv + 2);
	mask(root, dev);
	make_readonly(root);
	check(RAW(chdir, "/", 0, 0, 0, 0), "chdir");
	drop_privileges();
	load_filter();
	check(RAW(clock_gettime, 1 /* CLOCK_MONOTONIC */, &now, 0, 0, 0), "clock_gettime");
	check(RAW(write, FLOOR_REPORT_FD, &now, sizeof(now), 0, 0), "report");
	check(RAW(execve, FLOOR_PROGRAM, program, environment, 0, 0), FLOOR_PROGRAM);
}

#if defined(__x86_64__)
__asm__(".text\n.globl _start\n_start:\n\txor %ebp, %ebp\n\tmov %rsp, %rdi\n\t"
	"and $-16, %rsp\n\tcall floor_start\n\thlt\n");
#elif defined(__aarch64__)
__asm__(".text\n.globl _start\n_start:\n\tmov x29, #0\n\tmov x0, sp\n\tbl floor_start\n\tbrk #0\n");
#endif
