/* Prompts and their versions; a change of one is an event. A part of the contract in
 * store.h. */
#ifndef STORE_PROMPTS_H
#define STORE_PROMPTS_H

#include "model/prompt.h"
#include "store/store.h"

struct prompt_write {
    const char *id; /* NULL: one is made; honoured when it is a UUIDv7 */
    const char *workspace, *user, *name;
    const char *description, *tags, *structure; /* NULL: not given */
    const char *tmpl;                           /* NULL: no first version */
    const char *version_id, *commit, *metadata, *type, *change_description, *version_tags;
    const char *version_structure; /* NULL: that of the prompt, which it must be */
};

/* A new prompt, with a first version if it carries a template: raises prompt:created, and
 * prompt:committed for the version. ERR_CONFLICT: the name exists (the same id and name
 * again is success and raises nothing). result: const struct prompt *. Copied. */
void store_prompt_create(struct store *s, const struct prompt_write *w, store_done *done,
                         void *arg);

/* A new version of the prompt `name`, which is made if it is new (then both events); the
 * structure of one that is there stays, whatever w->structure says. The same version id
 * again is success and raises nothing. result: const struct prompt_version *. */
void store_prompt_commit(struct store *s, const struct prompt_write *w, store_done *done,
                         void *arg);

/* A new version with the content of an old one. result: const struct prompt_version *. */
void store_prompt_restore(struct store *s, const char *workspace, const char *user,
                          const char *prompt_id, const char *version_id, store_done *done,
                          void *arg);

/* Replaces name, description and tags. NULL description or tags: kept. No result. */
void store_prompt_update(struct store *s, const char *id, const struct prompt_write *w,
                         store_done *done, void *arg);

/* Sets (or, with merge, adds to) the tags of versions. No result. */
void store_prompt_tag_versions(struct store *s, const char *workspace,
                               const char *const *ids, size_t count, const char *tags,
                               bool merge, store_done *done, void *arg);

/* Deletes those that exist; prompt:deleted for each. result: const int64_t *, how many. */
void store_prompt_delete(struct store *s, const char *workspace, const char *user,
                         const char *const *ids, size_t count, store_done *done, void *arg);

/* Prompts by name part (NULL: all; exact: the whole name), newest first. */
struct prompt_rows {
    struct prompt *items;
    size_t count;
    int64_t total;
};
bool store_prompt_list(struct store_reader *r, const char *workspace, const char *name,
                       bool exact, int64_t offset, int64_t limit, struct prompt_rows *out,
                       struct err *err);
void prompt_rows_free(struct prompt_rows *rows);
bool store_prompt_get(struct store_reader *r, const char *workspace, const char *id,
                      const char *name, struct prompt *out,
                      struct err *err); /* with latest */
struct version_rows {
    struct prompt_version *items;
    size_t count;
    int64_t total;
};
bool store_version_list(struct store_reader *r, const char *workspace,
                        const char *prompt_id, int64_t offset, int64_t limit,
                        struct version_rows *out, struct err *err);
void version_rows_free(struct version_rows *rows);
/* By version id, or by prompt name and commit (commit NULL: the latest). */
bool store_version_get(struct store_reader *r, const char *workspace,
                       const char *version_id, const char *prompt_name, const char *commit,
                       struct prompt_version *out, struct err *err);

#endif
