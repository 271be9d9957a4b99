/* SPDX-License-Identifier: MIT */
/* The program: its environment, limits, and becoming it. Values of the process replace those of the
 * container. */
#include "configs/compile_parts.h"
#include "configs/names.h"
#include <stdlib.h>
#include <string.h>

#define DEFAULT_COLUMNS 80
#define DEFAULT_ROWS 24
#define DEFAULT_PATH "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

struct variable {
	const char *entry;
	size_t key_length, place;
	bool is_kept;
};

static int compare_keys(const void *left, const void *right)
{
	const struct variable *a = left, *b = right;
	size_t shorter = a->key_length < b->key_length ? a->key_length : b->key_length;
	int order = memcmp(a->entry, b->entry, shorter);

	if (order != 0)
		return order;
	if (a->key_length != b->key_length)
		return a->key_length < b->key_length ? -1 : 1;
	return a->place < b->place ? -1 : a->place > b->place;
}

static int compare_places(const void *left, const void *right)
{
	const struct variable *a = left, *b = right;

	return a->place < b->place ? -1 : a->place > b->place;
}

static bool is_same_key(const struct variable *a, const struct variable *b)
{
	return a->key_length == b->key_length && memcmp(a->entry, b->entry, a->key_length) == 0;
}

/* The value of `key`, which ends with "=", or NULL. */
static const char *value_of(const struct lc_strings *env, const char *key)
{
	size_t length = strlen(key);

	for (size_t i = 0; i < env->count; i++)
		if (strncmp(env->items[i], key, length) == 0)
			return env->items[i] + length;
	return NULL;
}

/* The last of several entries of one name wins, where it stands. */
static void keep_last(struct variable *variables, size_t count, struct lc_strings *out)
{
	qsort(variables, count, sizeof(*variables), compare_keys);
	for (size_t i = 0; i < count; i++)
		variables[i].is_kept =
			i + 1 == count || !is_same_key(&variables[i], &variables[i + 1]);
	qsort(variables, count, sizeof(*variables), compare_places);
	for (size_t i = 0; i < count; i++)
		if (variables[i].is_kept)
			out->items[out->count++] = variables[i].entry;
}

int lc_compile_read_process(struct lc_compile *c, struct lc_error *err)
{
	const struct lc_strings *env = &c->process->env;
	struct lc_arena *arena = c->w->arena;
	struct variable *variables = lc_arena_array(arena, env->count + 1, sizeof(*variables));
	const char *home = c->in->home != NULL ? c->in->home : "/";

	c->env.items = lc_arena_array(arena, env->count + 2, sizeof(*c->env.items));
	if (variables == NULL || c->env.items == NULL)
		return lc_fail(err, LCT_STEP_MEMORY, ENOMEM, "process.env");
	for (size_t i = 0; i < env->count; i++)
		variables[i] = (struct variable){.entry = env->items[i],
			.key_length = strcspn(env->items[i], "="), .place = i};
	keep_last(variables, env->count, &c->env);
	c->path = value_of(&c->env, "PATH=");
	if (c->path == NULL) {
		c->path = DEFAULT_PATH;
		c->env.items[c->env.count++] = "PATH=" DEFAULT_PATH;
	}
	if (value_of(&c->env, "HOME=") == NULL) {
		const char *entry = lc_arena_printf(arena, "HOME=%s", home);

		if (entry == NULL)
			return lc_fail(err, LCT_STEP_MEMORY, ENOMEM, "process.env");
		c->env.items[c->env.count++] = entry;
	}
	c->cwd = c->process->cwd != NULL ? c->process->cwd : "/";
	return 0;
}

const struct lc_objects *lc_compile_rlimits_of(
	const struct lc_config_config *config, const struct lc_config_process *process)
{
	return process->rlimits.count > 0 ? &process->rlimits : &config->rlimits;
}

void lc_compile_rlimits(struct lc_compile *c)
{
	const struct lc_objects *list = lc_compile_rlimits_of(c->config, c->process);
	bool is_own = list == &c->process->rlimits;
	const struct lc_config_rlimit *rlimits = list->items;

	for (size_t i = 0; i < list->count; i++) {
		lc_plan_origin(c->w, "%srlimits[%zu]", is_own ? "process." : "", i + 1);
		/* -1 is RLIM_INFINITY once it has lost its sign */
		LCT_PLAN(c->w, rlimit, .resource = (uint32_t) lc_rlimit_number(rlimits[i].type),
			.soft = (uint64_t) rlimits[i].soft.value,
			.hard = (uint64_t) rlimits[i].hard.value);
	}
}

void lc_compile_terminal(struct lc_compile *c)
{
	const struct lc_config_terminal_size *size = c->process->terminal_size;

	lc_plan_origin(c->w, "process.terminal");
	LCT_PLAN(c->w, terminal, .columns = size != NULL ? (uint32_t) size->columns.value : DEFAULT_COLUMNS,
		.rows = size != NULL ? (uint32_t) size->rows.value : DEFAULT_ROWS,
		.uid = c->in->uid);
	lc_plan_origin(c->w, NULL);
}

void lc_compile_control(struct lc_compile *c)
{
	lc_plan_origin(c->w, "process.terminal");
	LCT_PLAN(c->w, control);
	lc_plan_origin(c->w, NULL);
}

void lc_compile_exec(struct lc_compile *c)
{
	lc_plan_origin(c->w, "process.args");
	LCT_PLAN(c->w, exec,
		.argv = lc_plan_strings(c->w, c->process->args.items, c->process->args.count),
		.envp = lc_plan_strings(c->w, c->env.items, c->env.count));
}
