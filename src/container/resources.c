/* SPDX-License-Identifier: MIT */
/*
 * Configuration → struct lc_resources. Three things happen on the way: cpus becomes quota and period;
 * device rules get what every container needs before and behind them; lists lose the types of the
 * configuration, which src/cgroups/ does not know.
 */
#include "container/resources.h"

#include <stdio.h>
#include <string.h>

#define DEFAULT_PERIOD 100000
#define LEAST_QUOTA 1000 /* that the kernel takes */

static struct lc_limit as_limit(struct lc_integer integer)
{
	return (struct lc_limit){integer.value, integer.is_set};
}

static void read_numbers(const struct lc_config_cgroups *from, struct lc_resources *to)
{
#define LIMIT(name, controller, group, v1, v1_file, v2, v2_file)                                   \
	to->name = (struct lc_limit){from->name.value, from->name.is_set};
#include "cgroups/limits.def"
#undef LIMIT
	to->may_kill = from->check_before_update.is_set && !from->check_before_update.value;
	to->cpuset_cpus = from->cpuset_cpus;
	to->cpuset_mems = from->cpuset_mems;
	if (from->cpus.is_set && !from->cpu_quota.is_set) {
		if (!to->cpu_period.is_set)
			to->cpu_period = (struct lc_limit){DEFAULT_PERIOD, true};
		to->cpu_quota.value = (int64_t) (from->cpus.value * (double) to->cpu_period.value);
		if (to->cpu_quota.value < LEAST_QUOTA)
			to->cpu_quota.value = LEAST_QUOTA;
		to->cpu_quota.is_set = true;
	}
}

/* --- devices --- */

static unsigned access_of(const char *letters)
{
	unsigned access = 0;

	if (letters == NULL)
		letters = "rwm";
	for (; *letters != '\0'; letters++)
		access |= *letters == 'r'   ? LCT_DEVICE_READ
			  : *letters == 'w' ? LCT_DEVICE_WRITE
					    : LCT_DEVICE_MKNOD;
	return access;
}

#define RWM (LCT_DEVICE_READ | LCT_DEVICE_WRITE | LCT_DEVICE_MKNOD)
#define ALLOWED(type_, major_, minor_, access_)                                                    \
	{.is_allowed = true, .is_optional = true, .type = type_, .major = major_,                  \
		.minor = minor_, .access = access_}

/* What /dev of a container is made of, and a node that nothing may open harms nobody. [O101] */
static const struct lc_device_rule always[] = {
	ALLOWED('c', LCT_DEVICE_ANY, LCT_DEVICE_ANY, LCT_DEVICE_MKNOD),
	ALLOWED('b', LCT_DEVICE_ANY, LCT_DEVICE_ANY, LCT_DEVICE_MKNOD),
	ALLOWED('c', 1, 3, RWM),                /* null */
	ALLOWED('c', 1, 5, RWM),                /* zero */
	ALLOWED('c', 1, 7, RWM),                /* full */
	ALLOWED('c', 1, 8, RWM),                /* random */
	ALLOWED('c', 1, 9, RWM),                /* urandom */
	ALLOWED('c', 5, 0, RWM),                /* tty */
	ALLOWED('c', 5, 2, RWM),                /* ptmx */
	ALLOWED('c', 136, LCT_DEVICE_ANY, RWM), /* pts */
	ALLOWED('c', 10, 200, RWM),             /* tun */
};

static void add_node(const struct lc_config_device *node, struct lc_device_rule *out)
{
	*out = (struct lc_device_rule){
		.is_allowed = true,
		.type = node->type[0] == 'u' ? 'c' : node->type[0],
		.major = (int) node->major.value,
		.minor = (int) node->minor.value,
		.access = RWM,
	};
}

static void add_rule(const struct lc_config_device_rule *rule, size_t index,
	struct lc_device_rule *out)
{
	*out = (struct lc_device_rule){
		.is_allowed = rule->allow,
		.type = rule->type != NULL ? rule->type[0] : 'a',
		.major = rule->major.is_set ? (int) rule->major.value : LCT_DEVICE_ANY,
		.minor = rule->minor.is_set ? (int) rule->minor.value : LCT_DEVICE_ANY,
		.access = access_of(rule->access),
		.item = (unsigned) index + 1,
	};
}

