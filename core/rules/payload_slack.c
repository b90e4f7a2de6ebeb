/* A Slack message of Block Kit, as Opik lays it out; what strangers wrote cannot break it. */
#include "rules/payload.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/text.h"

enum {
    HEADER_MAX = 150,   /* characters of a header block */
    DETAILS_MAX = 3000, /* of a section, counted as Slack does: UTF-16 units */
    LINES_MAX = 2950,   /* up to which whole lines are kept when they are too many */
    WORD_MAX = 200,     /* characters of one word that a stranger wrote */
};
#define DEFAULT_BASE "http://localhost:5173"

/* The details, line by line. */
struct lines {
    struct buf text;
    size_t units;       /* of text */
    size_t fit, fit_at; /* units and bytes of the whole lines within LINES_MAX */
};

struct message {
    const struct payload_head *head;
    struct buf base; /* of links, with the workspace and without a slash at its end */
    struct lines lines;
};

/* ------------------------------------------------------------------ words of strangers */

static size_t units_of(struct span text)
{
    size_t units = 0;
    for (size_t i = 0; i < text.len; i++) {
        unsigned char c = (unsigned char)text.at[i];
        units += (c & 0xc0) != 0x80;
        units += c >= 0xf0; /* beyond the basic plane: two */
    }
    return units;
}

/* Characters that mean something in mrkdwn. */
static void add_character(struct buf *out, struct span c)
{
    if (c.len > 1) {
        buf_add_span(out, c);
        return;
    }
    switch (c.at[0]) {
    case '&':
        buf_add_text(out, "&amp;");
        break;
    case '<':
        buf_add_text(out, "&lt;");
        break;
    case '>':
        buf_add_text(out, "&gt;");
        break;
    case '`':
    case '*':
    case '_':
    case '~':
        buf_add_char(out, '\'');
        break;
    default:
        buf_add_char(out, c.at[0]);
    }
}

/* A word in one line, at most WORD_MAX characters long. */
static void add_word(struct buf *out, struct span text)
{
    struct buf safe;
    struct span rest;
    size_t columns, count = 0;
    buf_init(&safe, BUF_UNLIMITED);
    for (size_t i = 0; i < text.len && safe.len < 8 * WORD_MAX; i++)
        buf_add_char(&safe, strchr("\r\n\t", text.at[i]) ? ' ' : text.at[i]);
    struct buf clean;
    buf_init(&clean, BUF_UNLIMITED);
    text_safe(&clean, buf_span(&safe), TEXT_SENT);
    rest = buf_span(&clean);
    while (rest.len && count++ < WORD_MAX) {
        size_t len = text_next(rest, &columns);
        struct span c = {rest.at, len ? len : 1};
        add_character(out, c);
        rest = (struct span){rest.at + c.len, rest.len - c.len};
    }
    if (rest.len || safe.len < text.len)
        buf_add_text(out, "...");
    out->failed = out->failed || safe.failed || clean.failed;
    buf_free(&safe);
    buf_free(&clean);
}

/* A part of a URL. */
static void add_encoded(struct buf *out, struct span text)
{
    static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
                                "0123456789-._~";
    for (size_t i = 0; i < text.len && i < 4 * WORD_MAX; i++) {
        if (text.at[i] && strchr(plain, text.at[i]))
            buf_add_char(out, text.at[i]);
        else
            buf_add_format(out, "%%%02X", (unsigned char)text.at[i]);
    }
}

/* A member's text; numbers and the like as they stand. */
static bool get(struct js_value entity, const char *key, struct buf *out)
{
    struct js_value v = js_get(entity, key);
    buf_clear(out);
    if (v.type == JS_STRING)
        return js_string(v, out) && out->len;
    return v.type == JS_NUMBER && buf_add_span(out, v.text);
}

static void add_member(struct buf *line, struct js_value entity, const char *key,
                       const char *missing)
{
    struct buf text;
    buf_init(&text, BUF_UNLIMITED);
    if (get(entity, key, &text))
        add_word(line, buf_span(&text));
    else
        buf_add_text(line, missing);
    buf_free(&text);
}

static void add_path(struct buf *line, struct js_value entity, const char *key)
{
    struct buf text;
    buf_init(&text, BUF_UNLIMITED);
    if (get(entity, key, &text))
        add_encoded(line, buf_span(&text));
    buf_free(&text);
}

/* ------------------------------------------------------------------ lines */

static void add_line(struct lines *l, struct span line)
{
    size_t units = units_of(line) + (l->units ? 1 : 0);
    if (l->units + units <= LINES_MAX && l->fit_at == l->text.len) {
        l->fit = l->units + units;
        l->fit_at = l->text.len + line.len + (l->units ? 1 : 0);
    }
    if (l->units > DETAILS_MAX)
        return; /* enough to know that it is too long */
    if (l->units)
        buf_add_char(&l->text, '\n');
    buf_add_span(&l->text, line);
    l->units += units;
}

