#include "support/receiver_request.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support/must.h"
#include "support/run.h"

static const char *find_header(const char *headers, const char *name)
{
    size_t len = strlen(name);
    for (const char *line = headers; line && *line; line = strstr(line, "\r\n")) {
        line += strncmp(line, "\r\n", 2) == 0 ? 2 : 0;
        if (strncasecmp(line, name, len) == 0 && line[len] == ':')
            return line + len + 1;
    }
    return NULL;
}

static struct receiver_request *read_request(const struct buf *in, size_t head, size_t body)
{
    struct receiver_request *q = calloc(1, sizeof *q);
    must(q != NULL, "calloc");
    const char *line_end = strstr(in->data, "\r\n");
    const char *blank = strchr(in->data, ' ');
    const char *path_end = blank ? strchr(blank + 1, ' ') : NULL;
    must(path_end && path_end < line_end, "a request line");
    snprintf(q->method, sizeof q->method, "%.*s", (int)(blank - in->data), in->data);
    q->path = strndup(blank + 1, (size_t)(path_end - blank - 1));
    q->headers = strndup(line_end + 2, (size_t)(in->data + head - 2 - (line_end + 2)));
    q->body = malloc(body + 1);
    must(q->body != NULL, "malloc");
    memcpy(q->body, in->data + head, body);
    q->body[body] = '\0';
    q->body_len = body;
    q->at_ms = run_now_ms();
    return q;
}

struct receiver_request *receiver_request_take(struct buf *in, bool early)
{
    const char *end = in->len ? strstr(in->data, "\r\n\r\n") : NULL;
    if (!end)
        return NULL;
    size_t head = (size_t)(end - in->data) + 4;
    const char *length = find_header(in->data, "Content-Length");
    size_t body = length && length < end ? strtoul(length, NULL, 10) : 0;
    if (in->len < head + body && !early)
        return NULL;
    body = in->len < head + body ? in->len - head : body;
    struct receiver_request *q = read_request(in, head, body);
    memmove(in->data, in->data + head + body, in->len - head - body + 1);
    in->len -= head + body;
    return q;
}

void receiver_request_empty(struct receiver_request *q)
{
    free(q->path);
    free(q->headers);
    free(q->body);
    q->path = q->headers = q->body = NULL;
}

void receiver_request_free(struct receiver_request *q)
{
    receiver_request_empty(q);
    free(q);
}

char *receiver_header(const struct receiver_request *request, const char *name)
{
    const char *value = find_header(request->headers, name);
    if (!value)
        return NULL;
    value += strspn(value, " \t");
    return strndup(value, strcspn(value, "\r\n"));
}

size_t receiver_header_count(const struct receiver_request *request, const char *name)
{
    size_t count = 0;
    for (const char *at = request->headers; (at = find_header(at, name)); count++)
        ;
    return count;
}
