# SPDX-License-Identifier: Apache-2.0
# Completion of vert(1) for bash, made from the command table: vert --print-completion bash

_vert_commands() {
	echo run create start exec exec-start kill delete gc state list ps top events probe pause resume update mounts checkpoint restore spec features check doctor seccomp explain
}

# the options of a command, '': those before it
_vert_options() {
	case $1 in
	'') echo --root --log --log-format --log-level --debug --cgroup-manager --systemd-cgroup --systemd-timeout --rootless --timing --version --help ;;
	'run') echo --bundle --config --console-socket --pidfd-socket --pid-file --preserve-fds --no-pivot --no-new-keyring --dry-run --format --no-subreaper --detach --keep --help ;;
	'create') echo --bundle --config --console-socket --pidfd-socket --pid-file --preserve-fds --no-pivot --no-new-keyring --dry-run --format --no-subreaper --detach --help ;;
	'start') echo --help ;;
	'exec') echo --process --cwd --env --tty --user --additional-gids --cap --no-new-privs --apparmor --process-label --cgroup --detach --create --exec-id --pid-file --console-socket --pidfd-socket --preserve-fds --ignore-paused --no-subreaper --help ;;
	'exec-start') echo --help ;;
	'kill') echo --all --regex --help ;;
	'delete') echo --force --regex --timeout --report --help ;;
	'gc') echo --dry-run --format --min-age --help ;;
	'state') echo --effective --help ;;
	'list') echo --format --quiet --help ;;
	'ps') echo --format --help ;;
	'top') echo --once --format --interval --help ;;
	'events') echo --stats --interval --follow --psi --help ;;
	'probe') echo --timeout --format --max-output --env --user --cwd --help ;;
	'pause') echo --help ;;
	'resume') echo --help ;;
	'update') echo --resources --memory --memory-reservation --memory-swap --kernel-memory --kernel-memory-tcp --cpu-period --cpu-quota --cpu-burst --cpu-share --cpu-idle --cpu-rt-period --cpu-rt-runtime --cpuset-cpus --cpuset-mems --pids-limit --blkio-weight --l3-cache-schema --mem-bw-schema --help ;;
	'mounts') echo --help ;;
	'checkpoint') echo --image-path --work-path --tcp-established --ext-unix-sk --shell-job --file-locks --lazy-pages --auto-dedup --empty-ns --manage-cgroups-mode --network-lock --parent-path --pre-dump --leave-running --tcp-skip-in-flight --link-remap --page-server --status-fd --help ;;
	'restore') echo --image-path --work-path --tcp-established --ext-unix-sk --shell-job --file-locks --lazy-pages --auto-dedup --empty-ns --manage-cgroups-mode --network-lock --bundle --config --pid-file --pidfd-socket --console-socket --detach --keep --tcp-close --lsm-profile --lsm-mount-context --no-pivot --no-subreaper --help ;;
	'spec') echo --bundle --file --rootless --help ;;
	'features') echo --help ;;
	'check') echo --bundle --config --strict --format --json --quiet --help ;;
	'doctor') echo --format --json --help ;;
	'seccomp') echo --bundle --profile --format --output --arch --help ;;
	'explain') echo --format --help ;;
	esac
}

