/* SPDX-License-Identifier: MIT */
/*
 * src/configs: what a configuration is compiled into. Pure, no privilege. A plan is compared as
 * lines "op operands @field", rendered by explain.
 */
#include "test.h"
#include "usual.h"

#include "configs/compile.h"
#include "configs/validate.h"
#include "plan/explain.h"
#include <linux/filter.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

static const struct lc_compile_cgroup hybrid[] = {
	{"cpu,cpuacct", "cpu,cpuacct", "/sys/fs/cgroup/cpu,cpuacct/x", false},
	{"systemd", "name=systemd", "/sys/fs/cgroup/systemd/x", false},
	{"unified", "", "/sys/fs/cgroup/unified/x", true},
};

/* --- a plan as text --- */

struct text {
	char *bytes;
	size_t used, room;
};

static void add(struct text *text, const char *piece)
{
	size_t length = strlen(piece);

	if (text->used + length + 1 > text->room) {
		text->room = (text->used + length + 1) * 2;
		text->bytes = realloc(text->bytes, text->room);
	}
	memcpy(text->bytes + text->used, piece, length + 1);
	text->used += length;
}

struct compiled {
	struct lc_arena arena;
	struct lc_plan_writer writer;
	struct lc_plan plan;
	struct lc_error err;
	const void *document;
	size_t size;
	struct text text; /* "\nreset @\nparent_death signal=9 @\n…" */
	int result;
};

static void render(struct compiled *out)
{
	struct lc_plan_cursor cursor = {.plan = &out->plan};
	const struct lc_plan_record *record;
	struct lc_explain_row row;

	add(&out->text, "\n");
	while ((record = lc_plan_next(&cursor)) != NULL) {
		uint32_t index = cursor.index - 1;

		lc_explain(&out->plan, index, record, &row);
		add(&out->text, row.op);
		if (row.operands[0] != '\0')
			add(&out->text, " ");
		add(&out->text, row.operands);
		add(&out->text, " @");
		add(&out->text, out->writer.origins[index]);
		add(&out->text, "\n");
	}
}

static void compile_by(int (*compiler)(const struct lc_compile_inputs *in, struct lc_plan_writer *w,
			       struct lc_error *err),
	struct compiled *out, const struct lc_config_config *config,
	const struct lc_config_process *process, const struct lc_compile_inputs *more)
{
	struct lc_compile_inputs in = {.id = "web", .last_capability = 40, .home = "/root"};

	*out = (struct compiled){.arena = LCT_ARENA_INIT};
	if (more != NULL)
		in = *more;
	in.config = config;
	in.process = process;
	if (in.cgroups == NULL && !in.is_pure_v2) {
		in.cgroups = hybrid;
		in.cgroups_count = COUNT(hybrid);
	}
	out->result = lc_plan_writer_init(&out->writer, &out->arena);
	if (out->result == 0)
		out->result = compiler(&in, &out->writer, &out->err);
	if (out->result == 0)
		out->result = lc_plan_finish(&out->writer, &out->document, &out->size, &out->err);
	if (out->result == 0)
		out->result = lc_plan_open(out->document, out->size, &out->plan, &out->err);
	if (out->result == 0)
		render(out);
	else
		add(&out->text, "");
}

static void compile(struct compiled *out, const struct lc_config_config *config,
	const struct lc_config_process *process, const struct lc_compile_inputs *more)
{
	compile_by(lc_compile_init, out, config, process, more);
}

static void compiled_done(struct compiled *c)
{
	lc_arena_done(&c->arena);
	free(c->text.bytes);
}

static bool has(const struct compiled *c, const char *piece)
{
	return strstr(c->text.bytes, piece) != NULL;
}

/* Do the pieces come in this order? Each is looked for behind the one before. */
static bool in_order(const struct compiled *c, const char *const *pieces)
{
	const char *at = c->text.bytes;

	for (; *pieces != NULL; pieces++) {
		at = strstr(at, *pieces);
		if (at == NULL) {
			printf("# not in order: %s\n", *pieces);
			return false;
		}
		at += strlen(*pieces) - 1;
	}
	return true;
}
#define IN_ORDER(c, ...) in_order((c), (const char *const[]){__VA_ARGS__, NULL})

static const char usual_plan[] =
	"\nreset @\n"
	"parent_death signal=9 @\n"
	"unshare flags=0x2000000 @namespaces\n"
	"session @\n"
	"keyring name=web @session_keyring\n"
	"hostname name=web @hostname\n"
	"link_up name=lo @namespaces\n"
	"propagation flags=0x84000 @\n"
	"tree_open source=/srv/root slot=0 recursive=1 nofollow=0 @rootfs\n"
	"tree_open source=/srv/data slot=1 recursive=1 nofollow=0 @mounts[5]\n"
	"tree_attr slot=1 recursive=0 set=0x1 clear=0x0 propagation=0x0 @mounts[5]\n"
	"root_attach slot=0 path=/srv/root @rootfs\n"
	"root_enter slot=0 @rootfs\n"
	"fs_open type=proc source=proc options=\"\" attributes=0xe slot=2 mode_of=\"\" label=\"\" @mounts[1]\n"
	"attach slot=2 target=/proc flags=39 base=0 skip=0 @mounts[1]\n";

