/* SPDX-License-Identifier: MIT */
/*
 * THE ORDER OF SET-UP. lc_compile_init and lc_compile_join below read like tables of contents; why
 * a step is where it is stands beside it. Pure: no system call, nothing looked up, the same inputs give the same
 * bytes.
 */
#include "configs/compile.h"
#include "configs/compile_parts.h"
#include "configs/names.h"
#include "configs/validate_parts.h"
#include <linux/mount.h>
#include <linux/sched.h>
#include <signal.h>
#include <string.h>

#define DEFAULT_UMASK 022

/* Those that are made with the init. */
static uint64_t born_namespaces(const struct lc_config_config *config)
{
	return lc_config_namespaces(config) &
	       ~(CLONE_NEWCGROUP | CLONE_NEWTIME | lc_config_joined(config));
}

bool lc_compile_has_helper(const struct lc_config_config *config)
{
	uint64_t joined = lc_config_joined(config);

	return (joined & (CLONE_NEWPID | CLONE_NEWUSER)) != 0 ||
		(joined != 0 && (lc_config_namespaces(config) & CLONE_NEWUSER) != 0);
}

uint64_t lc_compile_clone_flags(const struct lc_config_config *config)
{
	return lc_compile_has_helper(config) ? 0 : born_namespaces(config);
}

/* While we are root: the keys of a user are few, and one keyring a container would use them up. */
static void set_keyring(struct lc_compile *c)
{
	const struct lc_choice3 *wish = &c->config->session_keyring;
	const char *name = c->in->id != NULL ? c->in->id : "";

	if (wish->is_set && !wish->value)
		return;
	/* Names that begin with a dot are the kernel's own. */
	if (*name == '.')
		name = lc_arena_printf(c->w->arena, "_%s", name);
	if (name == NULL)
		lc_compile_no_memory(c);
	lc_plan_origin(c->w, "session_keyring");
	LCT_PLAN(c->w, keyring, .name = lc_plan_intern(c->w, name));
	lc_plan_origin(c->w, NULL);
}

static const char *offset_line(struct lc_compile *c, const char *clock,
	const struct lc_config_time_offset *offset)
{
	const char *line = offset == NULL ? "" :
		lc_arena_printf(c->w->arena, "%s %lld %lld\n", clock, (long long) offset->secs.value,
			(long long) offset->nanosecs.value);

	if (line == NULL)
		lc_compile_no_memory(c);
	return line;
}

/* By the init: offsets are written before anybody is in the namespace, and who is born in it is. */
static void set_clocks(struct lc_compile *c)
{
	const struct lc_config_time_offsets *offsets = c->config->time_offsets;
	const char *text = "";

	if ((c->namespaces & ~c->joined & CLONE_NEWTIME) == 0)
		return;
	lc_plan_origin(c->w, "%s", offsets != NULL ? "time_offsets" : "namespaces");
	if (offsets != NULL)
		text = lc_arena_printf(c->w->arena, "%s%s",
			offset_line(c, "monotonic", offsets->monotonic),
			offset_line(c, "boottime", offsets->boottime));
	if (text == NULL)
		lc_compile_no_memory(c);
	LCT_PLAN(c->w, time, .offsets = lc_plan_intern(c->w, text));
	lc_plan_origin(c->w, NULL);
}

/* All are open and proved before the first one is entered. [A28] */
static void open_paths(const struct lc_pairs *paths, uint64_t which, uint32_t *slots,
	struct lc_plan_writer *w)
{
	for (size_t i = 0; i < paths->count; i++) {
		uint64_t flag = lc_namespace_flag(paths->items[i].key);

		if ((which & flag) == 0)
			continue;
		slots[i] = lc_plan_slot(w);
		lc_plan_origin(w, "namespaces.%s", paths->items[i].key);
		LCT_PLAN(w, namespace_open, .path = lc_plan_intern(w, paths->items[i].value),
			.flag = flag, .slot = slots[i]);
	}
}

