#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# config.md and config-linux.md, what the process gets: sentences that the other files do not cover.

load helpers

sentence() { cfg "$1"; }

@test "process.scheduler: every policy that the kernel lets us have" {
	requires root
	local policy
	for policy in OTHER BATCH IDLE; do
		cfg '.process.scheduler = {policy: "SCHED_'$policy'"}'
		probe sched
		has "sched.policy=$policy"
	done
	cfg '.process.scheduler = {policy: "SCHED_ISO"}'
	refused_run "process.scheduler"
	requires cap SYS_NICE
	for policy in FIFO RR; do
		cfg '.process.scheduler = {policy: "SCHED_'$policy'", priority: 7}'
		probe sched
		has "sched.policy=$policy" sched.priority=7
	done
}

@test "process.scheduler: DEADLINE with runtime, deadline and period" {
	requires root cap SYS_NICE chrt
	chrt -d -T 1000000 -D 10000000 -P 10000000 0 true 2>/dev/null || skip "the host lets nobody have SCHED_DEADLINE"
	cfg '.process.scheduler = {policy: "SCHED_DEADLINE", runtime: 1000000, deadline: 10000000, period: 10000000}'
	probe sched
	has sched.policy=DEADLINE
}

# Not every kernel has each of them (UTIL_CLAMP_MIN and _MAX are an option): what it is asked counts.
@test "process.scheduler: each flag is asked of the kernel" {
	requires root strace
	local flag more
	for flag in RESET_ON_FORK RECLAIM DL_OVERRUN KEEP_POLICY KEEP_PARAMS UTIL_CLAMP_MIN UTIL_CLAMP_MAX; do
		more='policy: "SCHED_OTHER"'
		case $flag in
		RECLAIM | DL_OVERRUN) more='policy: "SCHED_DEADLINE", runtime: 2000000, deadline: 20000000, period: 20000000' ;;
		esac
		cfg ".process.scheduler = {$more, flags: [\"SCHED_FLAG_$flag\"]}"
		strace -f -e trace=sched_setattr -o trace "$RUNTIME" --root "$ROOT" run --bundle "$BUNDLE" "$ID" </dev/null >out 2>&1 || :
		grep -q "sched_setattr(0, {.*sched_flags=SCHED_FLAG_$flag[,}]" trace || {
			echo "$flag:"
			cat trace out
			return 1
		}
	done
}

@test "process.scheduler: RESET_ON_FORK" {
	requires root
	cfg '.process.scheduler = {policy: "SCHED_BATCH", flags: ["SCHED_FLAG_RESET_ON_FORK"]}'
	probe sched
	has sched.policy=BATCH sched.reset_on_fork=1
}

@test "process.scheduler: values of another policy are refused with their place" {
	local bad
	for bad in 'priority {"policy": "SCHED_OTHER", "priority": 3}' 'nice {"policy": "SCHED_FIFO", "priority": 1, "nice": 3}' \
		   'runtime {"policy": "SCHED_RR", "priority": 1, "runtime": 5}' 'priority {"policy": "SCHED_FIFO", "priority": 100}' \
		   'nice {"policy": "SCHED_OTHER", "nice": 20}' 'runtime {"policy": "SCHED_DEADLINE"}'; do
		cfg ".process.scheduler = ${bad#* }"
		refused_run "process.scheduler.${bad%% *}"
	done
}

@test "process.ioPriority: class is required, priority is 0 to 7" {
	cfg '.process.ioPriority = {class: "IOPRIO_CLASS_BE", priority: 8}'
	refused_run "process.ioPriority.priority"
	cfg '.process.ioPriority = {class: "IOPRIO_CLASS_BE", priority: -1}'
	refused_run "process.ioPriority.priority"
	cfg '.process.ioPriority = {priority: 1}'
	refused_run "process.ioPriority"
	cfg '.process.ioPriority = {class: "IOPRIO_CLASS_IDLE"}'
	probe sched
	has ioprio=3:0
}

@test "process.execCPUAffinity: initial and final are for exec alone" {
	requires taskset
	local first
	first=$(taskset -pc $$ | sed 's/.*: //; s/[,-].*//')
	cfg '.process.execCPUAffinity = {initial: $c, final: $c}' --arg c "$first"
	start_sleeper
	exec_probe affinity
	has "affinity=$first"
	[ "$(sed -n 's/^Cpus_allowed_list:\t//p' "/proc/$(state "$ID" pid)/status")" = \
	  "$(sed -n 's/^Cpus_allowed_list:\t//p' /proc/self/status)" ]
}

@test "process.execCPUAffinity: what is no list is refused" {
	local bad
	for bad in x 1- , 3-1 99999999; do
		cfg '.process.execCPUAffinity = {final: $c}' --arg c "$bad"
		refused_run "process.execCPUAffinity.final"
	done
}

@test "process.user.umask: without one the umask is the caller's" {
	umask 0037
	probe id
	has umask=0037
	cfg '.process.user.umask = 2'
	probe id
	has umask=0002
}

@test "process.rlimits: a duplicate type is refused" {	# MUST generate an error
	cfg '.process.rlimits = [{type: "RLIMIT_CORE", soft: 0, hard: 0}, {type: "RLIMIT_CORE", soft: 0, hard: 0}]'
	refused_run "process.rlimits[1].type"
}

@test "linux.personality: LINUX32 changes the machine that uname tells" {
	[ "$(uname -m)" = x86_64 ] || skip "for x86_64"
	cfg '.linux.personality = {domain: "LINUX32"}'
	argv /bin/busybox uname -m
	run_ok
	[ "$output" = i686 ]
	cfg '.linux.personality = {domain: "LINUX"}'
	run_ok
	[ "$output" = x86_64 ]
}

