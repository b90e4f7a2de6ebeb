#include "actions.h"

#include <stdio.h>
#include <string.h>

#define EVERYWHERE (PLACE_CONSOLE | PLACE_FORM | PLACE_PICKER)
/* Not where nothing works on several rows. */
#define MARKED                                                                                     \
    (PLACE_TABLES & ~(unsigned)(PLACE_ACTIVITY | PLACE_OVERVIEW | PLACE_PROJECTS |                 \
                                PLACE_SETTINGS | PLACE_AUDIT | PLACE_REPLAYS))
#define MOVES      (PLACE_CONSOLE | PLACE_PICKER)

const struct action_info action_table[] = {
    {ACTION_ALERT_CREATE, "alert.create", "New", "Create a new alert", "n", PLACE_ALERTS,
     ACTION_CHANGES, NULL, NULL},
    {ACTION_ALERT_EDIT, "alert.edit", "Edit", "Edit the selected alert", "e enter",
     PLACE_ALERTS, ACTION_CHANGES | ACTION_NEEDS_ROW, NULL, NULL},
    {ACTION_ALERT_DUPLICATE, "alert.duplicate", "Copy",
     "Create an alert like the selected one", "c", PLACE_ALERTS,
     ACTION_CHANGES | ACTION_NEEDS_ROW, NULL, NULL},
    {ACTION_ALERT_TOGGLE, "alert.toggle", "On/Off", "Enable or disable the selected alert",
     "o", PLACE_ALERTS, ACTION_CHANGES | ACTION_NEEDS_ROW, NULL, NULL},
    {ACTION_ALERT_ENABLE, "alert.enable", NULL, "Enable the selected or marked alerts", "+",
     PLACE_ALERTS, ACTION_CHANGES | ACTION_NEEDS_ROW | ACTION_BULK | ACTION_HIDDEN, NULL,
     NULL},
    {ACTION_ALERT_DISABLE, "alert.disable", NULL, "Disable the selected or marked alerts",
     "-", PLACE_ALERTS, ACTION_CHANGES | ACTION_NEEDS_ROW | ACTION_BULK | ACTION_HIDDEN,
     NULL, NULL},
    {ACTION_ALERT_DELETE, "alert.delete", "Delete", "Delete the selected or marked alerts",
     "D delete", PLACE_ALERTS,
     ACTION_CHANGES | ACTION_DESTROYS | ACTION_NEEDS_ROW | ACTION_BULK, NULL, NULL},
    {ACTION_ALERT_UNDO, "alert.undo", "Undo", "Take a delete back, for ten seconds", "z",
     PLACE_ALERTS, ACTION_CHANGES, NULL, NULL},
    {ACTION_ALERT_TEST, "alert.test", "Test", "Send a sample webhook of the selected alert",
     "t", PLACE_ALERTS, ACTION_CHANGES | ACTION_NEEDS_ROW, NULL, NULL},
    {ACTION_ALERT_DELIVERIES, "alert.deliveries", NULL,
     "Show the deliveries of the selected alert", "l", PLACE_ALERTS,
     ACTION_NEEDS_ROW | ACTION_HIDDEN, NULL, NULL},
    {ACTION_ALERT_SILENCE, "alert.silence", NULL,
     "Silence the selected or marked alerts: 2h digest", "M", PLACE_ALERTS,
     ACTION_CHANGES | ACTION_NEEDS_ROW | ACTION_BULK | ACTION_HIDDEN | ACTION_TAKES_TEXT,
     NULL, NULL},
    {ACTION_ALERT_EXPORT, "alert.export", NULL,
     "Write the selected or marked alerts to a file, secrets masked", "X", PLACE_ALERTS,
     ACTION_NEEDS_ROW | ACTION_HIDDEN | ACTION_TAKES_TEXT, NULL, NULL},
    {ACTION_FORM_SAVE, "form.save", "Save", "Save the alert", "^s", PLACE_FORM,
     ACTION_CHANGES, NULL, NULL},
    {ACTION_FORM_TEST, "form.test", "Test",
     "Send a sample as the form stands, of the trigger under the cursor", "^t", PLACE_FORM,
     ACTION_CHANGES, NULL, NULL},
    {ACTION_FORM_EXAMPLE, "form.example", "Example",
     "Show what will be sent, of the trigger under the cursor", "^v", PLACE_FORM, 0, NULL,
     NULL},
    {ACTION_FORM_SCOPE, "form.scope", "Projects", "Choose the projects of a trigger", "^p",
     PLACE_FORM, 0, NULL, NULL},
    {ACTION_FORM_THRESHOLD, "form.threshold", "Threshold",
     "Raise a trigger by a sum or average instead of each event", "^y", PLACE_FORM, 0, NULL,
     NULL},
    {ACTION_FORM_REMOVE, "form.remove", "Remove", "Remove the header or trigger", "^x",
     PLACE_FORM, 0, NULL, NULL},
    {ACTION_FORM_REVEAL, "form.reveal", "Show", "Show or hide the secret under the cursor",
     "^r", PLACE_FORM, 0, NULL, NULL},
    {ACTION_FORM_ADVANCED, "form.advanced", "Advanced",
     "Open or close the advanced settings", "^o", PLACE_FORM, 0, NULL, NULL},
    {ACTION_FORM_ADD_TRIGGER, "form.add_trigger", NULL, "Add a trigger", "^g", PLACE_FORM,
     ACTION_HIDDEN, NULL, NULL},
    {ACTION_FORM_ADD_HEADER, "form.add_header", NULL, "Add a custom header", "^n",
     PLACE_FORM, ACTION_HIDDEN, NULL, NULL},
    {ACTION_FORM_NEXT, "form.next", "Next", "Next field", "tab down", PLACE_FORM, 0, NULL,
     NULL},
    {ACTION_FORM_PREVIOUS, "form.previous", NULL, "Previous field", "backtab up",
     PLACE_FORM, ACTION_HIDDEN, NULL, NULL},
    {ACTION_FORM_CANCEL, "form.cancel", "Cancel", "Leave without saving", "esc", PLACE_FORM,
     0, NULL, NULL},
    {ACTION_DELIVERY_REPLAY, "delivery.replay", "Replay",
     "Send this delivery, or the marked ones, again", "r",
     PLACE_DELIVERY | PLACE_DELIVERIES, ACTION_CHANGES | ACTION_BULK | ACTION_NEEDS_ROW,
     NULL, NULL},
    {ACTION_DELIVERY_REPLAY_ALL, "delivery.replay_all", NULL,
     "Send all deliveries that pass the filter and have ended again", "R", PLACE_DELIVERIES,
     ACTION_CHANGES | ACTION_DESTROYS | ACTION_HIDDEN, NULL, NULL},
    {ACTION_DELIVERY_CURL, "delivery.curl", "Curl",
     "Copy the request as a curl command, secrets as $NAMES", "c", PLACE_DELIVERY, 0, NULL,
     NULL},
    {ACTION_FORM_CHOOSE, "form.choose", NULL,
     "Change, open or press what is under the cursor", "enter space", PLACE_FORM,
     ACTION_HIDDEN, NULL, NULL},
    {ACTION_FORM_RIGHT, "form.right", NULL, "The next choice, or the button beside",
     "right", PLACE_FORM, ACTION_HIDDEN, NULL, NULL},
    {ACTION_FORM_LEFT, "form.left", NULL, "The choice before, or the button beside", "left",
     PLACE_FORM, ACTION_HIDDEN, NULL, NULL},
    {ACTION_CHECK, "picker.check", "Check", "Check or uncheck the row", "space",
     PLACE_PICKER, 0, NULL, NULL},
    {ACTION_OPEN, "picker.choose", "Choose", "Take what is chosen", "enter", PLACE_PICKER,
     ACTION_NEEDS_ROW, NULL, NULL},
    {ACTION_PROJECT_NAME, "picker.name", NULL, "Name a project that is not there yet", "n",
     PLACE_PICKER, ACTION_HIDDEN, NULL, NULL},
    {ACTION_YES, "yes", NULL, "Yes", "y Y", PLACE_QUESTION, ACTION_HIDDEN, NULL, NULL},
    {ACTION_NO, "no", NULL, "No", "n N q esc ^c", PLACE_QUESTION, ACTION_HIDDEN, NULL,
     NULL},
    {ACTION_LINE_ACCEPT, "line.accept", NULL, "Take the line", "enter", PLACE_LINE,
     ACTION_HIDDEN, NULL, NULL},
    {ACTION_LINE_LEAVE, "line.leave", NULL, "Leave it", "esc ^c", PLACE_LINE, ACTION_HIDDEN,
     NULL, NULL},
    {ACTION_LINE_COMPLETE, "line.complete", NULL, "Complete the words", "tab", PLACE_LINE,
     ACTION_HIDDEN, NULL, NULL},
    {ACTION_LINE_EARLIER, "line.earlier", NULL, "The line before it in the history", "^p",
     PLACE_LINE, ACTION_HIDDEN, NULL, NULL},
    {ACTION_LINE_LATER, "line.later", NULL, "The line after it in the history", "^n",
     PLACE_LINE, ACTION_HIDDEN, NULL, NULL},
    {ACTION_LINE_ERASE, "line.erase", NULL, "Erase a character; in an empty line: leave it",
     "backspace", PLACE_LINE, ACTION_HIDDEN, NULL, NULL},
    {ACTION_UP, "line.up", NULL, "Up", "up", PLACE_LINE, ACTION_HIDDEN, NULL, NULL},
    {ACTION_DOWN, "line.down", NULL, "Down", "down", PLACE_LINE, ACTION_HIDDEN, NULL, NULL},
    {ACTION_PAGE_UP, "line.page_up", NULL, "One page up", "pgup", PLACE_LINE, ACTION_HIDDEN,
     NULL, NULL},
    {ACTION_PAGE_DOWN, "line.page_down", NULL, "One page down", "pgdn", PLACE_LINE,
     ACTION_HIDDEN, NULL, NULL},
    {ACTION_DELIVERY_EDIT, "delivery.edit", "Edit",
     "Edit the body in $EDITOR and send it once, as a test", "e", PLACE_DELIVERY,
     ACTION_CHANGES, NULL, NULL},
    {ACTION_FOLD, "fold", NULL, "Fold the JSON one level more", "-",
     PLACE_DELIVERY | PLACE_TEXT, ACTION_HIDDEN, NULL, NULL},
    {ACTION_UNFOLD, "unfold", NULL, "Unfold the JSON one level",
     "+ =", PLACE_DELIVERY | PLACE_TEXT, ACTION_HIDDEN, NULL, NULL},
    {ACTION_SEARCH, "search", "Search", "Search in the text", "/",
     PLACE_DELIVERY | PLACE_TEXT, ACTION_TAKES_TEXT, NULL, NULL},
    {ACTION_SEARCH_NEXT, "search.next", NULL, "To the next line that was searched", "n",
     PLACE_DELIVERY | PLACE_TEXT, ACTION_HIDDEN, NULL, NULL},
    {ACTION_SEARCH_PREVIOUS, "search.previous", NULL, "To the one before", "N",
     PLACE_DELIVERY | PLACE_TEXT, ACTION_HIDDEN, NULL, NULL},
    {ACTION_BUCKET_SEND, "bucket.send", "Send now",
     "Close the selected or marked buckets and send them", "n", PLACE_BUCKETS,
     ACTION_CHANGES | ACTION_BULK | ACTION_NEEDS_ROW, NULL, NULL},
    {ACTION_SILENCE_ADD, "silence.add", "New",
     "Silence an alert, a project or an event type", "n", PLACE_SILENCES,
     ACTION_CHANGES | ACTION_TAKES_TEXT, NULL, NULL},
    {ACTION_SILENCE_END, "silence.end", "End",
     "End the selected or marked silences, and send what they hold", "D delete",
     PLACE_SILENCES, ACTION_CHANGES | ACTION_DESTROYS | ACTION_NEEDS_ROW | ACTION_BULK,
     NULL, NULL},
    {ACTION_SETTING_CHANGE, "setting.change", "Change",
     "Change a setting; it is written to the file of settings", "e", PLACE_SETTINGS,
     ACTION_CHANGES | ACTION_NEEDS_ROW, NULL, NULL},
    {ACTION_OPEN, "open", "Open", "Open the selected row", "enter",
     PLACE_LOG | (PLACE_TABLES & ~(unsigned)PLACE_ALERTS), ACTION_NEEDS_ROW, NULL, NULL},
    {ACTION_FILTER, "filter", "Filter", "Show only the rows that pass a filter", "/",
     PLACE_TABLES, ACTION_TAKES_TEXT, NULL, NULL},
    {ACTION_CLEAR, "clear", NULL, "Take the filter away; without one, the marks", "esc",
     PLACE_LISTS, ACTION_HIDDEN, NULL, NULL},
    {ACTION_SORT, "sort", "Sort", "Sort by the next column, or the one named", "s",
     PLACE_TABLES, ACTION_TAKES_TEXT, NULL, NULL},
    {ACTION_SORT_REVERSE, "sort.reverse", NULL, "Turn the order round", "S", PLACE_TABLES,
     ACTION_HIDDEN, NULL, NULL},
    {ACTION_COLUMNS, "columns", NULL,
     "Choose the columns, or leave the named one out or in", "C", PLACE_TABLES,
     ACTION_HIDDEN | ACTION_TAKES_TEXT, NULL, NULL},
    {ACTION_MARK, "mark", "Mark", "Mark the row, and go to the next", "space", MARKED,
     ACTION_NEEDS_ROW, NULL, NULL},
    {ACTION_MARK_RANGE, "mark.range", NULL, "Mark from the last marked row to this one",
     "v", MARKED, ACTION_NEEDS_ROW | ACTION_HIDDEN, NULL, NULL},
    {ACTION_MARK_ALL, "mark.all", NULL, "Mark all rows that pass the filter", "*", MARKED,
     ACTION_NEEDS_ROW | ACTION_HIDDEN, NULL, NULL},
    {ACTION_UNMARK, "unmark", NULL, "Take all marks away", "u", MARKED, ACTION_HIDDEN, NULL,
     NULL},
    {ACTION_COPY, "copy", NULL, "Copy the id of the row, or the body", "y",
     PLACE_TABLES | PLACE_DELIVERY, ACTION_NEEDS_ROW | ACTION_HIDDEN, NULL, NULL},
    {ACTION_UP, "up", NULL, "Up", "up k", MOVES, ACTION_HIDDEN, NULL, NULL},
    {ACTION_DOWN, "down", NULL, "Down", "down j", MOVES, ACTION_HIDDEN, NULL, NULL},
    {ACTION_PAGE_UP, "page_up", NULL, "One page up", "pgup ^b", MOVES, ACTION_HIDDEN, NULL,
     NULL},
    {ACTION_PAGE_DOWN, "page_down", NULL, "One page down", "pgdn ^f", MOVES, ACTION_HIDDEN,
     NULL, NULL},
    {ACTION_TOP, "top", NULL, "To the start", "home g", MOVES, ACTION_HIDDEN, NULL, NULL},
    {ACTION_BOTTOM, "bottom", NULL, "To the end; in the log: follow", "end G", MOVES,
     ACTION_HIDDEN, NULL, NULL},
    {ACTION_NEXT_PANE, "next_pane", "Pane", "Next pane", "tab",
     PLACE_ALERTS | PLACE_LOG | PLACE_DELIVERY, 0, NULL, NULL},
    {ACTION_SHOW_ALERTS, "alerts", NULL, "Screen: the alerts, and the log", "1",
     PLACE_CONSOLE, ACTION_HIDDEN | ACTION_TAKES_TEXT, NULL, NULL},
    {ACTION_SHOW_DELIVERIES, "deliveries", NULL, "Screen: what was and will be sent", "2",
     PLACE_CONSOLE, ACTION_HIDDEN | ACTION_TAKES_TEXT, NULL, NULL},
    {ACTION_SHOW_BUCKETS, "buckets", NULL, "Screen: what waits for its window to end", "3",
     PLACE_CONSOLE, ACTION_HIDDEN, NULL, NULL},
    {ACTION_SHOW_ACTIVITY, "activity", NULL, "Screen: events, and why an alert took them",
     "4", PLACE_CONSOLE, ACTION_HIDDEN, NULL, NULL},
    {ACTION_SHOW_OVERVIEW, "overview", NULL, "Screen: rates and latency of each alert", "5",
     PLACE_CONSOLE, ACTION_HIDDEN, NULL, NULL},
    {ACTION_SHOW_PROJECTS, "projects", NULL, "Screen: the projects of the workspace", "6",
     PLACE_CONSOLE, ACTION_HIDDEN, NULL, NULL},
    {ACTION_SHOW_SETTINGS, "settings", NULL, "Screen: every setting and its origin", "7",
     PLACE_CONSOLE, ACTION_HIDDEN, NULL, NULL},
    {ACTION_SHOW_SILENCES, "silences", NULL, "Screen: what is not sent for a time", "8",
     PLACE_CONSOLE, ACTION_HIDDEN, NULL, NULL},
    {ACTION_SHOW_AUDIT, "audit", NULL, "Screen: who did what, when and from where", "9",
     PLACE_CONSOLE, ACTION_HIDDEN | ACTION_TAKES_TEXT, NULL, NULL},
    {ACTION_WORKSPACE, "workspace", NULL, "Switch the workspace", "w", PLACE_ROOTS,
     ACTION_HIDDEN | ACTION_TAKES_TEXT, NULL, NULL},
    {ACTION_MOUSE, "mouse", NULL, "Mouse off, for the terminal's own selection, and on",
     "m", PLACE_CONSOLE, ACTION_HIDDEN, NULL, NULL},
    {ACTION_COMMAND, "command", "Go to", "Type what to do, in words", ":", PLACE_CONSOLE, 0,
     NULL, NULL},
    {ACTION_BACK, "back", "Back", "Back", "esc q",
     PLACE_DELIVERY | PLACE_TEXT | PLACE_REPLAYS, 0, NULL, NULL},
    {ACTION_BACK, "log.back", NULL, "Back to the alerts", "esc", PLACE_LOG, 0, NULL, NULL},
    {ACTION_BACK, "close", "Close", "Close", "esc q", PLACE_PICKER, 0, NULL, NULL},
    {ACTION_HELP, "help", NULL, "The pages of the help", "f1", PLACE_CONSOLE, ACTION_HIDDEN,
     NULL, NULL},
    {ACTION_KEYS, "keys", "Help", "Find what can be done here, and do it", "? f2",
     PLACE_CONSOLE, 0, NULL, NULL},
    {ACTION_HELP, "form.help", NULL, "The pages of the help", "f1",
     PLACE_FORM | PLACE_PICKER, ACTION_HIDDEN, NULL, NULL},
    {ACTION_REDRAW, "redraw", NULL, "Draw the screen again", "^l", EVERYWHERE,
     ACTION_HIDDEN, NULL, NULL},
    {ACTION_SUSPEND, "suspend", NULL, "Suspend; fg comes back", "^z", EVERYWHERE,
     ACTION_HIDDEN, NULL, NULL},
    {ACTION_QUIT, "quit", "Quit", "Quit", "q", PLACE_ROOTS, 0, NULL, NULL},
    {ACTION_QUIT, "quit_now", NULL, "Quit", "^c", EVERYWHERE, ACTION_HIDDEN, NULL, NULL},

    {ACTION_CLI_SERVE, "serve", NULL, "Run engine and intake without a screen", NULL, 0,
     ACTION_CHANGES | ACTION_LOCK, "serve", ""},
    {ACTION_CLI_ALERT_LIST, "cli.alert.list", NULL, "List the alerts", NULL, 0, 0,
     "alert list", "[--filter=TEXT]"},
    {ACTION_CLI_ALERT_SHOW, "cli.alert.show", NULL, "Show alerts, secrets masked", NULL, 0,
     0, "alert show", "ID..."},
    {ACTION_CLI_ALERT_CREATE, "cli.alert.create", NULL,
     "Create an alert from a file (- is standard input); prints its id", NULL, 0,
     ACTION_CHANGES, "alert create", "FILE"},
    {ACTION_CLI_ALERT_UPDATE, "cli.alert.update", NULL, "Replace an alert by a file", NULL,
     0, ACTION_CHANGES, "alert update", "ID FILE"},
    {ACTION_CLI_ALERT_ENABLE, "cli.alert.enable", NULL, "Enable alerts", NULL, 0,
     ACTION_CHANGES, "alert enable", "ID..."},
    {ACTION_CLI_ALERT_DISABLE, "cli.alert.disable", NULL, "Disable alerts", NULL, 0,
     ACTION_CHANGES, "alert disable", "ID..."},
    {ACTION_CLI_ALERT_DELETE, "cli.alert.delete", NULL, "Delete alerts", NULL, 0,
     ACTION_CHANGES | ACTION_DESTROYS, "alert delete", "ID..."},
    {ACTION_CLI_ALERT_TEST, "cli.alert.test", NULL,
     "Send a sample webhook of each; fails unless all are answered 2xx", NULL, 0,
     ACTION_CHANGES, "alert test", "ID..."},
    {ACTION_CLI_ALERT_EXPORT, "cli.alert.export", NULL,
     "Write alerts as JSON, secrets masked or sealed", NULL, 0, ACTION_TELLS,
     "alert export", "[ID...] [--secrets=FILE]"},
    {ACTION_CLI_ALERT_IMPORT, "cli.alert.import", NULL,
     "Create or replace alerts from a file, all or none", NULL, 0, ACTION_CHANGES,
     "alert import", "FILE [--dry-run] [--secrets=FILE]"},
    {ACTION_CLI_DELIVERY_LIST, "cli.delivery.list", NULL, "List deliveries, newest first",
     NULL, 0, 0, "delivery list", "[--filter=TEXT]"},
    {ACTION_CLI_DELIVERY_SHOW, "cli.delivery.show", NULL,
     "Show deliveries with their attempts", NULL, 0, 0, "delivery show", "ID..."},
    {ACTION_CLI_DELIVERY_REPLAY, "cli.delivery.replay", NULL,
     "Send finished deliveries again: those named, or of --filter", NULL, 0, ACTION_CHANGES,
     "delivery replay", "[ID...] [--filter=TEXT] [--dry-run]"},
    {ACTION_CLI_LOG, "cli.log", NULL, "Print the log of attempts", NULL, 0, 0, "log",
     "[--follow]"},
    {ACTION_CLI_BUCKET_LIST, "cli.bucket.list", NULL, "List the open buckets", NULL, 0, 0,
     "bucket list", ""},
    {ACTION_CLI_BUCKET_SEND, "cli.bucket.send", NULL,
     "Close open buckets and send them now", NULL, 0, ACTION_CHANGES, "bucket send",
     "KEY..."},
    {ACTION_CLI_SILENCE_LIST, "cli.silence.list", NULL, "List the silences", NULL, 0, 0,
     "silence list", ""},
    {ACTION_CLI_SILENCE_ADD, "cli.silence.add", NULL,
     "Silence an alert, a project or an event type; prints its id", NULL, 0, ACTION_CHANGES,
     "silence add", "--alert=NAME --for=2h"},
    {ACTION_CLI_SILENCE_END, "cli.silence.end", NULL,
     "End silences, and send what they hold", NULL, 0, ACTION_CHANGES, "silence end",
     "ID..."},
    {ACTION_CLI_ACTIVITY, "cli.activity", NULL,
     "List the newest events, and what each alert made of them", NULL, 0, 0, "activity",
     ""},
    {ACTION_CLI_AUDIT, "cli.audit", NULL, "List who did what, when and from where", NULL, 0,
     0, "audit", "[--filter=TEXT] [--since=TIME]"},
    {ACTION_CLI_EXPLAIN, "cli.explain", NULL,
     "Say which alerts would take an event, and why not the others", NULL, 0, 0, "explain",
     "[FILE]"},
    {ACTION_CLI_SEND, "cli.send", NULL,
     "Send events (JSON lines) through the running intake", NULL, 0, ACTION_CHANGES, "send",
     "[FILE]"},
    {ACTION_CLI_DEMO, "cli.demo", NULL, "Show it all alive with made-up events", NULL, 0,
     ACTION_CHANGES | ACTION_LOCK, "demo", ""},
    {ACTION_CLI_CONFIG, "cli.config", NULL, "List every setting with its value and origin",
     NULL, 0, 0, "config", ""},
    {ACTION_CLI_DOCTOR, "cli.doctor", NULL, "Account for every event that was accepted",
     NULL, 0, 0, "doctor", ""},
    {ACTION_CLI_REKEY, "cli.rekey", NULL,
     "Make a new key and seal every secret anew; no engine may run", NULL, 0,
     ACTION_CHANGES | ACTION_LOCK, "rekey", ""},
    {ACTION_CLI_COMPLETION, "cli.completion", NULL, "Print the completion of a shell", NULL,
     0, 0, "completion", "bash|zsh|fish"},
    {ACTION_CLI_MAN, "cli.man", NULL, "Print the man page", NULL, 0, 0, "man", ""},
};
const size_t action_count = sizeof action_table / sizeof *action_table;

