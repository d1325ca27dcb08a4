#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# exec: another process in a running container.

load helpers

# The facts of the container's own process, from the outside.
init_ns() {
	readlink "/proc/$(state "$ID" pid)/ns/$1"
}

@test "exec: the process is in every namespace of the container" {
	start_sleeper
	exec_probe ns
	local ns
	for ns in cgroup ipc mnt net pid user uts; do
		has "ns.$ns=$(init_ns $ns)"
	done
}

@test "exec: the process sees the container's root and its first process" {
	start_sleeper
	exec_probe read /proc/1/comm , ls /data
	has read./proc/1/comm=probe
	like '^ls./data=file '
}

@test "exec: the process is in the container's control group" {
	requires cgroup
	start_sleeper
	vert exec --detach --pid-file "$TMP/pid" "$ID" /bin/probe sleep 20 </dev/null >exec.out 2>&1
	grep -qxF "0::$CG/$ID" "/proc/$(cat pid)/cgroup"
}

@test "exec: returns the status of the process" {
	start_sleeper
	run vert exec "$ID" /bin/probe exit 42
	[ "$status" = 42 ]
}

@test "exec: returns 128 and the number of the signal that killed the process" {
	start_sleeper
	run vert exec "$ID" /bin/probe kill-self SEGV
	[ "$status" = 139 ]
	run vert exec "$ID" /bin/probe kill-self KILL
	[ "$status" = 137 ]
}

@test "exec: passes stdin, stdout and stderr" {
	start_sleeper
	run --separate-stderr vert exec "$ID" /bin/probe cat , warn err <<<"input"
	[ "$output" = input ]
	[ "$stderr" = err ]
}

@test "exec: options behind the id belong to the command" {
	start_sleeper
	run vert exec "$ID" /bin/probe echo --cwd /x -d -- y
	[ "$output" = "--cwd /x -d -- y" ]
}

@test "exec: a command without a slash is looked up in the container's PATH" {
	start_sleeper
	run vert exec "$ID" probe echo found
	succeeded
	[ "$output" = found ]
}

@test "exec: has the environment of the container's process" {
	cfg '.process.env += ["KEPT=yes"]'
	start_sleeper
	exec_probe env
	has env.KEPT=yes env.PATH=/usr/bin:/bin
}

@test "exec: --env adds to the environment and replaces" {
	only_vert "crun 1.8 replaces the environment"
	cfg '.process.env += ["A=old", "B=kept"]'
	start_sleeper
	run vert exec --env A=new -e C=added --env D= "$ID" /bin/probe env
	has env.A=new env.B=kept env.C=added env.D=
	lacks env.A=old
}

@test "exec: has the capabilities, limits and no_new_privs of the container's process" {
	cfg '.process.rlimits = [{type: "RLIMIT_NOFILE", soft: 100, hard: 200}]
		| .process.oomScoreAdj = 500'
	start_sleeper
	exec_probe caps , rlimits , oom
	has cap.bounding=CAP_CHOWN,CAP_KILL,CAP_NET_BIND_SERVICE \
		cap.effective=CAP_CHOWN,CAP_KILL,CAP_NET_BIND_SERVICE \
		cap.permitted=CAP_CHOWN,CAP_KILL,CAP_NET_BIND_SERVICE cap.ambient= \
		no_new_privs=1 rlimit.NOFILE=100:200 oom_score_adj=500
}

@test "exec: has the seccomp filter of the container" {
	requires seccomp
	cfg '.linux.seccomp = {defaultAction: "SCMP_ACT_ALLOW",
		syscalls: [{names: ["mkdir", "mkdirat"], action: "SCMP_ACT_ERRNO", errnoRet: 33}]}'
	start_sleeper
	exec_probe caps , try mkdir
	has seccomp=2 try.mkdir=EDOM
}

@test "exec: --cap adds a capability" {
	requires root
	cfg '.process.noNewPrivileges = false'
	start_sleeper
	run vert exec --cap CAP_NET_RAW "$ID" /bin/probe caps
	succeeded
	like '^cap.effective=.*CAP_NET_RAW' '^cap.bounding=.*CAP_NET_RAW' '^cap.permitted=.*CAP_NET_RAW'
}

