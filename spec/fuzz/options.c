/* SPDX-License-Identifier: MIT */
/*
 * Mount options: words that set a flag of the mount, of its tree, its propagation, or are known to do
 * nothing, and data of the file system, which is all the rest and nothing else.
 *
 * Input: options with a comma between them.
 */
#include "base/arena.h"
#include "configs/compile_parts.h"
#include "configs/names.h"
#include "fuzz.h"

#include <linux/mount.h>

#define OPTIONS_MAX 32

/* What becomes of one bit, of the mount itself and of its tree, when options are read one by one: a word
 * for a tree overrules what was said before about the mount. */
static void expect_bit(const struct lc_mount_option *const *options, size_t count, uint64_t bit, int *out_self, int *out_tree)
{
	*out_self = *out_tree = -1;
	for (size_t i = 0; i < count; i++) {
		const struct lc_mount_option *option = options[i];
		int said;

		if (option == NULL || option->is_bind || ((option->set | option->clear) & bit) == 0)
			continue;
		said = (option->set & bit) != 0;
		if (option->is_recursive) {
			*out_tree = said;
			*out_self = -1;
		} else {
			*out_self = said;
		}
	}
}

/* The access time is a field of several bits: who says it clears it whole, mount_setattr(2). */
static void check_access_time(const struct lc_compile_mount *mount, const struct lc_strings *options)
{
	uint64_t self = 0, tree = 0, self_clear = 0, tree_clear = 0;

	for (size_t i = 0; i < options->count; i++) {
		const struct lc_mount_option *option = lc_mount_option(options->items[i]);

		if (option == NULL || (option->clear & MOUNT_ATTR__ATIME) == 0)
			continue;
		MUST((option->clear & MOUNT_ATTR__ATIME) == MOUNT_ATTR__ATIME);
		self = option->is_recursive ? 0 : option->set;
		self_clear = option->is_recursive ? 0 : MOUNT_ATTR__ATIME;
		if (option->is_recursive) {
			tree = option->set;
			tree_clear = MOUNT_ATTR__ATIME;
		}
	}
	MUST((mount->set & MOUNT_ATTR__ATIME) == self);
	MUST((mount->clear & MOUNT_ATTR__ATIME) == self_clear);
	MUST((mount->tree_set & MOUNT_ATTR__ATIME) == tree);
	MUST((mount->tree_clear & MOUNT_ATTR__ATIME) == tree_clear);
}

static int bit_of(uint64_t set, uint64_t clear, uint64_t bit)
{
	return (set & bit) != 0 ? 1 : (clear & bit) != 0 ? 0 : -1;
}

/* The words that no table knows, in their order, and those that the file system is told. */
static bool is_data(const char *data, const struct lc_strings *options)
{
	for (size_t i = 0; i < options->count; i++) {
		const struct lc_mount_option *option = lc_mount_option(options->items[i]);
		const char *word = option == NULL ? options->items[i] : option->superblock;

		if (word == NULL)
			continue;
		if (strncmp(data, word, strlen(word)) != 0)
			return false;
		data += strlen(word);
		data += *data == ',';
	}
	return *data == '\0';
}

static void check(const struct lc_compile_mount *mount, const struct lc_strings *options)
{
	bool is_bind = false, is_recursive = false;
	uint32_t link = 0;
	const struct lc_mount_option *known[OPTIONS_MAX];

	for (size_t i = 0; i < options->count; i++) {
		const struct lc_mount_option *option = lc_mount_option(options->items[i]);

		known[i] = option;
		if (option == NULL)
			continue;
		is_bind = is_bind || option->is_bind;
		is_recursive = is_recursive || (option->is_bind && option->is_recursive);
		link |= option->link;
		/* one kind of thing each */
		MUST(option->propagation == 0 || (option->set | option->clear) == 0);
		MUST(!option->is_bind || (option->set | option->clear | option->propagation) == 0);
		MUST(option->superblock == NULL || (option->set | option->clear) == 0);
	}
	MUST(mount->is_bind == is_bind);
	MUST(!is_bind || mount->is_recursive == is_recursive);
	MUST(mount->link == link);
	check_access_time(mount, options);
	for (unsigned n = 0; n < 64; n++) {
		uint64_t bit = UINT64_C(1) << n;
		int self, tree;

		if ((bit & MOUNT_ATTR__ATIME) != 0)
			continue;
		expect_bit(known, options->count, bit, &self, &tree);
		MUST((mount->set & mount->clear & bit) == 0);
		MUST((mount->tree_set & mount->tree_clear & bit) == 0);
		MUST(bit_of(mount->set, mount->clear, bit) == self);
		MUST(bit_of(mount->tree_set, mount->tree_clear, bit) == tree);
	}
	MUST(is_data(mount->data, options));
}

void fuzz_options(const uint8_t *data, size_t size)
{
	struct fuzz_input in = fuzz_input(data, size);
	const char *words[OPTIONS_MAX];
	struct lc_arena arena = LCT_ARENA_INIT;
	struct lc_plan_writer writer;
	struct lc_config_mount mount = {
		.destination = "/data", .type = "tmpfs", .source = "/srv", .options = {.items = words}};
	struct lc_config_config config = {.rootfs = "/srv/root", .mounts = {&mount, 1}};
	struct lc_compile compile = {.config = &config, .w = &writer};
	struct lc_error err;

	while (fuzz_left(&in) > 0 && mount.options.count < OPTIONS_MAX)
		words[mount.options.count++] = fuzz_text(&in, ',');
	MUST(lc_plan_writer_init(&writer, &arena) == 0);
	MUST(lc_compile_read_mounts(&compile, &err) == 0);
	MUST(compile.mounts_count == 1);
	check(&compile.mounts[0], &mount.options);
	for (size_t i = 0; i < mount.options.count; i++)
		free((char *) words[i]);
	lc_arena_done(&arena);
}