static void enter_opened(const struct lc_pairs *paths, uint64_t which, const uint32_t *slots,
	struct lc_plan_writer *w)
{
	for (size_t i = 0; i < paths->count; i++) {
		uint64_t flag = lc_namespace_flag(paths->items[i].key);

		if ((which & flag) == 0)
			continue;
		lc_plan_origin(w, "namespaces.%s", paths->items[i].key);
		LCT_PLAN(w, namespace_enter, .slot = slots[i], .flag = flag);
	}
}

void lc_compile_enter_joined(const struct lc_config_config *config, uint64_t which, bool is_privileged,
	struct lc_plan_writer *w)
{
	const struct lc_pairs *paths = &config->namespace_paths;
	uint32_t *slots = lc_arena_array(w->arena, paths->count, sizeof(*slots));

	if (slots == NULL && paths->count > 0) {
		w->failed = w->failed == 0 ? -ENOMEM : w->failed;
		return;
	}
	open_paths(paths, which, slots, w);
	if (!is_privileged)
		enter_opened(paths, which & CLONE_NEWUSER, slots, w);
	enter_opened(paths, which & ~(uint64_t) CLONE_NEWUSER, slots, w);
	if (is_privileged)
		enter_opened(paths, which & CLONE_NEWUSER, slots, w);
	lc_plan_origin(w, NULL);
}

/* Who comes out is the init: a child of the host, and in all namespaces that are made by being born. */
static void be_born(struct lc_compile *c)
{
	lc_plan_origin(c->w, "namespaces");
	LCT_PLAN(c->w, enter, .flags = born_namespaces(c->config));
	/* It is not passed on. */
	LCT_PLAN(c->w, parent_death, .signal = SIGKILL);
	lc_plan_origin(c->w, NULL);
}

static void set_oom_score(struct lc_compile *c)
{
	if (!c->process->oom_score_adj.is_set && !c->in->is_spared)
		return;
	lc_plan_origin(c->w, "%s", c->process->oom_score_adj.is_set ? "process.oom_score_adj" : "");
	LCT_PLAN(c->w, oom_score, .adjust = (uint32_t) (int32_t) c->process->oom_score_adj.value);
}

static void begin(struct lc_compile *c)
{
	LCT_PLAN(c->w, reset);
	/* Whatever is asked for later: a half-made container has no right to outlive its maker. */
	LCT_PLAN(c->w, parent_death, .signal = SIGKILL);
	if (c->is_root_joined)
		set_oom_score(c); /* through the host's proc */
	lc_compile_enter_joined(c->config, c->joined, c->in->is_privileged, c->w);
	if (lc_compile_has_helper(c->config))
		be_born(c);
	if ((c->namespaces & ~c->joined & CLONE_NEWUSER) != 0) {
		lc_plan_origin(c->w, "uid_mappings");
		lc_plan_gate(c->w, LCT_GATE_IDS);
	}
	set_clocks(c);
	/* Here and not by clone: such a namespace is rooted where its maker stands, and the init
	 * stands in its cgroups by now. */
	if ((c->namespaces & ~c->joined & CLONE_NEWCGROUP) != 0) {
		lc_plan_origin(c->w, "namespaces");
		LCT_PLAN(c->w, unshare, .flags = CLONE_NEWCGROUP);
		lc_plan_origin(c->w, NULL);
	}
	LCT_PLAN(c->w, session);
	set_keyring(c);
}

static void set_names(struct lc_compile *c)
{
	if (c->config->hostname != NULL) {
		lc_plan_origin(c->w, "hostname");
		LCT_PLAN(c->w, hostname, .name = lc_plan_intern(c->w, c->config->hostname));
	}
	if (c->config->domainname != NULL) {
		lc_plan_origin(c->w, "domainname");
		LCT_PLAN(c->w, domainname, .name = lc_plan_intern(c->w, c->config->domainname));
	}
	if ((c->namespaces & ~c->joined & CLONE_NEWNET) != 0) {
		lc_plan_origin(c->w, "namespaces");
		LCT_PLAN(c->w, link_up, .name = lc_plan_intern(c->w, "lo"));
	}
}

