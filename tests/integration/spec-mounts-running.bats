#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# mounts add and mounts remove on a container that lives.

load helpers

# mounts VERB ENTRY...: with a file of these entries (JSON).
change() {
	local verb=$1
	shift
	printf '%s\n' "$@" | jq -s . >"$TMP/list.json"
	vert mounts "$verb" "$ID" "$TMP/list.json"
}

TMPFS='{"destination": "/mnt", "type": "tmpfs", "source": "tested", "options": ["nosuid", "ro"]}'

setup() {
	setup_bundle
	mkdir -p "$BUNDLE/rootfs/mnt"
}

@test "mounts add: a new filesystem with its options, and remove" {
	start_sleeper
	change add "$TMPFS"
	exec_probe mounts
	mounted /mnt type=tmpfs source=tested opts=nosuid opts=ro
	change remove '{"destination": "/mnt"}'
	exec_probe mounts
	unlike '^mount=/mnt '
}

@test "mounts add: a bind of a directory and of a file of the host" {
	requires root
	mkdir "$TMP/source"
	echo one >"$TMP/source/file"
	start_sleeper
	change add "{\"destination\": \"/mnt\", \"source\": \"$TMP/source\", \"options\": [\"bind\", \"ro\"]}" \
		"{\"destination\": \"/etc/new\", \"source\": \"$TMP/source/file\", \"options\": [\"bind\"]}"
	exec_probe cat /mnt/file , cat /etc/new , write /mnt/file x
	has one write./mnt/file=EROFS
	change remove '{"destination": "/mnt"}' '{"destination": "/etc/new"}'
	exec_probe mounts
	unlike '^mount=/mnt ' '^mount=/etc/new '
}

@test "mounts add: proc shows the container's processes" {
	requires root
	start_sleeper
	change add '{"destination": "/mnt", "type": "proc", "source": "proc"}'
	exec_probe read /mnt/1/comm
	like probe
	change remove '{"destination": "/mnt"}'
}

@test "mounts add: in a user namespace the container's root owns them" {
	requires root userns
	chmod 777 "$BUNDLE/rootfs/mnt"
	mkdir "$TMP/source"
	chown 5:6 "$TMP/source"
	cfg '.linux.namespaces += [{type: "user"}] | .linux.uidMappings = [{containerID: 0, hostID: 100000, size: 65536}]
		| .linux.gidMappings = .linux.uidMappings'
	mkdir -m 777 "$BUNDLE/rootfs/mnt/a" "$BUNDLE/rootfs/mnt/b"
	start_sleeper
	change add '{"destination": "/mnt/a", "type": "tmpfs", "source": "tmpfs", "options": ["mode=700"]}' \
		"{\"destination\": \"/mnt/b\", \"source\": \"$TMP/source\", \"options\": [\"bind\", \"idmap\"]}"
	exec_probe write /mnt/a/new x , stat /mnt/b
	has write./mnt/a/new=ok
	like '^stat./mnt/b=dir .*uid=5 gid=6'
	change remove '{"destination": "/mnt/a"}' '{"destination": "/mnt/b"}'
}

@test "mounts add: all or none" {
	start_sleeper
	run change add "$TMPFS" '{"destination": "/mnt/y", "type": "nofs"}'
	[ "$status" != 0 ]
	exec_probe mounts
	unlike '^mount=/mnt '
}

@test "mounts add: a destination that is a link stays inside the root" {
	start_sleeper
	ln -s "$TMP" "$BUNDLE/rootfs/away"
	change add '{"destination": "/away/inside", "type": "tmpfs", "source": "tmpfs"}'
	[ ! -e "$TMP/inside" ]
	exec_probe mounts
	like "^mount=$TMP/inside "
	change remove '{"destination": "/away/inside"}'
}

@test "mounts: what is no list, no mount and no place is refused" {
	start_sleeper
	echo '{}' >bad.json
	refused "array" vert mounts add "$ID" bad.json
	echo '[{"type": "tmpfs"}]' >bad.json
	refused "destination" vert mounts add "$ID" bad.json
	echo '[{"destination": "/", "type": "tmpfs"}]' >bad.json
	refused "root" vert mounts add "$ID" bad.json
	refused "root" vert mounts remove "$ID" bad.json
	echo '[{"destination": "/data"}]' >bad.json
	refused "unmount" vert mounts remove "$ID" bad.json
	refused "add" vert mounts change "$ID" bad.json
	refused "does not exist" vert mounts add nobody bad.json
	refused "nofile" vert mounts add "$ID" nofile
}

@test "mounts: a stopped container is refused" {
	start_sleeper
	vert kill "$ID" KILL
	within 5 is_status "$ID" stopped
	echo "[$TMPFS]" >list.json
	refused "not running" vert mounts add "$ID" list.json
}
