#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Hooks, seccomp listeners, user databases, the program itself and its JSON (docs/security.md, V90 to V98).

load security

# hook NAME BODY: a script that appends to $TMP/NAME.out.
hook() {
	printf '#!/bin/sh\n%s\n' "$2" >"$TMP/$1"
	chmod 755 "$TMP/$1"
	cfg '.hooks[$k] += [{path: $p, timeout: 20}]' --arg k "$1" --arg p "$TMP/$1"
}

@test "V50: annotations that would hand the service manager a program are refused, unknown ones change nothing" {
	requires root
	local before a
	probe mounts , caps , ns
	before=$(grep -v '^ns\.' <<<"$output")
	cfg '.annotations = {"org.evil.Exec": "/bin/sh", "run.oci.unknown": "1", "org.systemd.property.ExecStartPost": "/bin/sh",
		"org.systemd.property.../x": "1"}'
	run_split vert run --bundle "$BUNDLE" "$ID"
	[ "$status" != 0 ] || [ "$(grep -v '^ns\.' <<<"$output")" = "$before" ]
}

@test "V50: no annotation gives a unit a program, other units to act on, or another owner" {
	local name
	GLOBAL=(--rootless=true --systemd-cgroup --systemd-timeout 2)
	for name in ExecStartPost ExecStop OnFailure Conflicts PropagatesStopTo User Slice BPFProgram; do
		cfg 'del(.linux.cgroupsPath) | .annotations = {("org.systemd.property." + $n): $v}' --arg n $name --arg v "'/bin/sh'"
		refused "property '$name' cannot be set by an annotation" vert run --bundle "$BUNDLE" "$ID"
	done
	for name in ../x "Exec Start" a.b CPUQuota= ""; do
		cfg '.annotations = {("org.systemd.property." + $n): "true"}' --arg n "$name"
		refused "is not the name of a property" vert run --bundle "$BUNDLE" "$ID"
	done
}

@test "V90: hooks of the host get nothing of the container's environment" {
	local kind
	cfg '.process.env = ["PATH=/evil", "LD_PRELOAD=/x.so", "EVIL=1"] | .process.args = ["/bin/probe", "echo", "ran"]'
	for kind in prestart createRuntime createContainer poststart poststop; do
		hook $kind "/usr/bin/env >'$TMP/$kind.env'; pwd >>'$TMP/$kind.env'; ls -l /proc/self/fd >'$TMP/$kind.fds'"
	done
	run_ok
	for kind in prestart createRuntime createContainer poststart poststop; do
		no grep -E 'evil|EVIL|LD_PRELOAD' "$TMP/$kind.env"
		[ "$(tail -n1 "$TMP/$kind.env")" = "$BUNDLE" ]
		no grep -E "$ROOT|$BUNDLE" "$TMP/$kind.fds"
	done
}

@test "V90: createContainer runs after the mounts and still sees the host" {
	hook createContainer "grep -c '$BUNDLE/rootfs/proc' /proc/self/mountinfo >'$TMP/seen'; cat '$HOST/secret' >>'$TMP/seen'"
	run_ok
	[ "$(sed -n 2p "$TMP/seen")" = secret ]
	[ "$(sed -n 1p "$TMP/seen")" -ge 1 ]
}

@test "V91: a hook that hangs is killed with all it started, and what was made is removed" {
	hook createRuntime 'sleep 100 & sleep 100'
	cfg '.hooks.createRuntime[0].timeout = 1'
	SECONDS=0
	run_split vert run --bundle "$BUNDLE" "$ID"
	[ "$status" != 0 ]
	[ $SECONDS -lt 8 ]
	[[ $stderr == *"timeout of 1 second"* ]]
	[ -z "$(containers)" ]
}

@test "V91: a hook that floods, forks away or reads nothing holds nobody up" {
	hook createRuntime "exec 0<&-; head -c 30000000 /dev/zero; head -c 3000000 /dev/zero >&2"
	hook createContainer "sleep 3 & exit 0"
	SECONDS=0
	run_ok
	[ $SECONDS -lt 10 ]
}

