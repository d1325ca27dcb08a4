#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Configurations written by others: every config.json in tests/data/engines, as Podman, Buildah, containerd, its CRI
# plugin, Docker, BuildKit, crun and runc wrote it, is parsed, planned and run.  Only what names things of the
# machine it was written on is replaced: the root, the program, sources of bind mounts, joined namespaces, hooks,
# labels, and limits whose controllers this host may not have.

load helpers

data=${BATS_TEST_DIRNAME}/../data/engines

setup() {
	requires root
	setup_bundle
	mkdir -p "$TMP/source" "$TMP/lower" "$TMP/upper" "$TMP/work"
	cp "$BUNDLE/config.json" "$TMP/own.json"
}

teardown() {
	teardown_bundle
}

# The configuration FILE, fit for this host, with our own probe as its program.
adapt() {
	jq --arg root "$(jq -r .root.path "$TMP/own.json")" --arg tmp "$TMP" --arg cgroup "$CG/$ID" \
		 '
		def is_bind: (.options // []) | any(. == "bind" or . == "rbind");
		.root.path = $root
		| .process.terminal = false | .process.args = ["/bin/probe", "exit", "42"] | .process.cwd = "/"
		| del(.hooks, .process.apparmorProfile, .process.selinuxLabel, .linux.mountLabel)
		| .linux.namespaces |= map(del(.path))
		| .linux.cgroupsPath = $cgroup
		| del(.linux.resources | .memory?, .pids?, .cpu?, .unified?, .blockIO?, .hugepageLimits?)
		| if .process.oomScoreAdj then .process.oomScoreAdj = 200 else . end
		| if .process.rlimits then .process.rlimits |= map(.soft = 64 | .hard = 64) else . end
		| .mounts |= map(
			if is_bind and (.source == "/dev" or .source == "/dev/pts" or .source == "/dev/shm"
				or (.source | startswith("/sys") or startswith("/proc")))
			then .
			elif is_bind and (.source | test("^/dev/(null|zero|full|random|urandom|tty)$"))
			then .
			elif is_bind and .source != "/dev/mqueue" and (.source | startswith("/dev/"))
			then .source = "/dev/null"
			elif is_bind
			then .source = $tmp + "/source"
			elif .type == "overlay"
			then .options = ["lowerdir=" + $tmp + "/lower", "upperdir=" + $tmp + "/upper",
				"workdir=" + $tmp + "/work"]
			else . end)
	' "$1"
}

# Runs every configuration whose name begins with one of the words.
try_all() {
	local file word tried=0
	for word; do
		for file in "$data/$word"*.json; do
			[[ $file != *.process.json && $file != *.resources.json && $file != *spec-*-rootless.json ]] ||
				continue
			adapt "$file" >"$BUNDLE/config.json"
			# The engine's image has them; a container with mapped ids could not make them in ours.
			jq -r '.mounts[].destination' "$BUNDLE/config.json" | while read -r dir; do
				case $dir in
				/dev/* | /proc/* | /sys/* | /etc/* | /run/.containerenv) ;;
				*) mkdir -p "$(cd "$BUNDLE" && realpath "$(jq -r .root.path "$TMP/own.json")")$dir" ;;
				esac
			done
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
