# SPDX-License-Identifier: Apache-2.0
# What every integration test uses.  Each test gets a bundle of its own with the probe as its
# program, a state directory, a control group and a container id; teardown checks that no mount,
# control group, process or state is left, and fails the test otherwise.
#
#	$ID $BUNDLE $ROOT	the container's id, its bundle, the state directory
#	$TMP			a directory for the test's files
#	$CG			the test's control group below $CGROUPFS ('' when there is none)
#
# The runtime is $RUNTIME, else $VERT, else ./vert of the source tree.

bats_require_minimum_version 1.5.0

# ---------------------------------------------------------------------------------------------
# Set up and tear down

setup() {
	setup_bundle
}

teardown() {
	teardown_bundle
}

setup_bundle() {
	local config
	TMP=$BATS_TEST_TMPDIR
	BUNDLE=$TMP/bundle
	ROOT=$TMP/root
	ID=t${VERT_TESTS_ISOLATED:-$$}-$BATS_SUITE_TEST_NUMBER
	CG=
	GLOBAL=()
	BACKGROUND=()
	mkdir "$BUNDLE"
	chmod 755 "$BATS_RUN_TMPDIR"/test "$TMP" "$BUNDLE"
	cp -al "$TESTS_BASE/rootfs" "$BUNDLE/rootfs"
	if [ -n "$VERT_TESTS_CGROUP" ]; then
		CG=$VERT_TESTS_CGROUP/$$-$BATS_SUITE_TEST_NUMBER
		mkdir "$CGROUPFS$CG"
	fi
	config=$(<"$TESTS_BASE/config.json")
	echo "${config/CGROUPSPATH/$CG/$ID}" >"$BUNDLE/config.json"
	cd "$TMP" || return 1
	MOUNTS_BEFORE=$(</proc/self/mountinfo)
	PIDS_BEFORE=" $(echo /proc/[0-9]*) "
}

teardown_bundle() {
	local pid id status=0
	[ -n "${BUNDLE-}" ] || return 0 # skipped before there was any
	for pid in "${BACKGROUND[@]}"; do
		kill -KILL $(children "$pid") "$pid" 2>/dev/null || :
		wait "$pid" 2>/dev/null || :
	done
	for id in $(containers); do
		vert delete --force "$id" </dev/null || {
			echo "teardown: could not delete container '$id'"
			status=1
		}
	done
	within 2 nothing_left || {
		nothing_left -v
		clean_by_hand
		status=1
	}
	[ -z "$CG" ] || rmdir "$CGROUPFS$CG" || status=1
	no_reports || status=1
	# The bundles are made of links.
	[ "$(<"$TESTS_BASE/rootfs/data/file")" = text ] || {
		echo "teardown: the test wrote into the file that all tests share"
		echo text >"$TESTS_BASE/rootfs/data/file"
		status=1
	}
	rm -rf --one-file-system "$BUNDLE" "$ROOT"
	return $status
}

# What sanitizers found fails the test that met it, whatever became of the command.
no_reports() {
	local file found=0
	for file in "${VERT_TESTS_REPORTS:-/nowhere}"/*; do
		[ -e "$file" ] || continue
		cat "$file"
		rm "$file"
		found=1
	done
	return $found
}

# A function in the background is a shell with the program as its child.
children() {
	cat "/proc/$1/task/$1/children" 2>/dev/null || ps -o pid= --ppid "$1"
}

# The ids of the containers the state directory knows.
containers() {
	local dir
	for dir in "$ROOT"/*/; do
		[ ! -d "$dir" ] || basename "$dir"
	done
}

