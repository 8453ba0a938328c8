/* Loaded before libc into the program under test: lets what it does to the files below a folder fail, and
 * its clock go wrong. Everything else goes through.
 *
 * COUNTERSIGN_FAULT_DIR    the folder
 * COUNTERSIGN_FAULT_COUNT  a file elsewhere of eight bytes: how many calls there were so far
 * COUNTERSIGN_FAULT_AT     the first call that fails, from 1; none without it
 * COUNTERSIGN_FAULT_MODE   "once", or "lasting": all calls from then on
 * COUNTERSIGN_FAULT_ERROR  the number of the error
 * COUNTERSIGN_CLOCK_AT     from this reading on the wall clock is an hour behind
 *
 * Counted are writes, syncs, truncations, renames, new folders, and files that are opened to be written. A
 * sync that does not fail does nothing either: it is the program that ends here, not the machine.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

static const char *folder;
static size_t folder_length;
static long fault_at;
static int lasting;
static int fault_error;
static long clock_at;
static atomic_long readings;
static atomic_long *counted;

static void *real(const char *name) { return dlsym(RTLD_NEXT, name); }

static long number(const char *name) {
    const char *text = getenv(name);
    return text ? atol(text) : 0;
}

__attribute__((constructor)) static void begin(void) {
    const char *count = getenv("COUNTERSIGN_FAULT_COUNT");
    /* What the program starts is no part of the test. */
    unsetenv("LD_PRELOAD");
    if (strcmp(program_invocation_short_name, "countersign-cli") != 0)
        return;
    clock_at = number("COUNTERSIGN_CLOCK_AT");
    if (!count)
        return;
    int (*open_)(const char *, int, ...) = real("open");
    int file = open_(count, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    void *shared = MAP_FAILED;
    if (file >= 0 && ftruncate(file, sizeof(atomic_long)) == 0)
        shared = mmap(NULL, sizeof(atomic_long), PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    if (shared == MAP_FAILED)
        abort();
    close(file);
    counted = shared;
    fault_at = number("COUNTERSIGN_FAULT_AT");
    fault_error = (int)number("COUNTERSIGN_FAULT_ERROR");
    const char *mode = getenv("COUNTERSIGN_FAULT_MODE");
    lasting = mode && strcmp(mode, "lasting") == 0;
    folder = getenv("COUNTERSIGN_FAULT_DIR");
    folder_length = folder ? strlen(folder) : 0;
}

static int below(const char *path) {
    return folder && strncmp(path, folder, folder_length) == 0 &&
           (path[folder_length] == '/' || path[folder_length] == '\0');
}

static int descriptor_below(int file) {
    if (!folder)
        return 0;
    char link[64], path[4096];
    snprintf(link, sizeof link, "/proc/self/fd/%d", file);
    int saved = errno;
    ssize_t length = readlink(link, path, sizeof path - 1);
    errno = saved;
    if (length < 0)
        return 0;
    path[length] = '\0';
    return below(path);
}

/* Counts a call. Whether it is to fail; then errno says why. */
static int fails(void) {
    long number = atomic_fetch_add(counted, 1) + 1;
    if (!fault_at || number < fault_at || (number > fault_at && !lasting))
        return 0;
    errno = fault_error;
    return 1;
}

static int writes(int flags) { return (flags & (O_CREAT | O_TRUNC)) || (flags & O_ACCMODE) != O_RDONLY; }

#define OPEN(name)                                                                                     \
    int name(const char *path, int flags, ...) {                                                       \
        va_list more;                                                                                  \
        va_start(more, flags);                                                                         \
        mode_t mode = (flags & (O_CREAT | O_TMPFILE)) ? va_arg(more, mode_t) : 0;                      \
        va_end(more);                                                                                  \
        if (below(path) && writes(flags) && fails())                                                   \
            return -1;                                                                                 \
        int (*next)(const char *, int, ...) = real(#name);                                             \
        return next(path, flags, mode);                                                                \
    }
OPEN(open)
OPEN(open64)

#define OPENAT(name)                                                                                   \
    int name(int at, const char *path, int flags, ...) {                                               \
        va_list more;                                                                                  \
        va_start(more, flags);                                                                         \
        mode_t mode = (flags & (O_CREAT | O_TMPFILE)) ? va_arg(more, mode_t) : 0;                      \
        va_end(more);                                                                                  \
        int ours = path[0] == '/' ? below(path) : at != AT_FDCWD && descriptor_below(at);              \
        if (ours && writes(flags) && fails())                                                          \
            return -1;                                                                                 \
        int (*next)(int, const char *, int, ...) = real(#name);                                        \
        return next(at, path, flags, mode);                                                            \
    }
OPENAT(openat)
OPENAT(openat64)

/* What goes by a descriptor. */
#define BY_FILE(type, name, parameters, arguments)                                                     \
    type name parameters {                                                                             \
        if (descriptor_below(file) && fails())                                                         \
            return -1;                                                                                 \
        type(*next) parameters = real(#name);                                                          \
        return next arguments;                                                                         \
    }
BY_FILE(ssize_t, write, (int file, const void *bytes, size_t size), (file, bytes, size))
BY_FILE(ssize_t, writev, (int file, const struct iovec *parts, int count), (file, parts, count))
BY_FILE(ssize_t, pwrite, (int file, const void *bytes, size_t size, off_t at), (file, bytes, size, at))
BY_FILE(ssize_t, pwrite64, (int file, const void *bytes, size_t size, off64_t at), (file, bytes, size, at))
BY_FILE(ssize_t, pwritev, (int file, const struct iovec *parts, int count, off_t at), (file, parts, count, at))
BY_FILE(ssize_t, pwritev64, (int file, const struct iovec *parts, int count, off64_t at),
        (file, parts, count, at))
#define SYNC(name)                                                                                     \
    int name(int file) {                                                                               \
        if (descriptor_below(file))                                                                    \
            return fails() ? -1 : 0;                                                                   \
        int (*next)(int) = real(#name);                                                                \
        return next(file);                                                                             \
    }
SYNC(fsync)
SYNC(fdatasync)
BY_FILE(int, ftruncate, (int file, off_t size), (file, size))
BY_FILE(int, ftruncate64, (int file, off64_t size), (file, size))

/* What goes by a path, the first one or the second. */
#define BY_PATH(name, parameters, arguments, ours)                                                     \
    int name parameters {                                                                              \
        if ((ours) && fails())                                                                         \
            return -1;                                                                                 \
        int(*next) parameters = real(#name);                                                           \
        return next arguments;                                                                         \
    }
BY_PATH(mkdir, (const char *path, mode_t mode), (path, mode), below(path))
BY_PATH(mkdirat, (int at, const char *path, mode_t mode), (at, path, mode), below(path))
BY_PATH(rename, (const char *from, const char *to), (from, to), below(from) || below(to))
BY_PATH(renameat, (int a, const char *from, int b, const char *to), (a, from, b, to),
        below(from) || below(to))
BY_PATH(renameat2, (int a, const char *from, int b, const char *to, unsigned flags), (a, from, b, to, flags),
        below(from) || below(to))

int clock_gettime(clockid_t clock, struct timespec *time) {
    int (*next)(clockid_t, struct timespec *) = real("clock_gettime");
    int result = next(clock, time);
    if (result == 0 && clock == CLOCK_REALTIME && clock_at && atomic_fetch_add(&readings, 1) + 1 >= clock_at)
        time->tv_sec -= 3600;
    return result;
}
