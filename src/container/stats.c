/* SPDX-License-Identifier: Apache-2.0 */
/* Files of a cgroup and /proc/PID/net/dev, turned into runc's statistics object: see stats.h. */
#include "container/stats.h"

#include <dirent.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/fd.h"

enum { FILE_SIZE = 65536 };

static bool slurp(int cgroup, const char *file, char text[FILE_SIZE])
{
	text[0] = '\0';
	return fd_read_small(cgroup, file, text, FILE_SIZE) >= 0;
}

/* "max" is the largest number there is, as runc says it. */
static uint64_t number(const char *s)
{
	char digits[24];
	size_t n = strspn(s, "0123456789");
	uint64_t v;

	if (strncmp(s, "max", 3) == 0)
		return UINT64_MAX;
	if (n == 0 || n >= sizeof(digits))
		return 0;
	memcpy(digits, s, n);
	digits[n] = '\0';
	return str_to_u64(digits, &v) ? v : 0;
}

static uint64_t value_in(const char *text, const char *key)
{
	size_t n = strlen(key);

	for (const char *line = text; *line; line += strcspn(line, "\n"), line += *line == '\n')
		if (strncmp(line, key, n) == 0 && line[n] == ' ')
			return number(line + n + 1);
	return 0;
}

uint64_t stats_value(int cgroup, const char *file, const char *key)
{
	char text[FILE_SIZE];

	return slurp(cgroup, file, text) ? value_in(text, key) : 0;
}

static uint64_t single(int cgroup, const char *file)
{
	char text[FILE_SIZE];

	return slurp(cgroup, file, text) ? number(text) : 0;
}

/* ---- pressure ---------------------------------------------------------------------------------- */

/* "some avg10=0.00 avg60=0.00 avg300=0.00 total=0": the values are numbers of JSON as they stand. */
static bool print_pressure_line(struct buf *b, const char *line, const char *name)
{
	static const char *const keys[] = {"avg10=", "avg60=", "avg300=", "total="};
	size_t len = strlen(name);

	for (; *line && !(strncmp(line, name, len) == 0 && line[len] == ' '); line += *line == '\n')
		line += strcspn(line, "\n");
	if (!*line)
		return false;
	buf_printf(b, "\"%s\":{", name);
	for (size_t i = 0; i < COUNT_OF(keys); i++) {
		const char *p = strstr(line, keys[i]);
		size_t n = p ? strspn(p + strlen(keys[i]), "0123456789.") : 0;

		buf_printf(b, "%s\"%.*s\":%.*s", i ? "," : "", (int)strlen(keys[i]) - 1, keys[i], n ? (int)n : 1,
			   n ? p + strlen(keys[i]) : "0");
	}
	buf_puts(b, "}");
	return true;
}

static void print_pressure(struct buf *b, int cgroup, const char *file)
{
	char text[FILE_SIZE];
	struct buf full = {0};

	if (!slurp(cgroup, file, text) || !text[0])
		return;
	buf_puts(b, ",\"psi\":{");
	(void)print_pressure_line(b, text, "some");
	if (print_pressure_line(&full, text, "full"))
		buf_printf(b, ",%s", full.s);
	buf_puts(b, "}");
	buf_free(&full);
}

/* ---- controllers ------------------------------------------------------------------------------- */

static void print_cpu(struct buf *b, int cgroup)
{
	char text[FILE_SIZE];

	(void)slurp(cgroup, "cpu.stat", text);
	buf_printf(b,
		   "\"cpu\":{\"usage\":{\"total\":%" PRIu64 ",\"kernel\":%" PRIu64 ",\"user\":%" PRIu64
		   "},\"throttling\":{\"periods\":%" PRIu64 ",\"throttledPeriods\":%" PRIu64
		   ",\"throttledTime\":%" PRIu64 "}",
		   value_in(text, "usage_usec") * 1000, value_in(text, "system_usec") * 1000,
		   value_in(text, "user_usec") * 1000, value_in(text, "nr_periods"), value_in(text, "nr_throttled"),
		   value_in(text, "throttled_usec") * 1000);
	print_pressure(b, cgroup, "cpu.pressure");
	buf_puts(b, "}");
}

