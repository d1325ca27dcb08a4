#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
#
# The host's clock is set back and forth by years while containers live: what they are hangs on the boot and on times
# since the boot, deadlines on the monotonic clock, and only what is printed on the hour of the day.  vert's own
# commands are asked for as well where the runtime under test is vert.

load helpers

CB=$CHECK_DIR/clock
CR="$RT --root $CB/state"

setup_file() {
	mkdir -p "$CB/bundle/rootfs" && tar xf /usr/share/vm/busybox.tar -C "$CB/bundle/rootfs"
	date +%s > "$CB/begin"
	cut -d. -f1 /proc/uptime > "$CB/uptime"
}

# The hour that it would be.
c_right() { date -s "@$(($(cat "$CB/begin") + $(cut -d. -f1 /proc/uptime) - $(cat "$CB/uptime")))" > /dev/null; }

# What a check that failed has left is not to be in the way of the next one.
setup() {
	local id
	for id in $($CR list -q); do
		$CR delete -f "$id"
	done
}

# check, and back to the present before bats looks at the clock again.
jumping() {
	local status=0
	check "$@" || status=$?
	c_right
	return $status
}

only_vert() {
	case ${RT##*/} in vert*) ;; *) skip "vert's own" ;; esac
}

c_jump() { date -s "$1" > /dev/null; }
c_status() { $CR state "$1" | jq -r .status; }

c_bundle() { # COMMAND...
	rm -f "$CB/bundle/config.json"
	$CR spec -b "$CB/bundle" && jq '.process.terminal = false | .process.args = $ARGS.positional |
		.linux.cgroupsPath = "/clock/c"' "$CB/bundle/config.json" --args -- "$@" > "$CB/new" &&
		mv "$CB/new" "$CB/bundle/config.json"
}

c_create() { # NAME COMMAND...
	c_bundle "${@:2}" && $CR create -b "$CB/bundle" "$1" < /dev/null > "$CB/$1.log" 2>&1
}

# How long a command takes by the clock that is not set, in whole seconds.
c_seconds() {
	local from
	from=$(cut -d. -f1 /proc/uptime)
	"$@" > "$CB/said" 2>&1
	echo "status $?, $(($(cut -d. -f1 /proc/uptime) - from)) s"
}

# A life with a jump before each step of it, between the YEARS in turn.
c_life() { # YEAR YEAR
	c_jump "$1-01-01" && c_create l sleep 1000 && c_status l
	c_jump "$2-01-01" && $CR start l && c_status l
	c_jump "$1-06-01" && $CR exec l echo in && $CR exec -d l sleep 999
	c_jump "$2-06-01" && $CR ps l | grep -c '[0-9]'
	c_jump "$1-02-01" && $CR pause l && c_status l && $CR resume l
	c_jump "$2-02-01" && echo '{"pids": {"limit": 33}}' | $CR update -r - l && cat /sys/fs/cgroup/clock/c/pids.max /sys/fs/cgroup/clock/c/container/pids.max 2> /dev/null | sort -u | grep -x 33
	c_jump "$1-03-01" && $CR kill l KILL
	c_jump "$2-03-01" && until_prints stopped 10 c_status l
	c_jump "$1-04-01" && $CR delete l
	$CR list -q
	find /sys/fs/cgroup -path '*/clock/c'
	echo end
}

# In the middle of a start: the hook sets the clock.
c_in_start() {
	printf '#!/bin/sh\ndate -s %s > /dev/null\n' "$1" > "$CB/hook" && chmod 755 "$CB/hook" && c_bundle echo hello &&
		jq --arg h "$CB/hook" '.hooks = {createRuntime: [{path: $h, timeout: 20}], poststart: [{path: $h, timeout: 20}]}' \
			"$CB/bundle/config.json" > "$CB/new" && mv "$CB/new" "$CB/bundle/config.json" || return 1
	c_seconds $CR run -b "$CB/bundle" h | sed 's/, [0-9] s/, soon/'
	cat "$CB/said"
	$CR list -q
}

# A hook's time is up when it is, whatever the clock says meanwhile.
c_hook_timeout() {
	printf '#!/bin/sh\ndate -s %s > /dev/null\nexec sleep 60\n' "$1" > "$CB/hook" && chmod 755 "$CB/hook" && c_bundle true &&
		jq --arg h "$CB/hook" '.hooks = {createRuntime: [{path: $h, timeout: 3}]}' \
			"$CB/bundle/config.json" > "$CB/new" && mv "$CB/new" "$CB/bundle/config.json" || return 1
	c_seconds $CR run -b "$CB/bundle" h | sed -E 's/, ([3-9]|1[0-9]) s/, in time/'
	$CR list -q
}

# A health check that does not end, with the clock set in the middle of its time.
c_probe() {
	c_create p sleep 1000 && $CR start p || return 1
	( sleep 1; c_jump "$1" ) &
	c_seconds $CR probe --timeout 3s --format json p sleep 100 | sed -E 's/, [3-7] s/, in time/'
	wait
	jq -r 'if .timed_out and .wall_us > 2900000 and .wall_us < 8000000 then "told" else . end' "$CB/said"
	$CR exec p ps | grep -c '[s]leep 100$'
	c_seconds $CR probe --timeout 20s p echo well | sed -E 's/, [0-9] s/, soon/'
	cat "$CB/said"
	$CR delete -f p
}

# Statistics twice a second, which go on at their pace, and what changes, which bears the hour of the clock.  (How it
# ended is not always told: whoever waits for it may be faster.)
c_events() {
	local stats follow n from took
	c_create e sleep 1000 && $CR start e || return 1
	$CR events --interval 500ms e > "$CB/stats" 2>&1 &
	stats=$!
	$CR events --follow e > "$CB/follow" 2>&1 &
	follow=$!
	until_prints yes 10 sh -c "[ -s $CB/stats ] && echo yes" > /dev/null
	c_jump "$1"
	n=$(wc -l < "$CB/stats") from=$(cut -d. -f1 /proc/uptime)
	sleep 5
	n=$(($(wc -l < "$CB/stats") - n)) took=$(($(cut -d. -f1 /proc/uptime) - from))
	[ $n -ge 3 ] && [ $n -le $((took * 2 + 4)) ] && echo at its pace || echo "$n in $took s"
	$CR pause e && $CR resume e
	sleep 1
	$CR kill e KILL
	wait $follow && jq -r 'select(.type == "frozen") | "\(.data.frozen) \(.time[:4])"' "$CB/follow"
	jq -r 'select(.type == "exit") | "signal \(.data.signal)"' "$CB/follow"
	kill $stats 2> /dev/null
	wait $stats
	$CR delete -f e
}

# c_hold NAME SECONDS: somebody else is at work with the container.
c_hold() {
	rm -f "$CB/held"
	python3 -c 'import fcntl, sys, time; f = open(sys.argv[1], "r+"); fcntl.lockf(f, fcntl.LOCK_EX)
open(sys.argv[3], "w").close(); time.sleep(float(sys.argv[2]))' "$CB/state/$1/lock" "$2" "$CB/held" &
	holder=$!
	until [ -e "$CB/held" ]; do sleep 0.1; done
}

# It is let go after three seconds, which is within the time that delete waits.
c_delete() {
	local holder
	c_create d sleep 1000 && $CR start d && c_hold d 3 || return 1
	( sleep 1; c_jump "$1" ) &
	c_seconds $CR delete --force d | sed -E 's/, [0-7] s/, soon/'
	wait
	$CR list -q
	find /sys/fs/cgroup -path '*/clock/c'
	echo end
}

# It is not let go: no more than the time given is waited, and nothing is removed.
c_patience() {
	local holder
	c_create d sleep 1000 && $CR start d && c_hold d 60 || return 1
	( sleep 1; c_jump "$1" ) &
	c_seconds $CR delete --force --timeout 5s d | sed -E 's/, ([4-9]|1[0-4]) s/, in time/'
	kill $holder
	wait
	c_status d
	$CR delete --force d
}

# What died before the jump goes, and what lives and what was made just now stays.
c_gc() { # the hour to go to
	c_create g1 true && $CR start g1 && until_prints stopped 10 c_status g1 > /dev/null &&
		sed -i 's,/clock/c,/clock/g,' "$CB/bundle/config.json" &&
		jq '.process.args = ["sleep", "1000"]' "$CB/bundle/config.json" > "$CB/new" &&
		cp "$CB/new" "$CB/bundle/config.json" && $CR create -b "$CB/bundle" g2 < /dev/null > "$CB/g2.log" 2>&1 || return 1
	$CR gc --format json | jq -c '.removed | length'
	c_jump "$1" && $CR gc --format json | jq -c '.removed | map(.name)'
	c_status g2
	$CR start g2 && c_status g2
	$CR gc --format json --min-age 0s | jq -c .removed
	$CR delete -f g2
}

# The same through an engine.
c_podman() {
	podman_up "$RT" && p_started cj > /dev/null || return 1
	c_jump "$1" && $PODMAN exec cj echo in && $PODMAN pause cj > /dev/null && $PODMAN unpause cj > /dev/null
	$PODMAN stop -t 1 cj > /dev/null && p_show cj .State.Status
	p_gone cj
	podman ps -a -q
}

@test "clock-life-forward" {
	jumping '^created running in 2 paused 33 stopped end $' c_life 2031 2044
}

@test "clock-life-back" {
	jumping '^created running in 2 paused 33 stopped end $' c_life 2019 2003
}

@test "clock-start-forward" {
	jumping '^status 0, soon hello $' c_in_start 2040-01-01
}

@test "clock-start-back" {
	jumping '^status 0, soon hello $' c_in_start 2001-01-01
}

@test "clock-hook-timeout-forward" {
	jumping '^status 1, in time $' c_hook_timeout 2040-01-01
}

@test "clock-hook-timeout-back" {
	jumping '^status 1, in time $' c_hook_timeout 2001-01-01
}

@test "clock-delete-forward" {
	only_vert
	jumping '^status 0, soon end $' c_delete 2040-01-01
}

@test "clock-delete-back" {
	only_vert
	jumping '^status 0, soon end $' c_delete 2001-01-01
}

@test "clock-patience-forward" {
	only_vert
	jumping '^status 1, in time running $' c_patience 2040-01-01
}

@test "clock-patience-back" {
	only_vert
	jumping '^status 1, in time running $' c_patience 2001-01-01
}

@test "clock-probe-forward" {
	only_vert
	jumping '^status 124, in time told 0 status 0, soon well $' c_probe 2040-01-01
}

@test "clock-probe-back" {
	only_vert
	jumping '^status 124, in time told 0 status 0, soon well $' c_probe 2001-01-01
}

@test "clock-events-forward" {
	only_vert
	jumping '^at its pace true 2040 false 2040 signal (9|null) $' c_events 2040-01-01
}

@test "clock-events-back" {
	only_vert
	jumping '^at its pace true 2001 false 2001 signal (9|null) $' c_events 2001-01-01
}

@test "clock-gc-forward" {
	only_vert
	jumping '^0 \["g1"\] created running \[\] $' c_gc 2040-01-01
}

@test "clock-gc-back" {
	only_vert
	jumping '^0 \["g1"\] created running \[\] $' c_gc 2001-01-01
}

@test "clock-podman-forward" {
	jumping '^in exited $' c_podman 2040-01-01
}

@test "clock-podman-back" {
	jumping '^in exited $' c_podman 2001-01-01
}
