#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# The root filesystem: pivot, read-only, propagation, masked and read-only paths.

load helpers

@test "rootfs: the root is the bundle's and nothing else of the host is visible" {
	probe ls / , mounts
	has "ls./=bin data dev etc home proc run sys tmp usr var "
	mounted / "root=${BUNDLE#"$(findmnt -no TARGET -T "$BUNDLE")"}/rootfs" || mounted / type=ext4 || :
	unlike "^mount=$TMP" '^mount=/old'
	[ "$(grep -c '^mount=/ ' <<<"$output")" = 1 ]
}

@test "rootfs: .. of the root is the root" {
	probe ls /../../.. , stat /..
	has "ls./../../..=bin data dev etc home proc run sys tmp usr var "
}

@test "rootfs: is writable unless readonly" {
	probe write /data/new text
	has write./data/new=ok
	[ "$(cat "$BUNDLE/rootfs/data/new")" = text ]
}

@test "rootfs: root.readonly makes it read-only, and not what is mounted in it" {
	cfg '.root.readonly = true | .mounts += [{destination: "/tmp", type: "tmpfs", source: "tmp"}]'
	probe write /data/new text , write /tmp/new text , write /dev/shm/new text , mounts
	has write./data/new=EROFS write./tmp/new=ok write./dev/shm/new=ok
	mounted / opts=ro
	[ ! -e "$BUNDLE/rootfs/data/new" ]
}

@test "rootfs: the host's copy of a read-only root stays writable" {
	cfg '.root.readonly = true'
	start_sleeper
	echo changed >"$BUNDLE/rootfs/data/other"
	exec_probe read /data/other
	has read./data/other=changed
}

@test "rootfs: --no-pivot gives the same root" {
	args ls / , ls /.. , write /data/new x
	run vert run --no-pivot --bundle "$BUNDLE" "$ID"
	succeeded
	has "ls./=bin data dev etc home proc run sys tmp usr var " \
		"ls./..=bin data dev etc home proc run sys tmp usr var " write./data/new=ok
}

@test "rootfs: rootfsPropagation private, slave and shared" {
	local p
	for p in private slave shared rprivate rslave rshared; do
		cfg '.linux.rootfsPropagation = $p' --arg p $p
		probe mounts
		case ${p#r} in
		private) mounted / prop=private ;;
		slave) mounted / prop!=shared ;;
		shared) mounted / prop=shared ;;
		esac
	done
}

@test "rootfs: rootfsPropagation unbindable" {
	only_vert
	local p
	for p in unbindable runbindable; do
		cfg '.linux.rootfsPropagation = $p' --arg p $p
		probe mounts
		mounted / prop=unbindable
	done
}

@test "rootfs: without rootfsPropagation mounts do not propagate to the host" {
	requires root
	mount --bind "$TMP" "$TMP" && mount --make-shared "$TMP"
	cfg '.process.capabilities.bounding += ["CAP_SYS_ADMIN"]
		| .process.capabilities.effective = .process.capabilities.bounding
		| .process.capabilities.permitted = .process.capabilities.bounding'
	args try mount , fork 0
	start_new "$ID"
	within 5 grep -q ready "$ID.out"
	grep -qx try.mount=ok "$ID.out"
	no grep -F "$BUNDLE/rootfs/tmp" /proc/self/mountinfo
	vert delete --force "$ID"
	umount "$TMP"
}

@test "rootfs: with rootfsPropagation rslave the host's later mounts arrive" {
	requires root
	mkdir "$TMP/shared"
	mount -t tmpfs shared "$TMP/shared" && mount --make-shared "$TMP/shared"
	cfg '.linux.rootfsPropagation = "rslave"
		| .mounts += [{destination: "/data", type: "bind", source: $s, options: ["rbind", "rslave"]}]' \
		--arg s "$TMP/shared"
	start_sleeper
	mkdir "$TMP/shared/new"
	mount -t tmpfs arrived "$TMP/shared/new"
	exec_probe mounts
	mounted /data/new source=arrived
	vert delete --force "$ID"
	umount "$TMP/shared/new" "$TMP/shared"
}

@test "rootfs: masked files are empty and cannot be written" {
	cfg '.linux.maskedPaths = ["/data/file", "/proc/kcore", "/not/there"]'
	probe read /data/file , stat /data/file
	has read./data/file=
	like '^stat./data/file=char .*rdev=1:3'
}

@test "rootfs: masked directories are empty and read-only" {
	cfg '.linux.maskedPaths = ["/data", "/etc"]'
	probe ls /data , ls /etc , write /data/new x
	has "ls./data=" "ls./etc=" write./data/new=EROFS
	[ "$(cat "$BUNDLE/rootfs/data/file")" = text ]
}

@test "rootfs: a masked path that is a link masks what it points to, inside the root" {
	only_vert
	ln -s /data/file "$BUNDLE/rootfs/link"
	cfg '.linux.maskedPaths = ["/link"]'
	probe read /data/file
	has read./data/file=
}

