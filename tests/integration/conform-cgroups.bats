#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# config-linux.md, Control groups: the path, the ownership, each controller's limits as version 2 has them.  A test
# needs its controller; tests/vm has a host with all of them.

load helpers

# limited JSON: a running container with these resources.
limited() {
	cfg ".linux.resources = $1"
	start_sleeper
}

limit() {
	cat "$CGROUPFS$CG/$ID/$1"
}

again() {
	vert delete --force "$ID"
	limited "$1"
}

# owned MOUNT-OPTIONS: a container in a user namespace whose cgroup2 is mounted so ('': not at all).
owned() {
	cfg '.linux.namespaces |= map(select(.type != "user")) + [{type: "user"}]
		| .linux.uidMappings = [{containerID: 0, hostID: 100000, size: 65536}] | .linux.gidMappings = .linux.uidMappings
		| .mounts |= map(select(.destination != "/sys/fs/cgroup"))'
	[ "$1" = '' ] || cfg '.mounts += [{destination: "/sys/fs/cgroup", type: "cgroup", source: "cgroup", options: [$o]}]' --arg o "$1"
	start_sleeper
}

owner() {
	stat -c %u "$(cgroup_dir)$1"
}

@test "config-linux/cgroups: the path is made, the same place for the same value, and removed" {
	requires cgroup
	local first
	KEEP_CGROUP=1
	cfg '.linux.cgroupsPath = $p' --arg p "$CG/made/$ID"
	start_sleeper
	first=$(cgroup_dir)
	[ "$first" = "$CGROUPFS$CG/made/$ID" ]
	vert delete --force "$ID"
	[ ! -e "$first" ]
	start_sleeper
	[ "$(cgroup_dir)" = "$first" ]
	vert delete --force "$ID"
	[ ! -e "$first" ]
	rmdir "$CGROUPFS$CG/made" 2>/dev/null || :	# an empty parent may be kept
}

@test "config-linux/cgroups: a frozen group and one with processes are refused" {
	requires cgroup root
	mkdir "$CGROUPFS$CG/$ID"
	echo 1 >"$CGROUPFS$CG/$ID/cgroup.freeze"
	refused_run cgroup
	echo 0 >"$CGROUPFS$CG/$ID/cgroup.freeze"
	sleep 30 &
	local pid=$!
	echo $pid >"$CGROUPFS$CG/$ID/cgroup.procs"
	refused_run cgroup
	[ -d "/proc/$pid" ]
	kill $pid
	wait $pid || :
	within 5 rmdir "$CGROUPFS$CG/$ID"
}

@test "config-linux/cgroup ownership: the directory and the delegated files alone, and no others" {
	requires root cgroup userns
	local file
	owned rw
	[ "$(owner '')" = 100000 ]
	for file in "$(cgroup_dir)"/*; do
		file=${file##*/}
		if grep -qx "$file" /sys/kernel/cgroup/delegate; then
			[ "$(owner "/$file")" = 100000 ]
		else
			[ "$(owner "/$file")" = 0 ]
		fi || { echo "$file: $(owner "/$file")"; return 1; }
	done
}

@test "config-linux/cgroup ownership: with a read-only mount or none it is not changed" {
	requires root cgroup userns
	owned ro
	[ "$(owner '')" = 0 ]
	vert delete --force "$ID"
	owned ''
	[ "$(owner '')" = 0 ]
}

@test "config-linux/cgroup ownership: without a cgroup namespace of its own it is not changed" {
	requires root cgroup userns
	cfg '.linux.namespaces |= map(select(.type != "cgroup"))'
	owned rw
	[ "$(owner '')" = 0 ]
}

@test "config-linux/cgroup ownership: the owner is who the process's user is on the host" {
	requires root cgroup userns
	cfg '.process.user = {uid: 5, gid: 5}'
	owned rw
	[ "$(owner '')" = 100005 ]
	[ "$(owner /cgroup.procs)" = 100005 ]
}

@test "config-linux/allowed devices: the entries hold in their order, unset ones mean all" {
	requires root cgroup
	cfg '.linux.devices = [{type: "c", path: "/dev/mine", major: 10, minor: 237}]
		| .linux.resources.devices = [{allow: false}, {allow: true, type: "c", major: 10, access: "rw"}]'
	probe open /dev/mine
	unlike 'EPERM'
	cfg '.linux.resources.devices += [{allow: false, type: "c", major: 10, minor: 237}]'
	probe open /dev/mine
	has open./dev/mine=EPERM
	cfg '.linux.resources.devices += [{allow: true, type: "a"}]'
	probe open /dev/mine
	unlike 'EPERM'
}

