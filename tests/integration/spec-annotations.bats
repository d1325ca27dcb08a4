#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# The annotations run.oci.* that crun made known, and the options that are spelled so too.

load helpers

annotate() {
	cfg '.annotations[$k] = $v' --arg k "$1" --arg v "$2"
}

# A filter that gives mkdir(2) and mkdirat(2) the action of the rule in JSON.
filter() {
	cfg '.linux.seccomp = {defaultAction: "SCMP_ACT_ALLOW"} + $extra
		| .linux.seccomp.syscalls += [{names: ["mkdir", "mkdirat"]} + $rule]' \
		--argjson rule "$1" --argjson extra "${2:-{\}}"
}

@test "annotations: run.oci.seccomp.receiver gets the listener when there is no listenerPath" {
	bg helper agent "$TMP/agent" 33
	within 5 test -S "$TMP/agent"
	filter '{"action": "SCMP_ACT_NOTIFY"}'
	annotate run.oci.seccomp.receiver "$TMP/agent"
	probe try mkdir
	has try.mkdir=EDOM
}

@test "annotations: RUN_OCI_SECCOMP_RECEIVER stands in for run.oci.seccomp.receiver" {
	bg helper agent "$TMP/agent" 33
	within 5 test -S "$TMP/agent"
	filter '{"action": "SCMP_ACT_NOTIFY"}'
	args try mkdir
	RUN_OCI_SECCOMP_RECEIVER=$TMP/agent run_ok
	has try.mkdir=EDOM
}

@test "annotations: run.oci.seccomp_fail_unknown_syscall makes unknown names an error" {
	filter '{"action": "SCMP_ACT_ERRNO"}' '{"syscalls": [{"names": ["no_such_call"], "action": "SCMP_ACT_ERRNO"}]}'
	probe echo x
	has x
	annotate run.oci.seccomp_fail_unknown_syscall 1
	refused_run "no_such_call"
}

@test "annotations: run.oci.seccomp_bpf_data is the filter" {
	[ "$(uname -m)" = x86_64 ] || skip "for x86_64"
	# ld [nr]; jeq mkdir(83) ret ERRNO|33; jeq mkdirat(258); ret ALLOW
	annotate run.oci.seccomp_bpf_data "$(printf '%b' \
		'\x20\0\0\0\0\0\0\0' '\x15\0\x01\0\x53\0\0\0' '\x15\0\0\x01\x02\x01\0\0' '\x06\0\0\0\x21\0\x05\0' \
		'\x06\0\0\0\0\0\xff\x7f' | base64 -w0)"
	probe try mkdir , caps
	has try.mkdir=EDOM seccomp=2
	annotate run.oci.seccomp_bpf_data "????"
	refused_run "run.oci.seccomp_bpf_data"
}

@test "annotations: run.oci.keep_original_groups keeps the caller's groups" {
	requires root
	args id
	cfg '.process.user.additionalGids = []'
	annotate run.oci.keep_original_groups 1
	run setpriv --groups 7,8 "$RUNTIME" --root "$ROOT" run --bundle "$BUNDLE" "$ID" </dev/null
	succeeded
	has groups=7,8
	annotate run.oci.keep_original_groups 0
	run setpriv --groups 7,8 "$RUNTIME" --root "$ROOT" run --bundle "$BUNDLE" "$ID" </dev/null
	succeeded
	lacks groups=7,8
}

@test "annotations: run.oci.hooks.stdout and run.oci.hooks.stderr get the output of all hooks" {
	local kind
	annotate run.oci.hooks.stdout "$TMP/hooks.out"
	annotate run.oci.hooks.stderr "$TMP/hooks.err"
	for kind in createRuntime poststart poststop; do
		cfg '.hooks[$k] = [{path: "/bin/sh", args: ["sh", "-c", "echo out " + $k + "; echo err " + $k + " >&2"]}]' --arg k $kind
	done
	probe echo x
	[ "$(cat "$TMP/hooks.out")" = $'out createRuntime\nout poststart\nout poststop' ]
	[ "$(cat "$TMP/hooks.err")" = $'err createRuntime\nerr poststart\nerr poststop' ]
}

# receive_pidfd SOCKET: prints the pid of the pidfd that arrives there.
receive_pidfd() {
	python3 - "$1" <<-'END'
		import os, socket, sys
		s = socket.socket(socket.AF_UNIX); s.bind(sys.argv[1] + ".new"); s.listen(1); s.settimeout(20)
		os.rename(sys.argv[1] + ".new", sys.argv[1])	# there, and listening
		c, _ = s.accept()
		_, fds, _, _ = socket.recv_fds(c, 100, 4)
		assert len(fds) == 1, fds
		print([l.split()[1] for l in open(f"/proc/self/fdinfo/{fds[0]}") if l.startswith("Pid:")][0])
	END
}

