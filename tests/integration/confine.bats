#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Confinement by the annotations run.vert.*: Landlock, core scheduling, the OOM killer's group.

load helpers

setup() {
	only_vert
	setup_bundle
}

teardown() {
	[ -z "${BUNDLE-}" ] || teardown_bundle
}

annotate() {
	cfg '.annotations[$k] = $v' --arg k "$1" --arg v "$2"
}

landlock() {
	annotate run.vert.landlock "$1"
}

# The kernel's version of Landlock, by what vert says of one that cannot be.
needs_landlock() { # ABI
	landlock '{"abi": '"$1"'}'
	args exit 0
	run vert run --bundle "$BUNDLE" "$ID"
	[[ $output != *"Landlock"* ]] || skip "${output%%$'\n'*}"
	[ "$status" = 0 ]
}

@test "landlock: what no rule gives is refused, in the container and in exec" {
	needs_landlock 3
	landlock '{"abi": 3, "fs": {"ro": ["/bin", "/proc"], "rw": ["/tmp", "/dev"]}}'
	args write /tmp/in x , write /etc/new x , open /etc/group , open /bin/probe , write /bin/new x
	run_ok
	has write./tmp/in=ok write./etc/new=EACCES open./etc/group=EACCES open./bin/probe=ok write./bin/new=EACCES
	start_sleeper
	exec_probe write /tmp/in x , write /etc/new x , open /etc/group
	has write./tmp/in=ok write./etc/new=EACCES open./etc/group=EACCES
}

@test "landlock: root with all capabilities, and with no_new_privs or without" {
	local nnp
	needs_landlock 1
	landlock '{"abi": 1, "fs": {"ro": ["/"]}}'
	for nnp in true false; do
		cfg '.process.noNewPrivileges = '$nnp
		args write /tmp/x y , open /bin/probe , caps
		run_ok
		has write./tmp/x=EACCES open./bin/probe=ok
		like "^no_new_privs=$([ $nnp = true ] && echo 1 || echo 0)\$"
	done
}

@test "landlock: a rule for a file, and for an ordinary user of the container" {
	requires root
	needs_landlock 3
	mkdir "$BUNDLE/rootfs/secret"
	echo old >"$BUNDLE/rootfs/secret/file"
	chmod 700 "$BUNDLE/rootfs/secret"
	chmod 666 "$BUNDLE/rootfs/secret/file"
	chown 1000 "$BUNDLE/rootfs/secret"
	cfg '.process.user = {uid: 1000, gid: 1000} | del(.process.capabilities)'
	landlock '{"abi": 3, "fs": {"ro": ["/bin"], "rw": ["/secret/file"]}}'
	args write /secret/file new , write /secret/other x
	run_ok
	has write./secret/file=ok write./secret/other=EACCES
}

@test "landlock: a port that is not listed can be neither bound nor connected to" {
	needs_landlock 4
	landlock '{"abi": 4, "net": {"bind": [8080], "connect": []}}'
	args tcp bind 8080 , tcp bind 8081 , tcp connect 8080 , write /tmp/x y
	run_ok
	has tcp.bind.8080=ok tcp.bind.8081=EACCES tcp.connect.8080=EACCES write./tmp/x=ok
	# Without the list that kind is left alone.
	landlock '{"abi": 4, "net": {"bind": [8080]}}'
	args tcp bind 8081 , tcp connect 8080
	run_ok
	has tcp.bind.8081=EACCES
	lacks tcp.connect.8080=EACCES
}

@test "landlock: a link of the image leads nowhere but into the container" {
	needs_landlock 1
	mkdir "$TMP/host"
	chmod 777 "$TMP/host"
	ln -s "$TMP/host" "$BUNDLE/rootfs/elsewhere"
	landlock '{"abi": 1, "fs": {"ro": ["/bin"], "rw": ["/elsewhere"]}}'
	refused "open '/elsewhere' in the container: no such file or directory" vert run --bundle "$BUNDLE" "$ID"
	[ -z "$(containers)" ]
}

@test "landlock: what cannot be understood, and what the kernel has not, is refused" {
	landlock '{"abi": 3, "fs": {"ro": ["bin"]}}'
	refused_run "path 'bin' is not absolute"
	landlock '{"abi": 99}'
	refused_run "ABI 99 is not known"
	landlock '{"abi": "some"}'
	refused_run "'abi' is a number or 'best-effort', not 'some'"
	landlock '{"fs": {"ro": ["/"]}}'
	refused_run "abi"
	landlock '{"abi": 3, "net": {"bind": [80]}}'
	refused_run "rules for ports need ABI 4"
	landlock '{"abi": "best-effort", "net": {"bind": [65536]}}'
	refused_run "65536 is no port"
	landlock 'nonsense'
	refused_run "run.vert.landlock"
}

@test "landlock: best-effort always starts, and restricts what the kernel can" {
	landlock '{"abi": "best-effort", "fs": {"ro": ["/bin"]}}'
	args write /tmp/x y
	run_ok
	if [[ $output == *"no Landlock"* ]]; then
		like '^write./tmp/x=ok'
	else
		like '^write./tmp/x=EACCES'
	fi
}

@test "core_sched: init and exec share a cookie, other containers have others, join takes one over" {
	local first second cookie
	annotate run.vert.core_sched new
	args exit 0
	run vert run --bundle "$BUNDLE" "$ID"
	[[ $output != *"run.vert.core_sched"* && $output != *"core scheduling"* && $output != *"one thread each"* ]] ||
		skip "${output%%$'\n'*}"
	[ "$status" = 0 ]
	for cookie in first second; do
		use_id "$ID-$cookie"
		args core , fork 0
		start_new "$ID-$cookie"
		within 5 grep -q ready "$TMP/$ID-$cookie.out"
	done
	first=$(grep ^core= "$TMP/$ID-first.out") second=$(grep ^core= "$TMP/$ID-second.out")
	[ "$first" != core=0 ] && [ "$second" != core=0 ] && [ "$first" != "$second" ]
	run -0 vert exec "$ID-first" /bin/probe core
	[ "$output" = "$first" ]
	use_id "$ID-third"
	annotate run.vert.core_sched "join:$ID-first"
	args core
	run -0 vert run --bundle "$BUNDLE" "$ID-third"
	[ "$output" = "$first" ]
}

@test "core_sched: nonsense, and a container that is not there, are refused; best-effort goes on" {
	annotate run.vert.core_sched sometimes
	refused_run "neither 'new' nor 'join:ID'"
	annotate run.vert.core_sched "new,best-effort"
	args echo started
	run_ok
	like '^started$'
}

@test "oom_group: the group is killed as a whole, or not" {
	requires cgroup-controller memory
	local value
	for value in 0 1; do
		annotate run.vert.oom_group $value
		start_sleeper "$ID$value"
		[ "$(<"$(cgroup_dir "$ID$value")/memory.oom.group")" = $value ]
	done
}

@test "oom_group: other values, and a host without the memory controller, are refused" {
	requires cgroup root
	annotate run.vert.oom_group 2
	refused_run "'2' is neither 0 nor 1"
	annotate run.vert.oom_group 1
	if controllers | grep -qw memory; then
		args exit 0
		run_ok
	else
		refused_run "memory"
	fi
}
