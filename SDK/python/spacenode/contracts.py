"""Contracts and messages, read from Protos/ at start: no generated code."""

import json
import os
import pathlib
import subprocess
import tempfile

from google.protobuf import descriptor_pb2, descriptor_pool, message_factory


def protos_folders():
    """The folders with contracts.json: SPACENODE_PROTOS (several with `:` between them), else the repository's."""
    named = os.environ.get("SPACENODE_PROTOS")
    own = pathlib.Path(__file__).resolve().parents[3] / "Protos"
    folders = [pathlib.Path(part) for part in named.split(":")] if named else [own]
    for folder in folders:
        if not (folder / "contracts.json").exists():
            raise SystemExit(
                f"{folder} has no contracts.json: set SPACENODE_PROTOS to the Protos folder of spacenode, then your own")
    return folders


class Contracts:
    """All contracts by name, all methods by name and number, all message classes by full name."""

    def __init__(self, folders=None):
        folders = [pathlib.Path(folder) for folder in folders] if folders else protos_folders()
        tables = [json.loads((folder / "contracts.json").read_text()) for folder in folders]
        self.roles = {name: number for table in tables for name, number in table.get("roles", {}).items()}
        self.contracts = {c["name"]: c for table in tables for c in table["contracts"]}
        self.methods = {}
        self.types = {}
        for contract in self.contracts.values():
            for method in contract["methods"]:
                method["schema"] = contract["schema"]
                method["full_name"] = f'{contract["name"]}/{method["name"]}'
                self.methods[method["full_name"]] = method
                self.types[method["type"]] = method
        self.files = self._compile(folders)
        self._pool = descriptor_pool.DescriptorPool()
        for file in self.files.file:
            self._pool.Add(file)

    def message(self, name):
        """The class of a message, by full name."""
        return message_factory.GetMessageClass(self._pool.FindMessageTypeByName(name))

    @staticmethod
    def _compile(folders):
        protos = sorted({str(p.relative_to(folder)) for folder in folders for p in folder.glob("**/*.proto")})
        with tempfile.TemporaryDirectory() as scratch:
            out = pathlib.Path(scratch) / "all.pb"
            try:
                subprocess.run(
                    ["protoc", "--include_imports", f"--descriptor_set_out={out}", *[f"-I{folder.resolve()}" for folder in folders], *protos],
                    check=True, capture_output=True, text=True)
            except FileNotFoundError:
                raise SystemExit("protoc is not installed: apt-get install protobuf-compiler") from None
            except subprocess.CalledProcessError as error:
                raise SystemExit(f"protoc cannot read {folders}: {error.stderr}") from None
            return descriptor_pb2.FileDescriptorSet.FromString(out.read_bytes())

    def describe(self, names, provided):
        """Entries for System/Describe."""
        result = []
        for name in names:
            for method in self.contracts[name]["methods"]:
                result.append({
                    "name": method["full_name"], "type": method["type"], "pattern": method["pattern_number"],
                    "input": method["input"], "output": method["output"], "provided": provided,
                    "sensitive": method["sensitive"],
                })
        return result
