#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# config.md, Valid values: "MUST generate an error when invalid or unsupported values are encountered", for
# every property of the parser's table and for what the table cannot say; each error has its place.

load helpers

# The properties below config.json as libocispec/ocispec.def has them: path, macro, kind or choice.
table() {
	awk -F'[(,)]' '
		function strip(s) { gsub(/[ \t]/, "", s); return s }
		function walk(object, path,    i, row, here) {
			for (i = 1; i <= rows[object]; i++) {
				split(member[object, i], row, " ")
				here = path == "" ? row[3] : path "." row[3]
				print here, row[1], row[2]
				if (row[1] == "OBJ") walk(row[2], here)
				else if (row[1] == "LIST_OBJ") walk(row[2], here "[0]")
				else if (row[1] == "MAP_OBJ") walk(row[2], here "[\"key\"]")
			}
		}
		/^OBJECT\(/ { object = $2 }
		/^\t(VAL|ENUM|OBJ|LIST|LIST_ENUM|LIST_OBJ|MAP|MAP_OBJ)[ \t]*\(/ {
			n = split($0, part, "\"")
			member[object, ++rows[object]] = strip($1) " " strip($3) " " part[n - 1]
		}
		END { walk("config", "") }' "$BATS_TEST_DIRNAME/../../libocispec/ocispec.def"
}

# bad_values MACRO KIND: one JSON value a line, each with what to add to the path of the error.
bad_values() {
	local value
	case $1 in
	VAL)
		case $2 in
		str) set -- 7 '[]' ;;
		bool) set -- '"true"' 1 ;;
		i32) set -- '"1"' 1.5 2147483648 -2147483649 ;;
		i64) set -- '"1"' 1.5 1e30 ;;
		u16) set -- '"1"' -1 65536 ;;
		u32) set -- '"1"' -1 4294967296 ;;
		u64) set -- '"1"' -1 1e30 ;;
		esac
		printf '%s\t\n' "$@" ;;
	ENUM) printf '%s\t\n' 7 '"no such word"' ;;
	OBJ) printf '%s\t\n' 7 '[]' ;;
	LIST | LIST_ENUM | LIST_OBJ)
		printf '%s\t\n' 7 '{}'
		value='[["x"]]'
		[ "$1" != LIST_ENUM ] || value='["no such word"]'
		printf '%s\t[0]\n' "$value" ;;
	MAP | MAP_OBJ)
		printf '%s\t\n' 7 '[]'
		printf '%s\t["key"]\n' '{"key": 7}' ;;
	esac
}

# documents PATTERN: for each bad value of the properties whose paths match, two lines: the path that the
# error has to name, and a config.json.
documents() {
	local path macro kind value more
	table | grep -E "$1" | while read -r path macro kind; do
		bad_values "$macro" "$kind" | while IFS=$'\t' read -r value more; do
			printf '%s\t%s\t%s\n' "$path" "$value" "$more"
		done
	done | jq -Rr --slurpfile good "$BUNDLE/config.json" '
		split("\t") as [$path, $value, $more]
		| [$path | scan("[^].\\[\"]+")] | map(if test("^[0-9]+$") then tonumber else . end)
		| . as $keys | $path + $more, ($good[0] | setpath($keys; $value | fromjson) | tojson)'
}

# every_bad_value PATTERN LEAST: each is refused, and there were at least so many.
every_bad_value() {
	local path document n=0
	only_vert
	documents "$1" >"$TMP/documents"
	while read -r path && read -r document; do
		echo "$document" >"$BUNDLE/config.json"
		run_split vert create --bundle "$BUNDLE" "$ID"
		[ "$status" = 1 ] && [[ $stderr == *"/config.json:"*": $path: "* ]] || {
			echo "$path: status $status: $stderr"
			return 1
		}
		n=$((n + 1))
	done <"$TMP/documents"
	echo "$n values"
	[ "$n" -ge "$2" ]
	nothing_left -v
}

@test "values: wrong types, numbers out of range, unknown words: process, hooks, mounts and the rest" {
	every_bad_value '^(process|hooks|mounts|root|hostname|domainname|annotations|ociVersion)' 250
}

