"""Write Spacenode plugins in Python: see README.md and docs/protocol/bus.md."""

from .contracts import Contracts
from .plugin import BusError, Context, Plugin, arguments

__all__ = ["BusError", "Context", "Contracts", "Plugin", "arguments"]