static void test_usual_plan(struct test *t)
{
	struct lc_config_config config = usual_config();
	struct lc_config_process process = usual_process();
	struct compiled c, again;

	compile(&c, &config, &process, NULL);
	if (!OK(c.result == 0, "the usual configuration is compiled"))
		printf("# %s\n", c.err.subject);
	if (!OK(strncmp(c.text.bytes, usual_plan, strlen(usual_plan)) == 0,
	"it begins as designed"))
		printf("%s", c.text.bytes);
	OK(IN_ORDER(&c, "\nattach slot=3 target=/dev flags=37 base=0 skip=0 @mounts[2]\n",
		   "\nfs_open type=devpts", "target=/dev/pts flags=5 base=3 skip=4 @mounts[3]\n",
		   "target=/sys flags=7 base=0 skip=0 @mounts[4]\n",
		   "\nattach slot=1 target=/data flags=1 base=0 skip=0 @mounts[5]\n",
		   "@mounts[6]\n"),
		"[O30] mounts come in the order of the configuration");
	OK(IN_ORDER(&c,
		"\ndevice target=/dev/null type=8192 major=1 minor=3 mode=438 uid=0 gid=0 "
		"base=3 skip=4 @\n",
		   "\nlink target=/dev/fd",
		   "\nlink target=/dev/ptmx points_to=pts/ptmx flags=2 base=3 skip=4 @\n",
		   "\nfs_open type=proc source=proc options=\"\" attributes=0xe",
		   "name=net/ipv4/ip_forward value=1 optional=0 @sysctl[\"net.ipv4.ip_forward\"]\n",
		   "name=net/ipv4/conf/eth0.100/forwarding value=0",
		   "\ndirectory_owned target=/work",
		   "\nreadonly base=2 skip=5 target=/proc/sys @readonly_paths[1]\n", "\nmask_source ",
		   "target=/proc/kcore @mask_paths[1]\n", "\nroot_readonly @readonlyfs\n",
		   "\nrlimit resource=7 soft=1024 hard=18446744073709551615 @rlimits[1]\n",
		   "\ncwd target=/work last=0 ", "\numask mask=18 @\n",
		   "\nbounding set=0x21 @capabilities\n", "\nuser uid=0 gid=0 ",
		   "\ncapabilities effective=0x1 permitted=0x21 inheritable=0x0 ambient=0x0 "
		   "bounding=0x21 @capabilities\n",
		   "\nno_new_privileges @", "\nparent_death signal=0 @\n",
		   "\ncwd target=/work last=1 ",
		   "\nlookup program=sh search=/bin @process.args\n", "\nready @\n", "\nexec "),
		"what follows the mounts comes in its order");
	OK(has(&c, "B=2") && has(&c, "A=3") && !has(&c, "A=1") && has(&c, "AB=4") &&
			has(&c, "HOME=/root"),
		"[O4] the last duplicate of a variable wins and HOME is added");
	OK(IN_ORDER(&c, "PATH=/bin", "B=2", "A=3", "AB=4", "HOME="), "[O4] in their places");
	compile(&again, &config, &process, NULL);
	OK(again.size == c.size && memcmp(again.document, c.document, c.size) == 0,
		"the same inputs give the same bytes");
	compiled_done(&again);
	compiled_done(&c);
}

static void test_cgroup_mounts(struct test *t)
{
	struct lc_config_config config = usual_config();
	struct lc_config_process process = usual_process();
	const struct lc_compile_cgroup pure = {"", "", "/sys/fs/cgroup/x", true};
	struct lc_compile_inputs in = {
		.last_capability = 40, .is_pure_v2 = true, .cgroups = &pure, .cgroups_count = 1};
	struct compiled c;

	compile(&c, &config, &process, NULL);
	OK(IN_ORDER(&c, "\nroot_enter",
		"\nfs_open type=tmpfs source=cgroup options=mode=755 attributes=0xe",
		   "target=/sys/fs/cgroup flags=37 base=0 skip=0 @mounts[6]\n",
		   "\nfs_open type=cgroup source=cgroup options=cpu,cpuacct attributes=0x1 ",
		   "target=/sys/fs/cgroup/cpu,cpuacct ",
		   "\nlink target=/sys/fs/cgroup/cpu points_to=cpu,cpuacct",
		   "\nlink target=/sys/fs/cgroup/cpuacct ", "options=name=systemd ",
		   "target=/sys/fs/cgroup/systemd ", "\nfs_open type=cgroup2 ",
		   "target=/sys/fs/cgroup/unified ", "\ntree_attr slot=6 recursive=0 set=0x1 "),
		"[O42] with a cgroup namespace every hierarchy is mounted anew");
	compiled_done(&c);

	config.namespaces = (struct lc_strings) STRINGS("mount", "uts", "network");
	compile(&c, &config, &process, NULL);
	OK(IN_ORDER(&c,
		"\ntree_open source=/sys/fs/cgroup/cpu,cpuacct/x slot=2 recursive=0 nofollow=0 "
		"@mounts[6]\n",
		   "\ntree_attr slot=2 recursive=0 set=0x1 ",
		   "source=/sys/fs/cgroup/unified/x slot=4",
		   "\nroot_enter", "\nattach slot=2 target=/sys/fs/cgroup/cpu,cpuacct ",
		   "\nattach slot=4 target=/sys/fs/cgroup/unified ", "\ntree_attr slot=9 "),
		"[O42] [A60] without one its directories are bound, copied before the pivot");
	OK(!has(&c, "\nunshare") && !has(&c, "type=cgroup"), "and none is mounted");
	compiled_done(&c);

	compile(&c, &config, &process, &in);
	OK(IN_ORDER(&c, "\ntree_open source=/sys/fs/cgroup/x slot=2 ", "\nroot_enter",
		   "\nattach slot=2 target=/sys/fs/cgroup flags=5 base=0 skip=0 @mounts[6]\n"),
		"[O43] on pure v2 the one directory is bound");
	compiled_done(&c);

	config = usual_config();
	compile(&c, &config, &process, &in);
	OK(IN_ORDER(&c, "\nroot_enter",
		"\nfs_open type=cgroup2 source=cgroup options=\"\" attributes=0x1 ",
		   "target=/sys/fs/cgroup flags=5 base=0 skip=0 @mounts[6]\n"),
		"[O43] or mounted");
	OK(!has(&c, "\nattributes"), "without a tmpfs around it");
	compiled_done(&c);

	in.cgroups_count = 0;
	in.is_pure_v2 = false;
	compile(&c, &config, &process, &in);
	OK(c.result == 0 && has(&c, "\nfs_open type=tmpfs source=cgroup options=mode=755 ") &&
			!has(&c, "type=cgroup2 ") && !has(&c, "type=cgroup "),
		"a cgroup mount without cgroups is an empty directory");
	compiled_done(&c);
}