# what follows an option, nothing: it takes no value
_vert_value() {
	case "$1 $2" in
	' --root') echo DIR ;;
	' --log') echo FILE ;;
	' --log-format') echo text json ;;
	' --log-level') echo error warning debug ;;
	' --cgroup-manager') echo cgroupfs systemd disabled ;;
	' --systemd-timeout') echo ANY ;;
	' --rootless') echo auto true false ;;
	' --timing') echo FILE ;;
	'run --bundle' | 'run -b') echo DIR ;;
	'run --config' | 'run -f') echo FILE ;;
	'run --console-socket') echo FILE ;;
	'run --pidfd-socket') echo FILE ;;
	'run --pid-file') echo FILE ;;
	'run --preserve-fds') echo ANY ;;
	'run --format') echo text json ;;
	'create --bundle' | 'create -b') echo DIR ;;
	'create --config' | 'create -f') echo FILE ;;
	'create --console-socket') echo FILE ;;
	'create --pidfd-socket') echo FILE ;;
	'create --pid-file') echo FILE ;;
	'create --preserve-fds') echo ANY ;;
	'create --format') echo text json ;;
	'exec --process' | 'exec -p') echo FILE ;;
	'exec --cwd') echo DIR ;;
	'exec --env' | 'exec -e') echo ANY ;;
	'exec --user' | 'exec -u') echo ANY ;;
	'exec --additional-gids' | 'exec -g') echo ANY ;;
	'exec --cap' | 'exec -c') echo ANY ;;
	'exec --apparmor') echo ANY ;;
	'exec --process-label') echo ANY ;;
	'exec --cgroup') echo ANY ;;
	'exec --exec-id') echo ANY ;;
	'exec --pid-file') echo FILE ;;
	'exec --console-socket') echo FILE ;;
	'exec --pidfd-socket') echo FILE ;;
	'exec --preserve-fds') echo ANY ;;
	'delete --timeout' | 'delete -t') echo ANY ;;
	'delete --report') echo FILE ;;
	'gc --format' | 'gc -f') echo table json ;;
	'gc --min-age') echo ANY ;;
	'list --format' | 'list -f') echo table json ;;
	'ps --format' | 'ps -f') echo table json ;;
	'top --format' | 'top -f') echo table json ;;
	'top --interval') echo ANY ;;
	'events --interval') echo ANY ;;
	'events --psi') echo ANY ;;
	'probe --timeout') echo ANY ;;
	'probe --format' | 'probe -f') echo text json ;;
	'probe --max-output') echo ANY ;;
	'probe --env' | 'probe -e') echo ANY ;;
	'probe --user' | 'probe -u') echo ANY ;;
	'probe --cwd') echo DIR ;;
	'update --resources' | 'update -r') echo FILE ;;
	'update --memory') echo ANY ;;
	'update --memory-reservation') echo ANY ;;
	'update --memory-swap') echo ANY ;;
	'update --kernel-memory') echo ANY ;;
	'update --kernel-memory-tcp') echo ANY ;;
	'update --cpu-period') echo ANY ;;
	'update --cpu-quota') echo ANY ;;
	'update --cpu-burst') echo ANY ;;
	'update --cpu-share') echo ANY ;;
	'update --cpu-idle') echo ANY ;;
	'update --cpu-rt-period') echo ANY ;;
	'update --cpu-rt-runtime') echo ANY ;;
	'update --cpuset-cpus') echo ANY ;;
	'update --cpuset-mems') echo ANY ;;
	'update --pids-limit') echo ANY ;;
	'update --blkio-weight') echo ANY ;;
	'update --l3-cache-schema') echo ANY ;;
	'update --mem-bw-schema') echo ANY ;;
	'checkpoint --image-path') echo DIR ;;
	'checkpoint --work-path') echo DIR ;;
	'checkpoint --empty-ns') echo ANY ;;
	'checkpoint --manage-cgroups-mode') echo ignore soft full strict ;;
	'checkpoint --network-lock') echo iptables nftables skip ;;
	'checkpoint --parent-path') echo DIR ;;
	'checkpoint --page-server') echo ANY ;;
	'checkpoint --status-fd') echo ANY ;;
	'restore --image-path') echo DIR ;;
	'restore --work-path') echo DIR ;;
	'restore --empty-ns') echo ANY ;;
	'restore --manage-cgroups-mode') echo ignore soft full strict ;;
	'restore --network-lock') echo iptables nftables skip ;;
	'restore --bundle' | 'restore -b') echo DIR ;;
	'restore --config' | 'restore -f') echo FILE ;;
	'restore --pid-file') echo FILE ;;
	'restore --pidfd-socket') echo FILE ;;
	'restore --console-socket') echo FILE ;;
	'restore --lsm-profile') echo ANY ;;
	'restore --lsm-mount-context') echo ANY ;;
	'spec --bundle' | 'spec -b') echo DIR ;;
	'spec --file' | 'spec -f') echo FILE ;;
	'check --bundle' | 'check -b') echo DIR ;;
	'check --config' | 'check -f') echo FILE ;;
	'check --format') echo text json ;;
	'doctor --format' | 'doctor -f') echo text json ;;
	'seccomp --bundle' | 'seccomp -b') echo DIR ;;
	'seccomp --profile' | 'seccomp -p') echo FILE ;;
	'seccomp --format' | 'seccomp -f') echo default text json bpf base64 ;;
	'seccomp --output' | 'seccomp -o') echo FILE ;;
	'seccomp --arch') echo ANY ;;
	'explain --format' | 'explain -f') echo table json markdown ;;
	esac
}

