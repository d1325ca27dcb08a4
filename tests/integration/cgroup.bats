#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# config-linux.md, Control groups: where the container's group is and what is written to it.

load helpers

limit() {
	cat "$(cgroup_dir)/$1"
}

# limited JSON: a running container with these resources.
limited() {
	cfg '.linux.resources = $r' --argjson r "$1"
	start_sleeper
}

@test "cgroup: an absolute path is below the mount point" {
	requires cgroup
	start_sleeper
	[ "$(cgroup_dir)" = "$CGROUPFS$CG/$ID" ]
	[ -d "$CGROUPFS$CG/$ID" ]
}

@test "cgroup: missing parents are made, and removed again" {
	requires cgroup
	only_vert "crun leaves the parents"
	KEEP_CGROUP=1
	cfg '.linux.cgroupsPath = $p' --arg p "$CG/a/b/$ID"
	args fork 0
	create "$ID"
	[ -d "$CGROUPFS$CG/a/b/$ID" ]
	vert delete --force "$ID"
	[ ! -e "$CGROUPFS$CG/a/b/$ID" ]
	# Whether empty parents go too is the runtime's choice; they must not be in use.
	rmdir "$CGROUPFS$CG/a/b" "$CGROUPFS$CG/a" 2>/dev/null || :
}

@test "cgroup: a parent that was there stays" {
	requires cgroup
	mkdir "$CGROUPFS$CG/kept"
	cfg '.linux.cgroupsPath = $p' --arg p "$CG/kept/$ID"
	run_ok
	[ -d "$CGROUPFS$CG/kept" ]
	rmdir "$CGROUPFS$CG/kept"
}

@test "cgroup: without a path the runtime chooses one and removes it" {
	requires root cgroup
	cfg 'del(.linux.cgroupsPath)'
	start_sleeper
	[[ $(cgroup_dir) == *"$ID"* ]]
	local dir
	dir=$(cgroup_dir)
	[ -d "$dir" ]
	vert delete --force "$ID"
	[ ! -e "$dir" ]
}

@test "cgroup: without a path an ordinary user's container works" {
	requires rootless
	cfg 'del(.linux.cgroupsPath)'
	run_ok
	[ "$output" = hello ]
}

@test "cgroup: without a path an ordinary user's container has the limits that were delegated" {
	requires rootless cgroup-controller hugetlb
	only_vert "crun makes no group without a path"
	cfg 'del(.linux.cgroupsPath) | .linux.resources = {hugepageLimits: [{pageSize: "2MB", limit: 2097152}]}'
	start_sleeper
	# Beside the group of who started it, which has processes and may not divide itself.
	[ "$(cgroup_dir)" = "$CGROUPFS${VERT_TESTS_CGROUP%/*}/vert/$ID" ]
	[ "$(limit hugetlb.2MB.max)" = 2097152 ]
	vert delete --force "$ID"
	[ ! -e "$CGROUPFS${VERT_TESTS_CGROUP%/*}/vert/$ID" ]
}

@test "cgroup: the same path again gives the same group" {	# config-linux.md: MUST consistently attach
	requires cgroup
	KEEP_CGROUP=1
	cfg '.linux.cgroupsPath = $p' --arg p "$CG/same-$ID"
	local i
	for i in 1 2; do
		start_sleeper
		[ "$(cgroup_dir)" = "$CGROUPFS$CG/same-$ID" ]
		vert delete --force "$ID"
	done
}

@test "cgroup: paths that climb out are refused or stay inside" {
	requires cgroup
	only_vert
	local path
	for path in "$CG/../../$ID-out" "../../$ID-out" "$CG/./../$ID-out"; do
		cfg '.linux.cgroupsPath = $p' --arg p "$path"
		run vert run --bundle "$BUNDLE" "$ID"
		[ "$status" != 0 ] || [ ! -e "$CGROUPFS/$ID-out" ]
	done
	[ ! -e "$CGROUPFS/$ID-out" ]
	[ ! -e "$CGROUPFS$VERT_TESTS_CGROUP/$ID-out" ]
}

