/* SPDX-License-Identifier: MIT */
/*
 * The default profile as the bytes that the kernel wants. They are made while the library is built,
 * from lua/libcontainer/configs/seccomp.lua: embed.lua turns that into C, embed.c compiles it.
 */
#include "seccomp/seccomp.h"

static const _Alignas(8) unsigned char filter[] = {
#include "seccomp_default.inc"
};

const void *lc_seccomp_default(size_t *out_size)
{
	*out_size = sizeof(filter);
	return filter;
}
