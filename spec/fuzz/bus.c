/* SPDX-License-Identifier: MIT */
/*
 * What systemd answers. In the place of libsystemd is a library that answers whatever the input says: the
 * calls fail anywhere, texts are too long or are none, signals are of other jobs. What was taken from it is
 * given back, an error is one of ours, and nothing is used that did not come.
 *
 * Linked with --wrap for dlopen, dlsym and dlclose. Input: operations (1 byte each), each followed by what
 * the library answers to its calls: 1 byte, 200 and more for a failure, and texts that end in NUL.
 */
#include "cgroups/systemd.h"
#include "fuzz.h"

#include <errno.h>
#include <stdarg.h>

#define LIBRARY "libsystemd.so.0"
#define TEXTS_MAX 16
#define FAILS 200 /* answers from here on */

struct sd_bus {
	int is_open;
};
struct sd_bus_message {
	char *texts[TEXTS_MAX];
	size_t count;
};
struct sd_bus_error {
	const char *name, *message;
	int need_free;
};

static struct {
	struct fuzz_input in;
	struct sd_bus connection;
	int messages, errors; /* that are with the caller */
} library;

/* Behind the end of the input everything fails, so that whoever waits for something gets an end. */
static int answer(void)
{
	unsigned byte = (unsigned) fuzz_number(&library.in, 1);

	if (fuzz_left(&library.in) == 0)
		return -ECONNRESET;
	return byte < FAILS ? (int) byte % 3 : -(int) (byte - FAILS + 1);
}

static struct sd_bus_message *new_message(void)
{
	struct sd_bus_message *message = fuzz_room(sizeof(*message));

	memset(message, 0, sizeof(*message));
	library.messages++;
	return message;
}

/* NULL, now and then. Lives as long as the message. */
static const char *text_of(struct sd_bus_message *m)
{
	if (fuzz_number(&library.in, 1) == FAILS || m->count == TEXTS_MAX)
		return NULL;
	m->texts[m->count] = fuzz_text(&library.in, '\0');
	return m->texts[m->count++];
}

static int open_bus(struct sd_bus **out)
{
	int r = answer();

	if (r < 0)
		return r;
	library.connection.is_open++;
	*out = &library.connection;
	return r;
}

static struct sd_bus *close_bus(struct sd_bus *bus)
{
	MUST(bus == &library.connection && bus->is_open == 1);
	bus->is_open--;
	return NULL;
}

static int ask_bus(struct sd_bus *bus)
{
	MUST(bus->is_open == 1);
	return answer();
}

static int wait_bus(struct sd_bus *bus, uint64_t us)
{
	MUST(us > 0 && us < UINT64_C(60000000));
	return ask_bus(bus);
}

static int process(struct sd_bus *bus, struct sd_bus_message **out)
{
	int r = ask_bus(bus);

	if (r > 0 && out != NULL)
		*out = r == 1 ? new_message() : NULL;
	return r;
}

static int call(struct sd_bus *bus, struct sd_bus_message *m, uint64_t us, struct sd_bus_error *error,
	struct sd_bus_message **reply)
{
	int r = ask_bus(bus);

	MUST(m != NULL && us > 0 && error->name == NULL);
	if (r >= 0) {
		*reply = new_message();
	} else if (fuzz_number(&library.in, 1) % 2 == 1) {
		error->name = fuzz_text(&library.in, '\0');
		error->message = fuzz_text(&library.in, '\0');
		error->need_free = 1;
		library.errors++;
	}
	return r;
}

static void free_error(struct sd_bus_error *error)
{
	if (error->need_free) {
		free((char *) error->name);
		free((char *) error->message);
		library.errors--;
	}
	*error = (struct sd_bus_error){NULL, NULL, 0};
}

static int new_call(struct sd_bus *bus, struct sd_bus_message **out, const char *to, const char *path,
	const char *interface, const char *member)
{
	int r = ask_bus(bus);

	MUST(to != NULL && path != NULL && interface != NULL && member != NULL);
	if (r >= 0)
		*out = new_message();
	return r;
}

static struct sd_bus_message *unref(struct sd_bus_message *m)
{
	for (size_t i = 0; i < m->count; i++)
		free(m->texts[i]);
	free(m);
	library.messages--;
	return NULL;
}

static int append(struct sd_bus_message *m, const char *types, ...)
{
	MUST(m != NULL && *types != '\0');
	return answer();
}

static int append_array(struct sd_bus_message *m, char type, const void *bytes, size_t size)
{
	MUST(m != NULL && type == 'y' && (bytes != NULL || size == 0));
	return answer();
}

static int container(struct sd_bus_message *m, char type, const char *contents)
{
	MUST(m != NULL && type != '\0' && contents != NULL);
	return answer();
}

static int close_container(struct sd_bus_message *m)
{
	MUST(m != NULL);
	return answer();
}

/* 0 is the end of what is there, with nothing written. */
static int read_values(struct sd_bus_message *m, const char *types, ...)
{
	va_list places;
	int r = answer();

	MUST(m != NULL);
	if (r <= 0)
		return r;
	va_start(places, types);
	for (; *types != '\0'; types++) {
		if (*types == 's' || *types == 'o')
			*va_arg(places, const char **) = text_of(m);
		else if (*types == 't')
			*va_arg(places, uint64_t *) = fuzz_number(&library.in, 8);
		else
			*va_arg(places, uint32_t *) = (uint32_t) fuzz_number(&library.in, 4);
	}
	va_end(places);
	return r;
}

