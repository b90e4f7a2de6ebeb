#include "core/store/prompt_fixture.h"

#include <pthread.h>

#include "store/prompts.h"
#include "store/sqlite/prompt_list.h"

static enum err_code create_code(struct fixture *f, struct prompt_write w)
{
    struct prompt p;
    struct err err = {0};
    assert_false(prompt_tx_create(&f->tx, &w, &p, &err));
    assert_null(strstr(err.text, "constraint")); /* words for people */
    return err.code;
}

static enum err_code commit_code(struct fixture *f, struct prompt_write w)
{
    struct prompt_version v;
    struct err err = {0};
    assert_false(prompt_tx_commit(&f->tx, &w, &v, &err));
    assert_null(strstr(err.text, "constraint"));
    return err.code;
}

static void has(const char *text, const char *part)
{
    if (!strstr(text, part))
        fail_msg("%s\nlacks %s", text, part);
}

/* ---------------------------------------------------------------- create */

static void create_with_template_raises_both(void **state)
{
    struct fixture *f = *state;
    struct prompt_write w =
        write_of("greeting \xc3\xa9\xe4\xb8\xad\xf0\x9f\x98\x80", "Hi {{x}}");
    struct prompt p;
    w.id = "0199A300-0000-7000-8000-00000000000A";
    w.description = "says hello";
    w.tags = "[\"a\"]";
    w.metadata = "{\"n\":123456789012345678901234567890}";
    w.user = "ana";
    assert_true(prompt_tx_create(&f->tx, &w, &p, NULL));
    assert_string_equal(p.id, ID_A);
    assert_string_equal(p.name, w.name);
    assert_string_equal(p.description, "says hello");
    assert_string_equal(p.tags, "[\"a\"]");
    assert_string_equal(p.structure, "text");
    assert_string_equal(p.created_by, "ana");
    assert_int_equal(p.created_at, f->tx.now);
    assert_int_equal(p.version_count, 1);
    assert_non_null(p.latest);
    assert_string_equal(p.latest->tmpl, "Hi {{x}}");
    assert_string_equal(p.latest->metadata, w.metadata);
    assert_null(p.latest->type);
    assert_string_equal(p.latest->commit, p.latest->id + 28);
    assert_int_equal(f->count, 2);
    assert_int_equal(f->events[0].type, EVENT_PROMPT_CREATED);
    has(f->events[0].entity, "\"id\":\"" ID_A "\"");
    assert_int_equal(f->events[1].type, EVENT_PROMPT_COMMITTED);
    has(f->events[1].entity, "\"prompt_id\":\"" ID_A "\"");
    has(f->events[1].entity, "123456789012345678901234567890");
    assert_string_equal(f->events[1].user, "ana");
    prompt_free(&p);
}

static void create_without_template_raises_created_only(void **state)
{
    struct fixture *f = *state;
    struct prompt_write w = write_of("bare", NULL);
    struct prompt p;
    assert_true(prompt_tx_create(&f->tx, &w, &p, NULL));
    assert_null(p.latest);
    assert_int_equal(p.version_count, 0);
    assert_true(uuid_is_v7(p.id));
    assert_int_equal(f->count, 1);
    prompt_free(&p);
}

static void create_again_is_judged_by_id_and_name(void **state)
{
    struct fixture *f = *state;
    struct prompt_write w = write_of("one", "t");
    w.id = ID_A;
    create(f, w);
    forget_events(f);
    create(f, w);
    assert_int_equal(f->count, 0);
    assert_int_equal(number(f->db, "SELECT count(*) FROM prompt_versions"), 1);

    w.id = NULL;
    assert_int_equal(create_code(f, w), ERR_CONFLICT);
    w.id = ID_B;
    assert_int_equal(create_code(f, w), ERR_CONFLICT);
    w.id = ID_A;
    w.name = "two";
    assert_int_equal(create_code(f, w), ERR_CONFLICT);
    w.name = "one";
    w.workspace = "other";
    assert_int_equal(create_code(f, w), ERR_CONFLICT);
    w.id = NULL;
    create(f, w);
    assert_int_equal(number(f->db, "SELECT count(*) FROM prompts"), 2);
}

