/* SPDX-License-Identifier: Apache-2.0 */
/* libFuzzer target: JSON to structs and back.
 *
 * The first byte chooses the type of the document and whether its memory is a
 * small fixed block; the rest is the document.  What parses must print, what was
 * printed must parse, and print the same again; what does not parse must say why
 * and where in one clean line.
 *
 *	clang -g -O1 -fsanitize=fuzzer,address,undefined -std=c17 -D_GNU_SOURCE -I. \
 *		contrib/fuzz/fuzz_ocispec.c libocispec/[a-z]*.c -lyajl -o fuzz_ocispec
 *	printf '\0' | cat - tests/unit/data/ocispec/config.json >CORPUS/config
 *	./fuzz_ocispec -dict=contrib/fuzz/ocispec.dict CORPUS
 */
#include <setjmp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "libocispec/ocispec.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static jmp_buf ran_out;

static void run_out(void)
{
	longjmp(ran_out, 1);
}

static void must(bool truth, const char *what)
{
	if (truth)
		return;
	fprintf(stderr, "not so: %s\n", what);
	abort();
}

static bool is_one_line(const char *s)
{
	for (; *s; s++)
		if ((unsigned char)*s < 0x20 || *s == 0x7f)
			return false;
	return true;
}

static void note(void *data, const char *path, unsigned int line)
{
	must(path[0] && is_one_line(path), "the path of an unknown property is one line");
	must(line >= *(unsigned int *)data, "unknown properties come in the order of their lines");
	*(unsigned int *)data = line;
}

static void check_error(const struct oci_error *err, size_t size)
{
	char line[1024];

	must(err->msg[0] != '\0', "an error has a message");
	must(is_one_line(err->path) && is_one_line(err->msg), "an error is one line");
	must(err->line >= 1 && err->line <= size + 1, "an error has a line");
	must(err->column >= 1 && err->column <= size + 1, "an error has a column");
	must(strlen(oci_error_format(err, "x", line, sizeof(line))) < sizeof(line), "it fits");
}

static void round_trip(struct arena *a, const struct oci_type *t, const void *object)
{
	const char *first = oci_print(a, t, object, false), *pretty = oci_print(a, t, object, true);
	struct oci_error err;
	void *again = oci_parse(a, t, pretty, strlen(pretty), &err);

	must(again != NULL, "what was printed parses");
	must(strcmp(oci_print(a, t, again, false), first) == 0, "and prints the same");
}

static void parse(struct arena *a, unsigned int choice, const char *text, size_t size)
{
	static const struct oci_type *(*const roots[])(void) = {
		oci_type_config,  oci_type_state,     oci_type_features,
		oci_type_process, oci_type_resources, oci_type_mount,
	};
	const struct oci_type *t = roots[choice % 6]();
	unsigned int line = 0;
	const struct oci_watch watch = {note, &line};
	struct oci_error err;
	size_t n = 0;
	void *o;

	if (choice % 6 == 5) {
		o = oci_parse_list(a, t, text, size, &n, &err);
		for (size_t i = 0; o && i < n; i++)
			round_trip(a, t, (struct oci_mount *)o + i);
	} else {
		o = oci_parse_watch(a, t, text, size, &watch, &err);
		if (o)
			round_trip(a, t, o);
	}
	if (o == NULL)
		check_error(&err, size);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static char block[8192];
	struct arena a = {0};

	if (size == 0)
		return 0;
	if (data[0] & 0x80)
		arena_init_fixed(&a, block, sizeof(block));
	a.no_memory = run_out;
	if (setjmp(ran_out) == 0)
		parse(&a, data[0] & 0x7f, (const char *)data + 1, size - 1);
	arena_free(&a);
	return 0;
}
