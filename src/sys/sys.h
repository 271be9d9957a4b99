/* SPDX-License-Identifier: MIT */
/*
 * Typed raw system calls, for both programs. Each returns >= 0 or -errno and touches neither libc
 * nor errno: the init has no libc, the vfork window must not call one, and the host's errno belongs
 * to the program that we live in. Slow calls are not restarted here; who waits handles EINTR.
 * openat2 alone is made again, see there.
 *
 * Every call goes through lc_sys_call, so a test build (-DLCT_FAULT) can make call number n fail
 * with errno e: see sys_fault.c. In release builds it is the instruction itself.
 *
 * From libc's headers only constants and kernel structures are taken.
 */
#ifndef LCT_SYS_SYS_H
#define LCT_SYS_SYS_H

#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <linux/mount.h>
#include <linux/openat2.h>
#include <linux/sched.h>
#include "sys/missing.h"

#if defined(__x86_64__)
#include "sys/arch/x86_64.h"
#elif defined(__aarch64__)
#include "sys/arch/aarch64.h"
#elif defined(__riscv) && __riscv_xlen == 64
#include "sys/arch/riscv64.h"
#else
#error "no system call layer for this architecture: add src/sys/arch/<name>.h"
#endif

#ifdef LCT_FAULT
/* sys_fault.c: count the call and either make it or answer the injected error. */
long lc_fault_call(long nr, long a, long b, long c, long d, long e, long f);
#define lc_sys_call lc_fault_call
#else
#define lc_sys_call lc_arch_call
#endif

