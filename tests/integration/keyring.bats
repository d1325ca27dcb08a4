#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# The session keyring of the container.

load helpers

setup() {
	setup_bundle
	OWN=$("$TESTS_BASE/probe" keyring)
	[[ $OWN == keyring=* && $OWN == *keyring.id=* ]] || skip "needs keyrings"
}

@test "keyring: the container has one of its own, named after it" {
	probe keyring
	like "^keyring=.*$ID\$"
	lacks "$(tail -n1 <<<"$OWN")"
}

@test "keyring: exec joins the container's" {
	start_sleeper
	local id
	exec_probe keyring
	like "^keyring=.*$ID\$"
	id=$(fact keyring.id)
	exec_probe keyring
	has "keyring.id=$id"
}

@test "keyring: two containers have two" {
	probe keyring
	local first
	first=$(fact keyring.id)
	use_id "$ID.second"
	run vert run --bundle "$BUNDLE" "$ID.second"
	like "^keyring=.*$ID.second\$"
	lacks "keyring.id=$first"
}

@test "keyring: --no-new-keyring keeps the caller's" {
	requires root # entering a user namespace drops the session keyring (user_namespaces(7))
	requires root	# root of a user's container is another user, with defaults of its own
	args keyring
	run vert run --no-new-keyring --bundle "$BUNDLE" "$ID"
	succeeded
	has "$(tail -n1 <<<"$OWN")"
}
