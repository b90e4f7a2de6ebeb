/* The config file: any bytes are settings within their bounds, or an error that names its line;
 * and a key written into any file can be read from it again. */
#include "fuzz.h"

#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "config.h"

static char dir[] = "/tmp/opik-alerts-fuzz.XXXXXX", path[64];

static void remove_dir(void)
{
    unlink(path);
    rmdir(dir);
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc;
    (void)argv;
    HOLDS(mkdtemp(dir));
    snprintf(path, sizeof path, "%s/config.ini", dir);
    atexit(remove_dir);
    return 0;
}

static void write_file(const uint8_t *data, size_t size)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    HOLDS(fd >= 0 && write(fd, data, size) == (ssize_t)size);
    close(fd);
}

static void within_bounds(const struct settings *s)
{
    for (int i = 0; i < SETTING_COUNT; i++) {
        const struct setting_info *info = setting_info((enum setting)i);
        if (info->type == SETTING_NUMBER || info->type == SETTING_BYTES ||
            info->type == SETTING_DURATION)
            HOLDS(s->number[i] >= info->min && s->number[i] <= info->max);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct call call = {.config = path, .config_given = true};
    struct settings s;
    struct err err = {0};
    write_file(data, size);
    if (!config_load(&call, &s, &err)) {
        HOLDS(err.text[0]);
        return 0;
    }
    within_bounds(&s);
    settings_free(&s);
    HOLDS(config_write(path, "retry.max", "7", &err));
    HOLDS(config_load(&call, &s, &err));
    HOLDS(s.number[SETTING_RETRY_MAX] == 7);
    settings_free(&s);
    return 0;
}
