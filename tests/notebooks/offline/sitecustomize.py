"""For processes with this folder in PYTHONPATH: nothing beyond this machine can be reached."""

import socket
from typing import Any

_connect = socket.socket.connect


def _connect_here(self: socket.socket, address: Any) -> None:
    if self.family != socket.AF_UNIX and not str(address[0]).startswith(("127.", "localhost", "::1")):
        raise OSError(f"a notebook wants to reach {address}")
    _connect(self, address)


socket.socket.connect = _connect_here  # type: ignore[assignment, method-assign]
