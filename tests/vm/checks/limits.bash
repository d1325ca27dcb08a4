# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
#
# Limits, each seen to bite and not only to be written.
limit_files() {
	p_started l1 -m 64m --pids-limit 50 --cpus 0.5 --cpuset-cpus 0 > /dev/null || return 1
	p_limit l1 memory.max pids.max cpu.max cpuset.cpus
	p_gone l1
}

limit_memory() {
	local before
	before=$(oom_kills)
	status_of p_run -m 32m --memory-swap 32m $IMAGE \
		dd if=/dev/zero of=/dev/null bs=64M count=1
	[ "$(oom_kills)" -gt "$before" ] && echo killed
}

# conmon reads this from the cgroup, if that is still there.
oom_reported() {
	$PODMAN run --name l2 --net none -m 32m --memory-swap 32m $IMAGE \
		sh -c 'dd if=/dev/zero of=/dev/null bs=64M count=1; sleep 2' > /dev/null 2>&1
	p_show l2 .State.OOMKilled
	p_gone l2
}

forks_refused() {
	p_run --pids-limit 8 $IMAGE sh -c \
		'for i in 1 2 3 4 5 6 7 8 9 10; do sleep 5 & done; wait' 2>&1
	return 0
}

cpu_share() {
	local dir a b from
	$PODMAN run -d --name l4 --net none --cpus 0.2 $IMAGE sh -c 'while :; do :; done' \
		> /dev/null || return 1
	dir=$(p_cgroup l4)
	a=$(awk '/^usage_usec/{print $2}' "$dir/cpu.stat") from=$EPOCHREALTIME
	sleep 5
	b=$(awk '/^usage_usec/{print $2}' "$dir/cpu.stat")
	awk -v a="$a" -v b="$b" -v s="$from" -v e="$EPOCHREALTIME" \
		'BEGIN {f = (b - a) / 1e6 / (e - s); print (f < 0.3 ? "throttled" : "free"), f}'
	p_gone l4
}

weight() {
	p_started l6 --cpu-shares 512 > /dev/null || return 1
	sort -u "$(p_cgroup l6)/cpu.weight" | head -1
	p_gone l6
}

podman_ready
check limit-files '^67108864 50 50000 100000 0 $' limit_files
check limit-memory-oom '^137 killed $' limit_memory
check limit-oom-reported '^true $' oom_reported
check limit-pids 'fork.*(Resource|unavailable|Try again)' forks_refused
check limit-cpu 'throttled' cpu_share
check limit-cpuset '^1 Cpus_allowed_list: 1 $' p_run --cpuset-cpus 1 $IMAGE \
	sh -c 'nproc; grep Cpus_allowed_list /proc/self/status'
check limit-weight '^(20|59) $' weight
check limit-unified '^60000000|^5999' p_run --cgroup-conf memory.high=60000000 $IMAGE \
	cat /sys/fs/cgroup/memory.high
check_not device-denied p_run --cap-add mknod $IMAGE \
	sh -c 'mknod /d b 254 0 && dd if=/d of=/dev/null count=1'
check device-null '' p_run --cap-add mknod $IMAGE \
	sh -c 'mknod /d c 1 3 && echo x > /d'
