# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
#
# containerd with its own client, both cgroup drivers.
ctr_run() {
	# shellcheck disable=SC2145
	ctr run --runc-binary "$RT" --rm "${@:1:$#-1}" localhost/bb:1 "$CTR_ID" sh -c "${@: -1}"
}

ctr_paused() {
	ctr task pause c3
	ctr task ls
	ctr task resume c3
}

ctr_killed() {
	ctr task kill -s KILL c3
	for _ in $(seq 20); do
		ctr task ls | grep -q STOPPED && break
		sleep 0.2
	done
	ctr task ls
	ctr task rm c3 > /dev/null 2>&1
	ctr container rm c3
}

ctr_limits() {
	local pid
	ctr run -d --runc-binary "$RT" --memory-limit 67108864 --cpus 0.5 localhost/bb:1 c5 \
		sleep 1000 || return 1
	pid=$(ctr task ls | awk '$1 == "c5" {print $2}')
	pid_cgroup "$pid" memory.max
	pid_cgroup "$pid" cpu.max
	ctr task kill -s KILL c5
	until_prints '' 10 sh -c "ctr task ls | grep c5.*RUNNING"
	ctr task rm c5 > /dev/null
	ctr container rm c5
}

recursive_readonly() {
	mkdir -p v/sub && mount -t tmpfs x v/sub || return 1
	ctr_run --mount "type=bind,src=$PWD/v,dst=/mnt,options=rbind:rro" \
		'touch /mnt/sub/x 2> /dev/null && echo rw || echo ro'
	umount v/sub
}

containerd_ready
CTR_ID=c1 check ctr-run '^hello $' ctr_run 'echo hello'
CTR_ID=c2 check ctr-run-systemd '/system.slice/ctr-c2.scope' ctr_run --runc-systemd-cgroup \
	--cgroup system.slice:ctr:c2 'cat /proc/self/cgroup'
CTR_ID=c4 check ctr-status '^9 $' status_of ctr_run 'exit 9'
check ctr-limits '^67108864 50000 100000 ' ctr_limits
CTR_ID=c6 check ctr-tty '/dev/(pts/|console)' on_terminal ctr run -t --rm \
	--runc-binary "$RT" localhost/bb:1 c6 tty
check ctr-userns ' 0 200000 65536 ' ctr run --rm --runc-binary "$RT" \
	--uidmap 0:200000:65536 --gidmap 0:200000:65536 localhost/bb:1 c7 cat /proc/self/uid_map
CTR_ID=c9 check ctr-recursive-readonly '^ro $' recursive_readonly
check ctr-missing 'no such file|not found' bash -c '! ctr run --rm --runc-binary "$RT" \
	localhost/bb:1 c8 /no/such/program 2>&1'
check ctr-run-d '' ctr run --runc-binary "$RT" -d localhost/bb:1 c3 sleep 1000
check ctr-exec '^in $' ctr task exec --exec-id e1 c3 echo in
check ctr-exec-status '^5 $' status_of ctr task exec --exec-id e2 c3 sh -c 'exit 5'
check ctr-exec-tty '/dev/pts/' on_terminal ctr task exec -t --exec-id e3 c3 tty
check ctr-ps '[0-9]' ctr task ps c3
check ctr-pause 'PAUSED' ctr_paused
check ctr-metrics 'memory.usage' ctr task metrics c3
check ctr-checkpoint '' ctr task checkpoint c3
check ctr-kill 'STOPPED' ctr_killed
