/* SPDX-License-Identifier: MIT */
#include "base/digest.h"

#include <dlfcn.h>
#include <errno.h>
#include <string.h>

#define LIBRARY "libnettle.so.8"
#define SHA512_SIZE 64
#define SHA512 "sha512"

/* struct nettle_hash of <nettle/nettle-meta.h>, part of its ABI since 3.0 */
struct lc_nettle_hash {
	const char *name;
	unsigned context_size, digest_size, block_size;
	void (*init)(void *context);
	void (*update)(void *context, size_t length, const uint8_t *data);
	void (*digest)(void *context, size_t length, uint8_t *out);
};

static int load(const struct lc_nettle_hash **out)
{
	void *library = dlopen(LIBRARY, RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
	const struct lc_nettle_hash *hash;

	if (library == NULL)
		return -ELIBACC;
	hash = dlsym(library, "nettle_sha512");
	(void) dlclose(library); /* it stays: RTLD_NODELETE */
	if (hash == NULL || hash->digest_size != SHA512_SIZE ||
		hash->context_size > sizeof(((struct lc_digest *) 0)->state))
		return -ELIBBAD;
	*out = hash;
	return 0;
}

int lc_digest_init(struct lc_digest *digest, const char *algorithm)
{
	int r;

	digest->nettle = NULL;
	if (strcmp(algorithm, LCT_DIGEST_SHA256) == 0) {
		lc_sha256_init(&digest->state.sha256);
		return 0;
	}
	if (strcmp(algorithm, SHA512) != 0)
		return -EINVAL;
	r = load(&digest->nettle);
	if (r < 0)
		return r;
	digest->nettle->init(digest->state.nettle);
	return 0;
}

void lc_digest_update(struct lc_digest *digest, const void *data, size_t size)
{
	if (digest->nettle != NULL)
		digest->nettle->update(digest->state.nettle, size, data);
	else
		lc_sha256_update(&digest->state.sha256, data, size);
}

void lc_digest_final(struct lc_digest *digest, char out[LCT_DIGEST_TEXT])
{
	static const char digits[] = "0123456789abcdef";
	uint8_t bytes[SHA512_SIZE];
	char *at;

	if (digest->nettle == NULL) {
		at = stpcpy(out, LCT_DIGEST_SHA256 ":");
		lc_sha256_final(&digest->state.sha256, at);
		return;
	}
	digest->nettle->digest(digest->state.nettle, sizeof(bytes), bytes);
	at = stpcpy(out, SHA512 ":");
	for (size_t i = 0; i < sizeof(bytes); i++) {
		*at++ = digits[bytes[i] >> 4];
		*at++ = digits[bytes[i] & 15];
	}
	*at = '\0';
}
