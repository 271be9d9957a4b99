/* SPDX-License-Identifier: MIT */
/* src/configs: the schema, the words of a configuration, and what is refused. Pure. */
#include "test.h"
#include "usual.h"

#include "configs/compile.h"
#include "configs/names.h"
#include "configs/path.h"
#include "configs/validate.h"
#include <linux/capability.h>
#include <linux/mount.h>
#include <linux/sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>

/* --- schema --- */

static void test_schema(struct test *t)
{
	size_t count, fields = 0;
	const struct lc_section *sections = lc_schema(&count);
	const struct lc_section *mount = lc_schema_section("mount");
	bool are_named = true, are_inside = true, are_sections = true;

	for (size_t i = 0; i < count; i++)
		for (size_t k = 0; k < sections[i].count; k++) {
			const struct lc_field *field = &sections[i].fields[k];

			fields++;
			are_named = are_named &&
				strcmp(lc_text(field->section), sections[i].name) == 0 &&
				lc_field_kind_name(field->kind) != NULL;
			are_inside = are_inside && field->offset < sections[i].size;
			if (field->kind == LCT_FIELD_OBJECT || field->kind == LCT_FIELD_OBJECTS)
				are_sections = are_sections &&
					       lc_schema_section(lc_text(field->detail)) != NULL;
		}
	OK(count > 10 && fields > 80, "the schema has its sections and fields");
	OK(are_named, "every field knows its section and its kind");
	OK(are_inside, "every field lies inside its struct");
	OK(are_sections, "every section that a field refers to exists");
	OK(mount != NULL && mount->size == sizeof(struct lc_config_mount) &&
			mount->fields[1].offset == offsetof(struct lc_config_mount, source),
		"a section is found by name, with the offsets of its struct");
	OK(lc_schema_section("nothing") == NULL, "an unknown section is none");
	OK(strcmp(lc_field_kind_name(LCT_FIELD_OBJECTS), "objects") == 0, "a kind has its name");
}

/* --- words --- */

static void test_names(struct test *t)
{
	OK(lc_namespace_flag("mount") == CLONE_NEWNS &&
		lc_namespace_flag("time") == CLONE_NEWTIME &&
			lc_namespace_flag("net") == 0,
		"namespaces have their flags");
	OK(lc_rlimit_number("NOFILE") == RLIMIT_NOFILE &&
		lc_rlimit_number("rlimit_as") == RLIMIT_AS &&
			lc_rlimit_number("RTTIME") == RLIMIT_RTTIME,
		"[O12] limits are found with and without RLIMIT_, in any case");
	OK(lc_rlimit_number("FILES") == -1 && lc_rlimit_number("") == -1 &&
			lc_rlimit_number("RLIMIT_") == -1,
		"unknown limits are none");
	OK(lc_signal_number("TERM") == SIGTERM && lc_signal_number("sigterm") == SIGTERM &&
			lc_signal_number("SIGIOT") == SIGABRT && lc_signal_number("15") == 15 &&
			lc_signal_number("64") == 64,
		"signals are found by name and number");
	OK(lc_signal_number("RTMIN") == 34 && lc_signal_number("SIGRTMIN+3") == 37 &&
			lc_signal_number("rtmax-1") == 63 && lc_signal_number("RTMAX") == 64,
		"real-time signals count from the C library's first");
	OK(lc_signal_number("") == -1 && lc_signal_number("SIG") == -1 &&
			lc_signal_number("0") == -1 && lc_signal_number("65") == -1 &&
			lc_signal_number("-9") == -1 && lc_signal_number("9 ") == -1 &&
			lc_signal_number("RTMIN-1") == -1 && lc_signal_number("RTMIN+31") == -1 &&
			lc_signal_number("RTMAX+1") == -1 && lc_signal_number("RTMIN+") == -1 &&
			lc_signal_number("99999999999") == -1,
		"what is no signal is none");
	OK(strcmp(lc_signal_name(SIGABRT), "ABRT") == 0 && lc_signal_name(40) == NULL &&
			lc_signal_name(0) == NULL,
		"a signal has one name, or none");
	OK(lc_capability_number("CHOWN") == CAP_CHOWN &&
			lc_capability_number("cap_net_raw") == CAP_NET_RAW &&
			lc_capability_number("Cap_Kill") == CAP_KILL,
		"[O10] capabilities are found with and without CAP_, in any case");
	OK(lc_capability_number("CAP_0") == -1 && lc_capability_number("5") == -1 &&
			lc_capability_number("") == -1 && lc_capability_number("CAP_") == -1 &&
			lc_capability_number("CHOWN ") == -1 && lc_capability_number("all") == -1,
		"numbers and unknown words are no capabilities");
}

