/* SPDX-License-Identifier: MIT */
/*
 * Calls that a filter asks about, of a child whose memory and arguments are anybody's: they are received as they
 * were made, memory is read as it is and no further, an answer reaches the call that it is for, and nothing is
 * read or answered of a caller who has gone.
 *
 * Input: how much memory the caller shows (2 bytes) and what is in it (1 byte); then for each call its six
 * arguments (8 bytes each); then steps, of 1 byte and what they need, up to one that answers it.
 */
#include "fuzz.h"
#include "seccomp/notify.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <signal.h>
#include <stddef.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define CALLS_MAX 6
#define STEPS_MAX 12
#define PAGE 4096u
#define ASKED SYS_vhangup /* nobody else's */
#define ANSWER_MS 20000

enum step {
	STEP_READ,
	STEP_READ_AGAIN,
	STEP_WRONG,
	STEP_VALID,
	STEP_KILL,
	STEP_VALUE,
	STEP_ERROR,
	STEP_CONTINUE,
	STEPS_END
};

/* Whoever runs the target may have timers. */
#define AGAIN(call)                                                                                \
	({                                                                                         \
		long answer_;                                                                      \
		do                                                                                 \
			answer_ = (call);                                                          \
		while (answer_ < 0 && errno == EINTR);                                             \
		answer_;                                                                           \
	})

/* What the two know of one another. */
struct shared {
	uint64_t args[CALLS_MAX][6];
	int64_t answers[CALLS_MAX];
	unsigned count;
	volatile unsigned made; /* calls that have come back */
};

struct caller {
	struct shared *shared;
	uint8_t *memory; /* `size` bytes, and nothing behind them: the same address in both */
	size_t size;
	pid_t pid;
	int listener;
	bool is_gone;
};

/* --- the child: raw calls --- */

static long install(void)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, ASKED, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_USER_NOTIF),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog program = {.len = sizeof(code) / sizeof(code[0]), .filter = code};

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 || prctl(PR_SET_PDEATHSIG, SIGKILL) < 0)
		return -1;
	return syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_NEW_LISTENER, &program);
}

static _Noreturn void call(struct shared *shared, int number_to)
{
	int listener = (int) install();

	if (write(number_to, &listener, sizeof(listener)) != sizeof(listener) || listener < 0)
		_exit(1);
	for (unsigned i = 0; i < shared->count; i++) {
		const uint64_t *a = shared->args[i];
		long r = syscall(ASKED, a[0], a[1], a[2], a[3], a[4], a[5]);

		shared->answers[i] = r == -1 ? -errno : r;
		shared->made = i + 1;
	}
	_exit(0);
}

/* --- who is asked --- */

