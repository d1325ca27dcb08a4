#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
#
# The systemd cgroup driver without an engine, as root: units, limits, what a reload of systemd leaves
# alone, and what is left when something fails.

load scope

@test "scope-run" {
	check '^hello end $' run_and_gone
}

@test "scope-properties" {
	check '^50 500ms 67108864 yes 67108864 50 50000 100000 $' unit_properties
}

@test "scope-every-property" {
	check '^AllowedCPUs=1 AllowedMemoryNodes=0 CPUQuotaPerSecUSec=1s CPUQuotaPeriodUSec=50ms MemoryHigh=50331648 MemoryLow=33554432 MemoryMax=67108864 MemoryMin=4096 MemorySwapMax=33554432 TasksMax=50 1048576 the weight 67108864 33554432 33554432 4096 50331648 50 50000 50000 1 0 wbps=1048576 $' \
		every_property
}

@test "scope-later" {
	check '^in 33554432 33554432 33554432 paused $' later_commands
}

@test "scope-all-or-nothing" {
	check '^50 50 50 $' all_or_nothing
}

@test "scope-live-unit" {
	check 'exists already and is in use.* end $' live_unit
}

@test "scope-reload" {
	check '^67108864 67108864 4 (opened|No such device.*) Operation not permitted $' reload
}

@test "scope-failed-unit" {
	check '^failed reused end $' failed_unit
}

@test "scope-start-oom" {
	check 'memory limit could be too low.* end $' start_oom
}

@test "scope-killed-starts" {
	check '^end $' killed_starts
}

@test "scope-slice" {
	check '^/vt.slice/vt-a.slice/vt-a-b.slice/vt-s6.scope 33 50003968 5s 50003968 50003968 1 inactive end $' sliced
}

@test "scope-property-refused" {
	check "ExecStopPost.* end $" refused_property
}

@test "scope-no-bus" {
	check '^0::/system.slice/scope-s7.scope(/container)? end $' no_bus
}
