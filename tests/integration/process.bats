#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# config.md, Process: who the program runs as, with what limits and powers, and what it inherits.

load helpers

@test "process: arguments arrive as they are" {
	args argv "two words" '' 'quo"te' '*' $'new\nline' --flag -- 'ünï'
	run_ok
	has "arg.1=two words" arg.2= 'arg.3=quo"te' 'arg.4=*' arg.5=new line arg.6=--flag arg.7=-- arg.8=ünï
}

@test "process: a command without a slash is looked up in the container's PATH" {
	cfg '.process.args = ["probe", "echo", "found"] | .process.env = ["PATH=/nowhere:/bin"]'
	run_ok
	[ "$output" = found ]
}

@test "process: a relative command with a slash is relative to cwd" {
	cfg '.process.args = ["./probe", "cwd"] | .process.cwd = "/bin"'
	run_ok
	has cwd=/bin
}

@test "process: a script with an interpreter runs" {
	printf '#!/bin/sh\necho "script $1"\n' >"$BUNDLE/rootfs/bin/script"
	chmod 755 "$BUNDLE/rootfs/bin/script"
	argv script argument
	run_ok
	[ "$output" = "script argument" ]
}

@test "process: the environment is exactly the config's, with HOME added" {
	cfg '.process.env = ["PATH=/bin", "A=1", "EMPTY=", "B=x=y"]'
	export LEAKED=yes
	probe env
	[ "$(sort <<<"$output")" = "$(printf 'env.%s\n' A=1 B=x=y EMPTY= HOME=/root PATH=/bin | sort)" ]
}

@test "process: the last of a repeated variable wins" {
	only_vert "crun keeps both"
	cfg '.process.env += ["A=1", "A=2"]'
	probe env A
	has env.A=2
}

@test "process: without any environment the program still starts" {
	cfg 'del(.process.env)'
	probe env HOME
	has env.HOME=/root
}

@test "process: HOME is the config's when it names one" {
	cfg '.process.env += ["HOME=/elsewhere"]'
	probe env HOME
	has env.HOME=/elsewhere
}

@test "process: HOME comes from the container's passwd, else it is /" {
	requires root
	cfg '.process.user = {uid: 1000, gid: 1000}'
	probe env HOME
	has env.HOME=/home/user
	cfg '.process.user = {uid: 77, gid: 77}'
	probe env HOME
	has env.HOME=/
	rm "$BUNDLE/rootfs/etc/passwd"
	cfg '.process.user = {uid: 1000, gid: 1000}'
	probe env HOME
	has env.HOME=/
}

@test "process: a passwd that is a fifo, endless or a link out of the root does no harm" {
	only_vert
	local kind
	for kind in fifo zero link dir; do
		rm -rf "$BUNDLE/rootfs/etc/passwd"
		case $kind in
		fifo) mkfifo "$BUNDLE/rootfs/etc/passwd" ;;
		zero) ln -s /dev/zero "$BUNDLE/rootfs/etc/passwd" ;;
		link) echo "root:x:0:0::/outside:/bin/sh" >"$TMP/passwd"
			ln -s "$TMP/passwd" "$BUNDLE/rootfs/etc/passwd" ;;
		dir) mkdir "$BUNDLE/rootfs/etc/passwd" ;;
		esac
		probe env HOME
		has env.HOME=/
	done
}

@test "process: cwd is the directory" {
	cfg '.process.cwd = "/data"'
	probe cwd
	has cwd=/data
}

@test "process: a missing cwd is made" {
	cfg '.process.cwd = "/made/for/this"'
	only_vert "runc refuses"
	probe cwd , stat /made
	has cwd=/made/for/this
	like '^stat./made=dir mode=0755'
}

@test "process: a cwd below a mount is that mount's" {
	cfg '.process.cwd = "/mnt/sub" | .mounts += [{destination: "/mnt", type: "bind", source: $s, options: ["bind"]}]' \
		--arg s "$TMP/source"
	mkdir -p "$TMP/source/sub"
	touch "$TMP/source/sub/here"
	probe cwd , ls .
	has cwd=/mnt/sub "ls..=here "
}

@test "process: a cwd through /proc/self/fd never leaves the root" {	# CVE-2024-21626
	local n
	touch "$TMP/canary"
	for n in 3 4 5 6 7 8 9 10 11 12; do
		cfg ".process.cwd = \"/proc/self/fd/$n\""
		args stat "../../../../../../../..$TMP/canary"
		run vert run --bundle "$BUNDLE" "$ID" 3</ 4</ 5</
		unlike '^stat.*=file'
	done
}

@test "process: uid, gid and additional groups" {
	requires root
	cfg '.process.user = {uid: 1000, gid: 1001, additionalGids: [5, 6, 7]}'
	probe id
	has uid=1000,1000,1000 gid=1001,1001,1001 groups=5,6,7
}

@test "process: without additional groups there are none, whatever the caller has" {
	requires root
	args id
	run timeout --foreground 20 setpriv --groups 4,27 -- "$RUNTIME" --root "$ROOT" run --bundle "$BUNDLE" "$ID" 3>&- 4>&-
	succeeded
	has groups=
}

