/* SPDX-License-Identifier: MIT */
/*
 * Hostile entries of layers: whatever they say, nothing beside the root changes; and the root becomes what a
 * tree in memory becomes by the same entries, or both refuse one of them.
 *
 * Input, lines: "d PATH" a directory, "f PATH TEXT" a file, "x PATH TEXT" one with more content than it says,
 * "l PATH TEXT" a link, "h PATH PATH" a hard link, "p PATH" a fifo, "c PATH" a device, "-" the next layer. An "@" is
 * the absolute path of a directory beside the root. Names that begin with ".wh." are whiteouts.
 */
#include "fuzz.h"
#include "base/file.h"
#include "unpack/report.h"
#include "unpack/unpack.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/close_range.h>
#include <setjmp.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define LINES_MAX 48
#define TEXT_ROOM 160
#define NODES_MAX 4096
#define LINKS_SAFE 30 /* the kernel ends at 40: at the border it is not our business */
#define MODE_OF_DIRECTORY 0755
#define MODE_OF_FILE 0644

/* --- the input as an archive --- */

struct archive_entry {
	char kind;
	char path[TEXT_ROOM * 2], text[TEXT_ROOM * 2];
};

struct archive {
	const struct archive_entry *entries;
	size_t count, next;
	struct archive_entry *current;
	bool has_content;
};

static int next_header(struct archive *a, struct archive_entry **out)
{
	if (a->next == a->count)
		return LCT_ARCHIVE_EOF;
	*out = a->current = (struct archive_entry *) (uintptr_t) &a->entries[a->next++];
	a->has_content = true;
	return LCT_ARCHIVE_OK;
}

static int next_block(struct archive *a, const void **out, size_t *out_size, int64_t *out_offset)
{
	if (!a->has_content)
		return LCT_ARCHIVE_EOF;
	a->has_content = false;
	*out = a->current->text;
	*out_size = strlen(a->current->text);
	*out_offset = 0;
	return LCT_ARCHIVE_OK;
}

static const char *path_of(struct archive_entry *entry)
{
	return entry->path;
}

static const char *hardlink_of(struct archive_entry *entry)
{
	return entry->kind == 'h' ? entry->text : NULL;
}

static const char *symlink_of(struct archive_entry *entry)
{
	return entry->kind == 'l' ? entry->text : NULL;
}

static mode_t type_of(struct archive_entry *entry)
{
	switch (entry->kind) {
	case 'd':
		return S_IFDIR;
	case 'l':
		return S_IFLNK;
	case 'p':
		return S_IFIFO;
	case 'c':
		return S_IFCHR;
	default:
		return S_IFREG;
	}
}

static mode_t mode_of(struct archive_entry *entry)
{
	return entry->kind == 'd' ? MODE_OF_DIRECTORY : MODE_OF_FILE;
}

static int64_t size_of(struct archive_entry *entry)
{
	size_t length = strlen(entry->text);

	return (int64_t) (entry->kind == 'x' ? length / 2 : length);
}

static int64_t id_of(struct archive_entry *entry)
{
	(void) entry;
	return 0;
}

static time_t time_of(struct archive_entry *entry)
{
	(void) entry;
	return 1000000000;
}

static long nanoseconds_of(struct archive_entry *entry)
{
	(void) entry;
	return 0;
}

static dev_t number_of(struct archive_entry *entry)
{
	(void) entry;
	return 1;
}

static int reset_xattr(struct archive_entry *entry)
{
	(void) entry;
	return 0;
}

static int next_xattr(struct archive_entry *entry, const char **name, const void **value, size_t *size)
{
	(void) entry;
	(void) name;
	(void) value;
	(void) size;
	return LCT_ARCHIVE_WARN;
}

static const struct lc_archive_library library = {
	.read_next_header = next_header,
	.read_data_block = next_block,
	.entry_pathname = path_of,
	.entry_hardlink = hardlink_of,
	.entry_symlink = symlink_of,
	.entry_filetype = type_of,
	.entry_perm = mode_of,
	.entry_size = size_of,
	.entry_uid = id_of,
	.entry_gid = id_of,
	.entry_mtime = time_of,
	.entry_mtime_nsec = nanoseconds_of,
	.entry_rdevmajor = number_of,
	.entry_rdevminor = number_of,
	.entry_xattr_reset = reset_xattr,
	.entry_xattr_next = next_xattr,
};

