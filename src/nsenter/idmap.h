/* SPDX-License-Identifier: MIT */
/*
 * The id maps of a new user namespace, written from outside while its first process waits. Who has
 * CAP_SETUID and CAP_SETGID writes any; an ordinary user one id, his own, and for more there are the
 * set-user-id programs newuidmap and newgidmap, which ask /etc/subuid and /etc/subgid.
 *
 * Maps are given as the kernel reads them, "0 100000 65536\n…": first id inside, outside, how many.
 */
#ifndef LCT_NSENTER_IDMAP_H
#define LCT_NSENTER_IDMAP_H

#include "base/error.h"
#include <stdbool.h>
#include <sys/types.h>

/* May this process write any map, and do what else takes root? */
bool lc_idmap_is_privileged(void);

/*
 * Will groups be as they are for ever? The kernel wants that of who maps his own group alone without
 * privilege, since dropping a group may be a way past a file that is closed to that group. [A08]
 */
bool lc_idmap_denies_groups(const char *gids);

/*
 * Write both maps of the process behind `pidfd`, whose number is `pid`. EPERM, ENOENT (no newuidmap),
 * ETIMEDOUT; the subject is the file, or what the program said.
 */
int lc_idmap_write(pid_t pid, int pidfd, const char *uids, const char *gids, struct lc_error *err);

#endif
