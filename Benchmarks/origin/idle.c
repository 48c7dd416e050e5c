/* Opens many keep-alive connections, uses each once, and holds them idle.
 *
 *   idle PORT PATH COUNT
 *
 * Each connection sends one GET and reads its whole answer, one after the other, so that the gateway needs few
 * upstream connections and what it holds afterwards belongs to the idle clients. Then it prints
 *   {"open": N}
 * and holds. For each line on standard input it prints how many connections the gateway has kept ({"open": N}),
 * after sending one more request on every hundredth of them to show that they work. It ends when the input closes.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

static char request[1024];
static size_t request_length;

static void fail(const char *what) {
    perror(what);
    exit(1);
}

/* One request and its whole answer. */
static bool exchange(int fd) {
    char input[65536];
    size_t length = 0;
    if (write(fd, request, request_length) != (ssize_t)request_length) return false;
    for (;;) {
        ssize_t n = read(fd, input + length, sizeof input - 1 - length);
        if (n <= 0) return false;
        length += (size_t)n;
        char *end = memmem(input, length, "\r\n\r\n", 4);
        if (end == NULL) continue;
        input[length] = 0;
        char *field = strcasestr(input, "\r\ncontent-length:");
        if (field == NULL || field > end || memcmp(input, "HTTP/1.1 200", 12) != 0) return false;
        size_t whole = (size_t)(end - input) + 4 + strtoul(field + 17, NULL, 10);
        if (whole >= sizeof input) return false;
        if (length >= whole) return length == whole;
    }
}

static int connect_to(uint16_t port) {
    struct sockaddr_in to = {
        .sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0) fail("socket");
    struct timeval limit = { .tv_sec = 10 };
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    if (connect(fd, (struct sockaddr *)&to, sizeof to) < 0) fail("connect");
    return fd;
}

int main(int argc, char **argv) {
    if (argc != 4) {
        fprintf(stderr, "usage: idle PORT PATH COUNT\n");
        return 2;
    }
    uint16_t port = (uint16_t)atoi(argv[1]);
    size_t count = (size_t)atoi(argv[3]);
    struct rlimit files = { count + 64, count + 64 };
    struct rlimit present;
    if (getrlimit(RLIMIT_NOFILE, &present) == 0 && present.rlim_max > files.rlim_max) files.rlim_max = present.rlim_max;
    if (setrlimit(RLIMIT_NOFILE, &files) < 0) fail("descriptor limit");
    request_length = (size_t)snprintf(request, sizeof request,
        "GET %s HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nUser-Agent: idle\r\nAccept: */*\r\n\r\n", argv[2], port);

    struct pollfd *all = calloc(count, sizeof *all);
    if (all == NULL) fail("calloc");
    size_t open = 0;
    for (size_t i = 0; i < count; i++) {
        all[i].fd = connect_to(port);
        all[i].events = POLLIN | POLLRDHUP;
        if (exchange(all[i].fd)) open++;
    }
    printf("{\"open\": %zu}\n", open);
    fflush(stdout);

    char line[16];
    while (fgets(line, sizeof line, stdin) != NULL) {
        if (poll(all, count, 0) < 0) fail("poll");
        open = 0;
        for (size_t i = 0; i < count; i++) {
            if (all[i].revents != 0) continue;
            if (i % 100 == 0 && !exchange(all[i].fd)) continue;
            open++;
        }
        printf("{\"open\": %zu}\n", open);
        fflush(stdout);
    }
    return 0;
}
