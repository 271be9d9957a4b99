/* SPDX-License-Identifier: MIT */
/*
 * System calls that specs need to play a strange host and Lua has not: fork, foreign waits, signal
 * masks, limits, a second interpreter in the same process. Compiled by fixture.posix() with the cc
 * of the machine; never part of the library. Thin on purpose: each function is one call, and a
 * failed call raises.
 */
#include <lauxlib.h>
#include <lualib.h>

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <pty.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

static int check(lua_State *L, const char *what, long r)
{
	if (r < 0)
		return luaL_error(L, "%s: %s", what, strerror(errno));
	lua_pushinteger(L, r);
	return 1;
}

static int posix_fork(lua_State *L)
{
	return check(L, "fork", fork());
}

/* _exit(status): no exit handlers, no lua_close */
static int posix_exit(lua_State *L)
{
	_exit((int) luaL_optinteger(L, 1, 0));
}

static int posix_getpid(lua_State *L)
{
	lua_pushinteger(L, getpid());
	return 1;
}

static int posix_kill(lua_State *L)
{
	return check(L, "kill",
		kill((pid_t) luaL_checkinteger(L, 1), (int) luaL_checkinteger(L, 2)));
}

/* wait(pid | -1 [, nohang]) -> pid, "exit" | "signal", number; 0 when nothing has ended; nil
 * without children */
static int posix_wait(lua_State *L)
{
	int status, flags = lua_toboolean(L, 2) ? WNOHANG : 0;
	pid_t pid;

	do {
		pid = waitpid((pid_t) luaL_checkinteger(L, 1), &status, flags);
	} while (pid < 0 && errno == EINTR);
	if (pid < 0)
		return 0;
	lua_pushinteger(L, pid);
	if (pid == 0)
		return 1;
	lua_pushstring(L, WIFEXITED(status) ? "exit" : "signal");
	lua_pushinteger(L, WIFEXITED(status) ? WEXITSTATUS(status) : WTERMSIG(status));
	return 3;
}

/* pause(microseconds) */
static int posix_pause(lua_State *L)
{
	lua_Integer us = luaL_checkinteger(L, 1);
	struct timespec time = {.tv_sec = us / 1000000, .tv_nsec = us % 1000000 * 1000};

	nanosleep(&time, NULL);
	return 0;
}

/* pipe() -> reading, writing */
static int posix_pipe(lua_State *L)
{
	int fds[2];

	check(L, "pipe", pipe2(fds, O_CLOEXEC));
	lua_pushinteger(L, fds[0]);
	lua_pushinteger(L, fds[1]);
	return 2;
}

static int posix_read(lua_State *L)
{
	char text[4096];
	ssize_t size = read((int) luaL_checkinteger(L, 1), text, sizeof(text));

	check(L, "read", size);
	lua_pushlstring(L, text, (size_t) size);
	return 1;
}

static int posix_write(lua_State *L)
{
	size_t size;
	const char *text = luaL_checklstring(L, 2, &size);

	return check(L, "write", write((int) luaL_checkinteger(L, 1), text, size));
}

static int posix_close(lua_State *L)
{
	return check(L, "close", close((int) luaL_checkinteger(L, 1)));
}

/* become(path, argv0, ...): this process is that program from now on */
static int posix_become(lua_State *L)
{
	const char *path = luaL_checkstring(L, 1);
	int count = lua_gettop(L) - 1;
	char **argv = lua_newuserdatauv(L, ((size_t) count + 1) * sizeof(*argv), 0);

	for (int i = 0; i < count; i++)
		argv[i] = (char *) luaL_checkstring(L, i + 2);
	argv[count] = NULL;
	return check(L, "execv", execv(path, argv));
}

/* move(fd, to): `to` is the same from now on, and open in a program that is become */
static int posix_move(lua_State *L)
{
	return check(L, "dup2",
		dup2((int) luaL_checkinteger(L, 1), (int) luaL_checkinteger(L, 2)));
}

/* listen(path) -> descriptor of a unix socket; nobody has to accept for connections to succeed */
static int posix_listen(lua_State *L)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	strncpy(address.sun_path, luaL_checkstring(L, 1), sizeof(address.sun_path) - 1);
	check(L, "bind", bind(fd, (struct sockaddr *) &address, sizeof(address)));
	check(L, "listen", listen(fd, (int) luaL_optinteger(L, 2, 8)));
	lua_pushinteger(L, fd);
	return 1;
}

