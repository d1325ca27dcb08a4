# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
#
# Mounts as Podman asks for them.
podman_ready
mkdir -p "$CHECK_DIR/v"
echo x > "$CHECK_DIR/v/f"
chown 1234:1234 "$CHECK_DIR/v/f"
check volume '^x $' p_run -v "$CHECK_DIR/v:/v:ro" $IMAGE cat /v/f
check volume-readonly '^ro $' p_run -v "$CHECK_DIR/v:/v:ro" $IMAGE \
	sh -c 'touch /v/g 2>/dev/null && echo rw || echo ro'
# on the host's file system the file is 1234's; through the mapping it is inside too
check idmapped-volume '^1234 $' idmapped_owner
check unmapped-volume '^65534 $' idmapped_owner ''
check volume-nosuid 'nosuid' p_run -v "$CHECK_DIR/v:/v:ro,nosuid,nodev,noexec" $IMAGE \
	grep ' /v ' /proc/mounts
check volume-single-file '^x $' p_run -v "$CHECK_DIR/v/f:/etc/one:ro" $IMAGE cat /etc/one
check tmpfs 'tmpfs' p_run --tmpfs /t:size=1m $IMAGE grep ' /t ' /proc/mounts
check tmpfs-copies-up 'passwd' p_run --tmpfs /etc:rw $IMAGE ls /etc
check shm-size 'size=16384k' p_run --shm-size 16m $IMAGE grep ' /dev/shm ' /proc/mounts
check sysctl '^4242 $' p_run --sysctl kernel.shmmax=4242 $IMAGE cat /proc/sys/kernel/shmmax
check masked '^0 $' p_run $IMAGE sh -c 'wc -c < /proc/keys'
check unmasked '^[1-9]' p_run --security-opt unmask=ALL $IMAGE sh -c 'wc -c < /proc/keys'
check readonly-sys '^ro $' p_run $IMAGE sh -c \
	'echo 1 2>/dev/null > /proc/sys/kernel/panic && echo rw || echo ro'