@test "rootfs: readonlyPaths cannot be written and missing ones are ignored" {
	cfg '.linux.readonlyPaths = ["/data", "/proc/sys", "/not/there"]'
	probe write /data/new x , write /proc/sys/kernel/domainname x , write /tmp/new x , mounts
	has write./data/new=EROFS write./tmp/new=ok
	like '^write./proc/sys/kernel/domainname=(EROFS|EACCES)'
	mounted /data opts=ro
	mounted /proc/sys opts=ro
}

@test "rootfs: a read-only path keeps the options of the mount it is on" {
	cfg '.mounts |= map(if .destination == "/proc" then .options = ["nosuid", "noexec", "nodev"] else . end)
		| .linux.readonlyPaths = ["/proc/sys"]'
	probe mounts
	mounted /proc/sys opts=ro opts=nosuid opts=noexec opts=nodev
}

@test "rootfs: the default of masked and read-only paths of spec works" {
	cfg '.linux.maskedPaths = ["/proc/acpi", "/proc/asound", "/proc/kcore", "/proc/keys", "/proc/latency_stats",
		"/proc/timer_list", "/proc/timer_stats", "/proc/sched_debug", "/sys/firmware", "/proc/scsi"]
		| .linux.readonlyPaths = ["/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger"]'
	probe read /proc/keys , open /proc/sysrq-trigger w , ls /sys/firmware , mounts
	has read./proc/keys= "ls./sys/firmware="
	like '^open./proc/sysrq-trigger=(EROFS|EACCES|ENOENT)'
	mounted /proc/sys opts=ro
	mounted /proc/irq opts=ro
}

@test "rootfs: a root that is a mount point of its own works" {
	requires root
	mkdir "$TMP/other"
	mount -t tmpfs root "$TMP/other"
	cp -a "$BUNDLE/rootfs/." "$TMP/other/"
	cfg '.root.path = $p' --arg p "$TMP/other"
	probe mounts , ls /data
	mounted / type=tmpfs
	has "ls./data=file "
	umount "$TMP/other"
}

@test "rootfs: an overlay as the root works" {
	requires root
	grep -qw overlay /proc/filesystems || skip "needs overlayfs"
	# An upper directory on a filesystem that can be one.
	mkdir "$TMP/layers" "$TMP/merged"
	mount -t tmpfs layers "$TMP/layers"
	mkdir "$TMP/layers/upper" "$TMP/layers/work"
	mount -t overlay overlay -o "lowerdir=$BUNDLE/rootfs,upperdir=$TMP/layers/upper,workdir=$TMP/layers/work" \
		"$TMP/merged"
	cfg '.root.path = $p' --arg p "$TMP/merged"
	probe mounts , write /data/new upper
	mounted / type=overlay
	[ "$(cat "$TMP/layers/upper/data/new")" = upper ]
	[ ! -e "$BUNDLE/rootfs/data/new" ]
	umount "$TMP/merged" "$TMP/layers"
}

@test "rootfs: links in the root that point outside of it stay inside" {
	mkdir "$TMP/outside"
	ln -s "$TMP/outside" "$BUNDLE/rootfs/escape"
	ln -s ../../../../../../.."$TMP/outside" "$BUNDLE/rootfs/dots"
	cfg '.mounts += [{destination: "/escape/a", type: "tmpfs", source: "x"},
		{destination: "/dots/b", type: "tmpfs", source: "x"}]'
	run vert run --bundle "$BUNDLE" "$ID"
	[ -z "$(ls -A "$TMP/outside")" ]
}

@test "rootfs: a /dev or /proc that is a link out of the root changes nothing outside" {
	mkdir "$TMP/outside"
	touch "$TMP/outside/ptmx" "$TMP/outside/null"
	local dir before
	before=$(ls -lA --time-style=full-iso "$TMP/outside")
	for dir in dev proc sys; do
		mv "$BUNDLE/rootfs/$dir" "$BUNDLE/rootfs/$dir.away"
		ln -s "$TMP/outside" "$BUNDLE/rootfs/$dir"
		cp "$BUNDLE/config.json" good.json
		cfg 'del(.mounts[] | select(.destination | startswith("/dev")))'
		run vert run --bundle "$BUNDLE" "$ID"
		[ "$(ls -lA --time-style=full-iso "$TMP/outside")" = "$before" ]
		cp good.json "$BUNDLE/config.json"
		rm "$BUNDLE/rootfs/$dir"
		mv "$BUNDLE/rootfs/$dir.away" "$BUNDLE/rootfs/$dir"
	done
}

@test "rootfs: a root.path that is a link to a directory is that directory" {	# config.md: a directory MUST exist at the path
	mv "$BUNDLE/rootfs" "$BUNDLE/real"
	ln -s real "$BUNDLE/rootfs"
	probe ls / , read /data/file
	has read./data/file=text
	rm "$BUNDLE/rootfs"
	ln -s nowhere "$BUNDLE/rootfs"
	refused_run "root.path"
	rm "$BUNDLE/rootfs"
	mv "$BUNDLE/real" "$BUNDLE/rootfs"
}
