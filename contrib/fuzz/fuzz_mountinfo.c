/* SPDX-License-Identifier: Apache-2.0 */
/* libFuzzer target: the lines of /proc/self/mountinfo, in which paths of the host and of containers stand. */
#include <string.h>

#include "fuzz.h"
#include "kernel/oldroot.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1), *save = NULL;

	memcpy(text, data, size);
	text[size] = '\0';
	for (char *line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
		const char *end = line + strlen(line);
		struct oldroot_mount m;

		if (!oldroot_parse(line, &m))
			continue;
		must(m.path[0] != '/', "a path is relative to the root");
		must(m.root >= line && m.root + strlen(m.root) <= end, "a root is in the line");
		must(m.path >= line && m.path + strlen(m.path) <= end, "a path is in the line");
		must(m.fstype > m.path && m.fstype + strlen(m.fstype) <= end, "a type is behind it");
	}
	free(text);
	return 0;
}
