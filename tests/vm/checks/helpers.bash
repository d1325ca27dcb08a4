# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
#
# Small commands for the checks, sourced by engines-check.  RT is the runtime
# under test.
PODMAN="podman --runtime $RT"
IMAGE=localhost/busybox
# Checks that are about units, or name cgroups as only systemd does.
SYSTEMD_ONLY="quick-unit quick-ctr-scope podman-cgroup-manager podman-unit podman-cgroupns-host
	podman-health-timer ctr-run-systemd docker-cgroup-unit rl-scope sys-running sys-unit"
SYSTEMD_ONLY=$(echo $SYSTEMD_ONLY)
# Checks of checkpoint and restore, and whether the runtime has these commands at all.
CHECKPOINTS="ckpt-run ckpt ckpt-restore ckpt-export ckpt-rm ckpt-import ctr-checkpoint"
CAN_CHECKPOINT=''
! "$RT" checkpoint --help > /dev/null 2>&1 || CAN_CHECKPOINT=yes

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
	local parent=vert-test.slice
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
