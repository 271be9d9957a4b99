/* SPDX-License-Identifier: MIT */
#include "container/features.h"

#include "base/file.h"
#include "sys/sys.h"

#include <linux/seccomp.h>
#include <string.h>

#define LANDLOCK_VERSION 1u

int lc_features_landlock(void)
{
	long abi = lc_sys_landlock_create_ruleset(NULL, 0, LANDLOCK_VERSION);

	return abi > 0 ? (int) abi : 0;
}

bool lc_features_notify(void)
{
	uint32_t action = SECCOMP_RET_USER_NOTIF;

	return lc_sys_seccomp(SECCOMP_GET_ACTION_AVAIL, 0, &action) == 0;
}

static bool begins_with_yes(const char *path)
{
	char text[16];

	return lc_file_read(AT_FDCWD, path, text, sizeof(text), LCT_STEP_HOST, NULL) > 0 && text[0] == 'Y';
}

bool lc_features_apparmor(void)
{
	char text[512];

	/* The second one where /sys is not mounted: it is there, and cannot be read, when it is inactive. */
	return begins_with_yes("/sys/module/apparmor/parameters/enabled") ||
	       lc_file_read(AT_FDCWD, "/proc/self/attr/apparmor/current", text, sizeof(text),
		       LCT_STEP_HOST, NULL) > 0;
}

static bool has_file_system(const char *line)
{
	char text[8192];

	return lc_file_read(AT_FDCWD, "/proc/filesystems", text, sizeof(text), LCT_STEP_HOST, NULL) > 0 &&
	       strstr(text, line) != NULL;
}

bool lc_features_selinux(void)
{
	return has_file_system("\tselinuxfs\n");
}

bool lc_features_resctrl(void)
{
	return has_file_system("\tresctrl\n");
}
