/* SPDX-License-Identifier: MIT */
/*
 * What stands in the plan for the host (src/container/network.c), which has done it when its gate
 * opens. It is there so that explain shows it, and so that an error knows the field behind it.
 */
#include "init/init.h"

#define HOST_PART(name)                                                                            \
	int lc_init_##name(                                                                        \
		struct lc_init *init, const struct lc_op_##name *op, struct lc_error *err)         \
	{                                                                                          \
		(void) init;                                                                       \
		(void) op;                                                                         \
		(void) err;                                                                        \
		return 0;                                                                          \
	}

HOST_PART(host_pair)
HOST_PART(host_adopt)
HOST_PART(host_rename)
HOST_PART(host_device)
HOST_PART(host_mac)
HOST_PART(host_mtu)
HOST_PART(host_queue)
HOST_PART(host_bridge)
HOST_PART(host_address)
HOST_PART(host_up)
HOST_PART(host_route)
