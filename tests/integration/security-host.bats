#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Control groups, devices, sysctls, state and ids (docs/security.md, V71 to V86).

load security

@test "V71: no configured value is a path out of the container's cgroup" {
	requires cgroup
	local path bad
	cp "$BUNDLE/config.json" "$TMP/plain.json"
	for path in "$CG/../../../../../escape" "../escape" "/../../escape" "$CG/a/../../../escape" "$CG/./../.."; do
		cp "$TMP/plain.json" "$BUNDLE/config.json"
		cfg '.linux.cgroupsPath = $p' --arg p "$path"
		run_or_refused
		[ ! -e "$CGROUPFS/../escape" ]
		[ ! -e /sys/fs/cgroup/../escape ]
		[ ! -e "$CGROUPFS/escape" ]
	done
	for bad in ../cgroup.procs a/b "memory.max/../x" "" . .. "cgroup procs" memory "/abs.olute" $'memory.max\n' \
		cgroup.procs/. ".hidden" "Memory.max/"; do
		cp "$TMP/plain.json" "$BUNDLE/config.json"
		cfg '.linux.resources.unified = {($k): "1"}' --arg k "$bad"
		refused "" vert run --bundle "$BUNDLE" "$ID"
	done
	for bad in ../1GB 1/GB "" "2MB/../.." "2MB.x"; do
		cp "$TMP/plain.json" "$BUNDLE/config.json"
		cfg '.linux.resources.hugepageLimits = [{pageSize: $k, limit: 0}]' --arg k "$bad"
		refused "" vert run --bundle "$BUNDLE" "$ID"
	done
	cp "$TMP/plain.json" "$BUNDLE/config.json"
	start_sleeper
	for bad in .. ../.. ../../.. a/../../.. /.. ./../..; do
		refused "" vert exec --cgroup "$bad" "$ID" /bin/true
	done
	[ "$(ls -d "$CGROUPFS$CG"/*/)" = "$CGROUPFS$CG/$ID/" ]
}

@test "V72: no cgroup file system of version 1 comes into a container, nor the host's hierarchy" {
	requires root
	cfg '.mounts += [{destination: "/sys/fs/cgroup", type: "cgroup", source: "cgroup", options: ["ro"]}]
		| .linux.namespaces |= map(select(.type != "cgroup"))'
	args mounts , ls /sys/fs/cgroup , open /sys/fs/cgroup/release_agent w , write /sys/fs/cgroup/cgroup.procs 1
	run_ok
	unlike '^mount=.* type=cgroup '
	[ -z "$CG" ] || unlike "^ls./sys/fs/cgroup=(.* )?$(cut -d/ -f2 <<<"$CG") "
	has open./sys/fs/cgroup/release_agent=ENOENT
	like '^write./sys/fs/cgroup/cgroup.procs=(EROFS|EACCES)'
}

@test "V73: a cgroup with processes of others is not taken, and never killed" {
	requires cgroup
	local dir=$CGROUPFS$CG/$ID
	mkdir "$dir"
	bg sleep 20
	sleep 0.1
	echo "${BACKGROUND[0]}" >"$dir/cgroup.procs"
	refused "not empty" vert run --bundle "$BUNDLE" "$ID"
	kill -0 "${BACKGROUND[0]}"
	kill "${BACKGROUND[0]}"
	within 3 rmdir "$dir"
	# The cgroup a record names is the container's only as long as it is the same directory.
	start_sleeper
	dir=$(cgroup_dir)
	kill -KILL "$(state "$ID" pid)"
	within 3 is_status "$ID" stopped
	within 3 rmdir "$dir"
	mkdir "$dir"
	bg sleep 20
	sleep 0.1
	echo "${BACKGROUND[1]}" >"$dir/cgroup.procs"
	vert delete --force "$ID"
	kill -0 "${BACKGROUND[1]}"
	kill "${BACKGROUND[1]}"
	within 3 rmdir "$dir"
}

@test "V74: what a container does to its own cgroups delays no delete" {
	requires cgroup
	requires root
	local dir deep i
	start_sleeper
	dir=$(cgroup_dir)
	deep=$dir
	for ((i = 0; i < 60; i++)); do
		deep=$deep/d
		mkdir "$deep" 2>/dev/null || break
		mkdir "$dir/w$i"
	done
	for ((i = 0; i < 20; i++)); do
		sleep 30 3>&- 4>&- & echo $! >"$dir/w$i/cgroup.procs"
	done
	echo 1 >"$dir/w1/cgroup.freeze"
	SECONDS=0
	vert delete --force "$ID"
	[ $SECONDS -lt 5 ]
	[ ! -d "$dir" ]
}

@test "V75: no process of a container runs without its device program" {
	requires cgroup
	requires root
	local i
	attackers inside
	engine_caps
	cfg '.linux.resources.devices = [{allow: false, access: "rwm"}]'
	argv /bin/inside open-disk
	for i in 1 2 3 4 5; do
		run_ok
		has open-disk=EPERM
	done
	args fork 0
	start_new "$ID"
	run vert exec "$ID" /bin/inside open-disk </dev/null
	has open-disk=EPERM
}

