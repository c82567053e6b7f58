#!/usr/bin/env python3
"""Serves acme.vault.v1 and calls itself: Look with a shelf number, Put with the secret of VAULT_SECRET, ten times each.

SPACENODE_PROTOS names the node's Protos folder and this one. What it prints has no secret in it.
"""

import os
import pathlib
import sys
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[3] / "SDK" / "python"))

from spacenode import Plugin, arguments  # noqa: E402

VAULT = "acme.vault.v1.Vault"
plugin = Plugin(role="example", provides=[VAULT], **arguments(name="vault"))
message = lambda name: plugin.message(f"acme.vault.v1.{name}")
secret = os.environ.pop("VAULT_SECRET").encode()


@plugin.serve(f"{VAULT}/Put")
def put(request, context):
    return message("PutReply")(secret=request.secret)


@plugin.serve(f"{VAULT}/Look")
def look(request, context):
    return message("LookReply")(found=True)


def use():
    while not plugin.instance:
        time.sleep(0.05)
    time.sleep(0.3)
    for number in range(10):
        plugin.call(f"{VAULT}/Look", message("LookRequest")(name="blue", shelves=[number, 300]))
        plugin.call(f"{VAULT}/Put", message("PutRequest")(name="key", secret=secret))
    print("done", flush=True)


threading.Thread(target=use, daemon=True).start()
plugin.run()
