/* SPDX-License-Identifier: Apache-2.0 */
/* Will the program run?  It is looked up in the container's tree, with its interpreter; so are the hooks, and what
 * the process asks of this host. */
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/blame.h"
#include "base/fd.h"
#include "base/machine.h"
#include "base/str.h"
#include "base/sys.h"
#include "container/check_priv.h"
#include "kernel/lsm.h"
#include "kernel/userns.h"
#include "libocispec/arena.h"
#include "plan/idmap.h"

#define PROGRAM "process.args[0]"
#define CAP_BIT_SYS_RESOURCE 24

struct subject {
	struct check *c;
	struct view view;
	const char *name;
};

static void check_interpreter(const struct subject *s, const char *path, const char *what)
{
	char at[256];
	int fd = -1;

	if (view_open(&s->view, path, &fd, at) == VIEW_MISSING)
		check_add(s->c, CHECK_FAILS, "EXEC_INTERPRETER", PROGRAM, "",
			  "'%s' needs the %s '%s', which is not in the container", s->name, what,
			  path);
	close_keeping_errno(&fd);
}

/* A handler of binfmt_misc may run what this machine cannot. */
static bool has_handlers(void)
{
	struct stat st;

	return stat("/proc/sys/fs/binfmt_misc", &st) == 0 && st.st_nlink > 2;
}

static void check_elf(const struct subject *s, int fd, const Elf64_Ehdr *e)
{
	unsigned native = machine_native(e->e_machine);

	if (e->e_machine != native && !(native == EM_X86_64 && e->e_machine == EM_386)) {
		check_add(s->c, has_handlers() ? CHECK_INFO : CHECK_FAILS, "EXEC_ARCHITECTURE",
			  PROGRAM, "", "'%s' is a program for %s, this machine is %s", s->name,
			  machine_name(e->e_machine), machine_name(native));
		return;
	}
	for (unsigned i = 0; e->e_ident[EI_CLASS] == ELFCLASS64 && i < e->e_phnum && i < 64; i++) {
		char path[200] = "";
		Elf64_Phdr p;

		if (pread(fd, &p, sizeof(p), (off_t)(e->e_phoff + i * sizeof(p))) != sizeof(p))
			return;
		if (p.p_type == PT_INTERP &&
		    pread(fd, path, sizeof(path) - 1, (off_t)p.p_offset) > 0)
			check_interpreter(s, path, "dynamic loader");
	}
}