/* take(listening) -> text, descriptor, rest: the one message of a console socket, and what follows it */
static int posix_take(lua_State *L)
{
	union {
		struct cmsghdr head;
		char bytes[CMSG_SPACE(sizeof(int))];
	} control;
	char text[4096], rest[64];
	struct iovec part = {text, sizeof(text)};
	struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1, .msg_control = &control,
		.msg_controllen = sizeof(control)};
	int fd = accept4((int) luaL_checkinteger(L, 1), NULL, NULL, SOCK_CLOEXEC);
	ssize_t size = recvmsg(fd, &message, MSG_CMSG_CLOEXEC), more;
	struct cmsghdr *head = size >= 0 ? CMSG_FIRSTHDR(&message) : NULL;

	check(L, "recvmsg", size);
	lua_pushlstring(L, text, (size_t) size);
	if (head == NULL)
		lua_pushnil(L);
	else
		lua_pushinteger(L, *(int *) CMSG_DATA(head));
	more = read(fd, rest, sizeof(rest));
	lua_pushlstring(L, rest, more > 0 ? (size_t) more : 0);
	close(fd);
	return 3;
}

/* openpty([columns, rows]) -> master, slave: a terminal of this host */
static int posix_openpty(lua_State *L)
{
	struct winsize size = {.ws_col = (unsigned short) luaL_optinteger(L, 1, 80),
		.ws_row = (unsigned short) luaL_optinteger(L, 2, 24)};
	int master, slave;

	check(L, "openpty", openpty(&master, &slave, NULL, NULL, &size));
	fcntl(master, F_SETFD, FD_CLOEXEC);
	fcntl(slave, F_SETFD, FD_CLOEXEC);
	fcntl(master, F_SETFL, O_NONBLOCK);
	lua_pushinteger(L, master);
	lua_pushinteger(L, slave);
	return 2;
}

/* resize(terminal, columns, rows) */
static int posix_resize(lua_State *L)
{
	struct winsize size = {.ws_col = (unsigned short) luaL_checkinteger(L, 2),
		.ws_row = (unsigned short) luaL_checkinteger(L, 3)};

	return check(L, "ioctl", ioctl((int) luaL_checkinteger(L, 1), TIOCSWINSZ, &size));
}

/* attributes(terminal) -> text: equal for equal settings */
static int posix_attributes(lua_State *L)
{
	struct termios now;
	char text[64 + 3 * NCCS];
	int used;

	memset(&now, 0, sizeof(now));
	check(L, "tcgetattr", tcgetattr((int) luaL_checkinteger(L, 1), &now));
	used = snprintf(text, sizeof(text), "%x %x %x %x", now.c_iflag, now.c_oflag, now.c_cflag,
		now.c_lflag);
	for (int i = 0; i < NCCS; i++)
		used += snprintf(text + used, sizeof(text) - (size_t) used, " %x", now.c_cc[i]);
	lua_pushstring(L, text);
	return 1;
}

/* signal(number, "ignore" | "default") */
static int posix_signal(lua_State *L)
{
	static const char *const words[] = {"default", "ignore", NULL};
	struct sigaction action = {.sa_handler = SIG_DFL};

	if (luaL_checkoption(L, 2, NULL, words) == 1)
		action.sa_handler = SIG_IGN;
	return check(L, "sigaction", sigaction((int) luaL_checkinteger(L, 1), &action, NULL));
}

/* block(number, …) */
static int posix_block(lua_State *L)
{
	sigset_t set;

	sigemptyset(&set);
	for (int i = 1; i <= lua_gettop(L); i++)
		sigaddset(&set, (int) luaL_checkinteger(L, i));
	return check(L, "sigprocmask", sigprocmask(SIG_BLOCK, &set, NULL));
}

static int posix_umask(lua_State *L)
{
	return check(L, "umask", umask((mode_t) luaL_checkinteger(L, 1)));
}

/* affinity(cpu): run on this processor alone */
static int posix_affinity(lua_State *L)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET((size_t) luaL_checkinteger(L, 1), &set);
	return check(L, "sched_setaffinity", sched_setaffinity(0, sizeof(set), &set));
}

static int posix_nice(lua_State *L)
{
	return check(L, "setpriority",
		setpriority(PRIO_PROCESS, 0, (int) luaL_checkinteger(L, 1)));
}

