/* SPDX-License-Identifier: MIT */
/* What is worth knowing once per Lua state: cgroup mounts, the helper's descriptor, the boot id. */
#ifndef LCT_CONTAINER_HOST_H
#define LCT_CONTAINER_HOST_H

#include "base/error.h"
#include "cgroups/cgroups.h"
#include <stdint.h>
#include <sys/types.h>

struct lc_sibling;

struct lc_host {
	struct lc_cgroup_mounts mounts;
	char *installed;          /* path of the installed init program, or NULL */
	int helper_fd;            /* -1 until the first start */
	char boot_id[40];         /* /proc/sys/kernel/random/boot_id */
	unsigned last_capability; /* /proc/sys/kernel/cap_last_cap */
	struct lc_sibling *siblings; /* sibling.h: further processes, to be reaped */
	pid_t owner;              /* the process that made it: a forked child must not act */
};

/* Read what /proc tells. `installed` is copied. A zeroed host may be given to lc_host_done. */
int lc_host_init(struct lc_host *host, const char *installed, enum lc_cgroup_manager manager,
	struct lc_error *err);
void lc_host_done(struct lc_host *host);

/* The init program to execute, made at the first call; borrowed. */
int lc_host_helper(struct lc_host *host, struct lc_error *err);

#endif
