#!/usr/bin/env python3
"""Reads a recording with the public mcap packages: every message must decode.

usage: read_mcap.py FILE [--count PREFIX] [--find TEXT]

Prints one JSON line: messages, those whose topic begins with PREFIX, what the file says it missed. Exit status 1 when
TEXT stands in any message.
"""

import argparse
import json
import sys

from mcap.reader import make_reader
from mcap_protobuf.decoder import DecoderFactory

parser = argparse.ArgumentParser()
parser.add_argument("file")
parser.add_argument("--count", default="")
parser.add_argument("--find")
options = parser.parse_args()
messages = counted = found = 0
with open(options.file, "rb") as file:
    reader = make_reader(file, decoder_factories=[DecoderFactory()], validate_crcs=True)
    facts = {entry.name: entry.metadata for entry in reader.iter_metadata()}
    said = reader.get_summary().statistics.message_count
    for schema, channel, message, decoded in reader.iter_decoded_messages():
        messages += 1
        counted += channel.topic.startswith(options.count) and channel.topic != "bus/headers"
        found += bool(options.find) and options.find.encode() in message.data
        assert decoded.DESCRIPTOR.full_name == schema.name
assert messages == said, f"{messages} messages, the statistics say {said}"
print(json.dumps({"messages": messages, "counted": counted, "facts": facts.get("spacenode"), "found": found}))
sys.exit(1 if found else 0)
