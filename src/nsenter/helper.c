/* SPDX-License-Identifier: MIT */
/*
 * The init program, embedded in this library by the build (build/init), as a descriptor to execute.
 * A sealed memfd cannot be written through /proc/self/exe from inside a container (CVE-2019-5736),
 * and it needs no file that an attacker or an upgrade could replace.
 */
#include "nsenter/helper.h"

#include "base/cleanup.h"
#include "base/fd.h"
#include "sys/sys.h"

/* LCT_INIT_FILE is given by the build. */
__asm__(".section .rodata\n"
	".balign 16\n"
	"lc_embedded_init: .incbin \"" LCT_INIT_FILE "\"\n"
	"lc_embedded_init_end: .byte 0\n"
	".previous\n");
extern const char lc_embedded_init[] __attribute__((visibility("hidden")));
extern const char lc_embedded_init_end[] __attribute__((visibility("hidden")));

static int open_memfd(struct lc_error *err)
{
	const size_t size = (size_t) (lc_embedded_init_end - lc_embedded_init);
	const unsigned flags = MFD_CLOEXEC | MFD_ALLOW_SEALING;
	LCT_CLEANUP(fd) int fd = -1;
	long r;

	/* MFD_EXEC since 6.3, EINVAL before; EACCES where vm.memfd_noexec is 2. */
	r = lc_sys_memfd_create("libcontainer-init", flags | MFD_EXEC);
	if (r == -EINVAL)
		r = lc_sys_memfd_create("libcontainer-init", flags);
	fd = lc_fd_above_stdio((int) r);
	if (fd < 0)
		return lc_fail(err, LCT_STEP_HELPER, fd,
			fd == -EACCES ? "memfd_create: forbidden by vm.memfd_noexec" : "memfd_create");
	r = lc_fd_write_all(fd, lc_embedded_init, size);
	if (r < 0)
		return lc_fail(err, LCT_STEP_HELPER, r, "memfd");
	r = lc_sys_fcntl(fd, F_ADD_SEALS, F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE);
	if (r < 0)
		return lc_fail(err, LCT_STEP_HELPER, r, "F_ADD_SEALS");
	return lc_take_fd(&fd);
}

int lc_helper_open(const char *installed, struct lc_error *err)
{
	int fd = open_memfd(err), file;

	if (fd >= 0 || installed == NULL)
		return fd;
	file = lc_fd_above_stdio(
		(int) lc_sys_openat(AT_FDCWD, installed, O_RDONLY | O_CLOEXEC | O_NOFOLLOW, 0));
	return file >= 0 ? file : fd; /* the memfd's error says more than a missing file */
}