static void begin_link(const struct message *m, struct buf *line, const char *path)
{
    buf_add_text(line, ", <");
    buf_add_span(line, buf_span(&m->base));
    buf_add_text(line, path);
}

static void prompt_line(const struct message *m, struct js_value e, struct buf *line)
{
    buf_add_text(line, "Prompt `");
    add_member(line, e, "id", "N/A");
    buf_add_char(line, '`');
    begin_link(m, line, "/prompts/");
    add_path(line, e, "id");
    buf_add_text(line, "|View>");
}

static void version_line(const struct message *m, struct js_value e, struct buf *line)
{
    buf_add_text(line, "Prompt `");
    add_member(line, e, "prompt_id", "N/A");
    buf_add_text(line, "` (version `");
    add_member(line, e, "id", "N/A");
    buf_add_text(line, "`)");
    begin_link(m, line, "/prompts/");
    add_path(line, e, "prompt_id");
    buf_add_text(line, "?activeVersionId=");
    add_path(line, e, "id");
    buf_add_text(line, "|View>");
}

static void trace_line(const struct message *m, struct js_value e, struct buf *line)
{
    const char *key = m->head->type == EVENT_GUARDRAILS_TRIGGERED ? "entity_id" : "id";
    buf_add_text(line, "Trace `");
    add_member(line, e, key, "N/A");
    buf_add_char(line, '`');
    begin_link(m, line, "/projects/");
    add_path(line, e, "project_id");
    buf_add_text(line, "/traces?trace=");
    add_path(line, e, key);
    buf_add_text(line, "|View>");
}

static void experiment_line(const struct message *m, struct js_value e, struct buf *line)
{
    buf_add_text(line, "Experiment `");
    add_member(line, e, "id", "N/A");
    buf_add_char(line, '`');
    begin_link(m, line, "/experiments/");
    add_path(line, e, "dataset_id");
    buf_add_text(line, "/compare?experiments=%5B%22");
    add_path(line, e, "id");
    buf_add_text(line, "%22%5D|View>");
}

static void score_line(const struct message *m, struct js_value e, struct buf *line)
{
    bool thread = m->head->type == EVENT_THREAD_FEEDBACK_SCORE;
    double value;
    buf_add_format(line, "%s Score *", thread ? "Thread" : "Trace");
    add_member(line, e, "name", "N/A");
    if (js_number(js_get(e, "value"), &value))
        buf_add_format(line, "* = %.2f, ", value);
    else
        buf_add_text(line, "* = N/A, ");
    add_member(line, e, "reason", "N/A");
    begin_link(m, line, "/projects/");
    add_path(line, e, "project_id");
    buf_add_text(line, thread ? "/traces?type=threads&amp;thread=" : "/traces?trace=");
    add_path(line, e, thread ? "thread_id" : "id");
    buf_add_format(line, "&amp;%sTab=feedback_scores|View>", thread ? "thread" : "trace");
}

/* ------------------------------------------------------------------ thresholds */

static void add_window(struct buf *line, struct js_value e)
{
    static const struct {
        int64_t seconds;
        const char *name;
    } units[] = {{86400, "day"}, {3600, "hour"}, {60, "minute"}, {1, "second"}};
    int64_t window = 0;
    js_int(js_get(e, "window_seconds"), &window);
    size_t u = 0;
    while (u < 3 && window < units[u].seconds)
        u++;
    int64_t n = window / units[u].seconds;
    buf_add_format(line, "%lld %s%s", (long long)n, units[u].name, n == 1 ? "" : "s");
}

static void add_amount(struct message *m, struct js_value e, const char *words,
                       const char *key)
{
    enum event_type type = m->head->type;
    struct buf line;
    buf_init(&line, BUF_UNLIMITED);
    buf_add_format(&line, "• *%s:* %s", words, type == EVENT_TRACE_COST ? "$" : "");
    add_member(&line, e, key, "N/A");
    if (type == EVENT_TRACE_LATENCY)
        buf_add_text(&line, " s");
    add_line(&m->lines, buf_span(&line));
    m->lines.text.failed = m->lines.text.failed || line.failed;
    buf_free(&line);
}

static const char *measured_name(enum event_type type)
{
    switch (type) {
    case EVENT_TRACE_ERRORS:
        return "Trace Errors";
    case EVENT_TRACE_FEEDBACK_SCORE:
        return "Trace Feedback Score";
    case EVENT_THREAD_FEEDBACK_SCORE:
        return "Thread Feedback Score";
    case EVENT_TRACE_COST:
        return "Cost";
    default:
        return "Latency";
    }
}

