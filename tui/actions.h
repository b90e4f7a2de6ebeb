/* The one table of actions: what can be done, by which key, in which words.
 *
 * From it alone come the key bar, the searchable list of actions (`?`), the `:` line, the list
 * of keys in the help, the command-line verbs with their usage, `--help`, the man page and the
 * completions. The gates stand in the dispatchers and nowhere
 * else: what CHANGES is refused under --read-only (exit 2 on the command line), what DESTROYS
 * asks first in the console, and so does what is BULK when it is about several rows. */
#ifndef TUI_ACTIONS_H
#define TUI_ACTIONS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/span.h"
#include "keys.h"

enum action {
    ACTION_NONE,
    /* everywhere */
    ACTION_HELP, ACTION_KEYS, ACTION_COMMAND, ACTION_QUIT, ACTION_BACK, ACTION_REDRAW,
    ACTION_SUSPEND, ACTION_NEXT_PANE, ACTION_WORKSPACE, ACTION_MOUSE,
    /* the screens, in the order of enum console_root */
    ACTION_SHOW_ALERTS, ACTION_SHOW_DELIVERIES, ACTION_SHOW_BUCKETS, ACTION_SHOW_ACTIVITY,
    ACTION_SHOW_OVERVIEW, ACTION_SHOW_PROJECTS, ACTION_SHOW_SETTINGS,
    ACTION_SHOW_SILENCES, ACTION_SHOW_AUDIT,
    /* moving, in lists and texts */
    ACTION_UP, ACTION_DOWN, ACTION_PAGE_UP, ACTION_PAGE_DOWN, ACTION_TOP, ACTION_BOTTOM,
    ACTION_OPEN,
    /* tables */
    ACTION_FILTER, ACTION_CLEAR, ACTION_SORT, ACTION_SORT_REVERSE, ACTION_COLUMNS, ACTION_MARK,
    ACTION_MARK_RANGE, ACTION_MARK_ALL, ACTION_UNMARK, ACTION_COPY,
    /* alerts */
    ACTION_ALERT_CREATE, ACTION_ALERT_EDIT, ACTION_ALERT_DUPLICATE, ACTION_ALERT_TOGGLE,
    ACTION_ALERT_ENABLE, ACTION_ALERT_DISABLE, ACTION_ALERT_DELETE, ACTION_ALERT_UNDO,
    ACTION_ALERT_TEST, ACTION_ALERT_EXPORT, ACTION_ALERT_DELIVERIES,
    ACTION_ALERT_SILENCE,
    /* alert form */
    ACTION_FORM_SAVE, ACTION_FORM_CANCEL, ACTION_FORM_TEST, ACTION_FORM_ADD_TRIGGER,
    ACTION_FORM_ADD_HEADER, ACTION_FORM_REMOVE, ACTION_FORM_SCOPE, ACTION_FORM_THRESHOLD,
    ACTION_FORM_EXAMPLE, ACTION_FORM_REVEAL, ACTION_FORM_ADVANCED, ACTION_FORM_NEXT,
    ACTION_FORM_PREVIOUS,
    /* a delivery */
    ACTION_DELIVERY_REPLAY, ACTION_DELIVERY_REPLAY_ALL, ACTION_DELIVERY_CURL,
    ACTION_YES, ACTION_NO, ACTION_CHECK, ACTION_PROJECT_NAME, ACTION_FORM_CHOOSE,
    ACTION_FORM_LEFT, ACTION_FORM_RIGHT,
    ACTION_LINE_ACCEPT, ACTION_LINE_LEAVE, ACTION_LINE_COMPLETE, ACTION_LINE_EARLIER,
    ACTION_LINE_LATER, ACTION_LINE_ERASE,
    ACTION_DELIVERY_EDIT, ACTION_FOLD, ACTION_UNFOLD,
    /* a text to read */
    ACTION_SEARCH, ACTION_SEARCH_NEXT, ACTION_SEARCH_PREVIOUS,
    /* a bucket */
    ACTION_BUCKET_SEND,
    /* a silence */
    ACTION_SILENCE_ADD, ACTION_SILENCE_END,
    /* a setting */
    ACTION_SETTING_CHANGE,
    /* command line only */
    ACTION_CLI_SERVE, ACTION_CLI_ALERT_LIST, ACTION_CLI_ALERT_SHOW, ACTION_CLI_ALERT_CREATE,
    ACTION_CLI_ALERT_UPDATE, ACTION_CLI_ALERT_ENABLE, ACTION_CLI_ALERT_DISABLE,
    ACTION_CLI_ALERT_DELETE, ACTION_CLI_ALERT_TEST, ACTION_CLI_ALERT_EXPORT,
    ACTION_CLI_ALERT_IMPORT, ACTION_CLI_DELIVERY_LIST, ACTION_CLI_DELIVERY_SHOW,
    ACTION_CLI_DELIVERY_REPLAY, ACTION_CLI_LOG, ACTION_CLI_BUCKET_LIST,
    ACTION_CLI_BUCKET_SEND, ACTION_CLI_ACTIVITY, ACTION_CLI_SILENCE_LIST,
    ACTION_CLI_SILENCE_ADD, ACTION_CLI_SILENCE_END, ACTION_CLI_AUDIT, ACTION_CLI_EXPLAIN,
    ACTION_CLI_SEND, ACTION_CLI_DEMO, ACTION_CLI_CONFIG, ACTION_CLI_DOCTOR,
    ACTION_CLI_REKEY, ACTION_CLI_COMPLETION, ACTION_CLI_MAN,
    ACTION_COUNT
};

