#!/usr/bin/env python3
"""Writes Tests/Vectors/consensus/wire.json and light_chain.json: what consensus sends, computed apart from the node's code.

    pip install blake3==1.0.11 cryptography && make_consensus.py

A change of these bytes breaks networks. The values are those of ConsensusSamples.swift and LightVectorTests.swift.
"""

import hashlib
import json
import pathlib

from blake3 import blake3
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

# ---- SCALE


def compact(value):
    if value < 1 << 6:
        return bytes([value << 2])
    if value < 1 << 14:
        return (value << 2 | 1).to_bytes(2, "little")
    if value < 1 << 30:
        return (value << 2 | 2).to_bytes(4, "little")
    count = (value.bit_length() + 7) // 8
    return bytes([count - 4 << 2 | 3]) + value.to_bytes(count, "little")


def piece(data):
    return compact(len(data)) + data


def option(data):
    return b"\0" if data is None else b"\1" + data


def words(*values):
    return b"".join(value.to_bytes(8, "big") for value in values)


def reference(block):
    return block[0] + compact(block[1]) + block[2]


def target(block, time):
    return reference(block) + compact(time[0]) + compact(time[1])


def bitmap(count, places):
    bits = sum(1 << place for place in places)
    return compact(count) + bits.to_bytes((count + 7) // 8, "little")


def certificate(kind, height, round, what, count, signatures):
    return (
        bytes([kind]) + compact(height) + compact(round) + what + bitmap(count, signatures)
        + b"".join(signatures[place] for place in sorted(signatures))
    )


HASHES = ["last_commit", "data", "validators", "next_validators", "consensus", "app", "last_results", "evidence"]


def header(fields):
    return (
        compact(fields["block"]) + compact(fields["app_version"]) + piece(fields["chain"].encode())
        + compact(fields["height"]) + compact(fields["time"][0]) + compact(fields["time"][1])
        + option(reference(fields["last"]) if fields["last"] else None)
        + b"".join(fields[name] for name in HASHES) + fields["proposer"]
    )


# ---- protobuf and RFC 6962, as CometBFT hashes them


def varint(value):
    out = b""
    while value >= 0x80:
        out += bytes([value & 0x7F | 0x80])
        value >>= 7
    return out + bytes([value])


def number(field, value):
    return varint(field << 3) + varint(value) if value else b""


def message(field, data):
    return varint(field << 3 | 2) + varint(len(data)) + data


def some(field, data):
    return message(field, data) if data else b""


def stamp(time):
    return number(1, time[0]) + number(2, time[1])


def block_id(block):
    if block is None:
        return message(2, b"")
    return some(1, block[0]) + message(2, number(1, block[1]) + some(2, block[2]))


def root(leaves):
    if not leaves:
        return hashlib.sha256(b"").digest()
    if len(leaves) == 1:
        return hashlib.sha256(b"\0" + leaves[0]).digest()
    half = 1 << (len(leaves) - 1).bit_length() - 1
    return hashlib.sha256(b"\1" + root(leaves[:half]) + root(leaves[half:])).digest()


def header_hash(fields):
    leaves = [
        number(1, fields["block"]) + number(2, fields["app_version"]), some(1, fields["chain"].encode()),
        number(1, fields["height"]), stamp(fields["time"]), block_id(fields["last"]),
    ]
    leaves += [b"" if fields[name] == bytes(32) else message(1, fields[name]) for name in HASHES]
    return root(leaves + [message(1, fields["proposer"])])


def sign_bytes(kind, height, round, block, time, chain):
    data = number(1, kind) + b"\x11" + height.to_bytes(8, "little")
    data += b"\x19" + round.to_bytes(8, "little") if round else b""
    data += message(4, block_id(block)) + message(5, stamp(time)) + some(6, chain.encode())
    return varint(len(data)) + data


# ---- the messages of ConsensusSamples.swift

HASH = words(0x0102030405060708, 2, 3, 2**64 - 1)
BLOCK = (HASH, 3, words(4, 5, 6, 7))
TIME = (1_800_000_000, 999_999_999)
SIGNATURE = bytes(range(64))
TARGET = target(BLOCK, TIME)


def vote(kind, what):
    return b"\1" + bytes([kind]) + compact(70) + compact(1) + option(what) + compact(399) + SIGNATURE


def sample_certificate(kind):
    return certificate(kind, 70, 1, TARGET, 10, {place: SIGNATURE for place in range(0, 10, 3)})


def proposal(polka):
    return (
        b"\2" + compact(70) + compact(2) + option(compact(1) if polka else None) + TARGET + SIGNATURE
        + option(sample_certificate(1) if polka else None)
    )


def sample_header(first):
    fields = dict(
        block=11, app_version=1, chain="spacenode-devnet-0", height=1 if first else 71, time=TIME,
        last=None if first else BLOCK, proposer=bytes(range(1, 21)),
    )
    return fields | {name: words(place + 1, 0, 0, 0) for place, name in enumerate(HASHES)}


def block(first):
    items = [bytes([1, 9, 9]), bytes([4, 8])]
    transactions = [] if first else [bytes([0, 1, 2]), bytes([0, 3])]
    lists = b"".join(compact(len(entries)) + b"".join(map(piece, entries)) for entries in (items, transactions))
    return b"\6" + header(sample_header(first)) + lists + option(None if first else sample_certificate(2))


WIRE = [
    ("prevote", vote(1, TARGET)), ("precommit for no block", vote(2, None)),
    ("proposal", proposal(False)), ("proposal with a polka", proposal(True)),
    ("polka", b"\3" + sample_certificate(1)), ("commit", b"\3" + sample_certificate(2)),
    ("part", b"\4" + compact(70) + compact(2) + compact(1) + compact(3) + piece(bytes(range(100))) + compact(2) + HASH + bytes(32)),
    ("status", b"\5" + compact(70) + compact(2) + b"\2" + bitmap(3, [2]) + bitmap(10, [0, 3, 6, 9]) + bitmap(0, [])),
    ("block", block(False)), ("first block", block(True)),
]

# ---- the chain of LightVectorTests.swift


def committee(powers, salt):
    members = []
    for place, power in enumerate(powers):
        secret = Ed25519PrivateKey.from_private_bytes(words(salt, 0, 0, place + 1))
        key = secret.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
        members.append((-power, hashlib.sha256(key).digest()[:20], key, secret))
    return sorted(members, key=lambda member: member[:2])


def set_hash(members):
    return root([message(1, message(1, key)) + number(2, -power) for power, _, key, _ in members])


def set_bytes(members):
    return compact(len(members)) + b"".join(key + compact(-power) for power, _, key, _ in members)


def leaf(record):
    return blake3(blake3(record[0]).digest() + blake3(record[1]).digest(), key=blake3(b"spacenode state tree: leaf").digest()).digest()


LEFT, RIGHT = (bytes([1, 1]), bytes([7, 7, 7])), (bytes([1, 2]), bytes([8]))
STATE = blake3(leaf(LEFT) + leaf(RIGHT), key=blake3(b"spacenode state tree: inner node").digest()).digest()
assert blake3(LEFT[0]).digest()[0] < 128 <= blake3(RIGHT[0]).digest()[0]


def light_chain():
    sets = [committee(powers, salt + 1) for salt, powers in enumerate([[3, 2, 2], [1, 1, 1, 1], [5]])]
    blocks, trusted = [], None
    for term, members in enumerate(sets):
        following = sets[min(term + 1, 2)]
        fields = {name: bytes(32) for name in HASHES} | dict(
            block=11, app_version=1, chain="test-0", height=10 * term + 10, time=(1_800_000_000 + term, 5), last=None,
            proposer=members[0][1], validators=set_hash(members), next_validators=set_hash(following), app=STATE,
        )
        digest = header_hash(fields)
        trusted = trusted or dict(height=fields["height"], headerHash=digest.hex(), setHash=set_hash(members).hex())
        what = (digest, 1, digest)
        signed = sign_bytes(2, fields["height"], 0, what, fields["time"], "test-0")
        signatures = {place: member[3].sign(signed) for place, member in enumerate(members)}
        commit = certificate(2, fields["height"], 0, target(what, fields["time"]), len(members), signatures)
        following = set_bytes(following) if term == 1 else None
        blocks.append(b"\7" + header(fields) + set_bytes(members) + commit + option(following))
    record = dict(key=LEFT[0].hex(), value=LEFT[1].hex(), proof=(bytes([0, 4, 1]) + leaf(RIGHT)).hex())
    return dict(trusted=trusted, blocks=[data.hex() for data in blocks], record=record)


PROVENANCE = dict(provenance="computed by Tests/python/make_consensus.py; made by this project, a change breaks networks")
folder = pathlib.Path(__file__).parent.parent / "Vectors/consensus"
wire = PROVENANCE | dict(cases=[dict(name=name, hex=data.hex()) for name, data in WIRE])
(folder / "wire.json").write_text(json.dumps(wire, indent=1) + "\n")
(folder / "light_chain.json").write_text(json.dumps(PROVENANCE | light_chain(), indent=1) + "\n")
