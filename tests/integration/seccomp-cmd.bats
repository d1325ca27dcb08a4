#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# vert seccomp: what it shows, compiles and explains is what the kernel does.

load helpers

setup() {
	requires seccomp
	only_vert
	setup_bundle
}

teardown() {
	[ -z "${BUNDLE-}" ] || teardown_bundle
}

# The filter that an engine gives its containers; refusals are told by an errno that no call gives by itself.
use_profile() {
	cfg '.linux.seccomp = ($from[0].linux.seccomp | if .defaultAction == "SCMP_ACT_ERRNO"
			then .defaultErrnoRet = 33 else . end)' \
		--slurpfile from "$BATS_TEST_DIRNAME/../data/engines/$1.json"
}

why() {
	vert seccomp why --bundle "$BUNDLE" "$@"
}

@test "seccomp why: agrees with the kernel for every system call that can be tried" {
	local line nr got want tried=0
	[ "$(uname -m)" = x86_64 ] || skip "numbers of x86_64"
	use_profile docker-plain
	probe raw 0 334 , raw 424 460
	# Compiled once: the answers come from the program alone.
	cfg 'del(.linux.seccomp) | .annotations["run.oci.seccomp_bpf_data"] = $p' \
		--arg p "$(vert seccomp compile --bundle "$BUNDLE" --format base64)"
	while IFS= read -r line; do
		nr=${line#call.} got=${nr#*=} nr=${nr%%=*}
		want=$(why -- "$nr" -1 -1 -1 -1 -1 -1)
		want=${want%% *}
		case $want in
		"ERRNO(EDOM)") [ "$got" = EDOM ] ;;
		"ERRNO(ENOSYS)") [ "$got" = ENOSYS ] ;;
		ALLOW) [ "$got" != EDOM ] ;;
		*) false ;;
		esac || { echo "call $nr: the kernel says $got, vert $want"; return 1; }
		tried=$((tried + 1))
	done < <(grep '^call\.' <<<"$output")
	echo "tried $tried"
	[ "$tried" -gt 350 ]
}

@test "seccomp why: names the rule, the default, and rules whose conditions do not hold" {
	use_profile docker-plain
	run -0 why mount
	[ "$output" = "ERRNO(EDOM) by default (linux.seccomp.defaultAction)" ]
	run -0 why clone3
	[ "$output" = "ERRNO(ENOSYS) by rule 11 (linux.seccomp.syscalls[11])" ]
	run -0 why read
	[ "$output" = "ALLOW by rule 0 (linux.seccomp.syscalls[0])" ]
	run -0 why socket 40
	[ "${lines[0]}" = "ERRNO(EDOM) by default (linux.seccomp.defaultAction)" ]
	[ "${lines[1]}" = "  rule 2 names socket, and would be ALLOW when arg0 != 0x28" ]
	run -0 why --arch arm read
	[[ $output == "KILL_THREAD: the profile has no architecture arm"* ]]
	cfg 'del(.linux.seccomp)'
	run -0 why mount
	[ "$output" = "ALLOW: there is no filter" ]
}

@test "seccomp why: what is no call and no number is refused" {
	use_profile docker-plain
	refused "unknown system call 'frobnicate'" why frobnicate
	refused "argument 0 is no number: '8x'" why personality 8x
	refused "wants a system call" vert seccomp why --bundle "$BUNDLE"
	refused "at most 6 arguments" why read 1 2 3 4 5 6 7
}

@test "seccomp compile: the program is the one that a start loads" {
	use_profile docker-plain
	run -0 vert seccomp compile --bundle "$BUNDLE" --output "$TMP/program"
	[ -s "$TMP/program" ]
	# As a ready-made program in place of the rules, it refuses the same calls.
	cfg 'del(.linux.seccomp) | .annotations["run.oci.seccomp_bpf_data"] = $p' \
		--arg p "$(vert seccomp compile --bundle "$BUNDLE" --format base64)"
	run -0 vert seccomp compile --bundle "$BUNDLE" --output "$TMP/again"
	cmp "$TMP/program" "$TMP/again"
	run -0 why mount
	[ "$output" = "ERRNO(EDOM) by the ready-made program (run.oci.seccomp_bpf_data)" ]
	probe try personality , caps
	has seccomp=2
}

@test "seccomp compile: the cache of a start holds the same bytes" {
	use_profile docker-plain
	probe caps
	vert seccomp compile --bundle "$BUNDLE" --output "$TMP/program"
	# Behind the 40 bytes of the entry's head.
	cmp "$TMP/program" <(tail -c +41 "$ROOT"/.cache/seccomp/*)
}

@test "seccomp compile: as text, one line for each instruction" {
	use_profile docker-plain
	local n
	n=$(vert seccomp show --bundle "$BUNDLE" --format json | jq .program.instructions)
	run -0 vert seccomp compile --bundle "$BUNDLE" --format text
	[ "${#lines[@]}" = "$n" ]
	[ "${lines[0]}" = "   0  a = arch" ]
	like 'return ERRNO\(33\)' 'return ALLOW'
	unlike ' code 0x'
}

@test "seccomp show: actions, conditions, architectures, flags, size" {
	use_profile docker-plain
	run -0 vert seccomp show --bundle "$BUNDLE"
	has "default: ERRNO(EDOM)" "architectures: SCMP_ARCH_X86_64 SCMP_ARCH_X86 SCMP_ARCH_X32" "flags: SPEC_ALLOW" \
		"ALLOW" "ERRNO(ENOSYS)" "  clone3" "  socket when arg0 != 0x28" "  clone when arg0 & 0x7e020000 == 0"
	like '^program: [0-9]+ instructions, [0-9]+ bytes$' '^allowed without running it .*: [0-9]+ of [0-9]+ system calls$'
	cfg '.linux.seccomp.syscalls += [{names: ["no_such_call"], action: "SCMP_ACT_ALLOW"}]
		| .linux.seccomp.flags = ["SECCOMP_FILTER_FLAG_LOG"]'
	run -0 vert seccomp show --bundle "$BUNDLE"
	has "flags: LOG" "unknown to this libseccomp, and left out" "  no_such_call"
	vert seccomp show --bundle "$BUNDLE" --format json | jq -e '.default == "ERRNO(EDOM)" and .flags == ["LOG"]
		and .unknown == ["no_such_call"] and .rules[2].when == "arg0 != 0x28" and .program.instructions > 100
		and .program.bytes == 8 * .program.instructions and .program.notRunFor > 100'
}

@test "seccomp show: a profile of its own file; one for an engine is not misread" {
	use_profile podman-plain
	jq .linux.seccomp "$BUNDLE/config.json" >"$TMP/profile.json"
	run -0 vert seccomp show "$TMP/profile.json"
	has "default: ERRNO(EDOM)"
	run -0 vert seccomp why --profile - reboot <"$TMP/profile.json"
	[[ $output == "ALLOW by rule 1 ("* ]]
	jq '.syscalls[0].includes = {caps: ["CAP_SYS_ADMIN"]}' "$TMP/profile.json" >"$TMP/template.json"
	refused "is a profile for an engine: it has 'syscalls[0].includes'" vert seccomp show "$TMP/template.json"
	run -0 vert seccomp show --bundle "$BUNDLE" --format json
	cfg 'del(.linux.seccomp)'
	run -0 vert seccomp show --bundle "$BUNDLE"
	[ "$output" = "no filter: every system call is allowed" ]
}
