#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# config-linux.md, Seccomp.

load helpers

setup() {
	requires seccomp
	setup_bundle
}

teardown() {
	[ -z "${BUNDLE-}" ] || teardown_bundle
}

# filter JSON: the container's filter.
filter() {
	cfg '.linux.seccomp = $f' --argjson f "$1"
}

MKDIR='"names": ["mkdir", "mkdirat"]'

@test "seccomp: without a filter there is none" {
	probe caps
	has seccomp=0
}

@test "seccomp: ERRNO gives EPERM unless told otherwise" {
	filter '{"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [{'"$MKDIR"', "action": "SCMP_ACT_ERRNO"}]}'
	probe caps , try mkdir chmod
	has seccomp=2 try.mkdir=EPERM try.chmod=ok
}

@test "seccomp: errnoRet is the error" {
	filter '{"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [
		{'"$MKDIR"', "action": "SCMP_ACT_ERRNO", "errnoRet": 38},
		{"names": ["chmod", "fchmodat"], "action": "SCMP_ACT_ERRNO", "errnoRet": 0}]}'
	probe try mkdir chmod
	has try.mkdir=ENOSYS try.chmod=ok
}

@test "seccomp: defaultErrnoRet is the error of the default" {
	filter '{"defaultAction": "SCMP_ACT_ERRNO", "defaultErrnoRet": 33, "syscalls": [
		{"names": ["read", "write", "writev", "readv", "open", "openat", "close", "execve", "exit", "exit_group",
			"brk", "mmap", "munmap", "mprotect", "arch_prctl", "set_tid_address", "ioctl", "fstat", "newfstatat",
			"stat", "lstat", "rt_sigaction", "rt_sigprocmask", "prctl", "capget", "capset", "lseek", "fcntl",
			"futex", "poll", "ppoll", "dup", "dup2", "dup3", "set_robust_list", "rseq", "prlimit64", "getrandom",
			"readlink", "readlinkat", "pipe2", "sendmsg", "recvmsg", "sendto", "recvfrom", "close_range",
			"setresuid", "setresgid", "setgroups", "seccomp", "chdir", "fchdir", "getcwd", "umask", "statx",
			"execveat", "kill", "tgkill", "getpid", "gettid", "getuid", "faccessat", "faccessat2", "access"],
		 "action": "SCMP_ACT_ALLOW"}]}'
	probe try mkdir personality
	has try.mkdir=EDOM try.personality=EDOM
}

@test "seccomp: an errnoRet with an action that has none is refused" {	# config-linux.md: MUST fail
	filter '{"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [{'"$MKDIR"', "action": "SCMP_ACT_ALLOW", "errnoRet": 1}]}'
	only_vert "crun 1.8 does not look"
	refused_run "errnoRet"
	filter '{"defaultAction": "SCMP_ACT_ALLOW", "defaultErrnoRet": 1}'
	refused_run "ErrnoRet"
}

@test "seccomp: KILL_PROCESS, KILL_THREAD and KILL end the process by SIGSYS" {
	local action
	for action in SCMP_ACT_KILL_PROCESS SCMP_ACT_KILL_THREAD SCMP_ACT_KILL; do
		filter '{"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [{'"$MKDIR"', "action": "'$action'"}]}'
		args try mkdir
		run vert run --bundle "$BUNDLE" "$ID"
		[ "$status" = 159 ]
		unlike try.mkdir
	done
}

@test "seccomp: TRAP sends SIGSYS" {
	filter '{"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [{'"$MKDIR"', "action": "SCMP_ACT_TRAP"}]}'
	args try mkdir
	run vert run --bundle "$BUNDLE" "$ID"
	[ "$status" = 159 ]
}

@test "seccomp: TRACE without a tracer gives ENOSYS" {
	filter '{"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [{'"$MKDIR"', "action": "SCMP_ACT_TRACE", "errnoRet": 5}]}'
	probe try mkdir
	has try.mkdir=ENOSYS
}

@test "seccomp: LOG lets the call pass" {
	filter '{"defaultAction": "SCMP_ACT_LOG", "syscalls": []}'
	probe caps , try mkdir
	has seccomp=2 try.mkdir=ok
}