@test "process: umask is the config's, else the caller's" {	# config.md: MUST NOT be changed when absent
	only_vert "crun and runc force 0022"
	local mask
	for mask in 0022 0077; do
		umask $mask
		probe id
		has umask=$mask
	done
	cfg '.process.user.umask = 7'
	probe id
	has umask=0007
	cfg '.process.user.umask = 0'
	probe id
	has umask=0000
}

@test "process: the five capability sets are what the config says" {
	requires root
	cfg '.process.capabilities = {bounding: ["CAP_CHOWN", "CAP_KILL", "CAP_SETUID"],
		permitted: ["CAP_CHOWN", "CAP_KILL"], effective: ["CAP_KILL"],
		inheritable: ["CAP_CHOWN", "CAP_KILL"], ambient: ["CAP_CHOWN"]}'
	cfg '.process.user = {uid: 1000, gid: 1000}'
	probe caps
	has cap.bounding=CAP_CHOWN,CAP_KILL,CAP_SETUID cap.inheritable=CAP_CHOWN,CAP_KILL cap.ambient=CAP_CHOWN \
		cap.permitted=CAP_CHOWN cap.effective=CAP_CHOWN
}

@test "process: root's sets" {
	cfg '.process.capabilities = {bounding: ["CAP_CHOWN", "CAP_KILL"], permitted: ["CAP_CHOWN", "CAP_KILL"],
		effective: ["CAP_CHOWN"], inheritable: [], ambient: []}'
	probe caps
	# execve(2) gives root everything of its bounding set.
	has cap.bounding=CAP_CHOWN,CAP_KILL cap.permitted=CAP_CHOWN,CAP_KILL cap.effective=CAP_CHOWN,CAP_KILL \
		cap.inheritable= cap.ambient=
}

@test "process: without capabilities there are none" {
	cfg 'del(.process.capabilities)'
	probe caps
	has cap.effective= cap.permitted= cap.ambient=
}

@test "process: empty sets" {
	cfg '.process.capabilities = {bounding: [], effective: [], permitted: [], inheritable: [], ambient: []}'
	probe caps , try chroot setuid
	has cap.bounding= cap.effective= cap.permitted= try.chroot=EPERM
	lacks try.setuid=ok
}

@test "process: another user than root has no effective capabilities but the ambient ones" {
	requires root
	cfg '.process.user = {uid: 1000, gid: 1000}'
	probe caps
	has cap.effective= cap.bounding=CAP_CHOWN,CAP_KILL,CAP_NET_BIND_SERVICE
}

@test "process: noNewPrivileges" {
	probe caps
	has no_new_privs=1
	cfg '.process.noNewPrivileges = false'
	probe caps
	has no_new_privs=0
	cfg 'del(.process.noNewPrivileges)'
	probe caps
	has no_new_privs=0
}

@test "process: rlimits are exactly the config's" {
	cfg '.process.rlimits = [{type: "RLIMIT_NOFILE", soft: 100, hard: 200},
		{type: "RLIMIT_CORE", soft: 0, hard: 1000}, {type: "RLIMIT_FSIZE", soft: 123456, hard: 1234567},
		{type: "RLIMIT_STACK", soft: 1048576, hard: 987654321}, {type: "RLIMIT_NPROC", soft: 50, hard: 60}]'
	[ "$(ulimit -Hs)" = unlimited ] || skip "the hard limit of the stack is lower already"
	args rlimits
	# Larger than the numbers jq can hold.
	sed -i 's/987654321/18446744073709551615/' "$BUNDLE/config.json"
	run_ok
	has rlimit.NOFILE=100:200 rlimit.CORE=0:1000 rlimit.FSIZE=123456:1234567 rlimit.STACK=1048576:-1 \
		rlimit.NPROC=50:60
}

@test "process: every rlimit of getrlimit is known" {
	cfg '.process.rlimits = [("AS", "CORE", "CPU", "DATA", "FSIZE", "LOCKS", "MEMLOCK", "MSGQUEUE", "NICE",
		"NOFILE", "NPROC", "RSS", "RTPRIO", "RTTIME", "SIGPENDING", "STACK") | {type: ("RLIMIT_" + .),
		soft: 0, hard: 0}] | .process.rlimits |= map(if .type | IN("RLIMIT_AS", "RLIMIT_DATA", "RLIMIT_STACK",
		"RLIMIT_NOFILE", "RLIMIT_NPROC", "RLIMIT_CPU", "RLIMIT_FSIZE", "RLIMIT_RTTIME") then .soft = 10000000 | .hard = 10000000
		else . end) | .process.rlimits |= map(if .type | IN("RLIMIT_NOFILE", "RLIMIT_NPROC")
		then .soft = 64 | .hard = 64 else . end)'
	probe rlimits
	has rlimit.RTPRIO=0:0 rlimit.MSGQUEUE=0:0 rlimit.AS=10000000:10000000 rlimit.NOFILE=64:64
}