/* What is mounted in a new file system is attached below its descriptor, where no link has a say. */
static void test_holders(struct test *t)
{
	struct lc_config_mount mounts[] = {{.destination = "/run", .type = "tmpfs"},
		{.destination = "/run/a", .type = "tmpfs"},
		{.destination = "/proc", .type = "proc"},
		{.destination = "/run/a/b", .type = "bind", .source = "/srv"},
		{.destination = "/run/c", .type = "bind", .source = "/srv"},
		{.destination = "/run/c/d", .type = "tmpfs"},
		{.destination = "/var/run", .type = "tmpfs"},
		{.destination = "/run/e", .type = "bind", .source = "/srv"},
		{.destination = "/var/run/f", .type = "bind", .source = "/srv"}};
	struct lc_config_config config = {.rootfs = "/srv/root",
		.mounts = {.items = mounts, .count = COUNT(mounts)}};
	struct lc_config_process process = usual_process();
	struct compiled c;

	compile(&c, &config, &process, NULL);
	OK(IN_ORDER(&c, "\nattach slot=5 target=/run flags=37 base=0 ",
		   "\nattach slot=6 target=/run/a flags=37 base=5 skip=4 ",
		   "target=/proc flags=7 base=0 ",
		   "target=/run/a/b flags=1 base=6 skip=6 ", "target=/run/c flags=1 base=5 skip=4 "),
		"a mount lies in the last new file system that holds it");
	OK(has(&c, "target=/run/c/d flags=5 base=0 "), "and by its path in a bind");
	OK(has(&c, "target=/run/e flags=1 base=0 "),
		"and where a link of the image may have led another mount onto the holder");
	OK(has(&c, "target=/var/run/f flags=1 base=0 "), "one after that is such a mount too");
	compiled_done(&c);

	mounts[7] = (struct lc_config_mount){
		.destination = "/var/run/g", .type = "bind", .source = "/srv"};
	compile(&c, &config, &process, NULL);
	OK(!has(&c, "target=/var/run/g flags=1 base=0 "), "the last holder itself is certain");
	compiled_done(&c);

	mounts[0] = (struct lc_config_mount){.destination = "/run", .type = "overlay",
		.options = STRINGS("lowerdir=/x", "upperdir=/u", "workdir=/w")};
	config.mounts.count = 2;
	compile(&c, &config, &process, NULL);
	OK(has(&c, "target=/run/a flags=5 base=0 "), "what is made of directories may have links");
	compiled_done(&c);

	mounts[0] = (struct lc_config_mount){.destination = "/run", .type = "tmpfs"};
	mounts[0].options = (struct lc_strings) STRINGS("tmpcopyup");
	config.mask_paths = (struct lc_strings) STRINGS("/run/x");
	compile(&c, &config, &process, NULL);
	OK(has(&c, "target=/run/a flags=5 base=0 ") && has(&c, "base=0 skip=0 target=/run/x "),
		"what begins with the image's content may have its links");
	compiled_done(&c);

	/* one directory on pure v2, and else several: none of them is the mount that it asks for */
	mounts[0] = (struct lc_config_mount){.destination = "/run", .type = "cgroup"};
	compile(&c, &config, &process, NULL);
	OK(has(&c, "target=/run/a flags=5 base=0 ") && has(&c, "base=0 skip=0 target=/run/x "),
		"and what is in a mount of cgroups has its path");
	compiled_done(&c);
}

