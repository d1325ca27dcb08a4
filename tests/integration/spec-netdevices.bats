#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# config-linux.md, Network Devices.  The devices are virtual ones of a network namespace made for the
# test, from which the runtime is called.

load helpers

setup() {
	setup_bundle
	requires root ip
	bg unshare --net sleep 60
	NET=${BACKGROUND[-1]}
	within 5 own_net
	there ip link add host0 type veth peer name peer0 || skip "needs veth devices"
	argv /bin/busybox ip addr
}

own_net() {
	[ "$(readlink /proc/$NET/ns/net)" != "$(readlink /proc/self/ns/net)" ]
}

there() {
	nsenter --net="/proc/$NET/ns/net" "$@" 3>&- 4>&-
}

vert() {
	VERT_TESTS_MARK=$ID nsenter --net="/proc/$NET/ns/net" timeout --foreground -k 2 30 \
		"$RUNTIME" --root "$ROOT" "${GLOBAL[@]}" "$@" 3>&- 4>&-
}

devices() {
	cfg ".linux.netDevices = $1"
}

@test "netDevices: the device is moved into the container and keeps its name without another one" {
	devices '{host0: {}}'
	run_ok
	like '^[0-9]+: host0@'
	run there ip -o link
	unlike ': host0@'
}

@test "netDevices: name is its name in the container" {
	devices '{host0: {name: "eth0"}}'
	run_ok
	like '^[0-9]+: eth0@'
	unlike 'host0'
}

@test "netDevices: MTU, hardware address and permanent global addresses are preserved" {	# MUST
	there ip link set host0 mtu 1300 address 02:11:22:33:44:55
	there ip addr add 192.0.2.3/24 dev host0
	there ip addr add 192.0.2.77/32 dev host0
	there ip addr add 2001:db8::5/64 dev host0
	there ip addr add 198.51.100.1/32 scope link dev host0
	devices '{host0: {name: "eth0"}}'
	run_ok
	like 'eth0@.* mtu 1300 ' 'link/ether 02:11:22:33:44:55 ' 'inet 192.0.2.3/24 ' 'inet 192.0.2.77/32 ' \
		'inet6 2001:db8::5/64 scope global'
	unlike 'inet 198.51.100.1'
}

@test "netDevices: the device is set up" {	# MUST
	there ip link set host0 down
	devices '{host0: {name: "eth0"}}'
	run_ok
	like 'eth0@.*[<,]UP[,>]'
}

@test "netDevices: a template gets a number from the kernel" {
	there ip link add host1 type veth peer name peer1
	devices '{host0: {name: "eth%d"}, host1: {name: "eth%d"}}'
	run_ok
	like '^[0-9]+: eth0@' '^[0-9]+: eth1@'
}

@test "netDevices: a name that is in the container already is refused, and the device stays" {	# MUST generate an error
	devices '{host0: {name: "lo"}}'
	refused_run "'lo' is in the container already"
	run there ip -o link
	like ': host0@'
}

@test "netDevices: a device that is not there is refused by name" {
	devices '{nodev0: {}}'
	refused_run "nodev0"
}

@test "netDevices: what cannot be a device's name is refused" {
	local name
	for name in 0123456789abcdef a/b "a b" .. "a%s" "a%d%d"; do
		cfg '.linux.netDevices = {host0: {name: $n}}' --arg n "$name"
		refused_run 'linux.netDevices["host0"]'
	done
	devices '{host0: {name: "same"}, lo: {name: "same"}}'
	refused_run "two devices"
}

@test "netDevices: without a network namespace of the container's own they are refused" {
	devices '{host0: {}}'
	cfg '.linux.namespaces |= map(select(.type != "network"))'
	refused_run "network namespace"
}

@test "netDevices: a joined network namespace gets them, a name taken there is refused" {
	local other
	bg unshare --net sleep 60
	other=${BACKGROUND[-1]}
	within 5 eval '[ "$(readlink /proc/$other/ns/net)" != "$(readlink /proc/self/ns/net)" ]'
	cfg '.linux.namespaces |= map(if .type == "network" then .path = $p else . end)' --arg p "/proc/$other/ns/net"
	nsenter --net="/proc/$other/ns/net" ip link add taken type veth peer name taken1
	devices '{host0: {name: "taken"}}'
	refused_run "'taken' is in the container already"
	devices '{host0: {name: "eth0"}}'
	run_ok
	like '^[0-9]+: eth0@'
	run nsenter --net="/proc/$other/ns/net" ip -o link	# and it stays there
	like ': eth0@'
}

@test "netDevices: a start that fails later gives the device back with its address" {
	there ip addr add 192.0.2.3/24 dev host0
	devices '{host0: {name: "eth0"}}'
	cfg '.hooks.createRuntime = [{path: "/bin/false"}]'
	refused_run "hook"
	run there ip -o addr show host0
	like '192\.0\.2\.3/24'
}

@test "netDevices: createRuntime hooks see the device in the container" {
	devices '{host0: {name: "eth0"}}'
	cfg '.hooks.createRuntime = [{path: "/bin/sh", args: ["sh", "-c",
		"pid=$(sed -n \"s/.*\\\"pid\\\": *\\([0-9]*\\).*/\\1/p\"); ip -o link >/dev/null; nsenter -t $pid -n ip -o link show eth0"],
		env: ["PATH=/usr/sbin:/usr/bin:/sbin:/bin"]}]'
	run_ok
}

@test "netDevices: in a user namespace" {
	requires userns
	devices '{host0: {name: "eth0"}}'
	cfg '.linux.namespaces += [{type: "user"}] | .linux.uidMappings = [{containerID: 0, hostID: 100000, size: 65536}]
		| .linux.gidMappings = .linux.uidMappings'
	run_ok
	like '^[0-9]+: eth0@'
}
