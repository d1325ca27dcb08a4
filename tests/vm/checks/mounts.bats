#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
#
# Mounts as Podman asks for them.

load helpers

setup_file() {
	podman_ready && mkdir -p v && echo x > v/f && chown 1234:1234 v/f
}

@test "volume" {
	check '^x $' p_run -v "$CHECK_DIR/v:/v:ro" $IMAGE cat /v/f
}

@test "volume-readonly" {
	check '^ro $' p_run -v "$CHECK_DIR/v:/v:ro" $IMAGE \
		sh -c 'touch /v/g 2>/dev/null && echo rw || echo ro'
}

# on the host's file system the file is 1234's; through the mapping it is inside too
@test "idmapped-volume" {
	check '^1234 $' idmapped_owner
}

@test "unmapped-volume" {
	check '^65534 $' idmapped_owner ''
}

@test "volume-nosuid" {
	check 'nosuid' p_run -v "$CHECK_DIR/v:/v:ro,nosuid,nodev,noexec" $IMAGE \
		grep ' /v ' /proc/mounts
}

@test "volume-single-file" {
	check '^x $' p_run -v "$CHECK_DIR/v/f:/etc/one:ro" $IMAGE cat /etc/one
}

@test "tmpfs" {
	check 'tmpfs' p_run --tmpfs /t:size=1m $IMAGE grep ' /t ' /proc/mounts
}

@test "tmpfs-copies-up" {
	check 'passwd' p_run --tmpfs /etc:rw $IMAGE ls /etc
}

@test "shm-size" {
	check 'size=16384k' p_run --shm-size 16m $IMAGE grep ' /dev/shm ' /proc/mounts
}

@test "sysctl" {
	check '^4242 $' p_run --sysctl kernel.shmmax=4242 $IMAGE cat /proc/sys/kernel/shmmax
}

@test "masked" {
	check '^0 $' p_run $IMAGE sh -c 'wc -c < /proc/keys'
}

@test "unmasked" {
	check '^[1-9]' p_run --security-opt unmask=ALL $IMAGE sh -c 'wc -c < /proc/keys'
}

@test "readonly-sys" {
	check '^ro $' p_run $IMAGE sh -c \
		'echo 1 2>/dev/null > /proc/sys/kernel/panic && echo rw || echo ro'
}
