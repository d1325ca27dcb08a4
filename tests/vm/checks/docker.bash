# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
#
# Docker with the runtime as its default, the systemd driver, and BuildKit, which
# takes the first runc in PATH and nothing else.
d_cgroup() { pid_cgroup "$(docker inspect --format '{{.State.Pid}}' d1)" "$1"; }
d_unit() { systemctl is-active "docker-$(docker inspect --format '{{.Id}}' d1).scope"; }

d_paused() {
	docker pause d1 > /dev/null
	docker inspect --format '{{.State.Status}}' d1
	docker unpause d1 > /dev/null
}

d_updated() {
	docker update -m 128m --memory-swap -1 d1 > /dev/null
	d_cgroup memory.max
}

d_stopped() {
	docker stop -t 1 d1 > /dev/null
	docker inspect --format '{{.State.ExitCode}}' d1
}

d_build() {
	mkdir -p build
	printf 'FROM bb:1\nRUN echo step\n' > build/Dockerfile
	"$@" build
}

docker_ready
ln -sfn "$RT" /usr/local/sbin/runc
run='docker run --rm --net none'
check docker-run '^hello $' $run bb:1 echo hello
check docker-status '^7 $' status_of $run bb:1 sh -c 'exit 7'
check docker-bridge 'inet 172\.17\.' docker run --rm bb:1 ip addr show eth0
check docker-apparmor 'docker-default \(enforce\)' $run bb:1 cat /proc/self/attr/current
check docker-tty '/dev/(pts/|console)' on_terminal $run -t bb:1 tty
check docker-init 'docker-init' $run --init bb:1 cat /proc/1/cmdline
check docker-privileged '^CapEff: 000001ffffffffff' $run --privileged bb:1 \
	grep CapEff /proc/self/status
check docker-missing '^127 $' status_of $run bb:1 /no/such/program
check docker-not-in-path '^127 $' status_of $run bb:1 nosuchprogram
check docker-not-executable '^126 $' status_of $run bb:1 /etc/passwd
check docker-run-d '' docker run -d --name d1 --net none -m 64m --pids-limit 20 bb:1 sleep 1000
check docker-runtime '^vert $' docker inspect --format '{{.HostConfig.Runtime}}' d1
check docker-cgroup-unit '^active ' d_unit
check docker-limit '^67108864 ' d_cgroup memory.max
check docker-exec '^uid=0' docker exec d1 id
check docker-exec-status '^5 $' status_of docker exec d1 sh -c 'exit 5'
check docker-exec-missing '^12[67] $' status_of docker exec d1 nosuchprogram
check docker-top 'sleep 1000' docker top d1
check docker-stats '64MiB' docker stats --no-stream d1
check docker-pause 'paused' d_paused
check docker-update '^134217728 ' d_updated
check docker-stop '^137 ' d_stopped
check docker-rm '' docker rm -f d1
check docker-build-classic '' d_build env DOCKER_BUILDKIT=0 docker build -q --no-cache
check docker-buildkit '' d_build docker buildx build -q --no-cache
