#include "base/uuid.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

enum { POOL_SIZE = 4096, RANDOM_BYTES = 10 };

static const int64_t UNIX_MS_MAX = (INT64_C(1) << 48) - 1;

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static unsigned char pool[POOL_SIZE];
static size_t pool_used = POOL_SIZE;
static int64_t last_ms = -1;
static unsigned char last_random[RANDOM_BYTES]; /* 74 bits are used: 12 + 62 */

static void take_random(unsigned char *out)
{
    if (pool_used + RANDOM_BYTES > POOL_SIZE) {
        for (size_t have = 0; have < POOL_SIZE;) {
            ssize_t got = getrandom(pool + have, POOL_SIZE - have, 0);
            if (got < 0 && errno != EINTR)
                abort();
            have += got > 0 ? (size_t)got : 0;
        }
        pool_used = 0;
    }
    memcpy(out, pool + pool_used, RANDOM_BYTES);
    pool_used += RANDOM_BYTES;
}

/* The random part as one number of 74 bits, the lowest at the end: rand_a's 12 bits are in
 * bytes 0 and 1, rand_b's 62 in bytes 2 to 9. The counter's room: the top bit starts as 0.
 */
static void next_random(int64_t unix_ms)
{
    if (unix_ms > last_ms) {
        last_ms = unix_ms;
        take_random(last_random);
        last_random[0] &= 0x07;
        last_random[2] &= 0x3f;
        return;
    }
    for (int i = RANDOM_BYTES - 1; i >= 0; i--) {
        unsigned limit = i == 2 ? 0x3f : i == 0 ? 0x0f : 0xff;
        if (last_random[i] < limit) {
            last_random[i]++;
            return;
        }
        last_random[i] = 0;
    }
    last_ms++; /* 2^74 ids within a millisecond: borrow the next one */
}

static void format(const unsigned char bytes[16], char out[UUID_SIZE])
{
    static const char digits[] = "0123456789abcdef";
    char *p = out;
    for (int i = 0; i < 16; i++) {
        if (i == 4 || i == 6 || i == 8 || i == 10)
            *p++ = '-';
        *p++ = digits[bytes[i] >> 4];
        *p++ = digits[bytes[i] & 15];
    }
    *p = '\0';
}

void uuid_v7(char out[UUID_SIZE], int64_t unix_ms)
{
    unsigned char bytes[16];
    if (unix_ms < 0)
        unix_ms = 0;
    if (unix_ms > UNIX_MS_MAX)
        unix_ms = UNIX_MS_MAX;
    pthread_mutex_lock(&lock);
    next_random(unix_ms);
    for (int i = 0; i < 6; i++)
        bytes[i] = (unsigned char)(last_ms >> (8 * (5 - i)));
    memcpy(bytes + 6, last_random, RANDOM_BYTES);
    pthread_mutex_unlock(&lock);
    bytes[6] |= 0x70;
    bytes[8] |= 0x80;
    format(bytes, out);
}

/* The value of a hexadecimal digit, plus one; 0: it is none. */
static const unsigned char DIGITS[256] = {
    ['0'] = 1,  ['1'] = 2,  ['2'] = 3,  ['3'] = 4,  ['4'] = 5,  ['5'] = 6,  ['6'] = 7,  ['7'] = 8,
    ['8'] = 9,  ['9'] = 10, ['a'] = 11, ['b'] = 12, ['c'] = 13, ['d'] = 14, ['e'] = 15, ['f'] = 16,
    ['A'] = 11, ['B'] = 12, ['C'] = 13, ['D'] = 14, ['E'] = 15, ['F'] = 16};

static unsigned digit(char c)
{
    return DIGITS[(unsigned char)c] - 1u;
}

bool uuid_read(struct span text, char out[UUID_SIZE])
{
    enum { DASHES = 4 };
    unsigned others = 0;
    if (text.len != UUID_SIZE - 1 || text.at[8] != '-' || text.at[13] != '-' ||
        text.at[18] != '-' || text.at[23] != '-')
        return false;
    for (size_t i = 0; i < UUID_SIZE - 1; i++) {
        char c = text.at[i];
        others += !DIGITS[(unsigned char)c];
        out[i] = c <= '9' ? c : (char)(c | 0x20);
    }
    out[UUID_SIZE - 1] = '\0';
    return others == DASHES;
}

bool uuid_is_v7(const char *canonical)
{
    return strlen(canonical) == UUID_SIZE - 1 && canonical[14] == '7' &&
           strchr("89ab", canonical[19]) != NULL;
}

void uuid_bytes(const char *canonical, unsigned char out[16])
{
    static const unsigned char at[16] = {0,  2,  4,  6,  9,  11, 14, 16,
                                         19, 21, 24, 26, 28, 30, 32, 34};
    for (int i = 0; i < 16; i++)
        out[i] = (unsigned char)(digit(canonical[at[i]]) << 4 | digit(canonical[at[i] + 1]));
}
