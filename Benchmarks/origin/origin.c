/* The origin that every gateway of a comparison stands in front of.
 *
 * It must cost little, so that one core carries both it and the load generator, and it must be the same for every
 * peer, so that what differs is the gateway. Hence: one thread, one epoll set, answers that are made at start.
 *
 *   any path        200, application/json, a body of 193 bytes
 *   .../big         200, application/octet-stream, a body of 1 MiB
 *   .../echo        200, text/plain, the request head as it arrived: shows what a gateway adds
 *
 * Requests may come in pieces or pipelined and may carry a body, by Content-Length or chunked; the body is dropped.
 *
 *   origin            listens on 127.0.0.1 at a port the system picks, and prints "PORT <number>"
 *
 * It ends on SIGTERM, or when its standard input closes, so that it never outlives the script that started it.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

enum { INPUT_SIZE = 16384, OUTPUT_HEADROOM = 32768, BIG_SIZE = 1 << 20, SMALL_SIZE = 193 };

/* Where the reader stands in the message that is arriving. */
enum phase { HEAD, LENGTH_BODY, CHUNK_SIZE, CHUNK_DATA, CHUNK_END, TRAILERS };

struct connection {
    int fd;
    enum phase phase;
    uint64_t body_left;
    bool closing;        /* no further request is read; the connection closes once the output is out */
    bool writable_armed;
    size_t input_length;
    size_t output_start, output_length;
    size_t big_left;     /* bytes of the large body still to send after `output` */
    char input[INPUT_SIZE];
    char output[OUTPUT_HEADROOM];
};

static char small_answer[512];
static size_t small_answer_length;
static char small_head[256];
static size_t small_head_length;
static char big_head[256];
static size_t big_head_length;
static char big_body[BIG_SIZE];
static int poller;

static void fail(const char *what) {
    perror(what);
    exit(1);
}

static void make_answers(void) {
    char body[SMALL_SIZE + 1];
    int n = snprintf(body, sizeof body,
        "{\"id\":42,\"name\":\"Ada Lovelace\",\"email\":\"ada@example.com\",\"role\":\"engineer\","
        "\"active\":true,\"bio\":\"");
    memset(body + n, 'x', SMALL_SIZE - n - 2);
    memcpy(body + SMALL_SIZE - 2, "\"}", 3);
    small_head_length = (size_t)snprintf(small_head, sizeof small_head,
        "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n", SMALL_SIZE);
    small_answer_length = (size_t)snprintf(small_answer, sizeof small_answer, "%s%s", small_head, body);
    big_head_length = (size_t)snprintf(big_head, sizeof big_head,
        "HTTP/1.1 200 OK\r\nContent-Type: application/octet-stream\r\nContent-Length: %d\r\n\r\n", BIG_SIZE);
    for (size_t i = 0; i < BIG_SIZE; i++) big_body[i] = (char)('a' + i % 26);
}

static void drop(struct connection *c) {
    close(c->fd);
    free(c);
}

/* Sends what waits. Returns false when the connection is gone (and freed). */
static bool flush(struct connection *c) {
    while (c->output_length > 0 || c->big_left > 0) {
        struct iovec parts[2] = {
            { c->output + c->output_start, c->output_length },
            { big_body + (BIG_SIZE - c->big_left), c->big_left },
        };
        ssize_t sent = writev(c->fd, parts, 2);
        if (sent < 0) {
            if (errno == EINTR) continue;
            if (errno == EAGAIN) {
                if (!c->writable_armed) {
                    struct epoll_event event = { .events = EPOLLOUT, .data.ptr = c };
                    epoll_ctl(poller, EPOLL_CTL_MOD, c->fd, &event);
                    c->writable_armed = true;
                }
                return true;
            }
            drop(c);
            return false;
        }
        size_t from_output = (size_t)sent < c->output_length ? (size_t)sent : c->output_length;
        c->output_start += from_output;
        c->output_length -= from_output;
        c->big_left -= (size_t)sent - from_output;
    }
    c->output_start = 0;
    if (c->writable_armed) {
        struct epoll_event event = { .events = EPOLLIN, .data.ptr = c };
        epoll_ctl(poller, EPOLL_CTL_MOD, c->fd, &event);
        c->writable_armed = false;
    }
    if (c->closing) {
        drop(c);
        return false;
    }
    return true;
}

