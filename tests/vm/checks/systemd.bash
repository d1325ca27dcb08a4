# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
#
# A container that boots systemd: the guest's own tree through an overlay.
sys_tree() {
	local d=/run/sc
	mkdir -p $d/u $d/w $d/root
	mount -t overlay -o lowerdir=/,upperdir=$d/u,workdir=$d/w overlay $d/root
}

sys_running() {
	until_prints running 120 $PODMAN exec sys systemctl is-system-running
	$PODMAN exec sys systemctl --failed --no-legend
}

podman_ready
check sys-tree '' sys_tree
check sys-run '' $PODMAN run -d --name sys --systemd always --net none \
	--rootfs /run/sc/root /lib/systemd/systemd
CHECK_LIMIT=180 check sys-running '^running $' sys_running
check sys-unit 'inside' $PODMAN exec sys systemd-run --quiet --wait --pipe echo inside
check sys-stop '' $PODMAN stop -t 30 sys
check sys-exit '^(0|130) $' p_show sys .State.ExitCode
p_gone sys
umount /run/sc/root
