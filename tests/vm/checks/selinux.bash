# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
#
# SELinux, permissive: labels are set and can be read back, nothing is denied.
podman_ready
check selinux-on 'selinux.*(Permissive|Enforcing)' bash -c \
	'cat /sys/kernel/security/lsm; echo; getenforce'
check selinux-label 'container_t:s0:c[0-9]+,c[0-9]+' p_run $IMAGE cat /proc/self/attr/current
check selinux-mount 'context="?system_u:object_r:container_file_t' p_run $IMAGE \
	cat /proc/mounts
check selinux-given 'container_t:s0:c1,c2' p_run --security-opt label=level:s0:c1,c2 \
	$IMAGE cat /proc/self/attr/current
