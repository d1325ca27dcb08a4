#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
#
# SELinux, permissive: labels are set and can be read back, nothing is denied.

load helpers

setup_file() {
	podman_ready
}

@test "selinux-setup" {
	check "^vert $RT \$" podman info --format '{{.Host.OCIRuntime.Name}} {{.Host.OCIRuntime.Path}}'
}

@test "selinux-on" {
	check 'selinux.*(Permissive|Enforcing)' bash -c \
		'cat /sys/kernel/security/lsm; echo; getenforce'
}

@test "selinux-label" {
	check 'container_t:s0:c[0-9]+,c[0-9]+' p_run $IMAGE cat /proc/self/attr/current
}

@test "selinux-mount" {
	check 'context="?system_u:object_r:container_file_t' p_run $IMAGE \
		cat /proc/mounts
}

@test "selinux-given" {
	check 'container_t:s0:c1,c2' p_run --security-opt label=level:s0:c1,c2 \
		$IMAGE cat /proc/self/attr/current
}
