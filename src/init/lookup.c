/* SPDX-License-Identifier: MIT */
/*
 * Finding the program, as the user who will run it, and its interpreter: execve says ENOENT both
 * for a missing program and for a missing interpreter, and the difference is what a person needs
 * to know. Files of the image are read here, at most their heads, only when they are regular, and
 * nothing that they say is used but to look whether a file exists.
 */
#include "init/init.h"
#include <elf.h>

#define HEAD_SIZE 256 /* as much as the kernel looks at for "#!" */
#define SEGMENTS_MAX 64
#define INTERPRETERS_MAX 4 /* scripts whose interpreter is a script; the kernel stops there too */

union head {
	unsigned char bytes[HEAD_SIZE];
	Elf64_Ehdr elf64;
	Elf32_Ehdr elf32;
};

/* 0 when `path` can be executed, -errno when not; -EACCES for what is no regular file. */
static int check_program(const char *path)
{
	struct statx seen;
	long r = lc_sys_statx(AT_FDCWD, path, 0, STATX_TYPE, &seen);

	if (r < 0)
		return (int) r;
	if (!S_ISREG(seen.stx_mode))
		return -EACCES;
	/* With the capabilities that we have, and on noexec mounts it fails, like execve. */
	return (int) lc_sys_faccessat2(AT_FDCWD, path, 1 /* X_OK */, AT_EACCESS);
}

/* "#! /bin/sh -e" → "/bin/sh". */
static int script_interpreter(const union head *head, long length, char out[PATH_MAX])
{
	long from = 2, i;

	while (from < length && (head->bytes[from] == ' ' || head->bytes[from] == '\t'))
		from++;
	for (i = from; i < length; i++) {
		unsigned char c = head->bytes[i];

		if (c == ' ' || c == '\t' || c == '\n' || c == '\0')
			break;
		out[i - from] = (char) c;
	}
	out[i - from] = '\0';
	return i > from ? 1 : 0;
}

/* The program headers, as many as fit: PT_INTERP comes first or second. */
union table {
	Elf64_Phdr wide[SEGMENTS_MAX];
	Elf32_Phdr narrow[SEGMENTS_MAX];
};

static int elf_interpreter(int file, const union head *head, char out[PATH_MAX])
{
	bool is_64 = head->bytes[EI_CLASS] == ELFCLASS64;
	uint64_t offset = is_64 ? head->elf64.e_phoff : head->elf32.e_phoff;
	size_t entry = is_64 ? sizeof(Elf64_Phdr) : sizeof(Elf32_Phdr);
	size_t count = is_64 ? head->elf64.e_phnum : head->elf32.e_phnum, i;
	union table table;
	long r;

	if (count > SEGMENTS_MAX)
		count = SEGMENTS_MAX;
	r = lc_sys_pread(file, &table, count * entry, (int64_t) offset);
	if (r < 0 || (size_t) r != count * entry)
		return 0;
	for (i = 0; i < count; i++) {
		uint32_t type = is_64 ? table.wide[i].p_type : table.narrow[i].p_type;
		uint64_t at = is_64 ? table.wide[i].p_offset : table.narrow[i].p_offset;
		uint64_t size = is_64 ? table.wide[i].p_filesz : table.narrow[i].p_filesz;

		if (type != PT_INTERP)
			continue;
		if (size < 2 || size > PATH_MAX)
			return 0;
		r = lc_sys_pread(file, out, size, (int64_t) at);
		return r > 0 && (uint64_t) r == size && out[r - 1] == '\0' ? 1 : 0;
	}
	return 0;
}

/* The interpreter that the kernel will want for `path`: 1 with its path, 0 for none or unknown. */
static int find_interpreter(const char *path, char out[PATH_MAX])
{
	static const unsigned char native =
		__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__ ? ELFDATA2LSB : ELFDATA2MSB;
	LCT_INIT_FD int file = (int) lc_sys_openat(
		AT_FDCWD, path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK, 0);
	union head head = {{0}};
	long length;

	if (file < 0)
		return 0; /* a program may be executable and not readable */
	length = lc_sys_pread(file, head.bytes, sizeof(head.bytes), 0);
	if (length >= 2 && head.bytes[0] == '#' && head.bytes[1] == '!')
		return script_interpreter(&head, length, out);
	if (length < (long) sizeof(Elf32_Ehdr) || head.bytes[0] != ELFMAG0 ||
		head.bytes[1] != 'E' || head.bytes[2] != 'L' || head.bytes[3] != 'F' ||
		head.bytes[EI_DATA] != native)
		return 0;
	return elf_interpreter(file, &head, out);
}

static int check_interpreters(const char *program, struct lc_error *err)
{
	char found[PATH_MAX];
	const char *path = program;
	int depth, r;

	for (depth = 0; depth < INTERPRETERS_MAX; depth++) {
		if (find_interpreter(path, found) == 0)
			return 0;
		r = check_program(found);
		if (lc_is_missing(r))
			return lc_fail(err, LCT_STEP_INTERPRETER, r, found);
		if (r < 0)
			return 0; /* execve knows better, and says so */
		path = found; /* it is opened before its interpreter takes its place */
	}
	return 0;
}

/* "directory/program" of the search path's element between `from` and `end`; empty means ".". False
 * for one that is too long to hold anything. */
static bool join(char out[PATH_MAX], const char *from, const char *end, const char *program)
{
	size_t used = 0;

	if (end - from >= PATH_MAX - 2)
		return false;
	for (; from < end; from++)
		out[used++] = *from;
	if (used == 0)
		out[used++] = '.';
	out[used++] = '/';
	return lc_append(out, PATH_MAX, &used, program);
}

/* Try every directory of `search`. What is there and may not be executed is passed over, as a shell
 * does, but remembered; any other failure might let a wrong one run, so it ends the search. */
static int search_program(char out[PATH_MAX], const char *program, const char *search)
{
	char path[PATH_MAX];
	int answer = -ENOENT;
	size_t used = 0;

	if (!lc_append(out, PATH_MAX, &used, program))
		return -ENAMETOOLONG;
	for (;;) {
		const char *end = search;
		int r = -ENOENT;

		while (*end != ':' && *end != '\0')
			end++;
		if (join(path, search, end, program))
			r = check_program(path);
		if (!lc_is_missing(r) && (r != -EACCES || answer != r)) {
			used = 0;
			(void) lc_append(out, PATH_MAX, &used, path);
			if (r != -EACCES)
				return r;
			answer = r;
		}
		if (*end == '\0')
			return answer;
		search = end + 1;
	}
}

static bool has_slash(const char *program)
{
	while (*program != '/' && *program != '\0')
		program++;
	return *program == '/';
}

int lc_init_lookup(struct lc_init *init, const struct lc_op_lookup *op, struct lc_error *err)
{
	const char *program = lc_plan_string(&init->plan, op->program);
	size_t used = 0;
	int r;

	init->program[0] = '\0';
	if (*program == '\0') {
		r = -ENOENT;
	} else if (has_slash(program)) {
		if (!lc_append(init->program, sizeof(init->program), &used, program))
			return lc_fail(err, LCT_STEP_EXEC, ENAMETOOLONG, program);
		r = check_program(init->program);
	} else {
		r = search_program(
			init->program, program, lc_plan_string(&init->plan, op->search));
	}
	if (r < 0)
		return lc_fail(err, LCT_STEP_EXEC, r, init->program);
	return check_interpreters(init->program, err);
}
