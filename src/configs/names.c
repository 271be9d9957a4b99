/* SPDX-License-Identifier: MIT */
/*
 * Words → numbers: namespaces, limits, signals, capabilities, mount options. Tables, and libcap
 * for the capabilities (the only file that includes it), since a list of our own would grow old.
 * Strict: what is not known is an error of the caller, never a guess.
 */
#include "configs/names.h"
#include <linux/mount.h>
#include <linux/sched.h>
#include <signal.h>
#include <string.h>
#include <strings.h>
#include <sys/capability.h>
#include <sys/resource.h>

/* What a program on glibc or musl calls SIGRTMIN; the kernel's own is 32, but the C libraries keep
 * the first two. */
#define REALTIME_MIN 34
#define REALTIME_MAX 64

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

struct word {
	const char *name;
	uint64_t number;
};

static const struct word namespaces[] = {
	{"mount", CLONE_NEWNS},
	{"pid", CLONE_NEWPID},
	{"uts", CLONE_NEWUTS},
	{"ipc", CLONE_NEWIPC},
	{"network", CLONE_NEWNET},
	{"cgroup", CLONE_NEWCGROUP},
	{"user", CLONE_NEWUSER},
	{"time", CLONE_NEWTIME},
};

static const struct word rlimits[] = {
	{"AS", RLIMIT_AS},
	{"CORE", RLIMIT_CORE},
	{"CPU", RLIMIT_CPU},
	{"DATA", RLIMIT_DATA},
	{"FSIZE", RLIMIT_FSIZE},
	{"LOCKS", RLIMIT_LOCKS},
	{"MEMLOCK", RLIMIT_MEMLOCK},
	{"MSGQUEUE", RLIMIT_MSGQUEUE},
	{"NICE", RLIMIT_NICE},
	{"NOFILE", RLIMIT_NOFILE},
	{"NPROC", RLIMIT_NPROC},
	{"RSS", RLIMIT_RSS},
	{"RTPRIO", RLIMIT_RTPRIO},
	{"RTTIME", RLIMIT_RTTIME},
	{"SIGPENDING", RLIMIT_SIGPENDING},
	{"STACK", RLIMIT_STACK},
};

/* sched(7); BATCH, IDLE and DEADLINE are hidden by libc unless asked for. */
static const struct word policies[] = {
	{"OTHER", 0},
	{"FIFO", 1},
	{"RR", 2},
	{"BATCH", 3},
	{"IDLE", 5},
	{"DEADLINE", 6},
};

static const struct word scheduler_flags[] = {
	{"RESET_ON_FORK", 0x01},
	{"RECLAIM", 0x02},
	{"DL_OVERRUN", 0x04},
	{"KEEP_POLICY", 0x08},
	{"KEEP_PARAMS", 0x10},
	{"UTIL_CLAMP_MIN", 0x20},
	{"UTIL_CLAMP_MAX", 0x40},
};

static const struct word io_classes[] = {{"RT", 1}, {"BE", 2}, {"IDLE", 3}};

/* linux/mempolicy.h */
static const struct word memory_modes[] = {
	{"DEFAULT", 0},
	{"PREFERRED", 1},
	{"BIND", 2},
	{"INTERLEAVE", 3},
	{"LOCAL", 4},
	{"PREFERRED_MANY", 5},
	{"WEIGHTED_INTERLEAVE", 6},
};
static const struct word memory_flags[] = {
	{"STATIC_NODES", 1u << 15},
	{"RELATIVE_NODES", 1u << 14},
	{"NUMA_BALANCING", 1u << 13},
};

/* landlock(7): the ABI that brought each. */
static const struct {
	const char *name;
	uint64_t bit;
	int abi;
	bool is_read, is_write;
} landlock_files[] = {
	{"execute", 1 << 0, 1, false, false},
	{"write_file", 1 << 1, 1, false, true},
	{"read_file", 1 << 2, 1, true, false},
	{"read_dir", 1 << 3, 1, true, false},
	{"remove_dir", 1 << 4, 1, false, true},
	{"remove_file", 1 << 5, 1, false, true},
	{"make_char", 1 << 6, 1, false, false},
	{"make_dir", 1 << 7, 1, false, true},
	{"make_reg", 1 << 8, 1, false, true},
	{"make_sock", 1 << 9, 1, false, true},
	{"make_fifo", 1 << 10, 1, false, true},
	{"make_block", 1 << 11, 1, false, false},
	{"make_sym", 1 << 12, 1, false, true},
	{"refer", 1 << 13, 2, false, true},
	{"truncate", 1 << 14, 3, false, true},
	{"ioctl_dev", 1 << 15, 5, false, false},
};

