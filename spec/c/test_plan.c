/* SPDX-License-Identifier: MIT */
/* src/plan: what the writer makes, the reader accepts; what it did not make, the reader refuses. */
#include "test.h"

#include "base/cleanup.h"
#include "plan/explain.h"
#include "plan/write.h"
#include "sys/sys.h"
#ifdef LCT_FAULT
#include "sys/sys_fault.h"
#endif

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

static const char *const argv_items[] = {"sh", "-c", "", "echo \"hi\"\n"};

/* A plan with every kind of operand. */
static int build(struct lc_plan_writer *w, struct lc_arena *arena, const void **out, size_t *size)
{
	static const uint8_t filter[] = {1, 2, 3, 4, 5};

	if (lc_plan_writer_init(w, arena) < 0)
		return -ENOMEM;
	LCT_PLAN(w, reset);
	lc_plan_origin(w, "mounts[%d]", 3);
	LCT_PLAN(w, attach, .slot = lc_plan_slot(w), .target = lc_plan_intern(w, "/data"),
		.flags = LCT_TARGET_CREATE);
	LCT_PLAN(w, fs_open, .type = lc_plan_intern(w, "tmpfs"), .source = lc_plan_intern(w, ""),
		.options = lc_plan_intern(w, "size=1 k"), .attributes = 0x1f, .slot = 1);
	lc_plan_origin(w, NULL);
	LCT_PLAN(w, rlimit, .resource = 7, .soft = 1024, .hard = UINT64_MAX);
	LCT_PLAN(w, seccomp, .flags = 1, .filter = lc_plan_blob(w, filter, sizeof(filter)));
	LCT_PLAN(w, exec, .argv = lc_plan_strings(w, argv_items, 4),
		.envp = lc_plan_strings(w, NULL, 0));
	return lc_plan_finish(w, out, size, NULL);
}

static const struct lc_plan_record *record_at(const struct lc_plan *plan, uint32_t index)
{
	struct lc_plan_cursor cursor = {.plan = plan};
	const struct lc_plan_record *record;

	while ((record = lc_plan_next(&cursor)) != NULL && cursor.index - 1 < index)
		continue;
	return record;
}

static bool lists_equal(const struct lc_plan *plan, struct lc_plan_list list)
{
	const char *item = lc_plan_string(plan, list.offset);

	for (uint32_t i = 0; i < list.count; i++) {
		if (strcmp(item, argv_items[i]) != 0)
			return false;
		item += strlen(item) + 1;
	}
	return list.count == 4;
}

static void test_round_trip(struct test *t)
{
	LCT_CLEANUP(arena) struct lc_arena arena = LCT_ARENA_INIT;
	struct lc_plan_writer w;
	struct lc_plan plan;
	struct lc_error err;
	const void *document = NULL;
	size_t size = 0;
	const struct lc_op_attach *attach;
	const struct lc_op_rlimit *rlimit;
	const struct lc_op_seccomp *seccomp;
	const struct lc_op_exec *exec;

	OK(build(&w, &arena, &document, &size) == 0, "a plan is written");
	if (!OK(lc_plan_open(document, size, &plan, &err) == 0, "[F04] and opened"))
		return;
	attach = (const void *) record_at(&plan, 1);
	rlimit = (const void *) record_at(&plan, 3);
	seccomp = (const void *) record_at(&plan, 4);
	exec = (const void *) record_at(&plan, 5);
	OK(plan.header->ops == 6 && record_at(&plan, 6) == NULL,
		"[F04] every record is handed out");
	OK(attach->record.op == LCT_OP_attach && attach->slot == 0 &&
			strcmp(lc_plan_string(&plan, attach->target), "/data") == 0 &&
			attach->flags == LCT_TARGET_CREATE,
		"[F04] strings and numbers come back");
	OK(rlimit->soft == 1024 && rlimit->hard == UINT64_MAX, "[F04] 64 bits of them, too");
	OK(seccomp->filter.length == 5 &&
			memcmp(lc_plan_data(&plan, seccomp->filter), "\1\2\3\4\5", 5) == 0 &&
			(uintptr_t) lc_plan_data(&plan, seccomp->filter) % 8 == 0,
		"[F04] bytes come back, 8-aligned");
	OK(lists_equal(&plan, exec->argv), "[F04] a list comes back, with its empty string");
	OK(exec->envp.count == 0, "[F04] an empty list is one");
	OK(lc_plan_step(LCT_OP_attach) == LCT_STEP_MOUNT && lc_plan_step(60000) == LCT_STEP_PLAN,
		"an operation has a step");
	OK(strcmp(w.origins[1], "mounts[3]") == 0 && strcmp(w.origins[2], "mounts[3]") == 0 &&
			*w.origins[0] == '\0' && *w.origins[3] == '\0',
		"an operation knows the field that asked for it");
}

