# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
#
# The systemd cgroup driver without an engine, as root and as a user: units, limits, what a
# reload of systemd leaves alone, and what is left when something fails.
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

check scope-run '^hello end $' run_and_gone
check scope-properties '^50 500ms 67108864 yes 67108864 50 50000 100000 $' unit_properties
check scope-later '^in 33554432 33554432 33554432 paused $' later_commands
check scope-all-or-nothing '^50 50 50 $' all_or_nothing
check scope-live-unit 'exists already and is in use.* end $' live_unit
if [ "$(id -u)" = 0 ]; then
	check scope-reload '^67108864 67108864 4 (opened|No such device.*) Operation not permitted $' reload
else
	check scope-reload '^67108864 67108864 4 $' reload
fi
check scope-failed-unit '^failed reused end $' failed_unit
check scope-start-oom 'memory limit could be too low.* end $' start_oom
check scope-killed-starts '^end $' killed_starts
