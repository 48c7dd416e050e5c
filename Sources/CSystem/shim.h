/* The system calls of the data plane in the form Swift can call: what is a macro, packed or variadic in C gets a
   static-inline function here, and nothing else does. */
#pragma once
#include <errno.h>
#include <fcntl.h>
#ifdef __GLIBC__
#include <malloc.h>
#endif
#include <netdb.h>
#include <poll.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <arpa/inet.h>
#include <signal.h>
#include <stdint.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>
#include <sys/stat.h>
#ifdef __linux__
#include <sys/epoll.h>
#include <sys/inotify.h>
#include <sys/syscall.h>
#endif

static inline int gh_errno(void) { return errno; }

/* Nanoseconds of the monotonic clock. */
static inline int64_t gh_monotonic_ns(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

/* Nanoseconds since 1970-01-01T00:00:00Z. */
static inline int64_t gh_wall_ns(void) {
    struct timespec t;
    clock_gettime(CLOCK_REALTIME, &t);
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

static inline int gh_set_nonblocking(int fd) {
    int flags = fcntl(fd, F_GETFL, 0);
    if (flags < 0) return -1;
    if (fcntl(fd, F_SETFD, FD_CLOEXEC) < 0) return -1;
    return fcntl(fd, F_SETFL, flags | O_NONBLOCK);
}

static inline int gh_set_option(int fd, int level, int option, int value) {
    return setsockopt(fd, level, option, &value, sizeof value);
}

static inline int gh_socket_error(int fd) {
    int value = 0;
    socklen_t length = sizeof value;
    if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &value, &length) < 0) return errno;
    return value;
}

/* A connected-socket send that never raises SIGPIPE. */
static inline ssize_t gh_send(int fd, const void *bytes, size_t count) {
#ifdef MSG_NOSIGNAL
    return send(fd, bytes, count, MSG_NOSIGNAL);
#else
    return send(fd, bytes, count, 0);
#endif
}

static inline ssize_t gh_sendv(int fd, const struct iovec *parts, int count) {
    struct msghdr message;
    memset(&message, 0, sizeof message);
    message.msg_iov = (struct iovec *)parts;
    message.msg_iovlen = count;
#ifdef MSG_NOSIGNAL
    return sendmsg(fd, &message, MSG_NOSIGNAL);
#else
    return sendmsg(fd, &message, 0);
#endif
}

/* Raises the limit of open descriptors as far as it goes; returns what it is now. */
static inline uint64_t gh_raise_descriptor_limit(void) {
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return 1024;
    if (limit.rlim_cur < limit.rlim_max) {
        limit.rlim_cur = limit.rlim_max;
        setrlimit(RLIMIT_NOFILE, &limit);
        getrlimit(RLIMIT_NOFILE, &limit);
    }
    return (uint64_t)limit.rlim_cur;
}

/* Bytes of memory of the machine; 0 when the system does not say. */
static inline int64_t gh_physical_memory(void) {
    long pages = sysconf(_SC_PHYS_PAGES), size = sysconf(_SC_PAGESIZE);
    return pages > 0 && size > 0 ? (int64_t)pages * size : 0;
}

/* Gives freed memory back to the system where the C library would keep it: after a large configuration was read. */
static inline void gh_trim_memory(void) {
#ifdef __GLIBC__
    malloc_trim(0);
#endif
}

/* Reads the beginning of a file; -1 when it cannot be read. */
static inline ssize_t gh_read_file(const char *path, void *target, size_t capacity) {
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) return -1;
    ssize_t count = read(fd, target, capacity);
    close(fd);
    return count;
}

/* Waits until a descriptor can be read: 1 yes, 0 the time has run out, -1 interrupted. */
static inline int gh_wait_readable(int fd, int timeout_ms) {
    struct pollfd descriptor = {.fd = fd, .events = POLLIN, .revents = 0};
    return poll(&descriptor, 1, timeout_ms);
}