@test "values: wrong types, numbers out of range, unknown words: linux" {
	every_bad_value '^linux( |[.](a|c|d|g|i|m|n|p|rootfs|readonly|s|t|u))' 150
}

@test "values: wrong types, numbers out of range, unknown words: linux.resources" {
	every_bad_value '^linux[.]resources' 160
}

@test "values: no property of the table is left out above" {
	table >"$TMP/table"
	[ "$(wc -l <"$TMP/table")" -gt 180 ]
	! grep -vE '^(process|hooks|mounts|root|hostname|domainname|annotations|ociVersion)|^linux[ .]' "$TMP/table" || false
	! grep -E '^linux[.]r' "$TMP/table" | grep -vE '^linux[.](rootfs|readonly|resources)' || false
	! grep -E '^linux[.][^acdgimnprstu]' "$TMP/table" || false
}

# refused_values: reads lines "PATH FILTER"; a config with each change is refused at that place.
refused_values() {
	local good place filter
	good=$(<"$BUNDLE/config.json")
	only_vert
	while read -r place filter; do
		jq "$filter" <<<"$good" >"$BUNDLE/config.json"
		run_split vert create --bundle "$BUNDLE" "$ID"
		[ "$status" = 1 ] && [[ $stderr == *"$place"* ]] || {
			echo "$place, $filter: status $status: $stderr"
			return 1
		}
		one_message
	done
	nothing_left -v
}

@test "values: what the process cannot have" {
	refused_values <<-'END'
		ociVersion .ociVersion = "1"
		ociVersion .ociVersion = "0.9.0"
		ociVersion .ociVersion = "2.0.0"
		ociVersion .ociVersion = "1.0"
		ociVersion .ociVersion = "1.x.0"
		ociVersion .ociVersion = ""
		root del(.root)
		root .root.path = ""
		root.path .root.path = "nowhere"
		root.path .root.path = "config.json"
		process.cwd .process.cwd = "relative"
		process.cwd .process.cwd = ""
		process.env[0] .process.env = ["NOVALUE"]
		process.env[1] .process.env = ["A=1", "=x"]
		process.rlimits[0].type .process.rlimits = [{type: "RLIMIT_NONE", soft: 1, hard: 1}]
		process.rlimits[0].type .process.rlimits = [{type: "NOFILE", soft: 1, hard: 1}]
		process.rlimits[1].type .process.rlimits = [{type: "RLIMIT_CPU", soft: 1, hard: 1}, {type: "RLIMIT_CPU", soft: 1, hard: 1}]
		process.rlimits[0].soft .process.rlimits = [{type: "RLIMIT_CPU", soft: 2, hard: 1}]
		process.oomScoreAdj .process.oomScoreAdj = 1001
		process.oomScoreAdj .process.oomScoreAdj = -1001
		process.ioPriority.priority .process.ioPriority = {class: "IOPRIO_CLASS_RT", priority: 8}
		process.ioPriority.priority .process.ioPriority = {class: "IOPRIO_CLASS_RT", priority: -1}
		process.ioPriority.class .process.ioPriority = {priority: 1}
		process.scheduler.policy .process.scheduler = {nice: 1}
		process.scheduler.nice .process.scheduler = {policy: "SCHED_OTHER", nice: -21}
		process.scheduler.nice .process.scheduler = {policy: "SCHED_RR", priority: 1, nice: 1}
		process.scheduler.priority .process.scheduler = {policy: "SCHED_FIFO", priority: 0}
		process.scheduler.priority .process.scheduler = {policy: "SCHED_BATCH", priority: 5}
		process.scheduler.deadline .process.scheduler = {policy: "SCHED_OTHER", deadline: 5}
		process.scheduler.period .process.scheduler = {policy: "SCHED_OTHER", period: 5}
		process.execCPUAffinity.initial .process.execCPUAffinity = {initial: "0-"}
		process.execCPUAffinity.final .process.execCPUAffinity = {final: "2-1"}
		process.user.umask .process.user.umask = 512
		process.consoleSize.width .process.terminal = true | .process.consoleSize = {height: 25}
		hostname .hostname = ("x" * 65)
		domainname .domainname = ("x" * 65)
		annotations .annotations = {"": "x"}
		hooks.prestart[0].path .hooks.prestart = [{path: "relative"}]
		hooks.createRuntime[0].path .hooks.createRuntime = [{args: ["x"]}]
		hooks.createContainer[1].timeout .hooks.createContainer = [{path: "/bin/true"}, {path: "/bin/true", timeout: 0}]
		hooks.createRuntime[0].env[0] .hooks.createRuntime = [{path: "/bin/true", env: ["NOVALUE"]}]
		hooks.poststop[0].env[1] .hooks.poststop = [{path: "/bin/true", env: ["A=", "=x"]}]
		hooks.startContainer[0].timeout .hooks.startContainer = [{path: "/bin/true", timeout: -1}]
		hooks.poststop[0].path .hooks.poststop = [{path: ""}]
	END
}