/* Is the document refused, whatever the damage did? */
static bool is_refused(const void *document, size_t size)
{
	struct lc_plan plan;
	struct lc_error err = {0};
	int r = lc_plan_open(document, size, &plan, &err);

	return (r == -EBADMSG || r == -EPROTO) && err.step == LCT_STEP_PLAN && err.errnum == -r;
}

#define DAMAGED(type, at, field, value)                                                            \
	({                                                                                         \
		type *part_ = (type *) (copy + (at));                                              \
		type kept_ = *part_;                                                               \
		part_->field = (value);                                                            \
		bool refused_ = is_refused(copy, size);                                            \
		*part_ = kept_;                                                                    \
		refused_;                                                                          \
	})
#define HEADER(field, value) DAMAGED(struct lc_plan_header, 0, field, value)

static size_t offset_of(const uint8_t *document, uint32_t index)
{
	struct lc_plan plan;

	if (lc_plan_open(document, ((const struct lc_plan_header *) document)->total, &plan, NULL) <
		0)
		return 0;
	return (size_t) ((const uint8_t *) record_at(&plan, index) - document);
}

static void test_damaged_header(struct test *t, uint8_t *copy, size_t size)
{
	const struct lc_plan_header *header = (const void *) copy;

	OK(HEADER(magic, 0) && HEADER(total, header->total + 1) && HEADER(total, header->total - 1),
		"[F04] a wrong magic or total is refused");
	OK(HEADER(ops, 5) && HEADER(ops, 7) && HEADER(ops, UINT32_MAX), "[F04] a wrong count is");
	OK(HEADER(ops_size, header->ops_size + 8) && HEADER(ops_size, UINT32_MAX - 7) &&
			HEADER(ops_size, header->ops_size + 4) && HEADER(ops_size, 0),
		"[F04] a wrong size of the records is");
	OK(HEADER(pool_size, 0) && HEADER(pool_size, header->pool_size - 1) &&
			HEADER(pool_size, UINT32_MAX),
		"[F04] a wrong size of the pool is");
	OK(HEADER(slots, LCT_PLAN_SLOTS_MAX + 1), "[F04] too many slots are");
	copy[size - 1] = 'x';
	OK(is_refused(copy, size), "[F04] a pool without an end is");
	copy[size - 1] = '\0';
	copy[sizeof(*header) + header->ops_size] = 'x';
	OK(is_refused(copy, size), "[F04] a pool without the empty string is");
	copy[sizeof(*header) + header->ops_size] = '\0';
	((struct lc_plan_header *) copy)->layout ^= 1;
	OK(lc_plan_open(copy, size, &(struct lc_plan){0}, NULL) == -EPROTO,
		"a plan of another build is EPROTO");
	((struct lc_plan_header *) copy)->layout ^= 1;
}

