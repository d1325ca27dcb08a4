#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# config.md, Mounts: kinds, options, propagation, destinations.

load helpers

# The last option that was asked for is what the mount shows.  tmpfs is mountable for everyone.
add_mount() {
	cfg '.mounts += [{destination: "/mnt", type: "tmpfs", source: "tested", options: $ARGS.positional}]' \
		--args -- "$@"
}

add_bind() {
	local source=$1
	shift
	cfg '.mounts += [{destination: "/mnt", type: "bind", source: $s, options: $ARGS.positional}]' \
		--arg s "$source" --args -- "$@"
}

# shows TYPE OPTION WANT...: a mount with that option has that property; TYPE is bind or tmpfs.
shows() {
	local type=$1 option=$2
	shift 2
	cp "$BUNDLE/config.json" plain.json
	# An option may be several words, which are separate options.
	# shellcheck disable=SC2086
	case $type in
	bind) mkdir -p "$TMP/source" && add_bind "$TMP/source" bind $option ;;
	*) add_mount $option ;;
	esac
	probe mounts
	mounted /mnt "$@" || { echo "option: $option"; return 1; }
	mv plain.json "$BUNDLE/config.json"
}

@test "mounts: tmpfs is mounted with its source and type" {
	add_mount
	probe mounts , stat /mnt
	mounted /mnt type=tmpfs source=tested
}

# As Podman asks for it in the first container of a pod of `kube play`.
@test "mounts: a read-only tmpfs on /dev has the nodes and the mounts that belong in it" {
	cfg '(.mounts[] | select(.destination == "/dev") | .options) += ["ro"] | .mounts += [
		{destination: "/mnt", type: "tmpfs", source: "tested", options: ["ro"]},
		{destination: "/mnt/inner", type: "tmpfs", source: "tested"}]'
	mkdir -p "$BUNDLE/rootfs/mnt"
	probe mounts , open /dev/null w , write /dev/file x , write /mnt/file x , write /mnt/inner/file x
	mounted /dev type=tmpfs opts=ro
	mounted /dev/pts type=devpts opts=rw
	mounted /mnt opts=ro
	mounted /mnt/inner opts=rw
	has open./dev/null=ok write./dev/file=EROFS write./mnt/file=EROFS write./mnt/inner/file=ok
}

@test "mounts: ro, rw, nosuid, suid, nodev, dev, noexec, exec on a tmpfs" {
	requires root
	shows tmpfs ro opts=ro
	shows tmpfs rw opts=rw
	shows tmpfs "ro rw" opts=rw
	shows tmpfs nosuid opts=nosuid
	shows tmpfs "nosuid suid" opts!=nosuid
	shows tmpfs nodev opts=nodev
	shows tmpfs "nodev dev" opts!=nodev
	shows tmpfs noexec opts=noexec
	shows tmpfs "noexec exec" opts!=noexec
	shows tmpfs defaults opts=rw opts!=nosuid opts!=nodev opts!=noexec
}

@test "mounts: ro, nosuid, nodev and noexec on a bind mount" {
	shows bind ro opts=ro
	shows bind rw opts=rw
	shows bind nosuid opts=nosuid
	shows bind nodev opts=nodev
	shows bind noexec opts=noexec
	shows bind "ro nosuid nodev noexec" opts=ro opts=nosuid opts=nodev opts=noexec
}

@test "mounts: the options hold: nothing is written, executed, opened as a device" {
	mkdir "$TMP/source"
	cp "$TESTS_BASE/probe" "$TMP/source/probe"
	add_bind "$TMP/source" bind ro noexec
	probe write /mnt/new x , exec /mnt/probe echo run
	has write./mnt/new=EROFS exec=EACCES
	[ ! -e "$TMP/source/new" ]
}

@test "mounts: atime, noatime, diratime, nodiratime, relatime, strictatime" {
	requires root
	shows tmpfs noatime opts=noatime
	shows tmpfs "noatime atime" opts!=noatime
	shows tmpfs nodiratime opts=nodiratime
	shows tmpfs "nodiratime diratime" opts!=nodiratime
	shows tmpfs relatime opts=relatime
	shows tmpfs strictatime opts!=relatime opts!=noatime
	shows tmpfs "strictatime nostrictatime" opts=relatime
	shows bind noatime opts=noatime
	shows bind strictatime opts!=relatime opts!=noatime
}