/* rlimit("NOFILE" …, soft, hard) */
static int posix_rlimit(lua_State *L)
{
	static const char *const names[] = {"NOFILE", "NPROC", "FSIZE", "CORE", "STACK", NULL};
	static const int numbers[] = {
		RLIMIT_NOFILE, RLIMIT_NPROC, RLIMIT_FSIZE, RLIMIT_CORE, RLIMIT_STACK};
	struct rlimit limit;

	limit.rlim_cur = (rlim_t) luaL_checkinteger(L, 2);
	limit.rlim_max = (rlim_t) luaL_checkinteger(L, 3);
	return check(L, "setrlimit",
		setrlimit((__rlimit_resource_t) numbers[luaL_checkoption(L, 1, NULL, names)],
			&limit));
}

/* prctl(option, value) */
static int posix_prctl(lua_State *L)
{
	return check(L, "prctl",
		prctl((int) luaL_checkinteger(L, 1), luaL_checkinteger(L, 2), 0, 0, 0));
}

/* state(script) -> its result as a string: in a second interpreter, opened and closed again */
static int posix_state(lua_State *L)
{
	const char *script = luaL_checkstring(L, 1);
	lua_State *other = luaL_newstate();
	bool is_fine;

	if (other == NULL)
		return luaL_error(L, "no memory");
	luaL_openlibs(other);
	is_fine = luaL_dostring(other, script) == LUA_OK;
	lua_pushstring(L, luaL_tolstring(other, -1, NULL));
	lua_close(other);
	return is_fine ? 1 : lua_error(L);
}

/* --- threads of the host --- */

#define THREADS_MAX 16

struct interpreter {
	pthread_t thread;
	const char *script;
	char result[256]; /* what the script returned, or its error */
};

static void *run_interpreter(void *context)
{
	struct interpreter *self = context;
	lua_State *L = luaL_newstate();

	if (L == NULL)
		return NULL;
	luaL_openlibs(L);
	(void) luaL_dostring(L, self->script);
	snprintf(self->result, sizeof(self->result), "%s", luaL_tolstring(L, -1, NULL));
	lua_close(L);
	return NULL;
}

/* threads(count, script) -> what each returned: every one with an interpreter of its own */
static int posix_threads(lua_State *L)
{
	struct interpreter all[THREADS_MAX] = {0};
	int count = (int) luaL_checkinteger(L, 1);

	luaL_argcheck(L, count >= 1 && count <= THREADS_MAX, 1, "too many");
	for (int i = 0; i < count; i++) {
		all[i].script = luaL_checkstring(L, 2);
		errno = pthread_create(&all[i].thread, NULL, run_interpreter, &all[i]);
		if (errno != 0)
			return check(L, "pthread_create", -1);
	}
	lua_createtable(L, count, 0);
	for (int i = 0; i < count; i++) {
		pthread_join(all[i].thread, NULL);
		lua_pushstring(L, all[i].result);
		lua_rawseti(L, -2, i + 1);
	}
	return 1;
}

static pthread_t hammers[THREADS_MAX];
static int hammer_count;
static volatile int is_hammering;
static long blows, faults;

/* Allocate, write and read back, with errno as a witness: nobody else may touch any of them. */
static void *hammer(void *context)
{
	unsigned seed = (unsigned) (uintptr_t) context;

	while (is_hammering) {
		size_t size = 1 + (size_t) rand_r(&seed) % 70000;
		unsigned char *block = malloc(size);
		bool is_fine = true;

		if (block == NULL)
			continue;
		errno = (int) (size % 100);
		memset(block, (int) (size & 0xff), size);
		for (size_t i = 0; i < size; i += 61)
			is_fine = is_fine && block[i] == (size & 0xff);
		is_fine = is_fine && errno == (int) (size % 100);
		free(block);
		__atomic_fetch_add(is_fine ? &blows : &faults, 1, __ATOMIC_RELAXED);
	}
	return NULL;
}

/* hammer(count): so many threads that allocate, write and read back until hammered() */
static int posix_hammer(lua_State *L)
{
	int count = (int) luaL_checkinteger(L, 1);

	luaL_argcheck(L, count >= 1 && count <= THREADS_MAX, 1, "too many");
	is_hammering = 1;
	for (hammer_count = 0; hammer_count < count; hammer_count++) {
		errno = pthread_create(&hammers[hammer_count], NULL, hammer,
			(void *) (uintptr_t) (hammer_count + 1));
		if (errno != 0)
			return check(L, "pthread_create", -1);
	}
	return 0;
}

/* hammered() -> blows that were fine, blows that were not */
static int posix_hammered(lua_State *L)
{
	is_hammering = 0;
	while (hammer_count > 0)
		pthread_join(hammers[--hammer_count], NULL);
	lua_pushinteger(L, blows);
	lua_pushinteger(L, faults);
	return 2;
}

