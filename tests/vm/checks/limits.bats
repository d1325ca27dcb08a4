#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
#
# Limits, each seen to bite and not only to be written: through Podman, and then with the runtime
# alone, from outside and from inside; what `update` changes on a running container, and that an
# update that fails in part changes nothing.

load helpers

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

LB=/var/lib/lb
# l_bundle FILTER COMMAND...: a bundle in $LB (on a disk) whose resources are FILTER; the cgroup is /limits/l.
l_bundle() {
	local filter=$1
	shift
	if [ ! -d $LB/rootfs ]; then
		mkdir -p $LB/rootfs/huge && tar xf /usr/share/vm/busybox.tar -C $LB/rootfs || return 1
	fi
	rm -f $LB/config.json
	"$RT" spec -b $LB && jq "(.process.terminal, .root.readonly) = false | .linux.resources += $filter |
		.linux.cgroupsPath = \"/limits/\" + \$id | .process.args = \$ARGS.positional |
		.mounts += [{destination: \"/huge\", type: \"hugetlbfs\", source: \"none\"}]" \
		--arg id "${LIMITED:-l}" $LB/config.json --args -- "$@" > $LB/new && mv $LB/new $LB/config.json
}

l_run() { # FILTER COMMAND...
	l_bundle "$@" && "$RT" run -b $LB l
}

l_start() { # NAME FILTER COMMAND...
	LIMITED=$1 l_bundle "${@:2}" && "$RT" run -d -b $LB "$1" < /dev/null > l.log 2>&1 || { cat l.log; return 1; }
}

l_file() { cat "/sys/fs/cgroup/limits/$1/$2" 2> /dev/null || cat "/sys/fs/cgroup/limits/$1/container/$2"; }

# A megabyte more than the limit stays when there is swap for it, and not without.
swap_bites() {
	local file=/swapfile fits='dd if=/dev/zero of=/dev/null bs=40M count=1 2>/dev/null'
	[ -e $file ] || { dd if=/dev/zero of=$file bs=1M count=64 2> /dev/null && chmod 600 $file && mkswap -q $file; } &&
		swapon $file || return 1
	l_run '{memory: {limit: 33554432, swap: 67108864}}' sh -c "cat /sys/fs/cgroup/memory.swap.max; $fits; echo \$?"
	l_run '{memory: {limit: 33554432, swap: 33554432}}' sh -c "cat /sys/fs/cgroup/memory.swap.max; $fits; echo \$?"
	swapoff $file
}

# Killed for its memory before it was the container's: that is what the error says.
start_killed() {
	l_run '{memory: {limit: 4096}}' true 2>&1
	echo $?
	ls -d /sys/fs/cgroup/limits/l 2> /dev/null
	echo end
}

# Killed for its memory in execve itself, where nobody of the container's is left to say so: its arguments are copied
# there, and are more than the limit.
exec_killed() {
	l_bundle '{memory: {limit: 1048576, swap: 1048576}}' true &&
		jq '.process.args += [range(15) | "x" * 100000]' $LB/config.json > $LB/new && mv $LB/new $LB/config.json || return 1
	"$RT" run -b $LB l 2>&1
	echo $?
	"$RT" create -b $LB l > /dev/null < /dev/null && "$RT" start l 2>&1
	echo $?
	"$RT" delete -f l
}

# Two loops on one processor, one with eight times the shares.
weights() {
	local a b
	l_start lw1 '{cpu: {cpus: "1", shares: 128}}' sh -c 'while :; do :; done' &&
		l_start lw2 '{cpu: {cpus: "1", shares: 1024}}' sh -c 'while :; do :; done' || return 1
	a=$(l_file lw1 cpu.stat | awk '/^usage/{print $2}') b=$(l_file lw2 cpu.stat | awk '/^usage/{print $2}')
	sleep 5
	a=$(($(l_file lw1 cpu.stat | awk '/^usage/{print $2}') - a))
	b=$(($(l_file lw2 cpu.stat | awk '/^usage/{print $2}') - b))
	"$RT" delete -f lw1
	"$RT" delete -f lw2
	[ $b -gt $((a * 2)) ] && echo more
	echo $a $b
}

# Three megabytes at one a second.
io_bites() {
	local disk start=$EPOCHREALTIME
	disk=$(stat -c '{major: %Hd, minor: %Ld}' /var/lib)
	l_run "{blockIO: {throttleWriteBpsDevice: [$disk + {rate: 1048576}]}}" sh -c \
		'cut -d" " -f3 /sys/fs/cgroup/io.max; dd if=/dev/zero of=/f bs=1M count=3 oflag=direct 2> /dev/null; rm /f'
	awk -v a="$start" -v b="$EPOCHREALTIME" 'BEGIN {print (b - a > 2 ? "slow" : "fast")}'
}

# Four huge pages on the host, and one of them for the container.
hugetlb_bites() {
	echo 4 > /proc/sys/vm/nr_hugepages
	l_run '{hugepageLimits: [{pageSize: "2MB", limit: 2097152}]}' sh -c 'cat /sys/fs/cgroup/hugetlb.2MB.max
		fallocate -l 2M /huge/one && echo one; fallocate -l 2M /huge/two 2> /dev/null || echo not two'
	echo 0 > /proc/sys/vm/nr_hugepages
}

# update_one FILE GOOD OTHER: GOOD changes the file for outside and inside, OTHER with a value that the
# kernel refuses beside it changes nothing.
update_one() {
	echo "$2" | "$RT" update -r - lu && l_file lu "$1" && "$RT" exec lu cat "/sys/fs/cgroup/$1" || return 1
	if echo "$3" | jq '. * {unified: {"memory.low": "rubbish"}}' | "$RT" update -r - lu 2> /dev/null; then
		echo accepted
	fi
	l_file lu "$1"
}

# updates FILE VALUE GOOD OTHER: the check of a file; before, VALUE after GOOD outside and inside, and still after OTHER.
updates() {
	check "^($2 )\\1\\1\$" update_one "$1" "$3" "$4"
}

on_disk() { echo "{\"blockIO\": {\"throttleWriteBpsDevice\": [{$(stat -c '"major": %Hd, "minor": %Ld' /var/lib), \"rate\": $1}]}}"; }

setup_file() {
	podman_ready
}

@test "limit-files" {
	check '^67108864 50 50000 100000 0 $' limit_files
}

@test "limit-memory-oom" {
	check '^137 killed $' limit_memory
}

@test "limit-oom-reported" {
	check '^true $' oom_reported
}

@test "limit-pids" {
	check 'fork.*(Resource|unavailable|Try again)' forks_refused
}

@test "limit-cpu" {
	check 'throttled' cpu_share
}

@test "limit-cpuset" {
	check '^1 Cpus_allowed_list: 1 $' p_run --cpuset-cpus 1 $IMAGE \
		sh -c 'nproc; grep Cpus_allowed_list /proc/self/status'
}

@test "limit-weight" {
	check '^(20|59) $' weight
}

@test "limit-unified" {
	check '^60000000|^5999' p_run --cgroup-conf memory.high=60000000 $IMAGE \
		cat /sys/fs/cgroup/memory.high
}

@test "device-denied" {
	check_not p_run --cap-add mknod $IMAGE \
		sh -c 'mknod /d b 254 0 && dd if=/d of=/dev/null count=1'
}

@test "device-null" {
	check '' p_run --cap-add mknod $IMAGE \
		sh -c 'mknod /d c 1 3 && echo x > /d'
}

@test "limit-swap" {
	check '^33554432 0 0 (137|9) $' swap_bites
}

@test "limit-start-oom" {
	check '(OOM|memory limit).* 1 end $' start_killed
}

@test "limit-exec-oom" {
	check '(OOM|memory limit).* 1 .*(OOM|memory limit).* 1 $' exec_killed
}

@test "limit-weight-bites" {
	check '^more ' weights
}

@test "limit-io" {
	check 'wbps=1048576 slow $' io_bites
}

@test "limit-hugetlb" {
	check '^2097152 one not two $' hugetlb_bites
}

@test "update-start" {
	check '' l_start lu '{}' sleep 1000
}

@test "update-memory" {
	updates memory.max '67108864' '{"memory": {"limit": 67108864}}' \
		'{"memory": {"limit": 50331648}}'
}

@test "update-swap" {
	updates memory.swap.max '33554432' '{"memory": {"limit": 67108864, "swap": 100663296}}' \
		'{"memory": {"limit": 67108864, "swap": 83886080}}'
}

@test "update-pids" {
	updates pids.max '40' '{"pids": {"limit": 40}}' \
		'{"pids": {"limit": 30}}'
}

@test "update-quota" {
	updates cpu.max '30000 100000' '{"cpu": {"quota": 30000, "period": 100000}}' \
		'{"cpu": {"quota": 60000, "period": 100000}}'
}

@test "update-weight" {
	updates cpu.weight '[17][79]4?' '{"cpu": {"shares": 2048}}' \
		'{"cpu": {"shares": 512}}'
}

@test "update-cpuset" {
	updates cpuset.cpus '1' '{"cpu": {"cpus": "1"}}' \
		'{"cpu": {"cpus": "0"}}'
}

@test "update-io" {
	updates io.max '[0-9:]* rbps=max wbps=2097152 riops=max wiops=max' "$(on_disk 2097152)" \
		"$(on_disk 1048576)"
}

@test "update-hugetlb" {
	updates hugetlb.2MB.max '4194304' '{"hugepageLimits": [{"pageSize": "2MB", "limit": 4194304}]}' \
		'{"hugepageLimits": [{"pageSize": "2MB", "limit": 2097152}]}'
}

@test "update-unified" {
	updates memory.high '33554432' '{"unified": {"memory.high": "33554432"}}' \
		'{"unified": {"memory.high": "50331648"}}'
}

@test "update-end" {
	check '' "$RT" delete -f lu
}

# What vert itself tells of a container that met its limits: state --effective, events --follow, delete --report.
told() {
	local dir=$CHECK_DIR/told vert="$RT --root $CHECK_DIR/told/state"
	case ${RT##*/} in vert*) ;; *) echo ok; return ;; esac
	mkdir -p "$dir/bundle/rootfs" && tar xf /usr/share/vm/busybox.tar -C "$dir/bundle/rootfs" && cd "$dir/bundle" || return 1
	$vert spec
	jq '.process.terminal = false | .process.args = ["sleep", "100"] | .linux.resources = {
		memory: {limit: 33554432, swap: 33554432}, pids: {limit: 10}}' config.json > new && mv new config.json
	$vert run --detach told > "$dir/out" 2>&1 < /dev/null || { cat "$dir/out"; return 1; }
	$vert state --effective told | jq -r '.["memory.max"] | "\(.requested) \(.effective)"'
	$vert events --follow told > "$dir/events" 2> /dev/null &
	sleep 2
	$vert exec told dd if=/dev/zero of=/dev/null bs=64M count=1 > /dev/null 2>&1
	sleep 1
	grep -o '"type":"oom"' "$dir/events" | head -n 1
	$vert delete --force --report=json told | jq -r '[.used.memory.events.oom_kill > 0, .used.memory.peak > 30000000,
		.used.pids.peak > 1, .left == []] | join(" ")'
	wait
}
@test "limit-told" {
	check '^(ok|33554432 33554432 "type":"oom" true true true true) $' told
}
