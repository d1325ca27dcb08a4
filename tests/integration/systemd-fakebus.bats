#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# The systemd cgroup driver against a manager that misbehaves: each way has its own error within the
# deadline, and nothing is left.  What a real systemd does is tested in the virtual machine.

load helpers

setup() {
	setup_bundle
	only_vert
	requires python3
	[ -x "$(dirname "$RUNTIME")/vert-systemd" ] || skip "vert-systemd was not built"
	[ -n "$CGROUPFS" ] || skip "needs a cgroup2 hierarchy"
	export XDG_RUNTIME_DIR=$TMP/run
	mkdir -m 700 "$XDG_RUNTIME_DIR"
	UNIT=vert-$ID.scope
	GLOBAL=(--rootless=true --systemd-cgroup --systemd-timeout 2)
	cfg 'del(.linux.cgroupsPath)'
}

# systemd BEHAVIOUR...: starts the manager.
systemd() {
	CONTAINER=$ID "$BATS_TEST_DIRNAME/fakebus" "$XDG_RUNTIME_DIR/bus" "$TMP/calls" "$CGROUPFS$CG" "$@" \
		>"$TMP/fakebus.out" 2>&1 3>&- 4>&- &
	BACKGROUND+=($!)
	within 5 test -S "$XDG_RUNTIME_DIR/bus"
}

calls() {
	grep -v '^ ' "$TMP/calls"
}

# refused SECONDS TEXT: run fails with that text in that time; no state, cgroup and process is left.
refused() {
	local before=$SECONDS
	args caps
	run vert run --bundle "$BUNDLE" "$ID" </dev/null
	[ "$status" -eq 1 ]
	[[ $output == *"$2"* ]] || { echo "no '$2' in: $output"; return 1; }
	[ $((SECONDS - before)) -le "$1" ]
	[ ! -e "$ROOT/$ID" ]
	[ -z "$CG" ] || [ ! -e "$CGROUPFS$CG/$UNIT" ]
	within 2 nothing_but_the_bus
}

nothing_but_the_bus() {
	! pgrep -f "vert-systemd [a-z]+ $XDG_RUNTIME_DIR" >/dev/null && ! pgrep -x vert:scope >/dev/null
}

@test "systemd: no socket" {
	refused 1 "connect to systemd at '$XDG_RUNTIME_DIR/bus' as user $(id -u): no such file or directory"
	[[ $output == *"loginctl enable-linger"* && $output == *"--cgroup-manager=cgroupfs"* ]]
}

@test "systemd: a socket that nobody listens on" {
	python3 -c 'import socket, sys; socket.socket(socket.AF_UNIX).bind(sys.argv[1])' "$XDG_RUNTIME_DIR/bus"
	refused 1 "connect to systemd at '$XDG_RUNTIME_DIR/bus' as user $(id -u): connection refused"
}

@test "systemd: XDG_RUNTIME_DIR is missing" {
	requires rootless
	unset XDG_RUNTIME_DIR
	run vert run --bundle "$BUNDLE" "$ID" </dev/null
	[ "$status" -eq 1 ]
	[[ $output == *"environment variable XDG_RUNTIME_DIR is not set"* ]]
}

@test "systemd: no answer to the authentication" {
	systemd mute
	refused 5 "systemd did not answer in time: authentication of unit '$UNIT' at '$XDG_RUNTIME_DIR/bus'"
}

@test "systemd: no answer to the call" {
	systemd no-answer
	refused 5 "systemd did not answer in time: StartTransientUnit of unit '$UNIT'"
	[[ $output == *"systemctl list-jobs"* ]]
}

@test "systemd: an answer after the deadline" {
	systemd late=3
	refused 5 "systemd did not answer in time: StartTransientUnit of unit '$UNIT'"
	sleep 2 # the late unit finds its process dead, and is not made
	[ -z "$CG" ] || rmdir "$CGROUPFS$CG/$UNIT" 2>/dev/null || :
}

@test "systemd: an answer, and the job never ends" {
	requires cgroup
	systemd no-job-end
	refused 6 "systemd did not answer in time: StartTransientUnit of unit '$UNIT'"
	calls | grep -qx "StopUnit $UNIT"
}

@test "systemd: the job fails" {
	requires cgroup
	systemd job=failed
	refused 3 "systemd's job for unit '$UNIT' (StartTransientUnit at '$XDG_RUNTIME_DIR/bus') ended with 'failed'"
	calls | grep -qx "StopUnit $UNIT"
}

@test "systemd: access denied" {
	systemd denied
	refused 2 "systemd refused StartTransientUnit of unit '$UNIT' at '$XDG_RUNTIME_DIR/bus' as user $(id -u): Permission denied"
}

@test "systemd: the unit exists and lives" {
	systemd exists
	refused 2 "unit '$UNIT' exists already and is in use"
	[ "$(calls | grep -c '^StartTransientUnit')" = 2 ]
	[ "$(calls | grep -c '^ResetFailedUnit')" = 1 ]
	[ "$(calls | grep -c '^StopUnit')" = 0 ] # it is somebody else's
}

@test "systemd: the connection ends during the call" {
	systemd hang-up
	refused 2 "systemd closed the connection: StartTransientUnit of unit '$UNIT'"
}

