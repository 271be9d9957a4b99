/* SPDX-License-Identifier: MIT */
/*
 * A process by its pidfd: alive or not, signal, and an exit status that survives a foreign reaper.
 * A pid number is for humans; it is proved by its start time before it is turned into a pidfd.
 */
#ifndef LCT_CONTAINER_PROCESS_H
#define LCT_CONTAINER_PROCESS_H

#include "base/error.h"
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct lc_exit {
	int status;            /* exit status, when signal is 0 */
	int signal;            /* that ended it, or 0 */
	bool has_core;
	bool is_lost;          /* it has ended, and nobody can say how: reaped by the host program */
	bool has_usage;
	uint64_t user_us, system_us; /* of the process itself */
};

struct lc_process {
	int pidfd;             /* -1: none, or closed */
	pid_t pid;
	uint64_t start;        /* clock ticks since boot, field 22 of /proc/PID/stat */
	bool has_ended;
	struct lc_exit exit;   /* filled once has_ended */
};

#define LCT_PROCESS_INIT {.pidfd = -1}

/* Read the start time of `pid`. A zombie still has one. */
int lc_process_start_time(pid_t pid, uint64_t *out, struct lc_error *err);

/*
 * Open a process that somebody else started, proved by its start time. -ESRCH when that process
 * has gone, its pid reused or not.
 */
int lc_process_open(pid_t pid, uint64_t start, struct lc_process *out, struct lc_error *err);
void lc_process_done(struct lc_process *process);

/* Does this text of /proc/PID/stat say that the process is about to end? */
bool lc_process_stat_ends(const char *stat);
/* And that it sleeps meanwhile until others have ended, where who is only slow runs, or sleeps in the kernel? */
bool lc_process_stat_waits(const char *stat);

/*
 * Has it ended, or begun to? Between the two it runs nothing any more and holds nothing, yet it may
 * stay: the init of a PID namespace waits until all others of it have been reaped, and who came in by
 * setns has a parent outside, who may take his time.
 */
bool lc_process_is_ending(const struct lc_process *process);
/* Has it ended, or does nothing keep it but others that have not been reaped? */
bool lc_process_is_held(const struct lc_process *process);

/* Has it ended? Zombies have. Never blocks. */
int lc_process_poll(struct lc_process *process, bool *out_ended, struct lc_error *err);

/* Wait until it has ended, reaping nothing: ETIMEDOUT after timeout_ms, or at once for 0. */
int lc_process_await(const struct lc_process *process, int timeout_ms, struct lc_error *err);

/* Send a signal; -ESRCH when it has ended. */
int lc_process_signal(const struct lc_process *process, int signal, struct lc_error *err);

/* SIGKILL, and wait until it has ended: ETIMEDOUT after timeout_ms. */
int lc_process_kill(struct lc_process *process, int timeout_ms, struct lc_error *err);

#endif
