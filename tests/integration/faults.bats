#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Killed anywhere, failed anywhere: for every step of every verb the process that is at it is killed there by
# SIGKILL, or the step fails; then delete --force is success, and nothing is left: no process, control
# group, mount, state, device program.  The names of the steps come from the program itself, so that a new step is
# covered from its first day.  Needs a build with --enable-test-faults: tests/build-faults.
#
#	VERT_TESTS_FAULTS_FIGURES	a file for one line a sweep: kill or fault, steps, what was gone through

load helpers

setup() {
	FAULTS=${VERT_FAULTS:-$BATS_TEST_DIRNAME/../../build/faults/vert}
	setup_bundle
	"$FAULTS" --version >/dev/null 2>&1 || skip "needs a build with --enable-test-faults: tests/build-faults"
	RUNTIME=$FAULTS
	GLOBAL=(--log "$TMP/log" --log-format json)
	PROGRAMS=$BATS_TEST_DIRNAME/../faults/programs
	# Something to do in most of the steps; the device rule makes the program one that nobody else has.
	cfg '.hooks = ([$ARGS.positional[] | {key: ., value: [{path: "/bin/true"}]}] | from_entries)
		| .process.args = ["/bin/probe", "fork", "0"]
		| .linux.maskedPaths = ["/proc/kcore"] | .linux.readonlyPaths = ["/proc/sys"]
		| .linux.sysctl = {"net.ipv4.ip_forward": "1"} | .root.readonly = true
		| .linux.resources.devices = [{allow: false, access: "rwm"},
			{allow: true, type: "c", major: 10, minor: $minor, access: "r"}]' \
		--argjson minor $((1000 + $$ * 97 % 900000)) --args prestart createRuntime createContainer poststart poststop
}

# ---------------------------------------------------------------------------------------------
# The verbs, each from nothing or beside a running container.  Their messages go to $TMP/said.

flow_start() {
	vert create --bundle "$BUNDLE" "$ID" && vert start "$ID"
}

flow_run() {
	vert run --bundle "$BUNDLE" "$ID"
}

flow_exec() {
	vert exec "$ID" /bin/true
}

flow_pause() {
	vert pause "$ID"
}

flow_resume() {
	vert resume "$ID"
}

flow_update() {
	echo '{"devices": [{"allow": true, "type": "c", "major": 10, "minor": 200, "access": "rwm"}],
		"unified": {"cgroup.max.descendants": "100"}}' | vert update --resources - "$ID"
}

flow_delete() {
	vert delete --force "$ID"
}

