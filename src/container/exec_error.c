/* SPDX-License-Identifier: Apache-2.0 */
/* Finding out why a program does not start. */
#include "exec_error.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

#include "base/blame.h"
#include "base/fd.h"
#include "base/machine.h"
#include "base/str.h"

enum { NOT_FOUND = 127, NOT_EXECUTABLE = 126 };

#define WHERE "process.args[0]"

int exec_not_found(const char *name, const char *path, bool denied, struct error *err)
{
	if (denied) {
		fail_at(err, 0, WHERE, "exec: '%s': permission denied", name);
		error_code(err, "EXEC_PERMISSION");
		error_hint(err, "a file of that name is in $PATH, but is not executable for the container's user");
		return error_status(err, NOT_EXECUTABLE);
	}
	fail_at(err, 0, WHERE, "executable file not found in $PATH: '%s'", name);
	error_code(err, "EXEC_NOT_FOUND");
	if (strchr(name, ' '))
		error_hint(err, "a name with blanks: process.args is a list with each argument in an element of "
				"its own");
	else if (!path)
		error_hint(err, "process.env has no PATH; the usual directories were searched");
	else
		error_hint(err, "PATH is '%.200s'", path);
	return error_status(err, NOT_FOUND);
}

int exec_check(const char *exe, const char *name, struct error *err)
{
	struct stat st;

	if (stat(exe, &st) < 0) {
		fail_at(err, errno, WHERE, "exec: '%s'", name);
		error_op(err, "stat");
		error_blame(err, -1, exe);
		error_code(err, err->errnum == ENOENT || err->errnum == ENOTDIR ? "EXEC_NOT_FOUND" : "EXEC_PERMISSION");
		return error_status(err, err->errnum == EACCES ? NOT_EXECUTABLE : NOT_FOUND);
	}
	if (S_ISDIR(st.st_mode)) {
		fail_at(err, 0, WHERE, "exec: '%s': is a directory: permission denied", name);
		error_path(err, exe);
		error_code(err, "EXEC_DIRECTORY");
		return error_status(err, NOT_EXECUTABLE);
	}
	if (!S_ISREG(st.st_mode) || access(exe, X_OK) < 0)
		return exec_failed(exe, name, EACCES, err);
	return 0;
}

/* PATH is what the kernel looks for to run NAME: why is it not enough? */
static void explain_interpreter(const char *path, const char *name, const char *what, struct error *err)
{
	struct stat st;

	error_code(err, "EXEC_INTERPRETER");
	snprintf(err->path, sizeof(err->path), "%s", path);
	snprintf(err->denied_at, sizeof(err->denied_at), "%s", path);
	if (stat(path, &st) == 0 && access(path, X_OK) < 0)
		error_hint(err, "'%s' needs the %s '%s', which is there with mode %04o and cannot be executed", name,
			   what, path, (unsigned)st.st_mode & 07777);
	else if (stat(path, &st) == 0)
		error_hint(err, "'%s' needs the %s '%s', which is there and cannot run itself", name, what, path);
	else
		error_hint(err, "'%s' needs the %s '%s', which is not in the container%s", name, what, path,
			   strchr(path, '\r') ? " (the line ends with a carriage return)" : "");
}

static void explain_script(const char *head, const char *name, struct error *err)
{
	char interpreter[200];

	snprintf(interpreter, sizeof(interpreter), "%s", head + 2 + strspn(head + 2, " \t"));
	interpreter[strcspn(interpreter, " \t\n")] = '\0';
	explain_interpreter(interpreter, name, "interpreter", err);
}

/* The program interpreter that a dynamic ELF file asks for. */
static void explain_elf(int fd, const Elf64_Ehdr *e, const char *name, struct error *err)
{
	for (unsigned i = 0; i < e->e_phnum && i < 64; i++) {
		char path[200] = "";
		Elf64_Phdr p;

		if (pread(fd, &p, sizeof(p), (off_t)(e->e_phoff + i * sizeof(p))) != sizeof(p))
			return;
		if (p.p_type != PT_INTERP)
			continue;
		if (pread(fd, path, sizeof(path) - 1, (off_t)p.p_offset) <= 0)
			return;
		explain_interpreter(path, name, "dynamic loader", err);
		return;
	}
}

static void explain_format(int fd, const char *name, struct error *err)
{
	union {
		char text[256];
		Elf64_Ehdr elf;
	} head = {.text = ""};
	ssize_t n = pread(fd, head.text, sizeof(head.text) - 1, 0);
	unsigned native;

	if (n >= 2 && head.text[0] == '#' && head.text[1] == '!') {
		explain_script(head.text, name, err);
		return;
	}
	if (n < (ssize_t)sizeof(head.elf) || memcmp(head.elf.e_ident, ELFMAG, SELFMAG) != 0) {
		error_code(err, "EXEC_FORMAT");
		error_hint(err, "'%s' is neither a program nor a script with a '#!' line", name);
		return;
	}
	native = machine_native(head.elf.e_machine);
	if (head.elf.e_machine != native) {
		error_code(err, "EXEC_ARCHITECTURE");
		error_hint(err, "'%s' is a program for %s, this machine is %s and has no binfmt_misc handler for it",
			   name, machine_name(head.elf.e_machine), machine_name(native));
		return;
	}
	if (head.elf.e_ident[EI_CLASS] == ELFCLASS64)
		explain_elf(fd, &head.elf, name, err);
}

static void explain_access(const char *exe, const char *name, struct error *err)
{
	struct statvfs fs;
	struct stat st;

	snprintf(err->path, sizeof(err->path), "%s", exe);
	snprintf(err->denied_at, sizeof(err->denied_at), "%s", exe);
	if (stat(exe, &st) < 0)
		return;
	if (statvfs(exe, &fs) == 0 && (fs.f_flag & ST_NOEXEC)) {
		error_code(err, "EXEC_NOEXEC");
		error_hint(err, "'%s' is on a file system mounted noexec", name);
	} else if (!(st.st_mode & 0111))
		error_hint(err, "'%s' has mode %04o: no execute bit is set", name, (unsigned)st.st_mode & 07777);
	else
		error_hint(err, "'%s' has mode %04o and owner %u:%u, we are %u:%u", name, (unsigned)st.st_mode & 07777,
			   (unsigned)st.st_uid, (unsigned)st.st_gid, (unsigned)geteuid(), (unsigned)getegid());
}

int exec_failed(const char *exe, const char *name, int errnum, struct error *err)
{
	autoclose int fd = -1;

	fail_at(err, errnum, WHERE, "exec: '%s'", name);
	error_op(err, "execve");
	error_status(err, errnum == ENOENT ? NOT_FOUND : NOT_EXECUTABLE);
	if (errnum == EACCES || errnum == EPERM) {
		explain_access(exe, name, err);
		return error_code(err, "EXEC_PERMISSION");
	}
	fd = open(exe, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (fd >= 0)
		explain_format(fd, name, err);
	error_path(err, exe);
	return error_code(err, "EXEC_FAILED");
}