/* errno_after(number, function) -> errno of this thread when the function has returned, number before it */
static int posix_errno_after(lua_State *L)
{
	int number = (int) luaL_checkinteger(L, 1);

	lua_settop(L, 2);
	errno = number;
	lua_call(L, 0, 0);
	lua_pushinteger(L, errno);
	return 1;
}

/* --- signals with handlers --- */

static volatile sig_atomic_t own_signals, foreign_signals;
static pid_t owner;

static void count_owner(int signal)
{
	(void) signal;
	/* the kernel's word: a child of vfork shares all memory with us, caches too */
	if (syscall(SYS_getpid) == owner)
		own_signals++;
	else
		foreign_signals++;
}

/* storm(number, microseconds): for the leader of a process group. A child sends the group that signal
 * again and again; the handler counts in which process it runs. Answers the child's pid. */
static int posix_storm(lua_State *L)
{
	struct sigaction action = {.sa_handler = count_owner, .sa_flags = SA_RESTART};
	int number = (int) luaL_checkinteger(L, 1);
	struct timespec pause = {0, (long) luaL_checkinteger(L, 2) * 1000};
	pid_t child;

	owner = getpid();
	check(L, "sigaction", sigaction(number, &action, NULL));
	child = fork();
	if (child == 0) {
		signal(number, SIG_IGN);
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		while (kill(-owner, number) == 0)
			nanosleep(&pause, NULL);
		_exit(0);
	}
	return check(L, "fork", child);
}

/* stormed() -> signals that came to us, signals whose handler ran in another process */
static int posix_stormed(lua_State *L)
{
	lua_pushinteger(L, own_signals);
	lua_pushinteger(L, foreign_signals);
	return 2;
}

/* --- coroutines that are interrupted --- */

static void interrupt(lua_State *L, lua_Debug *debug)
{
	(void) debug;
	if (lua_isyieldable(L))
		lua_yield(L, 0);
}

/* interrupt(coroutine, count): it yields whenever it has made so many steps, wherever it is, as under a
 * scheduler that preempts; 0: no more */
static int posix_interrupt(lua_State *L)
{
	lua_State *other = lua_tothread(L, 1);
	int count = (int) luaL_checkinteger(L, 2);

	luaL_argcheck(L, other != NULL, 1, "coroutine expected");
	lua_sethook(other, interrupt, count > 0 ? LUA_MASKCOUNT : 0, count);
	return 0;
}

static volatile sig_atomic_t ticks;

static void count_tick(int signal)
{
	(void) signal;
	ticks++;
}

/* tick(microseconds): from now on a signal each, with a handler that interrupts system calls */
static int posix_tick(lua_State *L)
{
	struct sigaction action = {.sa_handler = count_tick}; /* no SA_RESTART */
	suseconds_t us = (suseconds_t) luaL_checkinteger(L, 1);
	struct itimerval every = {{0, us}, {0, us}};

	check(L, "sigaction", sigaction(SIGALRM, &action, NULL));
	return check(L, "setitimer", setitimer(ITIMER_REAL, &every, NULL));
}

/* ticks() -> how many there were */
static int posix_ticks(lua_State *L)
{
	lua_pushinteger(L, ticks);
	return 1;
}

static const luaL_Reg functions[] = {
	{"fork", posix_fork},
	{"exit", posix_exit},
	{"getpid", posix_getpid},
	{"kill", posix_kill},
	{"wait", posix_wait},
	{"pause", posix_pause},
	{"pipe", posix_pipe},
	{"read", posix_read},
	{"write", posix_write},
	{"close", posix_close},
	{"become", posix_become},
	{"move", posix_move},
	{"listen", posix_listen},
	{"take", posix_take},
	{"openpty", posix_openpty},
	{"resize", posix_resize},
	{"attributes", posix_attributes},
	{"signal", posix_signal},
	{"block", posix_block},
	{"umask", posix_umask},
	{"affinity", posix_affinity},
	{"nice", posix_nice},
	{"rlimit", posix_rlimit},
	{"prctl", posix_prctl},
	{"interrupt", posix_interrupt},
	{"tick", posix_tick},
	{"ticks", posix_ticks},
	{"state", posix_state},
	{"threads", posix_threads},
	{"hammer", posix_hammer},
	{"hammered", posix_hammered},
	{"errno_after", posix_errno_after},
	{"storm", posix_storm},
	{"stormed", posix_stormed},
	{NULL, NULL},
};

int luaopen_posix_for_specs(lua_State *L);

int luaopen_posix_for_specs(lua_State *L)
{
	luaL_newlib(L, functions);
	return 1;
}
