#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# config.md, Linux mount options: the effect of each option of the table, and of no option; idmap and ridmap.
# docs/spec-sentences.md has the demands.

load helpers

# with OPTION...: a config whose /mnt is a tmpfs with these options.
with() {
	jq '.mounts += [{destination: "/mnt", type: "tmpfs", source: "tested", options: $ARGS.positional}]' \
		"$TMP/plain.json" --args -- "$@" >"$BUNDLE/config.json"
}

# below OPTION...: /mnt is a recursive bind of a tree with a mount in it.
below() {
	jq '.mounts += [{destination: "/mnt", source: $s, options: (["rbind"] + $ARGS.positional)}]' \
		--arg s "$TMP/nested" "$TMP/plain.json" --args -- "$@" >"$BUNDLE/config.json"
}

setup() {
	setup_bundle
	cp "$BUNDLE/config.json" "$TMP/plain.json"
	args mounts
	cp "$BUNDLE/config.json" "$TMP/plain.json"
}

nest() {	# MOUNT-OPTIONS of the inner one
	mkdir -p "$TMP/nested"
	mount -t tmpfs outer "$TMP/nested"
	mkdir "$TMP/nested/inner"
	mount -t tmpfs -o "$1" inner "$TMP/nested/inner"
}

unnest() {
	umount "$TMP/nested/inner" "$TMP/nested"
}

# option WORD FLAG, no_option WORD OPPOSITE FLAG: a mount with WORD shows FLAG; one with the OPPOSITE behind
# it does not.
option() {
	with "$1"
	run_ok
	mounted /mnt "$2"
}

no_option() {
	with "$1" "$2"
	run_ok
	mounted /mnt "${3/=/!=}"
}

@test "mount options: ro and rw" {
	option ro opts=ro
	option rw opts=rw
	no_option ro rw opts=ro
}

@test "mount options: suid and nosuid" {
	requires root
	option nosuid opts=nosuid
	no_option nosuid suid opts=nosuid
}

@test "mount options: dev and nodev" {
	requires root
	option nodev opts=nodev
	no_option nodev dev opts=nodev
}

@test "mount options: exec and noexec" {
	requires root
	option noexec opts=noexec
	no_option noexec exec opts=noexec
}

@test "mount options: sync and async" {
	requires root
	option sync super=sync
	no_option sync async super=sync
}

@test "mount options: dirsync" {
	requires root
	option dirsync super=dirsync
}

@test "mounts: rsync, rasync, rdirsync, rmand and rnomand are crun's words for the same without the r" {
	requires root
	option rsync super=sync
	no_option rsync rasync super=sync
	option rdirsync super=dirsync
	local word
	for word in rmand rnomand; do
		with "$word"
		run_ok
		mounted /mnt type=tmpfs
	done
}

@test "mount options: defaults are rw, suid, dev, exec, async" {
	requires root
	with defaults
	run_ok
	mounted /mnt opts=rw opts!=nosuid opts!=nodev opts!=noexec super!=sync
	no_option ro defaults opts=nosuid
}

@test "mount options: atime and noatime" {
	requires root
	option noatime opts=noatime
	no_option noatime atime opts=noatime
}

@test "mount options: diratime and nodiratime" {
	requires root
	option nodiratime opts=nodiratime
	no_option nodiratime diratime opts=nodiratime
}

@test "mount options: relatime and norelatime" {
	requires root
	option relatime opts=relatime
	no_option noatime relatime opts=noatime
	with norelatime
	run_ok
	mounted /mnt opts!=noatime
}

@test "mount options: strictatime and nostrictatime" {
	requires root
	with strictatime
	run_ok
	mounted /mnt opts!=relatime opts!=noatime
	with strictatime nostrictatime
	run_ok
	mounted /mnt opts=relatime
}

@test "mount options: lazytime and nolazytime" {
	requires root
	option lazytime super=lazytime
	no_option lazytime nolazytime super=lazytime
}

@test "mount options: iversion and noiversion are recognized and are no data of the filesystem" {
	requires root
	local word
	for word in iversion noiversion; do
		with "$word"
		run_split vert run --bundle "$BUNDLE" "$ID"
		# A filesystem that cannot have it refuses it by a name of its own, never as an unknown option.
		[ "$status" = 0 ] || [[ $stderr == *iversion* && $stderr != *[Uu]"nknown parameter"* ]] || {
			echo "$word: $stderr"
			return 1
		}
	done
	with noiversion
	run_ok
}

