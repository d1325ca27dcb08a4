# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
#
# What the checks share: `load`ed by each of the bats files, which engines-check runs in the guest, and sourced by
# swarm-node.  RT is the runtime under test; every check begins in CHECK_DIR.
PODMAN="podman --runtime $RT"
IMAGE=localhost/busybox
export PODMAN IMAGE
. "${BASH_SOURCE[0]%/*}/../setup.sh"
[ -z "${CHECK_DIR-}" ] || cd "$CHECK_DIR" || exit 2

# limited SECONDS COMMAND...: the command, which may be a function, in a process group of its own that is ended when the
# time is up.  It has nothing of bats: not the options and traps of a test, nor the descriptor that its lines go out
# by, which a process that stays would keep open for ever.
limited() {
	(
		set +eET
		trap - DEBUG ERR EXIT INT TERM
		limit=$1
		shift
		set -m
		( "$@" ) &
		pid=$!
		( sleep "$limit"; echo "no end after $limit s" >&2; kill -- -$pid
			sleep 5; kill -KILL -- -$pid ) &
		dog=$!
		set +m
		wait $pid
		status=$?
		kill -- -$dog 2> /dev/null
		wait $dog 2> /dev/null
		exit $status
	) 3>&- 4>&-
}

# check WANTED-REGEX COMMAND...: status 0 within CHECK_LIMIT seconds (240), and an output that matches, each run of its
# white space being one blank.  What it said is in ./out and ./err.
check() {
	local want=$1 status=0
	shift
	limited "${CHECK_LIMIT:-240}" "$@" > out 2> err < /dev/null || status=$?
	if [ $status = 0 ] && { [ -z "$want" ] ||
		tr '\r\n\t' '   ' < out | sed 's/  */ /g' | grep -Eq -- "$want"; }; then
		return 0
	fi
	echo "status $status; wanted /$want/"
	sed 's/^/| /' out err | tail -12
	return 1
}

# check_not COMMAND...: a status other than 0, and of the command itself.
check_not() {
	check '^[1-9]' status_of "$@"
}

# For setup_file: the engines, set up once however many files want them.
podman_ready() {
	limited 240 podman_up "$RT"
}

containerd_images() {
	containerd_up "$RT" && ctr image import /run/images.tar &&
		ctr -n k8s.io image import /run/images.tar
}

containerd_ready() {
	limited 240 containerd_images
}

docker_ready() {
	limited 240 docker_up "$RT"
}

# For checks about units, or about cgroups with names that only systemd gives.
needs_systemd_driver() {
	[ "$vm_driver" = systemd ] || skip "needs the systemd driver"
}

needs_checkpoint() {
	"$RT" checkpoint --help > /dev/null 2>&1 || skip "no command 'checkpoint'"
}

# status_of COMMAND...: its exit status, printed.
status_of() {
	"$@" > /dev/null 2>&1
	echo $?
}

# until_prints WORD SECONDS COMMAND...: repeat until the output is WORD.
until_prints() {
	local want=$1 end=$((SECONDS + $2)) got=
	shift 2
	while got=$("$@" 2>&1); [ "$got" != "$want" ] && [ $SECONDS -lt $end ]; do
		sleep 0.3
	done
	echo "$got"
}

p_run() { $PODMAN run --rm --net none "$@"; }

# p_started NAME [OPTION...]: a container that sleeps.
p_started() {
	local name=$1
	shift
	$PODMAN run -d --name "$name" --net none "$@" $IMAGE sleep 1000
}

p_gone() { $PODMAN rm -t 0 -f "$@" > /dev/null; }
p_show() { podman inspect --format "{{$2}}" "$1"; }
p_proc() { cat "/proc/$(p_show "$1" .State.Pid)/$2"; }
p_cgroup() { echo "/sys/fs/cgroup/$(p_show "$1" .State.CgroupPath)"; }

# p_limit NAME FILE...: the first value that is a limit, looked for in the
# container's cgroup and in the one below it that some runtimes make.
p_limit() {
	local dir file d value
	dir=$(p_cgroup "$1")
	shift
	for file in "$@"; do
		for d in "$dir" "$dir/container" none; do
			[ "$d" != none ] || { echo none; break; }
			value=$(cat "$d/$file" 2>/dev/null) || continue
			case $value in max|max\ *|'') ;; *) echo "$value"; break ;; esac
		done
	done
}

