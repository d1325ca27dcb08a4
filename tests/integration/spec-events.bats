#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# events: the JSON that runc's users read.

load helpers

setup() {
	setup_bundle
	requires cgroup jq
}

# stats FILTER: true for the statistics of the container.
stats() {
	vert events --stats "$ID" >"$TMP/stats"
	[ "$(wc -l <"$TMP/stats")" = 1 ]
	jq -e "$1" "$TMP/stats" >/dev/null || { jq . "$TMP/stats"; return 1; }
}

@test "events: --stats prints one object with type, id and data, and ends" {
	start_sleeper
	stats '.type == "stats" and .id == "'"$ID"'" and (.data | keys | contains(["blkio", "cpu", "cpuset", "hugetlb", "memory", "network_interfaces", "pids"]))'
}

@test "events: cpu usage, throttling and pressure" {
	start_sleeper
	stats '.data.cpu | (.usage | .total >= .user and (.total | type) == "number" and has("kernel"))
		and (.throttling | has("periods") and has("throttledPeriods") and has("throttledTime"))'
	[ ! -s "$(cgroup_dir)/cpu.pressure" ] || stats '.data.cpu.psi.some | has("avg10") and has("avg60") and has("avg300") and has("total")'
}

@test "events: memory has usage, limit and the raw counters" {
	requires cgroup-controller memory
	cfg '.linux.resources.memory.limit = 67108864'
	start_sleeper
	stats '.data.memory | .usage.limit == 67108864 and .usage.usage > 0 and .raw.file >= 0 and .cache == .raw.file'
}

@test "events: pids" {
	requires cgroup-controller pids
	cfg '.linux.resources.pids.limit = 20'
	start_sleeper
	stats '.data.pids.current >= 1 and .data.pids.limit == 20'
}

@test "events: hugetlb has an entry for each page size" {
	requires cgroup-controller hugetlb
	cfg '.linux.resources.hugepageLimits = [{pageSize: "2MB", limit: 4194304}]'
	start_sleeper
	stats '.data.hugetlb["2MB"] == {usage: 0, max: 4194304, failcnt: 0}'
}

@test "events: network_interfaces are those of the container" {
	requires root ip
	start_sleeper
	local pid
	pid=$(state "$ID" pid)
	nsenter -t "$pid" -n ip link add dev0 type veth peer name dev1 || skip "needs veth devices"
	stats '.data.network_interfaces | map(.Name) | sort == ["dev0", "dev1"]'
	stats '.data.network_interfaces[0] | .RxBytes == 0 and has("TxPackets") and has("RxErrors") and has("TxDropped")'
}

@test "events: --interval repeats the statistics until the container ends" {
	start_sleeper
	bg vert events --interval 100ms "$ID"
	sleep 0.55
	vert kill "$ID" KILL
	within 5 eval '! kill -0 ${BACKGROUND[-1]}'
	wait "${BACKGROUND[-1]}"
	[ "$(jq -s 'map(select(.type == "stats")) | length' bg.out)" -ge 3 ]
}

@test "events: an oom event when the kernel kills for lack of memory" {
	requires root cgroup-controller memory
	cfg '.linux.resources.memory = {limit: 33554432, swap: 33554432}'
	start_sleeper
	bg vert events --interval 10s "$ID"
	sleep 0.3
	run vert exec "$ID" /bin/probe alloc 209715200 </dev/null
	within 5 grep -q '"type":"oom"' bg.out
	jq -se 'map(select(.type == "oom")) | .[0].id == "'"$ID"'"' bg.out
}

@test "events: a stopped and an unknown container, and a bad interval, are refused" {
	refused "does not exist" vert events --stats nobody
	probe echo x
	start_sleeper
	refused "--interval" vert events --interval 5x "$ID"
	refused "--interval" vert events --interval 0s "$ID"
	vert kill "$ID" KILL
	within 5 is_status "$ID" stopped
	refused "not running" vert events --stats "$ID"
}
