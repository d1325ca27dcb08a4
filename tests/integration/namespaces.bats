#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# config-linux.md, Namespaces: new ones, joined ones, and those shared with the caller.

load helpers

own_ns() {
	readlink "/proc/self/ns/$1"
}

@test "namespaces: each one named is new" {
	probe ns
	local ns
	for ns in cgroup ipc mnt net pid uts; do
		lacks "ns.$ns=$(own_ns $ns)"
		like "^ns.$ns=$ns:\\[[0-9]+\\]"
	done
}

@test "namespaces: one that is not named is the caller's" {
	cfg '.linux.namespaces |= map(select(.type | IN("network", "ipc", "uts", "cgroup") | not))
		| del(.hostname)'
	[ "$(id -u)" = 0 ] || cfg '.mounts |= map(select(.destination != "/sys"))'
	probe ns , uts
	has "ns.net=$(own_ns net)" "ns.ipc=$(own_ns ipc)" "ns.uts=$(own_ns uts)" \
		"ns.cgroup=$(own_ns cgroup)" "hostname=$(uname -n)"
}

@test "namespaces: the first process of a new pid namespace has the pid 1" {
	probe tty
	has pid=1
}

@test "namespaces: without a pid namespace the process has the caller's pids" {
	without_pid_ns
	probe ns , tty
	has "ns.pid=$(own_ns pid)"
	unlike '^pid=1$'
}

@test "namespaces: without a mount namespace the caller's mounts stay as they are" {
	requires root
	only_vert "peers change the caller's"
	cfg '.linux.namespaces |= map(select(.type != "mount")) | .mounts = []'
	args ls /data
	# Whatever happens does so to a namespace made for it.
	run timeout --foreground 20 unshare --mount bash -c 'before=$(</proc/self/mountinfo)
		"$@"; status=$?
		[ "$(</proc/self/mountinfo)" = "$before" ] || { echo "the mount table changed"; exit 99; }
		exit $status' bash "$RUNTIME" --root "$ROOT" run --bundle "$BUNDLE" "$ID" </dev/null
	[ "$status" = 0 ] && has "ls./data=file " || like mount
	unlike changed
}

# hold_ns UNSHARE-OPTION...: namespaces that a sleeping process holds; its pid is $HOLDER.
hold_ns() {
	unshare "$@" sleep 60 </dev/null >/dev/null 2>&1 3>&- 4>&- &
	BACKGROUND+=($!)
	HOLDER=$!
	within 2 sh -c "[ \"\$(cat /proc/$HOLDER/comm)\" = sleep ]"
}

join() {
	cfg '.linux.namespaces |= map(select(.type != $t)) + [{type: $t, path: $p}]' --arg t "$1" --arg p "$2"
}

@test "namespaces: a network namespace is joined by its path" {
	requires root
	hold_ns -n
	join network "/proc/$HOLDER/ns/net"
	probe ns
	has "ns.net=$(readlink "/proc/$HOLDER/ns/net")"
}

@test "namespaces: ipc and uts namespaces are joined by their paths" {
	requires root
	hold_ns -i -u
	nsenter -t "$HOLDER" -u hostname joined-name
	join ipc "/proc/$HOLDER/ns/ipc"
	join uts "/proc/$HOLDER/ns/uts"
	cfg 'del(.hostname)'
	probe ns , uts
	has "ns.ipc=$(readlink "/proc/$HOLDER/ns/ipc")" "ns.uts=$(readlink "/proc/$HOLDER/ns/uts")" \
		hostname=joined-name
}

@test "namespaces: a pid namespace is joined by its path" {
	requires root
	start_sleeper "$ID.first"
	local pid
	pid=$(state "$ID.first" pid)
	join pid "/proc/$pid/ns/pid"
	use_id "$ID"
	probe ns , tty , read /proc/1/comm
	has "ns.pid=$(readlink "/proc/$pid/ns/pid")" read./proc/1/comm=probe
	unlike '^pid=1$'
	is_status "$ID.first" running
}

@test "namespaces: a mount namespace is joined by its path" {
	# "The runtime MUST place the container process in the namespace associated with that path."
	requires root
	local before
	hold_ns -m --propagation private
	nsenter -t "$HOLDER" -m mount -t tmpfs joined "$BUNDLE/rootfs/data"
	join mount "/proc/$HOLDER/ns/mnt"
	before=$(</proc/self/mountinfo)
	probe ns , mounts
	has "ns.mnt=$(readlink "/proc/$HOLDER/ns/mnt")"
	mounted /data source=joined
	mounted /proc type=proc
	[ "$(</proc/self/mountinfo)" = "$before" ]
}

@test "namespaces: a mount namespace that is the runtime's or the host's is not joined" {
	requires root
	local path
	only_vert "peers take the host's root away"
	for path in /proc/self/ns/mnt /proc/1/ns/mnt; do
		join mount "$path"
		# Should it happen, it does so to a namespace made for it.
		run_split timeout --foreground 20 unshare --mount "$RUNTIME" --root "$ROOT" run --bundle "$BUNDLE" "$ID"
		[ "$status" = 1 ]
		[[ $stderr == *"[NAMESPACE_HOST"* ]] || { echo "$stderr"; return 1; }
		! vert state "$ID" 2>/dev/null || return 1
	done
}

