#include "CTun.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { new_network = 0x40000000, most_events = 128 };

int tun_enter_network(int file) { return (int)syscall(SYS_setns, file, new_network); }

int tun_open(const char *name) {
    struct ifreq request;
    int file, why;
    if (strlen(name) >= IFNAMSIZ) {
        errno = ENAMETOOLONG;
        return -1;
    }
    file = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);
    if (file < 0) return -1;
    memset(&request, 0, sizeof request);
    memcpy(request.ifr_name, name, strlen(name));
    request.ifr_flags = IFF_TUN | IFF_NO_PI;
    if (ioctl(file, TUNSETIFF, &request) == 0) return file;
    why = errno;
    close(file);
    errno = why;
    return -1;
}

int tun_make_set(void) { return epoll_create1(EPOLL_CLOEXEC); }

int tun_watch(int set, int file, unsigned name) {
    struct epoll_event event;
    memset(&event, 0, sizeof event);
    event.events = EPOLLIN;
    event.data.u32 = name;
    return epoll_ctl(set, EPOLL_CTL_ADD, file, &event);
}

int tun_wait(int set, unsigned *names, int most, int milliseconds) {
    struct epoll_event events[most_events];
    int count = epoll_wait(set, events, most < most_events ? most : most_events, milliseconds);
    for (int place = 0; place < count; place++) names[place] = events[place].data.u32;
    return count;
}
