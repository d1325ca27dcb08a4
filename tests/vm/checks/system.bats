#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
#
# System containers, without an engine: systems of three releases boot their own init, each with
# users and processors of its own and an address on a bridge; somebody logs in over the network.
# The disk of build-trees is /dev/vdb; the configuration is the one of docs/system-containers.md.

load helpers

SC=/run/sc SC_DISK=/run/trees

# A bridge for all of them, and the key of who logs in.
sc_host() {
	mkdir -p $SC $SC_DISK && mount /dev/vdb $SC_DISK && ls -d $SC_DISK/{systemd,sysv,i386} || return 1
	ip link add sc0 type bridge && ip addr add 10.97.0.1/24 dev sc0 && ip link set sc0 up || return 1
	sc_client ssh-keygen -q -t ed25519 -N '' -f /root/key && ls $SC_DISK/systemd/root/key.pub
}

# The guest has no ssh of its own: that of one of the trees, as on the host itself.
sc_client() { chroot $SC_DISK/systemd "$@"; }

sc_ssh() { # NUMBER COMMAND
	sc_client ssh -o LogLevel=ERROR -i /root/key -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null \
		-o BatchMode=yes -o ConnectTimeout=60 "root@10.97.0.$1" "$2"
}

# sc_make NAME NUMBER FILTER: tree and network as docs/system-containers.md has them, and the bundle.
sc_make() {
	local first=$(($2 * 1000000))
	mkdir -p "$SC/$1/rootfs" "$SC_DISK/$1/root/.ssh" && chmod 700 "$SC_DISK/$1/root/.ssh" &&
		cp $SC_DISK/systemd/root/key.pub "$SC_DISK/$1/root/.ssh/authorized_keys" || return 1
	mount --bind -o "X-mount.idmap=b:0:$first:65536" "$SC_DISK/$1" "$SC/$1/rootfs" || return 1
	ip link add "sc$2" type veth peer name "sc-$1" && ip link set "sc$2" master sc0 up &&
		ip addr add "10.97.0.$2/24" dev "sc-$1" || return 1
	jq --arg n "$1" --argjson first $first ".hostname = \$n | .linux.cgroupsPath = \"/systems/\" + \$n |
		.linux.netDevices = {(\"sc-\" + \$n): {name: \"eth0\"}} |
		.linux.uidMappings[0].hostID = \$first | .linux.gidMappings[0].hostID = \$first | $3" \
		/docs/system-container.json > "$SC/$1/config.json"
}

sc_boot() { # NAME NUMBER FILTER
	sc_make "$@" && "$RT" run -d -b "$SC/$1" "$1" < /dev/null > "$SC/$1.log" 2>&1 ||
		{ cat "$SC/$1.log"; return 1; }
	"$RT" state "$1" | jq -r .status
}

sc_systemd_up() { "$RT" exec systemd systemctl is-system-running; }
sc_login() { # NUMBER: until its sshd answers
	until_prints ok 300 sc_ssh "$1" 'echo ok' > /dev/null
	sc_ssh "$1" 'hostname; uname -m; cat /proc/1/comm; id -u; cat /etc/debian_version; ip -o -4 addr show eth0'
}

sc_pid() { "$RT" state "$1" | jq .pid; }

# From outside: who it is, and where it may run.  From inside: what it believes.
sc_users() {
	awk '/^Uid:/{print $2}' "/proc/$(sc_pid "$1")/status"
	"$RT" exec "$1" sh -c 'id -u; stat -c %u /etc/passwd; touch /srv/mine'
	stat -c %u "$SC_DISK/$1/srv/mine"
}

sc_cpus() {
	awk '/^Cpus_allowed_list:/{print $2}' "/proc/$(sc_pid "$1")/status"
	"$RT" exec "$1" nproc
	cat "/sys/fs/cgroup/systems/$1/cpuset.cpus" "/sys/fs/cgroup/systems/$1/memory.max"
}

# Its root is root of its own only: it cannot lift its limits, set the host's clock, load a module or see its disks.
sc_bounds() {
	"$RT" exec "$1" sh -c 'echo max > /sys/fs/cgroup/memory.max; date -s 2000-01-01
		mknod /tmp/vdb b 254 16; echo 1 > /proc/sys/kernel/panic; ls /dev | grep -c ^vd' 2>&1 |
		grep -Eo 'Permission denied|not permitted|Read-only file system|^[0-9]+$' | sort | uniq -c
}

sc_stopped() { # NAME COMMAND...
	local name=$1
	shift
	"$@" > /dev/null 2>&1
	until_prints stopped 120 sh -c "$RT state $name | jq -r .status"
	"$RT" delete "$name"
}

# sc_traces NAME NUMBER: processes, cgroups, mounts, interfaces and state that are still there.
sc_traces() {
	local first=$(($2 * 1000000))
	umount "$SC/$1/rootfs" || return 1
	ps -eo uid= -o args= | awk -v f=$first '$1 >= f && $1 < f + 65536'
	find /sys/fs/cgroup -path "*/systems/$1*"
	grep "$SC/$1" /proc/self/mountinfo
	ip -o link | grep -e "sc-$1" -e "sc$2@"
	"$RT" list | grep -w "$1"
	ls -d /run/vert/"$1" 2> /dev/null
	echo none
}

@test "sc-host" {
	check 'i386 .*systemd .*sysv .*key.pub' sc_host
}

@test "sc-systemd-boot" {
	check '^running $' sc_boot systemd 11 '.linux.resources.cpu.cpus = "1"'
}

@test "sc-systemd-login" {
	CHECK_LIMIT=420 check '^systemd x86_64 systemd 0 13\.[0-9]+ .*inet 10.97.0.11/24' sc_login 11
}

@test "sc-systemd-up" {
	CHECK_LIMIT=200 check '^running $' until_prints running 180 sc_systemd_up
}

@test "sc-systemd-users" {
	check '^11000000 0 0 0 $' sc_users systemd
}

@test "sc-systemd-cpus" {
	check '^1 1 1 536870912 $' sc_cpus systemd
}

@test "sc-systemd-unit" {
	check '^inside $' "$RT" exec systemd systemd-run --quiet --wait --pipe \
		-p MemoryMax=20M sh -c 'echo inside'
}

@test "sc-systemd-bounds" {
	check '^ ?1 0 2 Permission denied 2 not permitted $' sc_bounds systemd
}

@test "sc-sysv-boot" {
	check '^running $' sc_boot sysv 12 .
}

@test "sc-sysv-login" {
	CHECK_LIMIT=420 check '^sysv x86_64 init 0 11\.[0-9]+ .*inet 10.97.0.12/24' sc_login 12
}

@test "sc-sysv-cpus" {
	check '^0 1 0 536870912 $' sc_cpus sysv
}

@test "sc-i386-boot" {
	check '^running $' sc_boot i386 13 '.linux.personality = {domain: "LINUX32"}'
}

@test "sc-i386-login" {
	CHECK_LIMIT=420 check '^i386 i686 init 0 12\.[0-9]+ .*inet 10.97.0.13/24' sc_login 13
}

@test "sc-each-other" {
	check '^sysv $' sc_ssh 12 'exec 3<>/dev/tcp/10.97.0.13/22 && hostname'
}

@test "sc-systemd-stop" {
	check '^stopped $' sc_stopped systemd "$RT" kill systemd SIGRTMIN+3
}

@test "sc-systemd-trace" {
	check '^none $' sc_traces systemd 11
}

@test "sc-sysv-stop" {
	check '^stopped $' sc_stopped sysv sc_ssh 12 'shutdown -h now'
}

@test "sc-sysv-trace" {
	check '^none $' sc_traces sysv 12
}

@test "sc-i386-stop" {
	check '^stopped $' sc_stopped i386 "$RT" exec i386 init 0
}

@test "sc-i386-trace" {
	check '^none $' sc_traces i386 13
}
