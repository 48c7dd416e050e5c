/* The delay of Server-Sent Events through a gateway: origin and client in one program, so that one clock measures it.
 *
 *   events                   listens on a port of its own, prints {"port": N}, answers any request with 193 bytes
 *   PORT PATH COUNT GAP_US   a line on standard input: asks PORT for PATH as an event stream of so many events
 *
 * An event leaves the origin when the one before it was read and the gap has passed, so no two are ever under way. For
 * each line it prints {"events": N, "p50_us": …, "p90_us": …, "p99_us": …, "max_us": …}: from the call that sends an event
 * to the return of the call that reads its last byte.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

static sem_t read_by_client;
static volatile long count, gap_us;
static volatile uint64_t sent_at;
static const char event[] = "10\r\ndata: an event\n\n\r\n";
static const char end_of_event[] = "an event\n\n";

static void fail(const char *what) {
    perror(what);
    exit(1);
}

static uint64_t now_ns(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (uint64_t)time.tv_sec * 1000000000u + (uint64_t)time.tv_nsec;
}

static void quick(int fd) {
    int on = 1;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
}

/* The origin's side of one connection. */
static void *serve(void *argument) {
    int fd = (int)(intptr_t)argument;
    char input[16384];
    size_t length = 0;
    quick(fd);
    for (;;) {
        ssize_t n = read(fd, input + length, sizeof input - 1 - length);
        if (n <= 0) break;
        length += (size_t)n;
        input[length] = 0;
        if (strstr(input, "\r\n\r\n") == NULL) continue;
        length = 0;
        if (strncmp(input, "GET ", 4) != 0 || strstr(input, "/events HTTP/1.") == NULL) {
            char answer[512], body[194];
            memset(body, 'x', 193);
            body[193] = 0;
            int size = snprintf(answer, sizeof answer, "HTTP/1.1 200 OK\r\nContent-Length: 193\r\n\r\n%s", body);
            if (write(fd, answer, (size_t)size) != size) break;
            continue;
        }
        static const char head[] =
            "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n";
        if (write(fd, head, sizeof head - 1) < 0) break;
        for (long i = 0; i < count; i++) {
            usleep((useconds_t)gap_us);
            sent_at = now_ns();
            if (write(fd, event, sizeof event - 1) < 0) break;
            sem_wait(&read_by_client);
        }
        if (write(fd, "0\r\n\r\n", 5) < 0) break;
    }
    close(fd);
    return NULL;
}

static void *listen_for_ever(void *argument) {
    int listener = (int)(intptr_t)argument;
    for (;;) {
        int fd = accept(listener, NULL, NULL);
        if (fd < 0) continue;
        pthread_t thread;
        if (pthread_create(&thread, NULL, serve, (void *)(intptr_t)fd) != 0) fail("pthread_create");
        pthread_detach(thread);
    }
    return NULL;
}

static int compare(const void *left, const void *right) {
    double difference = *(const double *)left - *(const double *)right;
    return difference < 0 ? -1 : difference > 0;
}

/* Reads events through the gateway, each as soon as it is there. */
static void measure(uint16_t port, const char *path) {
    struct sockaddr_in to = {
        .sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0 || connect(fd, (struct sockaddr *)&to, sizeof to) < 0) fail("connect");
    struct timeval limit = { .tv_sec = 10 };
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    quick(fd);
    char request[1024];
    int size = snprintf(request, sizeof request,
        "GET %s/events HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nAccept: text/event-stream\r\n\r\n", path, port);
    if (write(fd, request, (size_t)size) != size) fail("write");
    double *delays = calloc((size_t)count, sizeof *delays);
    if (delays == NULL) fail("calloc");
    char input[65536];
    size_t length = 0;
    long done = 0;
    while (done < count) {
        ssize_t n = read(fd, input + length, sizeof input - 1 - length);
        uint64_t now = now_ns();
        if (n <= 0) break;
        length += (size_t)n;
        if (memmem(input, length, end_of_event, sizeof end_of_event - 1) == NULL) continue;
        delays[done++] = (double)(now - sent_at) / 1000;
        length = 0;
        sem_post(&read_by_client);
    }
    close(fd);
    if (done < count) {
        // The origin's thread must not wait for a reader that is gone.
        for (long i = done; i < count; i++) sem_post(&read_by_client);
        printf("{\"events\": %ld}\n", done);
    } else {
        qsort(delays, (size_t)done, sizeof *delays, compare);
        printf("{\"events\": %ld, \"p50_us\": %.2f, \"p90_us\": %.2f, \"p99_us\": %.2f, \"max_us\": %.2f}\n", done,
            delays[done / 2], delays[done * 9 / 10], delays[done * 99 / 100], delays[done - 1]);
    }
    fflush(stdout);
    free(delays);
}

int main(void) {
    struct sockaddr_in address = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    socklen_t size = sizeof address;
    int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (listener < 0 || bind(listener, (struct sockaddr *)&address, size) < 0 || listen(listener, 256) < 0
        || getsockname(listener, (struct sockaddr *)&address, &size) < 0) fail("listen");
    sem_init(&read_by_client, 0, 0);
    pthread_t thread;
    if (pthread_create(&thread, NULL, listen_for_ever, (void *)(intptr_t)listener) != 0) fail("pthread_create");
    printf("{\"port\": %d}\n", ntohs(address.sin_port));
    fflush(stdout);
    char line[1024], path[900];
    int port;
    long wanted, gap;
    while (fgets(line, sizeof line, stdin) != NULL) {
        if (sscanf(line, "%d %899s %ld %ld", &port, path, &wanted, &gap) != 4 || wanted < 1) return 2;
        count = wanted;
        gap_us = gap;
        measure((uint16_t)port, path);
    }
    return 0;
}
