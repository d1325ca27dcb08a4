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

d_oom() {
	docker run --name o1 --net none -m 32m --memory-swap 32m bb:1 \
		dd if=/dev/zero of=/dev/null bs=64M count=1 > /dev/null 2>&1
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
check docker-network '^found $' d_network
check docker-port '^found $' d_port
check docker-oom '^137 true $' d_oom
check docker-on-failure '^exited 2 $' d_on_failure
check docker-always '^running 1 $' d_always
check docker-runtime-option '^hello $' $run --runtime vert bb:1 echo hello
check docker-add-runtime '^hello other 1 $' d_add_runtime
