"""A plugin's session with the router, as docs/protocol/bus.md describes it.

One thread owns the sockets (`Plugin.run`). Handlers run in a pool of threads; what they send goes through `_outbox`, and
who waits for credit or for an answer waits on `_changed`.
"""

import collections
import concurrent.futures
import os
import pathlib
import signal
import sys
import threading
import time

import zmq

from .contracts import Contracts

CONTROL, DATA = 0, 1
REQUEST, REPLY, ERROR, EVENT, STREAM_OPEN, STREAM_ITEM, STREAM_END, CTL = range(1, 9)
(HELLO, WELCOME, REJECT, ATTACH, ATTACHED, PING, PONG, CREDIT, CANCEL, DRAIN, STATE, SUBSCRIBE, SUBSCRIBED,
 UNSUBSCRIBE, GAP, RESYNC, NOTICE, STREAM_CREDIT, GOODBYE) = range(1, 20)
READY, DEGRADED, DRAINING = 2, 3, 4
OK, EXPIRED, ROUTER_LOST, UNKNOWN_TYPE, UNKNOWN_SESSION, CANCELLED, LOST, FAILED = 1, 5, 7, 13, 14, 12, 18, 24
CLASSES = (2, 3, 4)
WINDOWS = {2: (524288, 256), 3: (8388608, 1024), 4: (8388608, 64)}
OVERHEAD = 160  # header and field prefixes of a frame at most
ITEM_WINDOW = 16
SYSTEM = "spacenode.system.v1.System"


class BusError(Exception):
    """Why a call, stream or session did not end as wished; `status` is a spacenode.bus.v1.Status."""

    def __init__(self, status, text, retry_after_ms=0):
        super().__init__(f"status {status}: {text}")
        self.status, self.text, self.retry_after_ms = status, text, retry_after_ms


class Context:
    """What a handler knows of the request it answers."""

    def __init__(self, source, role, request_id):
        self.source, self.role, self.id = source, role, request_id
        self.cancelled = threading.Event()


class _Credit:
    """Credit of one class, as totals since the session began."""

    def __init__(self, sending, receiving):
        self.allowed_bytes, self.allowed_messages = sending
        self.window = receiving
        self.granted = list(receiving)
        self.sent_bytes = self.sent_messages = self.done_bytes = self.done_messages = 0

    def can_send(self, count):
        return self.sent_messages < self.allowed_messages and self.sent_bytes + count <= self.allowed_bytes


class _Stream:
    """One end of a stream."""

    def __init__(self, opener, number, method, is_opener, ttl_ms):
        self.opener, self.number, self.method, self.is_opener = opener, number, method, is_opener
        # A little over the silence that the router allows, whose word comes first.
        self.silence = (ttl_ms or method["ttl_ms"]) / 1000 + 2
        self.moved = time.monotonic()
        self.items = collections.deque()
        self.received = self.consumed = self.allowed = 0
        self.out_allowed = self.out_sent = 0
        self.input_ended = self.ended = False
        self.ends_after = self.error = self.reply = None