@test "cgroup: the process is in its group from its first instruction" {
	requires cgroup
	cfg '.linux.namespaces |= map(select(.type != "cgroup"))'
	probe cgroup
	has "cgroup=0::$CG/$ID"
}

@test "cgroup: children of the process are in the group" {
	requires cgroup
	args fork 3
	start_new "$ID"
	within 5 grep -q ready "$ID.out"
	[ "$(wc -l <"$CGROUPFS$CG/$ID/cgroup.procs")" = 4 ]
}

@test "cgroup: hugepage limits" {
	requires cgroup-controller hugetlb
	limited '{"hugepageLimits": [{"pageSize": "2MB", "limit": 2097152}]}'
	[ "$(limit hugetlb.2MB.max)" = 2097152 ]
	[ "$RUNTIME_NAME" != vert ] || [ "$(limit hugetlb.2MB.rsvd.max)" = 2097152 ]
}

@test "cgroup: a hugepage size that does not exist is refused" {
	requires cgroup-controller hugetlb
	local size
	for size in 3MB 2mb ../x 2MB/..; do
		cfg '.linux.resources.hugepageLimits = [{pageSize: $s, limit: 0}]' --arg s "$size"
		refused_run ""
		[ "$RUNTIME_NAME" != vert ] || [[ $stderr == *"$size"* ]]
		nothing_left -v
	done
}

@test "cgroup: unified values are written to their files" {
	requires cgroup-controller hugetlb
	limited '{"unified": {"hugetlb.2MB.max": "4194304", "cgroup.max.descendants": "3"}}'
	[ "$(limit hugetlb.2MB.max)" = 4194304 ]
	[ "$(limit cgroup.max.descendants)" = 3 ]
}

@test "cgroup: unified files of the core" {
	requires cgroup
	limited '{"unified": {"cgroup.max.descendants": "7", "cgroup.max.depth": "2"}}'
	[ "$(limit cgroup.max.descendants)" = 7 ]
	[ "$(limit cgroup.max.depth)" = 2 ]
}

@test "cgroup: a unified key of a controller that is not there is refused by name" {
	requires no-cgroup-controller rdma
	cfg '.linux.resources.unified = {"rdma.max": "mlx4_0 hca_handle=2"}'
	refused_run "rdma"
	nothing_left -v
}

@test "cgroup: unified keys that are paths, and bad values, are refused" {
	requires cgroup
	only_vert
	local key
	for key in ../cgroup.procs /etc/passwd cgroup.procs/x '' . ..; do
		cfg '.linux.resources.unified = {($k): "1"}' --arg k "$key"
		refused_run "unified"
	done
	cfg '.linux.resources.unified = {"cgroup.max.depth": "frob"}'
	refused_run "cgroup.max.depth"
	nothing_left -v
}

@test "cgroup: a limit without its controller is refused by name before anything is made" {
	requires no-cgroup-controller memory
	only_vert "crun drops them"
	cfg '.linux.resources.memory.limit = 67108864'
	refused_run "memory"
	cfg '.linux.resources = {cpu: {quota: 10000}}'
	refused_run "cpu"
	cfg '.linux.resources = {pids: {limit: 10}}'
	refused_run "pids"
	cfg '.linux.resources = {blockIO: {weight: 100}}'
	refused_run "io"
	nothing_left -v
}

@test "cgroup: settings of version 1 alone are refused" {
	requires cgroup
	only_vert
	cfg '.linux.resources = {network: {classID: 1048577}}'
	refused_run "classID"
	cfg '.linux.resources = {cpu: {realtimeRuntime: 1000}}'
	refused_run "realtimeRuntime"
	cfg '.linux.resources = {memory: {swappiness: 50}}'
	refused_run "swappiness"
}

@test "cgroup: pids.limit" {
	requires cgroup-controller pids
	limited '{"pids": {"limit": 13}}'
	[ "$(limit pids.max)" = 13 ]
	vert delete --force "$ID"
	limited '{"pids": {"limit": -1}}'
	[ "$(limit pids.max)" = max ]
}

