/* SPDX-License-Identifier: MIT */
/*
 * Limits: whether this machine has what they need, and the list of writes that a driver makes of
 * them. Writes nothing; change.c does.
 */
#include "base/cleanup.h"
#include "base/fd.h"
#include "base/file.h"
#include "base/parse.h"
#include "cgroups/driver.h"
#include "sys/sys.h"

#include <inttypes.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define FIELD_ROOM 128
#define HUGEPAGES "/sys/kernel/mm/hugepages"

const char *const lc_rate_fields[LCT_RATE_KINDS] = {
	[LCT_RATE_READ_BPS] = "blkio_throttle_read_bps_device",
	[LCT_RATE_WRITE_BPS] = "blkio_throttle_write_bps_device",
	[LCT_RATE_READ_IOPS] = "blkio_throttle_read_iops_device",
	[LCT_RATE_WRITE_IOPS] = "blkio_throttle_write_iops_device",
};

static const struct lc_limit_row rows[] = {
#define LIMIT(name, controller, group, v1, v1_file, v2, v2_file)                                   \
	{#name, controller, offsetof(struct lc_resources, name), LCT_GROUP_##group,                \
		LCT_FORM_##v1, LCT_FORM_##v2, v1_file, v2_file},
#include "cgroups/limits.def"
#undef LIMIT
};

const struct lc_limit_row *lc_limit_rows(size_t *out_count)
{
	*out_count = sizeof(rows) / sizeof(rows[0]);
	return rows;
}

/* --- scales --- */

uint64_t lc_cgroup_weight(uint64_t shares)
{
	double l;

	if (shares <= 2)
		return 1;
	if (shares >= 262144)
		return 10000;
	/* a curve through minimum, default and maximum of both scales; the last term keeps 100 from
	 * becoming 101 by rounding */
	l = log2((double) shares);
	return (uint64_t) ceil(pow(10, (l * l + 125 * l) / 612 - 7.0 / 34) - 1e-9);
}

uint64_t lc_cgroup_shares(uint64_t weight)
{
	uint64_t low = 2, high = 262144;

	while (low < high) { /* the least that gives the weight */
		uint64_t middle = (low + high) / 2;

		if (lc_cgroup_weight(middle) < weight)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

uint64_t lc_cgroup_io_weight(uint64_t weight)
{
	return weight <= 10 ? 1 : 1 + (weight - 10) * 9999 / 990;
}

/* --- what is there --- */

bool lc_cgroup_has_file(int dirfd, const char *name)
{
	return lc_sys_faccessat(dirfd, name, 0) == 0;
}

bool lc_cgroup_has_v1(const struct lc_cgroup *cg, const char *controller)
{
	return lc_cgroup_find_v1(cg, controller) >= 0;
}

/* blkio has another name there. */
static const char *v2_name(const char *controller)
{
	return strcmp(controller, "blkio") == 0 ? "io" : controller;
}

bool lc_cgroup_has_v2(const struct lc_cgroup *cg, const char *controller)
{
	int index = lc_cgroup_find_unified(cg);

	return index >= 0 && lc_parse_list_has(lc_cgroup_where(cg, &cg->dirs[index])->controllers,
				     v2_name(controller));
}

int lc_cgroup_lacks(const char *field, const char *what, struct lc_error *err)
{
	char subject[2 * LCT_SUBJECT_MAX];

	(void) snprintf(subject, sizeof(subject), "cgroups.%.100s: %.200s", field, what);
	return lc_fail(err, LCT_STEP_CGROUP, ENODEV, subject);
}

static int check_row(const struct lc_cgroup *cg, const struct lc_limit_row *row,
	const struct lc_limit *limit, struct lc_error *err)
{
	bool is_v1 = lc_cgroup_has_v1(cg, row->controller);
	enum lc_limit_form form = is_v1 ? row->v1 : row->v2;
	const char *file = is_v1 ? row->v1_file : row->v2_file;

	if (!is_v1 && form == LCT_FORM_NEVER && lc_cgroup_find_unified(cg) >= 0 &&
		lc_cgroup_has_v2(cg, row->controller))
		return lc_cgroup_lacks(row->name, "cgroup v1", err);
	if (!is_v1 && !lc_cgroup_has_v2(cg, row->controller))
		return lc_cgroup_lacks(row->name, row->controller, err);
	if (form == LCT_FORM_NEVER)
		return lc_cgroup_lacks(row->name, "cgroup v2", err);
	if (form == LCT_FORM_ONLY && (file[0] == '1') != (limit->value != 0))
		return lc_cgroup_lacks(row->name, "cgroup v1", err);
	return 0;
}

/* What is a list needs its controller too; `v1_alone`: v2 has nothing like it. */
static int check_list(const struct lc_cgroup *cg, size_t count, const char *field,
	const char *controller, bool v1_alone, struct lc_error *err)
{
	if (count == 0 || lc_cgroup_has_v1(cg, controller))
		return 0;
	if (!v1_alone && lc_cgroup_has_v2(cg, controller))
		return 0;
	return lc_cgroup_lacks(field, controller, err);
}

/* "hugepages-2048kB" is 2MB to the cgroup files. */
static int add_page_size(void *context, const char *name, unsigned char type)
{
	struct lc_cgroup_mounts *mounts = context;
	static const char units[] = "KMG";
	size_t unit = 0, used = strlen(mounts->page_sizes);
	uint64_t size = 0;

	(void) type;
	if (sscanf(name, "hugepages-%" SCNu64 "kB", &size) != 1)
		return 0;
	for (; size >= 1024 && unit < 2; unit++)
		size /= 1024;
	(void) snprintf(mounts->page_sizes + used, sizeof(mounts->page_sizes) - used,
		"%s%" PRIu64 "%cB", used > 0 ? " " : "", size, units[unit]);
	return 0;
}

int lc_cgroup_page_sizes_read(struct lc_cgroup_mounts *out, struct lc_error *err)
{
	LCT_CLEANUP(fd)
	int fd = lc_fd_above_stdio((int) lc_sys_openat(
		AT_FDCWD, HUGEPAGES, O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0));

	out->page_sizes[0] = '\0';
	if (fd == -ENOENT || fd == -EACCES)
		return 0; /* a kernel without them, or no /sys */
	if (fd < 0)
		return lc_fail(err, LCT_STEP_CGROUP, fd, HUGEPAGES);
	return lc_dir_each(fd, add_page_size, out, LCT_STEP_CGROUP, err);
}

/* Is it one of the words of the list? */
static bool has_page_size(const char *list, const char *wanted)
{
	size_t length = strlen(wanted);

	for (size_t word; *list != '\0'; list += word + (list[word] == ' ')) {
		word = strcspn(list, " ");
		if (word == length && memcmp(list, wanted, word) == 0)
			return true;
	}
	return false;
}

static int check_page_sizes(const struct lc_cgroup *cg, const struct lc_resources *resources,
	struct lc_error *err)
{
	const char *sizes = cg->mounts->page_sizes;

	for (size_t i = 0; i < resources->hugetlb_count; i++) {
		const char *wanted = resources->hugetlb[i].page_size;
		char field[FIELD_ROOM], what[128];

		if (has_page_size(sizes, wanted))
			continue;
		(void) snprintf(field, sizeof(field), "hugetlb_limit[%zu]", i + 1);
		(void) snprintf(what, sizeof(what), "huge pages of %.16s, of %.60s", wanted, sizes);
		return lc_cgroup_lacks(field, what, err);
	}
	return 0;
}

/* Files of the unified tree by name: those of a controller that is there, or of the core. */
static int check_unified(
	const struct lc_cgroup *cg, const struct lc_resources *resources, struct lc_error *err)
{
	for (size_t i = 0; i < resources->unified_count; i++) {
		const char *name = resources->unified[i].name;
		char field[FIELD_ROOM], controller[64];

		(void) snprintf(field, sizeof(field), "unified.%.100s", name);
		(void) snprintf(controller, sizeof(controller), "%.*s",
			(int) strcspn(name, "."), name);
		if (lc_cgroup_find_unified(cg) < 0)
			return lc_cgroup_lacks(field, "cgroup v2", err);
		if (strcmp(controller, "cgroup") != 0 && !lc_cgroup_has_v2(cg, controller))
			return lc_cgroup_lacks(field,
				lc_cgroup_has_v1(cg, controller) ? "cgroup v2" : controller, err);
	}
	return 0;
}

static int check_devices(
	const struct lc_cgroup *cg, const struct lc_resources *resources, struct lc_error *err)
{
	struct lc_arena arena = LCT_ARENA_INIT;
	struct lc_device_list list;
	int r = 0;

	if (resources->devices.count == 0)
		return 0;
	if (lc_cgroup_has_v1(cg, "devices")) {
		r = lc_device_reduce(&resources->devices, &arena, &list, err);
		lc_arena_done(&arena);
		return r;
	}
	if (lc_cgroup_find_unified(cg) >= 0 || resources->devices.is_optional)
		return 0;
	return lc_cgroup_lacks("devices", "devices", err);
}

/* Absent when the kernel was started without swap accounting. */
static int check_swap(
	const struct lc_cgroup *cg, const struct lc_resources *resources, struct lc_error *err)
{
	const char *file = "memory.memsw.limit_in_bytes";
	int index = lc_cgroup_find_v1(cg, "memory");

	if (!resources->memory_swap.is_set || index < 0)
		return 0;
	if (!lc_cgroup_has_file(lc_cgroup_where(cg, &cg->dirs[index])->mount_fd, file))
		return lc_cgroup_lacks("memory_swap", file, err);
	return 0;
}

int lc_cgroup_check(
	const struct lc_cgroup *cg, const struct lc_resources *resources, struct lc_error *err)
{
	int r = 0;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]) && r >= 0; i++) {
		const struct lc_limit *limit = lc_limit_of(&rows[i], resources);

		r = limit->is_set ? check_row(cg, &rows[i], limit, err) : 0;
	}
	if (r >= 0)
		r = check_list(
			cg, resources->cpuset_cpus != NULL, "cpuset_cpus", "cpuset", false, err);
	if (r >= 0)
		r = check_list(
			cg, resources->cpuset_mems != NULL, "cpuset_mems", "cpuset", false, err);
	if (r >= 0)
		r = check_list(cg, resources->block_weights_count, "blkio_weight_device", "blkio",
			false, err);
	for (size_t i = 0; i < LCT_RATE_KINDS && r >= 0; i++)
		r = check_list(cg, resources->block_rates[i].count, lc_rate_fields[i], "blkio",
			false, err);
	if (r >= 0)
		r = check_list(
			cg, resources->hugetlb_count, "hugetlb_limit", "hugetlb", false, err);
	if (r >= 0)
		r = check_list(cg, resources->net_priorities_count, "net_prio_ifpriomap",
			"net_prio", true, err);
	if (r >= 0)
		r = check_list(cg, resources->rdma_count, "rdma", "rdma", false, err);
	if (r >= 0)
		r = check_page_sizes(cg, resources, err);
	if (r >= 0)
		r = check_devices(cg, resources, err);
	if (r >= 0)
		r = check_unified(cg, resources, err);
	return r < 0 ? r : check_swap(cg, resources, err);
}

