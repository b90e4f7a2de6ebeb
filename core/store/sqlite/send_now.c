#include <stdlib.h>
#include <string.h>

#include "store/sqlite/tx.h"

struct send_now_step {
    struct step step;
    char *workspace;
    char **keys;
    size_t count;
    int64_t result;
};

/* alert_bucket:{alertId}:{eventType}; an event type has a colon of its own. */
static bool parse_key(const char *key, char id[UUID_SIZE], enum event_type *type)
{
    static const char prefix[] = "alert_bucket:";
    size_t len = strlen(key), start = sizeof prefix - 1, end = start + UUID_SIZE - 1;
    return len > end && strncmp(key, prefix, start) == 0 && key[end] == ':' &&
           uuid_read((struct span){key + start, UUID_SIZE - 1}, id) &&
           event_type_parse(span_of(key + end + 1), type);
}

static bool run_send_now(struct step *step, struct tx *tx, struct err *err)
{
    struct send_now_step *s = (struct send_now_step *)step;
    step->result = &s->result;
    for (size_t i = 0; i < s->count; i++) {
        char id[UUID_SIZE];
        enum event_type type;
        if (!parse_key(s->keys[i], id, &type))
            return err_set(err, ERR_INVALID, "%.80s: is no key of a bucket", s->keys[i]);
        if (!db_run(tx->db,
                    "UPDATE buckets SET due_at = min(due_at, ?) "
                    "WHERE alert = ? AND type = ? AND workspace = ?",
                    DB_ARGS(db_int(tx->steady), db_text(id), db_int(type),
                            db_text(s->workspace)),
                    err))
            return false;
        s->result += db_changes(tx->db);
    }
    tx->changes |= STORE_CHANGED_BUCKETS;
    return true;
}

static void free_send_now(struct step *step)
{
    struct send_now_step *s = (struct send_now_step *)step;
    for (size_t i = 0; i < s->count; i++)
        free(s->keys[i]);
    free(s->keys);
    free(s->workspace);
    free(s);
}

void store_bucket_send_now(struct store *s, const char *workspace, const char *const *keys,
                           size_t count, store_done *done, void *arg)
{
    struct send_now_step *step =
        step_new(sizeof *step, run_send_now, free_send_now, done, arg);
    if (!step)
        return;
    step->step.undo = step->step.durable = true;
    step->workspace = strdup(workspace);
    step->keys = calloc(count + 1, sizeof *step->keys);
    bool fine = step->workspace && step->keys;
    for (size_t i = 0; fine && i < count; i++) {
        fine = (step->keys[i] = strdup(keys[i])) != NULL;
        step->count += fine;
    }
    if (fine)
        writer_submit(s, &step->step);
    else
        step_refuse(&step->step);
}
