#include "store/sharedclock.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "store/file.h"

enum { TEXT_SIZE = 128 };

static bool read_anchor(int fd, const char *boot, int64_t *anchor)
{
    char text[TEXT_SIZE];
    long len = file_read(fd, text, sizeof text - 1);
    size_t id = strlen(boot);
    if (len <= 0)
        return false;
    text[len] = '\0';
    if (strncmp(text, boot, id) != 0 || text[id] != ' ')
        return false;
    char *end;
    long long value = strtoll(text + id + 1, &end, 10);
    *anchor = value;
    return *end == '\n';
}

static void write_anchor(int fd, const char *boot)
{
    char text[TEXT_SIZE];
    int len = snprintf(text, sizeof text, "%s %" PRId64 "\n", boot, clock_anchor());
    if (ftruncate(fd, 0) == 0)
        file_write(fd, (struct span){text, (size_t)len});
}

void sharedclock_align(int dir, bool read_only, int64_t last)
{
    char boot[CLOCK_BOOT_SIZE];
    int64_t anchor;
    if (!clock_boot(boot))
        return;
    int fd = file_open(dir, "clock", read_only ? O_RDONLY : O_RDWR | O_CREAT, NULL);
    if (fd >= 0 && !file_check_private(fd, "clock", NULL)) {
        close(fd);
        fd = -1; /* whoever can write it must not move our time */
    }
    if (fd >= 0 && read_anchor(fd, boot, &anchor)) {
        clock_set_anchor(anchor);
    } else {
        int64_t now = clock_steady_ms(clock_system());
        if (now < last)
            clock_set_anchor(clock_anchor() + last - now);
        if (fd >= 0 && !read_only)
            write_anchor(fd, boot);
    }
    if (fd >= 0)
        close(fd);
}
