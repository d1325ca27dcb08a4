#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# features: what features.md and features-linux.md define, as JSON.

load helpers

# The specification's words, from its own pages: not from a table of vert's.
expected() {
	cat <<-'EOF'
	{
	"ociVersionMin": "1.0.0", "ociVersionMax": "1.3.0",
	"hooks": ["prestart", "createRuntime", "createContainer", "startContainer", "poststart", "poststop"],
	"mountOptions": [
		"async", "atime", "bind", "defaults", "dev", "diratime", "dirsync", "exec", "idmap",
		"iversion", "lazytime", "loud", "mand", "noatime", "nodev", "nodiratime", "noexec",
		"noiversion", "nolazytime", "nomand", "norelatime", "nostrictatime", "nosuid",
		"nosymfollow", "private", "ratime", "rbind", "rdev", "rdiratime", "relatime",
		"remount", "rexec", "ridmap", "rnoatime", "rnodev", "rnodiratime", "rnoexec",
		"rnorelatime", "rnostrictatime", "rnosuid", "rnosymfollow", "ro", "rprivate",
		"rrelatime", "rro", "rrw", "rshared", "rslave", "rstrictatime", "rsuid", "rsymfollow",
		"runbindable", "rw", "shared", "silent", "slave", "strictatime", "suid", "symfollow",
		"sync", "tmpcopyup", "unbindable"],
	"linux": {
		"namespaces": ["cgroup", "ipc", "mount", "network", "pid", "time", "user", "uts"],
		"capabilities": [
			"CAP_CHOWN", "CAP_DAC_OVERRIDE", "CAP_DAC_READ_SEARCH", "CAP_FOWNER",
			"CAP_FSETID", "CAP_KILL", "CAP_SETGID", "CAP_SETUID", "CAP_SETPCAP",
			"CAP_LINUX_IMMUTABLE", "CAP_NET_BIND_SERVICE", "CAP_NET_BROADCAST",
			"CAP_NET_ADMIN", "CAP_NET_RAW", "CAP_IPC_LOCK", "CAP_IPC_OWNER",
			"CAP_SYS_MODULE", "CAP_SYS_RAWIO", "CAP_SYS_CHROOT", "CAP_SYS_PTRACE",
			"CAP_SYS_PACCT", "CAP_SYS_ADMIN", "CAP_SYS_BOOT", "CAP_SYS_NICE",
			"CAP_SYS_RESOURCE", "CAP_SYS_TIME", "CAP_SYS_TTY_CONFIG", "CAP_MKNOD",
			"CAP_LEASE", "CAP_AUDIT_WRITE", "CAP_AUDIT_CONTROL", "CAP_SETFCAP",
			"CAP_MAC_OVERRIDE", "CAP_MAC_ADMIN", "CAP_SYSLOG", "CAP_WAKE_ALARM",
			"CAP_BLOCK_SUSPEND", "CAP_AUDIT_READ", "CAP_PERFMON", "CAP_BPF",
			"CAP_CHECKPOINT_RESTORE"],
		"cgroup": {"v1": false, "v2": true, "systemd": true, "systemdUser": true, "rdma": true},
		"seccomp": {"enabled": true,
			"actions": ["SCMP_ACT_KILL", "SCMP_ACT_KILL_PROCESS", "SCMP_ACT_KILL_THREAD", "SCMP_ACT_TRAP",
				"SCMP_ACT_ERRNO", "SCMP_ACT_TRACE", "SCMP_ACT_ALLOW", "SCMP_ACT_LOG", "SCMP_ACT_NOTIFY"],
			"operators": ["SCMP_CMP_NE", "SCMP_CMP_LT", "SCMP_CMP_LE", "SCMP_CMP_EQ", "SCMP_CMP_GE", "SCMP_CMP_GT",
				"SCMP_CMP_MASKED_EQ"],
			"knownFlags": ["SECCOMP_FILTER_FLAG_TSYNC", "SECCOMP_FILTER_FLAG_LOG",
				"SECCOMP_FILTER_FLAG_SPEC_ALLOW", "SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV"],
			"supportedFlags": ["SECCOMP_FILTER_FLAG_TSYNC", "SECCOMP_FILTER_FLAG_LOG",
				"SECCOMP_FILTER_FLAG_SPEC_ALLOW", "SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV"]},
		"apparmor": {"enabled": true}, "selinux": {"enabled": true},
		"intelRdt": {"enabled": true, "schemata": true, "monitoring": true},
		"memoryPolicy": {
			"modes": ["MPOL_DEFAULT", "MPOL_BIND", "MPOL_INTERLEAVE", "MPOL_WEIGHTED_INTERLEAVE", "MPOL_PREFERRED",
				"MPOL_PREFERRED_MANY", "MPOL_LOCAL"],
			"flags": ["MPOL_F_NUMA_BALANCING", "MPOL_F_RELATIVE_NODES", "MPOL_F_STATIC_NODES"]},
		"mountExtensions": {"idmap": {"enabled": true}},
		"netDevices": {"enabled": true}
	},
	"potentiallyUnsafeConfigAnnotations": ["run.oci.", "run.vert.", "org.systemd.property.", "org.criu."]
	}
	EOF
}

