# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
#
# The guest itself: what the other groups take for granted.
cgroup_versions() {
	stat -fc %T /sys/fs/cgroup
	grep -q ' cgroup rw' /proc/self/mountinfo && echo version 1 too || echo alone
}

unprivileged_userns() {
	setpriv --reuid 1000 --regid 1000 --clear-groups unshare -Ur \
		sed 's/  */ /g' /proc/self/uid_map
}

check cgroup-v2-only '^cgroup2fs alone ' cgroup_versions
check controllers 'cpuset cpu io memory' cat /sys/fs/cgroup/cgroup.controllers
check systemd '^(running|degraded)' until_prints running 20 systemctl is-system-running
check apparmor '^Y .*apparmor' cat /sys/module/apparmor/parameters/enabled \
	/sys/kernel/security/lsm
check userns-unprivileged '^ *0 1000 1 ' unprivileged_userns
check seccomp 'allow' cat /proc/sys/kernel/seccomp/actions_avail
check runtime-version '.' "$RT" --version
check runtime-features '"ociVersionMax"' "$RT" features
