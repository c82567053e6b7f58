#!/usr/bin/env python3
"""Serves spacenode.example.v1: every pattern of the bus once. The model for plugins in Python."""

import pathlib
import sys
import threading

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))

from spacenode import BusError, Plugin, arguments  # noqa: E402

CONTRACT = "spacenode.example.v1.Example"
MAX_ITEMS, MAX_BYTES = 10_000_000, 262_144


def serve(plugin):
    """Registers the handlers of the example contract."""
    message = lambda name: plugin.message(f"spacenode.example.v1.{name}")
    ticks = {}
    lock = threading.Lock()

    def check(items, size):
        if items > MAX_ITEMS or size > MAX_BYTES:
            raise ValueError(f"at most {MAX_ITEMS} items of {MAX_BYTES} bytes can be had")

    @plugin.serve(f"{CONTRACT}/Echo")
    def echo(request, context):
        if request.fail:
            raise ValueError("the request asked to fail")
        if request.delay_ms > 60_000:
            raise ValueError(f"delay_ms {request.delay_ms} is over 60000")
        if request.delay_ms:
            context.cancelled.wait(request.delay_ms / 1000)
        return message("EchoReply")(body=request.body)

    @plugin.serve(f"{CONTRACT}/Count")
    def count(request, send, context):
        check(request.items, request.item_bytes)
        body = b"Z" * request.item_bytes
        for number in range(1, request.items + 1):
            send(message("CountItem")(number=number, body=body))

    @plugin.serve(f"{CONTRACT}/Sum")
    def sum_up(items, context):
        total = number = 0
        for item in items:
            total, number = (total + item.value) % (1 << 64), number + 1
        return message("SumReply")(sum=total, items=number)

    @plugin.serve(f"{CONTRACT}/Emit")
    def emit(request, context):
        check(request.events, request.body_bytes)
        body = b"Z" * request.body_bytes
        for _ in range(request.events):
            with lock:
                ticks[request.topic_key] = ticks.get(request.topic_key, 0) + 1
                tick = message("Tick")(number=ticks[request.topic_key], body=body)
            plugin.publish(f"{CONTRACT}/Ticks", tick, key=request.topic_key, cause=context)
        return message("EmitReply")()

    @plugin.serve(f"{CONTRACT}/Relay")
    def relay(request, context):
        check(request.calls, len(request.body))
        reply = message("RelayReply")()
        for _ in range(request.calls):
            answer = plugin.call(f"{CONTRACT}/Echo", message("EchoRequest")(body=request.body), cause=context)
            reply.replies += answer.body == request.body
        return reply


def main(cls=Plugin):
    options = {"name": "py-example", **arguments()}
    plugin = cls(role="example", provides=[CONTRACT], requires=[CONTRACT], **options)
    serve(plugin)
    try:
        plugin.run()
    except BusError as error:
        print(f"example.py: {error}", file=sys.stderr)
        sys.exit(2)


if __name__ == "__main__":
    main()