@test "namespaces: a cgroup namespace is joined by its path" {
	requires root
	hold_ns -C
	join cgroup "/proc/$HOLDER/ns/cgroup"
	probe ns
	has "ns.cgroup=$(readlink "/proc/$HOLDER/ns/cgroup")"
}

@test "namespaces: a user namespace is joined by its path, with its maps" {
	requires root userns
	start_userns_container
	local pid
	pid=$(state "$ID.first" pid)
	cfg 'del(.linux.uidMappings, .linux.gidMappings)'
	join user "/proc/$pid/ns/user"
	use_id "$ID"
	probe ns , idmap , id
	has "ns.user=$(readlink "/proc/$pid/ns/user")" uid=0,0,0
	like '^uid_map= *0 +100000 +65536'
}

@test "namespaces: a user namespace whose path is the runtime's own is inherited" {
	# "The runtime MUST place the container process in the namespace associated with that path": it is there already,
	# and setns(2) refuses that.
	only_vert "peers pass setns(2)'s error on"
	if [ "$(id -u)" = 0 ]; then
		join user /proc/$$/ns/user
		probe ns
		has "ns.user=$(readlink /proc/self/ns/user)"
	else
		requires userns
		cfg 'del(.linux.uidMappings, .linux.gidMappings)'
		join user /proc/self/ns/user
		run unshare --user --map-root-user "$RUNTIME" --root "$ROOT" --cgroup-manager disabled run --bundle "$BUNDLE" "$ID"
		[ "$status" = 0 ] || { echo "$output"; return 1; }
	fi
}

start_userns_container() {
	cfg '.linux.namespaces += [{type: "user"}]
		| .linux.uidMappings = [{containerID: 0, hostID: 100000, size: 65536}]
		| .linux.gidMappings = .linux.uidMappings'
	start_sleeper "$ID.first"
}

@test "namespaces: a pod: user, network, ipc and uts of another container" {
	requires root userns
	start_userns_container
	local pid ns
	pid=$(state "$ID.first" pid)
	cfg 'del(.linux.uidMappings, .linux.gidMappings, .hostname)'
	join user "/proc/$pid/ns/user"
	join network "/proc/$pid/ns/net"
	join ipc "/proc/$pid/ns/ipc"
	join uts "/proc/$pid/ns/uts"
	use_id "$ID"
	probe ns
	for ns in user net ipc uts; do
		has "ns.$ns=$(readlink "/proc/$pid/ns/$ns")"
	done
	for ns in mnt pid; do
		lacks "ns.$ns=$(readlink "/proc/$pid/ns/$ns")"
	done
}

@test "namespaces: an ordinary user joins the namespaces of an own container" {
	requires rootless
	start_sleeper "$ID.first"
	local pid ns
	pid=$(state "$ID.first" pid)
	cfg 'del(.linux.uidMappings, .linux.gidMappings, .hostname)'
	join user "/proc/$pid/ns/user"
	join network "/proc/$pid/ns/net"
	join ipc "/proc/$pid/ns/ipc"
	use_id "$ID"
	probe ns
	for ns in user net ipc; do
		has "ns.$ns=$(readlink "/proc/$pid/ns/$ns")"
	done
}

@test "namespaces: the loopback interface of a new network namespace is up" {
	args read /proc/net/dev , try socket
	run_ok
	# An interface that is down has no address: its line exists, its routes do not.
	argv /bin/busybox ip addr show lo
	run_ok
	[[ $output == *"LOOPBACK,UP"* ]]
}

# The launcher makes it while init mounts: what is mounted, written or run in it must come after.
@test "namespaces: sysfs, sysctls and createContainer hooks are those of the new network namespace" {
	requires root
	cat >"$BATS_TEST_TMPDIR/hook" <<-EOF
		#!/bin/sh
		readlink /proc/self/ns/net >$BATS_TEST_TMPDIR/seen
		ip addr show lo >>$BATS_TEST_TMPDIR/seen
		ls /sys/class/net >>$BATS_TEST_TMPDIR/seen
	EOF
	chmod +x "$BATS_TEST_TMPDIR/hook"
	cfg '.mounts += [{destination: "/sys", type: "sysfs", source: "sysfs", options: ["ro"]}]
		| .linux.sysctl = {"net.ipv4.ip_local_port_range": "20000 20100"}
		| .hooks.createContainer = [{path: $hook}]' --arg hook "$BATS_TEST_TMPDIR/hook"
	probe ls /sys/class/net , ns , read /proc/sys/net/ipv4/ip_local_port_range
	[[ $output != *"ns.net=$(readlink /proc/self/ns/net)"* ]]
	[[ $output == *20000*20100* ]]
	[[ $output == *"/lo"* || $output == *" lo"* || $output == *=lo* ]]
	for name in /sys/class/net/*; do
		name=${name##*/}
		[ "$name" = lo ] || [[ $output != *"$name"* ]] || return 1
	done
	grep -q "LOOPBACK,UP" "$BATS_TEST_TMPDIR/seen"
	[ "$(head -n 1 "$BATS_TEST_TMPDIR/seen")" != "$(readlink /proc/self/ns/net)" ]
}