@test "mounts: norelatime" {
	requires root
	only_vert
	shows tmpfs norelatime opts!=noatime
}

@test "mounts: sync, async, dirsync, mand and nomand are accepted" {
	requires root
	shows tmpfs sync super=sync
	shows tmpfs "sync async" super!=sync
	shows tmpfs dirsync super=dirsync
	shows tmpfs nomand type=tmpfs
}

@test "mounts: iversion, lazytime, silent, loud, symfollow and their opposites" {
	requires root
	only_vert "younger than crun 1.8"
	shows tmpfs lazytime super=lazytime
	shows tmpfs "lazytime nolazytime" super!=lazytime
	shows tmpfs "silent loud" type=tmpfs
	shows tmpfs nosymfollow opts=nosymfollow
	shows tmpfs "nosymfollow symfollow" opts!=nosymfollow
	shows tmpfs noiversion type=tmpfs
	shows bind nosymfollow opts=nosymfollow
}

@test "mounts: propagation of each kind" {
	shows bind private prop=private
	shows bind rprivate prop=private
	shows bind shared prop=shared
	shows bind rshared prop=shared
	shows bind slave prop!=shared
	shows bind rslave prop!=shared
	shows bind unbindable prop=unbindable
	shows tmpfs shared prop=shared
}

@test "mounts: runbindable" {
	only_vert
	shows bind runbindable prop=unbindable
}

# A source with a mount below it.
nested_source() {
	requires root
	mkdir -p "$TMP/nested"
	mount -t tmpfs outer "$TMP/nested"
	mkdir "$TMP/nested/inner"
	mount -t tmpfs inner "$TMP/nested/inner"
	touch "$TMP/nested/inner/file"
}

nested_away() {
	umount "$TMP/nested/inner" "$TMP/nested"
}

@test "mounts: bind does not take the mounts below along, rbind does" {
	nested_source
	cp "$BUNDLE/config.json" plain.json
	add_bind "$TMP/nested" bind
	probe mounts , ls /mnt/inner
	has "ls./mnt/inner="
	cp plain.json "$BUNDLE/config.json"
	add_bind "$TMP/nested" rbind
	probe mounts , ls /mnt/inner
	mounted /mnt/inner source=inner
	has "ls./mnt/inner=file "
	nested_away
}

@test "mounts: ro on a recursive bind leaves the mounts below writable" {
	nested_source
	add_bind "$TMP/nested" rbind ro
	probe mounts
	mounted /mnt opts=ro
	mounted /mnt/inner opts=rw
	nested_away
}

