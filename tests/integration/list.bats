#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# list: the containers of a state directory.

load helpers

@test "list: shows each container with its status" {
	create "$ID.a"
	args fork 0
	start_new "$ID.b"
	run vert list
	succeeded
	like "^$ID\.a +$(state "$ID.a" pid) +created +$BUNDLE +" \
		"^$ID\.b +$(state "$ID.b" pid) +running +$BUNDLE +"
	[ "${#lines[@]}" = 3 ]
}

@test "list: the table's first line names the columns" {
	run vert list
	succeeded
	[[ ${lines[0]} == *PID*STATUS*BUNDLE*CREATED*OWNER* ]]
	[ "${#lines[@]}" = 1 ]
}

@test "list: --format json is an array of the containers' states" {
	create "$ID"
	run --separate-stderr vert list --format json
	succeeded
	[ -z "$stderr" ]
	jq -e --arg id "$ID" --arg bundle "$BUNDLE" 'length == 1 and (.[0] |
		.id == $id and .bundle == $bundle and .status == "created" and .pid > 0
		and (.created | test("^[0-9]{4}-")) and (.owner | type == "string"))' <<<"$output"
}

@test "list: --format=json and -f json are the same" {
	create "$ID"
	[ "$(vert list --format=json | jq -r '.[].id')" = "$ID" ]
	[ "$(vert list -f json | jq -r '.[].id')" = "$ID" ]
}

@test "list: --format json without containers is an empty array" {
	only_vert
	[ "$(vert list --format json | jq -c .)" = '[]' ]
	mkdir -p "$ROOT"
	[ "$(vert list --format json | jq -c .)" = '[]' ]
}

@test "list: --quiet prints the ids alone" {
	create "$ID.a"
	create "$ID.b"
	run vert list --quiet
	succeeded
	[ "$(sort <<<"$output")" = "$ID.a"$'\n'"$ID.b" ]
	run vert list -q
	[ "${#lines[@]}" = 2 ]
}

@test "list: another format is refused" {
	only_vert
	refused "format" vert list --format yaml
}

@test "list: a stopped container stays in the list until it is deleted" {
	start_new "$ID"
	within 5 is_status "$ID" stopped
	[ "$(vert list -f json | jq -c '.[] | [.id, .pid, .status]')" = "[\"$ID\",0,\"stopped\"]" ]
	vert delete "$ID"
	[ -z "$(vert list -q)" ]
}

@test "list: a damaged state does not hide the others" {
	only_vert
	create "$ID.good"
	mkdir "$ROOT/$ID.bad"
	run --separate-stderr vert list -q
	[[ $output == *"$ID.good"* ]]
	rm -rf "${ROOT:?}/$ID.bad"
}

@test "list: works while containers come and go" {
	local i
	bg bash -c "for i in 1 2 3 4 5 6 7 8; do
		'$RUNTIME' --root '$ROOT' run --bundle '$BUNDLE' '$ID'; done"
	for ((i = 0; i < 20; i++)); do
		vert list -f json >list.json
		jq -e 'type == "array" or . == null' list.json
	done
	wait "${BACKGROUND[0]}"
}
