/* SPDX-License-Identifier: MIT */
/*
 * A process of ours that goes ahead into the user and mount namespaces which a container is to join, and waits
 * there: from outside nobody can tell which ids are mapped in the one, and which files the other has.
 */
#ifndef LCT_CONTAINER_SCOUT_H
#define LCT_CONTAINER_SCOUT_H

#include "base/arena.h"
#include "configs/configs.h"
#include "container/host.h"
#include "container/session.h"

struct lc_plan_writer;

struct lc_scout {
	struct lc_session session;
	const struct lc_config_config *config; /* with the mappings of the user namespace that is joined */
	const char *root;                      /* of the container, as the host reaches its files */
	bool has_fixed_groups;                 /* lc_ids_has_fixed_groups */
	char place[32];
};

/*
 * What is to be known of the namespaces of a configuration. Nobody goes anywhere where none of those two is
 * joined. What comes out is good until lc_scout_recall, the configuration as long as the arena. The plan of the
 * scout is left in `writer`: so an error that has an operation has its field.
 */
int lc_scout_send(struct lc_scout *scout, struct lc_host *host, const struct lc_config_config *config,
	struct lc_arena *arena, struct lc_plan_writer *writer, struct lc_error *err);
void lc_scout_recall(struct lc_scout *scout);

#endif
