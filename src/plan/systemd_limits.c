/* SPDX-License-Identifier: Apache-2.0 */
/* Writes into cgroup files, and device rules, as properties of a systemd unit (systemd.resource-control(5)).
 *
 * Every limit is also written into the container's own cgroup below the unit's; the property keeps the manager
 * from overwriting ours on the unit when it is reloaded, and lets `systemctl show` tell.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/cpulist.h"
#include "base/str.h"
#include "libocispec/ocispec.h"
#include "plan/systemd.h"

#define INFINITE UINT64_MAX
#define USEC_PER_SEC 1000000

/* A number, perhaps with a suffix as the kernel takes it, or "max". */
static bool number(const char *text, uint64_t *ret)
{
	int64_t size;

	if (strcmp(text, "max") == 0) {
		*ret = INFINITE;
		return true;
	}
	if (str_to_u64(text, ret))
		return true;
	if (!str_to_size(text, &size) || size < 0)
		return false;
	*ret = (uint64_t)size;
	return true;
}

static bool add_number(struct buf *b, const char *property, const char *value)
{
	uint64_t v;

	if (!number(value, &v))
		return false;
	systemd_set(b, property, "t", "%" PRIu64, v);
	return true;
}

/* The manager knows no limit of 0 processes. */
static bool add_tasks(struct buf *b, const char *property, const char *value)
{
	return strcmp(value, "0") != 0 && add_number(b, property, value);
}

static bool add_idle(struct buf *b, const char *property, const char *value)
{
	bool idle = strcmp(value, "1") == 0;

	(void)property;
	/* Since systemd 252, where 0 stands for "idle"; the file is written by us as well. */
	systemd_set(b, "?CPUWeight", "t", "%" PRIu64, idle ? 0 : INFINITE);
	return false;
}

/* "QUOTA PERIOD", "max PERIOD", "QUOTA" or "max".  The manager keeps whole percents of a processor: rounded up, so that
 * the exact limit beneath is the one that bites. */
static bool add_quota(struct buf *b, const char *property, const char *value)
{
	char quota[32];
	const char *rest = strchr(value, ' ');
	uint64_t q, period = 100000, per_sec = INFINITE;

	snprintf(quota, sizeof(quota), "%.*s", (int)strcspn(value, " "), value);
	if (!number(quota, &q) || (rest && !str_to_u64(rest + 1, &period)) || period == 0)
		return false;
	if (q != INFINITE) {
		if (q > INFINITE / USEC_PER_SEC)
			return false;
		per_sec = q * USEC_PER_SEC / period;
		per_sec = (per_sec + 9999) / 10000 * 10000;
	}
	systemd_set(b, property, "t", "%" PRIu64, per_sec);
	if (q != INFINITE)
		systemd_set(b, "?CPUQuotaPeriodUSec", "t", "%" PRIu64, period);
	return true;
}

static bool add_list(struct buf *b, const char *property, const char *value)
{
	unsigned long bits[CPULIST_WORDS];
	int n = cpulist_parse(value, bits);
	char hex[CPULIST_MAX / 4 + 1], *p = hex;

	if (n <= 0)
		return false;
	for (int i = 0; i < n; i += 8)
		p += snprintf(p, 3, "%02x",
			      (unsigned)(bits[(size_t)i / CPULIST_BITS] >> ((size_t)i % CPULIST_BITS)) & 0xff);
	systemd_property(b, property, "ay");
	systemd_word(b, hex);
	return true;
}

static void add_pair(struct buf *b, const char *property, const char *signature, const char *first, const char *second)
{
	systemd_property(b, property, signature);
	systemd_word(b, first);
	systemd_word(b, second);
}

/* "/dev/block/8:0" of a line "8:0 ...".  False: it begins with no device. */
static bool device_path(const char *value, char path[48])
{
	size_t n = strspn(value, "0123456789:");

	if (n == 0 || n > 24 || value[n] != ' ' || !memchr(value, ':', n))
		return false;
	snprintf(path, 48, "/dev/block/%.*s", (int)n, value);
	return true;
}

/* "WEIGHT", "default WEIGHT" or "MAJOR:MINOR WEIGHT". */
static bool add_io_weight(struct buf *b, const char *property, const char *value)
{
	char path[48];

	if (device_path(value, path)) {
		const char *weight = strchr(value, ' ') + 1;
		uint64_t v;

		if (!str_to_u64(weight, &v))
			return false;
		add_pair(b, "IODeviceWeight", "a(st)", path, weight);
		return true;
	}
	return add_number(b, property, str_starts(value, "default ") ? value + strlen("default ") : value);
}

