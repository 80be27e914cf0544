/* Moves the clocks of a process: preloaded, it adds to them the milliseconds in the file that
 * STEPPED_CLOCK names, two eight-octet integers that a test changes while the process runs: one for
 * the wall clock, one for the monotonic clock, by which timers go. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

static volatile int64_t *offsets;

__attribute__((constructor)) static void open_offsets(void) {
    const char *path = getenv("STEPPED_CLOCK");
    int file = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;
    if (file < 0) return;
    void *mapped = mmap(NULL, 2 * sizeof *offsets, PROT_READ, MAP_SHARED, file, 0);
    close(file);
    if (mapped != MAP_FAILED) offsets = mapped;
}

int clock_gettime(clockid_t clock, struct timespec *now) {
    int failed = (int)syscall(SYS_clock_gettime, clock, now);
    int is_timer = clock == CLOCK_MONOTONIC;
    if (!failed && offsets && (is_timer || clock == CLOCK_REALTIME)) {
        int64_t millis = offsets[is_timer];
        now->tv_sec += millis / 1000;
        now->tv_nsec += (millis % 1000) * 1000000;
        if (now->tv_nsec >= 1000000000) {
            now->tv_nsec -= 1000000000;
            now->tv_sec += 1;
        }
    }
    return failed;
}
