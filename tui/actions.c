#include "actions.h"

#include <stdio.h>
#include <string.h>

#define EVERYWHERE (PLACE_CONSOLE | PLACE_FORM | PLACE_PICKER)
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
     "space", PLACE_ALERTS, ACTION_CHANGES | ACTION_NEEDS_ROW, NULL, NULL},
    {ACTION_ALERT_DELETE, "alert.delete", "Delete", "Delete the selected alert", "D delete",
     PLACE_ALERTS, ACTION_CHANGES | ACTION_DESTROYS | ACTION_NEEDS_ROW, NULL, NULL},
    {ACTION_ALERT_TEST, "alert.test", "Test", "Send a sample webhook of the selected alert",
     "t", PLACE_ALERTS, ACTION_CHANGES | ACTION_NEEDS_ROW, NULL, NULL},
    {ACTION_FORM_SAVE, "form.save", "Save", "Save the alert", "^s", PLACE_FORM,
     ACTION_CHANGES, NULL, NULL},
    {ACTION_FORM_TEST, "form.test", "Test", "Test the connection as the form stands", "^t",
     PLACE_FORM, ACTION_CHANGES, NULL, NULL},
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
    {ACTION_DELIVERY_REPLAY, "delivery.replay", "Replay", "Send this delivery again", "r",
     PLACE_DELIVERY, ACTION_CHANGES, NULL, NULL},
    {ACTION_OPEN, "open", "Open", "Open the selected row", "enter",
     PLACE_LOG | PLACE_PICKER, ACTION_NEEDS_ROW, NULL, NULL},
    {ACTION_UP, "up", NULL, "Up", "up k", MOVES, ACTION_HIDDEN, NULL, NULL},
    {ACTION_DOWN, "down", NULL, "Down", "down j", MOVES, ACTION_HIDDEN, NULL, NULL},
    {ACTION_PAGE_UP, "page_up", NULL, "One page up", "pgup ^b", MOVES, ACTION_HIDDEN, NULL,
     NULL},
    {ACTION_PAGE_DOWN, "page_down", NULL, "One page down", "pgdn ^f", MOVES, ACTION_HIDDEN,
     NULL, NULL},
    {ACTION_TOP, "top", NULL, "To the start", "home g", MOVES, ACTION_HIDDEN, NULL, NULL},
    {ACTION_BOTTOM, "bottom", NULL, "To the end; in the log: follow", "end G", MOVES,
     ACTION_HIDDEN, NULL, NULL},
    {ACTION_NEXT_PANE, "next_pane", "Pane", "Next pane", "tab", PLACE_ALERTS | PLACE_LOG, 0,
     NULL, NULL},
    {ACTION_WORKSPACE, "workspace", NULL, "Switch the workspace", "w",
     PLACE_ALERTS | PLACE_LOG, ACTION_HIDDEN, NULL, NULL},
    {ACTION_BACK, "back", "Back", "Back", "esc q", PLACE_DELIVERY | PLACE_TEXT, 0, NULL,
     NULL},
    {ACTION_BACK, "close", "Close", "Close", "esc", PLACE_PICKER, 0, NULL, NULL},
    {ACTION_HELP, "help", "Help", "Help for where you are", "? f1", PLACE_CONSOLE, 0, NULL,
     NULL},
    {ACTION_HELP, "form.help", NULL, "Help for where you are", "f1",
     PLACE_FORM | PLACE_PICKER, ACTION_HIDDEN, NULL, NULL},
    {ACTION_REDRAW, "redraw", NULL, "Draw the screen again", "^l", EVERYWHERE,
     ACTION_HIDDEN, NULL, NULL},
    {ACTION_SUSPEND, "suspend", NULL, "Suspend; fg comes back", "^z", EVERYWHERE,
     ACTION_HIDDEN, NULL, NULL},
    {ACTION_QUIT, "quit", "Quit", "Quit", "q", PLACE_ALERTS | PLACE_LOG, 0, NULL, NULL},
    {ACTION_QUIT, "quit_now", NULL, "Quit", "^c", EVERYWHERE, ACTION_HIDDEN, NULL, NULL},

    {ACTION_CLI_SERVE, "serve", NULL, "Run engine and intake without a screen", NULL, 0,
     ACTION_CHANGES | ACTION_LOCK, "serve", ""},
    {ACTION_CLI_ALERT_LIST, "cli.alert.list", NULL, "List the alerts", NULL, 0, 0,
     "alert list", ""},
    {ACTION_CLI_ALERT_SHOW, "cli.alert.show", NULL, "Show one alert, secrets masked", NULL,
     0, 0, "alert show", "ID"},
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
     "Send a sample webhook; fails unless it is answered 2xx", NULL, 0, ACTION_CHANGES,
     "alert test", "ID"},
    {ACTION_CLI_ALERT_EXPORT, "cli.alert.export", NULL,
     "Write alerts as JSON, secrets masked or sealed", NULL, 0, 0, "alert export",
     "[ID...] [--secrets=FILE]"},
    {ACTION_CLI_ALERT_IMPORT, "cli.alert.import", NULL,
     "Create or replace alerts from a file, all or none", NULL, 0, ACTION_CHANGES,
     "alert import", "FILE [--dry-run] [--secrets=FILE]"},
    {ACTION_CLI_DELIVERY_LIST, "cli.delivery.list", NULL, "List deliveries, newest first",
     NULL, 0, 0, "delivery list", ""},
    {ACTION_CLI_DELIVERY_SHOW, "cli.delivery.show", NULL,
     "Show a delivery with its attempts", NULL, 0, 0, "delivery show", "ID"},
    {ACTION_CLI_DELIVERY_REPLAY, "cli.delivery.replay", NULL,
     "Send finished deliveries again", NULL, 0, ACTION_CHANGES, "delivery replay", "ID..."},
    {ACTION_CLI_LOG, "cli.log", NULL, "Print the log of attempts", NULL, 0, 0, "log",
     "[--follow]"},
    {ACTION_CLI_BUCKET_LIST, "cli.bucket.list", NULL, "List the open buckets", NULL, 0, 0,
     "bucket list", ""},
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
    {ACTION_CLI_DOCTOR, "cli.doctor", NULL, "Account for every event that was accepted", NULL,
     0, 0, "doctor", ""},
    {ACTION_CLI_COMPLETION, "cli.completion", NULL, "Print the completion of a shell", NULL,
     0, 0, "completion", "bash|zsh|fish"},
};
const size_t action_count = sizeof action_table / sizeof *action_table;

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