/* NULL when nothing is said. */
static const struct lc_mount_option *root_propagation(const struct lc_config_config *config)
{
	const char *word = config->rootfs_propagation;

	return word == NULL ? NULL : lc_mount_option(word);
}

static bool is_cut_off(const struct lc_config_config *config)
{
	const struct lc_mount_option *mode = root_propagation(config);

	return mode != NULL && mode->propagation != MS_SLAVE;
}

static void cut_propagation(struct lc_compile *c)
{
	bool is_said = c->config->rootfs_propagation != NULL;

	lc_plan_origin(c->w, "%s", is_said ? "rootfs_propagation" : "");
	LCT_PLAN(c->w, propagation, .flags = (c->is_cut_off ? MS_PRIVATE : MS_SLAVE) | MS_REC);
}

/* A new peer group, so it is one of the container's own. Late, since what is unbindable could not be
 * copied any more, and what is mounted below a shared mount becomes shared itself. */
static void set_root_propagation(struct lc_compile *c)
{
	const struct lc_mount_option *mode = root_propagation(c->config);

	if (mode == NULL || (mode->propagation & (MS_SHARED | MS_UNBINDABLE)) == 0)
		return;
	lc_plan_origin(c->w, "rootfs_propagation");
	LCT_PLAN(c->w, propagate, .target = lc_plan_intern(c->w, "/"),
		.propagation = mode->propagation, .recursive = mode->is_recursive);
}

/* With the root where it will be: what a hook mounts below it is there when it is entered. */
static void run_create_hooks(struct lc_compile *c)
{
	const struct lc_config_hooks *hooks = c->config->hooks;

	if (hooks == NULL)
		return;
	if (hooks->prestart.count + hooks->create_runtime.count > 0) {
		lc_plan_origin(c->w, hooks->prestart.count > 0 ?
			"hooks.prestart" : "hooks.create_runtime");
		lc_plan_gate(c->w, LCT_GATE_CREATE_RUNTIME);
	}
	if (hooks->create_container.count > 0) {
		lc_plan_origin(c->w, "hooks.create_container");
		lc_plan_gate(c->w, LCT_GATE_CREATE_CONTAINER);
	}
}

/* When nothing is missing but the program: so they run as it would. */
static void run_start_hooks(struct lc_compile *c)
{
	const struct lc_config_hooks *hooks = c->config->hooks;

	if (hooks == NULL || hooks->start_container.count == 0)
		return;
	lc_plan_origin(c->w, "hooks.start_container");
	lc_plan_gate(c->w, LCT_GATE_START_CONTAINER);
	lc_plan_origin(c->w, NULL);
}

uint32_t lc_compile_gates_at_start(const struct lc_config_config *config)
{
	const struct lc_config_hooks *hooks = config->hooks;

	return hooks != NULL && hooks->start_container.count > 0 ? 1u << LCT_GATE_START_CONTAINER : 0;
}

static void enter_root(struct lc_compile *c, uint32_t slot)
{
	lc_plan_origin(c->w, "rootfs");
	LCT_PLAN(c->w, root_attach, .slot = slot, .path = lc_plan_intern(c->w, c->config->rootfs));
	run_create_hooks(c);
	lc_plan_origin(c->w, "rootfs");
	LCT_PLAN(c->w, root_enter, .slot = slot);
}

/*
 * The root of the user namespace, instead of the host's user in it, who has no number there and could
 * make no file. Not before everything of the host is opened: he may reach what its directories keep
 * from others.
 */