static void test_host_root(struct test *t)
{
	struct lc_config_mount mounts[] = {{.destination = "/tmp", .type = "tmpfs"},
		{.destination = "/proc", .type = "proc"}, {.destination = "/tmp/x/../y",
			.type = "tmpfs"},
		{.destination = "/run/a", .type = "bind", .source = "/srv"}};
	struct lc_config_config config = {.rootfs = "/", .readonlyfs = true,
		.mounts = {.items = mounts, .count = COUNT(mounts)}};
	struct lc_config_process process = usual_process();
	struct compiled c;

	compile(&c, &config, &process, NULL);
	OK(IN_ORDER(&c, "\ntree_open source=/ slot=0 recursive=1 nofollow=0 @rootfs\n",
		   "\ntree_attr slot=0 recursive=1 set=0x1 clear=0x0 propagation=0x40000 @rootfs\n",
		   "\ntree_open source=/srv slot=1 recursive=0 nofollow=0 @mounts[4]\n",
		   "\nroot_attach slot=0 path=/ ", "\nroot_enter", "\ndetach target=/dev @",
		   "\ndetach target=/proc @", "\ndetach target=/run/a @", "\ndetach target=/sys @",
		   "\ndetach target=/tmp @", "\nfs_open type=tmpfs "),
		"the host's root is read-only and private before it is attached, then cleared");
	OK(!has(&c, "\ndetach target=/tmp/y"), "what lies below something detached goes with it");
	OK(has(&c, "target=/tmp/y flags=5 base=2 skip=4 @mounts[3]"), "[A18] targets are the cleaned paths");
	OK(!has(&c, "\nroot_readonly"), "it is not made read-only twice");
	OK(!has(&c, "\ndevice") && !has(&c, "\nlink "), "nothing is made in the host's /dev");
	compiled_done(&c);

	mounts[3] = (struct lc_config_mount){.destination = "/dev", .type = "tmpfs",
		.options = STRINGS("ro", "nosuid")};
	compile(&c, &config, &process, NULL);
	OK(IN_ORDER(&c, "options=\"\" attributes=0x2 slot=", "target=/dev flags=37 base=0 skip=0 @mounts[4]\n",
		   "\ndevice target=/dev/tty", "\nlink target=/dev/core",
		   "\ntree_attr slot=4 recursive=0 set=0x1 clear=0x0 propagation=0x0 @mounts[4]\n"),
		"a read-only /dev becomes so when it is finished");
	compiled_done(&c);
}

static void test_layers(struct test *t)
{
	struct lc_config_overlay overlay = {.lower = STRINGS("/mid")};
	struct lc_config_mount mounts[] = {{.destination = "/m", .type = "overlay",
		.options = STRINGS("lowerdir=/a\\:b:/srv/root/x/../c", "upperdir=/u", "workdir=/w", "ro", "volatile")}};
	struct lc_config_config config = {.rootfs = "/srv/root", .overlay = &overlay,
		.mounts = {.items = mounts, .count = COUNT(mounts)}};
	struct lc_config_process process = usual_process();
	struct lc_compile_inputs in = {.id = "web", .last_capability = 40, .home = "/root", .layer = "/l"};
	struct compiled c;

	compile(&c, &config, &process, &in);
	OK(IN_ORDER(&c, "\nlayer_open root=\"\" path=/mid slot=1 nofollow=0 @overlay.lower[1]\n"
			"layer_open root=\"\" path=/srv/root slot=2 nofollow=0 @rootfs\n"
			"layer_open root=\"\" path=/l/upper slot=3 nofollow=1 @overlay\n"
			"layer_open root=\"\" path=/l/work slot=4 nofollow=1 @overlay\n"
			"layer_prove slot=3 mark=trusted.overlay.opaque @overlay\n"
			"overlay lower=1 count=2 is_staged=0 upper=3 work=4 options=redirect_dir=nofollow,metacopy=off,index=on ",
		   "\nlayer_open root=\"\" path=/a:b slot=6 nofollow=0 @mounts[1]\n"
		   "layer_open root=/srv/root path=/srv/root/c slot=7 nofollow=0 @mounts[1]\n",
		   "\noverlay lower=6 count=2 is_staged=0 upper=8 work=9 "
		   "options=redirect_dir=nofollow,metacopy=off,index=on,volatile label=\"\" attributes=0x1 slot=5 ",
		   "\nroot_enter", "\nattach slot=5 "),
		"layers are opened and made an overlay before the pivot, the topmost first");
	compiled_done(&c);

	overlay.memory = (struct lc_integer) {.is_set = true, .value = 1 << 20};
	compile(&c, &config, &process, &in);
	OK(IN_ORDER(&c, "\nfs_open type=tmpfs ", "\nlayer_stage slot=3 path=/srv/root ", "\nlayer_memory slot=3 like=2 ",
		   "\noverlay lower=1 count=2 ", "\nlayer_unstage slot=3 "),
		"one in memory is attached while the overlay is made, and no longer");
	compiled_done(&c);
}

