#ifndef SPACENODE_CLINUX_SHIM_H
#define SPACENODE_CLINUX_SHIM_H
#include <sys/timex.h>
#endif
