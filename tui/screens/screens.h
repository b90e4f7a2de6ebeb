/* How the screens are opened; each lives in a file of its name. All on the console's thread.
 * NULL: no memory. */
#ifndef SCREENS_SCREENS_H
#define SCREENS_SCREENS_H

#include "console.h"
#include "model/alert.h"
#include "widgets/textview.h"

/* The roots (enum console_root). */
struct screen *alerts_new(struct console *c);
/* Selects a row that was stored just now, where `s` is that list and its filter lets it
 * through. */
void alerts_select(struct screen *s, const char *id);
struct screen *deliveries_new(struct console *c);
struct screen *buckets_new(struct console *c);
struct screen *activity_new(struct console *c);
struct screen *overview_new(struct console *c);
struct screen *projects_new(struct console *c);
struct screen *settings_new(struct console *c);
struct screen *silences_new(struct console *c);
struct screen *audit_new(struct console *c);

/* A text to read. Takes what `text` holds. */
struct screen *reader_new(struct console *c, struct textview *text);
/* The same, where a line of it, counted from 0, goes on with how long it is until `due` (steady
 * ms): " in 12 s", " now". */
struct screen *reader_new_until(struct console *c, struct textview *text, size_t line, int64_t due);

/* What can be done on the screen below, to search and to run. `line`: the `:` line, where words
 * are typed whole; else the searchable list. */
struct screen *palette_new(struct console *c, bool line);

struct screen *delivery_new(struct console *c, const char *id);
/* The same, and once it has another attempt than those it has now, the cursor goes there. */
struct screen *delivery_new_attempt(struct console *c, const char *id);

/* Sends deliveries again, and shows what comes of each. */
struct screen *replays_new(struct console *c, const char *const *ids, size_t count);

/* edit NULL: a new alert; one without an id: a copy that is not saved yet. */
struct screen *alert_form_new(struct console *c, const struct alert *edit);

/* The help, opened at the page for a place of the action table. */
struct screen *help_new(struct console *c, unsigned place);

/* Asks with y and n; Enter alone is no yes. `yes` runs once if it was y, then `drop` always. */
struct screen *confirm_new(struct console *c, const char *question, void (*yes)(void *arg),
                           void (*drop)(void *arg), void *arg);

/* Asks for a line of text. `text` is a proposal: what is typed takes its place, unless a key that
 * moves or cuts says that it is to be edited. done is called once the prompt is gone and may open
 * another screen; false: it took nothing, and the prompt is back with the text and *err. */
typedef bool prompt_done(void *arg, const char *text, struct err *err);
struct screen *prompt_new(struct console *c, const char *question, const char *text,
                          prompt_done *done, void *arg);
/* The same, where `text` is only the beginning of an answer. */
struct screen *prompt_new_begun(struct console *c, const char *question, const char *text,
                                prompt_done *done, void *arg);

/* Chooses event types for an alert: those in `chosen` (bits 1 << event_type) are checked. */
struct screen *trigger_picker_new(struct console *c, unsigned chosen,
                                  void (*done)(void *arg, unsigned chosen), void *arg);

/* Chooses the projects of a trigger: all, or some of the known ones and of those typed ahead. */
struct screen *scope_picker_new(struct console *c, const struct alert_trigger *trigger,
                                void (*done)(void *arg, bool scoped, const char (*ids)[UUID_SIZE],
                                             size_t count),
                                void *arg);

/* Chooses which columns of the table of the screen below are shown. */
struct table;
struct screen *column_picker_new(struct console *c, struct table *t);

/* Sends `body`, or without one (at NULL) a sample of `type`, as the alert stands, and shows what
 * comes of it. All is copied. */
struct screen *test_dialog_new(struct console *c, const struct alert *alert,
                               enum event_type type, struct span body);

#endif