/* Everything denied; then the container's own nodes, which its rules may deny again; its rules;
 * and what no container can do without. */
static int read_devices(const struct lc_objects *rules, const struct lc_objects *nodes,
	struct lc_arena *arena, struct lc_device_rules *out)
{
	const struct lc_config_device *node = nodes->items;
	const struct lc_config_device_rule *rule = rules->items;
	size_t extra = sizeof(always) / sizeof(always[0]), count = 0;
	struct lc_device_rule *items;

	if (rules->items == NULL)
		return 0;
	items = lc_arena_array(arena, 1 + nodes->count + rules->count + extra, sizeof(*items));
	if (items == NULL)
		return -ENOMEM;
	items[count++] = (struct lc_device_rule){
		.type = 'a', .major = LCT_DEVICE_ANY, .minor = LCT_DEVICE_ANY, .access = RWM};
	for (size_t i = 0; i < nodes->count; i++)
		if (node[i].type[0] != 'p')
			add_node(&node[i], &items[count++]);
	for (size_t i = 0; i < rules->count; i++)
		add_rule(&rule[i], i, &items[count++]);
	memcpy(items + count, always, sizeof(always));
	*out = (struct lc_device_rules){items, count + extra, rules->count == 0};
	return 0;
}

/* --- lists --- */

static int read_weights(const struct lc_objects *from, struct lc_arena *arena,
	struct lc_resources *to)
{
	const struct lc_config_blkio_weight *in = from->items;
	struct lc_block_weight *out = lc_arena_array(arena, from->count, sizeof(*out));

	for (size_t i = 0; out != NULL && i < from->count; i++)
		out[i] = (struct lc_block_weight){(unsigned) in[i].major.value,
			(unsigned) in[i].minor.value, as_limit(in[i].weight),
			as_limit(in[i].leaf_weight)};
	to->block_weights = out;
	to->block_weights_count = from->count;
	return out != NULL ? 0 : -ENOMEM;
}

static int read_rates(const struct lc_config_cgroups *from, struct lc_arena *arena,
	struct lc_resources *to)
{
	/* the two sections have the same members, of the same types */
	_Static_assert(sizeof(struct lc_config_bps_limit) == sizeof(struct lc_config_iops_limit),
		"schema.def");
	const struct lc_objects *lists[LCT_RATE_KINDS] = {
		[LCT_RATE_READ_BPS] = &from->blkio_throttle_read_bps_device,
		[LCT_RATE_WRITE_BPS] = &from->blkio_throttle_write_bps_device,
		[LCT_RATE_READ_IOPS] = &from->blkio_throttle_read_iops_device,
		[LCT_RATE_WRITE_IOPS] = &from->blkio_throttle_write_iops_device,
	};

	for (size_t kind = 0; kind < LCT_RATE_KINDS; kind++) {
		const struct lc_config_bps_limit *in = lists[kind]->items;
		struct lc_block_rate *out =
			lc_arena_array(arena, lists[kind]->count, sizeof(*out));

		if (out == NULL && lists[kind]->count > 0)
			return -ENOMEM;
		for (size_t i = 0; i < lists[kind]->count; i++)
			out[i] = (struct lc_block_rate){(unsigned) in[i].major.value,
				(unsigned) in[i].minor.value, in[i].rate.value};
		to->block_rates[kind].items = out;
		to->block_rates[kind].count = lists[kind]->count;
	}
	return 0;
}

static int read_hugetlb(const struct lc_objects *from, struct lc_arena *arena,
	struct lc_resources *to)
{
	const struct lc_config_hugetlb_limit *in = from->items;
	struct lc_hugetlb_limit *out = lc_arena_array(arena, from->count, sizeof(*out));

	for (size_t i = 0; out != NULL && i < from->count; i++)
		out[i] = (struct lc_hugetlb_limit){in[i].page_size, in[i].limit.value};
	to->hugetlb = out;
	to->hugetlb_count = from->count;
	return out != NULL ? 0 : -ENOMEM;
}

static int read_priorities(const struct lc_objects *from, struct lc_arena *arena,
	struct lc_resources *to)
{
	const struct lc_config_net_priority *in = from->items;
	struct lc_net_priority *out = lc_arena_array(arena, from->count, sizeof(*out));

