#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# state --effective: what was asked for and what is in force; the policy for what cannot be enforced.

load helpers

setup() {
	setup_bundle
	only_vert
}

# effective FILTER: true for the object.
effective() {
	vert state --effective "$ID" >"$TMP/effective"
	jq -e "$1" "$TMP/effective" >/dev/null || { jq . "$TMP/effective"; return 1; }
}

hugetlb_limit() {
	cfg '.linux.resources.hugepageLimits = [{pageSize: "2MB", limit: 4194304}]'
}

@test "state: --effective of a container without limits is empty" {
	start_sleeper
	effective '. == {}'
}

@test "state: --effective shows requested and effective, as the files have them" {
	requires root cgroup-controller hugetlb
	hugetlb_limit
	start_sleeper
	effective '.["hugetlb.2MB.max"] == {requested: 4194304, effective: 4194304}'
	# Behind our back: the file counts, not our memory.
	echo 2097152 >"$CGROUPFS$CG/$ID/hugetlb.2MB.max"
	effective '.["hugetlb.2MB.max"] == {requested: 4194304, effective: 2097152}'
}

@test "state: --effective names the cgroup above with a tighter limit" {
	requires root cgroup-controller hugetlb
	hugetlb_limit
	start_sleeper
	echo 2097152 >"$CGROUPFS$CG/hugetlb.2MB.max"
	effective '.["hugetlb.2MB.max"].tighter == {cgroup: "'"$CG"'", value: 2097152}'
}

@test "state: --effective follows updates" {
	requires root cgroup-controller hugetlb
	hugetlb_limit
	start_sleeper
	vert update --resources - "$ID" <<<'{"hugepageLimits": [{"pageSize": "2MB", "limit": 2097152}]}'
	effective '.["hugetlb.2MB.max"] == {requested: 2097152, effective: 2097152}'
	vert update --resources - "$ID" <<<'{"unified": {"cgroup.max.depth": "5"}}'
	effective '.["hugetlb.2MB.max"].effective == 2097152 and .["cgroup.max.depth"] == {requested: 5, effective: 5}'
}

@test "update: one value that the kernel refuses, and all is as before" {
	requires root cgroup-controller hugetlb
	hugetlb_limit
	start_sleeper
	run vert update --resources - "$ID" <<<'{"hugepageLimits": [{"pageSize": "2MB", "limit": 2097152}],
		"unified": {"cgroup.max.depth": "5", "cgroup.max.descendants": "many"}}'
	[ "$status" = 1 ]
	[ "$(cat "$CGROUPFS$CG/$ID/hugetlb.2MB.max")" = 4194304 ]
	[ "$(cat "$CGROUPFS$CG/$ID/cgroup.max.depth")" = max ]
	effective '.["hugetlb.2MB.max"] == {requested: 4194304, effective: 4194304} and (has("cgroup.max.depth") | not)'
	[ ! -e "$ROOT/$ID/limits" ]
}

@test "state: --effective of every kind of limit" {
	requires root cgroup-controller memory cgroup-controller cpu cgroup-controller pids
	cfg '.linux.resources = {memory: {limit: 67108864, reservation: 33554432}, pids: {limit: 50},
		cpu: {quota: 50000, period: 100000, shares: 512}}'
	start_sleeper
	effective '.["memory.max"] == {requested: 67108864, effective: 67108864}
		and .["cpu.max"] == {requested: "50000 100000", effective: "50000 100000"}
		and .["pids.max"].effective == 50 and all(.[]; .effective == .requested)'
	vert update --cpu-period 200000 "$ID"
	effective '.["cpu.max"] == {requested: "50000 200000", effective: "50000 200000"}'
	vert update --memory 32m --pids-limit 20 "$ID"
	effective '.["memory.max"] == {requested: 33554432, effective: 33554432} and .["pids.max"].effective == 20'
}

@test "state: --effective of an unknown container is refused" {
	refused "does not exist" vert state --effective nobody
}

# ---------------------------------------------------------------------------------------------
# run.vert.unenforceable

unenforceable() {
	cfg '.linux.resources.memory.limit = 67108864 | .annotations["run.vert.unenforceable"] = $policy' --arg policy "$1"
}

@test "unenforceable: without the annotation, and with 'fail', such a limit is refused" {
	requires no-cgroup-controller memory
	cfg '.linux.resources.memory.limit = 67108864'
	refused_run "memory"
	unenforceable fail
	refused_run "memory"
}

@test "unenforceable: 'warn' goes on and tells it in the log" {
	requires no-cgroup-controller memory
	unenforceable warn
	GLOBAL=(--log "$TMP/log" --log-level warning)
	start_sleeper
	grep -F "memory.limit: 'memory.max' is not enforced" "$TMP/log"
	effective '.["memory.max"] | .requested == 67108864 and .effective == null and (.why | contains("controller memory"))'
}

@test "unenforceable: 'ignore' goes on in silence" {
	requires no-cgroup-controller memory
	unenforceable ignore
	GLOBAL=(--log "$TMP/log" --log-level warning)
	start_sleeper
	[ ! -s "$TMP/log" ]
	effective '.["memory.max"].effective == null'
}

@test "unenforceable: what can be enforced is, and a bad value stays an error" {
	requires root cgroup-controller hugetlb
	unenforceable ignore
	cfg 'del(.linux.resources.memory) | .linux.resources.hugepageLimits = [{pageSize: "2MB", limit: 4194304}]'
	start_sleeper
	[ "$(cat "$CGROUPFS$CG/$ID/hugetlb.2MB.max")" = 4194304 ]
	vert delete --force "$ID"
	cfg '.linux.resources.unified = {"cgroup.max.depth": "many"}'
	refused_run "cgroup.max.depth"
}

@test "unenforceable: a user without a cgroup of his own" {
	requires rootless
	[ -z "$CG" ] || skip "has a control group of his own"
	cfg '.linux.resources.pids.limit = 20'
	run vert run --bundle "$BUNDLE" "$ID" </dev/null
	[ "$status" != 0 ]
	cfg '.annotations["run.vert.unenforceable"] = "warn"'
	GLOBAL=(--log "$TMP/log" --log-level warning)
	start_sleeper
	grep -F "'pids.max' is not enforced" "$TMP/log"
	effective '.["pids.max"] == {requested: 20, effective: null, why: "the container has no cgroup"}'
}

@test "unenforceable: another word is refused" {
	unenforceable perhaps
	refused_run "run.vert.unenforceable"
}
