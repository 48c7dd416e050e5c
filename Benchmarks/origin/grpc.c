/* A service of gRPC that every gateway of a comparison stands in front of.
 *
 * It must cost little and be the same for every peer, as origin.c: one thread, one epoll set, nghttp2 for the protocol,
 * and the same answer to every call, whatever it says: one message of 32 bytes and the status 0 as trailers.
 *
 *   grpc            speaks HTTP/2 in clear (prior knowledge) on 127.0.0.1 at a port the system picks, and prints
 *                   {"port": <number>}
 *
 * It ends on SIGTERM, or when its standard input closes, so that it never outlives the script that started it.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <nghttp2/nghttp2.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

enum { MESSAGE_SIZE = 32, PREFIX_SIZE = 5, OUTPUT_SIZE = 1 << 16 };

struct connection {
    int fd;
    bool waits; /* for the socket to take more */
    nghttp2_session *session;
    size_t output_start, output_length;
    uint8_t output[OUTPUT_SIZE];
};

static uint8_t answer[PREFIX_SIZE + MESSAGE_SIZE] = {0, 0, 0, 0, MESSAGE_SIZE};
static nghttp2_session_callbacks *callbacks;
static int set;

static void fail(const char *what) {
    perror(what);
    exit(1);
}

#define FIELD(name, value) \
    { (uint8_t *)(name), (uint8_t *)(value), sizeof(name) - 1, sizeof(value) - 1, NGHTTP2_NV_FLAG_NONE }

static ssize_t read_answer(
    nghttp2_session *session, int32_t stream, uint8_t *buffer, size_t size, uint32_t *flags,
    nghttp2_data_source *source, void *user) {
    (void)source;
    (void)user;
    if (size < sizeof answer) return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
    static const nghttp2_nv trailers[] = {FIELD("grpc-status", "0")};
    memcpy(buffer, answer, sizeof answer);
    *flags |= NGHTTP2_DATA_FLAG_EOF | NGHTTP2_DATA_FLAG_NO_END_STREAM;
    nghttp2_submit_trailer(session, stream, trailers, 1);
    return sizeof answer;
}

static int frame_came(nghttp2_session *session, const nghttp2_frame *frame, void *user) {
    (void)user;
    bool ends = frame->hd.flags & NGHTTP2_FLAG_END_STREAM;
    if (!ends || (frame->hd.type != NGHTTP2_DATA && frame->hd.type != NGHTTP2_HEADERS)) return 0;
    static const nghttp2_nv head[] = {FIELD(":status", "200"), FIELD("content-type", "application/grpc")};
    nghttp2_data_provider provider = {.read_callback = read_answer};
    nghttp2_submit_response(session, frame->hd.stream_id, head, 2, &provider);
    return 0;
}

static void end(struct connection *connection) {
    nghttp2_session_del(connection->session);
    close(connection->fd);
    free(connection);
}

static void arm(struct connection *connection, bool waits) {
    if (connection->waits == waits) return;
    connection->waits = waits;
    struct epoll_event event = {.events = EPOLLIN | (waits ? EPOLLOUT : 0), .data.ptr = connection};
    epoll_ctl(set, EPOLL_CTL_MOD, connection->fd, &event);
}

/* Sends what there is, in as few calls as there can be; false when the connection is over. */
static bool flush(struct connection *connection) {
    for (;;) {
        while (connection->output_length > 0) {
            ssize_t sent = send(
                connection->fd, connection->output + connection->output_start, connection->output_length, MSG_NOSIGNAL);
            if (sent < 0 && (errno == EAGAIN || errno == EINTR)) {
                arm(connection, true);
                return true;
            }
            if (sent <= 0) return false;
            connection->output_start += (size_t)sent;
            connection->output_length -= (size_t)sent;
        }
        connection->output_start = 0;
        /* The library gives a frame at a time, 16 KiB and its head at most. */
        while (connection->output_length < OUTPUT_SIZE - 17000) {
            const uint8_t *data;
            ssize_t count = nghttp2_session_mem_send(connection->session, &data);
            if (count < 0) return false;
            if (count == 0) break;
            memcpy(connection->output + connection->output_length, data, (size_t)count);
            connection->output_length += (size_t)count;
        }
        if (connection->output_length == 0) break;
    }
    arm(connection, false);
    return nghttp2_session_want_read(connection->session) || nghttp2_session_want_write(connection->session);
}

static bool receive(struct connection *connection) {
    static uint8_t input[1 << 16];
    ssize_t count = recv(connection->fd, input, sizeof input, 0);
    if (count < 0) return errno == EAGAIN || errno == EINTR;
    return count > 0 && nghttp2_session_mem_recv(connection->session, input, (size_t)count) == count;
}

static void greet(int listener) {
    int fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd < 0) return;
    int on = 1;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    struct connection *connection = calloc(1, sizeof *connection);
    if (!connection) fail("calloc");
    connection->fd = fd;
    if (nghttp2_session_server_new(&connection->session, callbacks, connection)) fail("session");
    static const nghttp2_settings_entry settings[] = {{NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS, 1000}};
    nghttp2_submit_settings(connection->session, NGHTTP2_FLAG_NONE, settings, 1);
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = connection};
    if (epoll_ctl(set, EPOLL_CTL_ADD, fd, &event)) fail("epoll_ctl");
    if (!flush(connection)) end(connection);
}

int main(void) {
    if (nghttp2_session_callbacks_new(&callbacks)) fail("callbacks");
    nghttp2_session_callbacks_set_on_frame_recv_callback(callbacks, frame_came);
    int listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t length = sizeof address;
    if (bind(listener, (struct sockaddr *)&address, length) || listen(listener, 4096)) fail("listen");
    getsockname(listener, (struct sockaddr *)&address, &length);
    printf("{\"port\": %d}\n", ntohs(address.sin_port));
    fflush(stdout);
    set = epoll_create1(EPOLL_CLOEXEC);
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = &listener};
    epoll_ctl(set, EPOLL_CTL_ADD, listener, &event);
    struct epoll_event from_parent = {.events = EPOLLIN, .data.ptr = NULL};
    epoll_ctl(set, EPOLL_CTL_ADD, STDIN_FILENO, &from_parent);
    for (;;) {
        struct epoll_event events[64];
        int count = epoll_wait(set, events, 64, -1);
        for (int index = 0; index < count; index++) {
            if (events[index].data.ptr == NULL) return 0;
            if (events[index].data.ptr == &listener) {
                greet(listener);
                continue;
            }
            struct connection *connection = events[index].data.ptr;
            bool lives = !(events[index].events & (EPOLLERR | EPOLLHUP));
            if (lives && (events[index].events & EPOLLIN)) lives = receive(connection);
            if (!lives || !flush(connection)) end(connection);
        }
    }
}
