/* SPDX-License-Identifier: MIT */
/*
 * Paths in a hostile root: what is opened and made is inside of it, also while directories and links change
 * places; and where nothing changes it is what a slow walk of our own comes to.
 *
 * Input, lines. First the root, whose names have one letter each: "d a/b" a directory, "f a/b" a file, "l a/b
 * TEXT" a link. Then "s a/b c/d": these two change places all the while. Then paths: "o PATH" is opened, "m
 * PATH" made as a directory, "t PATH" as a file, "k PATH" too, where a link is what is wanted. An "@" in a text
 * is the absolute path of a directory beside the root.
 */
#include "fuzz.h"
#include "init/init.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/stat.h>

#include "base/file.h"

#define TEXT_MAX 600
#define LINKS_SAFE 30 /* the kernel ends at 40: at the border it is not our business */
#define LINES_MAX 48
#define ROUNDS 16     /* of each path while others change places */

struct place {
	char root[256], outside[256];
	int parent; /* of both */
	int root_fd;
};

static const char *base_of(const char *path)
{
	return strrchr(path, '/') + 1;
}

static struct place place_make(void)
{
	struct place place;
	char file[300];

	(void) snprintf(place.root, sizeof(place.root), "%s/root", fuzz_directory());
	(void) snprintf(place.outside, sizeof(place.outside), "%s/outside", fuzz_directory());
	(void) snprintf(file, sizeof(file), "%s/directory", place.outside);
	place.parent = open(fuzz_directory(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	MUST(mkdir(place.root, 0755) == 0 && mkdir(place.outside, 0755) == 0 && mkdir(file, 0755) == 0);
	place.root_fd = open(place.root, O_PATH | O_DIRECTORY | O_CLOEXEC);
	MUST(place.root_fd >= 0);
	return place;
}

/* Nothing was made beside the root. */
static void place_remove(struct place *place)
{
	struct stat st;
	char path[300];

	MUST(stat(place->outside, &st) == 0 && st.st_nlink == 3);
	(void) snprintf(path, sizeof(path), "%s/directory", place->outside);
	MUST(rmdir(path) == 0 && rmdir(place->outside) == 0);
	(void) close(place->root_fd);
	MUST(lc_dir_remove(place->parent, base_of(place->root), LCT_STEP_NONE, NULL) >= 0);
	(void) close(place->parent);
}

/* --- the root --- */

/* "a/b/c": names of one letter. */
static bool is_plain(const char *path)
{
	for (; *path >= 'a' && *path <= 'h'; path += 2)
		if (path[1] != '/')
			return path[1] == '\0';
	return false;
}

/* Where "a/b/c" lies, which no link leads to; NULL for what is no such path. */
static const char *plain_path(const struct place *place, const char *path, char out[TEXT_MAX])
{
	struct stat st;
	size_t used = strlen(place->root);

	if (!is_plain(path) || used + strlen(path) + 2 > TEXT_MAX)
		return NULL;
	strcpy(out, place->root);
	for (; *path != '\0'; path++) {
		out[used++] = '/';
		out[used++] = *path;
		out[used] = '\0';
		if (path[1] == '\0')
			return out;
		path++;
		if (lstat(out, &st) < 0 || !S_ISDIR(st.st_mode))
			return NULL;
	}
	return NULL;
}

/* With the path of what is outside for each "@"; NULL for what is too long. */
static const char *expand(const struct place *place, const char *text, char out[TEXT_MAX])
{
	size_t used = 0, length;

	for (; *text != '\0'; text++) {
		length = *text == '@' ? strlen(place->outside) : 1;
		if (used + length >= TEXT_MAX)
			return NULL;
		memcpy(out + used, *text == '@' ? place->outside : text, length);
		used += length;
	}
	out[used] = '\0';
	return out;
}

static void grow(const struct place *place, char kind, char *line)
{
	char path[TEXT_MAX], target[TEXT_MAX];
	char *text = strchr(line, ' ');

	if (text != NULL)
		*text++ = '\0';
	if (plain_path(place, line, path) == NULL)
		return;
	if (kind == 'd')
		(void) mkdir(path, 0755);
	else if (kind == 'f')
		(void) close(open(path, O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0644));
	else if (text != NULL && expand(place, text, target) != NULL)
		MUST(symlink(target, path) == 0 || errno == EEXIST || errno == ENOENT);
}

/* --- the slow walk: texts and lstat, where nobody changes anything --- */

struct model {
	char at[TEXT_MAX * 4]; /* below the root, "" for itself */
	char todo[TEXT_MAX * 8];
	unsigned links;
	bool is_missing, is_file, is_odd;
	bool ends_in_dot; /* which nobody can make */
	bool goes_up;     /* to what it has made itself, perhaps */
};

static void go_up(struct model *m)
{
	char *slash = strrchr(m->at, '/');

	if (slash != NULL)
		*slash = '\0';
}

/* A component that is no dot: what is there decides. `makes`: what is missing comes to be a directory. */
static void go_down(const struct place *place, struct model *m, const char *name, bool makes)
{
	char path[TEXT_MAX * 5], target[TEXT_MAX], rest[sizeof(m->todo)];
	size_t used = strlen(m->at);
	struct stat st;
	ssize_t length;

	m->is_odd = used + strlen(name) + 2 > sizeof(m->at);
	if (m->is_odd)
		return;
	(void) snprintf(m->at + used, sizeof(m->at) - used, "/%s", name);
	if (m->is_missing && makes)
		return; /* below what will be new there is nothing */
	(void) snprintf(path, sizeof(path), "%s%s", place->root, m->at);
	if (lstat(path, &st) < 0) {
		m->is_missing = true;
		return;
	}
	if (!S_ISLNK(st.st_mode)) {
		m->is_file = !S_ISDIR(st.st_mode);
		return;
	}
	length = readlink(path, target, sizeof(target) - 1);
	MUST(length >= 0);
	target[length] = '\0';
	go_up(m);
	if (*target == '/')
		m->at[0] = '\0';
	strcpy(rest, m->todo);
	length = snprintf(m->todo, sizeof(m->todo), "%s/%s", target, rest);
	m->is_odd = ++m->links > LINKS_SAFE || length >= (ssize_t) sizeof(m->todo) ||
		(strlen(target) > 1 && target[strlen(target) - 1] == '/');
}

/* Up from what is new there is something that is not: look again. */
static void look_again(const struct place *place, struct model *m)
{
	char path[TEXT_MAX * 5];
	struct stat st;

	(void) snprintf(path, sizeof(path), "%s%s", place->root, m->at);
	m->is_missing = lstat(path, &st) < 0;
}

/* Where a path leads: true, and m->at; false where it leads nowhere. */
static bool model_walk(const struct place *place, struct model *m, const char *path, bool makes)
{
	*m = (struct model){.links = 0};
	strcpy(m->todo, path);
	m->is_odd = path[0] != '\0' && path[1] != '\0' && path[strlen(path) - 1] == '/';
	while (!m->is_odd) {
		char *name = m->todo + strspn(m->todo, "/"), word[TEXT_MAX];
		size_t length = strcspn(name, "/");

		if (length == 0)
			return true;
		if (m->is_file || (m->is_missing && !makes) || length > NAME_MAX)
			return false;
		memcpy(word, name, length);
		word[length] = '\0';
		memmove(m->todo, name + length, strlen(name + length) + 1);
		m->ends_in_dot = strcmp(word, ".") == 0 || strcmp(word, "..") == 0;
		m->goes_up = m->goes_up || strcmp(word, "..") == 0;
		if (strcmp(word, "..") == 0) {
			go_up(m);
			look_again(place, m);
		} else if (strcmp(word, ".") != 0) {
			go_down(place, m, word, makes);
		}
	}
	return false;
}

/* --- the paths --- */

/* Where a descriptor is: below the root, whatever has become of it. */
static const char *inside(const struct place *place, int fd, char path[PATH_MAX])
{
	char link[64];
	ssize_t length;
	size_t root = strlen(place->root);

	(void) snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	length = readlink(link, path, PATH_MAX - 1);
	MUST(length >= 0);
	path[length] = '\0';
	MUST(strncmp(path, place->root, root) == 0 && (path[root] == '\0' || path[root] == '/'));
	return path + root;
}

static int request(const struct place *place, char kind, const char *path, bool *out_created)
{
	struct lc_init init = {.root = place->root_fd};
	struct lc_path_make how = {.kind = kind == 'm' ? LCT_PATH_DIRECTORY : LCT_PATH_FILE,
		.mode = kind == 'm' ? 0755 : 0644,
		.is_link_kept = kind == 'k'};
	int fd = kind == 'o' ? lc_path_open(&init, path, O_PATH, 0) :
			       lc_path_make(&init, 0, 0, path, &how);

	*out_created = how.is_created;
	return fd;
}

static void ask_quietly(const struct place *place, char kind, const char *path)
{
	struct model m;
	bool is_there = model_walk(place, &m, path, kind != 'o'), was_missing = m.is_missing, is_created;
	char where[PATH_MAX];
	struct stat st;
	int fd = request(place, kind, path, &is_created);

	MUST(fd >= 0 || (fd < 0 && fd >= -4095));
	if (fd >= 0)
		(void) inside(place, fd, where);
	if (m.is_odd || kind == 'k') {
		if (fd >= 0)
			(void) close(fd);
		return;
	}
	if (kind == 'o')
		is_there = is_there && !m.is_missing;
	else if (kind == 'm')
		is_there = is_there && !m.is_file;
	MUST((fd >= 0) == is_there);
	if (fd < 0)
		return;
	MUST(strcmp(inside(place, fd, where), m.at) == 0);
	MUST(kind == 'o' || m.goes_up || is_created == (was_missing && !m.ends_in_dot));
	MUST(kind == 'o' || !is_created || was_missing);
	MUST(fstat(fd, &st) == 0);
	MUST(!is_created || (kind == 'm' ? S_ISDIR(st.st_mode) : S_ISREG(st.st_mode)));
	(void) close(fd);
}

static void ask_while_they_swap(const struct place *place, char kind, const char *path)
{
	char where[PATH_MAX];
	bool is_created;

	for (int i = 0; i < ROUNDS; i++) {
		int fd = request(place, kind, path, &is_created);

		if (fd >= 0) {
			(void) inside(place, fd, where);
			(void) close(fd);
		}
	}
}

/* --- who swaps --- */

struct swapper {
	pthread_t thread;
	char a[TEXT_MAX], b[TEXT_MAX];
	atomic_bool is_over;
	bool runs;
};

static void *swap(void *arg)
{
	struct swapper *s = arg;

	while (!atomic_load(&s->is_over))
		(void) renameat2(AT_FDCWD, s->a, AT_FDCWD, s->b, RENAME_EXCHANGE);
	return NULL;
}

static void swap_begin(const struct place *place, struct swapper *s, char *line)
{
	char *other = strchr(line, ' ');

	if (s->runs || other == NULL)
		return;
	*other++ = '\0';
	if (plain_path(place, line, s->a) == NULL || plain_path(place, other, s->b) == NULL)
		return;
	atomic_init(&s->is_over, false);
	s->runs = pthread_create(&s->thread, NULL, swap, s) == 0;
}

static void swap_end(struct swapper *s)
{
	if (!s->runs)
		return;
	atomic_store(&s->is_over, true);
	MUST(pthread_join(s->thread, NULL) == 0);
}

void fuzz_paths(const uint8_t *data, size_t size)
{
	struct fuzz_input in = fuzz_input(data, size);
	struct place place = place_make();
	struct swapper swapper = {.runs = false};

	for (unsigned count = 0; fuzz_left(&in) > 0 && count < LINES_MAX; count++) {
		char *line = fuzz_text(&in, '\n'), text[TEXT_MAX];
		char kind = line[0];

		if (kind == '\0' || line[1] != ' ')
			kind = '\0';
		if (kind == 's')
			swap_begin(&place, &swapper, line + 2);
		else if (kind != '\0' && strchr("dfl", kind) != NULL && !swapper.runs)
			grow(&place, kind, line + 2);
		else if (kind != '\0' && strchr("omtk", kind) != NULL &&
			 expand(&place, line + 2, text) != NULL)
			(swapper.runs ? ask_while_they_swap : ask_quietly)(&place, kind, text);
		free(line);
	}
	swap_end(&swapper);
	place_remove(&place);
}