static void map_memory(struct caller *caller, size_t size, int byte)
{
	/* Its last byte is the last of a page, and behind that page there is nothing. */
	size_t room = (size + PAGE - 1) / PAGE * PAGE;
	uint8_t *pages = mmap(NULL, room + 2 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	MUST(pages != MAP_FAILED);
	MUST(munmap(pages + room, 2 * PAGE) == 0);
	caller->memory = pages + room - size;
	caller->size = size;
	for (size_t i = 0; i < size; i++)
		caller->memory[i] = (uint8_t) ((unsigned) byte + i);
}

static bool begin(struct caller *caller)
{
	int numbers[2], pidfd;

	MUST(pipe2(numbers, O_CLOEXEC) == 0);
	caller->pid = fork();
	MUST(caller->pid >= 0);
	if (caller->pid == 0)
		call(caller->shared, numbers[1]);
	(void) close(numbers[1]);
	if (AGAIN(read(numbers[0], &caller->listener, sizeof(int))) != sizeof(int))
		caller->listener = -1;
	(void) close(numbers[0]);
	if (caller->listener < 0)
		return false; /* a kernel that has no such filters, or lets nobody have them */
	pidfd = (int) syscall(SYS_pidfd_open, caller->pid, 0);
	MUST(pidfd >= 0);
	caller->listener = (int) syscall(SYS_pidfd_getfd, pidfd, caller->listener, 0);
	(void) close(pidfd);
	return caller->listener >= 0;
}

static void end(struct caller *caller)
{
	MUST(kill(caller->pid, SIGKILL) == 0);
	MUST(AGAIN(waitpid(caller->pid, NULL, 0)) == caller->pid);
	if (caller->listener >= 0)
		(void) close(caller->listener);
}

static bool receive(struct caller *caller, struct lc_notify_call *out)
{
	struct pollfd fds = {.fd = caller->listener, .events = POLLIN};
	struct lc_error err;
	int r;

	do {
		MUST(AGAIN(poll(&fds, 1, ANSWER_MS)) == 1);
		r = lc_notify_receive(caller->listener, out, &err);
	} while (r == 0);
	MUST(r == 1 || (r == -EPIPE && err.errnum == EPIPE));
	return r == 1;
}

/* --- the steps --- */

static void read_memory(const struct caller *caller, const struct lc_notify_call *call, struct fuzz_input *in)
{
	uint8_t buffer[600];
	uint16_t at = (uint16_t) fuzz_number(in, 2), more = (uint16_t) fuzz_number(in, 2);
	/* in the memory, around its end, or anywhere */
	uint64_t start = (uint64_t) (uintptr_t) caller->memory, address = more % 4 == 0 ? fuzz_number(in, 8) : start + at;
	size_t size = 1 + more % sizeof(buffer);
	struct lc_error err = {.errnum = 0};
	long r = lc_notify_read(caller->listener, call, address, buffer, size, &err);

	MUST(r >= 0 ? r <= (long) size : err.errnum == -r);
	MUST((r == -EFAULT) == (address > INT64_MAX));
	MUST((r == -ENOENT) == (caller->is_gone && address <= INT64_MAX));
	if (caller->is_gone || address < start || address - start >= caller->size)
		return; /* what else the caller has is none of our business */
	MUST(r == (long) (size < caller->size - (address - start) ? size : caller->size - (address - start)));
	MUST(memcmp(buffer, caller->memory + (address - start), (size_t) r) == 0);
}

static void answer_wrongly(const struct caller *caller, const struct lc_notify_call *call, uint64_t other)
{
	struct lc_error err = {.errnum = 0};
	uint64_t id = call->id + 1 + other;

	if (id == call->id)
		return;
	MUST(!lc_notify_is_valid(caller->listener, id));
	MUST(lc_notify_answer(caller->listener, id, 7, 0, &err) == -ENOENT && err.errnum == ENOENT);
	MUST(lc_notify_continue(caller->listener, id, &err) == -ENOENT);
}

/* Its number stays its own: what is read of it then would be nobody else's, and is refused all the same. */
static void kill_caller(struct caller *caller)
{
	siginfo_t info;

	MUST(kill(caller->pid, SIGKILL) == 0);
	MUST(AGAIN(waitid(P_PID, (id_t) caller->pid, &info, WEXITED | WNOWAIT)) == 0);
	caller->is_gone = true;
}

static void await_answer(const struct caller *caller, unsigned number)
{
	for (int i = 0; i < ANSWER_MS && caller->shared->made <= number; i++)
		(void) poll(NULL, 0, 1);
	MUST(caller->shared->made > number);
}

static void answer(struct caller *caller, const struct lc_notify_call *call, enum step step, unsigned number,
	struct fuzz_input *in)
{
	int64_t value = step == STEP_VALUE ? (int64_t) fuzz_number(in, 8) : 0, seen;
	int errnum = step == STEP_ERROR ? 1 + (int) (fuzz_number(in, 2) % 4095) : 0, r;
	struct lc_error err = {.errnum = 0};

	/* those that a kernel takes for its own: a call that is begun anew */
	if (errnum >= 512 && errnum <= 530)
		errnum = EPERM;
	if (value >= -530 && value <= -512)
		value = -EPERM;
	r = step == STEP_CONTINUE ? lc_notify_continue(caller->listener, call->id, &err) :
				    lc_notify_answer(caller->listener, call->id, value, errnum, &err);
	MUST(r == (caller->is_gone ? -ENOENT : 0));
	if (caller->is_gone)
		return;
	await_answer(caller, number);
	seen = caller->shared->answers[number];
	if (step == STEP_VALUE)
		MUST(seen == value || (value == -1 && seen == -EPERM)); /* -1 and errno are one to syscall(2) */
	else if (step == STEP_ERROR)
		MUST(seen == -errnum);
	/* and once alone */
	MUST(!lc_notify_is_valid(caller->listener, call->id));
	MUST(lc_notify_answer(caller->listener, call->id, 1, 0, &err) == -ENOENT);
}

/* Until the call is answered: whoever says nothing lets it go on. */
static void serve(struct caller *caller, const struct lc_notify_call *call, unsigned number, struct fuzz_input *in)
{
	for (int i = 0; i < STEPS_MAX; i++) {
		enum step step = fuzz_left(in) > 0 ? (enum step) (fuzz_number(in, 1) % STEPS_END) : STEP_CONTINUE;

		if (step == STEP_READ || step == STEP_READ_AGAIN) {
			read_memory(caller, call, in);
		} else if (step == STEP_WRONG) {
			answer_wrongly(caller, call, fuzz_number(in, 8));
		} else if (step == STEP_VALID) {
			MUST(lc_notify_is_valid(caller->listener, call->id) == !caller->is_gone);
		} else if (step == STEP_KILL) {
			kill_caller(caller);
		} else {
			answer(caller, call, step, number, in);
			return;
		}
	}
	answer(caller, call, STEP_CONTINUE, number, in);
}

void fuzz_notify(const uint8_t *data, size_t size)
{
	struct fuzz_input in = fuzz_input(data, size);
	struct caller caller = {.listener = -1};
	size_t memory = 1 + fuzz_number(&in, 2) % (3 * PAGE);

	caller.shared = mmap(NULL, sizeof(*caller.shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	MUST(caller.shared != MAP_FAILED);
	map_memory(&caller, memory, (int) fuzz_number(&in, 1));
	caller.shared->count = 1 + (unsigned) (fuzz_number(&in, 1) % CALLS_MAX);
	for (unsigned i = 0; i < caller.shared->count; i++)
		for (int j = 0; j < 6; j++)
			caller.shared->args[i][j] = fuzz_number(&in, 8);
	if (begin(&caller)) {
		for (unsigned i = 0; i < caller.shared->count && !caller.is_gone; i++) {
			struct lc_notify_call call;

			MUST(receive(&caller, &call));
			MUST(call.pid == (uint32_t) caller.pid && call.number == ASKED);
			MUST(memcmp(call.args, caller.shared->args[i], sizeof(call.args)) == 0);
			serve(&caller, &call, i, &in);
		}
	}
	end(&caller);
	MUST(munmap(caller.memory + memory - (memory + PAGE - 1) / PAGE * PAGE, (memory + PAGE - 1) / PAGE * PAGE) == 0);
	MUST(munmap(caller.shared, sizeof(*caller.shared)) == 0);
}
