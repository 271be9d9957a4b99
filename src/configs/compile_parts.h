/* SPDX-License-Identifier: MIT */
/*
 * What the files of the compiler share. compile.c decides the order and calls the functions below;
 * each of them appends the operations of one subject, labels them with the field they come from,
 * and leaves no label behind it. Appending cannot fail visibly: the writer remembers (write.h).
 */
#ifndef LCT_CONFIGS_COMPILE_PARTS_H
#define LCT_CONFIGS_COMPILE_PARTS_H

#include "configs/compile.h"
#include <string.h>

/* A mount of the configuration, its options understood. */
struct lc_compile_mount {
	const char *target; /* clean */
	const char *type, *source; /* of a bind: clean */
	const char *data;   /* options for the file system, comma-separated */
	uint64_t set, clear;           /* attributes of the mount itself */
	uint64_t tree_set, tree_clear; /* of it and all below it: the r… options */
	uint32_t slot;                 /* of a bind, and of what is kept */
	uint32_t link;                 /* LCT_SYMLINK_* */
	uint32_t *cgroup_slots;        /* of a cgroup mount made of binds, one a hierarchy */
	struct lc_compile_mount *holder; /* the new file system that it is attached in, if that is certain */
	bool is_bind, is_recursive, is_cgroup;
	bool is_given;         /* its tree is opened by the host */
	bool is_late_readonly; /* /dev: read-only when its nodes are made */
	bool is_kept;          /* something that comes later lies in it */
	bool needs_place;      /* its destination is not made */
	struct lc_strings lower; /* of an overlay: clean paths, the topmost first */
	const char *upper, *work;
	bool is_copied_up;     /* it begins with what the directory below has */
	bool keeps_owner;      /* and with its owner */
	bool keeps_mode;       /* the directory below gives its mode to the new file system */
};

/* A path, clean, and the mount that it lies in: what base, skip and target of an operation say. */
struct lc_compile_place {
	uint32_t base, skip, target;
};

struct lc_compile {
	const struct lc_compile_inputs *in;
	const struct lc_config_config *config;
	const struct lc_config_process *process;
	struct lc_plan_writer *w;
	struct lc_compile_mount *mounts;
	size_t mounts_count;
	uint64_t namespaces; /* CLONE_NEW* */
	uint64_t joined;     /* those of them that are there already */
	bool maps_user;      /* a user namespace of its own */
	bool has_user;       /* or one that the host is in: no node can be made, no host file be owned */
	uint32_t given;      /* trees that the host opens, so far */
	bool is_root_joined; /* the mount namespace is, and its root is what it is */
	bool is_host_root;   /* rootfs is the host's "/" */
	bool is_bare;        /* and no layer is over it: it is the host's, with all that is mounted there */
	bool is_cut_off;     /* later mounts of the host do not appear in the root */
	bool has_no_new_privileges;
	bool has_landlock;
	uint32_t sysctl_slot; /* of the procfs through which they are set */
	uint32_t null_slot;   /* with a user namespace: the host's null device, for masks; 0 for none */
	uint32_t *device_slots; /* and what its other devices are, 0 for what is made */
	const char *cwd;
	const char *path;      /* PATH of the program */
	struct lc_strings env; /* without duplicates, PATH and HOME added */
};

/* Out of memory while appending: remembered like the writer's own failures, the first one. */
static inline void lc_compile_no_memory(struct lc_compile *c)
{
	if (c->w->failed == 0)
		c->w->failed = -ENOMEM;
}

/* compile_options.c: read the mounts, appending nothing. */
int lc_compile_read_mounts(struct lc_compile *c, struct lc_error *err);

/* compile_mounts.c */
void lc_compile_root(struct lc_compile *c, uint32_t slot);
void lc_compile_sources(struct lc_compile *c);
int lc_compile_clear(struct lc_compile *c, struct lc_error *err);
void lc_compile_mounts(struct lc_compile *c);
/* The places of all mounts in a root that is in a slot: for who mounts them by name. */
void lc_compile_mount_points(struct lc_compile *c, uint32_t root);

/* compile_places.c */
/* The mount in which a clean path lies, when it is one of a new file system; NULL else. */
struct lc_compile_mount *lc_compile_mount_of(const struct lc_compile *c, const char *path);
/* The one before mount `index` in which that one is attached, likewise; those before it have theirs. */
struct lc_compile_mount *lc_compile_find_holder(const struct lc_compile *c, size_t index);
/* Where a path is, for what is done after the mounts. The mount has to be one that is kept. */
struct lc_compile_place lc_compile_place(struct lc_compile *c, const char *path);
/* Where a mount is attached. Its holder has to be one that is kept. */
struct lc_compile_place lc_compile_place_of_mount(
	struct lc_compile *c, const struct lc_compile_mount *mount);
/* The last mount at a path, NULL for none. */
const struct lc_compile_mount *lc_compile_mount_at(const struct lc_compile *c, const char *path);

/* proc and sysfs, which no link may lead to. */
static inline bool lc_compile_is_proc_or_sysfs(const struct lc_compile_mount *mount)
{
	return strcmp(mount->type, "proc") == 0 || strcmp(mount->type, "sysfs") == 0;
}

/* compile_layers.c: a root of layers, and a mount of them; both detached. */
void lc_compile_layered_root(struct lc_compile *c, uint32_t slot);
void lc_compile_overlay(struct lc_compile *c, const struct lc_compile_mount *mount, uint64_t attributes,
	uint32_t label);

/* compile_cgroups.c */
void lc_compile_cgroup_sources(struct lc_compile *c, struct lc_compile_mount *mount);
void lc_compile_cgroup_mount(struct lc_compile *c, const struct lc_compile_mount *mount);

/* compile_devices.c */
int lc_compile_read_devices(struct lc_compile *c, struct lc_error *err);
void lc_compile_device_sources(struct lc_compile *c);
void lc_compile_devices(struct lc_compile *c);
void lc_compile_links(struct lc_compile *c);
/* Is /dev made by us, and not somebody's finished one? */
bool lc_compile_is_dev_ours(const struct lc_compile *c);

/* compile_networks.c: the gate of the host, and what it does there. */
void lc_compile_networks(struct lc_compile *c);

/* compile_process.c */
int lc_compile_read_process(struct lc_compile *c, struct lc_error *err);
void lc_compile_rlimits(struct lc_compile *c);
void lc_compile_exec(struct lc_compile *c);
/* A terminal, and later, as the leader of a session, control by it. */
void lc_compile_terminal(struct lc_compile *c);
void lc_compile_control(struct lc_compile *c);

/* compile_attributes.c: of a further process the wished-for processors of its set-up; then what is passed on
 * by fork; and its policy, which is set by the host where a fork lies in between. */
void lc_compile_first_affinity(struct lc_compile *c);
void lc_compile_attributes(struct lc_compile *c);
void lc_compile_scheduler(struct lc_compile *c, bool by_host);

/* compile_landlock.c: the rules while all paths can be reached, and the domain when nothing is left to do. */
int lc_compile_landlock(struct lc_compile *c, struct lc_error *err);
void lc_compile_landlock_restrict(struct lc_compile *c);

/* compile_credentials.c */
void lc_compile_label(struct lc_compile *c);
void lc_compile_bounding(struct lc_compile *c);
void lc_compile_user(struct lc_compile *c);
void lc_compile_capabilities(struct lc_compile *c);
void lc_compile_seccomp(struct lc_compile *c);

#endif
