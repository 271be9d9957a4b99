/* SPDX-License-Identifier: MIT */
#include "container/root.h"

#include "base/fd.h"
#include "base/file.h"
#include "configs/mappings.h"
#include "sys/sys.h"

#include <stdio.h>

/* A line of the kernel's is three numbers of ten places. */
#define LCT_MAP_ROOM (LCT_FILE_RANGES * 33 + 1)

static int read_map(pid_t pid, const char *kind, struct lc_file_map *out, struct lc_error *err)
{
	char path[40], text[LCT_MAP_ROOM];
	long r;

	(void) snprintf(path, sizeof(path), "/proc/%d/%s_map", (int) pid, kind);
	r = lc_file_read(AT_FDCWD, path, text, sizeof(text), LCT_STEP_FILE, err);
	if (r < 0)
		return (int) r;
	r = lc_file_map_parse(text, out);
	return r < 0 ? lc_fail(err, LCT_STEP_FILE, r, path) : 0;
}

static int open_root(const char *path, struct lc_files *out, struct lc_error *err)
{
	out->resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS;
	out->root = lc_fd_above_stdio((int) lc_sys_openat(AT_FDCWD, path, O_PATH | O_DIRECTORY | O_CLOEXEC, 0));
	return out->root < 0 ? lc_fail(err, LCT_STEP_FILE, out->root, path) : 0;
}

int lc_root_open(const struct lc_container *container, struct lc_files *out, struct lc_error *err)
{
	const struct lc_process *init = &container->init;
	char path[40];
	int r;

	out->root = -1;
	if (init->pidfd < 0)
		return lc_fail(err, LCT_STEP_PROCESS, ESRCH, "");
	(void) snprintf(path, sizeof(path), "/proc/%d/root", (int) init->pid);
	r = open_root(path, out, err);
	if (r >= 0)
		r = read_map(init->pid, "uid", &out->uids, err);
	if (r >= 0)
		r = read_map(init->pid, "gid", &out->gids, err);
	/* The number was its own all the while, if it lives now. */
	if (lc_process_await(init, 0, NULL) != -ETIMEDOUT)
		r = lc_fail(err, LCT_STEP_PROCESS, ESRCH, "");
	if (r < 0)
		lc_fd_close(&out->root);
	return r;
}

static int write_map(const struct lc_objects *mappings, struct lc_file_map *out, struct lc_error *err)
{
	char text[LCT_MAPPINGS_TEXT];

	if (mappings->count == 0)
		return 0;
	if (lc_mappings_text(mappings, text) < 0 || lc_file_map_parse(text, out) < 0)
		return lc_fail(err, LCT_STEP_CONFIG, E2BIG, "uid_mappings");
	return 0;
}

int lc_root_open_directory(const char *path, const struct lc_config_config *config, struct lc_files *out,
	struct lc_error *err)
{
	int r = write_map(&config->uid_mappings, &out->uids, err);

	out->root = -1;
	if (r >= 0)
		r = write_map(&config->gid_mappings, &out->gids, err);
	return r < 0 ? r : open_root(path, out, err);
}