const struct action_place action_places[] = {
    {PLACE_ALERTS, "In the list of alerts"},
    {PLACE_LOG, "In the log"},
    {PLACE_DELIVERIES, "In the deliveries"},
    {PLACE_DELIVERY, "In a delivery"},
    {PLACE_REPLAYS, "In what was sent again"},
    {PLACE_BUCKETS, "In the buckets"},
    {PLACE_ACTIVITY, "In the activity"},
    {PLACE_OVERVIEW, "In the overview"},
    {PLACE_PROJECTS, "In the projects"},
    {PLACE_SETTINGS, "In the settings"},
    {PLACE_SILENCES, "In the silences"},
    {PLACE_AUDIT, "In the audit"},
    {PLACE_FORM, "In the form"},
    {PLACE_PICKER, "In a list to choose from"},
    {PLACE_TEXT, "In a text"},
    {PLACE_LINE, "While a line is typed"},
    {PLACE_QUESTION, "At a question"},
};
const size_t action_place_count = sizeof action_places / sizeof *action_places;

bool action_is_common(const struct action_info *a)
{
    return (a->places & PLACE_LISTS) == PLACE_LISTS;
}

const struct action_info *action_info(enum action a)
{
    for (size_t i = 0; i < action_count; i++)
        if (action_table[i].id == a)
            return &action_table[i];
    return NULL;
}