/* --- what the program tells, and its end --- */

static jmp_buf end_of_program;

void lc_report(char letter, size_t count, const char *const texts[])
{
	MUST(letter == 'S' && count == 2 && texts[0] != NULL && texts[1] != NULL);
}

void lc_report_bytes(const void *bytes, size_t size)
{
	(void) bytes;
	(void) size;
}

void lc_report_progress(uint64_t entries, uint64_t bytes, uint64_t read)
{
	(void) entries;
	(void) bytes;
	(void) read;
}

void lc_report_done(uint64_t entries, uint64_t bytes, const char *plain, const char *raw)
{
	(void) plain;
	(void) raw;
	lc_report_progress(entries, bytes, 0);
}

_Noreturn void lc_report_failure(const char *kind, const char *entry, const char *text, int errnum)
{
	MUST(kind != NULL && entry != NULL && text != NULL && errnum >= 0);
	longjmp(end_of_program, 1);
}

/* --- a tree in memory --- */

struct name;

struct node {
	char kind; /* d, f, l, p */
	bool is_made;
	const char *text; /* content of a file, target of a link */
	struct node *parent;
	struct name *names; /* of a directory */
	ino_t inode;
};

struct name {
	char text[TEXT_ROOM * 2];
	struct node *node;
	struct name *next;
};

static struct {
	struct node nodes[NODES_MAX];
	struct name names[NODES_MAX];
	size_t node_count, name_count;
	unsigned links;
	bool is_over; /* too much for us to say */
} model;

static struct node *node_new(char kind, const char *text)
{
	struct node *node = &model.nodes[model.node_count];

	model.is_over = model.is_over || model.node_count + 1 == NODES_MAX;
	model.node_count += !model.is_over;
	*node = (struct node){.kind = kind, .text = text};
	return node;
}

static struct name **find(struct node *directory, const char *text, size_t length)
{
	struct name **at = &directory->names;

	while (*at != NULL && (strncmp((*at)->text, text, length) != 0 || (*at)->text[length] != '\0'))
		at = &(*at)->next;
	return at;
}

static void put(struct node *directory, const char *text, size_t length, struct node *node)
{
	struct name *name = &model.names[model.name_count];

	model.is_over = model.is_over || model.name_count + 1 == NODES_MAX;
	model.name_count += !model.is_over;
	memcpy(name->text, text, length);
	name->text[length] = '\0';
	name->node = node;
	name->next = directory->names;
	directory->names = name;
	if (node->kind == 'd')
		node->parent = directory;
}

/* Where `path` leads from `at`, which is a directory then; or its errno. Links lead by the root. */
static int follow(struct node *root, struct node **at, const char *path)
{
	if (*path == '/')
		*at = root;
	while (*path != '\0') {
		size_t length = strcspn(path, "/");
		struct name *name;

		if ((*at)->kind != 'd')
			return ENOTDIR;
		if (length == 2 && memcmp(path, "..", 2) == 0) {
			*at = (*at)->parent != NULL ? (*at)->parent : *at;
		} else if (length > 0 && !(length == 1 && *path == '.')) {
			name = *find(*at, path, length);
			if (name == NULL)
				return ENOENT;
			if (name->node->kind == 'l') {
				int r;

				model.is_over = model.is_over || ++model.links > LINKS_SAFE;
				r = model.is_over ? ELOOP : follow(root, at, name->node->text);
				if (r != 0)
					return r;
			} else {
				*at = name->node;
			}
		}
		path += length;
		path += *path == '/';
	}
	return (*at)->kind == 'd' ? 0 : ENOTDIR;
}

static int resolve(struct node *root, const char *path, size_t length, struct node **out)
{
	char part[TEXT_ROOM * 2];

	memcpy(part, path, length);
	part[length] = '\0';
	model.links = 0;
	*out = root;
	return follow(root, out, part);
}

/* The directory that the first `length` letters name, made when it may be. NULL when it cannot be. */
static struct node *directory_of(struct node *root, const char *path, size_t length, bool makes)
{
	struct node *found;
	int r = resolve(root, path, length, &found);

