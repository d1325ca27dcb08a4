#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# The command line: forms of options, help, version, the global options and the log.

load helpers

setup() {
	setup_bundle
	LOG=$TMP/log
}

# The program without the options the tests add.
bare() {
	timeout --foreground 20 "$RUNTIME" "$@" 3>&- 4>&-
}

@test "cli: --version starts with the name and the version" {
	run --separate-stderr bare --version
	succeeded
	[ -z "$stderr" ]
	[[ ${lines[0]} =~ ^$RUNTIME_NAME\ version\ [0-9]+\.[0-9]+ ]]
	like '^spec: 1\.[0-9]+\.[0-9]+' '^commit: '
	[ "$RUNTIME_NAME" != vert ] || [ "$(bare -v)" = "$output" ]
}

@test "cli: --help lists every command and is success" {
	run --separate-stderr bare --help
	succeeded
	local command
	for command in create start run exec state list kill delete ps pause resume update spec; do
		like "^[[:space:]]+$command[[:space:]]"
	done
}

@test "cli: --help of every command is success and shows its options" {
	local command
	for command in create start run exec state list kill delete ps pause resume update spec; do
		run --separate-stderr bare "$command" --help
		succeeded
		[[ $output == *"$command"* ]]
	done
	run bare create --help
	like '--bundle' '--console-socket' '--pid-file' '--preserve-fds' '--no-pivot'
	[ "$RUNTIME_NAME" != vert ] || bare exec -h
}

@test "cli: without a command it is an error that says what to do" {
	run bare
	[ "$status" != 0 ]
	[ -n "$output" ]
}

@test "cli: an unknown command is an error that names it" {
	run --separate-stderr bare frobnicate
	[ "$status" != 0 ]
	[[ $stderr == *frobnicate* ]]
}

@test "cli: an unknown option is an error that names it" {
	run --separate-stderr bare --frobnicate list
	[ "$status" != 0 ]
	[[ $stderr == *frobnicate* ]]
	run --separate-stderr bare list --frobnicate
	[ "$status" != 0 ]
	[[ $stderr == *frobnicate* ]]
	run --separate-stderr bare list -X
	[ "$status" != 0 ]
}

@test "cli: an option without its argument says so in the words engines look for" {
	local option
	for option in --bundle --pid-file --console-socket -b; do
		run --separate-stderr bare create $option
		[ "$status" != 0 ]
		[[ $stderr == *"requires an argument"* ]]
	done
	run --separate-stderr bare --root
	[[ $stderr == *"requires an argument"* ]]
}

@test "cli: a switch with a value is an error" {
	only_vert
	refused "detach" vert run --detach=maybe --bundle "$BUNDLE" "$ID"
	[ -z "$(containers)" ]
}

@test "cli: --option=value, --option value, -o value and -ovalue are the same" {
	only_vert "crun has no short forms for some"
	local form
	for form in --bundle="$BUNDLE" "--bundle $BUNDLE" "-b $BUNDLE" -b"$BUNDLE"; do
		# The words of the form are meant to be split.
		# shellcheck disable=SC2086
		run vert run $form "$ID"
		succeeded
		[ "$output" = hello ]
	done
}

@test "cli: a long option with one dash is understood, as engines written in Go give it" {
	only_vert
	run vert run -no-subreaper -bundle "$BUNDLE" "$ID"
	succeeded
	[ "$output" = hello ]
	run vert run -no-pivot=false -bundle="$BUNDLE" "$ID"
	succeeded
}

@test "cli: a switch may be repeated" {
	run vert run --no-pivot --no-pivot --no-new-keyring --no-new-keyring --bundle "$BUNDLE" "$ID"
	succeeded
	[ "$output" = hello ]
}

@test "cli: switches of peers that have no effect here are accepted" {
	run vert run --no-subreaper --bundle "$BUNDLE" "$ID"
	succeeded
	create "$ID" --no-subreaper
}

@test "cli: a second id is an error" {
	local command
	for command in state start kill delete pause resume; do
		run vert $command "$ID" two three four
		[ "$status" != 0 ]
	done
	run vert create --bundle "$BUNDLE" "$ID" two
	[ "$status" != 0 ]
	[ -z "$(containers)" ]
}

@test "cli: a missing id is an error" {
	local command
	for command in state start kill delete pause resume create ps exec update; do
		run vert $command
		[ "$status" != 0 ]
		[ -n "$output" ]
	done
}

@test "cli: an option with a number refuses what is none" {
	only_vert
	refused "preserve-fds" vert run --preserve-fds many --bundle "$BUNDLE" "$ID"
	refused "preserve-fds" vert run --preserve-fds=-1 --bundle "$BUNDLE" "$ID"
	refused "preserve-fds" vert run --preserve-fds=99999999999 --bundle "$BUNDLE" "$ID"
}

@test "cli: --root=DIR is made and used" {
	bare --root="$TMP/other/root" create --bundle "$BUNDLE" "$ID" </dev/null >out 2>&1
	[ "$(bare --root "$TMP/other/root" list -q)" = "$ID" ]
	[ -z "$(containers)" ]
	bare --root "$TMP/other/root" delete --force "$ID"
}

