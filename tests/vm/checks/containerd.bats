#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
#
# containerd with its own client, both cgroup drivers.

load helpers

ctr_run() {
	# shellcheck disable=SC2145
	ctr run --runc-binary "$RT" --rm "${@:1:$#-1}" localhost/bb:1 "$CTR_ID" sh -c "${@: -1}"
}

ctr_paused() {
	ctr task pause c3
	ctr task ls
	ctr task resume c3
}

ctr_killed() {
	ctr task kill -s KILL c3
	for _ in $(seq 20); do
		ctr task ls | grep -q STOPPED && break
		sleep 0.2
	done
	ctr task ls
	ctr task rm c3 > /dev/null 2>&1
	ctr container rm c3
}

ctr_limits() {
	local pid
	ctr run -d --runc-binary "$RT" --memory-limit 67108864 --cpus 0.5 localhost/bb:1 c5 \
		sleep 1000 || return 1
	pid=$(ctr task ls | awk '$1 == "c5" {print $2}')
	pid_cgroup "$pid" memory.max
	pid_cgroup "$pid" cpu.max
	ctr task kill -s KILL c5
	until_prints '' 10 sh -c "ctr task ls | grep c5.*RUNNING"
	ctr task rm c5 > /dev/null
	ctr container rm c5
}

recursive_readonly() {
	mkdir -p v/sub && mount -t tmpfs x v/sub || return 1
	ctr_run --mount "type=bind,src=$PWD/v,dst=/mnt,options=rbind:rro" \
		'touch /mnt/sub/x 2> /dev/null && echo rw || echo ro'
	umount v/sub
}

setup_file() {
	containerd_ready
}

@test "containerd-setup" {
	check 'bb:1' ctr image ls -q
}

@test "ctr-run" {
	CTR_ID=c1 check '^hello $' ctr_run 'echo hello'
}

@test "ctr-run-systemd" {
	needs_systemd_driver
	CTR_ID=c2 check '/system.slice/ctr-c2.scope' ctr_run --runc-systemd-cgroup \
		--cgroup system.slice:ctr:c2 'cat /proc/self/cgroup'
}

@test "ctr-status" {
	CTR_ID=c4 check '^9 $' status_of ctr_run 'exit 9'
}

@test "ctr-limits" {
	check '^67108864 50000 100000 ' ctr_limits
}

@test "ctr-tty" {
	CTR_ID=c6 check '/dev/(pts/|console)' on_terminal ctr run -t --rm \
		--runc-binary "$RT" localhost/bb:1 c6 tty
}

@test "ctr-userns" {
	check ' 0 200000 65536 ' ctr run --rm --runc-binary "$RT" \
		--uidmap 0:200000:65536 --gidmap 0:200000:65536 localhost/bb:1 c7 cat /proc/self/uid_map
}

@test "ctr-recursive-readonly" {
	CTR_ID=c9 check '^ro $' recursive_readonly
}

@test "ctr-missing" {
	check 'no such file|not found' bash -c '! ctr run --rm --runc-binary "$RT" \
		localhost/bb:1 c8 /no/such/program 2>&1'
}

@test "ctr-run-d" {
	check '' ctr run --runc-binary "$RT" -d localhost/bb:1 c3 sleep 1000
}

@test "ctr-exec" {
	check '^in $' ctr task exec --exec-id e1 c3 echo in
}

@test "ctr-exec-status" {
	check '^5 $' status_of ctr task exec --exec-id e2 c3 sh -c 'exit 5'
}

@test "ctr-exec-tty" {
	check '/dev/pts/' on_terminal ctr task exec -t --exec-id e3 c3 tty
}

@test "ctr-ps" {
	check '[0-9]' ctr task ps c3
}

@test "ctr-pause" {
	check 'PAUSED' ctr_paused
}

@test "ctr-metrics" {
	check 'memory.usage' ctr task metrics c3
}

@test "ctr-checkpoint" {
	needs_checkpoint
	check '' ctr task checkpoint c3
}

@test "ctr-kill" {
	check 'STOPPED' ctr_killed
}
