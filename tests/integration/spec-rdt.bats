#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# config-linux.md, Intel RDT.  Few hosts have resctrl: a build for tests (configure --enable-test-faults) takes an
# ordinary directory for it, whose files keep every line that is written.

load helpers

setup() {
	setup_bundle
	requires root
	grep -qa VERT_RESCTRL "$RUNTIME" || skip "needs a build for tests"
	export VERT_RESCTRL=$TMP/resctrl
	mkdir "$VERT_RESCTRL"
}

teardown() {
	teardown_bundle
}

rdt() {
	cfg ".linux.intelRdt = $1"
}

has_group() {
	[ -d "$VERT_RESCTRL/$1" ]
}

@test "intelRdt: a group of its own is made, used and removed" {	# closID absent: MUST use the container ID
	rdt '{l3CacheSchema: "L3:0=7f0;1=1f"}'
	start_sleeper
	[ "$(<"$VERT_RESCTRL/$ID/tasks")" = "$(state "$ID" pid)" ]
	[ "$(<"$VERT_RESCTRL/$ID/schemata")" = "L3:0=7f0;1=1f" ]
	vert delete --force "$ID"
	[ -z "$(ls -A "$VERT_RESCTRL")" ]
}

@test "intelRdt: run in the foreground removes it too" {
	rdt '{}'
	probe echo x
	has x
	[ -z "$(ls -A "$VERT_RESCTRL")" ]
}

@test "intelRdt: schemata are written in order: cache, bandwidth, the others" {
	rdt '{schemata: ["L2:0=f", "MB:1=20"], memBwSchema: "MB:0=10", l3CacheSchema: "L3:0=ff"}'
	start_sleeper
	[ "$(<"$VERT_RESCTRL/$ID/schemata")" = $'L3:0=ff\nMB:0=10\nL2:0=f\nMB:1=20' ]
}

@test "intelRdt: a closID without schema must be there" {	# MUST generate an error
	rdt '{closID: "gold"}'
	refused_run "gold"
	mkdir "$VERT_RESCTRL/gold"
	start_sleeper
	[ "$(<"$VERT_RESCTRL/gold/tasks")" = "$(state "$ID" pid)" ]
	vert delete --force "$ID"
	has_group gold
}

@test "intelRdt: a closID with a schema is made, and never removed" {
	rdt '{closID: "silver", l3CacheSchema: "L3:0=f"}'
	start_sleeper
	[ "$(<"$VERT_RESCTRL/silver/schemata")" = "L3:0=f" ]
	vert delete --force "$ID"
	has_group silver
}

@test "intelRdt: a closID with the same schema is used, with another one refused" {	# MUST generate an error
	mkdir "$VERT_RESCTRL/silver"
	printf '    L3:0=0f;1=ff\nMB:0=10\n' >"$VERT_RESCTRL/silver/schemata"
	rdt '{closID: "silver", l3CacheSchema: "L3:0=f"}'
	probe echo x
	has x
	[ "$(wc -l <"$VERT_RESCTRL/silver/schemata")" = 2 ]
	rdt '{closID: "silver", l3CacheSchema: "L3:0=1f"}'
	refused_run "another schema"
}

@test "intelRdt: closID / is the group of everyone" {
	rdt '{closID: "/", memBwSchema: "MB:0=70"}'
	start_sleeper
	[ "$(<"$VERT_RESCTRL/tasks")" = "$(state "$ID" pid)" ]
	[ "$(<"$VERT_RESCTRL/schemata")" = "MB:0=70" ]
}

@test "intelRdt: enableMonitoring makes a monitoring group and removes it" {
	mkdir "$VERT_RESCTRL/gold"
	rdt '{closID: "gold", enableMonitoring: true}'
	start_sleeper
	[ "$(<"$VERT_RESCTRL/gold/mon_groups/$ID/tasks")" = "$(state "$ID" pid)" ]
	[ "$(<"$VERT_RESCTRL/gold/tasks")" = "$(state "$ID" pid)" ]
	vert delete --force "$ID"
	no has_group "gold/mon_groups/$ID"
	has_group gold
}

@test "intelRdt: exec joins the group" {
	rdt '{enableMonitoring: true}'
	start_sleeper
	vert exec --detach --pid-file "$TMP/pid" "$ID" /bin/probe sleep 5 </dev/null >/dev/null 2>&1
	grep -qx "$(<"$TMP/pid")" "$VERT_RESCTRL/$ID/tasks"
	grep -qx "$(<"$TMP/pid")" "$VERT_RESCTRL/$ID/mon_groups/$ID/tasks"
}

@test "intelRdt: update changes the schemata" {
	rdt '{l3CacheSchema: "L3:0=ff"}'
	start_sleeper
	vert update --l3-cache-schema L3:0=f --mem-bw-schema MB:0=30 "$ID"
	[ "$(<"$VERT_RESCTRL/$ID/schemata")" = $'L3:0=ff\nL3:0=f\nMB:0=30' ]
}

@test "intelRdt: update of a container without it is refused" {
	start_sleeper
	refused "intelRdt" vert update --l3-cache-schema L3:0=f "$ID"
}

@test "intelRdt: a failed start leaves no group" {
	rdt '{l3CacheSchema: "L3:0=ff", enableMonitoring: true}'
	cfg '.hooks.createRuntime = [{path: "/bin/false"}]'
	refused_run "hook"
	[ -z "$(ls -A "$VERT_RESCTRL")" ]
}

@test "intelRdt: newlines, wrong prefixes and names that are none are refused" {
	local bad
	for bad in '{l3CacheSchema: "L3:0=f\nMB:0=1"}' '{memBwSchema: "L3:0=f"}' '{schemata: ["MB:0=1\n"]}' '{schemata: ["x"]}' \
		   '{closID: "."}' '{closID: ".."}' '{closID: "a/b"}' '{closID: ""}' '{closID: "info"}' '{closID: "mon_groups"}'; do
		rdt "$bad"
		refused_run "linux.intelRdt"
	done
	[ -z "$(ls -A "$VERT_RESCTRL")" ]
}

@test "intelRdt: without resctrl it is an error" {	# MUST generate an error
	rm -r "$VERT_RESCTRL"
	rdt '{}'
	refused_run "resctrl"
}

@test "intelRdt: absent, resctrl is not touched" {
	rm -r "$VERT_RESCTRL"
	probe echo x
	has x
}
