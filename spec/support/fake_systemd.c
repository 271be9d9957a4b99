/* SPDX-License-Identifier: MIT */
/*
 * A systemd that a spec can have on any machine: it answers on a bus of its own what the driver asks,
 * as the spec wants it, and writes each call down, a start with the properties of the unit. Usage:
 *
 *	fake_systemd MODE ROOT SCRIPT LOG
 *
 * MODE: works; fails (the job of a start); gone (it exits at a start); stale (the unit is there, failed,
 * until it is reset); foreign (the unit is there and somebody else's). ROOT is its control group, SCRIPT
 * makes and removes what systemd would: "SCRIPT start UNIT PID", "SCRIPT stop UNIT".
 *
 * libsystemd is linked without its header, which the library's build does not need either.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct sd_bus;
struct sd_bus_message;
int sd_bus_open_system(struct sd_bus **);
int sd_bus_request_name(struct sd_bus *, const char *, uint64_t);
int sd_bus_process(struct sd_bus *, struct sd_bus_message **);
int sd_bus_wait(struct sd_bus *, uint64_t);
int sd_bus_flush(struct sd_bus *);
int sd_bus_emit_signal(struct sd_bus *, const char *, const char *, const char *, const char *, ...);
int sd_bus_reply_method_return(struct sd_bus_message *, const char *, ...);
int sd_bus_reply_method_errorf(struct sd_bus_message *, const char *, const char *, ...);
struct sd_bus_message *sd_bus_message_unref(struct sd_bus_message *);
const char *sd_bus_message_get_member(struct sd_bus_message *);
int sd_bus_message_read(struct sd_bus_message *, const char *, ...);
int sd_bus_message_skip(struct sd_bus_message *, const char *);
int sd_bus_message_enter_container(struct sd_bus_message *, char, const char *);
int sd_bus_message_exit_container(struct sd_bus_message *);
int sd_bus_message_peek_type(struct sd_bus_message *, char *, const char **);

#define SYSTEMD "org.freedesktop.systemd1"
#define PATH "/org/freedesktop/systemd1"

static struct {
	const char *mode, *root, *script;
	FILE *log;
	struct sd_bus *bus;
	char unit[300], description[600];
	int exists, is_failed, jobs;
} fake;

static int is(const char *mode)
{
	return strcmp(fake.mode, mode) == 0;
}

static void run(const char *verb, unsigned pid)
{
	char command[2048];

	snprintf(command, sizeof(command), "%s %s '%s' %u", fake.script, verb, fake.unit, pid);
	if (system(command) != 0)
		fprintf(fake.log, "failed: %s\n", command);
}

static void end_job(struct sd_bus_message *m, const char *result)
{
	char job[64];

	snprintf(job, sizeof(job), PATH "/job/%d", ++fake.jobs);
	sd_bus_reply_method_return(m, "o", job);
	/* one of somebody else's comes first */
	sd_bus_emit_signal(fake.bus, PATH, SYSTEMD ".Manager", "JobRemoved", "uoss", 7u, PATH "/job/7777",
		"other.service", "failed");
	sd_bus_emit_signal(fake.bus, PATH, SYSTEMD ".Manager", "JobRemoved", "uoss", (uint32_t) fake.jobs,
		job, fake.unit, result);
}

/* "  NAME = uas 7": the signature of a property's value, and the value where that is one thing */
static void write_down(struct sd_bus_message *m, const char *name)
{
	const char *signature = "", *text;
	uint64_t number;
	double real;
	char type;

	sd_bus_message_peek_type(m, &type, &signature);
	fprintf(fake.log, "  %s = %s", name, signature);
	sd_bus_message_enter_container(m, 'v', signature);
	if (strcmp(signature, "s") == 0 || strcmp(signature, "o") == 0) {
		sd_bus_message_read(m, signature, &text);
		fprintf(fake.log, " %s", text);
	} else if (strcmp(signature, "t") == 0) {
		sd_bus_message_read(m, signature, &number);
		fprintf(fake.log, " %llu", (unsigned long long) number);
	} else if (strcmp(signature, "d") == 0) {
		sd_bus_message_read(m, signature, &real);
		fprintf(fake.log, " %g", real);
	} else if (strcmp(signature, "as") == 0) {
		sd_bus_message_enter_container(m, 'a', "s");
		while (sd_bus_message_read(m, "s", &text) > 0)
			fprintf(fake.log, " %s", text);
		sd_bus_message_exit_container(m);
	} else {
		sd_bus_message_skip(m, signature);
	}
	sd_bus_message_exit_container(m);
	fputc('\n', fake.log);
}

