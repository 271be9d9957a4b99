/* SPDX-License-Identifier: MIT */
/*
 * The files of a cgroup's accounting. They are the kernel's, whose next version has other keys, more of
 * them, and larger numbers; what is in them is read as a slow reader reads it, and no number wraps.
 *
 * Input: version (1 byte), then files, each: which (1 byte), and its text up to a NUL.
 */
#include "cgroups/driver.h"
#include "cgroups/stats_read.h"
#include "container/stats.h"
#include "fuzz.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <sys/stat.h>
#include <unistd.h>

static const char *const v2_files[] = {"memory.stat", "io.stat", "cpu.pressure", "memory.events", "cpu.stat",
	"memory.current", "memory.max", "memory.swap.current", "pids.current", "pids.events", "rdma.current",
	"misc.current", "misc.events", "hugetlb.2MB.events", "hugetlb.2MB.max", "cpuset.cpus.effective"};
static const char *const v1_files[] = {"memory.stat", "blkio.throttle.io_service_bytes_recursive",
	"cpuacct.usage_percpu", "memory.oom_control", "cpu.stat", "memory.usage_in_bytes",
	"memory.limit_in_bytes", "cpuacct.stat", "pids.current", "pids.events", "rdma.current",
	"misc.current", "memory.memsw.limit_in_bytes", "cpuacct.usage", "hugetlb.2MB.limit_in_bytes",
	"cpuset.effective_cpus"};

#define FILES 16
_Static_assert(sizeof(v1_files) == sizeof(v2_files) && sizeof(v1_files) / sizeof(*v1_files) == FILES,
	"as many of each version");

/* A directory in the place of a mount, with one cgroup "c". */
static struct {
	struct lc_cgroup_mounts mounts;
	struct lc_cgroup cg;
	int directory;
} fake = {.directory = -1};