@test "V92: no name of a network device, and no number of them, is more than the kernel is told" {
	requires root
	local name
	before=$(ip -o link)
	for name in "$(printf '%065600d' 0)" "$(printf '%016d' 0)" a/b a:b "a b" $'a\nb' . .. "a%s" "%n" "%d%d" $'a\tb'; do
		printf '%s' "$name" >"$TMP/name"
		cfg '.linux.netDevices = {lo: {name: $n}}' --rawfile n "$TMP/name"
		refused "NET_DEVICE_INVALID" vert run --bundle "$BUNDLE" "$ID"
		cfg '.linux.netDevices = {($n): {}}' --rawfile n "$TMP/name"
		refused "NET_DEVICE_INVALID" vert run --bundle "$BUNDLE" "$ID"
	done
	cfg '.linux.netDevices = ([range(10000) | {key: "none\(.)", value: {}}] | from_entries)'
	refused "none0" vert run --bundle "$BUNDLE" "$ID"
	[ "$(ip -o link)" = "$before" ]
}

@test "V94: an agent that does not answer, or is none, is an error and leaves no process" {
	requires seccomp
	local how
	cfg '.linux.seccomp = {defaultAction: "SCMP_ACT_ALLOW", listenerPath: $p,
		syscalls: [{names: ["mkdir"], action: "SCMP_ACT_NOTIFY"}]}' --arg p "$TMP/agent"
	refused "agent" vert run --bundle "$BUNDLE" "$ID"
	for how in dgram deaf full; do
		rm -f "$TMP/agent"
		bg "$ATTACK/badsocket" $how "$TMP/agent"
		within 5 grep -q ready "$TMP/bg.out"
		SECONDS=0
		refused "agent" vert run --bundle "$BUNDLE" "$ID"
		[ $SECONDS -lt 13 ]
		[ -z "$(containers)" ]
	done
	cfg '.linux.seccomp.listenerPath = $p' --arg p "@abstract"
	refused "" vert run --bundle "$BUNDLE" "$ID"
}

@test "V94: a filter that hands sendmsg to the agent does not lock up the start" {
	requires seccomp
	cfg '.linux.seccomp = {defaultAction: "SCMP_ACT_ALLOW", listenerPath: $p,
		syscalls: [{names: ["sendmsg", "mkdir"], action: "SCMP_ACT_NOTIFY"}]}' --arg p "$TMP/agent"
	args try mkdir
	bg helper agent "$TMP/agent" 33
	within 5 test -S "$TMP/agent"
	SECONDS=0
	run_split vert run --bundle "$BUNDLE" "$ID"
	[ $SECONDS -lt 10 ]
	grep -q '^fds=1' "$TMP/bg.out"	# the agent got the listener, whatever became of the rest
	cfg '.linux.seccomp.syscalls[0].names = ["write"]'
	refused "SCMP_ACT_NOTIFY cannot be used for 'write'" vert run --bundle "$BUNDLE" "$ID"
}

@test "V95: what a filter cannot say for certain is refused, and no other's filter is taken for it" {
	requires seccomp python3
	local bad
	cp "$BUNDLE/config.json" "$TMP/plain.json"
	for bad in '.defaultAction = "SCMP_ACT_MAYBE"' '.syscalls[0].action = "SCMP_ACT_NONE"' '.flags = ["SECCOMP_FILTER_FLAG_X"]' \
		'.architectures = ["SCMP_ARCH_PDP11"]' '.syscalls[0].args = [{index: 6, value: 1, op: "SCMP_CMP_EQ"}]' \
		'.syscalls[0].args = [{index: 0, value: 1, op: "SCMP_CMP_LIKE"}]' '.syscalls[0].errnoRet = 4096' \
		'.syscalls = [range(3000) as $i | {names: ["mkdir"], action: "SCMP_ACT_ERRNO",
			args: [{index: 0, value: $i, op: "SCMP_CMP_EQ"}, {index: 1, value: $i, op: "SCMP_CMP_EQ"}]}]'; do
		cp "$TMP/plain.json" "$BUNDLE/config.json"
		cfg "$(printf '.linux.seccomp = ({defaultAction: "SCMP_ACT_ALLOW", syscalls: [{names: ["mkdir"],
			action: "SCMP_ACT_ERRNO"}]} | %s)' "$bad")"
		refused "seccomp" vert run --bundle "$BUNDLE" "$ID"
	done
	poisoned_cache
	probe try mkdir
	has try.mkdir=EDOM
}

