/* SPDX-License-Identifier: MIT */
/*
 * What the files of validation share. A subject is the path of a field, "mounts[3].destination",
 * with indices from 1; where the field alone does not say why, ": " and the reason follow it.
 */
#ifndef LCT_CONFIGS_VALIDATE_PARTS_H
#define LCT_CONFIGS_VALIDATE_PARTS_H

#include <linux/sched.h>
#include "base/error.h"
#include "configs/configs.h"

/* Fail with a formatted subject; the answer is -errnum. */
int lc_refuse(struct lc_error *err, int errnum, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* Everything that schema.def says of the struct at `base`: presence, ranges, lengths, words. The
 * subjects begin with `prefix` ("" or "process."). */
int lc_validate_fields(const struct lc_section *section, const void *base, const char *prefix,
	struct lc_error *err);

/* validate_mounts.c: mounts, devices, mask_paths and readonly_paths. */
int lc_validate_mounts(const struct lc_config_config *config, struct lc_error *err);

/* validate_layers.c: the layers of the root, and of mount `number`, which is an overlay. */
int lc_validate_layers(const struct lc_config_config *config, uint64_t namespaces, struct lc_error *err);
int lc_validate_mount_layers(const struct lc_config_mount *mount, size_t number, struct lc_error *err);

/* validate_networks.c: networks and routes */
int lc_validate_networks(
	const struct lc_config_config *config, uint64_t namespaces, struct lc_error *err);

/* validate_mappings.c: one list of mappings, whoever's it is. */
int lc_validate_ranges(const struct lc_objects *list, const char *field, struct lc_error *err);

/* validate_sysctl.c */
int lc_validate_sysctl(const struct lc_config_config *config, uint64_t namespaces,
	struct lc_error *err);

/* validate_cgroups.c; `cgroups` may be NULL */
int lc_validate_cgroups(const struct lc_config_cgroups *cgroups, struct lc_error *err);

/* validate_attributes.c: how programs are scheduled, and where their memory is. */
int lc_validate_process_attributes(const struct lc_config_process *process, struct lc_error *err);
int lc_validate_memory_policy(const struct lc_config_memory_policy *policy, struct lc_error *err);

/* validate_mappings.c */
int lc_validate_mappings(const struct lc_config_config *config, bool has_namespace,
	struct lc_error *err);

/* The namespaces of a container that lists none, and those that this version makes. */
#define LCT_NAMESPACES                                                                             \
	(CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWNET | CLONE_NEWCGROUP)
#define LCT_NAMESPACES_KNOWN (LCT_NAMESPACES | CLONE_NEWUSER | CLONE_NEWTIME)

/* namespaces.c: those of a configuration as CLONE_NEW* flags; LCT_NAMESPACES when none is listed. */
uint64_t lc_config_namespaces(const struct lc_config_config *config);
/* Those of them that are joined, and not made. */
uint64_t lc_config_joined(const struct lc_config_config *config);

#endif
