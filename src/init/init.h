/* SPDX-License-Identifier: MIT */
/*
 * The second program: what its files share. It runs a plan and nothing else: no libc, no
 * allocation, no environment, no decision that the host could have taken. It may use src/plan,
 * src/sys and base/error.h; it must hold no initialised pointer in static data, because nobody
 * relocates it.
 *
 * An operation is `int lc_init_<op>(init, op, err)`; the prototypes come from ops.def, so one
 * without a handler does not link.
 */
#ifndef LCT_INIT_INIT_H
#define LCT_INIT_INIT_H

#include "sys/sys.h" /* first: it asks libc's headers for everything */
#include "plan/plan.h"
#include <elf.h>
#include <linux/limits.h>

#define LCT_INIT_FAILED 125 /* exit status of an init that did not become the program */
#define LCT_HEAD_SIZE 256     /* of a program: as much as the kernel looks at for "#!" */
#define LCT_PLAN_ROOM 65536   /* nearly every plan is smaller; whole pages of every machine */
#define LCT_SEGMENTS_MAX 32   /* PT_INTERP comes first or second */

/* What `lookup` reads of a program, and of its interpreter. */
struct lc_program_head {
	union {
		unsigned char bytes[LCT_HEAD_SIZE];
		Elf64_Ehdr elf64;
		Elf32_Ehdr elf32;
	} head;
	union {
		Elf64_Phdr wide[LCT_SEGMENTS_MAX];
		Elf32_Phdr narrow[LCT_SEGMENTS_MAX];
	} table;
	char interpreter[PATH_MAX];
};

struct lc_init {
	struct lc_plan plan;
	void *plan_room;          /* where the plan is mapped, if it fits: start.c */
	const void *kernel_stack; /* where the one begins that the kernel has made: start.c */
	int root;              /* the container's root, O_PATH; -1 before root_enter */
	int mask_empty;        /* the empty directory of mask_source, -1 for none */
	bool is_null_attached; /* the masks' null device is in the tree: copy it from now on */
	bool is_empty_attached;
	bool is_joined;        /* it is a process of a container that others run in */
	bool is_cwd_entered;
	int landlock;          /* the ruleset that is being made, -1 for none */
	struct lc_late_limit { /* of the program, and in the way of the set-up: set at the end */
		struct rlimit64 value;
		bool is_due;
	} nofile, nproc;
	const char *program;   /* what lookup found: in the plan, or in `found` */
	/* What is large comes last, and begins with what is used most: every page that is touched costs, of who
	 * joins twice. This is of the operation that runs, for as long as it does, and mostly small. */
	union {
		char text[PATH_MAX];                    /* reset: of /proc; cwd: a path */
		struct lc_program_head program;         /* lookup */
		char *pointers[2 * (LCT_LIST_MAX + 1)]; /* exec: argv, and envp behind it */
	} room;
	char found[PATH_MAX];                    /* by lookup, in its search path */
	int slots[LCT_PLAN_SLOTS_MAX];           /* descriptors and 1, so that 0 is none: slots.c */
	uint32_t slot_names[LCT_PLAN_SLOTS_MAX]; /* pool offsets: where it came from */
};

#define OP(name, step, operands, meaning)                                                          \
	int lc_init_##name(                                                                        \
		struct lc_init *init, const struct lc_op_##name *op, struct lc_error *err);
#include "plan/ops.def"
#undef OP

/* Entry, called by the assembly of start.c. */
_Noreturn void lc_init_start(const void *stack);

/* init_linux.c: the whole life of the init, its exit status. */
int lc_init_main(struct lc_init *init);

/* exec.c: send one message to the host, whatever a filter thinks of sendto(2). */
struct lc_report;
int lc_init_send(const struct lc_report *report);
/* The same along with a descriptor, which sendmsg(2) alone can do. */
int lc_init_send_with(const struct lc_report *report, int fd);

/* exec.c: say READY and wait for the word to go; without a host the init ends here. */
int lc_init_say_ready(struct lc_error *err);

/* attributes.c: a procfs that is one, in which `self` is us. */
int lc_procfs_open(void);
/* attributes.c: give the late limits their final value, once. */
int lc_init_limits_settle(struct lc_init *init, struct lc_error *err);

/* --- slots: slots.c --- */

