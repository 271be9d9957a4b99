/* SPDX-License-Identifier: MIT */
/* TAP in a few lines. A suite is a function that gets the counts; a claim is one line of output and
 * reads as a sentence about behaviour. Suites may use libc freely. */
#ifndef LCT_SPEC_TEST_H
#define LCT_SPEC_TEST_H

#include <stdbool.h>
#include <stdio.h>

struct test {
	int count, failed;
};

static inline bool test_claim(
	struct test *t, bool holds, const char *claim, const char *file, int line)
{
	printf("%sok %d - %s\n", holds ? "" : "not ", ++t->count, claim);
	if (!holds) {
		printf("# %s:%d\n", file, line);
		t->failed++;
	}
	return holds;
}

#define OK(condition, claim) test_claim(t, (condition), (claim), __FILE__, __LINE__)
#define SKIP(claim, reason) printf("ok %d - %s # SKIP %s\n", ++t->count, (claim), (reason))

#define LCT_SUITES(SUITE)                                                                          \
	SUITE(arena)                                                                               \
	SUITE(fd)                                                                                  \
	SUITE(file)                                                                                \
	SUITE(digests)                                                                             \
	SUITE(parse)                                                                               \
	SUITE(fault)                                                                               \
	SUITE(plan)                                                                                \
	SUITE(seccomp)                                                                             \
	SUITE(cgroups)                                                                             \
	SUITE(cgroup_limits)                                                                       \
	SUITE(cgroup_change)                                                                       \
	SUITE(stats)                                                                               \
	SUITE(systemd)                                                                             \
	SUITE(network)                                                                             \
	SUITE(configs)                                                                             \
	SUITE(compile)
#define SUITE(name) void test_##name(struct test *t);
LCT_SUITES(SUITE)
#undef SUITE

#endif