@test "mount options: silent, loud, mand and nomand are recognized" {
	requires root
	local word
	for word in silent loud nomand mand; do
		with "$word"
		run_ok
		mounted /mnt type=tmpfs
	done
}

@test "mount options: symfollow and nosymfollow" {
	requires root
	option nosymfollow opts=nosymfollow
	no_option nosymfollow symfollow opts=nosymfollow
}

@test "mount options: remount" {
	requires root
	jq '.mounts += [{destination: "/mnt", type: "tmpfs", source: "tested"},
		{destination: "/mnt", type: "tmpfs", source: "tested", options: ["remount", "ro", "noexec"]}]' \
		plain.json >"$BUNDLE/config.json"
	run_ok
	mounted /mnt opts=ro opts=noexec
	[ "$(grep -c 'mount=/mnt ' <<<"$output")" = 1 ]
}

@test "mount options: private, shared, slave and unbindable" {
	requires root
	local word
	for word in private shared unbindable; do
		option "$word" "prop=$word"
	done
	nest rw
	mount --make-rshared "$TMP/nested"
	below slave
	run_ok
	grep -F 'mount=/mnt ' <<<"$output" | grep -qE 'prop=(master|slave)'
	unnest
}

@test "mount options: rprivate, rshared, rslave and runbindable reach the mounts below" {
	requires root
	local word
	nest rw
	mount --make-rshared "$TMP/nested"
	for word in private shared unbindable; do
		below "r$word"
		run_ok
		mounted /mnt/inner "prop=$word"
	done
	below rslave
	run_ok
	grep -F 'mount=/mnt/inner ' <<<"$output" | grep -qE 'prop=(master|slave)'
	unnest
}

@test "mount options: rro, rnosuid, rnodev, rnoexec, rnosymfollow, rnoatime and rnodiratime" {
	requires root
	local word
	nest rw
	for word in ro nosuid nodev noexec nosymfollow noatime nodiratime; do
		below "r$word"
		run_ok
		mounted /mnt "opts=$word"
		mounted /mnt/inner "opts=$word"
	done
	unnest
}

@test "mount options: rrw, rsuid, rdev, rexec, rsymfollow, ratime and rdiratime" {
	requires root
	local pair
	nest ro,nosuid,nodev,noexec,noatime,nodiratime
	mount -o remount,bind,ro,nosuid,nodev,noexec,noatime,nodiratime,nosymfollow "$TMP/nested/inner" || skip "needs nosymfollow"
	for pair in rrw:ro rsuid:nosuid rdev:nodev rexec:noexec rsymfollow:nosymfollow ratime:noatime rdiratime:nodiratime; do
		below "${pair%:*}"
		run_ok
		mounted /mnt/inner "opts!=${pair#*:}"
	done
	unnest
}

@test "mount options: rrelatime, rstrictatime, rnorelatime and rnostrictatime" {
	requires root
	nest noatime
	below rrelatime
	run_ok
	mounted /mnt/inner opts=relatime
	below rstrictatime
	run_ok
	mounted /mnt/inner opts!=relatime opts!=noatime
	below rstrictatime rnostrictatime
	run_ok
	mounted /mnt/inner opts=relatime
	below rnorelatime
	run_ok
	mounted /mnt/inner opts!=noatime
	unnest
}

@test "mount options: bind and rbind, and a type that names no filesystem" {
	requires root
	nest rw
	touch "$TMP/nested/inner/file"
	jq '.mounts += [{destination: "/mnt", type: "none", source: $s, options: ["bind"]}] | .process.args[1:] = ["ls", "/mnt/inner"]' \
		--arg s "$TMP/nested" plain.json >"$BUNDLE/config.json"
	run_ok
	has 'ls./mnt/inner='
	sed -i 's/"bind"/"rbind"/' "$BUNDLE/config.json"
	run_ok
	like 'ls./mnt/inner=file'
	unnest
}

@test "mount options: tmpcopyup" {
	requires root
	mkdir -p "$BUNDLE/rootfs/mnt"
	echo copied >"$BUNDLE/rootfs/mnt/file"
	with tmpcopyup
	args read /mnt/file , write /mnt/new x
	run_ok
	has read./mnt/file=copied write./mnt/new=ok
	[ ! -e "$BUNDLE/rootfs/mnt/new" ]
}

@test "mount options: a word that is none is the filesystem's, joined by commas" {
	requires root
	with mode=711 size=1m uid=7
	args mounts , stat /mnt
	run_ok
	mounted /mnt super=size=1024k super=uid=7
	like '^stat./mnt=dir mode=0711 uid=7'
}

