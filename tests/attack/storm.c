/* SPDX-License-Identifier: Apache-2.0 */
/*
 * storm COUNTFILE A B [C D ...]: exchanges the names A and B, C and D, ... as fast as it can, until it is
 * killed or two minutes are over.  A is what the runtime is meant to find, B a symbolic link out of the
 * root: whoever resolves a path with two system calls meets both.  COUNTFILE always holds the number of
 * exchanges so far, as proof that the storm was one.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

#define EXCHANGE 2 /* RENAME_EXCHANGE */

int main(int argc, char **argv)
{
	char *count;
	int fd;

	if (argc < 4)
		return 2;
	alarm(3600);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	fd = open(argv[1], O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	if (fd < 0 || ftruncate(fd, 24) < 0)
		return 1;
	count = mmap(NULL, 24, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (count == MAP_FAILED)
		return 1;
	memset(count, '\n', 24);
	for (uint64_t n = 1;; n++) {
		for (int i = 2; i + 1 < argc; i += 2)
			if (syscall(SYS_renameat2, AT_FDCWD, argv[i], AT_FDCWD, argv[i + 1], EXCHANGE) < 0 &&
			    errno != ENOENT)
				return 1;
		if (n % 64 == 0) {
			char text[24];
			int len = snprintf(text, sizeof(text), "%llu", (unsigned long long)n);

			memcpy(count, text, (size_t)len);
		}
	}
}