static void become_root(struct lc_compile *c)
{
	if (!c->maps_user)
		return;
	lc_plan_origin(c->w, "uid_mappings");
	LCT_PLAN(c->w, user, .keep_groups = c->in->has_fixed_groups);
	/* A change of user has cleared it. */
	LCT_PLAN(c->w, parent_death, .signal = SIGKILL);
}

/* "net.ipv4.ip_forward" is net/ipv4/ip_forward; what has a slash is a path already. */
static const char *sysctl_path(struct lc_compile *c, const char *key)
{
	char *path = lc_arena_copy(c->w->arena, key, strlen(key));

	if (path == NULL)
		lc_compile_no_memory(c);
	for (char *at = path; at != NULL && strchr(key, '/') == NULL && *at != '\0'; at++)
		if (*at == '.')
			*at = '/';
	return path;
}

/* Before /dev may become read-only, for the console. */
static void open_terminal(struct lc_compile *c)
{
	if (!c->process->terminal)
		return;
	lc_compile_terminal(c);
	lc_compile_control(c);
	if (c->is_root_joined || !lc_compile_is_dev_ours(c))
		return;
	lc_plan_origin(c->w, "process.terminal");
	LCT_PLAN(c->w, console);
}

static void open_sysctls(struct lc_compile *c)
{
	if (c->config->sysctl.count == 0)
		return;
	c->sysctl_slot = lc_plan_slot(c->w);
	lc_plan_origin(c->w, "sysctl");
	LCT_PLAN(c->w, fs_open, .type = lc_plan_intern(c->w, "proc"),
		.source = lc_plan_intern(c->w, "proc"),
		.attributes = MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC,
		.slot = c->sysctl_slot);
}

static void set_sysctls(struct lc_compile *c)
{
	const struct lc_pairs *sysctl = &c->config->sysctl;

	if (!c->has_user)
		open_sysctls(c);
	for (size_t i = 0; i < sysctl->count; i++) {
		lc_plan_origin(c->w, "sysctl[\"%s\"]", sysctl->items[i].key);
		LCT_PLAN(c->w, sysctl, .slot = c->sysctl_slot,
			.name = lc_plan_intern(c->w, sysctl_path(c, sysctl->items[i].key)),
			.value = lc_plan_intern(c->w, sysctl->items[i].value));
	}
}

static void make_cwd(struct lc_compile *c)
{
	if (strcmp(c->cwd, "/") == 0)
		return;
	lc_plan_origin(c->w, "process.cwd");
	LCT_PLAN(c->w, directory_owned, .target = lc_plan_intern(c->w, c->cwd), .uid = c->in->uid,
		.gid = c->in->gid);
}

static void hide_paths(struct lc_compile *c)
{
	const struct lc_strings *readonly = &c->config->readonly_paths;
	const struct lc_strings *mask = &c->config->mask_paths;
	struct lc_compile_place place;
	uint32_t slot;

	for (size_t i = 0; i < readonly->count; i++) {
		lc_plan_origin(c->w, "readonly_paths[%zu]", i + 1);
		place = lc_compile_place(c, readonly->items[i]);
		LCT_PLAN(c->w, readonly, .base = place.base, .skip = place.skip,
			.target = place.target);
	}
	if (mask->count == 0)
		return;
	slot = lc_plan_slot(c->w);
	lc_plan_origin(c->w, "mask_paths");
	LCT_PLAN(c->w, mask_source, .slot = slot, .null = c->null_slot);
	for (size_t i = 0; i < mask->count; i++) {
		lc_plan_origin(c->w, "mask_paths[%zu]", i + 1);
		place = lc_compile_place(c, mask->items[i]);
		LCT_PLAN(c->w, mask, .slot = slot, .base = place.base, .skip = place.skip,
			.target = place.target);
	}
}

static void close_root(struct lc_compile *c)
{
	/* The host's own root has been read-only since before it was attached. */
	if (!c->config->readonlyfs || c->is_bare)
		return;
	lc_plan_origin(c->w, "readonlyfs");
	LCT_PLAN(c->w, root_readonly);
}

