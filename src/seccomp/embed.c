/* SPDX-License-Identifier: MIT */
/*
 * A tool of the build, never installed: compiles the default profile, which embed.lua has turned
 * into C, and prints the bytes as the inside of a C array, for default.c.
 */
#include "base/cleanup.h"
#include "seccomp/seccomp.h"
#include "seccomp_profile.inc"
#include <seccomp.h>
#include <stdio.h>

/* What libseccomp may take for granted: this level came with Linux 5.7. Else it asks the kernel of the
 * machine that builds, which may be an emulator or a sandbox and know nothing of filters. */
#define KERNEL_LEVEL 5

int main(void)
{
	LCT_CLEANUP(arena) struct lc_arena arena = LCT_ARENA_INIT;
	struct lc_error err = {0};
	const void *bytes = NULL;
	size_t size = 0;

	(void) seccomp_api_set(KERNEL_LEVEL);
	if (lc_seccomp_compile(&default_profile, &arena, &bytes, &size, &err) < 0) {
		(void) fprintf(stderr, "default seccomp profile: %s (errno %d)\n", err.subject,
			(int) err.errnum);
		return 1;
	}
	for (size_t i = 0; i < size; i++) {
		(void) printf(
			"%u,%s", ((const unsigned char *) bytes)[i], i % 24 == 23 ? "\n" : "");
	}
	(void) printf("\n");
	return fflush(stdout) == 0 && ferror(stdout) == 0 ? 0 : 1;
}