/* As a service, without a locale, it answers with the letters that it was asked with. */
static void a_taken_name_is_told_as_it_is_written(void **state)
{
    static const char name[] = "Pr\xc3\xbc"
                               "fung";
    struct fixture *f = *state;
    struct prompt p;
    struct err err = {0};
    struct prompt_write w = write_of(name, "t");
    assert_true(prompt_tx_create(&f->tx, &w, &p, &err));
    prompt_free(&p);
    assert_false(prompt_tx_create(&f->tx, &w, &p, &err));
    has(err.text, name);
}

static void create_refuses_what_is_wrong(void **state)
{
    struct fixture *f = *state;
    struct prompt_write w = write_of("", "t");
    assert_int_equal(create_code(f, w), ERR_INVALID);
    w.name = NULL;
    assert_int_equal(create_code(f, w), ERR_INVALID);
    w = write_of("n", "t");
    w.id = "0199a300-0000-4000-8000-00000000000a";
    assert_int_equal(create_code(f, w), ERR_INVALID);
    w = write_of("n", "t");
    w.structure = "tree";
    assert_int_equal(create_code(f, w), ERR_INVALID);
    assert_int_equal(f->count, 0);
}

static void create_fails_with_its_event(void **state)
{
    struct fixture *f = *state;
    f->refuse = true;
    assert_int_equal(create_code(f, write_of("n", "t")), ERR_FULL);
}

/* ---------------------------------------------------------------- commit */

static void commit_of_new_name_makes_the_prompt(void **state)
{
    struct fixture *f = *state;
    struct prompt_write w = write_of("chatty", "[{\"role\":\"user\"}]");
    struct prompt p;
    int64_t seq;
    w.structure = "chat";
    w.type = "jinja2";
    w.change_description = "first";
    struct prompt_version v = commit(f, w);
    assert_string_equal(v.tmpl, w.tmpl);
    assert_string_equal(v.type, "jinja2");
    assert_string_equal(v.structure, "chat");
    assert_string_equal(v.change_description, "first");
    assert_null(v.metadata);
    assert_int_equal(f->count, 2);
    assert_int_equal(f->events[0].type, EVENT_PROMPT_CREATED);
    assert_int_equal(f->events[1].type, EVENT_PROMPT_COMMITTED);
    assert_true(prompt_sql_find(f->db, "default", v.prompt_id, NULL, &p, &seq, NULL));
    assert_string_equal(p.name, "chatty");
    prompt_free(&p);
    prompt_version_free(&v);
}

static void commit_again_raises_committed_and_moves_latest(void **state)
{
    struct fixture *f = *state;
    struct prompt_write w = write_of("n", "one");
    create(f, w);
    forget_events(f);
    f->tx.now += 5;
    w.tmpl = "two";
    w.user = "ben";
    struct prompt_version v = commit(f, w), latest;
    struct prompt p;
    assert_int_equal(f->count, 1);
    assert_true(prompt_list_find(f->db, "default", "n", NULL, &latest, NULL));
    assert_string_equal(latest.id, v.id);
    assert_true(prompt_sql_find(f->db, "default", NULL, "n", &p, NULL, NULL));
    assert_int_equal(p.version_count, 2);
    assert_int_equal(p.updated_at, f->tx.now);
    assert_int_equal(p.created_at, f->tx.now - 5);
    assert_string_equal(p.updated_by, "ben");
    assert_string_equal(p.created_by, "admin");
    prompt_free(&p);
    prompt_version_free(&latest);
    prompt_version_free(&v);
}

static void commit_of_same_version_id_raises_nothing(void **state)
{
    struct fixture *f = *state;
    struct prompt_write w = write_of("n", "one");
    w.version_id = VER_A;
    struct prompt_version v = commit(f, w);
    assert_string_equal(v.commit, "abcd0001");
    prompt_version_free(&v);
    forget_events(f);
    v = commit(f, w);
    assert_string_equal(v.id, VER_A);
    prompt_version_free(&v);
    assert_int_equal(f->count, 0);
    assert_int_equal(number(f->db, "SELECT versions FROM prompts"), 1);
    w.name = "another";
    assert_int_equal(commit_code(f, w), ERR_CONFLICT);
}

