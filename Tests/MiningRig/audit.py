#!/usr/bin/env python3
"""Recomputes every smidge of a node's chain from its decided blocks, and compares it with the state that the node has.

    audit.py --data DIR [--run-dir DIR] [--miner FILE]

Taken from the node: blocks (times, items, transactions, who signed), the network's file, the committees that were drawn, and what became of each
transaction. Computed here, by the specification (chain, 2 to 6): when epochs end, which rows there are, subsidies, their split, index and carry, seats,
fees, payments, balances. Holds: pot, epochs, rows and accounts of the state are the same to the smidge; each payment was made in the block in which it
was due; plots of one epoch earn in proportion to their units; nothing is lost or made. The chain must begin with its first block, without a recovery.
With --miner, what `spacenode mine status --json` printed before is compared with the books of its height.

Prints one JSON line, then an `error:` line for each thing that differs. Exit status 0 when nothing does, 1 when something does, 2 when it could not be
found out.
"""

import argparse
import collections
import decimal
import hashlib
import json
import os
import pathlib
import re
import subprocess
import sys
import threading
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "SDK" / "python"))

SUBSIDY = 2_250_000_000 * 10**9
# Layers after which a fifth of it is minted: ten years of 105,120, and one.
FIFTH = 10 * 105_120 + 1
LAST_INDEX = 199_069_549
SEAT_HUNDREDTHS, STAKE_EPOCHS, DUE_ROWS = 2, 3, 64
DONE, FAILED = 1, 2


# ---- Issuance

def accumulated(index):
    """Smidge of all layers up to an index: the whole part of S (1 - (4/5)^((index + 1) / FIFTH))."""
    context = decimal.Context(prec=60, rounding=decimal.ROUND_HALF_EVEN)
    years = context.divide(decimal.Decimal(index + 1), decimal.Decimal(FIFTH))
    left = context.power(decimal.Decimal("0.8"), years)
    return int(context.multiply(decimal.Decimal(SUBSIDY), context.subtract(decimal.Decimal(1), left)))


def subsidy(index):
    return accumulated(index) - accumulated(index - 1) if 0 < index <= LAST_INDEX else 0


# ---- BLAKE3 of up to 1,024 bytes: addresses and ids of transactions

IV = [0x6A09E667, 0xBB67AE85, 0x3C6EF372, 0xA54FF53A, 0x510E527F, 0x9B05688C, 0x1F83D9AB, 0x5BE0CD19]
ORDER = [2, 6, 3, 10, 7, 0, 4, 13, 1, 11, 12, 5, 9, 14, 15, 8]
QUARTERS = [(0, 4, 8, 12), (1, 5, 9, 13), (2, 6, 10, 14), (3, 7, 11, 15), (0, 5, 10, 15), (1, 6, 11, 12), (2, 7, 8, 13), (3, 4, 9, 14)]


def turned(word, by):
    return (word >> by | word << (32 - by)) & 0xFFFFFFFF


def compress(chain, words, size, flags):
    v = [*chain, *IV[:4], 0, 0, size, flags]
    for _ in range(7):
        for place, (a, b, c, d) in enumerate(QUARTERS):
            for word, first, second in ((words[2 * place], 16, 12), (words[2 * place + 1], 8, 7)):
                v[a] = (v[a] + v[b] + word) & 0xFFFFFFFF
                v[d] = turned(v[d] ^ v[a], first)
                v[c] = (v[c] + v[d]) & 0xFFFFFFFF
                v[b] = turned(v[b] ^ v[c], second)
        words = [words[place] for place in ORDER]
    return [v[place] ^ v[place + 8] for place in range(8)]


def blake3(data):
    assert len(data) <= 1024
    chain, blocks = IV, [data[at:at + 64] for at in range(0, len(data), 64)] or [b""]
    for number, block in enumerate(blocks):
        flags = (number == 0) | (10 if number == len(blocks) - 1 else 0)
        words = [int.from_bytes(block.ljust(64, b"\0")[at:at + 4], "little") for at in range(0, 64, 4)]
        chain = compress(chain, words, len(block), flags)
    return b"".join(word.to_bytes(4, "little") for word in chain)


