/* SPDX-License-Identifier: MIT */
/*
 * Limits → writes to the unified tree, for the controllers that are bound to it. Limits are in v1's
 * terms where v1 had them, so some are converted:
 *
 *	memory_swap      memory and swap together → memory.swap.max, swap alone
 *	cpu_shares       2..262144 → cpu.weight 1..10000, on a curve through the defaults
 *	quota and period → the two words of cpu.max
 *	blkio_weight     → io.bfq.weight as it is, or io.weight, 10..1000 → 1..10000
 *	throttling       four files → the four words of io.max
 *
 * A controller that the directory does not have yet is passed on to it first.
 */
#include "base/parse.h"
#include "cgroups/driver.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

struct build {
	struct lc_cgroup *cg;
	const struct lc_resources *resources;
	struct lc_cgroup_writes *writes;
	struct lc_error *err;
	int dir;
	bool has_looked;
	char enabled[256]; /* cgroup.controllers of the directory, with commas; once looked at */
};

static void look(struct build *b)
{
	if (b->has_looked)
		return;
	b->has_looked = true;
	if (lc_cgroup_read(b->cg->dirs[b->dir].fd, "cgroup.controllers", b->enabled,
		    sizeof(b->enabled)) < 0)
		b->enabled[0] = '\0';
	for (char *c = b->enabled; *c != '\0'; c++)
		if (*c == ' ')
			*c = ',';
}

/* Is it bound here? Then the directory gets it: 1; 0 is elsewhere. */
static int need(struct build *b, const char *controller)
{
	size_t used;
	int r;

	if (!lc_cgroup_has_v2(b->cg, controller) || lc_cgroup_has_v1(b->cg, controller))
		return 0;
	look(b);
	controller = strcmp(controller, "blkio") == 0 ? "io" : controller;
	if (lc_parse_list_has(b->enabled, controller))
		return 1;
	r = lc_cgroup_v2_enable(b->cg, &b->cg->dirs[b->dir], controller, b->err);
	if (r < 0)
		return r;
	used = strlen(b->enabled);
	(void) snprintf(
		b->enabled + used, sizeof(b->enabled) - used, "%s%s", used > 0 ? "," : "", controller);
	return 1;
}

static int fail_swap(struct build *b)
{
	return lc_fail(b->err, LCT_STEP_CGROUP, EINVAL, "cgroups.memory_swap: cgroups.memory");
}

static int put_memory(struct build *b, const struct lc_limit_row *row)
{
	const struct lc_limit *memory = &b->resources->memory, *swap = &b->resources->memory_swap;
	size_t before = b->writes->count;
	int64_t alone = swap->value;

	if (strcmp(row->name, "memory") == 0) {
		lc_cgroup_put_row(
			b->writes, b->dir, row, LCT_FORM_MAX, row->v2_file, memory->value);
		if (b->writes->count > before)
			b->writes->items[before].makes_room =
				memory->value >= 0 && !b->resources->may_kill;
		return 0;
	}
	if (swap->value >= 0) {
		if (!memory->is_set || memory->value < 0 || memory->value > swap->value)
			return fail_swap(b);
		alone -= memory->value;
	}
	lc_cgroup_put_row(b->writes, b->dir, row, LCT_FORM_MAX, row->v2_file, alone);
	return 0;
}

/* "quota period". A missing quota keeps what is there; a missing period the kernel keeps itself. */
static void put_cpu_max(struct build *b, const struct lc_limit_row *row)
{
	const struct lc_limit *quota = &b->resources->cpu_quota, *period = &b->resources->cpu_period;
	struct lc_cgroup_write *write;
	char text[64] = "max";

	if (quota->is_set && quota->value >= 0)
		(void) snprintf(text, sizeof(text), "%" PRId64, quota->value);
	if (!quota->is_set &&
		lc_cgroup_read(b->cg->dirs[b->dir].fd, "cpu.max", text, sizeof(text)) >= 0)
		text[strcspn(text, " ")] = '\0';
	if (period->is_set)
		write = lc_cgroup_put(b->writes, b->dir, row->v2_file, row->name, "%s %" PRId64,
			text, period->value);
	else
		write = lc_cgroup_put(b->writes, b->dir, row->v2_file, row->name, "%s", text);
	if (write != NULL)
		write->group = row->group;
}

