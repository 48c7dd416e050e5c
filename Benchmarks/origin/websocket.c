/* Messages of WebSockets through a gateway: an origin that echoes and clients that wait for each echo, in one program.
 *
 *   websocket                             listens on a port of its own, prints {"port": N}
 *   PORT PATH CONNECTIONS SIZE SECONDS    a line on standard input: opens that many WebSockets by PORT, and sends on each
 *                                         one message of SIZE bytes after the other for so long
 *
 * For each line it prints {"messages": N, "failed": N, "seconds": S, "p50_us": …, "p99_us": …}. A message counts when its
 * echo has come and is the same. Any other request gets 193 bytes, so that a gateway can be looked at first.
 *
 * One thread each for the origin and for the clients, so that neither has to wait for the other's turn. Clients mask their
 * frames, the origin does not (RFC 6455 section 5.1). Messages are small: the length is in the second byte.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/evp.h>
#include <openssl/sha.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

enum { buffer_size = 16384, frame_size = 160, most_delays = 1 << 20 };

/* One end of a connection. */
struct end {
    int fd;
    bool is_open; /* the handshake is over */
    size_t length;
    char input[buffer_size];
    /* Clients only. */
    uint64_t sent_at;
    uint32_t number;
};

static const unsigned char mask[4] = { 0x12, 0x34, 0x56, 0x78 };

static void fail(const char *what) {
    perror(what);
    exit(1);
}

static uint64_t now_ns(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (uint64_t)time.tv_sec * 1000000000u + (uint64_t)time.tv_nsec;
}

static struct end *watch(int set, int fd) {
    int on = 1;
    struct end *end = calloc(1, sizeof *end);
    if (end == NULL) fail("calloc");
    end->fd = fd;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    struct epoll_event event = { .events = EPOLLIN, .data.ptr = end };
    if (epoll_ctl(set, EPOLL_CTL_ADD, fd, &event) < 0) fail("epoll_ctl");
    return end;
}

static void drop(struct end *end) {
    close(end->fd);
    free(end);
}

/* The origin. */

static bool shake_hands(struct end *end) {
    end->input[end->length] = 0;
    char *rest = strstr(end->input, "\r\n\r\n");
    if (rest == NULL) return end->length < sizeof end->input - 1;
    end->length = 0;
    char answer[512];
    int size;
    char *key = strcasestr(end->input, "\r\nSec-WebSocket-Key:");
    if (key == NULL) {
        char body[194];
        memset(body, 'x', 193);
        body[193] = 0;
        size = snprintf(answer, sizeof answer, "HTTP/1.1 200 OK\r\nContent-Length: 193\r\n\r\n%s", body);
        return write(end->fd, answer, (size_t)size) == size;
    }
    key += strlen("\r\nSec-WebSocket-Key:");
    while (*key == ' ') key++;
    char text[128];
    size_t count = strcspn(key, " \r\n");
    if (count > 40) return false;
    snprintf(text, sizeof text, "%.*s258EAFA5-E914-47DA-95CA-C5AB0DC85B11", (int)count, key);
    unsigned char digest[SHA_DIGEST_LENGTH], accept[64];
    SHA1((unsigned char *)text, strlen(text), digest);
    EVP_EncodeBlock(accept, digest, sizeof digest);
    size = snprintf(answer, sizeof answer,
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: %s\r\n\r\n",
        accept);
    end->is_open = true;
    return write(end->fd, answer, (size_t)size) == size;
}

/* Sends back what whole frames have come. */
static bool echo(struct end *end) {
    char output[buffer_size];
    size_t at = 0, filled = 0;
    while (end->length - at >= 6) {
        unsigned char *frame = (unsigned char *)end->input + at;
        size_t size = frame[1] & 0x7F;
        if (size > 125 || !(frame[1] & 0x80)) return false;
        if ((frame[0] & 0x0F) == 8) return false;
        if (end->length - at < 6 + size) break;
        output[filled++] = (char)frame[0];
        output[filled++] = (char)size;
        for (size_t i = 0; i < size; i++) output[filled++] = (char)(frame[6 + i] ^ frame[2 + i % 4]);
        at += 6 + size;
    }
    memmove(end->input, end->input + at, end->length - at);
    end->length -= at;
    return filled == 0 || write(end->fd, output, filled) == (ssize_t)filled;
}

static void *serve(void *argument) {
    int listener = (int)(intptr_t)argument, set = epoll_create1(EPOLL_CLOEXEC);
    struct epoll_event event = { .events = EPOLLIN }, events[64];
    if (set < 0 || epoll_ctl(set, EPOLL_CTL_ADD, listener, &event) < 0) fail("epoll");
    for (;;) {
        int ready = epoll_wait(set, events, 64, -1);
        for (int i = 0; i < ready; i++) {
            struct end *end = events[i].data.ptr;
            if (end == NULL) {
                int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
                if (fd >= 0) watch(set, fd);
                continue;
            }
            ssize_t n = read(end->fd, end->input + end->length, sizeof end->input - 1 - end->length);
            if (n > 0) end->length += (size_t)n;
            if (n <= 0 || !(end->is_open ? echo(end) : shake_hands(end))) drop(end);
        }
    }
    return NULL;
}

/* The clients. */

static size_t payload = 32;

static unsigned char content(const struct end *end, size_t index) {
    return (unsigned char)(end->number * 31 + index * 7);
}

