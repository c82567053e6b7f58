#!/usr/bin/env python3
"""Writes Tests/Vectors/bus/frames.json: frames made by Python's protobuf, an implementation that the project does not share.

    make_golden.py > Tests/Vectors/bus/frames.json
"""

import json
import pathlib
import random
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "SDK" / "python"))

from spacenode import Contracts  # noqa: E402

FIELDS = {
    "kind": 8, "type": 1 << 32, "dest": 1 << 64, "source": 1 << 64, "epoch": 1 << 32, "id": 1 << 64, "reply_to": 1 << 64,
    "seq": 1 << 64, "ttl_ms": 1 << 32, "cause_source": 1 << 64, "cause_id": 1 << 64, "traffic_class": 5, "status": 26,
    "retry_after_ms": 1 << 32, "schema": 1 << 32, "role": 63,
}


def good(contracts):
    """Valid frames: each field alone at its edges, then random mixtures."""
    envelope = contracts.message("spacenode.bus.v1.Envelope")
    draw = random.Random(1)
    cases = [("only wire", {}, b"", b"")]
    for name, limit in FIELDS.items():
        for value in {1, limit - 1, min(127, limit - 1), min(128, limit - 1)}:
            cases.append((f"{name} {value}", {name: value}, b"", b""))
    for size in (1, 127, 128, 300, 70_000):
        cases.append((f"payload {size}", {"kind": 1}, b"", bytes(size)))
    for size in (1, 32):
        cases.append((f"topic_key {size}", {"kind": 4}, bytes(range(size)), b"x"))
    for number in range(100):
        fields = {n: draw.randrange(l) for n, l in FIELDS.items() if draw.random() < 0.6}
        cases.append((f"mixture {number}", fields, draw.randbytes(draw.randrange(33)), draw.randbytes(draw.randrange(200))))
    for name, fields, key, payload in cases:
        message = envelope(payload=payload)
        message.header.wire = 1
        for field, value in fields.items():
            setattr(message.header, field, value)
        message.header.topic_key = key
        yield {"name": name, "fields": {k: str(v) for k, v in fields.items() if v}, "topic_key": key.hex(),
               "payload_bytes": len(payload), "frame": message.SerializeToString().hex()}


def bad():
    """Frames that must be refused, with the reason's name."""
    header = bytes.fromhex("0801")
    wrap = lambda h: b"\x0a" + bytes([len(h)]) + h
    cases = [
        ("empty", "empty", b""),
        ("payload first", "headerNotFirst", b"\x12\x01x" + wrap(header)),
        ("no header", "headerNotFirst", b"\x12\x01x"),
        ("length cut", "headerLength", b"\x0a"),
        ("length beyond", "headerLength", b"\x0a\x05" + header),
        ("length of ten bytes", "headerLength", b"\x0a" + b"\xff" * 9 + b"\x7f" + header),
        ("header of 513", "headerOver512", b"\x0a\x81\x04" + header + b"\x9a\x06" + b"\xfc\x03" + bytes(507)),
        ("field cut", "field", wrap(b"\x08")),
        ("fixed cut", "field", wrap(header + b"\x21\x01\x02")),
        ("key cut", "field", wrap(header + b"\x8a\x01\x05x")),
        ("varint of eleven bytes", "field", wrap(b"\x08" + b"\xff" * 10 + b"\x01")),
        ("tag zero", "field", wrap(header + b"\x00\x01")),
        ("tag of six bytes", "field", wrap(b"\x88\x80\x80\x80\x80\x00\x01")),
        ("length of six bytes", "headerLength", b"\x0a\x82\x80\x80\x80\x80\x00" + header),
        ("key length of six bytes", "field", wrap(header + b"\x8a\x01\x81\x80\x80\x80\x80\x00x")),
        ("payload length of six bytes", "trailing", wrap(header) + b"\x12\x81\x80\x80\x80\x80\x00x"),
        ("group", "field", wrap(header + b"\xa3\x06")),
        ("wire as fixed64", "fieldWireType", wrap(b"\x09" + bytes(8))),
        ("id as varint", "fieldWireType", wrap(header + b"\x38\x01")),
        ("topic_key of 33", "topicKeyOver32", wrap(header + b"\x8a\x01\x21" + bytes(33))),
        ("wire 2", "wireVersion", wrap(b"\x08\x02")),
        ("no wire", "wireVersion", wrap(b"")),
        ("trailing field", "trailing", wrap(header) + b"\x18\x01"),
        ("payload twice", "trailing", wrap(header) + b"\x12\x01x\x12\x01y"),
        ("payload cut", "trailing", wrap(header) + b"\x12\x05x"),
        ("header twice", "trailing", wrap(header) + wrap(header)),
    ]
    for name, reason, frame in cases:
        yield {"name": name, "fault": reason, "frame": frame.hex()}


def tolerated():
    """Frames of later versions: unknown header fields are stepped over."""
    header = bytes.fromhex("0801")
    for name, extra in (("varint", b"\x98\x06\x01"), ("fixed64", b"\x99\x06" + bytes(8)), ("bytes", b"\x9a\x06\x02ab"),
                        ("fixed32", b"\x9d\x06" + bytes(4)), ("long varint", b"\x08\x81\x80\x00")):
        body = header + extra
        yield {"name": name, "frame": (b"\x0a" + bytes([len(body)]) + body).hex()}


print(json.dumps({
    "provenance": "made by Tests/python/make_golden.py with Python protobuf from Protos/spacenode/bus/v1/bus.proto",
    "good": list(good(Contracts())), "bad": list(bad()), "tolerated": list(tolerated()),
}, indent=0))
