"""Our node and py-libp2p, each calling the other."""

import time

from processes import Bench

TOPIC, PRUNED, LEFT = "interop", "pruned", "left"
SIZES = [1, 60_000, 500_000, 1_000_000]
TOPICS = [word for topic in (TOPIC, PRUNED, LEFT) for word in ("--topic", topic)]


def run(options, check, figures):
    with Bench(options) as bench:
        ours = bench.node("listen", *TOPICS, plant=options.plant)
        caller, called = bench.peer(*TOPICS), bench.peer(*TOPICS)
        foreign = bench.peer(*TOPICS, prologue="464f524549474e")
        strangers(check, ours, caller, called, foreign)
        connect(check, figures, ours, caller, called)
        for peer, side in ((caller, "called by it"), (called, "calling it")):
            identify(check, ours, peer, side)
            echoes(check, figures, ours, peer, side)
        gossip(check, figures, ours, caller, called)
        unwanted(check, ours, caller, called)
        pruned_by_them(check, figures, ours, caller)
        pruned_by_us(check, ours, called)
        farewells(check, ours, caller, called)
        end = ours.settled(8, connections=0, links=0, streams=0)
        check("nothing is left", end["connections"] + end["pending"] + end["streams"] + end["leaving"] == 0, end)
        figures["status"] = end


def with_id(address, peer):
    return f"{address.rsplit('/', 1)[0]}/{peer}"


def strangers(check, ours, caller, called, foreign):
    mark = ours.order("connect", to=with_id(caller.address, called.id))
    failed = ours.wait("dial_failed", after=mark)
    check("somebody else's id is refused, calling", failed and "otherPeer" in failed["why"], failed)
    mark = caller.order("connect", to=with_id(ours.address, called.id))
    check("somebody else's id is refused, called", caller.wait("failed", after=mark, what="connect"))
    mark = ours.order("connect", to=foreign.address)
    failed = ours.wait("dial_failed", after=mark)
    check("a foreign network is refused, calling", failed and "forged" in failed["why"], failed)
    mark = ours.mark
    foreign_mark = foreign.order("connect", to=ours.address)
    failed = ours.wait("stranger_failed", after=mark)
    check("a foreign network is refused, called", failed and failed["blame"] == "nobody", failed)
    check("it sees that, too", foreign.wait("failed", 15, after=foreign_mark, what="connect"))
    check("no stranger is connected", ours.wait("connected", 0.5) is None)


def connect(check, figures, ours, caller, called):
    begun = time.monotonic()
    caller.order("connect", to=ours.address)
    line = ours.wait("connected", peer=caller.id)
    check("handshake, called", line and not line["outbound"], line)
    figures["handshake_called_ms"] = round(1e3 * (time.monotonic() - begun), 1)
    begun = time.monotonic()
    ours.order("connect", to=called.address)
    line = ours.wait("connected", peer=called.id)
    check("handshake, calling", line and line["outbound"], line)
    figures["handshake_calling_ms"] = round(1e3 * (time.monotonic() - begun), 1)
    for peer in (caller, called):
        for topic in (TOPIC, PRUNED, LEFT):
            peer.wait("control", where=lambda line, topic=topic: topic in line.get("graft", []))
        time.sleep(1.2)
        mesh = peer.wait("mesh", after=peer.order("mesh"))
        check("gossip is of version 1.2", mesh and mesh["versions"].get(ours.id) == "/meshsub/1.2.0", mesh)
        check("we are in its mesh", mesh and all(ours.id in peers for peers in mesh["topics"].values()), mesh)
    mesh = ours.wait("mesh", after=ours.order("mesh"))
    both = sorted([caller.id, called.id])
    check("both are in our mesh", mesh and mesh["topics"].get(TOPIC) == both, mesh)


def identify(check, ours, peer, side):
    line = peer.wait("identified", after=peer.order("identify", peer=ours.id))
    wanted = {"/ipfs/id/1.0.0", "/ipfs/ping/1.0.0", "/meshsub/1.2.0", "/meshsub/1.1.0", "/spacenode/rig/echo/1"}
    check(f"identify, ours, {side}", line and line["agent"] == "spacenode-rig/1" and wanted <= set(line["protocols"]), line)
    check(f"identify says from where, {side}", line and line["observed"].startswith("/ip4/127.0.0.1/tcp/"), line)
    line = ours.wait("identified", peer=peer.id)
    check(f"identify, its, {side}", line and line["agent"].startswith("py-libp2p/") and "/meshsub/1.2.0" in line["protocols"], line)


def echoes(check, figures, ours, peer, side):
    line = peer.wait("pinged", after=peer.order("ping", peer=ours.id, count=5))
    check(f"ping, its, {side}", line and len(line["ms"]) == 5 and max(line["ms"]) < 1_000, line)
    line = ours.wait("pinged", after=ours.order("ping", peer=peer.id, count=5))
    check(f"ping, ours, {side}", line and len(line["ms"]) == 5 and max(line["ms"]) < 1_000, line)
    # More than a window, so that credit must come back while one half is closed already.
    for who, whom, name in ((peer, ours, "its"), (ours, peer, "ours")):
        line = who.wait("echo", 20, after=who.order("ask_echo", peer=whom.id, count=700_000, seed=7))
        check(f"half close, {name}, {side}", line and line["equal"] and line["count"] == 700_000, line)
        line = who.wait("unknown", 15, after=who.order("open_unknown", peer=whom.id))
        check(f"an unknown protocol is refused, {name}, {side}", line and line["refused"], line)


