#ifndef FLOOR_LIBUV_SHIM_H
#define FLOOR_LIBUV_SHIM_H
#include <sys/epoll.h>
#include <sys/socket.h>
#include <uv.h>

/* GNU extensions that Swift's C library module does not show. */
extern void *memmem(const void *, size_t, const void *, size_t);
extern int accept4(int, struct sockaddr *, socklen_t *, int);

static inline int floor_accept(int listener) {
    return accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
}

#endif