static bool send_message(struct end *end) {
    unsigned char frame[frame_size] = { 0x82, (unsigned char)(0x80 | payload) };
    memcpy(frame + 2, mask, 4);
    end->number++;
    for (size_t i = 0; i < payload; i++) frame[6 + i] = content(end, i) ^ mask[i % 4];
    end->sent_at = now_ns();
    return write(end->fd, frame, 6 + payload) == (ssize_t)(6 + payload);
}

/* Opens a WebSocket, and waits for it. */
static bool open_one(struct end *end, uint16_t port, const char *path) {
    char request[1200];
    int size = snprintf(request, sizeof request,
        "GET %s/ws HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n", path, port);
    if (write(end->fd, request, (size_t)size) != size) return false;
    while (end->length < sizeof end->input - 1) {
        ssize_t n = read(end->fd, end->input + end->length, 1);
        if (n <= 0) return false;
        end->length += (size_t)n;
        end->input[end->length] = 0;
        if (end->length < 4 || strcmp(end->input + end->length - 4, "\r\n\r\n") != 0) continue;
        end->length = 0;
        return strstr(end->input, " 101 ") != NULL && strcasestr(end->input, "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=") != NULL;
    }
    return false;
}

static int compare(const void *left, const void *right) {
    float difference = *(const float *)left - *(const float *)right;
    return (difference > 0) - (difference < 0);
}

static void measure(uint16_t port, const char *path, int connections, double seconds) {
    static float delays[most_delays];
    struct sockaddr_in to = {
        .sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    struct end **clients = calloc((size_t)connections, sizeof *clients);
    int set = epoll_create1(EPOLL_CLOEXEC), open = 0;
    long messages = 0, failed = 0;
    if (set < 0 || clients == NULL) fail("epoll");
    for (int i = 0; i < connections; i++) {
        struct timeval limit = { .tv_sec = 10 };
        int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
        if (fd < 0 || connect(fd, (struct sockaddr *)&to, sizeof to) < 0) fail("connect");
        clients[i] = watch(set, fd);
        clients[i]->number = (uint32_t)i * 1000;
        if (open_one(clients[i], port, path)) open++;
        else failed++;
    }
    uint64_t began = now_ns(), end_at = began + (uint64_t)(seconds * 1e9);
    int waiting = 0;
    if (failed == 0) {
        for (int i = 0; i < connections; i++) {
            if (send_message(clients[i])) waiting++;
            else failed++;
        }
    }
    while (waiting > 0) {
        struct epoll_event events[64];
        int ready = epoll_wait(set, events, 64, 5000);
        if (ready <= 0) {
            failed += waiting;
            break;
        }
        for (int i = 0; i < ready; i++) {
            struct end *end = events[i].data.ptr;
            ssize_t n = read(end->fd, end->input + end->length, sizeof end->input - 1 - end->length);
            uint64_t now = now_ns();
            if (n <= 0) {
                failed++;
                waiting--;
                epoll_ctl(set, EPOLL_CTL_DEL, end->fd, NULL);
                continue;
            }
            end->length += (size_t)n;
            if (end->length < 2 + payload) continue;
            bool is_same = end->length == 2 + payload && (unsigned char)end->input[0] == 0x82
                && (unsigned char)end->input[1] == payload;
            for (size_t k = 0; is_same && k < payload; k++) is_same = (unsigned char)end->input[2 + k] == content(end, k);
            end->length = 0;
            if (is_same) {
                delays[messages % most_delays] = (float)(now - end->sent_at) / 1000;
                messages++;
            } else {
                failed++;
            }
            if (now >= end_at || !send_message(end)) waiting--;
        }
    }
    double took = (double)(now_ns() - began) / 1e9;
    for (int i = 0; i < connections; i++) drop(clients[i]);
    free(clients);
    close(set);
    size_t known = messages < most_delays ? (size_t)messages : most_delays;
    qsort(delays, known, sizeof *delays, compare);
    printf("{\"messages\": %ld, \"failed\": %ld, \"seconds\": %.4f, \"p50_us\": %.2f, \"p99_us\": %.2f}\n", messages, failed,
        took, known ? delays[known / 2] : 0, known ? delays[known * 99 / 100] : 0);
    fflush(stdout);
}

int main(void) {
    struct sockaddr_in address = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    socklen_t size = sizeof address;
    int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (listener < 0 || bind(listener, (struct sockaddr *)&address, size) < 0 || listen(listener, 1024) < 0
        || getsockname(listener, (struct sockaddr *)&address, &size) < 0) fail("listen");
    pthread_t thread;
    if (pthread_create(&thread, NULL, serve, (void *)(intptr_t)listener) != 0) fail("pthread_create");
    printf("{\"port\": %d}\n", ntohs(address.sin_port));
    fflush(stdout);
    char line[1024], path[900];
    int port, connections;
    long bytes;
    double seconds;
    while (fgets(line, sizeof line, stdin) != NULL) {
        if (sscanf(line, "%d %899s %d %ld %lf", &port, path, &connections, &bytes, &seconds) != 5 || connections < 1
            || bytes < 1 || bytes > 125) return 2;
        payload = (size_t)bytes;
        measure((uint16_t)port, strcmp(path, "/") == 0 ? "" : path, connections, seconds);
    }
    return 0;
}
