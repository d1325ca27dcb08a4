# SPDX-License-Identifier: Apache-2.0
# What the tests of attacks share: the attackers of tests/attack, the canary (a part of the host that
# no container may change), and the naive build, in which a defence can be left out by name.
#
#	$ATTACK		the attackers, statically linked
#	$HOST		a directory outside of every root, with what an attack would want to change
#	VERT_FAULTS	a vert configured with --enable-test-faults; without it one is built for the run

load helpers

# One bats process at a time gets here: the files of a run are carried out one after another.
setup_file() {
	build_attackers
}

build_attackers() {
	local src name
	ATTACK=$TESTS_BASE/attack
	export ATTACK
	src=$(cd "$BATS_TEST_DIRNAME/../attack" && pwd)
	[ ! -d "$ATTACK" ] || return 0
	mkdir "$ATTACK"
	for name in storm stalker odd inside badsocket; do
		${CC:-cc} -std=c17 -D_GNU_SOURCE -O1 -static -o "$ATTACK/$name" "$src/$name.c" || return 1
	done
}

setup() {
	setup_bundle
	HOST=$TMP/host
	mkdir -p "$HOST"/{etc,dir/sub,dev}
	chmod 755 "$HOST"
	echo "root:x:0:0" >"$HOST/etc/passwd"
	echo secret >"$HOST/secret"
	echo target >"$HOST/file"
	# What a runtime would replace or remove in a /dev that it took for the container's.
	echo ptmx >"$HOST/dev/ptmx"
	echo console >"$HOST/dev/console"
	CANARY=$(fingerprint)
}

fingerprint() {
	find "$HOST" -printf '%p %y %m %U:%G %s %T@ %l\n' | LC_ALL=C sort
	find "$HOST" -type f -exec sha1sum {} + | LC_ALL=C sort
}

# The host's part is as it was.
intact() {
	local now
	now=$(fingerprint)
	[ "$now" = "$CANARY" ] && return 0
	echo "the host's tree was changed:"
	diff <(echo "$CANARY") <(echo "$now")
	return 1
}

# The opposite, for the naive build.
harmed() {
	[ "$(fingerprint)" != "$CANARY" ]
}

# attackers NAME...: into the container's /bin.
attackers() {
	local name
	for name; do
		ln "$ATTACK/$name" "$BUNDLE/rootfs/bin/$name" 2>/dev/null ||
			cp "$ATTACK/$name" "$BUNDLE/rootfs/bin/$name"
	done
}

# caps NAME...: all of the container's sets.
caps() {
	cfg '.process.capabilities = {bounding: $ARGS.positional, effective: $ARGS.positional,
		permitted: $ARGS.positional}' --args -- "$@"
}

# The default capabilities of engines, which is what a hostile image can count on.
engine_caps() {
	caps CAP_CHOWN CAP_DAC_OVERRIDE CAP_FSETID CAP_FOWNER CAP_MKNOD CAP_NET_RAW CAP_SETGID CAP_SETUID \
		CAP_SETFCAP CAP_SETPCAP CAP_NET_BIND_SERVICE CAP_SYS_CHROOT CAP_KILL CAP_AUDIT_WRITE
}

# Without a mount on TARGET in the config.
without_mount() {
	cfg '.mounts |= map(select(.destination != $t))' --arg t "$1"
}

bind() { # SOURCE DESTINATION [OPTION...]
	local source=$1 destination=$2
	shift 2
	cfg '.mounts += [{destination: $d, type: "bind", source: $s, options: (["rbind"] + $ARGS.positional)}]' \
		--arg s "$source" --arg d "$destination" --args -- "$@"
}

# In a new user namespace whose root is nobody on the host.
user_ns() {
	cfg '.linux.namespaces += [{type: "user"}]
		| .linux.uidMappings = [{containerID: 0, hostID: 1000000, size: 65536}]
		| .linux.gidMappings = .linux.uidMappings'
}

# Either it runs and all is well, or it is refused by an ordinary message: never a signal, never a hang.
run_or_refused() {
	run_split vert run --bundle "$BUNDLE" "$@" "$ID"
	[ "$status" = 0 ] && return 0
	[ "$status" -lt 126 ] && one_message && return 0
	echo "status $status: $stderr"
	return 1
}

# The test's own /dev/null: what a container does to the host's it does to this one.
own_null() {
	[ -n "${VERT_TESTS_ISOLATED-}" ] || skip "needs a mount namespace of its own"
	mknod -m 666 "$TMP/null" c 1 3
	mount --bind "$TMP/null" /dev/null
}

own_null_gone() {
	umount --lazy /dev/null
}

# A profile, and in its place in the cache another's program, which allows everything: whoever may write into the
# directory could leave it there.
poisoned_cache() {
	local entry
	cfg '.linux.seccomp = {defaultAction: "SCMP_ACT_ALLOW", syscalls: [{names: ["mkdir", "mkdirat"], action: "SCMP_ACT_ERRNO",
		errnoRet: 33}]}'
	probe try mkdir
	has try.mkdir=EDOM
	entry=$(grep -rl 'vert seccomp' "$ROOT")
	[ -f "$entry" ]
	python3 - "$entry" <<-'END'
		import os, struct, sys
		path = sys.argv[1]
		key = bytes.fromhex(os.path.basename(path))
		program = struct.pack('<HBBI', 6, 0, 0, 0x7fff0000)  # return SECCOMP_RET_ALLOW
		total = 1
		for word in struct.unpack('<%dQ' % ((len(key) + len(program)) // 8), key + program):
		    total = (total ^ word) * 0x9e3779b97f4a7c15 % 2**64
		    total ^= total >> 32
		head = open(path, 'rb').read(24)
		open(path, 'wb').write(head + struct.pack('<IIQ', 1, 0, total) + program)
	END
	chmod 666 "$entry"
	chmod 777 "${entry%/*}"
}

# What a container finds of the paths that `vert spec` names: one line for each that is not hidden.
spec_paths() {
	vert spec --file "$TMP/spec.json"
	MASKED=$(jq -r '.linux.maskedPaths | join(" ")' "$TMP/spec.json")
	READONLY=$(jq -r '.linux.readonlyPaths | join(" ")' "$TMP/spec.json")
	argv /bin/sh -c 'for p; do
		if [ -d "$p" ]; then [ -z "$(ls "$p")" ] || echo "open $p"
		elif [ -e "$p" ]; then [ -z "$(cat "$p" 2>/dev/null)" ] || echo "open $p"
		fi; done; echo looked' sh $MASKED
}

# In the place of /dev/pts a directory with a multiplexer, beside which the kernel finds a devpts of the host's.
other_multiplexer() {
	mkdir -p "$TMP/pts/pts"
	mknod "$TMP/pts/ptmx" c 5 2
	mount -t devpts -o newinstance,ptmxmode=0666 other "$TMP/pts/pts"
	without_mount /dev/pts
	bind "$TMP/pts" /dev/pts
	cfg '.process.terminal = true'
}