static void test_damaged_records(struct test *t, uint8_t *copy, size_t size)
{
	uint32_t pool = ((const struct lc_plan_header *) copy)->pool_size;
	size_t attach = offset_of(copy, 1), seccomp = offset_of(copy, 4), exec = offset_of(copy, 5);

	OK(DAMAGED(struct lc_op_attach, attach, record.op, LCT_OP_COUNT) &&
			DAMAGED(struct lc_op_attach, attach, record.op, 0xffff) &&
			DAMAGED(struct lc_op_attach, attach, record.op, LCT_OP_reset),
		"[F04] an unknown operation or another one's size is refused");
	OK(DAMAGED(struct lc_op_attach, attach, record.size, 0) &&
			DAMAGED(struct lc_op_attach, attach, record.size, 0xffff) &&
			DAMAGED(struct lc_op_exec, exec, record.size, 4),
		"[F04] a wrong record size is");
	OK(DAMAGED(struct lc_op_attach, attach, target, pool) &&
			DAMAGED(struct lc_op_attach, attach, target, UINT32_MAX) &&
			!DAMAGED(struct lc_op_attach, attach, target, pool - 1),
		"[F04] a string outside of the pool is");
	OK(DAMAGED(struct lc_op_exec, exec, argv.count, 1000) &&
			DAMAGED(struct lc_op_exec, exec, argv.count, UINT32_MAX) &&
			DAMAGED(struct lc_op_exec, exec, argv.offset, pool) &&
			DAMAGED(struct lc_op_exec, exec, argv.offset, pool - 2) &&
			DAMAGED(struct lc_op_exec, exec, envp.offset, UINT32_MAX),
		"[F04] a list that leaves the pool is");
	OK(DAMAGED(struct lc_op_seccomp, seccomp, filter.length, pool) &&
			DAMAGED(struct lc_op_seccomp, seccomp, filter.length, UINT32_MAX) &&
			DAMAGED(struct lc_op_seccomp, seccomp, filter.offset, UINT32_MAX - 7) &&
			DAMAGED(struct lc_op_seccomp, seccomp, filter.offset, 1),
		"[F04] bytes that leave the pool, or stand crooked, are");
}

/* Follow everything that an accepted plan names; the address sanitizer watches. */
static size_t walk(const struct lc_plan *plan)
{
	struct lc_plan_cursor cursor = {.plan = plan};
	const struct lc_plan_record *record;
	struct lc_explain_row row;
	size_t total = 0;

	while ((record = lc_plan_next(&cursor)) != NULL) {
		lc_explain(plan, cursor.index - 1, record, &row);
		total += strlen(row.operands);
		if (record->op == LCT_OP_seccomp) {
			struct lc_plan_bytes bytes =
				((const struct lc_op_seccomp *) record)->filter;
			const uint8_t *data = lc_plan_data(plan, bytes);

			for (uint32_t i = 0; i < bytes.length; i++)
				total += data[i];
		}
	}
	return total;
}

static void test_hostile(struct test *t)
{
	LCT_CLEANUP(arena) struct lc_arena arena = LCT_ARENA_INIT;
	struct lc_plan_writer w;
	const void *document;
	size_t size, accepted = 0, total = 0;
	bool refused = true;
	uint32_t random = 12345;
	uint8_t *copy;

	if (build(&w, &arena, &document, &size) < 0)
		return;
	copy = aligned_alloc(8, (size + 7) & ~(size_t) 7);
	memcpy(copy, document, size);
	test_damaged_header(t, copy, size);
	test_damaged_records(t, copy, size);
	for (size_t cut = 0; cut < size; cut++)
		refused &= is_refused(copy, cut);
	OK(refused, "[F04] every cut document is refused");
	free(copy);
	/* The exact size, so that the sanitizer sees a step too far. */
	for (int round = 0; round < 20000; round++) {
		struct lc_plan plan;

		copy = malloc(size);
		memcpy(copy, document, size);
		for (int i = 0; i < 1 + round % 4; i++) {
			random = random * 1664525u + 1013904223u;
			copy[24 + (random >> 8) % (size - 24)] = (uint8_t) (random >> 24);
		}
		if (lc_plan_open(copy, size, &plan, NULL) == 0) {
			accepted++;
			total += walk(&plan);
		}
		free(copy);
	}
	OK(accepted > 0 && accepted < 20000 && total > 0,
		"[F04] whatever is accepted after damage can be walked to its end");
}