@test "mount options: what is a filesystem's on a bind mount is no error, and changes nothing" {
	# "Runtimes SHOULD treat unknown options as filesystem-specific ones and pass those ... to the fifth
	# (data) argument of mount(2)": for a bind mount the kernel ignores them there.
	requires root
	mkdir -m 711 "$TMP/source"
	cp plain.json "$BUNDLE/config.json"
	cfg '.mounts += [{destination: "/mnt", source: $s,
		options: ["nosuid", "strictatime", "mode=755", "size=1k", "bind", "shared"]}]' --arg s "$TMP/source"
	args stat /mnt
	run_split vert --log-level warning run --bundle "$BUNDLE" "$ID"
	[ "$status" = 0 ] || { echo "$stderr"; return 1; }
	[[ $output == *"stat./mnt=dir mode=0711"* ]]
	[[ $stderr == *"warning: mounts[5]: 'mode=755' "*"warning: mounts[5]: 'size=1k' "* ]] || { echo "$stderr"; return 1; }
}

@test "mount options: every one that features lists is recognized" {
	requires root
	local word
	only_vert
	mkdir "$TMP/source"
	for word in $(vert features | jq -r '.mountOptions[]'); do
		case $word in
		remount | idmap | ridmap | tmpcopyup | iversion) continue ;;	# have tests of their own
		esac
		jq '.mounts += [{destination: "/mnt", source: $s, options: ["bind", $w]}]' --arg s "$TMP/source" --arg w "$word" \
			plain.json >"$BUNDLE/config.json"
		run_split vert run --bundle "$BUNDLE" "$ID"
		[ "$status" = 0 ] || { echo "$word: $stderr"; return 1; }
	done
}

@test "mount options: idmap has the mount's own mappings, and not the container's" {
	requires root idmapped-mounts userns
	mkdir -p "$TMP/source" "$BUNDLE/rootfs/mnt"
	touch "$TMP/source/file"
	chown 1000:1001 "$TMP/source/file"
	jq '.linux.namespaces += [{type: "user"}] | .linux.uidMappings = [{containerID: 0, hostID: 100000, size: 65536}]
		| .linux.gidMappings = .linux.uidMappings
		| .mounts += [{destination: "/mnt", source: $s, options: ["bind", "idmap"],
			uidMappings: [{containerID: 1000, hostID: 100005, size: 1}],
			gidMappings: [{containerID: 1001, hostID: 100006, size: 1}]}]
		| .process.args[1:] = ["stat", "/mnt/file"]' --arg s "$TMP/source" plain.json >"$BUNDLE/config.json"
	run_ok
	like '^stat./mnt/file=.* uid=5 gid=6'
}

@test "mount options: idmap without mappings has those of the container's user namespace" {
	requires root idmapped-mounts userns
	mkdir -p "$TMP/source" "$BUNDLE/rootfs/mnt"
	touch "$TMP/source/file"
	chown 7:8 "$TMP/source/file"
	jq '.linux.namespaces += [{type: "user"}] | .linux.uidMappings = [{containerID: 0, hostID: 100000, size: 65536}]
		| .linux.gidMappings = .linux.uidMappings
		| .mounts += [{destination: "/mnt", source: $s, options: ["bind", "idmap"]}]
		| .process.args[1:] = ["stat", "/mnt/file"]' --arg s "$TMP/source" plain.json >"$BUNDLE/config.json"
	run_ok
	like '^stat./mnt/file=.* uid=7 gid=8'
	# ridmap: also with mounts below
	sed -i 's/"bind"/"rbind"/; s/"idmap"/"ridmap"/' "$BUNDLE/config.json"
	run_ok
	like '^stat./mnt/file=.* uid=7 gid=8'
}

@test "mounts: without bind and rbind in the options it is no bind mount" {
	requires root
	mkdir "$TMP/source"
	jq '.mounts += [{destination: "/mnt", type: "tmpfs", source: $s}]' --arg s "$TMP/source" plain.json >"$BUNDLE/config.json"
	run_ok
	mounted /mnt type=tmpfs
}

@test "mounts: a later mount covers an earlier one" {	# MUST mount entries in the listed order
	jq '.mounts += [{destination: "/mnt", type: "tmpfs", source: "one"}, {destination: "/mnt", type: "tmpfs", source: "two"},
		{destination: "/mnt/sub", type: "tmpfs", source: "three"}]' plain.json >"$BUNDLE/config.json"
	run_ok
	[ "$(grep -oE 'mount=/mnt[^ ]* .*source=[a-z]*' <<<"$output" | sed 's/.*source=//' | tr '\n' ' ')" = "one two three " ]
}