@test "values: what a mount cannot be" {
	requires root
	refused_values <<-'END'
		mounts[0].destination .mounts[0] = {type: "tmpfs"}
		mounts[0] .mounts[0] = {destination: "", type: "tmpfs"}
		mounts[0] .mounts[0] = {destination: "/mnt"}
		mounts[0] .mounts[0] = {destination: "/mnt", type: "nosuchfs"}
		mounts[0] .mounts[0] = {destination: "/mnt", type: "tmpfs", options: ["nosuchoption"]}
		mounts[0] .mounts[0] = {destination: "/mnt", type: "tmpfs", options: ["size=many"]}
		mounts[0] .mounts[0] = {destination: "/mnt", options: ["bind"]}
		mounts[0] .mounts[0] = {destination: "/mnt", source: "/nowhere", options: ["bind"]}
		mounts[0] .mounts[0] = {destination: "/mnt", source: "/tmp", options: ["bind", "nosuchoption"]}
		mounts[0] .mounts[0] = {destination: "/mnt", source: "/tmp", options: ["bind", "tmpcopyup"]}
		mounts[0] .mounts[0] = {destination: "/mnt", source: "/tmp", options: ["bind", "idmap"]}
		mounts[0] .mounts[0] = {destination: "/mnt", source: "/tmp", options: ["bind", "ridmap"]}
		mounts[0] .mounts[0] = {destination: "/mnt", source: "/tmp", options: ["bind", "idmap=uids=0-0"]}
		mounts[0] .mounts[0] = {destination: "/mnt", source: "/tmp", options: ["bind", "copy-symlink", "src-nofollow"]}
		mounts[0] .mounts[0] = {destination: "/mnt", source: "/tmp", options: ["bind"], uidMappings: [{containerID: 0, hostID: 0, size: 1}]}
		mounts[0].uidMappings[0].size .mounts[0] = {destination: "/mnt", type: "tmpfs", uidMappings: [{containerID: 0, hostID: 0}]}
	END
}

