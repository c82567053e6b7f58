#!/usr/bin/env python3
"""Keeps data in storage from Python, by docs/protocol/storage.md alone: writes, reads, scans in pages, uploads, and is refused.

Prints one line of JSON with what it found, and ends.
"""

import json
import pathlib
import sys
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "SDK" / "python"))

from spacenode import BusError, Plugin, arguments  # noqa: E402

STORAGE = "spacenode.storage.v1.Storage"
EXAMPLE = 240
plugin = Plugin(role="example", requires=[STORAGE], **arguments(name="store"))
message = lambda name: plugin.message(f"spacenode.storage.v1.{name}")


def length(count):
    out = bytearray()
    while count >= 0x80:
        out.append(count & 0x7F | 0x80)
        count >>= 7
    out.append(count)
    return bytes(out)


def put(keyspace, key, value):
    return bytes([1, keyspace]) + length(len(key)) + key + length(len(value)) + value


def delete(keyspace, key):
    return bytes([2, keyspace]) + length(len(key)) + key


def delete_range(keyspace, start, end):
    return bytes([3, keyspace]) + length(len(start)) + start + length(len(end)) + end


def entries(packed):
    """Pairs of key and value in a scan's item."""
    place = 0

    def take():
        nonlocal place
        count = shift = 0
        while True:
            byte = packed[place]
            place += 1
            count |= (byte & 0x7F) << shift
            shift += 7
            if byte < 0x80:
                break
        place += count
        return packed[place - count:place]

    while place < len(packed):
        assert packed[place] == 1
        place += 2
        yield take(), take()


def scan(**bounds):
    """Everything, in pages of 300 entries, each a stream of its own."""
    after = b""
    while True:
        request = message("ScanRequest")(keyspace=EXAMPLE, after=after, limit=300, **bounds)
        count = 0
        for item in plugin.items(plugin.open(f"{STORAGE}/Scan", request)):
            for entry in entries(item.entries):
                count += 1
                yield entry
            after = item.resume
        if count < 300:
            return


def use():
    while not plugin.instance:
        time.sleep(0.05)
    found = {}
    batch = put(EXAMPLE, b"height", bytes([0, 0, 0, 7])) + put(EXAMPLE, b"draft", b"x")
    batch += delete(EXAMPLE, b"draft") + delete_range(EXAMPLE, b"a", b"b")
    found["sequence"] = plugin.call(f"{STORAGE}/Write", message("WriteRequest")(batch=batch, durable=True)).sequence
    found["height"] = plugin.call(f"{STORAGE}/Get", message("GetRequest")(keyspace=EXAMPLE, key=b"height")).value.hex()
    reply = plugin.call(f"{STORAGE}/MultiGet", message("MultiGetRequest")(keyspace=EXAMPLE, keys=[b"draft", b"height"]))
    found["found"] = [value.found for value in reply.values]
    upload = plugin.open(f"{STORAGE}/WriteLarge")
    for part in range(5):
        packed = b"".join(put(EXAMPLE, b"p%d-%03d" % (part, i), bytes([part]) * 1000) for i in range(200))
        plugin.send_item(upload, message("WriteItem")(batch=packed, commit=part == 4))
    plugin.finish(upload)
    found["up"] = [key.decode() for key, _ in scan(prefix=b"p", keys_only=True)][::250]
    found["down"] = [(key.decode(), len(value)) for key, value in scan(prefix=b"p", reverse=True)][::500]
    try:
        plugin.call(f"{STORAGE}/Write", message("WriteRequest")(batch=put(16, b"k", b"v")))
    except BusError as error:
        found["refused"] = str(error)
    print(json.dumps(found), flush=True)
    plugin.drain()


threading.Thread(target=use, daemon=True).start()
plugin.run()
