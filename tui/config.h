/* Settings from everywhere: the config file (inih), the environment, --set. */
#ifndef TUI_CONFIG_H
#define TUI_CONFIG_H

#include "base/err.h"
#include "model/settings.h"
#include "silence_words.h"

/* What every call of the program may carry. */
struct call {
    const char *data_dir;  /* resolved: --data-dir or $XDG_DATA_HOME/opik-alerts */
    const char *config;    /* resolved: --config or $XDG_CONFIG_HOME/opik-alerts/config.ini */
    bool config_given;     /* then a missing file is an error */
    const char *const *set; /* KEY=VALUE */
    size_t set_count;
    const char *workspace; /* --workspace NAME; NULL: default, or all where that makes sense */
    bool read_only, json;
    bool plain;          /* the console as lines */
    bool follow;         /* log --follow */
    bool dry_run;        /* alert import --dry-run */
    const char *filter;  /* alert list, delivery list, audit; NULL: none */
    const char *since;   /* audit; NULL: all */
    const char *secrets; /* alert export and import: the file of a passphrase; NULL: none */
    struct silence_words silence; /* silence add */
};

/* Fills *out (owned by the caller). Errors name file and line, variable or --set. A config file
 * that others can write is refused. */
bool config_load(const struct call *call, struct settings *out, struct err *err);

/* Sets one key in the file, whose other lines stay as they are; makes it, with mode 0600, where
 * there is none. Whether the value suits the key is not checked here; one that would not be read
 * again as it is, such as "a ;b", is ERR_INVALID, and nothing is written. */
bool config_write(const char *path, const char *key, const char *value, struct err *err);

/* Makes the folder of the file, and those above it, with mode 0700, where they are missing. */
void config_make_folder(const char *path);

/* Puts a text in the place of a file, whole or not at all; a new one has mode 0600. */
bool config_replace(const char *path, struct span text, struct err *err);

#endif
