#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Configurations written by others: every config.json in tests/data/engines, as Podman, Buildah, containerd, its CRI
# plugin, Docker, BuildKit, crun and runc wrote it, is parsed, planned and run.  Only what names things of the
# machine it was written on is replaced: the root, the program, sources of bind mounts, joined namespaces, hooks,
# labels, and limits whose controllers this host may not have.

load helpers
load engines

setup() {
	requires root
	setup_bundle
	mkdir -p "$TMP/source" "$TMP/lower" "$TMP/upper" "$TMP/work"
	cp "$BUNDLE/config.json" "$TMP/own.json"
}

teardown() {
	teardown_bundle
}

# Runs every configuration whose name begins with one of the words.
try_all() {
	local file word tried=0
	for word; do
		for file in "$data/$word"*.json; do
			[[ $file != *.process.json && $file != *.resources.json && $file != *spec-*-rootless.json ]] ||
				continue
			adapt "$file" >"$BUNDLE/config.json"
			make_mount_points
			run vert run --bundle "$BUNDLE" "$ID"
			[ "$status" = 42 ] || { echo "$(basename "$file"): status $status: $output"; return 1; }
			nothing_left -v
			tried=$((tried + 1))
		done
	done
	[ "$tried" -gt 0 ]
	echo "# $tried configurations"
}

@test "engines: what Podman writes runs" {
	try_all podman-
}

@test "engines: what rootless Podman writes runs" {
	try_all rootless-
}

@test "engines: what Buildah and BuildKit write runs" {
	try_all buildah- buildkit docker-build
}

@test "engines: what containerd and its CRI plugin write runs" {
	try_all ctr- cri-
}

@test "engines: what Docker writes runs" {
	try_all docker-
}

@test "engines: what crun spec and runc spec write runs" {
	try_all spec-
}