static void append(struct connection *c, const char *bytes, size_t length) {
    memcpy(c->output + c->output_start + c->output_length, bytes, length);
    c->output_length += length;
}

/* The value of a field, or NULL; `head` ends with the empty line. Names are compared without case. */
static const char *field(const char *head, size_t length, const char *name, size_t *value_length) {
    size_t name_length = strlen(name);
    const char *end = head + length;
    const char *line = memchr(head, '\n', length);
    while (line != NULL && ++line < end) {
        const char *stop = memchr(line, '\r', (size_t)(end - line));
        if (stop == NULL || stop == line) return NULL;
        if ((size_t)(stop - line) > name_length && line[name_length] == ':' &&
            strncasecmp(line, name, name_length) == 0) {
            const char *value = line + name_length + 1;
            while (value < stop && (*value == ' ' || *value == '\t')) value++;
            *value_length = (size_t)(stop - value);
            return value;
        }
        line = memchr(line, '\n', (size_t)(end - line));
    }
    return NULL;
}

static bool path_ends_with(const char *head, size_t length, const char *suffix) {
    const char *path = memchr(head, ' ', length);
    if (path == NULL) return false;
    path++;
    size_t left = length - (size_t)(path - head), n = 0, suffix_length = strlen(suffix);
    while (n < left && path[n] != ' ' && path[n] != '?' && path[n] != '\r') n++;
    return n >= suffix_length && memcmp(path + n - suffix_length, suffix, suffix_length) == 0;
}

static void answer(struct connection *c, const char *head, size_t length) {
    bool head_only = length > 5 && memcmp(head, "HEAD ", 5) == 0;
    if (path_ends_with(head, length, "/big")) {
        append(c, big_head, big_head_length);
        if (!head_only) c->big_left = BIG_SIZE;
    } else if (path_ends_with(head, length, "/echo")) {
        char echo_head[128];
        int n = snprintf(echo_head, sizeof echo_head,
            "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: %zu\r\n\r\n", length);
        append(c, echo_head, (size_t)n);
        if (!head_only) append(c, head, length);
    } else if (head_only) {
        append(c, small_head, small_head_length);
    } else {
        append(c, small_answer, small_answer_length);
    }
}

/* Takes one complete head: answers it, and notes how its body is framed. */
static bool take_head(struct connection *c, const char *head, size_t length) {
    size_t n;
    const char *line_end = memchr(head, '\r', length);
    bool old = line_end != NULL && line_end - head >= 8 && memcmp(line_end - 8, "HTTP/1.0", 8) == 0;
    const char *value = field(head, length, "connection", &n);
    if (value != NULL && n == 5 && strncasecmp(value, "close", 5) == 0) c->closing = true;
    if (old && !(value != NULL && n == 10 && strncasecmp(value, "keep-alive", 10) == 0)) c->closing = true;
    value = field(head, length, "transfer-encoding", &n);
    if (value != NULL) {
        c->phase = CHUNK_SIZE;
    } else if ((value = field(head, length, "content-length", &n)) != NULL) {
        c->body_left = 0;
        for (size_t i = 0; i < n; i++) {
            if (value[i] < '0' || value[i] > '9' || c->body_left > (UINT64_MAX - 9) / 10) return false;
            c->body_left = c->body_left * 10 + (uint64_t)(value[i] - '0');
        }
        c->phase = c->body_left > 0 ? LENGTH_BODY : HEAD;
    }
    answer(c, head, length);
    return true;
}

/* Reads on from `input`; returns the bytes used, 0 when more are needed, -1 when the message is broken. */
static ssize_t step(struct connection *c, const char *bytes, size_t length) {
    switch (c->phase) {
    case HEAD: {
        const char *end = memmem(bytes, length, "\r\n\r\n", 4);
        if (end == NULL) return length == INPUT_SIZE ? -1 : 0;
        size_t head_length = (size_t)(end - bytes) + 4;
        return take_head(c, bytes, head_length) ? (ssize_t)head_length : -1;
    }
    case LENGTH_BODY:
    case CHUNK_DATA: {
        size_t used = length < c->body_left ? length : (size_t)c->body_left;
        c->body_left -= used;
        if (c->body_left == 0) c->phase = c->phase == CHUNK_DATA ? CHUNK_END : HEAD;
        return (ssize_t)used;
    }
    case CHUNK_END:
        if (length < 2) return 0;
        c->phase = CHUNK_SIZE;
        return memcmp(bytes, "\r\n", 2) == 0 ? 2 : -1;
    case CHUNK_SIZE:
    case TRAILERS: {
        const char *end = memmem(bytes, length, "\r\n", 2);
        if (end == NULL) return length > 4096 ? -1 : 0;
        ssize_t used = end - bytes + 2;
        if (c->phase == TRAILERS) {
            if (used == 2) c->phase = HEAD;
            return used;
        }
        char *stop;
        c->body_left = strtoull(bytes, &stop, 16);
        if (stop == bytes || stop > end) return -1;
        c->phase = c->body_left > 0 ? CHUNK_DATA : TRAILERS;
        return used;
    }
    }
    return -1;
}

