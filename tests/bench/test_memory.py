"""Memory of a process and its children, sampled while they run."""

import os
import subprocess
import sys
import time

import pytest

from bench.memory import sampling, tree_mib

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="as Linux counts it")
HOLDING = "held = bytearray(b'x') * (100 << 20); print(len(held), flush=True); input()"


def test_what_children_hold_is_counted_and_once_they_end_no_more() -> None:
    alone = tree_mib(os.getpid())
    assert alone > 10
    with sampling(os.getpid()) as samples:
        began = time.time()
        with subprocess.Popen([sys.executable, "-c", HOLDING], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as child:
            assert child.stdout
            assert child.stdout.readline().strip() == b"104857600"
            assert 90 < tree_mib(os.getpid()) - alone < 140
            assert 90 < tree_mib(child.pid) < 140
            seen = len(samples)
            while len(samples) < seen + 2:
                time.sleep(0.02)
            child.communicate(b"\n")
        ended = child.pid
    assert max(mib for moment, mib in samples if moment >= began) - alone > 90
    assert tree_mib(ended) == 0
