#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
#
# CRIU through Podman.

load helpers

counts_on() {
	local a b
	$PODMAN container restore k1 > /dev/null || return 1
	a=$($PODMAN exec k1 cat /n)
		b=$($PODMAN exec k1 cat /n)
	[ "$a" -gt 3 ] && [ "$b" -gt "$a" ] && echo counts on
}

imported() {
	$PODMAN container restore -i "$CHECK_DIR/k1.tar.gz" > /dev/null || return 1
	$PODMAN exec k1 cat /n
	p_gone k1
}

setup_file() {
	podman_ready
}

@test "criu-check" {
	check 'good' bash -c 'criu check 2>&1'
}

@test "ckpt-run" {
	needs_checkpoint
	check '' $PODMAN run -d --name k1 --net none $IMAGE \
		sh -c 'i=0; while :; do i=$((i+1)); echo $i > /m; mv /m /n; sleep 0.2; done'
}

sleep 2
@test "ckpt" {
	needs_checkpoint
	sleep 2
	check '' $PODMAN container checkpoint k1
}

@test "ckpt-restore" {
	needs_checkpoint
	check 'counts on' counts_on
}

@test "ckpt-export" {
	needs_checkpoint
	check '' $PODMAN container checkpoint -e "$CHECK_DIR/k1.tar.gz" k1
}

@test "ckpt-rm" {
	needs_checkpoint
	check '' p_gone k1
}

@test "ckpt-import" {
	needs_checkpoint
	check '^[0-9]+ $' imported
}