static void set_stdio(struct lc_compile *c)
{
	uint64_t fds = 0;

	for (uint32_t i = 0; i < 3; i++)
		fds |= (uint64_t) c->in->stdio_null[i] << i;
	if (fds == 0)
		return;
	lc_plan_origin(c->w, NULL);
	LCT_PLAN(c->w, stdio_null, .fds = fds);
}

static void enter_cwd(struct lc_compile *c, bool is_last)
{
	lc_plan_origin(c->w, "process.cwd");
	LCT_PLAN(c->w, cwd, .target = lc_plan_intern(c->w, c->cwd), .last = is_last);
}

static void set_umask(struct lc_compile *c)
{
	const struct lc_integer *mask = &c->process->umask;

	lc_plan_origin(c->w, "%s", mask->is_set ? "process.umask" : "");
	LCT_PLAN(c->w, umask, .mask = mask->is_set ? (uint32_t) mask->value : DEFAULT_UMASK);
}

static void become_user(struct lc_compile *c)
{
	lc_compile_bounding(c);
	/* Without no_new_privileges only CAP_SYS_ADMIN may load a filter, and it goes with the
	 * user; the rest of the set-up must then pass the filter. */
	if (!c->has_no_new_privileges)
		lc_compile_seccomp(c);
	lc_compile_user(c);
	lc_compile_capabilities(c);
	if (c->has_no_new_privileges) {
		lc_plan_origin(c->w, "no_new_privileges");
		LCT_PLAN(c->w, no_new_privileges);
	}
}

static void set_parent_death(struct lc_compile *c)
{
	lc_plan_origin(
		c->w, "%s", c->config->parent_death_signal.is_set ? "parent_death_signal" : "");
	LCT_PLAN(c->w, parent_death, .signal = (uint32_t) c->config->parent_death_signal.value);
}

static void find_program(struct lc_compile *c)
{
	lc_plan_origin(c->w, "process.args");
	LCT_PLAN(c->w, lookup, .program = lc_plan_intern(c->w, c->process->args.items[0]),
		.search = lc_plan_intern(c->w, c->path));
	lc_plan_origin(c->w, NULL);
}

static void start_program(struct lc_compile *c, uint32_t first_passed)
{
	if (c->in->passed > 0) {
		lc_plan_origin(c->w, "process.descriptors");
		LCT_PLAN(c->w, pass, .first = first_passed, .count = c->in->passed);
	}
	lc_compile_landlock_restrict(c);
	/* Last, so that the filter need allow nothing but what the program does itself. */
	if (c->has_no_new_privileges)
		lc_compile_seccomp(c);
	lc_compile_exec(c);
}

static int finish(const struct lc_compile *c, struct lc_error *err)
{
	if (c->w->failed == 0)
		return 0;
	if (c->w->failed == -E2BIG && c->w->slots >= LCT_PLAN_SLOTS_MAX)
		return lc_fail(err, LCT_STEP_CONFIG, E2BIG, "mounts");
	return lc_fail(err, LCT_STEP_PLAN, c->w->failed, "");
}

static bool no_new_privileges(const struct lc_compile_inputs *in)
{
	if (in->process->no_new_privileges.is_set)
		return in->process->no_new_privileges.value;
	return !in->config->no_new_privileges.is_set || in->config->no_new_privileges.value;
}

/* What the first process and a further one have alike. */
static bool maps_user(const struct lc_compile_inputs *in)
{
	return (lc_config_namespaces(in->config) & CLONE_NEWUSER) != 0;
}