/* The address of a socket in the file system; one that begins with "@" is in Linux's abstract name space. -1: too long. */
static inline int gh_local_address(const char *path, struct sockaddr_un *address, socklen_t *length) {
    size_t count = strlen(path);
    memset(address, 0, sizeof *address);
    address->sun_family = AF_UNIX;
    if (count == 0 || count >= sizeof address->sun_path) return -1;
    memcpy(address->sun_path, path, count);
    *length = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + count + 1);
    if (path[0] == '@') {
        address->sun_path[0] = 0;
        *length -= 1;
    }
    return 0;
}

static inline int gh_local_socket(int type) {
    int fd = socket(AF_UNIX, type, 0);
    if (fd >= 0) fcntl(fd, F_SETFD, FD_CLOEXEC);
    return fd;
}

/* Listens at a path; -1 and errno when it cannot. Only the owner may connect. */
static inline int gh_local_listen(const char *path) {
    struct sockaddr_un address;
    socklen_t length;
    if (gh_local_address(path, &address, &length) < 0) { errno = ENAMETOOLONG; return -1; }
    int fd = gh_local_socket(SOCK_STREAM);
    if (fd < 0) return -1;
    mode_t mask = umask(0177);
    int bound = bind(fd, (struct sockaddr *)&address, length);
    umask(mask);
    if (bound < 0 || listen(fd, 16) < 0) {
        int code = errno;
        close(fd);
        errno = code;
        return -1;
    }
    return fd;
}

static inline int gh_local_connect(const char *path) {
    struct sockaddr_un address;
    socklen_t length;
    if (gh_local_address(path, &address, &length) < 0) { errno = ENAMETOOLONG; return -1; }
    int fd = gh_local_socket(SOCK_STREAM);
    if (fd < 0) return -1;
    if (connect(fd, (struct sockaddr *)&address, length) < 0) {
        int code = errno;
        close(fd);
        errno = code;
        return -1;
    }
    return fd;
}

/* Connects without waiting; -1 and errno when that cannot be. */
static inline int gh_local_begin(const char *path) {
    struct sockaddr_un address;
    socklen_t length;
    if (gh_local_address(path, &address, &length) < 0) { errno = ENAMETOOLONG; return -1; }
    int fd = gh_local_socket(SOCK_STREAM);
    if (fd < 0) return -1;
    gh_set_nonblocking(fd);
#ifdef SO_NOSIGPIPE
    gh_set_option(fd, SOL_SOCKET, SO_NOSIGPIPE, 1);
#endif
    if (connect(fd, (struct sockaddr *)&address, length) < 0 && errno != EINPROGRESS) {
        int code = errno;
        close(fd);
        errno = code;
        return -1;
    }
    return fd;
}

/* Waits for a client of a listening socket; -1 and errno when there will be none. */
static inline int gh_local_accept(int fd) {
    int client = accept(fd, NULL, NULL);
    if (client >= 0) fcntl(client, F_SETFD, FD_CLOEXEC);
    return client;
}

/* Sends one datagram to a path, as sd_notify(3) describes it. */
static inline int gh_local_notify(const char *path, const void *bytes, size_t count) {
    struct sockaddr_un address;
    socklen_t length;
    if (gh_local_address(path, &address, &length) < 0) { errno = ENAMETOOLONG; return -1; }
    int fd = gh_local_socket(SOCK_DGRAM);
    if (fd < 0) return -1;
    ssize_t sent = sendto(fd, bytes, count, 0, (struct sockaddr *)&address, length);
    int code = errno;
    close(fd);
    errno = code;
    return sent == (ssize_t)count ? 0 : -1;
}

/* Who is at the other end: the user, and (0 where the system does not say) the process. */
static inline int gh_local_peer(int fd, uint32_t *user, int32_t *process) {
#ifdef __linux__
    struct { int32_t process; uint32_t user, group; } peer;
    socklen_t length = sizeof peer;
    if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &length) < 0) return -1;
    *user = peer.user;
    *process = peer.process;
    return 0;
