#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
#
# The guest itself: what the other groups take for granted.

load helpers

cgroup_versions() {
	stat -fc %T /sys/fs/cgroup
	grep -q ' cgroup rw' /proc/self/mountinfo && echo version 1 too || echo alone
}

unprivileged_userns() {
	setpriv --reuid 1000 --regid 1000 --clear-groups unshare -Ur \
		sed 's/  */ /g' /proc/self/uid_map
}

@test "cgroup-v2-only" {
	check '^cgroup2fs alone ' cgroup_versions
}

@test "controllers" {
	check 'cpuset cpu io memory' cat /sys/fs/cgroup/cgroup.controllers
}

@test "systemd" {
	check '^(running|degraded)' until_prints running 20 systemctl is-system-running
}

@test "apparmor" {
	check '^Y .*apparmor' cat /sys/module/apparmor/parameters/enabled \
		/sys/kernel/security/lsm
}

@test "userns-unprivileged" {
	check '^ *0 1000 1 ' unprivileged_userns
}

@test "seccomp" {
	check 'allow' cat /proc/sys/kernel/seccomp/actions_avail
}

@test "runtime-version" {
	check '.' "$RT" --version
}

@test "runtime-features" {
	check '"ociVersionMax"' "$RT" features
}
