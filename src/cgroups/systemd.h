/* SPDX-License-Identifier: MIT */
/*
 * A systemd scope around a container's cgroup: what place.c and manager.c ask for (systemd.c), the names
 * (systemd_names.c), limits as properties (systemd_limits.c) and the bus (systemd_bus.c). Private to
 * src/cgroups/.
 *
 *	system.slice/libcontainer-….scope    systemd's: its files are written by systemd alone
 *	├── container                        ours: the cgroup drivers work below here
 *	└── keeper                           a process that keeps the scope alive (systemd.c)
 */
#ifndef LCT_CGROUPS_SYSTEMD_H
#define LCT_CGROUPS_SYSTEMD_H

#include "cgroups/driver.h"

#define LCT_SCOPE_CONTAINER "container"
#define LCT_SCOPE_KEEPER "keeper"
#define LCT_UNIT_NAME_MAX 255 /* systemd's */

/* --- names (systemd_names.c); pure --- */

/* "a-b.slice" is "a.slice/a-b.slice", "-.slice" is "". NULL when out of memory. */
char *lc_systemd_slice_path(const char *slice, struct lc_arena *arena);

/* --- properties of a unit --- */

struct lc_unit_property {
	const char *name;
	char type;               /* of D-Bus: one of "bynqiuxtdso" */
	bool is_array;           /* of values of that type, but of no "b" */
	uint64_t number;         /* a whole number less than 0: its two's complement */
	double real;             /* "d" */
	const char *text;        /* "s", "o" */
	const uint8_t *bytes;    /* an array of numbers, one behind the other */
	size_t size;
	const char *const *texts; /* an array of strings */
	size_t count;            /* how many */
};

/* Room for as many of our own as a configuration may ask for. */
#define LCT_UNIT_PROPERTIES_MAX (2 * LCT_UNIT_PROPERTIES_ASKED)

struct lc_unit_properties {
	struct lc_unit_property items[LCT_UNIT_PROPERTIES_MAX];
	size_t count;
};

/* Append what the limits are as properties; lists of bytes are in the arena (systemd_limits.c).
 * -ENOMEM when that is full. */
int lc_systemd_limits(const struct lc_cgroup *cg, const struct lc_resources *resources,
	struct lc_arena *arena, struct lc_unit_properties *out);

/*
 * A property of a unit from text, "uint64 5" (systemd_values.c). A name that ends in "Sec" is the one
 * that ends in "USec". What `out` points to is in the arena or in the arguments. -EINVAL, with what is
 * wrong in `out_problem`, also for one that is not to be chosen; -ENOMEM.
 */
int lc_systemd_property(const char *name, const char *text, struct lc_arena *arena,
	struct lc_unit_property *out, const char **out_problem);

/* --- the bus (systemd_bus.c) --- */

struct lc_bus;

/* Connect to the bus of the system or of the calling user; everything that is done with it has to
 * end within the time. It lives in the arena. A library that is not there is ELIBACC, with the name
 * of its package as subject. NULL is closed. */
int lc_bus_open(bool is_user, int timeout_ms, struct lc_arena *arena, struct lc_bus **out,
	struct lc_error *err);
void lc_bus_close(struct lc_bus *bus);

/* Text of the manager's property, at most size - 1 bytes. */
int lc_bus_manager_text(struct lc_bus *bus, const char *property, char *out, size_t size,
	struct lc_error *err);

/*
 * A unit's property: text, or a number ("t"), or an array of bytes, as `property` has its type.
 * -ENOENT when there is no such unit.
 */
int lc_bus_unit_text(struct lc_bus *bus, const char *unit, const char *property, char *out,
	size_t size, struct lc_error *err);
int lc_bus_unit_get(struct lc_bus *bus, const char *unit, struct lc_unit_property *property,
	struct lc_arena *arena, struct lc_error *err);

/* The calls that begin a job; lc_bus_await waits for its end. -EEXIST, -ENOENT for the unit. */
int lc_bus_start(struct lc_bus *bus, const char *unit, const struct lc_unit_properties *properties,
	struct lc_error *err);
int lc_bus_stop(struct lc_bus *bus, const char *unit, struct lc_error *err);
/* Success is a job that is done; any other end is ECANCELED with its name in the subject. */
int lc_bus_await(struct lc_bus *bus, const char *unit, struct lc_error *err);

/* SetUnitProperties, until the next boot at most: all of them or none. */
int lc_bus_set(struct lc_bus *bus, const char *unit, const struct lc_unit_properties *properties,
	struct lc_error *err);
/* ResetFailedUnit: a scope that has failed keeps its name until somebody does. */
int lc_bus_reset_failed(struct lc_bus *bus, const char *unit, struct lc_error *err);

/* --- what place.c and manager.c call (systemd.c) --- */

/* Is systemd to make the scopes, and can it? Fills has_systemd and what belongs to it. */
int lc_systemd_find(
	struct lc_cgroup_mounts *mounts, enum lc_cgroup_manager manager, struct lc_error *err);
/* Choose scope and place of the container's directories, making nothing. */
int lc_systemd_place(struct lc_cgroup *cg, const char *path, const char *fallback,
	char **out_place, struct lc_error *err);
/* Make the scope, with the keeper in it. A failure leaves none. */
int lc_systemd_start(
	struct lc_cgroup *cg, const struct lc_resources *resources, struct lc_error *err);
/* Give the scope the limits; what it had before is kept in `change`. */
int lc_systemd_set(struct lc_cgroup *cg, const struct lc_resources *resources,
	struct lc_cgroup_change *change, struct lc_error *err);
int lc_systemd_put_back(
	struct lc_cgroup *cg, const struct lc_cgroup_change *change, struct lc_error *err);
/* End what is left in the scope, and the scope. One that is not there is success. */
int lc_systemd_stop(struct lc_cgroup *cg, int timeout_ms, struct lc_error *err);

#endif
