#!/usr/bin/env python3
"""The example plugin with one planted bug: mutants.py BUG --bus … ; each breaks one rule of the conformance kit.

    credit     sends without credit          → credit-respected
    duplicate  answers calls twice           → one-reply
    pong       does not answer PING          → pong
    id         sends every request under id 1 → id-rises
"""

import pathlib
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "SDK" / "python"))
sys.path.insert(0, str(ROOT / "SDK" / "python" / "examples"))

import example  # noqa: E402
from spacenode import Plugin  # noqa: E402
from spacenode import plugin as sdk  # noqa: E402


class Credit(Plugin):
    def _has_credit(self, credit, count):
        return credit is not None


class Duplicate(Plugin):
    def _reply(self, kind, info, reply, fields):
        super()._reply(kind, info, reply, fields)
        if kind == sdk.REPLY and info["name"] == "Echo":
            super()._reply(kind, info, reply, fields)


class Pong(Plugin):
    def _send_control(self, number, message, lane=sdk.CONTROL):
        if number != sdk.PONG:
            super()._send_control(number, message, lane)


class Id(Plugin):
    def _new_id(self):
        return 1


if __name__ == "__main__":
    example.main({"credit": Credit, "duplicate": Duplicate, "pong": Pong, "id": Id}[sys.argv.pop(1)])
