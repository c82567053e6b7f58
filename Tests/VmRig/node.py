"""A router, a storage and a ledger on an empty folder, for the rig and the benchmark of the ledger."""

import json
import os
import pathlib
import shutil
import signal
import subprocess
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
PROGRAMS = ROOT / ".build" / "release"


def wait_for(condition, seconds, what):
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            raise RuntimeError(f"no {what} after {seconds} s")
        time.sleep(0.01)


class Node:
    def __init__(self, network, folder=None, mempool=False):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="vm-rig-", dir=folder))
        self.data = self.folder / "data"
        self.bus = f"ipc:{self.folder}/run"
        self.children = []
        (self.data / "config").mkdir(parents=True)
        (self.data / "config" / "vm.yaml").write_text(f"network: {network}\n")
        self.start("router", "--data", self.data, "--run-dir", self.folder / "run")
        wait_for(lambda: (self.folder / "run" / "data.sock").exists(), 10, "socket of the router")
        self.storage = self.open("storage")
        self.vm = self.open("vm")
        self.mempool = self.open("mempool") if mempool else None
        self.ready()

    def state(self, role):
        """State of a role's session, as an operator sees it."""
        words = ["bus", "ls", "--json", "--run-dir", self.folder / "run", "--data", self.data]
        done = subprocess.run([str(word) for word in (PROGRAMS / "spacenode", *words)], capture_output=True, text=True, timeout=20)
        rows = json.loads(done.stdout) if done.returncode == 0 else []
        return next((row["state"].upper() for row in rows if row["role"] == role), "GONE")

    def ready(self):
        wait_for(lambda: self.state("vm") == "READY", 60, "ledger that is READY")
        if self.mempool:
            wait_for(lambda: self.state("mempool") == "READY", 60, "mempool that is READY")

    def start(self, role, *words):
        with open(self.folder / f"{role}.log", "a") as log:
            child = subprocess.Popen([str(word) for word in (PROGRAMS / f"spacenode-{role}", *words)], stdout=log, stderr=log)
        self.children.append(child)
        return child

    def open(self, role):
        return self.start(role, "--bus", self.bus, "--data", self.data)

    def kill(self, child, number=signal.SIGKILL):
        child.send_signal(number)
        child.wait(60)
        self.children.remove(child)

    def command(self, *words, timeout=900):
        """A command line with this node's folders; its JSON."""
        words = [PROGRAMS / "spacenode-vm", *words, "--data", self.data, "--run-dir", self.folder / "run", "--json"]
        done = subprocess.run([str(word) for word in words], capture_output=True, text=True, timeout=timeout)
        if done.returncode != 0:
            raise RuntimeError(f"{words[1:3]}: {done.stderr or done.stdout}\n{self.logs()}")
        return json.loads(done.stdout)

    def logs(self):
        return "".join(f"--- {file.name}\n{file.read_text()[-2000:]}" for file in sorted(self.folder.glob("*.log")))

    def peak(self, child):
        """The most memory that a process had, in MiB."""
        for line in open(f"/proc/{child.pid}/status"):
            if line.startswith("VmHWM"):
                return int(line.split()[1]) / 1024
        return 0

    def close(self):
        for child in reversed(list(self.children)):
            child.send_signal(signal.SIGTERM)
            try:
                child.wait(20)
            except subprocess.TimeoutExpired:
                child.kill()
                child.wait()
        shutil.rmtree(self.folder, ignore_errors=True)


def rig(*words, timeout=900):
    """One run of VmRig; its last line of JSON."""
    done = subprocess.run([str(word) for word in (PROGRAMS / "VmRig", *words)], capture_output=True, text=True, timeout=timeout)
    if done.returncode != 0:
        raise RuntimeError(f"VmRig {words[0]}: {done.stderr or done.stdout}")
    return json.loads(done.stdout.splitlines()[-1])


def network(path, gas=120_000_000):
    done = subprocess.run([PROGRAMS / "VmRig", "network", "--gas", str(gas)], capture_output=True, text=True, check=True)
    pathlib.Path(path).write_text(done.stdout)
    return path
