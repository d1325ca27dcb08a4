# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
#
# Sourced by what runs in the guest: puts the runtime at path $1 into each
# engine, the way an administrator would (docs/engines.md), and starts the
# engine's daemon where it has one.  The functions print what went wrong and
# return non-zero; they may be called again.
# CHECK_DRIVER names the cgroup driver: systemd (the default) or cgroupfs.
vm_image=localhost/busybox
vm_driver=${CHECK_DRIVER:-systemd}

# podman knows what a runtime can do only by its name, so one that podman has
# never heard of is written into the lists.
podman_up() {
	local conf=/etc/containers/containers.conf.d/vert.conf
	[ "$(id -u)" = 0 ] || conf=$HOME/.config/containers/containers.conf
	mkdir -p "$(dirname "$conf")"
	cat > "$conf" <<-E
		[engine]
		runtime = "vert"
		cgroup_manager = "$vm_driver"
		runtime_supports_json = ["crun", "runc", "vert"]
		runtime_supports_nocgroup = ["crun", "vert"]
		[engine.runtimes]
		vert = ["$1"]
	E
	podman image exists $vm_image ||
		podman import -q /usr/share/vm/busybox.tar $vm_image > /dev/null
}

# A tar of two images for containerd: one to run and the sandbox's.
bundle_images() {
	local c
	[ ! -e /run/images.tar ] || return 0
	c=$(buildah from scratch) &&
		buildah add -q "$c" /usr/share/vm/busybox.tar / > /dev/null &&
		buildah config --cmd '["/bin/sh"]' "$c" &&
		buildah commit -q "$c" localhost/bb:1 > /dev/null &&
		buildah config --entrypoint '["/bin/sleep","1000000"]' --cmd '' "$c" &&
		buildah commit -q "$c" localhost/pause:1 > /dev/null &&
		buildah rm "$c" > /dev/null &&
		podman save -q -m -o /run/images.tar localhost/bb:1 localhost/pause:1
}

containerd_conf() {
	local systemd=true
	[ "$vm_driver" = systemd ] || systemd=false
	cat <<-E
		version = 2
		[plugins."io.containerd.grpc.v1.cri"]
		  sandbox_image = "localhost/pause:1"
		  [plugins."io.containerd.grpc.v1.cri".containerd]
		    default_runtime_name = "vert"
		    [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.vert]
		      runtime_type = "io.containerd.runc.v2"
		      [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.vert.options]
		        BinaryName = "$1"
		        SystemdCgroup = $systemd
		  [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.second]
		    runtime_type = "io.containerd.runc.v2"
		    [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.second.options]
		      BinaryName = "$1"
		      SystemdCgroup = $systemd
		  [plugins."io.containerd.grpc.v1.cri".cni]
		    bin_dir = "/usr/lib/cni"
		    conf_dir = "/etc/cni/net.d"
	E
}

cni_conf() {
	cat <<-'E'
		{"cniVersion": "1.0.0", "name": "t", "plugins": [
		  {"type": "bridge", "bridge": "cni9", "isGateway": true, "ipam": {
		    "type": "host-local", "ranges": [[{"subnet": "10.99.0.0/24"}]],
		    "routes": [{"dst": "0.0.0.0/0"}]}},
		  {"type": "loopback"}]}
	E
}

containerd_up() {
	bundle_images || return 1
	mkdir -p /etc/containerd /etc/cni/net.d
	containerd_conf "$1" > /etc/containerd/config.toml
	cni_conf > /etc/cni/net.d/10-t.conflist
	systemctl is-active -q containerd || systemctl start containerd
}

docker_up() {
	mkdir -p /etc/docker
	jq -n --arg path "$1" --arg driver "native.cgroupdriver=$vm_driver" '{
		"default-runtime": "vert", runtimes: {vert: {path: $path}},
		"exec-opts": [$driver]}' > /etc/docker/daemon.json
	systemctl is-active -q docker || systemctl start docker || return 1
	docker image inspect bb:1 > /dev/null 2>&1 ||
		docker import /usr/share/vm/busybox.tar bb:1 > /dev/null
}
