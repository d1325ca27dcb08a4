#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
#
# Podman without privileges: the user's own systemd hands out the cgroups.

load podman

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

@test "rl-top" {
	check 'sleep 1000' $PODMAN top c1
}

@test "rl-pause" {
	check '^paused $' p_paused c1
}

@test "rl-kill" {
	check '^137 $' kill_and_wait c1
}

@test "rl-stop" {
	check '^137 $' bash -c '$PODMAN start c1 > /dev/null; $PODMAN stop -t 1 c1 > /dev/null; podman wait c1'
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

@test "rl-logs" {
	check '^one two $' p_logged
}

@test "rl-restart-running" {
	check '^running another $' p_restarted
}

@test "rl-port" {
	check '^found $' p_port
}

@test "rl-pod-shares" {
	check '^shared seen 1 $' p_pod_shares
}

@test "rl-named-volume" {
	check '^kept $' p_named_volume
}

@test "rl-owned-volume" {
	check '^7 written $' p_owned_volume
}

@test "rl-seccomp-profile" {
	check 'not supported Seccomp: 0 $' p_seccomp
}

@test "rl-mask" {
	check '^0 [1-9][0-9]* $' p_run --security-opt mask=/proc/version --security-opt unmask=/proc/keys \
		$IMAGE sh -c 'wc -c < /proc/version; wc -c < /proc/keys'
}

@test "rl-cap-add" {
	check '0000000002000000' p_run --cap-drop all --cap-add sys_time $IMAGE grep CapEff /proc/self/status
}

@test "rl-notify-container" {
	check '^READY=1 inside conmon is main $' p_notified container
}

@test "rl-notify-conmon" {
	check '^READY=1 outside conmon is main $' p_notified conmon
}

@test "rl-no-conmon" {
	needs_systemd_driver
	check '^with podman libpod- $' p_no_conmon
}

@test "rl-split" {
	needs_systemd_driver
	check '/split-[0-9]*.service/libpod-payload-' p_split
}

@test "rl-kube" {
	check '^from kube 67108864 $' p_kube
}

@test "rl-userns-auto" {
	check '^ ?0 1 1000 $' p_run --userns auto:size=1000 $IMAGE cat /proc/self/uid_map
}

@test "rl-userns-nomap" {
	check '^ ?0 1 65536 $' p_run --userns nomap $IMAGE cat /proc/self/uid_map
}

@test "rl-health" {
	check '^healthy unhealthy $' p_healthy
}

@test "rl-readonly" {
	check '^ro $' p_run --read-only $IMAGE sh -c 'touch /x 2>/dev/null && echo rw || echo ro'
}

@test "rl-volume-readonly" {
	check '^ro $' bash -c 'mkdir -p rv; $PODMAN run --rm --net none -v $PWD/rv:/v:ro $IMAGE \
		sh -c "touch /v/g 2> /dev/null && echo rw || echo ro"'
}

@test "rl-tmpfs" {
	check 'tmpfs' p_run --tmpfs /t:size=1m $IMAGE grep ' /t ' /proc/mounts
}

@test "rl-ulimit" {
	check '^512 $' p_run --ulimit nofile=512:1024 $IMAGE sh -c 'ulimit -n'
}

@test "rl-sysctl" {
	check '^4242 $' p_run --sysctl kernel.shmmax=4242 $IMAGE cat /proc/sys/kernel/shmmax
}

@test "rl-device" {
	check '^a e5 $' p_run --device /dev/fuse $IMAGE stat -c '%t %T' /dev/fuse
}

@test "rl-init" {
	check 'catatonit|podman-init' p_run --init $IMAGE cat /proc/1/cmdline
}

@test "rl-no-new-privileges" {
	check 'NoNewPrivs: 1' p_run --security-opt no-new-privileges $IMAGE grep NoNewPrivs /proc/self/status
}

@test "rl-missing" {
	check '^127 $' status_of p_run $IMAGE nosuchprogram
}

@test "rl-not-executable" {
	check '^126 $' status_of p_run $IMAGE /etc/passwd
}
