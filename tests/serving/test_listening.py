"""Where the server listens: the address is told once it is had, and a port that is not is one message."""

import socket

import pytest

from recsys_core.errors import RecsysError
from serving.listening import listen


def test_a_busy_port_is_named_before_anything_is_made_or_told(capsys: pytest.CaptureFixture[str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(RecsysError, match=rf"^port {port} of 127\.0\.0\.1 cannot be listened on \(.+\); end what"):
            listen(lambda: pytest.fail("an application was made"), "127.0.0.1", port)
    assert capsys.readouterr() == ("", "")


def test_a_host_that_nobody_knows_is_named() -> None:
    with pytest.raises(RecsysError, match=r"port 8000 of nowhere\.invalid cannot be listened on"):
        listen(lambda: pytest.fail("an application was made"), "nowhere.invalid", 8000)