@test "process: a hard limit above the caller's is refused without the capability" {
	has_cap SYS_RESOURCE && skip "may raise limits"
	cfg '.process.rlimits = [{type: "RLIMIT_NOFILE", soft: 100, hard: 1000000000}]'
	refused_run "RLIMIT_NOFILE"
	nothing_left -v
}

@test "process: oomScoreAdj is written, and not touched when absent" {
	cfg '.process.oomScoreAdj = 321'
	probe oom
	has oom_score_adj=321
	cfg 'del(.process.oomScoreAdj)'
	probe oom
	has "oom_score_adj=$(cat /proc/self/oom_score_adj)"
}

@test "process: a lower oomScoreAdj than allowed is refused or applied, never ignored" {
	cfg '.process.oomScoreAdj = -999'
	only_vert "crun's tests differ"
	args oom
	run vert run --bundle "$BUNDLE" "$ID"
	[ "$status" != 0 ] && [[ $output == *oom* ]] || has oom_score_adj=-999
}

@test "process: only the standard descriptors are open" {
	args fds
	run vert run --bundle "$BUNDLE" "$ID" 5</etc/passwd 9</ 77</tmp </dev/null
	succeeded
	like '^fd.0=' '^fd.1=' '^fd.2='
	unlike '^fd.([3-9]|[1-9][0-9])'
}

@test "process: no signal is blocked or ignored, whatever the caller does" {
	args signals
	only_vert "crun waits for ever when SIGCHLD is ignored"
	run timeout --foreground 20 bash -c 'trap "" HUP INT PIPE CHLD USR1 QUIT; exec "$@"' bash \
		"$RUNTIME" --root "$ROOT" run --bundle "$BUNDLE" "$ID" 3>&- 4>&-
	succeeded
	has sig.blocked=0000000000000000 sig.ignored=0000000000000000
}

@test "process: does not die with its parent and cannot be left undumpable" {
	probe pdeathsig
	has pdeathsig=0 dumpable=1
}

@test "process: scheduler policy and nice" {
	only_vert "younger than crun 1.8"
	cfg '.process.scheduler = {policy: "SCHED_BATCH", nice: 5}'
	probe sched
	has sched.policy=BATCH nice=5
	cfg '.process.scheduler = {policy: "SCHED_IDLE", flags: ["SCHED_FLAG_RESET_ON_FORK"]}'
	probe sched
	has sched.policy=IDLE sched.reset_on_fork=1
}

@test "process: scheduler FIFO with a priority" {
	requires root cap SYS_NICE
	only_vert "younger than crun 1.8"
	cfg '.process.scheduler = {policy: "SCHED_FIFO", priority: 7}'
	args sched
	run vert run --bundle "$BUNDLE" "$ID"
	[ "$status" != 0 ] && [[ $output == *sched* ]] || has sched.policy=FIFO sched.priority=7
}

@test "process: ioPriority" {
	only_vert "younger than crun 1.8"
	cfg '.process.ioPriority = {class: "IOPRIO_CLASS_BE", priority: 6}'
	probe sched
	has ioprio=2:6
	cfg '.process.ioPriority = {class: "IOPRIO_CLASS_IDLE", priority: 0}'
	probe sched
	has ioprio=3:0
}

@test "process: an ioPriority out of range is refused" {
	only_vert
	cfg '.process.ioPriority = {class: "IOPRIO_CLASS_BE", priority: 8}'
	refused_run "ioPriority"
}

@test "process: personality" {
	[ "$(uname -m)" = x86_64 ] || skip "for x86_64"
	cfg '.linux.personality = {domain: "LINUX32"}'
	probe uts , sched
	has machine=i686 personality=0x8
	cfg '.linux.personality = {domain: "LINUX"}'
	probe uts
	has machine=x86_64
}

@test "process: a thousand variables and a long argument" {
	cfg '.process.env += [range(1000) | "V\(.)=\(.)"] | .process.args = ["/bin/probe", "env", "V999", ",", "argv", ("x" * 100000)]'
	run_ok
	has env.V999=999
	[ "${#output}" -gt 100000 ]
}

@test "process: the first process can be a shell that starts others" {
	argv /bin/sh -c 'for i in 1 2 3; do /bin/probe echo $i; done | /bin/cat'
	run_ok
	[ "$output" = "1
2
3" ]
}

@test "process: the runtime's own file cannot be written through /proc/self/exe of the container" {
	only_vert
	# CVE-2019-5736: an interpreter line that runs the runtime's file again.
	printf '#!/proc/self/exe\n' >"$BUNDLE/rootfs/bin/evil"
	chmod 755 "$BUNDLE/rootfs/bin/evil"
	local before
	before=$(sha256sum "$RUNTIME")
	argv /bin/evil
	run vert run --bundle "$BUNDLE" "$ID"
	start_sleeper
	run vert exec "$ID" /bin/evil
	[ "$(sha256sum "$RUNTIME")" = "$before" ]
}

@test "process: the libraries of the host are not needed in the container" {
	rm -rf "$BUNDLE/rootfs/lib" "$BUNDLE/rootfs/lib64"
	run_ok
	[ "$output" = hello ]
}
