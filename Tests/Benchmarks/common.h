/* What all peers share: time, the page that two processes of one run share, sockets with the same options. */
#ifndef BENCH_COMMON_H
#define BENCH_COMMON_H

#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>
#include <zmq.h>

#define die(...) \
    do { fprintf(stderr, "bench: " __VA_ARGS__); fputc('\n', stderr); exit(2); } while (0)

/* One page of a file that producer and consumer both map: how far the consumer is. */
typedef struct {
    _Atomic uint64_t ready;
    _Atomic uint64_t received;
    _Atomic uint64_t done;
} shared_page;

/* Counters of mallocs.c, in a file of their own. */
typedef struct {
    _Atomic uint64_t ours, zmq, other;
} malloc_page;

static inline void *map_file(const char *path, size_t size)
{
    int fd = open(path, O_RDWR | O_CREAT, 0600);
    if (fd < 0 || ftruncate(fd, (off_t)size) != 0) die("%s: %s", path, strerror(errno));
    void *page = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (page == MAP_FAILED) die("%s: %s", path, strerror(errno));
    close(fd);
    return page;
}

static inline uint64_t clock_ns(clockid_t clock)
{
    struct timespec time = {0, 0};
    if (clock_gettime(clock, &time) != 0) return 0;
    return (uint64_t)time.tv_sec * 1000000000u + (uint64_t)time.tv_nsec;
}

static inline uint64_t now_ns(void) { return clock_ns(CLOCK_MONOTONIC); }

/* CPU time of another process, all threads, in nanoseconds. */
static inline uint64_t process_cpu_ns(pid_t pid)
{
    clockid_t clock;
    if (pid <= 0 || clock_getcpuclockid(pid, &clock) != 0) return 0;
    return clock_ns(clock);
}

static inline void nap_us(long microseconds)
{
    struct timespec time = {0, microseconds * 1000};
    nanosleep(&time, NULL);
}

static inline void set_int(void *socket, int option, int value)
{
    if (zmq_setsockopt(socket, option, &value, sizeof value) != 0)
        die("zmq_setsockopt %d: %s", option, zmq_strerror(errno));
}

/* CURVE for a client when the environment names keys: BENCH_SERVER_KEY, BENCH_PUBLIC_KEY, BENCH_SECRET_KEY. */
static inline void set_curve_client(void *socket)
{
    const char *server = getenv("BENCH_SERVER_KEY");
    if (server == NULL) return;
    const char *public_key = getenv("BENCH_PUBLIC_KEY"), *secret_key = getenv("BENCH_SECRET_KEY");
    if (public_key == NULL || secret_key == NULL) die("BENCH_PUBLIC_KEY and BENCH_SECRET_KEY are missing");
    zmq_setsockopt(socket, ZMQ_CURVE_SERVERKEY, server, 41);
    zmq_setsockopt(socket, ZMQ_CURVE_PUBLICKEY, public_key, 41);
    zmq_setsockopt(socket, ZMQ_CURVE_SECRETKEY, secret_key, 41);
}

/* A DEALER to a raw peer, high-water mark 1000. */
static inline void *raw_dealer(void *context)
{
    void *socket = zmq_socket(context, ZMQ_DEALER);
    set_int(socket, ZMQ_SNDHWM, 1000);
    set_int(socket, ZMQ_RCVHWM, 1000);
    set_int(socket, ZMQ_LINGER, 2000);
    set_curve_client(socket);
    return socket;
}

#endif