/* "0-2,5" as [0,1,2,5]. */
static void print_list(struct buf *b, const char *name, int cgroup, const char *file)
{
	char text[FILE_SIZE];
	const char *comma = "";

	buf_printf(b, "\"%s\":[", name);
	(void)slurp(cgroup, file, text);
	for (const char *s = text; *s >= '0' && *s <= '9'; s += *s == ',') {
		uint64_t first = number(s), last = first;

		s += strspn(s, "0123456789");
		if (*s == '-') {
			last = number(++s);
			s += strspn(s, "0123456789");
		}
		for (uint64_t i = first; i <= last && i - first < 8192; i++, comma = ",")
			buf_printf(b, "%s%" PRIu64, comma, i);
	}
	buf_puts(b, "]");
}

static void print_cpuset(struct buf *b, int cgroup)
{
	buf_puts(b, ",\"cpuset\":{");
	print_list(b, "cpus", cgroup, "cpuset.cpus.effective");
	buf_puts(b, ",");
	print_list(b, "mems", cgroup, "cpuset.mems.effective");
	buf_puts(b, ",\"cpu_exclusive\":0,\"mem_hardwall\":0,\"mem_exclusive\":0,\"memory_migrate\":0,"
		    "\"memory_spread_page\":0,\"memory_spread_slab\":0,\"memory_pressure\":0,"
		    "\"sched_load_balance\":0,\"sched_relax_domain_level\":0}");
}

static void print_entry(struct buf *b, const char *name, uint64_t limit, uint64_t usage, uint64_t max,
			uint64_t failures)
{
	buf_printf(b,
		   "\"%s\":{\"limit\":%" PRIu64 ",\"usage\":%" PRIu64 ",\"max\":%" PRIu64 ",\"failcnt\":%" PRIu64 "},",
		   name, limit, usage, max, failures);
}

/* Swap in the words of version 1, which every reader of this object expects: memory and swap together. */
static uint64_t sum(uint64_t a, uint64_t b)
{
	return a == UINT64_MAX || b == UINT64_MAX ? UINT64_MAX : a + b;
}

static void print_memory(struct buf *b, int cgroup)
{
	char text[FILE_SIZE];
	uint64_t usage = single(cgroup, "memory.current"), limit = single(cgroup, "memory.max");
	const char *comma = "";

	(void)slurp(cgroup, "memory.stat", text);
	buf_printf(b, ",\"memory\":{\"cache\":%" PRIu64 ",", value_in(text, "file"));
	print_entry(b, "usage", limit, usage, single(cgroup, "memory.peak"),
		    stats_value(cgroup, "memory.events", "max"));
	print_entry(b, "swap", sum(limit, single(cgroup, "memory.swap.max")),
		    sum(usage, single(cgroup, "memory.swap.current")), single(cgroup, "memory.swap.peak"),
		    stats_value(cgroup, "memory.swap.events", "fail"));
	print_entry(b, "kernel", 0, value_in(text, "kernel"), 0, 0);
	print_entry(b, "kernelTCP", 0, value_in(text, "sock"), 0, 0);
	buf_puts(b, "\"raw\":{");
	for (const char *line = text; *line; line += strcspn(line, "\n"), line += *line == '\n', comma = ",") {
		size_t n = strcspn(line, " \n");

		if (line[n] != ' ')
			break;
		buf_printf(b, "%s\"%.*s\":%" PRIu64, comma, (int)n, line, number(line + n + 1));
	}
	buf_puts(b, "}");
	print_pressure(b, cgroup, "memory.pressure");
	buf_puts(b, "}");
}

/* One operation of io.stat for all devices: "8:0 rbytes=1 wbytes=2 rios=3 wios=4 dbytes=5 dios=6". */
static void print_operations(struct buf *b, const char *text, const char *name, const char *const keys[3])
{
	static const char *const operations[] = {"Read", "Write", "Discard"};
	const char *comma = "";
	char line[512];

	buf_printf(b, "\"%s\":[", name);
	for (; *text; text += strcspn(text, "\n"), text += *text == '\n') {
		const char *minor = text + strcspn(text, ":");

		snprintf(line, sizeof(line), "%.*s", (int)strcspn(text, "\n"), text);
		for (size_t i = 0; i < COUNT_OF(operations); i++) {
			const char *p = strstr(line, keys[i]);

			if (!p)
				continue;
			buf_printf(b,
				   "%s{\"major\":%" PRIu64 ",\"minor\":%" PRIu64 ",\"op\":\"%s\",\"value\":%" PRIu64
				   "}",
				   comma, number(text), number(minor + (*minor == ':')), operations[i],
				   number(p + strlen(keys[i])));
			comma = ",";
		}
	}
	buf_puts(b, "]");
}