static void check_contents(const struct subject *s, int found)
{
	union {
		char text[256];
		Elf64_Ehdr elf;
	} head = {.text = ""};
	autoclose int fd = -1;
	char link[40];
	ssize_t n;

	snprintf(link, sizeof(link), "/proc/self/fd/%d", found);
	fd = open(link, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (fd < 0)
		return; /* not readable for us: it may still run */
	n = pread(fd, head.text, sizeof(head.text) - 1, 0);
	if (n >= 2 && head.text[0] == '#' && head.text[1] == '!') {
		char *path = head.text + 2 + strspn(head.text + 2, " \t");

		path[strcspn(path, " \t\n")] = '\0';
		check_interpreter(s, path, "interpreter");
	} else if (n < (ssize_t)sizeof(head.elf) ||
		   memcmp(head.elf.e_ident, ELFMAG, SELFMAG) != 0) {
		check_add(s->c, CHECK_FAILS, "EXEC_FORMAT", PROGRAM, "",
			  "'%s' is neither a program nor a script with a '#!' line", s->name);
	} else {
		check_elf(s, fd, &head.elf);
	}
}

/* What was found under the path AT. */
static void check_file(const struct subject *s, int fd, const char *at)
{
	const struct plan_mount *m = view_mount(s->c->plan, at + strspn(at, "/"), SIZE_MAX);
	struct stat st;

	if (fstat(fd, &st) < 0)
		return;
	if (S_ISDIR(st.st_mode))
		check_add(s->c, CHECK_FAILS, "EXEC_DIRECTORY", PROGRAM, "", "'%s' is a directory",
			  s->name);
	else if (!S_ISREG(st.st_mode) || !(st.st_mode & 0111))
		check_add(s->c, CHECK_FAILS, "EXEC_PERMISSION", PROGRAM, "",
			  "'%s' has mode %04o: no execute bit is set", s->name,
			  (unsigned)st.st_mode & 07777);
	else if (m && ((m->attr_set | m->rec_set) & SYS_MOUNT_ATTR_NOEXEC))
		check_add(s->c, CHECK_FAILS, "EXEC_NOEXEC", PROGRAM, "",
			  "'%s' is on the mount '/%s' with the option 'noexec'", s->name,
			  m->target);
	else
		check_contents(s, fd);
}

static const char *path_of(const struct plan_process *p)
{
	for (size_t i = p->env.n; i > 0; i--)
		if (str_starts(p->env.v[i - 1], "PATH="))
			return p->env.v[i - 1] + 5;
	return "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
}

static void find_program(const struct subject *s)
{
	const struct plan_process *p = &s->c->plan->process;
	const char *path = strchr(s->name, '/') ? NULL : path_of(p), *next = path;
	enum view_answer answer;
	autoclose int fd = -1;
	char full[4096], at[256] = "";

	if (!path) {
		snprintf(full, sizeof(full), "%s%s%s", s->name[0] == '/' ? "" : p->cwd,
			 s->name[0] == '/' ? "" : "/", s->name);
		answer = view_open(&s->view, full, &fd, at);
	}
	for (answer = path ? VIEW_MISSING : answer; answer == VIEW_MISSING && next && *next;
	     next += *next == ':') {
		size_t n = strcspn(next, ":");

		snprintf(full, sizeof(full), "%.*s/%s", (int)n, next, s->name);
		answer = view_open(&s->view, full, &fd, at);
		next += n;
	}
	if (answer == VIEW_FOUND)
		check_file(s, fd, at);
	else if (answer == VIEW_MISSING && path)
		check_add(s->c, CHECK_FAILS, "EXEC_NOT_FOUND", PROGRAM, "",
			  "'%s' is in no directory of PATH ('%.200s')", s->name, path);
	else if (answer == VIEW_MISSING)
		check_add(s->c, CHECK_FAILS, "EXEC_NOT_FOUND", PROGRAM, "",
			  "'%s' is not in the container: '%s' does not exist", s->name, at);
}

static void check_hook(const struct subject *s, const struct plan_hook *hook, bool inside)
{
	char at[256];
	struct error err;
	struct stat st;
	int fd = -1;

	if (inside) {
		if (view_open(&s->view, hook->path, &fd, at) == VIEW_MISSING)
			check_add(s->c, CHECK_FAILS, "HOOK_EXEC", hook->at, "",
				  "hook '%s' is not in the container", hook->path);
		close_keeping_errno(&fd);
		return;
	}
	if (access(hook->path, X_OK) == 0 && stat(hook->path, &st) == 0 && S_ISREG(st.st_mode))
		return;
	fail(&err, errno, "hook '%s' cannot be executed", hook->path);
	error_blame(&err, -1, hook->path);
	check_add(s->c, CHECK_FAILS, "HOOK_EXEC", hook->at, err.hint, "%s", err.msg);
}

static void check_terminal(struct check *c)
{
	const struct plan *p = c->plan;
	const struct plan_mount *pts = view_mount(p, "dev/pts", SIZE_MAX);

	if (!p->process.terminal && (p->process.rows || p->process.columns))
		check_add(c, CHECK_INFO, "CHECK_TERMINAL", "process.consoleSize", "",
			  "a size of the terminal is given, and process.terminal is false");
	if (p->process.terminal &&
	    (!pts || (pts->kind == PLAN_MOUNT_FS && strcmp(pts->fstype, "devpts") != 0)))
		check_add(c, CHECK_FAILS, "TERMINAL_FAILED", "process.terminal",
			  "mount a devpts on /dev/pts, with newinstance",
			  "a terminal is asked for, and no devpts is mounted on '/dev/pts'");
}

static void check_limits(struct check *c)
{
	const struct plan *p = c->plan;
	struct rlimit now;

	for (size_t i = 0; i < p->process.n_rlimits; i++) {
		const struct plan_rlimit *l = &p->process.rlimits[i];

		if (!(c->host->missing_caps & UINT64_C(1) << CAP_BIT_SYS_RESOURCE) ||
		    getrlimit(l->resource, &now) < 0 || l->hard <= now.rlim_max)
			continue;
		check_add(c, CHECK_FAILS, "RLIMIT_FAILED", l->at, "",
			  "the hard limit of %s is %llu, and cannot be raised to %llu", l->name,
			  (unsigned long long)now.rlim_max, (unsigned long long)l->hard);
	}
	for (size_t i = 0; i < p->cgroup.n_writes; i++) {
		uint64_t bytes;

		if (strcmp(p->cgroup.writes[i].file, "memory.max") == 0 &&
		    str_to_u64(p->cgroup.writes[i].value, &bytes) && bytes < 512 * 1024)
			check_add(
				c, CHECK_WARNING, "CHECK_MEMORY_LOW", p->cgroup.writes[i].at, "",
				"a memory limit of %llu bytes is hardly enough to start a program",
				(unsigned long long)bytes);
	}
}

static void check_namespaces(struct check *c)
{
	const struct plan *p = c->plan;
	struct error err = {0};
	uint32_t id;

	for (int i = 0; i < PLAN_NS_COUNT; i++)
		if (p->ns[i].how == PLAN_NS_JOIN && access(p->ns[i].path, F_OK) < 0) {
			fail(&err, errno, "the namespace '%s' cannot be joined", p->ns[i].path);
			error_blame(&err, -1, p->ns[i].path);
			check_add(c, CHECK_FAILS, "NAMESPACE_PATH", p->ns[i].at, err.hint, "%s",
				  err.msg);
		}
	if (p->ns[PLAN_NS_USER].how != PLAN_NS_NEW)
		return;
	memset(&err, 0, sizeof(err));
	(void)userns_explain(&err); /* -1 as always */
	if (err.code[0] && (c->host->euid != 0 || strstr(err.path, "max_user_namespaces")))
		check_add(c, CHECK_FAILS, err.code, p->ns[PLAN_NS_USER].at, err.hint,
			  "user namespaces are forbidden by '%s'", err.path);
	if (!plan_id_outside(&p->uid_map, 0, &id) || !plan_id_outside(&p->gid_map, 0, &id))
		check_add(c, CHECK_WARNING, "CHECK_ROOT_UNMAPPED", "linux.uidMappings",
			  "map the id 0 of the container",
			  "the container has no root: its user namespace does not map user and "
			  "group 0");
	if (p->maps_by_helper &&
	    (access("/usr/bin/newuidmap", X_OK) < 0 || access("/usr/bin/newgidmap", X_OK) < 0))
		check_add(c, CHECK_FAILS, "IDMAP_HELPER_MISSING", "linux.uidMappings", "",
			  "newuidmap and newgidmap are needed to map more than one's own id");
}

static void check_profile(struct check *c)
{
	const char *profile = c->plan->process.apparmor;

	if (profile && lsm_apparmor_enabled() && !lsm_apparmor_loaded(profile))
		check_add(c, CHECK_FAILS, "APPARMOR_NOT_LOADED", "process.apparmorProfile", "",
			  "AppArmor profile '%s' is not loaded", profile);
}

void check_program(struct check *c)
{
	const struct plan *p = c->plan;
	autoclose int rootfd = open(p->rootfs, O_PATH | O_DIRECTORY | O_CLOEXEC);
	const struct subject s = {c, {p, rootfd}, p->process.args.n ? p->process.args.v[0] : NULL};
	autoclose int cwd = -1;
	struct error err;
	struct stat st;
	char at[256];

	check_namespaces(c);
	if (rootfd < 0) {
		fail(&err, errno, "the root file system '%s' cannot be opened", p->rootfs);
		error_blame(&err, -1, p->rootfs);
		check_add(c, CHECK_FAILS, "ROOTFS_MISSING", "root.path", err.hint, "%s", err.msg);
		return;
	}
	for (int kind = 0; kind < PLAN_HOOK_KINDS; kind++)
		for (size_t i = 0; i < p->hooks[kind].n; i++)
			check_hook(&s, &p->hooks[kind].v[i], kind == PLAN_HOOK_START_CONTAINER);
	if (!p->has_process || !s.name) {
		check_add(c, CHECK_FAILS, "PROCESS_INVALID", "process.args", "",
			  "there is no program: 'start' will refuse");
		return;
	}
	find_program(&s);
	if (view_open(&s.view, p->process.cwd, &cwd, at) == VIEW_FOUND && fstat(cwd, &st) == 0 &&
	    !S_ISDIR(st.st_mode))
		check_add(c, CHECK_FAILS, "CWD", "process.cwd", "",
			  "the working directory '%s' is not a directory", p->process.cwd);
	check_terminal(c);
	check_limits(c);
	check_profile(c);
}