@test "values: what the namespaces, devices and paths cannot be" {
	refused_values <<-'END'
		linux.namespaces[1] .linux.namespaces = [{type: "mount"}, {type: "mount"}]
		linux.namespaces[0] .linux.namespaces[0].path = "proc/self/ns/pid"
		linux.namespaces[0].path .linux.namespaces[0].path = "/nowhere"
		linux.namespaces[1].path .linux.namespaces[1] = {type: "network", path: "/proc/self/ns/uts"}
		linux.namespaces[0].type .linux.namespaces[0] = {path: "/proc/self/ns/pid"}
		linux.gidMappings .linux.namespaces |= map(select(.type != "user")) + [{type: "user"}] | .linux.uidMappings = [{containerID: 0, hostID: 0, size: 1}] | del(.linux.gidMappings)
		linux.uidMappings[0] .linux.namespaces |= map(select(.type != "user")) + [{type: "user"}] | .linux.uidMappings = [{containerID: 0, hostID: 0, size: 0}] | .linux.gidMappings = [{containerID: 0, hostID: 0, size: 1}]
		linux.gidMappings[1] .linux.namespaces |= map(select(.type != "user")) + [{type: "user"}] | .linux.uidMappings = [{containerID: 0, hostID: 0, size: 1}] | .linux.gidMappings = [{containerID: 0, hostID: 0, size: 3}, {containerID: 2, hostID: 7, size: 3}]
		linux.timeOffsets .linux.timeOffsets = {monotonic: {secs: 1}}
		linux.timeOffsets["realtime"] .linux.namespaces += [{type: "time"}] | .linux.timeOffsets = {realtime: {secs: 1}}
		linux.timeOffsets["boottime"] .linux.namespaces += [{type: "time"}] | .linux.timeOffsets = {boottime: {nanosecs: 1000000000}}
		linux.devices[0] .linux.devices = [{type: "x", path: "/dev/x", major: 1, minor: 3}]
		linux.devices[0] .linux.devices = [{type: "c", path: "dev/x", major: 1, minor: 3}]
		linux.devices[0] .linux.devices = [{type: "c", path: "/dev/x", major: 1}]
		linux.devices[0] .linux.devices = [{type: "c", path: "/dev/x", major: -1, minor: 3}]
		linux.devices[0] .linux.devices = [{type: "b", path: "/dev/x", major: 4096, minor: 3}]
		linux.devices[0] .linux.devices = [{type: "u", path: "/dev/x/", major: 1, minor: 3}]
		linux.devices[0] .linux.devices = [{type: "p", path: "/dev/x", fileMode: 1000000}]
		linux.devices[0] .linux.devices = [{type: "c", path: "/dev/x", major: 1, minor: 3, uid: 4294967295}]
		linux.devices[0] .linux.devices = [{type: "c", path: "/dev/x", major: 1, minor: 3, gid: 4294967295}]
		linux.netDevices .linux.namespaces |= map(select(.type != "network")) | .linux.netDevices = {lo: {}}
		linux.netDevices["no/name"] .linux.netDevices = {"no/name": {}}
		linux.netDevices["x0"] .linux.netDevices = {x0: {name: "a name"}}
		linux.maskedPaths[0] .linux.maskedPaths = ["proc/kcore"]
		linux.readonlyPaths[0] .linux.readonlyPaths = ["proc/sys"]
		linux.rootfsPropagation .linux.rootfsPropagation = "other"
		linux.personality.domain .linux.personality = {flags: []}
		linux.personality.flags[0] .linux.personality = {domain: "LINUX", flags: ["X"]}
		linux.sysctl["kernel.panic"] .linux.sysctl = {"kernel.panic": "1"}
		linux.sysctl["kernel.hostname"] .linux.sysctl = {"kernel.hostname": "x"}
		linux.sysctl["net/../kernel/panic"] .linux.sysctl = {"net/../kernel/panic": "1"}
		linux.memoryPolicy.mode .linux.memoryPolicy = {nodes: "0"}
		linux.memoryPolicy.nodes .linux.memoryPolicy = {mode: "MPOL_INTERLEAVE"}
		linux.memoryPolicy.nodes .linux.memoryPolicy = {mode: "MPOL_LOCAL", nodes: "0"}
		linux.memoryPolicy.flags .linux.memoryPolicy = {mode: "MPOL_BIND", nodes: "0", flags: ["MPOL_F_X"]}
		linux.intelRdt.memBwSchema .linux.intelRdt = {memBwSchema: "L3:0=f"}
		linux.intelRdt.l3CacheSchema .linux.intelRdt = {l3CacheSchema: "L3:0=f\nMB:0=1"}
		linux.intelRdt.schemata[0] .linux.intelRdt = {schemata: ["L3:0=f\nL3:1=f"]}
		linux.intelRdt.closID .linux.intelRdt = {closID: "a/b"}
	END
}

