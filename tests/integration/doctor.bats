#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# vert doctor: facts about this host, held against what can be seen by other means.

load helpers

# fact_of NAME KEY: of the last doctor --format json
fact_of() {
	jq -r --arg name "$1" '.[] | select(.name == $name)'."$2" <<<"$output"
}

@test "doctor: every fact has a state, what was found, and a fix where it is not fine" {
	only_vert
	run_split vert doctor --format json
	[ "$status" -le 2 ]
	[ -z "$stderr" ]
	jq -e 'length >= 20 and all(.[]; (.state | IN("ok", "info", "limited", "missing")) and (.found | length > 0)
		and (.state == "ok" or .state == "info" or (.fix | length > 0)
			or (.found | test("kernel|machine|boot|cgroup"))))' <<<"$output" || { echo "$output"; return 1; }
	nothing_left -v
}

@test "doctor: the status tells the worst state" {
	only_vert
	run_split vert doctor --format json
	case $(jq -r '[.[].state] | if any(. == "missing") then 2 elif any(. == "limited") then 1 else 0 end' <<<"$output") in
	"$status") ;;
	*) echo "status $status: $output"; return 1 ;;
	esac
}

@test "doctor: --json is --format json" {
	only_vert
	run_split vert doctor --json
	jq -e 'length > 5' <<<"$output"
}

@test "doctor: text is a table, and plain where it is no terminal" {
	only_vert
	run_split vert doctor
	[[ $output == "STATE "* ]]
	[[ $output != *$'\033'* ]]
}

@test "doctor: what the kernel has is found as other programs find it" {
	only_vert
	run_split vert doctor --format json
	[[ $(fact_of release found) == *"$(uname -r)"* ]]
	[ "$(fact_of openat2 state)" = ok ]
	[ "$(fact_of pidfd state)" = ok ]
	[ "$(fact_of 'id maps' found | grep -o 'newuidmap: yes')" = "$([ ! -x /usr/bin/newuidmap ] || echo 'newuidmap: yes')" ]
	if [ "$(id -u)" = 0 ] && [ -n "$CGROUPFS" ]; then
		[[ $(fact_of controllers found) == "$(cat "$CGROUPFS/cgroup.controllers")"* ]]
	fi
}

@test "doctor: user namespaces that a setting forbids are named with the setting" {
	requires root
	only_vert
	run_split unshare --user --map-root-user -- sh -c \
		'echo 0 >/proc/sys/user/max_user_namespaces && exec "$0" doctor --format json' "$RUNTIME"
	[ "$(fact_of 'user namespaces' state)" = limited ] || { echo "$output $stderr"; return 1; }
	[[ $(fact_of 'user namespaces' fix) == *"user.max_user_namespaces"* ]]
}
