/* SPDX-License-Identifier: MIT */
/* Names for the numbers in struct lc_error. Sentences are made in lua/libcontainer/errors.lua. */
#include "base/error.h"

#include <string.h>

const char *lc_step_name(unsigned step)
{
	static const char *const names[] = {
#define LCT_STEP_NAME(symbol, name) name,
		LCT_STEPS(LCT_STEP_NAME)
#undef LCT_STEP_NAME
	};

	return step < LCT_STEP_COUNT ? names[step] : "unknown";
}

const char *lc_errno_name(int errnum)
{
	return strerrorname_np(errnum);
}

const char *lc_errno_text(int errnum)
{
	const char *text = strerrordesc_np(errnum);

	return text != NULL ? text : "unknown error";
}
