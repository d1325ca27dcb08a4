#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Hostile root file systems: every link, node and mount an image can have where the runtime looks
# (docs/security.md, V10 to V31).

load security

# For paths that the runtime makes or mounts on: every kind of thing an image can have in their place.
# bad_thing PATH KIND
bad_thing() {
	local path=$BUNDLE/rootfs/$1
	rm -rf "$path"
	mkdir -p "$(dirname "$path")"
	case $2 in
	absolute) ln -s "$HOST/dir" "$path" ;;
	relative) ln -s "../../../../../../../../../../../..$HOST/dir" "$path" ;;
	file) ln -s "$HOST/file" "$path" ;;
	dangling) ln -s "$HOST/dir/new/deep" "$path" ;;
	loop) ln -s "$(basename "$path")" "$path" ;;
	fifo) mkfifo "$path" ;;
	regular) echo mine >"$path" ;;
	esac
}

@test "V10 V16: no mount's target leads out of the root, whatever links the image has" {
	local kind
	for kind in absolute relative dangling file; do
		bad_thing vol $kind
		cfg '.mounts = [.mounts[] | select(.destination | startswith("/vol") | not)] + [
			{destination: "/vol/tmp/x", type: "tmpfs", source: "tmpfs"},
			{destination: "/vol/bind/y", type: "bind", source: $s, options: ["bind"]},
			{destination: "/vol/file", type: "bind", source: ($s + "/secret"), options: ["bind"]},
			{destination: "/vol/mq", type: "mqueue", source: "mqueue"}]' --arg s "$HOST"
		args mounts
		run_or_refused
		intact
		[ "$status" != 0 ] || ! grep -q "^mount=$HOST" <<<"$output"
		no grep -F "$HOST" /proc/self/mountinfo
		# What a dangling link means inside the root may have been made there.
		rm -rf "$BUNDLE/rootfs/tmp"
		mkdir -m 1777 "$BUNDLE/rootfs/tmp"
	done
}

@test "V10: the source of a bind mount that is a link is followed once, and what was opened is bound" {
	ln -s "$HOST/dir" "$TMP/source"
	bind "$TMP/source" /data
	probe stat /data/sub , mounts
	like '^stat./data/sub=dir'
	mounted /data "root!=/"
}

@test "V11: proc and sysfs are mounted on ordinary directories only" {
	local what kind
	for what in proc sys; do
		for kind in absolute relative loop fifo regular; do
			bad_thing $what $kind
			refused "must be mounted on ordinary directory" vert run --bundle "$BUNDLE" "$ID"
			intact
		done
		rm -rf "$BUNDLE/rootfs/$what"
		ln -s tmp "$BUNDLE/rootfs/$what"
		refused "must be mounted on ordinary directory" vert run --bundle "$BUNDLE" "$ID"
		rm -f "$BUNDLE/rootfs/$what"
		mkdir "$BUNDLE/rootfs/$what"
	done
	[ -z "$(ls -A "$BUNDLE/rootfs/tmp")" ]
}

@test "V12 V13: a label is never written through the container's /proc" {
	requires root
	requires strace
	local mount
	# No AppArmor and no SELinux are needed to see which file would be written.
	for mount in '{destination: "/proc/self/attr", type: "tmpfs", source: "tmpfs"}' \
		'{destination: "/proc/thread-self", type: "tmpfs", source: "tmpfs"}'; do
		cfg ".mounts = [.mounts[] | select(.source != \"fake\")] + [$mount | .source = \"fake\"]"
		refused "is inside /proc" vert run --bundle "$BUNDLE" "$ID"
	done
	[ "$(</proc/sys/kernel/core_pattern)" = "$(sysctl -n kernel.core_pattern)" ]
}

@test "V13: a sysctl that is covered by another file of procfs is not written" {
	requires root
	[ -n "${VERT_TESTS_ISOLATED-}" ] || skip "needs a mount namespace of its own"
	local before
	before=$(</proc/sys/kernel/hostname)
	mount --bind /proc/sys/kernel/hostname /proc/sys/kernel/domainname
	cfg '.linux.sysctl = {"kernel.domainname": "redirected"}'
	refused "open sysctl 'kernel/domainname'" vert run --bundle "$BUNDLE" "$ID"
	umount /proc/sys/kernel/domainname
	mount --bind /proc/sys/kernel /proc/sys
	run vert run --bundle "$BUNDLE" "$ID" </dev/null
	umount /proc/sys
	[ "$status" != 0 ] # the boot id is not there either, which is what vert says first
	[ "$(</proc/sys/kernel/hostname)" = "$before" ]
}

