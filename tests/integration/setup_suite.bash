# SPDX-License-Identifier: Apache-2.0
# Once per run of bats: builds the probe and the helper, makes the root filesystem and the
# config.json every test starts from, and finds the place for the tests' own control groups.
# Everything is below $BATS_RUN_TMPDIR, which bats removes; the one thing outside of it is the
# control group, which teardown_suite removes.

# The mount point of the unified control group hierarchy, also on a hybrid host.
find_cgroupfs() {
	local dir
	for dir in /sys/fs/cgroup /sys/fs/cgroup/unified; do
		[ "$(stat -f -c %T "$dir" 2>/dev/null)" = cgroup2fs ] && echo "$dir" && return 0
	done
	return 1
}

# Sets VERT_TESTS_CGROUP: a group below which the tests may create others.  Empty when there is
# none, which is usual for an ordinary user without a delegated group.
find_cgroup_parent() {
	local own
	CGROUPFS=$(find_cgroupfs) || CGROUPFS=
	CGROUP_MADE=
	[ -n "$CGROUPFS" ] || { VERT_TESTS_CGROUP=; return 0; }
	if [ -z "${VERT_TESTS_CGROUP-}" ]; then
		if [ "$(id -u)" = 0 ]; then
			VERT_TESTS_CGROUP=/vert-tests-${VERT_TESTS_ISOLATED:-$$}
		else
			own=$(sed -n 's/^0:://p' /proc/self/cgroup)
			VERT_TESTS_CGROUP=
			[ -n "$own" ] && [ -w "$CGROUPFS$own/.." ] && [ -w "$CGROUPFS$own/../cgroup.procs" ] &&
				VERT_TESTS_CGROUP=$(dirname "$own")/vert-tests-$$
		fi
	fi
	[ -n "$VERT_TESTS_CGROUP" ] || return 0
	CGROUP_SUBTREE_BEFORE=$(cat "$CGROUPFS/cgroup.subtree_control" 2>/dev/null)
	if [ ! -d "$CGROUPFS$VERT_TESTS_CGROUP" ]; then
		mkdir "$CGROUPFS$VERT_TESTS_CGROUP" && CGROUP_MADE=1
	fi
}

build_rootfs() {
	local rootfs=$1 name
	mkdir -p "$rootfs"/{bin,dev,etc,proc,run,sys,tmp,usr/bin,var,home/user,data}
	chmod 1777 "$rootfs/tmp"
	cp "$(command -v busybox)" "$rootfs/bin/busybox"
	for name in sh true false cat echo sleep ls; do
		ln -s busybox "$rootfs/bin/$name"
	done
	cp "$TESTS_BASE/probe" "$rootfs/bin/probe"
	cat >"$rootfs/etc/passwd" <<-END
		root:x:0:0:root:/root:/bin/sh
		user:x:1000:1000:user:/home/user:/bin/sh
	END
	cat >"$rootfs/etc/group" <<-END
		root:x:0:
		user:x:1000:
	END
	echo text >"$rootfs/data/file"
}

# A plain container with every namespace but user and time; a user's container adds the user
# namespace with the caller as its root.
build_config() {
	jq -n --argjson uid "$(id -u)" --argjson gid "$(id -g)" --arg cgroup "$VERT_TESTS_CGROUP" '
	{
		ociVersion: "1.0.2",
		root: { path: "rootfs" },
		process: {
			terminal: false,
			user: { uid: 0, gid: 0 },
			args: ["/bin/probe", "echo", "hello"],
			env: ["PATH=/usr/bin:/bin"],
			cwd: "/",
			capabilities: ({ bounding: ["CAP_KILL", "CAP_CHOWN", "CAP_NET_BIND_SERVICE"] }
				| .effective = .bounding | .permitted = .bounding),
			noNewPrivileges: true
		},
		hostname: "tested",
		mounts: [
			{ destination: "/proc", type: "proc", source: "proc" },
			{ destination: "/dev", type: "tmpfs", source: "tmpfs",
			  options: ["nosuid", "strictatime", "mode=755", "size=65536k"] },
			{ destination: "/dev/pts", type: "devpts", source: "devpts",
			  options: ["nosuid", "noexec", "newinstance", "ptmxmode=0666", "mode=0620"] },
			{ destination: "/dev/shm", type: "tmpfs", source: "shm",
			  options: ["nosuid", "noexec", "nodev", "mode=1777", "size=65536k"] },
			{ destination: "/sys", type: "sysfs", source: "sysfs",
			  options: ["nosuid", "noexec", "nodev", "ro"] }
		],
		linux: {
			namespaces: [
				{ type: "pid" }, { type: "network" }, { type: "ipc" },
				{ type: "uts" }, { type: "mount" }, { type: "cgroup" }
			]
		}
	}
	| if $cgroup != "" then .linux.cgroupsPath = "CGROUPSPATH" else . end
	| if $uid != 0 then
		.linux.namespaces += [{ type: "user" }]
		| .linux.uidMappings = [{ containerID: 0, hostID: $uid, size: 1 }]
		| .linux.gidMappings = [{ containerID: 0, hostID: $gid, size: 1 }]
	  else . end'
}

setup_suite() {
	local dir cc static
	dir=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
	RUNTIME=${RUNTIME:-${VERT:-$dir/../../vert}}
	RUNTIME=$(realpath -e "$RUNTIME") || { echo "no runtime: build vert, or set RUNTIME" >&2; return 1; }
	RUNTIME_NAME=$(basename "$RUNTIME")

	TESTS_BASE=$BATS_RUN_TMPDIR/base
	mkdir "$TESTS_BASE"
	# A container whose root is another user of the host has to get at its files.
	chmod 755 "$BATS_RUN_TMPDIR" "$TESTS_BASE"
	cc=${CC:-cc}
	static=$cc
	command -v musl-gcc >/dev/null && static=musl-gcc
	(
		cd "$dir/../probe" || exit 1
		$static -std=c17 -D_GNU_SOURCE -O1 -static -o "$TESTS_BASE/probe" probe.c facts.c acts.c confine.c &&
		$cc -std=c17 -D_GNU_SOURCE -O1 -o "$TESTS_BASE/helper" helper.c
	) || return 1

	find_cgroup_parent || return 1
	build_rootfs "$TESTS_BASE/rootfs" || return 1
	build_config >"$TESTS_BASE/config.json" || return 1
	export RUNTIME RUNTIME_NAME TESTS_BASE CGROUPFS VERT_TESTS_CGROUP CGROUP_MADE
	export CGROUP_SUBTREE_BEFORE
}

# Controllers that a test had enabled at the root of a hybrid host's unified hierarchy, where
# nobody else uses them, are given back; on a pure host they are the service manager's business.
teardown_suite() {
	local c
	if [ -n "$CGROUP_MADE" ]; then
		rmdir "$CGROUPFS$VERT_TESTS_CGROUP"
		[ "$CGROUPFS" = /sys/fs/cgroup/unified ] || return 0
		for c in $(cat "$CGROUPFS/cgroup.subtree_control"); do
			case " $CGROUP_SUBTREE_BEFORE " in
			*" $c "*) ;;
			*) echo "-$c" >"$CGROUPFS/cgroup.subtree_control" || : ;;
			esac
		done
	fi
}