@test "config-linux/memory: limit, reservation and swap; -1 is unlimited" {
	requires cgroup-controller memory
	limited '{"memory": {"limit": 67108864, "reservation": 33554432, "swap": 100663296}}'
	[ "$(limit memory.max)" = 67108864 ]
	[ "$(limit memory.low)" = 33554432 ]
	[ ! -e "$(cgroup_dir)/memory.swap.max" ] || [ "$(limit memory.swap.max)" = 33554432 ]
	again '{"memory": {"limit": -1, "swap": -1}}'
	[ "$(limit memory.max)" = max ]
	[ ! -e "$(cgroup_dir)/memory.swap.max" ] || [ "$(limit memory.swap.max)" = max ]
}

@test "config-linux/memory: checkBeforeUpdate refuses a limit below what is used" {
	requires cgroup-controller memory
	limited '{"memory": {"limit": 268435456}}'
	echo '{"memory": {"limit": 4096, "checkBeforeUpdate": true}}' >small
	refused "memory" vert update --resources small "$ID"
	[ "$(limit memory.max)" = 268435456 ]
	is_status "$ID" running
}

@test "config-linux/cpu: shares, quota, period and burst" {
	requires cgroup-controller cpu
	limited '{"cpu": {"shares": 1024, "quota": 25000, "period": 50000, "burst": 10000}}'
	[ "$(limit cpu.max)" = "25000 50000" ]
	[ "$(limit cpu.weight)" = 100 ] || [ "$(limit cpu.weight)" = 39 ]
	[ ! -e "$(cgroup_dir)/cpu.max.burst" ] || [ "$(limit cpu.max.burst)" = 10000 ]
	again '{"cpu": {"quota": -1}}'
	[[ $(limit cpu.max) == max* ]]
}

@test "config-linux/cpu: a burst above the quota is an error" {
	requires cgroup
	cfg '.linux.resources.cpu = {quota: 10000, burst: 20000}'
	refused_run "linux.resources.cpu.burst"
}

@test "config-linux/cpu: idle" {
	requires cgroup-controller cpu kernel 5.15
	limited '{"cpu": {"idle": 1}}'
	[ "$(limit cpu.idle)" = 1 ]
}

@test "config-linux/cpu: cpus and mems" {
	requires cgroup-controller cpuset
	limited '{"cpu": {"cpus": "0", "mems": "0"}}'
	[ "$(limit cpuset.cpus)" = 0 ]
	[ "$(limit cpuset.mems)" = 0 ]
	[ "$(sed -n 's/^Cpus_allowed_list:\t//p' "/proc/$(state "$ID" pid)/status")" = 0 ]
}

@test "config-linux/block io: weight" {
	requires cgroup-controller io
	limited '{"blockIO": {"weight": 500}}'
	[ "$(limit io.bfq.weight)" = "default 500" ] || [ "$(limit io.weight)" = "default 4950" ]
}

@test "config-linux/block io: weight of a device" {
	requires cgroup-controller io
	local device
	device=$(cat /sys/block/*/dev | head -n1)
	[ -n "$device" ] || skip "needs a block device"
	cfg '.linux.resources.blockIO.weightDevice = [{major: '"${device%:*}"', minor: '"${device#*:}"', weight: 100}]'
	args fork 0
	run_split vert create --bundle "$BUNDLE" "$ID"
	# Without BFQ or iocost on the device the kernel has nothing to set, and says so.
	[ "$status" = 0 ] || [[ $stderr == *"blockIO.weightDevice[0]"* ]]
	[ "$status" != 0 ] || grep -qx "$device 100" "$CGROUPFS$CG/$ID/io.bfq.weight" ||
		grep -qx "$device 910" "$CGROUPFS$CG/$ID/io.weight"
}

@test "config-linux/block io: rates of a device" {
	requires cgroup-controller io
	local device at
	device=$(cat /sys/block/*/dev | head -n1)
	[ -n "$device" ] || skip "needs a block device"
	at='"major": '${device%:*}', "minor": '${device#*:}
	limited '{"blockIO": {"throttleReadBpsDevice": [{'"$at"', "rate": 1048576}],
		"throttleWriteIOPSDevice": [{'"$at"', "rate": 120}]}}'
	[ "$(limit io.max)" = "$device rbps=1048576 wbps=max riops=max wiops=120" ]
	again '{"blockIO": {"throttleWriteBpsDevice": [{'"$at"', "rate": 2097152}],
		"throttleReadIOPSDevice": [{'"$at"', "rate": 100}]}}'
	[ "$(limit io.max)" = "$device rbps=max wbps=2097152 riops=100 wiops=max" ]
}

