#include "model/filter.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/ascii.h"
#include "base/timefmt.h"

static void list_keys(const struct filter_key *keys, size_t count, char *out, size_t size)
{
    size_t len = 0;
    out[0] = '\0';
    for (size_t i = 0; i < count && len < size; i++)
        len += (size_t)snprintf(out + len, size - len, "%s%s", i ? ", " : "", keys[i].name);
}

/* The next word, quotes kept; empty at the end. */
static struct span next_word(struct span *rest)
{
    while (rest->len && *rest->at == ' ')
        *rest = (struct span){rest->at + 1, rest->len - 1};
    bool quoted = false;
    size_t len = 0;
    while (len < rest->len && (quoted || rest->at[len] != ' '))
        quoted ^= rest->at[len++] == '"';
    struct span word = {rest->at, len};
    *rest = (struct span){rest->at + len, rest->len - len};
    return word;
}

static bool take_value(struct filter_term *t, struct span value, struct err *err)
{
    size_t len = 0;
    for (size_t i = 0; i < value.len; i++) {
        if (value.at[i] == '"')
            continue;
        if (len + 1 >= sizeof t->value)
            return err_set(err, ERR_INVALID, "a value of a filter has at most %d bytes",
                           FILTER_VALUE_SIZE - 1);
        t->value[len++] = value.at[i];
    }
    t->value[len] = '\0';
    return len > 0 || err_set(err, ERR_INVALID, "a filter needs a value after its key");
}

static bool is_choice(const char *choices, const char *value)
{
    for (const char *at = choices; *at;) {
        size_t len = strcspn(at, "|");
        if (strlen(value) == len && ascii_same_n(at, value, len))
            return true;
        at += len + (at[len] == '|');
    }
    return false;
}

static bool is_code(const char *value)
{
    size_t digits = strspn(value, "0123456789xX");
    return digits == 3 && !value[digits];
}

static bool check_value(const struct filter_key *key, struct filter_term *t, struct err *err)
{
    switch (key->kind) {
    case FILTER_TEXT:
        return true;
    case FILTER_CHOICE:
        return t->contains || is_choice(key->choices, t->value) ||
               err_set(err, ERR_INVALID, "%s is one of %s", key->name, key->choices);
    case FILTER_CODE:
        return is_code(t->value) ||
               err_set(err, ERR_INVALID, "%s is a status such as 503 or 5xx", key->name);
    case FILTER_SINCE:
        break;
    }
    return duration_parse(span_of(t->value), &t->since_ms, NULL) ||
           err_set(err, ERR_INVALID, "%s is a duration such as 30m, 1h or 2d", key->name);
}

static int find_key(const struct filter *f, struct span name)
{
    for (size_t i = 0; i < f->key_count; i++)
        if (span_is(name, f->keys[i].name))
            return (int)i;
    return -1;
}

static bool take_term(struct filter *f, struct span word, struct err *err)
{
    char names[160];
    struct filter_term *t = &f->terms[f->count];
    *t = (struct filter_term){.key = -1, .contains = true};
    if (*word.at == '!') {
        t->negated = true;
        word = (struct span){word.at + 1, word.len - 1};
    }
    size_t letters = 0;
    while (letters < word.len && ascii_is_lower(word.at[letters]))
        letters++;
    bool keyed = letters && letters < word.len &&
                 (word.at[letters] == ':' || word.at[letters] == '~');
    if (keyed) {
        struct span name = {word.at, letters};
        t->key = find_key(f, name);
        t->contains = word.at[letters] == '~';
        if (t->key < 0) {
            list_keys(f->keys, f->key_count, names, sizeof names);
            return err_set(err, ERR_INVALID, "no such filter: %.*s; there are %s",
                           (int)(letters < 40 ? letters : 40), word.at, names);
        }
        word = (struct span){word.at + letters + 1, word.len - letters - 1};
    }
    if (!take_value(t, word, err) ||
        (t->key >= 0 && !check_value(&f->keys[t->key], t, err)))
        return false;
    f->count++;
    return true;
}

bool filter_parse(struct filter *f, const struct filter_key *keys, size_t key_count,
                  struct span text, struct err *err)
{
    *f = (struct filter){.keys = keys, .key_count = key_count};
    for (struct span word = next_word(&text); word.len; word = next_word(&text)) {
        if (f->count == FILTER_TERMS_MAX)
            return err_set(err, ERR_INVALID, "a filter has at most %d terms",
                           FILTER_TERMS_MAX);
        if (!take_term(f, word, err))
            return false;
    }
    return true;
}

/* ---------------------------------------------------------------- matching */

static bool code_matches(const char *pattern, const char *code)
{
    if (strlen(pattern) != strlen(code))
        return false;
    for (; *pattern; pattern++, code++)
        if (ascii_lower(*pattern) != 'x' && *pattern != *code)
            return false;
    return true;
}

static bool in_any(const struct filter *f, const struct filter_term *t, filter_text *text,
                   const void *row)
{
    char space[FILTER_VALUE_SIZE];
    for (size_t i = 0; i < f->key_count; i++) {
        const char *value = f->keys[i].kind == FILTER_TEXT || f->keys[i].kind == FILTER_CHOICE
                                ? text(row, (int)i, space, sizeof space)
                                : NULL;
        if (value && ascii_find(value, t->value))
            return true;
    }
    return false;
}

static bool holds(const struct filter *f, const struct filter_term *t, filter_text *text,
                  const void *row, int64_t now)
{
    char space[FILTER_VALUE_SIZE];
    if (t->key < 0)
        return in_any(f, t, text, row);
    const char *value = text(row, t->key, space, sizeof space);
    if (!value)
        return false;
    switch (f->keys[t->key].kind) {
    case FILTER_CODE:
        return code_matches(t->value, value);
    case FILTER_SINCE:
        return strtoll(value, NULL, 10) >= now - t->since_ms;
    default:
        return t->contains ? ascii_find(value, t->value) != NULL
                           : ascii_same(value, t->value);
    }
}

bool filter_match(const struct filter *f, filter_text *text, const void *row, int64_t now)
{
    for (size_t i = 0; i < f->count; i++)
        if (holds(f, &f->terms[i], text, row, now) == f->terms[i].negated)
            return false;
    return true;
}

const struct filter_term *filter_exact(const struct filter *f, const char *key)
{
    for (size_t i = 0; i < f->count; i++) {
        const struct filter_term *t = &f->terms[i];
        if (t->key >= 0 && !t->negated && !t->contains &&
            strcmp(f->keys[t->key].name, key) == 0)
            return t;
    }
    return NULL;
}
