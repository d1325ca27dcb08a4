# SPDX-License-Identifier: Apache-2.0
# The configurations in tests/data/engines, as engines wrote them, made fit for this host.

data=${BATS_TEST_DIRNAME}/../data/engines

# The configuration FILE, fit for this host, with our own probe as its program.
adapt() {
	: >"$TMP/source-file"
	jq --arg root "$(jq -r .root.path "$TMP/own.json")" --arg tmp "$TMP" --arg cgroup "$CG/$ID" \
		 '
		def is_bind: (.options // []) | any(. == "bind" or . == "rbind");
		.root.path = $root
		| .process.terminal = false | .process.args = ["/bin/probe", "exit", "42"] | .process.cwd = "/"
		| del(.hooks, .process.apparmorProfile, .process.selinuxLabel, .linux.mountLabel)
		| .linux.namespaces |= map(del(.path))
		| .linux.cgroupsPath = $cgroup
		| del(.linux.resources | .memory?, .pids?, .cpu?, .unified?, .blockIO?, .hugepageLimits?)
		| if .process.oomScoreAdj then .process.oomScoreAdj = 200 else . end
		| if .process.rlimits then .process.rlimits |= map(.soft = 64 | .hard = 64) else . end
		| .mounts |= map(
			if is_bind and (.source == "/dev" or .source == "/dev/pts" or .source == "/dev/shm"
				or (.source | startswith("/sys") or startswith("/proc")))
			then .
			elif is_bind and (.source | test("^/dev/(null|zero|full|random|urandom|tty)$"))
			then .
			elif is_bind and .source != "/dev/mqueue" and (.source | startswith("/dev/"))
			then .source = "/dev/null"
			elif is_bind and (.destination | test("^/(etc/(resolv.conf|hostname|hosts)|run/.containerenv)$"))
			then .source = $tmp + "/source-file"
			elif is_bind
			then .source = $tmp + "/source"
			elif .type == "overlay"
			then .options = ["lowerdir=" + $tmp + "/lower", "upperdir=" + $tmp + "/upper",
				"workdir=" + $tmp + "/work"]
			else . end)
	' "$1"
}

# The engine's image has them; a container with mapped ids could not make them in ours.
make_mount_points() {
	jq -r '.mounts[].destination' "$BUNDLE/config.json" | while read -r dir; do
		case $dir in
		/dev/* | /proc/* | /sys/* | /etc/* | /run/.containerenv) ;;
		*) mkdir -p "$(cd "$BUNDLE" && realpath "$(jq -r .root.path "$TMP/own.json")")$dir" ;;
		esac
	done
}