@test "linux.personality: is the one of exec too" {
	cfg '.linux.personality = {domain: "LINUX32"}'
	start_sleeper
	exec_probe sched
	has personality=0x8
}

@test "linux.personality: a missing domain and any flag are refused" {
	cfg '.linux.personality = {}'
	refused_run "linux.personality.domain"
	cfg '.linux.personality = {domain: "LINUX", flags: ["X"]}'
	refused_run "linux.personality.flags[0]"
}

@test "linux.memoryPolicy: BIND to a node" {
	[ -e /proc/self/numa_maps ] || skip "needs NUMA"
	cfg '.linux.memoryPolicy = {mode: "MPOL_BIND", nodes: "0"}'
	probe read /proc/self/numa_maps
	like 'bind:0'
}

@test "linux.memoryPolicy: every mode and flag that fit together" {
	[ -e /proc/self/numa_maps ] || skip "needs NUMA"
	local policy
	for policy in '{"mode": "MPOL_DEFAULT"}' '{"mode": "MPOL_LOCAL"}' '{"mode": "MPOL_PREFERRED", "nodes": "0"}' \
		'{"mode": "MPOL_INTERLEAVE", "nodes": "0"}' \
		'{"mode": "MPOL_BIND", "nodes": "0", "flags": ["MPOL_F_STATIC_NODES"]}' \
		'{"mode": "MPOL_BIND", "nodes": "0", "flags": ["MPOL_F_RELATIVE_NODES"]}' \
		'{"mode": "MPOL_BIND", "nodes": "0", "flags": ["MPOL_F_NUMA_BALANCING"]}' '{"mode": "MPOL_DEFAULT", "nodes": ""}'; do
		cfg ".linux.memoryPolicy = $policy"
		probe sched
	done
}

@test "linux.memoryPolicy: what does not fit together is refused with its place" {
	local bad
	for bad in 'mode {"nodes": "0"}' 'nodes {"mode": "MPOL_BIND"}' 'nodes {"mode": "MPOL_DEFAULT", "nodes": "0"}' \
		   'nodes {"mode": "MPOL_BIND", "nodes": "a"}' 'mode {"mode": "MPOL_X", "nodes": "0"}' \
		   'flags {"mode": "MPOL_BIND", "nodes": "0", "flags": ["MPOL_F_X"]}' \
		   'flags {"mode": "MPOL_BIND", "nodes": "0", "flags": ["MPOL_F_STATIC_NODES", "MPOL_F_RELATIVE_NODES"]}'; do
		cfg ".linux.memoryPolicy = ${bad#* }"
		refused_run "linux.memoryPolicy.${bad%% *}"
	done
}

@test "linux.sysctl: user.* belong to the container's user namespace" {
	requires root userns
	cfg '.linux.namespaces += [{type: "user"}] | .linux.uidMappings = [{containerID: 0, hostID: 100000, size: 65536}]
		| .linux.gidMappings = .linux.uidMappings | .linux.sysctl = {"user.max_net_namespaces": "5"}'
	local before
	before=$(</proc/sys/user/max_net_namespaces)
	probe read /proc/sys/user/max_net_namespaces
	like '=5$|^5$'
	[ "$before" = "$(</proc/sys/user/max_net_namespaces)" ]
	cfg '.linux.namespaces |= map(select(.type != "user")) | del(.linux.uidMappings, .linux.gidMappings)'
	refused_run 'linux.sysctl["user.max_net_namespaces"]'
}

@test "linux.timeOffsets: a nanosecond count of a second and unknown clocks" {
	requires timens
	cfg '.linux.namespaces += [{type: "time"}] | .linux.timeOffsets = {monotonic: {nanosecs: 1000000000}}'
	refused_run 'linux.timeOffsets["monotonic"]'
	[[ $stderr == *nanosecs* ]]
	cfg '.linux.timeOffsets = {realtime: {secs: 1}}'
	refused_run 'linux.timeOffsets["realtime"]'
}

@test "linux.timeOffsets: monotonic and boottime with seconds and nanoseconds" {
	requires root timens
	cfg '.linux.namespaces += [{type: "time"}] | .linux.timeOffsets = {monotonic: {secs: 1000, nanosecs: 5}, boottime: {secs: -3, nanosecs: 7}}'
	[ "$(cut -d. -f1 /proc/uptime)" -gt 3 ] || skip "booted a moment ago"
	probe clocks
	like '^timens_offset=monotonic +1000 +5$' '^timens_offset=boottime +-3 +7$'
}

@test "annotations: an empty key is refused" {	# config.md: Keys MUST NOT be an empty string
	cfg '.annotations = {"": "x"}'
	refused_run "annotations"
	cfg '.annotations = {"com.example.key": ""}'
	probe echo x
	has x
}

@test "hooks: a timeout that is not positive is refused with its place" {
	cfg '.hooks.poststop = [{path: "/bin/true", timeout: 0}]'
	refused_run "hooks.poststop[0]"
	cfg '.hooks.poststop = [{path: "/bin/true", timeout: -4}]'
	refused_run "hooks.poststop[0]"
}

@test "linux.intelRdt: on a host without resctrl it is refused, not ignored" {	# MUST generate an error
	[ "$(stat -f -c %t /sys/fs/resctrl 2>/dev/null)" != 7655821 ] || skip "resctrl is there"
	cfg '.linux.intelRdt = {}'
	refused_run "resctrl"
}
