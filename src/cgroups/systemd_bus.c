/* SPDX-License-Identifier: MIT */
/*
 * Talking to systemd over D-Bus, with the sd-bus of libsystemd. The library is loaded when it is
 * needed: we build and run where it is absent, and nobody who uses no systemd has it in his process.
 *
 * A connection lives for one operation. Nothing is kept between two of them, so a bus that was
 * restarted is no matter, and a child that the host program forks has none of ours. Everything done
 * with it ends by its deadline: the library's own calls that wait without one are not used.
 */
#include "cgroups/systemd.h"
#include "sys/sys.h"

#include <dlfcn.h>
#include <stdio.h>
#include <string.h>

#define LIBRARY "libsystemd.so.0"
#define PACKAGE "libsystemd0"
#define SYSTEMD "org.freedesktop.systemd1"
#define MANAGER_PATH "/org/freedesktop/systemd1"
#define MANAGER SYSTEMD ".Manager"
#define DBUS "org.freedesktop.DBus"
#define DBUS_PATH "/org/freedesktop/DBus"
#define SPAWN DBUS ".Error.Spawn."
#define JOB_RULE                                                                                   \
	"type='signal',sender='" SYSTEMD "',path='" MANAGER_PATH "',interface='" MANAGER           \
	"',member='JobRemoved'"

/* --- the library; its header is not needed, these are its public types --- */

struct sd_bus;
struct sd_bus_message;
struct sd_bus_error {
	const char *name, *message;
	int need_free;
};

#define CALL(result, name, ...) result (*name)(__VA_ARGS__);
#define CALLS(CALL)                                                                                \
	CALL(int, sd_bus_open_system, struct sd_bus **)                                            \
	CALL(int, sd_bus_open_user, struct sd_bus **)                                              \
	CALL(struct sd_bus *, sd_bus_close_unref, struct sd_bus *)                                 \
	CALL(int, sd_bus_is_ready, struct sd_bus *)                                                \
	CALL(int, sd_bus_process, struct sd_bus *, struct sd_bus_message **)                       \
	CALL(int, sd_bus_wait, struct sd_bus *, uint64_t)                                          \
	CALL(int, sd_bus_call, struct sd_bus *, struct sd_bus_message *, uint64_t,                 \
		struct sd_bus_error *, struct sd_bus_message **)                                   \
	CALL(void, sd_bus_error_free, struct sd_bus_error *)                                       \
	CALL(int, sd_bus_message_new_method_call, struct sd_bus *, struct sd_bus_message **,       \
		const char *, const char *, const char *, const char *)                            \
	CALL(struct sd_bus_message *, sd_bus_message_unref, struct sd_bus_message *)               \
	CALL(int, sd_bus_message_append, struct sd_bus_message *, const char *, ...)               \
	CALL(int, sd_bus_message_append_array, struct sd_bus_message *, char, const void *,        \
		size_t)                                                                            \
	CALL(int, sd_bus_message_open_container, struct sd_bus_message *, char, const char *)      \
	CALL(int, sd_bus_message_close_container, struct sd_bus_message *)                         \
	CALL(int, sd_bus_message_enter_container, struct sd_bus_message *, char, const char *)     \
	CALL(int, sd_bus_message_read, struct sd_bus_message *, const char *, ...)                 \
	CALL(int, sd_bus_message_read_array, struct sd_bus_message *, char, const void **,         \
		size_t *)                                                                          \
	CALL(int, sd_bus_message_is_signal, struct sd_bus_message *, const char *, const char *)

struct lc_bus_calls {
	CALLS(CALL)
};
#undef CALL

static const char *const names[] = {
#define CALL(result, name, ...) #name,
	CALLS(CALL)
#undef CALL
};
#define NAMES_COUNT (sizeof(names) / sizeof(names[0]))

_Static_assert(sizeof(struct lc_bus_calls) == NAMES_COUNT * sizeof(void *), "one name a function");