# what the first, second ... operand of a command is
_vert_operand() {
	case "$1 $2" in
	'run 1') echo DIR ID ;;
	'create 1') echo ID ;;
	'start 1') echo ID ;;
	'exec 1') echo ID ;;
	'exec 2') echo FILE ;;
	'exec 3') echo ANY ;;
	'exec-start 1') echo ID ;;
	'exec-start 2') echo ANY ;;
	'kill 1') echo ID ;;
	'kill 2') echo SIGNAL ;;
	'delete 1') echo ID ;;
	'state 1') echo ID ;;
	'ps 1') echo ID ;;
	'ps 2') echo ANY ;;
	'events 1') echo ID ;;
	'probe 1') echo ID ;;
	'probe 2') echo FILE ;;
	'probe 3') echo ANY ;;
	'pause 1') echo ID ;;
	'resume 1') echo ID ;;
	'update 1') echo ID ;;
	'mounts 1') echo ANY ANY ;;
	'mounts 2') echo ID ;;
	'mounts 3') echo FILE ;;
	'checkpoint 1') echo ID ;;
	'restore 1') echo ID ;;
	'check 1') echo DIR ;;
	'seccomp 1') echo ANY ANY ANY ;;
	'seccomp 2') echo ANY ;;
	'explain 1') echo ANY ;;
	esac
}

_vert() {
	local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD - 1]}
	local command='' root='' wants='' word i n=0

	for ((i = 1; i < COMP_CWORD; i++)); do
		word=${COMP_WORDS[i]}
		if [[ $word == -* ]]; then
			[[ -n $(_vert_value "$command" "$word") ]] || continue
			[[ ${COMP_WORDS[i + 1]} != = ]] || ((i++))
			((i++))
			[[ $word != --root ]] || root=${COMP_WORDS[i]}
		elif [[ -z $command ]]; then
			command=$word
		else
			((n++))
		fi
	done
	if [[ $cur == = ]]; then
		cur=''
	elif [[ $prev == = ]]; then
		prev=${COMP_WORDS[COMP_CWORD - 2]}
	fi
	wants=$(_vert_value "$command" "$prev")
	if [[ -z $wants && $cur == -* ]]; then
		wants=$(_vert_options "$command")
	elif [[ -z $wants && -z $command ]]; then
		wants=$(_vert_commands)
	elif [[ -z $wants ]]; then
		wants=$(_vert_operand "$command" $((n + 1)))
	fi
	COMPREPLY=()
	for word in $wants; do
		case $word in
		ANY) ;;
		DIR) compopt -o filenames; COMPREPLY+=($(compgen -d -- "$cur")) ;;
		FILE) compopt -o filenames; COMPREPLY+=($(compgen -f -- "$cur")) ;;
		SIGNAL) COMPREPLY+=($(compgen -A signal -- "$cur")) ;;
		ID) COMPREPLY+=($(compgen -W "$(vert ${root:+--root "$root"} list -q 2>/dev/null)" \
			-- "$cur")) ;;
		*) COMPREPLY+=($(compgen -W "$word" -- "$cur")) ;;
		esac
	done
}
complete -F _vert vert
