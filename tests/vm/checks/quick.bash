# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
#
# A little of everything: every engine, both cgroup managers, a few limits.
# What these show the other groups show too, and more closely.
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

podman_ready
check quick-cgroupfs-true '' cgroupfs_run $IMAGE true
check quick-cgroupfs-output '^hello $' cgroupfs_run $IMAGE echo hello
check quick-cgroupfs-status '^7 $' status_of cgroupfs_run $IMAGE sh -c 'exit 7'
check quick-cgroupfs-limits '^67108864 50 $' cgroupfs_limits
check quick-systemd-true '' p_run $IMAGE true
check quick-bridge 'inet 10\.88\.' $PODMAN run --rm $IMAGE ip addr show eth0
check quick-stdin '^ab $' bash -c 'echo ab | $PODMAN run --rm -i --net none $IMAGE cat'
check quick-terminal '/dev/(pts/|console)' on_terminal $PODMAN run --rm -t --net none $IMAGE tty
check quick-missing '^127 $' status_of p_run $IMAGE /no/such/program
check quick-not-executable '^126 $' status_of p_run $IMAGE /etc/passwd
check quick-start '' p_started q1 -m 64m --pids-limit 50 --cpus 0.5 --cpuset-cpus 0
check quick-unit '/machine.slice/libpod-.*scope' p_show q1 .State.CgroupPath
check quick-limits '^67108864 50 50000 100000 0 ' \
	p_limit q1 memory.max pids.max cpu.max cpuset.cpus
check quick-exec '^uid=1000' $PODMAN exec -u 1000 q1 id
check quick-exec-status '^3 $' status_of $PODMAN exec q1 sh -c 'exit 3'
check quick-apparmor 'containers-default.*\(enforce\)' p_proc q1 attr/current
check quick-update '^104857600 30 $' update_and_show q1
check quick-kill '^137 $' kill_and_wait q1
check quick-remove '' p_gone q1
check quick-oom '^137 killed $' oom_seen
check quick-idmap '^1234 $' idmapped_owner
check quick-caps '0000000000000000' p_run --cap-drop all $IMAGE grep CapEff /proc/self/status
check quick-nothing-left '^0 $' leftovers
containerd_ready
check quick-ctr '^hello $' ctr run --rm --runc-binary "$RT" localhost/bb:1 q2 echo hello
check quick-ctr-scope '/system.slice/ctr-q3.scope' ctr run --rm --runc-binary "$RT" \
	--runc-systemd-cgroup --cgroup system.slice:ctr:q3 localhost/bb:1 q3 cat /proc/self/cgroup
check quick-cri 'in pod1' cri_round
docker_ready
check quick-docker '^hello $' docker run --rm --net none bb:1 echo hello
check quick-docker-limit '^67108864 $' docker run --rm --net none -m 64m bb:1 \
	cat /sys/fs/cgroup/memory.max
check quick-docker-missing '^127 $' status_of docker run --rm --net none bb:1 /no/such/program
