/* A load generator with a fixed rate, for latency.
 *
 *   paced PORT PATH RATE CONNECTIONS SECONDS WARMUP
 *
 * Request number i is due at start + i / RATE, whatever became of the ones before (an open loop). It goes out on
 * connection i mod CONNECTIONS; if that one is still busy it waits there, and its latency counts from the moment it
 * was due, not from the moment it was sent. So a server that stalls is charged for every request that it held up
 * (no coordinated omission). Requests due in the first WARMUP seconds are sent but not recorded.
 *
 * Prints one line of JSON: counts, the rate reached, and percentiles in microseconds. The histogram has 128 steps per
 * power of two, so a percentile is off by less than one per cent.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

enum { STEP_BITS = 7, STEPS = 1 << STEP_BITS, BUCKETS = 64 * STEPS, INPUT_SIZE = 16384, QUEUE = 4096 };

struct connection {
    int fd;
    bool busy;
    uint64_t due[QUEUE];   /* ring of the moments at which the waiting requests were due */
    uint32_t first, count;
    size_t input_length, body_left;
    bool in_body;
    char input[INPUT_SIZE];
};

static uint64_t histogram[BUCKETS], recorded, largest, sum_ns;
static uint64_t sent, done, failed, dropped;
static uint64_t record_from;
static char request[1024];
static size_t request_length;