/* The first name of a number is the one that lc_signal_name answers. */
static const struct word signals[] = {
	{"HUP", SIGHUP},
	{"INT", SIGINT},
	{"QUIT", SIGQUIT},
	{"ILL", SIGILL},
	{"TRAP", SIGTRAP},
	{"ABRT", SIGABRT},
	{"IOT", SIGABRT},
	{"BUS", SIGBUS},
	{"FPE", SIGFPE},
	{"KILL", SIGKILL},
	{"USR1", SIGUSR1},
	{"SEGV", SIGSEGV},
	{"USR2", SIGUSR2},
	{"PIPE", SIGPIPE},
	{"ALRM", SIGALRM},
	{"TERM", SIGTERM},
	{"STKFLT", SIGSTKFLT},
	{"CHLD", SIGCHLD},
	{"CLD", SIGCHLD},
	{"CONT", SIGCONT},
	{"STOP", SIGSTOP},
	{"TSTP", SIGTSTP},
	{"TTIN", SIGTTIN},
	{"TTOU", SIGTTOU},
	{"URG", SIGURG},
	{"XCPU", SIGXCPU},
	{"XFSZ", SIGXFSZ},
	{"VTALRM", SIGVTALRM},
	{"PROF", SIGPROF},
	{"WINCH", SIGWINCH},
	{"IO", SIGIO},
	{"POLL", SIGIO},
	{"PWR", SIGPWR},
	{"SYS", SIGSYS},
};

/* An access-time mode replaces the one before, so the kernel wants the whole field cleared. */
#define ATIME MOUNT_ATTR__ATIME

#define SETS(option, bits)                                                                         \
	{.name = option, .set = (bits)},                                                           \
	{                                                                                          \
		.name = "r" option, .set = (bits), .is_recursive = true                            \
	}
#define CLEARS(option, bits)                                                                       \
	{.name = option, .clear = (bits)},                                                         \
	{                                                                                          \
		.name = "r" option, .clear = (bits), .is_recursive = true                          \
	}
#define ACCESS_TIME(option, bits)                                                                  \
	{.name = option, .set = (bits), .clear = ATIME},                                           \
	{                                                                                          \
		.name = "r" option, .set = (bits), .clear = ATIME, .is_recursive = true            \
	}
#define PROPAGATES(option, bits)                                                                   \
	{.name = option, .propagation = (bits)},                                                   \
	{                                                                                          \
		.name = "r" option, .propagation = (bits), .is_recursive = true                    \
	}