@test "exec: --no-new-privs sets it for this process" {
	cfg '.process.noNewPrivileges = false'
	start_sleeper
	exec_probe caps
	has no_new_privs=0
	run vert exec --no-new-privs "$ID" /bin/probe caps
	has no_new_privs=1
}

@test "exec: --cwd sets the directory" {
	start_sleeper
	run vert exec --cwd /data "$ID" /bin/probe cwd
	has cwd=/data
}

@test "exec: without --cwd the directory is the container process's" {
	cfg '.process.cwd = "/data"'
	start_sleeper
	exec_probe cwd
	has cwd=/data
}

@test "exec: --user sets user and group" {
	requires root
	start_sleeper
	run vert exec --user 1000:1001 "$ID" /bin/probe id
	succeeded
	has uid=1000,1000,1000 gid=1001,1001,1001
	run vert exec -u 1000 "$ID" /bin/probe id , env HOME
	succeeded
	has uid=1000,1000,1000 env.HOME=/home/user
}

@test "exec: --user wants numbers" {
	only_vert "CVE-2026-30892 is younger than crun 1.8"
	start_sleeper
	local user
	for user in root 10x 1000:staff -1 '' : 0:0:0 4294967296 99999999999999999999; do
		refused "" vert exec --user "$user" "$ID" /bin/probe id
		[[ $stderr == *user* || $stderr == *group* ]]
	done
}

@test "exec: --additional-gids adds groups" {
	requires root
	only_vert "crun has no --additional-gids"
	start_sleeper
	run vert exec --additional-gids 10 -g 11 "$ID" /bin/probe id
	succeeded
	has groups=10,11
}

@test "exec: --process reads the process from a file; what it leaves out of capabilities is the container's" {
	start_sleeper
	jq -n '{terminal: false, user: {uid: 0, gid: 0}, cwd: "/data", env: ["ONLY=this"],
		args: ["/bin/probe", "cwd", ",", "env", ",", "caps", ",", "exit", "9"]}' >process.json
	run vert exec --process "$TMP/process.json" "$ID"
	[ "$status" = 9 ]
	has cwd=/data env.ONLY=this no_new_privs=0 \
		cap.effective=CAP_CHOWN,CAP_KILL,CAP_NET_BIND_SERVICE
	lacks env.PATH=/usr/bin:/bin
	run vert exec -p process.json "$ID"
	[ "$status" = 9 ]
}

@test "exec: a process file that is not one is refused" {
	start_sleeper
	refused "nowhere.json" vert exec --process nowhere.json "$ID"
	echo '{"args": ["/bin/true"], "cwd": 7}' >bad.json
	refused "cwd" vert exec --process bad.json "$ID"
	echo '{"args": ["/bin/true"' >bad.json
	refused "" vert exec --process bad.json "$ID"
	echo '{"args": [], "cwd": "/", "user": {"uid": 0, "gid": 0}}' >bad.json
	refused "args" vert exec --process bad.json "$ID"
}

@test "exec: --detach returns at once and the pid file names the process" {
	start_sleeper
	vert exec --detach --pid-file "$TMP/pid" "$ID" /bin/probe fork 0 </dev/null >exec.out 2>&1
	within 5 grep -q ready exec.out
	[ "$(wc -l <pid)" = 0 ]
	[ "$(readlink "/proc/$(cat pid)/ns/mnt")" = "$(init_ns mnt)" ]
	[ "$(cat "/proc/$(cat pid)/comm")" = probe ]
}

@test "exec: the pid file is written in the foreground too" {
	start_sleeper
	run vert exec --pid-file "$TMP/pid" "$ID" /bin/probe exit 3
	[ "$status" = 3 ]
	[[ $(cat pid) =~ ^[0-9]+$ ]]
}

@test "exec: a failed exec leaves no pid file" {
	start_sleeper
	REFUSED_STATUS=127 refused "no-such-command" \
		vert exec --detach --pid-file "$TMP/pid" "$ID" no-such-command
	[ ! -e pid ]
}

