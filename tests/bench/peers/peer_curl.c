/* The bare loop for delivering: peer_curl URL REQUESTS AT_ONCE BYTES [CA_FILE]
 * One multi handle, easy handles used again, nothing recorded. Prints the seconds that it took, and
 * those of processor time. */
#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static size_t waste(char *bytes, size_t size, size_t count, void *arg)
{
    (void)bytes, (void)arg;
    return size * count;
}

static double now_s(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static CURL *handle_new(char **argv, const char *body, long bytes, struct curl_slist *headers)
{
    CURL *h = curl_easy_init();
    curl_easy_setopt(h, CURLOPT_URL, argv[1]);
    curl_easy_setopt(h, CURLOPT_POSTFIELDS, body);
    curl_easy_setopt(h, CURLOPT_POSTFIELDSIZE, bytes);
    curl_easy_setopt(h, CURLOPT_HTTPHEADER, headers);
    curl_easy_setopt(h, CURLOPT_WRITEFUNCTION, waste);
    curl_easy_setopt(h, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(h, CURLOPT_PROXY, "");
    curl_easy_setopt(h, CURLOPT_CAPATH, NULL);
    if (argv[5])
        curl_easy_setopt(h, CURLOPT_CAINFO, argv[5]);
    return h;
}

static void go_on(CURLM *multi, long left, long at_once)
{
    long begun = at_once, ended = 0, failed = 0;
    for (int running = 1; ended < left;) {
        int queued;
        curl_multi_perform(multi, &running);
        for (CURLMsg *m; (m = curl_multi_info_read(multi, &queued));) {
            CURL *h = m->easy_handle;
            failed += m->data.result != CURLE_OK;
            ended++;
            curl_multi_remove_handle(multi, h);
            if (begun < left) {
                begun++;
                curl_multi_add_handle(multi, h);
            }
        }
        if (ended < left)
            curl_multi_poll(multi, NULL, 0, 1000, NULL);
    }
    if (failed)
        fprintf(stderr, "%ld failed\n", failed);
}

int main(int argc, char **argv)
{
    if (argc < 5)
        return 2;
    long requests = atol(argv[2]), at_once = atol(argv[3]), bytes = atol(argv[4]);
    char *body = malloc((size_t)bytes + 1);
    if (!body || curl_global_init(CURL_GLOBAL_ALL) != 0)
        return 1;
    memset(body, 'x', (size_t)bytes);
    struct curl_slist *headers = curl_slist_append(NULL, "Content-Type: application/json");
    headers = curl_slist_append(headers, "Expect:");
    CURLM *multi = curl_multi_init();
    curl_multi_setopt(multi, CURLMOPT_MAXCONNECTS, at_once);
    double start = now_s();
    for (long i = 0; i < at_once && i < requests; i++)
        curl_multi_add_handle(multi, handle_new(argv, body, bytes, headers));
    go_on(multi, requests, at_once < requests ? at_once : requests);
    printf("%.4f %.4f\n", now_s() - start, (double)clock() / CLOCKS_PER_SEC);
    return 0;
}