static struct lc_compile context(const struct lc_compile_inputs *in, struct lc_plan_writer *w)
{
	return (struct lc_compile){
		.in = in,
		.config = in->config,
		.process = in->process,
		.w = w,
		.namespaces = lc_config_namespaces(in->config),
		.joined = lc_config_joined(in->config),
		.maps_user = maps_user(in),
		.has_user = maps_user(in) || in->is_nested,
		.has_no_new_privileges = no_new_privileges(in),
		.is_root_joined = (lc_config_joined(in->config) & CLONE_NEWNS) != 0,
	};
}

/* What the program takes along, and who it will be: alike for the first one and further ones. */
static int set_process(struct lc_compile *c, bool is_join, struct lc_error *err)
{
	int r;

	set_stdio(c);
	if (!is_join)
		lc_compile_rlimits(c);
	enter_cwd(c, false); /* while root may reach what the user may not */
	set_umask(c);
	lc_compile_attributes(c);
	if (!is_join)
		lc_compile_scheduler(c, false);
	r = lc_compile_landlock(c, err);
	lc_compile_label(c);
	become_user(c);
	return r;
}

int lc_compile_bare_root(const struct lc_compile_inputs *in, struct lc_plan_writer *w, const char *place,
	struct lc_error *err)
{
	struct lc_compile c = {.in = in, .config = in->config, .w = w, .maps_user = maps_user(in),
		.has_user = maps_user(in) || in->is_nested};
	bool is_layered = in->config->overlay != NULL;
	uint32_t slot;
	int r = lc_compile_read_mounts(&c, err);

	if (r < 0)
		return r;
	(void) lc_plan_slot(w); /* 0 would be a root that is entered */
	slot = lc_plan_slot(w);
	if (is_layered) {
		lc_compile_root(&c, slot);
	} else {
		lc_plan_origin(w, "rootfs");
		LCT_PLAN(w, tree_open, .source = lc_plan_intern(w, in->config->rootfs), .slot = slot);
	}
	LCT_PLAN(w, root_attach, .slot = slot, .path = lc_plan_intern(w, place));
	/* Nothing is ever made on the host. */
	if (is_layered || strcmp(in->config->rootfs, "/") != 0)
		lc_compile_mount_points(&c, slot);
	return 0;
}

/* A root of its own, and what is mounted in it. */
static int make_root(struct lc_compile *c, uint32_t root, struct lc_error *err)
{
	int r;

	/* In the host's tree, of which nothing is changed: it is only copied from. */
	cut_propagation(c);
	lc_compile_root(c, root);
	lc_compile_sources(c);
	if (c->has_user) {
		/* A new proc in a user namespace takes one that is there and can be seen whole. */
		open_sysctls(c);
		lc_compile_device_sources(c);
	}
	enter_root(c, root);
	become_root(c);

	/* From here on no path can name a file of the host. */
	r = lc_compile_clear(c, err);
	if (r < 0)
		return r;
	lc_compile_mounts(c);
	lc_compile_devices(c);
	open_terminal(c);
	lc_compile_links(c);
	set_sysctls(c);
	make_cwd(c);   /* before anything becomes read-only */
	hide_paths(c); /* masks after read-only paths: a mask below one of those stays on top */
	set_root_propagation(c);
	close_root(c);
	return 0;
}

/* That of others, in which nothing is made but the working directory. */
static void join_root(struct lc_compile *c)
{
	lc_plan_origin(c->w, "namespaces.mount");
	LCT_PLAN(c->w, root_joined);
	run_create_hooks(c);
	if (c->has_user)
		open_sysctls(c);
	become_root(c);
	open_terminal(c);
	set_sysctls(c);
	make_cwd(c);
}

int lc_compile_init(const struct lc_compile_inputs *in, struct lc_plan_writer *w,
	struct lc_error *err)
{
	struct lc_compile c = context(in, w);
	uint32_t root = lc_plan_slot(w);
	int r;

	c.is_host_root = !c.is_root_joined && strcmp(in->config->rootfs, "/") == 0;
	c.is_bare = c.is_host_root && in->config->overlay == NULL;
	c.is_cut_off = is_cut_off(in->config);
	r = lc_compile_read_mounts(&c, err);
	if (r == 0)
		r = lc_compile_read_devices(&c, err);
	if (r == 0)
		r = lc_compile_read_process(&c, err);
	if (r < 0)
		return r;

