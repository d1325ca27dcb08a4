#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# checkpoint and restore.  What CRIU itself does is shown where it works; what vert asks of it, and what is left when it
# fails, with a stand-in that writes down its arguments.

load helpers

setup() {
	setup_bundle
	requires root
	only_vert
	IMAGE=$TMP/image
	cp -p /bin/busybox "$BUNDLE/rootfs/bin/busybox"
	argv /bin/busybox sh -c 'i=0; while :; do i=$((i+1)); echo $i >/data/count; sleep 0.1; done'
	rm -f "$BUNDLE/rootfs/data/count"
}

# A program named criu that writes its arguments to $TMP/args, then runs SCRIPT with the pid it got in $tree.
stand_in() {
	mkdir -p "$TMP/bin"
	cat >"$TMP/bin/criu" <<-EOF
		#!/bin/sh
		printf '%s\n' "\$@" >"$TMP/args"
		env >"$TMP/env"
		ls -l /proc/self/fd/ >"$TMP/fds"
		cat /proc/self/cgroup >"$TMP/cgroup"
		while [ \$# -gt 0 ]; do
			case \$1 in
			--tree) tree=\$2 ;;
			--pidfile) pidfile=\$2 ;;
			--work-dir) cd "\$2" ;;
			esac
			shift
		done
		$1
	EOF
	chmod +x "$TMP/bin/criu"
	PATH=$TMP/bin:$PATH
}

# The stand-in was called with the words WORD... one after the other.
asked() {
	local all
	all=$'\n'$(<"$TMP/args")$'\n'
	[[ $all == *$'\n'"$(printf '%s\n' "$@")"$'\n'* ]] || { echo "not asked for: $*"; cat "$TMP/args"; return 1; }
}

requires_criu() {
	command -v criu >/dev/null && criu check >/dev/null 2>&1 || skip "needs CRIU that works on this kernel"
}

start_counter() {
	use_id "$ID"
	vert run -d --bundle "$BUNDLE" "$ID" </dev/null >/dev/null 2>&1
	within 5 test -s "$BUNDLE/rootfs/data/count"
}

counts_on() {
	local before
	before=$(cat "$BUNDLE/rootfs/data/count")
	within 5 eval '[ "$(cat "$BUNDLE/rootfs/data/count")" -gt '"$before"' ]'
}

# ---- with CRIU -------------------------------------------------------------------------------------

@test "checkpoint: a container is dumped, deleted and restored, and goes on" {
	requires_criu
	local before confined pid
	start_counter
	pid=$(state "$ID" pid)
	confined=$(grep -E '^(Cap|NoNewPrivs|Seccomp)' "/proc/$pid/status")
	vert checkpoint --image-path "$IMAGE" "$ID"
	is_status "$ID" stopped
	before=$(cat "$BUNDLE/rootfs/data/count")
	vert delete "$ID"
	vert restore -d --bundle "$BUNDLE" --image-path "$IMAGE" --pid-file "$TMP/pid" "$ID" </dev/null >/dev/null 2>&1
	is_status "$ID" running
	pid=$(state "$ID" pid)
	[ "$(cat "$TMP/pid")" = "$pid" ]
	counts_on
	[ "$(cat "$BUNDLE/rootfs/data/count")" -gt "$before" ]
	# As confined as before, in its own namespaces, in its cgroup.
	[ "$(grep -E '^(Cap|NoNewPrivs|Seccomp)' "/proc/$pid/status")" = "$confined" ]
	for ns in pid net ipc uts mnt cgroup; do
		[ "$(readlink "/proc/$pid/ns/$ns")" != "$(readlink "/proc/self/ns/$ns")" ]
	done
	[ -z "$CG" ] || grep -q ":$CG/$ID\$" "/proc/$pid/cgroup"
	run vert exec "$ID" /bin/busybox cat /data/count
	succeeded
	vert delete --force "$ID"
}

@test "checkpoint: a pre-dump with its child" {
	requires_criu
	criu check --feature mem_dirty_track >/dev/null 2>&1 || skip "needs a kernel that tracks changed memory"
	start_counter
	vert checkpoint --pre-dump --image-path "$TMP/first" "$ID"
	counts_on
	vert checkpoint --leave-running --image-path "$IMAGE" --parent-path ../first "$ID"
	counts_on
	vert delete --force "$ID"
	vert restore -d --bundle "$BUNDLE" --image-path "$IMAGE" "$ID" </dev/null >/dev/null 2>&1
	counts_on
	vert delete --force "$ID"
}

@test "checkpoint: --leave-running" {
	requires_criu
	start_counter
	vert checkpoint --leave-running --image-path "$IMAGE" "$ID"
	counts_on
	vert delete --force "$ID"
}

