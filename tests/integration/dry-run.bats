#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# run and create --dry-run: what would be done, as text and as JSON, and nothing is done.

load helpers

setup() {
	setup_bundle
	only_vert
	DATA=$BATS_TEST_DIRNAME/../data/engines
}

# plan FILTER OPTION...: true for the JSON of the plan, of which nothing remains but the text.
plan() {
	local filter=$1
	shift
	vert run --dry-run --format json --bundle "$BUNDLE" "$@" "$ID" >"$TMP/plan"
	jq -e "$filter" "$TMP/plan" >/dev/null || { jq -c . "$TMP/plan"; return 1; }
	nothing_left -v
	[ ! -e "$ROOT" ]
}

@test "dry-run: namespaces, mounts in order, control group, capabilities, steps" {
	cfg '.linux.resources.unified = {"cgroup.max.depth": "5"} | .process.capabilities.bounding = ["CAP_KILL", "CAP_CHOWN"]
		| .mounts += [{destination: "/data", source: "/", type: "none", options: ["rbind", "ro", "nosuid"]}]'
	plan '.id == "'"$ID"'" and (.namespaces | map(.type) | contains(["mount", "pid"]))
		and .mounts[0].target == "/proc" and (.mounts | last | .target == "/data" and .kind == "bind" and .recursive
			and (.flags | contains(["nosuid", "ro"])))
		and .process.capabilities.bounding == ["CAP_CHOWN", "CAP_KILL"]'
	[ -z "$CG" ] || plan '.cgroup.path == "'"$CG/$ID"'" and (.cgroup.writes | any(.file == "cgroup.max.depth" and .value == "5"))'
}

@test "dry-run: the steps are those that are carried out" {
	local faults=${VERT_FAULTS:-$BATS_TEST_DIRNAME/../../build/faults/vert}
	"$faults" --version >/dev/null 2>&1 || skip "needs a build with --enable-test-faults: tests/build-faults"
	RUNTIME=$faults
	argv /bin/true
	plan '.steps.launcher | length > 5'
	VERT_STEPS=$TMP/steps vert run --bundle "$BUNDLE" "$ID" </dev/null
	diff <(jq -r '.steps.launcher[] | "launch:" + .' "$TMP/plan") <(grep ^launch: "$TMP/steps")
	diff <(jq -r '.steps.init[] | "init:" + .' "$TMP/plan") <(grep ^init: "$TMP/steps")
}

@test "dry-run: a seccomp filter has a size, and is not put into the cache" {
	cfg '.linux.seccomp = {defaultAction: "SCMP_ACT_ALLOW", syscalls: [{names: ["swapon"], action: "SCMP_ACT_ERRNO"}]}'
	plan '.process.seccomp.instructions > 3'
}

@test "dry-run: hooks are told and not run" {
	cfg '.hooks.createRuntime = [{path: "/bin/sh", args: ["sh", "-c", $c], timeout: 3}]' --arg c "touch '$TMP/ran'"
	plan '.hooks.createRuntime == [{path: "/bin/sh", args: ["sh", "-c", "touch '"'$TMP/ran'"'"], timeout: 3}]'
	[ ! -e "$TMP/ran" ]
}

@test "dry-run: what engines write is planned, as text and as JSON of the same facts" {
	local file seen=0
	GLOBAL=(--root "$TMP/none")
	for file in docker-limits docker-privileged docker-terminal podman-plain podman-systemd podman-volumes ctr-security \
		cri-secured buildah-run rootless-plain rootless-limits; do
		file=$DATA/$file.json
		# What this host or this user lacks is left out; what is refused all the same has no plan.
		jq --arg r "$BUNDLE/rootfs" '.root.path = $r | .process.terminal = false
			| del(.process.apparmorProfile, .process.selinuxLabel, .linux.mountLabel)
			| .annotations["run.vert.unenforceable"] = "ignore"' "$file" >"$TMP/config.json"
		vert create --dry-run --bundle "$BUNDLE" --config "$TMP/config.json" "$ID" >"$TMP/text" 2>"$TMP/said" ||
			{ [ ! -s "$TMP/text" ] && [ -s "$TMP/said" ] && echo "${file##*/}: $(head -n1 "$TMP/said")" && continue; }
		vert create --dry-run --format json --bundle "$BUNDLE" --config "$TMP/config.json" "$ID" >"$TMP/json"
		[ "$(jq -r '[(.mounts | length), (.namespaces | length), .process.seccomp.instructions // "",
			(.cgroup.writes // [] | length)] | join(" ")' "$TMP/json")" = "$(
			grep -cE '^r?(bind|mount|bind-cgroup|remount) /' "$TMP/text"
			) $(grep -c '^namespace ' "$TMP/text"
			) $(sed -n 's/^seccomp \([0-9]*\) instr.*/\1/p' "$TMP/text"
			) $(grep -c '^write ' "$TMP/text")" ]
		seen=$((seen + 1))
	done
	echo "planned $seen"
	[ "$seen" -ge 9 ]
	[ ! -e "$TMP/none" ]
	nothing_left -v
}

@test "dry-run: --format without --dry-run, and an unknown format, are refused" {
	refused "--dry-run" vert run --format json --bundle "$BUNDLE" "$ID"
	refused "format" vert run --dry-run --format yaml --bundle "$BUNDLE" "$ID"
}
