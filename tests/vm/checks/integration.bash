# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
#
# The integration tests that want more of a host than a build machine has: every controller of control groups, systemd,
# AppArmor.  /src is the source tree.
integration_ready() {
	mkdir tree && cp -r /src/tests /src/libocispec tree/
}

# integration FILE...: the files' tests as root; what fails is printed.
integration() {
	local out
	out=$(cd "$CHECK_DIR/tree" && VERT_TESTS_PARTS=root RUNTIME=$RT tests/integration/run "${@/#/tests/integration/}" 2>&1)
	grep -A 12 '^not ok' <<< "$out" >&2
	tail -n 1 <<< "$out"
}

check integration-setup '' integration_ready
for file in conform-cgroups cgroup update devices spec-events spec-process spec-annotations spec-mounts conform-linux conform-runtime; do
	CHECK_LIMIT=${CHECK_LIMIT:-900} check "integration-$file" '^[1-9][0-9]* passed, 0 failed' integration "$file.bats"
done