#else
    uid_t owner;
    gid_t group;
    if (getpeereid(fd, &owner, &group) < 0) return -1;
    *user = owner;
    *process = 0;
    return 0;
#endif
}

static inline int gh_local_time_limit(int fd, int seconds) {
    struct timeval limit = {.tv_sec = seconds, .tv_usec = 0};
    if (setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit) < 0) return -1;
    return setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
}

#define GH_LOCAL_DESCRIPTORS 64

/* Sends bytes, and descriptors (64 at most) with the first of them. */
static inline ssize_t gh_local_send(int fd, const void *bytes, size_t count, const int *descriptors, int descriptor_count) {
    struct iovec part = {.iov_base = (void *)bytes, .iov_len = count};
    union { struct cmsghdr header; char room[CMSG_SPACE(sizeof(int) * GH_LOCAL_DESCRIPTORS)]; } control;
    struct msghdr message;
    memset(&message, 0, sizeof message);
    message.msg_iov = &part;
    message.msg_iovlen = 1;
    if (descriptor_count > GH_LOCAL_DESCRIPTORS) { errno = EINVAL; return -1; }
    if (descriptor_count > 0) {
        memset(&control, 0, sizeof control);
        message.msg_control = control.room;
        message.msg_controllen = CMSG_SPACE(sizeof(int) * descriptor_count);
        struct cmsghdr *header = CMSG_FIRSTHDR(&message);
        header->cmsg_level = SOL_SOCKET;
        header->cmsg_type = SCM_RIGHTS;
        header->cmsg_len = CMSG_LEN(sizeof(int) * descriptor_count);
        memcpy(CMSG_DATA(header), descriptors, sizeof(int) * descriptor_count);
    }
#ifdef MSG_NOSIGNAL
    return sendmsg(fd, &message, MSG_NOSIGNAL);
#else
    return sendmsg(fd, &message, 0);
#endif
}

/* Receives bytes and the descriptors that come with them (room for 64), closed on exec. */
static inline ssize_t gh_local_receive(int fd, void *bytes, size_t capacity, int *descriptors, int *descriptor_count) {
    struct iovec part = {.iov_base = bytes, .iov_len = capacity};
    union { struct cmsghdr header; char room[CMSG_SPACE(sizeof(int) * GH_LOCAL_DESCRIPTORS)]; } control;
    struct msghdr message;
    memset(&message, 0, sizeof message);
    message.msg_iov = &part;
    message.msg_iovlen = 1;
    message.msg_control = control.room;
    message.msg_controllen = sizeof control.room;
    *descriptor_count = 0;
#ifdef MSG_CMSG_CLOEXEC
    ssize_t count = recvmsg(fd, &message, MSG_CMSG_CLOEXEC);
#else
    ssize_t count = recvmsg(fd, &message, 0);
#endif
    if (count < 0) return count;
    for (struct cmsghdr *header = CMSG_FIRSTHDR(&message); header; header = CMSG_NXTHDR(&message, header)) {
        if (header->cmsg_level != SOL_SOCKET || header->cmsg_type != SCM_RIGHTS) continue;
        int received = (int)((header->cmsg_len - CMSG_LEN(0)) / sizeof(int));
        for (int i = 0; i < received; i++) {
            int descriptor;
            memcpy(&descriptor, CMSG_DATA(header) + sizeof(int) * i, sizeof descriptor);
            if (*descriptor_count < GH_LOCAL_DESCRIPTORS) descriptors[(*descriptor_count)++] = descriptor;
            else close(descriptor);
        }
    }
    return count;
}

/* A second descriptor of the same socket. */
static inline int gh_duplicate(int fd) { return fcntl(fd, F_DUPFD_CLOEXEC, 0); }

