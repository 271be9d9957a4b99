/* SPDX-License-Identifier: MIT */
/*
 * Every allocation of Lua fails once: `alloc_driver FILE NAME MODE CASES`.
 *
 * FILE is a Lua program that gets NAME and answers two functions, run and check. For request number
 * n of `run`, for up to CASES values of n spread over all of them, a child process of its own calls
 * run with that request failing ("once", which Lua answers with an emergency collection and a second
 * request), or with that one and all after it ("from"). Then, with memory again, check says what is
 * wrong, and after lua_close no byte may be live, no descriptor open and no child left.
 *
 * The only program of this project that links Lua: it is the interpreter here.
 */
#include <errno.h>
#include <fcntl.h>
#include <lauxlib.h>
#include <lua.h>
#include <lualib.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#define FDS 128

struct memory {
	size_t live;
	unsigned long requests; /* growing ones, while armed */
	unsigned long nth;      /* 0: not armed */
	bool is_sticky;
};

/* Lua counts on it that shrinking never fails. */
static void *allocate(void *context, void *block, size_t old_size, size_t new_size)
{
	struct memory *memory = context;
	void *moved;

	if (block == NULL)
		old_size = 0; /* then it is the kind of object */
	if (new_size == 0) {
		free(block);
		memory->live -= old_size;
		return NULL;
	}
	if (memory->nth > 0 && new_size > old_size) {
		memory->requests++;
		if (memory->requests == memory->nth ||
			(memory->is_sticky && memory->requests > memory->nth))
			return NULL;
	}
	moved = realloc(block, new_size);
	if (moved != NULL)
		memory->live += new_size - old_size;
	return moved;
}

static int problems;

static void problem(unsigned long nth, const char *what, const char *detail)
{
	problems++;
	printf("problem: request %lu: %s%s%s\n", nth, what, detail != NULL ? ": " : "",
		detail != NULL ? detail : "");
}

/* What a finaliser raises must not be lost on us. */
static void warn(void *context, const char *message, int to_continue)
{
	(void) to_continue;
	problem(((struct memory *) context)->nth, "warning", message);
}

static void list_open(bool *open)
{
	for (int fd = 0; fd < FDS; fd++)
		open[fd] = fcntl(fd, F_GETFD) >= 0;
}

/* The functions run and check are at 1 and 2. */
static lua_State *prepare(struct memory *memory, const char *file, const char *name)
{
	lua_State *L = lua_newstate(allocate, memory);

	if (L == NULL)
		exit(2);
	lua_setwarnf(L, warn, memory);
	luaL_openlibs(L);
	if (luaL_loadfile(L, file) == LUA_OK) {
		lua_pushstring(L, name);
		if (lua_pcall(L, 1, 2, 0) == LUA_OK)
			return L;
	}
	fprintf(stderr, "%s: %s\n", file, lua_tostring(L, -1));
	exit(2);
}

/* Run out of memory, as Lua says it, and nothing else. */
static void look_at_error(lua_State *L, unsigned long nth, int status)
{
	const char *text = lua_tostring(L, -1);

	if (status != LUA_ERRMEM && (text == NULL || strcmp(text, "not enough memory") != 0))
		problem(nth, "another error", luaL_tolstring(L, -1, NULL));
	lua_settop(L, 2);
}

static void check(lua_State *L, unsigned long nth)
{
	lua_gc(L, LUA_GCCOLLECT);
	lua_gc(L, LUA_GCCOLLECT);
	lua_pushvalue(L, 2);
	if (lua_pcall(L, 0, 1, 0) != LUA_OK || !lua_isnil(L, -1))
		problem(nth, "check", luaL_tolstring(L, -1, NULL));
	lua_settop(L, 2);
}

/* One case, in a process of its own; answers how many requests there were. */
static unsigned long run_case(lua_State *L, struct memory *memory, unsigned long nth, bool is_sticky)
{
	int status;

	memory->is_sticky = is_sticky;
	memory->requests = 0;
	lua_pushvalue(L, 1);
	memory->nth = nth;
	status = lua_pcall(L, 0, 0, 0);
	memory->nth = 0;
	if (status != LUA_OK)
		look_at_error(L, nth, status);
	check(L, nth);
	return memory->requests;
}

static void end(lua_State *L, struct memory *memory, unsigned long nth, const bool *before)
{
	char detail[64];
	bool after[FDS];

	lua_close(L);
	if (memory->live != 0) {
		snprintf(detail, sizeof(detail), "%zu", memory->live);
		problem(nth, "live bytes", detail);
	}
	if (waitpid(-1, NULL, WNOHANG) != -1 || errno != ECHILD)
		problem(nth, "a child is left", NULL);
	list_open(after);
	for (int fd = 0; fd < FDS; fd++) {
		snprintf(detail, sizeof(detail), "%d", fd);
		if (after[fd] && !before[fd])
			problem(nth, "open descriptor", detail);
	}
}

/* Without a failure: how many requests there are. */
static unsigned long count_requests(lua_State *L, struct memory *memory)
{
	unsigned long *shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE,
		MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	unsigned long count;

	if (shared == MAP_FAILED)
		exit(2);
	fflush(stdout);
	if (fork() == 0) {
		*shared = run_case(L, memory, (unsigned long) -1, false);
		fflush(stdout);
		_exit(0);
	}
	wait(NULL);
	count = *shared;
	munmap(shared, sizeof(*shared));
	return count;
}

int main(int argc, char **argv)
{
	bool is_sticky = argc == 5 && strcmp(argv[3], "from") == 0;
	struct memory memory = {0};
	bool before[FDS];
	unsigned long total, cases, done = 0;
	lua_State *L;

	if (argc != 5)
		return 2;
	list_open(before);
	L = prepare(&memory, argv[1], argv[2]);
	total = count_requests(L, &memory);
	cases = strtoul(argv[4], NULL, 10);
	if (cases > total)
		cases = total;
	for (; done < cases; done++) {
		unsigned long nth = 1 + (unsigned long) ((double) done * (double) total / (double) cases);
		int status = 0;

		fflush(stdout);
		if (fork() == 0) {
			(void) run_case(L, &memory, nth, is_sticky);
			end(L, &memory, nth, before);
			fflush(stdout);
			_exit(problems > 0);
		}
		wait(&status);
		if (WIFSIGNALED(status))
			problem(nth, "killed", strsignal(WTERMSIG(status)));
		problems += WIFEXITED(status) && WEXITSTATUS(status) != 0;
	}
	lua_close(L);
	printf("cases %lu requests %lu problems %d\n", done, total, problems);
	return problems > 0 || total == 0;
}
