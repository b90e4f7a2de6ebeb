#include "support/canary.h"

#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <sodium.h>

enum { FORMS = 5, FORM_MAX = 256 };

struct form {
    const char *how;
    char bytes[FORM_MAX];
    size_t len;
};

void canary_init(struct canary_search *s, const struct canary *list, size_t count)
{
    *s = (struct canary_search){.list = list, .count = count};
    buf_init(&s->hits, BUF_UNLIMITED);
}

void canary_free(struct canary_search *s)
{
    buf_free(&s->hits);
}

/* ---------------------------------------------------------------- forms */

/* The characters that only the text decides, when `before` bytes stand before it. */
static void base64_form(struct form *f, const char *text, size_t before)
{
    unsigned char padded[FORM_MAX / 2] = {0};
    char encoded[FORM_MAX];
    size_t len = strlen(text), first = (before * 8 + 5) / 6, end = (before + len) * 8 / 6;
    if (before + len > sizeof padded)
        abort();
    memcpy(padded + before, text, len);
    sodium_bin2base64(encoded, sizeof encoded, padded, before + len,
                      sodium_base64_VARIANT_ORIGINAL);
    f->how = " in base64";
    f->len = end - first;
    memcpy(f->bytes, encoded + first, f->len);
}

static void forms_of(const char *text, struct form forms[FORMS])
{
    size_t len = strlen(text);
    if (len < 12 || 2 * len >= FORM_MAX)
        abort();
    forms[0] = (struct form){.how = "", .len = len};
    memcpy(forms[0].bytes, text, len);
    forms[1] = (struct form){.how = " in hex", .len = 2 * len};
    sodium_bin2hex(forms[1].bytes, FORM_MAX, (const unsigned char *)text, len);
    for (size_t i = 0; i < 3; i++)
        base64_form(&forms[2 + i], text, i);
}

/* With what stands before it, so that one sees where it comes from. */
static void note(struct canary_search *s, const char *name, const char *how,
                 const char *where, struct span bytes, const char *at)
{
    size_t before = (size_t)(at - bytes.at), shown = before < 90 ? before : 90;
    buf_add_format(&s->hits, "%s%s in %s at %zu, after: ", name, how, where, before);
    for (size_t i = 0; i < shown; i++)
        buf_add_char(&s->hits, at[i - shown] < ' ' ? '.' : at[i - shown]);
    buf_add_char(&s->hits, '\n');
}

static const char *find(const struct form *f, struct span in, const char *from)
{
    return from < in.at + in.len
               ? memmem(from, (size_t)(in.at + in.len - from), f->bytes, f->len)
               : NULL;
}

void canary_in(struct canary_search *s, const char *where, struct span bytes)
{
    struct form forms[FORMS];
    s->bytes += bytes.len;
    for (size_t i = 0; i < s->count; i++) {
        if (s->allowed & 1u << i)
            continue;
        forms_of(s->list[i].text, forms);
        for (size_t k = 0; k < FORMS; k++)
            for (const char *at = bytes.at; (at = find(&forms[k], bytes, at)); at++)
                note(s, s->list[i].name, forms[k].how, where, bytes, at);
    }
}

void canary_in_text(struct canary_search *s, const char *where, const char *text)
{
    canary_in(s, where, span_of(text));
}

/* ---------------------------------------------------------------- files */

static bool read_whole(const char *path, struct buf *out)
{
    char piece[65536];
    ssize_t got = -1;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOFOLLOW);
    while (fd >= 0 && (got = read(fd, piece, sizeof piece)) > 0)
        buf_add(out, piece, (size_t)got);
    if (fd >= 0)
        close(fd);
    return got == 0;
}

void canary_in_file(struct canary_search *s, const char *path)
{
    struct buf text;
    buf_init(&text, BUF_UNLIMITED);
    if (read_whole(path, &text))
        canary_in(s, path, buf_span(&text));
    buf_free(&text);
}

static struct canary_search *walk_search; /* nftw() has no argument */
static size_t walk_files;

static int walk(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
    (void)st;
    (void)ftw;
    canary_in_text(walk_search, "a file's name", path);
    if (type == FTW_F) {
        walk_files++;
        canary_in_file(walk_search, path);
    }
    return 0;
}

size_t canary_in_tree(struct canary_search *s, const char *dir)
{
    walk_search = s;
    walk_files = 0;
    if (nftw(dir, walk, 16, FTW_PHYS) != 0)
        abort();
    return walk_files;
}

/* ---------------------------------------------------------------- processes */

void canary_in_process(struct canary_search *s, pid_t pid)
{
    char path[64];
    struct buf children;
    snprintf(path, sizeof path, "/proc/%d/cmdline", (int)pid);
    canary_in_file(s, path);
    snprintf(path, sizeof path, "/proc/%d/environ", (int)pid);
    canary_in_file(s, path);
    snprintf(path, sizeof path, "/proc/%d/task/%d/children", (int)pid, (int)pid);
    buf_init(&children, BUF_UNLIMITED);
    if (read_whole(path, &children) && children.len) {
        char *rest = NULL;
        for (char *at = strtok_r(children.data, " ", &rest); at;
             at = strtok_r(NULL, " ", &rest))
            canary_in_process(s, (pid_t)strtol(at, NULL, 10));
    }
    buf_free(&children);
}

static void search_range(struct canary_search *s, int memory, const char *line)
{
    unsigned long from, to;
    char rights[8], where[128];
    if (sscanf(line, "%lx-%lx %7s", &from, &to, rights) != 3 || rights[1] != 'w')
        return;
    char *bytes = malloc(to - from);
    ssize_t got = bytes ? pread(memory, bytes, to - from, (off_t)from) : -1;
    snprintf(where, sizeof where, "memory %.100s", line);
    if (got > 0)
        canary_in(s, where, (struct span){bytes, (size_t)got});
    free(bytes);
}

bool canary_in_memory(struct canary_search *s, pid_t pid)
{
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
    (void)s;
    (void)pid;
    fputs("memory is not searched under a sanitizer\n", stderr);
    return true;
#endif
    char path[64], line[512];
    snprintf(path, sizeof path, "/proc/%d/mem", (int)pid);
    int memory = open(path, O_RDONLY | O_CLOEXEC);
    snprintf(path, sizeof path, "/proc/%d/maps", (int)pid);
    FILE *maps = memory >= 0 ? fopen(path, "re") : NULL;
    while (maps && fgets(line, sizeof line, maps)) {
        line[strcspn(line, "\n")] = 0;
        search_range(s, memory, line);
    }
    if (maps)
        fclose(maps);
    if (memory >= 0)
        close(memory);
    return maps != NULL;
}
