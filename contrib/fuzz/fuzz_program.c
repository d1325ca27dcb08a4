/* SPDX-License-Identifier: Apache-2.0 */
/* libFuzzer target: a file of an image that cannot be executed, in which vert looks for the reason: a line that begins
 * with #!, or the header of an ELF file.
 */
#include <errno.h>
#include <stdio.h>
#include <sys/stat.h>

#include "container/exec_error.h"
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const int errors[] = {ENOEXEC, ENOENT, EACCES, ELIBBAD};
	static char path[64];
	struct error err;

	fuzz_write("program", data, size);
	if (!path[0]) {
		snprintf(path, sizeof(path), "%s/program", fuzz_path);
		must(chmod(path, 0700) == 0, "a file can be made a program");
	}
	must(exec_check(path, "program", &err) == 0, "a program may be tried");
	for (size_t i = 0; i < sizeof(errors) / sizeof(errors[0]); i++) {
		must(exec_failed(path, "program", errors[i], &err) < 0, "a failure stays one");
		check_error(&err);
		must(err.status == 126 || err.status == 127, "its status is one of two");
	}
	return 0;
}
