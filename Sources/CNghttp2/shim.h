/* The system's headers come in by one module only, or Swift sees two of each type. */
#include "../CSystem/shim.h"
#include <nghttp2/nghttp2.h>