@test "V14: masked paths are masked whatever the image calls /dev/null" {
	local kind
	without_mount /dev
	without_mount /dev/pts
	without_mount /dev/shm
	rm "$BUNDLE/rootfs/data/file" # a link to the one of all tests
	echo hidden >"$BUNDLE/rootfs/data/file"
	cfg '.linux.maskedPaths = ["/proc/kcore", "/data/file"]'
	args read /data/file , stat /data/file
	for kind in file regular fifo dangling core_pattern; do
		bad_thing dev/null $kind
		[ $kind != core_pattern ] || ln -sf /proc/sys/kernel/core_pattern "$BUNDLE/rootfs/dev/null"
		run_or_refused
		[ "$status" != 0 ] || has read./data/file=
		intact
	done
	bind "$BUNDLE/rootfs/dev" /dev
	for kind in absent file regular fifo core_pattern; do
		rm -f "$BUNDLE/rootfs/dev/null"
		[ $kind = absent ] || bad_thing dev/null $kind
		[ $kind != core_pattern ] || ln -sf /proc/sys/kernel/core_pattern "$BUNDLE/rootfs/dev/null"
		run_or_refused
		[ "$status" != 0 ] || has read./data/file=
		intact
	done
}

@test "V14: what covers a masked file has neither owner nor mode that the container could change" {
	requires root
	own_null
	attackers inside
	engine_caps
	cfg '.linux.maskedPaths = ["/data/file", "/proc/keys"]'
	argv /bin/inside chmod:/data/file chown:/data/file chmod:/proc/keys
	run_split vert run --bundle "$BUNDLE" "$ID"
	own_null_gone
	has chmod:/data/file=EROFS chown:/data/file=EROFS chmod:/proc/keys=EROFS
	[ "$(stat -c '%a %u' "$TMP/null")" = "666 0" ]
}

@test "V15 V18: the console is the terminal of the container's own devpts, or there is an error" {
	local kind
	cfg '.process.terminal = true'
	without_mount /dev
	args stat /dev/console , tty
	for kind in absolute relative file dangling loop; do
		bad_thing dev/console $kind
		mkdir -p "$BUNDLE/rootfs/dev/pts"
		run_or_refused
		[ "$status" != 0 ] || like '^stat./dev/console=char .*rdev=136:'
		intact
	done
	cfg '.root.readonly = true'
	bad_thing dev/console file
	run_or_refused
	intact
	rm "$BUNDLE/rootfs/dev/console"
	without_mount /dev/pts
	bad_thing dev/pts absolute
	run_or_refused
	[ "$status" != 0 ]
	intact
}

@test "V17: a /dev of the image's that is a link changes nothing outside" {
	local kind
	without_mount /dev
	without_mount /dev/pts
	without_mount /dev/shm
	args ls /dev
	for kind in absolute relative file dangling loop; do
		bad_thing dev $kind
		run_or_refused
		intact
	done
	rm "$BUNDLE/rootfs/dev"
	ln -s "$HOST/dev" "$BUNDLE/rootfs/dev"
	run_or_refused
	intact
	[ -f "$HOST/dev/ptmx" ]
	rm "$BUNDLE/rootfs/dev"
	mkdir "$BUNDLE/rootfs/dev"
}

@test "V17 V21: nor does any entry of /dev that the runtime makes, binds or mounts on" {
	local name kind
	without_mount /dev
	args echo done
	for name in null ptmx pts shm mqueue fd core stdin; do
		for kind in absolute file dangling; do
			rm -rf "$BUNDLE/rootfs/dev"
			mkdir -p "$BUNDLE/rootfs/dev/pts" "$BUNDLE/rootfs/dev/shm"
			bad_thing "dev/$name" $kind
			run_or_refused
			intact
		done
	done
}

@test "V19: standard descriptors on the host's /dev/null become the container's, and nothing else does" {
	requires root
	local kind
	own_null
	attackers inside
	engine_caps
	argv /bin/inside chmod-fd0 chown-fd0
	run_split vert run --bundle "$BUNDLE" "$ID"
	own_null_gone
	has chmod-fd0=ok chown-fd0=ok	# to its own
	[ "$(stat -c '%a %u' "$TMP/null")" = "666 0" ]
	# With a /dev/null that is none, a pipe stays a pipe.
	without_mount /dev
	for kind in fifo regular file; do
		rm -rf "$BUNDLE/rootfs/dev"
		mkdir -p "$BUNDLE/rootfs/dev/pts" "$BUNDLE/rootfs/dev/shm"
		bad_thing dev/null $kind
		cfg '.process.user.uid = 1000'
		args echo through
		run_or_refused
		[ "$status" != 0 ] || [ "$output" = through ]
		intact
	done
}