	for (size_t i = 0; out != NULL && i < from->count; i++)
		out[i] = (struct lc_net_priority){in[i].interface, in[i].priority.value};
	to->net_priorities = out;
	to->net_priorities_count = from->count;
	return out != NULL ? 0 : -ENOMEM;
}

static int read_rdma(const struct lc_objects *from, struct lc_arena *arena,
	struct lc_resources *to)
{
	const struct lc_config_rdma_limit *in = from->items;
	struct lc_rdma_limit *out = lc_arena_array(arena, from->count, sizeof(*out));

	for (size_t i = 0; out != NULL && i < from->count; i++)
		out[i] = (struct lc_rdma_limit){in[i].device, as_limit(in[i].hca_handles),
			as_limit(in[i].hca_objects)};
	to->rdma = out;
	to->rdma_count = from->count;
	return out != NULL ? 0 : -ENOMEM;
}

static int read_unified(const struct lc_pairs *from, struct lc_arena *arena,
	struct lc_resources *to)
{
	struct lc_cgroup_file *out = lc_arena_array(arena, from->count, sizeof(*out));

	for (size_t i = 0; out != NULL && i < from->count; i++)
		out[i] = (struct lc_cgroup_file){from->items[i].key, from->items[i].value};
	to->unified = out;
	to->unified_count = from->count;
	return out != NULL ? 0 : -ENOMEM;
}

int lc_resources_read_properties(const struct lc_pairs *annotations, struct lc_arena *arena,
	struct lc_resources *out, struct lc_error *err)
{
	size_t length = strlen(LCT_UNIT_ANNOTATION);
	struct lc_cgroup_file *items;

	if (annotations->count == 0)
		return 0;
	items = lc_arena_array(arena, annotations->count, sizeof(*items));
	if (items == NULL)
		return lc_fail(err, LCT_STEP_MEMORY, ENOMEM, "");
	for (size_t i = 0; i < annotations->count; i++) {
		const char *key = annotations->items[i].key, *value = annotations->items[i].value;
		const char *problem = NULL;

		if (strncmp(key, LCT_UNIT_ANNOTATION, length) != 0)
			continue;
		problem = out->unit_properties_count < LCT_UNIT_PROPERTIES_ASKED
				  ? lc_cgroup_check_property(key + length, value)
				  : "one property too many";
		if (problem != NULL) {
			char subject[LCT_SUBJECT_MAX];

			(void) snprintf(subject, sizeof(subject), "annotations[\"%.100s\"]: %s",
				key, problem);
			return lc_fail(err, LCT_STEP_CONFIG, EINVAL, subject);
		}
		items[out->unit_properties_count++] = (struct lc_cgroup_file){key + length, value};
	}
	out->unit_properties = items;
	return 0;
}

int lc_resources_read(const struct lc_config_cgroups *limits, const struct lc_objects *nodes,
	struct lc_arena *arena, struct lc_resources *out, struct lc_error *err)
{
	int r;

	memset(out, 0, sizeof(*out));
	if (limits == NULL)
		return 0;
	read_numbers(limits, out);
	r = read_devices(&limits->devices, nodes, arena, &out->devices);
	if (r >= 0)
		r = read_rates(limits, arena, out);
	if (r >= 0 && limits->blkio_weight_device.count > 0)
		r = read_weights(&limits->blkio_weight_device, arena, out);
	if (r >= 0 && limits->hugetlb_limit.count > 0)
		r = read_hugetlb(&limits->hugetlb_limit, arena, out);
	if (r >= 0 && limits->net_prio_ifpriomap.count > 0)
		r = read_priorities(&limits->net_prio_ifpriomap, arena, out);
	if (r >= 0 && limits->rdma.count > 0)
		r = read_rdma(&limits->rdma, arena, out);
	if (r >= 0 && limits->unified.count > 0)
		r = read_unified(&limits->unified, arena, out);
	return r < 0 ? lc_fail(err, LCT_STEP_MEMORY, r, "") : 0;
}

int lc_resources_limit_pids(struct lc_cgroup *cg, int64_t count, struct lc_error *err)
{
	struct lc_resources resources = {.pids_limit = {count, true}};
	struct lc_cgroup_change change = {.count = 0};
	int r = lc_cgroup_set(cg, &resources, &change, err);

	lc_cgroup_change_done(&change);
	lc_cgroup_rest(cg);
	return r;
}
