/* SPDX-License-Identifier: Apache-2.0 */
/* Capability names to bits, with libcap's table.
 *
 * config.md (process, capabilities): a value that the kernel does not have or that cannot be granted is a
 * warning, never a failure.  What capset(2) would refuse as a whole because of one bit is therefore taken out
 * here.
 */
#include "process.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/capability.h>

#include "base/log.h"
#include "base/nearest.h"
#include "base/str.h"
#include "libocispec/ocispec.h"
#include "plan/plan.h"

/* libcap also takes numbers and stops reading at a separator; a name is letters and underscores alone. */
static bool known_name(const char *name, unsigned last_cap, cap_value_t *ret)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_";

	return strncasecmp(name, "cap_", 4) == 0 && name[strspn(name, letters)] == '\0' &&
	       cap_from_name(name, ret) == 0 && *ret >= 0 && *ret < 64 &&
	       (unsigned)*ret <= last_cap;
}

int plan_last_cap(void)
{
	return (int)cap_max_bits() - 1;
}

void plan_capability_name(int cap, char name[PLAN_CAP_NAME])
{
	char *text = cap_to_name(cap);

	snprintf(name, PLAN_CAP_NAME, "%s", text ? text : "?");
	for (char *c = name; *c; c++)
		*c = (char)(*c >= 'a' && *c <= 'z' ? *c - 'a' + 'A' : *c);
	cap_free(text);
}

void plan_add_capability(const char *name, unsigned last_cap, const char *at, uint64_t *set)
{
	cap_value_t cap;

	if (known_name(name, last_cap, &cap))
		*set |= UINT64_C(1) << cap;
	else
		log_warning("%s: capability '%s' is not known to this kernel, it is left out", at,
			    name);
}

/* Takes the bits that are not in ALLOWED out of one set. */
static void restrict_set(uint64_t *set, uint64_t allowed, const char *at, const char *name,
			 const char *why)
{
	uint64_t extra = *set & ~allowed;

	*set &= allowed;
	for (int cap = 0; cap < 64; cap++) {
		char *text;

		if (!(extra >> cap & 1))
			continue;
		text = cap_to_name(cap);
		log_warning("%s.%s: '%s' is left out, because it is not %s", at, name,
			    text ? text : "?", why);
		cap_free(text);
	}
}

void plan_fix_capabilities(uint64_t caps[], const char *at)
{
	restrict_set(&caps[PLAN_CAP_EFFECTIVE], caps[PLAN_CAP_PERMITTED], at, "effective",
		     "permitted");
	restrict_set(&caps[PLAN_CAP_INHERITABLE], caps[PLAN_CAP_BOUNDING], at, "inheritable",
		     "in the bounding set");
	restrict_set(&caps[PLAN_CAP_AMBIENT], caps[PLAN_CAP_PERMITTED] & caps[PLAN_CAP_INHERITABLE],
		     at, "ambient", "permitted and inheritable");
}

void plan_grant_capabilities(uint64_t caps[], uint64_t missing, const char *at)
{
	static const char *const names[PLAN_CAP_SETS] = {
		[PLAN_CAP_BOUNDING] = "bounding",	[PLAN_CAP_EFFECTIVE] = "effective",
		[PLAN_CAP_PERMITTED] = "permitted",	[PLAN_CAP_INHERITABLE] = "inheritable",
		[PLAN_CAP_AMBIENT] = "ambient",
	};

	for (int set = 0; set < PLAN_CAP_SETS; set++)
		restrict_set(&caps[set], ~missing, at, names[set], "one of the runtime's own");
}

void plan_capabilities(const struct oci_capabilities *c, unsigned last_cap, const char *at,
		       struct plan_process *out)
{
	char place[96];

	if (!c)
		return;
	const struct {
		const char *name;
		const struct oci_str_list *list;
	} sets[PLAN_CAP_SETS] = {
		[PLAN_CAP_BOUNDING] = {"bounding", &c->bounding},
		[PLAN_CAP_EFFECTIVE] = {"effective", &c->effective},
		[PLAN_CAP_PERMITTED] = {"permitted", &c->permitted},
		[PLAN_CAP_INHERITABLE] = {"inheritable", &c->inheritable},
		[PLAN_CAP_AMBIENT] = {"ambient", &c->ambient},
	};

	out->has_caps = true;
	for (int set = 0; set < PLAN_CAP_SETS; set++) {
		snprintf(place, sizeof(place), "%s.capabilities.%s", at, sets[set].name);
		for (size_t i = 0; i < sets[set].list->n; i++)
			plan_add_capability(sets[set].list->v[i], last_cap, place, &out->caps[set]);
	}
	snprintf(place, sizeof(place), "%s.capabilities", at);
	plan_fix_capabilities(out->caps, place);
}

bool plan_capability_known(const char *name, char *near, size_t size)
{
	unsigned best = NEAREST_FAR, distance;
	cap_value_t value;

	near[0] = '\0';
	if (known_name(name, CAP_LAST_CAP, &value))
		return true;
	for (cap_value_t i = 0; i <= CAP_LAST_CAP; i++) {
		char *known = cap_to_name(i), upper[64] = "";

		snprintf(upper, sizeof(upper), "%s", known ? known : "");
		(void)cap_free(known); /* fails for foreign memory only */
		for (char *c = upper; *c; c++)
			*c = (char)toupper((unsigned char)*c);
		/* "chown" of other programs, then slips of the finger */
		distance = strcasecmp(name, upper + strlen("CAP_")) == 0 ? 0 : nearest_distance(name, upper);
		if (distance >= best)
			continue;
		best = distance;
		snprintf(near, size, "%s", upper);
	}
	return false;
}
