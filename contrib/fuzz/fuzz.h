/* SPDX-License-Identifier: Apache-2.0 */
/* What the fuzz targets share: a claim that must hold, errors that must be fit to be shown, a directory that
 * goes away with the process.
 */
#pragma once

#include <fcntl.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/error.h"
#include "base/log.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerInitialize(int *argc, char ***argv);

/* Warnings of what is planned would be most of the work. */
int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc, (void)argv;
	log_settings = (struct log_settings){.fd = -1, .level = LOG_LEVEL_ERROR};
	return 0;
}

static inline void must(bool truth, const char *what)
{
	if (truth)
		return;
	fprintf(stderr, "not so: %s\n", what);
	abort();
}

/* log.c escapes what it prints: here only that there is a message, which ends. */
static inline void check_error(const struct error *err)
{
	must(err->msg[0] != '\0', "an error has a message");
}

/* In memory: on a disk the file system would be what is measured. */
static char fuzz_path[] = "/dev/shm/vert-fuzz.XXXXXX";

static void __attribute__((unused)) fuzz_remove_dir(void)
{
	char command[sizeof(fuzz_path) + 16];

	snprintf(command, sizeof(command), "rm -rf %s", fuzz_path);
	if (system(command) != 0)
		fprintf(stderr, "%s stays\n", fuzz_path);
}

/* A directory of our own, the same in every call. */
static inline int fuzz_dir(void)
{
	static int fd = -1;

	if (fd < 0) {
		must(mkdtemp(fuzz_path) != NULL, "a directory can be made");
		atexit(fuzz_remove_dir);
		fd = open(fuzz_path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	}
	return fd;
}

/* NAME, the same in every call, is opened once; its pages are kept, where O_TRUNC would give them back each time. */
static inline void fuzz_write(const char *name, const uint8_t *data, size_t size)
{
	static int fd = -1;

	if (fd < 0)
		fd = openat(fuzz_dir(), name, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	must(fd >= 0 && pwrite(fd, data, size, 0) == (ssize_t)size && ftruncate(fd, (off_t)size) == 0,
	     "a file can be written");
}
