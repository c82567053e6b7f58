"""Connections that come and go in every way, again and again; afterwards nothing of them is left."""

import random
import time

from processes import PROLOGUE, Bench, Wrong
from wire import DATA, FIN, GO_AWAY, RST, SYN, Closed, Cut, Wire

# What the allocator keeps after thousands of connections; a kept one would be four kilobytes or more, each time.
MEMORY_BYTES = 4 << 20
WARM_UP = 40
ECHO = b"/spacenode/rig/echo/1"
HANDSHAKE_BYTES = 400


def run(options, check, figures):
    dice, kinds = random.Random(options.seed), {}
    with Bench(options) as bench:
        ours = bench.node("listen", "--topic", "cycles", plant=options.plant)
        other = bench.node("listen", "--topic", "cycles")
        peer = bench.peer("--topic", "cycles")
        before = None
        begun = time.monotonic()
        for number in range(options.count + WARM_UP):
            if number == WARM_UP:
                before = measure(ours, other)
            kind, way = dice.choices(WAYS, [weight for _, _, weight in WEIGHTS])[0]
            kinds[kind] = kinds.get(kind, 0) + (number >= WARM_UP)
            try:
                way(dice, ours, other, peer)
            except (Closed, TimeoutError, OSError) as fault:
                raise Wrong(f"cycle {number}, {kind}: {fault!r}; alive: {ours.is_alive()}") from fault
        seconds = time.monotonic() - begun
        after = measure(ours, other)
        figures |= {"cycles": kinds, "seconds": round(seconds, 1), "before": before, "after": after}
        judge(check, ours, before, after)


def measure(ours, other):
    """What there is once all is over."""
    for process in (ours, other):
        process.settled(15, connections=0, pending=0, dialling=0, leaving=0, links=0, streams=0)
    status = ours.status()
    left = {name: status[name] for name in ("connections", "pending", "dialling", "leaving", "links", "streams")}
    return {
        **left, "files": ours.files(), "memory": ours.memory(), "other_files": other.files(), "other_memory": other.memory(),
        "accepted": status["accepted"]}


def judge(check, ours, before, after):
    check("it lives", ours.is_alive())
    for name in ("connections", "pending", "dialling", "leaving", "links", "streams"):
        check(f"no {name} are left", after[name] == 0, after[name])
    for name in ("files", "other_files"):
        check(f"as many {name} are open as before", after[name] == before[name], (before[name], after[name]))
    for name in ("memory", "other_memory"):
        grown = after[name] - before[name]
        check(f"{name} grew by at most {MEMORY_BYTES >> 20} MiB", grown <= MEMORY_BYTES, grown)


# Ways to come and go


def source(dice):
    return f"127.0.{dice.randrange(1, 255)}.{dice.randrange(1, 255)}"


def broken_off(dice, ours, other, peer):
    """Anywhere in the handshake."""
    wire = Wire(ours.address, bytes.fromhex(PROLOGUE), source(dice), cut=dice.randrange(HANDSHAKE_BYTES))
    try:
        wire.shake_hands()
    except Cut:
        pass
    wire.close(reset=dice.random() < 0.5)


def used(dice, ours, other, peer):
    """Streams in all states, then an end of any kind."""
    wire = Wire(ours.address, bytes.fromhex(PROLOGUE), source(dice)).shake_hands()
    for _ in range(dice.randrange(4)):
        stream = wire.open_stream(dice.choice([ECHO, b"/ipfs/ping/1.0.0", b"/meshsub/1.2.0", b"/nobody/1"]))
        wire.send_yamux(DATA, 0, stream, 5, b"\x04abcd")
        if dice.random() < 0.4:
            wire.send_yamux(DATA, dice.choice([FIN, RST]), stream, 0)
    wire.echo(1)
    if dice.random() < 0.4:
        wire.send_yamux(GO_AWAY, 0, 0, dice.randrange(3))
    if dice.random() < 0.1:
        wire.send_yamux(9, SYN, 77, 0)
    wire.close(reset=dice.random() < 0.5)


def dialled(dice, ours, other, peer):
    """Two nodes of ours; either calls, either leaves."""
    by, to = (ours, other) if dice.random() < 0.5 else (other, ours)
    marks = {by: by.mark, to: to.mark}
    by.order("connect", to=to.address)
    by.need("connected", after=marks[by], peer=to.id)
    to.need("connected", after=marks[to], peer=by.id)
    leaver, left = (by, to) if dice.random() < 0.5 else (to, by)
    leaver.order("disconnect", peer=left.id)
    left.need("closed", after=marks[left], peer=leaver.id)
    leaver.need("closed", after=marks[leaver], peer=left.id)


def foreign(dice, ours, other, peer):
    """py-libp2p calls or is called, and either leaves."""
    peer.need("alone", 20, after=peer.order("alone"))
    mark, peer_mark = ours.mark, peer.mark
    if dice.random() < 0.5:
        ours.order("connect", to=peer.address)
    else:
        peer.order("connect", to=ours.address)
        peer.need("connected", after=peer_mark, peer=ours.id)
    ours.need("connected", after=mark, peer=peer.id)
    if dice.random() < 0.5:
        ours.order("disconnect", peer=peer.id)
    else:
        # Its own end takes longer than ours, and would end the next connection too.
        peer.need("disconnected", 20, after=peer.order("disconnect", peer=ours.id))
    ours.need("closed", 20, after=mark, peer=peer.id)


def nobody(dice, ours, other, peer):
    """A call to a port where nobody listens."""
    mark = ours.order("connect", to="/ip4/127.0.0.1/tcp/1")
    ours.need("dial_failed", after=mark)


WEIGHTS = [("broken off", broken_off, 40), ("used", used, 30), ("dialled", dialled, 20), ("py-libp2p", foreign, 5), ("nobody", nobody, 5)]
WAYS = [(name, way) for name, way, _ in WEIGHTS]
