/* SPDX-License-Identifier: MIT */
/* src/base and, in test builds, src/sys/sys_fault.c. Needs no privilege; works below a directory of
 * its own in /tmp. */
#include "test.h"

#include "base/arena.h"
#include "base/cleanup.h"
#include "base/fd.h"
#include "base/file.h"
#include "base/digest.h"
#include "sys/sys.h"
#ifdef LCT_FAULT
#include "sys/sys_fault.h"
#endif

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* A fresh directory, open. */
static int scratch(char path[32])
{
	strcpy(path, "/tmp/lct-spec-XXXXXX");
	return mkdtemp(path) != NULL ? open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
}

static int count_entry(void *context, const char *name, unsigned char type)
{
	(void) name;
	(void) type;
	++*(int *) context;
	return 0;
}

static int count_entries(int dirfd)
{
	int count = 0;

	return lc_dir_each(dirfd, count_entry, &count, LCT_STEP_STATE, NULL) < 0 ? -1 : count;
}

static int open_descriptors(void)
{
	int fd = open("/proc/self/fd", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int count = count_entries(fd);

	close(fd);
	return count;
}

void test_arena(struct test *t)
{
	LCT_CLEANUP(arena) struct lc_arena arena = LCT_ARENA_INIT;
	bool aligned = true, zeroed = true;
	char *large, *text;

	for (size_t size = 0; size < 700; size++) {
		unsigned char *bytes = lc_arena_alloc(&arena, size);

		aligned &= bytes != NULL && (uintptr_t) bytes % 16 == 0;
		for (size_t i = 0; i < size; i++)
			zeroed &= bytes[i] == 0;
		memset(bytes, 0xff, size);
	}
	OK(aligned, "an arena gives 16-aligned memory");
	OK(zeroed, "and zeroed memory, that no other allocation overlaps");
	large = lc_arena_alloc(&arena, 1 << 20);
	OK(large != NULL && large[0] == 0 && large[(1 << 20) - 1] == 0, "larger than a chunk, too");
	OK(lc_arena_array(&arena, SIZE_MAX / 2, 4) == NULL, "a product that overflows is refused");
	OK(lc_arena_alloc(&arena, SIZE_MAX) == NULL, "so is a size that overflows");
	OK(lc_arena_alloc(&arena, SIZE_MAX - 20) == NULL, "or would with the chunk's own header");
	text = lc_arena_copy(&arena, "abcdef", 3);
	OK(text != NULL && strcmp(text, "abc") == 0, "a copy is as long as asked and ends");
	text = lc_arena_copy(&arena, NULL, 0);
	OK(text != NULL && *text == '\0', "a copy of nothing is the empty string");
	text = lc_arena_printf(&arena, "%s[%d]", "mounts", 3);
	OK(text != NULL && strcmp(text, "mounts[3]") == 0, "printf formats into the arena");
	lc_arena_done(&arena);
	OK(arena.chunks == NULL && arena.left == 0, "a done arena is an empty one");
	OK(lc_arena_alloc(&arena, 8) != NULL, "and can be used again");
}

/* Fed in parts of `step` bytes. */
static bool has_digest(const char *text, size_t repeat, size_t step, const char *wanted)
{
	char found[LCT_DIGEST_TEXT], algorithm[] = "sha512";
	struct lc_digest digest;

	memcpy(algorithm, wanted, strlen(algorithm));
	if (lc_digest_init(&digest, algorithm) < 0)
		return false;
	for (size_t i = 0; i < repeat; i++)
		for (size_t at = 0, size = strlen(text); at < size; at += step)
			lc_digest_update(&digest, text + at, size - at < step ? size - at : step);
	lc_digest_final(&digest, found);
	return strcmp(found, wanted) == 0;
}

void test_digests(struct test *t)
{
	static const char two_blocks[] = "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq";
	static const char two_digest[] =
		"sha256:248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1";
	struct lc_digest digest;
	bool in_parts = true;

	OK(has_digest("", 1, 1,
		   "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
		"the digest of nothing is that of FIPS 180-4");
	OK(has_digest("abc", 1, 3,
		   "sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
		"that of one block is");
	for (size_t step = 1; step < sizeof(two_blocks); step++)
		in_parts &= has_digest(two_blocks, 1, step, two_digest);
	OK(in_parts, "that of two blocks is, in whatever parts they come");
	OK(has_digest("aaaaaaaaaa", 100000, 10,
		   "sha256:cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0"),
		"that of a million letters is");
	OK(has_digest("abc", 1, 2,
		   "sha512:ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a"
		   "2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f"),
		"so is SHA-512");
	OK(lc_digest_init(&digest, "sha384") == -EINVAL && lc_digest_init(&digest, "") == -EINVAL,
		"no other algorithm is known");
}

void test_fd(struct test *t)
{
	char buffer[8];
	int fds[2], low, high, saved = fcntl(0, F_DUPFD_CLOEXEC, 10);

	close(0);
	low = open("/dev/null", O_RDONLY);
	high = lc_fd_above_stdio(low);
	OK(low == 0 && high > 2, "a descriptor that landed on 0 is moved above 2");
	OK(fcntl(0, F_GETFD) < 0, "the number that it left is free again");
	OK(fcntl(high, F_GETFD) == FD_CLOEXEC, "it is close-on-exec afterwards");
	OK(lc_fd_above_stdio(high) == high, "one that is above 2 stays");
	OK(lc_fd_above_stdio(-EMFILE) == -EMFILE, "a failure passes through");
	if (saved >= 0) {
		dup2(saved, 0);
		close(saved);
	}
	lc_fd_close(&high);
	OK(high == -1, "a closed descriptor is -1");
	lc_fd_close(&high);

	OK(pipe2(fds, O_CLOEXEC) == 0 && lc_fd_write_all(fds[1], "12345678", 8) == 0,
		"all bytes are written");
	close(fds[1]);
	OK(lc_fd_read_all(fds[0], buffer, 8) == 8, "as many bytes as fit are read to the end");
	close(fds[0]);
	OK(pipe2(fds, O_CLOEXEC) == 0 && lc_fd_write_all(fds[1], "12345678", 8) == 0 &&
			lc_fd_read_all(fds[0], buffer, 7) == -EMSGSIZE,
		"one byte more is EMSGSIZE");
	close(fds[0]);
	close(fds[1]);
	OK(lc_fd_read_all(-1, buffer, 8) == -EBADF, "a bad descriptor is EBADF");
}

static void test_read_write(struct test *t, int dir)
{
	LCT_CLEANUP(arena) struct lc_arena arena = LCT_ARENA_INIT;
	struct lc_error err;
	struct statx seen;
	char text[16], *all = NULL;
	static const char big[100000];
	mode_t mask = umask(077);

	OK(lc_file_replace(dir, "f", "hello", 5, 0644, LCT_STEP_STATE, &err) == 0,
		"a file is made");
	umask(mask);
	OK(lc_sys_statx(dir, "f", 0, STATX_MODE, &seen) == 0 && (seen.stx_mode & 0777) == 0644,
		"its mode does not depend on umask");
	OK(lc_file_read(dir, "f", text, sizeof(text), LCT_STEP_STATE, &err) == 5 &&
			strcmp(text, "hello") == 0,
		"it is read back as a string");
	OK(lc_file_read(dir, "f", text, 6, LCT_STEP_STATE, &err) == 5, "it fits with its end");
	OK(lc_file_read(dir, "f", text, 5, LCT_STEP_STATE, &err) == -EMSGSIZE &&
			err.errnum == EMSGSIZE && err.step == LCT_STEP_STATE &&
			strcmp(err.subject, "f") == 0,
		"a longer one is EMSGSIZE, with step and name");
	OK(lc_file_read(dir, "none", text, sizeof(text), LCT_STEP_STATE, &err) == -ENOENT &&
			*text == '\0',
		"a missing one is ENOENT and leaves an empty string");
	OK(lc_file_replace(dir, "f", big, sizeof(big), 0600, LCT_STEP_STATE, &err) == 0 &&
			lc_file_read_alloc(dir, "f", &arena, sizeof(big), &all, LCT_STEP_STATE,
				&err) == (long) sizeof(big) &&
			memcmp(all, big, sizeof(big)) == 0 && all[sizeof(big)] == '\0',
		"a file of any size is read into an arena, up to the limit");
	OK(lc_file_read_alloc(dir, "f", &arena, sizeof(big) - 1, &all, LCT_STEP_STATE, &err) ==
			-EMSGSIZE,
		"one byte above the limit is EMSGSIZE");
	OK(lc_file_read_alloc(
		   AT_FDCWD, "/proc/self/stat", &arena, 4096, &all, LCT_STEP_STATE, &err) > 20,
		"a file without a size of its own is read, too");
	OK(lc_file_replace(dir, "f", "", 0, 0600, LCT_STEP_STATE, &err) == 0 &&
			lc_file_read_alloc(dir, "f", &arena, 0, &all, LCT_STEP_STATE, &err) == 0 &&
			*all == '\0',
		"an empty file is an empty string");
}

static void test_replace_and_list(struct test *t, int dir)
{
	struct lc_error err;
	char text[16];
	int count = 0;

	OK(symlinkat("/etc/passwd", dir, "l") == 0 &&
			lc_file_replace(dir, "l", "mine", 4, 0600, LCT_STEP_STATE, &err) == 0 &&
			readlinkat(dir, "l", text, sizeof(text)) < 0,
		"a link in the place of the file is replaced, not followed");
	OK(mkdirat(dir, "d", 0700) == 0 &&
			lc_file_replace(dir, "d/g", "x", 1, 0600, LCT_STEP_STATE, &err) == 0 &&
			lc_file_read(dir, "d/g", text, sizeof(text), LCT_STEP_STATE, &err) == 1,
		"a file in a directory below is replaced there");
	OK(lc_file_replace(dir, "d", "x", 1, 0600, LCT_STEP_STATE, &err) == -EISDIR,
		"a directory cannot be replaced");
	OK(lc_file_replace(dir, "d/", "x", 1, 0600, LCT_STEP_STATE, &err) == -EINVAL,
		"a name without a last component is refused");
	OK(lc_dir_each(dir, count_entry, &count, LCT_STEP_STATE, &err) == 0 && count == 3,
		"no temporary file is left, and . and .. are not listed");
	OK(count_entries(dir) == 3, "a directory can be listed again");
}

static void test_remove(struct test *t, int dir)
{
	struct lc_error err;
	char name[32];
	int at, r = 0;

	OK(lc_dir_remove(dir, "missing", LCT_STEP_DESTROY, &err) == 0,
		"to remove a missing directory is a success");
	OK(lc_dir_remove(dir, ".", LCT_STEP_DESTROY, &err) == -EINVAL &&
			lc_dir_remove(dir, "..", LCT_STEP_DESTROY, &err) == -EINVAL &&
			lc_dir_remove(dir, "", LCT_STEP_DESTROY, &err) == -EINVAL &&
			lc_dir_remove(dir, "a/b", LCT_STEP_DESTROY, &err) == -EINVAL,
		"only one component is accepted");
	mkdirat(dir, "tree", 0700);
	mkdirat(dir, "kept", 0700);
	close(openat(dir, "kept/file", O_CREAT | O_WRONLY | O_CLOEXEC, 0600));
	OK(symlinkat("../kept", dir, "tree/link") == 0 && symlinkat("kept", dir, "to_kept") == 0,
		"two links are there to be tempted by");
	for (int i = 0; i < 300; i++) {
		snprintf(name, sizeof(name), "tree/%d", i);
		close(openat(dir, name, O_CREAT | O_WRONLY | O_CLOEXEC, 0600));
	}
	at = openat(dir, "tree", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	for (int i = 0; i < 40; i++) {
		int below;

		mkdirat(at, "d", 0700);
		below = openat(at, "d", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		close(at);
		at = below;
	}
	close(at);
	OK(lc_dir_remove(dir, "tree", LCT_STEP_DESTROY, &err) == 0 &&
			faccessat(dir, "tree", 0, 0) < 0,
		"a tree 40 deep with 300 files is removed");
	OK(faccessat(dir, "kept/file", 0, 0) == 0, "what a link in it names is kept");
	r = lc_dir_remove(dir, "to_kept", LCT_STEP_DESTROY, &err);
	OK((r == -ELOOP || r == -ENOTDIR) && faccessat(dir, "kept/file", 0, 0) == 0,
		"a link in the place of the directory is refused");
	OK(lc_dir_remove(dir, "kept", LCT_STEP_DESTROY, NULL) == 0, "no error object is needed");
	unlinkat(dir, "to_kept", 0);
}

static void test_remove_deep(struct test *t, int dir)
{
	struct lc_error err;
	int at;

	mkdirat(dir, "deep", 0700);
	at = openat(dir, "deep", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	for (int i = 0; i < 700; i++) {
		int below;

		mkdirat(at, "d", 0700);
		mkdirat(at, "moved-0", 0700); /* a name that is taken already */
		below = openat(at, "d", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		close(at);
		at = below;
	}
	close(at);
	OK(lc_dir_remove(dir, "deep", LCT_STEP_DESTROY, &err) == 0 &&
			faccessat(dir, "deep", 0, AT_SYMLINK_NOFOLLOW) < 0,
		"a tree of any depth goes, with few descriptors");
}

/* In a child with mounts of its own: is a mounted file system left alone? */
static int remove_across_mount(const char *path)
{
	int dir, r;

	if (lc_sys_unshare(CLONE_NEWNS) < 0 ||
		lc_sys_mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
		return 2;
	/* Opened here: the parent's descriptor belongs to the old namespace. */
	dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fchdir(dir) < 0 || lc_sys_mount("tmpfs", "x/mounted", "tmpfs", 0, NULL) < 0)
		return 2;
	close(openat(dir, "x/mounted/file", O_CREAT | O_WRONLY | O_CLOEXEC, 0600));
	r = lc_dir_remove(dir, "x", LCT_STEP_DESTROY, NULL);
	return r == -EXDEV && faccessat(dir, "x/mounted/file", F_OK, 0) == 0 ? 0 : 1;
}

static void test_remove_mounted(struct test *t, int dir, const char *path)
{
	static const char claim[] = "a file system mounted in a tree is left alone";
	siginfo_t info = {0};
	int pid;

	if (geteuid() != 0) {
		SKIP(claim, "not root");
		return;
	}
	mkdirat(dir, "x", 0700);
	mkdirat(dir, "x/mounted", 0700);
	fflush(stdout);
	pid = fork();
	if (pid == 0)
		_exit(remove_across_mount(path));
	OK(waitid(P_PID, (id_t) pid, &info, WEXITED) == 0 && info.si_status == 0, claim);
	OK(lc_dir_remove(dir, "x", LCT_STEP_DESTROY, NULL) == 0, "without it the tree goes");
}

void test_file(struct test *t)
{
	char path[32];
	int before = open_descriptors();
	int dir = scratch(path);

	if (!OK(dir >= 0, "a scratch directory can be made"))
		return;
	test_read_write(t, dir);
	test_replace_and_list(t, dir);
	test_remove(t, dir);
	test_remove_deep(t, dir);
	test_remove_mounted(t, dir, path);
	close(dir);
	OK(lc_dir_remove(AT_FDCWD, path, LCT_STEP_DESTROY, NULL) == -EINVAL,
		"a path is no component");
	dir = open("/tmp", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	OK(lc_dir_remove(dir, path + 5, LCT_STEP_DESTROY, NULL) == 0, "the scratch directory goes");
	close(dir);
	OK(open_descriptors() == before, "no descriptor is left");
}

#ifdef LCT_FAULT

/* Every call of a replace fails once: the old content stays, or the new one is there. */
static void test_replace_sweep(struct test *t, int dir)
{
	bool kept = true, clean = true;
	uint32_t nth;

	for (nth = 1; nth < 100; nth++) {
		struct lc_error err = {0};
		char text[16];
		int r;

		lc_fault_arm(0, 0);
		lc_fault_enable(false);
		(void) lc_file_replace(dir, "f", "old", 3, 0600, LCT_STEP_STATE, NULL);
		lc_fault_enable(true);
		lc_fault_arm(nth, ENOSPC);
		r = lc_file_replace(dir, "f", "new", 3, 0600, LCT_STEP_STATE, &err);
		lc_fault_enable(false);
		if (!lc_fault_fired())
			break;
		(void) lc_file_read(dir, "f", text, sizeof(text), LCT_STEP_STATE, NULL);
		kept &= r == -ENOSPC && err.errnum == ENOSPC && strcmp(text, "old") == 0;
		clean &= count_entries(dir) == 1;
	}
	OK(nth == 6, "a replace makes five calls");
	OK(kept, "each of them failing is reported and leaves the old content");
	OK(clean, "and no temporary file");
}

static void test_memory_sweep(struct test *t)
{
	LCT_CLEANUP(arena) struct lc_arena arena = LCT_ARENA_INIT;
	struct lc_error err = {0};
	char *text;

	lc_fault_arm(1, ENOMEM | LCT_FAULT_STICKY);
	OK(lc_arena_alloc(&arena, 8) == NULL && lc_arena_alloc(&arena, 1 << 20) == NULL,
		"from n on, every allocation fails");
	lc_fault_arm(2, ENOMEM);
	OK(lc_file_read_alloc(AT_FDCWD, "/proc/self/stat", &arena, 4096, &text, LCT_STEP_STATE,
		   &err) == -ENOMEM &&
			err.errnum == ENOMEM,
		"an allocation is counted like a call");
	lc_fault_arm(0, 0);
}

void test_fault(struct test *t)
{
	char path[32];
	siginfo_t info;
	int dir = scratch(path), pid;

	lc_fault_arm(2, EPERM);
	OK(lc_sys_getpid() > 0 && lc_fault_calls() == 0, "calls that cannot fail are not counted");
	OK(lc_sys_umask(022) >= 0 && lc_sys_umask(022) == -EPERM && lc_sys_umask(022) >= 0,
		"call n fails, those around it do not");
	OK(lc_fault_fired() && lc_fault_calls() == 3, "that it fired is known");
	lc_fault_arm(1, EPERM | LCT_FAULT_STICKY);
	OK(lc_sys_umask(022) == -EPERM && lc_sys_umask(022) == -EPERM,
		"from n on, every call fails");
	lc_fault_enable(false);
	OK(lc_sys_umask(022) >= 0 && lc_fault_calls() == 2, "not while injection is off");
	lc_fault_enable(true);
	OK(lc_sys_umask(022) == -EPERM, "and again when it is on");
	lc_fault_arm(0, 0);
	fflush(stdout);
	pid = fork();
	if (pid == 0) {
		lc_fault_arm(1, LCT_FAULT_DIE);
		(void) lc_sys_umask(022);
		_exit(0);
	}
	OK(waitid(P_PID, (id_t) pid, &info, WEXITED) == 0 && info.si_code == CLD_KILLED &&
			info.si_status == SIGKILL,
		"or the caller dies at that call");
	test_replace_sweep(t, dir);
	test_memory_sweep(t);
	close(dir);
	dir = open("/tmp", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	OK(lc_dir_remove(dir, path + 5, LCT_STEP_DESTROY, NULL) == 0, "nothing is left of it");
	close(dir);
}

#else

void test_fault(struct test *t)
{
	SKIP("system calls can be made to fail", "not a test build (LCT_FAULT)");
}

#endif
