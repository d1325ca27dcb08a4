/* SPDX-License-Identifier: Apache-2.0 */
/* From files to documents. */
#include "bundle.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/blame.h"
#include "base/fd.h"
#include "base/log.h"
#include "base/str.h"
#include "libocispec/arena.h"
#include "libocispec/ocispec.h"

int bundle_path(struct arena *arena, const char *dir, const char **ret, struct error *err)
{
	UNSET char path[PATH_MAX];
	struct stat st;

	if (!realpath(dir ? dir : ".", path)) {
		fail(err, errno, "open bundle '%s'", dir ? dir : ".");
		error_blame(err, -1, dir ? dir : ".");
		return error_code(err, "BUNDLE_MISSING");
	}
	if (stat(path, &st) == 0 && !S_ISDIR(st.st_mode)) {
		fail(err, ENOTDIR, "open bundle '%s'", path);
		error_hint(err, "it is a file: name the directory that holds config.json");
		error_blame(err, -1, path);
		return error_code(err, "BUNDLE_MISSING");
	}
	*ret = arena_strdup(arena, path);
	return 0;
}

static void show_unknown(void *data, const char *path, unsigned line)
{
	log_debug("%s:%u: unknown property '%s' is ignored", (const char *)data, line, path);
}

static int read_stdin(struct arena *arena, const char **ret_text, size_t *ret_len, struct error *err)
{
	struct buf b = {0};
	UNSET char part[16384];
	ssize_t n;

	while ((n = read(STDIN_FILENO, part, sizeof(part))) != 0) {
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0) {
			buf_free(&b);
			return fail(err, errno, "read standard input");
		}
		buf_add(&b, part, (size_t)n);
		if (b.failed || b.n > OCI_MAX_SIZE) {
			buf_free(&b);
			return fail(err, 0, "read standard input: larger than %zu bytes", (size_t)OCI_MAX_SIZE);
		}
	}
	*ret_len = b.n;
	*ret_text = b.n ? arena_strndup(arena, b.s, b.n) : "";
	buf_free(&b);
	return 0;
}

int document_parse(struct arena *arena, const char *name, const struct oci_type *type, const char *text, size_t len,
		   void **ret, struct error *err)
{
	struct oci_watch watch = {.unknown = show_unknown, .data = (void *)name};
	struct oci_error bad;
	char line[sizeof(err->msg)];

	*ret = oci_parse_watch(arena, type, text, len, log_settings.level >= LOG_LEVEL_DEBUG ? &watch : NULL, &bad);
	if (*ret)
		return 0;
	fail(err, 0, "%s", oci_error_format(&bad, name, line, sizeof(line)));
	error_where(err, bad.path);
	err->line = bad.line;
	return error_code(err, "CONFIG_INVALID");
}

int document_text(struct arena *arena, const char *file, const char **ret_text, size_t *ret_len, struct error *err)
{
	autofree char *text = NULL;
	size_t len;

	if (strcmp(file, "-") == 0)
		return read_stdin(arena, ret_text, ret_len, err);
	if (fd_read_file(AT_FDCWD, file, OCI_MAX_SIZE, &text, &len, err) < 0) {
		error_code(err, "CONFIG_READ");
		return error_blame(err, -1, file);
	}
	*ret_text = arena_strndup(arena, text, len);
	*ret_len = len;
	return 0;
}

int document_read(struct arena *arena, struct arena *keep, const char *file, const struct oci_type *type, void **ret,
		  const char **ret_text, size_t *ret_len, struct error *err)
{
	const char *kept = "";
	size_t len;

	if (document_text(keep, file, &kept, &len, err) < 0)
		return -1;
	if (document_parse(arena, strcmp(file, "-") == 0 ? "stdin" : file, type, kept, len, ret, err) < 0)
		return error_path(err, file);
	if (ret_text)
		*ret_text = kept;
	if (ret_len)
		*ret_len = len;
	return 0;
}
