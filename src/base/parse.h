/* SPDX-License-Identifier: MIT */
/*
 * Readers for the text formats of /proc and cgroupfs. They never allocate, take hostile input
 * (a process may be called ") (") and say -EINVAL / -ERANGE rather than guess.
 */
#ifndef LCT_BASE_PARSE_H
#define LCT_BASE_PARSE_H

#include <stdint.h>
#include <stdbool.h>
#include <stddef.h>

/* A whole decimal number, optional trailing newline, nothing else. "max" is UINT64_MAX. */
int lc_parse_u64(const char *text, uint64_t *out);

/* The value of `key` in lines of "key value" (cpu.stat, memory.events, memory.oom_control, the
 * colon form of /proc/PID/status too). -ENOENT when the key is absent. */
int lc_parse_key_u64(const char *text, const char *key, uint64_t *out);

/* State letter and start time (field 22, clock ticks since boot) of /proc/PID/stat, counted from
 * the last ')', as the command name may hold anything. proc_pid_stat(5) */
int lc_parse_stat(const char *text, char *out_state, uint64_t *out_start);

/* Undo the octal escapes of mountinfo (\040 \011 \012 \134) in place. proc_pid_mountinfo(5) */
void lc_parse_unescape(char *text);

/* One line of /proc/self/mountinfo, cut in place; optional fields are not kept. The escapes of
 * root, mount_point and source are undone, options are as they stand. */
struct lc_mountinfo {
	const char *root, *mount_point, *mount_options, *fs_type, *source, *super_options;
};
/* Cut the line at *cursor and step over it: 1 a line, 0 the end, -EINVAL a malformed line. */
int lc_parse_mountinfo(char **cursor, struct lc_mountinfo *out);

/* The next range of a list such as "0-3,7" at *cursor, which is moved behind it and its comma: 1 a
 * range, 0 the end, -EINVAL. */
int lc_parse_range(const char **cursor, uint64_t *out_first, uint64_t *out_last);

/* Is `word` one of the comma-separated words of `list`? */
bool lc_parse_list_has(const char *list, const char *word);

#endif
