#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
#
# The integration tests that want more of a host than a build machine has: every controller of control groups, systemd,
# AppArmor.  And whether this Debian's archives make the fast program.  /src is the source tree.

load helpers

integration_ready() {
	mkdir tree && cp -r /src/tests /src/libocispec tree/
}

# integration FILE...: the files' tests as root, with nothing of this bats in the environment; what fails is printed.
integration() {
	local out
	out=$(cd "$CHECK_DIR/tree" && env -i HOME="$HOME" PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin \
		VERT_TESTS_PARTS=root RUNTIME="$RT" tests/integration/run "${@/#/tests/integration/}" 2>&1)
	grep -A 12 '^not ok' <<< "$out" >&2
	tail -n 1 <<< "$out"
}

# docs/architecture.md: vert is linked with musl where that is there.
build_musl() {
	mkdir "$CHECK_DIR/made" && cd "$CHECK_DIR/made" && /src/configure --enable-musl > log 2>&1 || { tail -n 5 log; return 1; }
	grep -o 'vert: .*' log
}

@test "build-musl" {
	[ -x /src/configure ] && [ ! -e /src/config.status ] || skip "needs a tree that was configured elsewhere"
	check '^vert: +musl-gcc' build_musl
}

@test "integration-setup" {
	check '' integration_ready
}

@test "integration-conform-cgroups" {
	CHECK_LIMIT=900 check '^[1-9][0-9]* passed, 0 failed' integration conform-cgroups.bats
}

@test "integration-cgroup" {
	CHECK_LIMIT=900 check '^[1-9][0-9]* passed, 0 failed' integration cgroup.bats
}

@test "integration-update" {
	CHECK_LIMIT=900 check '^[1-9][0-9]* passed, 0 failed' integration update.bats
}

@test "integration-devices" {
	CHECK_LIMIT=900 check '^[1-9][0-9]* passed, 0 failed' integration devices.bats
}

@test "integration-spec-events" {
	CHECK_LIMIT=900 check '^[1-9][0-9]* passed, 0 failed' integration spec-events.bats
}

@test "integration-spec-process" {
	CHECK_LIMIT=900 check '^[1-9][0-9]* passed, 0 failed' integration spec-process.bats
}

@test "integration-spec-annotations" {
	CHECK_LIMIT=900 check '^[1-9][0-9]* passed, 0 failed' integration spec-annotations.bats
}

@test "integration-spec-mounts" {
	CHECK_LIMIT=900 check '^[1-9][0-9]* passed, 0 failed' integration spec-mounts.bats
}

@test "integration-conform-linux" {
	CHECK_LIMIT=900 check '^[1-9][0-9]* passed, 0 failed' integration conform-linux.bats
}

@test "integration-conform-runtime" {
	CHECK_LIMIT=900 check '^[1-9][0-9]* passed, 0 failed' integration conform-runtime.bats
}

@test "integration-security-races" {
	CHECK_LIMIT=900 check '^[1-9][0-9]* passed, 0 failed' integration security-races.bats
}