	begin(&c);
	set_names(&c);
	lc_compile_networks(&c);
	if (!c.is_root_joined)
		set_oom_score(&c);
	if (c.is_root_joined)
		join_root(&c);
	else
		r = make_root(&c, root, err);
	if (r < 0)
		return r;

	r = set_process(&c, false, err);
	if (r < 0)
		return r;
	/* Always: SIGKILL of the beginning must go, and a change of user clears the other one. */
	set_parent_death(&c);
	enter_cwd(&c, true);
	find_program(&c);
	if (!in->is_latched)
		run_start_hooks(&c);
	LCT_PLAN(w, ready);
	if (in->is_latched) {
		LCT_PLAN(w, latch, .number = c.given);
		run_start_hooks(&c); /* when it is let go, and not before */
	}
	start_program(&c, LCT_FD_GIVEN + c.given + in->is_latched);
	lc_plan_origin(w, NULL);
	return finish(&c, err);
}

static bool has_process_limit(const struct lc_config_process *process)
{
	const struct lc_config_cgroups *limits = process->cgroups;

	return limits != NULL && limits->pids_limit.is_set && limits->pids_limit.value >= 0;
}

bool lc_compile_join_waits(const struct lc_config_process *process)
{
	return process->terminal || process->scheduler != NULL || has_process_limit(process);
}

/* Also those that the container shares with its maker, who may have others than we. */
static void enter_namespaces(struct lc_compile *c)
{
	lc_plan_origin(c->w, "namespaces");
	LCT_PLAN(c->w, join, .flags = c->namespaces | (c->in->is_privileged ? LCT_NAMESPACES : 0));
	become_root(c);
	lc_plan_origin(c->w, NULL);
}

int lc_compile_join(const struct lc_compile_inputs *in, struct lc_plan_writer *w,
	struct lc_error *err)
{
	struct lc_compile c = context(in, w);
	int r = lc_compile_read_process(&c, err);

	if (r < 0)
		return r;
	LCT_PLAN(w, reset);
	lc_compile_first_affinity(&c);
	LCT_PLAN(w, parent_death, .signal = SIGKILL);
	set_keyring(&c);
	set_oom_score(&c); /* through the host's proc */
	/* With the capabilities of the host: those of a user namespace raise no hard limit. [D36] */
	lc_compile_rlimits(&c);

	enter_namespaces(&c);

	/* Not seen by any process inside: it has no number in their pid namespace yet. A cwd that is missing is
	 * not made: what runs there has its files as it wants them. */
	if (in->process->terminal)
		lc_compile_terminal(&c);
	r = set_process(&c, true, err);
	if (r < 0)
		return r;
	enter_cwd(&c, true);
	find_program(&c);
	if (lc_compile_join_waits(in->process))
		LCT_PLAN(w, ready);

	/* With the credentials of the program: nothing is to be had from this one. */
	lc_plan_origin(w, "namespaces");
	LCT_PLAN(w, enter, .flags = 0);
	lc_plan_origin(w, NULL);
	LCT_PLAN(w, session);
	if (in->process->terminal)
		lc_compile_control(&c);
	if (in->config->parent_death_signal.value != 0)
		set_parent_death(&c);
	if (in->process->scheduler != NULL) {
		lc_compile_scheduler(&c, true); /* waits as `ready` does */
	} else if (has_process_limit(in->process)) {
		lc_plan_origin(w, "process.cgroups.pids_limit");
		LCT_PLAN(w, ready);
	}
	start_program(&c, LCT_FD_JOIN + 1);
	lc_plan_origin(w, NULL);
	return finish(&c, err);
}

