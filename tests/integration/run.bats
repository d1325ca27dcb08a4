#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# run: create and start in one, in the foreground or detached.

load helpers

@test "run: prints what the process prints and returns its status 0" {
	args echo hello world
	run vert run --bundle "$BUNDLE" "$ID"
	succeeded
	[ "$output" = "hello world" ]
}
