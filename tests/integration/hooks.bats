#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# config.md, POSIX-platform Hooks.

load helpers

HOOKS="prestart createRuntime createContainer startContainer poststart poststop"

# The hook script is on the host and, for startContainer, in the container under the same path.
setup() {
	setup_bundle
	mkdir -p "$BUNDLE/rootfs$TMP"
	LOG=$TMP/hooks.log
	: >"$LOG"
}

# hook NAME SCRIPT...: runs it by the shell; $1 of it is the hook's name.
hook() {
	local name=$1 script=$2
	cfg '.hooks[$n] += [{path: "/bin/sh", args: ["sh", "-c", $s, $n]}]' --arg n "$name" --arg s "$script"
}

# log_all: every hook that runs on the host writes its name and the state it gets.
log_all() {
	local name
	for name in ${*:-prestart createRuntime createContainer poststart poststop}; do
		hook "$name" "{ printf '%s ' \"\$0\"; tr -d '\n'; echo; } >>'$LOG'"
	done
}

# hook_state NAME KEY: of the state a hook got.
hook_state() {
	sed -n "s/^$1 //p" "$LOG" | jq -r ".$2"
}

@test "hooks: run in the order of the specification" {
	log_all
	run_ok
	[ "$output" = hello ]
	[ "$(cut -d' ' -f1 "$LOG" | tr '\n' ' ')" = "prestart createRuntime createContainer poststart poststop " ]
}

@test "hooks: of one kind run in the listed order" {
	hook createRuntime "echo one >>'$LOG'"
	hook createRuntime "echo two >>'$LOG'"
	hook createRuntime "echo three >>'$LOG'"
	run_ok
	[ "$(tr '\n' ' ' <"$LOG")" = "one two three " ]
}

@test "hooks: create runs the create hooks, start and delete theirs" {
	log_all
	create "$ID"
	[ "$(cut -d' ' -f1 "$LOG" | tr '\n' ' ')" = "prestart createRuntime createContainer " ]
	vert start "$ID"
	within 5 is_status "$ID" stopped
	[ "$(tail -n1 "$LOG" | cut -d' ' -f1)" = poststart ]
	vert delete "$ID"
	[ "$(tail -n1 "$LOG" | cut -d' ' -f1)" = poststop ]
	[ "$(wc -l <"$LOG")" = 5 ]
}

@test "hooks: get the state of the container on stdin" {
	cfg '.annotations = {"org.example": "value"}'
	log_all
	run_ok
	local name
	for name in prestart createRuntime createContainer poststart poststop; do
		[ "$(hook_state $name id)" = "$ID" ]
		[ "$(hook_state $name bundle)" = "$BUNDLE" ]
		[ "$(hook_state $name 'annotations["org.example"]')" = value ]
		[[ $(hook_state $name ociVersion) == 1.* ]]
		[ "$(hook_state $name root)" = "$BUNDLE/rootfs" ] || [ "$RUNTIME_NAME" != vert ]
	done
	[[ $(hook_state createRuntime status) == creat* ]]
	[ "$(hook_state poststart status)" = running ] || [ "$RUNTIME_NAME" != vert ]
	[ "$(hook_state poststop status)" = stopped ]
	[ "$(hook_state createRuntime pid)" -gt 1 ]
}

@test "hooks: the pid is that of the container's process" {
	requires root
	hook createRuntime "readlink /proc/\$(sed 's/.*\"pid\": *\([0-9]*\).*/\1/')/ns/net >>'$LOG'"
	args ns
	run_ok
	has "ns.net=$(cat "$LOG")"
}

@test "hooks: prestart, createRuntime, poststart and poststop run in the caller's namespaces" {
	local name
	for name in prestart createRuntime poststart poststop; do
		hook $name "readlink /proc/self/ns/mnt >>'$LOG'"
	done
	run_ok
	[ "$(sort -u "$LOG")" = "$(readlink /proc/self/ns/mnt)" ]
	[ "$(wc -l <"$LOG")" = 4 ]
}

@test "hooks: createContainer runs in the container's namespaces before its root is entered" {
	hook createContainer "readlink /proc/self/ns/mnt >>'$LOG'; readlink /proc/self/ns/uts >>'$LOG'"
	args ns
	run_ok
	has "ns.mnt=$(sed -n 1p "$LOG")" "ns.uts=$(sed -n 2p "$LOG")"
}

@test "hooks: createRuntime runs after the mounts are known and before the root is entered" {
	hook createRuntime "test -e '$BUNDLE/rootfs/data/file' && echo seen >>'$LOG'"
	run_ok
	[ "$(cat "$LOG")" = seen ]
}

@test "hooks: startContainer runs in the container, before its program" {
	cfg '.process.env += ["FROM=container"]
		| .hooks.startContainer = [{path: "/bin/sh", args: ["sh", "-c", "cat >/data/state; echo $FROM >/data/env; ls /data >/data/ls"]}]'
	args read /data/ls , read /data/env
	run_ok
	has read./data/ls=file read./data/env=container
	jq -e --arg id "$ID" '.id == $id and .pid == 1' "$BUNDLE/rootfs/data/state"
}

@test "hooks: startContainer does not run before start" {
	cfg '.hooks.startContainer = [{path: "/bin/sh", args: ["sh", "-c", ": >/data/ran"]}]'
	create "$ID"
	sleep 0.1
	[ ! -e "$BUNDLE/rootfs/data/ran" ]
	vert start "$ID"
	within 5 test -e "$BUNDLE/rootfs/data/ran"
}

