/* SPDX-License-Identifier: MIT */
/*
 * The two ways to run the targets. With -DFUZZ_TARGET=NAME: the function that libFuzzer calls. Without:
 *
 *	replay CORPUS [TARGET]
 *
 * each target with every file of CORPUS/TARGET, in a process of its own; TAP, one claim a target.
 */
#include "base/file.h"
#include "fuzz.h"

#include <fcntl.h>
#include <unistd.h>

static struct {
	char path[128];
	pid_t owner;
} scratch;

static void remove_scratch(void)
{
	char *name = strrchr(scratch.path, '/');
	int parent;

	if (name == NULL || scratch.owner != getpid())
		return;
	*name = '\0';
	parent = open(scratch.path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	(void) lc_dir_remove(parent, name + 1, LCT_STEP_NONE, NULL);
	(void) close(parent);
}

const char *fuzz_directory(void)
{
	const char *where = getenv("TMPDIR");

	if (scratch.path[0] == '\0') {
		(void) snprintf(scratch.path, sizeof(scratch.path), "%.80s/lct-fuzz-XXXXXX",
			where != NULL ? where : "/tmp");
		MUST(mkdtemp(scratch.path) != NULL && atexit(remove_scratch) == 0);
		scratch.owner = getpid();
	}
	return scratch.path;
}

#ifdef FUZZ_TARGET

#define CALL_OF(name) fuzz_##name
#define CALL(name) CALL_OF(name)
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	CALL(FUZZ_TARGET)(data, size);
	return 0;
}

#else

#include <dirent.h>
#include <sys/mman.h>
#include <sys/wait.h>

static const struct target {
	const char *name, *claim;
	void (*run)(const uint8_t *data, size_t size);
} targets[] = {
#define TARGET(name, claim) {#name, claim, fuzz_##name},
	LCT_FUZZ_TARGETS(TARGET)
#undef TARGET
};

#define COUNT (sizeof(targets) / sizeof(targets[0]))

/* The file that is being replayed, for who finds its process dead; and how many there were. */
struct progress {
	char path[512];
	unsigned count;
};

static void replay_file(const struct target *target, const char *path)
{
	FILE *file = fopen(path, "rb");
	uint8_t *data;
	long size;

	if (file == NULL || fseek(file, 0, SEEK_END) != 0 || (size = ftell(file)) < 0)
		abort();
	rewind(file);
	data = fuzz_room((size_t) size);
	MUST(fread(data, 1, (size_t) size, file) == (size_t) size);
	(void) fclose(file);
	target->run(data, (size_t) size);
	free(data);
}

static void replay(const struct target *target, const char *corpus, struct progress *progress)
{
	char directory[256];
	struct dirent **entries;
	int count;

	(void) snprintf(directory, sizeof(directory), "%s/%s", corpus, target->name);
	count = scandir(directory, &entries, NULL, alphasort);
	for (int i = 0; i < count; i++) {
		if (entries[i]->d_name[0] != '.') {
			(void) snprintf(progress->path, sizeof(progress->path), "%s/%.200s",
				directory, entries[i]->d_name);
			replay_file(target, progress->path);
			progress->count++;
		}
		free(entries[i]);
	}
	if (count >= 0)
		free(entries);
	/* and without any input at all */
	progress->path[0] = '\0';
	target->run((const uint8_t *) "", 0);
}

static bool holds(const struct target *target, const char *corpus, struct progress *progress)
{
	int status = -1;
	pid_t child;

	*progress = (struct progress){.count = 0};
	(void) fflush(NULL);
	child = fork();
	if (child == 0) {
		replay(target, corpus, progress);
		exit(0);
	}
	return child > 0 && waitpid(child, &status, 0) == child && status == 0;
}

int main(int argc, char **argv)
{
	struct progress *progress = mmap(NULL, sizeof(*progress), PROT_READ | PROT_WRITE,
		MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	int number = 0, failed = 0;

	if (argc < 2 || progress == MAP_FAILED)
		return 2;
	(void) fuzz_directory(); /* ours, so that it goes with us and not with a target that breaks off */
	for (size_t i = 0; i < COUNT; i++) {
		bool is_fine;

		if (argc > 2 && strcmp(argv[2], targets[i].name) != 0)
			continue;
		is_fine = holds(&targets[i], argv[1], progress);
		if (!is_fine)
			printf("# with %s\n", progress->path[0] != '\0' ? progress->path : "nothing");
		if (is_fine && progress->count == 0) {
			printf("# nothing in %s/%s\n", argv[1], targets[i].name);
			is_fine = false;
		}
		printf("%sok %d - %s: %u inputs\n", is_fine ? "" : "not ", ++number,
			targets[i].claim, progress->count);
		failed += !is_fine;
	}
	printf("1..%d\n", number);
	return failed > 0 || number == 0;
}

#endif
