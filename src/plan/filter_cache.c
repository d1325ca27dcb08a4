/* SPDX-License-Identifier: Apache-2.0 */
/* The cache of compiled filters: see filter_cache.h.
 *
 * What an attacker would have to forge is a file of our own in a directory of our own; the checksum is against
 * damage (a full disk, a torn write, a bit), ownership and mode are against people.
 */
#include "filter_cache.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include <linux/filter.h>

#include "base/fd.h"
#include "base/log.h"
#include "base/naive.h"
#include "base/str.h"
#include "base/sys.h"
#include "libocispec/ocispec.h"
#include "plan/filter.h"
#include "plan/plan.h"

/* Changes with the layout below, and whenever the same profile would give another program. */
#define FORMAT "vert seccomp 2"

enum { MAX_ENTRIES = 128, NAME_SIZE = 2 * DIGEST_SIZE + 1 };

struct header {
	char format[24];
	uint32_t n, reserved;
	uint64_t sum;
};

/* Numbers go in with their width and strings with their NUL, lists behind their length: no two different objects
 * give the same bytes. */
static void add_number(struct digest *d, bool set, uint64_t v)
{
	uint8_t bytes[9] = {set};

	for (int i = 0; i < 8; i++)
		bytes[i + 1] = (uint8_t)(v >> (8 * i));
	digest_bytes(d, bytes, set ? sizeof(bytes) : 1);
}

static void add_text(struct digest *d, const char *s)
{
	if (s)
		digest_bytes(d, s, strlen(s) + 1);
	else
		digest_bytes(d, "\xff", 2); /* no text of a document: it is not UTF-8 */
}

static bool add_object(struct digest *d, const struct oci_type *type, const char *object);

static bool add_list(struct digest *d, const struct oci_field *f, const char *member)
{
	struct oci_str_list list; /* all lists are alike: see ocispec.h */
	const char *p;

	memcpy(&list, member, sizeof(list));
	p = (const char *)list.v;
	add_number(d, p != NULL, list.n);
	for (size_t i = 0; i < list.n; i++) {
		if (f->kind == OCI_STR) {
			add_text(d, list.v[i]);
		} else if (f->kind == OCI_ENUM) {
			unsigned int choice;

			memcpy(&choice, p + i * sizeof(choice), sizeof(choice));
			add_number(d, true, choice);
		} else if (f->kind != OCI_OBJ ||
			   !add_object(d, f->type(), p + i * f->type()->size)) {
			return false;
		}
	}
	return true;
}

static bool add_single(struct digest *d, const struct oci_field *f, const char *member)
{
	struct oci_u32 u32;
	struct oci_u64 u64;
	unsigned int choice;
	const char *text;

	switch (f->kind) {
	case OCI_STR:
		memcpy(&text, member, sizeof(text));
		add_text(d, text);
		return true;
	case OCI_ENUM:
		memcpy(&choice, member, sizeof(choice));
		add_number(d, true, choice);
		return true;
	case OCI_U32:
		memcpy(&u32, member, sizeof(u32));
		add_number(d, u32.set, u32.v);
		return true;
	case OCI_U64:
		memcpy(&u64, member, sizeof(u64));
		add_number(d, u64.set, u64.v);
		return true;
	default:
		return false;
	}
}

/* Every member that the table of properties has, in its order, so that one that is added to the table is in the
 * key by itself.  False: there is a kind of member that this does not know. */
static bool add_object(struct digest *d, const struct oci_type *type, const char *object)
{
	add_text(d, type->name);
	for (size_t i = 0; i < type->n; i++) {
		const struct oci_field *f = &type->fields[i];
		const char *member = object + f->offset;

		if (f->shape == OCI_MAP ||
		    !(f->shape == OCI_LIST ? add_list(d, f, member) : add_single(d, f, member)))
			return false;
	}
	return true;
}

bool filter_cache_key(const struct oci_seccomp *s, const struct filter_options *options,
		      const char *library, uint8_t ret[DIGEST_SIZE])
{
	struct oci_seccomp program = *s;
	struct digest d;

	program.listener_path = NULL;
	program.listener_metadata = NULL;
	digest_init(&d);
	digest_string(&d, FORMAT);
	digest_string(&d, library);
	digest_string(&d, options->release);
	digest_string(&d, options->machine);
	add_number(&d, true, options->fail_unknown);
	if (!add_object(&d, oci_type_seccomp(), (const char *)&program))
		return false;
	digest_final(&d, ret);
	return true;
}

