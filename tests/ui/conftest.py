"""A stub of the API on a free port, and pages before it."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from tests.ui.stub_api import Stub, running_stub
from ui import session

_OURS = ("RECSYS_API_URL", "RECSYS_HOME", "TMDB_API_KEY", "TMDB_API_URL", "TMDB_IMAGE_URL")


@pytest.fixture(scope="session")
def one_stub() -> Iterator[Stub]:
    with running_stub() as running:
        yield running


@pytest.fixture
def stub(one_stub: Stub) -> Stub:
    one_stub.reset()
    return one_stub


@pytest.fixture
def open_page(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Callable[..., AppTest]]:
    """Show a page of the API at an address, with a query; without a browser."""

    urls: set[str] = set()

    def opened(url: str, path: str = "for_you", environment: dict[str, str] | None = None, **query: str) -> AppTest:
        urls.add(url)
        for name in _OURS:
            monkeypatch.delenv(name, raising=False)
        monkeypatch.setenv("RECSYS_API_URL", url)
        monkeypatch.setenv("RECSYS_HOME", str(tmp_path))
        for name, value in (environment or {}).items():
            monkeypatch.setenv(name, value)
        page = AppTest.from_string(f"from ui.pages import show_page\nshow_page({path!r})", default_timeout=30)
        for name, value in query.items():
            page.query_params[name] = value
        return page.run()

    yield opened
    session.artwork().close()
    for url in urls:
        session._client(url).close()
    st.cache_resource.clear()
