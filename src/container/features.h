/* SPDX-License-Identifier: MIT */
/* What this kernel has of what is not everywhere. Looked at when asked for, nothing is kept. */
#ifndef LCT_CONTAINER_FEATURES_H
#define LCT_CONTAINER_FEATURES_H

#include <stdbool.h>

/* The ABI of Landlock, 0 where there is none or it is not switched on. */
int lc_features_landlock(void);
/* May filters ask somebody outside? */
bool lc_features_notify(void);
/* Is AppArmor active? SELinux? */
bool lc_features_apparmor(void);
bool lc_features_selinux(void);
/* Is there a file system resctrl? */
bool lc_features_resctrl(void);

#endif