@test "features: the whole document, each word of the specification and none besides" {
	only_vert
	local ours='["copy-symlink", "dest-nofollow", "src-nofollow", "rsync", "rasync", "rdirsync", "rmand", "rnomand"]' systemd
	# Built without systemd's library there is nothing to say about it.
	systemd=$(vert features | jq .linux.cgroup.systemd)
	vert --version | grep -q -- "+SYSTEMD" && [ "$systemd" = true ] || [ "$systemd" = false ]
	diff <(expected | jq -S --argjson s "$systemd" '.linux.cgroup.systemd = $s | .linux.cgroup.systemdUser = $s
			| walk(if type == "array" then sort else . end)') \
		<(vert features | jq -S --argjson ours "$ours" 'del(.annotations, .linux.seccomp.archs)
			| .mountOptions -= $ours | walk(if type == "array" then sort else . end)')
	vert features | jq -e --argjson ours "$ours" '$ours - .mountOptions == []'
}

@test "features: the architectures are the specification's, whatever the seccomp library knows" {
	only_vert
	requires seccomp
	local known='["X86", "X86_64", "X32", "ARM", "AARCH64", "MIPS", "MIPS64", "MIPS64N32", "MIPSEL", "MIPSEL64", "MIPSEL64N32",
		"PPC", "PPC64", "PPC64LE", "S390", "S390X", "PARISC", "PARISC64", "RISCV64", "LOONGARCH64", "M68K", "SH", "SHEB"]'
	vert features | jq -e --argjson k "$known" '[.linux.seccomp.archs[] | ltrimstr("SCMP_ARCH_")] | sort == ($k | sort)'
}

@test "features: checkpoint is announced where crun's and runc's callers look, and is there" {
	only_vert
	vert features | jq -e '.annotations["org.opencontainers.runc.checkpoint.enabled"] == "true"'
	vert --version | grep -qw -- +CRIU
	vert checkpoint --help
	vert restore --help
}

@test "features: is JSON and nothing on stderr" {
	only_vert "crun 1.8 has no features"
	run --separate-stderr vert features
	succeeded
	[ -z "$stderr" ]
	jq -e . <<<"$output"
}

@test "features: both versions are there and in order" {
	only_vert
	vert features | jq -e '.ociVersionMin == "1.0.0" and (.ociVersionMax | test("^1\\.[0-9]+\\.[0-9]+"))'
}

@test "features: all six hooks" {
	only_vert
	vert features | jq -e '.hooks | sort == (["prestart", "createRuntime", "createContainer",
		"startContainer", "poststart", "poststop"] | sort)'
}

@test "features: every mount option of the specification" {
	only_vert
	vert features | jq -e '["async","atime","bind","defaults","dev","diratime","dirsync","exec",
		"iversion","lazytime","loud","mand","noatime","nodev","nodiratime","noexec","noiversion",
		"nolazytime","nomand","norelatime","nostrictatime","nosuid","nosymfollow","private",
		"ratime","rbind","rdev","rdiratime","relatime","remount","rexec","rnoatime","rnodev",
		"rnodiratime","rnoexec","rnorelatime","rnostrictatime","rnosuid","rnosymfollow","ro",
		"rprivate","rrelatime","rro","rrw","rshared","rslave","rstrictatime","rsuid",
		"rsymfollow","runbindable","rw","shared","silent","slave","strictatime","suid",
		"symfollow","sync","tmpcopyup","unbindable"] - .mountOptions == []'
}

@test "features: all eight namespaces" {
	only_vert
	vert features | jq -e '.linux.namespaces | sort ==
		["cgroup","ipc","mount","network","pid","time","user","uts"]'
}

