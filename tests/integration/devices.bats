#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# config-linux.md, Devices: the default ones, those of the config, and who may use which.

load helpers

@test "devices: the default ones are there for everyone" {
	probe stat /dev/null /dev/zero /dev/full /dev/random /dev/urandom /dev/tty
	like '^stat./dev/null=char mode=0666 .*rdev=1:3' '^stat./dev/zero=char mode=0666 .*rdev=1:5' \
		'^stat./dev/full=char mode=0666 .*rdev=1:7' '^stat./dev/random=char mode=0666 .*rdev=1:8' \
		'^stat./dev/urandom=char mode=0666 .*rdev=1:9' '^stat./dev/tty=char mode=0666 .*rdev=5:0'
}

@test "devices: the default ones work" {
	probe write /dev/null x , write /dev/full x , open /dev/zero , open /dev/urandom , open /dev/random
	has write./dev/null=ok write./dev/full=ENOSPC open./dev/zero=ok open./dev/urandom=ok open./dev/random=ok
}

@test "devices: links to the standard descriptors and to ptmx" {
	probe stat /dev/fd /dev/stdin /dev/stdout /dev/stderr
	like '^stat./dev/fd=link .*link=/proc/self/fd$' '^stat./dev/stdin=link .*link=/proc/self/fd/0$' \
		'^stat./dev/stdout=link .*link=/proc/self/fd/1$' '^stat./dev/stderr=link .*link=/proc/self/fd/2$'
	probe stat /dev/ptmx
	like '^stat./dev/ptmx=(link .*link=(/dev/)?pts/ptmx|char .*rdev=5:2)'
}

@test "devices: there is no console without a terminal" {
	probe ls /dev
	unlike '^ls./dev=.*console'
}

@test "devices: the ones of the config are made" {
	requires root
	cfg '.linux.devices = [{path: "/dev/one", type: "c", major: 1, minor: 5, fileMode: 416, uid: 3, gid: 4},
		{path: "/dev/deep/er", type: "c", major: 1, minor: 7},
		{path: "/data/pipe", type: "p", fileMode: 384},
		{path: "/dev/unbuffered", type: "u", major: 1, minor: 3}]'
	only_vert "crun 1.8 has other defaults"
	probe stat /dev/one /dev/deep/er /data/pipe /dev/unbuffered
	like '^stat./dev/one=char mode=0640 uid=3 gid=4 rdev=1:5' \
		'^stat./dev/deep/er=char mode=0666 uid=0 gid=0 rdev=1:7' \
		'^stat./data/pipe=fifo mode=0600' \
		'^stat./dev/unbuffered=char .*rdev=1:3'
}

@test "devices: a block device is made" {
	requires root
	cfg '.linux.devices = [{path: "/dev/block", type: "b", major: 7, minor: 250}]'
	# Only looked at: opening it would make the host's driver add a device.
	probe stat /dev/block
	like '^stat./dev/block=block .*rdev=7:250'
}

@test "devices: an ordinary user's container gets the host's devices by bind mounts" {
	requires rootless
	cfg '.linux.devices = [{path: "/dev/mine", type: "c", major: 1, minor: 5},
		{path: "/dev/zero", type: "c", major: 1, minor: 5}]'
	run vert run --bundle "$BUNDLE" "$ID"
	# /dev/mine has no node of that name on the host: another one serves, or the row is named.
	[ "$status" = 0 ] || [[ $output == *"linux.devices[0]"* ]]
	cfg '.linux.devices = [{path: "/dev/zero", type: "c", major: 1, minor: 5}]'
	probe open /dev/zero , mounts
	has open./dev/zero=ok
}

@test "devices: an existing node that differs is refused" {	# config-linux.md: MUST generate an error
	requires root
	only_vert "peers keep it"
	cfg '.linux.devices = [{path: "/data/file", type: "c", major: 1, minor: 5}]'
	refused_run "/data/file"
}

@test "devices: an existing node that is the same is accepted" {
	requires root
	cfg '.linux.devices = [{path: "/dev/null", type: "c", major: 1, minor: 3, fileMode: 438}]'
	probe stat /dev/null
	like '^stat./dev/null=char mode=0666 .*rdev=1:3'
}

@test "devices: an unknown type is refused" {
	cfg '.linux.devices = [{path: "/dev/x", type: "x", major: 1, minor: 5}]'
	refused_run ""
	[ "$RUNTIME_NAME" != vert ] || [[ $stderr == *"linux.devices[0]"* || $stderr == *"/dev/x"* ]]
}

@test "devices: the rules of resources.devices decide who opens and makes what" {
	requires root cgroup
	cfg '.linux.resources.devices = [{allow: false, access: "rwm"},
			{allow: true, type: "c", major: 1, minor: 11, access: "r"}]
		| .linux.devices = [{path: "/dev/readable", type: "c", major: 1, minor: 11},
			{path: "/dev/denied", type: "c", major: 1, minor: 4}]
		| .process.capabilities.bounding += ["CAP_MKNOD", "CAP_SYS_RAWIO", "CAP_SYS_ADMIN", "CAP_SYSLOG"]
		| .process.capabilities.effective = .process.capabilities.bounding
		| .process.capabilities.permitted = .process.capabilities.bounding'
	probe open /dev/readable , open /dev/readable w , open /dev/denied , mknod /tmp/mem 1 1
	# making a node opens nothing: a general "deny" leaves it, as in every runtime
	has open./dev/readable=ok open./dev/readable=EPERM open./dev/denied=EPERM mknod=ok
}

@test "devices: a denied everything still leaves the default devices" {
	requires root cgroup
	cfg '.linux.resources.devices = [{allow: false, access: "rwm"}]'
	probe open /dev/null rw , open /dev/zero rw , open /dev/urandom , open /dev/ptmx rw
	has open./dev/null=ok open./dev/zero=ok open./dev/urandom=ok open./dev/ptmx=ok
}

@test "devices: the last rule that matches wins" {
	requires root cgroup
	cfg '.linux.resources.devices = [{allow: false, access: "rwm"},
			{allow: true, type: "c", major: 1, access: "rwm"},
			{allow: false, type: "c", major: 1, minor: 11, access: "rwm"}]
		| .linux.devices = [{path: "/dev/a", type: "c", major: 1, minor: 11}]
		| .process.capabilities.bounding += ["CAP_MKNOD"]
		| .process.capabilities.effective = .process.capabilities.bounding
		| .process.capabilities.permitted = .process.capabilities.bounding'
	probe open /dev/a , mknod /tmp/x 1 11 , mknod /tmp/y 1 9
	# mknod is the default rules', which come last, as in every runtime: a node opens nothing
	has open./dev/a=EPERM mknod=ok mknod=ok
}

@test "devices: the rules hold for exec too" {
	requires root cgroup
	cfg '.linux.resources.devices = [{allow: false, access: "rwm"}]
		| .linux.devices = [{path: "/dev/a", type: "c", major: 1, minor: 11}]'
	start_sleeper
	exec_probe open /dev/a , open /dev/null
	has open./dev/a=EPERM open./dev/null=ok
}

@test "devices: rules of a wrong type or access are refused" {
	requires root cgroup
	only_vert
	cfg '.linux.resources.devices = [{allow: true, type: "z", access: "rwm"}]'
	refused_run "devices"
	cfg '.linux.resources.devices = [{allow: true, type: "c", access: "rx"}]'
	refused_run "devices"
}
