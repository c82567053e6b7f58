// The one door to librandomx.
#ifndef SPACENODE_CRANDOMX_SHIM_H
#define SPACENODE_CRANDOMX_SHIM_H

#include <randomx.h>

#endif