@test "config-linux/block io: a device entry has a weight, a rate has a value" {
	requires cgroup
	cfg '.linux.resources.blockIO = {weightDevice: [{major: 8, minor: 0}]}'
	refused_run 'linux.resources.blockIO.weightDevice[0]'
	cfg '.linux.resources.blockIO = {throttleReadBpsDevice: [{major: 8, minor: 0}]}'
	refused_run 'linux.resources.blockIO.throttleReadBpsDevice[0]'
}

@test "config-linux/hugepages: the reservation is limited, and the usage" {
	requires cgroup-controller hugetlb
	limited '{"hugepageLimits": [{"pageSize": "2MB", "limit": 4194304}]}'
	[ ! -e "$(cgroup_dir)/hugetlb.2MB.rsvd.max" ] || [ "$(limit hugetlb.2MB.rsvd.max)" = 4194304 ]
	[ "$(limit hugetlb.2MB.max)" = 4194304 ]
}

@test "config-linux/pids: a limit, -1 for none, 0 as a limit, nothing without one" {
	requires cgroup-controller pids
	limited '{"pids": {"limit": 42}}'
	[ "$(limit pids.max)" = 42 ]
	again '{"pids": {"limit": -1}}'
	[ "$(limit pids.max)" = max ]
	again '{"pids": {}}'
	[ "$(limit pids.max)" = max ]
	again '{"pids": {"limit": 0}}'
	[ "$(limit pids.max)" = 0 ]
}

@test "config-linux/rdma: handles and objects of a device" {
	requires cgroup
	cfg '.linux.resources.rdma = {mlx5_0: {hcaHandles: 3, hcaObjects: 10000}}'
	run_split vert create --bundle "$BUNDLE" "$ID"
	# A host without the device or its controller says so, with the place.
	[ "$status" = 0 ] && grep -q "mlx5_0 hca_handle=3 hca_object=10000" "$CGROUPFS$CG/$ID/rdma.max" ||
		[[ $stderr == *'linux.resources.rdma["mlx5_0"]'* ]]
}

@test "config-linux/rdma: an entry without any limit is an error" {
	requires cgroup
	cfg '.linux.resources.rdma = {mlx5_0: {}}'
	refused_run 'linux.resources.rdma["mlx5_0"]'
}

@test "config-linux/unified: unknown files are written, the controller is enabled" {
	requires cgroup-controller hugetlb
	limited '{"unified": {"hugetlb.2MB.max": "6291456", "cgroup.max.depth": "3"}}'
	[ "$(limit hugetlb.2MB.max)" = 6291456 ]
	[ "$(limit cgroup.max.depth)" = 3 ]
}

@test "config-linux/unified: a controller that is not there is an error" {
	requires cgroup
	cfg '.linux.resources.unified = {"nosuch.max": "1"}'
	refused_run nosuch
	nothing_left -v
}

@test "config-linux/resources: what version 2 cannot express is an error" {
	requires cgroup
	local setting
	for setting in 'memory: {kernel: 1}' 'memory: {kernelTCP: 1}' 'memory: {swappiness: 1}' 'memory: {disableOOMKiller: true}' \
		'memory: {useHierarchy: true}' 'blockIO: {weightDevice: [{major: 8, minor: 0, leafWeight: 10}]}' \
		'cpu: {realtimeRuntime: 1}' 'cpu: {realtimePeriod: 1}' 'blockIO: {leafWeight: 10}' 'network: {classID: 1}' \
		'network: {priorities: [{name: "lo", priority: 1}]}'; do
		cfg ".linux.resources = {$setting}"
		refused_run linux.resources
	done
}
