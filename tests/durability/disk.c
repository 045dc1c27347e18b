/* Records what a process does to one database's files, so that a power cut can be rebuilt from it.
 *
 * LD_PRELOAD. Each call below writes a record to a log, then makes the system call itself. Records
 * of writes, names and answers are in the order in which they happened; a sync has two, its
 * beginning and its end. `shim.py` compiles this and reads the log.
 *
 *   DISK_LOG=file          where the records go (appended)
 *   DISK_PREFIX=/x/a.db    files whose path begins so; -shm and .lock are left out: SQLite makes
 *                          the first anew after a crash, the second holds no data
 *   DISK_KILL=-wal:7       SIGKILL in the middle of the seventh write to PREFIX-wal; `:7` is the
 *                          database itself
 *   DISK_GATEWAY=123       and to that process
 *
 * Two processes may write one log: a record is appended as a whole. What goes through a local socket
 * (from one to the other) has not left.
 *
 * Not for a full disk: a short write ends the process.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

enum op { START = 1, OPEN, CLOSE, WRITE, TRUNCATE, SYNC, SYNCED, UNLINK, RENAME, TOLD };
enum { MOST = 4096, ID = 30, IDS = 4000 };

struct __attribute__((packed)) record {
    uint32_t size; /* of the bytes that follow */
    uint8_t op;
    uint8_t flag; /* OPEN: it was made; TOLD: an answer */
    uint16_t none;
    int32_t process;
    int32_t fd;
    int32_t thread;
    int64_t at; /* offset, size or result */
};

static pthread_mutex_t order = PTHREAD_MUTEX_INITIALIZER;
static char *paths[MOST]; /* of watched files and of their folder, by descriptor */
static int journal = -1;
static char prefix[4096], folder[4096], kill_at[4200];
static long kill_in;

static void put(enum op op, int flag, int fd, int64_t at, const void *data, size_t size) {
    struct record record = {.size = size, .op = op, .flag = flag, .fd = fd, .at = at,
                            .process = getpid(), .thread = syscall(SYS_gettid)};
    struct iovec both[2] = {{&record, sizeof record}, {(void *)data, size}};
    if (syscall(SYS_writev, journal, both, 2) != (long)(sizeof record + size)) abort();
}