@test "checkpoint: bind mounts, masked files and a read-only root are as they were" {
	requires_criu
	local pid before
	mkdir "$TMP/source"
	echo content >"$TMP/source/file"
	cfg '.mounts += [{destination: "/mnt", type: "bind", source: $s, options: ["bind", "ro"]}]
		| .root.readonly = true | .linux.maskedPaths = ["/proc/keys", "/proc/acpi", "/not/there"]
		| .mounts += [{destination: "/data", type: "bind", source: $d, options: ["bind"]}]' \
		--arg s "$TMP/source" --arg d "$BUNDLE/rootfs/data"
	start_counter
	pid=$(state "$ID" pid)
	before=$(cut -d' ' -f5,6 "/proc/$pid/mountinfo" | sed 's/nosuid,noexec,//' | sort)
	vert checkpoint --image-path "$IMAGE" "$ID"
	vert delete "$ID"
	# The root file system may be a fresh one.
	rmdir "$BUNDLE/rootfs/mnt"
	vert restore -d --bundle "$BUNDLE" --image-path "$IMAGE" "$ID" </dev/null >/dev/null 2>&1
	counts_on
	pid=$(state "$ID" pid)
	[ "$(cut -d' ' -f5,6 "/proc/$pid/mountinfo" | sed 's/nosuid,noexec,//' | sort)" = "$before" ] || {
		diff <(echo "$before") <(cut -d' ' -f5,6 "/proc/$pid/mountinfo" | sed 's/nosuid,noexec,//' | sort)
		false
	}
	run vert exec "$ID" /bin/busybox cat /mnt/file /proc/keys
	[ "$output" = content ]
	vert delete --force "$ID"
}

@test "restore: in the foreground returns the container's status and removes it" {
	requires_criu
	argv /bin/busybox sh -c 'while [ ! -e /data/end ]; do sleep 0.1; echo x >/data/count; done; exit 7'
	rm -f "$BUNDLE/rootfs/data/end"
	start_counter
	vert checkpoint --image-path "$IMAGE" "$ID"
	vert delete "$ID"
	touch "$BUNDLE/rootfs/data/end"
	run vert restore --bundle "$BUNDLE" --image-path "$IMAGE" "$ID" </dev/null
	[ "$status" = 7 ]
	[ -z "$(containers)" ]
}

@test "restore: a joined network namespace is the one of the new configuration" {
	requires_criu
	local pid
	bg unshare --net sleep 60
	within 2 eval '[ "$(readlink /proc/${BACKGROUND[0]}/ns/net)" != "$(readlink /proc/self/ns/net)" ]'
	cfg '.linux.namespaces |= map(if .type == "network" then .path = $p else . end)' \
		--arg p "/proc/${BACKGROUND[0]}/ns/net"
	start_counter
	vert checkpoint --image-path "$IMAGE" "$ID"
	vert delete "$ID"
	bg unshare --net sleep 60
	within 2 eval '[ "$(readlink /proc/${BACKGROUND[1]}/ns/net)" != "$(readlink /proc/self/ns/net)" ]'
	cfg '.linux.namespaces |= map(if .type == "network" then .path = $p else . end)' \
		--arg p "/proc/${BACKGROUND[1]}/ns/net"
	vert restore -d --bundle "$BUNDLE" --image-path "$IMAGE" "$ID" </dev/null >/dev/null 2>&1
	pid=$(state "$ID" pid)
	[ "$(readlink "/proc/$pid/ns/net")" = "$(readlink "/proc/${BACKGROUND[1]}/ns/net")" ]
	vert delete --force "$ID"
}

# ---- what is asked of it, and what is left when it fails -------------------------------------------

@test "checkpoint: options become CRIU's" {
	start_counter
	stand_in 'kill -KILL $tree'
	vert checkpoint --image-path "$IMAGE" --work-path "$TMP/work/dir" --tcp-established --ext-unix-sk --shell-job \
		--file-locks --link-remap --lazy-pages --auto-dedup --tcp-skip-in-flight --page-server 127.0.0.1:77 \
		--empty-ns network --manage-cgroups-mode soft --network-lock nftables --status-fd 5 "$ID"
	asked dump --tree
	asked --images-dir "$IMAGE"
	asked --work-dir "$TMP/work/dir"
	asked --log-file dump.log
	asked --page-server --address 127.0.0.1 --port 77
	asked --empty-ns net
	asked --network-lock nftables
	asked --status-fd 5
	asked --root "$BUNDLE/rootfs"
	for word in --tcp-established --ext-unix-sk --shell-job --file-locks --link-remap --lazy-pages --auto-dedup \
		--skip-in-flight --manage-cgroups=soft; do
		asked "$word"
	done
	[ "$(jq length "$IMAGE/descriptors.json")" = 3 ]
	vert delete "$ID"
}

@test "checkpoint: a failure is told in CRIU's words, and the container runs on" {
	start_counter
	stand_in 'echo "(00.1) Error (criu/x.c:1): mnt: no such luck" >dump.log
		echo "(00.2) Error (criu/cr-dump.c:2): Dumping FAILED." >>dump.log; exit 1'
	refused "criu dump failed: mnt: no such luck" vert checkpoint --image-path "$IMAGE" "$ID"
	[[ $stderr == *"$IMAGE/dump.log"* ]]
	is_status "$ID" running
	counts_on
	stand_in 'kill -SEGV $$'
	refused "criu dump was killed by signal 11" vert checkpoint --image-path "$IMAGE" "$ID"
	vert delete --force "$ID"
}