/* What tells one state of a file from another; -1: there is none. */
static inline int gh_file_identity(const char *path, uint64_t identity[5]) {
    struct stat status;
    if (stat(path, &status) < 0) return -1;
    identity[0] = (uint64_t)status.st_dev;
    identity[1] = (uint64_t)status.st_ino;
    identity[2] = (uint64_t)status.st_size;
#ifdef __APPLE__
    identity[3] = (uint64_t)status.st_mtimespec.tv_sec;
    identity[4] = (uint64_t)status.st_mtimespec.tv_nsec;
#else
    identity[3] = (uint64_t)status.st_mtim.tv_sec;
    identity[4] = (uint64_t)status.st_mtim.tv_nsec;
#endif
    return 0;
}

/* What a symbolic link leads to; -1: it is none. */
static inline ssize_t gh_read_link(const char *path, void *target, size_t capacity) {
    return readlink(path, target, capacity);
}

#ifdef __linux__
static inline int gh_inotify_create(void) { return inotify_init1(IN_NONBLOCK | IN_CLOEXEC); }

/* Names that come, go, or are written to the end, in a directory. */
static inline int gh_inotify_watch_directory(int set, const char *path) {
    return inotify_add_watch(
        set, path,
        IN_CLOSE_WRITE | IN_MOVED_TO | IN_MOVED_FROM | IN_CREATE | IN_DELETE | IN_DELETE_SELF | IN_MOVE_SELF | IN_ATTRIB);
}
#endif

#ifdef __linux__
/* Declared here because _GNU_SOURCE would give this module other system types than its neighbours have. */
extern int accept4(int fd, struct sockaddr *address, socklen_t *length, int flags);

static const uint32_t gh_epoll_in = EPOLLIN;
static const uint32_t gh_epoll_out = EPOLLOUT;
static const uint32_t gh_epoll_peer_end = EPOLLRDHUP;
static const uint32_t gh_epoll_hangup = EPOLLHUP;
static const uint32_t gh_epoll_error = EPOLLERR;
static const uint32_t gh_epoll_edge = EPOLLET;

static inline int gh_epoll_create(void) { return epoll_create1(EPOLL_CLOEXEC); }

static inline int gh_accept(int fd, struct sockaddr_storage *address, socklen_t *length) {
    return accept4(fd, (struct sockaddr *)address, length, O_NONBLOCK | O_CLOEXEC);
}

static inline int gh_epoll_control(int set, int operation, int fd, uint32_t events, uint64_t token) {
    struct epoll_event event;
    event.events = events;
    event.data.u64 = token;
    return epoll_ctl(set, operation, fd, &event);
}

/* Waits and writes token and event mask of each ready descriptor into two plain arrays (epoll_event is packed). */
static inline int gh_epoll_wait(int set, uint64_t *tokens, uint32_t *masks, int capacity, int timeout_ms) {
    struct epoll_event events[256];
    if (capacity > 256) capacity = 256;
    int count = epoll_wait(set, events, capacity, timeout_ms);
    for (int i = 0; i < count; i++) {
        tokens[i] = events[i].data.u64;
        masks[i] = events[i].events;
    }
    return count;
}

/* The processors this process may use. */
static inline int gh_usable_processors(void) {
    unsigned long mask[128];
    long bytes = syscall(SYS_sched_getaffinity, 0, sizeof mask, mask);
    int count = 0;
    for (long i = 0; i < bytes / (long)sizeof mask[0]; i++) count += __builtin_popcountl(mask[i]);
    return count > 0 ? count : 1;
}
#else
static inline int gh_accept(int fd, struct sockaddr_storage *address, socklen_t *length) {
    int client = accept(fd, (struct sockaddr *)address, length);
    if (client < 0) return -1;
    if (gh_set_nonblocking(client) < 0) { close(client); return -1; }
    gh_set_option(client, SOL_SOCKET, SO_NOSIGPIPE, 1);
    return client;
}
static inline int gh_usable_processors(void) {
    long count = sysconf(_SC_NPROCESSORS_ONLN);
    return count > 0 ? (int)count : 1;
}
#endif
