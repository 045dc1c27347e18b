/* A disk that refuses on command. LD_PRELOAD.
 *
 *   REFUSE_FOLDER=/x/   files whose path begins so are on that disk
 *   REFUSE_FLAG=file    while it is there, its text says what is refused:
 *                       `write 5`     every write and growth, with that errno
 *                       `sync 5`      every fsync and fdatasync
 *                       `quota 4096`  what would make the folder's files larger than so many
 *                                     bytes together, with EDQUOT
 *
 * Everything else goes to the kernel as it is.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { BLOCK = 4096 };

static int on_disk(int fd) {
    const char *folder = getenv("REFUSE_FOLDER");
    char link[64], path[4096];
    ssize_t size;
    if (!folder) return 0;
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    size = readlink(link, path, sizeof path - 1);
    if (size < 0) return 0;
    path[size] = 0;
    return !strncmp(path, folder, strlen(folder));
}

/* The flag's number if it begins with this word, else 0. */
static long long told(const char *word) {
    char text[64] = "", *flag = getenv("REFUSE_FLAG");
    size_t size = strlen(word);
    int fd = flag ? syscall(SYS_openat, AT_FDCWD, flag, O_RDONLY | O_CLOEXEC) : -1;
    if (fd < 0) return 0;
    if (syscall(SYS_read, fd, text, sizeof text - 1) < 0) text[0] = 0;
    syscall(SYS_close, fd);
    return strncmp(text, word, size) ? 0 : atoll(text + size);
}

static long long used(void) {
    const char *folder = getenv("REFUSE_FOLDER");
    long long total = 0;
    struct dirent *entry;
    struct stat found;
    DIR *listing = opendir(folder);
    while (listing && (entry = readdir(listing)))
        if (!fstatat(dirfd(listing), entry->d_name, &found, AT_SYMLINK_NOFOLLOW) &&
            S_ISREG(found.st_mode))
            total += found.st_blocks * 512LL;
    if (listing) closedir(listing);
    return total;
}

/* The errno with which a file's growth to `end` is refused, else 0. */
static int refused(int fd, off_t end) {
    int saved = errno;
    long long limit, grows;
    struct stat found;
    if (!on_disk(fd)) return 0;
    if ((limit = told("write "))) return limit;
    if ((limit = told("quota ")) && !fstat(fd, &found)) {
        grows = (end + BLOCK - 1) / BLOCK * BLOCK - found.st_blocks * 512LL;
        if (grows > 0 && used() + grows > limit) return EDQUOT;
    }
    errno = saved;
    return 0;
}

static ssize_t failed(int with) {
    errno = with;
    return -1;
}

ssize_t pwrite64(int fd, const void *data, size_t size, off64_t at) {
    int why = refused(fd, at + size);
    return why ? failed(why) : syscall(SYS_pwrite64, fd, data, size, at);
}

ssize_t pwrite(int fd, const void *data, size_t size, off_t at) {
    return pwrite64(fd, data, size, at);
}

ssize_t write(int fd, const void *data, size_t size) {
    int why = on_disk(fd) ? refused(fd, syscall(SYS_lseek, fd, 0, SEEK_CUR) + size) : 0;
    return why ? failed(why) : syscall(SYS_write, fd, data, size);
}

int posix_fallocate64(int fd, off64_t at, off64_t size) {
    int why = refused(fd, at + size);
    if (why) return why;
    return syscall(SYS_fallocate, fd, 0, at, size) ? errno : 0;
}

int posix_fallocate(int fd, off_t at, off_t size) { return posix_fallocate64(fd, at, size); }

static int synced(long call, int fd) {
    long long why = on_disk(fd) ? told("sync ") : 0;
    return why ? failed(why) : syscall(call, fd);
}

int fsync(int fd) { return synced(SYS_fsync, fd); }
int fdatasync(int fd) { return synced(SYS_fdatasync, fd); }
