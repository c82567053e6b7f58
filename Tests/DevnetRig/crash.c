/* Ends a process with SIGKILL right before one of its writes, flushes or renames under a folder, or in the middle of a write.
 *
 * Loaded with LD_PRELOAD. CRASH_UNDER: the folder. CRASH_TRACE: a file that gets a line for each boundary. CRASH_AT: number of the
 * boundary to die at, counted from 1 since the process began; only as long as the file CRASH_MARK is not there, which is made then. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

static atomic_long passed;

#define REAL(name, type, ...) \
    static type (*real)(__VA_ARGS__); \
    if (!real) real = (type(*)(__VA_ARGS__))dlsym(RTLD_NEXT, #name)

static ssize_t plain_write(int fd, const void *bytes, size_t count) {
    REAL(write, ssize_t, int, const void *, size_t);
    return real(fd, bytes, count);
}

/* The path of what was looked at last, by this thread. */
static _Thread_local char path[PATH_MAX];

static int is_under(const char *place) {
    const char *folder = getenv("CRASH_UNDER");
    return folder && strncmp(place, folder, strlen(folder)) == 0;
}

static int is_ours(int fd) {
    char link[64];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t length = readlink(link, path, sizeof path - 1);
    if (length <= 0) return 0;
    path[length] = 0;
    return is_under(path);
}

/* Counts a boundary; 1: this is the one to die at. */
static int boundary(const char *what) {
    long number = atomic_fetch_add(&passed, 1) + 1;
    const char *trace = getenv("CRASH_TRACE"), *at = getenv("CRASH_AT"), *mark = getenv("CRASH_MARK");
    if (trace) {
        char line[PATH_MAX + 64];
        int length = snprintf(line, sizeof line, "%s %s\n", what, path);
        int fd = open(trace, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
        if (fd >= 0) {
            plain_write(fd, line, (size_t)length);
            close(fd);
        }
    }
    if (!at || !mark || number != atol(at)) return 0;
    int fd = open(mark, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd < 0) return 0;
    plain_write(fd, what, strlen(what));
    close(fd);
    return 1;
}

static void die(void) {
    kill(getpid(), SIGKILL);
    for (;;) pause();
}

ssize_t write(int fd, const void *bytes, size_t count) {
    /* Half of it is there when the process dies: a torn record. */
    if (is_ours(fd) && boundary("write")) {
        plain_write(fd, bytes, count / 2);
        die();
    }
    return plain_write(fd, bytes, count);
}

ssize_t pwrite64(int fd, const void *bytes, size_t count, off64_t offset) {
    REAL(pwrite64, ssize_t, int, const void *, size_t, off64_t);
    if (is_ours(fd) && boundary("pwrite")) {
        real(fd, bytes, count / 2, offset);
        die();
    }
    return real(fd, bytes, count, offset);
}

ssize_t pwrite(int fd, const void *bytes, size_t count, off_t offset) { return pwrite64(fd, bytes, count, offset); }

int fsync(int fd) {
    REAL(fsync, int, int);
    if (is_ours(fd) && boundary("fsync")) die();
    return real(fd);
}

int fdatasync(int fd) {
    REAL(fdatasync, int, int);
    if (is_ours(fd) && boundary("fdatasync")) die();
    return real(fd);
}

int ftruncate64(int fd, off64_t length) {
    REAL(ftruncate64, int, int, off64_t);
    if (is_ours(fd) && boundary("ftruncate")) die();
    return real(fd, length);
}

int ftruncate(int fd, off_t length) { return ftruncate64(fd, length); }

int rename(const char *from, const char *to) {
    REAL(rename, int, const char *, const char *);
    if (is_under(to)) {
        snprintf(path, sizeof path, "%s", to);
        if (boundary("rename")) die();
    }
    return real(from, to);
}
