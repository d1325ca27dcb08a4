#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
#
# A little of everything: every engine, both cgroup managers, a few limits.
# What these show the other groups show too, and more closely.

load helpers

cgroupfs_run() { podman --runtime "$RT" --cgroup-manager cgroupfs run --rm --net none "$@"; }

cgroupfs_limits() {
	local p="podman --runtime $RT --cgroup-manager cgroupfs"
	$p run -d --name q0 --net none -m 64m --pids-limit 50 $IMAGE sleep 1000 > /dev/null || return 1
	p_limit q0 memory.max pids.max
	$p rm -t 0 -f q0 > /dev/null
}

oom_seen() {
	local before
	before=$(oom_kills)
	status_of p_run -m 32m --memory-swap 32m $IMAGE \
		dd if=/dev/zero of=/dev/null bs=64M count=1
	[ "$(oom_kills)" -gt "$before" ] && echo killed
}

setup_file() {
	podman_ready && containerd_ready && docker_ready
}

@test "quick-setup" {
	check "^vert $RT \$" podman info --format '{{.Host.OCIRuntime.Name}} {{.Host.OCIRuntime.Path}}'
}

@test "quick-cgroupfs-true" {
	check '' cgroupfs_run $IMAGE true
}

@test "quick-cgroupfs-output" {
	check '^hello $' cgroupfs_run $IMAGE echo hello
}

@test "quick-cgroupfs-status" {
	check '^7 $' status_of cgroupfs_run $IMAGE sh -c 'exit 7'
}

@test "quick-cgroupfs-limits" {
	check '^67108864 50 $' cgroupfs_limits
}

@test "quick-systemd-true" {
	check '' p_run $IMAGE true
}

@test "quick-bridge" {
	check 'inet 10\.88\.' $PODMAN run --rm $IMAGE ip addr show eth0
}

@test "quick-stdin" {
	check '^ab $' bash -c 'echo ab | $PODMAN run --rm -i --net none $IMAGE cat'
}

@test "quick-terminal" {
	check '/dev/(pts/|console)' on_terminal $PODMAN run --rm -t --net none $IMAGE tty
}

@test "quick-missing" {
	check '^127 $' status_of p_run $IMAGE /no/such/program
}

@test "quick-not-executable" {
	check '^126 $' status_of p_run $IMAGE /etc/passwd
}

@test "quick-start" {
	check '' p_started q1 -m 64m --pids-limit 50 --cpus 0.5 --cpuset-cpus 0
}

@test "quick-unit" {
	needs_systemd_driver
	check '/machine.slice/libpod-.*scope' p_show q1 .State.CgroupPath
}

@test "quick-limits" {
	check '^67108864 50 50000 100000 0 ' \
		p_limit q1 memory.max pids.max cpu.max cpuset.cpus
}

@test "quick-exec" {
	check '^uid=1000' $PODMAN exec -u 1000 q1 id
}

@test "quick-exec-status" {
	check '^3 $' status_of $PODMAN exec q1 sh -c 'exit 3'
}

@test "quick-apparmor" {
	check 'containers-default.*\(enforce\)' p_proc q1 attr/current
}

@test "quick-update" {
	check '^104857600 30 $' update_and_show q1
}

@test "quick-kill" {
	check '^137 $' kill_and_wait q1
}

@test "quick-remove" {
	check '' p_gone q1
}

@test "quick-oom" {
	check '^137 killed $' oom_seen
}

@test "quick-idmap" {
	check '^1234 $' idmapped_owner
}

@test "quick-caps" {
	check '0000000000000000' p_run --cap-drop all $IMAGE grep CapEff /proc/self/status
}

@test "quick-nothing-left" {
	check '^0 $' leftovers
}

@test "quick-ctr" {
	check '^hello $' ctr run --rm --runc-binary "$RT" localhost/bb:1 q2 echo hello
}

@test "quick-ctr-scope" {
	needs_systemd_driver
	check '/system.slice/ctr-q3.scope' ctr run --rm --runc-binary "$RT" \
		--runc-systemd-cgroup --cgroup system.slice:ctr:q3 localhost/bb:1 q3 cat /proc/self/cgroup
}

@test "quick-cri" {
	check 'in pod1' cri_round
}

@test "quick-docker" {
	check '^hello $' docker run --rm --net none bb:1 echo hello
}

@test "quick-docker-limit" {
	check '^67108864 $' docker run --rm --net none -m 64m bb:1 \
		cat /sys/fs/cgroup/memory.max
}

@test "quick-docker-missing" {
	check '^127 $' status_of docker run --rm --net none bb:1 /no/such/program
}
