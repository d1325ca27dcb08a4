/* SPDX-License-Identifier: Apache-2.0 */
/* Weak spots on request, so that a test of a defence can be seen to fail.
 *
 * In a build with --enable-test-faults the variable VERT_NAIVE names, separated by commas, the defences that
 * are left out; tests/integration/security-positive.bats shows that each attack then succeeds.  In every
 * other build naive() is the constant false and the weak spots are not part of the program.
 */
#pragma once

#include <stdbool.h>

#ifdef VERT_TEST_FAULTS
bool naive(const char *defence);
#else
static inline bool naive(const char *defence)
{
	return (void)defence, false;
}
#endif