static const struct lc_mount_option mount_options[] = {
	SETS("ro", MOUNT_ATTR_RDONLY),
	CLEARS("rw", MOUNT_ATTR_RDONLY),
	SETS("nosuid", MOUNT_ATTR_NOSUID),
	CLEARS("suid", MOUNT_ATTR_NOSUID),
	SETS("nodev", MOUNT_ATTR_NODEV),
	CLEARS("dev", MOUNT_ATTR_NODEV),
	SETS("noexec", MOUNT_ATTR_NOEXEC),
	CLEARS("exec", MOUNT_ATTR_NOEXEC),
	SETS("nosymfollow", MOUNT_ATTR_NOSYMFOLLOW),
	CLEARS("symfollow", MOUNT_ATTR_NOSYMFOLLOW),
	SETS("nodiratime", MOUNT_ATTR_NODIRATIME),
	CLEARS("diratime", MOUNT_ATTR_NODIRATIME),
	ACCESS_TIME("noatime", MOUNT_ATTR_NOATIME),
	ACCESS_TIME("strictatime", MOUNT_ATTR_STRICTATIME),
	/* relatime is 0, what the field says when neither of the two above does */
	ACCESS_TIME("relatime", MOUNT_ATTR_RELATIME),
	ACCESS_TIME("atime", MOUNT_ATTR_RELATIME),
	ACCESS_TIME("nostrictatime", MOUNT_ATTR_RELATIME),
	/* mount(2) falls back to relatime without MS_RELATIME, so its absence means nothing */
	{.name = "norelatime", .is_ignored = true},
	{.name = "rnorelatime", .is_ignored = true},
	PROPAGATES("private", MS_PRIVATE),
	PROPAGATES("slave", MS_SLAVE),
	PROPAGATES("shared", MS_SHARED),
	PROPAGATES("unbindable", MS_UNBINDABLE),
	{.name = "bind", .is_bind = true},
	{.name = "rbind", .is_bind = true, .is_recursive = true},
	{.name = "src-nofollow", .link = LCT_SYMLINK_SOURCE},
	{.name = "dest-nofollow", .link = LCT_SYMLINK_DESTINATION},
	{.name = "copy-symlink", .link = LCT_SYMLINK_SOURCE | LCT_SYMLINK_COPY},
	{.name = "idmap", .is_mapped = true},
	{.name = "ridmap", .is_mapped = true, .is_recursive = true},
	{.name = "tmpcopyup", .is_copy_up = true},
	{.name = "dest-nocreate", .needs_place = true},
	/* Of the file system itself: nothing is below a new one, so that the tree is that one. */
	{.name = "sync", .superblock = "sync"},
	{.name = "rsync", .superblock = "sync"},
	{.name = "async", .superblock = "async", .is_ignored = true},
	{.name = "rasync", .superblock = "async", .is_ignored = true},
	{.name = "dirsync", .superblock = "dirsync"},
	{.name = "rdirsync", .superblock = "dirsync"},
	{.name = "lazytime", .superblock = "lazytime"},
	{.name = "nolazytime", .superblock = "nolazytime", .is_ignored = true},
	{.name = "mand", .superblock = "mand"},
	{.name = "rmand", .superblock = "mand"},
	{.name = "nomand", .superblock = "nomand", .is_ignored = true},
	{.name = "rnomand", .superblock = "nomand", .is_ignored = true},
	{.name = "iversion", .superblock = "iversion"},
	{.name = "noiversion", .is_ignored = true},
	{.name = "silent", .is_ignored = true},
	{.name = "loud", .is_ignored = true},
	{.name = "defaults", .is_ignored = true},
};

static const struct word *find(const struct word *table, size_t count, const char *name)
{
	for (size_t i = 0; i < count; i++)
		if (strcasecmp(table[i].name, name) == 0)
			return &table[i];
	return NULL;
}

static uint64_t number_of(const struct word *table, size_t count, const char *name)
{
	const struct word *word = name == NULL ? NULL : find(table, count, name);

	return word == NULL ? 0 : word->number;
}

uint32_t lc_scheduler_policy(const char *name)
{
	return (uint32_t) number_of(policies, COUNT(policies), name);
}

uint64_t lc_scheduler_flag(const char *name)
{
	return number_of(scheduler_flags, COUNT(scheduler_flags), name);
}

uint32_t lc_io_class(const char *name)
{
	return (uint32_t) number_of(io_classes, COUNT(io_classes), name);
}

uint32_t lc_memory_mode(const char *name)
{
	return (uint32_t) number_of(memory_modes, COUNT(memory_modes), name);
}

uint32_t lc_memory_flag(const char *name)
{
	return (uint32_t) number_of(memory_flags, COUNT(memory_flags), name);
}

uint64_t lc_landlock_files(const char *name, int abi, int *out_abi)
{
	bool is_all = strcmp(name, "all") == 0, is_read = strcmp(name, "read") == 0;
	bool is_write = strcmp(name, "write") == 0;
	uint64_t bits = 0;

	*out_abi = 1;
	for (size_t i = 0; i < COUNT(landlock_files); i++) {
		bool is_named = strcmp(landlock_files[i].name, name) == 0;

		if (is_named)
			*out_abi = landlock_files[i].abi;
		if ((is_named || is_all || (is_read && landlock_files[i].is_read) ||
			    (is_write && landlock_files[i].is_write)) &&
			landlock_files[i].abi <= abi)
			bits |= landlock_files[i].bit;
	}
	return bits;
}

