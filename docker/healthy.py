"""`python healthy.py ADDRESS`: ends with 0 when http://… answers with success, or tcp://HOST:PORT accepts; for Docker.

Needs the standard library only: it starts every few seconds in every container.
"""

import socket
import sys
import urllib.request
from urllib.parse import urlsplit

SECONDS = 4


def check(address: str) -> None:
    """Raise OSError when nobody answers, or with an error; ValueError for an address that is none."""
    parts = urlsplit(address)
    if parts.scheme == "tcp" and parts.hostname and parts.port:
        socket.create_connection((parts.hostname, parts.port), timeout=SECONDS).close()
    elif parts.scheme == "http":
        straight = urllib.request.build_opener(urllib.request.ProxyHandler({}))  # no proxy knows this container
        straight.open(address, timeout=SECONDS).close()
    else:
        raise ValueError("expected http://… or tcp://HOST:PORT")


if __name__ == "__main__":
    try:
        check(sys.argv[1])
    except (OSError, ValueError, IndexError) as error:
        sys.exit(f"not healthy: {' '.join(sys.argv[1:])}: {error}")