/* bfq's weight has v1's range; the other one is of iocost. */
static void put_weight(struct build *b, const char *key, const char *field, int64_t weight)
{
	bool is_bfq = lc_cgroup_has_file(b->cg->dirs[b->dir].fd, "io.bfq.weight");

	(void) lc_cgroup_put(b->writes, b->dir, is_bfq ? "io.bfq.weight" : "io.weight", field,
		"%s %" PRId64, key,
		is_bfq ? weight : (int64_t) lc_cgroup_io_weight((uint64_t) weight));
}

static int put_own(struct build *b, const struct lc_limit_row *row, int64_t value)
{
	if (strncmp(row->name, "memory", 6) == 0)
		return put_memory(b, row);
	if (strcmp(row->name, "cpu_shares") == 0)
		lc_cgroup_put_row(b->writes, b->dir, row, LCT_FORM_NUMBER, row->v2_file,
			(int64_t) lc_cgroup_weight((uint64_t) value));
	else if (strcmp(row->name, "blkio_weight") == 0)
		put_weight(b, "default", row->name, value);
	else if (strcmp(row->name, "cpu_quota") == 0 || !b->resources->cpu_quota.is_set)
		put_cpu_max(b, row); /* once for both */
	return 0;
}

static int put_rows(struct build *b)
{
	size_t count;
	const struct lc_limit_row *rows = lc_limit_rows(&count);

	for (size_t i = 0; i < count; i++) {
		const struct lc_limit *limit = lc_limit_of(&rows[i], b->resources);
		int r = limit->is_set ? need(b, rows[i].controller) : 0;

		if (r > 0 && rows[i].v2 == LCT_FORM_OWN)
			r = put_own(b, &rows[i], limit->value);
		else if (r > 0 && (rows[i].v2 == LCT_FORM_NUMBER || rows[i].v2 == LCT_FORM_MAX))
			lc_cgroup_put_row(b->writes, b->dir, &rows[i], rows[i].v2, rows[i].v2_file,
				limit->value);
		if (r < 0)
			return r;
	}
	return 0;
}

static int put_cpuset(struct build *b)
{
	const char *cpus = b->resources->cpuset_cpus, *mems = b->resources->cpuset_mems;
	int r = cpus != NULL || mems != NULL ? need(b, "cpuset") : 0;

	if (r > 0 && cpus != NULL)
		(void) lc_cgroup_put(b->writes, b->dir, "cpuset.cpus", "cpuset_cpus", "%s", cpus);
	if (r > 0 && mems != NULL)
		(void) lc_cgroup_put(b->writes, b->dir, "cpuset.mems", "cpuset_mems", "%s", mems);
	return r;
}

static void put_rate(struct build *b, enum lc_rate_kind kind, size_t index)
{
	static const char *const words[LCT_RATE_KINDS] = {
		[LCT_RATE_READ_BPS] = "rbps",
		[LCT_RATE_WRITE_BPS] = "wbps",
		[LCT_RATE_READ_IOPS] = "riops",
		[LCT_RATE_WRITE_IOPS] = "wiops",
	};
	const struct lc_block_rate *rate = &b->resources->block_rates[kind].items[index];
	const char *field = lc_cgroup_item(b->writes, lc_rate_fields[kind], index);

	if (rate->rate > 0)
		(void) lc_cgroup_put(b->writes, b->dir, "io.max", field, "%u:%u %s=%" PRId64,
			rate->major, rate->minor, words[kind], rate->rate);
	else
		(void) lc_cgroup_put(b->writes, b->dir, "io.max", field, "%u:%u %s=max",
			rate->major, rate->minor, words[kind]);
}

