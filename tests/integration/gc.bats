#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# gc: what dead runtimes left goes, what lives stays.

load helpers

setup() {
	setup_bundle
	only_vert
}

# Of this test's root alone; other cgroups of the host are not its business.
gc() {
	vert --cgroup-manager=disabled gc --min-age 0s "$@"
}

# gc_says FILTER OPTION...: true for the JSON of gc.
gc_says() {
	local filter=$1
	shift
	run gc --format json "$@"
	jq -e "$filter" <<<"$output" >/dev/null || { echo "$output"; return 1; }
}

# A container of which nothing runs any more.
ended() {
	argv /bin/true
	start_new "$1"
	within 5 is_status "$1" stopped
}

# patch ID FILTER: changes the record.
patch() {
	jq -c "$2" "$ROOT/$1/state.json" >"$TMP/patched"
	cat "$TMP/patched" >"$ROOT/$1/state.json"
}

@test "gc: with nothing to remove it says so" {
	run gc
	succeeded
	[ "$output" = "nothing was left" ]
	gc_says '. == {dry_run: false, removed: [], left: []}'
	succeeded
}

@test "gc: a container that has ended goes, with its state and control group" {
	ended "$ID"
	gc_says '.removed == [{kind: "container", name: "'"$ID"'", why: "its process has ended"}] and .left == []'
	succeeded
	nothing_left -v
}

@test "gc: created, running and paused containers are not touched" {
	start_sleeper "$ID.running"
	create "$ID.created"
	[ -z "$CG" ] || { start_sleeper "$ID.paused"; vert pause "$ID.paused"; }
	gc_says '.removed == []'
	is_status "$ID.running" running
	is_status "$ID.created" created
	[ -z "$CG" ] || is_status "$ID.paused" paused
	vert start "$ID.created"
}

@test "gc: a stopped container in which a process is left is not touched" {
	requires root cgroup
	without_pid_ns
	start_sleeper
	vert exec --detach "$ID" /bin/sleep 1000 </dev/null >/dev/null 2>&1
	kill -KILL "$(state "$ID" pid)"
	within 5 is_status "$ID" stopped
	gc_says '.removed == []'
	[ "$(wc -l <"$CGROUPFS$CG/$ID/cgroup.procs")" = 1 ]
	vert kill --all "$ID" KILL
	within 5 grep -qx 'populated 0' "$CGROUPFS$CG/$ID/cgroup.events"
	gc_says '.removed | length == 1'
	nothing_left -v
}

@test "gc: --dry-run says the same and removes nothing" {
	ended "$ID"
	gc_says '.dry_run and (.removed | map(.name) == ["'"$ID"'"])' --dry-run
	[ "$(containers)" = "$ID" ]
	run gc --dry-run
	like "^RESULT +KIND +NAME +WHY$" "^would remove  container  $ID  its process has ended$"
	[ "$(containers)" = "$ID" ]
}

@test "gc: what is younger than --min-age stays" {
	ended "$ID"
	run vert --cgroup-manager=disabled gc --min-age 1h
	succeeded
	[ "$output" = "nothing was left" ]
	run vert --cgroup-manager=disabled gc
	[ "$(containers)" = "$ID" ]
	refused "--min-age" vert gc --min-age never
}

@test "gc: what was changed in the future, for the clock was set back since, goes" {
	ended "$ID"
	touch -d '+1 day' "$ROOT/$ID/state.json" "$ROOT/$ID"
	gc_says '.removed == []' --min-age 48h
	gc_says '.removed | length == 1' --min-age 10s
	nothing_left -v
}

@test "gc: a container from before the last boot goes" {
	ended "$ID"
	patch "$ID" '.bootId = "00000000-0000-0000-0000-000000000000"'
	rm "$ROOT/$ID/facts"
	[ -z "$CG" ] || rmdir "$CGROUPFS$CG/$ID"
	gc_says '.removed[0].why == "it is from before the last boot"'
	nothing_left -v
}

@test "gc: a pid that is somebody else's by now does not keep a container, nor is he touched" {
	ended "$ID"
	sleep 30 3>&- 4>&- &
	BACKGROUND+=($!)
	patch "$ID" ".pid = $!"
	gc_says '.removed | length == 1'
	kill -0 "${BACKGROUND[-1]}"
}

@test "gc: damaged state goes when nothing of it runs" {
	ended "$ID"
	: >"$ROOT/$ID/state.json"
	gc_says '.removed[0].why == "its state is damaged, and nothing of it runs"'
	nothing_left -v
	mkdir "$ROOT/$ID"
	gc_says '.removed | length == 1'
}

@test "gc: damaged state of a container that runs is not touched" {
	local pid
	start_sleeper
	pid=$(state "$ID" pid)
	: >"$ROOT/$ID/state.json"
	gc_says '.removed == []'
	kill -0 "$pid"
	vert delete --force "$ID"
}

@test "gc: a container that somebody is creating is not touched" {
	requires root
	cfg '.hooks.createRuntime = [{path: "/bin/sleep", args: ["sleep", "2"]}]'
	bg vert create --bundle "$BUNDLE" "$ID"
	within 5 test -s "$ROOT/$ID/state.json"
	gc_says '.removed == []'
	wait "${BACKGROUND[-1]}"
	is_status "$ID" created
}

