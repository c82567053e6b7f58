#!/usr/bin/env python3
"""Writes Tests/Vectors/crypto/blake3.json: hashes, outputs and keyed hashes computed by the PyPI package `blake3`.

    pip install blake3==1.0.11 && make_blake3.py

The inputs are those of the official test vectors: byte i is i modulo 251, and the lengths lie around the ends of
blocks, chunks and subtrees. Keyed hashes are of 64 bytes: first the official key and input, then others.
"""

import importlib.metadata
import json
import pathlib

import blake3

LENGTHS = [0, 1, 2, 3, 4, 5, 6, 7, 8, 63, 64, 65, 127, 128, 129, 1023, 1024, 1025, 2048, 2049, 3072, 3073, 4096, 4097]
LENGTHS += [5120, 5121, 6144, 6145, 7168, 7169, 8192, 8193, 16384, 31744, 102400]


def case(length):
    data = bytes(i % 251 for i in range(length))
    return {"length": length, "output": blake3.blake3(data).digest(length=131).hex()}


def keyed(number):
    key = b"whats the Elvish word for friend"
    data = bytes(i % 251 for i in range(64))
    if number:
        key = blake3.blake3(b"key %d" % number).digest()
        data = blake3.blake3(b"message %d" % number).digest(length=64)
    return {"key": key.hex(), "message": data.hex(), "hash": blake3.blake3(data, key=key).hexdigest()}


document = {
    "provenance": "computed by the PyPI package blake3 " + importlib.metadata.version("blake3") + " (Tests/python/make_blake3.py)",
    "input": "byte i is i modulo 251",
    "output": "131 bytes of output; the first 32 are the hash",
    "cases": [case(length) for length in LENGTHS],
    "keyed": [keyed(number) for number in range(16)],
}
path = pathlib.Path(__file__).parents[1] / "Vectors/crypto/blake3.json"
path.write_text(json.dumps(document, indent=1) + "\n")