/* --- the list of writes --- */

struct lc_cgroup_write *lc_cgroup_put(struct lc_cgroup_writes *writes, int dir, const char *file,
	const char *field, const char *format, ...)
{
	struct lc_cgroup_write *items = lc_arena_grow(
		writes->arena, writes->items, writes->count, &writes->room, sizeof(*items));
	char text[LCT_CGROUP_VALUE_MAX];
	va_list arguments;
	char *copy;

	va_start(arguments, format);
	(void) vsnprintf(text, sizeof(text), format, arguments);
	va_end(arguments);
	copy = lc_arena_copy(writes->arena, text, strlen(text));
	if (items == NULL || copy == NULL) {
		writes->no_memory = true;
		return NULL;
	}
	writes->items = items;
	items[writes->count] = (struct lc_cgroup_write){
		.dir = (size_t) dir, .file = file, .text = copy, .field = field};
	return &items[writes->count++];
}

void lc_cgroup_put_row(struct lc_cgroup_writes *writes, int dir, const struct lc_limit_row *row,
	enum lc_limit_form form, const char *file, int64_t value)
{
	struct lc_cgroup_write *write;

	if (form == LCT_FORM_MAX && value < 0)
		write = lc_cgroup_put(writes, dir, file, row->name, "max");
	else
		write = lc_cgroup_put(writes, dir, file, row->name, "%" PRId64, value);
	if (write != NULL)
		write->group = row->group;
}