@test "seccomp: argument comparisons" {
	# personality(0xffffffff) asks, personality(8) sets.
	local op value hit
	while read -r op value hit; do
		filter '{"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [{"names": ["personality"],
			"action": "SCMP_ACT_ERRNO", "errnoRet": 33,
			"args": [{"index": 0, "value": '"$value"', "op": "'"$op"'"}]}]}'
		probe try personality32
		[ "$(fact try.personality32)" = "$hit" ] || { echo "$op $value: $output"; return 1; }
	done <<-END
		SCMP_CMP_EQ 8 EDOM
		SCMP_CMP_EQ 9 ok
		SCMP_CMP_NE 8 ok
		SCMP_CMP_NE 9 EDOM
		SCMP_CMP_LT 9 EDOM
		SCMP_CMP_LT 8 ok
		SCMP_CMP_LE 8 EDOM
		SCMP_CMP_LE 7 ok
		SCMP_CMP_GE 8 EDOM
		SCMP_CMP_GE 9 ok
		SCMP_CMP_GT 7 EDOM
		SCMP_CMP_GT 8 ok
	END
}

@test "seccomp: MASKED_EQ compares under a mask" {
	filter '{"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [{"names": ["personality"], "action": "SCMP_ACT_ERRNO",
		"errnoRet": 33, "args": [{"index": 0, "value": 24, "valueTwo": 8, "op": "SCMP_CMP_MASKED_EQ"}]}]}'
	probe try personality32 personality
	has try.personality32=EDOM try.personality=ok
}

@test "seccomp: several arguments must all match" {
	filter '{"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [{"names": ["socket"], "action": "SCMP_ACT_ERRNO",
		"errnoRet": 33, "args": [{"index": 0, "value": 1, "op": "SCMP_CMP_EQ"}, {"index": 1, "value": 1, "op": "SCMP_CMP_EQ"}]}]}'
	# socket-unix is (1, 1|CLOEXEC or 1), socket is (2, 1).
	probe try socket socket-unix
	has try.socket=ok try.socket-unix=EDOM
}

@test "seccomp: a repeated index makes one rule for each entry" {	# what all peers do
	filter '{"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [{"names": ["socket"], "action": "SCMP_ACT_ERRNO",
		"errnoRet": 33, "args": [{"index": 0, "value": 1, "op": "SCMP_CMP_EQ"}, {"index": 0, "value": 16, "op": "SCMP_CMP_EQ"}]}]}'
	probe try socket socket-unix socket-netlink
	has try.socket=ok try.socket-unix=EDOM try.socket-netlink=EDOM
}

@test "seccomp: an unknown system call is skipped" {
	filter '{"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [
		{"names": ["no_such_call", "mkdir", "mkdirat"], "action": "SCMP_ACT_ERRNO", "errnoRet": 33}]}'
	probe try mkdir
	has try.mkdir=EDOM
}

@test "seccomp: unknown actions, operators, architectures and flags are refused" {
	only_vert "crun ignores some"
	filter '{"defaultAction": "SCMP_ACT_FROB"}'
	refused_run "SCMP_ACT_FROB"
	filter '{"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [{'"$MKDIR"', "action": "SCMP_ACT_FROB"}]}'
	refused_run "SCMP_ACT_FROB"
	filter '{"defaultAction": "SCMP_ACT_ALLOW", "architectures": ["SCMP_ARCH_FROB"]}'
	refused_run "SCMP_ARCH_FROB"
	filter '{"defaultAction": "SCMP_ACT_ALLOW", "flags": ["SECCOMP_FILTER_FLAG_FROB"]}'
	refused_run "SECCOMP_FILTER_FLAG_FROB"
	filter '{"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [{'"$MKDIR"', "action": "SCMP_ACT_ERRNO",
		"args": [{"index": 6, "value": 1, "op": "SCMP_CMP_EQ"}]}]}'
	refused_run "index"
	filter '{"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [{'"$MKDIR"', "action": "SCMP_ACT_ERRNO",
		"args": [{"index": 0, "value": 1, "op": "SCMP_CMP_FROB"}]}]}'
	refused_run "SCMP_CMP_FROB"
	filter '{"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [{"names": [], "action": "SCMP_ACT_ERRNO"}]}'
	refused_run "names"
	filter '{"syscalls": [{'"$MKDIR"', "action": "SCMP_ACT_ERRNO"}]}'
	refused_run "defaultAction"
}

