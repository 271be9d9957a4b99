/* SPDX-License-Identifier: MIT */
/* struct lc_host: filled when a factory is made, before anything is created. */
#include "container/host.h"

#include "base/fd.h"
#include "base/file.h"
#include "base/parse.h"
#include "container/sibling.h"
#include "nsenter/helper.h"
#include "sys/sys.h"

#include <stdlib.h>
#include <string.h>

int lc_host_init(struct lc_host *host, const char *installed, enum lc_cgroup_manager manager,
	struct lc_error *err)
{
	char text[64];
	uint64_t last;
	long r;

	memset(host, 0, sizeof(*host));
	host->helper_fd = -1;
	host->owner = (pid_t) lc_sys_getpid();
	if (installed != NULL) {
		host->installed = strdup(installed);
		if (host->installed == NULL)
			return lc_fail(err, LCT_STEP_MEMORY, ENOMEM, "");
	}
	r = lc_file_read(AT_FDCWD, "/proc/sys/kernel/random/boot_id", host->boot_id,
		sizeof(host->boot_id), LCT_STEP_HOST, err);
	if (r < 0)
		return (int) r;
	host->boot_id[strcspn(host->boot_id, "\n")] = '\0';
	r = lc_file_read(AT_FDCWD, "/proc/sys/kernel/cap_last_cap", text, sizeof(text),
		LCT_STEP_HOST, err);
	if (r < 0)
		return (int) r;
	if (lc_parse_u64(text, &last) < 0 || last > 63)
		return lc_fail(err, LCT_STEP_HOST, EPROTO, "/proc/sys/kernel/cap_last_cap");
	host->last_capability = (unsigned) last;
	return lc_cgroup_mounts_read(&host->mounts, manager, err);
}

void lc_host_done(struct lc_host *host)
{
	if (host->owner == 0)
		return;
	lc_sibling_forget(host);
	lc_fd_close(&host->helper_fd);
	lc_cgroup_mounts_done(&host->mounts);
	free(host->installed);
	memset(host, 0, sizeof(*host));
}

int lc_host_helper(struct lc_host *host, struct lc_error *err)
{
	if (host->helper_fd < 0) {
		int fd = lc_helper_open(host->installed, err);

		if (fd < 0)
			return fd;
		host->helper_fd = fd;
	}
	return host->helper_fd;
}
