#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# libvert, from a C program (embed.c) and from Python (contrib/python/example.py), which have nothing of the source
# tree but vert.h and libvert.so.  The sentences are docs/libvert.md's.

load helpers

setup() {
	setup_bundle
	LIBRARY=$(dirname "$RUNTIME")/libvert.so.0
	[ -e "$LIBRARY" ] || skip "this build has no libvert.so.0"
	SOURCE=$BATS_TEST_DIRNAME/../..
	argv /bin/sh -c 'cat <&3; echo error >&2; exec sleep 1000'
}

# embed SCENE: the scene's output in $output.
embed() {
	cp "$SOURCE/src/lib/vert.h" "$TMP/vert.h"
	"${CC:-cc}" -std=c11 -D_GNU_SOURCE -Wall -Wextra -Werror -I"$TMP" -o "$TMP/embed" "$BATS_TEST_DIRNAME/embed.c" \
		"$LIBRARY" -pthread
	run env LD_LIBRARY_PATH="$(dirname "$LIBRARY")" timeout --foreground -k 2 30 \
		"$TMP/embed" "$1" "$ROOT" "$BUNDLE" "$ID" 3>&- 4>&-
}

@test "libvert: a whole life from C: descriptors handed on, exec's status, errors, nothing of the caller's changed" {
	embed life
	succeeded
	has ok
}

@test "libvert: pause, resume, update, and delete of what is gone already" {
	requires cgroup
	embed freeze
	succeeded
	has ok
}

@test "libvert: an error tells message, code and errno, also one that was found inside of the container" {
	embed errors
	succeeded
	has ok
}

@test "libvert: an error tells the place in config.json and the step" {
	cfg '.mounts += [{destination: "/x", type: "bind", source: "/nonexistent-source", options: ["bind"]}]'
	embed place
	succeeded
	like '^code=MOUNT_SOURCE_MISSING place=mounts\[[0-9]+\] step=make mounts message=.*/nonexistent-source'
	has ok
}

@test "libvert: threads share a handle" {
	embed threads
	succeeded
	has ok
}

@test "libvert: the answer does not depend on SIGCHLD" {
	embed deaf
	succeeded
	has ok
}

@test "libvert: nothing is written to the caller's standard streams" {
	cfg '.process.capabilities.bounding += ["CAP_UNHEARD_OF"]'	# a warning for the program
	cfg '.mounts += [{destination: "/x", type: "bind", source: "/nonexistent-source", options: ["bind"]}]'
	embed place
	succeeded
	[ "$(wc -l <<<"$output")" = 2 ]
	unlike '^vert'
}

@test "libvert: the program sees what the library made, and the other way round" {
	argv /bin/sh -c 'exec sleep 1000'
	create "$ID"
	run /usr/bin/python3 - "$SOURCE/contrib/python" "$LIBRARY" "$ROOT" "$ID" <<-'END'
		import sys
		sys.path.insert(0, sys.argv[1])
		sys.dont_write_bytecode = True
		import example
		v = example.Vert(sys.argv[3], sys.argv[2])
		assert v.state(sys.argv[4])["status"] == "created"
		v.start(sys.argv[4])
		v.close()
	END
	succeeded
	is_status "$ID" running
}

@test "libvert: a whole life from Python" {
	requires /usr/bin/python3
	argv /bin/sh -c 'exec sleep 1000'
	run /usr/bin/python3 -B "$SOURCE/contrib/python/example.py" "$BUNDLE" --root "$ROOT" --id "$ID" --library "$LIBRARY" \
		</dev/null 3>&- 4>&-
	succeeded
	has "after create: created" "after start: running" "exec ended with 7" "after kill: stopped" "left: []" \
		"after delete: CONTAINER_NOT_FOUND"
}

@test "libvert: only what vert.h declares is exported" {
	requires nm
	declared=$(grep -o 'VERT_API [^;(]*(' "$SOURCE/src/lib/vert.h" | grep -o 'vert_[a-z_]*($' | tr -d '(' | sort)
	exported=$(nm -D --defined-only "$LIBRARY" | awk '$2 != "A" { sub(/@.*/, "", $3); print $3 }' | sort)
	[ -n "$declared" ]
	diff <(echo "$declared") <(echo "$exported")
}

@test "libvert: the header is C and C++" {
	requires g++
	cp "$SOURCE/src/lib/vert.h" "$TMP/vert.h"
	for lang in c c++; do
		"${CC:-cc}" -Wall -Wextra -Werror -fsyntax-only -I"$TMP" -x "$lang" - <<<'#include "vert.h"'
	done
}