@test "namespaces: hostname and domainname are set in the new uts namespace" {
	local before
	before=$(uname -n)
	cfg '.hostname = "named" | .domainname = "example.org"'
	probe uts
	has hostname=named
	[ "$RUNTIME_NAME" != vert ] || has domainname=example.org
	[ "$(uname -n)" = "$before" ]
}

@test "namespaces: a time namespace has the offsets that are given" {
	requires root timens
	only_vert "younger than crun 1.8"
	cfg '.linux.namespaces += [{type: "time"}]
		| .linux.timeOffsets = {boottime: {secs: 1000000}, monotonic: {secs: 2000000, nanosecs: 5}}'
	probe clocks , ns
	lacks "ns.time=$(own_ns time)"
	[ "$(fact boottime)" -gt 1000000 ]
	[ "$(fact monotonic)" -gt 2000000 ]
	like '^timens_offset=boottime +1000000 +0' '^timens_offset=monotonic +2000000 +5'
}

@test "namespaces: exec joins the time namespace" {
	requires root timens
	only_vert "younger than crun 1.8"
	cfg '.linux.namespaces += [{type: "time"}] | .linux.timeOffsets = {boottime: {secs: 3000000}}'
	start_sleeper
	exec_probe clocks
	[ "$(fact boottime)" -gt 3000000 ]
}

@test "namespaces: time offsets without a time namespace of its own are refused" {
	only_vert
	cfg '.linux.timeOffsets = {boottime: {secs: 1000000}}'
	refused_run "time"
}

@test "namespaces: sysctls are written in the container's namespaces only" {
	local before
	before=$(cat /proc/sys/net/ipv4/ip_forward)
	cfg '.linux.sysctl = {"net.ipv4.ip_forward": $v, "net.ipv4.ping_group_range": "0 0"}' \
		--arg v $((1 - before))
	probe sysctl net.ipv4.ip_forward , sysctl net.ipv4.ping_group_range
	has "sysctl.net.ipv4.ip_forward=$((1 - before))"
	like '^sysctl.net.ipv4.ping_group_range=0.0$'
	[ "$(cat /proc/sys/net/ipv4/ip_forward)" = "$before" ]
}

@test "namespaces: ipc sysctls, and keys with slashes" {
	requires root
	cfg '.linux.sysctl = {"kernel.msgmax": "12345", "fs/mqueue/msg_max": "77"}'
	only_vert "crun takes dots only"
	probe sysctl kernel.msgmax , sysctl fs.mqueue.msg_max
	has sysctl.kernel.msgmax=12345 sysctl.fs.mqueue.msg_max=77
}

@test "namespaces: an empty value empties a list, and is no number" {
	requires root
	cfg '.linux.sysctl = {"net.ipv4.ip_local_reserved_ports": "8080"}'
	probe read /proc/sys/net/ipv4/ip_local_reserved_ports
	has read./proc/sys/net/ipv4/ip_local_reserved_ports=8080
	cfg '.linux.sysctl = {"net.ipv4.ip_local_reserved_ports": ""}'
	probe read /proc/sys/net/ipv4/ip_local_reserved_ports
	has read./proc/sys/net/ipv4/ip_local_reserved_ports=
	only_vert "others write nothing at all"
	cfg '.linux.sysctl = {"net.ipv4.ip_forward": ""}'
	refused_run 'linux.sysctl["net.ipv4.ip_forward"]'
}

@test "namespaces: a sysctl that does not exist is refused by name" {
	cfg '.linux.sysctl = {"net.ipv4.frob": "1"}'
	refused_run "frob"
}

@test "namespaces: the cgroup namespace's root is the container's group" {
	requires cgroup
	probe cgroup
	has cgroup=0::/
}

@test "namespaces: a setns path with a magic link in it reaches only what it names" {
	requires root
	only_vert
	# The path is resolved on the host: a link of the container's root is never followed.
	ln -s /proc/1/ns/net "$BUNDLE/rootfs/ns"
	join network "/ns"
	refused_run "/ns"
}

# Of the two that a stage process leaves behind, the container's first may be the faster: it hands over its terminal
# before the stage has told its pid.
@test "namespaces: the first process may be ahead of the one that made it" {
	requires no-sanitizers
	requires root strace
	local other
	start_sleeper other
	other=$(state other pid)
	use_id "$ID"
	cfg '.process.terminal = true
		| .linux.namespaces |= map(if .type == "pid" then . + {path: $p} else . end)' \
		--arg p "/proc/$other/ns/pid"
	args echo ran
	run strace -f -qq -o /dev/null -e trace=clone3 -e inject=clone3:delay_exit=700000 \
		"$RUNTIME" --root "$ROOT" run --bundle "$BUNDLE" "$ID" </dev/null
	succeeded
	like '^ran'
}
