/* SPDX-License-Identifier: MIT */
/*
 * The one error of the C core, and the names of the steps of a container's life.
 *
 * A function that can fail returns >= 0 for success and -errno for failure, and then `*err` is
 * filled. struct lc_error is a plain value: it needs no allocation, so it works out of memory, in
 * the vfork window, and on the wire between init and host without translation. Words are made in
 * one place only, lua/libcontainer/errors.lua.
 *
 * Both programs include this file, the init without a libc behind it: nothing here may call one.
 */
#ifndef LCT_BASE_ERROR_H
#define LCT_BASE_ERROR_H

#include <errno.h>
#include <stddef.h>
#include <stdint.h>

#define LCT_SUBJECT_MAX 240
#define LCT_NO_OP 0xffffu

/* STEP(symbol, name): where in the lifecycle something went wrong. The name is what `err.step`
 * says in Lua. Append only before LAST; numbers never leave one build. */
#define LCT_STEPS(STEP)                                                                            \
	STEP(NONE, "none")                                                                         \
	STEP(MEMORY, "memory")                                                                     \
	STEP(CONFIG, "config")                                                                     \
	STEP(ID, "id")                                                                             \
	STEP(STATE, "state")                                                                       \
	STEP(LOCK, "lock")                                                                         \
	STEP(HOST, "host")                                                                         \
	STEP(PLAN, "plan")                                                                         \
	STEP(HELPER, "helper")                                                                     \
	STEP(SPAWN, "spawn")                                                                       \
	STEP(SESSION, "session")                                                                   \
	STEP(CGROUP, "cgroup")                                                                     \
	STEP(FREEZE, "freeze")                                                                     \
	STEP(PROCESS, "process")                                                                   \
	STEP(KEYRING, "keyring")                                                                   \
	STEP(NAMESPACE, "namespace")                                                               \
	STEP(HOSTNAME, "hostname")                                                                 \
	STEP(NETWORK, "network")                                                                   \
	STEP(ROOTFS, "rootfs")                                                                     \
	STEP(MOUNT, "mount")                                                                       \
	STEP(PIVOT, "pivot")                                                                       \
	STEP(DEVICE, "device")                                                                     \
	STEP(MASK, "mask")                                                                         \
	STEP(READONLY, "readonly")                                                                 \
	STEP(SYSCTL, "sysctl")                                                                     \
	STEP(RLIMIT, "rlimit")                                                                     \
	STEP(USER, "user")                                                                         \
	STEP(CAPABILITIES, "capabilities")                                                         \
	STEP(NO_NEW_PRIVILEGES, "no_new_privileges")                                               \
	STEP(SECCOMP, "seccomp")                                                                   \
	STEP(STDIO, "stdio")                                                                       \
	STEP(TERMINAL, "terminal")                                                                 \
	STEP(CWD, "cwd")                                                                           \
	STEP(EXEC, "exec")                                                                         \
	STEP(INTERPRETER, "interpreter")                                                           \
	STEP(WAIT, "wait")                                                                         \
	STEP(SIGNAL, "signal")                                                                     \
	STEP(DESTROY, "destroy")                                                                   \
	STEP(SYSTEMD, "systemd")                                                                   \
	STEP(CHECKPOINT, "checkpoint")                                                             \
	STEP(RESTORE, "restore")                                                                   \
	STEP(IDMAP, "idmap")                                                                       \
	STEP(IMAGE, "image")                                                                       \
	STEP(LAYER, "layer")                                                                       \
	STEP(LANDLOCK, "landlock")                                                                 \
	STEP(LABEL, "label")                                                                       \
	STEP(FILE, "file")

enum lc_step {
#define LCT_STEP_ENUM(symbol, name) LCT_STEP_##symbol,
	LCT_STEPS(LCT_STEP_ENUM)
#undef LCT_STEP_ENUM
	LCT_STEP_COUNT
};

struct lc_error {
	int32_t errnum;                /* errno, never 0 in a filled error */
	uint16_t step;                 /* enum lc_step */
	uint16_t op;                   /* index in the plan, LCT_NO_OP outside of one */
	char subject[LCT_SUBJECT_MAX]; /* path, key or name it was about; never cut in its tail */
};

/*
 * Fill `err` (which may be NULL when the caller does not want to know) and return -errnum, so that
 * a failing line reads `return lc_fail(err, LCT_STEP_MOUNT, ENOENT, path)`. `errnum` is accepted
 * with either sign, because raw system calls answer -errno; 0 becomes EIO. A subject that is too
 * long loses its head, since the tail of a path says more.
 */
static inline int lc_fail(
	struct lc_error *err, enum lc_step step, long errnum, const char *subject)
{
	size_t length = 0, from = 0;

	if (errnum < 0)
		errnum = -errnum;
	if (errnum == 0)
		errnum = EIO;
	if (err == NULL)
		return (int) -errnum;
	err->errnum = (int32_t) errnum;
	err->step = (uint16_t) step;
	err->op = LCT_NO_OP;
	if (subject == NULL)
		subject = "";
	while (subject[length] != '\0')
		length++;
	if (length >= LCT_SUBJECT_MAX)
		from = length - (LCT_SUBJECT_MAX - 1);
	for (length = 0; subject[from + length] != '\0'; length++)
		err->subject[length] = subject[from + length];
	err->subject[length] = '\0';
	return (int) -errnum;
}

/* Name of a step, "unknown" for a number that is none. Host only (error.c). */
const char *lc_step_name(unsigned step);

/* Symbolic name of an errno ("EPERM"), NULL for a number that has none. Host only (error.c). */
const char *lc_errno_name(int errnum);

/* Text of an errno as strerror(3) has it, without its locale. Host only (error.c). */
const char *lc_errno_text(int errnum);

#endif
