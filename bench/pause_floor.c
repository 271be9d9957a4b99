/* SPDX-License-Identifier: MIT */
/*
 * The floor of pause() and resume(): writing to the freezer and waiting until the kernel says that
 * everything stands still, or runs again, in bare C. Nothing of src/ may be used here.
 *
 *	pause_floor RUNS DIRECTORY...
 *
 * DIRECTORY is a cgroup of the container; the first with a freezer of v2 is taken, else one of v1.
 * Prints the seconds of each pair on a line.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static void fail(const char *what)
{
	(void) fprintf(stderr, "pause_floor: %s: %s\n", what, strerror(errno));
	exit(1);
}

static double now(void)
{
	struct timespec at;

	(void) clock_gettime(CLOCK_MONOTONIC, &at);
	return (double) at.tv_sec + (double) at.tv_nsec / 1e9;
}

static void put(int dir_fd, const char *name, const char *text)
{
	int fd = openat(dir_fd, name, O_WRONLY | O_CLOEXEC);

	if (fd < 0 || write(fd, text, strlen(text)) < 0)
		fail(name);
	(void) close(fd);
}

/* Read `name` until it has `text`; cgroup.events tells when to look again, freezer.state does not. */
static void wait_for(int dir_fd, const char *name, const char *text, bool is_pollable)
{
	int fd = openat(dir_fd, name, O_RDONLY | O_CLOEXEC);
	struct pollfd change = {fd, POLLPRI, 0};
	char found[256];

	if (fd < 0)
		fail(name);
	for (;;) {
		ssize_t got = pread(fd, found, sizeof(found) - 1, 0);

		if (got < 0)
			fail(name);
		found[got] = '\0';
		if (strstr(found, text) != NULL)
			break;
		if (is_pollable)
			(void) poll(&change, 1, 1000);
	}
	(void) close(fd);
}

int main(int argc, char **argv)
{
	int runs = argc > 2 ? atoi(argv[1]) : 0, dir_fd = -1;
	bool is_v2 = false;

	if (runs < 1) {
		(void) fputs("usage: pause_floor RUNS DIRECTORY...\n", stderr);
		return 2;
	}
	for (int i = 2; i < argc && !is_v2; i++) {
		int fd = open(argv[i], O_RDONLY | O_DIRECTORY | O_CLOEXEC);

		if (fd < 0)
			fail(argv[i]);
		is_v2 = faccessat(fd, "cgroup.freeze", W_OK, 0) == 0;
		if (is_v2 || faccessat(fd, "freezer.state", W_OK, 0) == 0)
			dir_fd = fd;
	}
	if (dir_fd < 0)
		fail("no freezer");
	for (int run = 0; run < runs; run++) {
		double before = now();

		put(dir_fd, is_v2 ? "cgroup.freeze" : "freezer.state", is_v2 ? "1" : "FROZEN");
		wait_for(dir_fd, is_v2 ? "cgroup.events" : "freezer.state",
			is_v2 ? "frozen 1" : "FROZEN", is_v2);
		put(dir_fd, is_v2 ? "cgroup.freeze" : "freezer.state", is_v2 ? "0" : "THAWED");
		wait_for(dir_fd, is_v2 ? "cgroup.events" : "freezer.state",
			is_v2 ? "frozen 0" : "THAWED", is_v2);
		(void) printf("%.9f\n", now() - before);
	}
	return 0;
}
