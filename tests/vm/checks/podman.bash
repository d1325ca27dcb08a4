# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
#
# Podman as root: its commands one after another on one container, health
# checks, pods, and what it asks of a runtime about identity and devices.
unit_state() { systemctl is-active "libpod-$(p_show c1 .Id).scope"; }
health_timer() { systemctl list-timers --all --no-legend --plain | grep "$(p_show h1 .Id)"; }
unhealthy() {
	$PODMAN exec h1 rm /ok
	until_prints unhealthy 40 p_show h1 .State.Health.Status
}

paused() {
	$PODMAN pause c1 > /dev/null || return 1
	p_show c1 .State.Status
	$PODMAN exec c1 true 2> /dev/null && echo exec while paused
	$PODMAN unpause c1 > /dev/null
}

pod_server() {
	$PODMAN run -d --pod p1 $IMAGE sh -c 'mkdir /w; echo hi > /w/i; httpd -f -p 8080 -h /w'
}

cgroupfs_path() {
	local p="podman --runtime $RT --cgroup-manager cgroupfs"
	$p run -d --name cf --net none $IMAGE sleep 1000 > /dev/null || return 1
	p_proc cf cgroup
	$p rm -t 0 -f cf > /dev/null
}

device_opened() {
	modprobe loop
	p_run --device /dev/loop-control:/dev/lc:rw $IMAGE sh -c 'true < /dev/lc && echo rw'
}

hook_seen() {
	local dir=$CHECK_DIR/hooks
	mkdir -p "$dir"
	printf '#!/bin/sh\njq -r .status >> %s/seen\n' "$dir" > "$dir/hook"
	chmod 755 "$dir/hook"
	jq -n --arg p "$dir/hook" '{version: "1.0.0", hook: {path: $p}, when: {always: true},
		stages: ["createRuntime", "poststart", "poststop"]}' > "$dir/hook.json"
	podman --runtime "$RT" --hooks-dir "$dir" run --rm --net none $IMAGE true &&
		until_prints stopped 5 tail -1 "$dir/seen" > /dev/null
	cat "$dir/seen"
}

fd_passed() {
	$PODMAN run --rm --net none --preserve-fds 1 $IMAGE sh -c 'read -r x <&3; echo "$x"' \
		3<<< passed
}

podman_ready
check podman-run '^hello $' p_run $IMAGE echo hello
check podman-run-bridge 'inet 10\.88\.' $PODMAN run --rm $IMAGE ip addr show eth0
check podman-exit-status '^7 $' status_of p_run $IMAGE sh -c 'exit 7'
check podman-signal-status '^143 $' status_of p_run $IMAGE sh -c 'sleep 9 & kill $!; wait $!'
check podman-missing '^127 $' status_of p_run $IMAGE /no/such/program
check podman-not-in-path '^127 $' status_of p_run $IMAGE nosuchprogram
check podman-not-executable '^126 $' status_of p_run $IMAGE /etc/passwd
check podman-stdin '^ab $' bash -c 'echo ab | $PODMAN run --rm -i --net none $IMAGE cat'
check podman-output '^3000000 $' bash -c '$PODMAN run --rm --net none $IMAGE \
	head -c 3000000 /dev/zero | wc -c'
check podman-tty '/dev/(pts/|console)' on_terminal $PODMAN run --rm -t --net none $IMAGE tty
check podman-run-d '' p_started c1
check podman-runtime-used "$(basename "$RT")" p_show c1 .OCIRuntime
check podman-cgroup-manager 'systemd /machine.slice/libpod-.*scope' \
	p_show c1 '.HostConfig.CgroupManager}} {{.State.CgroupPath'