@test "checkpoint: is refused for what is not running, has a terminal, or without CRIU" {
	stand_in 'exit 0'
	refused "container does not exist" vert checkpoint --image-path "$IMAGE" "$ID"
	create "$ID"
	refused "not running: it is created" vert checkpoint --image-path "$IMAGE" "$ID"
	vert delete --force "$ID"
	start_counter
	if [ -n "$CG" ]; then
		# What is paused can be dumped: CRIU is told where to thaw it.
		vert pause "$ID"
		vert checkpoint --leave-running --image-path "$IMAGE" "$ID"
		asked --freeze-cgroup "$CGROUPFS$CG/$ID"
		rm "$TMP/args"
		vert resume "$ID"
	fi
	PATH=/nowhere refused "need the program 'criu'" "$RUNTIME" --root "$ROOT" checkpoint --image-path "$IMAGE" "$ID"
	[ ! -e "$TMP/args" ]
	refused "is not ADDRESS:PORT" vert checkpoint --image-path "$IMAGE" --page-server here "$ID"
	vert delete --force "$ID"
}

@test "restore: a failure, or an image that others can write (V93), leaves nothing and says why" {
	mkdir "$IMAGE"
	refused "is it the image of a checkpoint?" vert restore --bundle "$BUNDLE" --image-path "$IMAGE" "$ID"
	nothing_left -v
	# Whoever writes there decides what runs.
	echo '["","",""]' >"$IMAGE/descriptors.json"
	chmod 777 "$IMAGE"
	refused "is not root's alone" vert restore --bundle "$BUNDLE" --image-path "$IMAGE" "$ID"
	chmod 755 "$IMAGE"
	echo '["a"' >"$IMAGE/descriptors.json"
	stand_in 'exit 0'
	refused "three standard streams" vert restore --bundle "$BUNDLE" --image-path "$IMAGE" "$ID"
	echo '["","",""]' >"$IMAGE/descriptors.json"
	refused "criu.pid" vert restore --bundle "$BUNDLE" --image-path "$IMAGE" "$ID"
	nothing_left -v
	stand_in 'echo "(0) Error (criu/y.c:1): cannot" >restore.log; exit 3'
	refused "criu restore failed: cannot" vert restore --bundle "$BUNDLE" --image-path "$IMAGE" "$ID"
	nothing_left -v
	# A process of its own, and it hangs: the signal ends all of it.
	stand_in 'sleep 50'
	rm "$TMP/args" # an earlier stand-in's: the signal must not come before this one runs
	vert restore --bundle "$BUNDLE" --image-path "$IMAGE" "$ID" </dev/null >"$TMP/out" 2>&1 &
	within 5 test -s "$TMP/args"
	kill -TERM "$(children $!)"
	status=0
	wait $! || status=$?
	[ "$status" = 143 ] || { echo "status $status"; cat "$TMP/out"; return 1; }
	within 10 nothing_left
}

@test "restore: CRIU gets the container's cgroup, read-only null device and no descriptor too many" {
	mkdir "$IMAGE"
	echo '["pipe:[1]","pipe:[2]","pipe:[2]"]' >"$IMAGE/descriptors.json"
	cfg '.linux.maskedPaths = ["/proc/keys"] | .annotations["org.criu.config"] = "/etc/criu/own.conf"
		| .mounts += [{destination: "/sys/fs/cgroup", type: "cgroup2", source: "cgroup"},
			{destination: "/mnt", type: "bind", source: "/etc", options: ["bind"]}]'
	use_id "$ID"
	stand_in 'chmod 600 /dev/null 2>"'"$TMP"'/chmod"; exit 1'
	refused "criu restore failed" vert restore --bundle "$BUNDLE" --image-path "$IMAGE" --tcp-close \
		--lsm-profile apparmor:x --lsm-mount-context y "$ID" 7</etc/passwd
	asked --restore-detached
	asked --restore-sibling
	asked --manage-cgroups=ignore
	asked --tcp-close
	asked --lsm-profile apparmor:x
	asked --lsm-mount-context y
	asked --config /etc/criu/own.conf
	asked --inherit-fd 'fd[10]:pipe:[1]' --inherit-fd 'fd[11]:pipe:[2]'
	asked --external 'mnt[/proc/keys]:/dev/null'
	asked --external 'mnt[/mnt]:/etc'
	[ -z "$CG" ] || asked --external "mnt[/sys/fs/cgroup]:$CGROUPFS$CG/$ID"
	[ -z "$CG" ] || grep -qx '0::/' "$TMP/cgroup" # its own cgroup namespace
	grep -q 'Read-only' "$TMP/chmod"
	[ "$(awk 'NR > 1 { print $9 }' "$TMP/fds" | grep -cvx '[0-3]\|1[0-2]')" = 0 ] || { cat "$TMP/fds"; return 1; }
	[ "$(grep -c . "$TMP/env")" -le 4 ] # PATH, and what the shell adds
}