static void test_devices(struct test *t)
{
	struct lc_config_device devices[] = {
		{.path = "/dev//null", .type = "c", .major = SET(1), .minor = SET(3),
			.file_mode = SET(0600), .gid = SET(5)},
		{.path = "/srv/pipe", .type = "p", .major = SET(9)},
		{.path = "/dev/disk", .type = "b", .major = SET(8), .minor = SET(1)}};
	struct lc_config_mount dev = {.destination = "/dev", .type = "bind", .source = "/dev"};
	struct lc_config_mount own_dev = {.destination = "/dev", .type = "tmpfs"};
	struct lc_config_config config = {.rootfs = "/srv/root",
		.devices = {.items = devices, .count = COUNT(devices)}};
	struct lc_config_process process = usual_process();
	struct compiled c;

	compile(&c, &config, &process, NULL);
	OK(IN_ORDER(&c, "\ndevice target=/dev/zero",
		   "\ndevice target=/dev/null type=8192 major=1 minor=3 mode=384 uid=0 gid=5 "
		   "base=0 skip=0 @devices[1]\n",
		   "\ndevice target=/srv/pipe type=4096 major=0 minor=0 mode=438 ",
		   "\ndevice target=/dev/disk type=24576 major=8 minor=1 "),
		"[O73] [O75] an entry of the configuration wins over the default of the same path");
	OK(!has(&c, "/dev/ptmx"), "without devpts there is no ptmx");
	compiled_done(&c);
	config.mounts = (struct lc_objects){&own_dev, 1};
	compile(&c, &config, &process, NULL);
	OK(has(&c, "\ndevice target=/dev/null type=8192 major=1 minor=3 mode=384 uid=0 gid=5 base=1 skip=4 ") &&
			has(&c, "gid=0 base=0 skip=0 @devices[2]\n") &&
			has(&c, "\nlink target=/dev/fd points_to=/proc/self/fd flags=1 base=1 skip=4 @\n"),
		"[A47] what is made in a mount is made by the mount, not by a path to it");
	compiled_done(&c);
	config.mounts = (struct lc_objects){&dev, 1};
	compile(&c, &config, &process, NULL);
	OK(!has(&c, "\ndevice target=/dev/") && !has(&c, "\nlink ") &&
			has(&c, "\ndevice target=/srv/pipe"),
		"[O51] a bind mount on /dev is left as it is");
	compiled_done(&c);
}

static void test_sources(struct test *t)
{
	struct lc_config_mount mounts[] = {
		{.destination = "/a", .source = "/srv/root/a", .type = "bind"},
		{.destination = "/b", .source = "/srv/x/..//root/./b/", .options = STRINGS("rbind")},
		{.destination = "/c", .source = "/srv/root", .type = "bind"},
		{.destination = "/d", .source = "/srv/root/../d", .type = "bind"},
		{.destination = "/e", .source = "/srv/roots/e", .type = "bind"},
		{.destination = "/f", .source = "/srv/root/link/../../../f", .type = "bind"}};
	struct lc_config_config config = {.rootfs = "/srv/root",
		.mounts = {.items = mounts, .count = COUNT(mounts)}};
	struct lc_config_process process = usual_process();
	struct compiled c;

	compile(&c, &config, &process, NULL);
	OK(has(&c, "\ntree_below root=/srv/root source=/srv/root/a slot=1 recursive=0 nofollow=0 @mounts[1]\n") &&
			has(&c, "\ntree_below root=/srv/root source=/srv/root/b slot=2 recursive=1 ") &&
			has(&c, "\ntree_below root=/srv/root source=/srv/root slot=3 recursive=0 "),
		"[A64] a source that lies in the image is found below its root, however it is written");
	OK(has(&c, "\ntree_open source=/srv/d slot=4 ") &&
			has(&c, "\ntree_open source=/srv/roots/e slot=5 ") &&
			has(&c, "\ntree_open source=/f slot=6 "),
		"[A64] a source beside the image is the host's, no link on the way to it the image's");
	compiled_done(&c);
	config.rootfs = "/";
	compile(&c, &config, &process, NULL);
	OK(!has(&c, "\ntree_below"), "[A64] the host's own root is no image");
	compiled_done(&c);
}

static void test_places(struct test *t)
{
	struct lc_config_mount mounts[] = {{.destination = "/a/b", .type = "tmpfs"},
		{.destination = "/proc", .type = "proc"}, {.destination = "/a", .type = "tmpfs"},
		{.destination = "/proc/cpuinfo", .source = "/s", .type = "bind"}};
	struct lc_config_config config = {.rootfs = "/srv/root",
		.mounts = {.items = mounts, .count = COUNT(mounts)},
		.mask_paths = STRINGS("/proc//kcore", "/proc/cpuinfo", "/a/b/c", "/etc/x", "/proc"),
		.readonly_paths = STRINGS("/proc/./sys/../sys")};
	struct lc_config_process process = usual_process();
	struct compiled c;

	compile(&c, &config, &process, NULL);
	OK(has(&c, " base=3 skip=5 target=/proc/kcore @mask_paths[1]\n") &&
			has(&c, " base=3 skip=5 target=/proc @mask_paths[5]\n") &&
			has(&c, "\nreadonly base=3 skip=5 target=/proc/sys @readonly_paths[1]\n"),
		"[A61] [A75] what lies in a mount is hidden by the mount, not by a path to it");
	OK(has(&c, " base=4 skip=2 target=/a/b/c @mask_paths[3]\n"),
		"a later mount above an earlier one is what a path leads to");
	OK(has(&c, " base=0 skip=0 target=/proc/cpuinfo @mask_paths[2]\n") &&
			has(&c, " base=0 skip=0 target=/etc/x @mask_paths[4]\n"),
		"what lies in a bind mount or the image is looked for from the root");
	OK(has(&c, "target=/proc flags=39 ") && has(&c, "target=/a flags=37 ") &&
			has(&c, "target=/a/b flags=5 "),
		"only what is needed later is kept");
	compiled_done(&c);
}

