#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# config.md and config-linux.md, Mounts: sentences that mounts.bats does not cover.

load helpers

mount_at() {	# DESTINATION TYPE SOURCE OPTION...
	cfg '.mounts += [{destination: $d, type: $t, source: $s, options: $ARGS.positional}]' \
		--arg d "$1" --arg t "$2" --arg s "$3" --args -- "${@:4}"
}

in_userns() {
	mkdir -p "$BUNDLE/rootfs/mnt"
	cfg '.linux.namespaces += [{type: "user"}] | .linux.uidMappings = [{containerID: 0, hostID: 100000, size: 65536}]
		| .linux.gidMappings = .linux.uidMappings'
}

@test "mounts: lazytime and nolazytime on a tmpfs" {
	requires root
	mount_at /mnt tmpfs tmpfs lazytime
	probe mounts
	mounted /mnt super=lazytime
}

@test "mounts: sync and dirsync are on the filesystem" {
	requires root
	mount_at /mnt tmpfs tmpfs sync dirsync
	probe mounts
	mounted /mnt super=sync super=dirsync
}

@test "mounts: recursive options hold for a new filesystem" {	# config.md, Linux mount options: rro, rnosuid and the rest
	mount_at /mnt tmpfs tmpfs rro rnosuid rnodev rnoexec rnoatime
	probe mounts
	mounted /mnt opts=ro opts=nosuid opts=nodev opts=noexec opts=noatime
	# The option of the mount itself comes after those of the tree.
	cfg '.mounts[-1].options = ["rro", "rw", "rnoatime", "relatime"]'
	probe mounts
	mounted /mnt opts=rw opts=relatime
}

@test "mounts: a read-only tmpfs is so when everything is in it, /dev too" {
	# config.md: "The runtime MUST mount entries in the listed order"; config-linux.md, Default Devices.
	mkdir "$TMP/source"
	echo x >"$TMP/source/file"
	mount_at /mnt tmpfs tmpfs ro
	mount_at /mnt/sub bind "$TMP/source" bind
	cfg '.mounts |= map(if .destination == "/dev" then .options += ["ro"] else . end)'
	probe stat /dev/null , stat /dev/fd , cat /mnt/sub/file , mounts
	has x
	like '^stat./dev/null=char' '^stat./dev/fd=link'
	mounted /mnt opts=ro
	mounted /dev opts=ro
	mounted /mnt/sub opts=rw
	mounted /dev/pts opts=rw
}

@test "mounts: nosymfollow keeps links from being followed" {
	mkdir "$TMP/source"
	echo x >"$TMP/source/file"
	ln -s file "$TMP/source/link"
	mount_at /mnt bind "$TMP/source" bind nosymfollow
	probe read /mnt/file , open /mnt/link
	like 'open./mnt/link=ELOOP'
}

@test "mounts: idmap with mappings of its own on a fresh filesystem" {
	requires root kernel 6.3
	mount_at /mnt tmpfs tmpfs "idmap=uids=0-1000-10;gids=0-2000-10" mode=755
	probe stat /mnt
	like '^stat./mnt=dir mode=0755 uid=1000 gid=2000'
}

@test "mounts: uidMappings and gidMappings on a fresh filesystem" {
	requires root kernel 6.3
	mount_at /mnt tmpfs tmpfs mode=755
	cfg '.mounts[-1] += {uidMappings: [{containerID: 0, hostID: 1000, size: 10}], gidMappings: [{containerID: 0, hostID: 2000, size: 10}]}'
	probe stat /mnt
	like '^stat./mnt=dir mode=0755 uid=1000 gid=2000'
}

@test "mounts: idmap of the container on a fresh filesystem belongs to its root" {
	requires root userns
	in_userns
	mount_at /mnt tmpfs tmpfs idmap mode=755
	probe stat /mnt , write /mnt/new x
	like '^stat./mnt=dir mode=0755 uid=0 gid=0'
	has write./mnt/new=ok
}

@test "mounts: idmap with mappings of its own on a fresh filesystem in a user namespace" {
	requires root userns kernel 6.3
	in_userns
	mount_at /mnt tmpfs tmpfs "idmap=uids=@0-1000-10;gids=@0-2000-10" mode=755
	probe stat /mnt
	like '^stat./mnt=dir mode=0755 uid=1000 gid=2000'
}

@test "mounts: idmap of an argument that is relative to the container's mapping" {
	requires root userns
	in_userns
	mkdir "$TMP/source"
	touch "$TMP/source/file"
	chown 5:6 "$TMP/source/file"
	mount_at /mnt bind "$TMP/source" bind "idmap=uids=@5-7-1;gids=@6-8-1"
	probe stat /mnt/file
	like '^stat./mnt/file=file .*uid=7 gid=8'
}

@test "mounts: ridmap reaches the mounts below, idmap does not" {
	requires root
	mkdir -p "$TMP/source/sub"
	mount -t tmpfs -o mode=755 tested "$TMP/source/sub"
	mount_at /mnt bind "$TMP/source" rbind "ridmap=uids=0-1000-10;gids=0-2000-10"
	probe stat /mnt /mnt/sub
	like '^stat./mnt=dir .*uid=1000 gid=2000' '^stat./mnt/sub=dir .*uid=1000 gid=2000'
	cfg '.mounts[-1].options = ["rbind", "idmap=uids=0-1000-10;gids=0-2000-10"]'
	probe stat /mnt /mnt/sub
	umount "$TMP/source/sub"
	like '^stat./mnt=dir .*uid=1000 gid=2000' '^stat./mnt/sub=dir .*uid=0 gid=0'
}