def wallet(key):
    """The address of a wallet with this key."""
    return bytes(4) + blake3(bytes(23) + b"\1" + key)[-20:]


def address(text):
    """Bytes of an address; its checksum is the node's to check."""
    letters = text[text.rindex("1") + 1:-6]
    bits = "".join(f"{'qpzry9x8gf2tvdw0s3jn54khce6mua7l'.index(letter):05b}" for letter in letters)
    return int(bits[:192], 2).to_bytes(24, "big")


def check_self():
    """Issuance and hash against the published vectors."""
    vectors = ROOT / "Tests" / "Vectors"
    for row in json.loads((vectors / "ledger" / "economics.json").read_text())["subsidy"]["rows"]:
        index = row["index"]
        if index <= LAST_INDEX and accumulated(index) != int(row["accumulated"]):
            raise RuntimeError(f"accumulated({index}) is {accumulated(index)}, {row['accumulated']} is published")
        if index and subsidy(index) != int(row["layer_subsidy"]):
            raise RuntimeError(f"subsidy({index}) is {subsidy(index)}, {row['layer_subsidy']} is published")
    for case in json.loads((vectors / "crypto" / "blake3.json").read_text())["cases"]:
        size = case["length"]
        if size <= 1024 and blake3(bytes(at % 251 for at in range(size))).hex() != case["output"][:64]:
            raise RuntimeError(f"BLAKE3 of {size} bytes is another")


# ---- Bytes

class Scale:
    """Reads SCALE."""

    def __init__(self, data):
        self.data, self.at = data, 0

    def take(self, count):
        if self.at + count > len(self.data):
            raise ValueError(f"{count} bytes are needed at {self.at} of {len(self.data)}")
        self.at += count
        return self.data[self.at - count:self.at]

    def number(self, count):
        return int.from_bytes(self.take(count), "little")

    def compact(self):
        first = self.number(1)
        mode = first & 3
        if mode < 3:
            return first >> 2 | self.number((0, 1, 3)[mode]) << 6
        return self.number((first >> 2) + 4)

    def slice(self):
        return self.take(self.compact())

    def option(self, read):
        return read() if self.number(1) else None

    def list(self, read):
        return [read() for _ in range(self.compact())]

    def end(self):
        if self.at != len(self.data):
            raise ValueError(f"{len(self.data) - self.at} bytes are left")


