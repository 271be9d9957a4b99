/* SPDX-License-Identifier: MIT */
/*
 * Limits. First of all: what becomes a part of a file's name, or a line in one, leads nowhere else.
 * [A88]
 */
#include "configs/validate_parts.h"
#include <limits.h>
#include <string.h>

#define DIGITS "0123456789"
#define FILE_NAME "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ" DIGITS "_."
#define VALUE_MAX 4000

/* Components of a cgroup's path are names below somebody's mount: none empty, ".", "..". */
static bool is_cgroup_path(const char *path)
{
	if (*path == '/')
		path++;
	while (true) {
		size_t length = strcspn(path, "/");

		if (length == 0 || length > NAME_MAX || (length <= 2 && strspn(path, ".") == length))
			return false;
		if (memchr(path, '\n', length) != NULL)
			return false;
		if (path[length] == '\0')
			return true;
		path += length + 1;
	}
}

/* "2MB" */
static bool is_page_size(const char *text)
{
	size_t digits = strspn(text, DIGITS);

	return digits > 0 && text[digits] != '\0' && strchr("KMG", text[digits]) != NULL &&
	       strcmp(text + digits + 1, "B") == 0;
}

static bool is_word(const char *text)
{
	return strpbrk(text, "/ \t\n\r\v\f") == NULL && strstr(text, "..") == NULL &&
	       strcmp(text, ".") != 0;
}

static int check_names(const struct lc_config_cgroups *cgroups, struct lc_error *err)
{
	const struct lc_config_hugetlb_limit *pages = cgroups->hugetlb_limit.items;
	const struct lc_config_net_priority *nets = cgroups->net_prio_ifpriomap.items;
	const struct lc_config_rdma_limit *rdma = cgroups->rdma.items;

	for (size_t i = 0; i < cgroups->hugetlb_limit.count; i++)
		if (!is_page_size(pages[i].page_size))
			return lc_refuse(err, EINVAL, "cgroups.hugetlb_limit[%zu].page_size", i + 1);
	for (size_t i = 0; i < cgroups->net_prio_ifpriomap.count; i++)
		if (!is_word(nets[i].interface))
			return lc_refuse(
				err, EINVAL, "cgroups.net_prio_ifpriomap[%zu].interface", i + 1);
	for (size_t i = 0; i < cgroups->rdma.count; i++)
		if (!is_word(rdma[i].device))
			return lc_refuse(err, EINVAL, "cgroups.rdma[%zu].device", i + 1);
	return 0;
}

/* Files of the core that we write ourselves: through them a process or a freezer could be had. */
static bool is_ours(const char *name)
{
	static const char *const ours[] = {"cgroup.procs", "cgroup.threads", "cgroup.kill",
		"cgroup.freeze", "cgroup.type", "cgroup.subtree_control"};

	for (size_t i = 0; i < sizeof(ours) / sizeof(ours[0]); i++)
		if (strcmp(name, ours[i]) == 0)
			return true;
	return false;
}

static int check_unified(const struct lc_pairs *unified, struct lc_error *err)
{
	for (size_t i = 0; i < unified->count; i++) {
		const char *name = unified->items[i].key, *value = unified->items[i].value;
		const char *dot = strchr(name, '.');

		if (name[strspn(name, FILE_NAME)] != '\0' || strlen(name) > 100 || dot == NULL ||
			dot == name || dot[1] == '\0' || strstr(name, "..") != NULL ||
			is_ours(name))
			return lc_refuse(err, EINVAL, "cgroups.unified.%.100s", name);
		if (*value == '\0' || strlen(value) > VALUE_MAX || strchr(value, '\n') != NULL)
			return lc_refuse(
				err, EINVAL, "cgroups.unified.%.100s: must be one line", name);
	}
	return 0;
}

static int check_devices(const struct lc_objects *list, struct lc_error *err)
{
	const struct lc_config_device_rule *rules = list->items;

	for (size_t i = 0; i < list->count; i++) {
		const char *type = rules[i].type != NULL ? rules[i].type : "a";
		bool has_number = (rules[i].major.is_set && rules[i].major.value >= 0) ||
				  (rules[i].minor.is_set && rules[i].minor.value >= 0);

		if (rules[i].access != NULL &&
			rules[i].access[strspn(rules[i].access, "rwm")] != '\0')
			return lc_refuse(err, EINVAL, "cgroups.devices[%zu].access", i + 1);
		if (*type == 'a' && has_number)
			return lc_refuse(err, EINVAL,
				"cgroups.devices[%zu]: needs a type beside its numbers", i + 1);
	}
	return 0;
}

static int check_cpu(const struct lc_config_cgroups *cgroups, struct lc_error *err)
{
	if (cgroups->cpus.is_set && cgroups->cpu_quota.is_set)
		return lc_refuse(err, EINVAL, "cgroups.cpus: says what cpu_quota says");
	if (cgroups->cpu_weight.is_set && cgroups->cpu_shares.is_set)
		return lc_refuse(err, EINVAL, "cgroups.cpu_weight: says what cpu_shares says");
	/* The kernel's smallest quota is a millisecond in a period, whose largest is a second. */
	if (cgroups->cpus.is_set && cgroups->cpus.value < 0.001)
		return lc_refuse(err, EINVAL, "cgroups.cpus: out of range");
	if (cgroups->cpu_quota.is_set && cgroups->cpu_quota.value >= 0 &&
		cgroups->cpu_quota.value < 1000)
		return lc_refuse(err, EINVAL, "cgroups.cpu_quota: out of range");
	return 0;
}

int lc_validate_cgroups(const struct lc_config_cgroups *cgroups, struct lc_error *err)
{
	int r;

	if (cgroups == NULL)
		return 0;
	if (cgroups->path != NULL && !is_cgroup_path(cgroups->path))
		return lc_refuse(err, EINVAL, "cgroups.path");
	if (cgroups->memory_swap.is_set && cgroups->memory_swap.value >= 0 &&
		cgroups->memory.is_set && cgroups->memory_swap.value < cgroups->memory.value)
		return lc_refuse(err, EINVAL, "cgroups.memory_swap: less than memory");
	r = check_cpu(cgroups, err);
	if (r == 0)
		r = check_names(cgroups, err);
	if (r == 0)
		r = check_unified(&cgroups->unified, err);
	return r < 0 ? r : check_devices(&cgroups->devices, err);
}
