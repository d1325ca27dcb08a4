# SPDX-License-Identifier: Apache-2.0
# Storms: a process that exchanges a name in a volume with a link out of the root as fast as it can, while
# containers with that volume start.  Each function below prepares one kind of path; storm_starts runs it.
#
#	VERT_TESTS_STORM_STARTS		starts of each kind, at most (300)
#	VERT_TESTS_STORM_SECONDS	and for so long, at most (2)
#	VERT_TESTS_STORM_FIGURES	a file for one line a kind: starts, exchanges, what became of them

load security

# The volume: A is a directory, B a link to the host's; names in it for every kind.
make_volume() {
	VOL=$TMP/vol
	mkdir -p "$VOL"/{a,dev/pts,c}
	chmod -R 777 "$VOL"
	echo inside >"$VOL/a/secret"
	echo inside >"$VOL/a/marker"
	ln -s "../../../../../../../../../../..$HOST/dir" "$VOL/b"
	ln -s "$HOST/file" "$VOL/dev/evil"
	echo >"$VOL/dev/console"
	echo outside >"$HOST/dir/secret"
	echo outside >"$HOST/dir/marker"
	CANARY=$(fingerprint)
	PAIRS=("$VOL/a" "$VOL/b")
	bind "$VOL" /vol
}

kind_targets() {
	cfg '.mounts += [{destination: "/vol/a/x", type: "tmpfs", source: "tmpfs"},
		{destination: "/vol/a/y/deep", type: "bind", source: $h, options: ["bind", "ro"]},
		{destination: "/vol/a/file", type: "bind", source: ($h + "/marker"), options: ["bind"]}]' --arg h "$HOST/dir"
	args echo ran
}

kind_sources() {
	mkdir -p "$VOL/a/src"
	cfg '.mounts += [{destination: "/data", type: "bind", source: ($v + "/a/src"), options: ["rbind", "src-nofollow"]}]' \
		--arg v "$VOL"
	rm "$VOL/b"
	echo file >"$VOL/b"
	args write /data/new x
}

# Now a directory that is a source, now a link out of the volume: the link is mounted then, not where it leads.
kind_links() {
	cfg '.mounts += [{destination: "/data", type: "bind", source: ($v + "/a"), options: ["rbind", "src-nofollow"]}]' \
		--arg v "$VOL"
	args write /data/new x
}

# By mount(2), what fsconfig(2) cannot say: B leads to another mount of the container's.
kind_classic() {
	mkdir -p "$TMP/data" "$BUNDLE/rootfs/data"
	rm "$VOL/b"
	ln -s ../data "$VOL/b"
	bind "$TMP/data" /data
	cfg '.mounts += [{destination: "/vol/a", type: "tmpfs", source: "classic",
		options: ["silent", "nosuid", "nodev", "noexec"]}]'
	args mounts
}

# A container without the attributes on that mount, or with them on the other (which is nosuid where the host's /tmp is).
misplaced() {
	grep -E '^mount=.* source=classic' "$TMP/storm.out" | grep -qv 'noexec' ||
		grep -E '^mount=/data ' "$TMP/storm.out" | grep -v 'source=classic' | grep -q 'noexec'
}

kind_devices() {
	cfg '.linux.devices = [{path: "/vol/a/node", type: "c", major: 1, minor: 3, fileMode: 438, uid: 1, gid: 1},
		{path: "/vol/a/new/fifo", type: "p", major: 0, minor: 0}]'
	args echo ran
}

kind_masks() {
	cfg '.linux.maskedPaths = ["/vol/a/secret"] | .linux.readonlyPaths = ["/vol/a", "/vol/b"]'
	args write /vol/a/marker inside
}

kind_cwd() {
	cfg '.process.cwd = "/vol/a/new/deep"'
	args read ../../marker
}

kind_console() {
	without_mount /dev
	cfg '.mounts |= [{destination: "/dev", type: "bind", source: $d, options: ["rbind"]}] + . | .process.terminal = true' \
		--arg d "$VOL/dev"
	PAIRS=("$VOL/dev/console" "$VOL/dev/evil")
	args echo ran
}

