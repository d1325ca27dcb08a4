/* SPDX-License-Identifier: Apache-2.0 */
/* The mapping that carries the plan from vert to vert-init.
 *
 * A memfd, mapped by both at PLAN_ADDRESS, so that the plan's pointers hold in both programs; it begins with a
 * header that names the build.  vert-init maps it privately: what it writes stays its own.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "plan/plan.h"

/* Free in the address space of every 64-bit Linux: below the mmap area, above the heap of a fixed program.
 * AddressSanitizer needs that place for its shadow, so configure moves it for such builds. */
#ifndef PLAN_ADDRESS
#define PLAN_ADDRESS 0x080000000000
#endif
#define PLAN_ROOM ((size_t)256 << 20) /* address space; memory is used as it is touched */

struct plan_head {
	uint64_t magic;
	size_t used;
	const struct plan *plan;
};
