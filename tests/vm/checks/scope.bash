# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
#
# What scope.bats does as root and scope-user.bats as a user: the systemd cgroup driver without an engine.
load helpers
CTL=(systemctl)
[ "$(id -u)" = 0 ] || CTL=(systemctl --user)

# config FILTER: a new bundle in ./sb, with jq's FILTER.
config() {
	if [ ! -d sb/rootfs ]; then
		mkdir -p sb/rootfs && tar xf /usr/share/vm/busybox.tar -C sb/rootfs || return 1
	fi
	rm -f sb/config.json
	if [ "$(id -u)" = 0 ]; then "$RT" spec -b sb; else "$RT" spec -b sb --rootless; fi
	jq ".process.terminal = false | .linux.cgroupsPath = \":scope:$1\" | $2" sb/config.json > sb/new &&
		mv sb/new sb/config.json
}

sd() { # COMMAND...: the runtime with its driver
	"$RT" --systemd-cgroup "$@"
}

unit_dir() {
	echo "/sys/fs/cgroup$("${CTL[@]}" show -p ControlGroup --value "scope-$1.scope")"
}

sleeper() { # NAME FILTER: a container in the background
	config "$1" ".process.args = [\"sleep\", \"1000\"] | $2" &&
		sd run -d -b sb "$1" < /dev/null > run.log 2>&1 || { cat run.log; return 1; }
}

unit_gone() { # what is left of the unit
	"${CTL[@]}" list-units --all --no-legend "scope-$1*"
	find /sys/fs/cgroup -type d -name "scope-$1*"
	"$RT" list -q 2> /dev/null | grep -x "$1"
	echo end
}

run_and_gone() {
	config s0 '.process.args = ["echo", "hello"]' && sd run -b sb s0 && unit_gone s0
}

unit_properties() {
	sleeper s1 '.linux.resources = {memory: {limit: 67108864}, pids: {limit: 50}, cpu: {quota: 50000, period: 100000}}'
	"${CTL[@]}" show scope-s1.scope -p MemoryMax -p TasksMax -p CPUQuotaPerSecUSec -p Delegate --value | sort
	cat "$(unit_dir s1)"/container/{memory.max,pids.max,cpu.max}
}

