/* Prompts and their versions, and the JSON in which the API and the webhooks show them. */
#ifndef MODEL_PROMPT_H
#define MODEL_PROMPT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/uuid.h"

struct prompt_version {
    char id[UUID_SIZE], prompt_id[UUID_SIZE];
    char commit[9]; /* the last 8 hex digits of the id */
    char *tmpl;     /* the template, as text */
    char *type;     /* mustache or jinja2; NULL: not given (shown as mustache) */
    char *metadata; /* JSON text as the client sent it; NULL: none */
    char *change_description;
    char *tags;      /* JSON array text; NULL: none */
    char *structure; /* "text" or "chat" */
    char *created_by;
    int64_t created_at; /* wall ms */
};

struct prompt {
    char id[UUID_SIZE];
    char *workspace, *name, *description;
    char *tags;      /* JSON array text; NULL: none */
    char *structure; /* "text" or "chat" */
    char *created_by, *updated_by;
    int64_t created_at, updated_at;
    int64_t version_count;
    struct prompt_version *latest; /* owned; NULL: none, or not read */
};

void prompt_free(struct prompt *p);
void prompt_version_free(struct prompt_version *v);

/* As the API answers. */
bool prompt_to_json(const struct prompt *p, struct buf *out);
bool prompt_version_to_json(const struct prompt_version *v, struct buf *out);

/* As the payload of prompt:created, prompt:deleted (with latest_version) and
 * prompt:committed. */
bool prompt_event_json(const struct prompt *p, bool with_latest, struct buf *out);
bool prompt_version_event_json(const struct prompt_version *v, struct buf *out);

#endif
