#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# What a filter denies, told: run.vert.seccomp.log and run.vert.seccomp.report.

load helpers

setup() {
	requires seccomp
	only_vert
	setup_bundle
}

teardown() {
	[ -z "${BUNDLE-}" ] || teardown_bundle
}

annotate() {
	cfg '.annotations[$k] = $v' --arg k "$1" --arg v "$2"
}

# denied FILTER: a number that jq finds in the report, as soon as it is there.
denied() {
	jq -e "$1" "$TMP/report"
}

@test "seccomp report: denied calls are listed with their counts, the process sees the same errno" {
	[ "$(uname -m)" = x86_64 ] || skip "numbers of x86_64"
	cfg '.linux.seccomp = {defaultAction: "SCMP_ACT_ALLOW", syscalls: [
		{names: ["mkdir", "mkdirat"], action: "SCMP_ACT_ERRNO", errnoRet: 33},
		{names: ["personality"], action: "SCMP_ACT_ERRNO", errnoRet: 38}]}'
	annotate run.vert.seccomp.report "$TMP/report"
	probe try mkdir chmod , repeat 5 135
	has try.mkdir=EDOM try.chmod=ok call.135=ENOSYS
	within 5 denied '[.denied[] | select(.syscall == "mkdir" and .number == 83 and .errno == 33 and .count == 1
		and .pid > 0)] | length == 1'
	within 5 denied '[.denied[] | select(.syscall == "personality" and .errno == 38) | .count] == [5]'
	denied '.container == "'"$ID"'" and .notListed == 0 and (.denied | length) == 2'
}

@test "seccomp report: with an engine's profile every call is answered as without a report" {
	local without
	[ "$(uname -m)" = x86_64 ] || skip "numbers of x86_64"
	cfg '.linux.seccomp = ($from[0].linux.seccomp | .defaultErrnoRet = 33)' \
		--slurpfile from "$BATS_TEST_DIRNAME/../data/engines/docker-plain.json"
	# alarm(2) and brk(2) answer with what is left and where it is.
	args raw 0 11 , raw 13 36 , raw 38 334 , raw 424 450
	run_ok
	without=$(grep ^call <<<"$output")
	annotate run.vert.seccomp.report "$TMP/report"
	run_ok
	diff <(echo "$without") <(grep ^call <<<"$output")
	within 5 denied '[.denied[] | select(.syscall == "mount" and .errno == 33)] | length == 1'
	denied '(.denied | length) > 40'
	# Each call that was refused so is in the report, and no other.
	diff <(sed -n 's/^call\.\([0-9]*\)=EDOM$/\1/p' <<<"$without" | sort -n) \
		<(jq -r '.denied[] | select(.errno == 33) | .number' "$TMP/report" | sort -n | uniq)
}

@test "seccomp report: of a container that is created and started; exec is refused the same; nothing stays" {
	cfg '.linux.seccomp = {defaultAction: "SCMP_ACT_ALLOW", syscalls: [
		{names: ["mkdir", "mkdirat"], action: "SCMP_ACT_ERRNO", errnoRet: 33}]}'
	annotate run.vert.seccomp.report "$TMP/report"
	args try mkdir , fork 0
	start_new "$ID"
	within 5 grep -qx try.mkdir=EDOM "$TMP/$ID.out"
	within 5 denied '.denied[0].count == 1'
	exec_probe try mkdir
	has try.mkdir=EDOM
	denied '.denied[0].count == 1'
	vert kill "$ID" KILL
	within 5 is_status "$ID" stopped
	vert delete "$ID"
	# The teardown looks for processes.
}

@test "seccomp report: what cannot be is refused" {
	cfg '.linux.seccomp = {defaultAction: "SCMP_ACT_ALLOW", syscalls: [
		{names: ["mkdir"], action: "SCMP_ACT_ERRNO"}]}'
	annotate run.vert.seccomp.report report
	refused_run "'report' is not an absolute path"
	annotate run.vert.seccomp.report "$TMP/report"
	cfg '.linux.seccomp.syscalls[0].names = ["write"]'
	refused_run "denies 'write'"
	cfg '.linux.seccomp.syscalls[0] = {names: ["mkdir"], action: "SCMP_ACT_NOTIFY"} | .linux.seccomp.listenerPath = "/x"'
	refused_run "a listener of its own"
}

@test "seccomp log: the filter is loaded with the flag, and shown so" {
	cfg '.linux.seccomp = {defaultAction: "SCMP_ACT_ALLOW", syscalls: [
		{names: ["mkdir", "mkdirat"], action: "SCMP_ACT_ERRNO", errnoRet: 33}]}'
	annotate run.vert.seccomp.log denied
	run -0 vert seccomp show --bundle "$BUNDLE"
	has "flags: LOG SPEC_ALLOW"
	probe try mkdir
	has try.mkdir=EDOM
	annotate run.vert.seccomp.log everything
	refused_run "'everything' is not 'denied'"
}

@test "seccomp log: seen at the system call" {
	requires no-sanitizers
	requires strace root
	cfg '.linux.seccomp = {defaultAction: "SCMP_ACT_ALLOW", syscalls: [
		{names: ["mkdir", "mkdirat"], action: "SCMP_ACT_ERRNO", errnoRet: 33}]}'
	annotate run.vert.seccomp.log denied
	args exit 0
	strace -f -e trace=seccomp -o "$TMP/calls" "$RUNTIME" --root "$ROOT" run --bundle "$BUNDLE" "$ID" 3>&- 4>&- </dev/null
	grep -q 'seccomp(SECCOMP_SET_MODE_FILTER, .*SECCOMP_FILTER_FLAG_LOG' "$TMP/calls"
}