static void test_mount_options(struct test *t)
{
	struct lc_config_mount mounts[] = {
		{.destination = "/a", .source = "/s", .type = "bind"},
		{.destination = "/b", .source = "/s",
			.options = STRINGS("bind", "ro", "noatime", "rw", "strictatime")},
		{.destination = "/c", .source = "/s",
			.options = STRINGS("rbind", "nosuid", "rro", "rw", "rslave", "shared")},
		{.destination = "/d", .source = "/s", .options = STRINGS("rbind", "ro", "rrw")},
		{.destination = "/e", .type = "tmpfs",
			.options = STRINGS("sync", "mode=1777", "async", "defaults", "noexec",
			"exec",
				"rnodev", "unbindable")}};
	struct lc_config_config config = {.rootfs = "/srv/root", .rootfs_propagation = "private",
		.mounts = {.items = mounts, .count = COUNT(mounts)}};
	struct lc_config_process process = usual_process();
	struct compiled c;

	compile(&c, &config, &process, NULL);
	OK(has(&c, "\npropagation flags=0x44000 @rootfs_propagation\n") &&
			has(&c,
			"\ntree_attr slot=0 recursive=1 set=0x0 clear=0x0 propagation=0x40000"),
		"[O47] a private root is private");
	OK(has(&c, "\ntree_open source=/s slot=1 recursive=0 nofollow=0 @mounts[1]\ntree_open "),
		"[O36] a bind without flags changes none");
	OK(has(&c,
		"\ntree_attr slot=2 recursive=0 set=0x20 clear=0x71 propagation=0x0 @mounts[2]\n"),
		"[O33] the last of two options wins");
	OK(has(&c, "\ntree_attr slot=3 recursive=1 set=0x1 clear=0x0 propagation=0x0 @mounts[3]\n"
		   "tree_attr slot=3 recursive=0 set=0x2 clear=0x1 "),
		"[O35] the mount itself may differ from its tree");
	OK(has(&c, "slot=4 recursive=1 nofollow=0 @mounts[4]\n"
		   "tree_attr slot=4 recursive=1 set=0x0 clear=0x1 propagation=0x0 @mounts[4]\n"
		   "root_"),
		"[O35] and a later word about the tree is about the mount too");
	OK(IN_ORDER(&c, "target=/c flags=1",
		"\npropagate target=/c propagation=0x80000 recursive=1 ",
		   "\npropagate target=/c propagation=0x100000 recursive=0 ", "type=tmpfs"),
		"[O34] propagation follows the mount, in order");
	OK(has(&c, "source=tmpfs options=sync,mode=1777,async attributes=0x4 "),
		"[O37] data goes to the file system, flags do not");
	OK(has(&c, "\npropagate target=/e propagation=0x20000 recursive=0 "),
		"[O34] for all types");
	compiled_done(&c);
}

static void test_credentials(struct test *t)
{
	struct lc_config_config config = usual_config();
	struct lc_config_process process = usual_process();
	struct lc_config_capabilities own = {.bounding = STRINGS("CHOWN", "CHECKPOINT_RESTORE"),
		.permitted = STRINGS("KILL"), .inheritable = STRINGS("KILL"),
		.ambient = STRINGS("KILL")};
	struct lc_config_rlimit rlimit = {.type = "core", .soft = SET(0), .hard = SET(0)};
	const uint64_t filter[2] = {6, 7};
	const uint32_t groups[] = {5, 4294967294};
	struct lc_compile_inputs in = {.last_capability = 39, .uid = 1000, .gid = 100,
		.groups = groups, .groups_count = 2, .filter = filter, .filter_size = 16,
		.stdio_null = {true, false, true}};
	struct compiled c;

	compile(&c, &config, &process, &in);
	OK(IN_ORDER(&c, "\nstdio_null fds=0x5 @\n",
		   "\nuser uid=1000 gid=100 ", "\nno_new_privileges", "\nready", "\nseccomp ",
		   "\nexec"),
		"[O112] with no_new_privileges the filter is last");
	OK(has(&c, "\ndirectory_owned target=/work uid=1000 gid=100 @process.cwd\n"),
		"the working directory is made for the user");
	compiled_done(&c);

	process.no_new_privileges = (struct lc_choice3){.value = false, .is_set = true};
	process.capabilities = &own;
	process.rlimits = (struct lc_objects){&rlimit, 1};
	process.oom_score_adj = (struct lc_integer) SET(-500);
	process.cwd = NULL;
	process.env.count = 0;
	config.parent_death_signal = (struct lc_integer) SET(SIGTERM);
	compile(&c, &config, &process, &in);
	OK(IN_ORDER(&c, "\nbounding ", "\nseccomp ", "\nuser ", "\ncapabilities ",
		   "\nparent_death signal=15 @parent_death_signal\n", "\nready"),
		"[O112] without it the filter comes before the user");
	OK(!has(&c, "\nno_new_privileges"), "the process's no_new_privileges wins");
	OK(has(&c, "\nbounding set=0x1 @process.capabilities\n") &&
			has(&c, "effective=0x0 permitted=0x20 inheritable=0x20 ambient=0x20"),
		"[O11] its sets replace the container's, cut to what the kernel knows");
	OK(has(&c, "\nrlimit resource=4 soft=0 hard=0 @process.rlimits[1]\n") &&
			!has(&c, "resource=7"),
		"its limits replace the container's");
	OK(IN_ORDER(&c, "\noom_score adjust=4294966796 @process.oom_score_adj\n", "\nroot_enter"),
		"[O14] the OOM score is set");
	OK(!has(&c, "\ndirectory_owned") && has(&c, "\ncwd target=/ last=0"),
		"the root needs no making");
	OK(has(&c, "search=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin") &&
			has(&c, "HOME=/"),
		"[O4] PATH and HOME are added");
	compiled_done(&c);

	config.capabilities = NULL;
	process.capabilities = NULL;
	in.filter = NULL;
	compile(&c, &config, &process, &in);
	OK(has(&c, "\nbounding set=0x0 @capabilities\n") && !has(&c, "\nseccomp"),
		"[A24] no capabilities is none, no filter is none");
	compiled_done(&c);
}