@test "mounts: rro, rnosuid, rnodev, rnoexec, rnoatime reach the mounts below" {
	nested_source
	cp "$BUNDLE/config.json" plain.json
	local option flag
	for option in rro:ro rnosuid:nosuid rnodev:nodev rnoexec:noexec rnoatime:noatime rnodiratime:nodiratime; do
		flag=${option#*:}
		cp plain.json "$BUNDLE/config.json"
		add_bind "$TMP/nested" rbind "${option%:*}"
		probe mounts
		mounted /mnt "opts=$flag"
		mounted /mnt/inner "opts=$flag"
	done
	nested_away
}

@test "mounts: rrw, rsuid, rdev, rexec, ratime, rstrictatime and rrelatime reach the mounts below" {
	nested_source
	mount -o remount,bind,ro,nosuid,nodev,noexec,noatime "$TMP/nested/inner"
	cp "$BUNDLE/config.json" plain.json
	local option flag
	for option in rrw:ro rsuid:nosuid rdev:nodev rexec:noexec rrelatime:noatime rstrictatime:noatime; do
		flag=${option#*:}
		cp plain.json "$BUNDLE/config.json"
		add_bind "$TMP/nested" rbind "${option%:*}"
		probe mounts
		mounted /mnt/inner "opts!=$flag"
	done
	nested_away
}

@test "mounts: rnosymfollow, ratime, rnorelatime, rnostrictatime" {
	only_vert
	nested_source
	cp "$BUNDLE/config.json" plain.json
	add_bind "$TMP/nested" rbind rnosymfollow
	probe mounts
	mounted /mnt/inner opts=nosymfollow
	local option
	for option in ratime rnorelatime rnostrictatime rdiratime rsymfollow; do
		cp plain.json "$BUNDLE/config.json"
		add_bind "$TMP/nested" rbind "$option"
		probe mounts
		mounted /mnt/inner source=inner
	done
	nested_away
}

@test "mounts: remount changes the options of what is mounted" {
	requires root
	cfg '.mounts += [{destination: "/mnt", type: "tmpfs", source: "tested"},
		{destination: "/mnt", type: "tmpfs", source: "tested", options: ["remount", "ro"]}]'
	probe mounts , write /mnt/new x
	has write./mnt/new=EROFS
	[ "$(grep -c '^mount=/mnt ' <<<"$output")" = 1 ]
}

@test "mounts: other options are data of the filesystem" {
	add_mount size=1m nr_inodes=100 mode=0711
	probe mounts , stat /mnt
	mounted /mnt super=size=1024k super=nr_inodes=100
	like '^stat./mnt=dir mode=0711'
}

@test "mounts: uid and gid of a tmpfs" {
	requires root
	add_mount uid=7 gid=8
	probe stat /mnt
	like '^stat./mnt=dir .*uid=7 gid=8'
}

@test "mounts: a tmpfs without mode over a directory has the directory's mode" {
	only_vert "crun too, but not in 1.8"
	mkdir -m 0751 "$BUNDLE/rootfs/mnt"
	add_mount
	probe stat /mnt
	like '^stat./mnt=dir mode=0751'
}

@test "mounts: tmpcopyup fills a tmpfs with what was there" {
	cfg '.mounts += [{destination: "/data", type: "tmpfs", source: "x", options: ["tmpcopyup"]}]'
	ln -s file "$BUNDLE/rootfs/data/link"
	mkdir -m 0750 "$BUNDLE/rootfs/data/dir"
	echo deep >"$BUNDLE/rootfs/data/dir/below"
	probe read /data/file , write /data/file changed , stat /data/link /data/dir , read /data/dir/below , mounts
	mounted /data type=tmpfs
	has read./data/file=text write./data/file=ok read./data/dir/below=deep
	like '^stat./data/link=link .*link=file$' '^stat./data/dir=dir mode=0750'
	[ "$(cat "$BUNDLE/rootfs/data/file")" = text ]
}

@test "mounts: a relative destination is relative to the root" {	# config.md, destination
	cfg '.mounts += [{destination: "mnt/below", type: "tmpfs", source: "x"}]'
	probe mounts
	mounted /mnt/below type=tmpfs
}

@test "mounts: a missing destination is made" {
	cfg '.mounts += [{destination: "/a/b/c", type: "tmpfs", source: "x"}]'
	probe mounts , stat /a
	mounted /a/b/c type=tmpfs
	like '^stat./a=dir mode=0755'
}

@test "mounts: a file is bound over a file that may be missing" {
	echo content >"$TMP/one"
	cfg '.mounts += [{destination: "/data/file", type: "bind", source: $s, options: ["bind", "ro"]},
		{destination: "/new/dir/file", type: "bind", source: $s, options: ["bind"]}]' --arg s "$TMP/one"
	probe read /data/file , read /new/dir/file , write /data/file x
	has read./data/file=content read./new/dir/file=content write./data/file=EROFS
	[ "$(cat "$TMP/one")" = content ]
}

@test "mounts: a socket, a fifo and a device can be bound" {
	requires root
	mkfifo "$TMP/fifo"
	cfg '.mounts += [{destination: "/new/fifo", type: "bind", source: $s, options: ["bind"]},
		{destination: "/new/null", type: "bind", source: "/dev/null", options: ["bind"]}]' --arg s "$TMP/fifo"
	probe stat /new/fifo /new/null
	like '^stat./new/fifo=fifo' '^stat./new/null=char .*rdev=1:3'
}

@test "mounts: a relative source of a bind is relative to the bundle" {	# config.md, source
	mkdir "$BUNDLE/beside"
	touch "$BUNDLE/beside/here"
	add_bind beside bind
	probe ls /mnt
	has "ls./mnt=here "
}

@test "mounts: a source that is a link is followed on the host" {
	mkdir "$TMP/real"
	touch "$TMP/real/here"
	ln -s real "$TMP/link"
	add_bind "$TMP/link" bind
	probe ls /mnt
	has "ls./mnt=here "
}

