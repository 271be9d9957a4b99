/* SPDX-License-Identifier: MIT */
/*
 * The first program of a container that only has to be there: it waits until it is killed. Without a
 * libc, like true.c, so that a thousand of them weigh nothing.
 */
#include "floor.h"

void _start(void);

__attribute__((noreturn)) void _start(void)
{
	for (;;)
		(void) RAW(ppoll, 0, 0, 0, 0, 0);
}
