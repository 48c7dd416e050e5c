/* Counts the heap allocations of the program that it is loaded into (LD_PRELOAD), for a test in another process.
 *
 * The functions of <stdlib.h> that give memory are replaced: each adds one to a count and passes the call on to the C
 * library under its other name, so that nothing has to be looked up and no call can come too early. The count lies in a
 * file that the environment variable GATEHOUSE_ALLOCATIONS names, mapped into both processes: the test reads it without
 * the program's help, and so without a request that would count itself.
 *
 *   word 0  allocations so far, of all threads; written here
 *   word 1  how many of the next allocations to describe; written by the test
 *
 * What an allocation came from is described on standard error, one line for each frame: enough to find the place with
 * a symbolizer when the count is not what it should be. Freeing is not counted: what is freed was allocated.
 *
 * Compiled by the test itself: cc -shared -fPIC -O2 counter.c
 */
#define _GNU_SOURCE
#include <errno.h>
#include <execinfo.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

extern void *__libc_malloc(size_t size);
extern void *__libc_calloc(size_t count, size_t size);
extern void *__libc_realloc(void *old, size_t size);
extern void *__libc_memalign(size_t alignment, size_t size);

/* Until the file is mapped, counting goes nowhere. */
static _Atomic uint64_t before[2];
static _Atomic uint64_t *shared = before;
/* Describing an allocation may allocate; that one is not described. */
static _Thread_local int is_describing;

static void describe(size_t size) {
    if (is_describing) return;
    uint64_t left = atomic_load(&shared[1]);
    do {
        if (left == 0) return;
    } while (!atomic_compare_exchange_weak(&shared[1], &left, left - 1));
    is_describing = 1;
    void *frames[40];
    int count = backtrace(frames, 40);
    char line[] = "-- allocation of                     bytes\n";
    char *digit = line + 36;
    do {
        *--digit = (char)('0' + size % 10);
        size /= 10;
    } while (size > 0 && digit > line + 17);
    if (write(2, line, sizeof line - 1) > 0) backtrace_symbols_fd(frames, count, 2);
    is_describing = 0;
}

static void note(size_t size) {
    atomic_fetch_add_explicit(&shared[0], 1, memory_order_relaxed);
    if (atomic_load_explicit(&shared[1], memory_order_relaxed) != 0) describe(size);
}

__attribute__((constructor)) static void start(void) {
    /* The first call loads a library; better now than amid what is measured. */
    void *frame;
    backtrace(&frame, 1);
    const char *path = getenv("GATEHOUSE_ALLOCATIONS");
    int file = path ? open(path, O_RDWR | O_CLOEXEC) : -1;
    if (file < 0) return;
    void *page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    close(file);
    if (page != MAP_FAILED) shared = page;
}

void *malloc(size_t size) {
    note(size);
    return __libc_malloc(size);
}

void *calloc(size_t count, size_t size) {
    note(count * size);
    return __libc_calloc(count, size);
}

void *realloc(void *old, size_t size) {
    note(size);
    return __libc_realloc(old, size);
}

void *reallocarray(void *old, size_t count, size_t size) {
    size_t total;
    if (__builtin_mul_overflow(count, size, &total)) {
        errno = ENOMEM;
        return NULL;
    }
    return realloc(old, total);
}

void *memalign(size_t alignment, size_t size) {
    note(size);
    return __libc_memalign(alignment, size);
}

void *aligned_alloc(size_t alignment, size_t size) { return memalign(alignment, size); }

int posix_memalign(void **result, size_t alignment, size_t size) {
    if (alignment < sizeof(void *) || (alignment & (alignment - 1)) != 0) return EINVAL;
    void *memory = memalign(alignment, size);
    if (memory == NULL) return ENOMEM;
    *result = memory;
    return 0;
}