static void start(struct sd_bus_message *m)
{
	const char *unit, *how, *name, *text;
	uint32_t pid = 0;

	sd_bus_message_read(m, "ss", &unit, &how);
	snprintf(fake.unit, sizeof(fake.unit), "%s", unit);
	if (is("gone"))
		exit(0);
	if (fake.exists) {
		sd_bus_reply_method_errorf(m, SYSTEMD ".UnitExists", "Unit %s already exists.", unit);
		return;
	}
	sd_bus_message_enter_container(m, 'a', "(sv)");
	while (sd_bus_message_enter_container(m, 'r', "sv") > 0) {
		sd_bus_message_read(m, "s", &name);
		if (strcmp(name, "Description") == 0) {
			sd_bus_message_read(m, "v", "s", &text);
			snprintf(fake.description, sizeof(fake.description), "%s", text);
		} else if (strcmp(name, "PIDs") == 0) {
			sd_bus_message_read(m, "v", "au", 1, &pid);
		} else {
			write_down(m, name);
		}
		sd_bus_message_exit_container(m);
	}
	if (is("fails")) {
		end_job(m, "failed");
		return;
	}
	fake.exists = 1;
	run("start", pid);
	end_job(m, "done");
}

static void get(struct sd_bus_message *m)
{
	const char *interface, *property;

	sd_bus_message_read(m, "ss", &interface, &property);
	fprintf(fake.log, "  %s\n", property);
	if (strcmp(property, "ControlGroup") == 0)
		sd_bus_reply_method_return(m, "v", "s", fake.root);
	else if (strcmp(property, "Description") == 0)
		sd_bus_reply_method_return(m, "v", "s", fake.description);
	else
		sd_bus_reply_method_errorf(m, "org.freedesktop.DBus.Error.UnknownProperty", "no");
}

static void answer(struct sd_bus_message *m)
{
	const char *member = sd_bus_message_get_member(m), *unit;

	if (member == NULL)
		return;
	fprintf(fake.log, "%s\n", member);
	fflush(fake.log);
	if (strcmp(member, "Get") == 0) {
		get(m);
	} else if (strcmp(member, "StartTransientUnit") == 0) {
		start(m);
	} else if (strcmp(member, "GetUnit") == 0) {
		sd_bus_message_read(m, "s", &unit);
		if (fake.exists)
			sd_bus_reply_method_return(m, "o", PATH "/unit/x");
		else
			sd_bus_reply_method_errorf(m, SYSTEMD ".NoSuchUnit", "Unit %s not loaded.", unit);
	} else if (strcmp(member, "StopUnit") == 0) {
		if (!fake.is_failed)
			run("stop", 0);
		fake.exists = fake.is_failed;
		end_job(m, "done");
	} else if (strcmp(member, "ResetFailedUnit") == 0) {
		fake.exists = fake.is_failed = 0;
		sd_bus_reply_method_return(m, "");
	} else if (strcmp(member, "Subscribe") == 0) {
		sd_bus_reply_method_return(m, "");
	}
}

int main(int argc, char **argv)
{
	struct sd_bus_message *m = NULL;

	if (argc != 5)
		return 2;
	fake.mode = argv[1];
	fake.root = argv[2];
	fake.script = argv[3];
	fake.log = fopen(argv[4], "w");
	fake.exists = fake.is_failed = is("stale");
	fake.exists |= is("foreign");
	snprintf(fake.description, sizeof(fake.description), "%s", getenv("FAKE_DESCRIPTION") ?: "stranger");
	if (fake.log == NULL || sd_bus_open_system(&fake.bus) < 0 ||
		sd_bus_request_name(fake.bus, SYSTEMD, 0) < 0)
		return 1;
	fprintf(fake.log, "ready\n");
	for (;;) {
		fflush(fake.log);
		if (sd_bus_process(fake.bus, &m) < 0)
			return 0; /* the bus has gone */
		if (m != NULL)
			answer(m);
		else
			sd_bus_wait(fake.bus, UINT64_MAX);
		m = sd_bus_message_unref(m);
	}
}