static void entry_name(const uint8_t key[DIGEST_SIZE], char name[NAME_SIZE])
{
	static const char digits[] = "0123456789abcdef";

	for (int i = 0; i < DIGEST_SIZE; i++) {
		name[2 * i] = digits[key[i] >> 4];
		name[2 * i + 1] = digits[key[i] & 15];
	}
	name[NAME_SIZE - 1] = '\0';
}

/* Of key, size and program, against damage alone.  Each step can be undone, so that one changed word always shows;
 * a strong digest of the program would take longer than reading it. */
static uint64_t checksum(const struct header *h, const uint8_t key[DIGEST_SIZE], const void *insns)
{
	const struct {
		const uint8_t *data;
		size_t words;
	} parts[] = {{key, DIGEST_SIZE / 8}, {insns, h->n}};
	uint64_t sum = h->n, word;

	for (size_t k = 0; k < COUNT_OF(parts); k++)
		for (size_t i = 0; i < parts[k].words; i++) {
			memcpy(&word, parts[k].data + 8 * i, sizeof(word));
			sum = (sum ^ word) * UINT64_C(0x9e3779b97f4a7c15);
			sum ^= sum >> 32;
		}
	return sum;
}

/* Ours alone: of this type, owned by us, closed to everybody else. */
static bool is_private(const struct stat *st, mode_t type)
{
	if (naive("cacheowner"))
		return (st->st_mode & S_IFMT) == type;
	return (st->st_mode & S_IFMT) == type && st->st_uid == geteuid() &&
	       (st->st_mode & 077) == 0;
}

static bool dir_is_private(int dir)
{
	struct stat st;

	return fstat(dir, &st) == 0 && is_private(&st, S_IFDIR);
}

static int open_entry(int dir, const char *name, off_t *ret_size)
{
	autoclose int fd =
		openat(dir, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY);
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0 || !is_private(&st, S_IFREG))
		return -1;
	*ret_size = st.st_size;
	return take_fd(&fd);
}

bool filter_cache_lookup(int dir, const uint8_t key[DIGEST_SIZE], struct arena *arena,
			 struct plan_filter *out)
{
	struct header h = {0}, expected = {.format = FORMAT};
	autoclose int fd = -1;
	char name[NAME_SIZE];
	size_t bytes;
	off_t size;
	void *insns;

	entry_name(key, name);
	if (!dir_is_private(dir) || (fd = open_entry(dir, name, &size)) < 0)
		return false;
	if (pread(fd, &h, sizeof(h), 0) != sizeof(h) ||
	    memcmp(h.format, expected.format, sizeof(h.format)) || h.reserved != 0 || h.n == 0 ||
	    h.n > BPF_MAXINSNS)
		return false;
	bytes = h.n * sizeof(struct sock_filter);
	if (size != (off_t)(sizeof(h) + bytes))
		return false;
	insns = arena_alloc(arena, bytes);
	if (pread(fd, insns, bytes, sizeof(h)) != (ssize_t)bytes)
		return false;
	if (checksum(&h, key, insns) != h.sum) {
		log_debug("seccomp cache: entry %s is damaged, it is made anew", name);
		return false;
	}
	out->n = (uint16_t)h.n;
	out->insns = insns;
	return true;
}

/* Engines that write a different profile for every container would let the directory grow without end.  Nothing
 * is lost but time when it is emptied; temporary files of killed processes go the same way. */
static void bound_directory(int dir)
{
	int copy = openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *d = copy < 0 ? NULL : fdopendir(copy);
	const struct dirent *e;
	size_t n = 0;

	if (!d) {
		if (copy >= 0)
			fd_close(copy);
		return;
	}
	while (readdir(d))
		n++;
	if (n > MAX_ENTRIES) {
		rewinddir(d);
		while ((e = readdir(d)))
			if (strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0)
				(void)unlinkat(dir, e->d_name,
					       0); /* somebody else may have been faster */
	}
	closedir(d);
}

void filter_cache_store(int dir, const uint8_t key[DIGEST_SIZE], const struct plan_filter *filter)
{
	struct {
		struct header head;
		struct sock_filter insns[BPF_MAXINSNS];
	} entry = {.head = {.format = FORMAT, .n = filter->n}};
	size_t bytes = filter->n * sizeof(struct sock_filter);
	struct error err;
	char name[NAME_SIZE];

	if (!dir_is_private(dir) || filter->n > BPF_MAXINSNS)
		return;
	bound_directory(dir);
	memcpy(entry.insns, filter->insns, bytes);
	entry.head.sum = checksum(&entry.head, key, entry.insns);
	entry_name(key, name);
	if (fd_replace_file(dir, name, 0600, &entry, sizeof(entry.head) + bytes, &err) < 0)
		log_debug("seccomp cache: %s", err.msg);
}
