/* SPDX-License-Identifier: MIT */
#include "network/bridge.h"

#include "network/link.h"
#include "network/route.h"

#include <string.h>

static int furnish(struct lc_netlink *nl, int index, const struct lc_address *addresses, size_t count)
{
	int r = 0;

	for (size_t i = 0; r >= 0 && i < count; i++)
		r = lc_address_add(nl, index, &addresses[i]);
	return r < 0 ? r : lc_link_set_up(nl, index, true);
}

int lc_bridge_add(const char *name, const struct lc_address *addresses, size_t count,
	struct lc_error *err)
{
	struct lc_netlink nl;
	struct lc_link made;
	int r = lc_netlink_open(&nl, err);

	if (r < 0)
		return r;
	r = lc_link_make_bridge(&nl, name);
	if (r >= 0) {
		r = lc_link_find(&nl, name, &made);
		if (r >= 0)
			r = furnish(&nl, made.index, addresses, count);
		if (r < 0 && made.index > 0)
			(void) lc_link_remove(&nl, made.index);
	}
	lc_netlink_close(&nl);
	return r < 0 ? lc_fail(err, LCT_STEP_NETWORK, r, name) : 0;
}

int lc_bridge_remove(const char *name, struct lc_error *err)
{
	struct lc_netlink nl;
	struct lc_link found;
	int r = lc_netlink_open(&nl, err);

	if (r < 0)
		return r;
	r = lc_link_find(&nl, name, &found);
	if (r >= 0)
		r = strcmp(found.kind, "bridge") == 0 ? lc_link_remove(&nl, found.index) : -ENOTSUP;
	lc_netlink_close(&nl);
	return r < 0 ? lc_fail(err, LCT_STEP_NETWORK, r, name) : 0;
}
