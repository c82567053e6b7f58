#!/usr/bin/env python3
"""A peer of another make: py-libp2p 0.8.1, told what to do by lines of JSON on standard input.

    peer.py [--prologue HEX] [--seed N] [--topic NAME ...] [--backoff SECONDS]

It listens on a port of its own and prints a line of JSON for all that happens. An order is {"do": NAME, ...}; what can be done stands in
ORDERS. Runs in the tests' Python (.build/venv), which has libp2p==0.8.1.

What its defaults would do to a rig, and is changed here: no prologue can be set but in the pattern of the handshake; ten messages a second
of a topic and peer are taken and the rest silently dropped; a mesh must span three addresses; the heartbeat is 120 s. Messages always have
a sender and a count, so both sides sign.
"""

import argparse
import hashlib
import json
import struct
import sys
import time

import multiaddr
import trio
from libp2p import new_host
from libp2p.crypto.ed25519 import create_new_key_pair
from libp2p.crypto.x25519 import create_new_key_pair as create_x25519
from libp2p.custom_types import TProtocol
from libp2p.host.ping import PingService
from libp2p.identity.identify.identify import ID as IDENTIFY
from libp2p.identity.identify.identify import parse_identify_response
from libp2p.peer.id import ID
from libp2p.peer.peerinfo import info_from_p2p_addr
from libp2p.pubsub.gossipsub import GossipSub
from libp2p.pubsub.pb import rpc_pb2
from libp2p.pubsub.pubsub import Pubsub
from libp2p.security.noise.patterns import PatternXX
from libp2p.security.noise.transport import PROTOCOL_ID as NOISE
from libp2p.security.noise.transport import Transport as Noise
from libp2p.stream_muxer.yamux import yamux
from libp2p.tools.anyio_service import background_trio_service

ECHO = TProtocol("/spacenode/rig/echo/1")
HEADER_BYTES, GO_AWAY = 12, 3


def say(event, **facts):
    print(json.dumps({"event": event, "at": round(time.monotonic(), 4), **facts}), flush=True)


def message_id(message):
    """As all of the network make it: of topic and data alone."""
    return hashlib.sha256("".join(message.topicIDs).encode() + message.data).digest()[:20]


