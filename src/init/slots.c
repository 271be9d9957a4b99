/* SPDX-License-Identifier: MIT */
/*
 * Descriptors that a plan names by number: detached mounts, until they are attached. Kept one higher than
 * they are: then memory that was never touched is empty slots, and most of the thousands never are.
 */
#include "init/init.h"

int lc_slot_get(const struct lc_init *init, uint32_t slot)
{
	return slot < LCT_PLAN_SLOTS_MAX && init->slots[slot] > 0 ? init->slots[slot] - 1 : -EBADF;
}

int lc_slot_put(struct lc_init *init, uint32_t slot, int fd, uint32_t name)
{
	if (slot >= LCT_PLAN_SLOTS_MAX) {
		if (fd >= 0)
			(void) lc_sys_close(fd);
		return -EBADMSG;
	}
	if (init->slots[slot] > 0)
		(void) lc_sys_close(init->slots[slot] - 1);
	init->slots[slot] = fd + 1;
	init->slot_names[slot] = name;
	return 0;
}

uint32_t lc_slot_pool_name(const struct lc_init *init, uint32_t slot)
{
	return slot < LCT_PLAN_SLOTS_MAX ? init->slot_names[slot] : 0;
}

const char *lc_slot_name(const struct lc_init *init, uint32_t slot)
{
	return lc_plan_string(&init->plan, lc_slot_pool_name(init, slot));
}
