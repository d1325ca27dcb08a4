/* SPDX-License-Identifier: Apache-2.0 */
/* Runs the probes of both tables. */
#include "container/doctor.h"

#include <stdarg.h>
#include <stdio.h>

#include "base/str.h"

void doctor_found(struct doctor_fact *fact, enum doctor_state state, const char *fmt, ...)
{
	va_list ap;

	fact->state = state;
	va_start(ap, fmt);
	vsnprintf(fact->detail, sizeof(fact->detail), fmt, ap);
	va_end(ap);
}

void doctor_fix(struct doctor_fact *fact, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(fact->fix, sizeof(fact->fix), fmt, ap);
	va_end(ap);
}

void doctor_examine(void (*each)(const struct doctor_fact *, void *), void *data)
{
	const struct doctor_probe *const tables[] = {doctor_kernel_probes, doctor_host_probes};

	for (size_t t = 0; t < COUNT_OF(tables); t++)
		for (const struct doctor_probe *p = tables[t]; p->name; p++) {
			struct doctor_fact fact = {.group = p->group, .name = p->name};

			p->run(&fact);
			each(&fact, data);
		}
}
