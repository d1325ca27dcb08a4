#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
#
# A container of Podman's without privileges that boots systemd.  The user cannot mount the guest's own tree and be root
# of it: what systemd needs is copied, and is his.

load systemd

# The files of systemd, the bus and a shell, and the libraries they need, as tar takes them.
sys_files() {
	local programs
	programs=$(ls -d /usr/lib/systemd/systemd* /usr/lib/systemd/libsystemd* /usr/bin/{systemctl,systemd-run,systemd-sysusers,systemd-tmpfiles} \
		/usr/bin/{journalctl,dbus-daemon} /usr/lib/x86_64-linux-gnu/systemd/*.so \
		/usr/bin/{bash,dash,sh,cat,echo,id,ls,mkdir,mount,rm,sleep,sync,true,umount} \
		/usr/sbin/{agetty,sulogin} /usr/lib/x86_64-linux-gnu/libnss_{compat,files,systemd}* 2> /dev/null)
	printf '%s\n' bin sbin lib lib64 usr/lib/systemd usr/lib/tmpfiles.d usr/lib/sysusers.d usr/lib/sysctl.d \
		usr/lib/os-release usr/lib/dbus-1.0 usr/share/dbus-1 etc/pam.d etc/passwd etc/group etc/nsswitch.conf etc/ld.so.cache \
		etc/os-release etc/dbus-1
	# shellcheck disable=SC2086
	{ printf '%s\n' $programs; ldd $programs 2> /dev/null | grep -o '/[^ ]*' | grep -v ':$'; } |
		while read -r f; do
			printf '%s\n' "$f" "$(realpath "$f")" # and what a link leads to
		done | sed 's|^/||' | sort -u
}

user_tree() {
	local d=$CHECK_DIR/tree dir
	mkdir -p $d || return 1
	for dir in proc sys dev run tmp var/log var/tmp var/lib root mnt home etc/systemd/system usr/share/zoneinfo; do
		mkdir -p "$d/$dir"
	done
	sys_files | sed 's|^lib/|usr/lib/|; s|^lib64/|usr/lib64/|' | while read -r f; do
		[ ! -e "/$f" ] && [ ! -L "/$f" ] || echo "$f"
	done | sort -u | tar -C / --no-same-owner -T - -c 2> /dev/null | tar -C $d -x || return 1
	: > $d/etc/machine-id
	ln -s /usr/lib/systemd/system/multi-user.target $d/etc/systemd/system/default.target
	ln -s /dev/null $d/etc/systemd/system/ldconfig.service # what these two keep in order was not copied
	ln -s /dev/null $d/etc/systemd/system/systemd-hwdb-update.service
	du -sm $d | cut -f1
}

# Its cgroup is below the user's own manager, and its systemd has divided it.
sys_cgroup() {
	podman inspect --format '{{.State.CgroupPath}}' sys
	$PODMAN exec sys cat /proc/1/cgroup
}

setup_file() {
	podman_ready
}

@test "user-sys-tree" {
	check '^[0-9]+ $' user_tree
}

@test "user-sys-run" {
	check '' $PODMAN run -d --name sys --systemd always --net none --rootfs $CHECK_DIR/tree /lib/systemd/systemd
}

@test "user-sys-running" {
	needs_systemd_driver
	CHECK_LIMIT=240 check '^running $' sys_running
}

@test "user-sys-cgroup" {
	needs_systemd_driver
	check '^/user.slice/user-1000.slice/user@1000.service/user.slice/libpod-[^ ]* 0::/init.scope' sys_cgroup
}

@test "user-sys-unit" {
	needs_systemd_driver
	check 'inside' $PODMAN exec sys systemd-run --quiet --wait --pipe echo inside
}

@test "user-sys-stop" {
	check '' $PODMAN stop -t 30 sys
}

@test "user-sys-exit" {
	check '^(0|130) $' p_show sys .State.ExitCode
}

teardown_file() {
	p_gone sys
}
