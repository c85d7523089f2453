/* A provider that costs next to nothing: one thread, keep-alive, constant answers in OpenAI's form.
 *
 *     mock [EVENTS]          prints the port it listens on; ends when its standard input closes
 *
 * A POST is answered with a 1.1 kB chat completion, or, when its body says "stream":true, with a stream of EVENTS (50)
 * events, a usage chunk and [DONE], each chunk its own write. The request header `x-pace-ms` sets the time between two
 * events; without it they come as fast as the reader takes them. `x-events` overrides EVENTS. Ids count up.
 * GET /written answers with the number of stream bytes handed to the kernel so far.
 */
#include "http.h"

#define IN_MAX (256 * 1024)
#define OUT_MAX 8192

struct client {
    int fd, waits; /* whether it waits for the reader to make room */
    char *in, *out;
    size_t have, begin, end; /* bytes in `in`; unsent part of `out` */
    long id, left, events, pace_us; /* -1 in `left`: no stream under way */
    uint64_t due;
    struct client *next, *previous;
};

static const char *HEAD =
    "HTTP/1.1 200 OK\r\ndate: Sat, 22 Nov 2025 00:00:00 GMT\r\ncontent-type: %s\r\nopenai-organization: org-bench\r\n"
    "openai-processing-ms: 12\r\nopenai-version: 2020-10-01\r\nx-request-id: req_%016lx\r\n"
    "x-ratelimit-limit-requests: 10000\r\nx-ratelimit-limit-tokens: 2000000\r\nx-ratelimit-remaining-requests: 9999\r\n"
    "x-ratelimit-remaining-tokens: 1999400\r\nx-ratelimit-reset-requests: 6ms\r\nx-ratelimit-reset-tokens: 17ms\r\n"
    "strict-transport-security: max-age=31536000; includeSubDomains; preload\r\nx-content-type-options: nosniff\r\n"
    "server: mock\r\n%s\r\n\r\n";
static const char *ANSWER =
    "{\"id\":\"chatcmpl-%016lx\",\"object\":\"chat.completion\",\"created\":1763769600,\"model\":\"gpt-4o-mini-2024-07-18\","
    "\"choices\":[{\"index\":0,\"message\":{\"role\":\"assistant\",\"content\":\"%s\",\"refusal\":null,\"annotations\":[]},"
    "\"logprobs\":null,\"finish_reason\":\"stop\"}],\"usage\":{\"prompt_tokens\":480,\"completion_tokens\":120,"
    "\"total_tokens\":600,\"prompt_tokens_details\":{\"cached_tokens\":0,\"audio_tokens\":0},\"completion_tokens_details\":"
    "{\"reasoning_tokens\":0,\"audio_tokens\":0,\"accepted_prediction_tokens\":0,\"rejected_prediction_tokens\":0}},"
    "\"service_tier\":\"default\",\"system_fingerprint\":\"fp_0123456789\"}\n";
static const char *EVENT =
    "data: {\"id\":\"chatcmpl-%016lx\",\"object\":\"chat.completion.chunk\",\"created\":1763769600,"
    "\"model\":\"gpt-4o-mini-2024-07-18\",\"service_tier\":\"default\",\"system_fingerprint\":\"fp_0123456789\","
    "\"choices\":[%s],\"usage\":%s,\"obfuscation\":\"%s\"}\n\n";
static const char *WORD = "{\"index\":0,\"delta\":{\"content\":\" word\"},\"logprobs\":null,\"finish_reason\":null}";
static const char *STOP = "{\"index\":0,\"delta\":{},\"logprobs\":null,\"finish_reason\":\"stop\"}";
static const char *USAGE = "{\"prompt_tokens\":480,\"completion_tokens\":50,\"total_tokens\":530}";

static int epoll;
static long serial, written, default_events = 50;
static char prose[600];
static struct client paced = {.next = &paced, .previous = &paced}; /* the ring of those that wait for their next event */

static void unlink_paced(struct client *c) {
    if (!c->next) return;
    c->previous->next = c->next;
    c->next->previous = c->previous;
    c->next = c->previous = NULL;
}

static void drop(struct client *c) {
    unlink_paced(c);
    close(c->fd);
    free(c->in);
    free(c->out);
    free(c);
}

/* Write what is pending: 1 all of it, 0 the reader must take some first, -1 it has left. */
static int flush(struct client *c) {
    while (c->begin < c->end) {
        ssize_t sent = send(c->fd, c->out + c->begin, c->end - c->begin, MSG_NOSIGNAL);
        if (sent < 0) return errno == EAGAIN ? 0 : -1;
        c->begin += (size_t)sent;
        if (c->left >= 0) written += sent;
    }
    c->begin = c->end = 0;
    return 1;
}

/* Put one chunk of a stream into `out`: a word, the stop, the usage, or the end. */
static void chunk(struct client *c) {
    char event[1024];
    int size;
    if (c->left == 0)
        size = snprintf(event, sizeof event, "data: [DONE]\n\n");
    else
        size = snprintf(event, sizeof event, EVENT, c->id, c->left > 2 ? WORD : c->left == 2 ? STOP : "",
                        c->left == 1 ? USAGE : "null", &"0123456789"[c->left % 10]);
    c->end += (size_t)sprintf(c->out + c->end, "%x\r\n%s\r\n%s", size, event, c->left == 0 ? "0\r\n\r\n" : "");
    c->left--;
}