/* The next word of a list; empty at the end. */
static struct span next_word(const char **list)
{
    *list += strspn(*list, " ");
    struct span word = {*list, strcspn(*list, " ")};
    *list += word.len;
    return word;
}

enum action action_of_key(const struct key *key, unsigned place)
{
    for (size_t i = 0; i < action_count; i++) {
        const char *keys = action_table[i].keys;
        struct key wanted;
        if (!keys || !(action_table[i].places & place))
            continue;
        for (struct span w = next_word(&keys); w.len; w = next_word(&keys))
            if (key_parse(w, &wanted) && key_same(&wanted, key))
                return action_table[i].id;
    }
    return ACTION_NONE;
}

const struct action_info *action_of_verb(const char *first, const char *second)
{
    for (size_t i = 0; i < action_count; i++) {
        const char *verb = action_table[i].verb;
        if (!verb)
            continue;
        struct span one = next_word(&verb), two = next_word(&verb);
        if (span_is(one, first) && (two.len ? second && span_is(two, second) : true))
            return &action_table[i];
    }
    return NULL;
}

void action_words(const struct action_info *a, char *out, size_t size)
{
    snprintf(out, size, "%s", a->name);
    for (char *at = out; *at; at++)
        if (*at == '.' || *at == '_')
            *at = ' ';
}

void action_keys(const struct action_info *a, char *out, size_t size)
{
    const char *keys = a->keys ? a->keys : "";
    size_t len = 0;
    out[0] = '\0';
    for (struct span w = next_word(&keys); w.len && len < size; w = next_word(&keys)) {
        struct key key;
        if (!key_parse(w, &key))
            continue;
        len += (size_t)snprintf(out + len, size - len, "%s", len ? ", " : "");
        if (len < size)
            key_label(&key, out + len, size - len);
        len = strlen(out);
    }
}

void action_key_label(enum action a, char *out, size_t size)
{
    const struct action_info *info = action_info(a);
    const char *keys = info ? info->keys : NULL;
    struct key key;
    if (keys && key_parse(next_word(&keys), &key))
        key_label(&key, out, size);
    else if (size)
        out[0] = '\0';
}
