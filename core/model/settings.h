/* Every setting: one table, from which the command line, the environment, the config file,
 * `config`, the help and the man page are made. Values are kept as checked numbers or text.
 *
 * Order of origins: --set, environment, file, default. A struct settings is a plain value
 * owned by one thread; hand copies to others. */
#ifndef MODEL_SETTINGS_H
#define MODEL_SETTINGS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/span.h"

enum setting {
    SETTING_INTAKE_LISTEN,      /* text: HOST:PORT */
    SETTING_INTAKE_API_KEY,     /* secret text */
    SETTING_INTAKE_MAX_BODY,    /* bytes */
    SETTING_INTAKE_MAX_HEADERS, /* bytes */
    SETTING_INTAKE_CONNECTIONS, /* number */
    SETTING_INTAKE_TIMEOUT,     /* ms: total time of one request */
    SETTING_INTAKE_HOSTS,       /* text: further Host names allowed, comma separated */
    SETTING_DEBOUNCE_WINDOW,    /* ms */
    SETTING_BUCKET_MAX_EVENTS,
    SETTING_BUCKET_MAX_BYTES,
    SETTING_DELIVERY_TIMEOUT,
    SETTING_DELIVERY_CONNECT_TIMEOUT,
    SETTING_DELIVERY_CONCURRENCY,
    SETTING_DELIVERY_PER_ENDPOINT,
    SETTING_DELIVERY_RATE,
    SETTING_DELIVERY_MAX_AGE,
    SETTING_DELIVERY_REPLAY_RATE,
    SETTING_DELIVERY_PROXY,   /* text: a proxy URL; empty: none at all */
    SETTING_DELIVERY_CA_FILE, /* text: a PEM bundle instead of the system's */
    SETTING_DELIVERY_PRIVATE, /* allow or refuse: private, loopback and special addresses */
    SETTING_RETRY_MAX,
    SETTING_RETRY_INITIAL,
    SETTING_RETRY_MAX_DELAY,
    SETTING_PAYLOAD_STYLE, /* documented or server */
    SETTING_THRESHOLD_INTERVAL,
    SETTING_THRESHOLD_REPEAT, /* ms; 0: once */
    SETTING_STORE_URL,
    SETTING_LOG_RETENTION,
    SETTING_LOG_MAX_SIZE, /* bytes; 0: no limit */
    SETTING_AUDIT_RETENTION,
    SETTING_CONSOLE_BELL, /* off, bell or notice */
    SETTING_CONSOLE_THEME, /* terminal, dark or light */
    SETTING_COUNT
};

enum setting_type {
    SETTING_TEXT,
    SETTING_SECRET,
    SETTING_NUMBER,
    SETTING_BYTES,    /* a whole number with B, KiB, MiB or GiB */
    SETTING_DURATION, /* a whole number with ms, s, m, h or d */
    SETTING_CHOICE
};
enum setting_origin { ORIGIN_DEFAULT, ORIGIN_FILE, ORIGIN_ENVIRONMENT, ORIGIN_CALL };

struct setting_info {
    const char *key; /* retry.max */
    enum setting_type type;
    const char *standard; /* the default, as text */
    int64_t min, max;     /* of numbers, bytes and durations */
    const char *choices;  /* "a|b" of a SETTING_CHOICE */
    const char *help;     /* one line, at most 70 columns */
};

struct settings {
    int64_t number[SETTING_COUNT]; /* numbers, bytes, milliseconds, index of the choice */
    char *text[SETTING_COUNT];     /* as it was given; malloc'ed */
    enum setting_origin origin[SETTING_COUNT];
};

const struct setting_info *setting_info(enum setting s);
/* default, file, environment, --set */
const char *setting_origin_name(enum setting_origin o);

/* OPIK_ALERTS_ and the key in capitals, dots as underscores. */
#define SETTING_ENV_SIZE 64
void setting_env_name(enum setting s, char *out, size_t size);

bool settings_init(struct settings *s, struct err *err); /* all defaults */
void settings_free(struct settings *s);                  /* wipes secrets */
/* `to` is overwritten unread; free it before if it held something. */
bool settings_same(const struct settings *a, const struct settings *b); /* values and origins */
bool settings_copy(struct settings *to, const struct settings *from, struct err *err);

/* Sets one by its key if `origin` is at least as strong as where the value came from; a
 * weaker value is checked and then passed over (true). A secret given by ORIGIN_CALL or
 * ORIGIN_ENVIRONMENT must be "file:PATH", whose first line is read here through
 * `read_file`; plain is ERR_INVALID. In the file it may stand plain or as file:PATH. Errors
 * name the key and what would be right, and never show a secret; after one the old value
 * stands. */
typedef bool settings_read_file(const char *path, struct buf *out, struct err *err);
bool settings_set(struct settings *s, struct span key, struct span value,
                  enum setting_origin origin, settings_read_file *read_file,
                  struct err *err);

/* What holds between settings: an API key for any address but loopback (127.0.0.0/8, ::1,
 * localhost), no store.url that is not there yet. */
bool settings_check(const struct settings *s, struct err *err);

/* The value as it may be shown: secrets as "(set)" or "". Borrowed. */
const char *settings_show(const struct settings *s, enum setting which);

/* Splits intake.listen. host is a buffer; brackets of IPv6 are taken off. Port 0: a free
 * one. Of a Unix socket, host is the whole "unix:PATH", and the port 0. */
#define SETTINGS_UNIX     "unix:"
#define SETTINGS_UNIX_MAX 107 /* bytes of PATH: what the kernel takes (unix(7)) */
bool settings_listen(const struct settings *s, char *host, size_t size, uint16_t *port,
                     struct err *err);

#endif