@test "exec: a device as the pid file stays, also when exec fails" {
	only_vert
	start_sleeper
	ln -s /dev/null pid
	vert exec --pid-file "$TMP/pid" "$ID" /bin/probe exit 0
	[ "$(readlink pid)" = /dev/null ]
	REFUSED_STATUS=127 refused "no-such-command" vert exec --pid-file "$TMP/pid" "$ID" no-such-command
	[ "$(readlink pid)" = /dev/null ]
}

@test "exec: a command that is not there gives 127" {
	only_vert
	start_sleeper
	REFUSED_STATUS=127 refused "executable file not found in \$PATH: 'no-such-command'" \
		vert exec "$ID" no-such-command
	[ "$status" = 127 ]
}

@test "exec: a file that may not be executed gives 126" {
	only_vert
	start_sleeper
	REFUSED_STATUS=126 refused "/data/file" vert exec "$ID" /data/file
	[ "$status" = 126 ]
	[[ ${stderr,,} == *"permission denied"* ]]
}

@test "exec: a signal that comes as soon as the program runs is the program's" {
	requires root
	local i
	without_pid_ns
	start_sleeper
	for ((i = 0; i < 20; i++)); do
		run vert exec "$ID" /bin/sh -c 'trap "echo got; exit 7" HUP; kill -HUP $PPID; while :; do sleep 0.1; done' </dev/null
		[ "$status" = 7 ] || { echo "round $i: status $status: $output"; return 1; }
		has got
	done
}

@test "exec: signals sent to the runtime reach the process" {
	start_sleeper
	"$RUNTIME" --root "$ROOT" exec "$ID" /bin/probe trap HUP USR1 </dev/null >exec.out 2>&1 3>&- 4>&- &
	local pid=$!
	BACKGROUND+=($pid)
	within 5 grep -q ready exec.out
	kill -HUP $pid
	within 5 grep -qx got=HUP exec.out
	kill -USR1 $pid
	within 5 grep -qx got=USR1 exec.out
	kill -TERM $pid
	wait $pid
}

@test "exec: a paused container is refused" {
	requires cgroup
	only_vert
	start_sleeper
	vert pause "$ID"
	refused "container '$ID' is paused" vert exec "$ID" /bin/probe echo x
	vert resume "$ID"
	exec_probe echo x
}

@test "exec: with --ignore-paused the process runs as soon as the container is resumed" {
	requires cgroup
	only_vert "crun has no --ignore-paused"
	start_sleeper
	vert pause "$ID"
	bg vert exec --ignore-paused "$ID" /bin/probe echo thawed
	sleep 0.1
	[ ! -s bg.out ]
	vert resume "$ID"
	within 5 grep -qx thawed bg.out
}

@test "exec: a stopped container is refused" {
	start_new "$ID"
	within 5 is_status "$ID" stopped
	refused "" vert exec "$ID" /bin/probe echo x
	[ "$status" = 1 ]
	[ "$RUNTIME_NAME" != vert ] || [[ $stderr == *"not running"* ]]
}

@test "exec: a container whose first process is on its way out is refused as not running" {	# engines look for the words
	only_vert
	start_sleeper
	# The kernel lets the first process of a pid namespace go when the last one is waited for.
	bg helper neglect sh -c '"$@" </dev/null >/dev/null 2>&1' sh "$RUNTIME" --root "$ROOT" \
		exec --detach "$ID" /bin/probe sleep 100
	within 5 grep -q command=0 bg.out
	pid=$(state "$ID" pid)
	vert kill "$ID" KILL
	within 5 no stat "/proc/$pid/ns/time"
	refused "container not running" vert exec "$ID" /bin/probe echo x
	[ "$status" = 1 ]
}

@test "exec: an unknown container is refused" {
	only_vert
	refused "container does not exist: '$ID'" vert exec "$ID" /bin/true
	[ "$status" = 1 ]
}

@test "exec: without a command it is refused" {
	start_sleeper
	refused "" vert exec "$ID"
}