static void commit_honours_client_commit(void **state)
{
    static const char *const wrong[] = {"", "1234567", "123456789", "1234567g", "12 45678"};
    struct fixture *f = *state;
    struct prompt_write w = write_of("n", "one");
    struct prompt_version v;
    w.commit = "0A1b2c3d";
    v = commit(f, w);
    assert_string_equal(v.commit, "0A1b2c3d");
    prompt_version_free(&v);
    assert_true(prompt_list_find(f->db, "default", "n", "0A1b2c3d", &v, NULL));
    prompt_version_free(&v);
    assert_int_equal(commit_code(f, w), ERR_CONFLICT);
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        w.commit = wrong[i];
        assert_int_equal(commit_code(f, w), ERR_INVALID);
    }
}

static void commit_refuses_what_is_wrong(void **state)
{
    struct fixture *f = *state;
    struct prompt_write w = write_of("n", NULL);
    assert_int_equal(commit_code(f, w), ERR_INVALID);
    w = write_of("n", "t");
    w.version_id = "nonsense";
    assert_int_equal(commit_code(f, w), ERR_INVALID);
    create(f, write_of("text one", "t"));
    w = write_of("text one", "[]");
    w.version_structure = "chat";
    assert_int_equal(commit_code(f, w), ERR_INVALID);
}

/* Opik asks for it only to make a prompt. */
static void commit_keeps_the_structure_that_is_there(void **state)
{
    struct fixture *f = *state;
    struct prompt_write w = write_of("n", "one");
    create(f, w);
    forget_events(f);
    w.tmpl = "two";
    w.structure = "chat";
    struct prompt_version v = commit(f, w);
    assert_string_equal(v.structure, "text");
    assert_int_equal(f->count, 1);
    assert_int_equal(f->events[0].type, EVENT_PROMPT_COMMITTED);
    prompt_version_free(&v);
}

static void commit_keeps_big_templates_exactly(void **state)
{
    struct fixture *f = *state;
    size_t size = 1 << 20;
    char *big = malloc(size + 1);
    for (size_t i = 0; i < size; i++)
        big[i] = "ab\n\"\\{}%"[i % 8];
    big[size] = 0;
    struct prompt_version v = commit(f, write_of("big", big)), back;
    assert_true(prompt_sql_version(f->db, "default", v.id, &back, NULL));
    assert_string_equal(back.tmpl, big);
    prompt_version_free(&back);
    prompt_version_free(&v);
    free(big);
}

struct racer {
    struct fixture own;
    pthread_barrier_t *start;
    bool done;
};

static void *race(void *arg)
{
    struct racer *r = arg;
    struct prompt_version v = {0};
    struct prompt_write w = write_of("raced", "t");
    pthread_barrier_wait(r->start);
    r->done = db_run(r->own.db, "BEGIN IMMEDIATE", DB_NO_ARGS, NULL) &&
              prompt_tx_commit(&r->own.tx, &w, &v, NULL) &&
              db_run(r->own.db, "COMMIT", DB_NO_ARGS, NULL);
    prompt_version_free(&v);
    return NULL;
}

static void commit_of_new_name_by_two_makes_one_prompt(void **state)
{
    struct fixture *f = *state;
    pthread_barrier_t start;
    struct racer racers[2] = {0};
    pthread_t threads[2];
    pthread_barrier_init(&start, NULL, 2);
    for (int i = 0; i < 2; i++) {
        struct racer *r = &racers[i];
        r->start = &start;
        r->own.db = open_db(f->path);
        r->own.tx = (struct prompt_tx){r->own.db, f->tx.now, keep_event, &r->own};
    }
    for (int i = 0; i < 2; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, race, &racers[i]), 0);
    size_t events = 0;
    for (int i = 0; i < 2; i++) {
        pthread_join(threads[i], NULL);
        assert_true(racers[i].done);
        events += racers[i].own.count;
        forget_events(&racers[i].own);
        db_close(&racers[i].own.db);
    }
    assert_int_equal(events, 3); /* one created, two committed */
    assert_int_equal(number(f->db, "SELECT count(*) FROM prompts"), 1);
    assert_int_equal(number(f->db, "SELECT count(*) FROM prompt_versions"), 2);
    assert_int_equal(number(f->db, "SELECT versions FROM prompts"), 2);
    pthread_barrier_destroy(&start);
}

/* ---------------------------------------------------------------- restore, update */