@test "cli: without --root the state is below XDG_RUNTIME_DIR" {
	mkdir xdg
	chmod 700 xdg
	XDG_RUNTIME_DIR=$TMP/xdg bare create --bundle "$BUNDLE" "$ID" </dev/null >out 2>&1
	[ -d "$TMP/xdg/$RUNTIME_NAME/$ID" ]
	XDG_RUNTIME_DIR=$TMP/xdg bare delete --force "$ID"
}

@test "cli: --root of / and of a file are refused" {
	only_vert
	run --separate-stderr bare --root "$BUNDLE/config.json" list
	[ "$status" != 0 ]
	run --separate-stderr bare --root "$BUNDLE/config.json" create --bundle "$BUNDLE" "$ID"
	[ "$status" != 0 ]
	[[ $stderr == *config.json* ]]
}

@test "cli: the global options that engines give are accepted" {
	GLOBAL=(--debug --log "$LOG" --log-format json --rootless=auto --cgroup-manager cgroupfs)
	run_ok
	[ "${lines[0]}" = hello ]
	[ "$RUNTIME_NAME" = vert ] || skip "the rest is vert's"
	GLOBAL=(--log="$LOG" --log-format=text --log-level=debug --rootless true)
	run_ok
	GLOBAL=(--rootless=false)
	[ "$(id -u)" != 0 ] || run_ok
}

@test "cli: --cgroup-manager disabled makes no control group" {
	cfg 'del(.linux.cgroupsPath)'
	args cgroup
	GLOBAL=(--cgroup-manager disabled)
	create "$ID"
	[ "$(cat "/proc/$(state "$ID" pid)/cgroup")" = "$(cat /proc/self/cgroup)" ]
	vert delete --force "$ID"
}

@test "cli: an unknown cgroup manager and log format are refused" {
	only_vert
	GLOBAL=(--cgroup-manager frob)
	refused "frob" vert run --bundle "$BUNDLE" "$ID"
	GLOBAL=(--log-format frob)
	refused "frob" vert run --bundle "$BUNDLE" "$ID"
	GLOBAL=(--log-level frob)
	refused "frob" vert run --bundle "$BUNDLE" "$ID"
}

@test "cli: a failure is one line of JSON in the log and one line on stderr" {
	only_vert
	GLOBAL=(--log "$LOG" --log-format json)
	refused "container does not exist: '$ID'" vert kill "$ID" 9
	[ "$(wc -l <log)" = 1 ]
	jq -e --arg id "$ID" '.level == "error" and (.msg | contains("container does not exist: '\''" + $id))
		and (.time | test("^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:.]+(Z|[+-][0-9:]+)$"))' log
	[ "vert: $(jq -r '"\(.msg) [\(.code)]"' log)" = "${stderr_lines[0]}" ]
}

@test "cli: a failed create is one line of JSON in the log" {
	only_vert
	GLOBAL=(--log "$LOG" --log-format json)
	argv /no/such/program
	run_split vert run --bundle "$BUNDLE" "$ID"
	[ "$status" != 0 ]
	[ "$(wc -l <log)" = 1 ]
	jq -e '.level == "error" and (.msg | contains("/no/such/program"))' log
}

@test "cli: the log is appended to" {
	only_vert
	GLOBAL=(--log "$LOG" --log-format json)
	run vert state "$ID.one"
	run vert state "$ID.two"
	[ "$(jq -s length log)" = 2 ]
	jq -se '.[0].msg | contains(".one")' log
}

@test "cli: the text log has the same message" {
	only_vert
	GLOBAL=(--log "$LOG")
	refused "container does not exist: '$ID'" vert state "$ID"
	grep -qF "container does not exist: '$ID'" log
	[ "$(wc -l <log)" = 1 ]
}

@test "cli: a name with control characters cannot forge a line of the log" {
	only_vert
	GLOBAL=(--log "$LOG" --log-format json)
	argv $'/no\n{"level":"error","msg":"forged"}\e[31m'
	run_split vert run --bundle "$BUNDLE" "$ID"
	[ "$status" != 0 ]
	one_message
	[[ $stderr != *$'\e'* ]]
	[ "$(wc -l <log)" = 1 ]
	jq -e '.msg | startswith("forged") | not' log
}

@test "cli: success writes nothing to the log" {
	GLOBAL=(--log "$LOG" --log-format json)
	run_ok
	[ ! -s log ]
}

@test "cli: --debug prints no line on stdout" {
	GLOBAL=(--debug)
	args echo only this
	run --separate-stderr vert run --bundle "$BUNDLE" "$ID"
	succeeded
	[ "$output" = "only this" ]
}

@test "cli: --systemd-cgroup works or is refused in words" {
	only_vert
	GLOBAL=(--systemd-cgroup)
	run --separate-stderr vert run --bundle "$BUNDLE" "$ID"
	[ "$status" = 0 ] || [[ $stderr == *systemd* ]]
	[ -z "$(containers)" ]
}

@test "cli: words behind -- are no options" {
	only_vert
	run vert run --bundle "$BUNDLE" -- "$ID"
	succeeded
	[ "$output" = hello ]
}

@test "cli: an empty argument list ends in an error" {
	only_vert
	requires python3
	run python3 -c 'import os, sys; os.execve(sys.argv[1], [""], {})' "$RUNTIME"
	[ "$status" != 0 ]
	[ "$status" -lt 126 ]
}
