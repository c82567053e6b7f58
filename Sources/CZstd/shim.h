// The one door to libzstd.
#ifndef SPACENODE_CZSTD_SHIM_H
#define SPACENODE_CZSTD_SHIM_H

#include <zstd.h>

#endif
