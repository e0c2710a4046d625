"""The web page before a stub of the API and of TMDB, for tests in a browser."""

import base64
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import Browser, Page, Route

from docgen.browser import new_page
from docgen.web_page import running_page, settled
from tests.ui.local_tmdb import V3_KEY, local_tmdb
from tests.ui.stub_api import Stub, running_stub

IMAGES = "https://image.tmdb.test/t/p"
_PIXEL = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)


@dataclass(frozen=True)
class Site:
    """The running page, and the stub behind it."""

    url: str
    stub: Stub


@contextmanager
def running_site(folder: Path) -> Iterator[Site]:
    """The page with a key of TMDB, for the length of a block."""
    with (
        running_stub() as stub,
        local_tmdb() as tmdb,
        running_page(stub.url, folder, TMDB_API_KEY=V3_KEY, TMDB_API_URL=tmdb.url, TMDB_IMAGE_URL=IMAGES) as url,
    ):
        yield Site(url, stub)


@contextmanager
def visit(browser: Browser, address: str, width: int = 1440, height: int = 900) -> Iterator[Page]:
    """A visit of an address; nothing outside this machine is asked, posters of odd ids are missing."""
    with new_page(browser, width, height, seconds=20) as page:
        page.context.route(lambda url: url.startswith("https://"), _answer)
        page.goto(address)
        settled(page, quiet=100)
        yield page


def _answer(route: Route) -> None:
    address = route.request.url
    if not address.startswith(IMAGES):
        route.fulfill(status=200, content_type="text/html", body="<title>elsewhere</title>")
    elif int("".join(c for c in address.rsplit("/", 1)[1] if c.isdigit()) or 0) % 2:
        route.fulfill(status=404)
    else:
        route.fulfill(status=200, content_type="image/png", body=_PIXEL)


def ids_of(page: Page, name: str) -> list[int]:
    """Movie ids of the row ``name``, in order, once it is there: on a busy machine a page looks settled before."""
    cards = page.locator(f'[data-list="{name}"] [data-movie-id]')
    cards.first.wait_for(state="attached")
    return [int(str(card.get_attribute("data-movie-id"))) for card in cards.all()]
