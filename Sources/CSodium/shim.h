// libsodium: Ed25519, ECVRF, Argon2id.
#ifndef SPACENODE_CSODIUM_SHIM_H
#define SPACENODE_CSODIUM_SHIM_H

#include <sodium.h>

#endif