#define LCT_SYS0(name) lc_sys_call(__NR_##name, 0, 0, 0, 0, 0, 0)
#define LCT_SYS1(name, a) lc_sys_call(__NR_##name, (long) (a), 0, 0, 0, 0, 0)
#define LCT_SYS2(name, a, b) lc_sys_call(__NR_##name, (long) (a), (long) (b), 0, 0, 0, 0)
#define LCT_SYS3(name, a, b, c)                                                                    \
	lc_sys_call(__NR_##name, (long) (a), (long) (b), (long) (c), 0, 0, 0)
#define LCT_SYS4(name, a, b, c, d)                                                                 \
	lc_sys_call(__NR_##name, (long) (a), (long) (b), (long) (c), (long) (d), 0, 0)
#define LCT_SYS5(name, a, b, c, d, e)                                                              \
	lc_sys_call(__NR_##name, (long) (a), (long) (b), (long) (c), (long) (d), (long) (e), 0)
#define LCT_SYS6(name, a, b, c, d, e, f)                                                           \
	lc_sys_call(__NR_##name, (long) (a), (long) (b), (long) (c), (long) (d), (long) (e),      \
		(long) (f))

/* The kernel's signal set (64 signals in 8 bytes) and action, which are not libc's. */
typedef uint64_t lc_sigset;
struct lc_sigaction {
	void (*handler)(int);
	unsigned long flags;
	void (*restorer)(void);
	lc_sigset mask;
};

/* One entry of getdents64(2). */
struct lc_dirent {
	uint64_t inode;
	int64_t offset;
	uint16_t length;
	uint8_t type;
	char name[];
};

/* What sched_setattr(2) takes: the kernel's first version of it, and the utilisation clamps. */
struct lc_sched_attr {
	uint32_t size, policy;
	uint64_t flags;
	int32_t nice;
	uint32_t priority;
	uint64_t runtime, deadline, period; /* nanoseconds */
	uint32_t util_min, util_max;
};

/* --- descriptors and files --- */
static inline long lc_sys_close(int fd)
{
	/* Never counted as injectable: a close that "fails" would only simulate a leak. */
	return lc_arch_call(__NR_close, fd, 0, 0, 0, 0, 0);
}
static inline long lc_sys_openat(int dirfd, const char *path, int flags, unsigned mode)
{
	return LCT_SYS4(openat, dirfd, path, flags, mode);
}
#define LCT_OPEN_TRIES 128
/* Again, when somebody on this machine renamed or mounted something while the kernel stepped over a ".." below
 * `dirfd`: EAGAIN, openat2(2). That is no matter of the path, and a signal (EINTR) none either. */
static inline long lc_sys_openat2(int dirfd, const char *path, uint64_t flags, uint64_t mode,
	uint64_t resolve)
{
	struct open_how how = {.flags = flags, .mode = mode, .resolve = resolve};
	long r;
	int tries = 0;

	do
		r = LCT_SYS4(openat2, dirfd, path, &how, sizeof(how));
	while ((r == -EAGAIN || r == -EINTR) && ++tries < LCT_OPEN_TRIES);
	return r;
}
static inline long lc_sys_read(int fd, void *buffer, size_t size)
{
	return LCT_SYS3(read, fd, buffer, size);
}
static inline long lc_sys_write(int fd, const void *buffer, size_t size)
{
	return LCT_SYS3(write, fd, buffer, size);
}
static inline long lc_sys_pread(int fd, void *buffer, size_t size, int64_t offset)
{
	return LCT_SYS4(pread64, fd, buffer, size, offset);
}
static inline long lc_sys_fcntl(int fd, int command, long argument)
{
	return LCT_SYS3(fcntl, fd, command, argument);
}
static inline long lc_sys_dup3(int from, int to, int flags)
{
	return LCT_SYS3(dup3, from, to, flags);
}
static inline long lc_sys_close_range(unsigned first, unsigned last, unsigned flags)
{
	return LCT_SYS3(close_range, first, last, flags);
}
static inline long lc_sys_pipe2(int fds[2], int flags)
{
	return LCT_SYS2(pipe2, fds, flags);
}
static inline long lc_sys_statx(int dirfd, const char *path, int flags, unsigned mask,
	struct statx *out)
{
	return LCT_SYS5(statx, dirfd, path, flags, mask, out);
}
static inline long lc_sys_fstatfs(int fd, void *out)
{
	return LCT_SYS2(fstatfs, fd, out);
}
static inline long lc_sys_faccessat(int dirfd, const char *path, int mode)
{
	return LCT_SYS3(faccessat, dirfd, path, mode);
}
static inline long lc_sys_faccessat2(int dirfd, const char *path, int mode, int flags)
{
	return LCT_SYS4(faccessat2, dirfd, path, mode, flags);
}
static inline long lc_sys_getdents64(int fd, void *buffer, size_t size)
{
	return LCT_SYS3(getdents64, fd, buffer, size);
}
static inline long lc_sys_mkdirat(int dirfd, const char *path, unsigned mode)
{
	return LCT_SYS3(mkdirat, dirfd, path, mode);
}
static inline long lc_sys_mknodat(int dirfd, const char *path, unsigned mode, unsigned long device)
{
	return LCT_SYS4(mknodat, dirfd, path, mode, device);
}
static inline long lc_sys_symlinkat(const char *target, int dirfd, const char *path)
{
	return LCT_SYS3(symlinkat, target, dirfd, path);
}
static inline long lc_sys_readlinkat(int dirfd, const char *path, char *buffer, size_t size)
{
	return LCT_SYS4(readlinkat, dirfd, path, buffer, size);
}
static inline long lc_sys_unlinkat(int dirfd, const char *path, int flags)
{
	return LCT_SYS3(unlinkat, dirfd, path, flags);
}
static inline long lc_sys_renameat2(int from, const char *old, int to, const char *new_name,
	unsigned flags)
{
	return LCT_SYS5(renameat2, from, old, to, new_name, flags);
}
static inline long lc_sys_fchmod(int fd, unsigned mode)
{
	return LCT_SYS2(fchmod, fd, mode);
}
static inline long lc_sys_fchownat(int dirfd, const char *path, uint32_t uid, uint32_t gid,
	int flags)
{
	return LCT_SYS5(fchownat, dirfd, path, uid, gid, flags);
}
static inline long lc_sys_fchmodat(int dirfd, const char *path, unsigned mode)
{
	return LCT_SYS3(fchmodat, dirfd, path, mode);
}
static inline long lc_sys_linkat(int from, const char *old, int to, const char *new_name)
{
	return LCT_SYS5(linkat, from, old, to, new_name, 0);
}
static inline long lc_sys_utimensat(int dirfd, const char *path, const struct timespec times[2],
	int flags)
{
	return LCT_SYS4(utimensat, dirfd, path, times, flags);
}
static inline long lc_sys_lseek(int fd, int64_t offset, int whence)
{
	return LCT_SYS3(lseek, fd, offset, whence);
}
static inline long lc_sys_ftruncate(int fd, int64_t size)
{
	return LCT_SYS2(ftruncate, fd, size);
}
static inline long lc_sys_sendfile(int to, int from, int64_t *offset, size_t count)
{
	return LCT_SYS4(sendfile, to, from, offset, count);
}
static inline long lc_sys_fchdir(int fd)
{
	return LCT_SYS1(fchdir, fd);
}
static inline long lc_sys_chdir(const char *path)
{
	return LCT_SYS1(chdir, path);
}
static inline long lc_sys_getcwd(char *buffer, size_t size)
{
	return LCT_SYS2(getcwd, buffer, size);
}
static inline long lc_sys_umask(unsigned mask)
{
	return LCT_SYS1(umask, mask);
}
static inline long lc_sys_fgetxattr(int fd, const char *name, void *value, size_t size)
{
	return LCT_SYS4(fgetxattr, fd, name, value, size);
}
static inline long lc_sys_fsetxattr(int fd, const char *name, const void *value, size_t size,
	int flags)
{
	return LCT_SYS5(fsetxattr, fd, name, value, size, flags);
}
static inline long lc_sys_flistxattr(int fd, char *names, size_t size)
{
	return LCT_SYS3(flistxattr, fd, names, size);
}
static inline long lc_sys_fremovexattr(int fd, const char *name)
{
	return LCT_SYS2(fremovexattr, fd, name);
}
static inline long lc_sys_flock(int fd, int operation)
{
	return LCT_SYS2(flock, fd, operation);
}
static inline long lc_sys_memfd_create(const char *name, unsigned flags)
{
	return LCT_SYS2(memfd_create, name, flags);
}
static inline long lc_sys_ioctl(int fd, unsigned long request, void *argument)
{
	return LCT_SYS3(ioctl, fd, request, argument);
}
static inline long lc_sys_poll(struct pollfd *fds, unsigned count, const struct timespec *timeout)
{
	return LCT_SYS5(ppoll, fds, count, timeout, NULL, sizeof(lc_sigset));
}

/* --- being told --- */
static inline long lc_sys_signalfd4(int fd, const lc_sigset *mask, int flags)
{
	return LCT_SYS4(signalfd4, fd, mask, sizeof(*mask), flags);
}
static inline long lc_sys_epoll_create1(int flags)
{
	return LCT_SYS1(epoll_create1, flags);
}
static inline long lc_sys_epoll_ctl(int epoll, int operation, int fd, struct epoll_event *event)
{
	return LCT_SYS4(epoll_ctl, epoll, operation, fd, event);
}
static inline long lc_sys_eventfd2(unsigned value, int flags)
{
	return LCT_SYS2(eventfd2, value, flags);
}
static inline long lc_sys_timerfd_create(int clock, int flags)
{
	return LCT_SYS2(timerfd_create, clock, flags);
}
static inline long lc_sys_timerfd_settime(int fd, const struct itimerspec *value)
{
	return LCT_SYS4(timerfd_settime, fd, 0, value, NULL);
}
static inline long lc_sys_inotify_init1(int flags)
{
	return LCT_SYS1(inotify_init1, flags);
}
static inline long lc_sys_inotify_add_watch(int fd, const char *path, uint32_t mask)
{
	return LCT_SYS3(inotify_add_watch, fd, path, mask);
}

/* --- memory --- */
static inline long lc_sys_mmap(void *address, size_t size, int protection, int flags, int fd,
	int64_t offset)
{
	return LCT_SYS6(mmap, address, size, protection, flags, fd, offset);
}
static inline long lc_sys_munmap(void *address, size_t size)
{
	return LCT_SYS2(munmap, address, size);
}

/* --- sockets --- */
static inline long lc_sys_socket(int family, int type, int protocol)
{
	return LCT_SYS3(socket, family, type, protocol);
}
static inline long lc_sys_socketpair(int family, int type, int protocol, int fds[2])
{
	return LCT_SYS4(socketpair, family, type, protocol, fds);
}
static inline long lc_sys_bind(int fd, const void *address, unsigned size)
{
	return LCT_SYS3(bind, fd, address, size);
}
static inline long lc_sys_listen(int fd, int backlog)
{
	return LCT_SYS2(listen, fd, backlog);
}
static inline long lc_sys_accept4(int fd, int flags)
{
	return LCT_SYS4(accept4, fd, 0, 0, flags);
}
static inline long lc_sys_connect(int fd, const void *address, unsigned size)
{
	return LCT_SYS3(connect, fd, address, size);
}
static inline long lc_sys_setsockopt(int fd, int level, int option, const void *value, unsigned size)
{
	return LCT_SYS5(setsockopt, fd, level, option, value, size);
}
static inline long lc_sys_sendmsg(int fd, const struct msghdr *message, int flags)
{
	return LCT_SYS3(sendmsg, fd, message, flags);
}
static inline long lc_sys_recvmsg(int fd, struct msghdr *message, int flags)
{
	return LCT_SYS3(recvmsg, fd, message, flags);
}
static inline long lc_sys_send(int fd, const void *buffer, size_t size, int flags)
{
	return LCT_SYS6(sendto, fd, buffer, size, flags, NULL, 0);
}
static inline long lc_sys_recv(int fd, void *buffer, size_t size, int flags)
{
	return LCT_SYS6(recvfrom, fd, buffer, size, flags, NULL, NULL);
}

/* --- mounts --- */
static inline long lc_sys_mount(const char *source, const char *target, const char *type,
	unsigned long flags, const void *data)
{
	return LCT_SYS5(mount, source, target, type, flags, data);
}
static inline long lc_sys_umount2(const char *target, int flags)
{
	return LCT_SYS2(umount2, target, flags);
}
static inline long lc_sys_pivot_root(const char *new_root, const char *put_old)
{
	return LCT_SYS2(pivot_root, new_root, put_old);
}
static inline long lc_sys_fsopen(const char *type, unsigned flags)
{
	return LCT_SYS2(fsopen, type, flags);
}
static inline long lc_sys_fsconfig(int fd, unsigned command, const char *key, const void *value,
	int aux)
{
	return LCT_SYS5(fsconfig, fd, command, key, value, aux);
}
static inline long lc_sys_fsmount(int fd, unsigned flags, unsigned attributes)
{
	return LCT_SYS3(fsmount, fd, flags, attributes);
}
static inline long lc_sys_open_tree(int dirfd, const char *path, unsigned flags)
{
	return LCT_SYS3(open_tree, dirfd, path, flags);
}
static inline long lc_sys_move_mount(int from, const char *from_path, int to, const char *to_path,
	unsigned flags)
{
	return LCT_SYS5(move_mount, from, from_path, to, to_path, flags);
}
static inline long lc_sys_mount_setattr(int dirfd, const char *path, unsigned flags,
	const struct mount_attr *attributes)
{
	return LCT_SYS5(mount_setattr, dirfd, path, flags, attributes, sizeof(*attributes));
}

/* --- processes and credentials --- */
static inline long lc_sys_getpid(void)
{
	return lc_arch_call(__NR_getpid, 0, 0, 0, 0, 0, 0);
}
static inline long lc_sys_geteuid(void)
{
	return lc_arch_call(__NR_geteuid, 0, 0, 0, 0, 0, 0);
}
static inline long lc_sys_getegid(void)
{
	return lc_arch_call(__NR_getegid, 0, 0, 0, 0, 0, 0);
}
static inline long lc_sys_execveat(int dirfd, const char *path, char *const argv[],
	char *const envp[], int flags)
{
	return LCT_SYS5(execveat, dirfd, path, argv, envp, flags);
}
static inline long lc_sys_execve(const char *path, char *const argv[], char *const envp[])
{
	return LCT_SYS3(execve, path, argv, envp);
}
static inline void lc_sys_exit(int status)
{
	(void) lc_arch_call(__NR_exit_group, status, 0, 0, 0, 0, 0);
}
static inline long lc_sys_unshare(uint64_t flags)
{
	return LCT_SYS1(unshare, flags);
}
static inline long lc_sys_setns(int fd, uint64_t flags)
{
	return LCT_SYS2(setns, fd, flags);
}
/* As fork(2), with flags; a pidfd comes with CLONE_PIDFD. Not clone3, which filters refuse. */
static inline long lc_sys_clone(uint64_t flags, int *out_pidfd)
{
	return LCT_SYS5(clone, flags, NULL, out_pidfd, NULL, NULL);
}
static inline long lc_sys_setpgid(pid_t pid, pid_t group)
{
	return LCT_SYS2(setpgid, pid, group);
}
static inline long lc_sys_setsid(void)
{
	return LCT_SYS0(setsid);
}
static inline long lc_sys_sethostname(const char *name, size_t length)
{
	return LCT_SYS2(sethostname, name, length);
}
static inline long lc_sys_setdomainname(const char *name, size_t length)
{
	return LCT_SYS2(setdomainname, name, length);
}
static inline long lc_sys_prctl(int option, unsigned long a, unsigned long b, unsigned long c,
	unsigned long d)
{
	return LCT_SYS5(prctl, option, a, b, c, d);
}
static inline long lc_sys_keyctl(int operation, const void *argument)
{
	return LCT_SYS5(keyctl, operation, argument, 0, 0, 0);
}
static inline long lc_sys_setgroups(size_t count, const uint32_t *groups)
{
	return LCT_SYS2(setgroups, count, groups);
}
static inline long lc_sys_setresgid(uint32_t real, uint32_t effective, uint32_t saved)
{
	return LCT_SYS3(setresgid, real, effective, saved);
}
static inline long lc_sys_setresuid(uint32_t real, uint32_t effective, uint32_t saved)
{
	return LCT_SYS3(setresuid, real, effective, saved);
}
static inline long lc_sys_setregid(uint32_t real, uint32_t effective)
{
	return LCT_SYS2(setregid, real, effective);
}
static inline long lc_sys_setreuid(uint32_t real, uint32_t effective)
{
	return LCT_SYS2(setreuid, real, effective);
}
/* These two answer the id before, and say no failure: ask again with one that is none. */
static inline long lc_sys_setfsgid(uint32_t gid)
{
	return LCT_SYS1(setfsgid, gid);
}
static inline long lc_sys_setfsuid(uint32_t uid)
{
	return LCT_SYS1(setfsuid, uid);
}
/* What this thread was before, which the kernel always lets it be again. Not injectable, like close: a failure
 * would only simulate what cannot be. */
static inline void lc_sys_restore_fsids(uint32_t uid, uint32_t gid)
{
	(void) lc_arch_call(__NR_setfsuid, uid, 0, 0, 0, 0, 0);
	(void) lc_arch_call(__NR_setfsgid, gid, 0, 0, 0, 0, 0);
}
static inline void lc_sys_restore_capabilities(void *header, const void *data)
{
	(void) lc_arch_call(__NR_capset, (long) header, (long) data, 0, 0, 0, 0);
}
static inline void lc_sys_restore_dumpable(void)
{
	(void) lc_arch_call(__NR_prctl, PR_SET_DUMPABLE, 1, 0, 0, 0, 0);
}
static inline void lc_sys_restore_parent_death(int signal)
{
	(void) lc_arch_call(__NR_prctl, PR_SET_PDEATHSIG, signal, 0, 0, 0, 0);
}
static inline void lc_sys_restore_signals(const lc_sigset *set)
{
	(void) lc_arch_call(__NR_rt_sigprocmask, SIG_SETMASK, (long) set, 0, sizeof(*set), 0, 0);
}
static inline long lc_sys_capset(const void *header, const void *data)
{
	return LCT_SYS2(capset, header, data);
}
static inline long lc_sys_capget(void *header, void *data)
{
	return LCT_SYS2(capget, header, data);
}
static inline long lc_sys_prlimit(int pid, int resource, const struct rlimit64 *set,
	struct rlimit64 *old)
{
	return LCT_SYS4(prlimit64, pid, resource, set, old);
}
static inline long lc_sys_seccomp(unsigned operation, unsigned flags, void *argument)
{
	return LCT_SYS3(seccomp, operation, flags, argument);
}
static inline long lc_sys_landlock_create_ruleset(const void *attributes, size_t size, unsigned flags)
{
	return LCT_SYS3(landlock_create_ruleset, attributes, size, flags);
}
static inline long lc_sys_landlock_add_rule(int ruleset, int type, const void *rule)
{
	return LCT_SYS4(landlock_add_rule, ruleset, type, rule, 0);
}
static inline long lc_sys_landlock_restrict_self(int ruleset)
{
	return LCT_SYS2(landlock_restrict_self, ruleset, 0);
}
static inline long lc_sys_bpf(int command, void *attributes, size_t size)
{
	return LCT_SYS3(bpf, command, attributes, size);
}
static inline long lc_sys_sigprocmask(int how, const lc_sigset *set, lc_sigset *old)
{
	return LCT_SYS4(rt_sigprocmask, how, set, old, sizeof(lc_sigset));
}
static inline long lc_sys_sigaction(int signal, const struct lc_sigaction *action,
	struct lc_sigaction *old)
{
	return LCT_SYS4(rt_sigaction, signal, action, old, sizeof(lc_sigset));
}
static inline long lc_sys_sched_setaffinity(int pid, size_t size, const void *mask)
{
	return LCT_SYS3(sched_setaffinity, pid, size, mask);
}
static inline long lc_sys_sched_setscheduler(int pid, int policy, const struct sched_param *param)
{
	return LCT_SYS3(sched_setscheduler, pid, policy, param);
}
static inline long lc_sys_sched_setattr(int pid, const struct lc_sched_attr *attributes)
{
	return LCT_SYS3(sched_setattr, pid, attributes, 0);
}
static inline long lc_sys_sched_getattr(int pid, struct lc_sched_attr *out)
{
	return LCT_SYS4(sched_getattr, pid, out, sizeof(*out), 0);
}
static inline long lc_sys_setpriority(int which, int who, int nice)
{
	return LCT_SYS3(setpriority, which, who, nice);
}
static inline long lc_sys_ioprio_set(int which, int who, int priority)
{
	return LCT_SYS3(ioprio_set, which, who, priority);
}
static inline long lc_sys_set_mempolicy(int mode, const unsigned long *nodes, unsigned long count)
{
	return LCT_SYS3(set_mempolicy, mode, nodes, count);
}
static inline long lc_sys_personality(unsigned long persona)
{
	return LCT_SYS1(personality, persona);
}

/* --- processes by descriptor --- */
static inline long lc_sys_pidfd_open(int pid, unsigned flags)
{
	return LCT_SYS2(pidfd_open, pid, flags);
}
static inline long lc_sys_pidfd_send_signal(int pidfd, int signal)
{
	return LCT_SYS4(pidfd_send_signal, pidfd, signal, NULL, 0);
}
static inline long lc_sys_kill(int pid, int signal)
{
	return LCT_SYS2(kill, pid, signal);
}
static inline long lc_sys_waitid(int kind, int id, siginfo_t *info, int options,
	struct rusage *usage)
{
	return LCT_SYS5(waitid, kind, id, info, options, usage);
}

/* --- time and chance --- */
static inline long lc_sys_clock_gettime(int clock, struct timespec *out)
{
	return lc_arch_call(__NR_clock_gettime, clock, (long) out, 0, 0, 0, 0);
}
static inline long lc_sys_getrandom(void *buffer, size_t size, unsigned flags)
{
	return LCT_SYS3(getrandom, buffer, size, flags);
}

/*
 * clone3(2) with CLONE_VM: `child(argument)` runs on the stack named in `args` and must end in
 * execveat or lc_sys_exit, never return. The caller's pid on success, -errno otherwise.
 */
static inline long lc_sys_clone_vm(struct clone_args *args, int (*child)(void *), void *argument)
{
#ifdef LCT_FAULT
	/* Counted through a call that changes nothing, then made for real. */
	long injected = lc_sys_call(__NR_clone3, 0, 0, 0, 0, 0, 0);

	if (injected < 0 && injected != -EINVAL)
		return injected;
#endif
	return lc_arch_clone_vm(args, sizeof(*args), child, argument);
}

#endif
