"""Whole nodes with `spacenode up`, for the rigs that make chains with them."""

import json
import os
import pathlib
import re
import signal
import subprocess

ROOT = pathlib.Path(__file__).resolve().parents[2]
PROGRAMS = ROOT / ".build" / "release"


def program(name, *words, timeout=120):
    """What a program prints; exit 1 is an answer too."""
    done = subprocess.run([str(word) for word in (PROGRAMS / name, *words)], capture_output=True, text=True, timeout=timeout)
    if done.returncode not in (0, 1):
        raise RuntimeError(f"{name} {words[0]}: {done.stderr or done.stdout}")
    return done.stdout


def rig(*words, timeout=3600):
    """The last line that DevnetRig prints."""
    done = subprocess.run([str(word) for word in (PROGRAMS / "DevnetRig", *words)], capture_output=True, text=True, timeout=timeout)
    if done.returncode != 0:
        raise RuntimeError(f"DevnetRig {words[0]}: {done.stderr or done.stdout}")
    return json.loads(done.stdout.splitlines()[-1])


def height(node):
    """Decided blocks of a node; None: it does not answer."""
    try:
        return rig("height", "--bus", node.bus, timeout=20)["height"]
    except Exception:
        return None


def network(folder, name="network.yaml", committee=None, **changes):
    """The devnet's file with other values, and another genesis committee."""
    text = (ROOT / "config" / "networks" / "devnet.yaml").read_text()
    for key, value in changes.items():
        text, count = re.subn(rf"(?m)^{key}: .*$", f"{key}: {value}", text)
        if count != 1:
            raise RuntimeError(f"devnet.yaml has no {key}")
    if committee:
        text = text[: text.index("committee:")] + "committee:\n"
        text += "".join(f"  - {{operator: {operator}, vrf_key: {vrf}, share: 1}}\n" for operator, vrf in committee)
    path = folder / name
    path.write_text(text)
    return path


class Node:
    """A whole node in a folder, on ports of its own. It mines nothing, so that what a rig measures is what it looks at."""

    mines = False

    def __init__(self, folder, port):
        self.folder = folder
        self.data = folder / "data"
        self.run = folder / "run"
        self.bus = f"ipc:{self.run}"
        self.port = port
        (self.data / "config").mkdir(parents=True)
        if not self.mines:
            (self.data / "config" / "miner.yaml").write_text("plots: []\n")
            (self.data / "config" / "poet.yaml").write_text("work: false\n")

    def on(self, network):
        (self.data / "config" / "vm.yaml").write_text(f"network: {network}\n")

    def command(self, *words, timeout=120):
        words = [PROGRAMS / "spacenode", *words, "--data", self.data, "--run-dir", self.run]
        return subprocess.run([str(word) for word in words], capture_output=True, text=True, timeout=timeout)

    def up(self):
        done = self.command("up", "--detach", "--port-base", self.port)
        if done.returncode != 0:
            raise RuntimeError(f"up: {done.stdout}{done.stderr}\n{self.logs()}")

    def down(self):
        self.command("down")

    def status(self):
        """What `spacenode status` says of the node: its supervisor and each process; of one that is down nothing."""
        return json.loads(self.command("status", "--json").stdout).get("node") or {"pid": None, "processes": []}

    def rows(self):
        return self.status()["processes"]

    def processes(self):
        return {row["name"]: row.get("pid") for row in self.rows() if row.get("pid")}

    def signal(self, number, supervisor=False):
        """Sends a signal to all processes of the node; with the supervisor first, as when its power fails."""
        status = self.status()
        pids = [status["pid"]] if supervisor and status["pid"] else []
        pids += [row["pid"] for row in status["processes"] if row.get("pid")]
        for pid in pids:
            try:
                os.kill(pid, number)
            except ProcessLookupError:
                pass

    def kill(self):
        self.signal(signal.SIGKILL, supervisor=True)

    def logs(self):
        return "".join(f"--- {file}\n{file.read_text(errors='replace')[-1500:]}" for file in sorted(self.data.glob("logs/*.log")))