static void test_lengths(struct test *t)
{
	static const size_t lengths[] = {0xfffe, 0xffff, 0x10000, 0x10001, 0x20000};
	LCT_CLEANUP(arena) struct lc_arena arena = LCT_ARENA_INIT;
	struct lc_plan_writer w;
	bool exact = true;
	char *text = malloc((size_t) LCT_PLAN_SIZE_MAX + 2);

	memset(text, 'x', (size_t) LCT_PLAN_SIZE_MAX + 1);
	for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
		struct lc_plan plan;
		const void *document;
		size_t size;
		const struct lc_op_hostname *op;

		(void) lc_plan_writer_init(&w, &arena);
		text[lengths[i]] = '\0';
		LCT_PLAN(&w, hostname, .name = lc_plan_intern(&w, text));
		LCT_PLAN(&w, domainname, .name = lc_plan_intern(&w, "after"));
		exact &= lc_plan_finish(&w, &document, &size, NULL) == 0 &&
			 lc_plan_open(document, size, &plan, NULL) == 0;
		op = (const void *) record_at(&plan, 0);
		exact &= strcmp(lc_plan_string(&plan, op->name), text) == 0;
		op = (const void *) record_at(&plan, 1);
		exact &= strcmp(lc_plan_string(&plan, op->name), "after") == 0;
		text[lengths[i]] = 'x';
	}
	OK(exact, "[A49] strings around 2^16 bytes keep their length");
	(void) lc_plan_writer_init(&w, &arena);
	text[LCT_PLAN_SIZE_MAX] = '\0';
	OK(lc_plan_intern(&w, text) == 0 && w.failed == -E2BIG, "[A49] a larger one is E2BIG");
	OK(lc_plan_intern(&w, "a") == 0 && w.failed == -E2BIG, "which sticks");
	(void) lc_plan_writer_init(&w, &arena);
	text[LCT_PLAN_SIZE_MAX / 2] = '\0';
	(void) lc_plan_strings(&w, (const char *const[]){text, text}, 2);
	OK(w.failed == -E2BIG, "[A49] so is a sum of lengths");
	(void) lc_plan_writer_init(&w, &arena);
	(void) lc_plan_blob(&w, text, (size_t) 1 << 31);
	OK(w.failed == -E2BIG, "[A49] so are 2^31 bytes");
	(void) lc_plan_writer_init(&w, &arena);
	(void) lc_plan_blob(&w, text, SIZE_MAX);
	OK(w.failed == -E2BIG, "[A49] and as many as there can be");
	free(text);
}

static void test_limits(struct test *t)
{
	LCT_CLEANUP(arena) struct lc_arena arena = LCT_ARENA_INIT;
	struct lc_plan_writer w;
	struct lc_plan plan;
	struct lc_error err;
	const void *document;
	size_t size;
	bool once = true;
	uint32_t first[10000];

	(void) lc_plan_writer_init(&w, &arena);
	for (int round = 0; round < 2; round++) {
		for (int i = 0; i < 10000; i++) {
			char text[32];

			snprintf(text, sizeof(text), "/path/%d", i);
			if (round == 0)
				first[i] = lc_plan_intern(&w, text);
			once &= first[i] != 0 && lc_plan_intern(&w, text) == first[i];
		}
	}
	OK(once, "ten thousand strings are stored once each");
	OK(lc_plan_intern(&w, "") == 0 && lc_plan_intern(&w, NULL) == 0, "the empty one is at 0");
	OK(lc_plan_finish(&w, &document, &size, &err) == 0 &&
			lc_plan_open(document, size, &plan, &err) == 0 && plan.header->ops == 0,
		"a plan without operations is one");
	(void) lc_plan_writer_init(&w, &arena);
	for (uint32_t i = 0; i < LCT_PLAN_SLOTS_MAX; i++)
		once &= lc_plan_slot(&w) == i && w.failed == 0;
	(void) lc_plan_slot(&w);
	OK(once && w.failed == -E2BIG, "slots end at their limit");
	(void) lc_plan_writer_init(&w, &arena);
	for (uint32_t i = 0; i < LCT_NO_OP; i++)
		LCT_PLAN(&w, reset);
	once = w.failed == 0;
	LCT_PLAN(&w, reset);
	OK(once && w.failed == -E2BIG, "operations end where an error can no longer name them");
	OK(lc_plan_finish(&w, &document, &size, &err) == -E2BIG && err.step == LCT_STEP_PLAN,
		"the first failure is answered at the end");
	(void) lc_plan_writer_init(&w, &arena);
	(void) lc_plan_strings(&w, NULL, (size_t) LCT_LIST_MAX + 1);
	OK(w.failed == -E2BIG, "so do the strings of a list");
}