static void start_hook(struct lc_compile *c)
{
	const struct lc_config_hook *hook = c->in->hook;
	const struct lc_strings own = {.items = (const char **) (uintptr_t) &hook->path, .count = 1};
	const struct lc_strings *args = hook->args.count > 0 ? &hook->args : &own;

	LCT_PLAN(c->w, exec, .argv = lc_plan_strings(c->w, args->items, args->count),
		.envp = lc_plan_strings(c->w, hook->env.items, hook->env.count));
}

int lc_compile_hook(const struct lc_compile_inputs *in, enum lc_hook_place place,
	struct lc_plan_writer *w, struct lc_error *err)
{
	struct lc_compile c = context(in, w);
	bool is_inside = place == LCT_HOOK_INSIDE;
	int r = is_inside ? lc_compile_read_process(&c, err) : 0;

	if (r < 0)
		return r;
	LCT_PLAN(w, reset);
	LCT_PLAN(w, parent_death, .signal = SIGKILL);
	if (is_inside) {
		set_oom_score(&c);
		lc_compile_rlimits(&c); /* as in lc_compile_join */
	}
	if (place != LCT_HOOK_HOST)
		enter_namespaces(&c);
	if (is_inside) {
		r = set_process(&c, true, err);
		if (r < 0)
			return r;
		enter_cwd(&c, true);
		lc_plan_origin(w, NULL);
	} else {
		set_umask(&c);
		LCT_PLAN(w, host_cwd, .path = lc_plan_intern(w, in->hook_directory));
	}
	LCT_PLAN(w, lookup, .program = lc_plan_intern(w, in->hook->path));

	/* The guard stays outside of a pid namespace that was entered; what it makes is in it. */
	LCT_PLAN(w, guard);
	LCT_PLAN(w, session);
	LCT_PLAN(w, parent_death, .signal = SIGKILL);
	if (is_inside)
		lc_compile_landlock_restrict(&c);
	if (is_inside && c.has_no_new_privileges)
		lc_compile_seccomp(&c);
	start_hook(&c);
	return finish(&c, err);
}

static void enter_mounts(struct lc_compile *c)
{
	lc_plan_origin(c->w, "namespaces");
	LCT_PLAN(c->w, join, .flags = CLONE_NEWNS | (c->maps_user ? CLONE_NEWUSER : 0));
	become_root(c);
	lc_plan_origin(c->w, NULL);
}

int lc_compile_addition(const struct lc_compile_inputs *in, struct lc_plan_writer *w, struct lc_error *err)
{
	struct lc_compile c = context(in, w);
	int r;

	(void) lc_plan_slot(w); /* that of the root, which is what it is */
	c.is_host_root = strcmp(in->config->rootfs, "/") == 0;
	r = lc_compile_read_mounts(&c, err);
	if (r < 0)
		return r;
	LCT_PLAN(w, reset);
	LCT_PLAN(w, parent_death, .signal = SIGKILL);
	lc_compile_sources(&c);
	/* A copy of a mount of the host shares with it what is mounted later. */
	for (size_t i = 0; i < c.mounts_count; i++)
		if (c.mounts[i].is_bind)
			LCT_PLAN(w, tree_attr, .slot = c.mounts[i].slot, .recursive = 1,
				.propagation = MS_SLAVE);
	enter_mounts(&c);
	lc_compile_mounts(&c);
	lc_plan_origin(w, NULL);
	LCT_PLAN(w, ready);
	return finish(&c, err);
}

int lc_compile_removal(const struct lc_compile_inputs *in, const char *path, struct lc_plan_writer *w,
	struct lc_error *err)
{
	struct lc_compile c = context(in, w);

	LCT_PLAN(w, reset);
	LCT_PLAN(w, parent_death, .signal = SIGKILL);
	enter_mounts(&c);
	LCT_PLAN(w, detach, .target = lc_plan_intern(w, path));
	LCT_PLAN(w, ready);
	return finish(&c, err);
}
