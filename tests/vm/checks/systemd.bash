# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
#
# What systemd.bats asks as root and systemd-user.bats as a user of the container `sys`, which boots systemd.
load helpers

sys_running() {
	until_prints running 150 $PODMAN exec sys systemctl is-system-running
	$PODMAN exec sys systemctl --failed --no-legend
}
