/* First the system's types from the module that owns them for all others; see CCares. */
#include "../CSystem/shim.h"
#include <brotli/decode.h>
#include <brotli/encode.h>

/*
 * Memory for one encoder or decoder: bounded, and kept for the next. The library cannot be reset, so a new state is made
 * for each body; with these blocks that costs no call of the system's allocator and no fresh pages.
 */
#define GH_ARENA_BLOCKS 24

typedef struct gh_arena {
    size_t used, limit;
    int refused;
    struct {
        size_t size;
        void *block;
    } spare[GH_ARENA_BLOCKS];
} gh_arena;

typedef union gh_arena_prefix {
    size_t size;
    /* What is behind it is aligned as malloc would. */
    long double alignment;
} gh_arena_prefix;

static inline gh_arena *gh_arena_new(size_t limit) {
    gh_arena *arena = (gh_arena *)calloc(1, sizeof(gh_arena));
    if (arena) arena->limit = limit;
    return arena;
}

static inline void gh_arena_set_limit(gh_arena *arena, size_t limit) {
    arena->limit = limit;
    arena->refused = 0;
}

/* Whether a block was refused because of the limit. */
static inline int gh_arena_has_refused(const gh_arena *arena) { return arena->refused; }

/* Gives back what is kept for the next. */
static inline void gh_arena_trim(gh_arena *arena) {
    for (int i = 0; i < GH_ARENA_BLOCKS; i++) {
        free(arena->spare[i].block);
        arena->spare[i].block = NULL;
        arena->spare[i].size = 0;
    }
}

/* Only when everything was given back. */
static inline void gh_arena_free(gh_arena *arena) {
    gh_arena_trim(arena);
    free(arena);
}

static inline void *gh_arena_take(void *opaque, size_t size) {
    gh_arena *arena = (gh_arena *)opaque;
    if (size > arena->limit || arena->used > arena->limit - size) {
        arena->refused = 1;
        return NULL;
    }
    for (int i = 0; i < GH_ARENA_BLOCKS; i++) {
        if (arena->spare[i].block && arena->spare[i].size == size) {
            void *block = arena->spare[i].block;
            arena->spare[i].block = NULL;
            arena->used += size;
            return (char *)block + sizeof(gh_arena_prefix);
        }
    }
    if (size > SIZE_MAX - sizeof(gh_arena_prefix)) return NULL;
    gh_arena_prefix *prefix = (gh_arena_prefix *)malloc(size + sizeof(gh_arena_prefix));
    if (!prefix) return NULL;
    prefix->size = size;
    arena->used += size;
    return (char *)prefix + sizeof(gh_arena_prefix);
}

static inline void gh_arena_return(void *opaque, void *address) {
    gh_arena *arena = (gh_arena *)opaque;
    if (!address) return;
    gh_arena_prefix *prefix = (gh_arena_prefix *)((char *)address - sizeof(gh_arena_prefix));
    arena->used -= prefix->size;
    for (int i = 0; i < GH_ARENA_BLOCKS; i++) {
        if (!arena->spare[i].block) {
            arena->spare[i].block = prefix;
            arena->spare[i].size = prefix->size;
            return;
        }
    }
    free(prefix);
}

/* An encoder with a window of 2^window bytes; NULL where there is no memory. */
static inline BrotliEncoderState *gh_brotli_encoder(gh_arena *arena, unsigned quality, unsigned window) {
    BrotliEncoderState *state = BrotliEncoderCreateInstance(gh_arena_take, gh_arena_return, arena);
    if (!state) return NULL;
    BrotliEncoderSetParameter(state, BROTLI_PARAM_QUALITY, quality);
    BrotliEncoderSetParameter(state, BROTLI_PARAM_LGWIN, window);
    return state;
}

static inline BrotliDecoderState *gh_brotli_decoder(gh_arena *arena) {
    return BrotliDecoderCreateInstance(gh_arena_take, gh_arena_return, arena);
}