@test "values: what the resources cannot be" {
	refused_values <<-'END'
		linux.cgroupsPath .linux.cgroupsPath = "/a/../b"
		linux.cgroupsPath .linux.cgroupsPath = "/"
		linux.resources.devices[0] .linux.resources.devices = [{allow: true, type: "q"}]
		linux.resources.devices[0] .linux.resources.devices = [{allow: true, access: "rx"}]
		linux.resources.devices[0].allow .linux.resources.devices = [{type: "c"}]
		linux.resources.memory.limit .linux.resources.memory.limit = -2
		linux.resources.memory.reservation .linux.resources.memory.reservation = -2
		linux.resources.memory.swap .linux.resources.memory.swap = 1000
		linux.resources.memory.swap .linux.resources.memory = {limit: 2000, swap: 1000}
		linux.resources.memory.swappiness .linux.resources.memory.swappiness = 5
		linux.resources.memory.kernel .linux.resources.memory.kernel = 5
		linux.resources.memory.kernelTCP .linux.resources.memory.kernelTCP = 5
		linux.resources.memory.disableOOMKiller .linux.resources.memory.disableOOMKiller = true
		linux.resources.cpu.quota .linux.resources.cpu.quota = 10
		linux.resources.cpu.period .linux.resources.cpu.period = 10
		linux.resources.cpu.burst .linux.resources.cpu = {quota: 2000, burst: 3000}
		linux.resources.cpu.idle .linux.resources.cpu.idle = 2
		linux.resources.cpu.cpus .linux.resources.cpu.cpus = "a"
		linux.resources.cpu.mems .linux.resources.cpu.mems = "1-0"
		linux.resources.cpu.realtimePeriod .linux.resources.cpu.realtimePeriod = 1000
		linux.resources.cpu.realtimeRuntime .linux.resources.cpu.realtimeRuntime = 1000
		linux.resources.blockIO.weight .linux.resources.blockIO.weight = 9
		linux.resources.blockIO.weight .linux.resources.blockIO.weight = 1001
		linux.resources.blockIO.leafWeight .linux.resources.blockIO.leafWeight = 10
		linux.resources.blockIO.weightDevice[0] .linux.resources.blockIO.weightDevice = [{major: 8, minor: 0}]
		linux.resources.blockIO.weightDevice[0] .linux.resources.blockIO.weightDevice = [{major: 8, minor: 0, leafWeight: 10}]
		linux.resources.blockIO.throttleReadBpsDevice[0] .linux.resources.blockIO.throttleReadBpsDevice = [{major: 8, minor: 0}]
		linux.resources.blockIO.throttleWriteBpsDevice[0] .linux.resources.blockIO.throttleWriteBpsDevice = [{major: -8, minor: 0, rate: 1}]
		linux.resources.blockIO.throttleReadIOPSDevice[0].minor .linux.resources.blockIO.throttleReadIOPSDevice = [{major: 8}]
		linux.resources.blockIO.throttleWriteIOPSDevice[0] .linux.resources.blockIO.throttleWriteIOPSDevice = [{major: 8, minor: 0}]
		linux.resources.hugepageLimits[0] .linux.resources.hugepageLimits = [{pageSize: "2mb", limit: 0}]
		linux.resources.hugepageLimits[0] .linux.resources.hugepageLimits = [{pageSize: "x", limit: 0}]
		linux.resources.hugepageLimits[0].limit .linux.resources.hugepageLimits = [{pageSize: "2MB"}]
		linux.resources.pids.limit .linux.resources.pids.limit = -2
		linux.resources.rdma["x"] .linux.resources.rdma = {x: {}}
		linux.resources.network.classID .linux.resources.network.classID = 5
		linux.resources.network.priorities .linux.resources.network.priorities = [{name: "lo", priority: 1}]
		linux.resources.unified .linux.resources.unified = {"../x": "1"}
		linux.resources.unified .linux.resources.unified = {"cgroup.procs": "1"}
	END
}

