/* SPDX-License-Identifier: MIT */
/* A directory of plain files in the place of a mount with one cgroup "c", for the suites of what is read from
 * cgroups and written to them, as different kernels have it. */
#ifndef LCT_SPEC_FAKE_CGROUP_H
#define LCT_SPEC_FAKE_CGROUP_H

#include "base/file.h"
#include "cgroups/driver.h"
#include "sys/sys.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct kernel_file {
	const char *name, *text;
};

struct fake_cgroup {
	char mount_point[32], names[64], root[2], path[2];
	struct lc_cgroup_mounts mounts;
	struct lc_cgroup cg;
};

static inline void fake_cgroup_put(struct fake_cgroup *fake, const struct kernel_file *file)
{
	int fd = openat(fake->cg.dirs[0].fd, file->name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	if (fd < 0 || write(fd, file->text, strlen(file->text)) < 0)
		abort();
	(void) close(fd);
}

static inline void fake_cgroup_make(struct fake_cgroup *fake, const char *controllers, bool is_unified,
	const struct kernel_file *files, size_t count)
{
	*fake = (struct fake_cgroup){.mount_point = "/tmp/lct-spec-XXXXXX", .root = "/", .path = "c"};
	strcpy(fake->names, controllers);
	if (mkdtemp(fake->mount_point) == NULL)
		abort();
	fake->mounts = (struct lc_cgroup_mounts){
		.items = {{fake->names, fake->names, fake->mount_point, fake->root,
			open(fake->mount_point, O_PATH | O_DIRECTORY | O_CLOEXEC), is_unified}},
		.count = 1,
		.driver = is_unified ? &lc_cgroup_v2_ops : &lc_cgroup_v1_ops,
		.page_sizes = "2MB 1GB",
	};
	fake->cg = (struct lc_cgroup){.mounts = &fake->mounts,
		.ops = fake->mounts.driver,
		.dirs = {{.path = fake->path, .fd = -1}},
		.count = 1,
		.leaf_fd = -1};
	if (mkdirat(fake->mounts.items[0].mount_fd, "c", 0700) < 0)
		abort();
	if (lc_cgroup_open(&fake->cg, NULL) < 0)
		abort();
	fake_cgroup_put(fake, &(struct kernel_file){"cgroup.procs", ""});
	for (size_t i = 0; i < count; i++)
		fake_cgroup_put(fake, &files[i]);
}

static inline void fake_cgroup_remove(struct fake_cgroup *fake)
{
	(void) lc_dir_remove(fake->mounts.items[0].mount_fd, "c", LCT_STEP_CGROUP, NULL);
	(void) rmdir(fake->mount_point);
	(void) close(fake->mounts.items[0].mount_fd);
	lc_cgroup_rest(&fake->cg);
}

#endif
