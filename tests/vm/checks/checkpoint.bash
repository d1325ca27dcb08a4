# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
#
# CRIU through Podman.
counts_on() {
	local a b
	$PODMAN container restore k1 > /dev/null || return 1
	a=$($PODMAN exec k1 cat /n)
	sleep 2
	b=$($PODMAN exec k1 cat /n)
	[ "$a" -gt 3 ] && [ "$b" -gt "$a" ] && echo counts on
}

imported() {
	$PODMAN container restore -i "$CHECK_DIR/k1.tar.gz" > /dev/null || return 1
	$PODMAN exec k1 cat /n
	p_gone k1
}

podman_ready
check criu-check 'good' bash -c 'criu check 2>&1'
check ckpt-run '' $PODMAN run -d --name k1 --net none $IMAGE \
	sh -c 'i=0; while :; do i=$((i+1)); echo $i > /n; sleep 0.2; done'
sleep 2
check ckpt '' $PODMAN container checkpoint k1
check ckpt-restore 'counts on' counts_on
check ckpt-export '' $PODMAN container checkpoint -e "$CHECK_DIR/k1.tar.gz" k1
check ckpt-rm '' p_gone k1
check ckpt-import '^[0-9]+ $' imported
