/* SPDX-License-Identifier: Apache-2.0 */
/* libFuzzer target: what a state directory says of a container.
 *
 * The first byte chooses the record (state.json) or the link with the same facts in short.  BOOT in a link stands for
 * the id of this boot, which no input could name and without which every link is an old one.
 */
#include <stdio.h>
#include <string.h>

#include "container/record.h"
#include "container/state.h"
#include "fuzz.h"
#include "libocispec/arena.h"
#include "libocispec/ocispec.h"

static void read_record(const uint8_t *data, size_t size)
{
	struct cgroup_place place;
	struct oci_record *record;
	struct error err = {0};
	struct arena a = {0};

	fuzz_write(STATE_FILE, data, size);
	if (record_read(fuzz_dir(), "fuzzed", &a, &record, &err) < 0) {
		check_error(&err);
	} else {
		must(strcmp(record->id, "fuzzed") == 0, "the record is of the container");
		(void)record_cgroup_place(record->cgroup, &place);
		(void)record_has_hooks(record, PLAN_HOOK_POSTSTOP);
		(void)record_annotation(record, "run.oci.hooks.stdout");
	}
	arena_free(&a);
}

static void read_link(const uint8_t *data, size_t size)
{
	char target[4096] = "", link[4096], text[4096], boot[STATE_BOOT_ID_SIZE];
	struct state_facts facts;
	char *at;

	memcpy(link, data, size < sizeof(link) - 64 ? size : sizeof(link) - 64);
	link[size < sizeof(link) - 64 ? size : sizeof(link) - 64] = '\0';
	must(state_boot_id(boot) == 0, "a boot has an id");
	at = strstr(link, "BOOT");
	if (at)
		*at = '\0';
	snprintf(target, sizeof(target), "%s%s%s", link, at ? boot : "", at ? at + 4 : "");
	(void)unlinkat(fuzz_dir(), STATE_FACTS, 0);
	if (!target[0] || symlinkat(target, fuzz_dir(), STATE_FACTS) < 0)
		return;
	if (state_read_facts(fuzz_dir(), text, sizeof(text), &facts) > 0)
		must(facts.pid >= 0 && facts.cgroup && facts.boot_id && strcmp(facts.boot_id, boot) == 0,
		     "facts are whole");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size == 0)
		return 0;
	(data[0] & 1 ? read_link : read_record)(data + 1, size - 1);
	return 0;
}
