#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
#
# The kubelet's interface, through containerd with SystemdCgroup.

load helpers

# The pod and the container of the checks, each of which goes on from the ones before it.
by_id() { echo "{\"container_id\":\"$(cat cri-box)\"}"; }

cri_log() {
	until_prints 1 10 grep -c started /tmp/logs/c.log > /dev/null
	cat /tmp/logs/c.log
}

pod_cgroup() {
	pid_cgroup "$(cri ContainerStatus "{\"container_id\":\"$1\",\"verbose\":true}" |
		jq -r '.info.info | fromjson | .pid')" "$2"
}

cri_update() {
	cri UpdateContainerResources "{\"container_id\":\"$1\",
		\"linux\":{\"memory_limit_in_bytes\":33554432}}" > /dev/null &&
		pod_cgroup "$1" memory.max
}

cri_refused() {
	local id
	id=$(cri_create "$1" "$2" '{"metadata":{"name":"d"},
		"command":["/no/such/program"]}')
	cri StartContainer "{\"container_id\":\"$id\"}" 2>&1
	cri RemoveContainer "{\"container_id\":\"$id\"}" > /dev/null
}

# What a RuntimeClass asks for: a handler by name.
cri_handler() {
	local sandbox pod
	sandbox=$(cri_sandbox "h-$1")
	pod=$(cri RunPodSandbox "{\"config\":$sandbox,\"runtime_handler\":\"$1\"}" 2> handler.err | jq -r .pod_sandbox_id)
	[ -n "$pod" ] || { cat handler.err; return 0; }
	cri PodSandboxStatus "{\"pod_sandbox_id\":\"$pod\"}" | jq -r '.status.runtime_handler'
	cri StopPodSandbox "{\"pod_sandbox_id\":\"$pod\"}" > /dev/null &&
		cri RemovePodSandbox "{\"pod_sandbox_id\":\"$pod\"}" > /dev/null
}

setup_file() {
	containerd_ready
}

@test "cri-status" {
	check '"RuntimeReady", "status": true.*"NetworkReady", "status": true' cri Status
}

@test "cri-runp" {
	check 'pod_sandbox_id' cri RunPodSandbox "{\"config\":$(cri_sandbox p)}"
	jq -r .pod_sandbox_id out > cri-pod
}

@test "cri-create" {
	check '^[0-9a-f]+ $' cri_create "$(cat cri-pod)" "$(cri_sandbox p)" '{"linux":{"resources":{
		"memory_limit_in_bytes":67108864,"cpu_quota":50000,"cpu_period":100000}}}'
	cp out cri-box
}

@test "cri-start" {
	check '' cri StartContainer "$(by_id)"
}

@test "cri-exec" {
	check 'pod1' cri ExecSync \
		"{\"container_id\":\"$(cat cri-box)\",\"cmd\":[\"hostname\"],\"timeout\":20}"
}

@test "cri-exec-status" {
	check '"exit_code": 6' cri ExecSync \
		"{\"container_id\":\"$(cat cri-box)\",\"cmd\":[\"sh\",\"-c\",\"exit 6\"],\"timeout\":20}"
}

@test "cri-log" {
	check 'stdout F started' cri_log
}

@test "cri-running" {
	check 'CONTAINER_RUNNING' cri ContainerStatus "$(by_id)"
}

@test "cri-stats" {
	check 'working_set_bytes' cri ContainerStats "$(by_id)"
}

@test "cri-pod-stats" {
	check '"working_set_bytes"' cri PodSandboxStats "{\"pod_sandbox_id\":\"$(cat cri-pod)\"}"
}

@test "cri-limit" {
	check '^67108864 ' pod_cgroup "$(cat cri-box)" memory.max
}

@test "cri-update" {
	check '^33554432 ' cri_update "$(cat cri-box)"
}

@test "cri-refused" {
	check 'no such file|not found' cri_refused "$(cat cri-pod)" "$(cri_sandbox p)"
}

@test "cri-stop" {
	check '' cri StopContainer "{\"container_id\":\"$(cat cri-box)\",\"timeout\":1}"
}

@test "cri-exited" {
	check 'CONTAINER_EXITED' cri ContainerStatus "$(by_id)"
}

@test "cri-rm" {
	check '' cri RemoveContainer "$(by_id)"
}

@test "cri-stopp" {
	check '' cri StopPodSandbox "{\"pod_sandbox_id\":\"$(cat cri-pod)\"}"
}

@test "cri-rmp" {
	check '' cri RemovePodSandbox "{\"pod_sandbox_id\":\"$(cat cri-pod)\"}"
}

@test "cri-handler" {
	check '^second $' cri_handler second
}

@test "cri-handler-unknown" {
	check 'no runtime for "third"' cri_handler third
}
