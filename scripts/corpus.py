#!/usr/bin/env python3
"""Packs a folder of fuzzer inputs into one file, or unpacks it.

usage: scripts/corpus.py pack FOLDER FILE | unpack FILE FOLDER

The file holds the inputs one after the other, shortest first, each behind its length in four bytes, little-endian.
"""
import pathlib
import struct
import sys


def pack(folder, file):
    inputs = sorted((entry.read_bytes() for entry in pathlib.Path(folder).iterdir()), key=lambda data: (len(data), data))
    pathlib.Path(file).write_bytes(b"".join(struct.pack("<I", len(data)) + data for data in inputs))


def unpack(file, folder):
    data, place = pathlib.Path(file).read_bytes(), 0
    while place < len(data):
        (length,) = struct.unpack_from("<I", data, place)
        pathlib.Path(folder, f"{place:08}").write_bytes(data[place + 4 : place + 4 + length])
        place += 4 + length


if __name__ == "__main__":
    if len(sys.argv) != 4 or sys.argv[1] not in ("pack", "unpack"):
        sys.exit(__doc__)
    (pack if sys.argv[1] == "pack" else unpack)(sys.argv[2], sys.argv[3])