static int read_array(struct sd_bus_message *m, char type, const void **out, size_t *size)
{
	int r = answer();

	MUST(m != NULL && type == 'y');
	if (r > 0) {
		const char *text = text_of(m);

		*out = text;
		*size = text != NULL ? strlen(text) : 0;
	}
	return r;
}

static int is_signal(struct sd_bus_message *m, const char *interface, const char *member)
{
	MUST(m != NULL && interface != NULL && member != NULL);
	return answer();
}

static const struct {
	const char *name;
	void (*function)(void);
} functions[] = {
#define CALL(name, function) {name, (void (*)(void)) function}
	CALL("sd_bus_open_system", open_bus),
	CALL("sd_bus_open_user", open_bus),
	CALL("sd_bus_close_unref", close_bus),
	CALL("sd_bus_is_ready", ask_bus),
	CALL("sd_bus_process", process),
	CALL("sd_bus_wait", wait_bus),
	CALL("sd_bus_call", call),
	CALL("sd_bus_error_free", free_error),
	CALL("sd_bus_message_new_method_call", new_call),
	CALL("sd_bus_message_unref", unref),
	CALL("sd_bus_message_append", append),
	CALL("sd_bus_message_append_array", append_array),
	CALL("sd_bus_message_open_container", container),
	CALL("sd_bus_message_close_container", close_container),
	CALL("sd_bus_message_enter_container", container),
	CALL("sd_bus_message_read", read_values),
	CALL("sd_bus_message_read_array", read_array),
	CALL("sd_bus_message_is_signal", is_signal),
#undef CALL
};

/* The linker sends everybody here, the sanitizer's own start included, when nothing works yet. */
#ifdef __clang__
#define EARLY __attribute__((no_sanitize("address", "undefined", "coverage")))
#else
#define EARLY __attribute__((no_sanitize("address", "undefined")))
#endif

void *__real_dlopen(const char *file, int flags);
void *__real_dlsym(void *handle, const char *name);
int __real_dlclose(void *handle);
void *__wrap_dlopen(const char *file, int flags);
void *__wrap_dlsym(void *handle, const char *name);
int __wrap_dlclose(void *handle);

EARLY void *__wrap_dlopen(const char *file, int flags)
{
	return file != NULL && strcmp(file, LIBRARY) == 0 ? &library : __real_dlopen(file, flags);
}

EARLY void *__wrap_dlsym(void *handle, const char *name)
{
	if (handle != &library)
		return __real_dlsym(handle, name);
	for (size_t i = 0; i < sizeof(functions) / sizeof(functions[0]); i++)
		if (strcmp(functions[i].name, name) == 0)
			return (void *) functions[i].function;
	return NULL;
}

EARLY int __wrap_dlclose(void *handle)
{
	return handle == &library ? 0 : __real_dlclose(handle);
}

/* --- what the driver asks of it --- */

#define UNIT "box.scope"

static int ask_property(struct lc_bus *bus, bool is_array, struct lc_error *err)
{
	struct lc_unit_property property = {.name = "AllowedCPUs", .type = is_array ? 'y' : 't',
		.is_array = is_array};
	struct lc_arena arena = LCT_ARENA_INIT;
	int r = lc_bus_unit_get(bus, UNIT, &property, &arena, err);
	size_t sum = 0;

	for (size_t i = 0; r >= 0 && i < property.size; i++)
		sum += property.bytes[i];
	MUST(sum <= property.size * 255);
	lc_arena_done(&arena);
	return r;
}

static int operate(struct lc_bus *bus, unsigned what, struct lc_error *err)
{
	static const struct lc_unit_properties properties = {
		.items = {{.name = "MemoryMax", .type = 't', .number = 4096}}, .count = 1};
	char *text = fuzz_room(48);
	int r;

	memset(text, 'x', 48);
	switch (what % 8) {
	case 0:
		r = lc_bus_manager_text(bus, "ControlGroup", text, 48, err);
		MUST(r < 0 || memchr(text, '\0', 48) != NULL);
		break;
	case 1:
		r = lc_bus_unit_text(bus, UNIT, "Description", text, 48, err);
		MUST(r < 0 || memchr(text, '\0', 48) != NULL);
		break;
	case 2:
	case 3:
		r = ask_property(bus, what % 8 == 3, err);
		break;
	case 4:
		r = lc_bus_start(bus, UNIT, &properties, err);
		break;
	case 5:
		r = lc_bus_stop(bus, UNIT, err);
		break;
	case 6:
		r = lc_bus_set(bus, UNIT, &properties, err);
		break;
	default:
		r = lc_bus_await(bus, UNIT, err);
	}
	free(text);
	return r;
}

void fuzz_bus(const uint8_t *data, size_t size)
{
	struct lc_arena arena = LCT_ARENA_INIT;
	struct lc_error err = {.errnum = 0};
	struct lc_bus *bus;
	int r;

	library.in = fuzz_input(data, size);
	r = lc_bus_open(false, 30000, &arena, &bus, &err);
	MUST((r < 0) == (bus == NULL) && library.connection.is_open == (bus != NULL));
	while (bus != NULL && fuzz_left(&library.in) > 0) {
		err = (struct lc_error){.errnum = 0};
		r = operate(bus, (unsigned) fuzz_number(&library.in, 1), &err);
		MUST(r >= 0 || (err.errnum == -r && err.step == LCT_STEP_SYSTEMD));
		MUST(memchr(err.subject, '\0', sizeof(err.subject)) != NULL);
		MUST(library.messages == 0 && library.errors == 0);
	}
	lc_bus_close(bus);
	lc_bus_close(bus);
	MUST(library.connection.is_open == 0 && library.messages == 0);
	lc_arena_done(&arena);
}
