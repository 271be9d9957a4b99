/* SPDX-License-Identifier: MIT */
/* Who this process is: a number alone does not say it. */
#ifndef LCT_BASE_USER_H
#define LCT_BASE_USER_H

#include <stdbool.h>

/* Is it in a user namespace, where root is root of that alone? False where that cannot be seen. */
bool lc_user_is_nested(void);

#endif
