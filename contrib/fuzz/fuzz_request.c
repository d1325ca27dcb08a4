/* SPDX-License-Identifier: Apache-2.0 */
/* libFuzzer target: vert-systemd: the text that describes a unit's properties, to a message of D-Bus. */
#include <string.h>
#include <sys/socket.h>

#include "fuzz.h"
#include "systemd/request.c"

/* One bus of no connection: messages can be made for it. */
static sd_bus_message *message(void)
{
	static sd_bus *bus;
	sd_bus_message *m = NULL;
	int pair[2];

	if (!bus) {
		must(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) == 0 && sd_bus_new(&bus) >= 0 &&
			     sd_bus_set_fd(bus, pair[0], pair[0]) >= 0 && sd_bus_start(bus) >= 0,
		     "a bus can be made");
	}
	must(sd_bus_message_new_method_call(bus, &m, "a.b", "/a", "a.b", "C") >= 0, "a message can be made");
	return m;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct request r = {0};
	struct error err = {0};
	sd_bus_message *m;
	char *text;

	if (size == 0)
		return 0;
	text = strndup((const char *)data + 1, size - 1);
	must(text != NULL, "there is memory");
	if (request_parse(text, &r, &err) < 0) {
		check_error(&err);
	} else {
		(void)request_drop(&r, data[0] & 1 ? "Unknown property CPUQuota" : text);
		m = message();
		(void)request_append(&r, m);
		sd_bus_message_unref(m);
	}
	request_free(&r);
	free(text);
	return 0;
}
