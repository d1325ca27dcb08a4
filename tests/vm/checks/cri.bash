# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
#
# The kubelet's interface, through containerd with SystemdCgroup.
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

containerd_ready
check cri-status '"RuntimeReady", "status": true.*"NetworkReady", "status": true' cri Status
sandbox=$(cri_sandbox p)
check cri-runp 'pod_sandbox_id' cri RunPodSandbox "{\"config\":$sandbox}"
pod=$(jq -r .pod_sandbox_id out)
check cri-create '^[0-9a-f]+ $' cri_create "$pod" "$sandbox" '{"linux":{"resources":{
	"memory_limit_in_bytes":67108864,"cpu_quota":50000,"cpu_period":100000}}}'
box=$(cat out)
by_id="{\"container_id\":\"$box\"}"
check cri-start '' cri StartContainer "$by_id"
check cri-exec 'pod1' cri ExecSync \
	"{\"container_id\":\"$box\",\"cmd\":[\"hostname\"],\"timeout\":20}"
check cri-exec-status '"exit_code": 6' cri ExecSync \
	"{\"container_id\":\"$box\",\"cmd\":[\"sh\",\"-c\",\"exit 6\"],\"timeout\":20}"
check cri-log 'stdout F started' cri_log
check cri-running 'CONTAINER_RUNNING' cri ContainerStatus "$by_id"
check cri-stats 'working_set_bytes' cri ContainerStats "$by_id"
check cri-limit '^67108864 ' pod_cgroup "$box" memory.max
check cri-update '^33554432 ' cri_update "$box"
check cri-refused 'no such file|not found' cri_refused "$pod" "$sandbox"
check cri-stop '' cri StopContainer "{\"container_id\":\"$box\",\"timeout\":1}"
check cri-exited 'CONTAINER_EXITED' cri ContainerStatus "$by_id"
check cri-rm '' cri RemoveContainer "$by_id"
check cri-stopp '' cri StopPodSandbox "{\"pod_sandbox_id\":\"$pod\"}"
check cri-rmp '' cri RemovePodSandbox "{\"pod_sandbox_id\":\"$pod\"}"
check cri-handler '^second $' cri_handler second
check cri-handler-unknown 'no runtime for "third"' cri_handler third
