#include "screens/alert_export.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/text.h"
#include "config.h"
#include "model/alert_json.h"
#include "scope_names.h"
#include "screens/screens.h"
#include "short_text.h"
#include "store/alerts.h"

void alert_export_free(struct alert_export *e)
{
    free(e->path);
    free(e->ids);
    *e = (struct alert_export){0};
}

static bool add_all(const struct alert_export *e, struct buf *out, struct err *err)
{
    buf_add_char(out, '[');
    for (size_t i = 0; i < e->count; i++) {
        struct alert alert;
        if (!store_alert_get(console_reader(e->console), console_workspace(e->console), e->ids[i],
                             &alert, err))
            return false;
        buf_add_text(out, i ? ",\n" : "\n");
        bool fine = alert_to_json(&alert, ALERT_JSON_HIDDEN, out)
                        ? scope_names_add(console_reader(e->console), &alert, out, err)
                        : err_memory(err);
        alert_free(&alert);
        if (!fine)
            return false;
    }
    return buf_add_text(out, "\n]\n") || err_memory(err);
}

static bool write_file(struct alert_export *e, struct err *err)
{
    struct buf text;
    buf_init(&text, BUF_UNLIMITED);
    bool fine = add_all(e, &text, err) && config_replace(e->path, buf_span(&text), err);
    buf_free(&text);
    if (!fine)
        return false;
    char *whole = realpath(e->path, NULL); /* where that is, in a console opened anywhere */
    console_toast(e->console, STYLE_OK, "%zu alert%s, secrets masked, written to %s",
                  e->count, e->count == 1 ? "" : "s", whole ? whole : e->path);
    free(whole);
    return true;
}

static void write_now(void *arg)
{
    struct alert_export *e = arg;
    struct err err;
    if (!write_file(e, &err))
        console_toast(e->console, STYLE_ERROR, "%s", err.text);
}

static void keep(void *arg)
{
    (void)arg;
}

static bool path_known(void *arg, const char *path, struct err *err)
{
    struct alert_export *e = arg;
    char question[64 + SHORT_TEXT_SIZE];
    free(e->path);
    e->path = strdup(path);
    if (!e->path)
        return err_memory(err);
    if (access(path, F_OK) != 0)
        return write_file(e, err);
    snprintf(question, sizeof question, "%s is there already. Replace it?",
             short_text(&(struct short_text){0}, path, 240));
    console_push(e->console, confirm_new(e->console, question, write_now, keep, e));
    return true;
}

void alert_export_begin(struct alert_export *e, struct console *c, char (*ids)[UUID_SIZE],
                        size_t count, const char *words, const char *path)
{
    char question[256];
    alert_export_free(e);
    *e = (struct alert_export){c, ids, count, NULL};
    snprintf(question, sizeof question, "File for %s", words);
    text_whole(question);
    struct err err;
    if (path && !path_known(e, path, &err))
        console_toast(c, STYLE_ERROR, "%s", err.text);
    else if (!path)
        console_push(c, prompt_new(c, question, "alerts.json", path_known, e));
}