static void test_many_mounts(struct test *t)
{
	enum { MANY = 4000 };
	struct lc_config_mount *mounts = calloc(MANY + 200, sizeof(*mounts));
	const char *options[] = {"ro"};
	struct lc_config_config config = {.rootfs = "/", .mounts = {.items = mounts,
	.count = MANY}};
	struct lc_config_process process = usual_process();
	struct lc_error err;
	struct compiled c;

	for (size_t i = 0; i < MANY + 200; i++)
		mounts[i] = (struct lc_config_mount){.destination = "/many/../many", .type = "bind",
			.source = "/srv", .options = {options, 1}};
	OK(lc_config_validate(&config, &err) == 0, "4000 mounts are accepted");
	compile(&c, &config, &process, NULL);
	OK(c.result == 0 && has(&c, "\nattach slot=4000 target=/many flags=1 base=0 skip=0 @mounts[4000]\n"),
		"and compiled");
	compiled_done(&c);
	config.mounts.count = MANY + 200;
	OK(lc_config_validate(&config, &err) == -EINVAL &&
			strcmp(err.subject, "mounts: too many") == 0,
		"more are refused");
	compile(&c, &config, &process, NULL);
	OK(c.result == -E2BIG && c.err.step == LCT_STEP_CONFIG && strcmp(c.err.subject,
		"mounts") == 0,
		"by the compiler too");
	compiled_done(&c);
	free(mounts);
}

static void test_join(struct test *t)
{
	struct lc_config_terminal_size size = {.columns = SET(100), .rows = SET(30)};
	struct lc_config_config config = usual_config();
	struct lc_config_process process = usual_process();
	const struct sock_filter filter[] = {{.k = 0}};
	struct lc_compile_inputs in = {.id = "web", .last_capability = 40, .uid = 7, .gid = 8,
		.filter = filter, .filter_size = sizeof(filter)};
	struct compiled c;

	process.terminal = true;
	process.terminal_size = &size;
	compile_by(lc_compile_join, &c, &config, &process, &in);
	OK(IN_ORDER(&c, "\nreset @\n", "\nparent_death signal=9 @\n", "\nkeyring name=web @", "\nrlimit ",
		   "\njoin flags=0x6e020000 @namespaces\n",
		   "\nterminal columns=100 rows=30 uid=7 @process.terminal\n",
		   "\nbounding ", "\nuser uid=7 gid=8 ", "\ncapabilities ",
		   "\nno_new_privileges @", "\ncwd target=/work last=1 ", "\nlookup ", "\nready @\n"),
		"[A25] who joins does all of the set-up before it has a number in the container");
	OK(IN_ORDER(&c, "\nready @\n", "\nenter flags=0x0 @namespaces\n", "\nsession @\n",
		   "\ncontrol @process.terminal\n", "\nseccomp ", "\nexec "),
		"[A25] and the one that has does nothing but confine itself");
	OK(!has(&c, "\nconsole") && !has(&c, "mount") && !has(&c, "\nhostname"),
		"nothing of the container is made again");
	compiled_done(&c);

	process.terminal = false;
	process.no_new_privileges = (struct lc_choice3){false, true};
	compile_by(lc_compile_join, &c, &config, &process, &in);
	OK(IN_ORDER(&c, "\nbounding ", "\nseccomp ", "\nuser ", "\nlookup ", "\nenter ", "\nexec "),
		"a filter that takes a privilege to load comes while there is one");
	OK(!has(&c, "\nready"), "and where the host has nothing to do, nobody waits for it");
	compiled_done(&c);

	process = usual_process();
	process.terminal = true;
	compile(&c, &config, &process, NULL);
	OK(IN_ORDER(&c, "\nsession @\n", "target=/dev/pts ", "\ndevice ",
		   "\nterminal columns=80 rows=24 uid=0 ", "\ncontrol ", "\nconsole ",
		   "\nlink target=/dev/fd", "\nroot_readonly", "\nexec "),
		"[O6] the first program's terminal is made when its devpts is there, before /dev is done");
	compiled_done(&c);
}

static const char *const some[] = {"mount", "pid", "ipc", "network", "user"};

