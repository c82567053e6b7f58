#!/usr/bin/env python3
"""Writes Tests/Vectors/ledger/tree.json: roots and proofs of the state tree, computed apart from the node's code.

    pip install blake3==1.0.11 && make_tree.py

The definition, bit by bit: nothing hashes to zeros; one leaf to its own hash, wherever it stands; more to the keyed hash of
both halves. A proof is what lies beside the way from the root.
"""

import importlib.metadata
import json
import pathlib

from blake3 import blake3

LEAF = blake3(b"spacenode state tree: leaf").digest()
INNER = blake3(b"spacenode state tree: inner node").digest()
EMPTY = bytes(32)


def bit(key, depth):
    return key[depth // 8] >> (7 - depth % 8) & 1


def leaf(key, value):
    return blake3(key + blake3(value).digest(), key=LEAF).digest()


def root(leaves, depth=0):
    if not leaves:
        return EMPTY
    if len(leaves) == 1:
        return leaf(*next(iter(leaves.items())))
    halves = [root({k: v for k, v in leaves.items() if bit(k, depth) == side}, depth + 1) for side in (0, 1)]
    return blake3(halves[0] + halves[1], key=INNER).digest()


def proof(leaves, key):
    siblings, depth = [], 0
    while len(leaves) > 1:
        side = bit(key, depth)
        siblings.append(root({k: v for k, v in leaves.items() if bit(k, depth) != side}, depth + 1))
        leaves = {k: v for k, v in leaves.items() if bit(k, depth) == side}
        depth += 1
    count = len(siblings) << 2 if len(siblings) < 64 else len(siblings) << 2 | 1
    bits = sum(1 << place for place, sibling in enumerate(siblings) if sibling != EMPTY)
    kind, end = 2, b""
    for other, value in leaves.items():
        kind, end = (0, b"") if other == key else (1, other + blake3(value).digest())
    return (
        bytes([kind]) + count.to_bytes(1 if count < 256 else 2, "little") + bits.to_bytes((len(siblings) + 7) // 8, "little")
        + b"".join(sibling for sibling in siblings if sibling != EMPTY) + end
    )


def case(count):
    records = {bytes([1]) + number.to_bytes(4, "big"): b"value %d" % number * (number % 9) for number in range(count)}
    leaves = {blake3(preimage).digest(): value for preimage, value in records.items()}
    asked = [bytes([1]) + number.to_bytes(4, "big") for number in [0, count // 2, count - 1, count, count + 1, count + 7] if number >= 0]
    proofs = [
        {"preimage": preimage.hex(), "value": records[preimage].hex() if preimage in records else None,
         "proof": proof(leaves, blake3(preimage).digest()).hex()}
        for preimage in dict.fromkeys(asked)
    ]
    return {"count": count, "root": root(leaves).hex(), "proofs": proofs}


document = {
    "provenance": "computed by Tests/python/make_tree.py with the PyPI package blake3 " + importlib.metadata.version("blake3"),
    "records": "record n: preimage 01 and n in four bytes, big-endian; value 'value n' repeated n modulo 9 times",
    "cases": [case(count) for count in [0, 1, 2, 3, 10, 100, 1000]],
}
path = pathlib.Path(__file__).parents[1] / "Vectors/ledger/tree.json"
path.write_text(json.dumps(document, indent=1) + "\n")