@test "features: capabilities, control groups, seccomp, modules, idmapped mounts" {
	only_vert
	vert features | jq -e '.linux |
		(.capabilities | index("CAP_CHOWN") != null and index("CAP_CHECKPOINT_RESTORE") != null)
		and .cgroup.v2 == true
		and .seccomp.enabled == true
		and (.seccomp.actions | index("SCMP_ACT_ERRNO") != null and index("SCMP_ACT_NOTIFY") != null)
		and (.seccomp.operators | length == 7)
		and (.seccomp.archs | index("SCMP_ARCH_X86_64") != null)
		and (.seccomp.knownFlags | index("SECCOMP_FILTER_FLAG_LOG") != null)
		and (.apparmor.enabled | type == "boolean")
		and (.selinux.enabled | type == "boolean")
		and .mountExtensions.idmap.enabled == true'
}

@test "features: capabilities are all that the kernel headers name" {
	only_vert
	vert features | jq -e '.linux.capabilities | length == 41 and (unique | length) == 41'
}

@test "features: cgroup says what is implemented, version 2, systemd of system and user, rdma" {
	only_vert
	vert features | jq -e '.linux.cgroup == {v1: false, v2: true, systemd: true, systemdUser: true, rdma: true}'
}

@test "features: each seccomp action, operator, architecture and flag that is listed is recognized" {
	only_vert
	requires seccomp
	local word
	vert features | jq -e '.linux.seccomp | .enabled and (.actions | length == 9) and (.operators | length == 7)
		and (.archs | length == 23) and (.knownFlags | length == 4) and (.supportedFlags - .knownFlags == [])'
	for word in $(vert features | jq -r '.linux.seccomp.actions[] | select(. != "SCMP_ACT_NOTIFY")'); do
		cfg '.linux.seccomp = {defaultAction: "SCMP_ACT_ALLOW", syscalls: [{names: ["uselib"], action: $w}]}' --arg w "$word"
		run_ok
	done
	for word in $(vert features | jq -r '.linux.seccomp.operators[]'); do
		cfg '.linux.seccomp = {defaultAction: "SCMP_ACT_ALLOW", syscalls: [{names: ["uselib"], action: "SCMP_ACT_ERRNO",
			args: [{index: 0, value: 1, valueTwo: 1, op: $w}]}]}' --arg w "$word"
		run_ok
	done
	for word in $(vert features | jq -r '.linux.seccomp.archs[]'); do
		cfg '.linux.seccomp = {defaultAction: "SCMP_ACT_ALLOW", architectures: [$w],
			syscalls: [{names: ["mkdir", "mkdirat"], action: "SCMP_ACT_ERRNO", errnoRet: 33}]}' --arg w "$word"
		probe try mkdir
		has try.mkdir=EDOM
	done
}

@test "features: memory policies and flags, intelRdt, network devices, idmapped mounts, labels" {
	only_vert
	vert features | jq -e '.linux | (.memoryPolicy.modes | length == 7) and (.memoryPolicy.flags | length == 3)
		and .intelRdt == {enabled: true, schemata: true, monitoring: true} and .netDevices == {enabled: true}
		and .mountExtensions == {idmap: {enabled: true}} and .apparmor == {enabled: true} and .selinux == {enabled: true}'
}

@test "features: each hook and namespace that is listed is recognized" {
	only_vert
	local word
	for word in $(vert features | jq -r '.hooks[]'); do
		cfg '.hooks = {($w): [{path: "relative"}]}' --arg w "$word"
		refused_run "hooks.$word[0]"
	done
	cfg 'del(.hooks)'
	for word in $(vert features | jq -r '.linux.namespaces[]'); do
		cfg '.linux.namespaces = [{type: $w}, {type: $w}]' --arg w "$word"
		refused_run "listed twice"
	done
}

@test "features: both versions are accepted as ociVersion, and nothing depends on the host" {
	only_vert
	local version
	for version in $(vert features | jq -r '.ociVersionMin, .ociVersionMax'); do
		cfg '.ociVersion = $v' --arg v "$version"
		run_ok
	done
	[ "$(vert features)" = "$(env -i "$RUNTIME" features)" ]
	vert features | jq -e '[.. | nulls] == []'
	vert features | jq -e '.annotations | type == "object" and all(keys[]; length > 0) and all(.[]; type == "string")'
}

@test "features: unsafe annotations are named" {
	only_vert
	vert features | jq -e '.potentiallyUnsafeConfigAnnotations | type == "array" and index("run.oci.") != null
		and index("run.vert.") != null and index("org.systemd.property.") != null'
}

@test "features: the newest Landlock ABI, and core scheduling" {
	only_vert
	vert features | jq -e '.annotations["run.vert.landlock.abi"] == "6" and .annotations["run.vert.core_sched"] == "true"'
}

@test "features: an argument is refused" {
	only_vert
	refused "" vert features extra
}
