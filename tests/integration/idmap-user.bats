#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# User namespaces and id maps, of root and of an ordinary user.

load helpers

# mapped HOSTID SIZE: a user namespace whose root is the host's HOSTID.
mapped() {
	cfg '.linux.namespaces |= map(select(.type != "user")) + [{type: "user"}]
		| .linux.uidMappings = [{containerID: 0, hostID: $id, size: $size}]
		| .linux.gidMappings = .linux.uidMappings' --argjson id "$1" --argjson size "$2"
}

@test "idmap: root of the container is another user of the host" {
	requires root userns
	mapped 100000 65536
	probe id , idmap , ns
	has uid=0,0,0 gid=0,0,0 groups= setgroups=allow
	like '^uid_map= *0 +100000 +65536$' '^gid_map= *0 +100000 +65536$'
	lacks "ns.user=$(readlink /proc/self/ns/user)"
}

@test "idmap: what the container writes belongs to the mapped user" {
	requires root userns
	mapped 100000 65536
	chmod 777 "$BUNDLE/rootfs/data"
	probe write /data/new text
	has write./data/new=ok
	[ "$(stat -c %u:%g "$BUNDLE/rootfs/data/new")" = 100000:100000 ]
}

@test "idmap: a user of the container is mapped too" {
	requires root userns
	mapped 100000 65536
	cfg '.process.user = {uid: 1000, gid: 1000, additionalGids: [5, 6]}'
	chmod 777 "$BUNDLE/rootfs/data"
	probe id , write /data/new text
	has uid=1000,1000,1000 gid=1000,1000,1000 groups=5,6 write./data/new=ok
	[ "$(stat -c %u:%g "$BUNDLE/rootfs/data/new")" = 101000:101000 ]
}

@test "idmap: several ranges are written as they are given" {
	requires root userns
	cfg '.linux.namespaces += [{type: "user"}]
		| .linux.uidMappings = [{containerID: 0, hostID: 100000, size: 10}, {containerID: 10, hostID: 200000, size: 20},
			{containerID: 1000, hostID: 300000, size: 1}]
		| .linux.gidMappings = [{containerID: 0, hostID: 400000, size: 5}]'
	probe idmap
	like '^uid_map= *0 +100000 +10$' '^uid_map= *10 +200000 +20$' '^uid_map= *1000 +300000 +1$' \
		'^gid_map= *0 +400000 +5$'
}

@test "idmap: 300 ranges are written" {
	requires root userns
	only_vert
	cfg '.linux.namespaces += [{type: "user"}]
		| .linux.uidMappings = [range(300) | {containerID: (. * 2), hostID: (100000 + . * 3), size: 1}]
		| .linux.gidMappings = .linux.uidMappings'
	probe read /proc/self/uid_map
	[ "${#lines[@]}" = 300 ]
}

@test "idmap: mounts of the container belong to its root" {
	requires root userns
	mapped 100000 65536
	probe stat /proc /dev /dev/shm /dev/pts /dev/null
	like '^stat./dev=dir .* uid=0 gid=0' '^stat./dev/shm=dir mode=1777 uid=0 gid=0'
}

@test "idmap: default devices work" {
	requires root userns
	mapped 100000 65536
	probe stat /dev/null /dev/zero /dev/urandom /dev/tty , open /dev/null rw , open /dev/zero
	like '^stat./dev/null=char mode=0666 .*rdev=1:3' '^stat./dev/zero=char .*rdev=1:5'
	has open./dev/null=ok open./dev/zero=ok
}

@test "idmap: the first process has no power over the host's user namespace" {
	requires root userns
	mapped 100000 65536
	cfg '.process.capabilities.bounding += ["CAP_SYS_ADMIN", "CAP_SYS_TIME"]
		| .process.capabilities.effective = .process.capabilities.bounding
		| .process.capabilities.permitted = .process.capabilities.bounding'
	probe caps , try mount clock_settime
	like '^cap.effective=.*CAP_SYS_ADMIN'
	has try.mount=ok try.clock_settime=EPERM
}

@test "idmap: exec is in the user namespace as its root and as its users" {
	requires root userns
	mapped 100000 65536
	start_sleeper
	exec_probe id , idmap
	has uid=0,0,0 gid=0,0,0
	like '^uid_map= *0 +100000 +65536$'
	run vert exec --user 1000:1000 "$ID" /bin/probe id
	has uid=1000,1000,1000
}

