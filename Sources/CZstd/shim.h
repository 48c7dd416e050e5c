/* First the system's types from the module that owns them for all others; see CCares. */
#include "../CSystem/shim.h"
#include <zstd.h>