@test "V96: a hostile user database neither blocks nor leads out" {
	local kind passwd=$BUNDLE/rootfs/etc/passwd
	args env HOME
	echo 'root:x:0:0:root:/from-the-host:/bin/sh' >"$HOST/etc/passwd"
	CANARY=$(fingerprint)
	for kind in fifo outside zero huge dir garbage; do
		rm -rf "$passwd"
		case $kind in
		fifo) mkfifo "$passwd" ;;
		outside) ln -s "$HOST/etc/passwd" "$passwd" ;;
		zero) ln -s /dev/zero "$passwd" ;;
		huge) truncate -s 1G "$passwd" ;;
		dir) mkdir "$passwd" ;;
		garbage) head -c 100000 /dev/urandom >"$passwd" ;;
		esac
		SECONDS=0
		run_ok
		[ $SECONDS -lt 3 ]
		has env.HOME=/
	done
	intact
}

@test "V97: the program is hardened" {
	requires no-sanitizers
	requires readelf
	local headers
	headers=$(readelf -hldW "$RUNTIME")
	[[ $headers == *GNU_RELRO* ]]
	[[ $headers != *"RWE"* ]]
	readelf -hW "$RUNTIME" | grep -q 'Type:.*DYN'
	readelf -dW "$RUNTIME" | grep -q 'NOW'
	[[ $(readelf -dW "$RUNTIME") != *R*PATH* ]]
}

@test "V98: JSON that another parser could read differently is refused or read as Go reads it" {
	local text n=0
	while IFS= read -r text; do
		printf '%s' "$text" >"$BUNDLE/config.json"
		SECONDS=0
		run_split vert run --bundle "$BUNDLE" "$ID"
		[ "$status" = 1 ] || { echo "status $status for $text"; return 1; }
		one_message
		[ $SECONDS -lt 3 ]
		n=$((n + 1))
	done <<-'END'
		{"ociVersion": "1.0.2", "root": {"path": "rootfs\u0000x"}, "process": {"args": ["/bin/true"], "cwd": "/"}}
		{"ociVersion": "1.0.2", "process": {"user": {"uid": 1e308}}}
		{"ociVersion": "1.0.2", "process": {"user": {"uid": 18446744073709551616}}}
		{"ociVersion": "1.0.2", "process": {"user": {"uid": 0.5}}}
		{"ociVersion": "1.0.2", "process": {"user": {"uid": NaN}}}
		{"ociVersion": "1.0.2"} trailing
		{"ociVersion": "1.0.2",}
		{'ociVersion': "1.0.2"}
		{"ociVersion": "1.0.2" /* comment */}
		{"ociVersion": 1}
		{"ociVersion": "2.0.0"}
		[]
		null
		""
		"ociVersion"
		{"ociVersion": "1.0.2", "process": []}
		{"ociVersion": "1.0.2", "process": {"args": "sh"}}
		{"ociVersion": "1.0.2", "process": {"cwd": "/", "args": [1]}}
		{"ociVersion": "1.0.2", "hostname": "\ud800"}
	END
	[ $n = 19 ]
	printf '\xef\xbb\xbf{"ociVersion": "1.0.2"}' >"$BUNDLE/config.json"
	refused "" vert run --bundle "$BUNDLE" "$ID"
	printf '{"ociVersion": "1.0.2", "x": %s' "$(printf '[%.0s' {1..20000})" >"$BUNDLE/config.json"
	refused "" vert run --bundle "$BUNDLE" "$ID"
	rm "$BUNDLE/config.json"
	mkfifo "$BUNDLE/config.json"
	refused "" vert run --bundle "$BUNDLE" "$ID"
}

@test "V98: a key that comes twice is refused, two parsers could not agree on it" {
	local config
	config=$(<"$BUNDLE/config.json")
	printf '%s' "${config/\"hostname\"/\"hostname\": \"first\", \"hostname\"}" >"$BUNDLE/config.json"
	refused "hostname: given twice" vert run --bundle "$BUNDLE" "$ID"
}