static void test_seal(struct test *t)
{
	LCT_CLEANUP(arena) struct lc_arena arena = LCT_ARENA_INIT;
	LCT_CLEANUP(fd) int fd = -1;
	struct lc_plan_writer w;
	struct lc_plan plan;
	struct lc_error err;
	const void *document;
	void *map;
	size_t size;

	if (build(&w, &arena, &document, &size) < 0)
		return;
	fd = lc_plan_seal(document, size, &err);
	if (!OK(fd > 2, "a plan is sealed"))
		return;
	OK(lc_sys_fcntl(fd, F_GETFD, 0) == FD_CLOEXEC, "close-on-exec");
	OK(lc_sys_write(fd, "x", 1) == -EPERM && ftruncate(fd, 0) < 0 && errno == EPERM &&
			ftruncate(fd, 1 << 20) < 0 && errno == EPERM,
		"it cannot be written, shrunk or grown");
	OK(lc_sys_fcntl(fd, F_ADD_SEALS, F_SEAL_FUTURE_WRITE) == -EPERM, "nor sealed otherwise");
	map = (void *) lc_sys_mmap(NULL, size, PROT_READ, MAP_PRIVATE, fd, 0);
	OK(lc_plan_open(map, size, &plan, &err) == 0 && memcmp(map, document, size) == 0,
		"what is mapped is what was written");
	(void) munmap(map, size);
}

static bool explains(const struct lc_plan *plan, uint32_t index, const char *expected)
{
	struct lc_explain_row row;
	bool same;

	lc_explain(plan, index, record_at(plan, index), &row);
	same = strcmp(row.operands, expected) == 0 && row.index == index;
	if (!same)
		printf("# %s\n", row.operands);
	return same;
}

static void test_explain(struct test *t)
{
	LCT_CLEANUP(arena) struct lc_arena arena = LCT_ARENA_INIT;
	struct lc_plan_writer w;
	struct lc_plan plan;
	struct lc_explain_row row;
	const void *document;
	size_t size;

	if (build(&w, &arena, &document, &size) < 0 ||
		lc_plan_open(document, size, &plan, NULL) < 0)
		return;
	OK(explains(&plan, 0, ""), "an operation without operands has none");
	OK(explains(&plan, 1, "slot=0 target=/data flags=1 base=0 skip=0"), "operands have their names");
	OK(explains(&plan, 2,
		   "type=tmpfs source=\"\" options=\"size=1 k\" attributes=0x1f slot=1 "
		   "mode_of=\"\" label=\"\""),
		"strings are quoted where they must be, flags are hexadecimal");
	OK(explains(&plan, 3, "resource=7 soft=1024 hard=18446744073709551615"), "64-bit numbers");
	OK(explains(&plan, 4, "flags=0x1 filter=<5 bytes>"), "bytes are counted, not shown");
	OK(explains(&plan, 5, "argv=[\"sh\", \"-c\", \"\", \"echo \\\"hi\\\"\\n\"] envp=[]"),
		"lists are shown item by item, escaped");
	lc_explain(&plan, 1, record_at(&plan, 1), &row);
	OK(strcmp(row.op, "attach") == 0 && strcmp(row.step, "mount") == 0 &&
			strcmp(row.meaning, "attach a detached mount") == 0,
		"name, step and meaning come from ops.def");
}

