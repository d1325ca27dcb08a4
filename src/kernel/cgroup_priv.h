/* SPDX-License-Identifier: Apache-2.0 */
/* Shared by the files that make up kernel/cgroup.  Not for others. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/error.h"

struct plan_write;

/* Opens MOUNT (O_PATH) and makes sure that it is cgroup2. */
MUST_CHECK int cgroup_open_mount(const char *mount, int *ret_fd, struct error *err);

/* Opens the directory PATH beneath FD, through no link and no other mount.  FLAGS are added: O_PATH or
 * O_RDONLY.  -1 with errno. */
int cgroup_open_dir(int fd, const char *path, int flags);

/* The same for a plan's path, which must have been split once; EXPECTED_ID as in cgroup_open(). */
MUST_CHECK int cgroup_open_checked(int mount, const char *path, uint64_t expected_id, int *ret_dirfd,
				   struct error *err);

/* Splits a plan's path into the part above (without slashes at its ends, "": the mount) and the last component.
 * Refuses what is not a plain path of a cgroup below the root. */
#define CGROUP_PATH_MAX 4096
MUST_CHECK int cgroup_split(const char *path, char parent[CGROUP_PATH_MAX], const char **ret_name,
			    struct error *err);

/* Reads a small control file with one read(2).  Length or -1 with errno. */
ssize_t cgroup_read(int dirfd, const char *file, char *buf, size_t size);

/* True when WORD (of N bytes) is one of the words of TEXT. */
bool cgroup_has_word(const char *text, const char *word, size_t n);

/* Length of the name of the controller that FILE belongs to, 0: none is needed. */
size_t cgroup_controller_length(const char *file);

/* "controller 'memory' is not available", for the setting at W. */
int cgroup_fail_controller(struct error *err, const struct plan_write *w);

/* 1 when the line "KEY VALUE" of cgroup.events comes to be so within MS milliseconds (the cgroup
 * being gone counts as empty), 0 when not, -1 with errno. */
int cgroup_wait_event(int dirfd, const char *key, bool value, int ms);

/* A walk over everything beneath a cgroup, with two descriptors and memory for the names of one path and the
 * siblings along it.  Any of the calls may be NULL; one that returns -1 ends the walk.  What vanishes meanwhile is
 * left out. */
struct cgroup_walk {
	int (*enter)(int fd, void *arg);			   /* each, the top one too */
	int (*before)(int parent, const char *name, void *arg);   /* 1: do not descend */
	int (*after)(int parent, const char *name, void *arg);    /* all beneath is done */
	void *arg;
};
int cgroup_walk(int dirfd, const struct cgroup_walk *walk); /* 0 or -1 with errno */
