#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# The words that engines classify failures by, and the exit statuses: the list in the file engine-words.

load helpers

setup() {
	setup_bundle
	only_vert
	GLOBAL=(--log "$TMP/log" --log-format json)
	SEEN=()
}

# situation NAME COMMAND...: it fails with the status and the words of each line of that name.
situation() {
	local name=$1 row status_wanted words n=0
	shift
	: >"$TMP/log"
	run_split "$@"
	[ "$(wc -l <"$TMP/log")" = 1 ] || { echo "$name: not one line: $(cat "$TMP/log"); $stderr"; return 1; }
	while read -r row status_wanted words; do
		[ "$row" = "$name" ] || continue
		n=$((n + 1))
		[ "$status" = "$status_wanted" ] || { echo "$name: status $status, not $status_wanted"; return 1; }
		jq -e --arg words "$words" '.msg | ascii_downcase | contains($words)' "$TMP/log" >/dev/null ||
			{ echo "$name: no \"$words\" in: $(cat "$TMP/log")"; return 1; }
	done < <(grep -v '^#' "$BATS_TEST_DIRNAME/engine-words")
	[ "$n" -gt 0 ] || { echo "$name is not in the list"; return 1; }
	SEEN+=("$name")
}

program() {
	argv "$1"
	vert run --bundle "$BUNDLE" "$ID"
}

@test "engine words: every line of the list" {
	printf '#!/bin/sh\nexit 1\n' >"$TMP/hook"
	chmod 755 "$TMP/hook"
	situation unknown-kill vert kill "$ID" 9
	situation unknown-delete vert delete "$ID"
	situation unknown-state vert state "$ID"
	situation option-without-value vert create --bundle
	situation not-in-path program no-such-program
	situation path-missing program /no/such/program
	situation not-executable program /data/file
	situation directory program /data
	args fork 0
	cfg '.hooks = {prestart: [{path: $h}]}' --arg h "$TMP/hook"
	situation hook-failed vert run --bundle "$BUNDLE" "$ID"
	cfg 'del(.hooks)'
	start_sleeper
	situation id-taken vert create --bundle "$BUNDLE" "$ID"
	situation exec-not-in-path vert exec "$ID" no-such-program
	situation exec-missing vert exec "$ID" /no/such/program
	situation exec-not-executable vert exec "$ID" /data/file
	if [ -n "$CG" ]; then
		vert pause "$ID"
		situation paused-exec vert exec "$ID" /bin/probe exit 0
		vert resume "$ID"
	else
		SEEN+=(paused-exec)
	fi
	vert kill "$ID" KILL
	within 5 is_status "$ID" stopped
	situation stopped-kill vert kill "$ID" TERM
	[ "$(printf '%s\n' "${SEEN[@]}" | sort -u)" = "$(grep -v '^#' "$BATS_TEST_DIRNAME/engine-words" | cut -f1 | sort -u)" ]
}
