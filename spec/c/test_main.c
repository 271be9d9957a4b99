/* SPDX-License-Identifier: MIT */
/* Runs every suite of the C specs: TAP on standard output, exit status 1 when a claim failed. */
#include "test.h"

int main(void)
{
	struct test t = {0, 0};

#define SUITE(name) test_##name(&t);
	LCT_SUITES(SUITE)
#undef SUITE
	printf("1..%d\n", t.count);
	if (t.failed > 0)
		printf("# %d of %d failed\n", t.failed, t.count);
	return t.failed > 0 ? 1 : 0;
}
