/* SPDX-License-Identifier: Apache-2.0 */
/* Invented containers: see invented.h. */
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>
#undef fail /* base/error.h has a function of that name */

#include "base/fd.h"
#include "base/proc.h"
#include "container/proto.h"
#include "container/record.h"
#include "container/state.h"
#include "invented.h"

char root[64];
const struct runtime rt = {.root = root};
struct error err;
int rootfd = -1;
pid_t child;

int make_root(void **state)
{
	(void)state;
	strcpy(root, "/tmp/test_record.XXXXXX");
	memset(&err, 0, sizeof(err));
	child = 0;
	return mkdtemp(root) && state_open_root(root, false, &rootfd, &err) == 0 ? 0 : -1;
}

static int unlink_entry(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(path);
}

int remove_root(void **state)
{
	(void)state;
	if (child > 0) {
		kill(child, SIGKILL);
		waitpid(child, NULL, 0);
	}
	close(rootfd);
	return nftw(root, unlink_entry, 8, FTW_DEPTH | FTW_PHYS);
}

/* ---- inventing containers ---------------------------------------------------------------------- */

#define CONFIG_START "{\"ociVersion\":\"1.2.0\",\"process\":{\"cwd\":\"/\",\"args\":[\"x\"]}"

int make_container(const char *id, const char *phase, pid_t pid, const char *kind, const char *hook)
{
	static const char *hook_names[2];
	struct oci_str_entry annotation = {.key = "k", .v = "v\n\"w\""};
	struct oci_record r = {.oci_version = "1.2.0",
			       .id = id,
			       .bundle = root,
			       .rootfs = "/nowhere/rootfs",
			       .owner = {.v = getuid(), .set = true},
			       .annotations = {.n = 1, .v = &annotation},
			       .private_pid = {.v = true, .set = true},
			       .has_process = {.v = true, .set = true}};
	struct state_facts f = {.phase = phase,
				.pid = pid,
				.start_time = pid ? proc_start_time(pid, NULL) : 0,
				.cgroup = "",
				.scope = ""};
	struct arena arena = {0};
	char config[1024] = CONFIG_START "}";
	int dirfd;

	if (hook) {
		hook_names[0] = kind;
		r.hooks = (struct oci_str_list){.n = 1, .v = hook_names};
		snprintf(config, sizeof(config),
			 CONFIG_START ",\"hooks\":{\"%s\":[{\"path\":\"/bin/"
				      "sh\",\"args\":[\"sh\",\"-c\",\"%s\"]}]}}",
			 kind, hook);
	}
	assert_int_equal(state_make(rootfd, id, &dirfd, &err), 0);
	assert_int_equal(fd_replace_file(dirfd, STATE_CONFIG, 0600, config, strlen(config), &err),
			 0);
	assert_int_equal(state_write(dirfd, record_head(&arena, &r, &err), &f, &err), 0);
	arena_free(&arena);
	return dirfd;
}

void make_process(void)
{
	child = fork();
	assert_true(child >= 0);
	if (child == 0)
		for (;;)
			pause();
}

bool is_alive(pid_t pid)
{
	char process_state = 0;

	return proc_start_time(pid, &process_state) != 0 && process_state != 'Z';
}

/* A process that does what an init waiting for `start` does; SAY, when not NULL, goes to the notify socket of
 * the container, ERROR is its answer. */
int make_waiting(const char *id, const char *kind, const char *hook, const char *error,
		 const char *say)
{
	struct pollfd p = {.events = POLLIN};
	int dirfd, listener = -1, sync[2];

	assert_int_equal(pipe(sync), 0);
	child = fork();
	assert_true(child >= 0);
	if (child == 0) {
		struct msg m;
		char path[128];
		struct sockaddr_un addr;
		int sock;

		while (state_open(rootfd, id, &dirfd, &err) < 0)
			usleep(1000);
		if (state_listen(dirfd, &listener, &err) < 0 || write(sync[1], "x", 1) != 1)
			_exit(1);
		do
			sock = accept(listener, NULL, NULL);
		while (proto_recv(sock, &m, NULL) == 0);
		if (error) {
			m.kind = MSG_ERROR;
			fail(&m.error, 0, "%s", error);
			proto_send(sock, &m, -1);
			_exit(1);
		}
		snprintf(path, sizeof(path), "%s/%s/%s", root, id, STATE_NOTIFY_DIR);
		if (say) {
			int notify = socket(AF_UNIX, SOCK_DGRAM, 0),
			    n = open(path, O_RDONLY | O_DIRECTORY);

			state_socket_address(n, "notify", &addr);
			if (sendto(notify, "STATUS=x", 8, 0, (struct sockaddr *)&addr,
				   sizeof(addr)) < 0 ||
			    sendto(notify, say, strlen(say), 0, (struct sockaddr *)&addr,
				   sizeof(addr)) < 0)
				_exit(1);
		}
		close(listener);
		close(sock);
		for (;;)
			pause();
	}
	p.fd = sync[0];
	dirfd = make_container(id, PHASE_CREATED, child, kind, hook);
	assert_int_equal(poll(&p, 1, 5000), 1);
	close(sync[0]);
	close(sync[1]);
	return dirfd;
}

enum container_status status_of(const char *id)
{
	struct container_info info;
	enum container_status status;

	assert_int_equal(container_info(&rt, id, &info, &err), 0);
	status = info.status;
	assert_int_equal(info.pid,
			 status == STATUS_STOPPED || status == STATUS_CREATING ? 0 : child);
	container_info_free(&info);
	return status;
}

bool exists(const char *id)
{
	return faccessat(rootfd, id, F_OK, 0) == 0;
}

const char *read_out(void)
{
	static char text[1024];

	return fd_read_small(rootfd, "out", text, sizeof(text)) < 0 ? "(none)" : text;
}

void replace_record(int dirfd, const char *text)
{
	assert_int_equal(fd_replace_file(dirfd, STATE_FILE, 0600, text, strlen(text), &err), 0);
}

/* Replaces FROM by TO in a copy of TEXT. */
char *edit(const char *text, const char *from, const char *to)
{
	const char *at = strstr(text, from);
	char *result = NULL;

	assert_non_null(at);
	assert_true(asprintf(&result, "%.*s%s%s", (int)(at - text), text, to, at + strlen(from)) >
		    0);
	return result;
}
