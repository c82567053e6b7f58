#ifndef SPACENODE_CTUN_H
#define SPACENODE_CTUN_H

// What a carrier of packets needs of Linux: namespaces, TUNs, and waiting for many files. It declares no type of the system's, so that nothing that
// imports it gets the system's names from two modules. Every function gives -1 when it fails: see errno.

// The calling thread goes into the network namespace of an open file of /run/netns or /proc/PID/ns.
int tun_enter_network(int file);

// Makes a TUN of packets without a frame in the thread's network namespace, and opens it without waiting; it is gone when the file is closed.
int tun_open(const char *name);

// Makes a set of files to wait for.
int tun_make_set(void);

// Adds a file to a set: something to read there is told under the name.
int tun_watch(int set, int file, unsigned name);

// Waits at most so many milliseconds for something to read; gives how many of the names are set, at most 128.
int tun_wait(int set, unsigned *names, int most, int milliseconds);

#endif