@test "values: what a filter cannot be" {
	requires seccomp
	refused_values <<-'END'
		linux.seccomp.defaultAction .linux.seccomp = {syscalls: []}
		linux.seccomp.defaultAction .linux.seccomp = {defaultAction: "SCMP_ACT_NOTIFY"}
		linux.seccomp.defaultErrnoRet .linux.seccomp = {defaultAction: "SCMP_ACT_ALLOW", defaultErrnoRet: 1}
		linux.seccomp.defaultErrnoRet .linux.seccomp = {defaultAction: "SCMP_ACT_ERRNO", defaultErrnoRet: 70000}
		linux.seccomp.architectures[0] .linux.seccomp = {defaultAction: "SCMP_ACT_ALLOW", architectures: ["SCMP_ARCH_X"]}
		linux.seccomp.flags[0] .linux.seccomp = {defaultAction: "SCMP_ACT_ALLOW", flags: ["SECCOMP_FILTER_FLAG_X"]}
		linux.seccomp.listenerPath .linux.seccomp = {defaultAction: "SCMP_ACT_ALLOW", listenerPath: "relative"}
		linux.seccomp.listenerMetadata .linux.seccomp = {defaultAction: "SCMP_ACT_ALLOW", listenerMetadata: "x"}
		linux.seccomp.syscalls[0].names .linux.seccomp = {defaultAction: "SCMP_ACT_ALLOW", syscalls: [{names: [], action: "SCMP_ACT_LOG"}]}
		linux.seccomp.syscalls[0].action .linux.seccomp = {defaultAction: "SCMP_ACT_ALLOW", syscalls: [{names: ["read"]}]}
		linux.seccomp.syscalls[0].errnoRet .linux.seccomp = {defaultAction: "SCMP_ACT_ALLOW", syscalls: [{names: ["read"], action: "SCMP_ACT_KILL", errnoRet: 1}]}
		linux.seccomp.syscalls[0].args[0].index .linux.seccomp = {defaultAction: "SCMP_ACT_ALLOW", syscalls: [{names: ["read"], action: "SCMP_ACT_LOG", args: [{index: 6, value: 0, op: "SCMP_CMP_EQ"}]}]}
		linux.seccomp.syscalls[0].args[0].op .linux.seccomp = {defaultAction: "SCMP_ACT_ALLOW", syscalls: [{names: ["read"], action: "SCMP_ACT_LOG", args: [{index: 0, value: 0}]}]}
		linux.seccomp.syscalls[0].args[0].value .linux.seccomp = {defaultAction: "SCMP_ACT_ALLOW", syscalls: [{names: ["read"], action: "SCMP_ACT_LOG", args: [{index: 0, op: "SCMP_CMP_EQ"}]}]}
	END
}

@test "values: an error names the document that it is about" {
	only_vert
	start_sleeper
	echo '[{"destination": "/mnt", "type": "tmpfs", "options": ["idmap=x"]}]' >mounts.json
	refused "(mounts.json:" vert mounts add "$ID" mounts.json
	echo '{"args": ["true"], "cwd": "x"}' >process.json
	refused "(process.json:" vert exec --process process.json "$ID"
	refused "(exec:" vert exec --cwd x "$ID" true
	echo '{"devices": [{"allow": true, "type": "q"}]}' >resources.json
	refused "(resources.json: " vert update --resources resources.json "$ID"
	run -1 vert update --resources - "$ID" <resources.json
	[[ $output == *"(standard input: "* ]]
	mv "$BUNDLE/config.json" "$BUNDLE/other.json"
	sed -i 's#"cwd": "/"#"cwd": "x"#' "$BUNDLE/other.json"
	refused "(other.json:" vert create --config other.json --bundle "$BUNDLE" "$ID-2"
}

@test "values: of a missing program the hint says more than the message, or where to read more" {
	only_vert
	argv /bin/nothing
	REFUSED_STATUS=127 refused "'/bin/nothing': no such file" vert run --bundle "$BUNDLE" "$ID"
	[ "${stderr_lines[1]}" = "  hint: 'vert explain EXEC_NOT_FOUND' tells cause and cure" ] && [ ${#stderr_lines[@]} = 2 ]
	argv /nowhere/nothing
	REFUSED_STATUS=127 refused "'/nowhere/nothing': no such file" vert run --bundle "$BUNDLE" "$ID"
	[[ ${stderr_lines[1]} == "  hint: "*"'/nowhere'"* ]]
}
