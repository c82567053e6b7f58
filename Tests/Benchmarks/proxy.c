/* The peer of the router: libzmq's own proxy between a ROUTER and a DEALER, high-water mark 1000.
 *
 *   proxy FRONT BACK      binds both and moves messages until it is killed; CURVE when BENCH_PROXY_SECRET is set
 *   proxy keys            prints a new CURVE pair: public, secret
 */
#include "common.h"

static void *open_side(void *context, int type, const char *endpoint)
{
    void *socket = zmq_socket(context, type);
    const char *secret = getenv("BENCH_PROXY_SECRET");
    set_int(socket, ZMQ_SNDHWM, 1000);
    set_int(socket, ZMQ_RCVHWM, 1000);
    set_int(socket, ZMQ_LINGER, 0);
    if (secret != NULL) {
        set_int(socket, ZMQ_CURVE_SERVER, 1);
        zmq_setsockopt(socket, ZMQ_CURVE_SECRETKEY, secret, 41);
    }
    if (zmq_bind(socket, endpoint) != 0) die("%s: %s", endpoint, zmq_strerror(errno));
    return socket;
}

int main(int argc, char **argv)
{
    if (argc == 2) {
        char public_key[41], secret_key[41];
        if (zmq_curve_keypair(public_key, secret_key) != 0) die("libzmq was built without CURVE");
        printf("%s\n%s\n", public_key, secret_key);
        return 0;
    }
    if (argc < 3) die("usage: proxy FRONT BACK | proxy keys");
    void *context = zmq_ctx_new();
    void *front = open_side(context, ZMQ_ROUTER, argv[1]);
    void *back = open_side(context, ZMQ_DEALER, argv[2]);
    return zmq_proxy(front, back, NULL);
}