	if (r == 0)
		return found;
	if (r != ENOENT || !makes)
		return NULL;
	for (size_t end = 0; end <= length; end++) {
		size_t start = end;

		if (end < length && path[end] != '/')
			continue;
		r = resolve(root, path, end, &found);
		if (r == 0)
			continue;
		while (start > 0 && path[start - 1] != '/')
			start--;
		if (r != ENOENT || resolve(root, path, start > 0 ? start - 1 : 0, &found) != 0 ||
			*find(found, path + start, end - start) != NULL)
			return NULL;
		put(found, path + start, end - start, node_new('d', ""));
	}
	return resolve(root, path, length, &found) == 0 ? found : NULL;
}

static void note_made(struct node *directory)
{
	for (; directory != NULL; directory = directory->parent)
		directory->is_made = true;
}

static void clear_lower(struct node *directory)
{
	struct name **at = &directory->names;

	while (*at != NULL) {
		struct node *node = (*at)->node;

		if (!node->is_made) {
			*at = (*at)->next;
			continue;
		}
		if (node->kind == 'd')
			clear_lower(node);
		at = &(*at)->next;
	}
}

/* Without what leads nowhere; false for a path with "..". */
static bool clean(const char *path, char *out)
{
	*out = '\0';
	while (*path != '\0') {
		size_t length = strcspn(path, "/");

		if (length == 2 && memcmp(path, "..", 2) == 0)
			return false;
		if (length > 0 && !(length == 1 && *path == '.'))
			sprintf(out + strlen(out), "%s%.*s", *out != '\0' ? "/" : "", (int) length, path);
		path += length;
		path += *path == '/';
	}
	return true;
}

static size_t parent_length(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash != NULL ? (size_t) (slash - path) : 0;
}

static const char *last_of(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash != NULL ? slash + 1 : path;
}