@test "V20: a working directory is made inside the root, whatever links are in its way" {
	local kind
	for kind in absolute relative dangling; do
		bad_thing link $kind
		cfg '.process.cwd = "/link/new/one"'
		args cwd
		run_or_refused
		intact
		rm -rf "$BUNDLE/rootfs/tmp/"*
	done
	# In-root links that are absolute must go on working.
	mkdir -p "$BUNDLE/rootfs/run/inner"
	rm -rf "$BUNDLE/rootfs/var/run"
	ln -s /run "$BUNDLE/rootfs/var/run"
	cfg '.process.cwd = "/var/run/inner"'
	probe cwd
	has cwd=/run/inner
}

@test "V22: with src-nofollow a source that became a link is the link, and what it leads to stays the host's" {
	mkdir "$TMP/vol"
	ln -s "$HOST/dir" "$TMP/vol/a"
	cfg '.mounts = [.mounts[] | select(.destination != "/data")] + [{destination: "/data", type: "bind",
		source: $s, options: ["rbind", "src-nofollow"]}]' --arg s "$TMP/vol/a"
	rm -rf "$BUNDLE/rootfs/data"
	args write /data/new x , read /data/secret , stat /data
	run vert run --bundle "$BUNDLE" "$ID" </dev/null
	like "^stat./data=link .*link=$HOST/dir"
	intact
}

@test "V23: options are words of a table, and text that belongs to no file system is refused" {
	local bad
	for bad in "ro,Z=" "ro,rshared" $'ro\nsuid' "Z" "context=x,suid" "bind,"; do
		cfg '.mounts = [.mounts[] | select(.destination != "/data")] + [{destination: "/data", type: "tmpfs",
			source: "t", options: [$b]}]' --arg b "$bad"
		run_split vert run --bundle "$BUNDLE" "$ID"
		[ "$status" = 1 ]
		one_message
	done
	for bad in nonsense "ro,suid"; do
		cfg '.mounts = [.mounts[] | select(.destination != "/data")] + [{destination: "/data", type: "bind",
			source: $h, options: ["bind", $b]}]' --arg b "$bad" --arg h "$HOST"
		refused "unknown option" vert run --bundle "$BUNDLE" "$ID"
	done
	# A file system's value reaches none: a bind mount has no data.
	cfg '.mounts[-1].options = ["bind", "ro", "mode=777"]'
	args mounts
	run_ok
	mounted /data opts=ro super!=mode=777
}

@test "V24: mounts of the container do not reach the host in any propagation mode" {
	requires root
	local mode before
	[ -n "${VERT_TESTS_ISOLATED-}" ] || skip "needs a mount namespace of its own"
	mkdir "$TMP/shared"
	mount -t tmpfs shared "$TMP/shared" && mount --make-shared "$TMP/shared"
	mkdir "$TMP/shared/in"
	before=$(</proc/self/mountinfo)
	caps CAP_SYS_ADMIN
	for mode in private rprivate slave rslave unbindable; do
		cfg '.mounts = [.mounts[] | select(.destination != "/data")] + [{destination: "/data", type: "bind",
			source: $s, options: ["rbind", $m]}, {destination: "/data/in", type: "tmpfs", source: "t"}]' \
			--arg s "$TMP/shared" --arg m $mode
		[ $mode != unbindable ] || cfg 'del(.mounts[-1])'
		args try mount
		run_ok
		[ "$(</proc/self/mountinfo)" = "$before" ]
	done
	umount "$TMP/shared"
}

@test "V25: a bind mount has exactly the options asked for, and never fewer than its source's" {
	local set
	for set in "nosuid nodev noexec ro" "nosuid nodev" "noexec" "ro" "ro noexec" "rro rnosuid"; do
		cfg '.mounts = [.mounts[] | select(.destination != "/data")] + [{destination: "/data", type: "bind",
			source: $s, options: (["rbind"] + $ARGS.positional)}]' --arg s "$HOST" --args -- $set
		probe mounts
		for option in $set; do
			mounted /data "opts=${option#r[rn]}" || mounted /data "opts=${option#r}" ||
				mounted /data "opts=$option"
		done
	done
}

@test "V25: with nosuid a set-user-ID program gives nothing" {
	requires root
	cp "$TESTS_BASE/probe" "$HOST/suid" && chmod 4755 "$HOST/suid"
	bind "$HOST" /data nosuid
	cfg '.process.user.uid = 1000 | .process.noNewPrivileges = false'
	argv /data/suid id
	run_ok
	has uid=1000,1000,1000
}

@test "V26: the paths that a new configuration masks are empty, those it protects cannot be written" {
	local path
	spec_paths
	for path in /proc/{acpi,asound,interrupts,kcore,keys,latency_stats,scsi,timer_list} \
		/sys/{firmware,devices/virtual/powercap}; do
		[[ " $MASKED " == *" $path "* ]]
	done
	cfg '.linux.maskedPaths = ($m | split(" ")) | .linux.readonlyPaths = ($r | split(" "))' --arg m "$MASKED" --arg r "$READONLY"
	run_ok
	[ "$output" = looked ]
	probe mounts
	for path in $READONLY; do
		[ ! -e "$path" ] || mounted "$path" opts=ro
	done
	[[ " $READONLY " == *" /proc/sys "* && " $READONLY " == *" /proc/sysrq-trigger "* ]]
}