@test "seccomp: known architectures and flags are accepted" {
	filter '{"defaultAction": "SCMP_ACT_ALLOW", "architectures": ["SCMP_ARCH_X86_64", "SCMP_ARCH_X86",
		"SCMP_ARCH_X32", "SCMP_ARCH_AARCH64"], "flags": ["SECCOMP_FILTER_FLAG_LOG"],
		"syscalls": [{'"$MKDIR"', "action": "SCMP_ACT_ERRNO", "errnoRet": 33}]}'
	probe try mkdir
	has try.mkdir=EDOM
	cfg '.linux.seccomp.flags = ["SECCOMP_FILTER_FLAG_TSYNC", "SECCOMP_FILTER_FLAG_SPEC_ALLOW"]'
	probe try mkdir
	has try.mkdir=EDOM
	cfg '.linux.seccomp.flags = []'
	probe try mkdir
	has try.mkdir=EDOM
}

@test "seccomp: with and without noNewPrivileges, as root and as a user" {
	filter '{"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [{'"$MKDIR"', "action": "SCMP_ACT_ERRNO", "errnoRet": 33}]}'
	local nnp uid
	for nnp in true false; do
		for uid in 0 1000; do
			[ "$uid" = 0 ] || [ "$(id -u)" = 0 ] || continue
			cfg '.process.noNewPrivileges = $n | .process.user.uid = $u' --argjson n $nnp --argjson u $uid
			probe caps , try mkdir
			has seccomp=2 try.mkdir=EDOM no_new_privs=$([ $nnp = true ] && echo 1 || echo 0)
		done
	done
}

@test "seccomp: a filter that forbids what the runtime itself needs still works" {
	# What a strict profile forbids, the runtime does before the filter is there.
	filter '{"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [{"names": ["mount", "umount2", "pivot_root", "setns",
		"unshare", "clone3", "open_tree", "move_mount", "fsopen", "fsmount", "mount_setattr", "sethostname",
		"keyctl", "bpf", "ptrace", "setgroups", "socket", "connect", "sendmsg", "recvmsg", "close_range"],
		"action": "SCMP_ACT_KILL_PROCESS"}]}'
	probe caps , echo alive
	has seccomp=2 alive
}

@test "seccomp: a filter that denies execve is refused before anything is made" {
	local action
	for action in ERRNO KILL KILL_PROCESS TRAP; do
		filter '{"defaultAction": "SCMP_ACT_'$action'", "syscalls": [{"names": ["read", "write"], "action": "SCMP_ACT_ALLOW"}]}'
		refused_run "the filter answers execve with ${action/%KILL/KILL_THREAD}"
		[[ $stderr == *"linux.seccomp) [SECCOMP_EXECVE]"*"vert seccomp why --bundle DIR execve"* ]]
		run ! vert check "$BUNDLE"
		like 'SECCOMP_EXECVE'
	done
	filter '{"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [{"names": ["execve"], "action": "SCMP_ACT_ERRNO",
		"args": [{"index": 2, "value": 7, "op": "SCMP_CMP_EQ"}]}]}' # depends on an address
	probe echo alive
	has alive
}

# The filter binds init's last steps: one that it could neither report nor leave by made it try for ever.
@test "seccomp: a start that fails under a filter without exit_group ends" {
	: >"$BUNDLE/rootfs/bin/empty"
	chmod 755 "$BUNDLE/rootfs/bin/empty"
	filter '{"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [{"names": ["exit", "exit_group", "sendmsg", "sendto", "write"],
		"action": "SCMP_ACT_ERRNO"}]}'
	argv /bin/empty
	refused "read from the init process: it was killed by signal" vert run --bundle "$BUNDLE" "$ID"
	args fork 0
	start_sleeper
	run_split vert exec "$ID" /bin/empty
	[ "$status" = 132 ] || [ "$status" = 133 ] # by the trap in place of exit_group: SIGILL or SIGTRAP
}

