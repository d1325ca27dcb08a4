/* SPDX-License-Identifier: Apache-2.0 */
/* libFuzzer target: /etc/passwd of a container's image. */
#include <string.h>
#include <sys/stat.h>

#include "fuzz.h"
#include "kernel/passwd.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static bool made;
	char home[256];

	if (!made)
		made = mkdirat(fuzz_dir(), "etc", 0755) == 0;
	fuzz_write("etc/passwd", data, size);
	for (uid_t uid = 0; uid < 2; uid++) {
		memset(home, 'x', sizeof(home));
		passwd_home(fuzz_dir(), uid, home, sizeof(home));
		must(memchr(home, '\0', sizeof(home)) != NULL, "a home is a string");
		must(home[0] == '/', "and absolute");
	}
	return 0;
}
