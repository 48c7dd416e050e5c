/* First the system's types from the module that owns them for all others; see CCares. */
#include "../CSystem/shim.h"
#include <zlib.h>

/* The library's macros. `window_bits` also says which wrapping is meant: 15 zlib, -15 none, 31 gzip. */
static inline int gh_deflate_start(z_stream *stream, int level, int window_bits) {
    return deflateInit2(stream, level, Z_DEFLATED, window_bits, 8, Z_DEFAULT_STRATEGY);
}

static inline int gh_inflate_start(z_stream *stream, int window_bits) { return inflateInit2(stream, window_bits); }
