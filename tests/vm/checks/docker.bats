#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
#
# Docker with the runtime as its default, the systemd driver, and BuildKit, which
# takes the first runc in PATH and nothing else: here a wrapper that keeps a list of the calls.

load helpers

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

# Each step is one "run" of the runtime.
d_buildkit() {
	rm -f /run/runc-calls
	d_build docker buildx build -q --no-cache > /dev/null && grep -Eo '^(.* )?run ' /run/runc-calls | awk '{print $NF}'
}

d_logged() {
	docker run --name lg --net none bb:1 sh -c 'echo one; echo two >&2' > /dev/null 2>&1
	docker logs lg 2>&1 | sort
	docker rm lg > /dev/null
}

# As compose has them: the front sees the service in the middle by its name, the back does too, but front and back do
# not see each other.
d_composed() {
	docker network create front > /dev/null && docker network create back > /dev/null &&
		docker run -d --name api --network front bb:1 sh -c 'echo served > /tmp/i; exec httpd -f -h /tmp' > /dev/null &&
		docker network connect --alias service back api && docker run -d --name db --network back bb:1 sleep 1000 > /dev/null &&
		docker exec db sh -c 'for i in 1 2 3 4 5 6 7 8 9; do wget -q -O- http://service/i && break; sleep 1; done'
	docker run --rm --network front bb:1 sh -c 'wget -q -O- http://api/i; nslookup db 127.0.0.11 > /dev/null || echo no db
		ping -c 1 -W 2 "$0" > /dev/null || echo no way' \
		"$(docker inspect --format '{{.NetworkSettings.Networks.back.IPAddress}}' db)"
	docker rm -f api db > /dev/null
	docker network rm front back > /dev/null
}

# One container finds another by its name.
d_network() {
	docker network create n1 > /dev/null &&
		docker run -d --name web --network n1 bb:1 sh -c 'echo found > /tmp/i && exec httpd -f -h /tmp' > /dev/null &&
		docker run --rm --network n1 bb:1 sh -c \
			'for i in 1 2 3 4 5 6 7 8 9; do wget -q -O- http://web/i && break; sleep 1; done'
	docker rm -f web > /dev/null
	docker network rm n1 > /dev/null
}

d_port() {
	docker run -d --name web -p 127.0.0.1:8080:80 bb:1 sh -c 'echo found > /tmp/i && exec httpd -f -h /tmp' > /dev/null &&
		until_prints found 20 wget_local
	docker rm -f web > /dev/null
}