# pid_cgroup PID FILE: what the file says in the process's cgroup.
pid_cgroup() { cat "/sys/fs/cgroup$(cut -d: -f3 "/proc/$1/cgroup")/$2"; }

oom_kills() { awk '/^oom_kill /{print $2}' /proc/vmstat; }

# link_up ADDRESS MAC: the interface between two guests (run --link); they begin with the same MAC.
link_up() {
	local dev
	modprobe virtio_net && udevadm settle
	for dev in /sys/class/net/*/device; do
		[ -e "$dev" ] || return 1
		dev=$(basename "${dev%/device}")
		ip link set "$dev" down && ip link set "$dev" address "$2" &&
			ip addr add "$1" dev "$dev" && ip link set "$dev" up
		return
	done
}

on_terminal() { script -qec "$*" /dev/null; }

update_and_show() {
	$PODMAN update -m 100m --pids-limit 30 "$1" > /dev/null &&
		p_limit "$1" memory.max pids.max
}

kill_and_wait() {
	$PODMAN kill "$1" > /dev/null && podman wait "$1"
}

# The owner of a file of uid 1234 as seen through a mapping that leaves it so.
# $1: mount option, with one before it where there is one
idmapped_owner() {
	local dir=$CHECK_DIR/volume
	mkdir -p "$dir" && touch "$dir/f" && chown 1234:1234 "$dir/f"
	p_run --uidmap 0:200000:5000 -v "$dir:/v${1-:idmap}" $IMAGE stat -c %u /v/f
}

# Containers' units, mounts and processes that are still there.
leftovers() {
	local n
	n=$(systemctl list-units --no-legend --plain 'libpod-*' | grep -vc conmon)
	n=$((n + $(grep -c '/overlay/.*/merged ' /proc/mounts)))
	[ $n = 0 ] || { systemctl list-units --no-legend 'libpod-*'; grep merged /proc/mounts; }
	echo $n
}

# A CRI sandbox and a container in it: made, asked its name, and removed.
cri_round() {
	local sandbox pod id status
	sandbox=$(cri_sandbox quick)
	pod=$(cri RunPodSandbox "{\"config\":$sandbox}" | jq -r .pod_sandbox_id)
	[ -n "$pod" ] || return 1
	id=$(cri_create "$pod" "$sandbox" '{}')
	[ -n "$id" ] && cri StartContainer "{\"container_id\":\"$id\"}" > /dev/null &&
		cri ExecSync "{\"container_id\":\"$id\",\"cmd\":[\"sh\",\"-c\",\"echo in \$(hostname)\"],
			\"timeout\":20}" | jq -r .stdout
	status=$?
	cri StopPodSandbox "{\"pod_sandbox_id\":\"$pod\"}" > /dev/null &&
		cri RemovePodSandbox "{\"pod_sandbox_id\":\"$pod\"}" > /dev/null || return 1
	return $status
}

# cri_sandbox NAME [JSON]: a sandbox's configuration.
cri_sandbox() {
	local parent=/vert.slice/vert-test.slice
	[ "${CHECK_DRIVER:-systemd}" = systemd ] || parent=/vert-test
	jq -nc --arg n "$1" --arg g $parent --argjson m "${2-null}" '{metadata: {name: $n, uid: $n,
		namespace: "d"}, hostname: "pod1", log_directory: "/tmp/logs", linux: {
		cgroup_parent: $g, security_context: {}}} * ($m // {})'
}

# cri_create POD SANDBOX JSON: prints the new container's id.
cri_create() {
	cri CreateContainer "$(jq -nc --arg p "$1" --argjson s "$2" --argjson m "$3" '{
		pod_sandbox_id: $p, sandbox_config: $s, config: ({metadata: {name: "c"},
		image: {image: "localhost/bb:1"}, log_path: "c.log",
		command: ["/bin/sh", "-c", "echo started; sleep 1000"]} * $m)}')" |
		jq -r .container_id
}