static void test_options(struct test *t)
{
	static const char *const words[] = {"async", "atime", "bind", "defaults", "dev", "diratime",
		"dirsync", "exec", "iversion", "lazytime", "loud", "mand", "noatime", "nodev",
		"nodiratime", "noexec", "noiversion", "nolazytime", "nomand", "norelatime",
		"nostrictatime", "nosuid", "nosymfollow", "rbind", "relatime", "ro", "rw", "silent",
		"strictatime", "suid", "symfollow", "sync", "private", "rprivate", "slave",
		"rslave",
		"shared", "rshared", "unbindable", "runbindable", "rro", "rrw", "rnosuid", "rsuid",
		"rnodev", "rdev", "rnoexec", "rexec", "rnodiratime", "rdiratime", "rrelatime",
		"rnorelatime", "rnoatime", "ratime", "rstrictatime", "rnostrictatime",
		"rnosymfollow",
		"rsymfollow"};
	bool are_known = true;

	for (size_t i = 0; i < COUNT(words); i++)
		are_known = are_known && lc_mount_option(words[i]) != NULL;
	OK(are_known, "[O33] [O34] [O35] every option of the list is known");
	OK(lc_mount_option("rro")->set == MOUNT_ATTR_RDONLY &&
		lc_mount_option("rro")->is_recursive &&
			!lc_mount_option("ro")->is_recursive &&
			lc_mount_option("rw")->clear == MOUNT_ATTR_RDONLY,
		"an option sets or clears, recursively or not");
	OK(lc_mount_option("noatime")->clear == MOUNT_ATTR__ATIME, "access time is one field");
	OK(lc_mount_option("acl") == NULL && lc_mount_option("size=1m") == NULL &&
			lc_mount_option("remount") == NULL && lc_mount_option("RO") == NULL,
		"anything else is data");
}

static void test_paths(struct test *t)
{
	char out[16];

	OK(lc_path_clean("/a//b/./c/", out, sizeof(out)) && strcmp(out, "/a/b/c") == 0,
		"a path is cleaned");
	OK(lc_path_clean("/../proc/../proc/x/..", out, sizeof(out)) && strcmp(out, "/proc") == 0,
		"[A18] .. goes up, and not above the root");
	OK(lc_path_clean("/..", out, sizeof(out)) && strcmp(out, "/") == 0,
		"the root is above itself");
	OK(!lc_path_clean("a/b", out, sizeof(out)) && !lc_path_clean("", out, sizeof(out)),
		"a relative path is none");
	OK(lc_path_clean("/34567890123456", out, 16) && !lc_path_clean("/345678901234567", out, 16),
		"a path fits with its end or not at all");
	OK(lc_path_is_below("/proc/x", "/proc") && lc_path_is_below("/proc", "/proc") &&
			!lc_path_is_below("/process", "/proc") && lc_path_is_below("/a", "/"),
		"below is a matter of components");
}

/* --- refusals --- */

static bool refuses(const struct lc_config_config *config, int errnum, const char *subject)
{
	struct lc_error err = {0};
	int r = lc_config_validate(config, &err);
	bool is_right = r == -errnum && err.errnum == errnum && err.step == LCT_STEP_CONFIG &&
			strncmp(err.subject, subject, strlen(subject)) == 0;

	if (!is_right)
		printf("# got %d, \"%s\"\n", r, err.subject);
	return is_right;
}