/* "MAJOR:MINOR rbps=N wiops=max ..." */
static bool add_io_max(struct buf *b, const char *property, const char *value)
{
	static const struct {
		const char *key, *property;
	} keys[] = {
		{"rbps=", "IOReadBandwidthMax"},
		{"wbps=", "IOWriteBandwidthMax"},
		{"riops=", "IOReadIOPSMax"},
		{"wiops=", "IOWriteIOPSMax"},
	};
	char path[48], word[32], text[32];
	uint64_t v;

	(void)property;
	if (!device_path(value, path))
		return false;
	for (const char *s = strchr(value, ' '); s && *s; s += strcspn(s, " ")) {
		s += strspn(s, " ");
		snprintf(word, sizeof(word), "%.*s", (int)strcspn(s, " "), s);
		for (size_t i = 0; i < COUNT_OF(keys); i++) {
			if (!str_starts(word, keys[i].key) || !number(word + strlen(keys[i].key), &v))
				continue;
			snprintf(text, sizeof(text), "%" PRIu64, v);
			add_pair(b, keys[i].property, "a(st)", path, text);
		}
	}
	return true;
}

bool systemd_limit(struct buf *b, const char *file, const char *value)
{
	static const struct {
		const char *file, *property;
		bool (*add)(struct buf *b, const char *property, const char *value);
	} limits[] = {
		{"memory.max", "MemoryMax", add_number},
		{"memory.high", "MemoryHigh", add_number},
		{"memory.low", "MemoryLow", add_number},
		{"memory.min", "MemoryMin", add_number},
		{"memory.swap.max", "MemorySwapMax", add_number},
		{"memory.zswap.max", "?MemoryZSwapMax", add_number},	/* systemd 253 */
		{"pids.max", "TasksMax", add_tasks},
		{"cpu.weight", "CPUWeight", add_number},
		{"cpu.idle", "CPUWeight", add_idle},
		{"cpu.max", "CPUQuotaPerSecUSec", add_quota},
		{"cpuset.cpus", "?AllowedCPUs", add_list},		/* systemd 244 */
		{"cpuset.mems", "?AllowedMemoryNodes", add_list},
		{"io.weight", "IOWeight", add_io_weight},
		{"io.max", "", add_io_max},
	};

	for (size_t i = 0; i < COUNT_OF(limits); i++)
		if (strcmp(file, limits[i].file) == 0)
			return limits[i].add(b, limits[i].property, value);
	return false;
}

/* ---- devices ----------------------------------------------------------------------------------- */

/* What every container may use: plan/devices.c has the same list for our own program. */
static const struct {
	const char *node, *access;
} defaults[] = {
	{"char-*", "m"},	   {"block-*", "m"},	      {"/dev/char/1:3", "rwm"}, {"/dev/char/1:5", "rwm"},
	{"/dev/char/1:7", "rwm"},  {"/dev/char/1:8", "rwm"},  {"/dev/char/1:9", "rwm"}, {"/dev/char/5:0", "rwm"},
	{"/dev/char/5:1", "rwm"},  {"/dev/char/5:2", "rwm"},  {"char-136", "rwm"},
};

static bool is_any(struct oci_i64 n)
{
	return !n.set || n.v == -1;
}

static bool has_access(const struct oci_device_rule *r, char access)
{
	return !r->access || strchr(r->access, access);
}

static bool is_everything(const struct oci_device_rule *r)
{
	return (!r->type || strcmp(r->type, "a") == 0) && is_any(r->major) && is_any(r->minor) && has_access(r, 'r') &&
	       has_access(r, 'w') && has_access(r, 'm');
}

/* A minor number without a major one cannot be said: then the whole class. */
static void allow(struct buf *b, const char *class, const struct oci_device_rule *r)
{
	char node[64];

	if (is_any(r->major))
		snprintf(node, sizeof(node), "%s-*", class);
	else if (is_any(r->minor))
		snprintf(node, sizeof(node), "%s-%" PRId64, class, r->major.v);
	else
		snprintf(node, sizeof(node), "/dev/%s/%" PRId64 ":%" PRId64, class, r->major.v, r->minor.v);
	systemd_word(b, node);
	systemd_word(b, r->access ? r->access : "rwm");
}

void systemd_devices(struct buf *b, const struct oci_resources *res, bool reset)
{
	static const struct oci_device_rule_list none;
	const struct oci_device_rule_list *rules = res ? &res->devices : &none;
	bool all = false;
	size_t first = 0;

	/* A rule about everything overrides those before it; denials after it are left to our own program. */
	for (size_t i = 0; i < rules->n; i++) {
		if (!is_everything(&rules->v[i]))
			continue;
		all = rules->v[i].allow.v;
		first = i + 1;
	}
	systemd_set(b, "DevicePolicy", "s", "%s", all ? "auto" : "strict");
	if (reset)
		systemd_property(b, "DeviceAllow", "a(ss)");
	if (all)
		return;
	systemd_property(b, "DeviceAllow", "a(ss)");
	for (size_t i = 0; i < COUNT_OF(defaults); i++) {
		systemd_word(b, defaults[i].node);
		systemd_word(b, defaults[i].access);
	}
	for (size_t i = first; i < rules->n; i++) {
		const struct oci_device_rule *r = &rules->v[i];

		if (!r->allow.v)
			continue;
		if (!r->type || strcmp(r->type, "b") != 0)
			allow(b, "char", r);
		if (!r->type || strcmp(r->type, "c") != 0)
			allow(b, "block", r);
	}
}