class Plugin:
    """A plugin: register handlers with `serve`, then `run`."""

    def __init__(self, name, role, bus, provides=(), requires=(), token=None, key=None, server_key=None, build="py 0.1.0",
                 windows=None):
        self.contracts = Contracts()
        self.name, self.role, self.bus, self.build = name, self.contracts.roles[role], bus, build
        self.role_name = role
        self.provides, self.requires = list(provides) + [SYSTEM], list(requires)
        self.token, self.key, self.server_key = token, key, server_key
        self.windows = dict(WINDOWS, **(windows or {}))
        self.handlers = {}
        self._lock = threading.RLock()
        self._changed = threading.Condition(self._lock)
        self._pool = concurrent.futures.ThreadPoolExecutor(max_workers=64)
        self._envelope = self.message("spacenode.bus.v1.Envelope")
        self._wake_name = f"inproc://wake-{id(self)}"
        self._thread = None
        self._stop = False
        self._drain_until = None
        self._error = None
        self._subscriptions = {}
        self._reset()
        self.serve(f"{SYSTEM}/Describe")(self._describe)

    def message(self, name):
        """The class of a protobuf message, by full name."""
        return self.contracts.message(name)

    def _control(self, name):
        return self.message("spacenode.bus.v1." + name)

    def _reset(self):
        """State of one session."""
        self.state = "connecting"
        self.instance = self.epoch = 0
        self._welcome = None
        self._credit = {}
        self._next_id = 0
        self._calls, self._streams, self._inbound = {}, {}, {}
        self._seqs = {}
        self._outbox = collections.deque()
        self._hello_at = 0.0

    # --- Serving ---

    def serve(self, method):
        """Decorator: handler(request, context) → reply for calls; handler(request, send, context) for downloads;
        handler(items, context) → reply for uploads."""
        info = self.contracts.methods[method]

        def register(handler):
            self.handlers[info["type"]] = (info, handler)
            return handler

        return register

    def _describe(self, request, context):
        reply = self.message("spacenode.system.v1.DescribeReply")(name=self.name, role=self.role_name, version=self.build)
        for entry in self.contracts.describe(self.provides, True) + self.contracts.describe(self.requires, False):
            reply.methods.add(**entry)
        reply.file_descriptor_set = self.contracts.files.SerializeToString()
        return reply

    # --- Calling, publishing, streams (from any thread but the bus thread) ---

    def call(self, method, request, dest=0, ttl_ms=None, cause=None):
        """Sends a request and returns the reply; raises BusError. Exactly one outcome a call."""
        info = self.contracts.methods[method]
        ttl = ttl_ms or info["ttl_ms"]
        deadline = time.monotonic() + ttl / 1000
        with self._lock:
            self._admit(info, len(request.SerializeToString()), deadline)
            number = self._new_id()
            call = {"done": False, "value": None}
            self._calls[number] = call
            self._send(DATA, REQUEST, info, request, id=number, dest=dest, ttl_ms=ttl, cause=cause)
            while not call["done"]:
                if not self._changed.wait(max(0.0, deadline - time.monotonic())) and not call["done"]:
                    self._calls.pop(number, None)
                    self._send_control(CANCEL, self._control("Cancel")(source=self.instance, id=number))
                    raise BusError(EXPIRED, f"{method}: no answer within {ttl} ms; whether it was carried out is unknown")
        if isinstance(call["value"], BusError):
            raise call["value"]
        return self.message(info["output"]).FromString(call["value"])

    def publish(self, method, event, key=b"", cause=None):
        """Publishes an event; waits for credit. Returns its number."""
        info = self.contracts.methods[method]
        with self._lock:
            self._admit(info, len(event.SerializeToString()) + len(key), time.monotonic() + info["ttl_ms"] / 1000)
            seq = self._seqs[info["type"], key] = self._seqs.get((info["type"], key), 0) + 1
            self._send(DATA, EVENT, info, event, seq=seq, topic_key=key, cause=cause)
            return seq

    def subscribe(self, method, handler, key=b""):
        """Calls handler(event, header), handler(None, gap) or handler(None, resync) in the bus thread, in order."""
        info = self.contracts.methods[method]
        with self._lock:
            self._subscriptions[info["type"], key] = (info, handler)
            if self.state == "established":
                self._subscribe(info["type"], key)

    def open(self, method, request=None, dest=0, ttl_ms=None, cause=None):
        """Opens a stream: read it with `items`, or write it with `send_item` and `finish`."""
        info = self.contracts.methods[method]
        with self._lock:
            self._admit(info, 0 if request is None else len(request.SerializeToString()), time.monotonic() + 5)
            number = self._new_id()
            stream = _Stream(self.instance, number, info, True, ttl_ms)
            stream.allowed = ITEM_WINDOW if info["pattern"] == "downStream" else 0
            self._streams[self.instance, number] = stream
            self._send(DATA, STREAM_OPEN, info, request, id=number, dest=dest, seq=stream.allowed,
                       ttl_ms=ttl_ms or info["ttl_ms"], cause=cause)
            return stream

    def items(self, stream):
        """The items of a stream, one after the other."""
        cls = self.message(stream.method["output" if stream.method["pattern"] == "downStream" else "input"])
        while True:
            with self._lock:
                if stream.allowed == 0:
                    self._allow(stream)
                while not stream.items and not stream.ended and not stream.input_ended:
                    self._changed.wait()
                if not stream.items:
                    if stream.error:
                        raise stream.error
                    return
                payload, count = stream.items.popleft()
                stream.consumed += 1
                self._processed(stream.method["class_number"], count)
                self._allow(stream)
            yield cls.FromString(payload)

    def send_item(self, stream, item):
        """Sends one item, after waiting for room and credit."""
        with self._lock:
            while stream.out_sent >= stream.out_allowed and not stream.ended:
                self._changed.wait()
            self._check_open(stream)
            self._admit(stream.method, len(item.SerializeToString()), time.monotonic() + 60)
            self._check_open(stream)
            stream.out_sent += 1
            stream.moved = time.monotonic()
            self._send(DATA, STREAM_ITEM, stream.method, item, dest=0 if stream.is_opener else stream.opener,
                       reply_to=stream.number, seq=stream.out_sent)

    def finish(self, stream):
        """Ends an upload and returns the provider's reply."""
        with self._lock:
            self._check_open(stream)
            self._admit(stream.method, 0, time.monotonic() + 5)
            self._send(DATA, STREAM_END, stream.method, None, reply_to=stream.number, seq=stream.out_sent, status=OK)
            while not stream.ended:
                self._changed.wait()
        if stream.error:
            raise stream.error
        return self.message(stream.method["output"]).FromString(stream.reply)

    def _check_open(self, stream):
        if stream.ended:
            raise stream.error or BusError(LOST, "the stream is over")

    def _new_id(self):
        self._next_id += 1
        return self._next_id

    # --- Sending ---

    def _admit(self, info, payload, deadline):
        """Waits for a session and for credit of one frame."""
        count = payload + OVERHEAD
        if count > info["max_bytes"]:
            raise BusError(9, f'{info["full_name"]}: {payload} bytes, {info["max_bytes"]} are allowed: use a stream')
        while True:
            if self._stop:
                raise self._error or BusError(CANCELLED, "this plugin has stopped")
            credit = self._credit.get(info["class_number"])
            if self.state in ("established", "draining") and self._has_credit(credit, count):
                return
            left = deadline - time.monotonic()
            if left <= 0:
                raise BusError(ROUTER_LOST if credit is None else EXPIRED,
                               f'{info["full_name"]}: no session or credit within the deadline; it was not sent')
            self._changed.wait(left)

    def _has_credit(self, credit, count):
        return credit is not None and credit.can_send(count)

    def _send(self, lane, kind, info, payload, cause=None, **fields):
        """Queues a data frame for the bus thread and counts its credit."""
        envelope = self._envelope()
        header = envelope.header
        header.wire, header.kind, header.type = 1, kind, info["type"]
        header.source, header.epoch, header.role = self.instance, self.epoch, self.role
        header.traffic_class, header.schema = info["class_number"], info["schema"]
        if cause is not None:
            header.cause_source, header.cause_id = cause.source, cause.id
        for name, value in fields.items():
            setattr(header, name, value)
        if payload is not None:
            envelope.payload = payload.SerializeToString()
        frame = envelope.SerializeToString()
        credit = self._credit[info["class_number"]]
        credit.sent_bytes += len(frame)
        credit.sent_messages += 1
        self._queue(lane, frame)

    def _send_control(self, number, message, lane=CONTROL):
        envelope = self._envelope(payload=message.SerializeToString())
        header = envelope.header
        header.wire, header.kind, header.type = 1, CTL, 1 << 16 | number
        header.source, header.epoch, header.role = self.instance, self.epoch, self.role
        self._queue(lane, envelope.SerializeToString())

    def _queue(self, lane, frame):
        self._outbox.append((lane, frame))
        if threading.get_ident() != self._thread:
            self._wake()

    def _wake(self):
        with open(self._wake_write, "wb", buffering=0, closefd=False) as pipe:
            pipe.write(b"x")

    def _flush(self):
        with self._lock:
            while self._outbox:
                lane, frame = self._outbox[0]
                try:
                    (self._control_socket, self._data_socket)[lane].send(frame, zmq.DONTWAIT)
                except zmq.Again:
                    return
                self._outbox.popleft()

    def _processed(self, cls, count):
        """A received frame is done with: grant anew when half a window was used."""
        credit = self._credit.get(cls)
        if credit is None or count == 0:
            return
        credit.done_bytes += count
        credit.done_messages += 1
        size, messages = credit.window
        if credit.granted[1] - credit.done_messages <= messages // 2 or credit.granted[0] - credit.done_bytes <= size // 2:
            credit.granted = [credit.done_bytes + size, credit.done_messages + messages]
            self._send_control(CREDIT, self._control("Credit")(
                traffic_class=cls, bytes=credit.granted[0], messages=credit.granted[1]))

    def _allow(self, stream):
        """Lets the sender of a stream go on when half of what it may send was taken."""
        if stream.ended or stream.input_ended or stream.allowed - stream.consumed > ITEM_WINDOW // 2:
            return
        stream.allowed = stream.consumed + ITEM_WINDOW
        stream.moved = time.monotonic()
        self._send_control(STREAM_CREDIT, self._control("StreamCredit")(
            opener=stream.opener, id=stream.number, items=stream.allowed))

    # --- The bus thread ---

    def run(self):
        """Keeps the session until SIGTERM, SIGINT, DRAIN or a refusal. Raises BusError after a refusal."""
        self._thread = threading.get_ident()
        if threading.current_thread() is threading.main_thread():
            for number in (signal.SIGTERM, signal.SIGINT):
                signal.signal(number, lambda *_: self.drain())
            # Whoever started us may have blocked them.
            signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGTERM, signal.SIGINT})
        self._wake_read, self._wake_write = os.pipe()
        os.set_blocking(self._wake_read, False)
        os.set_blocking(self._wake_write, False)
        self._context = zmq.Context()
        self._open_sockets()
        threading.Thread(target=self._beats, daemon=True).start()
        try:
            while not self._stop:
                self._step()
            self._flush()
        finally:
            self._control_socket.disable_monitor()
            self._monitor.close(linger=0)
            for socket in (self._control_socket, self._data_socket):
                socket.close(linger=300)
            self._pool.shutdown(wait=False, cancel_futures=True)
            self._context.destroy(linger=300)
        if self._error:
            raise self._error

    def _open_sockets(self):
        if self.bus.startswith("ipc:"):
            folder = self.bus[4:].removeprefix("//")
            ends = f"ipc://{folder}/control.sock", f"ipc://{folder}/data.sock"
            self._token_file = pathlib.Path(folder) / "tokens" / self.role_name
        else:
            host, port = self.bus.removeprefix("tcp://").rsplit(":", 1)
            ends = f"tcp://{host}:{port}", f"tcp://{host}:{int(port) + 1}"
            self._token_file = None
        sockets = []
        for end in ends:
            socket = self._context.socket(zmq.DEALER)
            for option, value in ((zmq.IMMEDIATE, 1), (zmq.LINGER, 0), (zmq.RECONNECT_IVL, 100),
                                  (zmq.RECONNECT_IVL_MAX, 1000), (zmq.HANDSHAKE_IVL, 5000), (zmq.MAXMSGSIZE, 4259840),
                                  (zmq.SNDHWM, 8192), (zmq.RCVHWM, 8192)):
                socket.setsockopt(option, value)
            if self._token_file is None:
                secret = self.key.encode()
                socket.curve_serverkey = self.server_key.encode()
                socket.curve_publickey, socket.curve_secretkey = zmq.curve_public(secret), secret
            if not sockets:
                self._monitor = socket.get_monitor_socket(zmq.EVENT_HANDSHAKE_SUCCEEDED | zmq.EVENT_DISCONNECTED)
            socket.connect(end)
            sockets.append(socket)
        self._control_socket, self._data_socket = sockets
        self._poller = zmq.Poller()
        for entry in (*sockets, self._monitor, self._wake_read):
            self._poller.register(entry, zmq.POLLIN)

    def _step(self):
        self._flush()
        ready = dict(self._poller.poll(20))
        if self._wake_read in ready:
            os.read(self._wake_read, 4096)
        if self._monitor in ready:
            self._connection_changed()
        for lane, socket in ((CONTROL, self._control_socket), (DATA, self._data_socket)):
            if socket in ready:
                self._receive_all(lane, socket)
        with self._lock:
            self._tick(time.monotonic())

    def _connection_changed(self):
        while self._monitor.poll(0):
            event = int.from_bytes(self._monitor.recv_multipart()[0][:2], "little")
            with self._lock:
                if event == zmq.EVENT_DISCONNECTED:
                    self._lose("the router is gone")
                else:
                    self._lose("the connection was made anew")
                    self._hello()

    def _receive_all(self, lane, socket):
        for _ in range(256):
            try:
                frame = socket.recv(zmq.DONTWAIT)
            except zmq.Again:
                return
            with self._lock:
                self._heard = time.monotonic()
                try:
                    envelope = self._envelope.FromString(frame)
                except Exception:  # what is no envelope is dropped: the router checks before it forwards
                    continue
                self._receive(lane, envelope.header, envelope.payload, len(frame))
                self._changed.notify_all()

    def _tick(self, now):
        if self.state in ("connecting", "greeting") and self._hello_at and now >= self._hello_at:
            self._hello()
        elif self.state in ("established", "draining"):
            if now >= self._heard + 10:
                self._lose("nothing heard from the router for 10 s")
                self._hello()
            elif now >= max(self._heard, self._pinged) + 1.5:
                self._pinged = now
                self._send_control(PING, self._control("Ping")(stamp=1))
        for key, stream in list(self._streams.items()):
            # The router does so first, but its end may come before the opening that it means.
            if now >= stream.moved + stream.silence:
                stream.error = BusError(EXPIRED, f"nothing moved for {stream.silence:.0f} s")
                self._settle(key, stream)
        if self._drain_until is not None and (not self._inbound or now >= self._drain_until) and not self._stop:
            self._send_control(GOODBYE, self._control("Goodbye")(), lane=DATA)
            self._end(None)

    # --- The session ---

    def _hello(self):
        self._hello_at = time.monotonic() + 1
        hello = self._control("Hello")(name=self.name.encode(), role=self.role, max_frame=4 << 20, build=self.build.encode())
        if self._token_file is not None:
            try:
                hello.token = self.token or self._token_file.read_bytes()
            except OSError:
                return  # the router makes it when it starts
        for names, field in ((self.provides, hello.provides), (self.requires, hello.requires)):
            for name in names:
                contract = self.contracts.contracts[name]
                field.add(contract=contract["number"], minor_max=contract["minor"], schema=contract["schema"])
        for cls, (size, messages) in self.windows.items():
            hello.windows.add(traffic_class=cls, bytes=size, messages=messages)
        self.state = "greeting"
        self.instance = self.epoch = 0
        self._outbox.clear()
        self._send_control(HELLO, hello)

    def _lose(self, why):
        """The session is over: everything open has its outcome now."""
        if self.state == "draining":
            return self._end(None)
        if self._stop:
            return
        for call in self._calls.values():
            call.update(done=True, value=BusError(ROUTER_LOST, f"{why}; whether it was carried out is unknown"))
        for stream in self._streams.values():
            stream.ended, stream.error = True, BusError(LOST, why)
        for context, _, _ in self._inbound.values():
            context.cancelled.set()
        self._reset()
        self._hello_at = time.monotonic() + 0.05
        self._changed.notify_all()

    def drain(self):
        """Finishes what was taken, then ends in order."""
        def begin():
            with self._lock:
                if self._drain_until is not None or self._stop:
                    return
                if self.state != "established":
                    return self._end(None)
                self._drain_until = time.monotonic() + 10
                self.state = "draining"
                self._send_control(STATE, self._control("State")(state=DRAINING))
        # A signal handler may hold no lock.
        threading.Thread(target=begin, daemon=True).start()

    def _end(self, error):
        self._stop, self._error = True, error
        for call in self._calls.values():
            call.update(done=True, value=error or BusError(CANCELLED, "this plugin has stopped"))
        for stream in self._streams.values():
            stream.ended, stream.error = True, error or BusError(CANCELLED, "this plugin has stopped")
        self._changed.notify_all()

    def _receive(self, lane, header, payload, count):
        if header.kind == CTL:
            return self._receive_control(header.type & 0xFFFF, payload)
        if self.state not in ("established", "draining"):
            return
        if header.kind in (REPLY, ERROR):
            self._finish_call(header, payload)
        elif header.kind in (REQUEST, STREAM_OPEN):
            return self._accept(header, payload, count)
        elif header.kind == EVENT:
            self._deliver(header, payload)
        elif header.kind in (STREAM_ITEM, STREAM_END):
            if lane == CONTROL:
                return self._router_end(header, payload)
            if self._stream_frame(header, payload, count):
                return
        if lane == DATA:
            self._processed(header.traffic_class, count)

    def _receive_control(self, number, payload):
        if number == WELCOME and self.state == "greeting":
            self._welcome = self._control("Welcome").FromString(payload)
            self.instance, self.epoch = self._welcome.instance, self._welcome.epoch
            # So that a late answer to a request of an earlier session fits none of this one.
            self._next_id = self.epoch << 32
            for window in self._welcome.windows:
                self._credit[window.traffic_class] = _Credit(
                    (window.bytes, window.messages), self.windows[window.traffic_class])
            self.state = "attaching"
            self._send_control(ATTACH, self._control("Attach")(
                session=self._welcome.session, attach_token=self._welcome.attach_token), lane=DATA)
        elif number == ATTACHED and self.state == "attaching":
            if self._control("Attached").FromString(payload).session != self._welcome.session:
                return
            self.state, self._pinged = "established", 0.0
            self._send_control(STATE, self._control("State")(state=READY))
            for type_number, key in self._subscriptions:
                self._subscribe(type_number, key)
        elif number == REJECT:
            self._rejected(self._control("Reject").FromString(payload))
        elif number == PING:
            stamp = self._control("Ping").FromString(payload).stamp
            self._send_control(PONG, self._pong(stamp))
        elif number == CREDIT:
            self._credited(self._control("Credit").FromString(payload))
        elif number == CANCEL:
            self._cancelled(self._control("Cancel").FromString(payload))
        elif number == DRAIN:
            self.drain()
        elif number == NOTICE:
            if self._control("Notice").FromString(payload).status == UNKNOWN_SESSION:
                self._lose("the router does not know this session")
        elif number == STREAM_CREDIT:
            message = self._control("StreamCredit").FromString(payload)
            stream = self._streams.get((message.opener, message.id))
            if stream:
                stream.out_allowed, stream.moved = max(stream.out_allowed, message.items), time.monotonic()
        elif number in (GAP, RESYNC):
            self._hole(self._control("Gap" if number == GAP else "Resync").FromString(payload))

    def _pong(self, stamp):
        return self._control("Pong")(stamp=stamp, state=READY, queued=len(self._inbound))

    def _rejected(self, reject):
        text = reject.text.decode(errors="replace")
        if reject.permanent:
            return self._end(BusError(reject.status, text))
        self._lose(text)
        self._hello_at = time.monotonic() + (0.001 if reject.status == UNKNOWN_SESSION else 1)

    def _credited(self, message):
        credit = self._credit.get(message.traffic_class)
        if credit:
            credit.allowed_bytes = max(credit.allowed_bytes, message.bytes)
            credit.allowed_messages = max(credit.allowed_messages, message.messages)

    # --- What arrives ---

    def _fault(self, header, payload):
        fault = self._control("Fault").FromString(payload)
        return BusError(header.status, fault.text.decode(errors="replace"), header.retry_after_ms)

    def _finish_call(self, header, payload):
        call = self._calls.pop(header.reply_to, None)
        if call:
            call.update(done=True, value=payload if header.kind == REPLY else self._fault(header, payload))
            return
        stream = self._streams.pop((self.instance, header.reply_to), None)
        if stream and header.kind == ERROR:
            stream.ended, stream.error = True, self._fault(header, payload)

    def _accept(self, header, payload, count):
        entry = self.handlers.get(header.type)
        context = Context(header.source, header.role, header.id)
        key = header.source, header.id
        if entry is None or (header.kind == STREAM_OPEN) != (entry[0]["pattern"] != "call"):
            info = dict(type=header.type, class_number=header.traffic_class, schema=0)
            kind = STREAM_END if header.kind == STREAM_OPEN else ERROR
            if self._credit[header.traffic_class].can_send(OVERHEAD + 60):
                self._send(DATA, kind, info, self._control("Fault")(text=b"this plugin has no handler for that type"),
                           dest=header.source, reply_to=header.id, status=UNKNOWN_TYPE, cause=context)
            return self._processed(header.traffic_class, count)
        stream = None
        if header.kind == STREAM_OPEN:
            stream = _Stream(header.source, header.id, entry[0], False, header.ttl_ms)
            stream.out_allowed = header.seq
            self._streams[key] = stream
        self._inbound[key] = context, stream, self.epoch
        self._pool.submit(self._perform, key, entry, context, stream, payload, count, self.epoch)

    def _perform(self, key, entry, context, stream, payload, count, epoch):
        """Runs one handler in its own thread and sends its answer."""
        info, handler = entry
        status, reply = OK, None
        try:
            if info["pattern"] == "call":
                reply = handler(self.message(info["input"]).FromString(payload), context)
            elif info["pattern"] == "downStream":
                request = self.message(info["input"]).FromString(payload)
                handler(request, lambda item: self.send_item(stream, item), context)
            else:
                reply = handler(self.items(stream), context)
        except Exception as error:  # whatever a handler raises is its answer
            status, reply = FAILED, self._control("Fault")(text=str(error).encode()[:256])
        if reply is not None and len(reply.SerializeToString()) + OVERHEAD > info["max_bytes"]:
            status, reply = FAILED, self._control("Fault")(
                text=b"the answer is over the contract's limit", limit=info["max_bytes"])
        with self._lock:
            self._answer(key, info, context, stream, status, reply, count, epoch)

    def _answer(self, key, info, context, stream, status, reply, count, epoch):
        if self._inbound.get(key, (None,))[0] is context and not context.cancelled.is_set() \
                and not (stream and stream.ended) and epoch == self.epoch:
            try:
                self._admit(info, len(reply.SerializeToString()) if reply is not None else 0, time.monotonic() + 60)
            except BusError:
                pass
            else:
                if epoch == self.epoch and not context.cancelled.is_set():
                    kind = STREAM_END if stream else (REPLY if status == OK else ERROR)
                    fields = {"dest": context.source, "reply_to": context.id, "cause": context}
                    if kind != REPLY:
                        fields["status"] = status
                    if stream:
                        fields["seq"] = stream.out_sent
                    self._reply(kind, info, reply, fields)
        if self._inbound.get(key, (None,))[0] is context:
            del self._inbound[key]
        if stream:
            self._streams.pop(key, None)
        if epoch == self.epoch:
            self._processed(info["class_number"], count)

    def _reply(self, kind, info, reply, fields):
        self._send(DATA, kind, info, reply, **fields)

    def _cancelled(self, message):
        key = message.source, message.id
        if key in self._inbound:
            self._inbound[key][0].cancelled.set()
        stream = self._streams.get(key)
        if stream:
            stream.ended, stream.error = True, BusError(CANCELLED, "the opener gave the stream up")

    def _stream_frame(self, header, payload, count):
        """Returns whether the frame's credit is given back later, when the item is taken."""
        key = (header.source if header.dest == 0 else self.instance), header.reply_to
        stream = self._streams.get(key)
        if not stream or stream.ended:
            return False
        stream.moved = time.monotonic()
        if header.kind == STREAM_ITEM:
            stream.items.append((payload, count))
            stream.received += 1
            if stream.ends_after == stream.received:
                self._settle(key, stream)
            return True
        if stream.is_opener:
            stream.reply = payload
            stream.error = None if header.status == OK else self._fault(header, payload)
            self._settle(key, stream)
        else:
            stream.input_ended = True
        return False

    def _router_end(self, header, payload):
        key = header.cause_source or self.instance, header.reply_to
        stream = self._streams.get(key)
        if stream:
            stream.error, stream.ends_after = self._fault(header, payload), header.seq
            if stream.received >= header.seq:
                self._settle(key, stream)

    def _settle(self, key, stream):
        self._streams.pop(key, None)
        stream.ended = True
        if key in self._inbound:
            self._inbound[key][0].cancelled.set()

    # --- Events ---

    def _subscribe(self, type_number, key):
        self._send_control(SUBSCRIBE, self._control("Subscribe")(type=type_number, topic_key=key))

    def _fitting(self, type_number, key):
        return [entry for (kind, wanted), entry in self._subscriptions.items()
                if kind == type_number and wanted in (b"", key)]

    def _deliver(self, header, payload):
        for info, handler in self._fitting(header.type, header.topic_key):
            handler(self.message(info["output"]).FromString(payload), header)

    def _hole(self, marker):
        for _, handler in self._fitting(marker.type, marker.topic_key):
            handler(None, marker)

    def _beats(self):
        beat = self.message("spacenode.system.v1.Beat")
        start = time.monotonic()
        while not self._stop:
            if self.state == "established":
                try:
                    self.publish(f"{SYSTEM}/Beats", beat(
                        state="ready", queued=len(self._inbound), uptime_ms=int(1000 * (time.monotonic() - start))))
                except BusError:
                    pass
            time.sleep(1)


def arguments(argv=None, name=None):
    """Reads --bus, --name (else `name`), --token, --key, --server-key, else SPACENODE_BUS and so on."""
    words = sys.argv[1:] if argv is None else argv

    def value(flag):
        for word in words:
            if word.startswith(f"--{flag}="):
                return word.split("=", 1)[1]
        if f"--{flag}" in words[:-1]:
            return words[words.index(f"--{flag}") + 1]
        return os.environ.get("SPACENODE_" + flag.upper().replace("-", "_"))

    result = {"bus": value("bus")}
    if not result["bus"]:
        raise SystemExit("which router? --bus ipc:DIR or --bus tcp://HOST:PORT (spacenode bus path prints DIR)")
    if value("name") or name:
        result["name"] = value("name") or name
    if value("token"):
        result["token"] = pathlib.Path(value("token")).read_bytes()
    if value("key"):
        result["key"] = pathlib.Path(value("key")).read_text().strip()
    if value("server-key"):
        result["server_key"] = value("server-key")
    if result["bus"].startswith("tcp:") and not ("key" in result and "server_key" in result):
        raise SystemExit("tcp needs --key FILE (spacenode machine key) and --server-key Z85 (of the router)")
    return result