static void print_blkio(struct buf *b, int cgroup)
{
	static const char *const bytes[] = {" rbytes=", " wbytes=", " dbytes="};
	static const char *const counts[] = {" rios=", " wios=", " dios="};
	char text[FILE_SIZE];

	(void)slurp(cgroup, "io.stat", text);
	buf_puts(b, ",\"blkio\":{");
	print_operations(b, text, "ioServiceBytesRecursive", bytes);
	buf_puts(b, ",");
	print_operations(b, text, "ioServicedRecursive", counts);
	print_pressure(b, cgroup, "io.pressure");
	buf_puts(b, "}");
}

/* Every page size that has a file "hugetlb.SIZE.current". */
static void print_hugetlb(struct buf *b, int cgroup)
{
	int fd = openat(cgroup, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	const char *comma = "";
	struct dirent *e;
	char size[16], file[64];

	buf_puts(b, ",\"hugetlb\":{");
	while (dir && (e = readdir(dir))) {
		size_t n = strlen(e->d_name);

		if (!str_starts(e->d_name, "hugetlb.") || n < 17 || strcmp(e->d_name + n - 8, ".current") != 0 ||
		    n - 16 >= sizeof(size) || memchr(e->d_name + 8, '.', n - 16))
			continue;
		snprintf(size, sizeof(size), "%.*s", (int)(n - 16), e->d_name + 8);
		snprintf(file, sizeof(file), "hugetlb.%s.max", size);
		buf_printf(b, "%s\"%s\":{\"usage\":%" PRIu64 ",\"max\":%" PRIu64, comma, size,
			   single(cgroup, e->d_name), single(cgroup, file));
		snprintf(file, sizeof(file), "hugetlb.%s.events", size);
		buf_printf(b, ",\"failcnt\":%" PRIu64 "}", stats_value(cgroup, file, "max"));
		comma = ",";
	}
	buf_puts(b, "}");
	if (dir)
		closedir(dir);
	else
		close_keeping_errno(&fd);
}

/* "  name: " and 16 numbers: bytes packets errs drop fifo frame compressed multicast, and the same for sending. The
 * two lines of the header have no such form. */
static bool read_device(char *line, char **ret_name, uint64_t v[16])
{
	char *colon = strchr(line, ':'), *s;

	if (!colon)
		return false;
	*colon = '\0';
	*ret_name = line + strspn(line, " ");
	s = colon + 1;
	for (int i = 0; i < 16; i++) {
		s += strspn(s, " ");
		if (*s < '0' || *s > '9')
			return false;
		v[i] = number(s);
		s += strspn(s, "0123456789");
	}
	return true;
}

static void print_network(struct buf *b, pid_t pid)
{
	char path[40], text[FILE_SIZE], line[512], *name;
	const char *comma = "";
	uint64_t v[16];

	snprintf(path, sizeof(path), "/proc/%d/net/dev", (int)pid);
	buf_puts(b, ",\"network_interfaces\":[");
	(void)slurp(-1, path, text);
	for (const char *s = text; *s; s += strcspn(s, "\n"), s += *s == '\n') {
		snprintf(line, sizeof(line), "%.*s", (int)strcspn(s, "\n"), s);
		if (!read_device(line, &name, v) || strcmp(name, "lo") == 0)
			continue;
		buf_printf(b, "%s{\"Name\":", comma);
		buf_json(b, name);
		buf_printf(b,
			   ",\"RxBytes\":%" PRIu64 ",\"RxPackets\":%" PRIu64 ",\"RxErrors\":%" PRIu64
			   ",\"RxDropped\":%" PRIu64 ",\"TxBytes\":%" PRIu64 ",\"TxPackets\":%" PRIu64
			   ",\"TxErrors\":%" PRIu64 ",\"TxDropped\":%" PRIu64 "}",
			   v[0], v[1], v[2], v[3], v[8], v[9], v[10], v[11]);
		comma = ",";
	}
	buf_puts(b, "]");
}

void stats_print(struct buf *b, int cgroup, pid_t pid)
{
	buf_puts(b, "{");
	print_cpu(b, cgroup);
	print_cpuset(b, cgroup);
	print_memory(b, cgroup);
	buf_printf(b, ",\"pids\":{\"current\":%" PRIu64 ",\"limit\":%" PRIu64 "}", single(cgroup, "pids.current"),
		   single(cgroup, "pids.max"));
	print_blkio(b, cgroup);
	print_hugetlb(b, cgroup);
	print_network(b, pid);
	buf_puts(b, "}");
}
