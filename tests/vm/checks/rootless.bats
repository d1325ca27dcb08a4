#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
#
# Podman without privileges: the user's own systemd hands out the cgroups.

load helpers

user_controllers() {
	cat /sys/fs/cgroup/user.slice/user-1000.slice/user@1000.service/cgroup.controllers
}

user_pod() {
	$PODMAN pod create --name p1 > /dev/null
	$PODMAN run --rm --pod p1 $IMAGE echo hi
	$PODMAN pod rm -t 0 -f p1 > /dev/null
}

setup_file() {
	podman_ready
}

@test "rootless-setup" {
	check "^vert $RT \$" podman info --format '{{.Host.OCIRuntime.Name}} {{.Host.OCIRuntime.Path}}'
}

@test "session" {
	check 'user.slice/user-1000.slice/session-' cat /proc/self/cgroup
}

@test "user-manager" {
	check '^running $' until_prints running 20 systemctl --user is-system-running
}

@test "delegated" {
	check 'cpu.*memory.*pids' user_controllers
}

@test "rl-run" {
	check '^hello $' p_run $IMAGE echo hello
}

@test "rl-map" {
	check ' 0 1000 1 1 100000 65536 ' p_run $IMAGE cat /proc/self/uid_map
}

@test "rl-status" {
	check '^7 $' status_of p_run $IMAGE sh -c 'exit 7'
}

@test "rl-tty" {
	check '/dev/(pts/|console)' on_terminal $PODMAN run --rm -t --net none $IMAGE tty
}

@test "rl-pasta" {
	check '127.0.0.1' $PODMAN run --rm $IMAGE ip addr
}

@test "rl-slirp" {
	check 'inet 10\.0\.2\.100' $PODMAN run --rm --net slirp4netns $IMAGE ip addr
}

@test "rl-run-d" {
	check '' p_started c1 -m 64m --pids-limit 50 --cpus 0.5 --cpuset-cpus 0
}

@test "rl-scope" {
	needs_systemd_driver
	check 'user@1000.service/user.slice/libpod-.*scope' p_show c1 .State.CgroupPath
}

@test "rl-limits" {
	check '^67108864 50 50000 100000 0 ' \
		p_limit c1 memory.max pids.max cpu.max cpuset.cpus
}

@test "rl-exec" {
	check '^uid=0' $PODMAN exec c1 id
}

@test "rl-stats" {
	check 'c1' $PODMAN stats --no-stream c1
}

@test "rl-update" {
	check '^104857600 30 $' update_and_show c1
}

@test "rl-kill" {
	check '^137 $' kill_and_wait c1
}

@test "rl-rm" {
	check '' p_gone c1
}

@test "rl-keep-id" {
	check '^uid=1000' p_run --userns keep-id $IMAGE id
}

@test "rl-privileged" {
	check 'CapEff: 000001ffffffffff' p_run --privileged $IMAGE \
		grep CapEff /proc/self/status
}

@test "rl-oom" {
	check '^137 $' status_of p_run -m 32m --memory-swap 32m $IMAGE \
		dd if=/dev/zero of=/dev/null bs=64M count=1
}

@test "rl-cgroupfs" {
	check '^hello $' podman --runtime "$RT" --cgroup-manager cgroupfs \
		run --rm --net none $IMAGE echo hello
}

@test "rl-no-cgroups" {
	check '^hello $' podman run --rm --net none --cgroups=disabled $IMAGE echo hello
}

@test "rl-pod" {
	check '^hi $' user_pod
}

@test "rl-build" {
	check '' bash -c 'printf "FROM %s\nRUN true\n" $IMAGE > Containerfile
		$PODMAN build --isolation oci -q -f Containerfile .'
}
