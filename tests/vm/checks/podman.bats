#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
#
# Podman as root: its commands one after another on one container, health
# checks, pods, and what it asks of a runtime about identity and devices.

load podman

unit_state() { systemctl is-active "libpod-$(p_show c1 .Id).scope"; }
health_timer() { systemctl list-timers --all --no-legend --plain | grep "$(p_show h1 .Id)"; }
unhealthy() {
	$PODMAN exec h1 rm /ok
	until_prints unhealthy 40 p_show h1 .State.Health.Status
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

# Ranges of the user "containers", as the documentation of Podman has them.
userns_auto() {
	grep -q ^containers: /etc/subuid || echo containers:1000000:1000000 | tee -a /etc/subuid >> /etc/subgid
	p_run --userns auto:size=1000 $IMAGE cat /proc/self/uid_map
}

# What is mounted on the host later comes along with rslave, and not with rprivate.
propagated() {
	local option
	mkdir -p prop && mount -t tmpfs p prop && mount --make-shared prop && mkdir prop/sub || return 1
	for option in rslave rprivate; do
		$PODMAN run -d --name pp --net none -v "$PWD/prop:/p:$option" $IMAGE sleep 1000 > /dev/null
		mount -t tmpfs q prop/sub && touch prop/sub/later
		$PODMAN exec pp sh -c 'ls /p/sub; [ -e /p/sub/later ] || echo nothing'
		umount prop/sub
		p_gone pp
	done
	umount prop
}

podman_says() {
	p_run "$@" 2>&1
	[ $? != 0 ]
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

setup_file() {
	podman_ready
}

@test "podman-setup" {
	check "^vert $RT \$" podman info --format '{{.Host.OCIRuntime.Name}} {{.Host.OCIRuntime.Path}}'
}

@test "podman-run" {
	check '^hello $' p_run $IMAGE echo hello
}

@test "podman-run-bridge" {
	check 'inet 10\.88\.' $PODMAN run --rm $IMAGE ip addr show eth0
}

@test "podman-exit-status" {
	check '^7 $' status_of p_run $IMAGE sh -c 'exit 7'
}

@test "podman-signal-status" {
	check '^143 $' status_of p_run $IMAGE sh -c 'sleep 9 & kill $!; wait $!'
}

@test "podman-missing" {
	check '^127 $' status_of p_run $IMAGE /no/such/program
}

@test "podman-not-in-path" {
	check '^127 $' status_of p_run $IMAGE nosuchprogram
}

@test "podman-not-executable" {
	check '^126 $' status_of p_run $IMAGE /etc/passwd
}

@test "podman-stdin" {
	check '^ab $' bash -c 'echo ab | $PODMAN run --rm -i --net none $IMAGE cat'
}

@test "podman-output" {
	check '^3000000 $' bash -c '$PODMAN run --rm --net none $IMAGE \
		head -c 3000000 /dev/zero | wc -c'
}

@test "podman-tty" {
	check '/dev/(pts/|console)' on_terminal $PODMAN run --rm -t --net none $IMAGE tty
}

@test "podman-run-d" {
	check '' p_started c1
}

@test "podman-runtime-used" {
	check "$(basename "$RT")" p_show c1 .OCIRuntime
}

@test "podman-cgroup-manager" {
	needs_systemd_driver
	check 'systemd /machine.slice/libpod-.*scope' \
		p_show c1 '.HostConfig.CgroupManager}} {{.State.CgroupPath'
}

@test "podman-unit" {
	needs_systemd_driver
	check 'active' unit_state
}

@test "podman-apparmor" {
	check 'containers-default.*\(enforce\)' p_proc c1 attr/current
}

@test "podman-exec" {
	check '^uid=1000' $PODMAN exec -u 1000 c1 id
}

@test "podman-exec-status" {
	check '^3 $' status_of $PODMAN exec c1 sh -c 'exit 3'
}

@test "podman-exec-missing" {
	check '^127 $' status_of $PODMAN exec c1 nosuchprogram
}

@test "podman-exec-not-executable" {
	check '^126 $' status_of $PODMAN exec c1 /etc/passwd
}

@test "podman-exec-tty" {
	check '/dev/pts/' on_terminal $PODMAN exec -t c1 tty
}

@test "podman-exec-detached" {
	check '^x $' bash -c '$PODMAN exec -d c1 sh -c "echo x > /d" > /dev/null
		for i in 1 2 3 4 5 6; do $PODMAN exec c1 cat /d 2> /dev/null && break; sleep 0.5; done'
}

@test "podman-stats" {
	check 'c1' $PODMAN stats --no-stream c1
}

@test "podman-top" {
	check 'sleep 1000' $PODMAN top c1
}

@test "podman-pause" {
	check '^paused $' p_paused c1
}

@test "podman-update" {
	check '^104857600 30 $' update_and_show c1
}

@test "podman-kill" {
	check '^137 $' kill_and_wait c1
}

@test "podman-restart" {
	check '^running $' bash -c '$PODMAN start c1 > /dev/null
		podman inspect --format "{{.State.Status}}" c1'
}

@test "podman-stop" {
	check '^137 $' bash -c '$PODMAN stop -t 1 c1 > /dev/null; podman wait c1'
}

@test "podman-rm" {
	check '' p_gone c1
}

@test "podman-health" {
	check '^healthy $' bash -c '$PODMAN run -d --name h1 --net none \
		--health-cmd "test -e /ok" --health-interval 3s --health-retries 2 \
		$IMAGE sh -c "touch /ok; sleep 1000" > /dev/null
		for i in $(seq 40); do s=$(podman inspect --format "{{.State.Health.Status}}" h1)
			[ "$s" = healthy ] && break; sleep 0.5; done; echo $s'
}

@test "podman-health-timer" {
	needs_systemd_driver
	check 'podman .*healthcheck run|\.timer' health_timer
}

@test "podman-unhealthy" {
	check '^unhealthy $' unhealthy
}

@test "podman-health-rm" {
	check '' p_gone h1
}

@test "pod-create" {
	check '' $PODMAN pod create --name p1
}

@test "pod-run" {
	check '' pod_server
}

@test "pod-shared-net" {
	check '^hi $' until_prints hi 15 $PODMAN run --rm --pod p1 $IMAGE \
		wget -qO- http://127.0.0.1:8080/i
}

@test "pod-rm" {
	check '' $PODMAN pod rm -t 0 -f p1
}

@test "podman-userns" {
	check '^ 0 200000 1000 $' p_run --uidmap 0:200000:1000 $IMAGE \
		cat /proc/self/uid_map
}

@test "podman-seccomp" {
	check 'Seccomp: 2' p_run $IMAGE grep Seccomp: /proc/self/status
}

@test "podman-no-new-privileges" {
	check 'NoNewPrivs: 1' p_run --security-opt no-new-privileges \
		$IMAGE grep NoNewPrivs /proc/self/status
}

@test "podman-caps" {
	check '0000000000000000' p_run --cap-drop all $IMAGE grep CapEff /proc/self/status
}

@test "podman-privileged" {
	check '^mounted $' p_run --privileged $IMAGE sh -c \
		'mkdir /m && mount -t tmpfs x /m && echo mounted'
}

@test "podman-readonly" {
	check '^ro $' p_run --read-only $IMAGE sh -c \
		'touch /x 2>/dev/null && echo rw || echo ro'
}

@test "podman-user" {
	check '^uid=1000.* gid=1000.* groups=.*5' p_run -u 1000:1000 --group-add 5 $IMAGE id
}

@test "podman-ulimit" {
	check '^512 $' p_run --ulimit nofile=512:1024 $IMAGE sh -c 'ulimit -n'
}

@test "podman-init" {
	check 'catatonit|podman-init' p_run --init $IMAGE cat /proc/1/cmdline
}

@test "podman-hooks" {
	check '^creat(ing|ed) running stopped $' hook_seen
}

@test "podman-preserve-fds" {
	check '^passed $' fd_passed
}

@test "podman-cgroupfs" {
	check '/libpod_parent/|/libpod' cgroupfs_path
}

@test "podman-cgroupns-host" {
	needs_systemd_driver
	check '/machine.slice/' p_run --cgroupns host $IMAGE cat /proc/self/cgroup
}

@test "podman-no-cgroups" {
	check '' podman run --rm --net none --cgroups=disabled $IMAGE true
}

@test "podman-devices" {
	check '^rw $' device_opened
}

@test "podman-rootfs" {
	check '^in $' bash -c 'mkdir -p r && tar -C r -xf /usr/share/vm/busybox.tar &&
		$PODMAN run --rm --net none --rootfs $PWD/r echo in'
}

@test "podman-logs" {
	check '^one two $' p_logged
}

@test "podman-restart-running" {
	check '^running another $' p_restarted
}

@test "podman-port" {
	check '^found $' p_port
}

@test "podman-pod-shares" {
	check '^shared seen 1 $' p_pod_shares
}

@test "podman-named-volume" {
	check '^kept $' p_named_volume
}

@test "podman-owned-volume" {
	check '^7 written $' p_owned_volume
}

@test "podman-seccomp-profile" {
	check 'not supported Seccomp: 0 $' p_seccomp
}

@test "podman-mask" {
	check '^0 [1-9][0-9]* $' p_run --security-opt mask=/proc/version --security-opt unmask=/proc/keys \
		$IMAGE sh -c 'wc -c < /proc/version; wc -c < /proc/keys'
}

@test "podman-cap-add" {
	check '0000000002000000' p_run --cap-drop all --cap-add sys_time $IMAGE grep CapEff /proc/self/status
}

@test "podman-notify-container" {
	check '^READY=1 inside conmon is main $' p_notified container
}

@test "podman-notify-conmon" {
	check '^READY=1 outside conmon is main $' p_notified conmon
}

@test "podman-no-conmon" {
	needs_systemd_driver
	check '^with podman libpod- $' p_no_conmon
}

@test "podman-split" {
	needs_systemd_driver
	check '/split-[0-9]*.service/libpod-payload-' p_split
}

@test "podman-kube" {
	check '^from kube 67108864 $' p_kube
}

@test "podman-userns-auto" {
	check '^ ?0 [0-9]+ 1000 $' userns_auto
}

@test "podman-apparmor-unconfined" {
	check '^unconfined $' p_run --security-opt apparmor=unconfined $IMAGE cat /proc/self/attr/current
}

@test "podman-propagation" {
	check '^later nothing $' propagated
}

@test "podman-missing-words" {
	check 'no such file|not found' podman_says $IMAGE /no/such/program
}

@test "podman-start-oom" {
	check 'memory limit' podman_says -m 100k $IMAGE true
}

@test "podman-nothing-left" {
	check '^0 $' leftovers
}
