/* SPDX-License-Identifier: MIT */
/*
 * libmnl, which makes and reads netlink messages. It is loaded when it is needed: we build and run
 * where it is absent, and nobody who makes no networks has it in his process. Its sockets are not used:
 * ours have deadlines, and their calls can be made to fail.
 */
#ifndef LCT_NETWORK_MNL_H
#define LCT_NETWORK_MNL_H

#include "base/error.h"
#include <linux/netlink.h>
#include <stdbool.h>

/* Its header is not needed, these are its public types. */
typedef int (*lc_mnl_visit)(const struct nlattr *attribute, void *context);

#define LCT_MNL_CALLS(CALL)                                                                        \
	CALL(struct nlmsghdr *, nlmsg_put_header, void *)                                          \
	CALL(void *, nlmsg_put_extra_header, struct nlmsghdr *, size_t)                            \
	CALL(bool, nlmsg_ok, const struct nlmsghdr *, int)                                         \
	CALL(struct nlmsghdr *, nlmsg_next, const struct nlmsghdr *, int *)                        \
	CALL(void *, nlmsg_get_payload, const struct nlmsghdr *)                                   \
	CALL(size_t, nlmsg_get_payload_len, const struct nlmsghdr *)                               \
	CALL(bool, attr_put_check, struct nlmsghdr *, size_t, uint16_t, size_t, const void *)      \
	CALL(struct nlattr *, attr_nest_start_check, struct nlmsghdr *, size_t, uint16_t)          \
	CALL(void, attr_nest_end, struct nlmsghdr *, struct nlattr *)                              \
	CALL(int, attr_parse, const struct nlmsghdr *, unsigned, lc_mnl_visit, void *)             \
	CALL(int, attr_parse_nested, const struct nlattr *, lc_mnl_visit, void *)                  \
	CALL(uint16_t, attr_get_type, const struct nlattr *)                                       \
	CALL(uint16_t, attr_get_payload_len, const struct nlattr *)                                \
	CALL(void *, attr_get_payload, const struct nlattr *)

struct lc_mnl {
#define LCT_MNL_MEMBER(result, name, ...) result (*name)(__VA_ARGS__);
	LCT_MNL_CALLS(LCT_MNL_MEMBER)
#undef LCT_MNL_MEMBER
};

/* A library that is not there is ELIBACC, with the name of its package as subject. */
int lc_mnl_load(struct lc_mnl *out, struct lc_error *err);

#endif
