#include "store/sqlite/trace_key.h"

#include <pthread.h>
#include <string.h>

#include <sodium.h>

static unsigned char secret[crypto_shorthash_KEYBYTES];

static void make_secret(void)
{
    randombytes_buf(secret, sizeof secret);
}

static uint64_t hash_bytes(const void *bytes, size_t len)
{
    unsigned char out[crypto_shorthash_BYTES];
    uint64_t hash;
    crypto_shorthash(out, bytes, len, secret);
    memcpy(&hash, out, sizeof hash);
    return hash;
}

struct trace_space trace_space_of(struct span workspace)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, make_secret);
    return (struct trace_space){
        workspace, hash_bytes(workspace.len ? workspace.at : "", workspace.len)};
}

void trace_key_make(struct trace_key *k, const struct trace_space *in,
                    const unsigned char trace[TRACE_BYTES])
{
    unsigned char both[TRACE_BYTES + sizeof in->hash];
    memcpy(both, trace, TRACE_BYTES);
    memcpy(both + TRACE_BYTES, &in->hash, sizeof in->hash);
    k->in = *in;
    memcpy(k->trace, trace, TRACE_BYTES);
    k->hash = hash_bytes(both, sizeof both);
    k->hash += k->hash == 0;
}