kind_copyup() {
	mkdir -p "$VOL/c/sub"
	ln -s "$HOST/dir" "$VOL/c/link"
	cfg '.mounts += [{destination: "/vol/c", type: "tmpfs", source: "tmpfs", options: ["tmpcopyup"]}]'
	PAIRS=("$VOL/c/sub" "$VOL/c/link")
	args read /vol/c/sub/secret
}

# The root file system itself belongs to somebody who is not done with it.
kind_rootfs() {
	without_mount /dev
	without_mount /dev/pts
	without_mount /dev/shm
	mkdir -p "$BUNDLE/rootfs/dev"
	ln -s "$HOST/dev" "$BUNDLE/rootfs/dev2"
	ln -s "$HOST/dir" "$BUNDLE/rootfs/proc2"
	PAIRS=("$BUNDLE/rootfs/dev" "$BUNDLE/rootfs/dev2" "$BUNDLE/rootfs/proc" "$BUNDLE/rootfs/proc2")
	args echo ran
}

# What is written to /proc before the program runs: sysctls, and the label where the host has such a thing.
kind_writes() {
	local file
	for file in sys/net/ipv4/ip_forward self/attr/exec thread-self/attr/exec thread-self/attr/apparmor/exec; do
		mkdir -p "$HOST/dir/$(dirname $file)"
		echo outside >"$HOST/dir/$file"
	done
	CANARY=$(fingerprint)
	ln -s "$HOST/dir" "$BUNDLE/rootfs/proc2"
	PAIRS=("$BUNDLE/rootfs/proc" "$BUNDLE/rootfs/proc2")
	cfg '.linux.sysctl = {"net.ipv4.ip_forward": "1"}'
	[ "$(cat /sys/module/apparmor/parameters/enabled 2>/dev/null)" != Y ] || cfg '.process.apparmorProfile = "unconfined"'
	args echo ran
}

# start_storm: until stop_storm; waits for it to blow.
start_storm() {
	rm -f "$TMP/count"
	"$ATTACK/storm" "$TMP/count" "${PAIRS[@]}" 3>&- 4>&- &
	STORM=$!
	BACKGROUND+=("$STORM")
	within 5 grep -q '[0-9]' "$TMP/count"
}

stop_storm() {
	grep -q '^State:.[^ZX]' "/proc/$STORM/status" # it blew until now
	kill -KILL "$STORM"
	wait "$STORM" 2>/dev/null || :
}

# storm_starts KIND [UNTIL-COMMAND]: starts containers in a storm; $STARTED says how many came to run, $REFUSED
# how many were refused by a message.  Ends early when UNTIL-COMMAND succeeds.
storm_starts() {
	local n=${VERT_TESTS_STORM_STARTS:-300} end=$((SECONDS + ${VERT_TESTS_STORM_SECONDS:-2})) rc
	STARTED=0 REFUSED=0
	make_volume
	"kind_$1"
	use_id "$ID"
	start_storm
	: >"$TMP/storm.out"
	# Some at least, however slow the machine is.
	while [ $((n--)) -gt 0 ] && [ $SECONDS -lt $end -o $((STARTED + REFUSED)) -lt 8 ]; do
		rc=0
		timeout -k 1 10 "$RUNTIME" --root "$ROOT" run --bundle "$BUNDLE" "$ID" </dev/null \
			>>"$TMP/storm.out" 2>"$TMP/storm.err" 3>&- 4>&- || rc=$?
		case $rc in
		0) STARTED=$((STARTED + 1)) ;;
		1 | 126 | 127) REFUSED=$((REFUSED + 1)) && grep -q '^vert: ' "$TMP/storm.err" ;;
		*) echo "$1: status $rc: $(cat "$TMP/storm.err")"; return 1 ;;
		esac || { echo "$1: status $rc without a message: $(cat "$TMP/storm.err")"; return 1; }
		[ -z "${2-}" ] || ! "$2" || break
	done
	stop_storm
	EXCHANGES=$(tr -d '\n' <"$TMP/count")
	[ -z "${VERT_TESTS_STORM_FIGURES-}" ] ||
		echo "$1: $((STARTED + REFUSED)) starts, $STARTED ran, $REFUSED refused, $EXCHANGES exchanges" \
			>>"$VERT_TESTS_STORM_FIGURES"
}
