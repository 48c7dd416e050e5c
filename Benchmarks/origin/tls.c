/* A client that speaks TLS, for what wrk does not measure.
 *
 *   tls full PORT PATH SECONDS      a new connection with a full handshake for each request, one after the other
 *   tls resumed PORT PATH SECONDS   the same, each resuming the session of the one before
 *   tls idle PORT PATH COUNT        as `idle`: holds connections open, each used once before
 *
 * full and resumed print {"done": N, "resumed": N, "failed": N, "seconds": S}. idle prints {"open": N}, and again for each
 * line on standard input, as `idle` does. Nothing is verified: what is measured is the other side.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

static char request[1024];
static size_t request_length;
static SSL_CTX *context;

static void fail(const char *what) {
    perror(what);
    exit(1);
}

static double now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static int connect_to(uint16_t port) {
    struct sockaddr_in to = {
        .sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0) fail("socket");
    struct timeval limit = { .tv_sec = 10 };
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    int on = 1;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    if (connect(fd, (struct sockaddr *)&to, sizeof to) < 0) fail("connect");
    return fd;
}

/* A connection with its handshake done; NULL when there is none. */
static SSL *shake_hands(uint16_t port, SSL_SESSION *session) {
    int fd = connect_to(port);
    SSL *ssl = SSL_new(context);
    if (ssl == NULL) fail("SSL_new");
    SSL_set_fd(ssl, fd);
    if (session != NULL) SSL_set_session(ssl, session);
    if (SSL_connect(ssl) == 1) return ssl;
    SSL_free(ssl);
    close(fd);
    return NULL;
}

static void hang_up(SSL *ssl) {
    int fd = SSL_get_fd(ssl);
    SSL_shutdown(ssl);
    SSL_free(ssl);
    close(fd);
}

/* One request and its whole answer. */
static bool exchange(SSL *ssl) {
    char input[65536];
    size_t length = 0;
    if (SSL_write(ssl, request, (int)request_length) != (int)request_length) return false;
    for (;;) {
        int n = SSL_read(ssl, input + length, (int)(sizeof input - 1 - length));
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

static int handshakes(uint16_t port, double seconds, bool resumes) {
    size_t done = 0, resumed = 0, failed = 0;
    SSL_SESSION *session = NULL;
    double began = now(), passed = 0;
    while (passed < seconds) {
        SSL *ssl = shake_hands(port, session);
        if (ssl != NULL && exchange(ssl)) {
            done++;
            if (SSL_session_reused(ssl)) resumed++;
            if (resumes) {
                // TLS 1.3 sends its tickets behind the handshake: with the answer they have come.
                SSL_SESSION *next = SSL_get1_session(ssl);
                SSL_SESSION_free(session);
                session = next;
            }
        } else {
            failed++;
        }
        if (ssl != NULL) hang_up(ssl);
        passed = now() - began;
    }
    SSL_SESSION_free(session);
    printf("{\"done\": %zu, \"resumed\": %zu, \"failed\": %zu, \"seconds\": %.6f}\n", done, resumed, failed, passed);
    return 0;
}

static int idle(uint16_t port, size_t count) {
    struct rlimit files = { count + 64, count + 64 };
    struct rlimit present;
    if (getrlimit(RLIMIT_NOFILE, &present) == 0 && present.rlim_max > files.rlim_max) files.rlim_max = present.rlim_max;
    if (setrlimit(RLIMIT_NOFILE, &files) < 0) fail("descriptor limit");
    SSL **all = calloc(count, sizeof *all);
    struct pollfd *polled = calloc(count, sizeof *polled);
    if (all == NULL || polled == NULL) fail("calloc");
    size_t open = 0;
    for (size_t i = 0; i < count; i++) {
        all[i] = shake_hands(port, NULL);
        polled[i].fd = all[i] == NULL ? -1 : SSL_get_fd(all[i]);
        polled[i].events = POLLIN | POLLRDHUP;
        if (all[i] != NULL && exchange(all[i])) open++;
    }
    printf("{\"open\": %zu}\n", open);
    fflush(stdout);
    char line[16];
    while (fgets(line, sizeof line, stdin) != NULL) {
        if (poll(polled, count, 0) < 0) fail("poll");
        open = 0;
        for (size_t i = 0; i < count; i++) {
            if (all[i] == NULL || polled[i].revents != 0) continue;
            if (i % 100 == 0 && !exchange(all[i])) continue;
            open++;
        }
        printf("{\"open\": %zu}\n", open);
        fflush(stdout);
    }
    return 0;
}

int main(int argc, char **argv) {
    if (argc != 5) {
        fprintf(stderr, "usage: tls full|resumed|idle PORT PATH SECONDS|COUNT\n");
        return 2;
    }
    uint16_t port = (uint16_t)atoi(argv[2]);
    bool is_idle = strcmp(argv[1], "idle") == 0, resumes = strcmp(argv[1], "resumed") == 0;
    context = SSL_CTX_new(TLS_client_method());
    if (context == NULL) fail("SSL_CTX_new");
    SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS);
    SSL_CTX_set_session_cache_mode(context, resumes ? SSL_SESS_CACHE_CLIENT : SSL_SESS_CACHE_OFF);
    request_length = (size_t)snprintf(request, sizeof request,
        "GET %s HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nUser-Agent: tls\r\nAccept: */*\r\n%s\r\n", argv[3], port,
        is_idle ? "" : "Connection: close\r\n");
    return is_idle ? idle(port, (size_t)atoi(argv[4])) : handshakes(port, atof(argv[4]), resumes);
}