/* The descriptor in a slot, -EBADF for an empty one. */
int lc_slot_get(const struct lc_init *init, uint32_t slot);
/* Give a descriptor to a slot; what was there is closed. `name` is a pool offset. */
int lc_slot_put(struct lc_init *init, uint32_t slot, int fd, uint32_t name);
/* What the slot came from: the same as a pool offset, and for the subject of an error. */
uint32_t lc_slot_pool_name(const struct lc_init *init, uint32_t slot);
const char *lc_slot_name(const struct lc_init *init, uint32_t slot);
/* Put the detached mount `mount` on the descriptor `target`. */
int lc_mount_move(int mount, int target);
/* Put it on a directory of the host, which is no link. */
int lc_mount_over(int mount, const char *path);
/* Tell a new file system its options, "key=value" and flags with commas between them. */
int lc_mount_options(int context, const char *options);
/* mount_setattr of a descriptor; `flags` is 0 or AT_RECURSIVE. */
int lc_mount_attr(int mount, unsigned flags, uint64_t set, uint64_t clear, uint64_t propagation);

/* --- targets: paths.c --- */

enum lc_path_kind { LCT_PATH_DIRECTORY, LCT_PATH_FILE };
struct lc_path_make {
	enum lc_path_kind kind; /* of the last component; those before it become directories 0755 */
	unsigned mode;
	uint64_t resolve;       /* RESOLVE_* on top of the usual ones */
	bool is_link_kept;      /* a link as last component is not followed, but what is wanted */
	bool is_created;        /* out: the last component is new */
};

/* Open a path of the container, confined to its root and without magic links. */
int lc_path_open(const struct lc_init *init, const char *path, uint64_t flags, uint64_t resolve);

/* The same below another root, which `root` is open on. */
int lc_path_open_below(int root, const char *path, uint64_t flags, uint64_t resolve);
/* The same below the mount in slot `base`, or the root for 0: `path` without its first `skip` bytes. */
int lc_path_open_at(const struct lc_init *init, uint32_t base, uint32_t skip, const char *path,
	uint64_t flags, uint64_t resolve);
/* The same, O_PATH, and make what is missing. */
int lc_path_make(const struct lc_init *init, uint32_t base, uint32_t skip, const char *path,
	struct lc_path_make *how);
/* The directory (made when missing) that holds a path's last component, which goes to `name`; `base` and
 * `skip` as for lc_path_open_at. What the caller has to close goes to *opened, -1 for nothing: the root
 * and the mount in a slot are open already. */
int lc_path_parent(const struct lc_init *init, uint32_t base, uint32_t skip, const char *path,
	char name[NAME_MAX + 1], int *opened);
/* Directory part (the empty string for none) and last component of a path. */
int lc_path_split(const char *path, char directory[PATH_MAX], char name[NAME_MAX + 1]);
/* Type (S_IFMT), mode, device number and mount of a descriptor. */
int lc_path_stat(int fd, struct statx *out);
/* Whether `seen` is a character device with this number. */
bool lc_path_is_device(const struct statx *seen, unsigned type, unsigned major, unsigned minor);

static inline bool lc_is_missing(long answer)
{
	return answer == -ENOENT || answer == -ENOTDIR;
}

static inline size_t lc_length(const char *text)
{
	size_t length = 0;

	while (text[length] != '\0')
		length++;
	return length;
}

static inline bool lc_equal(const char *a, const char *b)
{
	while (*a != '\0' && *a == *b) {
		a++;
		b++;
	}
	return *a == *b;
}

/* Append `text` at *used, false when it does not fit with its end. */
static inline bool lc_append(char *buffer, size_t room, size_t *used, const char *text)
{
	while (*text != '\0') {
		if (*used + 1 >= room)
			return false;
		buffer[(*used)++] = *text++;
	}
	buffer[*used] = '\0';
	return true;
}

/* A device number as mknod(2) takes it. */
static inline unsigned long lc_device_number(unsigned major, unsigned minor)
{
	return (minor & 0xffu) | ((unsigned long) major << 8) |
		((unsigned long) (minor & ~0xffu) << 12);
}

static inline void lc_init_fd_cleanup(int *fd)
{
	if (*fd >= 0)
		(void) lc_sys_close(*fd);
}
/* A descriptor that must not outlive its scope; lc_init_fd_take gives it away. */
#define LCT_INIT_FD __attribute__((cleanup(lc_init_fd_cleanup)))
static inline int lc_init_fd_take(int *fd)
{
	int taken = *fd;

	*fd = -1;
	return taken;
}

#endif
