# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
#
# What podman.bats asks of Podman as root and rootless.bats asks of it as a user.
load helpers

p_logged() {
	$PODMAN run --name lg --net none $IMAGE sh -c 'echo one; sleep 0.2; echo two >&2' > /dev/null 2>&1
	$PODMAN logs lg 2>&1
	p_gone lg
}

p_paused() { # NAME
	$PODMAN pause "$1" > /dev/null || return 1
	p_show "$1" .State.Status
	$PODMAN exec "$1" true 2> /dev/null && echo exec while paused
	$PODMAN unpause "$1" > /dev/null
}

p_restarted() {
	local before
	p_started rs > /dev/null && before=$(p_show rs .State.Pid) && $PODMAN restart -t 0 rs > /dev/null || return 1
	p_show rs .State.Status
	[ "$(p_show rs .State.Pid)" = "$before" ] || echo another
	p_gone rs
}

p_port() {
	$PODMAN run -d --name web -p 127.0.0.1:8081:80 $IMAGE \
		sh -c 'echo found > /tmp/i; exec httpd -f -p 80 -h /tmp' > /dev/null || return 1
	until_prints found 20 busybox wget -q -O- http://127.0.0.1:8081/i
	p_gone web
}

# Two containers of a pod: one host name, one /dev/shm, one table of processes.
p_pod_shares() {
	$PODMAN pod create --name p2 --share net,uts,ipc,pid --hostname shared > /dev/null &&
		$PODMAN run -d --pod p2 $IMAGE sh -c 'echo seen > /dev/shm/x; exec sleep 4321' > /dev/null || return 1
	$PODMAN run --rm --pod p2 $IMAGE sh -c 'until [ -s /dev/shm/x ]; do sleep 0.1; done
		hostname; cat /dev/shm/x; ps | grep "[s]leep 4321" | wc -l'
	$PODMAN pod rm -t 0 -f p2 > /dev/null
}

p_named_volume() {
	$PODMAN volume create nv > /dev/null && p_run -v nv:/d $IMAGE sh -c 'echo kept > /d/f' && p_run -v nv:/d $IMAGE cat /d/f
	podman volume rm nv > /dev/null
}

# The option U gives the files to who runs in the container.
p_owned_volume() {
	mkdir -p owned && p_run -u 7:7 -v "$PWD/owned:/d:U" $IMAGE sh -c 'stat -c %u /d; touch /d/f && echo written'
}

p_seccomp() {
	echo '{"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [{"names": ["mkdir", "mkdirat"],
		"action": "SCMP_ACT_ERRNO", "errnoRet": 95}]}' > profile.json
	p_run --security-opt seccomp="$PWD/profile.json" $IMAGE mkdir /x 2>&1
	p_run --security-opt seccomp=unconfined $IMAGE grep Seccomp: /proc/self/status
}

p_healthy() {
	$PODMAN run -d --name hc --net none --health-cmd 'test -e /ok' --health-interval 3s --health-retries 2 \
		$IMAGE sh -c 'touch /ok; sleep 1000' > /dev/null || return 1
	until_prints healthy 30 p_show hc .State.Health.Status
	$PODMAN exec hc rm /ok
	until_prints unhealthy 40 p_show hc .State.Health.Status
	p_gone hc
}

# p_notified KIND: whether it is the program's to notify systemd, or conmon does it, and what the socket gets.
p_notified() {
	local listener
	if [ ! -e notify ]; then
		cat > notify.c <<-'E'
			#include <stdlib.h>
			#include <string.h>
			#include <sys/socket.h>
			#include <sys/un.h>
			int main(int argc, char **argv)
			{
				struct sockaddr_un a = {.sun_family = AF_UNIX};
				int s = socket(AF_UNIX, SOCK_DGRAM, 0);
				strncpy(a.sun_path, getenv("NOTIFY_SOCKET"), sizeof(a.sun_path) - 1);
				return argc != 2 || sendto(s, argv[1], strlen(argv[1]), 0, (void *)&a, sizeof(a)) < 0;
			}
		E
		musl-gcc -static -o notify notify.c || return 1
	fi
	rm -f notified notify.sock
	socat -u UNIX-RECV:notify.sock OPEN:notified,creat,append &
	listener=$!
	until_prints yes 5 sh -c '[ -S notify.sock ] && echo yes' > /dev/null
	NOTIFY_SOCKET=$PWD/notify.sock $PODMAN run -d --name nt --net none --sdnotify "$1" -v "$PWD/notify:/notify:ro" \
		$IMAGE sh -c 'if [ -n "$NOTIFY_SOCKET" ]; then echo inside; /notify READY=1; else echo outside; fi
			exec sleep 1000' > /dev/null || return 1
	until_prints 1 10 grep -c READY=1 notified > /dev/null
	grep -ao 'READY=1' notified
	$PODMAN logs nt
	[ "$(grep -ao 'MAINPID=[0-9]*' notified | tail -1)" != "MAINPID=$(p_show nt .State.ConmonPid)" ] || echo conmon is main
	kill $listener
	p_gone nt
}

# conmon stays where podman is, without a scope of its own.
p_no_conmon() {
	p_started nc --cgroups no-conmon > /dev/null || return 1
	grep -q libpod-conmon- "/proc/$(p_show nc .State.ConmonPid)/cgroup" || echo with podman
	p_proc nc cgroup | grep -o 'libpod-'
	p_gone nc
}

# Below the service that podman is called in, which has to be one of its own.
p_split() {
	local manager=''
	[ "$(id -u)" = 0 ] || manager=--user
	# shellcheck disable=SC2086
	systemd-run $manager --quiet --wait --pipe --unit split-$$ -p Delegate=yes $PODMAN run --rm --net none \
		--cgroups split --cgroupns host $IMAGE cat /proc/self/cgroup < /dev/null
}

p_kube() {
	cat > kube.yaml <<-E
		apiVersion: v1
		kind: Pod
		metadata:
		  name: kp
		spec:
		  containers:
		  - name: kc
		    image: $IMAGE
		    imagePullPolicy: Never
		    command: [sh, -c, 'echo "\$GREETING" > /tmp/g; exec sleep 1000']
		    env: [{name: GREETING, value: from kube}]
		    resources: {limits: {memory: 64Mi}}
	E
	$PODMAN kube play kube.yaml > kube.log 2>&1 || { cat kube.log; return 1; }
	until_prints 'from kube' 10 $PODMAN exec kp-kc cat /tmp/g
	p_limit kp-kc memory.max
	$PODMAN kube down kube.yaml > /dev/null 2>&1
}