static int next_request(struct client *c);

/* Go on with the stream as far as pace and reader allow. */
static int go_on(struct client *c) {
    for (;;) {
        int sent = flush(c);
        if (sent < 0) return -1;
        if (sent == c->waits) {
            c->waits = !sent;
            watch(epoll, EPOLL_CTL_MOD, c->fd, sent ? EPOLLIN : EPOLLIN | EPOLLOUT, c);
        }
        if (!sent) return 0;
        if (c->left < 0) return next_request(c);
        if (c->pace_us && c->left > 2 && c->left < c->events + 2) { /* the first word follows the head at once */
            if (!c->due) c->due = now_us();
            c->due += (uint64_t)c->pace_us;
            c->next = &paced;
            c->previous = paced.previous;
            paced.previous->next = c;
            paced.previous = c;
            return 0;
        }
        chunk(c);
    }
}

static void answer(struct client *c, const char *body, int stream) {
    char text[2048], length[64];
    c->id = ++serial;
    if (stream) {
        c->events = header(c->in, "x-events", default_events);
        c->pace_us = 1000 * header(c->in, "x-pace-ms", 0);
        c->left = c->events + 2;
        c->due = 0;
        c->end = (size_t)sprintf(c->out, HEAD, "text/event-stream; charset=utf-8", c->id, "transfer-encoding: chunked");
        return;
    }
    int size = body ? snprintf(text, sizeof text, ANSWER, c->id, prose) : snprintf(text, sizeof text, "%ld\n", written);
    snprintf(length, sizeof length, "content-length: %d", size);
    c->end = (size_t)sprintf(c->out, HEAD, body ? "application/json" : "text/plain", c->id, length);
    memcpy(c->out + c->end, text, (size_t)size);
    c->end += (size_t)size;
}

/* Answer the request in `in`, once it is there whole. */
static int next_request(struct client *c) {
    c->in[c->have] = 0;
    char *body = strstr(c->in, "\r\n\r\n");
    if (!body) return 0;
    body += 4;
    size_t size = (size_t)(body - c->in) + (size_t)header(c->in, "content-length", 0);
    if (size >= IN_MAX) return -1;
    if (c->have < size) return 0;
    int post = !strncmp(c->in, "POST", 4);
    answer(c, post ? body : NULL, post && memmem(body, size - (size_t)(body - c->in), "\"stream\":true", 13) != NULL);
    c->have -= size;
    memmove(c->in, c->in + size, c->have);
    return go_on(c);
}

static int readable(struct client *c) {
    for (;;) {
        ssize_t got = recv(c->fd, c->in + c->have, IN_MAX - 1 - c->have, 0);
        if (got == 0 || (got < 0 && errno != EAGAIN)) return -1;
        if (got < 0) break;
        c->have += (size_t)got;
    }
    return c->left < 0 && c->end == 0 ? next_request(c) : 0;
}

static void welcome(int listening) {
    for (int fd; (fd = accept(listening, NULL, NULL)) >= 0;) {
        struct client *c = calloc(1, sizeof *c);
        if (!c || !(c->in = malloc(IN_MAX)) || !(c->out = malloc(OUT_MAX))) die("malloc");
        c->fd = fd;
        c->left = -1;
        prepare(fd);
        watch(epoll, EPOLL_CTL_ADD, fd, EPOLLIN, c);
    }
}

/* Send the events that are due. Returns the milliseconds until more may be. */
static int keep_pace(void) {
    if (paced.next == &paced) return -1;
    uint64_t now = now_us();
    for (struct client *c = paced.next, *following; c != &paced; c = following) {
        following = c->next;
        if (c->due > now) continue;
        unlink_paced(c);
        chunk(c);
        if (go_on(c) < 0) drop(c);
    }
    return paced.next == &paced ? -1 : 1;
}

int main(int count, char **arguments) {
    struct sockaddr_in address = loopback(0);
    socklen_t size = sizeof address;
    struct epoll_event events[256];
    int listening = socket(AF_INET, SOCK_STREAM, 0);
    if (count > 1) default_events = atol(arguments[1]);
    memset(prose, 'x', sizeof prose - 1);
    for (size_t at = 5; at < sizeof prose - 1; at += 6) prose[at] = ' ';
    if (bind(listening, (struct sockaddr *)&address, size) || listen(listening, 4096)) die("listen");
    fcntl(listening, F_SETFL, O_NONBLOCK);
    getsockname(listening, (struct sockaddr *)&address, &size);
    printf("%d\n", ntohs(address.sin_port));
    fflush(stdout);
    epoll = epoll_create1(0);
    watch(epoll, EPOLL_CTL_ADD, listening, EPOLLIN, &listening);
    watch(epoll, EPOLL_CTL_ADD, 0, EPOLLIN, NULL);
    for (;;) {
        int ready = epoll_wait(epoll, events, 256, keep_pace());
        for (int at = 0; at < ready; at++) {
            void *what = events[at].data.ptr;
            if (!what) return 0;
            if (what == &listening) {
                welcome(listening);
                continue;
            }
            int alive = events[at].events & EPOLLIN ? readable(what) : 0;
            if (alive >= 0 && events[at].events & EPOLLOUT) alive = go_on(what);
            if (alive < 0 || events[at].events & EPOLLERR) drop(what);
        }
    }
}
