/* SPDX-License-Identifier: MIT */
/*
 * Finding the program, as the user who will run it, and its interpreter: execve says ENOENT both
 * for a missing program and for a missing interpreter, and the difference is what a person needs
 * to know. Files of the image are read here, at most their heads, only when they are regular, and
 * nothing that they say is used but to look whether a file exists.
 */
#include "init/init.h"

#define INTERPRETERS_MAX 4 /* scripts whose interpreter is a script; the kernel stops there too */

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
static int script_interpreter(struct lc_program_head *program, long length)
{
	const unsigned char *bytes = program->head.bytes;
	long from = 2, i;

	while (from < length && (bytes[from] == ' ' || bytes[from] == '\t'))
		from++;
	for (i = from; i < length; i++) {
		unsigned char c = bytes[i];

		if (c == ' ' || c == '\t' || c == '\n' || c == '\0')
			break;
		program->interpreter[i - from] = (char) c;
	}
	program->interpreter[i - from] = '\0';
	return i > from ? 1 : 0;
}

/* Of the program headers as many as there is room for. */
static int elf_interpreter(int file, struct lc_program_head *program)
{
	bool is_64 = program->head.bytes[EI_CLASS] == ELFCLASS64;
	uint64_t offset = is_64 ? program->head.elf64.e_phoff : program->head.elf32.e_phoff;
	size_t entry = is_64 ? sizeof(Elf64_Phdr) : sizeof(Elf32_Phdr);
	size_t count = is_64 ? program->head.elf64.e_phnum : program->head.elf32.e_phnum, i;
	long r;

	if (count > LCT_SEGMENTS_MAX)
		count = LCT_SEGMENTS_MAX;
	r = lc_sys_pread(file, &program->table, count * entry, (int64_t) offset);
	if (r < 0 || (size_t) r != count * entry)
		return 0;
	for (i = 0; i < count; i++) {
		const Elf64_Phdr *wide = &program->table.wide[i];
		const Elf32_Phdr *narrow = &program->table.narrow[i];
		uint64_t at = is_64 ? wide->p_offset : narrow->p_offset;
		uint64_t size = is_64 ? wide->p_filesz : narrow->p_filesz;

		if ((is_64 ? wide->p_type : narrow->p_type) != PT_INTERP)
			continue;
		if (size < 2 || size > PATH_MAX)
			return 0;
		r = lc_sys_pread(file, program->interpreter, size, (int64_t) at);
		return r > 0 && (uint64_t) r == size && program->interpreter[r - 1] == '\0' ? 1 : 0;
	}
	return 0;
}

/* The interpreter that the kernel will want for `path`, which may be the last one: 1 when there is one, 0
 * for none or unknown. */
static int find_interpreter(const char *path, struct lc_program_head *program)
{
	static const unsigned char native =
		__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__ ? ELFDATA2LSB : ELFDATA2MSB;
	const unsigned char *bytes = program->head.bytes;
	LCT_INIT_FD int file = (int) lc_sys_openat(
		AT_FDCWD, path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK, 0);
	long length;

	if (file < 0)
		return 0; /* a program may be executable and not readable */
	length = lc_sys_pread(file, &program->head, sizeof(program->head), 0);
	if (length >= 2 && bytes[0] == '#' && bytes[1] == '!')
		return script_interpreter(program, length);
	/* Whole also as one of 32 bits, which is shorter: with as little no program could begin. */
	if (length < (long) sizeof(Elf64_Ehdr) || bytes[0] != ELFMAG0 || bytes[1] != 'E' ||
		bytes[2] != 'L' || bytes[3] != 'F' || bytes[EI_DATA] != native)
		return 0;
	return elf_interpreter(file, program);
}

static int check_interpreters(
	const char *program, struct lc_program_head *found, struct lc_error *err)
{
	const char *path = program;
	int depth, r;

	for (depth = 0; depth < INTERPRETERS_MAX; depth++) {
		if (find_interpreter(path, found) == 0)
			return 0;
		r = check_program(found->interpreter);
		if (lc_is_missing(r))
			return lc_fail(err, LCT_STEP_INTERPRETER, r, found->interpreter);
		if (r < 0)
			return 0; /* execve knows better, and says so */
		path = found->interpreter; /* it is opened before its interpreter takes its place */
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
	int r = -ENOENT;

	init->program = program;
	if (has_slash(program)) {
		if (lc_length(program) >= PATH_MAX)
			return lc_fail(err, LCT_STEP_EXEC, ENAMETOOLONG, program);
		r = check_program(program);
	} else if (*program != '\0') {
		init->program = init->found;
		r = search_program(
			init->found, program, lc_plan_string(&init->plan, op->search));
	}
	if (r < 0)
		return lc_fail(err, LCT_STEP_EXEC, r, init->program);
	return check_interpreters(init->program, &init->room.program, err);
}
