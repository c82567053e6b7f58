"""What a stranger may try before, in and right after the handshake; an honest peer is connected all the while."""

import json
import resource
import socket
import struct
import subprocess
import threading
import time

from processes import HERE, PROLOGUE, Bench
from wire import DATA, LOW_ORDER, PING, SYN, WINDOW, Closed, Cut, Wire, host_and_port

MEMORY_BYTES = 64 << 20
HALF_OPEN = 10_000
SLOW_SECONDS = 6.5
# Storms, and seconds of pings before and in each: one round proves little on a machine that others use too.
ROUNDS, QUIET_SECONDS, STORM_SECONDS = 5, 2, 2.2
NETWORK = bytes.fromhex(PROLOGUE)


def run(options, check, figures):
    with Bench(options) as bench:
        ours = bench.node("listen", "--topic", "abuse", plant=options.plant)
        whole = len(Wire(ours.address, NETWORK).shake_hands().sent)
        ours.settled(5, connections=0)
        calm = ours.memory()
        watch = Watch(ours)
        truncated(check, figures, ours, whole)
        replayed(check, ours)
        weak_points(check, ours)
        forged(check, ours)
        oversize(check, ours)
        bad_frames(check, ours)
        low_listener(check, ours)
        deaf(check, figures, ours)
        slow(check, figures, ours)
        half_open(check, figures, ours, options)
        figures["memory"] = {"before": calm, "most": watch.stop()}
        figures["memory"]["grown_mib"] = round((figures["memory"]["most"] - calm) / (1 << 20), 1)
        grown = figures["memory"]["most"] - calm
        check(f"memory grew by at most {MEMORY_BYTES >> 20} MiB", grown <= MEMORY_BYTES, figures["memory"])
        check("it lives", ours.is_alive())
        end = ours.settled(15, connections=0, pending=0, leaving=0)
        check("nothing is left", end["connections"] + end["pending"] + end["leaving"] + end["streams"] == 0, end)
        figures["status"] = end


class Watch(threading.Thread):
    """The most memory there was."""

    def __init__(self, process):
        super().__init__(daemon=True)
        self.process, self.most, self.is_over = process, 0, threading.Event()
        self.start()

    def run(self):
        while not self.is_over.wait(0.05):
            self.most = max(self.most, self.process.memory())

    def stop(self):
        self.is_over.set()
        self.join()
        return self.most


def no_connection(ours, mark, seconds=0.3):
    return ours.wait("connected", seconds, after=mark) is None