# flow NAME [VARIABLE=VALUE]: under a fault; $status.
flow() {
	status=0
	rm -f "$TMP/log"
	(
		[ $# = 1 ] || export "${2?}"
		"flow_$1"
	) </dev/null >"$TMP/said" 2>&1 || status=$?
}

# ---------------------------------------------------------------------------------------------

# steps_of FLOW TABLE...: the steps of those tables that FLOW goes through.
steps_of() {
	local name=$1 table
	shift
	rm -f "$TMP/steps"
	flow "$name" VERT_STEPS="$TMP/steps"
	[ "$status" = 0 ] || { cat "$TMP/said"; return 1; }
	for table; do
		grep -q "^$table:" "$TMP/steps" || { echo "no table $table: $(sort -u "$TMP/steps")"; return 1; }
		grep "^$table:" "$TMP/steps" | sort -u
	done >"$TMP/wanted"
	mapfile -t STEPS <"$TMP/wanted"
}

# gone STEP: delete --force is success and nothing is left.
gone() {
	vert delete --force "$ID" </dev/null >"$TMP/deleted" 2>&1 || {
		echo "$1: delete --force: $(<"$TMP/deleted")"
		return 1
	}
	within 2 nothing_left || { echo "after $1:"; nothing_left -v; return 1; }
}

# reported STEP: the failure was said, in one message, and the log names the step.
reported() {
	[ "$status" -gt 0 ] && [ "$status" -lt 126 ] || { echo "$1: status $status: $(<"$TMP/said")"; return 1; }
	# Nobody listens to a created container's init: the start that follows finds it stopped.
	[ "$1" != 'init:wait for start' ] || ! grep -q '^vert: .*has stopped' "$TMP/said" || return 0
	grep -q '^vert: .*injected fault' "$TMP/said" || { echo "$1: said: $(<"$TMP/said")"; return 1; }
	grep -qF "\"phase\":\"${1#*:}\"" "$TMP/log" || { echo "$1: log: $(<"$TMP/log")"; return 1; }
}

# ended STEP: not by the clock.
ended() {
	[ "$status" != 124 ] || { echo "$1: hangs"; return 1; }
}

# from_nothing FLOW kill|fault TABLE...: FLOW makes the container.
from_nothing() {
	local name=$1 how=$2 step
	shift 2
	vert create --bundle "$BUNDLE" "$ID" </dev/null >"$TMP/said" 2>&1
	learn_programs
	gone "no fault"
	steps_of "$name" "$@"
	gone "no fault"
	for step in "${STEPS[@]}"; do
		case $how in
		kill)
			flow "$name" VERT_KILL="$step"
			ended "$step"
			[ "$status" != 0 ] || can_be_silent "$step" ;;
		fault)
			flow "$name" VERT_FAULT="$step"
			reported "$step" ;;
		esac
		"${AFTER:-gone}" "$step"
	done
	counted "$how" "$name"
	programs_gone
}

# collected STEP: gc leaves nothing of a container that nobody can use any more, and one that somebody can as it is.
collected() {
	local before
	sleep 0.1 # init dies with its launcher, a moment later
	before=$(vert state "$ID" 2>/dev/null | jq -r .status) || :
	vert gc --min-age 0s --format json >"$TMP/collected" 2>"$TMP/collected.err" ||
		{ echo "$1: gc: $(<"$TMP/collected.err")"; return 1; }
	case $before in
	created | running)
		is_status "$ID" "$before" && [ "$(jq -c .removed "$TMP/collected")" = '[]' ] ||
			{ echo "$1: gc touched a $before container: $(<"$TMP/collected")"; return 1; }
		gone "$1" ;;
	*)
		[ -z "$before" ] || grep -q "\"$ID\"" "$TMP/collected" ||
			{ echo "$1: gc left a $before container: $(<"$TMP/collected")"; return 1; }
		within 2 nothing_left || { echo "after $1 and gc:"; nothing_left -v; return 1; } ;;
	esac
}

# Start says MSG_GO and hears the end of file: a death of init from there on looks like a program that ended at once.
can_be_silent() {
	case $1 in
	'init:run startContainer hooks' | init:execute) [ "$(state "$ID" status)" = stopped ] ;;
	*) echo "$1: success: $(<"$TMP/said")"; return 1 ;;
	esac
}

# beside FLOW kill|fault TABLE...: FLOW is about a container, which lives on.
beside() {
	local name=$1 how=$2 step before now
	shift 2
	flow start
	within 5 grep -q ready "$TMP/said"
	before=$PIDS_BEFORE PIDS_BEFORE=" $(echo /proc/[0-9]*) "
	prepare "$name"
	steps_of "$name" "$@"
	learn_programs
	for step in "${STEPS[@]}"; do
		prepare "$name"
		case $how in
		kill)
			flow "$name" VERT_KILL="$step"
			ended "$step"
			[ "$status" != 0 ] || { echo "$step: success"; return 1; } ;;
		fault)
			flow "$name" VERT_FAULT="$step"
			reported "$step" ;;
		esac
		within 2 only_the_container || { echo "after $step: ${found[*]}"; return 1; }
		now=$(state "$ID" status)
		[[ $now == running || $now == paused ]] || { echo "after $step: the container is $now"; return 1; }
	done
	counted "$how" "$name"
	prepare exec
	vert exec "$ID" /bin/true
	PIDS_BEFORE=$before
	gone "$step"
	programs_gone
}