class Block:
    """Of a decided block what money follows from."""

    def __init__(self, data):
        scale = Scale(data)
        if scale.number(1) != 6:
            raise ValueError("no block")
        scale.compact(), scale.compact()
        self.chain = scale.slice().decode()
        self.height = scale.compact()
        self.time = scale.compact() * 1000 + scale.compact() // 1_000_000
        scale.option(lambda: (scale.take(32), scale.compact(), scale.take(32)))
        scale.take(8 * 32 + 20)
        self.items = scale.list(scale.slice)
        self.transactions = scale.list(scale.slice)
        self.signed = scale.option(lambda: self.commit(scale))
        scale.end()

    @staticmethod
    def commit(scale):
        """A bit for each place: who signed."""
        scale.number(1), scale.compact(), scale.compact()
        scale.take(32), scale.compact(), scale.take(32), scale.compact(), scale.compact()
        count = scale.compact()
        bits = scale.number((count + 7) // 8)
        scale.take(64 * bits.bit_count())
        return [bits >> place & 1 == 1 for place in range(count)]


def activation(body):
    """Epoch, operator, votes; and of each plot identity, units, new coinbase."""
    scale = Scale(body)
    scale.number(1)
    epoch, operator = scale.compact(), scale.take(32)
    scale.option(lambda: scale.take(32))
    votes = scale.number(1) == 1

    def plot():
        identity, units = scale.take(32), scale.compact()
        scale.compact(), scale.slice(), scale.compact()
        binding = scale.option(lambda: (scale.take(32), scale.take(24), scale.take(64)))
        return identity, units, binding and binding[1]

    plots = scale.list(plot)
    scale.take(64)
    scale.end()
    return epoch, operator, votes, plots


def blamed(body):
    """Whom evidence is against."""
    scale = Scale(body)
    scale.number(2), scale.compact(), scale.compact()
    return scale.take(32)


def transfer(raw):
    """Payer, gas price; and from whom to whom how much, if anything is moved."""
    scale = Scale(raw)
    scale.compact()
    payer, method = scale.take(24), scale.compact()
    if method == 0:
        scale.take(24)
    scale.compact()
    price = scale.compact()
    if method == 0:
        return payer, price, None
    source = scale.take(24) if method == 17 else payer
    return payer, price, (source, scale.take(24), scale.compact())


# ---- The node

class Ledger:
    """A node's ledger and blocks, over its bus."""

    def __init__(self, run):
        from spacenode import Plugin
        self.plugin = Plugin(name=f"audit-{os.getpid()}", role="operator", bus=f"ipc:{run}",
                             requires=["spacenode.vm.v1.Vm", "spacenode.consensus.v1.Consensus"])
        self.thread = threading.Thread(target=self.plugin.run, daemon=True)
        self.thread.start()

    def close(self):
        self.plugin.drain()
        self.thread.join(15)

    def call(self, contract, method, request, seconds=30, **fields):
        """A call that is tried until it is answered: what it asks may be starting."""
        from spacenode import BusError
        message = self.plugin.message(f"spacenode.{contract}.v1.{request}")(**fields)
        end = time.monotonic() + seconds
        while True:
            try:
                return self.plugin.call(f"spacenode.{contract}.v1.{contract.title()}/{method}", message)
            except BusError:
                if time.monotonic() > end:
                    raise
            time.sleep(0.2)

    def info(self):
        return self.call("vm", "Info", "InfoRequest")

    def query(self, path, key=b"", height=0):
        """A record as a reader; None: there is none."""
        reply = self.call("vm", "Query", "QueryRequest", path=path, key=key, height=height)
        return Scale(reply.value) if reply.found else None

    def network(self):
        return self.query("network").data.decode()

    def blocks(self, last):
        height = 1
        while height <= last:
            found = self.call("consensus", "Blocks", "BlocksRequest", from_height=height, limit=64).blocks
            for decided in found:
                if decided.height != height:
                    raise RuntimeError(f"block {decided.height} comes where {height} is meant: the chain must begin with its first block")
                if height <= last:
                    yield Block(decided.block)
                height += 1
            if not found:
                raise RuntimeError(f"the node has no block {height}")

    def receipt(self, id, height, place):
        """What became of a transaction at its place; None: nothing."""
        scale = self.query("receipt", id)
        if scale is None or (scale.compact(), scale.compact()) != (height, place):
            return None
        return self.plugin.message("spacenode.vm.v1.TransactionResult").FromString(scale.slice())

    def balance(self, account, height):
        scale = self.query("account", account, height)
        if scale is None:
            return 0
        scale.compact()
        return scale.compact()

    def seats(self, term, height):
        """Operators of a committee and their seats, by rising keys."""
        scale = self.query("seats", u32(term), height)
        if scale is None:
            raise RuntimeError(f"there is no committee of term {term} at height {height}")
        scale.compact()
        return [(operator, power) for operator, _, power in scale.list(lambda: (scale.take(32), scale.take(32), scale.compact()))]

    def pot(self, height):
        scale = self.query("pot", b"", height)
        pot = {"height": scale.compact(), "time": scale.compact(), "layer": scale.option(scale.compact), "epoch": scale.compact()}
        scale.take(32), scale.compact()
        pot |= {"seat_pot": scale.compact(), "commits": scale.compact(), "presence": scale.list(scale.compact)}
        pot |= {"genesis": scale.compact(), "minted": scale.compact(), "burnt": scale.compact(), "due_epoch": scale.compact()}
        pot["early"] = scale.compact(), scale.option(lambda: scale.take(32))
        return pot

    def epoch(self, number, height):
        scale = self.query("epoch", u32(number), height)
        if scale is None:
            return None
        epoch = {"start_height": scale.compact(), "start": scale.compact(), "index": scale.number(16), "carry": scale.number(16)}
        epoch["weight"] = scale.compact()
        scale.take(32)
        epoch["opened"] = scale.option(lambda: (scale.take(32), scale.compact())[1])
        epoch |= {"earned": scale.compact(), "settled": scale.compact()}
        scale.end()
        return epoch

    def row(self, epoch, identity, height):
        scale = self.query("row", u32(epoch) + identity, height)
        return scale and (scale.compact(), scale.take(32), scale.take(24), scale.number(1) == 1)


def u32(number):
    return number.to_bytes(4, "big")


# ---- The books

class Network:
    """Of a network's file what money follows from; times in milliseconds."""

    def __init__(self, text, genesis):
        def value(key):
            return int(re.search(rf"(?m)^{key}: (\d+)", text)[1])
        self.genesis = genesis
        self.layer = 1000 * value("layer_seconds")
        self.epoch = 1000 * value("epoch_seconds")
        self.mute_layer = value("effective_genesis_layer")
        self.term = value("term_heights")
        self.window = value("window_heights")
        self.accounts = {address(name): int(balance) for name, balance in re.findall(r"address: (\w+), balance: (\d+)", text)}


class Epoch:
    def __init__(self):
        self.start_height = self.start = self.index = self.carry = self.weight = self.earned = self.settled = 0
        self.opened = None
        self.layers = self.minted = self.fees = 0
        # By identity: units, operator, coinbase, votes. `left` are those that are not paid.
        self.rows, self.left = {}, {}

    def share(self, pool):
        self.earned += pool
        part, self.carry = divmod((pool << 64) + self.carry, self.weight)
        self.index += part

    def reward(self, units):
        return units * self.index >> 64


class Books:
    """What follows from blocks, one after the other."""

    def __init__(self, network, ledger):
        self.network, self.ledger = network, ledger
        self.accounts = collections.Counter(network.accounts)
        self.genesis = sum(network.accounts.values())
        self.epochs = [Epoch()]
        self.epochs[0].start = network.genesis
        self.height, self.time, self.layer, self.chain = 0, network.genesis, None, None
        self.minted = self.burnt = self.seat_pot = self.seats_paid = self.seats_burnt = self.fees = 0
        self.due_epoch, self.early, self.current = 0, (0, None), 0
        self.coinbases, self.barred = {}, set()
        self.committee, self.commits, self.presence = ledger.seats(0, 1), 0, collections.Counter()
        # Of each row that was paid or burnt: height, epoch, identity, coinbase, amount, burnt.
        self.payments = []
        # What came to an account in a block besides rewards.
        self.moved = collections.Counter()
        self.faults = []

    def apply(self, block):
        if self.chain not in (None, block.chain):
            raise RuntimeError(f"the chain was begun anew before height {block.height}: that is not recomputed")
        self.chain, self.height, self.time = block.chain, block.height, block.time
        self.count(block)
        self.turn()
        self.pay()
        for item in block.items:
            self.take(item[0], item[1:])
        fees = sum(self.execute(raw, place) for place, raw in enumerate(block.transactions))
        self.mint(fees)

    def move(self, account, amount):
        self.accounts[account] += amount
        self.moved[self.height, account] += amount

    # A term

    def count(self, block):
        """Who signed the block before; the seats of a term are paid when its last commit is known."""
        if block.height == 1:
            return
        # In the order of votes: by falling power, then by address.
        places = sorted(self.committee, key=lambda member: (-member[1], hashlib.sha256(member[0]).digest()[:20]))
        if len(places) != len(block.signed):
            raise RuntimeError(f"block {block.height} has a commit of {len(block.signed)} members, {len(places)} have seats")
        self.commits += 1
        self.presence.update(operator for (operator, _), signed in zip(places, block.signed) if signed)
        term, rest = divmod(block.height - 1, self.network.term)
        if rest:
            return
        seats = sum(power for _, power in self.committee)
        left = self.seat_pot
        for operator, power in self.committee:
            if 2 * self.presence[operator] >= self.commits and operator not in self.barred:
                amount = self.seat_pot * power // seats
                self.move(wallet(operator), amount)
                self.seats_paid += amount
                left -= amount
        self.burnt += left
        self.seats_burnt += left
        self.seat_pot, self.commits, self.presence = 0, 0, collections.Counter()
        self.committee = self.ledger.seats(term, block.height - 1)

    # An epoch

    def turn(self):
        epoch = self.epochs[self.current]
        if epoch.opened is None:
            return
        new, passed, full = self.epochs[self.current + 1], self.time - epoch.start, self.network.epoch
        if passed < full or self.height - epoch.opened <= self.network.window or new.weight == 0:
            return
        if 2 * new.weight < epoch.weight and passed < 2 * full:
            return
        new.start_height, new.start = self.height, self.time
        self.current += 1

    def take(self, tag, body):
        epoch = self.epochs[self.current]
        if tag == 2:
            self.barred.add(blamed(body))
        elif tag == 3:
            epoch.opened = self.height
            self.epochs.append(Epoch())
        elif tag == 4:
            number, operator, votes, plots = activation(body)
            if number != self.current or epoch.opened is None:
                self.faults.append(f"height {self.height} has an activation of epoch {number} in epoch {self.current}")
            new = self.epochs[self.current + 1]
            for identity, units, coinbase in plots:
                self.coinbases[identity] = coinbase or self.coinbases[identity]
                new.rows[identity] = new.left[identity] = units, operator, self.coinbases[identity], votes
                new.weight += units

    # Payments

    def pay(self):
        """All rows of an epoch three back, then those of epochs that are over and do not vote: 64 rows looked at."""
        budget, (early, after) = DUE_ROWS, self.early
        if self.due_epoch + STAKE_EPOCHS <= self.current:
            number = self.due_epoch
            epoch = self.epochs[number]
            due = sorted(epoch.left)[:budget]
            for identity in due:
                self.settle(number, identity)
            budget -= len(due)
            if budget > 0:
                self.burnt += epoch.earned - epoch.settled
                epoch.settled = epoch.earned
                self.due_epoch += 1
        if early < self.current and budget > 0:
            found = sorted(key for key in self.epochs[early].left if after is None or key > after)
            for identity in found[:budget]:
                if not self.epochs[early].left[identity][3]:
                    self.settle(early, identity)
            done = len(found) <= budget and len(found) < DUE_ROWS
            self.early = (early + 1, None) if done else (early, found[:budget][-1])

    def settle(self, number, identity):
        epoch = self.epochs[number]
        units, operator, coinbase, _ = epoch.left.pop(identity)
        amount = epoch.reward(units)
        epoch.settled += amount
        burnt = operator in self.barred
        if burnt:
            self.burnt += amount
        else:
            self.accounts[coinbase] += amount
        self.payments.append((self.height, number, identity, coinbase, amount, burnt))

    # Transactions and subsidies

    def execute(self, raw, place):
        """The fee."""
        result = self.ledger.receipt(blake3(raw), self.height, place)
        if result is None or result.outcome not in (DONE, FAILED):
            return 0
        payer, price, moved = transfer(raw)
        if result.fee != result.gas * price and not (result.outcome == FAILED and result.fee == self.accounts[payer]):
            self.faults.append(f"transaction {place} of height {self.height} paid {result.fee} for {result.gas} gas at {price}")
        self.move(payer, -result.fee)
        if result.outcome == DONE and moved:
            source, target, amount = moved
            self.move(source, -amount)
            self.move(target, amount)
        self.fees += result.fee
        return result.fee

    def mint(self, fees):
        epoch, pool, layer = self.epochs[self.current], fees, (self.time - self.network.genesis) // self.network.layer
        if self.layer is None or layer > self.layer:
            self.layer = layer
            if layer > self.network.mute_layer and epoch.weight > 0 and self.time - epoch.start <= 2 * self.network.epoch:
                whole = subsidy(layer - self.network.mute_layer)
                seats = whole * SEAT_HUNDREDTHS // 100
                self.minted += whole
                self.seat_pot += seats
                pool += whole - seats
                epoch.layers += 1
                epoch.minted += whole
        epoch.fees += fees
        if epoch.weight > 0:
            epoch.share(pool)
        else:
            self.burnt += pool


# ---- The comparison

def compare(books, ledger):
    """Sentences about what differs from the state of the same height."""
    faults, height = books.faults, books.height

    def same(what, ours, theirs):
        if ours != theirs:
            faults.append(f"{what} is {theirs}, {ours} follows from the blocks up to {height}")

    pot = ledger.pot(height)
    for name in ("height", "time", "layer", "seat_pot", "commits", "genesis", "minted", "burnt", "due_epoch", "early"):
        same(f"{name} of the pot", getattr(books, name), pot[name])
    same("epoch of the pot", books.current, pot["epoch"])
    same("presence of the pot", [books.presence[operator] for operator, _ in books.committee], pot["presence"])
    for number, epoch in enumerate(books.epochs):
        record = ledger.epoch(number, height)
        if record is None:
            faults.append(f"there is no epoch {number}")
            continue
        for name in record:
            same(f"{name} of epoch {number}", getattr(epoch, name), record[name])
        for identity, row in epoch.rows.items():
            same(f"row of {identity.hex()} in epoch {number}", row if identity in epoch.left else None, ledger.row(number, identity, height))
    same("epoch after the last", None, ledger.epoch(len(books.epochs), height))
    for account, balance in books.accounts.items():
        same(f"balance of {account.hex()}", balance, ledger.balance(account, height))
    unpaid = sum(epoch.earned - epoch.settled for epoch in books.epochs)
    same("what is somewhere", books.genesis + books.minted - books.burnt, sum(books.accounts.values()) + unpaid + books.seat_pot)
    same("what seats got", books.minted - sum(epoch.earned - epoch.fees for epoch in books.epochs if epoch.weight),
         books.seat_pot + books.seats_paid + books.seats_burnt)


def check_payments(books, ledger):
    """Each coinbase grew by what was due, when it was due; and plots with a coinbase of their own in proportion to their units."""
    paid = collections.defaultdict(list)
    for height, epoch, identity, coinbase, amount, burnt in books.payments:
        if not burnt:
            paid[height, coinbase].append((epoch, identity, amount))
    seen = collections.defaultdict(list)
    for (height, coinbase), parts in paid.items():
        grown = ledger.balance(coinbase, height) - ledger.balance(coinbase, height - 1)
        # Seats and transactions may have moved smidge of the same account in this block.
        moved = books.moved[height, coinbase]
        if grown != sum(amount for _, _, amount in parts) + moved:
            books.faults.append(f"{coinbase.hex()} grew by {grown} at height {height}, {sum(part[2] for part in parts)} was due")
        if len(parts) == 1 and not moved:
            epoch, identity, _ = parts[0]
            seen[epoch].append((books.epochs[epoch].rows[identity][0], grown))
    for epoch, rows in seen.items():
        units, amount = max(rows)
        for each, got in rows:
            # Both are cut down to whole smidge, so they are off by less than one each.
            if abs(got * units - amount * each) >= max(units, each):
                books.faults.append(f"in epoch {epoch} {each} units got {got}, {units} units {amount}")
    return sum(len(rows) > 1 for rows in seen.values())


def check_miner(books, status):
    """What the miner said when the books were at this height."""
    def same(what, ours, theirs):
        if ours != theirs:
            books.faults.append(f"the miner says at height {books.height} that {what} is {theirs}, it is {ours}")

    said, epoch = status["epoch"], books.epochs[books.current]
    following = books.epochs[books.current + 1].weight if epoch.opened else 0
    same("the epoch", books.current, said["number"])
    for name, ours in (("startMs", epoch.start), ("units", epoch.weight), ("nextUnits", following), ("openedHeight", epoch.opened or 0), ("earned", epoch.earned)):
        same(f"{name} of the epoch", ours, said[name])
    for plot in status["plots"]:
        identity = bytes.fromhex(plot["identity"])
        units, _, _, votes = epoch.rows.get(identity, (0, None, None, False))
        unpaid = sum(each.reward(each.left[identity][0]) for each in books.epochs[:books.current] if identity in each.left)
        got = sum(amount for _, _, owner, _, amount, burnt in books.payments if owner == identity and not burnt)
        for name, ours in (("activeUnits", units), ("voting", votes), ("accrued", epoch.reward(units)), ("unpaid", unpaid), ("paid", got)):
            same(f"{name} of {plot['name']}", ours, plot[name])


def audit(run, miner=None):
    """Report and faults of the node whose sockets are in a folder; `miner`: what its miner said before."""
    check_self()
    ledger = Ledger(run)
    try:
        info = ledger.info()
        network = Network(ledger.network(), info.genesis_time_ms)
        books = Books(network, ledger)
        for block in ledger.blocks(info.height):
            books.apply(block)
            if miner and miner["height"] == books.height:
                check_miner(books, miner)
        if miner and not 0 < miner["height"] <= books.height:
            books.faults.append(f"the miner speaks of height {miner['height']}, the ledger is at {books.height}")
        compare(books, ledger)
        report = {"height": books.height, "minted": books.minted, "burnt": books.burnt, "fees": books.fees, "seat_pot": books.seat_pot}
        report |= {"seats_paid": books.seats_paid, "seats_burnt": books.seats_burnt, "payments": len(books.payments)}
        report["compared_epochs"] = check_payments(books, ledger)
    finally:
        ledger.close()
    report["epochs"] = [
        {"number": number, "start_ms": epoch.start, "units": epoch.weight, "layers": epoch.layers, "earned": epoch.earned, "settled": epoch.settled}
        for number, epoch in enumerate(books.epochs[:books.current + 1])]
    paid = collections.Counter()
    for _, _, identity, _, amount, burnt in books.payments:
        paid[identity.hex()] += 0 if burnt else amount
    report["paid"] = dict(paid)
    return report, books.faults


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=pathlib.Path, required=True)
    parser.add_argument("--run-dir", type=pathlib.Path)
    parser.add_argument("--miner", type=pathlib.Path)
    options = parser.parse_args()
    python = ROOT / ".build" / "venv" / "bin" / "python3"
    try:
        import google.protobuf, zmq  # noqa: E401, F401
    except ImportError:
        # `scripts/bootstrap --test` has put them there.
        if not python.exists() or pathlib.Path(sys.prefix) == python.parents[1]:
            sys.exit("audit.py needs pyzmq and protobuf: scripts/bootstrap --test")
        os.execv(python, [python, *sys.argv])
    try:
        run = options.run_dir
        if run is None:
            words = [ROOT / ".build" / "release" / "spacenode", "bus", "path", "--data", options.data]
            run = subprocess.run(words, capture_output=True, text=True, check=True).stdout.strip()
        report, faults = audit(run, json.loads(options.miner.read_text()) if options.miner else None)
    except Exception as fault:
        print(f"audit.py: {type(fault).__name__}: {fault}", file=sys.stderr)
        sys.exit(2)
    print(json.dumps(report))
    for text in faults:
        print(f"error: {text}")
    sys.exit(1 if faults else 0)


if __name__ == "__main__":
    main()