wget_local() { busybox wget -q -O- http://127.0.0.1:8080/i; }

# The container outlives what was killed by a moment: with an end at once it is chance whether containerd still reads of
# it, with every runtime.
d_oom() {
	docker run --name o1 --net none -m 32m --memory-swap 32m bb:1 \
		sh -c 'dd if=/dev/zero of=/dev/null bs=64M count=1; status=$?; sleep 3; exit $status' > /dev/null 2>&1
	docker inspect --format '{{.State.ExitCode}} {{.State.OOMKilled}}' o1
	docker rm o1 > /dev/null
}

d_restarts() { docker inspect --format '{{.State.Status}} {{.RestartCount}}' r1; }

d_on_failure() {
	docker run -d --name r1 --net none --restart on-failure:2 bb:1 sh -c 'exit 3' > /dev/null
	until_prints 'exited 2' 60 d_restarts
	docker rm -f r1 > /dev/null
}

# Killed behind Docker's back.
d_always() {
	docker run -d --name r1 --net none --restart always bb:1 sleep 1000 > /dev/null &&
		kill -KILL "$(docker inspect --format '{{.State.Pid}}' r1)"
	until_prints 'running 1' 60 d_restarts
	docker rm -f r1 > /dev/null
}

# Stopped by its user, it stays so when the daemon starts again; the other one comes back.
d_unless_stopped() {
	docker run -d --name u1 --net none --restart unless-stopped bb:1 sleep 1000 > /dev/null &&
		docker run -d --name u2 --net none --restart unless-stopped bb:1 sleep 1000 > /dev/null &&
		docker stop -t 0 u1 > /dev/null && systemctl restart docker || return 1
	until_prints running 60 docker inspect --format '{{.State.Status}}' u2
	docker inspect --format '{{.State.Status}}' u1
	docker rm -f u1 u2 > /dev/null
}

# The other ways to name a runtime: for one container, and on the daemon's command line.
d_add_runtime() {
	local dir=/etc/systemd/system/docker.service.d
	mkdir -p $dir
	jq 'del(.runtimes, .["default-runtime"])' /etc/docker/daemon.json > daemon.json &&
		cp daemon.json /etc/docker/ || return 1
	printf '[Service]\nExecStart=\nExecStart=%s -H fd:// --add-runtime other=%s\n' \
		"$(command -v dockerd)" "$RT" > $dir/add.conf
	systemctl daemon-reload && systemctl restart docker || return 1
	docker run --rm --runtime other --net none bb:1 echo hello
	docker run -d --name a1 --runtime other --net none bb:1 sleep 1000 > /dev/null
	docker inspect --format '{{.HostConfig.Runtime}}' a1
	"$RT" --root /run/docker/runtime-runc/moby list -q | wc -l
	docker rm -f a1 > /dev/null
	rm -r $dir
	rm /etc/docker/daemon.json
	systemctl daemon-reload && docker_up "$RT" && systemctl restart docker
}

docker_run='docker run --rm --net none'

setup_file() {
	printf '#!/bin/sh\necho "$*" >> /run/runc-calls\nexec %s "$@"\n' "$RT" > /usr/local/sbin/runc &&
		chmod 755 /usr/local/sbin/runc && docker_ready
}

@test "docker-setup" {
	check '^vert $' docker info --format '{{.DefaultRuntime}}'
}

@test "docker-run" {
	check '^hello $' $docker_run bb:1 echo hello
}

@test "docker-status" {
	check '^7 $' status_of $docker_run bb:1 sh -c 'exit 7'
}

@test "docker-bridge" {
	check 'inet 172\.17\.' docker run --rm bb:1 ip addr show eth0
}

@test "docker-apparmor" {
	check 'docker-default \(enforce\)' $docker_run bb:1 cat /proc/self/attr/current
}

@test "docker-tty" {
	check '/dev/(pts/|console)' on_terminal $docker_run -t bb:1 tty
}

@test "docker-init" {
	check 'docker-init' $docker_run --init bb:1 cat /proc/1/cmdline
}

@test "docker-privileged" {
	check '^CapEff: 000001ffffffffff' $docker_run --privileged bb:1 \
		grep CapEff /proc/self/status
}

@test "docker-missing" {
	check '^127 $' status_of $docker_run bb:1 /no/such/program
}

@test "docker-not-in-path" {
	check '^127 $' status_of $docker_run bb:1 nosuchprogram
}

@test "docker-not-executable" {
	check '^126 $' status_of $docker_run bb:1 /etc/passwd
}

@test "docker-run-d" {
	check '' docker run -d --name d1 --net none -m 64m --pids-limit 20 bb:1 sleep 1000
}

@test "docker-runtime" {
	check '^vert $' docker inspect --format '{{.HostConfig.Runtime}}' d1
}

@test "docker-cgroup-unit" {
	needs_systemd_driver
	check '^active ' d_unit
}

@test "docker-limit" {
	check '^67108864 ' d_cgroup memory.max
}

@test "docker-exec" {
	check '^uid=0' docker exec d1 id
}

@test "docker-exec-status" {
	check '^5 $' status_of docker exec d1 sh -c 'exit 5'
}

@test "docker-exec-missing" {
	check '^12[67] $' status_of docker exec d1 nosuchprogram
}

@test "docker-top" {
	check 'sleep 1000' docker top d1
}

@test "docker-stats" {
	check '64MiB' docker stats --no-stream d1
}

@test "docker-pause" {
	check 'paused' d_paused
}

@test "docker-update" {
	check '^134217728 ' d_updated
}

@test "docker-stop" {
	check '^137 ' d_stopped
}

@test "docker-rm" {
	check '' docker rm -f d1
}

@test "docker-build-classic" {
	check '' d_build env DOCKER_BUILDKIT=0 docker build -q --no-cache
}

@test "docker-buildkit" {
	check '^run $' d_buildkit
}

@test "docker-logs" {
	check '^one two $' d_logged
}

@test "docker-network" {
	check '^found $' d_network
}

@test "docker-composed" {
	check '^served served no db no way $' d_composed
}

@test "docker-port" {
	check '^found $' d_port
}

@test "docker-oom" {
	check '^137 true $' d_oom
}

@test "docker-on-failure" {
	check '^exited 2 $' d_on_failure
}

@test "docker-always" {
	check '^running 1 $' d_always
}

@test "docker-unless-stopped" {
	check '^running exited $' d_unless_stopped
}

@test "docker-runtime-option" {
	check '^hello $' $docker_run --runtime vert bb:1 echo hello
}

@test "docker-add-runtime" {
	check '^hello other 1 $' d_add_runtime
}
