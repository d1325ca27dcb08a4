#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
#
# A container that boots systemd: the guest's own tree through an overlay.

load systemd

sys_tree() {
	local d=/run/sc
	mkdir -p $d/u $d/w $d/root
	mount -t overlay -o lowerdir=/,upperdir=$d/u,workdir=$d/w overlay $d/root
}

setup_file() {
	podman_ready
}

@test "sys-tree" {
	check '' sys_tree
}

@test "sys-run" {
	check '' $PODMAN run -d --name sys --systemd always --net none \
		--rootfs /run/sc/root /lib/systemd/systemd
}

@test "sys-running" {
	needs_systemd_driver
	CHECK_LIMIT=180 check '^running $' sys_running
}

@test "sys-unit" {
	needs_systemd_driver
	check 'inside' $PODMAN exec sys systemd-run --quiet --wait --pipe echo inside
}

@test "sys-stop" {
	check '' $PODMAN stop -t 30 sys
}

@test "sys-exit" {
	check '^(0|130) $' p_show sys .State.ExitCode
}

teardown_file() {
	p_gone sys
	umount /run/sc/root
}