def payload(count, seed):
    """So many bytes that are the same for the same seed, on both sides of the rig: SHA-256 of seed and place."""
    blocks = (hashlib.sha256(struct.pack("<QQ", seed, place)).digest() for place in range(count // 32 + 1))
    return b"".join(blocks)[:count]


class NetworkNoise(Noise):
    """Noise with the network's prologue."""

    prologue = b""

    def get_pattern(self):
        return PatternXX(self.local_peer, self.libp2p_privkey, self.noise_privkey, self.early_data, self.prologue)


class HeardGossip(GossipSub):
    """Says what control messages come."""

    async def handle_rpc(self, rpc, sender_peer_id):
        control = rpc.control
        facts = {
            "graft": [graft.topicID for graft in control.graft],
            "prune": [{"topic": prune.topicID, "backoff": prune.backoff, "peers": len(prune.peers)} for prune in control.prune],
            "idontwant": [each.hex() for one in control.idontwant for each in one.messageIDs],
            "ihave": [each.hex() if isinstance(each, bytes) else each for one in control.ihave for each in one.messageIDs],
            "iwant": [each.hex() if isinstance(each, bytes) else each for one in control.iwant for each in one.messageIDs],
        }
        if any(facts.values()):
            say("control", peer=str(sender_peer_id), **{name: value for name, value in facts.items() if value})
        await super().handle_rpc(rpc, sender_peer_id)


def hear_go_away():
    """The muxer only logs it."""
    read = yamux.read_exactly

    async def reading(source, count):
        data = await read(source, count)
        if count == HEADER_BYTES and data[1] == GO_AWAY:
            say("go_away", code=int.from_bytes(data[8:12], "big"))
        return data

    yamux.read_exactly = reading


class Peer:
    def __init__(self, options):
        self.options = options
        seed = options.seed.to_bytes(32, "big") if options.seed else None
        keys = create_new_key_pair(seed)
        noise = NetworkNoise(keys, noise_privkey=create_x25519().private_key)
        noise.prologue = bytes.fromhex(options.prologue)
        self.address = multiaddr.Multiaddr("/ip4/127.0.0.1/tcp/0")
        self.host = new_host(key_pair=keys, sec_opt={NOISE: noise}, muxer_preference="YAMUX", listen_addrs=[self.address])
        self.router = HeardGossip(
            protocols=[TProtocol("/meshsub/1.2.0"), TProtocol("/meshsub/1.1.0")], degree=6, degree_low=4, degree_high=12,
            heartbeat_initial_delay=0.1, heartbeat_interval=1, prune_back_off=options.backoff,
            max_messages_per_topic_per_second=1000.0, eclipse_protection_enabled=False, adaptive_gossip_enabled=False,
            max_idontwant_messages=1000)
        # StrictSign: a message without a valid signature is not even passed on.
        self.pubsub = Pubsub(self.host, self.router, strict_signing=True, msg_id_constructor=message_id)
        self.host.set_stream_handler(ECHO, self.echo)
        self.heard = {}

    async def echo(self, stream):
        """Everything back once the other side has finished: its half of the stream is closed then, ours is not."""
        try:
            data = await read_all(stream)
            await stream.write(data)
            await stream.close()
            say("echoed", count=len(data))
        except Exception as fault:
            say("echo_failed", why=repr(fault))

    async def run(self):
        async with self.host.run(listen_addrs=[self.address]), background_trio_service(self.pubsub), background_trio_service(self.router):
            await self.pubsub.wait_until_ready()
            async with trio.open_nursery() as nursery:
                for topic in self.options.topic:
                    await self.subscribe(nursery, topic)
                say("listening", peer=str(self.host.get_id()), address=str(self.host.get_addrs()[0]))
                await self.obey(nursery)
                nursery.cancel_scope.cancel()

    async def obey(self, nursery):
        lines = trio.lowlevel.FdStream(0)
        rest = b""
        while piece := await lines.receive_some(65_536):
            *orders, rest = (rest + piece).split(b"\n")
            for order in filter(None, orders):
                words = json.loads(order)
                if words["do"] == "quit":
                    return
                nursery.start_soon(self.carry_out, nursery, words)

    async def carry_out(self, nursery, words):
        name = words.pop("do")
        try:
            with trio.fail_after(words.pop("seconds", 20)):
                await ORDERS[name](self, nursery, **words)
        except BaseException as fault:
            if isinstance(fault, trio.Cancelled):
                raise
            say("failed", what=name, why=f"{fault!r} {getattr(fault, '__cause__', None)!r}")

    async def listen_to(self, subscription, topic):
        while True:
            message = await subscription.get()
            say("gossip", topic=topic, count=len(message.data), sha256=hashlib.sha256(message.data).hexdigest(),
                author=str(ID(message.from_id)), signed=bool(message.signature))

    # Orders

    async def subscribe(self, nursery, topic):
        nursery.start_soon(self.listen_to, await self.pubsub.subscribe(topic), topic)
        say("subscribed", topic=topic)

    async def unsubscribe(self, nursery, topic):
        await self.pubsub.unsubscribe(topic)
        say("unsubscribed", topic=topic)

    async def connect(self, nursery, to):
        begun = time.monotonic()
        info = info_from_p2p_addr(multiaddr.Multiaddr(to))
        await self.host.connect(info)
        say("connected", peer=str(info.peer_id), ms=round(1e3 * (time.monotonic() - begun), 1))

    async def disconnect(self, nursery, peer):
        # A connection that the other side made is known here a little later than there.
        while ID.from_string(peer) not in self.host.get_connected_peers():
            await trio.sleep(0.02)
        await self.host.disconnect(ID.from_string(peer))
        say("disconnected", peer=peer)

    async def identify(self, nursery, peer):
        stream = await self.host.new_stream(ID.from_string(peer), [IDENTIFY])
        found = parse_identify_response(await read_all(stream))
        observed = str(multiaddr.Multiaddr(found.observed_addr)) if found.observed_addr else ""
        say("identified", agent=found.agent_version, version=found.protocol_version, protocols=sorted(found.protocols),
            listen=[str(multiaddr.Multiaddr(each)) for each in found.listen_addrs], observed=observed,
            key=found.public_key.hex())

    async def ping(self, nursery, peer, count=5):
        times = await PingService(self.host).ping(ID.from_string(peer), ping_amt=count)
        say("pinged", ms=times)

    async def ask_echo(self, nursery, peer, count, seed=0):
        """Sends all, closes its half, and reads what comes back after that."""
        stream = await self.host.new_stream(ID.from_string(peer), [ECHO])
        data = payload(count, seed)
        await stream.write(data)
        await stream.close()
        back = await read_all(stream)
        say("echo", count=len(back), equal=back == data)

    async def open_unknown(self, nursery, peer):
        try:
            await self.host.new_stream(ID.from_string(peer), [TProtocol("/spacenode/rig/nobody/1")])
            say("unknown", refused=False)
        except Exception as fault:
            say("unknown", refused=True, why=repr(fault))

    async def publish(self, nursery, topic, count, seed=0):
        data = payload(count, seed)
        await self.pubsub.publish(topic, data)
        say("published", topic=topic, count=count, sha256=hashlib.sha256(data).hexdigest(),
            id=hashlib.sha256(topic.encode() + data).digest()[:20].hex())

    async def mesh(self, nursery):
        say("mesh", topics={topic: sorted(map(str, peers)) for topic, peers in self.router.mesh.items()},
            versions={str(peer): str(name) for peer, name in self.router.peer_protocol.items()})

    async def prune(self, nursery, peer, topic, backoff):
        """Takes a peer out of the mesh, as a router would: with a time in which it must not come back."""
        other, control = ID.from_string(peer), rpc_pb2.ControlMessage()
        control.prune.add(topicID=topic, backoff=backoff)
        self.router.mesh.get(topic, set()).discard(other)
        # Longer than the other's, so that a graft after this time is the other's doing.
        self.router._add_back_off(other, topic, False, backoff + 60)
        await self.router.emit_control_message(control, other)
        say("pruned", topic=topic, peer=peer, backoff=backoff)

    async def graft(self, nursery, peer, topic):
        """Asks to be in the mesh, whatever was agreed."""
        control = rpc_pb2.ControlMessage()
        control.graft.add(topicID=topic)
        await self.router.emit_control_message(control, ID.from_string(peer))
        say("grafted", topic=topic, peer=peer)

    async def go_away(self, nursery, peer, code):
        for connection in self.connections(peer):
            header = struct.pack(yamux.YAMUX_HEADER_FORMAT, 0, GO_AWAY, 0, 0, code)
            await connection._write_frame(header)
        say("left", code=code)

    async def alone(self, nursery):
        """Waits until it knows itself that nobody is connected: a call to somebody who just left is else no call."""
        while self.host.get_connected_peers():
            await trio.sleep(0.02)
        say("alone")

    def connections(self, peer):
        found = self.host.get_network().connections.get(ID.from_string(peer), [])
        return [each.muxed_conn for each in (found if isinstance(found, list) else [found])]


async def read_all(stream):
    data = b""
    while True:
        try:
            piece = await stream.read(65_536)
        except Exception as fault:
            if "EOF" in type(fault).__name__:
                return data
            raise
        if not piece:
            return data
        data += piece


ORDERS = {
    name: getattr(Peer, name)
    for name in (
        "subscribe", "unsubscribe", "connect", "disconnect", "identify", "ping", "ask_echo", "open_unknown", "publish", "mesh", "prune",
        "graft", "go_away", "alone")
}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--prologue", default="", help="the network's, in base 16")
    parser.add_argument("--seed", type=int, default=0, help="of the key; 0: a new one")
    parser.add_argument("--topic", action="append", default=[])
    parser.add_argument("--backoff", type=int, default=60)
    hear_go_away()
    trio.run(Peer(parser.parse_args()).run)


if __name__ == "__main__":
    sys.exit(main())
