#ifndef SPACENODE_CLINUX_SHIM_H
#define SPACENODE_CLINUX_SHIM_H
#include <sys/prctl.h>
#include <sys/timex.h>

// prctl takes a changing number of arguments, which Swift does not call.
static inline int linux_forbid_dumps(void) { return prctl(PR_SET_DUMPABLE, 0, 0, 0, 0); }
#endif