@test "mounts: bind by the option alone, whatever the type says" {
	mkdir "$TMP/source"
	touch "$TMP/source/here"
	local type
	for type in none dummy bind; do
		cp "$BUNDLE/config.json" plain.json
		cfg '.mounts += [{destination: "/mnt", type: $t, source: $s, options: ["rbind"]}]' \
			--arg t $type --arg s "$TMP/source"
		probe ls /mnt
		has "ls./mnt=here "
		mv plain.json "$BUNDLE/config.json"
	done
	cfg '.mounts += [{destination: "/mnt", source: $s, options: ["bind"]}]' --arg s "$TMP/source"
	probe ls /mnt
	has "ls./mnt=here "
}

@test "mounts: a bind with an option that is none is refused" {
	only_vert "crun ignores it"
	mkdir "$TMP/source"
	add_bind "$TMP/source" bind frob
	refused_run "frob"
}

@test "mounts: are made in the order of the list" {
	mkdir "$TMP/source"
	touch "$TMP/source/here"
	cfg '.mounts += [{destination: "/mnt", type: "tmpfs", source: "first"},
		{destination: "/mnt/below", type: "bind", source: $s, options: ["bind"]},
		{destination: "/data", type: "bind", source: $s, options: ["bind"]},
		{destination: "/data", type: "tmpfs", source: "last"}]' --arg s "$TMP/source"
	probe ls /mnt/below , ls /data
	has "ls./mnt/below=here " "ls./data="
}

@test "mounts: a destination that is a link is resolved inside the root" {
	ln -s /data "$BUNDLE/rootfs/link"
	cfg '.mounts += [{destination: "/link", type: "tmpfs", source: "x"}]'
	probe mounts
	mounted /data type=tmpfs source=x
}

@test "mounts: dots in a destination do not leave the root" {
	cfg '.mounts += [{destination: "/../../../mnt", type: "tmpfs", source: "x"}]'
	probe mounts
	mounted /mnt type=tmpfs
	[ ! -e "$TMP/../mnt" ]
}

@test "mounts: proc shows the container's processes only" {
	probe ls /proc/1/ns , read /proc/1/comm , mounts
	has read./proc/1/comm=probe
	mounted /proc type=proc
}

@test "mounts: sysfs is mounted read-only as asked" {
	probe mounts , write /sys/kernel/mm/x y
	mounted /sys type=sysfs opts=ro opts=nosuid opts=noexec opts=nodev
}

@test "mounts: mqueue" {
	cfg '.mounts += [{destination: "/dev/mqueue", type: "mqueue", source: "mqueue",
		options: ["nosuid", "noexec", "nodev"]}]'
	probe mounts
	mounted /dev/mqueue type=mqueue opts=nosuid opts=noexec opts=nodev
}

@test "mounts: devpts is an instance of its own" {
	probe mounts , stat /dev/ptmx /dev/pts/ptmx , ls /dev/pts
	mounted /dev/pts type=devpts super=ptmxmode=666 super=mode=620 opts=nosuid opts=noexec
	has "ls./dev/pts=ptmx "
	like '^stat./dev/pts/ptmx=char mode=0666 .*rdev=5:2'
}

@test "mounts: cgroup shows the container's group as its root" {
	requires cgroup
	cfg '.mounts += [{destination: "/sys/fs/cgroup", type: "cgroup", source: "cgroup",
		options: ["ro", "nosuid", "noexec", "nodev", "relatime"]}]'
	probe mounts , read /sys/fs/cgroup/cgroup.procs , write /sys/fs/cgroup/cgroup.freeze 1
	mounted /sys/fs/cgroup type=cgroup2 opts=ro
	has read./sys/fs/cgroup/cgroup.procs=1 write./sys/fs/cgroup/cgroup.freeze=EROFS
}

@test "mounts: cgroup without a cgroup namespace shows the container's group only" {
	requires cgroup
	cfg '.linux.namespaces |= map(select(.type != "cgroup")) | .mounts += [{destination: "/sys/fs/cgroup",
		type: "cgroup", source: "cgroup", options: ["ro", "nosuid", "noexec", "nodev"]}]'
	probe mounts , read /sys/fs/cgroup/cgroup.procs , stat /sys/fs/cgroup$VERT_TESTS_CGROUP
	has "stat./sys/fs/cgroup$VERT_TESTS_CGROUP=ENOENT" read./sys/fs/cgroup/cgroup.procs=1
	mounted /sys/fs/cgroup opts=ro
}