static int put_block(struct build *b)
{
	size_t rates = 0;
	int r;

	for (size_t kind = 0; kind < LCT_RATE_KINDS; kind++)
		rates += b->resources->block_rates[kind].count;
	r = b->resources->block_weights_count + rates > 0 ? need(b, "blkio") : 0;
	for (size_t i = 0; r > 0 && i < b->resources->block_weights_count; i++) {
		const struct lc_block_weight *w = &b->resources->block_weights[i];
		const char *field = lc_cgroup_item(b->writes, "blkio_weight_device", i);
		char key[32];

		if (w->leaf_weight.is_set && field != NULL)
			return lc_cgroup_lacks(field, "cgroup v1", b->err);
		(void) snprintf(key, sizeof(key), "%u:%u", w->major, w->minor);
		if (w->weight.is_set)
			put_weight(b, key, field, w->weight.value);
	}
	for (int kind = 0; r > 0 && kind < LCT_RATE_KINDS; kind++)
		for (size_t i = 0; i < b->resources->block_rates[kind].count; i++)
			put_rate(b, (enum lc_rate_kind) kind, i);
	return r;
}

static void put_devices(struct build *b)
{
	struct lc_cgroup_write *write;

	if (b->resources->devices.count == 0 || lc_cgroup_has_v1(b->cg, "devices"))
		return;
	write = lc_cgroup_put(b->writes, b->dir, "", "devices", "%s", "");
	if (write == NULL)
		return;
	write->program = &b->resources->devices;
	write->is_optional = b->resources->devices.is_optional;
}

static int put_unified(struct build *b)
{
	for (size_t i = 0; i < b->resources->unified_count; i++) {
		const struct lc_cgroup_file *file = &b->resources->unified[i];
		const char *field = lc_arena_printf(b->writes->arena, "unified.%s", file->name);
		char controller[64];
		int r = 1;

		(void) snprintf(controller, sizeof(controller), "%.*s",
			(int) strcspn(file->name, "."), file->name);
		if (strcmp(controller, "cgroup") != 0)
			r = need(b, controller);
		if (r < 0)
			return r;
		b->writes->no_memory = b->writes->no_memory || field == NULL;
		if (r > 0 && field != NULL)
			(void) lc_cgroup_put(
				b->writes, b->dir, file->name, field, "%s", file->value);
	}
	return 0;
}

int lc_cgroup_v2_limits(struct lc_cgroup *cg, const struct lc_resources *resources,
	struct lc_cgroup_writes *writes, struct lc_error *err)
{
	struct build b = {.cg = cg, .resources = resources, .writes = writes, .err = err};
	int r;

	b.dir = lc_cgroup_find_unified(cg);
	if (b.dir < 0)
		return 0;
	r = put_rows(&b);
	if (r >= 0)
		r = put_cpuset(&b);
	if (r >= 0)
		r = put_block(&b);
	if (r >= 0)
		r = resources->hugetlb_count > 0 ? need(&b, "hugetlb") : 0;
	if (r > 0)
		lc_cgroup_put_hugetlb(cg, writes, b.dir, resources, "max");
	if (r >= 0)
		r = resources->rdma_count > 0 ? need(&b, "rdma") : 0;
	if (r > 0)
		lc_cgroup_put_rdma(writes, b.dir, resources);
	if (r < 0)
		return r;
	put_devices(&b);
	return put_unified(&b);
}

int lc_cgroup_v2_make_room(int dirfd, int64_t limit, char *out_high, size_t size)
{
	char text[32];
	uint64_t use;
	long r = lc_cgroup_read_u64(dirfd, "memory.current", &use);

	if (r < 0 || use <= (uint64_t) limit)
		return r < 0 ? (int) r : 0;
	r = lc_cgroup_read(dirfd, "memory.high", out_high, size);
	if (r < 0)
		return (int) r;
	/* Writing memory.high reclaims before it answers, and kills nobody. It stays until
	 * memory.max is written, so that the use does not rise again meanwhile. */
	(void) snprintf(text, sizeof(text), "%" PRId64, limit);
	r = lc_cgroup_write(dirfd, "memory.high", text);
	if (r >= 0)
		r = lc_cgroup_read_u64(dirfd, "memory.current", &use);
	if (r >= 0 && use <= (uint64_t) limit)
		return 1;
	(void) lc_cgroup_write(dirfd, "memory.high", out_high);
	return r < 0 ? (int) r : -EBUSY;
}