def gossip(check, figures, ours, caller, called):
    times = {}
    for size in SIZES:
        mark, called_mark = ours.mark, called.mark
        sent = caller.need("published", after=caller.order("publish", topic=TOPIC, count=size, seed=size))
        begun = sent["heard"]
        line = ours.wait("gossip", 20, after=mark, sha256=sent["sha256"])
        check(f"signed gossip of {size} B to us", line and line["count"] == size and line["id"] == sent["id"], line)
        if line:
            times[f"to_us_{size}_ms"] = round(1e3 * (line["heard"] - begun), 1)
        line = called.wait("gossip", 20, after=called_mark, sha256=sent["sha256"])
        check(f"and {size} B through us, its signature whole", line and line["author"] == caller.id and line["signed"], line)
        marks = caller.mark, called.mark
        sent = ours.need("published", after=ours.order("publish", topic=TOPIC, count=size, seed=size + 1))
        for peer, peer_mark in zip((caller, called), marks):
            line = peer.wait("gossip", 20, after=peer_mark, sha256=sent["sha256"])
            check(f"signed gossip of {size} B from us", line and line["author"] == ours.id and line["signed"], line)
            if line:
                times[f"from_us_{size}_ms"] = round(1e3 * (line["heard"] - sent["heard"]), 1)
    figures["gossip"] = times
    check("nobody is graylisted", ours.wait("graylisted", 0.1) is None)


def unwanted(check, ours, caller, called):
    """Of a large message the others of the mesh hear that we need it no more, and we hear the same of them."""
    mark, our_mark = called.mark, ours.mark
    sent = caller.need("published", after=caller.order("publish", topic=TOPIC, count=50_000, seed=99))
    line = called.wait("control", 5, after=mark, where=lambda line: sent["id"] in line.get("idontwant", []))
    check("IDONTWANT of ours is seen", line, called.lines[mark:])
    line = ours.wait("control", 5, after=our_mark, where=lambda line: sent["id"] in line["control"]["idontwant"])
    check("IDONTWANT of theirs is seen", line, ours.lines[our_mark:])


def pruned_by_them(check, figures, ours, peer):
    backoff = 3
    mark = peer.order("prune", peer=ours.id, topic=PRUNED, backoff=backoff)
    begun = peer.need("pruned", after=mark)["heard"]
    time.sleep(0.3)
    mesh = ours.need("mesh", after=ours.order("mesh"))
    check("who pruned us is out of our mesh", peer.id not in mesh["topics"][PRUNED], mesh)
    check("and the other topics are as they were", peer.id in mesh["topics"][TOPIC], mesh)
    line = peer.wait("control", 12, after=mark, where=lambda line: PRUNED in line.get("graft", []))
    waited = line["heard"] - begun if line else None
    check("backoff is respected, then we come back", waited and backoff <= waited <= backoff + 7, waited)
    figures["back_after_s"] = waited and round(waited, 2)


def pruned_by_us(check, ours, peer):
    mark = peer.mark
    ours.order("unsubscribe", topic=LEFT)
    line = peer.wait("control", after=mark, where=lambda line: any(each["topic"] == LEFT for each in line.get("prune", [])))
    backoff = next((each["backoff"] for each in line["prune"] if each["topic"] == LEFT), 0) if line else 0
    check("who leaves prunes, with a backoff", 1 <= backoff <= 60, line)
    ours.order("subscribe", topic=LEFT)
    time.sleep(0.3)
    mark = peer.order("graft", peer=ours.id, topic=LEFT)
    line = peer.wait("control", after=mark, where=lambda line: any(each["topic"] == LEFT for each in line.get("prune", [])))
    check("a graft before its time is refused", line, peer.lines[mark:])
    line = peer.wait("control", 2, after=mark, where=lambda line: LEFT in line.get("graft", []))
    check("nor do we graft before it", line is None, line)


def farewells(check, ours, caller, called):
    mark, our_mark = caller.mark, ours.mark
    ours.order("disconnect", peer=caller.id)
    line = caller.wait("go_away", after=mark)
    check("go-away of ours is seen", line and line["code"] == 0, line)
    line = ours.wait("closed", after=our_mark, peer=caller.id)
    check("and it was our wish", line and line["blame"] == "ours", line)
    mark = ours.mark
    called.order("go_away", peer=ours.id, code=0)
    line = ours.wait("closed", 12, after=mark, peer=called.id)
    check("go-away of theirs is seen", line and "goneAway(0)" in line["why"] and line["blame"] == "nobody", line)
    caller.need("alone", after=caller.order("alone"))
    mark = ours.mark
    caller_mark = caller.order("connect", to=ours.address)
    line = ours.wait("connected", after=mark, peer=caller.id)
    # Its own side is settled a little later than ours.
    check("who left may come again", line and caller.wait("connected", after=caller_mark), line)
    mark = ours.mark
    caller.order("disconnect", peer=ours.id)
    line = ours.wait("closed", after=mark, peer=caller.id)
    check("an end of theirs is nobody's fault", line and line["blame"] == "nobody", line)
