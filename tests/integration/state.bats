#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# state: what runtime.md calls the state of a container, as JSON.

load helpers

@test "state: has every property" {
	cfg '.annotations = {"org.example.key": "value"}'
	create "$ID"
	run --separate-stderr vert state "$ID"
	succeeded
	[ -z "$stderr" ]
	jq -e --arg id "$ID" --arg bundle "$BUNDLE" '
		.id == $id and .status == "created" and .bundle == $bundle
		and .rootfs == $bundle + "/rootfs"
		and (.pid | type == "number" and . > 0)
		and (.ociVersion | test("^1\\.[0-9]+\\.[0-9]+"))
		and (.owner | type == "string")
		and .annotations == {"org.example.key": "value"}' <<<"$output"
}

@test "state: created is a time of RFC 3339 and does not change" {
	create "$ID"
	local created
	created=$(state "$ID" created)
	[[ $created =~ ^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:]{8}(\.[0-9]+)?(Z|[+-][0-9]{2}:[0-9]{2})$ ]]
	[ $(($(date +%s) - $(date -d "$created" +%s))) -lt 60 ]
	vert start "$ID"
	[ "$(state "$ID" created)" = "$created" ]
}

@test "state: goes from created over running to stopped" {
	args wait-file /data/go
	create "$ID"
	is_status "$ID" created
	vert start "$ID"
	is_status "$ID" running
	touch "$BUNDLE/rootfs/data/go"
	within 5 is_status "$ID" stopped
	[ "$(state "$ID" pid)" = 0 ]
}

@test "state: is paused while the container is frozen" {
	requires cgroup
	start_sleeper
	vert pause "$ID"
	is_status "$ID" paused
	vert resume "$ID"
	is_status "$ID" running
}

@test "state: the pid is the container's process" {
	start_sleeper
	[ "$(cat "/proc/$(state "$ID" pid)/comm")" = probe ]
}

@test "state: an unknown container is refused" {
	only_vert
	refused "container does not exist: '$ID'" vert state "$ID"
	[ -z "$output" ]
	# An engine takes "no such file" for a missing command.
	[[ ${stderr,,} != *"no such file"* ]]
}

@test "state: without an id it is refused" {
	refused "" vert state
}

@test "state: a container killed from outside is stopped" {
	start_sleeper
	kill -KILL "$(state "$ID" pid)"
	within 5 is_status "$ID" stopped
}

@test "state: the owner is the caller" {
	create "$ID"
	[ "$(state "$ID" owner)" = "$(id -un)" ] || [ "$(state "$ID" owner)" = "$(id -u)" ]
}

@test "state: characters that JSON escapes come back as they were" {
	cfg '.annotations = {"k": "quote \" backslash \\ newline \n tab \t bell \u0007 euro \u20ac"}'
	create "$ID"
	[ "$(state "$ID" annotations.k)" = "$(jq -r .annotations.k "$BUNDLE/config.json")" ]
}

@test "state: a bundle path with spaces and quotes works" {
	mv bundle "a \"strange\" b'undle"
	BUNDLE="$TMP/a \"strange\" b'undle"
	run_ok
	[ "$output" = hello ]
	create "$ID"
	[ "$(state "$ID" bundle)" = "$BUNDLE" ]
}