static void test_joined(struct test *t)
{
	struct lc_pair paths[] = {{"ipc", "/ns/ipc"}, {"pid", "/ns/pid"}, {"user", "/ns/user"}};
	struct lc_config_config config = usual_config();
	struct lc_config_process process = usual_process();
	struct lc_compile_inputs in = {.id = "web", .last_capability = 40, .is_privileged = true};
	struct compiled c;

	config.hostname = NULL;
	config.namespaces = (struct lc_strings){.items = (const char **) (uintptr_t) some, .count = COUNT(some)};
	config.namespace_paths = (struct lc_pairs){.items = paths, .count = COUNT(paths)};
	compile(&c, &config, &process, &in);
	OK(IN_ORDER(&c, "\nnamespace_open path=/ns/ipc ", "\nnamespace_open path=/ns/user ",
		   "\nnamespace_enter slot=1 ", "\nnamespace_enter slot=2 ",
		   "flag=0x10000000 @namespaces.user\n", "\nenter flags=0x40020000 @namespaces\n",
		   "\nparent_death signal=9 @namespaces\n", "\nsession @\n", "\nroot_enter ", "\nuser uid=0 "),
		"[O64] all are open before one is entered, by root its user namespace last; then the init is made");
	OK(!has(&c, "\ngate ") && lc_compile_clone_flags(&config) == 0,
		"nothing is mapped in a user namespace that is joined, and the helper is in none of the new ones");
	compiled_done(&c);
	in.is_privileged = false;
	compile(&c, &config, &process, &in);
	OK(IN_ORDER(&c, "\nnamespace_enter slot=3 flag=0x10000000 @namespaces.user\n", "\nnamespace_enter slot=1 "),
		"[O64] an ordinary user is somebody in his user namespace alone, and enters that first");
	compiled_done(&c);

	paths[0] = (struct lc_pair){"mount", "/ns/mnt"};
	config.namespace_paths.count = 1;
	config.namespaces.count = 3;
	config.rootfs = "/";
	config.mounts.count = config.devices.count = config.mask_paths.count = config.readonly_paths.count = 0;
	config.readonlyfs = false;
	process.oom_score_adj = (struct lc_integer){100, true};
	compile(&c, &config, &process, &in);
	OK(IN_ORDER(&c, "\noom_score ", "\nnamespace_enter ", "\nroot_joined @namespaces.mount\n",
		   "\ndirectory_owned ", "\nexec ") &&
			!has(&c, "\nattach") && !has(&c, "\nroot_enter") && !has(&c, "\npropagation") &&
			!has(&c, "\ndevice") && !has(&c, "\nlink "),
		"[O64] in a mount namespace that is joined nothing is made but the working directory");
	compiled_done(&c);
}

static void test_networks(struct test *t)
{
	struct lc_config_config config = usual_config();
	struct lc_config_process process = usual_process();
	struct compiled c;

	config.networks = (struct lc_objects) OBJECTS(network,
		{.type = "veth", .name = "eth0", .bridge = "br0", .address = "10.1.0.2/24",
			.gateway = "10.1.0.1", .host_interface_name = "web0", .mtu = SET(1400)},
		{.type = "device", .host_interface_name = "dev0"});
	config.routes = (struct lc_objects) OBJECTS(
		route, {.destination = "10.2.0.0/16", .interface_name = "dev0"});
	compile(&c, &config, &process, NULL);
	OK(IN_ORDER(&c, "\nlink_up name=lo",
		   "name=net/ipv6/conf/default/accept_ra value=0 optional=1 @networks\n",
		   "\ngate which=2 @networks\n",
		   "\nhost_pair host_name=veth", " name=eth0 @networks[1]\nhost_rename host_name=veth",
		   " to=web0 @networks[1].host_interface_name\n",
		   "\nhost_mtu name=eth0 host_name=web0 bytes=1400 @networks[1].mtu\n",
		   "\nhost_bridge host_name=web0 bridge=br0 hairpin=0 @networks[1].bridge\n",
		   "\nhost_address name=eth0 address=10.1.0.2/24 @networks[1].address\n",
		   "\nhost_up name=eth0 @networks[1]\n", "gateway=10.1.0.1 name=eth0 @networks[1].gateway\n",
		   "\nhost_device device=dev0 name=dev0 @networks[2].host_interface_name\n",
		   "\nhost_route destination=10.2.0.0/16 source=\"\" gateway=\"\" name=dev0 @routes[1]\n",
		   "\nroot_enter"),
		"[O76] what the host does stands behind its gate, with the fields, before the root");
	compiled_done(&c);

	config = usual_config();
	config.networks = (struct lc_objects) OBJECTS(network, {.type = "loopback"});
	compile(&c, &config, &process, NULL);
	OK(!has(&c, "\ngate") && !has(&c, "accept_ra"), "loopback alone takes no round trip");
	compiled_done(&c);
}

void test_compile(struct test *t)
{
	test_networks(t);
	test_join(t);
	test_joined(t);
	test_usual_plan(t);
	test_cgroup_mounts(t);
	test_holders(t);
	test_host_root(t);
	test_layers(t);
	test_devices(t);
	test_sources(t);
	test_places(t);
	test_mount_options(t);
	test_credentials(t);
	test_many_mounts(t);
}