@test "mounts: idmap without mappings and without a user namespace is refused" {	# config-linux.md: MUST
	requires root
	mount_at /mnt tmpfs tmpfs idmap
	refused_run "mounts["
}

@test "mounts: idmap arguments that are none are refused" {
	local bad
	for bad in idmap= idmap=uids=1 "idmap=uids=1-2-x;gids=1-2-3" "idmap=uids=1-2-3" "ridmap=x=1-2-3"; do
		cp "$BUNDLE/config.json" plain.json
		mkdir -p "$TMP/source"
		mount_at /mnt bind "$TMP/source" bind "$bad"
		refused_run "mounts["
		mv plain.json "$BUNDLE/config.json"
	done
}

@test "mounts: copy-symlink makes the same link" {
	ln -s /some/where "$TMP/link"
	mount_at /mnt/link bind "$TMP/link" bind copy-symlink
	probe stat /mnt/link
	like '^stat./mnt/link=link .*link=/some/where'
}

@test "mounts: copy-symlink says why the link cannot be made" {
	only_vert "the words are ours"
	ln -s /some/where "$TMP/link"
	mkdir -p "$BUNDLE/rootfs/mnt/link"
	mount_at /mnt/link bind "$TMP/link" bind copy-symlink
	refused_run "make symbolic link '/mnt/link': file exists"
	rmdir "$BUNDLE/rootfs/mnt/link"
	mount_at /proc/sys/link bind "$TMP/link" bind copy-symlink
	cfg 'del(.mounts[-2])'
	refused_run "make symbolic link '/proc/sys/link': no such file or directory"
}

@test "mounts: copy-symlink of what is no link is a bind mount" {
	mkdir "$TMP/source"
	echo x >"$TMP/source/file"
	mount_at /mnt bind "$TMP/source" bind copy-symlink
	probe cat /mnt/file
	has x
}

@test "mounts: copy-symlink excludes src-nofollow and dest-nofollow" {
	ln -s /some/where "$TMP/link"
	mount_at /mnt/link bind "$TMP/link" bind copy-symlink src-nofollow
	refused_run "copy-symlink"
}

@test "mounts: src-nofollow mounts the link itself" {
	requires root
	ln -s /some/where "$TMP/link"
	mount_at /mnt/link bind "$TMP/link" bind src-nofollow
	probe stat /mnt/link
	like '^stat./mnt/link=link .*link=/some/where'
}

@test "mounts: dest-nofollow mounts on the link itself" {
	requires root
	echo x >"$TMP/file"
	ln -s /data/file "$BUNDLE/rootfs/link"
	mount_at /link bind "$TMP/file" bind dest-nofollow
	probe cat /link , cat /data/file , mounts
	has x text
	mounted /link type="$(stat -f -c %T "$TMP" | sed 's#ext2/ext3#ext4#')" || like '^mount=/link '
}

@test "mounts: tmpcopyup on anything but a tmpfs is refused" {
	mkdir "$TMP/source"
	mount_at /mnt bind "$TMP/source" bind tmpcopyup
	refused_run "tmpcopyup"
}

@test "mounts: a bind is one only by its option, a type of none is dummy" {
	mkdir "$TMP/source"
	touch "$TMP/source/file"
	mount_at /mnt none "$TMP/source" rbind
	probe stat /mnt/file
	like '^stat./mnt/file=file'
}

@test "devices: in a user namespace an existing node that differs is refused" {	# config-linux.md: MUST generate an error
	requires root userns
	in_userns
	mkdir -p "$BUNDLE/rootfs/dev2"
	mknod "$BUNDLE/rootfs/dev2/null" c 1 5
	cfg '.linux.devices = [{type: "c", path: "/dev2/null", major: 1, minor: 3}]'
	chmod 777 "$BUNDLE/rootfs/dev2"
	refused_run "dev2/null"
}

@test "devices: files that a user namespace's devices were bound on do not stop a later container" {
	requires root userns
	cfg '.mounts |= map(select(.destination | startswith("/dev") | not))'
	rm -rf "$BUNDLE/rootfs/dev"
	mkdir -m 777 "$BUNDLE/rootfs/dev"
	cp "$BUNDLE/config.json" plain.json
	in_userns
	probe write /dev/null x
	has write./dev/null=ok
	mv plain.json "$BUNDLE/config.json"
	probe write /dev/null x
	has write./dev/null=ok
}

@test "mountLabel: run.oci.mount_context_type is one of four" {
	cfg '.annotations["run.oci.mount_context_type"] = "nonsense"'
	refused_run "run.oci.mount_context_type"
	cfg '.annotations["run.oci.mount_context_type"] = "fscontext"'
	probe echo x
	has x
}

# runtime.md, create: what cannot be applied is an error; with SELinux the labels are looked at in the virtual machine.
@test "mountLabel: without SELinux it is refused, and an empty one is none" {
	only_vert
	! grep -q selinuxfs /proc/filesystems || skip "SELinux is enabled"
	cfg '.linux.mountLabel = "system_u:object_r:container_file_t:s0:c1,c2"'
	refused_run "linux.mountLabel"
	cfg '.linux.mountLabel = ""'
	probe echo x
	has x
}
