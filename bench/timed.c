/* SPDX-License-Identifier: MIT */
/*
 * How long other people's commands take, without a shell in the number.
 *
 *	timed RUNS COMMAND [ARGUMENT...] [-- COMMAND [ARGUMENT...]]...
 *
 * One run is all of the commands, one after the other, each from its start to its end; a '#' in an
 * argument is the number of the run. A command with "@" in front of it is run and not counted. Input is
 * empty, output is thrown away. Prints the seconds of each run on a line. A command that fails ends
 * everything with status 1.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define ARGUMENTS_MAX 64
#define ARGUMENT_ROOM 512

static char texts[ARGUMENTS_MAX][ARGUMENT_ROOM];

static void fail(const char *what, int number)
{
	(void) fprintf(stderr, "timed: %s: %s\n", what, strerror(number));
	exit(1);
}

static double now(void)
{
	struct timespec at;

	(void) clock_gettime(CLOCK_MONOTONIC, &at);
	return (double) at.tv_sec + (double) at.tv_nsec / 1e9;
}

/* Copy `from`, with `run` in place of each '#'. */
static char *fill_in(const char *from, char *out, int run)
{
	size_t used = 0;

	for (; *from != '\0' && used < ARGUMENT_ROOM - 12; from++)
		if (*from == '#')
			used += (size_t) snprintf(out + used, ARGUMENT_ROOM - used, "%d", run);
		else
			out[used++] = *from;
	if (*from != '\0')
		fail(out, E2BIG);
	out[used] = '\0';
	return out;
}

/* Up to the end or a "--"; answers where the next command begins, NULL when there is none. */
static char **run_one(char **from, int run, const posix_spawn_file_actions_t *actions, double *seconds)
{
	char *argv[ARGUMENTS_MAX + 1];
	size_t count = 0;
	int status, r;
	double before;
	pid_t pid;
	bool counts = *from == NULL || strcmp(*from, "@") != 0;

	if (!counts)
		from++;
	for (; *from != NULL && strcmp(*from, "--") != 0 && count < ARGUMENTS_MAX; from++, count++)
		argv[count] = fill_in(*from, texts[count], run);
	argv[count] = NULL;
	if (count == 0 || count == ARGUMENTS_MAX)
		fail("a command", EINVAL);
	before = now();
	r = posix_spawnp(&pid, argv[0], actions, NULL, argv, environ);
	if (r != 0)
		fail(argv[0], r);
	if (waitpid(pid, &status, 0) < 0)
		fail(argv[0], errno);
	*seconds += counts ? now() - before : 0;
	if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) {
		(void) fprintf(stderr, "timed: %s %s failed\n", argv[0], count > 1 ? argv[1] : "");
		exit(1);
	}
	return *from == NULL ? NULL : from + 1;
}

int main(int argc, char **argv)
{
	int runs = argc > 2 ? atoi(argv[1]) : 0;
	posix_spawn_file_actions_t actions;

	if (runs < 1) {
		(void) fputs("usage: timed RUNS COMMAND [ARGUMENT...] [-- COMMAND...]\n", stderr);
		return 2;
	}
	if (posix_spawn_file_actions_init(&actions) != 0 ||
		posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0) != 0 ||
		posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0) != 0)
		fail("memory", ENOMEM);
	for (int run = 0; run < runs; run++) {
		double seconds = 0;

		for (char **at = argv + 2; at != NULL;)
			at = run_one(at, run, &actions, &seconds);
		(void) printf("%.9f\n", seconds);
	}
	(void) posix_spawn_file_actions_destroy(&actions);
	return 0;
}