@test "V27: neither with pivot_root nor without can a container mount a /proc without the masks" {
	local how kinds=plain # which is in a user namespace where the user is an ordinary one
	attackers inside
	# The host may have more than one: hidden by another, as by `unshare --mount-proc`, or elsewhere.
	if [ "$(id -u)" = 0 ] && [ -n "${VERT_TESTS_ISOLATED-}" ]; then
		kinds="plain userns"
		mkdir "$TMP/elsewhere and\\"
		mount -t proc proc "$TMP/elsewhere and\\"
	fi
	caps CAP_SYS_CHROOT CAP_MKNOD
	cfg '.process.noNewPrivileges = false'
	argv /bin/inside new-proc
	for how in $kinds; do
		[ $how = plain ] || user_ns
		cfg '.linux.maskedPaths = ["/proc/kcore", "/proc/keys"] | .linux.readonlyPaths = ["/proc/sys"]'
		run_ok
		has new-proc=EPERM
		run_ok --no-pivot
		has new-proc=EPERM
		# Where nothing is masked there is nothing to be refused for.
		cfg '.linux.maskedPaths = [] | .linux.readonlyPaths = []'
		run_ok
		has new-proc=ok
	done
}

teardown() {
	umount "$TMP/elsewhere and\\" 2>/dev/null || :
	teardown_bundle
}

@test "V28: without a mount namespace of its own a container leaves the host's mounts alone" {
	requires root
	[ -n "${VERT_TESTS_ISOLATED-}" ] || skip "needs a mount namespace of its own"
	local before what
	before=$(</proc/self/mountinfo)
	cfg '.linux.namespaces |= map(select(.type != "mount"))'
	cp "$BUNDLE/config.json" "$TMP/no-mount.json"
	refused "needs a mount namespace" vert run --bundle "$BUNDLE" "$ID"
	for what in '.linux.maskedPaths = ["/etc"]' '.linux.readonlyPaths = ["/etc"]' '.root.readonly = true' \
		'.linux.rootfsPropagation = "shared"'; do
		cp "$TMP/no-mount.json" "$BUNDLE/config.json"
		cfg ".mounts = [] | $what"
		refused "needs a mount namespace" vert run --bundle "$BUNDLE" "$ID"
	done
	cp "$TMP/no-mount.json" "$BUNDLE/config.json"
	cfg '.mounts = []'
	args ls /
	run_ok
	like '^ls./=bin data'
	[ "$(</proc/self/mountinfo)" = "$before" ]
	[ -e /proc/self/status ]
	[ -e "$HOST/secret" ]
	intact
}

@test "V29: what is copied up is neither followed nor waited for" {
	ln -s "$HOST/secret" "$BUNDLE/rootfs/data/link"
	ln -s "$HOST/dir" "$BUNDLE/rootfs/data/dirlink"
	mkfifo "$BUNDLE/rootfs/data/fifo"
	cfg '.mounts += [{destination: "/data", type: "tmpfs", source: "tmpfs", options: ["tmpcopyup"]}]'
	probe stat /data/link /data/dirlink , read /data/link
	like '^stat./data/link=link' '^stat./data/dirlink=link' '^read./data/link=ENOENT'
	intact
}

@test "V30: nothing inside /proc is mounted over, by whatever name" {
	local target
	ln -s /proc/sys "$BUNDLE/rootfs/alias"
	ln -s ../proc/self "$BUNDLE/rootfs/data/alias"
	for target in /proc/./self/../sys //proc/sys /alias /alias/kernel /data/alias/attr /proc/sysrq-trigger \
		/proc/1/../version /proc/net; do
		cfg '.mounts = [.mounts[] | select(.source != $s)] + [{destination: $t, type: "bind", source: $s,
			options: ["bind"]}]' --arg t "$target" --arg s "$HOST/dir"
		run_split vert run --bundle "$BUNDLE" "$ID"
		[ "$status" != 0 ]
	done
	cfg '.mounts |= map(select(.source != $s)) | .mounts += [{destination: "/proc/uptime", type: "bind",
		source: ($s | rtrimstr("dir") + "secret"), options: ["bind"]}]' --arg s "$HOST/dir"
	probe read /proc/uptime
	has read./proc/uptime=secret
}

@test "V31: the host's own root as the root is only what was asked for, and its source may be bound" {
	requires root
	bind / /data ro
	probe stat "/data$HOST/secret"
	like "^stat./data$HOST/secret=file"
}