@test "mounts: idmap shows files as the mapped owner's" {
	requires root userns
	only_vert "crun 1.8 has another form"
	mkdir "$TMP/source" "$BUNDLE/rootfs/mnt"
	touch "$TMP/source/file"
	chown 5:6 "$TMP/source/file"
	cfg '.linux.namespaces += [{type: "user"}]
		| .linux.uidMappings = [{containerID: 0, hostID: 100000, size: 65536}]
		| .linux.gidMappings = .linux.uidMappings
		| .mounts += [{destination: "/mnt", type: "bind", source: $s, options: ["bind", "idmap"]}]' \
		--arg s "$TMP/source"
	probe stat /mnt/file , write /mnt/new x
	like '^stat./mnt/file=file .*uid=5 gid=6'
	has write./mnt/new=ok
	[ "$(stat -c %u:%g "$TMP/source/new")" = 0:0 ]
}

@test "mounts: uidMappings and gidMappings of a mount" {
	requires root
	only_vert "crun 1.8 wants idmap as well"
	mkdir "$TMP/source"
	touch "$TMP/source/file"
	chown 1000:2000 "$TMP/source/file"
	cfg '.mounts += [{destination: "/mnt", type: "bind", source: $s, options: ["bind"],
		uidMappings: [{containerID: 1000, hostID: 33, size: 1}],
		gidMappings: [{containerID: 2000, hostID: 34, size: 1}]}]' --arg s "$TMP/source"
	probe stat /mnt/file
	like '^stat./mnt/file=file .*uid=33 gid=34'
}

@test "mounts: only one of uidMappings and gidMappings is refused" {
	only_vert
	mkdir "$TMP/source"
	cfg '.mounts += [{destination: "/mnt", type: "bind", source: $s, options: ["bind"],
		uidMappings: [{containerID: 0, hostID: 1, size: 1}]}]' --arg s "$TMP/source"
	refused_run "gidMappings"
}

@test "mounts: a bind of a read-only host mount by a user stays what the kernel locks" {
	requires rootless
	add_bind /usr bind ro
	probe mounts , write /mnt/new x
	mounted /mnt opts=ro
}

@test "mounts: hundred mounts" {
	cfg '.mounts += [range(100) | {destination: "/mnt/\(.)", type: "tmpfs", source: "x"}]'
	probe mounts
	[ "$(grep -c '^mount=/mnt/' <<<"$output")" = 100 ]
}

@test "mounts: a failed one leaves the others unmounted" {
	mkdir "$TMP/source"
	cfg '.mounts += [{destination: "/mnt", type: "tmpfs", source: "x"},
		{destination: "/mnt2", type: "bind", source: "/does/not/exist", options: ["bind"]}]'
	refused_run "/does/not/exist"
	nothing_left -v
}

# "silent" goes by mount(2) alone; everything else about such a mount is as ever.
@test "mounts: a file system made by mount(2) has attributes, the directory's mode and its contents" {
	mkdir -m 1777 "$BUNDLE/rootfs/full"
	echo kept >"$BUNDLE/rootfs/full/file"
	cfg '.mounts += [{destination: "/full", type: "tmpfs", source: "classic",
		options: ["silent", "ro", "nosuid", "nodev", "noexec", "noatime", "tmpcopyup", "size=1m"]}]'
	probe mounts , stat /full , read /full/file
	mounted /full type=tmpfs opts=ro opts=nosuid opts=nodev opts=noexec opts=noatime super=size=1024k source=classic
	like '^stat./full=.*1777'
	has read./full/file=kept
	[ "$(grep -c 'source=classic' <<<"$output")" = 1 ]
}

@test "mounts: an option that is too long for fsconfig(2) goes by mount(2)" {
	requires root
	local i lower=
	for i in 1 2 3 4 5 6 7 8; do
		mkdir -p "$TMP/a-directory-with-a-long-name-of-its-own-number-$i"
		lower+=:$TMP/a-directory-with-a-long-name-of-its-own-number-$i
	done
	echo found >"$TMP/a-directory-with-a-long-name-of-its-own-number-8/file"
	cfg '.mounts += [{destination: "/data", type: "overlay", source: "overlay", options: [$l, "nosuid"]}]' \
		--arg l "lowerdir=${lower#:}"
	probe mounts , read /data/file
	mounted /data type=overlay opts=nosuid
	has read./data/file=found
}
