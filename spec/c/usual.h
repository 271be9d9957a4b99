/* SPDX-License-Identifier: MIT */
/* A configuration like that of bench/bundle.json, for the suites that change one thing in it. */
#ifndef LCT_SPEC_USUAL_H
#define LCT_SPEC_USUAL_H

#include "configs/configs.h"

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))
#define STRINGS(...)                                                                               \
	{                                                                                          \
		.items = (const char *[]){__VA_ARGS__},                                            \
		.count = COUNT(((const char *[]){__VA_ARGS__}))                                    \
	}
#define OBJECTS(type, ...)                                                                         \
	{                                                                                          \
		.items = (struct lc_config_##type[]){__VA_ARGS__},                                 \
		.count = COUNT(((struct lc_config_##type[]){__VA_ARGS__}))                         \
	}
#define SET(number) {.value = (number), .is_set = true}

/* At file scope, where compound literals live as long as the program. */
static struct lc_config_capabilities usual_capabilities = {.bounding = STRINGS("CHOWN", "KILL"),
	.effective = STRINGS("CHOWN"),
	.permitted = STRINGS("CHOWN", "CAP_KILL")};
static struct lc_config_mount usual_mounts[] = {
	{.destination = "/proc", .type = "proc", .source = "proc",
		.options = STRINGS("nosuid", "nodev", "noexec")},
	{.destination = "/dev", .type = "tmpfs", .source = "tmpfs",
		.options = STRINGS("nosuid", "mode=755", "size=65536k")},
	{.destination = "/dev/pts", .type = "devpts", .options = STRINGS("newinstance")},
	{.destination = "/sys", .type = "sysfs", .options = STRINGS("ro", "nosuid")},
	{.destination = "/data", .source = "/srv/data", .options = STRINGS("rbind", "ro")},
	{.destination = "/sys/fs/cgroup", .type = "cgroup", .options = STRINGS("ro")},
};
static struct lc_config_rlimit usual_rlimits[] = {
	{.type = "NOFILE", .soft = SET(1024), .hard = SET(-1)},
};
static struct lc_pair usual_sysctl[] = {
	{"net.ipv4.ip_forward", "1"},
	{"net/ipv4/conf/eth0.100/forwarding", "0"},
};
static const struct lc_config_config usual = {.rootfs = "/srv/root",
	.hostname = "web",
	.readonlyfs = true,
	.capabilities = &usual_capabilities,
	.mounts = {usual_mounts, COUNT(usual_mounts)},
	.rlimits = {usual_rlimits, COUNT(usual_rlimits)},
	.sysctl = {usual_sysctl, COUNT(usual_sysctl)},
	.mask_paths = STRINGS("/proc/kcore"),
	.readonly_paths = STRINGS("/proc/sys")};

static const struct lc_config_process usual_program = {.args = STRINGS("sh", "-c", "true"),
	.env = STRINGS("A=1", "PATH=/bin", "B=2", "A=3", "AB=4"),
	.cwd = "/work"};

static inline struct lc_config_config usual_config(void)
{
	return usual;
}

static inline struct lc_config_process usual_process(void)
{
	return usual_program;
}

#endif
