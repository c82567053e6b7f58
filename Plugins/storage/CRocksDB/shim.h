// The one door to RocksDB.
#ifndef SPACENODE_CROCKSDB_SHIM_H
#define SPACENODE_CROCKSDB_SHIM_H

#include <rocksdb/c.h>

#endif
