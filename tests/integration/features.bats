#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# features: what features.md and features-linux.md define, as JSON.

load helpers

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
		and (.archs | length >= 17) and (.knownFlags | length == 4) and (.supportedFlags - .knownFlags == [])'
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
		cfg '.linux.seccomp = {defaultAction: "SCMP_ACT_ALLOW", architectures: [$w]}' --arg w "$word"
		run_split vert create --bundle "$BUNDLE" "$ID"
		# libseccomp cannot filter the other byte order; an unknown name would be another error.
		[ "$status" = 0 ] && vert delete --force "$ID" || [[ $stderr == *"cannot be filtered here"* ]] || {
			echo "$word: $stderr"
			return 1
		}
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