uint64_t lc_landlock_network(const char *name, int *out_abi)
{
	*out_abi = 4;
	return strcmp(name, "bind_tcp") == 0 ? 1 : strcmp(name, "connect_tcp") == 0 ? 2 : 0;
}

uint64_t lc_landlock_scope(const char *name, int *out_abi)
{
	*out_abi = 6;
	return strcmp(name, "abstract_unix_socket") == 0 ? 1 : strcmp(name, "signal") == 0 ? 2 : 0;
}

/* A decimal number of one to three digits, -1 for anything else. */
static int small_number(const char *text)
{
	int number = 0;
	size_t length = strlen(text);

	if (length < 1 || length > 3 || strspn(text, "0123456789") != length)
		return -1;
	for (; *text != '\0'; text++)
		number = number * 10 + (*text - '0');
	return number;
}

uint64_t lc_namespace_flag(const char *name)
{
	/* Not in any case: schema.def lists these words as they are written. */
	for (size_t i = 0; i < COUNT(namespaces); i++)
		if (strcmp(namespaces[i].name, name) == 0)
			return namespaces[i].number;
	return 0;
}

int lc_rlimit_number(const char *name)
{
	const struct word *word;

	if (strncasecmp(name, "RLIMIT_", 7) == 0)
		name += 7;
	word = find(rlimits, COUNT(rlimits), name);
	return word == NULL ? -1 : (int) word->number;
}

/* "RTMIN", "RTMIN+3", "RTMAX-2". */
static int realtime_signal(const char *name)
{
	bool is_max = strncasecmp(name, "RTMAX", 5) == 0;
	int offset = 0;

	if (!is_max && strncasecmp(name, "RTMIN", 5) != 0)
		return -1;
	name += 5;
	if (*name != '\0') {
		if (*name != (is_max ? '-' : '+'))
			return -1;
		offset = small_number(name + 1);
		if (offset < 0 || offset > REALTIME_MAX - REALTIME_MIN)
			return -1;
	}
	return is_max ? REALTIME_MAX - offset : REALTIME_MIN + offset;
}

int lc_signal_number(const char *name)
{
	const struct word *word;
	int number = small_number(name);

	if (number >= 0)
		return number >= 1 && number <= REALTIME_MAX ? number : -1;
	if (strncasecmp(name, "SIG", 3) == 0)
		name += 3;
	word = find(signals, COUNT(signals), name);
	return word == NULL ? realtime_signal(name) : (int) word->number;
}

const char *lc_signal_name(int number)
{
	for (size_t i = 0; i < COUNT(signals); i++)
		if ((int) signals[i].number == number)
			return signals[i].name;
	return NULL;
}

/* libcap takes numbers too, which a configuration must not hold: they name nothing. */
static bool is_letter(char c)
{
	return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '_';
}

/* A configuration has some forty names, each asked for several times: no formats, no sets of characters. */
int lc_capability_number(const char *name)
{
	char full[64] = "cap_";
	size_t length = strlen("cap_");
	cap_value_t value;

	if (strncasecmp(name, "CAP_", 4) == 0)
		name += 4;
	if (*name == '\0')
		return -1;
	for (; *name != '\0'; name++) {
		if (!is_letter(*name) || length == sizeof(full) - 1)
			return -1;
		full[length++] = *name;
	}
	return cap_from_name(full, &value) == 0 ? (int) value : -1; /* full[] ends with zeros */
}

const struct lc_mount_option *lc_mount_option(const char *name)
{
	for (size_t i = 0; i < COUNT(mount_options); i++)
		if (strcmp(mount_options[i].name, name) == 0)
			return &mount_options[i];
	return NULL;
}

enum lc_option_scope lc_mount_option_scope(const struct lc_mount_option *option)
{
	if ((option->link & LCT_SYMLINK_SOURCE) != 0)
		return LCT_OPTION_PATH;
	if (option->link != 0 || option->is_mapped)
		return LCT_OPTION_BIND;
	if (option->is_copy_up)
		return LCT_OPTION_TMPFS;
	return option->superblock != NULL && !option->is_ignored ? LCT_OPTION_FILE_SYSTEM : LCT_OPTION_ANY;
}
