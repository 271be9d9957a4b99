/* SPDX-License-Identifier: MIT */
/* The init program as something executable: a sealed memfd of the embedded bytes, or, where the
 * system forbids executing those (vm.memfd_noexec=2, some LSM policies), the installed file. */
#ifndef LCT_NSENTER_HELPER_H
#define LCT_NSENTER_HELPER_H

#include "base/error.h"

/*
 * A descriptor to execute, owned by the caller. `installed` is the path of the installed file, NULL
 * for none. When neither way works the subject names the sysctl.
 */
int lc_helper_open(const char *installed, struct lc_error *err);

#endif