/* Set one field of the usual configuration and have it refused. */
#define REFUSES(subject, errnum, ...)                                                              \
	do {                                                                                       \
		struct lc_config_config config = usual_config();                                   \
		config.__VA_ARGS__;                                                                \
		OK(refuses(&config, errnum, subject), "refused: " #__VA_ARGS__);                   \
	} while (false)
#define MAPPED(inside, outside, count)                                                             \
	{                                                                                          \
		.container_id = SET(inside), .host_id = SET(outside), .size = SET(count)           \
	}
#define REFUSES_IDS(subject, ...)                                                                  \
	do {                                                                                       \
		struct lc_config_config config = usual_config();                                   \
		config.namespaces = (struct lc_strings) STRINGS("mount", "uts", "user");           \
		config.uid_mappings = (struct lc_objects) OBJECTS(id_mapping, __VA_ARGS__);        \
		OK(refuses(&config, EINVAL, subject), "[O67] refused: ids " #__VA_ARGS__);         \
	} while (false)
#define REFUSES_MOUNT(subject, errnum, ...)                                                        \
	do {                                                                                       \
		struct lc_config_config config = usual_config();                                   \
		struct lc_config_mount mounts[] = {{.destination = "/a", .type = "tmpfs"},         \
			{__VA_ARGS__}};                                                            \
		config.mounts = (struct lc_objects){mounts, 2};                                    \
		OK(refuses(&config, errnum, subject), "refused: mount " #__VA_ARGS__);             \
	} while (false)
/* One veth, with something in place of what it has. */
#define REFUSES_VETH(subject, ...)                                                                 \
	do {                                                                                       \
		struct lc_config_config config = usual_config();                                   \
		struct lc_config_network veth = {.type = "veth", .bridge = "br0", .name = "eth0",  \
			.address = "10.1.0.2/24", .ipv6_address = "fd00::2/64"};                   \
		veth.__VA_ARGS__;                                                                  \
		config.networks = (struct lc_objects){&veth, 1};                                   \
		OK(refuses(&config, EINVAL, subject), "refused: veth " #__VA_ARGS__);              \
	} while (false)
#define REFUSES_SYSCTL(key, value)                                                                 \
	do {                                                                                       \
		struct lc_config_config config = usual_config();                                   \
		struct lc_pair pair = {key, value};                                                \
		config.sysctl = (struct lc_pairs){&pair, 1};                                       \
		OK(refuses(&config, EINVAL, "sysctl[\""),                                          \
			"[A52] [O78] refused: " #key "=" #value);                                  \
	} while (false)

static void test_refused_fields(struct test *t)
{
	static char long_name[66];
	struct lc_config_config good = usual_config();
	struct lc_error err;

	memset(long_name, 'x', 65);
	OK(lc_config_validate(&good, &err) == 0, "the usual configuration is accepted");
	good.namespaces = (struct lc_strings) STRINGS("mount", "network", "uts");
	OK(lc_config_validate(&good, &err) == 0, "and with fewer namespaces");
	REFUSES("rootfs: missing", EINVAL, rootfs = NULL);
	REFUSES("rootfs", EINVAL, rootfs = "");
	REFUSES("rootfs: must be absolute", EINVAL, rootfs = "srv/root");
	REFUSES("rootfs", EINVAL, rootfs = "/srv/root/");
	REFUSES("rootfs", EINVAL, rootfs = "/srv//root");
	REFUSES("rootfs", EINVAL, rootfs = "/srv/./root");
	REFUSES("rootfs", EINVAL, rootfs = "/srv/../root");
	REFUSES("hostname: too long", EINVAL, hostname = long_name);
	REFUSES("hostname: empty", EINVAL, hostname = "");
	REFUSES("rootfs_propagation: host", EINVAL, rootfs_propagation = "host");
	REFUSES("parent_death_signal", EINVAL, parent_death_signal = (struct lc_integer) SET(65));
	REFUSES("mask_paths[2]", EINVAL, mask_paths = (struct lc_strings) STRINGS("/a", "b"));
	REFUSES("readonly_paths[1]", EINVAL, readonly_paths = (struct lc_strings) STRINGS("/."));
	REFUSES("namespaces[2]: net", EINVAL, namespaces = (struct lc_strings) STRINGS("mount",
		"net"));
	REFUSES("uid_mappings: the user namespace needs them", EINVAL,
		namespaces = (struct lc_strings) STRINGS("mount", "uts", "user"));
	REFUSES("gid_mappings: needs the user namespace", EINVAL,
		gid_mappings = (struct lc_objects) OBJECTS(id_mapping, MAPPED(0, 1, 1)));
	REFUSES("time_offsets: needs the time namespace", EINVAL,
		time_offsets = &(struct lc_config_time_offsets){.boottime = NULL});
	REFUSES("namespaces[2]: listed twice", EINVAL,
		namespaces = (struct lc_strings) STRINGS("mount", "mount"));
	REFUSES("namespaces: ", EINVAL, namespaces = (struct lc_strings) STRINGS("pid", "uts"));
	REFUSES("hostname: needs", EINVAL, namespaces = (struct lc_strings) STRINGS("mount",
		"network"));
	REFUSES("additional_groups[2]", EINVAL,
		additional_groups = (struct lc_strings) STRINGS("wheel", "4294967295"));
	REFUSES("networks[1].type", EINVAL,
		networks = (struct lc_objects) OBJECTS(network, {.type = "vxlan"}));
	REFUSES("networks[1].bridge: missing", EINVAL,
		networks = (struct lc_objects) OBJECTS(network, {.type = "veth"}));
	REFUSES("networks[1].address: missing", EINVAL,
		networks = (struct lc_objects) OBJECTS(network, {.type = "veth", .bridge = "br0"}));
	REFUSES("networks[1].name", EINVAL,
		networks = (struct lc_objects) OBJECTS(network, {.type = "veth", .bridge = "br0",
			.address = "10.1.0.2/24", .name = "a/b"}));
	REFUSES("networks[1].gateway: is not in", EINVAL,
		networks = (struct lc_objects) OBJECTS(network, {.type = "veth", .bridge = "br0",
			.address = "10.1.0.2/24", .name = "eth0", .gateway = "10.2.0.1"}));
	REFUSES("networks[1].mtu", EINVAL,
		networks = (struct lc_objects) OBJECTS(network, {.type = "veth", .bridge = "br0",
			.ipv6_address = "fd00::2/64", .name = "eth0", .mtu = SET(1000)}));
	REFUSES("networks[2].name: twice", EINVAL,
		networks = (struct lc_objects) OBJECTS(network,
			{.type = "device", .host_interface_name = "dev0"},
			{.type = "device", .host_interface_name = "dev1", .name = "dev0"}));
	REFUSES("networks[1]: needs namespaces without", EINVAL,
		networks = (struct lc_objects) OBJECTS(network, {.type = "host"}));
	REFUSES("networks[1]: is no network beside", EINVAL,
		networks = (struct lc_objects) OBJECTS(network, {.type = "none"}, {.type = "loopback"}));
	REFUSES("routes[1]: leads nowhere", EINVAL,
		routes = (struct lc_objects) OBJECTS(route, {.destination = "10.2.0.0/16"}));
	REFUSES("routes[1].destination", EINVAL,
		routes = (struct lc_objects) OBJECTS(route, {.destination = "10.2.0.1/16",
			.interface_name = "lo"}));
	REFUSES("networks[1]: needs", EINVAL,
		networks = (struct lc_objects) OBJECTS(network, {.type = "loopback"});
		config.namespaces = (struct lc_strings) STRINGS("mount", "uts"));
	REFUSES("devices[1].type", EINVAL,
		devices = (struct lc_objects) OBJECTS(device, {.path = "/dev/x", .type = "x"}));
	REFUSES("devices[1].path", EINVAL,
		devices = (struct lc_objects) OBJECTS(device, {.path = "/proc/x", .type = "c"}));
	REFUSES("devices[1].uid: out of range", EINVAL,
		devices = (struct lc_objects) OBJECTS(
			device, {.path = "/dev/x", .type = "c", .uid = SET(4294967295)}));
	REFUSES("devices[1].path: mount", EINVAL, rootfs = "/"; config.mounts.count = 1;
		config.devices = (struct lc_objects) OBJECTS(
			device, {.path = "/dev/x", .type = "c"}));
}

static void test_refused_mounts(struct test *t)
{
	REFUSES_MOUNT("mounts[2].destination: missing", EINVAL, .type = "tmpfs");
	REFUSES_MOUNT("mounts[2].destination", EINVAL, .destination = "a", .type = "tmpfs");
	REFUSES_MOUNT("mounts[2].destination", EINVAL, .destination = "/a/..", .type = "tmpfs");
	REFUSES_MOUNT("mounts[2].destination", EINVAL, .destination = "/proc", .type = "tmpfs");
	REFUSES_MOUNT("mounts[2].destination", EINVAL, .destination = "/proc/self",
		.type = "tmpfs");
	REFUSES_MOUNT(
		"mounts[2].destination", EINVAL, .destination = "/proc/1/attr", .type = "tmpfs");
	REFUSES_MOUNT("mounts[2].destination", EINVAL, .destination = "/proc/sys", .type = "proc");
	REFUSES_MOUNT("mounts[2].destination", EINVAL, .destination = "/proc/../proc/self",
		.type = "bind", .source = "/etc");
	REFUSES_MOUNT("mounts[2].destination", EINVAL, .destination = "//proc/./", .type = "sysfs",
		.source = "sysfs");
	REFUSES_MOUNT("mounts[2].destination", EINVAL, .destination = "/sys", .type = "cgroup");
	REFUSES_MOUNT("mounts[2].type", EINVAL, .destination = "/b");
	REFUSES_MOUNT("mounts[2].type", EINVAL, .destination = "/b", .type = "");
	REFUSES_MOUNT("mounts[2].source", EINVAL, .destination = "/b", .type = "bind",
		.source = "etc");
	REFUSES_MOUNT("mounts[2].source", EINVAL, .destination = "/b", .options = STRINGS("rbind"));
	REFUSES_MOUNT("mounts[2].options[2]", EINVAL, .destination = "/b", .source = "/c",
		.options = STRINGS("bind", "size=1m"));
	REFUSES_MOUNT("mounts[2].options[2]", EINVAL, .destination = "/b", .source = "/c",
		.options = STRINGS("bind", "sync"));
	REFUSES_MOUNT("mounts[2].options[1]", EINVAL, .destination = "/b", .type = "tmpfs",
		.options = STRINGS("remount"));
	REFUSES_MOUNT("mounts[2].options[1]", EINVAL, .destination = "/b", .type = "tmpfs",
		.options = STRINGS("size=1m,uid=0"));
	REFUSES_MOUNT("mounts[2].options[1]", EINVAL, .destination = "/b", .type = "tmpfs",
		.options = STRINGS(""));
	REFUSES_MOUNT("mounts[2].uid_mappings: missing, and there is no user namespace", EINVAL,
		.destination = "/b", .source = "/c", .options = STRINGS("idmap", "bind"));
	REFUSES_MOUNT("mounts[2].options[1]", EINVAL, .destination = "/b", .type = "cgroup",
		.options = STRINGS("release_agent=/x"));
	{
		struct lc_config_config config = usual_config();
		struct lc_config_mount mounts[] = {
			{.destination = "/proc", .type = "proc"},
			{.destination = "/proc/meminfo", .type = "bind", .source = "/srv/meminfo"},
			{.destination = "/proc/sys/kernel/ns_last_pid", .options = STRINGS("bind"),
				.source = "/srv/pid"},
			{.destination = "/sys", .options = STRINGS("rbind", "async", "rslave"),
				.source = "/sys"}};
		struct lc_error err;

		config.mounts = (struct lc_objects){mounts, COUNT(mounts)};
		OK(lc_config_validate(&config, &err) == 0,
			"[O40] the short list of /proc is accepted");
	}
}

static void test_refused_networks(struct test *t)
{
	struct lc_config_config good = usual_config();
	struct lc_config_network linked = {.type = "veth", .bridge = "br0", .name = "eth0",
		.ipv6_address = "fd00::2/64", .ipv6_gateway = "fe80::1"};
	struct lc_error err;

	good.networks = (struct lc_objects){&linked, 1};
	OK(lc_config_validate(&good, &err) == 0, "a gateway of the link passes");
	linked.ipv6_address = "fd00::/127";
	linked.ipv6_gateway = "fe90::1";
	linked.address = "10.1.0.0/31";
	linked.gateway = "10.1.0.1";
	OK(lc_config_validate(&good, &err) == 0, "so do the first address of two, and all of fe80::/10");
	REFUSES_VETH("networks[1].address", address = "fd00::2/64");
	REFUSES_VETH("networks[1].address", address = "10.1.0.2");
	REFUSES_VETH("networks[1].address", address = "127.0.0.1/8");
	REFUSES_VETH("networks[1].address: is the network itself", address = "10.1.0.0/24");
	REFUSES_VETH("networks[1].ipv6_address: is the network itself", ipv6_address = "fd00::/64");
	REFUSES_VETH("networks[1].gateway: is the container's own", gateway = "10.1.0.2");
	REFUSES_VETH("networks[1].ipv6_gateway: is the container's own", ipv6_gateway = "fd00:0::2");
	REFUSES_VETH("networks[1].ipv6_gateway: is not in the network", ipv6_gateway = "fec0::1");
	REFUSES_VETH("networks[1].ipv6_address", ipv6_address = "10.1.0.2/24");
	REFUSES_VETH("networks[1].ipv6_address", ipv6_address = "ff02::1/64");
	REFUSES_VETH("networks[1].gateway: needs an address", address = NULL, veth.gateway = "10.1.0.1");
	REFUSES_VETH("networks[1].gateway: is no address", gateway = "10.1.0.1/24");
	REFUSES_VETH("networks[1].ipv6_gateway: is no IPv6 address", ipv6_gateway = "10.1.0.1");
	REFUSES_VETH("networks[1].name: missing", name = NULL);
	REFUSES_VETH("networks[1].name", name = "lo");
	REFUSES_VETH("networks[1].bridge", bridge = "a/b");
	REFUSES_VETH("networks[1].mac_address", mac_address = "01:00:5e:00:00:01");
	REFUSES_VETH("networks[1].host_interface_name", host_interface_name = "lo");
	REFUSES("networks[1].host_interface_name: missing", EINVAL,
		networks = (struct lc_objects) OBJECTS(network, {.type = "device", .name = "a"}));
	REFUSES("networks[1]: bridge and hairpin_mode", EINVAL,
		networks = (struct lc_objects) OBJECTS(network,
			{.type = "device", .host_interface_name = "a", .bridge = "br0"}));
	REFUSES("networks[2].host_interface_name: twice", EINVAL,
		networks = (struct lc_objects) OBJECTS(network,
			{.type = "device", .host_interface_name = "dev0", .name = "a"},
			{.type = "device", .host_interface_name = "dev0", .name = "b"}));
	REFUSES("routes[1].source", EINVAL,
		routes = (struct lc_objects) OBJECTS(route, {.source = "10.1.0.2/24", .interface_name = "lo"}));
	REFUSES("routes[1].gateway", EINVAL,
		routes = (struct lc_objects) OBJECTS(route, {.gateway = "router"}));
	REFUSES("routes[1].interface_name", EINVAL,
		routes = (struct lc_objects) OBJECTS(route, {.interface_name = "a/b"}));
}

static void test_refused_layers(struct test *t)
{
	struct lc_config_config good = usual_config();
	struct lc_error err;

	good.overlay = &(struct lc_config_overlay){.layer = "/srv", .lower = STRINGS("/srv/lower")};
	OK(lc_config_validate(&good, &err) == 0, "layers beside each other pass");
	REFUSES("overlay.layer: in a layer", EINVAL,
		overlay = &(struct lc_config_overlay){.layer = "/srv/root/x"});
	REFUSES("overlay.layer: in a layer", EINVAL, rootfs = "/srv/work/root",
		config.overlay = &(struct lc_config_overlay){.layer = "/srv"});
	REFUSES("overlay.layer: in a layer", EINVAL,
		overlay = &(struct lc_config_overlay){.layer = "/l", .lower = STRINGS("/l/./upper/low")});
	REFUSES("overlay.lower[1]: in another layer", EINVAL,
		overlay = &(struct lc_config_overlay){.lower = STRINGS("/a/b", "/a")});
	REFUSES("overlay.lower[1]: in another layer", EINVAL,
		overlay = &(struct lc_config_overlay){.lower = STRINGS("/srv")});
	REFUSES_MOUNT("mounts[2].options: upperdir= is in another layer", EINVAL, .destination = "/b",
		.type = "overlay", .options = STRINGS("lowerdir=/x:/a", "upperdir=/a/b", "workdir=/w"));
	REFUSES_MOUNT("mounts[2].options: upperdir= is in another layer", EINVAL, .destination = "/b",
		.type = "overlay", .options = STRINGS("lowerdir=/x", "upperdir=/u", "workdir=/u/w"));
	REFUSES_MOUNT("mounts[2].options: workdir= is in another layer", EINVAL, .destination = "/b",
		.type = "overlay", .options = STRINGS("lowerdir=/w/x", "upperdir=/u", "workdir=/w"));
	REFUSES_MOUNT("mounts[2].options: lowerdir= is in another layer", EINVAL, .destination = "/b",
		.type = "overlay", .options = STRINGS("lowerdir=/a:/a/b"));
}

static void test_refused_values(struct test *t)
{
	struct lc_config_config good = usual_config();
	struct lc_pair pairs[] = {{"fs.mqueue.msg_max", "10"}, {"kernel.domainname", "example.org"},
		{"kernel.sem", "250 32000\t100 128"}, {"net.ipv4.ip_local_port_range",
			"1024 65000"}};
	struct lc_error err;

	good.sysctl = (struct lc_pairs){pairs, COUNT(pairs)};
	OK(lc_config_validate(&good, &err) == 0,
		"[O78] settings of the container's namespaces pass");
	REFUSES_SYSCTL("kernel.hostname", "x");
	REFUSES_SYSCTL("kernel/hostname", "x");
	REFUSES_SYSCTL("kernel.core_pattern", "x");
	REFUSES_SYSCTL("vm.swappiness", "1");
	REFUSES_SYSCTL("net", "1");
	REFUSES_SYSCTL("net/../kernel/core_pattern", "1");
	REFUSES_SYSCTL("net..ipv4", "1");
	REFUSES_SYSCTL("/net/ipv4/x", "1");
	REFUSES_SYSCTL("net.ipv4.", "1");
	REFUSES_SYSCTL("net.ipv4.a=b", "1");
	REFUSES_SYSCTL("net.ipv4.a b", "1");
	REFUSES_SYSCTL("net.ipv4.a", "1\n");
	REFUSES_SYSCTL("net.ipv4.a", "1+kernel.core_pattern=|x");
	REFUSES_SYSCTL("net.ipv4.a", "1;2");
	REFUSES_SYSCTL("net.ipv4.a", "../x");
	REFUSES_SYSCTL("net.ipv4.a", "");
	REFUSES("sysctl[\"net.ipv4.ip_forward\"]: needs", EINVAL,
		namespaces = (struct lc_strings) STRINGS("mount", "uts"));
	REFUSES("rlimits[2].type: listed twice", EINVAL,
		rlimits = (struct lc_objects) OBJECTS(rlimit,
			{.type = "NOFILE", .soft = SET(1), .hard = SET(1)},
			{.type = "RLIMIT_NOFILE", .soft = SET(1), .hard = SET(1)}));
	REFUSES("rlimits[1].soft: more than hard", EINVAL,
		rlimits = (struct lc_objects) OBJECTS(
			rlimit, {.type = "AS", .soft = SET(-1), .hard = SET(1)}));
	REFUSES("rlimits[1].hard: missing", EINVAL,
		rlimits = (struct lc_objects) OBJECTS(rlimit, {.type = "AS", .soft = SET(1)}));
	REFUSES("rlimits[1].type: FILES", EINVAL,
		rlimits = (struct lc_objects) OBJECTS(
			rlimit, {.type = "FILES", .soft = SET(1), .hard = SET(1)}));
	REFUSES("capabilities.bounding[2]: NOPE", EINVAL,
		capabilities = &(struct lc_config_capabilities){
			.bounding = STRINGS("CHOWN", "NOPE")});
	REFUSES("capabilities.effective", EINVAL,
		capabilities = &(struct lc_config_capabilities){.effective = STRINGS("CHOWN")});
	REFUSES("capabilities.permitted: must be bounding too", EINVAL,
		capabilities = &(struct lc_config_capabilities){.permitted = STRINGS("CHOWN")});
	REFUSES("capabilities.ambient", EINVAL,
		capabilities = &(struct lc_config_capabilities){
			.ambient = STRINGS("CHOWN"), .permitted = STRINGS("CHOWN"),
			.bounding = STRINGS("CHOWN")});
	REFUSES("cgroups.path", EINVAL, cgroups = &(struct lc_config_cgroups){.path = "/a/../b"});
	REFUSES("cgroups.path", EINVAL, cgroups = &(struct lc_config_cgroups){.path = "a//b"});
	REFUSES("cgroups.path", EINVAL, cgroups = &(struct lc_config_cgroups){.path = "/"});
	REFUSES("cgroups.pids_limit", EINVAL,
		cgroups = &(struct lc_config_cgroups){.pids_limit = SET(-2)});
	REFUSES("cgroups.hugetlb_limit[1].page_size", EINVAL,
		cgroups = &(struct lc_config_cgroups){.hugetlb_limit = (struct lc_objects) OBJECTS(
			hugetlb_limit, {.page_size = "../memory.2MB", .limit = SET(1)})});
	REFUSES("cgroups.rdma[1].device", EINVAL,
		cgroups = &(struct lc_config_cgroups){.rdma = (struct lc_objects) OBJECTS(
			rdma_limit, {.device = "a b", .hca_handles = SET(1)})});
	REFUSES("cgroups.net_prio_ifpriomap[1].interface", EINVAL,
		cgroups = &(struct lc_config_cgroups){
			.net_prio_ifpriomap = (struct lc_objects) OBJECTS(net_priority,
				{.interface = "a/b", .priority = SET(1)})});
	for (size_t i = 0; i < 8; i++) {
		static const char *const names[] = {"../memory.max", "memory/x.max", "memory",
			".max", "memory.", "memory..max", "cgroup.procs", "cgroup.kill"};
		struct lc_pair pair = {names[i], "1"};

		REFUSES("cgroups.unified", EINVAL,
			cgroups = &(struct lc_config_cgroups){.unified = {&pair, 1}});
	}
	REFUSES("cgroups.unified.memory.max: must be one line", EINVAL,
		cgroups = &(struct lc_config_cgroups){
			.unified = {&(struct lc_pair){"memory.max", "1\n2"}, 1}});
	REFUSES("cgroups.devices[1].access", EINVAL,
		cgroups = &(struct lc_config_cgroups){.devices = (struct lc_objects) OBJECTS(
			device_rule, {.access = "x"})});
	REFUSES("cgroups.memory_swap", EINVAL,
		cgroups = &(struct lc_config_cgroups){
			.memory = SET(4096), .memory_swap = SET(1024)});
	REFUSES("cgroups.cpus", EINVAL,
		cgroups = &(struct lc_config_cgroups){.cpus = {.value = 0.0 / 0.0,
		.is_set = true}});
	REFUSES("cgroups.cpus", EINVAL,
		cgroups = &(struct lc_config_cgroups){
			.cpus = {.value = 1, .is_set = true}, .cpu_quota = SET(100000)});
}

static bool refuses_process(const struct lc_config_process *process, const char *subject)
{
	struct lc_config_config config = usual_config();
	struct lc_error err = {0};
	int r = lc_process_validate(&config, process, &err);
	bool is_right = r == -EINVAL && strncmp(err.subject, subject, strlen(subject)) == 0;

	if (!is_right)
		printf("# got %d, \"%s\"\n", r, err.subject);
	return is_right;
}
#define REFUSES_PROCESS(subject, ...)                                                              \
	do {                                                                                       \
		struct lc_config_process process = usual_process();                                \
		process.__VA_ARGS__;                                                               \
		OK(refuses_process(&process, subject), "refused: process " #__VA_ARGS__);          \
	} while (false)

static void test_refused_ids(struct test *t)
{
	REFUSES_IDS("uid_mappings: no mapping of 0", MAPPED(1, 1, 1));
	REFUSES_IDS("uid_mappings[2]: overlaps uid_mappings[1]", MAPPED(0, 1, 9), MAPPED(8, 20, 1));
	REFUSES_IDS("uid_mappings[2]: overlaps uid_mappings[1]", MAPPED(0, 1, 9), MAPPED(9, 9, 1));
	REFUSES_IDS("uid_mappings[1].size: out of range", MAPPED(0, 4294967294, 2));
	REFUSES_IDS("gid_mappings: the user namespace needs them", MAPPED(0, 4294967294, 1));
}

static void test_refused_process(struct test *t)
{
	struct lc_config_config config = usual_config();
	struct lc_config_process good = usual_process();
	struct lc_error err;

	good.user = "1000:wheel";
	OK(lc_process_validate(&config, &good, &err) == 0, "the usual process is accepted");
	REFUSES_PROCESS("process.args: missing", args.count = 0);
	REFUSES_PROCESS("process.args[1]: empty", args = (struct lc_strings) STRINGS(""));
	REFUSES_PROCESS("process.env[2]", env = (struct lc_strings) STRINGS("A=1", "B"));
	REFUSES_PROCESS("process.env[1]", env = (struct lc_strings) STRINGS("=1"));
	REFUSES_PROCESS("process.cwd: must be absolute", cwd = "a");
	REFUSES_PROCESS("process.cwd", cwd = "");
	REFUSES_PROCESS("process.umask: out of range", umask = (struct lc_integer) SET(512));
	REFUSES_PROCESS("process.user", user = "");
	REFUSES_PROCESS("process.user", user = "0:");
	REFUSES_PROCESS("process.user", user = ":0");
	REFUSES_PROCESS("process.user", user = "0:0:0");
	REFUSES_PROCESS("process.user", user = "4294967295");
	REFUSES_PROCESS("process.user", user = "0:18446744073709551616");
	REFUSES_PROCESS("process.rlimits[1].soft", rlimits = (struct lc_objects) OBJECTS(rlimit,
		{.type = "AS", .soft = SET(2), .hard = SET(1)}));
	REFUSES_PROCESS("process.capabilities.permitted[1]",
		capabilities = &(struct lc_config_capabilities){.permitted = STRINGS("5")});
	REFUSES_PROCESS("process.additional_groups[1]",
		additional_groups = (struct lc_strings) STRINGS(""));
}

static void test_ids(struct test *t)
{
	static char longest[256];

	memset(longest, 'a', sizeof(longest));
	OK(lc_id_is_valid("web-1_a+b.C", 11) && lc_id_is_valid(longest, 255) &&
			lc_id_is_valid("...", 3) && lc_id_is_valid(".a", 2),
		"ids of the pattern are valid");
	OK(!lc_id_is_valid("", 0) && !lc_id_is_valid(".", 1) && !lc_id_is_valid("..", 2) &&
			!lc_id_is_valid("a/b", 3) && !lc_id_is_valid("../x", 4) &&
			!lc_id_is_valid("a\0b", 3) && !lc_id_is_valid("a\n", 2) &&
			!lc_id_is_valid("a b", 3) && !lc_id_is_valid(longest, 256),
		"[A11] others are not");
}

static void test_clone_flags(struct test *t)
{
	struct lc_config_config config = {.rootfs = "/"};

	OK(lc_compile_clone_flags(&config) ==
			(CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWNET),
		"[O71] all namespaces by default, the cgroup one not by clone");
	config.namespaces = (struct lc_strings) STRINGS("mount", "cgroup");
	OK(lc_compile_clone_flags(&config) == CLONE_NEWNS, "else those that are listed");
}

void test_configs(struct test *t)
{
	test_schema(t);
	test_names(t);
	test_options(t);
	test_paths(t);
	test_refused_fields(t);
	test_refused_mounts(t);
	test_refused_networks(t);
	test_refused_layers(t);
	test_refused_values(t);
	test_refused_ids(t);
	test_refused_process(t);
	test_ids(t);
	test_clone_flags(t);
}