static uint64_t now_ns(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static size_t bucket(uint64_t ns) {
    if (ns < STEPS) return (size_t)ns;
    int shift = 63 - __builtin_clzll(ns) - STEP_BITS;
    return (size_t)(shift + 1) * STEPS + (size_t)((ns >> shift) - STEPS);
}

static uint64_t bucket_value(size_t index) {
    if (index < STEPS) return index;
    size_t shift = index / STEPS - 1;
    return ((uint64_t)(index % STEPS) + STEPS) << shift;
}

static double percentile(double part) {
    uint64_t rank = (uint64_t)(part * (double)recorded), seen = 0;
    for (size_t i = 0; i < BUCKETS; i++) {
        seen += histogram[i];
        if (seen > rank) return (double)bucket_value(i) / 1000.0;
    }
    return (double)largest / 1000.0;
}

static void fail(const char *what) {
    perror(what);
    exit(1);
}

static void send_next(struct connection *c) {
    if (c->busy || c->count == 0) return;
    if (write(c->fd, request, request_length) != (ssize_t)request_length) fail("write");
    c->busy = true;
    sent++;
}

static void finished(struct connection *c, bool good) {
    uint64_t due = c->due[c->first], now = now_ns();
    c->first = (c->first + 1) % QUEUE;
    c->count--;
    c->busy = false;
    done++;
    if (!good) failed++;
    if (due < record_from) return;
    uint64_t took = now > due ? now - due : 0;
    histogram[bucket(took)]++;
    recorded++;
    sum_ns += took;
    if (took > largest) largest = took;
}

/* Reads an answer: status 200 and a Content-Length are what every gateway here gives. */
static void readable(struct connection *c) {
    ssize_t n = read(c->fd, c->input + c->input_length, INPUT_SIZE - 1 - c->input_length);
    if (n < 0 && (errno == EAGAIN || errno == EINTR)) return;
    if (n <= 0) {
        fprintf(stderr, "paced: the gateway closed a connection\n");
        exit(1);
    }
    c->input_length += (size_t)n;
    while (c->input_length > 0 && c->busy) {
        if (!c->in_body) {
            char *end = memmem(c->input, c->input_length, "\r\n\r\n", 4);
            if (end == NULL) return;
            *end = 0;
            char *length = strcasestr(c->input, "\r\ncontent-length:");
            if (length == NULL || memcmp(c->input, "HTTP/1.1 200", 12) != 0) {
                fprintf(stderr, "paced: unexpected answer: %s\n", c->input);
                exit(1);
            }
            c->body_left = strtoul(length + 17, NULL, 10);
            c->in_body = true;
            size_t head = (size_t)(end - c->input) + 4;
            memmove(c->input, c->input + head, c->input_length -= head);
        }
        size_t used = c->input_length < c->body_left ? c->input_length : c->body_left;
        memmove(c->input, c->input + used, c->input_length -= used);
        c->body_left -= used;
        if (c->body_left > 0) return;
        c->in_body = false;
        finished(c, true);
        send_next(c);
    }
}

int main(int argc, char **argv) {
    if (argc != 7) {
        fprintf(stderr, "usage: paced PORT PATH RATE CONNECTIONS SECONDS WARMUP\n");
        return 2;
    }
    uint16_t port = (uint16_t)atoi(argv[1]);
    double rate = atof(argv[3]), seconds = atof(argv[5]), warmup = atof(argv[6]);
    size_t connections = (size_t)atoi(argv[4]);
    if (rate <= 0 || connections == 0 || connections > 10000) return 2;
    prctl(PR_SET_TIMERSLACK, 1UL);
    request_length = (size_t)snprintf(request, sizeof request,
        "GET %s HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nUser-Agent: paced\r\nAccept: */*\r\n\r\n", argv[2], port);

    int poller = epoll_create1(EPOLL_CLOEXEC);
    struct connection **all = calloc(connections, sizeof *all);
    if (poller < 0 || all == NULL) fail("start");
    for (size_t i = 0; i < connections; i++) {
        struct connection *c = all[i] = calloc(1, sizeof *c);
        if (c == NULL) fail("calloc");
        struct sockaddr_in to = {
            .sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
        c->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        if (c->fd < 0 || connect(c->fd, (struct sockaddr *)&to, sizeof to) < 0) fail("connect");
        int on = 1;
        setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        struct epoll_event event = { .events = EPOLLIN, .data.ptr = c };
        if (epoll_ctl(poller, EPOLL_CTL_ADD, c->fd, &event) < 0) fail("epoll_ctl");
    }
    int timer = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
    struct epoll_event event = { .events = EPOLLIN, .data.ptr = NULL };
    if (timer < 0 || epoll_ctl(poller, EPOLL_CTL_ADD, timer, &event) < 0) fail("timer");

    uint64_t start = now_ns() + 1000000;
    double gap = 1e9 / rate;
    uint64_t total = (uint64_t)(rate * (seconds + warmup)), next = 0;
    uint64_t give_up = start + (uint64_t)((seconds + warmup + 5) * 1e9);
    record_from = start + (uint64_t)(warmup * 1e9);
    struct epoll_event events[256];
    while (next < total || sent > done) {
        uint64_t now = now_ns();
        if (now > give_up) break;
        while (next < total) {
            uint64_t due = start + (uint64_t)((double)next * gap);
            if (due > now) break;
            struct connection *c = all[next % connections];
            if (c->count == QUEUE) {
                dropped++;
            } else {
                c->due[(c->first + c->count++) % QUEUE] = due;
                send_next(c);
            }
            next++;
        }
        uint64_t wake = next < total ? start + (uint64_t)((double)next * gap) : give_up;
        struct itimerspec when = { .it_value = { (time_t)(wake / 1000000000u), (long)(wake % 1000000000u) } };
        timerfd_settime(timer, TFD_TIMER_ABSTIME, &when, NULL);
        int n = epoll_wait(poller, events, 256, 1000);
        if (n < 0 && errno != EINTR) fail("epoll_wait");
        for (int i = 0; i < n; i++) {
            if (events[i].data.ptr != NULL) {
                readable(events[i].data.ptr);
            } else {
                uint64_t expirations;
                if (read(timer, &expirations, sizeof expirations) < 0 && errno != EAGAIN) fail("timer");
            }
        }
    }
    double took = (double)(now_ns() - start) / 1e9;
    printf("{\"due\": %llu, \"done\": %llu, \"failed\": %llu, \"unanswered\": %llu, \"rate\": %.0f, \"mean_us\": %.1f, "
           "\"p50_us\": %.1f, \"p90_us\": %.1f, \"p99_us\": %.1f, \"p999_us\": %.1f, \"max_us\": %.1f}\n",
        (unsigned long long)total, (unsigned long long)done, (unsigned long long)failed,
        (unsigned long long)(total - done), (double)done / took,
        recorded ? (double)sum_ns / (double)recorded / 1000.0 : 0.0,
        percentile(0.5), percentile(0.9), percentile(0.99), percentile(0.999), (double)largest / 1000.0);
    return 0;
}