check podman-unit 'active' unit_state
check podman-apparmor 'containers-default.*\(enforce\)' p_proc c1 attr/current
check podman-exec '^uid=1000' $PODMAN exec -u 1000 c1 id
check podman-exec-status '^3 $' status_of $PODMAN exec c1 sh -c 'exit 3'
check podman-exec-missing '^127 $' status_of $PODMAN exec c1 nosuchprogram
check podman-exec-not-executable '^126 $' status_of $PODMAN exec c1 /etc/passwd
check podman-exec-tty '/dev/pts/' on_terminal $PODMAN exec -t c1 tty
check podman-exec-detached '^x $' bash -c '$PODMAN exec -d c1 sh -c "echo x > /d" > /dev/null
	for i in 1 2 3 4 5 6; do $PODMAN exec c1 cat /d 2> /dev/null && break; sleep 0.5; done'
check podman-stats 'c1' $PODMAN stats --no-stream c1
check podman-top 'sleep 1000' $PODMAN top c1
check podman-pause '^paused $' paused
check podman-update '^104857600 30 $' update_and_show c1
check podman-kill '^137 $' kill_and_wait c1
check podman-restart '^running $' bash -c '$PODMAN start c1 > /dev/null
	podman inspect --format "{{.State.Status}}" c1'
check podman-stop '^137 $' bash -c '$PODMAN stop -t 1 c1 > /dev/null; podman wait c1'
check podman-rm '' p_gone c1
check podman-health '^healthy $' bash -c '$PODMAN run -d --name h1 --net none \
	--health-cmd "test -e /ok" --health-interval 3s --health-retries 2 \
	$IMAGE sh -c "touch /ok; sleep 1000" > /dev/null
	for i in $(seq 40); do s=$(podman inspect --format "{{.State.Health.Status}}" h1)
		[ "$s" = healthy ] && break; sleep 0.5; done; echo $s'
check podman-health-timer 'podman .*healthcheck run|\.timer' health_timer
check podman-unhealthy '^unhealthy $' unhealthy
check podman-health-rm '' p_gone h1
check pod-create '' $PODMAN pod create --name p1
check pod-run '' pod_server
check pod-shared-net '^hi $' until_prints hi 15 $PODMAN run --rm --pod p1 $IMAGE \
	wget -qO- http://127.0.0.1:8080/i
check pod-rm '' $PODMAN pod rm -t 0 -f p1
check podman-userns '^ 0 200000 1000 $' p_run --uidmap 0:200000:1000 $IMAGE \
	cat /proc/self/uid_map
check podman-seccomp 'Seccomp: 2' p_run $IMAGE grep Seccomp: /proc/self/status
check podman-no-new-privileges 'NoNewPrivs: 1' p_run --security-opt no-new-privileges \
	$IMAGE grep NoNewPrivs /proc/self/status
check podman-caps '0000000000000000' p_run --cap-drop all $IMAGE grep CapEff /proc/self/status
check podman-privileged '^mounted $' p_run --privileged $IMAGE sh -c \
	'mkdir /m && mount -t tmpfs x /m && echo mounted'
check podman-readonly '^ro $' p_run --read-only $IMAGE sh -c \
	'touch /x 2>/dev/null && echo rw || echo ro'
check podman-user '^uid=1000.* gid=1000.* groups=.*5' p_run -u 1000:1000 --group-add 5 $IMAGE id
check podman-ulimit '^512 $' p_run --ulimit nofile=512:1024 $IMAGE sh -c 'ulimit -n'
check podman-init 'catatonit|podman-init' p_run --init $IMAGE cat /proc/1/cmdline
check podman-hooks '^creat(ing|ed) running stopped $' hook_seen
check podman-preserve-fds '^passed $' fd_passed
check podman-cgroupfs '/libpod_parent/|/libpod' cgroupfs_path
check podman-cgroupns-host '/machine.slice/' p_run --cgroupns host $IMAGE cat /proc/self/cgroup
check podman-no-cgroups '' podman run --rm --net none --cgroups=disabled $IMAGE true
check podman-devices '^rw $' device_opened
check podman-rootfs '^in $' bash -c 'mkdir -p r && tar -C r -xf /usr/share/vm/busybox.tar &&
	$PODMAN run --rm --net none --rootfs $PWD/r echo in'
check podman-nothing-left '^0 $' leftovers
