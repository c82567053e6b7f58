#!/usr/bin/env python3
"""The network's protocol on a plain socket, byte by byte, so that a rig can stop, repeat or spoil it anywhere.

    wire.py ping ADDRESS [--prologue HEX] [--seconds N]    an honest peer: echoes over and over, their microseconds as JSON at the end

Needs the tests' Python (.build/venv): `noise` and `cryptography` come with libp2p.
"""

import argparse
import json
import socket
import struct
import sys
import time

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from noise.connection import Keypair, NoiseConnection

SELECT, NOISE, YAMUX = b"/multistream/1.0.0\n", b"/noise\n", b"/yamux/1.0.0\n"
DATA, WINDOW, PING, GO_AWAY = range(4)
SYN, ACK, FIN, RST = 1, 2, 4, 8
ALPHABET = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
KEY_START = bytes.fromhex("08011220")
# Points of the curve whose multiples are few: whatever a secret is, what it makes of them is 0.
PRIME = 2**255 - 19
LOW_ORDER = [
    number.to_bytes(32, "little")
    for number in (
        0, 1, 325606250916557431795983626356110631294008115727848805560023387167927233504,
        39382357235489614581723060781553021112529911719440698176882885853963445705823, PRIME - 1, PRIME, PRIME + 1)
]
LOW_ORDER += [point[:31] + bytes([point[31] | 0x80]) for point in LOW_ORDER]


class Closed(Exception):
    """The other side ended it."""


class Cut(Exception):
    """So many bytes were sent as were wanted."""


def base58(data):
    number, text = int.from_bytes(data, "big"), ""
    while number:
        number, digit = divmod(number, 58)
        text = ALPHABET[digit] + text
    return "1" * (len(data) - len(data.lstrip(b"\0"))) + text


def peer_id(public):
    return base58(bytes([0, 0x24]) + KEY_START + public)


def host_and_port(address):
    parts = address.split("/")
    return parts[2], int(parts[4])


