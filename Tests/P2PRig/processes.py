"""The processes of a rig: our node and peers of the other make, with what they say; and what becomes of the checks."""

import json
import os
import pathlib
import subprocess
import tempfile
import threading
import time

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[1]
PROLOGUE = "5350414345"


class Wrong(Exception):
    """A rig cannot go on."""


class Checks:
    """What was looked at, and what was not so."""

    def __init__(self, is_quiet=False):
        self.passed, self.failed, self.is_quiet = [], [], is_quiet

    def __call__(self, name, holds, detail=""):
        (self.passed if holds else self.failed).append(name)
        if not self.is_quiet:
            print(f"{'ok  ' if holds else 'NOT '} {name}{f': {detail}' if detail != '' and not holds else ''}", flush=True)
        return holds


class Process:
    """A program that is told what to do, and whose lines are kept."""

    def __init__(self, name, words, log):
        self.name, self.lines, self.news = name, [], threading.Condition()
        self.child = subprocess.Popen(
            [str(word) for word in words], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log, text=True)
        threading.Thread(target=self.read, daemon=True).start()

    def read(self):
        for line in self.child.stdout:
            with self.news:
                self.lines.append({**json.loads(line), "heard": time.monotonic()})
                self.news.notify_all()

    @property
    def mark(self):
        """Everything so far is before it."""
        return len(self.lines)

    def order(self, do, **words):
        """Says what is to be done; lines that follow are after what this returns."""
        mark = self.mark
        self.child.stdin.write(json.dumps({"do": do, **words}) + "\n")
        self.child.stdin.flush()
        return mark

    def wait(self, event, seconds=10, after=0, where=lambda line: True, **facts):
        """The first line of this kind; None when it does not come in time."""
        end = time.monotonic() + seconds
        with self.news:
            while True:
                for line in self.lines[after:]:
                    if line["event"] == event and all(line.get(key) == value for key, value in facts.items()) and where(line):
                        return line
                left = end - time.monotonic()
                if left <= 0 or (self.child.poll() is not None and not self.news.wait(0.2)):
                    return None
                self.news.wait(left)

    def need(self, event, seconds=10, **more):
        line = self.wait(event, seconds, **more)
        if line is None:
            raise Wrong(f"{self.name} does not say {event} within {seconds} s")
        return line

    def status(self):
        return self.need("status", after=self.order("status"))["status"]

    def settled(self, seconds, **wanted):
        """Its status, as soon as it is as wanted, or as it is when the time is over."""
        end = time.monotonic() + seconds
        while True:
            status = self.status()
            if all(status[key] == value for key, value in wanted.items()) or time.monotonic() > end:
                return status
            time.sleep(0.2)

    def is_alive(self):
        return self.child.poll() is None

    def memory(self, row="VmRSS"):
        """Bytes."""
        for line in open(f"/proc/{self.child.pid}/status"):
            if line.startswith(row):
                return int(line.split()[1]) * 1024
        return 0

    def processor(self):
        """Seconds of processor time so far."""
        fields = open(f"/proc/{self.child.pid}/stat").read().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def files(self):
        return len(os.listdir(f"/proc/{self.child.pid}/fd"))

    def quit(self):
        try:
            self.order("quit")
        except (OSError, ValueError):
            pass
        try:
            return self.child.wait(10)
        except subprocess.TimeoutExpired:
            self.child.kill()
            self.child.wait()
            return None


class Bench:
    """What runs for a rig; all of it ends with it."""

    def __init__(self, options):
        self.options = options
        self.log = tempfile.TemporaryFile("w+")
        self.processes = []

    def __enter__(self):
        return self

    def __exit__(self, kind, fault, trace):
        for process in self.processes:
            process.quit()
        if kind is not None or os.environ.get("RIG_LOG"):
            self.log.seek(0)
            print(self.log.read()[-4000:])
            for process in self.processes:
                print(process.name, *(json.dumps(line) for line in process.lines[-8:]), sep="\n  ")

    def node(self, *words, prologue=PROLOGUE, plant=None):
        """Our program."""
        words = [self.options.programs / "P2PRig", *words, "--prologue", prologue]
        return self.add("node", words + (["--plant", plant] if plant else []))

    def peer(self, *words, prologue=PROLOGUE):
        """A peer of the other make."""
        return self.add("peer", [self.options.python, HERE / "peer.py", *words, "--prologue", prologue])

    def add(self, name, words):
        process = Process(f"{name}-{len(self.processes)}", words, self.log)
        self.processes.append(process)
        hello = process.need("listening", 60)
        process.id, process.address = hello["peer"], hello.get("address")
        return process