/* One that is a mark: 1, or -1 when it is refused; 0 for any other. */
static int whiteout(struct node *root, const char *path)
{
	const char *name = last_of(path);
	char target[TEXT_ROOM * 2];
	struct node *directory;
	struct name **found;

	if (strncmp(name, ".wh.", 4) != 0)
		return 0;
	if (strcmp(name, ".wh..wh..opq") == 0) {
		directory = directory_of(root, path, parent_length(path), true);
		if (directory == NULL)
			return -1;
		note_made(directory);
		clear_lower(directory);
		return 1;
	}
	name += 4;
	if (strncmp(name, ".wh.", 4) == 0)
		return 1;
	if (*name == '\0' || strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
		return -1;
	strcpy(target, path);
	directory = directory_of(root, target, parent_length(target), true);
	if (directory == NULL)
		return -1;
	found = find(directory, name, strlen(name));
	if (*found != NULL && !(*found)->node->is_made)
		*found = (*found)->next;
	else if (*found != NULL && (*found)->node->kind == 'd')
		clear_lower((*found)->node);
	return 1;
}

/* Make `node`, or what is there already, the one of that name. */
static bool place(struct node *root, const char *path, struct node *node)
{
	const char *name = last_of(path);
	struct node *parent = directory_of(root, path, parent_length(path), true);
	struct name **found;

	if (parent == NULL)
		return false;
	note_made(parent);
	found = find(parent, name, strlen(name));
	if (*found != NULL && (*found)->node == node)
		return true;
	if (*found != NULL && (*found)->node->kind == 'd' && node->kind == 'd') {
		(*found)->node->is_made = true;
		return true;
	}
	if (*found != NULL)
		*found = (*found)->next;
	put(parent, name, strlen(name), node);
	return true;
}

static bool link_to(struct node *root, const char *path, const char *text)
{
	char target[TEXT_ROOM * 2];
	struct node *directory;
	struct name *found;

	if (!clean(text, target) || *path == '\0' || *target == '\0')
		return false;
	directory = directory_of(root, target, parent_length(target), false);
	found = directory == NULL ? NULL : *find(directory, last_of(target), strlen(last_of(target)));
	return found != NULL && found->node->kind != 'd' && place(root, path, found->node);
}

static bool take(struct node *root, const struct archive_entry *entry)
{
	char path[TEXT_ROOM * 2];
	struct node *node;
	int mark;

	if (entry->path[0] == '\0' || !clean(entry->path, path))
		return false;
	mark = whiteout(root, path);
	if (mark != 0)
		return mark > 0;
	switch (entry->kind) {
	case 'h':
		return link_to(root, path, entry->text);
	case 'c':
		return true;
	case 'd':
		if (*path == '\0')
			return true;
		break;
	case 'l':
		if (entry->text[0] == '\0')
			return false;
		break;
	case 'x':
		if (entry->text[0] != '\0')
			return false;
		break;
	default:
		break;
	}
	node = node_new(entry->kind == 'x' ? 'f' : entry->kind, entry->kind == 'p' ? "" : entry->text);
	node->is_made = true;
	return *path != '\0' && place(root, path, node);
}

/* False when one of them is refused. */
static bool take_all(struct node *root, const struct archive_entry *entries, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (!take(root, &entries[i]))
			return false;
	return true;
}

/* --- the two beside each other --- */

static void compare_text(int parent, const struct name *name, const struct stat *st)
{
	char text[TEXT_ROOM * 2];
	const char *want = name->node->text;
	ssize_t size;

	if (S_ISLNK(st->st_mode)) {
		size = readlinkat(parent, name->text, text, sizeof(text));
	} else {
		int fd = openat(parent, name->text, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);

		MUST(fd >= 0);
		size = read(fd, text, sizeof(text));
		(void) close(fd);
	}
	MUST(size == (ssize_t) strlen(want) && memcmp(text, want, (size_t) size) == 0);
}

struct visit {
	const struct node *node;
	size_t count;
};

static int count_entry(void *context, const char *name, unsigned char type)
{
	struct visit *visit = context;

	(void) type;
	MUST(*find((struct node *) (uintptr_t) visit->node, name, strlen(name)) != NULL);
	visit->count++;
	return 0;
}

static void compare(int fd, const struct node *node)
{
	struct visit visit = {.node = node};
	size_t count = 0;

	MUST(lc_dir_each(fd, count_entry, &visit, LCT_STEP_NONE, NULL) >= 0);
	for (const struct name *name = node->names; name != NULL; name = name->next, count++) {
		static const mode_t types[] = {['d'] = S_IFDIR, ['f'] = S_IFREG, ['l'] = S_IFLNK, ['p'] = S_IFIFO};
		struct stat st;

		MUST(fstatat(fd, name->text, &st, AT_SYMLINK_NOFOLLOW) == 0);
		MUST((st.st_mode & S_IFMT) == types[(unsigned char) name->node->kind]);
		MUST(name->node->inode == 0 || name->node->inode == st.st_ino);
		name->node->inode = st.st_ino;
		if (name->node->kind == 'd') {
			int inner = openat(fd, name->text, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

			MUST(inner >= 0);
			compare(inner, name->node);
			(void) close(inner);
		} else if (name->node->kind != 'p') {
			compare_text(fd, name, &st);
		}
	}
	MUST(count == visit.count);
}

/* --- the directories --- */

struct scene {
	int parent;
	char place[256], outside[256];
	struct timespec changed; /* what is outside */
};

static int make_directory(int parent, const char *name)
{
	int fd;

	MUST(mkdirat(parent, name, 0755) == 0);
	fd = openat(parent, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	MUST(fd >= 0);
	return fd;
}

static struct scene scene_make(void)
{
	struct scene scene;
	struct stat st;
	int layer, outside, file;

	(void) snprintf(scene.place, sizeof(scene.place), "%s/layer", fuzz_directory());
	(void) snprintf(scene.outside, sizeof(scene.outside), "%s/beside", fuzz_directory());
	scene.parent = open(fuzz_directory(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	layer = make_directory(scene.parent, "layer");
	(void) close(make_directory(layer, "rootfs"));
	(void) close(make_directory(layer, "trash"));
	(void) close(layer);
	outside = make_directory(scene.parent, "beside");
	file = openat(outside, "a", O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	MUST(file >= 0 && write(file, "canary", 6) == 6 && close(file) == 0);
	MUST(fstat(outside, &st) == 0);
	scene.changed = st.st_ctim;
	(void) close(outside);
	return scene;
}

/* Nothing has changed beside the root. */
static void scene_remove(struct scene *scene)
{
	struct stat st, file;
	char path[300];

	(void) snprintf(path, sizeof(path), "%s/a", scene->outside);
	MUST(stat(scene->outside, &st) == 0 && stat(path, &file) == 0);
	MUST(st.st_ctim.tv_sec == scene->changed.tv_sec && st.st_ctim.tv_nsec == scene->changed.tv_nsec);
	MUST(file.st_nlink == 1 && file.st_size == 6 && file.st_mode == (S_IFREG | 0600));
	MUST(lc_dir_remove(scene->parent, "beside", LCT_STEP_NONE, NULL) >= 0);
	MUST(lc_dir_remove(scene->parent, "layer", LCT_STEP_NONE, NULL) >= 0);
	MUST(fstat(scene->parent, &st) == 0 && st.st_nlink == 2);
	(void) close(scene->parent);
}

/* --- a run --- */

/* Of the sanitizer, where there is one: what is allocated between these two may be left. */
void __lsan_disable(void) __attribute__((weak));
void __lsan_enable(void) __attribute__((weak));

/* False when it ended by an error. */
static bool unpack(const char *place, const struct archive_entry *entries, size_t count)
{
	static struct lc_source source;
	static struct archive archive;
	struct lc_tree *tree = fuzz_room(sizeof(*tree));
	struct lc_meter meter = {.entry_limit = UINT64_MAX, .size_limit = UINT64_MAX};
	struct lc_layer layer = {.library = &library, .tree = tree, .meter = &meter, .has_whiteouts = true};
	int first = open("/dev/null", O_RDONLY | O_CLOEXEC);
	volatile bool is_done = false;

	if (__lsan_disable != NULL)
		__lsan_disable();
	memset(tree, 0, sizeof(*tree));
	archive = (struct archive){.entries = entries, .count = count};
	source.library = &library;
	source.tar = &archive;
	if (setjmp(end_of_program) == 0) {
		lc_tree_open(tree, place);
		lc_layer_unpack(&layer, &source);
		is_done = true;
	}
	/* The program ends here, and with it all that it has. */
	(void) syscall(SYS_close_range, (unsigned) first, ~0u, 0);
	free(tree->made);
	free(tree->directories);
	free(tree);
	if (__lsan_enable != NULL)
		__lsan_enable();
	return is_done;
}

static void expand(const struct scene *scene, const char *text, char out[TEXT_ROOM * 2])
{
	size_t used = 0;

	for (; *text != '\0'; text++) {
		size_t length = *text == '@' ? strlen(scene->outside) : 1;

		if (used + length >= TEXT_ROOM)
			break;
		memcpy(out + used, *text == '@' ? scene->outside : text, length);
		used += length;
	}
	out[used] = '\0';
}

/* "f PATH TEXT": false for what is no line. */
static bool read_line(const struct scene *scene, char *line, struct archive_entry *out)
{
	char *path = line + 2, *text;

	if (line[0] == '\0' || line[1] != ' ' || strchr("dfxlhpc", line[0]) == NULL)
		return false;
	text = strchr(path, ' ');
	if (text != NULL)
		*text++ = '\0';
	out->kind = line[0];
	expand(scene, path, out->path);
	expand(scene, text != NULL ? text : "", out->text);
	return true;
}

static bool next_layer(const struct scene *scene, struct fuzz_input *in, struct archive_entry *out,
	size_t *out_count, size_t *lines)
{
	*out_count = 0;
	while (fuzz_left(in) > 0 && ++*lines <= LINES_MAX) {
		char *line = fuzz_text(in, '\n');
		bool is_end = strcmp(line, "-") == 0;

		*out_count += !is_end && read_line(scene, line, &out[*out_count]);
		free(line);
		if (is_end)
			return true;
	}
	return *out_count > 0;
}

void fuzz_layer(const uint8_t *data, size_t size)
{
	static struct archive_entry entries[LINES_MAX];
	struct fuzz_input in = fuzz_input(data, size);
	struct scene scene = scene_make();
	struct node *root;
	size_t used = 0, count, lines = 0;
	bool goes_on = true;

	model.node_count = model.name_count = 0;
	model.is_over = false;
	root = node_new('d', "");
	while (goes_on && next_layer(&scene, &in, entries + used, &count, &lines)) {
		bool is_done = unpack(scene.place, entries + used, count);

		for (size_t i = 0; i < model.node_count; i++)
			model.nodes[i].is_made = false;
		goes_on = take_all(root, entries + used, count);
		MUST(model.is_over || goes_on == is_done);
		goes_on = goes_on && !model.is_over;
		used += count;
	}
	if (goes_on) {
		char path[300];
		int fd;

		(void) snprintf(path, sizeof(path), "%s/rootfs", scene.place);
		fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		MUST(fd >= 0);
		compare(fd, root);
		(void) close(fd);
	}
	scene_remove(&scene);
}
