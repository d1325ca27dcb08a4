#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
#
# A whole Debian in a container, without an engine: the guest's own tree, which debootstrap and apt
# have made, is the root.  Its programs expect more of a container than busybox does.

load helpers

DEB=/run/deb

deb_tree() {
	mkdir -p $DEB/{up,work,rootfs} &&
		mount -t overlay -o lowerdir=/,upperdir=$DEB/up,workdir=$DEB/work overlay $DEB/rootfs &&
		rm -f $DEB/rootfs/etc/mtab && "$RT" spec -b $DEB && cp $DEB/config.json $DEB/spec.json
}

# deb_args JSON [FILTER]: the program of the next container.
deb_args() {
	jq ".process.args = $1 | .process.terminal = false | .root.readonly = false | ${2:-.}" \
		$DEB/spec.json > $DEB/config.json
}

deb_run() { deb_args "$@" && "$RT" run -b $DEB deb; }

# Ten processes, each of which has the next one as its reader; bash waits for all of them.
# shellcheck disable=SC2016
DEB_PIPELINE='set -o pipefail; seq 20000 | cat | sed s/^/n/ | tr n m | grep m | sort -r | uniq | cut -c 2- |
	sort -n | tail -n 1; echo ${#PIPESTATUS[@]} "${PIPESTATUS[@]}"'
# What an interpreter is made of: modules, threads, processes, time, names of users, a temporary file.
DEB_PYTHON='import json, os, pwd, subprocess, tempfile, threading
t = threading.Thread(target=lambda: print("thread"))
t.start(); t.join()
with tempfile.NamedTemporaryFile() as f:
    f.write(json.dumps([1, 2]).encode()); f.flush()
    print(subprocess.run(["cat", f.name], capture_output=True, text=True).stdout,
          pwd.getpwuid(os.getuid()).pw_name, os.getpid())'

deb_json() { jq -n --arg a "$1" --arg b "$2" --arg c "$3" '[$a, $b, $c]'; }

# A line of what is wanted, and what is typed then; see typist.  The interrupt key is for a program that is in the
# foreground: it says so.
# shellcheck disable=SC2016
deb_type() {
	printf '%s\t%s\n' '[#$] ' 'stty size; tty\r' '40 100\s+/dev/(pts/\d|console)' 'sleep 1000 &\r' \
		'\[1\] \d+' 'jobs; kill %1\r' 'Running +sleep 1000' 'sh -c "echo here; exec sleep 1001"\r' \
		'\nhere' '\x03' '\^C[^#$]*[#$] ' 'echo after $?\r' 'after 130' 'exit 7\r' | /vm/typist "$@"
	echo "status $?"
}

deb_shell() {
	deb_args '["bash", "-i"]' '.process.terminal = true | .process.env += ["TERM=dumb"]'
	deb_type "$RT" run -b $DEB deb
	"$RT" delete --force deb # nothing, but for a run that was killed
}

deb_sleeper() {
	deb_args '["sleep", "1000"]' && "$RT" run -d -b $DEB deb < /dev/null > $DEB/log 2>&1
}

deb_exec_shell() { deb_type "$RT" exec -t -e TERM=dumb deb bash -i; }

deb_status() { "$RT" state deb | jq -r .status; }

# shellcheck disable=SC2016
deb_create() {
	deb_args '["bash", "-c", "trap \"echo told > /told; exit 3\" TERM; echo up > /told; while :; do sleep 0.1; done"]' &&
		"$RT" create -b $DEB --pid-file $DEB/pid deb < /dev/null > $DEB/log 2>&1 || return 1
	deb_status
	cat $DEB/rootfs/told 2> /dev/null
	"$RT" start deb && until_prints up 20 cat $DEB/rootfs/told && deb_status && kill -0 "$(cat $DEB/pid)"
}

deb_kill() {
	"$RT" kill deb TERM && until_prints stopped 20 deb_status && cat $DEB/rootfs/told && "$RT" delete deb
}

# A process that is left would still see the tree mounted.
deb_traces() {
	umount $DEB/rootfs || return 1
	"$RT" list -q
	find /sys/fs/cgroup -type d -name deb
	grep -l "upperdir=$DEB/up" /proc/[0-9]*/mountinfo 2> /dev/null
	rm -rf $DEB && echo none
}

@test "deb-tree" {
	check '' deb_tree
}

@test "deb-run-apt" {
	check '^apt [0-9.]+ ' deb_run '["apt-get", "--version"]'
}

@test "deb-run-python" {
	check '^thread \[1, 2\] root 1 $' deb_run "$(deb_json python3 -c "$DEB_PYTHON")"
}

@test "deb-run-pipeline" {
	check '^20000 10 0 0 0 0 0 0 0 0 0 0 $' deb_run "$(deb_json bash -c "$DEB_PIPELINE")"
}

@test "deb-run-shell" {
	check 'after 130.*status 7 $' deb_shell
}

@test "deb-sleeper" {
	check '' deb_sleeper
}

@test "deb-exec-apt" {
	check '^apt [0-9.]+ ' "$RT" exec deb apt-get --version
}

@test "deb-exec-python" {
	check '^thread \[1, 2\] root [0-9]+ $' "$RT" exec deb python3 -c "$DEB_PYTHON"
}

@test "deb-exec-pipeline" {
	check '^20000 10 0 0 0 0 0 0 0 0 0 0 $' "$RT" exec deb bash -c "$DEB_PIPELINE"
}

@test "deb-exec-shell" {
	check 'after 130.*status 7 $' deb_exec_shell
}

@test "deb-delete" {
	check '' "$RT" delete --force deb
}

@test "deb-create" {
	check '^created up running $' deb_create
}

@test "deb-kill" {
	check '^stopped told $' deb_kill
}

@test "deb-trace" {
	check '^none $' deb_traces
}