@test "cgroup: pids.limit holds" {
	requires cgroup-controller pids
	cfg '.linux.resources.pids.limit = 3'
	args fork 10
	run vert run --bundle "$BUNDLE" "$ID"
	has fork=EAGAIN
}

@test "cgroup: memory limit, reservation and swap" {
	requires cgroup-controller memory
	limited '{"memory": {"limit": 67108864, "reservation": 33554432, "swap": 100663296}}'
	[ "$(limit memory.max)" = 67108864 ]
	[ "$(limit memory.low)" = 33554432 ]
	[ ! -e "$(cgroup_dir)/memory.swap.max" ] || [ "$(limit memory.swap.max)" = 33554432 ]
}

@test "cgroup: a process past its memory limit is killed" {
	requires cgroup-controller memory
	cfg '.linux.resources.memory = {limit: 20971520, swap: 20971520}'
	args alloc 100000000
	run vert run --bundle "$BUNDLE" "$ID"
	[ "$status" = 137 ]
}

@test "cgroup: cpu shares, quota, period and idle" {
	requires cgroup-controller cpu
	limited '{"cpu": {"shares": 1024, "quota": 25000, "period": 50000}}'
	[ "$(limit cpu.max)" = "25000 50000" ]
	[ "$(limit cpu.weight)" = 100 ] || [ "$RUNTIME_NAME" != vert ]
}

@test "cgroup: cpuset" {
	requires cgroup-controller cpuset
	limited '{"cpu": {"cpus": "0", "mems": "0"}}'
	[ "$(limit cpuset.cpus)" = 0 ]
	[ "$(limit cpuset.mems)" = 0 ]
}

@test "cgroup: io weight" {
	requires cgroup-controller io
	limited '{"blockIO": {"weight": 10}}'
	[ "$(limit io.weight)" = "default 1" ] || [ "$(limit io.bfq.weight)" = "default 10" ]
}

@test "cgroup: a group with processes in it is not taken over" {
	requires cgroup
	only_vert "crun shares it"
	KEEP_CGROUP=1
	start_sleeper "$ID.first"
	refused "" vert run --bundle "$BUNDLE" "$ID"
	[[ $stderr == *cgroup* ]]
	is_status "$ID.first" running
	[ "$(containers)" = "$ID.first" ]
}

@test "cgroup: delegated to the container's root when it has a namespace and a writable mount" {
	requires root cgroup userns
	only_vert
	cfg '.linux.namespaces += [{type: "user"}]
		| .linux.uidMappings = [{containerID: 0, hostID: 100000, size: 65536}]
		| .linux.gidMappings = .linux.uidMappings
		| .mounts += [{destination: "/sys/fs/cgroup", type: "cgroup", source: "cgroup", options: ["rw"]}]'
	start_sleeper
	[ "$(stat -c %u "$(cgroup_dir)")" = 100000 ]
	[ "$(stat -c %u "$(cgroup_dir)/cgroup.procs")" = 100000 ]
	[ "$(stat -c %u "$(cgroup_dir)/cgroup.freeze")" = 0 ]
}

@test "cgroup: not delegated with a read-only mount" {
	requires root cgroup userns
	cfg '.linux.namespaces += [{type: "user"}]
		| .linux.uidMappings = [{containerID: 0, hostID: 100000, size: 65536}]
		| .linux.gidMappings = .linux.uidMappings
		| .mounts += [{destination: "/sys/fs/cgroup", type: "cgroup", source: "cgroup", options: ["ro"]}]'
	only_vert
	start_sleeper
	[ "$(stat -c %u "$(cgroup_dir)")" = 0 ]
}

@test "cgroup: an ordinary user's delegated group is used" {
	requires rootless cgroup
	start_sleeper
	[ "$(cgroup_dir)" = "$CGROUPFS$CG/$ID" ]
	vert pause "$ID"
	is_status "$ID" paused
	vert resume "$ID"
}
