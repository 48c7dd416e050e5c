/* First the system's types from the module that owns them for all others; else whichever module the compiler meets first
   owns them, and a build of the whole module at once finds another one than a build file by file. */
#include "../CSystem/shim.h"
#include <ares.h>
