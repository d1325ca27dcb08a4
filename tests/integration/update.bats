#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# update: new limits for a running container.

load helpers

limit() {
	cat "$CGROUPFS$CG/$ID/$1"
}

@test "update: --pids-limit is written to pids.max" {
	requires cgroup-controller pids
	start_sleeper
	vert update --pids-limit 20 "$ID"
	[ "$(limit pids.max)" = 20 ]
	vert update --pids-limit=-1 "$ID"
	[ "$(limit pids.max)" = max ]
}

@test "update: --memory takes units" {
	requires cgroup-controller memory
	start_sleeper
	vert update --memory 64m "$ID"
	[ "$(limit memory.max)" = $((64 << 20)) ]
	vert update --memory 128M --memory-reservation 32m "$ID"
	[ "$(limit memory.max)" = $((128 << 20)) ]
	[ "$(limit memory.low)" = $((32 << 20)) ]
	vert update --memory 1g "$ID"
	[ "$(limit memory.max)" = $((1 << 30)) ]
	vert update --memory=-1 "$ID"
	[ "$(limit memory.max)" = max ]
}

@test "update: --memory-swap is memory and swap together" {
	requires cgroup-controller memory
	start_sleeper
	[ -e "$CGROUPFS$CG/$ID/memory.swap.max" ] || skip "needs swap accounting"
	vert update --memory 64m --memory-swap 96m "$ID"
	[ "$(limit memory.swap.max)" = $((32 << 20)) ]
}

@test "update: the cpu options are written to cpu.max and cpu.weight" {
	requires cgroup-controller cpu
	start_sleeper
	vert update --cpu-period 100000 --cpu-quota 50000 "$ID"
	[ "$(limit cpu.max)" = "50000 100000" ]
	vert update --cpu-share 1024 "$ID"
	[ "$(limit cpu.weight)" = 100 ]
	vert update --cpu-quota=-1 "$ID"
	[ "$(limit cpu.max)" = "max 100000" ]
}

@test "update: --cpuset-cpus is written to cpuset.cpus" {
	requires cgroup-controller cpuset
	start_sleeper
	vert update --cpuset-cpus 0 "$ID"
	[ "$(limit cpuset.cpus)" = 0 ]
}

@test "update: --resources reads a file" {
	requires cgroup-controller pids
	start_sleeper
	echo '{"pids": {"limit": 30}}' >resources.json
	vert update --resources "$TMP/resources.json" "$ID"
	[ "$(limit pids.max)" = 30 ]
	vert update --resources=resources.json "$ID"
}

@test "update: --resources - and --resources=- read stdin" {
	requires cgroup-controller pids
	start_sleeper
	vert update --resources - "$ID" <<<'{"pids": {"limit": 40}}'
	[ "$(limit pids.max)" = 40 ]
	vert update --resources=- "$ID" <<<'{"pids": {"limit": 41}}'
	[ "$(limit pids.max)" = 41 ]
	vert update -r - "$ID" <<<'{"pids": {"limit": 42}}'
	[ "$(limit pids.max)" = 42 ]
}

@test "update: what is not named stays" {
	requires cgroup-controller pids
	cfg '.linux.resources.pids.limit = 50'
	start_sleeper
	vert update --resources - "$ID" <<<'{"unified": {}}'
	[ "$(limit pids.max)" = 50 ]
}

@test "update: hugetlb limits of a resources document are written" {
	requires cgroup-controller hugetlb
	start_sleeper
	vert update --resources - "$ID" <<<'{"hugepageLimits": [{"pageSize": "2MB", "limit": 4194304}]}'
	[ "$(limit hugetlb.2MB.max)" = 4194304 ]
}

@test "update: a limit without its controller is refused by name" {
	requires no-cgroup-controller memory
	only_vert
	start_sleeper
	refused "memory" vert update --memory 64m "$ID"
	is_status "$ID" running
}

@test "update: device rules are replaced" {
	requires root cgroup
	cfg '.linux.resources.devices = [{allow: false, access: "rwm"}]
		| .linux.devices = [{path: "/dev/kmsg-copy", type: "c", major: 1, minor: 11, fileMode: 438}]'
	start_sleeper
	exec_probe open /dev/kmsg-copy w
	has open./dev/kmsg-copy=EPERM
	vert update --resources - "$ID" <<<'{"devices": [{"allow": true, "type": "c", "major": 1, "minor": 11, "access": "rwm"}]}'
	exec_probe open /dev/kmsg-copy w , open /dev/null rw
	has open./dev/kmsg-copy=ok open./dev/null=ok
}

@test "update: a document that is not JSON or has a wrong type is refused" {
	requires cgroup
	only_vert
	start_sleeper
	refused "" vert update --resources <(echo '{') "$ID"
	refused "limit" vert update --resources <(echo '{"pids": {"limit": "many"}}') "$ID"
	refused "nowhere" vert update --resources nowhere.json "$ID"
}

@test "update: numbers that are none are refused" {
	requires cgroup
	only_vert
	start_sleeper
	refused "pids-limit" vert update --pids-limit many "$ID"
	refused "memory" vert update --memory 12q "$ID"
	refused "cpu-quota" vert update --cpu-quota 99999999999999999999 "$ID"
}

@test "update: an unknown container is refused" {
	only_vert
	refused "container does not exist: '$ID'" vert update --pids-limit 20 "$ID"
}

@test "update: a stopped container is refused" {
	requires cgroup-controller pids
	start_new "$ID"
	within 5 is_status "$ID" stopped
	refused "" vert update --pids-limit 20 "$ID"
}