static void add_scope(struct message *m, struct js_value e)
{
    struct buf ids, line;
    buf_init(&ids, BUF_UNLIMITED);
    buf_init(&line, BUF_UNLIMITED);
    bool scoped = get(e, "project_ids", &ids), one = scoped && !strchr(buf_text(&ids), ',');
    if (scoped) {
        buf_add_text(&line, "• *Scope:* *Projects:* `");
        add_member(&line, e, "project_names", "N/A");
        buf_add_char(&line, '`');
    } else {
        buf_add_text(&line, "• *Scope:* *Workspace-wide*");
    }
    add_line(&m->lines, buf_span(&line));
    buf_clear(&line);
    buf_add_char(&line, '<');
    buf_add_span(&line, buf_span(&m->base));
    buf_add_text(&line, "/projects");
    if (one) {
        buf_add_char(&line, '/');
        add_encoded(&line, buf_span(&ids));
        buf_add_format(&line, "/traces?type=%s|View Project>",
                       m->head->type == EVENT_THREAD_FEEDBACK_SCORE ? "threads" : "traces");
    } else {
        buf_add_text(&line, "|View All Projects>");
    }
    add_line(&m->lines, buf_span(&line));
    buf_free(&ids);
    buf_free(&line);
}

static void measured_lines(struct message *m, struct js_value e)
{
    struct buf line, words;
    const char *name = measured_name(m->head->type);
    buf_init(&line, BUF_UNLIMITED);
    buf_init(&words, BUF_UNLIMITED);
    buf_add_format(&line, "*%s Alert Triggered:*", name);
    add_line(&m->lines, buf_span(&line));
    buf_add_format(&words, "Current %s value", name);
    add_amount(m, e, buf_text(&words), "metric_value");
    add_amount(m, e, "Threshold", "threshold");
    buf_clear(&line);
    buf_add_text(&line, "• *Time Window:* ");
    add_window(&line, e);
    add_line(&m->lines, buf_span(&line));
    if (js_is_set(js_get(e, "feedback_score_name"))) {
        buf_clear(&line);
        buf_add_text(&line, "• *Feedback Score:* `");
        add_member(&line, e, "feedback_score_name", "N/A");
        buf_add_char(&line, '`');
        add_line(&m->lines, buf_span(&line));
    }
    add_scope(m, e);
    buf_free(&line);
    buf_free(&words);
}

/* ------------------------------------------------------------------ details */

static const struct kind {
    const char *label, *heading, *all; /* all: where "View All" leads; NULL: nowhere */
    void (*line)(const struct message *m, struct js_value entity, struct buf *line);
    bool distinct; /* a line that is there already is not said again */
} KINDS[EVENT_TYPE_COUNT] = {
    [EVENT_TRACE_ERRORS] = {"Trace Errors", "*Traces with Errors:*", "/projects", trace_line,
                            true},
    [EVENT_TRACE_FEEDBACK_SCORE] = {"Trace Feedback Score", "*Traces Feedback Scores:*",
                                    "/projects", score_line, false},
    [EVENT_THREAD_FEEDBACK_SCORE] = {"Thread Feedback Score", "*Threads Feedback Scores:*",
                                     "/projects", score_line, false},
    [EVENT_GUARDRAILS_TRIGGERED] = {"Guardrail Triggered",
                                    "*Traces with Guardrails Triggered:*", "/projects",
                                    trace_line, true},
    [EVENT_PROMPT_CREATED] = {"Prompt Created", "*Prompts Created:*", "/prompts", prompt_line,
                              false},
    [EVENT_PROMPT_COMMITTED] = {"Prompt Committed", "*Prompts Committed:*", "/prompts",
                                version_line, false},
    [EVENT_PROMPT_DELETED] = {"Prompt Deleted", "*Deleted Prompt IDs:*", NULL, NULL, false},
    [EVENT_EXPERIMENT_FINISHED] = {"Experiment Finished", "*Experiments Finished:*",
                                   "/experiments", experiment_line, false},
    [EVENT_TRACE_COST] = {"Cost Alert", "", "/projects", NULL, false},
    [EVENT_TRACE_LATENCY] = {"Latency Alert", "", "/projects", NULL, false},
};

/* Whether a line, whole, is among the details. */
static bool has_line(const struct lines *l, struct span line)
{
    const char *at = l->text.data, *end = at ? at + l->text.len : NULL;
    while (at && at < end) {
        const char *newline = memchr(at, '\n', (size_t)(end - at));
        const char *stop = newline ? newline : end;
        if ((size_t)(stop - at) == line.len && memcmp(at, line.at, line.len) == 0)
            return true;
        at = newline ? newline + 1 : NULL;
    }
    return false;
}