static void restore_makes_new_version_of_old_content(void **state)
{
    struct fixture *f = *state;
    struct prompt_write w = write_of("n", "old");
    struct prompt_version old, v, back;
    struct err err = {0};
    w.metadata = "{\"a\":1}";
    w.type = "jinja2";
    old = commit(f, w);
    w.tmpl = "new";
    v = commit(f, w);
    prompt_version_free(&v);
    forget_events(f);
    assert_true(
        prompt_tx_restore(&f->tx, "default", "eva", old.prompt_id, old.id, &back, &err));
    assert_string_not_equal(back.id, old.id);
    assert_string_equal(back.tmpl, "old");
    assert_string_equal(back.metadata, "{\"a\":1}");
    assert_string_equal(back.type, "jinja2");
    assert_string_equal(back.created_by, "eva");
    has(back.change_description, old.commit);
    assert_int_equal(f->count, 1);
    assert_int_equal(f->events[0].type, EVENT_PROMPT_COMMITTED);
    assert_true(prompt_list_find(f->db, "default", "n", NULL, &v, NULL));
    assert_string_equal(v.id, back.id);
    prompt_version_free(&v);
    prompt_version_free(&back);

    struct prompt_version other = commit(f, write_of("other", "x"));
    assert_false(
        prompt_tx_restore(&f->tx, "default", "eva", old.prompt_id, other.id, &v, &err));
    assert_int_equal(err.code, ERR_NOT_FOUND);
    assert_false(
        prompt_tx_restore(&f->tx, "default", "eva", old.prompt_id, VER_B, &v, &err));
    assert_int_equal(err.code, ERR_NOT_FOUND);
    assert_false(prompt_tx_restore(&f->tx, "spy", "eva", old.prompt_id, old.id, &v, &err));
    assert_int_equal(err.code, ERR_NOT_FOUND);
    prompt_version_free(&other);
    prompt_version_free(&old);
}

static void update_keeps_what_is_not_given(void **state)
{
    struct fixture *f = *state;
    struct prompt_write w = write_of("n", "t"), change;
    struct prompt p;
    struct err err = {0};
    w.id = ID_A;
    w.description = "d";
    w.tags = "[\"x\"]";
    create(f, w);
    forget_events(f);
    f->tx.now += 9;
    change = write_of("renamed", NULL);
    change.user = "eva";
    assert_true(prompt_tx_update(&f->tx, ID_A, &change, &err));
    assert_true(prompt_sql_find(f->db, "default", ID_A, NULL, &p, NULL, NULL));
    assert_string_equal(p.name, "renamed");
    assert_string_equal(p.description, "d");
    assert_string_equal(p.tags, "[\"x\"]");
    assert_string_equal(p.updated_by, "eva");
    assert_int_equal(p.updated_at, f->tx.now);
    prompt_free(&p);
    change.name = NULL;
    change.description = "";
    change.tags = "[]";
    assert_true(prompt_tx_update(&f->tx, ID_A, &change, &err));
    assert_true(prompt_sql_find(f->db, "default", NULL, "renamed", &p, NULL, NULL));
    assert_string_equal(p.description, "");
    assert_string_equal(p.tags, "[]");
    prompt_free(&p);
    assert_int_equal(f->count, 0);
}

static void update_refuses_taken_names_and_strangers(void **state)
{
    struct fixture *f = *state;
    struct prompt_write w = write_of("n", "t");
    struct err err = {0};
    w.id = ID_A;
    create(f, w);
    create(f, write_of("taken", "t"));
    w = write_of("taken", NULL);
    assert_false(prompt_tx_update(&f->tx, ID_A, &w, &err));
    assert_int_equal(err.code, ERR_CONFLICT);
    w.name = "n";
    assert_true(prompt_tx_update(&f->tx, ID_A, &w, &err));
    assert_false(prompt_tx_update(&f->tx, ID_B, &w, &err));
    w.name = "free";
    assert_false(prompt_tx_update(&f->tx, ID_B, &w, &err));
    assert_int_equal(err.code, ERR_NOT_FOUND);
    assert_false(prompt_tx_update(&f->tx, "nonsense", &w, &err));
    assert_int_equal(err.code, ERR_NOT_FOUND);
    w.workspace = "spy";
    assert_false(prompt_tx_update(&f->tx, ID_A, &w, &err));
    assert_int_equal(err.code, ERR_NOT_FOUND);
    w.name = "";
    assert_false(prompt_tx_update(&f->tx, ID_A, &w, &err));
    assert_int_equal(err.code, ERR_INVALID);
}

/* ---------------------------------------------------------------- tags, delete */