# True when the test has left no state, mount, control group and process; -v says what is left.
nothing_left() {
	local found=() id
	for id in $(containers); do
		found+=("state directory: $id")
	done
	left_mounts
	left_cgroups
	left_processes
	if [ "${1-}" = -v ] && [ ${#found[@]} -gt 0 ]; then
		printf 'left behind: %s\n' "${found[@]}"
	fi
	[ ${#found[@]} = 0 ]
}

# In a mount namespace of its own the whole table is compared, otherwise what names the test.
left_mounts() {
	local line now
	if [ -n "${VERT_TESTS_ISOLATED-}" ]; then
		now=$(</proc/self/mountinfo)
		[ "$now" = "$MOUNTS_BEFORE" ] || while IFS= read -r line; do
			found+=("mount table: $line")
		done < <(diff <(echo "$MOUNTS_BEFORE") <(echo "$now") | grep '^[<>]')
	else
		while IFS= read -r line; do
			[[ $line != *"$TMP"* ]] || found+=("mount: $line")
		done </proc/self/mountinfo
	fi
}

left_cgroups() {
	local dir
	[ -z "$CG" ] || for dir in "$CGROUPFS$CG"/*/; do
		[ ! -d "$dir" ] || found+=("cgroup: $dir")
	done
	# A container without a path of its own is somewhere the runtime chose.
	[ -z "$CGROUPFS" ] || for dir in "$CGROUPFS"/{,*/,*/*/}*"$ID"*; do
		[ ! -d "$dir" ] || found+=("cgroup: $dir")
	done
}

# In a pid namespace of its own every process that was not there before counts; otherwise those
# that run under the test's mark (the runtime) or see the test's directory mounted (a container).
left_processes() {
	local dir
	if [ -n "${VERT_TESTS_ISOLATED-}" ]; then
		for dir in /proc/[0-9]*; do
			[[ $PIDS_BEFORE == *" $dir "* ]] || is_own "$dir" ||
				found+=("process: $(tr '\0' ' ' <"$dir/cmdline") $(head -n1 "$dir/stat")")
		done
	else
		for dir in $(grep -lsF -e "$TMP/bundle" /proc/[0-9]*/mountinfo) \
			   $(grep -lsF -e "VERT_TESTS_MARK=$ID" /proc/[0-9]*/environ); do
			found+=("process: $(tr '\0' ' ' <"${dir%/*}/cmdline")")
		done
	fi 2>/dev/null
}

# True for this shell and what it started to look around; also for what is gone meanwhile, and for
# the dead that their parent has not waited for yet: they hold nothing.
is_own() {
	local stat pid=${1#/proc/} i
	for ((i = 0; i < 8; i++)); do
		[ "$pid" != $$ ] && [ "$pid" != "$BASHPID" ] || return 0
		{ read -r stat <"/proc/$pid/stat"; } 2>/dev/null || return 0
		stat=${stat##*) }
		[ "$i${stat%% *}" != 0Z ] || return 0
		stat=${stat#* }
		pid=${stat%% *}
		[ "$pid" -gt 1 ] || return 1
	done
	return 1
}

# The test has failed already; the next ones should not suffer from what it left.
clean_by_hand() {
	local dir
	if [ -n "$CG" ]; then
		echo 1 >"$CGROUPFS$CG/cgroup.kill"
		sleep 0.2
		find "$CGROUPFS$CG" -mindepth 1 -depth -type d -exec rmdir {} +
	fi 2>/dev/null
	if [ -n "${VERT_TESTS_ISOLATED-}" ]; then
		for dir in /proc/[0-9]*; do
			case $PIDS_BEFORE in *" $dir "*) continue ;; esac
			is_own "$dir" || kill -KILL "${dir#/proc/}" 2>/dev/null
		done
	fi
	for dir in $(cut -d' ' -f5 /proc/self/mountinfo | grep -F "$TMP" | sort -r); do
		umount -l "$dir" 2>/dev/null
	done
	return 0
}

# ---------------------------------------------------------------------------------------------
# What a test needs

# requires WHAT...: skips the test with the reason when the host cannot show it.
requires() {
	while [ $# -gt 0 ]; do
		case $1 in
		root) [ "$(id -u)" = 0 ] || skip "needs root" ;;
		rootless) [ "$(id -u)" != 0 ] || skip "for an ordinary user" ;;
		subids) grep -qs "^$(id -un):" /etc/subuid /etc/subgid && command -v newuidmap >/dev/null ||
			[ "$(id -u)" = 0 ] || skip "needs subordinate ids and newuidmap" ;;
		userns) unshare -U true 2>/dev/null || skip "needs user namespaces" ;;
		timens) [ -e /proc/self/ns/time ] || skip "needs time namespaces" ;;
		cgroup) [ -n "$CG" ] || skip "needs a control group of its own" ;;
		cgroup-controller)
			shift
			[ -n "$CG" ] && controllers | grep -qw "$1" ||
				skip "needs the controller $1" ;;
		no-cgroup-controller)
			shift
			[ -n "$CG" ] || skip "needs a control group of its own"
			! controllers | grep -qw "$1" || skip "the controller $1 is there" ;;
		seccomp) grep -q '^Seccomp:' /proc/self/status || skip "needs seccomp" ;;
		apparmor) [ "$(cat /sys/module/apparmor/parameters/enabled 2>/dev/null)" = Y ] ||
			skip "needs AppArmor" ;;
		no-sanitizers) [ -z "${VERT_TESTS_REPORTS-}" ] || skip "sanitizers take memory, processes, files and calls themselves" ;;
		no-apparmor) [ "$(cat /sys/module/apparmor/parameters/enabled 2>/dev/null)" != Y ] ||
			skip "AppArmor is there" ;;
		selinux) [ -e /sys/fs/selinux/enforce ] || skip "needs SELinux" ;;
		no-selinux) [ ! -e /sys/fs/selinux/enforce ] || skip "SELinux is there" ;;
		systemd) [ -d /run/systemd/system ] || skip "needs systemd" ;;
		cap)
			shift
			has_cap "$1" || skip "needs CAP_$1" ;;
		kernel)
			shift
			[ "$(printf '%s\n' "$1" "$(uname -r)" | sort -V | head -n1)" = "$1" ] ||
				skip "needs Linux $1" ;;
		strace)
			command -v strace >/dev/null || skip "needs strace"
			# Leaks are looked for by tracing, and a process has one tracer.
			[ -z "${VERT_TESTS_REPORTS-}" ] || export ASAN_OPTIONS=${ASAN_OPTIONS-}:detect_leaks=0 ;;
		idmapped-mounts) [ "$(id -u)" = 0 ] || skip "needs root" ;;
		*) command -v "$1" >/dev/null || skip "needs $1" ;;
		esac
		shift
	done
}

# The controllers there are for the tests' groups: root enables those it needs on the way.
controllers() {
	if [ "$(id -u)" = 0 ]; then
		cat "$CGROUPFS/cgroup.controllers"
	else
		cat "$CGROUPFS$VERT_TESTS_CGROUP/cgroup.controllers"
	fi
}

# has_cap NAME: this shell has that capability.
has_cap() {
	"$TESTS_BASE/probe" caps | grep '^cap.effective=' | grep -qw "CAP_$1"
}

# A difference of another runtime that is not what the tests are after; used to check the tests.
only_vert() {
	[ "$RUNTIME_NAME" = vert ] || skip "${1:-own to vert}"
}

# ---------------------------------------------------------------------------------------------
# The runtime

# Every call has an end, whatever the runtime does.
vert() {
	VERT_TESTS_MARK=$ID timeout --foreground -k 2 30 "$RUNTIME" --root "$ROOT" "${GLOBAL[@]}" "$@" 3>&- 4>&-
}

# cfg FILTER [JQ-OPTION...]: edits the bundle's config.json.
cfg() {
	local filter=$1
	shift
	jq "$filter" "$BUNDLE/config.json" "$@" >"$TMP/config.new" || return 1
	mv "$TMP/config.new" "$BUNDLE/config.json"
}

# args WORD...: what the probe does in the container.
args() {
	cfg '.process.args = ["/bin/probe"] + $ARGS.positional' --args -- "$@"
}

# argv WORD...: the container's whole command.
argv() {
	cfg '.process.args = $ARGS.positional' --args -- "$@"
}

# No pid namespace of its own.  An ordinary user cannot mount a new /proc then.
without_pid_ns() {
	cfg '.linux.namespaces |= map(select(.type != "pid")) | .mounts |= map(
		if .destination == "/proc" then . + {type: "none", source: "/proc", options: ["rbind"]}
		else . end)'
}

# The bundle's next container is called ID and has a control group of that name; KEEP_CGROUP=1: the
# one the configuration says.
use_id() {
	[ -z "${KEEP_CGROUP-}" ] || return 0
	[ -z "$CG" ] || sed -i "s#\"cgroupsPath\": \"$CG/[^\"]*\"#\"cgroupsPath\": \"$CG/$1\"#" \
		"$BUNDLE/config.json"
}

# probe WORD...: runs the probe in a container until its end; its facts are in $output.
probe() {
	args "$@"
	run_ok
}

# Runs the bundle in the foreground; expects success.
run_ok() {
	run vert run --bundle "$BUNDLE" "$@" "$ID" </dev/null
	succeeded
}

# create ID [OPTION...], start_new ID [OPTION...]: the container's output goes to $TMP/ID.out, so
# that nothing waits for a pipe that a running container holds.
create() {
	local id=$1
	shift
	use_id "$id"
	vert create --bundle "$BUNDLE" "$@" "$id" </dev/null >"$TMP/$id.out" 2>&1 || {
		echo "create $id:"
		cat "$TMP/$id.out"
		return 1
	}
}

start_new() {
	create "$@"
	vert start "$1"
}

# A running container that waits until it is killed.
start_sleeper() {
	args fork 0
	start_new "${1:-$ID}"
	within 5 grep -q ready "$TMP/${1:-$ID}.out"
}

out() {
	cat "$TMP/${1:-$ID}.out"
}

# state ID KEY: one value of the container's state.
state() {
	vert state "$1" | jq -r ".$2"
}

is_status() {
	[ "$(state "$1" status)" = "$2" ]
}

# exec_probe WORD...: runs the probe beside the container's process; facts in $output.
exec_probe() {
	run vert exec "$ID" /bin/probe "$@" </dev/null
	succeeded
}

# bg COMMAND...: runs it in the background with its output in $TMP/bg.out; teardown ends it.
bg() {
	"$@" >"$TMP/bg.out" 2>&1 3>&- 4>&- &
	BACKGROUND+=($!)
}

helper() {
	"$TESTS_BASE/helper" "$@" 3>&- 4>&-
}

# The directory of the control group of the container's process.
cgroup_dir() {
	local path
	path=$(sed -n 's/^0:://p' "/proc/$(state "${1:-$ID}" pid)/cgroup")
	echo "$CGROUPFS$path"
}

# ---------------------------------------------------------------------------------------------
# What a test expects

# within SECONDS COMMAND...: true as soon as the command is.
within() {
	local tries=$(($1 * 50))
	shift
	while ! "$@" >/dev/null 2>&1; do
		[ $((tries--)) -gt 0 ] || return 1
		sleep 0.02
	done
}

# no COMMAND...: the shell's own '!' is passed over by errexit, and would check nothing.
no() {
	"$@" || return 0
	echo "this succeeded: $*"
	return 1
}

succeeded() {
	[ "$status" = 0 ] && return 0
	echo "exit status $status, output: $output"
	return 1
}

# has LINE...: each is a whole line of $output.
has() {
	local line
	for line; do
		grep -qxF -e "$line" <<<"$output" && continue
		printf 'no line "%s" in:\n%s\n' "$line" "$output"
		return 1
	done
}

lacks() {
	local line
	for line; do
		grep -qxF -e "$line" <<<"$output" || continue
		printf 'unexpected line "%s" in:\n%s\n' "$line" "$output"
		return 1
	done
}

# like PATTERN...: each extended regular expression matches a line of $output.
like() {
	local pattern
	for pattern; do
		grep -qE -e "$pattern" <<<"$output" && continue
		printf 'nothing like "%s" in:\n%s\n' "$pattern" "$output"
		return 1
	done
}

unlike() {
	local pattern
	for pattern; do
		grep -qE -e "$pattern" <<<"$output" || continue
		printf 'unexpected "%s" in:\n%s\n' "$pattern" "$output"
		return 1
	done
}

# fact KEY: the value of the first line KEY=VALUE of $output.
fact() {
	local line
	while IFS= read -r line; do
		[[ $line == "$1="* ]] && echo "${line#"$1="}" && return 0
	done <<<"$output"
	return 1
}

# mount_line TARGET: the last mount on TARGET among the probe's facts, as the probe prints it.
mount_line() {
	grep -F "mount=$1 " <<<"$output" | tail -n1
}

# mounted TARGET KEY=WORD...: the mount on TARGET has each word among the options of that key
# (opts, super, prop) or as the value of it (type, root, source); KEY!=WORD: has it not.
mounted() {
	local line target=$1 want key value words
	line=$(mount_line "$target")
	shift
	[ -n "$line" ] || { echo "nothing is mounted on $target in: $output"; return 1; }
	for want; do
		key=${want%%[!=]*} value=${want#*=}
		key=${want%%=*} key=${key%!}
		words=$(sed -n "s/.* $key=\([^ ]*\).*/\1/p" <<<"$line")
		case ",$words," in
		*",$value,"*) [[ $want != "$key!="* ]] && continue ;;
		*) [[ $want == "$key!="* ]] && continue ;;
		esac
		echo "mount on $target: $want does not hold: $line"
		return 1
	done
}

# run_split COMMAND...: $status, $output and $stderr.  Other than bats' own run it neither waits
# for a container that wrongly came to be and holds the output, nor warns of the status 127.
run_split() {
	status=0
	"$@" </dev/null >"$TMP/stdout" 2>"$TMP/stderr" || status=$?
	output=$(<"$TMP/stdout")
	stderr=$(<"$TMP/stderr")
	mapfile -t stderr_lines <"$TMP/stderr"
}

# refused TEXT COMMAND...: it fails by an ordinary status, or $REFUSED_STATUS, and TEXT is in its
# message, which is one line and at most one more with a hint.
refused() {
	local text=$1
	shift
	run_split "$@"
	[ "$status" -gt 0 ] && [ "$status" -lt 126 ] || [ "${REFUSED_STATUS-}" = "$status" ] || {
		echo "status $status; stderr: $stderr; output: $output"
		return 1
	}
	[[ $stderr == *"$text"* ]] || {
		echo "no \"$text\" in: $stderr"
		return 1
	}
	one_message
}

# What vert prints on stderr for a failure.
one_message() {
	[ "$RUNTIME_NAME" = vert ] || return 0
	[[ ${stderr_lines[0]} == "vert: "* ]] &&
		[[ ${#stderr_lines[@]} = 1 || ${#stderr_lines[@]} = 2 && ${stderr_lines[1]} == "  hint: "* ]] || {
		echo "not one message of vert: $stderr"
		return 1
	}
}

# refused_run TEXT: neither run nor create accepts the bundle, and no state of it remains.
refused_run() {
	refused "$1" vert run --bundle "$BUNDLE" "$ID"
	[ -z "$(containers)" ]
	refused "$1" vert create --bundle "$BUNDLE" "$ID"
	[ -z "$(containers)" ]
}