/* Works off what has arrived. Stops at a full output, so that a client that does not read costs no memory. */
static bool work(struct connection *c) {
    size_t used = 0;
    while (used < c->input_length) {
        bool room = c->big_left == 0 && c->output_start + c->output_length + INPUT_SIZE + 512 < OUTPUT_HEADROOM;
        if (c->phase == HEAD && (c->closing || !room)) {
            if (c->closing) { used = c->input_length; break; }
            memmove(c->input, c->input + used, c->input_length -= used);
            used = 0;
            if (!flush(c)) return false;
            if (c->output_length > 0 || c->big_left > 0) return true;
            continue;
        }
        ssize_t n = step(c, c->input + used, c->input_length - used);
        if (n < 0) { drop(c); return false; }
        if (n == 0) break;
        used += (size_t)n;
    }
    memmove(c->input, c->input + used, c->input_length -= used);
    return flush(c);
}

static void readable(struct connection *c) {
    ssize_t n = read(c->fd, c->input + c->input_length, INPUT_SIZE - c->input_length);
    if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR)) { drop(c); return; }
    if (n < 0) return;
    c->input_length += (size_t)n;
    (void)work(c);
}

static void accept_all(int listener) {
    for (int i = 0; i < 64; i++) {
        int fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (fd < 0) return;
        int on = 1;
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        struct connection *c = malloc(sizeof *c);
        if (c == NULL) { close(fd); return; }
        memset(c, 0, offsetof(struct connection, input));
        c->fd = fd;
        struct epoll_event event = { .events = EPOLLIN, .data.ptr = c };
        if (epoll_ctl(poller, EPOLL_CTL_ADD, fd, &event) < 0) drop(c);
    }
}

int main(void) {
    signal(SIGPIPE, SIG_IGN);
    struct rlimit files;
    if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
        files.rlim_cur = files.rlim_max;
        setrlimit(RLIMIT_NOFILE, &files);
    }
    make_answers();
    int listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    struct sockaddr_in address = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    socklen_t address_length = sizeof address;
    if (listener < 0 || bind(listener, (struct sockaddr *)&address, sizeof address) < 0) fail("bind");
    if (listen(listener, 4096) < 0) fail("listen");
    getsockname(listener, (struct sockaddr *)&address, &address_length);
    poller = epoll_create1(EPOLL_CLOEXEC);
    struct epoll_event event = { .events = EPOLLIN, .data.ptr = &listener };
    if (poller < 0 || epoll_ctl(poller, EPOLL_CTL_ADD, listener, &event) < 0) fail("epoll");
    event.data.ptr = NULL; /* standard input: anything on it is its end */
    if (epoll_ctl(poller, EPOLL_CTL_ADD, 0, &event) < 0 && errno != EPERM) fail("epoll");
    printf("PORT %d\n", ntohs(address.sin_port));
    fflush(stdout);

    struct epoll_event events[256];
    for (;;) {
        int n = epoll_wait(poller, events, 256, -1);
        if (n < 0 && errno != EINTR) fail("epoll_wait");
        for (int i = 0; i < n; i++) {
            struct connection *c = events[i].data.ptr;
            if (events[i].data.ptr == NULL) return 0;
            if (events[i].data.ptr == &listener) { accept_all(listener); continue; }
            if (events[i].events & (EPOLLHUP | EPOLLERR)) { drop(c); continue; }
            if ((events[i].events & EPOLLOUT) && !flush(c)) continue;
            if (c->output_length > 0 || c->big_left > 0) continue;
            if ((events[i].events & EPOLLOUT) && c->input_length > 0 && !work(c)) continue;
            if (events[i].events & EPOLLIN) readable(c);
        }
    }
}
