/* SPDX-License-Identifier: Apache-2.0 */
/* update --l3-cache-schema and --mem-bw-schema. */
#include "container/container.h"
#include "container/record.h"
#include "kernel/rdt.h"
#include "plan/build.h"

static int update(struct container *c, const char *l3_cache, const char *mem_bw, struct error *err)
{
	struct oci_intel_rdt rdt = {0};
	struct plan plan = {.id = c->id};
	struct oci_config *config;

	if (c->status == STATUS_STOPPED || c->status == STATUS_CREATING)
		return fail(err, 0, "container not running: '%s' is %s", c->id, container_status_name(c->status));
	if (container_config(c, &config, err) < 0)
		return -1;
	if (!config->linux || !config->linux->intel_rdt) {
		fail(err, 0, "container '%s' was made without linux.intelRdt", c->id);
		return error_hint(err, "it has no group of resctrl, and can get none while it runs");
	}
	rdt.clos_id = config->linux->intel_rdt->clos_id;
	rdt.l3_cache_schema = l3_cache;
	rdt.mem_bw_schema = mem_bw;
	if (plan_rdt_group(&c->arena, &rdt, &plan, err) < 0)
		return -1;
	return rdt_update(&plan.rdt, err);
}

int container_update_rdt(const struct runtime *rt, const char *id, const char *l3_cache, const char *mem_bw,
			 struct error *err)
{
	struct container c;
	int rc = container_open(rt, id, &c, err);

	if (rc == 0)
		rc = update(&c, l3_cache, mem_bw, err);
	container_close(&c);
	return rc;
}
