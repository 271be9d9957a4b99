/* SPDX-License-Identifier: MIT */
/*
 * Kernel settings: only those that belong to a namespace which the container has of its own, with
 * names and values that can be nothing but one name and one value (CVE-2022-0811). The list is one
 * of what is allowed; what the kernel adds later is refused until somebody has looked at it.
 */
#include "configs/validate_parts.h"
#include <linux/sched.h>
#include <string.h>

#define LETTERS "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
#define NAME_CHARACTERS LETTERS "0123456789_./-"
#define VALUE_CHARACTERS LETTERS "0123456789_./-:, \t"
#define KEY_MAX 255

/* A name that ends with "/" stands for everything below. */
static const struct {
	const char *name;
	uint64_t namespace;
	const char *word;
} allowed[] = {
	{"kernel/msgmax", CLONE_NEWIPC, "ipc"},
	{"kernel/msgmnb", CLONE_NEWIPC, "ipc"},
	{"kernel/msgmni", CLONE_NEWIPC, "ipc"},
	{"kernel/sem", CLONE_NEWIPC, "ipc"},
	{"kernel/shmall", CLONE_NEWIPC, "ipc"},
	{"kernel/shmmax", CLONE_NEWIPC, "ipc"},
	{"kernel/shmmni", CLONE_NEWIPC, "ipc"},
	{"kernel/shm_rmid_forced", CLONE_NEWIPC, "ipc"},
	{"fs/mqueue/", CLONE_NEWIPC, "ipc"},
	{"kernel/domainname", CLONE_NEWUTS, "uts"},
	{"net/", CLONE_NEWNET, "network"},
	{"user/", CLONE_NEWUSER, "user"},
};

/* A key that has a slash is a path already: an interface may be called eth0.100. */
static void path_of_key(const char *key, char *out)
{
	bool is_path = strchr(key, '/') != NULL;

	for (; *key != '\0'; key++)
		*out++ = *key == '.' && !is_path ? '/' : *key;
	*out = '\0';
}

static bool is_plain_path(const char *path)
{
	while (true) {
		size_t length = strcspn(path, "/");

		if (length == 0 || strspn(path, ".") >= length)
			return false;
		if (path[length] == '\0')
			return true;
		path += length + 1;
	}
}

static bool is_plain_value(const char *value)
{
	return value[0] != '\0' && strspn(value, VALUE_CHARACTERS) == strlen(value) &&
	       strstr(value, "../") == NULL && strstr(value, "//") == NULL;
}

static int check_key(const char *key, uint64_t namespaces, struct lc_error *err)
{
	char path[KEY_MAX + 1];

	if (strlen(key) > KEY_MAX)
		return lc_refuse(err, EINVAL, "sysctl[\"%.100s…\"]: too long", key);
	path_of_key(key, path);
	if (strspn(key, NAME_CHARACTERS) != strlen(key) || !is_plain_path(path))
		return lc_refuse(err, EINVAL, "sysctl[\"%s\"]: not the name of a setting", key);
	if (strcmp(path, "kernel/hostname") == 0)
		return lc_refuse(err, EINVAL, "sysctl[\"%s\"]: use the field hostname", key);
	for (size_t i = 0; i < sizeof(allowed) / sizeof(allowed[0]); i++) {
		const char *name = allowed[i].name;
		size_t length = strlen(name);
		bool is_match = name[length - 1] == '/' ? strncmp(path, name, length) == 0
							: strcmp(path, name) == 0;

		if (!is_match)
			continue;
		if ((namespaces & allowed[i].namespace) != 0)
			return 0;
		return lc_refuse(err, EINVAL, "sysctl[\"%s\"]: needs the %s namespace", key,
			allowed[i].word);
	}
	return lc_refuse(
		err, EINVAL, "sysctl[\"%s\"]: belongs to no namespace of the container", key);
}

int lc_validate_sysctl(const struct lc_config_config *config, uint64_t namespaces,
	struct lc_error *err)
{
	for (size_t i = 0; i < config->sysctl.count; i++) {
		const struct lc_pair *pair = &config->sysctl.items[i];
		int r = check_key(pair->key, namespaces, err);

		if (r < 0)
			return r;
		if (!is_plain_value(pair->value))
			return lc_refuse(err, EINVAL, "sysctl[\"%s\"]: value", pair->key);
	}
	return 0;
}
