#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
#
# Image builds: each RUN step is a container.

load helpers

buildah_run() {
	local c
	c=$(buildah from $IMAGE) || return 1
	buildah run --runtime "$RT" --isolation oci "$c" sh -c 'echo built > /f; cat /f'
	buildah rm "$c" > /dev/null
}

podman_build() {
	printf 'FROM %s\nRUN echo step; exit %s\n' $IMAGE "$1" > Containerfile
	$PODMAN build --isolation oci -q -f Containerfile . 2>&1 | grep -o 'exit status [1-9]*'
	return "${PIPESTATUS[0]}"
}

# The runtime by the environment; what it was asked shows that it was taken.
buildah_environment() {
	printf '#!/bin/sh\necho "$*" >> %s/calls\nexec %s "$@"\n' "$PWD" "$RT" > wrapper
	chmod 755 wrapper
	printf 'FROM %s\nRUN true\n' $IMAGE > Containerfile
	BUILDAH_RUNTIME=$PWD/wrapper buildah build --isolation oci -q -f Containerfile . > /dev/null &&
		grep -Eo '^(.* )?(create|start|delete) ' calls | awk '{print $NF}' | sort -u
}

setup_file() {
	podman_ready
}

@test "buildah-run" {
	check '^built $' buildah_run
}

@test "podman-build" {
	check '' podman_build 0
}

@test "podman-build-fails" {
	check_not podman_build 4
}

@test "buildah-environment" {
	check '^create delete start $' buildah_environment
}
