"""Every shared library that the image's wheels need is there: theirs, the base image's, or one that the image installs.

The tests' own machine has more libraries than a slim image, so the files themselves are asked, not the loader.
"""

import re
import struct
import sys
from importlib.metadata import distributions
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
DOCKERFILE = (ROOT / "docker" / "Dockerfile").read_text(encoding="utf-8")

# Libraries and the Debian packages that have them. Those of BASE are in every slim image of Python.
DEBIAN = {
    **dict.fromkeys(("ld-linux-x86-64.so.2", "ld-linux-aarch64.so.1", "libc.so.6", "libdl.so.2", "libm.so.6"), "libc6"),
    **dict.fromkeys(("libpthread.so.0", "libresolv.so.2", "librt.so.1", "libutil.so.1"), "libc6"),
    "libgcc_s.so.1": "libgcc-s1",
    "libgomp.so.1": "libgomp1",
    "libstdc++.so.6": "libstdc++6",
    "libz.so.1": "zlib1g",
}
BASE = {"libc6", "libgcc-s1", "libstdc++6", "zlib1g"}
# implicit looks for a GPU's libraries when it is imported, and goes on without them
OPTIONAL = {"implicit/gpu/_cuda.so"}

DYNAMIC, LOAD = 2, 1  # kinds of program headers
NEEDED, STRING_TABLE = 1, 5  # tags of the dynamic section


def needed(content: bytes) -> set[str]:
    """Names of the libraries that an ELF file of 64 bits asks the loader for (DT_NEEDED); of another file none."""
    if not content.startswith(b"\x7fELF"):
        return set()
    start, size, n = *struct.unpack_from("<Q", content, 0x20), *struct.unpack_from("<HH", content, 0x36)
    headers = [struct.unpack_from("<IIQQQQ", content, start + size * num) for num in range(n)]
    dynamic = [(offset, length) for kind, _, offset, _, _, length in headers if kind == DYNAMIC]
    entries = [
        struct.unpack_from("<qQ", content, place) for at, length in dynamic for place in range(at, at + length, 16)
    ]
    table = next((value for tag, value in entries if tag == STRING_TABLE), 0)
    loaded = [(offset, place, length) for kind, _, offset, place, _, length in headers if kind == LOAD]
    strings = next((offset + table - place for offset, place, length in loaded if 0 <= table - place < length), 0)
    names = [strings + value for tag, value in entries if tag == NEEDED]
    return {content[name : content.index(b"\0", name)].decode() for name in names}


def libraries() -> dict[str, Path]:
    """Name in its wheel → file, of all shared libraries of the packages that the image's lock names."""
    lock = (ROOT / "docker" / "requirements.lock").read_text(encoding="utf-8")
    locked = set(re.findall(r"^([a-z0-9.-]+)(?:\[.*?\])?==", lock, re.MULTILINE))
    found = {}
    for package in distributions():
        if re.sub(r"[-_.]+", "-", package.metadata["Name"]).lower() in locked:
            found |= {
                str(file): Path(str(package.locate_file(file))) for file in package.files or () if ".so" in file.name
            }
    return found


@pytest.mark.skipif(sys.platform != "linux", reason="the image's wheels are those of Linux")
def test_the_image_has_every_shared_library_that_its_wheels_need() -> None:
    found = {name: file for name, file in libraries().items() if name not in OPTIONAL}
    assert {name.split("/")[0] for name in found} >= {"implicit", "numpy", "pyarrow", "psycopg2", "grpc"}
    brought = {file.name for file in found.values()}
    installed = re.findall(
        r"apt-get install [^\\&]*--no-install-recommends ([a-z0-9.+ -]+)", DOCKERFILE.split("FROM ")[-1]
    )
    there = BASE | set(" ".join(installed).split())
    missing = {
        f"{name} needs {library}"
        for name, file in found.items()
        for library in needed(file.read_bytes()) - brought
        if DEBIAN.get(library) not in there
    }
    assert not missing


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux has ELF files")
def test_what_a_library_needs_is_read_as_the_loader_reads_it() -> None:
    (als,) = [file for name, file in libraries().items() if name.startswith("implicit/cpu/_als.")]
    assert {"libgomp.so.1", "libstdc++.so.6", "libc.so.6"} <= needed(als.read_bytes())