def fault_of(ours, mark, seconds=5):
    """How our node says that a stranger failed, or a connection ended; empty: it does not."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        for event in ("stranger_failed", "closed"):
            line = ours.wait(event, 0.05, after=mark)
            if line:
                return line["why"]
    return ""


def truncated(check, figures, ours, whole):
    """At every byte of what we send until streams may be opened, half of them with a reset."""
    mark = ours.mark
    for cut in range(whole):
        wire = Wire(ours.address, NETWORK, f"127.1.0.{cut % 200 + 1}", cut=cut)
        try:
            wire.shake_hands()
            check(f"the handshake is cut at byte {cut}", False)
        except Cut:
            pass
        wire.close(reset=cut % 2 == 1)
    status = ours.settled(5, pending=0)
    check(f"broken off at each of {whole} bytes, and nothing is left", status["pending"] == 0, status)
    # The last message ends the handshake: from its last byte on the other side may know who we are.
    connected = sum(line["event"] == "connected" for line in ours.lines[mark:])
    check("nobody is connected before the last message", connected <= 32, connected)
    figures["truncated"] = {"bytes": whole, "known_before_the_muxer": connected}


def replayed(check, ours):
    first = Wire(ours.address, NETWORK).shake_hands()
    ours.wait("connected")
    first.close()
    ours.settled(5, connections=0)
    mark = ours.mark
    again = Wire(ours.address, NETWORK)
    again.send(first.sent)
    why = fault_of(ours, mark)
    check("a replayed handshake is refused", "forged" in why and no_connection(ours, mark), why)
    check("and the socket closed", again.ended(3) is not None)


def weak_points(check, ours):
    refused = {"low_ephemeral": 0, "low_static": 0}
    for kind in refused:
        for point in LOW_ORDER:
            mark = ours.mark
            wire = Wire(ours.address, NETWORK, "127.1.1.1")
            setattr(wire, kind, point)
            try:
                wire.shake_hands()
            except (Closed, TimeoutError):
                pass
            refused[kind] += "weakKey" in fault_of(ours, mark) and no_connection(ours, mark, 0.02)
            wire.close()
    for kind, count in refused.items():
        check(f"{len(LOW_ORDER)} points of low order are refused, {kind}", count == len(LOW_ORDER), count)


def forged(check, ours):
    spoiled = {
        "a wrong signature": ("signature", lambda wire: setattr(wire, "bad_signature", True)),
        "a key of another kind": ("identity", lambda wire: setattr(wire, "identity", b"\x08\x02" + wire.identity[2:])),
        "a longer key": ("", lambda wire: setattr(wire, "identity", wire.identity + b"\x18\x01")),
        "another's key": ("signature", lambda wire: setattr(wire, "identity", wire.identity[:4] + bytes(32))),
    }
    for name, (word, spoil) in spoiled.items():
        mark = ours.mark
        wire = Wire(ours.address, NETWORK, "127.1.2.1")
        spoil(wire)
        try:
            wire.shake_hands()
        except (Closed, TimeoutError):
            pass
        why = fault_of(ours, mark)
        check(f"{name} is refused", why != "" and word in why and no_connection(ours, mark, 0.05), why)
        wire.close()


def oversize(check, ours):
    """Lengths that nobody should believe, in each of the forms in which lengths come."""
    select = b"\x13/multistream/1.0.0\n"
    first = {
        "a name of 4 GiB": b"\xff\xff\xff\xff\x0f" + b"a" * 2_000,
        "a length without end": b"\xff" * 64,
        "a name of 2 KiB": b"\x80\x10" + b"a" * 2_048,
        "a name of no bytes": b"\x00",
        "a length that is longer than it need be": b"\x93\x00/multistream/1.0.0\n",
        "noise of no bytes": select + b"\x07/noise\n" + b"\x00\x00",
        "noise of 65,535 bytes": select + b"\x07/noise\n" + b"\xff\xff" + b"a" * 65_535,
        "a thousand names": select + b"\x05/no!\n"[:6] * 1_000,
        "not the protocol": b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n",
    }
    for name, data in first.items():
        mark = ours.mark
        wire = Wire(ours.address, NETWORK, "127.1.3.1")
        try:
            wire.send(data)
        except OSError:
            pass
        ended = wire.ended(SLOW_SECONDS)
        check(f"{name}: the socket is closed", ended is not None)
        check(f"{name}: nobody is connected", no_connection(ours, mark, 0.02))
        wire.close()


def bad_frames(check, ours):
    """After the handshake: frames against the rules of the muxer."""
    gossip = b"/meshsub/1.2.0"
    spoils = {
        "4 GiB in a frame": lambda wire: wire.send_yamux(DATA, SYN, 1, 0xFFFF_FFFF),
        "a stream of our numbers": lambda wire: wire.send_yamux(DATA, SYN, 2, 0),
        "an unknown kind": lambda wire: wire.send_yamux(9, 0, 0, 0),
        "another version": lambda wire: wire.send_yamux(PING, SYN, 0, 0, version=1),
        "bytes of no stream": lambda wire: wire.send_yamux(DATA, 0, 77, 3, b"abc"),
        "more than the window": lambda wire: (wire.open_stream(gossip), wire.send_yamux(DATA, 0, 1, 300_000, bytes(300_000))),
        "an endless window": lambda wire: (wire.open_stream(gossip), endless(wire)),
        "gossip of 1 GiB": lambda wire: (wire.open_stream(gossip), wire.send_yamux(DATA, 0, 1, 5, b"\x80\x80\x80\x80\x04")),
    }
    for name, spoil in spoils.items():
        wire = Wire(ours.address, NETWORK, "127.1.4.1").shake_hands()
        mark = ours.mark
        try:
            spoil(wire)
        except OSError:
            pass
        line = ours.wait("closed", 5, after=mark)
        check(f"{name}: the connection is ended, and it is the peer's fault or our wish", line and line["blame"] != "nobody", line)
        wire.close()
    many_streams(check, ours)


def endless(wire):
    for _ in range(3):
        wire.send_yamux(WINDOW, 0, 1, 0xFFFF_FFFF)


def many_streams(check, ours):
    """More streams than one may have: those beyond are reset, and the connection lives or ends."""
    wire = Wire(ours.address, NETWORK, "127.1.5.1").shake_hands()
    try:
        for _ in range(10_000):
            wire.open_stream(b"/spacenode/rig/echo/1")
    except OSError:
        pass
    time.sleep(0.5)
    status = ours.status()
    check("10,000 streams: no more than 32 are kept", status["streams"] <= 33, status)
    wire.close()
    ours.settled(5, connections=0)


def deaf(check, figures, ours):
    """Asks for echoes without reading one: what waits for it must end the connection before it fills the memory."""
    wire = Wire(ours.address, NETWORK, "127.1.7.1", seconds=5)
    wire.shake_hands()
    mark, asked = ours.mark, struct.pack(">BBHII", 0, PING, SYN, 0, 1) * 5_000
    try:
        for _ in range(1_000):
            wire.send_sealed(asked)
    except OSError:
        pass
    line = ours.wait("closed", 5, after=mark)
    check("who does not read is left", line, ours.status())
    figures["deaf"] = {"bytes": len(wire.sent), "why": line and line["why"]}
    wire.close(reset=True)


def low_listener(check, ours):
    """Called by us: answers that spoil the handshake."""
    select = b"\x13/multistream/1.0.0\n\x07/noise\n"
    answers = {
        "a point of low order": (select + struct.pack(">H", 176) + bytes(176), "weakKey"),
        "noise of no bytes": (select + b"\x00\x00", ""),
        "bytes by chance": (b"\x13/multistream/1.0.0\n\x03na\n", ""),
        "nothing at all": (b"", "lateHandshake"),
    }
    for name, (data, word) in answers.items():
        with socket.create_server(("127.0.0.1", 0)) as listener:
            mark = ours.order("connect", to=f"/ip4/127.0.0.1/tcp/{listener.getsockname()[1]}")
            listener.settimeout(5)
            accepted, _ = listener.accept()
            accepted.sendall(data)
            line = ours.wait("dial_failed", SLOW_SECONDS, after=mark)
            check(f"a listener that answers with {name} is not believed", line and word in line["why"], line)
            accepted.close()


def slow(check, figures, ours):
    """A byte now and then: the deadline is of the whole handshake, not of a byte."""
    wires = [Wire(ours.address, NETWORK, f"127.1.6.{place % 12 + 1}") for place in range(60)]
    data, times, begun = b"\x13/multistream/1.0.0\n\x07/noise\n", {}, time.monotonic()
    for wire in wires:
        wire.socket.setblocking(False)
    step = 0
    while len(times) < len(wires) and time.monotonic() < begun + SLOW_SECONDS + 1:
        for place, wire in enumerate(wires):
            if place in times:
                continue
            try:
                wire.socket.send(data[step % len(data):step % len(data) + 1])
                if wire.socket.recv(4_096) == b"":
                    times[place] = time.monotonic() - begun
            except BlockingIOError:
                pass
            except OSError:
                times[place] = time.monotonic() - begun
        step += 1
        time.sleep(0.25)
    for wire in wires:
        wire.close()
    longest = max(times.values(), default=0)
    check("60 slow ones are closed in time", len(times) == len(wires) and longest <= SLOW_SECONDS, (len(times), longest))
    figures["slow"] = {"closed": len(times), "longest_s": round(longest, 2)}


def half_open(check, figures, ours, options):
    """Sockets that are opened and say nothing, from many addresses and from one."""
    wanted = HALF_OPEN + 2_000
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(max(soft, wanted), hard), hard))
    count = min(HALF_OPEN, resource.getrlimit(resource.RLIMIT_NOFILE)[0] - 2_000)
    check("the rig itself may open them", count == HALF_OPEN, count)
    seconds = ROUNDS * (QUIET_SECONDS + STORM_SECONDS) + STORM_SECONDS + 6
    honest = subprocess.Popen(
        [str(options.python), str(HERE / "wire.py"), "ping", ours.address, "--prologue", PROLOGUE, "--seconds", str(seconds)],
        stdout=subprocess.PIPE, text=True)
    ours.need("connected", after=ours.mark)
    spans, storms, held, newcomers = [], [], [], []
    processor = ours.processor()
    for _ in range(ROUNDS):
        spans.append(("quiet", *span(lambda: time.sleep(QUIET_SECONDS))))
        spans.append(("storm", *span(lambda: storms.append(Storm(host_and_port(ours.address), count // ROUNDS, STORM_SECONDS)))))
        held.append(ours.status()["pending"])
        newcomers.append(comes_in(ours))
    processor = ours.processor() - processor
    # The same work for the machine, at a door of the rig's own.
    decoy = Decoy()
    spans.append(("elsewhere", *span(lambda: Storm(("127.0.0.1", decoy.port), count // ROUNDS, STORM_SECONDS).close())))
    decoy.close()
    samples = json.loads(honest.communicate(timeout=60)[0])
    status, made = ours.status(), sum(storm.made for storm in storms)
    for storm in storms:
        storm.close()
    pings = {name: [p99([each for when, each in samples if begun <= when < end]) for kind, begun, end in spans if kind == name]
             for name in ("quiet", "storm", "elsewhere")}
    ratios = [round(storm / quiet, 2) for quiet, storm in zip(pings["quiet"], pings["storm"])]
    figures["half_open"] = {
        "sockets": made, "held": max(held), "refused": status["refused"], "displaced": status["displaced"], "newcomers_s": newcomers,
        "processor_s": round(processor, 2), "pings": len(samples), "p99_us": pings, "ratios": ratios, "ratio": sorted(ratios)[ROUNDS // 2]}
    check(f"{count} were opened", made == count, made)
    check("64 are held at most", max(held) <= 64, held)
    check("an honest newcomer comes in meanwhile", None not in newcomers, newcomers)
    check("honest pings are at most twice as slow", sorted(ratios)[ROUNDS // 2] <= 2, figures["half_open"])


def span(work):
    """When it began and when it ended."""
    begun = time.monotonic()
    work()
    return begun, time.monotonic()


def p99(samples):
    return sorted(samples)[int(len(samples) * 0.99)] if samples else 1


def comes_in(ours):
    """Seconds until an honest stranger is known, who tries again when it is sent away."""
    begun = time.monotonic()
    while time.monotonic() < begun + 10:
        try:
            wire = Wire(ours.address, NETWORK, "127.2.0.1", seconds=3).shake_hands()
            wire.close()
            return round(time.monotonic() - begun, 2)
        except (Closed, OSError):
            time.sleep(0.1)
    return None


class Decoy:
    """A door that takes and closes, as ours does with those who are too many."""

    def __init__(self):
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=512)
        self.port, self.held, self.is_over = self.listener.getsockname()[1], [], False
        self.thread = threading.Thread(target=self.run, daemon=True)
        self.thread.start()

    def run(self):
        self.listener.settimeout(0.2)
        while not self.is_over:
            try:
                accepted, _ = self.listener.accept()
            except TimeoutError:
                continue
            accepted.close()

    def close(self):
        self.is_over = True
        self.thread.join()
        self.listener.close()


class Storm:
    """So many sockets over so many seconds, a quarter of them from one address; they stay open on this side."""

    def __init__(self, address, count, seconds):
        self.sockets, self.made = [], 0
        begun = time.monotonic()
        for place in range(count):
            time.sleep(max(0, begun + seconds * place / count - time.monotonic()))
            self.open(address, place)
        self.made = sum(each.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR) in (0, 104) for each in self.sockets)

    def open(self, address, place):
        each = socket.socket()
        each.setblocking(False)
        host = "127.9.9.9" if place % 4 == 0 else f"127.10.{place // 250 % 250}.{place % 250 + 1}"
        each.bind((host, 0))
        try:
            each.connect(address)
        except BlockingIOError:
            pass
        self.sockets.append(each)

    def close(self):
        for each in self.sockets:
            each.close()
        self.sockets = []