@test "seccomp: the same filter again is the same, a changed one is not" {	# a cache must never mix them up
	local errno name
	for errno in 33:EDOM 34:ERANGE 33:EDOM 38:ENOSYS 34:ERANGE; do
		name=${errno#*:}
		filter '{"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [{'"$MKDIR"', "action": "SCMP_ACT_ERRNO", "errnoRet": '"${errno%:*}"'}]}'
		probe try mkdir
		has "try.mkdir=$name"
	done
}

@test "seccomp: a damaged cache is not used" {
	only_vert
	filter '{"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [{'"$MKDIR"', "action": "SCMP_ACT_ERRNO", "errnoRet": 33}]}'
	probe try mkdir
	local file
	for file in $(find "$ROOT" -type f); do
		head -c 64 /dev/urandom >"$file"
	done
	probe try mkdir
	has try.mkdir=EDOM
}

@test "seccomp: an agent gets the listener and answers for the process" {
	requires kernel 5.14
	local socket=$TMP/agent
	bg helper agent "$socket" 33
	within 5 test -S "$socket"
	filter '{"defaultAction": "SCMP_ACT_ALLOW", "listenerPath": "'"$socket"'", "listenerMetadata": "some data",
		"syscalls": [{'"$MKDIR"', "action": "SCMP_ACT_NOTIFY"}]}'
	probe try mkdir , id
	has try.mkdir=EDOM
	grep -qx fds=1 bg.out
	grep -q '^call=' bg.out
	sed -n '/^payload=/,/^call=/{s/^payload=//;/^call=/!p}' bg.out | jq -e --arg id "$ID" --arg bundle "$BUNDLE" '
		(.ociVersion | type == "string") and .fds == ["seccompFd"] and .pid > 0
		and .metadata == "some data" and .state.id == $id and .state.bundle == $bundle
		and .state.status == "creating"'
}

@test "seccomp: an agent that is not there is an error by name" {
	filter '{"defaultAction": "SCMP_ACT_ALLOW", "listenerPath": "'"$TMP/nobody"'",
		"syscalls": [{'"$MKDIR"', "action": "SCMP_ACT_NOTIFY"}]}'
	refused "nobody" vert run --bundle "$BUNDLE" "$ID"
	[ -z "$(containers)" ]
}

@test "seccomp: a listener path without NOTIFY is not used" {
	filter '{"defaultAction": "SCMP_ACT_ALLOW", "listenerPath": "'"$TMP/nobody"'",
		"syscalls": [{'"$MKDIR"', "action": "SCMP_ACT_ERRNO", "errnoRet": 33}]}'
	only_vert "crun connects"
	probe try mkdir
	has try.mkdir=EDOM
}

@test "seccomp: metadata without a listener path is refused" {	# config-linux.md: MUST NOT
	only_vert
	filter '{"defaultAction": "SCMP_ACT_ALLOW", "listenerMetadata": "x"}'
	refused_run "listenerMetadata"
}

@test "seccomp: NOTIFY as the default, and of write, are refused" {
	only_vert
	filter '{"defaultAction": "SCMP_ACT_NOTIFY", "listenerPath": "'"$TMP/nobody"'"}'
	refused_run "SCMP_ACT_NOTIFY"
	filter '{"defaultAction": "SCMP_ACT_ALLOW", "listenerPath": "'"$TMP/nobody"'",
		"syscalls": [{"names": ["write"], "action": "SCMP_ACT_NOTIFY"}]}'
	refused_run "write"
}

# config-linux.md, seccomp: without any rule the default meets the process's first system call.  Whether a tracer would
# let it pass is not known before, so that the start is tried.
@test "seccomp: a default that stops every call for a tracer ends the start, and leaves no process behind" {
	only_vert "crun dies by another signal"
	requires no-sanitizers
	filter '{"defaultAction": "SCMP_ACT_TRACE"}'
	run_split timeout 20 "$RUNTIME" --root "$ROOT" run --bundle "$BUNDLE" "$ID" </dev/null
	[ "$status" = 1 ] && [[ $stderr == *"killed by signal 4"*"hint: "*execve* ]] || {
		echo "run: status $status: $stderr"
		return 1
	}
	nothing_left -v
	# Whether start can tell this from a program that ends at once depends on who reaps it, and when.
	vert create --bundle "$BUNDLE" "$ID" </dev/null >/dev/null 2>&1
	run_split timeout 20 "$RUNTIME" --root "$ROOT" start "$ID"
	[ "$status" = 0 ] || [[ $stderr == *"died before its program was executed"* ]] || {
		echo "start: status $status: $stderr"
		return 1
	}
	within 5 is_status "$ID" stopped
	vert delete "$ID"
	nothing_left -v
}
