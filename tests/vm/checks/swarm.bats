#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
#
# The manager of a swarm of two guests; swarm-node is what the other one runs.  Every node has
# the runtime as its default.  The nodes see each other on the link between the guests alone.

load helpers

S_HERE=10.98.0.1 S_THERE=10.98.0.2
S_LIST="$RT --root /run/docker/runtime-runc/moby list"

s_link() {
	hostname swarm-1
	link_up $S_HERE/24 52:54:00:98:00:01 && until_prints yes 200 s_pings
}

s_pings() { ping -c 1 -W 2 $S_THERE > /dev/null 2>&1 && echo yes; }

# The node takes its orders from a port: first the token to join with.
s_init() {
	docker swarm init --advertise-addr $S_HERE > /dev/null &&
		docker swarm join-token -q worker > /run/swarm-token
}

s_join() {
	until_prints sent 200 s_order "$(cat /run/swarm-token)" > /dev/null
	until_prints "Ready Ready" 200 s_nodes
}

s_order() { echo "$1" | socat -u - TCP:$S_THERE:7000,connect-timeout=5 > /dev/null 2>&1 && echo sent; }
s_nodes() { docker node ls --format '{{.Status}}' | sort | xargs; }
s_replicas() { docker service ls --filter name=s1 --format '{{.Replicas}}'; }
s_hosts() { docker service ps s1 --filter desired-state=running --format '{{.Node}} {{.CurrentState}}' |
	sort | sed 's/ [a-z0-9 ]* ago$//' | uniq -c | sed 's/^ *//'; }
s_running() { docker ps -q | wc -l; }

s_service() {
	docker network create -d overlay --attachable o1 > /dev/null || return 1
	docker service create -q -d --name s1 --network o1 --replicas 10 --no-resolve-image \
		--limit-memory 64m --restart-condition any bb:1 \
		sh -c 'hostname > /tmp/index.html; exec httpd -f -p 80 -h /tmp' > /dev/null || return 1
	until_prints 10/10 800 s_replicas
}

# Every container of this node is the runtime's, and there are as many as the swarm says.
s_runtime() {
	local here
	here=$(docker service ps s1 --filter desired-state=running --filter node=swarm-1 -q | wc -l)
	[ "$($S_LIST -q | wc -l)" = "$here" ] && [ "$(s_running)" = "$here" ] && echo "$here of $here"
	# shellcheck disable=SC2046
	docker inspect --format '{{.HostConfig.Runtime}} {{.HostConfig.Memory}}' $(docker ps -q) | sort -u
}

# How many replicas answer one of them, those of the other node through the overlay network.
s_reach() {
	docker exec "$(docker ps -q | head -1)" sh -c 'for a in $(nslookup tasks.s1 127.0.0.11 |
		sed -n "s/^Address: *//p" | grep "^10\."); do wget -q -T 10 -O- http://$a/; done' | sort -u | wc -l
}

s_loss() {
	s_order off > /dev/null
	until_prints "Down Ready" 400 s_nodes
}

s_again() {
	# (the swarm's own count has the lost ones in it for a while)
	until_prints "10 swarm-1 Running" 800 s_hosts
	echo "$(s_running) $($S_LIST -q | wc -l)"
}

s_remove() {
	docker service rm s1 > /dev/null
	until_prints 0 120 s_running
	until_prints '' 60 $S_LIST -q
	find /sys/fs/cgroup -name 'docker-*' -type d | wc -l
}

@test "swarm-link" {
	check '^yes $' s_link
}

@test "swarm-docker" {
	check '' docker_up "$RT"
}

@test "swarm-init" {
	check '' s_init
}

@test "swarm-join" {
	CHECK_LIMIT=420 check '^Ready Ready $' s_join
}

@test "swarm-service" {
	CHECK_LIMIT=820 check '^10/10 $' s_service
}

@test "swarm-spread" {
	check '^[1-9] swarm-1 Running [1-9] swarm-2 Running $' s_hosts
}

@test "swarm-runtime" {
	check '^([1-9]) of \1 vert 67108864 $' s_runtime
}

@test "swarm-network" {
	check '^10 $' s_reach
}

@test "swarm-node-lost" {
	CHECK_LIMIT=420 check '^Down Ready $' s_loss
}

@test "swarm-rescheduled" {
	CHECK_LIMIT=820 check '^10 swarm-1 Running 10 10 $' s_again
}

@test "swarm-removed" {
	check '^0 ?0 $' s_remove
}
