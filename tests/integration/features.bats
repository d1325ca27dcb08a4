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

@test "features: unsafe annotations are named" {
	only_vert
	vert features | jq -e '.potentiallyUnsafeConfigAnnotations | index("run.oci.") != null and index("run.vert.") != null'
}

@test "features: the newest Landlock ABI, and core scheduling" {
	only_vert
	vert features | jq -e '.annotations["run.vert.landlock.abi"] == "6" and .annotations["run.vert.core_sched"] == "true"'
}

@test "features: an argument is refused" {
	only_vert
	refused "" vert features extra
}