@test "gc: a container whose creator was killed goes" {
	requires root
	cfg '.hooks.createRuntime = [{path: "/bin/sh", args: ["sh", "-c", "until [ -e \($f) ]; do sleep 0.05; done"]}]' \
		--arg f "$TMP/end"
	bg "$RUNTIME" --root "$ROOT" create --bundle "$BUNDLE" "$ID"
	within 5 eval '[ "$(vert state "$ID" | jq .pid)" -gt 0 ]'
	kill -KILL "${BACKGROUND[-1]}"
	within 5 gc_says '.removed[0].why == "its runtime died while it made it"' # it is dead soon
	touch "$TMP/end" # a hook is no process of the container
	within 5 nothing_left
}

@test "gc: poststop hooks run" {	# runtime.md, Lifecycle 13
	cfg '.hooks.poststop = [{path: "/bin/sh", args: ["sh", "-c", "cat >$1", "sh", $f]}]' --arg f "$TMP/hook"
	ended "$ID"
	gc_says '.removed | length == 1'
	[ "$(jq -r .status "$TMP/hook")" = stopped ]
}

@test "gc: what cannot be removed is told, and the status is 1" {
	requires root
	ended "$ID"
	mkdir "$ROOT/$ID/mountpoint"
	mount -t tmpfs none "$ROOT/$ID/mountpoint"
	run_split gc --format json
	umount "$ROOT/$ID/mountpoint"
	[ "$status" = 1 ]
	jq -e '.removed == [] and .left[0].name == "'"$ID"'" and (.left[0].error | length > 0)' "$TMP/stdout"
	gc_says '.removed | length == 1'
	nothing_left -v
}

# ---------------------------------------------------------------------------------------------
# Control groups of no container, in a hierarchy of the test's own

# own SCRIPT ARG...: runs SCRIPT with the test's control group as the root of the hierarchy.
own() {
	local script=$1
	shift
	mkdir -p "$CGROUPFS$CG/own"
	sh -c 'echo 0 >"$1/cgroup.procs" && shift && exec unshare -mC "$@"' sh "$CGROUPFS$CG/own" sh -ec '
		umount "$1"
		mount -t cgroup2 none "$1"
		cgroupfs=$1
		script=$2
		shift 2
		eval "$script"' sh "$CGROUPFS" "$script" "$@"
}

@test "gc: empty control groups below /vert and empty scopes go, those in use stay" {
	requires root cgroup
	run own '
		cd "$cgroupfs"
		mkdir -p vert/dead/below vert/used/below system.slice/vert-dead.scope/container system.slice/vert-used.scope \
			system.slice/other.scope other/vert-x.scope
		sleep 100 & one=$!
		sleep 100 & two=$!
		echo $one >vert/used/below/cgroup.procs
		echo $two >system.slice/vert-used.scope/cgroup.procs
		"$@" --dry-run
		ls -d vert/*/ system.slice/*.scope | xargs echo there:
		"$@"
		"$@" --min-age 1h
		ls -d vert/*/ system.slice/*.scope | xargs echo left:
		kill $one $two
		wait
		"$@"
		ls -d vert system.slice/vert-* other/vert-x.scope 2>/dev/null | xargs echo end:
		rmdir system.slice/other.scope system.slice other/vert-x.scope other' \
		"$RUNTIME" --root "$ROOT" gc --min-age 0s --format json
	succeeded
	has 'there: system.slice/other.scope system.slice/vert-dead.scope system.slice/vert-used.scope vert/dead/ vert/used/' \
		'left: system.slice/other.scope system.slice/vert-used.scope vert/used/' 'end: other/vert-x.scope'
	local first=${lines[0]}
	jq -e '.dry_run and (.removed | map(.kind + " " + .name) | sort) == ["cgroup /vert/dead",
		"scope /system.slice/vert-dead.scope"]' <<<"$first"
	[ "${lines[3]}" = '{"dry_run":false,"removed":[],"left":[]}' ]
	rmdir "$CGROUPFS$CG/own"
}

@test "gc: the control group of a container that stays is not taken for nobody's" {
	requires root cgroup
	cfg 'del(.linux.cgroupsPath)'
	run own '
		"$1" --root "$2" create --bundle "$3" "$4" </dev/null >/dev/null 2>&1
		echo 1 >"$cgroupfs/vert/$4/cgroup.kill"
		for i in 1 2 3 4 5 6 7 8 9 10; do grep -q "populated 0" "$cgroupfs/vert/$4/cgroup.events" && break; sleep 0.1; done
		touch "$2/$4/state.json"
		sleep 1.1
		touch "$2/$4/state.json"
		"$1" --root "$2" gc --min-age 1s
		ls -d "$cgroupfs"/vert/*
		"$1" --root "$2" gc --min-age 0s --format json
		ls -d "$cgroupfs"/vert 2>&1 || :' "$RUNTIME" "$ROOT" "$BUNDLE" "$ID"
	succeeded
	has "nothing was left" "$CGROUPFS/vert/$ID"
	like '"kind":"container".*"kind":"cgroup","name":"/vert"' 'No such file'
	rmdir "$CGROUPFS$CG/own"
}