@test "V75: an update of the rules opens no window" {
	requires cgroup
	requires root
	local i
	attackers inside
	engine_caps
	cfg '.linux.resources.devices = [{allow: false, access: "rwm"}]'
	argv /bin/sh -c 'echo ready; while [ ! -e /stop ]; do /bin/inside open-disk; done'
	start_new "$ID"
	within 5 grep -q ready "$ID.out"
	for ((i = 0; i < 20; i++)); do
		echo '{"devices": [{"allow": false, "access": "rwm"}, {"allow": true, "type": "c", "major": 10, "access": "r"}]}' |
			vert update --resources - "$ID"
	done
	touch "$BUNDLE/rootfs/stop"
	within 5 is_status "$ID" stopped
	[ "$(grep -c open-disk=EPERM "$ID.out")" -gt 5 ]
	no grep open-disk=ok "$ID.out"
}

@test "V76: only sysctls of the container's own namespaces are written" {
	local key before
	before=$(cat /proc/sys/kernel/{core_pattern,hostname,domainname,msgmax,panic} /proc/sys/vm/swappiness)
	cp "$BUNDLE/config.json" "$TMP/plain.json"
	for key in kernel.core_pattern kernel/core_pattern net/../kernel.core_pattern net/../kernel/core_pattern \
		net.ipv4/../../kernel/core_pattern kernel.panic vm.swappiness kernel.hostname kernel.modprobe \
		"kernel.shm_rmid_forced/../core_pattern" fs.binfmt_misc.register "" / net net. /net/x user.max_x \
		kernel.msgmax=1 "net.ipv4.ip_forward+x/../../../kernel/panic" kernel.sysrq; do
		cp "$TMP/plain.json" "$BUNDLE/config.json"
		cfg '.linux.sysctl = {($k): "0"} | .linux.namespaces |= map(select(.type != "user"))' --arg k "$key"
		run_split vert run --bundle "$BUNDLE" "$ID"
		[ "$status" != 0 ]
		[ "$status" -lt 126 ]
	done
	for key in net.ipv4.ip_forward:network kernel.msgmax:ipc fs.mqueue.msg_max:ipc kernel.domainname:uts; do
		cp "$TMP/plain.json" "$BUNDLE/config.json"
		cfg '.linux.sysctl = {($k): "0"} | .linux.namespaces |= map(select(.type != $n)) | del(.hostname)' \
			--arg k "${key%:*}" --arg n "${key#*:}"
		refused "needs a ${key#*:} namespace" vert run --bundle "$BUNDLE" "$ID"
	done
	[ "$(cat /proc/sys/kernel/{core_pattern,hostname,domainname,msgmax,panic} /proc/sys/vm/swappiness)" = "$before" ]
}

@test "V77: the name of a resctrl group is one component" {
	local bad
	for bad in .. . a/b ../x info mon_groups "" $'a\nb'; do
		cfg '.linux.intelRdt = {closID: $c}' --arg c "$bad"
		run_split vert run --bundle "$BUNDLE" "$ID"
		[ "$status" = 1 ]
		[[ $stderr == *"is not the name of a group"* ]]
	done
}

@test "V78: a container that is frozen holds up neither exec nor kill nor delete" {
	requires cgroup
	local how
	for how in pause write; do
		start_sleeper "$ID-$how"
		if [ $how = pause ]; then
			vert pause "$ID-$how"
		else
			echo 1 >"$(cgroup_dir "$ID-$how")/cgroup.freeze"
			within 3 is_status "$ID-$how" paused
		fi
		SECONDS=0
		refused "is paused" vert exec "$ID-$how" /bin/true
		vert kill "$ID-$how" KILL
		within 5 is_status "$ID-$how" stopped
		vert delete "$ID-$how"
		[ $SECONDS -lt 8 ]
	done
	start_sleeper
	vert pause "$ID"
	SECONDS=0
	vert delete --force "$ID"
	[ $SECONDS -lt 5 ]
}

@test "V80: an id is a name and never a path" {
	local id before
	mkdir -m 700 "$ROOT"
	touch "$TMP"/{stdout,stderr}
	before=$(ls -A "$TMP" "$ROOT")
	for id in "" . .. ../x a/b /abs .x $'new\nline' $'esc\e[0m' "ü" "a b" "$(printf '%01025d' 0)" 'a;b' '$(id)' 'a%s'; do
		refused "" vert create --bundle "$BUNDLE" -- "$id"
		refused "" vert delete --force -- "$id"
		refused "" vert state -- "$id"
	done
	[ "$(ls -A "$TMP" "$ROOT")" = "$before" ]
}

