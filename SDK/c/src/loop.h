/* The process around a plugin's decisions: sockets, clock, signals, other threads. */
#ifndef SPACENODE_LOOP_H
#define SPACENODE_LOOP_H

#include "internal.h"

#include <pthread.h>

#define SN_Z85_KEY 40

/* Where the router is, and how to prove who we are. */
struct sn_address {
    char endpoint[2][256];          /* by lane */
    char server_key[SN_Z85_KEY + 1], public_key[SN_Z85_KEY + 1],
        secret_key[SN_Z85_KEY + 1]; /* empty on ipc */
};

struct sn_loop {
    void *zmq, *sockets[2], *monitors[2];
    int wake_read, wake_write;
    pthread_mutex_t lock;           /* of what other threads post */
    struct sn_posted *posted, *posted_last;
    size_t posted_count;
    unsigned failed_handshakes;
    bool is_tcp, has_been_connected;
};

/* Reads the options' address, keys and token path. False with the reason in `text`. */
bool sn_read_address(spacenode *plugin, const spacenode_options *options, struct sn_address *address,
                     char *text);

#endif
