/* SPDX-License-Identifier: MIT */
/* When, where and with which memory programs run: words and lists become what the kernel takes. */
#include "base/parse.h"
#include "configs/compile_parts.h"
#include "configs/names.h"
#include <string.h>

#define NUMBERS 8192 /* of processors and of nodes: more than the kernel can be built for */

/* "0-3,7" as bits, in words of the kernel's. What is beyond them was refused by validation. */
static struct lc_plan_bytes bits_of(struct lc_compile *c, const char *list)
{
	uint64_t words[NUMBERS / 64] = {0}, first, last;
	size_t used = 0;

	while (lc_parse_range(&list, &first, &last) == 1) {
		for (uint64_t bit = first; bit <= last && bit < NUMBERS; bit++)
			words[bit / 64] |= UINT64_C(1) << bit % 64;
		if (last < NUMBERS && last / 64 + 1 > used)
			used = last / 64 + 1;
	}
	return lc_plan_blob(c->w, words, used * sizeof(*words));
}

void lc_compile_first_affinity(struct lc_compile *c)
{
	const struct lc_config_cpu_affinity *affinity = c->process->exec_cpu_affinity;

	if (affinity == NULL || affinity->initial == NULL)
		return;
	lc_plan_origin(c->w, "process.exec_cpu_affinity.initial");
	LCT_PLAN(c->w, affinity, .processors = bits_of(c, affinity->initial), .is_wish = true);
	lc_plan_origin(c->w, NULL);
}

/* A set-up that was kept to some processors does not keep the program there. */
static void set_final_affinity(struct lc_compile *c)
{
	const struct lc_config_cpu_affinity *affinity = c->process->exec_cpu_affinity;
	char all[sizeof("0-") + 8] = "0-8191";

	if (affinity == NULL || (affinity->initial == NULL && affinity->final == NULL))
		return;
	lc_plan_origin(c->w, "process.exec_cpu_affinity.final");
	LCT_PLAN(c->w, affinity,
		.processors = bits_of(c, affinity->final != NULL ? affinity->final : all));
}

static void set_memory_policy(struct lc_compile *c)
{
	const struct lc_config_memory_policy *policy = c->config->memory_policy;
	uint32_t mode;

	if (policy == NULL)
		return;
	mode = lc_memory_mode(policy->mode);
	for (size_t i = 0; i < policy->flags.count; i++)
		mode |= lc_memory_flag(policy->flags.items[i]);
	lc_plan_origin(c->w, "memory_policy");
	LCT_PLAN(c->w, memory_policy, .mode = mode,
		.nodes = bits_of(c, policy->nodes != NULL ? policy->nodes : ""));
}

void lc_compile_attributes(struct lc_compile *c)
{
	const struct lc_config_io_priority *io = c->process->io_priority;

	set_final_affinity(c);
	if (c->config->personality != NULL) {
		lc_plan_origin(c->w, "personality");
		LCT_PLAN(c->w, personality,
			.persona = strcmp(c->config->personality, "LINUX32") == 0 ? 0x0008 : 0);
	}
	set_memory_policy(c);
	if (io != NULL) {
		lc_plan_origin(c->w, "process.io_priority");
		LCT_PLAN(c->w, io_priority, .class = lc_io_class(io->class),
			.priority = (uint32_t) io->priority.value);
	}
	lc_plan_origin(c->w, NULL);
}

struct lc_compile_policy lc_compile_policy(const struct lc_config_scheduler *scheduler)
{
	struct lc_compile_policy policy = {
		.policy = lc_scheduler_policy(scheduler->policy),
		.nice = (int32_t) scheduler->nice.value,
		.priority = (uint32_t) scheduler->priority.value,
		.runtime = (uint64_t) scheduler->runtime.value,
		.deadline = (uint64_t) scheduler->deadline.value,
		.period = (uint64_t) scheduler->period.value,
	};

	for (size_t i = 0; i < scheduler->flags.count; i++)
		policy.flags |= lc_scheduler_flag(scheduler->flags.items[i]);
	return policy;
}

void lc_compile_scheduler(struct lc_compile *c, bool by_host)
{
	struct lc_compile_policy policy;

	if (c->process->scheduler == NULL)
		return;
	policy = lc_compile_policy(c->process->scheduler);
	lc_plan_origin(c->w, "process.scheduler");
	LCT_PLAN(c->w, scheduler, .policy = policy.policy, .nice = (uint32_t) policy.nice,
		.priority = policy.priority, .flags = policy.flags, .runtime = policy.runtime,
		.deadline = policy.deadline, .period = policy.period, .by_host = by_host);
	lc_plan_origin(c->w, NULL);
}