const char *lc_cgroup_item(struct lc_cgroup_writes *writes, const char *field, size_t index)
{
	const char *name = lc_arena_printf(writes->arena, "%s[%zu]", field, index + 1);

	writes->no_memory = writes->no_memory || name == NULL;
	return name;
}

void lc_cgroup_put_rdma(
	struct lc_cgroup_writes *writes, int dir, const struct lc_resources *resources)
{
	for (size_t i = 0; i < resources->rdma_count; i++) {
		const struct lc_rdma_limit *limit = &resources->rdma[i];
		const struct lc_limit *parts[] = {&limit->hca_handles, &limit->hca_objects};
		static const char *const names[] = {"hca_handle", "hca_object"};
		char text[160];
		int used = snprintf(text, sizeof(text), "%.63s", limit->device);

		for (size_t k = 0; k < 2; k++) {
			if (parts[k]->is_set && parts[k]->value < 0)
				used += snprintf(text + used, sizeof(text) - (size_t) used,
					" %s=max", names[k]);
			else if (parts[k]->is_set)
				used += snprintf(text + used, sizeof(text) - (size_t) used,
					" %s=%" PRId64, names[k], parts[k]->value);
		}
		(void) lc_cgroup_put(
			writes, dir, "rdma.max", lc_cgroup_item(writes, "rdma", i), "%s", text);
	}
}

void lc_cgroup_put_hugetlb(const struct lc_cgroup *cg, struct lc_cgroup_writes *writes, int dir,
	const struct lc_resources *resources, const char *end)
{
	for (size_t i = 0; i < resources->hugetlb_count; i++) {
		const struct lc_hugetlb_limit *limit = &resources->hugetlb[i];
		const char *field = lc_cgroup_item(writes, "hugetlb_limit", i);
		/* since 5.7: what is reserved by mmap, before it is touched */
		const char *parts[] = {"rsvd.", ""};

		for (size_t k = 0; k < 2; k++) {
			char *file = lc_arena_printf(writes->arena, "hugetlb.%s.%s%s",
				limit->page_size, parts[k], end);

			if (file == NULL) {
				writes->no_memory = true;
				return;
			}
			if (k == 0 && !lc_cgroup_has_file(cg->dirs[dir].fd, file))
				continue;
			if (limit->limit < 0 && strcmp(end, "max") == 0)
				(void) lc_cgroup_put(writes, dir, file, field, "max");
			else
				(void) lc_cgroup_put(
					writes, dir, file, field, "%" PRId64, limit->limit);
		}
	}
}
