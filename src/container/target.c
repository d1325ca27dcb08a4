/* SPDX-License-Identifier: Apache-2.0 */
/* See target.h. */
#include "container/target.h"

#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <sys/stat.h>

#include "base/str.h"
#include "base/sys.h"

int target_namespaces(pid_t pid, uint64_t own_userns, unsigned long known, unsigned long *ret, struct error *err)
{
	static const struct {
		const char *name;
		unsigned long flag;
	} kinds[] = {
		{"user", CLONE_NEWUSER}, {"pid", CLONE_NEWPID},	      {"net", CLONE_NEWNET},   {"ipc", CLONE_NEWIPC},
		{"uts", CLONE_NEWUTS},	 {"cgroup", CLONE_NEWCGROUP}, {"time", CLONE_NEWTIME}, {"mnt", CLONE_NEWNS},
	};
	char path[64];
	struct stat ours, theirs;

	*ret |= known;
	for (size_t i = 0; i < COUNT_OF(kinds); i++) {
		if (known & kinds[i].flag)
			continue;
		snprintf(path, sizeof(path), "/proc/self/ns/%s", kinds[i].name);
		if (kinds[i].flag == CLONE_NEWUSER && own_userns) {
			ours.st_ino = own_userns;
		} else if (stat(path, &ours) < 0) {
			if (errno == ENOENT)
				continue; /* a kind this kernel does not have */
			/* Else the program would run in ours. */
			return fail(err, errno, "look at our own %s namespace", kinds[i].name);
		}
		snprintf(path, sizeof(path), "/proc/%d/ns/%s", (int)pid, kinds[i].name);
		if (stat(path, &theirs) < 0) {
			if (errno != ENOENT && errno != ESRCH)
				return fail(err, errno, "look at the %s namespace of the container", kinds[i].name);
			/* In none any more: the first process of a pid namespace, killed, waits for the last one. */
			fail(err, 0, "container not running: its first process has ended: no such process");
			return error_code(err, "CONTAINER_NOT_RUNNING");
		}
		if (ours.st_ino != theirs.st_ino) /* all are of one file system */
			*ret |= kinds[i].flag;
	}
	return 0;
}