__attribute__((constructor)) static void start(void) {
    const char *log = getenv("DISK_LOG"), *files = getenv("DISK_PREFIX"), *end;
    if (!files) return;
    strncpy(prefix, files, sizeof prefix - 1);
    strncpy(folder, files, sizeof folder - 1);
    *strrchr(folder, '/') = 0;
    if (getenv("DISK_KILL") && (end = strchr(getenv("DISK_KILL"), ':'))) {
        kill_in = atol(end + 1);
        strcpy(kill_at, prefix);
        strncat(kill_at, getenv("DISK_KILL"), end - getenv("DISK_KILL"));
    }
    journal = syscall(SYS_openat, AT_FDCWD, log ? log : "/dev/null",
                      O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    if (journal < 0) abort();
    put(START, 0, -1, 0, "", 0);
}

static int ends(const char *path, const char *with) {
    size_t a = strlen(path), b = strlen(with);
    return a >= b && !strcmp(path + a - b, with);
}

static int ours(const char *path) {
    return journal >= 0 && !strncmp(path, prefix, strlen(prefix)) && !ends(path, "-shm") &&
           !ends(path, ".lock");
}

static int watched(int fd) { return fd >= 0 && fd < MOST && paths[fd]; }

static int opened(const char *path, int flags, int mode) {
    int file = ours(path), fd, made;
    if (!file && (journal < 0 || strcmp(path, folder)))
        return syscall(SYS_openat, AT_FDCWD, path, flags, mode);
    pthread_mutex_lock(&order);
    made = file && (flags & O_CREAT) && syscall(SYS_faccessat, AT_FDCWD, path, F_OK) != 0;
    fd = syscall(SYS_openat, AT_FDCWD, path, flags, mode);
    if (fd >= MOST) abort();
    if (fd >= 0) {
        paths[fd] = strdup(path);
        put(OPEN, made, fd, 0, path, strlen(path));
        if (file && (flags & O_TRUNC)) put(TRUNCATE, 0, fd, 0, "", 0);
    }
    pthread_mutex_unlock(&order);
    return fd;
}

#define OPENED(name)                                                                               \
    int name(const char *path, int flags, ...) {                                                   \
        va_list more;                                                                              \
        va_start(more, flags);                                                                     \
        int mode = flags & (O_CREAT | __O_TMPFILE) ? va_arg(more, int) : 0;                        \
        va_end(more);                                                                              \
        return opened(path, flags, mode);                                                          \
    }
OPENED(open)
OPENED(open64)

int close(int fd) {
    if (watched(fd)) {
        pthread_mutex_lock(&order);
        put(CLOSE, 0, fd, 0, "", 0);
        free(paths[fd]);
        paths[fd] = NULL;
        pthread_mutex_unlock(&order);
    }
    return syscall(SYS_close, fd);
}

/* Under the lock, so that a write is either before a sync's beginning or after it. */
static ssize_t stored(int fd, const void *data, size_t size, off_t at) {
    pthread_mutex_lock(&order);
    if (kill_in && !strcmp(paths[fd], kill_at) && !--kill_in) {
        put(WRITE, 0, fd, at, data, size / 2);
        syscall(SYS_pwrite64, fd, data, size / 2, at);
        if (getenv("DISK_GATEWAY")) syscall(SYS_kill, atoi(getenv("DISK_GATEWAY")), SIGKILL);
        syscall(SYS_kill, getpid(), SIGKILL);
    }
    put(WRITE, 0, fd, at, data, size);
    if (syscall(SYS_pwrite64, fd, data, size, at) != (long)size) abort();
    pthread_mutex_unlock(&order);
    return size;
}

ssize_t pwrite(int fd, const void *data, size_t size, off_t at) {
    return watched(fd) ? stored(fd, data, size, at) : syscall(SYS_pwrite64, fd, data, size, at);
}

ssize_t pwrite64(int fd, const void *data, size_t size, off64_t at) {
    return pwrite(fd, data, size, at);
}

static int truncated(int fd, off_t size) {
    int result;
    if (!watched(fd)) return syscall(SYS_ftruncate, fd, size);
    pthread_mutex_lock(&order);
    put(TRUNCATE, 0, fd, size, "", 0);
    result = syscall(SYS_ftruncate, fd, size);
    pthread_mutex_unlock(&order);
    return result;
}

int ftruncate(int fd, off_t size) { return truncated(fd, size); }
int ftruncate64(int fd, off64_t size) { return truncated(fd, size); }

static int synced(long call, int fd) {
    int result;
    if (!watched(fd)) return syscall(call, fd);
    pthread_mutex_lock(&order);
    put(SYNC, 0, fd, 0, "", 0);
    pthread_mutex_unlock(&order);
    result = syscall(call, fd);
    pthread_mutex_lock(&order);
    put(SYNCED, 0, fd, result, "", 0);
    pthread_mutex_unlock(&order);
    return result;
}

int fsync(int fd) { return synced(SYS_fsync, fd); }
int fdatasync(int fd) { return synced(SYS_fdatasync, fd); }

int unlink(const char *path) {
    int result;
    pthread_mutex_lock(&order);
    result = syscall(SYS_unlinkat, AT_FDCWD, path, 0);
    if (!result && ours(path)) put(UNLINK, 0, -1, 0, path, strlen(path));
    pthread_mutex_unlock(&order);
    return result;
}

int rename(const char *from, const char *to) {
    char both[8192];
    int result;
    pthread_mutex_lock(&order);
    result = syscall(SYS_renameat2, AT_FDCWD, from, AT_FDCWD, to, 0);
    if (!result && (ours(from) || ours(to))) {
        size_t size = strlen(from) + 1;
        memcpy(both, from, size);
        memcpy(both + size, to, strlen(to));
        put(RENAME, 0, -1, 0, both, size + strlen(to));
    }
    pthread_mutex_unlock(&order);
    return result;
}

/* ---- what leaves through a socket: the ids of events in it */

static void told(int fd, const struct iovec *parts, size_t count) {
    char ids[IDS];
    size_t found = 0;
    int domain = AF_INET;
    socklen_t size = sizeof domain;
    if (journal < 0 || fd <= 2) return;
    getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &size);
    if (domain == AF_UNIX) return;
    for (size_t part = 0; part < count; part++) {
        const char *at = parts[part].iov_base, *end = at + parts[part].iov_len;
        while ((at = memmem(at, end - at, "evt_", 4)) && end - at >= ID && found + ID <= IDS) {
            memcpy(ids + found, at, ID);
            found += ID;
            at += ID;
        }
    }
    if (!found) return;
    pthread_mutex_lock(&order);
    put(TOLD, parts[0].iov_len > 7 && !memcmp(parts[0].iov_base, "HTTP/1.", 7), fd, 0, ids, found);
    pthread_mutex_unlock(&order);
}

ssize_t write(int fd, const void *data, size_t size) {
    struct iovec one = {(void *)data, size};
    ssize_t result;
    if (watched(fd)) {
        off_t at = syscall(SYS_lseek, fd, 0, fcntl(fd, F_GETFL) & O_APPEND ? SEEK_END : SEEK_CUR);
        result = stored(fd, data, size, at);
        syscall(SYS_lseek, fd, at + result, SEEK_SET);
        return result;
    }
    told(fd, &one, 1);
    return syscall(SYS_write, fd, data, size);
}

ssize_t writev(int fd, const struct iovec *parts, int count) {
    if (watched(fd)) abort(); /* nobody does; it would be missing in the log */
    told(fd, parts, count);
    return syscall(SYS_writev, fd, parts, count);
}

ssize_t sendto(int fd, const void *data, size_t size, int flags, const struct sockaddr *to,
               socklen_t length) {
    struct iovec one = {(void *)data, size};
    told(fd, &one, 1);
    return syscall(SYS_sendto, fd, data, size, flags, to, length);
}

ssize_t send(int fd, const void *data, size_t size, int flags) {
    return sendto(fd, data, size, flags, NULL, 0);
}

ssize_t sendmsg(int fd, const struct msghdr *message, int flags) {
    told(fd, message->msg_iov, message->msg_iovlen);
    return syscall(SYS_sendmsg, fd, message, flags);
}
