#include "support/program.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define WORDS_MAX 40

int program_setup(void **state)
{
    struct program *p = calloc(1, sizeof *p);
    const char *path = getenv("OPIK_ALERTS");
    if (!p || !path) {
        fprintf(stderr, "OPIK_ALERTS must be the path of the program\n");
        return -1;
    }
    run_dir_make(p->dir, sizeof p->dir);
    snprintf(p->config, sizeof p->config, "%s/config.ini", p->dir);
    snprintf(p->file, sizeof p->file, "%s/input", p->dir);
    run_write_file(p->config, "[intake]\nlisten = 127.0.0.1:0\n", 0600);
    *state = p;
    return 0;
}

int program_teardown(void **state)
{
    struct program *p = *state;
    run_dir_remove(p->dir);
    free(p);
    return 0;
}

struct words {
    char text[1024];
    const char *argv[WORDS_MAX];
};

static void split(const struct program *p, struct words *w, const char *words)
{
    size_t n = 0;
    char *save = NULL;
    w->argv[n++] = getenv("OPIK_ALERTS");
    w->argv[n++] = "--data-dir";
    w->argv[n++] = p->dir;
    w->argv[n++] = "--config";
    w->argv[n++] = p->config;
    snprintf(w->text, sizeof w->text, "%s", words);
    for (char *at = strtok_r(w->text, " ", &save); at; at = strtok_r(NULL, " ", &save)) {
        assert_true(n < WORDS_MAX - 1);
        w->argv[n++] = at;
    }
    w->argv[n] = NULL;
}

void program_run(const struct program *p, struct run *r, const char *in, const char *words)
{
    struct words w;
    split(p, &w, words);
    run_program(r, in, w.argv);
}

void program_start(const struct program *p, struct run_child *c, const char *words)
{
    struct words w;
    split(p, &w, words);
    run_start(c, w.argv);
}

void program_expect(const struct program *p, struct run *r, int status, const char *in,
                    const char *words)
{
    program_run(p, r, in, words);
    if (r->status != status)
        fail_msg("%s: %d, not %d\n%s%s", words, r->status, status, r->out, r->err);
}

json_t *program_json(const struct program *p, const char *words)
{
    struct run r;
    json_error_t error;
    program_expect(p, &r, 0, NULL, words);
    json_t *json = json_loads(r.out, JSON_DECODE_ANY, &error);
    if (!json)
        fail_msg("%s: %s\n%s", words, error.text, r.out);
    run_free(&r);
    return json;
}

void program_create(const struct program *p, const char *json, char id[64])
{
    struct run r;
    program_expect(p, &r, 0, json, "alert create -");
    snprintf(id, 64, "%s", r.out);
    id[strcspn(id, "\n")] = 0;
    assert_int_equal(strlen(id), 36);
    run_free(&r);
}

static void fail_waiting(struct run_child *c, const char *text)
{
    bool ended = c->out_fd < 0 && c->err_fd < 0;
    int status = ended ? run_wait_end(c, RUN_DEADLINE_MS) : 0;
    fail_msg("\"%s\" does not come; the program %s (%d)\n%s%s", text,
             ended ? "has ended" : "goes on", status, c->out, c->err);
}

void program_wait_out(struct run_child *c, const char *text)
{
    if (!run_wait_out(c, text, RUN_DEADLINE_MS))
        fail_waiting(c, text);
}

void program_wait_err(struct run_child *c, const char *text)
{
    if (!run_wait_err(c, text, RUN_DEADLINE_MS))
        fail_waiting(c, text);
}

void program_serve(const struct program *p, struct run_child *c, const char *words,
                   char url[128])
{
    char line[256];
    snprintf(line, sizeof line, "serve %s", words);
    program_start(p, c, line);
    program_wait_out(c, "\n");
    assert_int_equal(sscanf(c->out, "listening on %127s", url), 1);
}