static void test_explain_cut(struct test *t)
{
	LCT_CLEANUP(arena) struct lc_arena arena = LCT_ARENA_INIT;
	struct lc_plan_writer w;
	struct lc_plan plan;
	struct lc_explain_row row;
	const void *document;
	size_t size;
	bool whole = true;
	char text[3000];

	for (size_t shift = 0; shift < 3; shift++) {
		size_t length;

		memset(text, 'x', shift);
		for (size_t i = shift; i + 3 < sizeof(text); i += 3)
			memcpy(text + i, "\xe2\x82\xac", 4);
		(void) lc_plan_writer_init(&w, &arena);
		LCT_PLAN(&w, hostname, .name = lc_plan_intern(&w, text));
		if (lc_plan_finish(&w, &document, &size, NULL) < 0 ||
			lc_plan_open(document, size, &plan, NULL) < 0)
			return;
		lc_explain(&plan, 0, record_at(&plan, 0), &row);
		length = strlen(row.operands);
		whole &= length > 1010 && length < sizeof(row.operands) &&
			 (length - 5 - shift) % 3 == 0 &&
			 strcmp(row.operands + length - 3, "\xe2\x80\xa6") == 0;
	}
	OK(whole, "long operands are cut between characters, with an ellipsis");
	(void) lc_plan_writer_init(&w, &arena);
	LCT_PLAN(&w, hostname, .name = lc_plan_intern(&w, "\33[2J\177\\"));
	if (lc_plan_finish(&w, &document, &size, NULL) == 0 &&
		lc_plan_open(document, size, &plan, NULL) == 0)
		OK(explains(&plan, 0, "name=\"\\x1b[2J\\x7f\\\\\""),
			"control bytes never reach a terminal");
}

static void test_plan_faults(struct test *t)
{
#ifdef LCT_FAULT
	bool reported = true;
	uint32_t nth;

	for (nth = 1; nth < 100; nth++) {
		struct lc_arena arena = LCT_ARENA_INIT;
		struct lc_plan_writer w;
		struct lc_error err = {0};
		const void *document;
		size_t size;
		int r;

		lc_fault_arm(nth, ENOMEM);
		r = build(&w, &arena, &document, &size);
		if (r == 0) {
			r = lc_plan_seal(document, size, &err);
			reported &= !lc_fault_fired() || err.errnum == ENOMEM;
		}
		reported &= lc_fault_fired() ? r == -ENOMEM : r > 2;
		if (r > 2)
			(void) lc_sys_close(r);
		lc_arena_done(&arena);
		if (!lc_fault_fired())
			break;
	}
	lc_fault_arm(0, 0);
	OK(nth > 4 && nth < 100 && reported, "every allocation and call of it may fail");
#else
	SKIP("every allocation and call of it may fail", "not a test build (LCT_FAULT)");
#endif
}

static void test_tables(struct test *t)
{
	size_t count;
	const struct lc_plan_operand *operands = lc_plan_operands(&count);
	bool sorted = count > 0, fits = true;

	for (size_t i = 0; i < count; i++) {
		if (i > 0)
			sorted &= operands[i - 1].op < operands[i].op ||
				  (operands[i - 1].op == operands[i].op &&
					  operands[i - 1].offset < operands[i].offset);
		fits &= operands[i].offset >= sizeof(struct lc_plan_record) &&
			operands[i].offset < lc_plan_record_size(operands[i].op) * 8;
	}
	OK(sorted, "the operand table is ordered by operation and place");
	OK(fits, "every operand is inside of its record");
	OK(lc_plan_record_size(LCT_OP_reset) == 1 &&
			lc_plan_record_size(LCT_OP_rlimit) * 8 == sizeof(struct lc_op_rlimit) &&
			lc_plan_record_size(LCT_OP_COUNT) == 0,
		"record sizes are those of the structs");
	OK(lc_plan_layout() == lc_plan_layout() && lc_plan_layout() != 0, "a layout has a number");
}

void test_plan(struct test *t)
{
	test_tables(t);
	test_round_trip(t);
	test_hostile(t);
	test_lengths(t);
	test_limits(t);
	test_seal(t);
	test_explain(t);
	test_explain_cut(t);
	test_plan_faults(t);
}