@test "hooks: args are the whole argv; without them the path is argv[0]" {
	printf '#!/bin/sh\necho "$# $*" >>%s\n' "'$LOG'" >"$TMP/hook"
	chmod 755 "$TMP/hook"
	cfg '.hooks.createRuntime = [{path: $p, args: ["name", "a", "b c"]}, {path: $p}]' --arg p "$TMP/hook"
	run_ok
	[ "$(cat "$LOG")" = "2 a b c
0 " ]
}

@test "hooks: env is the hook's own" {
	cfg '.process.env += ["FROM=container"] | .hooks.createRuntime = [{path: "/bin/sh", env: ["A=1", "B=2"],
		args: ["sh", "-c", $s]}]' --arg s "echo \"\$A \$B [\$FROM] [\$LEAKED]\" >>'$LOG'"
	export LEAKED=yes
	run_ok
	[ "$(cat "$LOG")" = "1 2 [] []" ]
}

@test "hooks: without env a host hook does not get the container's" {	# CVE-2025-23266
	cfg '.process.env += ["FROM=container", "LD_PRELOAD=/evil.so"]'
	hook createRuntime "echo \"[\$FROM] [\$LD_PRELOAD]\" >>'$LOG'"
	run_ok
	[ "$(cat "$LOG")" = "[] []" ]
}

@test "hooks: have only the standard descriptors" {
	hook createRuntime "ls /proc/self/fd | tr '\n' ' ' >>'$LOG'"
	run vert run --bundle "$BUNDLE" "$ID" 5</etc/passwd 7</ </dev/null
	succeeded
	# ls itself opens the next one.
	[[ "$(cat "$LOG")" == "0 1 2 3 " ]]
}

@test "hooks: a failing create hook fails the create and poststop still runs" {
	local name
	for name in prestart createRuntime createContainer; do
		cfg 'del(.hooks)'
		: >"$LOG"
		hook $name "exit 7"
		log_all poststop
		refused "" vert create --bundle "$BUNDLE" "$ID"
		[ -z "$(containers)" ]
		[ "$RUNTIME_NAME" != vert ] || [[ $stderr == *"(exit code: 7)"*"$name"* ]] || { echo "stderr: $stderr"; return 1; }
		cat "$LOG"
		[ "$RUNTIME_NAME" != vert ] || [ "$(cut -d' ' -f1 "$LOG")" = poststop ]
		nothing_left -v
	done
}

@test "hooks: a failing startContainer hook fails the start and the program does not run" {
	cfg '.hooks.startContainer = [{path: "/bin/false"}]'
	args write /data/ran yes
	run vert run --bundle "$BUNDLE" "$ID"
	[ "$status" != 0 ]
	[ ! -e "$BUNDLE/rootfs/data/ran" ]
	[ -z "$(containers)" ]
}

@test "hooks: a failing poststart hook is an error and the container goes" {	# runtime.md 1.3
	hook poststart "exit 9"
	only_vert "crun 1.8 warns"
	args fork 0
	create "$ID"
	refused "poststart" vert start "$ID"
	within 5 container_gone
}

container_gone() {
	! vert state "$ID" || is_status "$ID" stopped
}

@test "hooks: a failing poststop hook is a warning" {	# runtime.md: MUST log a warning
	hook poststop "exit 9"
	hook poststop "echo second >>'$LOG'"
	start_new "$ID"
	within 5 is_status "$ID" stopped
	vert delete "$ID"
	[ -z "$(containers)" ]
	[ "$(cat "$LOG")" = second ]
}

@test "hooks: a hook past its timeout is killed and fails" {
	cfg '.hooks.createRuntime = [{path: "/bin/sleep", args: ["sleep", "20"], timeout: 1}]'
	local before=$SECONDS
	refused "" vert create --bundle "$BUNDLE" "$ID"
	[ $((SECONDS - before)) -lt 5 ]
	[ "$RUNTIME_NAME" != vert ] || [[ $stderr == *"createRuntime"* && $stderr == *"time"* ]]
	[ -z "$(containers)" ]
}

@test "hooks: a hook within its timeout succeeds" {
	cfg '.hooks.createRuntime = [{path: "/bin/true", timeout: 5}]'
	run_ok
}

@test "hooks: a hook that does not read its stdin is fine" {
	hook createRuntime "exec <&-; exit 0"
	cfg '.annotations = {"long": ("x" * 200000)}'
	run_ok
}

@test "hooks: a hook that prints much does not block" {
	hook createRuntime "head -c 300000 /dev/zero"
	args echo done
	run vert run --bundle "$BUNDLE" "$ID" </dev/null
	succeeded
}

@test "hooks: a relative path, a missing program and a timeout of zero are refused" {
	only_vert
	cfg '.hooks = {createRuntime: [{path: "bin/true"}]}'
	refused_run "hooks.createRuntime[0].path"
	cfg '.hooks = {createRuntime: [{path: "/no/such/hook"}]}'
	refused_run "/no/such/hook"
	cfg '.hooks = {createRuntime: [{path: "/bin/true", timeout: 0}]}'
	refused_run "timeout"
}

@test "hooks: delete --force runs poststop" {
	log_all poststop
	start_sleeper
	vert delete --force "$ID"
	[ "$(cut -d' ' -f1 "$LOG")" = poststop ]
}

@test "hooks: an ordinary user's hooks run as that user" {
	requires rootless
	hook createRuntime "id -u >>'$LOG'"
	run_ok
	[ "$(cat "$LOG")" = "$(id -u)" ]
}