every_property() {	# each limit is the unit's and the cgroup's
	local dir device
	device=$(findmnt -no MAJ:MIN / | tr -d ' ')
	sleeper s9 ".linux.resources = {memory: {limit: 67108864, swap: 100663296, reservation: 33554432}, pids: {limit: 50},
		cpu: {shares: 2048, quota: 50000, period: 50000, cpus: \"1\", mems: \"0\"},
		unified: {\"memory.min\": \"4096\", \"memory.high\": \"50331648\"},
		blockIO: {throttleWriteBpsDevice: [{major: ${device%:*}, minor: ${device#*:}, rate: 1048576}]}}"
	"${CTL[@]}" show scope-s9.scope -p MemoryMax -p MemorySwapMax -p MemoryLow -p MemoryMin -p MemoryHigh -p TasksMax \
		-p CPUQuotaPerSecUSec -p CPUQuotaPeriodUSec -p AllowedCPUs -p AllowedMemoryNodes | sort
	"${CTL[@]}" show scope-s9.scope -p IOWriteBandwidthMax --value | grep -o '1048576'
	dir=$(unit_dir s9)
	[ "$("${CTL[@]}" show scope-s9.scope -p CPUWeight --value)" = "$(cat "$dir/cpu.weight")" ] && echo the weight
	cat "$dir"/container/{memory.max,memory.swap.max,memory.low,memory.min,memory.high,pids.max,cpu.max,cpuset.cpus,cpuset.mems}
	grep -o 'wbps=[0-9]*' "$dir/container/io.max"
	"$RT" delete -f s9
}

later_commands() {	# without the option: the record knows
	"$RT" exec s1 echo in && echo '{"memory": {"limit": 33554432}}' | "$RT" update -r - s1 &&
		"${CTL[@]}" show scope-s1.scope -p MemoryMax --value && cat "$(unit_dir s1)"/{,container/}memory.max &&
		"$RT" pause s1 && "$RT" state s1 | jq -r .status && "$RT" resume s1
}

all_or_nothing() {
	echo '{"pids": {"limit": 20}, "cpu": {"cpus": "0-99"}}' | "$RT" update -r - s1 2> /dev/null && return 1
	cat "$(unit_dir s1)"/{,container/}pids.max && "${CTL[@]}" show scope-s1.scope -p TasksMax --value
}

live_unit() {
	config s1 '.process.args = ["true"]'
	sd run -b sb s1b 2>&1
	"$RT" delete -f s1 && unit_gone s1
}

reload() {
	sleeper s2 '.linux.resources += {memory: {limit: 67108864}, devices: [{allow: false, access: "rwm"},
		{allow: true, type: "c", major: 10, minor: 229, access: "rwm"}]}'
	"${CTL[@]}" daemon-reload
	cat "$(unit_dir s2)"/{,container/}memory.max
	"$RT" exec s2 sh -c 'echo x > /dev/null && head -c 4 /dev/urandom | wc -c'
	[ "$(id -u)" != 0 ] || "$RT" exec --cap CAP_MKNOD s2 sh -c 'mknod /dev/f c 10 229; mknod /dev/k c 1 11
		: < /dev/f && echo opened; : < /dev/k' 2>&1 | sed 's/.*: //'
	"$RT" delete -f s2
}

failed_unit() {
	systemd-run "${CTL[@]:1}" --scope --unit=scope-s3 --property=MemoryMax=1M -q -- \
		dd if=/dev/zero of=/dev/null bs=64M count=1 2> /dev/null
	"${CTL[@]}" is-failed scope-s3.scope
	config s3 '.process.args = ["echo", "reused"]' && sd run -b sb s3 && unit_gone s3
}

start_oom() {
	config s4 '.linux.resources = {memory: {limit: 131072}} | .process.args = ["true"]'
	sd run -b sb s4 2>&1
	unit_gone s4
}

killed_starts() {
	local i pid
	config s5 '.process.args = ["sleep", "1000"]'
	for i in 1 2 3 4 5 6; do
		sd create -b sb s5 < /dev/null > /dev/null 2>&1 &
		pid=$!
		sleep 0.0$((i * 2))
		kill -KILL $pid
		wait $pid 2> /dev/null
		sleep 0.3
		"$RT" delete -f s5 || return 1
	done
	until_prints end 5 unit_gone s5
}

sliced() {	# a slice in a slice, properties by annotation, unified keys that are properties or files
	local unit=vt-s6.scope dir
	config s6 '.linux.cgroupsPath = "vt-a-b.slice:vt:s6" | .process.args = ["sleep", "1000"] |
		.annotations = {"org.systemd.property.TimeoutStopUSec": "uint64 5000000"} |
		.linux.resources = {unified: {"memory.high": "50003968", "memory.oom.group": "1", "pids.max": "33"}}' &&
		sd run -d -b sb s6 < /dev/null > run.log 2>&1 || { cat run.log; return 1; }
	dir=$("${CTL[@]}" show -p ControlGroup --value $unit)
	echo "${dir#"${dir%%/vt.slice*}"}"
	"${CTL[@]}" show $unit -p TimeoutStopUSec -p MemoryHigh -p TasksMax --value | sort
	cat /sys/fs/cgroup"$dir"/{,container/}memory.high /sys/fs/cgroup"$dir"/container/memory.oom.group
	"$RT" delete -f s6
	"${CTL[@]}" is-active $unit
	echo end
}

refused_property() {
	config s6 '.annotations = {"org.systemd.property.ExecStopPost": "[]"}'
	sd run -b sb s6 2>&1
	unit_gone s6
}

# Root without a bus takes the manager's own socket; the unit is real all the same.
no_bus() {
	config s7 '.process.args = ["cat", "/proc/self/cgroup"] | .linux.namespaces |= map(select(.type != "cgroup"))'
	unshare -m sh -c 'mount -t tmpfs none /run/dbus && "$1" --systemd-cgroup run -b sb s7' sh "$RT"
	unit_gone s7
}

# A user whose manager is not to be found gets an error, and no unit of the system's manager.
no_manager() {
	config s7 '.process.args = ["true"]'
	mkdir -p empty
	XDG_RUNTIME_DIR=$PWD/empty sd run -b sb s7 2>&1
	env -u XDG_RUNTIME_DIR "$RT" --systemd-cgroup run -b sb s7 2>&1
	systemctl list-units --all --no-legend 'scope-s7*'
	unit_gone s7
}

# What Podman leaves a runtime of the environment: the bus is found all the same.
bare_environment() {
	config s10 '.process.args = ["cat", "/proc/self/cgroup"] | .linux.namespaces |= map(select(.type != "cgroup"))'
	env -i PATH="$PATH" XDG_RUNTIME_DIR="$XDG_RUNTIME_DIR" "$RT" --systemd-cgroup run -b sb s10
	unit_gone s10
}

# A manager that does not answer: the deadline counts, and once it goes on nothing is left.
deadline() {
	local manager start=$SECONDS
	config s8 '.process.args = ["true"]'
	manager=$(systemctl show "user@$(id -u).service" -p MainPID --value)
	kill -STOP "$manager"
	"$RT" --systemd-cgroup --systemd-timeout 3 run -b sb s8 2>&1
	echo "$((SECONDS - start < 15))"
	kill -CONT "$manager"
	until_prints end 20 unit_gone s8
}