@test "V80: a state directory that others could write is refused" {
	requires root
	mkdir -m 777 "$ROOT"
	refused "may be written by others" vert create --bundle "$BUNDLE" "$ID"
	refused "may be written by others" vert list
	chmod 700 "$ROOT"
	chown 1000 "$ROOT"
	refused "belongs to user 1000" vert create --bundle "$BUNDLE" "$ID"
	rmdir "$ROOT"
	mkdir -m 700 "$TMP/elsewhere"
	ln -s "$TMP/elsewhere" "$ROOT"
	refused "" vert create --bundle "$BUNDLE" "$ID"
	[ -z "$(ls -A "$TMP/elsewhere")" ]
	rm "$ROOT"
}

@test "V81: state is for its owner alone, whatever the umask" {
	local mask
	for mask in 000 077; do
		(umask $mask && create "$ID-$mask")
		[ "$(stat -c %a "$ROOT")" = 700 ]
		[ "$(stat -c %a "$ROOT/$ID-$mask")" = 700 ]
		[ -z "$(find "$ROOT/$ID-$mask" -type f -perm /077)" ]
	done
}

@test "V82: a number that belongs to another process now is no container's" {
	local record pid
	start_sleeper
	bg sleep 20
	record=$ROOT/$ID/state.json
	kill -KILL "$(state "$ID" pid)"
	within 3 is_status "$ID" stopped
	jq -c --argjson p "${BACKGROUND[0]}" '.pid = $p' "$record" >"$TMP/new" && cat "$TMP/new" >"$record"
	is_status "$ID" stopped
	run_split vert kill "$ID" KILL
	[ "$status" != 0 ]
	run_split vert exec "$ID" /bin/true
	[ "$status" != 0 ]
	vert delete --force "$ID"
	kill -0 "${BACKGROUND[0]}"
}

@test "V83: the socket that start calls is out of the container's reach" {
	create "$ID"
	cfg '.process.args = ["/bin/probe", "fds", ",", "ls", "/", ",", "mounts"]'
	vert delete --force "$ID"
	args fds , mounts
	create "$ID"
	vert start "$ID"
	within 3 is_status "$ID" stopped
	no grep -E "^fd\.([3-9]|[1-9][0-9])=|$ROOT" "$ID.out"
}

@test "V84: a record that was tampered with kills nobody and is removed" {
	local how n=0 victim
	bg sleep 30
	victim=${BACKGROUND[0]}
	for how in '' '{' 'null' '[]' '{"pid": -1}' '{"pid": 1}' '"x"' "$(printf '[%.0s' {1..5000})" \
		'{"pid": 99999999999999999999}'; do
		n=$((n + 1))
		create "$ID-$n"
		printf '%s' "$how" >"$ROOT/$ID-$n/state.json"
		run_split timeout 10 "$RUNTIME" --root "$ROOT" state "$ID-$n"
		[ "$status" -lt 124 ]
		vert list >/dev/null
		vert delete --force "$ID-$n"
		[ ! -d "$ROOT/$ID-$n" ]
	done
	for how in .pid=$victim '.pid = 1' '.cgroup = "/sys/fs/cgroup"' '.cgroup = "../../.."' '.scope = "../x"'; do
		n=$((n + 1))
		create "$ID-$n"
		jq -c "$how" "$ROOT/$ID-$n/state.json" >"$TMP/new" && cat "$TMP/new" >"$ROOT/$ID-$n/state.json"
		run_split vert delete --force "$ID-$n"
		kill -0 "$victim"
		# Where the record points to what is not the container's, the container may need the link beside it.
		if [ -d "$ROOT/$ID-$n" ]; then
			rm "$ROOT/$ID-$n/state.json"
			vert delete --force "$ID-$n"
		fi
	done
	kill -0 "$victim"
}

@test "V85: what a container or its config calls itself forges no line and no colour" {
	local evil=$'/x\e]0;owned\a\n{"level":"info","msg":"forged"}\r\e[31m'
	argv "$evil"
	for format in json text; do
		run_split vert --log "$TMP/log.$format" --log-format $format run --bundle "$BUNDLE" "$ID"
		[ "$status" != 0 ]
		no grep -q $'[\e\a\r]' "$TMP/log.$format" "$TMP/stderr"
		no grep -q '^{"level":"info"' "$TMP/log.$format" "$TMP/stderr"
	done
	jq -es 'length >= 1' "$TMP/log.json"
	[ "$(stat -c %a "$TMP/log.json")" = 600 ] || [ "$(stat -c %a "$TMP/log.json")" = 644 ]
}

@test "V86: an environment that no program could read is refused" {
	local bad
	for bad in '"NOEQUALS"' '"=value"' '"A\u0000B=1"' '""'; do
		cfg '.process.env = ["PATH=/bin", $e]' --argjson e "$bad" || continue
		run_split vert run --bundle "$BUNDLE" "$ID"
		[ "$status" -lt 126 ]
		[[ $bad != *u0000* ]] || [ "$status" != 0 ]
	done
	args env MULTI
	cfg '.process.env = ["MULTI=a\nb=c"]'
	run_ok
	like '^env.MULTI=a$' '^b=c$'
}