@test "annotations: run.oci.pidfd_receiver and --pidfd-socket get a pidfd of the process" {
	requires python3
	bg receive_pidfd "$TMP/pidfd"
	within 5 test -S "$TMP/pidfd"
	annotate run.oci.pidfd_receiver "$TMP/pidfd"
	start_sleeper
	within 5 test -s bg.out
	[ "$(<bg.out)" = "$(state "$ID" pid)" ]
	rm "$TMP/pidfd"
	bg receive_pidfd "$TMP/pidfd"
	within 5 test -S "$TMP/pidfd"
	vert exec --detach --pidfd-socket "$TMP/pidfd" --pid-file "$TMP/pid" "$ID" /bin/sleep 5 </dev/null >/dev/null 2>&1
	within 5 test -s bg.out
	[ "$(<bg.out)" = "$(<"$TMP/pid")" ]
}

@test "annotations: where the pidfd cannot be sent the program does not run" {
	local with
	for with in create run exec; do
		case $with in
		exec)
			cfg 'del(.annotations)'
			start_sleeper
			run_split vert exec --pidfd-socket "$TMP/nobody" "$ID" /bin/sh -c 'echo x >/tmp/ran'
			;;
		*)
			annotate run.oci.pidfd_receiver "$TMP/nobody"
			argv /bin/sh -c 'echo x >/tmp/ran'
			run_split vert $with --bundle "$BUNDLE" "$ID"
			;;
		esac
		[ "$status" = 1 ] && [[ $stderr == *"$TMP/nobody"* ]] || {
			echo "$with: status $status: $stderr"
			return 1
		}
		[ ! -e "$BUNDLE/rootfs/tmp/ran" ]
		[ $with = exec ] || nothing_left -v
	done
}

@test "annotations: run.oci.delegate-cgroup gives the container a group of its own below its limits" {
	requires root cgroup userns
	cfg '.linux.namespaces += [{type: "user"}] | .linux.uidMappings = [{containerID: 0, hostID: 100000, size: 65536}]
		| .linux.gidMappings = .linux.uidMappings'
	annotate run.oci.delegate-cgroup inner/most
	start_sleeper
	[[ $(cgroup_dir) == */inner/most ]]
	[ "$(stat -c %u "$(cgroup_dir)")" = 100000 ]
	[ "$(stat -c %u "$(cgroup_dir)/cgroup.procs")" = 100000 ]
	[ "$(stat -c %u "$(cgroup_dir)/..")" = 0 ]
	exec_probe cgroup
	like '/$|=/$|0::/'
}

@test "annotations: run.oci.delegate-cgroup must stay below the container's group" {
	requires cgroup
	annotate run.oci.delegate-cgroup ../outside
	refused_run "run.oci.delegate-cgroup"
}

@test "seccomp: LOG, SPEC_ALLOW, TSYNC and WAIT_KILLABLE_RECV reach the kernel" {
	requires root strace kernel 5.19
	flags_are() {	# CONFIG WANT: the flags of seccomp(2), as strace prints them
		filter "${3:-{\"action\": \"SCMP_ACT_ERRNO\"\}}" "$1"
		args echo x
		strace -f -e trace=seccomp -o trace "$RUNTIME" --root "$ROOT" run --bundle "$BUNDLE" "$ID" </dev/null
		grep -q "SECCOMP_SET_MODE_FILTER, $2, " trace || { cat trace; return 1; }
	}
	flags_are '{}' SECCOMP_FILTER_FLAG_SPEC_ALLOW
	flags_are '{"flags": []}' 0
	flags_are '{"flags": ["SECCOMP_FILTER_FLAG_LOG"]}' SECCOMP_FILTER_FLAG_LOG
	flags_are '{"flags": ["SECCOMP_FILTER_FLAG_LOG", "SECCOMP_FILTER_FLAG_SPEC_ALLOW"]}' \
		'SECCOMP_FILTER_FLAG_LOG|SECCOMP_FILTER_FLAG_SPEC_ALLOW'
	bg helper agent "$TMP/agent" 33
	within 5 test -S "$TMP/agent"
	flags_are '{"flags": ["SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV"], "listenerPath": "'"$TMP/agent"'"}' \
		'\(SECCOMP_FILTER_FLAG_NEW_LISTENER|\(SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV\|0x20\)\|0x28\)' '{"action": "SCMP_ACT_NOTIFY"}'
}