@test "idmap: hostname, sysctls, masked paths and rlimits work in a user namespace" {
	requires root userns
	mapped 100000 65536
	cfg '.linux.sysctl = {"net.ipv4.ip_forward": "1"} | .linux.maskedPaths = ["/proc/kcore", "/data/file"]
		| .linux.readonlyPaths = ["/proc/sys", "/etc"]
		| .process.rlimits = [{type: "RLIMIT_NOFILE", soft: 64, hard: 64}]'
	probe uts , sysctl net.ipv4.ip_forward , read /data/file , write /etc/new x , rlimits
	has hostname=tested sysctl.net.ipv4.ip_forward=1 read./data/file= write./etc/new=EROFS rlimit.NOFILE=64:64
}

@test "idmap: an ordinary user is root in the container" {
	requires rootless
	probe id , idmap , ns
	has uid=0,0,0 gid=0,0,0
	like "^uid_map= *0 +$(id -u) +1\$" "^gid_map= *0 +$(id -g) +1\$"
}

@test "idmap: what a user's container writes is the user's" {
	requires rootless
	probe write /data/new text
	[ "$(stat -c %u:%g "$BUNDLE/rootfs/data/new")" = "$(id -u):$(id -g)" ]
}

@test "idmap: an ordinary user may be any id of the container" {
	requires rootless
	cfg '.linux.uidMappings[0].containerID = 1000 | .linux.gidMappings[0].containerID = 1001
		| .process.user = {uid: 1000, gid: 1001}'
	# devpts and the default modes want an owner that is mapped.
	probe id
	has uid=1000,1000,1000 gid=1001,1001,1001
}

@test "idmap: an ordinary user's subordinate ids are mapped through newuidmap" {
	requires rootless subids
	local first
	first=$(sed -n "s/^$(id -un)://p" /etc/subuid | cut -d: -f1 | head -n1)
	cfg '.linux.uidMappings += [{containerID: 1, hostID: $first, size: 1000}]
		| .linux.gidMappings += [{containerID: 1, hostID: $first, size: 1000}]' --argjson first "$first"
	probe idmap
	like "^uid_map= *0 +$(id -u) +1\$" "^uid_map= *1 +$first +1000\$" "^gid_map= *1 +$first +1000\$"
	has setgroups=allow
}

@test "idmap: users of the subordinate range can be used" {
	requires rootless subids
	local first
	first=$(sed -n "s/^$(id -un)://p" /etc/subuid | cut -d: -f1 | head -n1)
	cfg '.linux.uidMappings += [{containerID: 1, hostID: $first, size: 1000}]
		| .linux.gidMappings += [{containerID: 1, hostID: $first, size: 1000}]
		| .process.user = {uid: 5, gid: 6, additionalGids: [7]}' --argjson first "$first"
	chmod 777 "$BUNDLE/rootfs/data"
	probe id , write /data/new text
	has uid=5,5,5 gid=6,6,6 groups=7 write./data/new=ok
	[ "$(stat -c %u:%g "$BUNDLE/rootfs/data/new")" = "$((first + 4)):$((first + 5))" ]
}

@test "idmap: without maps in the config an ordinary user gets those of subuid and subgid" {
	requires rootless subids
	local first
	first=$(sed -n "s/^$(id -un)://p" /etc/subuid | cut -d: -f1 | head -n1)
	cfg 'del(.linux.uidMappings, .linux.gidMappings)'
	probe id , idmap
	has uid=0,0,0
	like "^uid_map= *0 +$(id -u) +1\$" "^uid_map= *1 +$first +65536\$"
}

@test "idmap: a range that is not the user's is refused" {
	requires rootless
	cfg '.linux.uidMappings += [{containerID: 1, hostID: 1, size: 10}]
		| .linux.gidMappings += [{containerID: 1, hostID: 1, size: 10}]'
	refused_run ""
	nothing_left -v
}

@test "idmap: additional groups that cannot be set are refused" {
	requires rootless
	only_vert
	# With one id mapped by the user alone the kernel wants setgroups denied.
	cfg '.process.user.additionalGids = [0]'
	refused_run "roups"
}

@test "idmap: a user without user namespace is refused in words" {
	requires rootless
	only_vert
	cfg '.linux.namespaces |= map(select(.type != "user")) | del(.linux.uidMappings, .linux.gidMappings)'
	run_split vert run --bundle "$BUNDLE" "$ID"
	[ "$status" != 0 ]
	[[ $stderr == *"user namespace"* || ${stderr,,} == *"operation not permitted"* ]]
	one_message
}
