/* What the console says where memory, or descriptors, have run out. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "console.h"
#include "reply.h"
#include "screens/screens.h"
#include "send/signing.h"
#include "store/datadir.h"
#include "support/run.h"
#include "tuning.h"

struct world {
    char dir[256];
    struct settings settings;
    struct store *store;
    struct call call;
    struct console *console;
};

static enum { NOTHING, SIGNING, COPY, EVENTFD, SIGNALFD, STRDUP, SUBSCRIBE } missing;
static char toast[256];
static int replies;

bool __real_signing_settle(struct alert *next, const struct alert *stored, int64_t now);
bool __wrap_signing_settle(struct alert *next, const struct alert *stored, int64_t now);
bool __wrap_signing_settle(struct alert *next, const struct alert *stored, int64_t now)
{
    return missing != SIGNING && __real_signing_settle(next, stored, now);
}

bool __real_alert_copy(struct alert *to, const struct alert *from);
bool __wrap_alert_copy(struct alert *to, const struct alert *from);
bool __wrap_alert_copy(struct alert *to, const struct alert *from)
{
    return missing != COPY && __real_alert_copy(to, from);
}

typedef void then(void *arg, const struct err *err);
struct reply *__real_reply_new(struct console *c, const char *text, then *call, void *arg);
struct reply *__wrap_reply_new(struct console *c, const char *text, then *call, void *arg);
struct reply *__wrap_reply_new(struct console *c, const char *text, then *call, void *arg)
{
    replies++;
    return __real_reply_new(c, text, call, arg);
}

int __real_eventfd(unsigned count, int flags);
int __wrap_eventfd(unsigned count, int flags);
int __wrap_eventfd(unsigned count, int flags)
{
    errno = EMFILE;
    return missing == EVENTFD ? -1 : __real_eventfd(count, flags);
}

int __real_signalfd(int fd, const sigset_t *set, int flags);
int __wrap_signalfd(int fd, const sigset_t *set, int flags);
int __wrap_signalfd(int fd, const sigset_t *set, int flags)
{
    errno = EMFILE;
    return missing == SIGNALFD ? -1 : __real_signalfd(fd, set, flags);
}

char *__real_strdup(const char *text);
char *__wrap_strdup(const char *text);
char *__wrap_strdup(const char *text)
{
    return missing == STRDUP ? NULL : __real_strdup(text);
}

bool __real_store_subscribe(struct store *s, store_changed *changed, void *arg);
bool __wrap_store_subscribe(struct store *s, store_changed *changed, void *arg);
bool __wrap_store_subscribe(struct store *s, store_changed *changed, void *arg)
{
    return missing != SUBSCRIBE && __real_store_subscribe(s, changed, arg);
}

/* As screens say it. */
void __wrap_console_toast(struct console *c, enum style style, const char *format, ...);
void __wrap_console_toast(struct console *c, enum style style, const char *format, ...)
{
    va_list args;
    (void)c;
    (void)style;
    va_start(args, format);
    vsnprintf(toast, sizeof toast, format, args);
    va_end(args);
}

static struct console *open_console(struct world *w, struct err *err)
{
    const struct console_options options = {.store = w->store,
                                            .settings = &w->settings,
                                            .clock = clock_system(),
                                            .dir = w->dir,
                                            .call = &w->call};
    return console_new(&options, err);
}

static int open_world(void **state)
{
    struct world *w = calloc(1, sizeof *w);
    struct err err = {0};
    *state = w;
    run_dir_make(w->dir, sizeof w->dir);
    w->call.plain = true;
    if (!datadir_prepare(w->dir, false, &err) || !settings_init(&w->settings, &err))
        return -1;
    const struct store_options options = {
        .dir = w->dir, .clock = clock_system(), .limits = tuning_limits(&w->settings)};
    w->store = store_open(&options, &err);
    missing = NOTHING;
    toast[0] = '\0';
    replies = 0;
    return w->store ? 0 : -1;
}

static int close_world(void **state)
{
    struct world *w = *state;
    console_free(&w->console);
    store_close(&w->store);
    settings_free(&w->settings);
    run_dir_remove(w->dir);
    free(w);
    return 0;
}

/* The form with an alert that could be saved. */
static void open_form(struct world *w)
{
    struct alert alert;
    struct err err = {0};
    w->console = open_console(w, &err);
    if (!w->console)
        fail_msg("%s", err.text);
    console_show(w->console, ROOT_ALERTS);
    alert_init(&alert);
    assert_true(alert_set(&alert.name, "A") &&
                alert_set_secret(&alert.url, "http://127.0.0.1:9/") &&
                alert_add_trigger(&alert, EVENT_TRACE_ERRORS));
    console_push(w->console, alert_form_new(w->console, &alert));
    alert_free(&alert);
}

static void a_form_says_why_nothing_happens(void **state)
{
    static const enum action actions[] = {ACTION_FORM_SAVE, ACTION_FORM_TEST};
    struct world *w = *state;
    open_form(w);
    for (size_t i = 0; i < 4; i++) {
        toast[0] = '\0';
        missing = i < 2 ? SIGNING : COPY;
        console_do(w->console, actions[i % 2], NULL);
        assert_string_equal(toast, "out of memory");
        assert_int_equal(replies, 0); /* nobody would free it */
    }
    missing = NOTHING;
    console_do(w->console, ACTION_FORM_SAVE, NULL);
    assert_int_equal(replies, 1);
}

static void a_console_that_cannot_open_says_why(void **state)
{
    static const char *const texts[] = {[EVENTFD] = "eventfd: Too many open files",
                                        [SIGNALFD] = "signalfd: Too many open files",
                                        [STRDUP] = "out of memory",
                                        [SUBSCRIBE] = "out of memory"};
    struct world *w = *state;
    for (size_t i = EVENTFD; i <= SUBSCRIBE; i++) {
        struct err err = {0};
        missing = i;
        w->console = open_console(w, &err);
        missing = NOTHING;
        assert_null(w->console);
        assert_string_equal(err.text, texts[i]);
    }
    assert_true(fcntl(STDIN_FILENO, F_GETFD) >= 0); /* what was not opened is not closed */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(f) cmocka_unit_test_setup_teardown(f, open_world, close_world)
        TEST(a_form_says_why_nothing_happens),
        TEST(a_console_that_cannot_open_says_why),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