class Wire:
    """A connection of ours to a node; `cut` is after how many bytes of ours it breaks off."""

    def __init__(self, address, prologue=b"", source=None, cut=None, seconds=10):
        self.prologue, self.cut, self.sent, self.buffer, self.plain = prologue, cut, b"", b"", b""
        self.socket = socket.create_connection(host_and_port(address), seconds, (source, 0) if source else None)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.noise = None
        self.key = Ed25519PrivateKey.generate()
        self.next_stream = 1
        # What a test may spoil: see `shake_hands`.
        self.low_ephemeral = self.low_static = None
        self.bad_signature = False
        self.identity = KEY_START + self.key.public_key().public_bytes_raw()

    def close(self, reset=False):
        if reset:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.socket.close()

    # Bytes

    def send(self, data):
        if self.cut is not None and len(self.sent) + len(data) >= self.cut:
            data = data[:self.cut - len(self.sent)]
            self.socket.sendall(data)
            self.sent += data
            raise Cut
        self.socket.sendall(data)
        self.sent += data

    def receive(self, count):
        while len(self.buffer) < count:
            try:
                piece = self.socket.recv(65_536)
            except (ConnectionError, OSError) as fault:
                if isinstance(fault, TimeoutError):
                    raise
                raise Closed from fault
            if not piece:
                raise Closed
            self.buffer += piece
        data, self.buffer = self.buffer[:count], self.buffer[count:]
        return data

    def ended(self, seconds):
        """Seconds until the other side has ended it; None when it does not in that time."""
        begun = time.monotonic()
        self.socket.settimeout(seconds)
        try:
            while time.monotonic() < begun + seconds:
                if not self.socket.recv(65_536):
                    return time.monotonic() - begun
        except TimeoutError:
            return None
        except OSError:
            return time.monotonic() - begun
        return None

    # Before Noise, and Noise

    def select(self, name, send, receive):
        send(bytes([len(SELECT)]) + SELECT + bytes([len(name)]) + name)
        for wanted in (SELECT, name):
            got = receive(receive(1)[0])
            if got != wanted:
                raise Closed(f"{got} in place of {wanted}")

    def send_frame(self, data):
        self.send(struct.pack(">H", len(data)) + data)

    def receive_frame(self):
        return self.receive(struct.unpack(">H", self.receive(2))[0])

    def open_noise(self):
        static = X25519PrivateKey.generate()
        self.noise = NoiseConnection.from_name(b"Noise_XX_25519_ChaChaPoly_SHA256")
        self.noise.set_keypair_from_private_bytes(Keypair.STATIC, static.private_bytes_raw())
        self.noise.noise_protocol.prologue = self.prologue
        self.noise.set_as_initiator()
        self.noise.start_handshake()
        return static

    def payload(self, static):
        signature = self.key.sign(b"noise-libp2p-static-key:" + static.public_key().public_bytes_raw())
        if self.bad_signature:
            signature = signature[:-1] + bytes([signature[-1] ^ 1])
        return b"\x0a" + bytes([len(self.identity)]) + self.identity + b"\x12" + bytes([len(signature)]) + signature

    def shake_hands(self):
        """The whole way to streams; bytes may be asked for as they come from the other side."""
        self.select(NOISE, self.send, self.receive)
        static = self.open_noise()
        if self.low_ephemeral is not None:
            self.send_frame(self.low_ephemeral)
            self.receive_frame()
        self.send_frame(bytes(self.noise.write_message()))
        self.noise.read_message(self.receive_frame())
        if self.low_static is not None:
            state = self.noise.noise_protocol.handshake_state
            state.s = type("Key", (), {"public_bytes": self.low_static, "private": state.s.private})()
        self.send_frame(bytes(self.noise.write_message(self.payload(static))))
        self.select(YAMUX, self.send_sealed, self.receive_sealed)
        return self

    def send_sealed(self, data):
        for place in range(0, len(data), 65_519):
            self.send_frame(bytes(self.noise.encrypt(data[place:place + 65_519])))

    def receive_sealed(self, count):
        while len(self.plain) < count:
            self.plain += bytes(self.noise.decrypt(self.receive_frame()))
        data, self.plain = self.plain[:count], self.plain[count:]
        return data

    # yamux

    def send_yamux(self, kind, flags, stream, length, data=b"", version=0):
        self.send_sealed(struct.pack(">BBHII", version, kind, flags, stream, length) + data)

    def receive_yamux(self):
        """The next frame; pings of the other side are answered on the way."""
        while True:
            _, kind, flags, stream, length = struct.unpack(">BBHII", self.receive_sealed(12))
            if kind == PING and flags & SYN:
                self.send_yamux(PING, ACK, 0, length)
                continue
            return kind, flags, stream, length, self.receive_sealed(length) if kind == DATA else b""

    def open_stream(self, name):
        """Asks for a stream without waiting for the answer."""
        stream, self.next_stream = self.next_stream, self.next_stream + 2
        words = bytes([len(SELECT)]) + SELECT + bytes([len(name) + 1]) + name + b"\n"
        self.send_yamux(DATA, SYN, stream, len(words), words)
        return stream

    def echo(self, number):
        """Microseconds of an echo of the muxer."""
        begun = time.perf_counter()
        self.send_yamux(PING, SYN, 0, number)
        while True:
            kind, flags, _, length, _ = self.receive_yamux()
            if kind == PING and flags & ACK and length == number:
                return (time.perf_counter() - begun) * 1e6


def ping(options):
    wire = Wire(options.address, bytes.fromhex(options.prologue)).shake_hands()
    begun, samples = time.monotonic(), []
    while time.monotonic() < begun + options.seconds:
        samples.append([round(time.monotonic(), 3), round(wire.echo(len(samples)))])
        time.sleep(0.005)
    print(json.dumps(samples))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=["ping"])
    parser.add_argument("address")
    parser.add_argument("--prologue", default="")
    parser.add_argument("--seconds", type=float, default=5)
    ping(parser.parse_args())


if __name__ == "__main__":
    sys.exit(main())
