/* SPDX-License-Identifier: MIT */
/*
 * hunter PARENT MODE [DEVICE:INODE…]: a hostile program that lies in wait for inits of this library. It
 * looks through /proc without pause until /stop is there; /met holds how many it has come across by then.
 * PARENT: the process whose children they are, 0 for whoever's.
 *
 * trace: open its program for writing, and trace it: WROTE, TRACED when that works.
 * look: with the power to look (CAP_SYS_PTRACE), through its descriptors, and at its capabilities: SAW when
 *       there is a directory other than a root like our own, or one of the files named by the arguments, and
 *       HAS when it still holds a capability.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static char **files; /* that must not be seen */

static bool read_file(const char *path, char *out, int size)
{
	int fd = open(path, O_RDONLY), n = fd < 0 ? -1 : (int) read(fd, out, size - 1);

	if (fd >= 0)
		close(fd);
	out[n > 0 ? n : 0] = '\0';
	return n > 0;
}

static bool is_init(int pid, int parent)
{
	char path[64], stat[512];
	int its;

	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	if (!read_file(path, stat, sizeof(stat)) || strstr(stat, " (lc-init) ") == NULL)
		return false;
	return parent == 0 || (sscanf(strrchr(stat, ')'), ") %*c %d", &its) == 1 && its == parent);
}

static bool can_trace(int pid, int parent)
{
	int status = 0;
	bool was_init;

	if (ptrace(PTRACE_SEIZE, pid, 0, 0) != 0)
		return false;
	/* Only what is stopped can be let go again; what has ended is waited for here first. */
	ptrace(PTRACE_INTERRUPT, pid, 0, 0);
	if (waitpid(pid, &status, __WALL) != pid || !WIFSTOPPED(status))
		return false;
	was_init = is_init(pid, parent);
	ptrace(PTRACE_DETACH, pid, 0, 0);
	return was_init;
}

static bool is_named(const struct stat *seen)
{
	char id[64];

	snprintf(id, sizeof(id), "%llu:%llu", (unsigned long long) seen->st_dev,
		(unsigned long long) seen->st_ino);
	for (char **file = files; *file != NULL; file++)
		if (strcmp(*file, id) == 0)
			return true;
	return false;
}

static void look_at(const char *path)
{
	char target[4096] = "";
	struct stat seen, ours;

	if (stat(path, &seen) != 0)
		return;
	stat("/", &ours);
	if ((S_ISDIR(seen.st_mode) && (seen.st_dev != ours.st_dev || seen.st_ino != ours.st_ino)) ||
		is_named(&seen)) {
		if (readlink(path, target, sizeof(target) - 1) < 0)
			return;
		printf("SAW %s %s\n", path, target);
	}
}

static void look_through(int pid)
{
	static const char *const sets[] = {"\nCapPrm:\t", "\nCapEff:\t", "\nCapInh:\t", "\nCapBnd:\t"};
	char path[300], status[8192];
	struct dirent *entry;
	DIR *dir;

	snprintf(path, sizeof(path), "/proc/%d/cwd", pid);
	look_at(path);
	snprintf(path, sizeof(path), "/proc/%d/root", pid);
	look_at(path);
	snprintf(path, sizeof(path), "/proc/%d/fd", pid);
	dir = opendir(path);
	while (dir != NULL && (entry = readdir(dir)) != NULL) {
		if (entry->d_name[0] == '.')
			continue;
		snprintf(path, sizeof(path), "/proc/%d/fd/%s", pid, entry->d_name);
		look_at(path);
	}
	if (dir != NULL)
		closedir(dir);
	snprintf(path, sizeof(path), "/proc/%d/status", pid);
	if (!read_file(path, status, sizeof(status)) || !is_init(pid, 0))
		return;
	for (int i = 0; i < 4; i++) {
		char *at = strstr(status, sets[i]);

		if (at != NULL && strtoull(at + strlen(sets[i]), NULL, 16) != 0)
			printf("HAS %.24s\n", at + 1);
	}
}

static void hunt(int pid, int parent, bool is_looking)
{
	char path[64];

	if (is_looking) {
		look_through(pid);
		return;
	}
	snprintf(path, sizeof(path), "/proc/%d/exe", pid);
	if (open(path, O_WRONLY) >= 0)
		puts("WROTE");
	if (can_trace(pid, parent))
		puts("TRACED");
}

int main(int argc, char **argv)
{
	int parent = argc > 2 ? atoi(argv[1]) : 0, own = getpid();
	int record = open("/met", O_WRONLY | O_CREAT, 0644);
	bool is_looking = argc > 2 && strcmp(argv[2], "look") == 0;
	unsigned long met = 0;

	files = argv + (argc > 3 ? 3 : argc);
	setvbuf(stdout, NULL, _IOLBF, 0);
	puts("looking");
	while (access("/stop", F_OK) != 0) {
		DIR *dir = opendir("/proc");
		struct dirent *entry;

		while ((entry = readdir(dir)) != NULL) {
			int pid = atoi(entry->d_name);
			char text[32];

			if (pid <= parent || pid == own || !is_init(pid, parent))
				continue;
			pwrite(record, text, snprintf(text, sizeof(text), "%lu", ++met), 0);
			hunt(pid, parent, is_looking);
		}
		closedir(dir);
	}
	puts("done");
	return 0;
}
