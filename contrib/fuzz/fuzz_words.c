/* SPDX-License-Identifier: Apache-2.0 */
/* libFuzzer target: single words of the command line and of documents: numbers, sizes, signals, lists of processors,
 * users, names of units, limits and annotations for systemd.
 *
 * The first byte chooses the kind; what one parser takes another way of reading must agree with, where there is one.
 */
#include <errno.h>
#include <signal.h>
#include <string.h>

#include "base/cpulist.h"
#include "base/str.h"
#include "cmd/signals.h"
#include "fuzz.h"
#include "libocispec/arena.h"
#include "plan/idmap.h"
#include "plan/process.h"
#include "plan/systemd.h"

static void numbers(const char *text)
{
	uint64_t u64 = 0;
	uint32_t u32 = 0;
	int64_t i64 = 0, size = 0;
	char again[32];

	if (str_to_u64(text, &u64)) {
		must(strspn(text, "0123456789") == strlen(text), "a number is of digits");
		errno = 0;
		must(strtoull(text, NULL, 10) == u64 && errno == 0, "and what strtoull(3) says");
	}
	if (str_to_u32(text, &u32))
		must(str_to_u64(text, &u64) && u64 == u32, "32 bits are a part of 64");
	if (str_to_i64(text, &i64)) {
		snprintf(again, sizeof(again), "%lld", (long long)i64);
		must(str_to_i64(again, &size) && size == i64, "what is printed is read");
	}
	(void)str_to_size(text, &size);
}

static void cpus(const char *text)
{
	unsigned long bits[CPULIST_WORDS];
	int n = cpulist_parse(text, bits), highest = 0;

	must(n >= -1 && n <= CPULIST_MAX, "a list has a highest number");
	for (int i = 0; n >= 0 && i < (int)CPULIST_WORDS; i++)
		if (bits[i])
			highest = (i + 1) * (int)CPULIST_BITS - __builtin_clzl(bits[i]);
	must(n < 0 || n == highest, "which is the highest bit");
}

static void unit(struct arena *a, const char *text)
{
	const char *slice = NULL, *name = NULL;
	struct error err = {0};

	if (plan_systemd_names(a, text, "id", false, &slice, &name, &err) < 0) {
		check_error(&err);
		return;
	}
	must(slice && name && !strchr(slice, '/') && !strchr(name, '/'), "a unit's name is no path");
}

static void properties(char *text)
{
	char *value = strchr(text, '=');
	struct error err = {0};
	struct buf b = {0};

	if (value)
		*value++ = '\0';
	(void)systemd_limit(&b, text, value ? value : "");
	if (systemd_annotation(&b, text, value ? value : "", &err) < 0)
		check_error(&err);
	buf_free(&b);
}

static void user(const char *text)
{
	uint32_t uid = 0, gid = 0;
	struct error err = {0};

	if (plan_user_from_string(text, &uid, &gid, &err) < 0)
		check_error(&err);
	else
		must(uid != UINT32_MAX && gid != UINT32_MAX, "no id is the one that means none");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena a = {0};
	char *text;
	int sig;

	if (size == 0)
		return 0;
	text = arena_strndup(&a, (const char *)data + 1, size - 1);
	switch (data[0] % 6) {
	case 0:
		numbers(text);
		break;
	case 1:
		cpus(text);
		break;
	case 2:
		if (signal_parse(text, &sig))
			must(sig >= 0 && sig <= 64, "a signal is one");
		break;
	case 3:
		unit(&a, text);
		break;
	case 4:
		properties(text);
		break;
	default:
		user(text);
	}
	arena_free(&a);
	return 0;
}
