#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# spec: writes a config.json to begin with.

load helpers

@test "spec: writes a config.json of the specification's version into the current directory" {
	mkdir new && cd new
	run vert spec
	succeeded
	[ -z "$output" ]
	jq -e '(.ociVersion | test("^1\\.")) and .root.path == "rootfs" and .process.args[0] == "sh"
		and .process.cwd == "/" and .process.terminal == true
		and ([.linux.namespaces[].type] | contains(["pid", "network", "ipc", "uts", "mount"]))
		and ([.mounts[].destination] | contains(["/proc", "/dev", "/dev/pts", "/dev/shm", "/sys"]))
		and (.linux.maskedPaths | length > 3) and (.linux.readonlyPaths | length > 3)' config.json
}

@test "spec: --bundle names the directory" {
	mkdir new
	vert spec --bundle new
	jq -e .ociVersion new/config.json
	mkdir other
	vert spec -b "$TMP/other"
	jq -e .ociVersion other/config.json
}

@test "spec: an existing config.json is refused and kept" {
	cd "$BUNDLE"
	cp config.json before
	refused "config.json" vert spec
	cmp config.json before
}

@test "spec: a directory that is not there is refused" {
	refused "" vert spec --bundle nowhere
}

@test "spec: what it writes runs" {
	requires root
	mkdir new && mv bundle/rootfs new/
	vert spec --bundle new
	BUNDLE=$TMP/new
	cfg '.process.terminal = false | .process.args = ["/bin/probe", "caps", ",", "uts"]'
	# Raising the limit back needs a capability that a tested environment may lack.
	has_cap SYS_RESOURCE || cfg 'del(.process.rlimits)'
	run_ok
	has cap.effective=CAP_KILL,CAP_NET_BIND_SERVICE,CAP_AUDIT_WRITE no_new_privs=1
	like '^hostname=.+'
}

@test "spec: --rootless writes one for an ordinary user, with the caller mapped to root" {
	mkdir new
	vert spec --rootless --bundle new
	jq -e --argjson uid "$(id -u)" --argjson gid "$(id -g)" '
		([.linux.namespaces[].type] | contains(["user"]))
		and .linux.uidMappings == [{containerID: 0, hostID: $uid, size: 1}]
		and .linux.gidMappings == [{containerID: 0, hostID: $gid, size: 1}]
		and ([.linux.namespaces[].type] | index("network") == null)' new/config.json
}

@test "spec: what --rootless writes runs as an ordinary user" {
	requires rootless
	mkdir new && mv bundle/rootfs new/
	vert spec --rootless --bundle new
	BUNDLE=$TMP/new
	cfg '.process.terminal = false | .process.args = ["/bin/probe", "id", ",", "idmap"]
		| del(.process.rlimits)'
	run_ok
	has uid=0,0,0
	like "^uid_map= +0 +$(id -u) +1\$"
}