enum action_flag {
    ACTION_CHANGES = 1,   /* writes: refused under --read-only */
    ACTION_DESTROYS = 2,  /* asks first in the console */
    ACTION_NEEDS_ROW = 4, /* needs a selected row */
    ACTION_HIDDEN = 8,    /* not in the key bar (arrows) */
    ACTION_LOCK = 16,     /* command line: takes the engine's lock, refused under --read-only */
    ACTION_BULK = 32,     /* works on all marked rows; asks first when these are several */
    ACTION_TAKES_TEXT = 64, /* words may follow it on the `:` line (console_argument()) */
    ACTION_TELLS = 128, /* command line: --secrets leaves an audit row, so it changes something */
};

/* Where a key means this action. */
enum place {
    PLACE_ALERTS = 1,    /* the alerts list */
    PLACE_LOG = 2,       /* the log pane */
    PLACE_DELIVERY = 4,  /* a delivery, opened */
    PLACE_FORM = 8,      /* the alert form */
    PLACE_PICKER = 16,   /* a list to choose from, in a dialog */
    PLACE_TEXT = 32,     /* a text to scroll: help, results */
    PLACE_DELIVERIES = 64,
    PLACE_BUCKETS = 128,
    PLACE_ACTIVITY = 256,
    PLACE_OVERVIEW = 512,
    PLACE_PROJECTS = 1024,
    PLACE_SETTINGS = 2048,
    PLACE_SILENCES = 32768,
    PLACE_QUESTION = 8192, /* yes or no */
    PLACE_LINE = 16384,    /* a line being typed, maybe with a list below it */
    PLACE_AUDIT = 65536,
    PLACE_REPLAYS = 4096, /* what came of deliveries that were sent again */
    PLACE_LISTS = PLACE_ALERTS | PLACE_DELIVERIES | PLACE_BUCKETS | PLACE_ACTIVITY |
                  PLACE_OVERVIEW | PLACE_PROJECTS | PLACE_SETTINGS | PLACE_SILENCES |
                  PLACE_AUDIT,
    PLACE_TABLES = PLACE_LISTS | PLACE_REPLAYS,
    PLACE_ROOTS = PLACE_LISTS | PLACE_LOG, /* the screens that stand at the bottom */
    PLACE_CONSOLE = PLACE_ROOTS | PLACE_REPLAYS | PLACE_DELIVERY | PLACE_TEXT,
};

struct action_info {
    enum action id;
    const char *name;   /* alert.create */
    const char *label;  /* in the key bar: New; NULL: not there */
    const char *help;   /* one line */
    const char *keys;   /* names of keys.h, separated by blanks; NULL: no key */
    unsigned places;    /* of the keys */
    unsigned flags;
    const char *verb;   /* alert create; NULL: no verb */
    const char *usage;  /* FILE */
};

extern const struct action_info action_table[]; /* in the order of the key bar */
extern const size_t action_count;

/* Where keys are told of, in the order of reading. */
struct action_place {
    unsigned place;
    const char *title; /* In the list of alerts */
};
extern const struct action_place action_places[];
extern const size_t action_place_count;
/* The lists share most of their keys: these are told of once. */
bool action_is_common(const struct action_info *a);

const struct action_info *action_info(enum action a);
enum action action_of_key(const struct key *key, unsigned place); /* ACTION_NONE: none */
const struct action_info *action_of_verb(const char *first, const char *second); /* NULL: none */
/* The words of an action on the `:` line: its name with blanks for the dots. */
void action_words(const struct action_info *a, char *out, size_t size);
/* All its keys as labels: "e, Enter". */
void action_keys(const struct action_info *a, char *out, size_t size);
/* The first key of an action as a label; "" without one. */
void action_key_label(enum action a, char *out, size_t size);

#endif
