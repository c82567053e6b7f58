/* spacenode_run: the loop with the signals of a process. */
#include "loop.h"

#include <errno.h>
#include <signal.h>
#include <unistd.h>

/* Signals tell this; one plugin a process runs with them. */
static volatile sig_atomic_t was_signalled;
static volatile sig_atomic_t wake_descriptor = -1;

static void on_signal(int number)
{
    (void)number;
    int kept = errno;
    char byte = 1;
    was_signalled = 1;
    if (wake_descriptor >= 0) {
        ssize_t written = write(wake_descriptor, &byte, 1);
        (void)written;
    }
    errno = kept;
}

int spacenode_run(spacenode *plugin)
{
    static const int numbers[] = {SIGTERM, SIGINT};
    struct sigaction action = {.sa_handler = on_signal}, before[2];
    sigset_t unblocked, mask_before;
    was_signalled = 0;
    wake_descriptor = plugin->loop->wake_write;
    sigemptyset(&action.sa_mask);
    sigemptyset(&unblocked);
    for (int place = 0; place < 2; place++) {
        sigaction(numbers[place], &action, &before[place]);
        sigaddset(&unblocked, numbers[place]);
    }
    /* Whoever started us may have blocked them. */
    pthread_sigmask(SIG_UNBLOCK, &unblocked, &mask_before);
    while (spacenode_step(plugin, -1)) {
        if (!was_signalled) continue;
        was_signalled = 0;
        spacenode_drain(plugin);
    }
    pthread_sigmask(SIG_SETMASK, &mask_before, NULL);
    for (int place = 0; place < 2; place++) sigaction(numbers[place], &before[place], NULL);
    wake_descriptor = -1;
    return plugin->result;
}
