# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
#
# Podman without privileges: the user's own systemd hands out the cgroups.
user_controllers() {
	cat /sys/fs/cgroup/user.slice/user-1000.slice/user@1000.service/cgroup.controllers
}

user_pod() {
	$PODMAN pod create --name p1 > /dev/null
	$PODMAN run --rm --pod p1 $IMAGE echo hi
	$PODMAN pod rm -t 0 -f p1 > /dev/null
}

check session 'user.slice/user-1000.slice/session-' cat /proc/self/cgroup
check user-manager '^running $' until_prints running 20 systemctl --user is-system-running
check delegated 'cpu.*memory.*pids' user_controllers
podman_ready
check rl-run '^hello $' p_run $IMAGE echo hello
check rl-map ' 0 1000 1 1 100000 65536 ' p_run $IMAGE cat /proc/self/uid_map
check rl-status '^7 $' status_of p_run $IMAGE sh -c 'exit 7'
check rl-tty '/dev/(pts/|console)' on_terminal $PODMAN run --rm -t --net none $IMAGE tty
check rl-pasta '127.0.0.1' $PODMAN run --rm $IMAGE ip addr
check rl-slirp 'inet 10\.0\.2\.100' $PODMAN run --rm --net slirp4netns $IMAGE ip addr
check rl-run-d '' p_started c1 -m 64m --pids-limit 50 --cpus 0.5 --cpuset-cpus 0
check rl-scope 'user@1000.service/user.slice/libpod-.*scope' p_show c1 .State.CgroupPath
check rl-limits '^67108864 50 50000 100000 0 ' \
	p_limit c1 memory.max pids.max cpu.max cpuset.cpus
check rl-exec '^uid=0' $PODMAN exec c1 id
check rl-stats 'c1' $PODMAN stats --no-stream c1
check rl-update '^104857600 30 $' update_and_show c1
check rl-kill '^137 $' kill_and_wait c1
check rl-rm '' p_gone c1
check rl-keep-id '^uid=1000' p_run --userns keep-id $IMAGE id
check rl-privileged 'CapEff: 000001ffffffffff' p_run --privileged $IMAGE \
	grep CapEff /proc/self/status
check rl-oom '^137 $' status_of p_run -m 32m --memory-swap 32m $IMAGE \
	dd if=/dev/zero of=/dev/null bs=64M count=1
check rl-cgroupfs '^hello $' podman --runtime "$RT" --cgroup-manager cgroupfs \
	run --rm --net none $IMAGE echo hello
check rl-no-cgroups '^hello $' podman run --rm --net none --cgroups=disabled $IMAGE echo hello
check rl-pod '^hi $' user_pod
check rl-build '' bash -c 'printf "FROM %s\nRUN true\n" $IMAGE > Containerfile
	$PODMAN build --isolation oci -q -f Containerfile .'