@test "exec: only the standard descriptors are open" {
	start_sleeper
	run vert exec "$ID" /bin/probe fds 5</etc/passwd 9</ </dev/null
	like '^fd.0=' '^fd.1=' '^fd.2='
	unlike '^fd.([3-9]|[1-9][0-9])'
}

@test "exec: --preserve-fds refuses a descriptor that is not open, in place of handing over one of ours" {
	only_vert
	start_sleeper
	run -1 "$RUNTIME" --root "$ROOT" exec --preserve-fds 2 "$ID" /bin/probe fds 3>&- 4>&-
	[[ $output == *"descriptor 3 is to be preserved, and is not open"* ]]
}

@test "exec: --preserve-fds passes as many more" {
	start_sleeper
	timeout --foreground 20 "$RUNTIME" --root "$ROOT" exec --preserve-fds 2 "$ID" /bin/probe fds \
		3</etc/hostname 4</etc/passwd 5</etc/group </dev/null >out 2>&1
	output=$(cat out)
	has fd.3=/etc/hostname fd.4=/etc/passwd
	unlike '^fd.5='
}

@test "exec: --cgroup places the process in a group below the container's" {
	requires cgroup
	only_vert "crun 1.8 has no --cgroup of this form"
	start_sleeper
	mkdir "$(cgroup_dir)/sub"
	vert exec --cgroup sub --detach --pid-file "$TMP/pid" "$ID" /bin/probe sleep 20 </dev/null >exec.out 2>&1
	grep -qxF "0::$CG/$ID/sub" "/proc/$(cat pid)/cgroup"
	# As a path of its own root, as runc has it: "/" is the container's group.
	vert exec --cgroup /sub --detach --pid-file "$TMP/pid" "$ID" /bin/probe sleep 20 </dev/null >exec.out 2>&1
	grep -qxF "0::$CG/$ID/sub" "/proc/$(cat pid)/cgroup"
	vert exec --cgroup / --detach --pid-file "$TMP/pid" "$ID" /bin/probe sleep 20 </dev/null >exec.out 2>&1
	grep -qxF "0::$CG/$ID" "/proc/$(cat pid)/cgroup"
	refused ".." vert exec --cgroup ../.. "$ID" /bin/true
	refused ".." vert exec --cgroup /../x "$ID" /bin/true
}

@test "exec: --apparmor and --process-label are refused without the module" {
	requires no-apparmor no-selinux
	only_vert "crun ignores them"
	start_sleeper
	refused "AppArmor" vert exec --apparmor some-profile "$ID" /bin/true
	refused "SELinux" vert exec --process-label some_label "$ID" /bin/true
}

@test "exec: the umask is the container process's" {
	cfg '.process.user.umask = 63'
	start_sleeper
	exec_probe id
	has umask=0077
}

@test "exec: ends when its process ends although a child of it goes on" {
	start_sleeper
	run vert exec "$ID" /bin/sh -c '/bin/sleep 15 </dev/null >/dev/null 2>&1 & echo over'
	succeeded
	[ "$output" = over ]
}

@test "exec: ten at once all run" {
	start_sleeper
	local i pids=()
	for i in 0 1 2 3 4 5 6 7 8 9; do
		vert exec "$ID" /bin/probe echo "number $i" </dev/null >"exec.$i" 2>&1 &
		pids+=($!)
	done
	for i in 0 1 2 3 4 5 6 7 8 9; do
		wait "${pids[i]}"
		[ "$(cat exec.$i)" = "number $i" ]
	done
}

@test "exec: execCPUAffinity final is the affinity of the process" {
	only_vert "younger than crun 1.8"
	start_sleeper
	jq -n '{user: {uid: 0, gid: 0}, cwd: "/", args: ["/bin/probe", "affinity"],
		execCPUAffinity: {initial: "0", final: "0"}}' >process.json
	run vert exec --process process.json "$ID"
	succeeded
	has affinity=0
}

@test "exec: an empty environment variable HOME and no HOME are both taken from passwd" {
	start_sleeper
	exec_probe env HOME
	has env.HOME=/root
}