static void tag_sets_or_merges_known_versions(void **state)
{
    struct fixture *f = *state;
    struct prompt_write w = write_of("n", "t");
    struct prompt_version v;
    struct err err = {0};
    const char *ids[] = {VER_B, VER_A, "nonsense"};
    w.version_id = VER_A;
    w.version_tags = "[\"a\"]";
    v = commit(f, w);
    prompt_version_free(&v);
    forget_events(f);
    assert_true(prompt_tx_tag(&f->tx, "default", ids, 3, "[\"b\",\"a\"]", true, &err));
    assert_true(prompt_sql_version(f->db, "default", VER_A, &v, NULL));
    assert_string_equal(v.tags, "[\"a\",\"b\"]");
    prompt_version_free(&v);
    assert_true(prompt_tx_tag(&f->tx, "default", ids, 3, "[\"c\"]", false, &err));
    assert_true(prompt_sql_version(f->db, "default", VER_A, &v, NULL));
    assert_string_equal(v.tags, "[\"c\"]");
    prompt_version_free(&v);
    assert_false(prompt_tx_tag(&f->tx, "default", ids, 1, "[]", false, &err));
    assert_int_equal(err.code, ERR_NOT_FOUND);
    assert_false(prompt_tx_tag(&f->tx, "spy", ids, 3, "[]", false, &err));
    assert_int_equal(err.code, ERR_NOT_FOUND);
    assert_false(prompt_tx_tag(&f->tx, "default", ids, 3, "[1]", true, &err));
    assert_int_equal(err.code, ERR_INVALID);
    assert_int_equal(f->count, 0);
}

/* ---------------------------------------------------------------- delete */

static void delete_raises_one_event_for_each_that_existed(void **state)
{
    struct fixture *f = *state;
    struct prompt_write w = write_of("one", "t1");
    const char *ids[] = {ID_A, VER_A, "nonsense", "", ID_B, ID_A};
    int64_t deleted;
    struct prompt_version v;
    w.id = ID_A;
    create(f, w);
    w.tmpl = "t2";
    v = commit(f, w);
    w = write_of("two", NULL);
    w.id = ID_B;
    create(f, w);
    forget_events(f);
    assert_true(prompt_tx_delete(&f->tx, "spy", "eva", ids, 6, &deleted, NULL));
    assert_int_equal(deleted, 0);
    assert_true(prompt_tx_delete(&f->tx, "default", "eva", ids, 6, &deleted, NULL));
    assert_int_equal(deleted, 2);
    assert_int_equal(f->count, 2);
    assert_int_equal(f->events[0].type, EVENT_PROMPT_DELETED);
    assert_string_equal(f->events[0].user, "eva");
    has(f->events[0].entity, "\"latest_version\":{");
    has(f->events[0].entity, v.id);
    has(f->events[0].entity, "t2");
    assert_null(strstr(f->events[1].entity, "latest_version"));
    assert_int_equal(number(f->db, "SELECT count(*) FROM prompts"), 0);
    assert_int_equal(number(f->db, "SELECT count(*) FROM prompt_versions"), 0);
    forget_events(f);
    assert_true(prompt_tx_delete(&f->tx, "default", "eva", ids, 6, &deleted, NULL));
    assert_int_equal(deleted, 0);
    assert_int_equal(f->count, 0);
    prompt_version_free(&v);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        TEST(create_with_template_raises_both),
        TEST(create_without_template_raises_created_only),
        TEST(create_again_is_judged_by_id_and_name),
        TEST(a_taken_name_is_told_as_it_is_written),
        TEST(create_refuses_what_is_wrong),
        TEST(create_fails_with_its_event),
        TEST(commit_of_new_name_makes_the_prompt),
        TEST(commit_again_raises_committed_and_moves_latest),
        TEST(commit_of_same_version_id_raises_nothing),
        TEST(commit_honours_client_commit),
        TEST(commit_refuses_what_is_wrong),
        TEST(commit_keeps_the_structure_that_is_there),
        TEST(commit_keeps_big_templates_exactly),
        TEST(commit_of_new_name_by_two_makes_one_prompt),
        TEST(restore_makes_new_version_of_old_content),
        TEST(update_keeps_what_is_not_given),
        TEST(update_refuses_taken_names_and_strangers),
        TEST(tag_sets_or_merges_known_versions),
        TEST(delete_raises_one_event_for_each_that_existed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
