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
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>
#ifdef __linux__
#include <sys/epoll.h>
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