static int load(struct lc_bus_calls *out, struct lc_error *err)
{
	/* It stays, once it is there: unloading what has thread-local data is asking for trouble. */
	void *library = dlopen(LIBRARY, RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
	void *functions[NAMES_COUNT];

	if (library == NULL)
		return lc_fail(err, LCT_STEP_SYSTEMD, ELIBACC, PACKAGE);
	for (size_t i = 0; i < NAMES_COUNT; i++) {
		functions[i] = dlsym(library, names[i]);
		if (functions[i] == NULL) {
			(void) dlclose(library);
			return lc_fail(err, LCT_STEP_SYSTEMD, ELIBBAD, PACKAGE);
		}
	}
	(void) dlclose(library);
	memcpy(out, functions, sizeof(*out));
	return 0;
}

struct lc_bus {
	struct lc_bus_calls lib;
	struct sd_bus *connection;
	int64_t deadline; /* of everything that is done with it */
	bool is_subscribed;
	char job[128]; /* the one that was begun last: its object path */
};

/* --- waiting --- */

static int64_t left_us(const struct lc_bus *bus)
{
	int64_t left = bus->deadline - lc_cgroup_now_ms();

	return left > 0 ? left * 1000 : 0;
}

/* Let the library work until something has come in, or the time is over: -ETIMEDOUT. */
static int wait_once(struct lc_bus *bus)
{
	int64_t left = left_us(bus);
	int r = left > 0 ? bus->lib.sd_bus_wait(bus->connection, (uint64_t) left) : -ETIMEDOUT;

	return r == -EINTR ? 0 : r;
}

/* The greeting; sd_bus_call would wait for it as long as it takes. */
static int await_ready(struct lc_bus *bus)
{
	int r = 0;

	while (r >= 0) {
		r = bus->lib.sd_bus_process(bus->connection, NULL);
		if (r == 0) {
			if (bus->lib.sd_bus_is_ready(bus->connection) > 0)
				return 0;
			r = wait_once(bus);
		}
	}
	return r;
}

int lc_bus_open(bool is_user, int timeout_ms, struct lc_arena *arena, struct lc_bus **out,
	struct lc_error *err)
{
	const char *which = is_user ? "the bus of the user" : "the bus of the system";
	struct lc_bus *bus = lc_arena_alloc(arena, sizeof(*bus));
	int r;

	*out = NULL;
	if (bus == NULL)
		return lc_fail(err, LCT_STEP_MEMORY, ENOMEM, "");
	r = load(&bus->lib, err);
	if (r < 0)
		return r;
	bus->deadline = lc_cgroup_now_ms() + timeout_ms;
	r = is_user ? bus->lib.sd_bus_open_user(&bus->connection)
		    : bus->lib.sd_bus_open_system(&bus->connection);
	if (r >= 0)
		r = await_ready(bus);
	if (r < 0) {
		lc_bus_close(bus);
		return lc_fail(err, LCT_STEP_SYSTEMD, r, which);
	}
	*out = bus;
	return 0;
}

void lc_bus_close(struct lc_bus *bus)
{
	if (bus == NULL)
		return;
	/* Not flushed first: that would wait without a deadline, and no call of ours is unanswered. */
	if (bus->connection != NULL)
		(void) bus->lib.sd_bus_close_unref(bus->connection);
	bus->connection = NULL;
}

/* --- calls --- */

/* The errors that we act upon; what the library makes of the others is good enough. */
static int errno_of(const struct sd_bus_error *error, int r)
{
	static const struct {
		const char *name;
		int errnum;
	} known[] = {
		{SYSTEMD ".NoSuchUnit", ENOENT},
		{SYSTEMD ".UnitExists", EEXIST},
		{DBUS ".Error.NoReply", ETIMEDOUT},
		{DBUS ".Error.Timeout", ETIMEDOUT},
		{DBUS ".Error.AccessDenied", EACCES},
		{DBUS ".Error.InteractiveAuthorizationRequired", EACCES},
		{DBUS ".Error.ServiceUnknown", EHOSTUNREACH},
	};

	if (error->name != NULL && strncmp(error->name, SPAWN, strlen(SPAWN)) == 0)
		return -EHOSTUNREACH; /* the bus would have started it, if it could */
	for (size_t i = 0; error->name != NULL && i < sizeof(known) / sizeof(known[0]); i++)
		if (strcmp(error->name, known[i].name) == 0)
			return -known[i].errnum;
	return r;
}

/* "StartTransientUnit x.scope: what systemd says about it" */
static int fail_call(int r, const char *member, const char *unit, const struct sd_bus_error *error,
	struct lc_error *err)
{
	char subject[LCT_SUBJECT_MAX];
	bool has_words = error != NULL && error->message != NULL;

	(void) snprintf(subject, sizeof(subject), "%s%s%.90s%s%.90s", member,
		*unit != '\0' ? " " : "", unit, has_words ? ": " : "",
		has_words ? error->message : "");
	return lc_fail(err, LCT_STEP_SYSTEMD, r, subject);
}

struct message {
	struct lc_bus *bus;
	struct sd_bus_message *call, *reply;
};

static void end_message(struct message *m)
{
	if (m->call != NULL)
		(void) m->bus->lib.sd_bus_message_unref(m->call);
	if (m->reply != NULL)
		(void) m->bus->lib.sd_bus_message_unref(m->reply);
}

#define MESSAGE(bus) __attribute__((cleanup(end_message))) struct message m = {bus, NULL, NULL}

static int new_call(struct message *m, const char *path, const char *interface, const char *member)
{
	return m->bus->lib.sd_bus_message_new_method_call(m->bus->connection, &m->call,
		strcmp(path, DBUS_PATH) == 0 ? DBUS : SYSTEMD, path, interface, member);
}

/* Send what was built (`r` is how that went) and wait for the answer. */
static int send_call(struct message *m, int r, const char *member, const char *unit,
	struct lc_error *err)
{
	struct sd_bus_error error = {NULL, NULL, 0};
	int64_t left = left_us(m->bus);

	if (r >= 0)
		r = left > 0 ? m->bus->lib.sd_bus_call(m->bus->connection, m->call, (uint64_t) left,
				       &error, &m->reply)
			     : -ETIMEDOUT;
	if (r < 0) {
		r = errno_of(&error, r);
		(void) fail_call(r, member, unit, &error, err);
		m->bus->lib.sd_bus_error_free(&error);
	}
	return r;
}

/* --- properties --- */

static int get(struct message *m, const char *path, const char *interface, const char *property,
	const char *type, const char *unit, struct lc_error *err)
{
	int r = new_call(m, path, DBUS ".Properties", "Get");

	if (r >= 0)
		r = m->bus->lib.sd_bus_message_append(m->call, "ss", interface, property);
	r = send_call(m, r, property, unit, err);
	if (r < 0)
		return r;
	r = m->bus->lib.sd_bus_message_enter_container(m->reply, 'v', type);
	return r < 0 ? fail_call(r, property, unit, NULL, err) : 0;
}

static int copy_text(struct message *m, const char *property, const char *unit, char *out,
	size_t size, struct lc_error *err)
{
	const char *text = NULL;
	int r = m->bus->lib.sd_bus_message_read(m->reply, "s", &text);

	if (r >= 0 && (text == NULL || strlen(text) >= size))
		r = -EMSGSIZE;
	if (r < 0)
		return fail_call(r, property, unit, NULL, err);
	memcpy(out, text, strlen(text) + 1);
	return 0;
}

int lc_bus_manager_text(struct lc_bus *bus, const char *property, char *out, size_t size,
	struct lc_error *err)
{
	MESSAGE(bus);
	int r = get(&m, MANAGER_PATH, MANAGER, property, "s", "", err);

	return r < 0 ? r : copy_text(&m, property, "", out, size, err);
}

/* The object of a unit, which must be loaded: -ENOENT. */
static int unit_path(struct lc_bus *bus, const char *unit, char *out, size_t size,
	struct lc_error *err)
{
	MESSAGE(bus);
	const char *path = NULL;
	int r = new_call(&m, MANAGER_PATH, MANAGER, "GetUnit");

	if (r >= 0)
		r = bus->lib.sd_bus_message_append(m.call, "s", unit);
	r = send_call(&m, r, "GetUnit", unit, err);
	if (r < 0)
		return r;
	r = bus->lib.sd_bus_message_read(m.reply, "o", &path);
	if (r >= 0 && (path == NULL || strlen(path) >= size))
		r = -EMSGSIZE;
	if (r < 0)
		return fail_call(r, "GetUnit", unit, NULL, err);
	memcpy(out, path, strlen(path) + 1);
	return 0;
}

int lc_bus_unit_text(struct lc_bus *bus, const char *unit, const char *property, char *out,
	size_t size, struct lc_error *err)
{
	MESSAGE(bus);
	char path[1024];
	int r = unit_path(bus, unit, path, sizeof(path), err);

	if (r >= 0)
		r = get(&m, path, SYSTEMD ".Unit", property, "s", unit, err);
	return r < 0 ? r : copy_text(&m, property, unit, out, size, err);
}

int lc_bus_unit_get(struct lc_bus *bus, const char *unit, struct lc_unit_property *property,
	struct lc_arena *arena, struct lc_error *err)
{
	MESSAGE(bus);
	char path[1024];
	const void *bytes = NULL;
	int r = unit_path(bus, unit, path, sizeof(path), err);

	if (r >= 0)
		r = get(&m, path, SYSTEMD ".Scope", property->name,
			property->is_array ? "ay" : "t", unit, err);
	if (r < 0)
		return r;
	if (!property->is_array) {
		r = bus->lib.sd_bus_message_read(m.reply, "t", &property->number);
	} else {
		r = bus->lib.sd_bus_message_read_array(m.reply, 'y', &bytes, &property->size);
		if (r >= 0) {
			property->bytes = (const uint8_t *) lc_arena_copy(
				arena, bytes != NULL ? bytes : "", property->size);
			r = property->bytes != NULL ? 0 : -ENOMEM;
		}
	}
	return r < 0 ? fail_call(r, property->name, unit, NULL, err) : 0;
}

static int append_texts(struct message *m, const struct lc_unit_property *p)
{
	const struct lc_bus_calls *lib = &m->bus->lib;
	const char type[] = {p->type, '\0'};
	int r = lib->sd_bus_message_open_container(m->call, 'a', type);

	for (size_t i = 0; i < p->count && r >= 0; i++)
		r = lib->sd_bus_message_append(m->call, type, p->texts[i]);
	return r < 0 ? r : lib->sd_bus_message_close_container(m->call);
}

static int append_value(struct message *m, const struct lc_unit_property *p)
{
	const struct lc_bus_calls *lib = &m->bus->lib;
	const char type[] = {p->type, '\0'};
	bool is_text = p->type == 's' || p->type == 'o';

	if (p->is_array)
		return is_text ? append_texts(m, p)
			       : lib->sd_bus_message_append_array(
					 m->call, p->type, p->bytes, p->size);
	if (is_text)
		return lib->sd_bus_message_append(m->call, type, p->text);
	if (p->type == 'd')
		return lib->sd_bus_message_append(m->call, type, p->real);
	if (p->type == 't' || p->type == 'x')
		return lib->sd_bus_message_append(m->call, type, p->number);
	return lib->sd_bus_message_append(m->call, type, (uint32_t) p->number);
}

/* One (sv). */
static int append_property(struct message *m, const struct lc_unit_property *p)
{
	const struct lc_bus_calls *lib = &m->bus->lib;
	const char signature[] = {p->is_array ? 'a' : p->type, p->is_array ? p->type : '\0', '\0'};
	int r = lib->sd_bus_message_open_container(m->call, 'r', "sv");

	if (r >= 0)
		r = lib->sd_bus_message_append(m->call, "s", p->name);
	if (r >= 0)
		r = lib->sd_bus_message_open_container(m->call, 'v', signature);
	if (r >= 0)
		r = append_value(m, p);
	if (r >= 0)
		r = lib->sd_bus_message_close_container(m->call);
	return r < 0 ? r : lib->sd_bus_message_close_container(m->call);
}

static int append_properties(struct message *m, const struct lc_unit_properties *properties)
{
	int r = m->bus->lib.sd_bus_message_open_container(m->call, 'a', "(sv)");

	for (size_t i = 0; i < properties->count && r >= 0; i++)
		r = append_property(m, &properties->items[i]);
	return r < 0 ? r : m->bus->lib.sd_bus_message_close_container(m->call);
}

int lc_bus_set(struct lc_bus *bus, const char *unit, const struct lc_unit_properties *properties,
	struct lc_error *err)
{
	MESSAGE(bus);
	int r = new_call(&m, MANAGER_PATH, MANAGER, "SetUnitProperties");

	if (r >= 0) /* for as long as the unit lives, which is not longer than until the next boot */
		r = bus->lib.sd_bus_message_append(m.call, "sb", unit, 1);
	if (r >= 0)
		r = append_properties(&m, properties);
	return send_call(&m, r, "SetUnitProperties", unit, err);
}

int lc_bus_reset_failed(struct lc_bus *bus, const char *unit, struct lc_error *err)
{
	MESSAGE(bus);
	int r = new_call(&m, MANAGER_PATH, MANAGER, "ResetFailedUnit");

	if (r >= 0)
		r = bus->lib.sd_bus_message_append(m.call, "s", unit);
	return send_call(&m, r, "ResetFailedUnit", unit, err);
}

/* --- jobs --- */

/* Before the job: its end is told once. */
static int subscribe(struct lc_bus *bus, const char *unit, struct lc_error *err)
{
	MESSAGE(bus);
	int r;

	if (bus->is_subscribed)
		return 0;
	r = new_call(&m, DBUS_PATH, DBUS, "AddMatch");
	if (r >= 0)
		r = bus->lib.sd_bus_message_append(m.call, "s", JOB_RULE);
	r = send_call(&m, r, "AddMatch", unit, err);
	if (r < 0)
		return r;
	end_message(&m);
	m.call = m.reply = NULL;
	r = send_call(&m, new_call(&m, MANAGER_PATH, MANAGER, "Subscribe"), "Subscribe", unit, err);
	bus->is_subscribed = r >= 0;
	return r;
}

/* Send what begins a job and remember which. */
static int begin_job(struct message *m, int r, const char *member, const char *unit,
	struct lc_error *err)
{
	const char *job = NULL;

	r = send_call(m, r, member, unit, err);
	if (r < 0)
		return r;
	r = m->bus->lib.sd_bus_message_read(m->reply, "o", &job);
	if (r >= 0 && (job == NULL || strlen(job) >= sizeof(m->bus->job)))
		r = -EMSGSIZE;
	if (r < 0)
		return fail_call(r, member, unit, NULL, err);
	memcpy(m->bus->job, job, strlen(job) + 1);
	return 0;
}

int lc_bus_start(struct lc_bus *bus, const char *unit, const struct lc_unit_properties *properties,
	struct lc_error *err)
{
	MESSAGE(bus);
	int r = subscribe(bus, unit, err);

	if (r < 0)
		return r;
	r = new_call(&m, MANAGER_PATH, MANAGER, "StartTransientUnit");
	if (r >= 0)
		r = bus->lib.sd_bus_message_append(m.call, "ss", unit, "fail");
	if (r >= 0)
		r = append_properties(&m, properties);
	if (r >= 0)
		r = bus->lib.sd_bus_message_append(m.call, "a(sa(sv))", 0);
	return begin_job(&m, r, "StartTransientUnit", unit, err);
}

int lc_bus_stop(struct lc_bus *bus, const char *unit, struct lc_error *err)
{
	MESSAGE(bus);
	int r = subscribe(bus, unit, err);

	if (r < 0)
		return r;
	r = new_call(&m, MANAGER_PATH, MANAGER, "StopUnit");
	if (r >= 0)
		r = bus->lib.sd_bus_message_append(m.call, "ss", unit, "replace");
	return begin_job(&m, r, "StopUnit", unit, err);
}

/* Is this the end of our job? Then 1, and how it ended, in the message's own memory. */
static int read_removed(struct lc_bus *bus, struct sd_bus_message *message, const char **out_result)
{
	const char *job = NULL, *unit = NULL;
	uint32_t id;
	int r = bus->lib.sd_bus_message_is_signal(message, MANAGER, "JobRemoved");

	if (r > 0)
		r = bus->lib.sd_bus_message_read(message, "uoss", &id, &job, &unit, out_result);
	return r <= 0 ? r : job != NULL && *out_result != NULL && strcmp(job, bus->job) == 0;
}

int lc_bus_await(struct lc_bus *bus, const char *unit, struct lc_error *err)
{
	char subject[LCT_SUBJECT_MAX];
	const char *result = NULL;
	int r = 0;

	while (r >= 0) {
		MESSAGE(bus);

		r = bus->lib.sd_bus_process(bus->connection, &m.reply);
		if (r == 0)
			r = wait_once(bus);
		if (r <= 0 || m.reply == NULL)
			continue;
		r = read_removed(bus, m.reply, &result);
		if (r <= 0)
			continue;
		if (strcmp(result, "done") == 0)
			return 0;
		(void) snprintf(subject, sizeof(subject), "the job of %.150s: %.40s", unit, result);
		return lc_fail(err, LCT_STEP_SYSTEMD, ECANCELED, subject);
	}
	(void) snprintf(subject, sizeof(subject), "the job of %.150s", unit);
	return lc_fail(err, LCT_STEP_SYSTEMD, r, subject);
}