@test "systemd: the connection ends before the job does" {
	requires cgroup
	systemd hang-up-later
	refused 2 "systemd closed the connection: StartTransientUnit of unit '$UNIT'"
}

@test "systemd: something that is no answer" {
	systemd garbage
	refused 3 "of unit '$UNIT'"
}

@test "systemd: done, and the process is not in the unit" {
	requires cgroup
	systemd elsewhere
	refused 3 "systemd started unit '$UNIT', but the process is in cgroup"
}

@test "systemd: a signal ends the wait" {
	systemd no-answer
	args caps
	bg vert run --bundle "$BUNDLE" "$ID"
	within 2 grep -q StartTransientUnit "$TMP/calls"
	kill -TERM $(children ${BACKGROUND[-1]})
	within 2 test ! -e "$ROOT/$ID"
	within 2 nothing_but_the_bus
}

@test "systemd: a failed unit is reset, unknown properties are left out" {
	requires cgroup
	systemd exists-once unknown=CollectMode
	run_ok
	[ "$(calls | grep -c '^StartTransientUnit')" = 3 ]
	[ ! -e "$CGROUPFS$CG/$UNIT" ]
}

@test "systemd: a container's life" {
	requires cgroup
	systemd
	start_sleeper
	[ "$(vert state "$ID" | jq -r ".[\"systemd-scope\"]")" = "$UNIT" ]
	[[ $(cat "/proc/$(state "$ID" pid)/cgroup") == *"$CG/$UNIT/container" ]]
	GLOBAL=()
	exec_probe caps
	vert update --resources - "$ID" <<<'{"unified": {}}'
	vert kill "$ID" KILL
	within 5 is_status "$ID" stopped
	vert delete "$ID"
	[ ! -e "$CGROUPFS$CG/$UNIT" ]
	calls | grep -qx "StopUnit $UNIT"
}

@test "systemd: delete with a manager that does not answer" {
	requires cgroup
	systemd no-stop
	start_sleeper
	vert delete --force "$ID"
	[ ! -e "$ROOT/$ID" ]
	[ ! -e "$CGROUPFS$CG/$UNIT" ]
}

@test "systemd: run.oci.systemd.subgroup" {
	requires cgroup
	systemd
	cfg '.annotations["run.oci.systemd.subgroup"] = "inner"'
	start_sleeper
	[[ $(cat "/proc/$(state "$ID" pid)/cgroup") == *"$CG/$UNIT/inner" ]]
	vert delete --force "$ID"
	cfg '.annotations["run.oci.systemd.subgroup"] = ""'
	start_sleeper
	[[ $(cat "/proc/$(state "$ID" pid)/cgroup") == *"$CG/$UNIT" ]]
	vert delete --force "$ID"
	[ ! -e "$CGROUPFS$CG/$UNIT" ]
}

# at PATH BEHAVIOUR...: the manager of the system, on a file system of the test's own over PATH's directory.
at() {
	requires root cgroup
	[ -n "${VERT_TESTS_ISOLATED-}" ] || skip "needs a mount namespace of its own"
	mkdir -p "${1%/*}"
	mount -t tmpfs none "${1%/*}"
	OVER+=("${1%/*}")
	CONTAINER=$ID "$BATS_TEST_DIRNAME/fakebus" "$1" "$TMP/calls" "$CGROUPFS$CG" "${@:2}" \
		>"$TMP/fakebus.out" 2>&1 3>&- 4>&- &
	BACKGROUND+=($!)
	within 5 test -S "$1"
	GLOBAL=(--systemd-cgroup --systemd-timeout 2)
}

teardown() {
	local dir
	for dir in $(containers); do
		vert delete --force "$dir" </dev/null || :
	done
	for dir in "${OVER[@]}"; do
		umount -l "$dir" # the manager still listens there
	done
	teardown_bundle
}

@test "systemd: as root the system's manager, with devices" {
	at /run/dbus/system_bus_socket
	start_sleeper
	grep -qx "  DeviceAllow" "$TMP/calls"
	vert update --resources - "$ID" <<<'{"devices": [{"allow": true, "type": "c", "major": 10, "minor": 229, "access": "rw"}]}'
	calls | grep -qx "SetUnitProperties $UNIT"
}

@test "systemd: as root the manager's own socket when there is no bus" {
	at /run/systemd/private
	mount -t tmpfs none /run/dbus 2>/dev/null || mkdir -p /run/dbus
	! mountpoint -q /run/dbus || OVER+=(/run/dbus)
	start_sleeper
	calls | grep -qx "StartTransientUnit $UNIT"
	[ "$(calls | grep -c Subscribe)" = 0 ]
}

@test "systemd: an update that the manager refuses changes nothing" {
	at /run/dbus/system_bus_socket no-set
	cfg '.linux.resources.devices = [{allow: false}]'
	start_sleeper
	run -1 vert update --resources - "$ID" <<<'{"devices": [{"allow": true}]}'
	[[ $output == *"systemd refused SetUnitProperties of unit '$UNIT'"*"Value out of range"* ]]
	no grep -q '"allow": *true' "$ROOT/$ID/devices.json"
}
