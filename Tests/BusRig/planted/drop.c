// A planted bug for the fault rig: preloaded into a router, it drops one large-enough message in 10,000 and says it
// was sent. Never part of a product.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stddef.h>
#include <zmq.h>

static int (*real_send)(zmq_msg_t *, void *, int);

int zmq_msg_send(zmq_msg_t *message, void *socket, int flags) {
    static long count;
    static int dropping;
    if (!real_send) real_send = (int (*)(zmq_msg_t *, void *, int))dlsym(RTLD_NEXT, "zmq_msg_send");
    size_t size = zmq_msg_size(message);
    if ((flags & ZMQ_SNDMORE) && ++count % 10000 == 0) {
        dropping = 1;
        return (int)size;
    }
    if (dropping && !(flags & ZMQ_SNDMORE)) {
        dropping = 0;
        // What libzmq does after a send: the message is empty and initialised.
        zmq_msg_close(message);
        zmq_msg_init(message);
        return (int)size;
    }
    return real_send(message, socket, flags);
}
