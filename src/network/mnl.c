/* SPDX-License-Identifier: MIT */
/* libmnl by dlopen. */
#include "network/mnl.h"

#include <dlfcn.h>
#include <string.h>

#define LIBRARY "libmnl.so.0"
#define PACKAGE "libmnl0"

static const char *const names[] = {
#define NAME(result, name, ...) "mnl_" #name,
	LCT_MNL_CALLS(NAME)
#undef NAME
};
#define NAMES_COUNT (sizeof(names) / sizeof(names[0]))

_Static_assert(sizeof(struct lc_mnl) == NAMES_COUNT * sizeof(void *), "one name a function");

int lc_mnl_load(struct lc_mnl *out, struct lc_error *err)
{
	void *library = dlopen(LIBRARY, RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
	void *functions[NAMES_COUNT];

	if (library == NULL)
		return lc_fail(err, LCT_STEP_NETWORK, ELIBACC, PACKAGE);
	for (size_t i = 0; i < NAMES_COUNT; i++) {
		functions[i] = dlsym(library, names[i]);
		if (functions[i] == NULL) {
			(void) dlclose(library);
			return lc_fail(err, LCT_STEP_NETWORK, ELIBBAD, PACKAGE);
		}
	}
	(void) dlclose(library); /* it stays: RTLD_NODELETE */
	memcpy(out, functions, sizeof(*out));
	return 0;
}