# What FLOW expects of the container.
prepare() {
	local now
	now=$(state "$ID" status)
	case $1/$now in
	resume/running) vert pause "$ID" ;;
	resume/paused) ;;
	*/paused) vert resume "$ID" ;;
	esac
}

only_the_container() {
	found=()
	left_processes
	[ ${#found[@]} = 0 ]
}

# counted kill|fault FLOW: as many steps of it as were gone through, for who wants figures.
counted() {
	[ -z "${VERT_TESTS_FAULTS_FIGURES-}" ] || echo "$1 ${#STEPS[@]} $2" >>"$VERT_TESTS_FAULTS_FIGURES"
}

# learn_programs: remembers the device programs of the container, which no other has: see setup.
learn_programs() {
	[ "$(id -u)" != 0 ] || "$PROGRAMS" "$CGROUPFS$CG/$ID" >>"$TMP/programs"
}

# None of the test's device programs is in the kernel any more.
programs_gone() {
	[ "$(id -u)" = 0 ] || return 0
	[ -s "$TMP/programs" ] || { echo "no device program was seen"; return 1; }
	within 5 no_programs || { echo "left: $("$PROGRAMS" | grep -xFf "$TMP/programs")"; return 1; }
}

no_programs() {
	! "$PROGRAMS" | grep -qxFf "$TMP/programs"
}

# ---------------------------------------------------------------------------------------------

@test "faults: create and start killed at any step of the launcher" {
	from_nothing start kill launch
}

@test "faults: create and start killed at any step of init" {
	from_nothing start kill init
}

@test "faults: create and start fail at any step of the launcher" {
	from_nothing start fault launch
}

@test "faults: create and start fail at any step of init" {
	from_nothing start fault init
}

@test "faults: start killed and failed at any step" {
	from_nothing start kill start
	from_nothing start fault start
}

@test "faults: run killed at any step" {
	without_waiting
	from_nothing run kill launch remove
}

@test "faults: run killed at any step of init" {
	without_waiting
	from_nothing run kill init
}

@test "faults: run fails at any step" {
	without_waiting
	from_nothing run fault launch remove
}

@test "faults: run fails at any step of init" {
	without_waiting
	from_nothing run fault init
}

@test "faults: exec killed and failed at any step" {
	beside exec kill join exec
	beside exec fault join exec
}

@test "faults: pause, resume killed and failed at any step" {
	requires cgroup
	local how
	for how in kill fault; do
		beside pause $how pause
		beside resume $how resume
	done
}

@test "faults: update killed and failed at any step" {
	requires root cgroup
	beside update kill update
	beside update fault update
}

@test "faults: delete killed and failed at any step" {
	from_nothing stopped_delete kill remove
	from_nothing stopped_delete fault remove
}

@test "faults: gc after create and start killed at any step of the launcher" {
	AFTER=collected
	from_nothing start kill launch
}

@test "faults: gc after create and start killed at any step of init" {
	AFTER=collected
	from_nothing start kill init
}

@test "faults: gc after run and delete killed at any step" {
	AFTER=collected
	without_waiting
	from_nothing run kill launch remove
	from_nothing stopped_delete kill remove
}

@test "faults: gc after a killed gc" {
	AFTER=collected
	without_waiting
	from_nothing collect kill remove
}

# From the start to the end; only gc is under the fault.
flow_collect() {
	(
		unset VERT_KILL VERT_FAULT VERT_STEPS
		flow_start
		within 5 is_status "$ID" stopped
	) && vert gc --min-age 0s
}

# The program ends at once.
without_waiting() {
	cfg '.process.args = ["/bin/true"]'
}

# From the start on; only delete is under the fault.
flow_stopped_delete() {
	(
		unset VERT_KILL VERT_FAULT VERT_STEPS
		flow_start
	) && vert delete --force "$ID"
}
