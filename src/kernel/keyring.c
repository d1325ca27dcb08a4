/* SPDX-License-Identifier: Apache-2.0 */
/* The container's session keyring. */
#include "keyring.h"

#include <errno.h>
#include <linux/keyctl.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "base/sys.h"

/* linux/key.h of the kernel's own sources: one byte each for possessor, user, group and others. */
enum { OTHERS_SEARCH = 0x00000008, USER_SEARCH = 0x00080000 };

/* "keyring;UID;GID;PERMISSIONS;NAME", the third field in hexadecimal digits. */
static int parse_permissions(const char *text, uint32_t *ret)
{
	uint32_t value = 0;

	for (int field = 0; field < 3; field++) {
		text = strchr(text, ';');
		if (!text)
			return -1;
		text++;
	}
	for (; *text && *text != ';'; text++) {
		static const char digits[] = "0123456789abcdef";
		const char *p = strchr(digits, *text);

		if (!p)
			return -1;
		value = value << 4 | (uint32_t)(p - digits);
	}
	*ret = value;
	return 0;
}

int keyring_join(const char *id, bool userns, struct error *err)
{
	char name[1100], text[2048];
	uint32_t permissions;
	long ring, n;
	int saved;

	if ((size_t)snprintf(name, sizeof(name), "_ses.%s", id) >= sizeof(name))
		return fail(err, ENAMETOOLONG, "name a session keyring for '%s'", id);
	ring = sys_keyctl(KEYCTL_JOIN_SESSION_KEYRING, (unsigned long)name, 0, 0, 0);
	if (ring < 0) {
		saved = errno;
		if (saved == ENOSYS)
			return 0;
		fail(err, saved, "join session keyring '%s'", name);
		if (saved == EDQUOT)
			return error_hint(
				err, "this user has too many keys: raise kernel.keys.maxkeys or "
				     "kernel.keys.maxbytes, or use --no-new-keyring");
		return error_hint(err, "--no-new-keyring does without");
	}
	n = sys_keyctl(KEYCTL_DESCRIBE, (unsigned long)ring, (unsigned long)text, sizeof(text) - 1,
		       0);
	if (n < 0 || (size_t)n >= sizeof(text))
		return fail(err, n < 0 ? errno : EMSGSIZE,
			    "read the permissions of session keyring '%s'", name);
	text[n] = '\0';
	if (parse_permissions(text, &permissions) < 0)
		return fail(err, 0, "session keyring '%s': cannot read its permissions in '%s'",
			    name, text);
	/* The user's bit also lets exec find the ring again. */
	permissions |= USER_SEARCH | (userns ? OTHERS_SEARCH : 0);
	if (sys_keyctl(KEYCTL_SETPERM, (unsigned long)ring, permissions, 0, 0) < 0)
		return fail(err, errno, "allow searching session keyring '%s'", name);
	return 0;
}
