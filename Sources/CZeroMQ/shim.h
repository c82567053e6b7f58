// The one door to libzmq: version check and what Swift cannot see for itself.
#ifndef SPACENODE_CZEROMQ_SHIM_H
#define SPACENODE_CZEROMQ_SHIM_H

#include <errno.h>
#include <poll.h>
#include <zmq.h>

#if ZMQ_VERSION < ZMQ_MAKE_VERSION(4, 3, 4)
#error "libzmq 4.3.4 or newer is needed: apt-get install libzmq3-dev"
#endif

// Error numbers that are expressions over ZMQ_HAUSNUMERO.
static const int spacenode_eterm = ETERM;
static const int spacenode_efsm = EFSM;

#endif
