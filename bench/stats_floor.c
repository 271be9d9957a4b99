/* SPDX-License-Identifier: MIT */
/*
 * The floor of stats(): opening, reading and closing the same files in bare C, from directories that
 * are held open. Nothing of src/ may be used here.
 *
 *	stats_floor RUNS PID DIRECTORY...
 *
 * DIRECTORY is a cgroup of the container, PID its init. Prints the median of the runs in microseconds.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define FILES_MAX 256

static const char *const names[] = {
	/* v1 */
	"cpu.stat", "cpuacct.usage", "cpuacct.usage_percpu", "cpuacct.stat", "memory.stat",
	"memory.oom_control", "memory.usage_in_bytes", "memory.max_usage_in_bytes",
	"memory.limit_in_bytes", "memory.failcnt", "memory.memsw.usage_in_bytes",
	"memory.memsw.max_usage_in_bytes", "memory.memsw.limit_in_bytes", "memory.memsw.failcnt",
	"memory.kmem.usage_in_bytes", "memory.kmem.max_usage_in_bytes",
	"memory.kmem.limit_in_bytes", "memory.kmem.failcnt", "memory.kmem.tcp.usage_in_bytes",
	"memory.kmem.tcp.max_usage_in_bytes", "memory.kmem.tcp.limit_in_bytes",
	"memory.kmem.tcp.failcnt", "blkio.throttle.io_service_bytes_recursive",
	"blkio.throttle.io_serviced_recursive", "pids.current", "pids.peak", "pids.max",
	"pids.events", "cpuset.effective_cpus", "cpuset.effective_mems",
	/* v2 */
	"memory.current", "memory.peak", "memory.max", "memory.events", "memory.swap.current",
	"memory.swap.max", "memory.swap.peak", "memory.swap.events", "io.stat", "cpu.pressure",
	"memory.pressure", "io.pressure", "cpuset.cpus.effective", "cpuset.mems.effective",
	"misc.current", "misc.max", "misc.events", "rdma.current", "hugetlb.2MB.current", "hugetlb.2MB.max",
	"hugetlb.2MB.events", "hugetlb.2MB.rsvd.current", "hugetlb.1GB.current",
	"hugetlb.1GB.max", "hugetlb.1GB.events", "hugetlb.1GB.rsvd.current",
};

static struct {
	int dirfd;
	const char *name;
} files[FILES_MAX];
static size_t files_count;

static int fail(const char *what)
{
	(void) fprintf(stderr, "stats_floor: %s: %s\n", what, strerror(errno));
	exit(1);
}

static void add(int dirfd, const char *name)
{
	int fd = openat(dirfd, name, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return; /* of another controller, or another kernel */
	(void) close(fd);
	if (files_count == FILES_MAX)
		fail("too many files");
	files[files_count].dirfd = dirfd;
	files[files_count++].name = name;
}

static void read_all(void)
{
	static char text[16384];

	for (size_t i = 0; i < files_count; i++) {
		int fd = openat(files[i].dirfd, files[i].name, O_RDONLY | O_CLOEXEC);

		if (fd < 0 || read(fd, text, sizeof(text)) < 0)
			fail(files[i].name);
		(void) close(fd);
	}
}

static double now_us(void)
{
	struct timespec now;

	(void) clock_gettime(CLOCK_MONOTONIC, &now);
	return (double) now.tv_sec * 1e6 + (double) now.tv_nsec / 1e3;
}

static int compare(const void *left, const void *right)
{
	double a = *(const double *) left, b = *(const double *) right;

	return (a > b) - (a < b);
}

int main(int argc, char **argv)
{
	int runs = argc > 3 ? atoi(argv[1]) : 0;
	char path[64];
	double *times;

	if (runs < 1) {
		(void) fputs("usage: stats_floor RUNS PID DIRECTORY...\n", stderr);
		return 2;
	}
	for (int i = 3; i < argc; i++) {
		int dirfd = open(argv[i], O_RDONLY | O_DIRECTORY | O_CLOEXEC);

		if (dirfd < 0)
			fail(argv[i]);
		for (size_t k = 0; k < sizeof(names) / sizeof(names[0]); k++)
			add(dirfd, names[k]);
	}
	(void) snprintf(path, sizeof(path), "/proc/%.20s/net/dev", argv[2]);
	add(AT_FDCWD, path);
	times = calloc((size_t) runs, sizeof(*times));
	if (times == NULL)
		fail("memory");
	for (int i = 0; i < runs; i++) {
		double before = now_us();

		read_all();
		times[i] = now_us() - before;
	}
	qsort(times, (size_t) runs, sizeof(*times), compare);
	(void) printf("%.3f %zu\n", times[runs / 2], files_count);
	free(times);
	return 0;
}