static void add_entity(struct message *m, const struct payload_event *event, bool *headed)
{
    const struct kind *kind = &KINDS[m->head->type];
    struct js_value e;
    struct buf line;
    if (!js_parse(event->entity, &e, NULL))
        return;
    if (js_is_set(js_get(e, "metric_name")) || !kind->heading[0]) {
        measured_lines(m, e);
        return;
    }
    if (!*headed)
        add_line(&m->lines, span_of(kind->heading));
    *headed = true;
    buf_init(&line, BUF_UNLIMITED);
    if (kind->line) {
        kind->line(m, e, &line);
    } else {
        buf_add_char(&line, '`');
        add_member(&line, e, "id", "N/A");
        buf_add_char(&line, '`');
    }
    if (!kind->distinct || !has_line(&m->lines, buf_span(&line)))
        add_line(&m->lines, buf_span(&line));
    m->lines.text.failed = m->lines.text.failed || line.failed;
    buf_free(&line);
}

/* ------------------------------------------------------------------ blocks */

static void add_section(struct buf *out, struct span text)
{
    buf_add_text(out, ",{\"type\":\"section\",\"text\":{\"type\":\"mrkdwn\",\"text\":");
    js_append_string(out, text);
    buf_add_text(out, "}}");
}

static void add_header(struct buf *out, const char *name)
{
    const char *text = name && *name ? name : "Alert", *at = text;
    size_t units = 0;
    while (*at) {
        size_t len = 1;
        while (((unsigned char)at[len] & 0xc0) == 0x80)
            len++;
        size_t more = units_of((struct span){at, len});
        if (units + more > HEADER_MAX)
            break;
        units += more;
        at += len;
    }
    buf_add_text(out, "{\"type\":\"header\",\"text\":{\"type\":\"plain_text\",\"text\":");
    js_append_string(out, (struct span){text, (size_t)(at - text)});
    buf_add_text(out, "}}");
}

static void add_count(struct buf *out, const struct payload_head *head, int64_t count)
{
    struct buf text;
    buf_init(&text, BUF_UNLIMITED);
    buf_add_format(&text, "*%lld* new %s event%s happened", (long long)count,
                   KINDS[head->type].label, count == 1 ? "" : "s");
    add_section(out, buf_span(&text));
    out->failed = out->failed || text.failed;
    buf_free(&text);
}

static void add_fallback(struct buf *out, const struct message *m, int64_t count)
{
    const char *all = KINDS[m->head->type].all;
    struct buf text;
    buf_init(&text, BUF_UNLIMITED);
    buf_add_format(&text, "Not all are shown: %lld in all.", (long long)count);
    if (all) {
        buf_add_text(&text, " <");
        buf_add_span(&text, buf_span(&m->base));
        buf_add_format(&text, "%s|View All>", all);
    }
    add_section(out, buf_span(&text));
    out->failed = out->failed || text.failed;
    buf_free(&text);
}

static void add_details(struct buf *out, const struct message *m, int64_t count)
{
    const struct lines *l = &m->lines;
    bool whole = l->units <= DETAILS_MAX;
    struct span shown = whole ? buf_span(&l->text) : (struct span){l->text.data, l->fit_at};
    if (shown.len)
        add_section(out, shown);
    if (!whole || m->head->truncated > 0)
        add_fallback(out, m, count);
    out->failed = out->failed || l->text.failed || m->base.failed;
}

static void make_base(struct message *m)
{
    const char *base = m->head->base_url && *m->head->base_url ? m->head->base_url : DEFAULT_BASE;
    size_t len = strlen(base);
    while (len && base[len - 1] == '/')
        len--;
    for (size_t i = 0; i < len; i++) /* a URL, but one that someone typed */
        if (strchr("<>|\"", base[i]) || (unsigned char)base[i] <= ' ')
            buf_add_format(&m->base, "%%%02X", (unsigned char)base[i]);
        else
            buf_add_char(&m->base, base[i]);
    buf_add_char(&m->base, '/');
    add_encoded(&m->base, span_of(m->head->workspace ? m->head->workspace : "default"));
}

bool payload_slack(const struct payload_head *head, const struct payload_event *events,
                   size_t count, struct buf *out)
{
    struct message m = {.head = head};
    int64_t all = (int64_t)count + head->truncated;
    bool headed = false;
    buf_init(&m.base, BUF_UNLIMITED);
    buf_init(&m.lines.text, BUF_UNLIMITED);
    make_base(&m);
    for (size_t i = 0; i < count && m.lines.units <= DETAILS_MAX; i++)
        add_entity(&m, &events[i], &headed);
    buf_add_text(out, "{\"blocks\":[");
    add_header(out, head->alert_name);
    add_count(out, head, all);
    add_details(out, &m, all);
    buf_free(&m.base);
    buf_free(&m.lines.text);
    return buf_add_text(out, "]}");
}