static void set_up(bool is_unified)
{
	static char names[] = "cpu,cpuacct,memory,blkio,io,pids,hugetlb,cpuset,rdma,misc", root[] = "/",
		    path[] = "c";
	int mount = fake.directory < 0 ? open(fuzz_directory(), O_PATH | O_DIRECTORY | O_CLOEXEC)
				       : fake.mounts.items[0].mount_fd;

	fake.mounts = (struct lc_cgroup_mounts){
		.items = {{names, names, (char *) fuzz_directory(), root, mount, is_unified}},
		.count = 1,
		.driver = is_unified ? &lc_cgroup_v2_ops : &lc_cgroup_v1_ops,
		.page_sizes = "2MB",
	};
	fake.cg = (struct lc_cgroup){.mounts = &fake.mounts,
		.ops = fake.mounts.driver,
		.dirs = {{.path = path, .fd = -1}},
		.count = 1,
		.leaf_fd = -1};
	if (fake.directory >= 0)
		return;
	MUST(mkdirat(mount, "c", 0700) == 0);
	fake.directory = openat(mount, "c", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	(void) close(openat(fake.directory, "cgroup.procs", O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
}

static void write_file(const char *name, const char *text)
{
	int fd = openat(fake.directory, name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	MUST(fd >= 0 && write(fd, text, strlen(text)) == (ssize_t) strlen(text));
	(void) close(fd);
}

/* --- read slowly --- */

static bool is_number(const char *text, size_t length, uint64_t *out)
{
	unsigned __int128 value = 0;

	if (length > 0 && *text == '-') { /* of an old kernel's race */
		*out = 0;
		return true;
	}
	if (length == 3 && memcmp(text, "max", 3) == 0) {
		*out = UINT64_MAX;
		return true;
	}
	for (size_t i = 0; i < length; i++) {
		if (text[i] < '0' || text[i] > '9')
			return false;
		value = value * 10 + (unsigned) (text[i] - '0');
		if (value > UINT64_MAX)
			return false;
	}
	*out = (uint64_t) value;
	return length > 0;
}

/* Lines of "key value"; what else is on a line is its own affair. The file without its last end. */
static void check_pairs(const char *text, const struct lc_named_counts *got)
{
	size_t found = 0;

	for (const char *line = text; *line != '\0'; line += strcspn(line, "\n"), line += *line == '\n') {
		size_t key = strcspn(line, " \n"), value = 0;
		uint64_t number;

		if (line[key] == ' ')
			value = strcspn(line + key + 1, " \n");
		if (line[key] != ' ' || !is_number(line + key + 1, value, &number))
			continue;
		MUST(found < got->count);
		MUST(strlen(got->items[found].name) == key &&
			memcmp(got->items[found].name, line, key) == 0);
		MUST(got->items[found++].value == number);
	}
	MUST(found == got->count);
}

/* Each line of a device counts where it is the first to say something. */
static void check_devices(const struct lc_stats *got)
{
	for (int n = 0; n <= LCT_IO_DISCARDS; n++) {
		const struct lc_count *sum = &got->values[LCT_STAT_IO_READ_BYTES + n];
		uint64_t most = 0;

		for (size_t i = 0; i < got->devices_count; i++)
			if (got->devices[i].values[n].value > most)
				most = got->devices[i].values[n].value;
		MUST(!sum->is_set || sum->value >= most);
	}
	for (size_t i = 0; i < got->devices_count; i++)
		for (size_t k = 0; k < i; k++)
			MUST(got->devices[i].major != got->devices[k].major ||
				got->devices[i].minor != got->devices[k].minor);
}

/* As the kernel writes it, at the start of a line: then it is read so. */
static void check_pressure_line(const char *text, const char *kind, const struct lc_pressure_line *got)
{
	const char *line = text;
	unsigned n[6];
	uint64_t total;
	int end = 0;

	MUST(!got->is_set || (got->avg10 >= 0 && got->avg60 >= 0 && got->avg300 >= 0));
	while (strncmp(line, kind, 5) != 0) {
		line = strchr(line, '\n');
		if (line == NULL)
			return;
		line++;
	}
	if (strstr(text, kind) != line || strspn(line + 5, "avgtol=0123456789. ") != strcspn(line + 5, "\n") ||
		sscanf(line + 5, "avg10=%2u.%2u avg60=%2u.%2u avg300=%2u.%2u total=%12" SCNu64 "%n", &n[0],
			&n[1], &n[2], &n[3], &n[4], &n[5], &total, &end) != 7 ||
		(line[5 + end] != '\n' && line[5 + end] != '\0'))
		return;
	MUST(got->is_set && got->total_us == total);
	MUST(got->avg10 == n[0] + n[1] / 100.0 && got->avg60 == n[2] + n[3] / 100.0 &&
		got->avg300 == n[4] + n[5] / 100.0);
}

static void check_pressure(const char *text, const struct lc_pressure *got)
{
	check_pressure_line(text, "some ", &got->some);
	check_pressure_line(text, "full ", &got->full);
}

static void check_items(const struct lc_stat_items *list)
{
	for (size_t i = 0; i < list->count; i++)
		for (size_t k = 0; k < i; k++)
			MUST(strcmp(list->items[i].name, list->items[k].name) != 0);
}

/* A time that is more than there is of it must not become a short one. */
static void check_times(const char *cpu_stat, bool is_unified, const struct lc_stats *got)
{
	uint64_t number;
	const char *line = strstr(cpu_stat, "usage_usec ");

	if (!is_unified || line != cpu_stat)
		return;
	line += strlen("usage_usec ");
	if (!is_number(line, strcspn(line, "\n"), &number) || *line == '-')
		return;
	MUST(got->values[LCT_STAT_CPU_TIME].is_set);
	MUST(got->values[LCT_STAT_CPU_TIME].value >= number);
}

static void check_interfaces(const char *text)
{
	struct lc_arena arena = LCT_ARENA_INIT;
	struct lc_stats stats = {.interfaces = NULL};
	char *copy = fuzz_copy(text);

	MUST(lc_stats_parse_interfaces(copy, &stats, &arena) == 0);
	for (size_t i = 0; i < stats.interfaces_count; i++)
		MUST(strchr(stats.interfaces[i].name, ':') == NULL && strchr(stats.interfaces[i].name, '\n') == NULL);
	free(copy);
	lc_arena_done(&arena);
}

void fuzz_stats(const uint8_t *data, size_t size)
{
	struct fuzz_input in = fuzz_input(data, size);
	bool is_unified = fuzz_number(&in, 1) % 2 == 0;
	const char *const *names = is_unified ? v2_files : v1_files;
	char *texts[FILES] = {NULL};
	struct lc_arena arena = LCT_ARENA_INIT;
	struct lc_stats got;
	struct lc_error err = {.errnum = 0};

	set_up(is_unified);
	while (fuzz_left(&in) > 0) {
		size_t which = fuzz_number(&in, 1) % FILES;

		free(texts[which]);
		texts[which] = fuzz_text(&in, '\0');
		write_file(names[which], texts[which]);
		/* the last end of a line is none, for who reads a value */
		if (*texts[which] != '\0' && texts[which][strlen(texts[which]) - 1] == '\n')
			texts[which][strlen(texts[which]) - 1] = '\0';
	}
	memset(&got, 0, sizeof(got));
	MUST(lc_cgroup_stats(&fake.cg, &got, &arena, &err) == 0);
	lc_cgroup_rest(&fake.cg);
	check_pairs(texts[0] != NULL ? texts[0] : "", &got.memory_stat);
	if (is_unified)
		check_pairs(texts[3] != NULL ? texts[3] : "", &got.memory_events);
	check_devices(&got);
	if (is_unified && texts[2] != NULL)
		check_pressure(texts[2], &got.pressures[LCT_PRESSURE_CPU]);
	check_items(&got.rdma);
	check_items(&got.misc);
	if (texts[4] != NULL)
		check_times(texts[4], is_unified, &got);
	if (texts[0] != NULL)
		check_interfaces(texts[0]);
	for (size_t i = 0; i < FILES; i++) {
		if (texts[i] != NULL)
			(void) unlinkat(fake.directory, names[i], 0);
		free(texts[i]);
	}
	lc_arena_done(&arena);
}
