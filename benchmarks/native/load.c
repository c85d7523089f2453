/* A load generator that knows when to stop.
 *
 *     load PORT CONNECTIONS SECONDS FILE
 *
 * FILE holds whole requests, each after a line with its length; they are sent in turn, one at a time on each connection.
 * After SECONDS nothing new is sent, and what is under way has ten more to finish. Prints one line of JSON: requests,
 * those that were not 200 or whole (`failed`), seconds, and percentiles in µs of the whole answer and of its first byte.
 */
#include "http.h"

#define DRAIN_US 10000000
#define BUFFER 65536
#define MOST 4000000 /* latencies that are kept */

struct connection {
    int fd, status;
    char head[8192], tail[8]; /* the answer's head; the last bytes of a chunked body */
    size_t sent, head_size, body_size;
    long length; /* -1 until the head is read, -2 chunked */
    uint64_t began, first;
    int request;
};

struct request {
    const char *bytes;
    size_t size;
};

static struct request *requests;
static int count, turn, epoll, under_way;
static long done, failed;
static uint32_t *whole, *first;

static void read_requests(const char *path) {
    FILE *file = fopen(path, "rb");
    size_t size;
    if (!file) die(path);
    while (fscanf(file, "%zu", &size) == 1) {
        char *bytes = malloc(size);
        requests = realloc(requests, sizeof *requests * (size_t)(count + 1));
        if (!bytes || !requests || fgetc(file) != '\n' || fread(bytes, 1, size, file) != size) die("FILE");
        requests[count++] = (struct request){bytes, size};
    }
    fclose(file);
    if (!count) die("no requests");
}

static void push(struct connection *c) {
    struct request *r = &requests[c->request];
    while (c->sent < r->size) {
        ssize_t sent = send(c->fd, r->bytes + c->sent, r->size - c->sent, MSG_NOSIGNAL);
        if (sent < 0) return; /* edge-triggered: room, or the loss of the connection, is told */
        c->sent += (size_t)sent;
    }
}

static void start(struct connection *c) {
    c->request = turn++ % count;
    c->sent = c->head_size = c->body_size = 0;
    c->length = -1;
    c->first = 0;
    c->began = now_us();
    under_way++;
    push(c);
}

static void finish(struct connection *c, int good) {
    uint64_t now = now_us();
    under_way--;
    if (!good || c->status != 200) failed++;
    if (done < MOST) {
        whole[done] = (uint32_t)(now - c->began);
        first[done] = (uint32_t)(c->first - c->began);
    }
    done++;
}

/* Take in a piece of a body: 1 when it was the last. */
static int body(struct connection *c, const char *piece, size_t size) {
    c->body_size += size;
    if (c->length >= 0) return c->body_size >= (size_t)c->length;
    size_t keep = size < 7 ? 7 - size : 0; /* the end is \r\n0\r\n\r\n, which no answer of the mock holds inside */
    memmove(c->tail, c->tail + 7 - keep, keep);
    memcpy(c->tail + keep, piece + size - (7 - keep), 7 - keep);
    return !memcmp(c->tail, "\r\n0\r\n\r\n", 7);
}

/* Take in what was received: 1 when the answer is whole, -1 when it cannot be understood. */
static int take(struct connection *c, const char *piece, size_t size) {
    if (!c->first) c->first = now_us();
    if (c->length != -1) return body(c, piece, size);
    if (c->head_size + size >= sizeof c->head) {
        size_t room = sizeof c->head - 1 - c->head_size;
        memcpy(c->head + c->head_size, piece, room);
        c->head[sizeof c->head - 1] = 0;
    } else {
        memcpy(c->head + c->head_size, piece, size);
        c->head[c->head_size + size] = 0;
    }
    char *end = strstr(c->head, "\r\n\r\n");
    if (!end) {
        c->head_size += size;
        return c->head_size < sizeof c->head ? 0 : -1;
    }
    size_t used = (size_t)(end + 4 - c->head) - c->head_size;
    c->status = atoi(c->head + 9);
    c->length = header(c->head, "content-length", -2);
    memset(c->tail, 0, sizeof c->tail);
    return size > used || c->length == 0 ? body(c, piece + used, size - used) : 0;
}

static int receive(struct connection *c) {
    static char buffer[BUFFER];
    for (;;) {
        ssize_t got = recv(c->fd, buffer, sizeof buffer, 0);
        if (got < 0 && errno == EAGAIN) return 0;
        if (got <= 0) return -1;
        int state = take(c, buffer, (size_t)got);
        if (state) return state;
    }
}

static void dial(struct connection *c, int port) {
    struct sockaddr_in address = loopback(port);
    c->fd = socket(AF_INET, SOCK_STREAM, 0);
    if (connect(c->fd, (struct sockaddr *)&address, sizeof address)) die("connect");
    prepare(c->fd);
    watch(epoll, EPOLL_CTL_ADD, c->fd, EPOLLIN | EPOLLOUT | EPOLLET, c);
}

static int ascending(const void *a, const void *b) {
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return (x > y) - (x < y);
}

static void percentiles(const char *name, uint32_t *all) {
    long kept = done < MOST ? done : MOST;
    qsort(all, (size_t)kept, sizeof *all, ascending);
    printf(", \"%s_p50\": %u, \"%s_p99\": %u", name, kept ? all[kept / 2] : 0, name, kept ? all[kept * 99 / 100] : 0);
}

int main(int argument_count, char **arguments) {
    if (argument_count != 5) return fprintf(stderr, "usage: load PORT CONNECTIONS SECONDS FILE\n"), 2;
    int port = atoi(arguments[1]), connections = atoi(arguments[2]);
    struct connection *all = calloc((size_t)connections, sizeof *all);
    struct epoll_event events[256];
    whole = malloc(MOST * sizeof *whole);
    first = malloc(MOST * sizeof *first);
    read_requests(arguments[4]);
    epoll = epoll_create1(0);
    for (int at = 0; at < connections; at++) dial(&all[at], port);
    uint64_t began = now_us(), end = began + (uint64_t)(atof(arguments[3]) * 1e6);
    for (int at = 0; at < connections; at++) start(&all[at]);
    while (under_way && now_us() < end + DRAIN_US) {
        int ready = epoll_wait(epoll, events, 256, 1000);
        for (int at = 0; at < ready; at++) {
            struct connection *c = events[at].data.ptr;
            if (c->fd < 0) continue;
            if (c->sent < requests[c->request].size) push(c);
            int state = receive(c);
            if (!state) continue;
            finish(c, state > 0);
            if (state < 0) {
                close(c->fd);
                dial(c, port);
            }
            if (now_us() < end) start(c);
        }
    }
    failed += under_way;
    printf("{\"requests\": %ld, \"failed\": %ld, \"seconds\": %.6f", done, failed, (double)(now_us() - began) / 1e6);
    percentiles("whole", whole);
    percentiles("first", first);
    printf("}\n");
    return 0;
}
