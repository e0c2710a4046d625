"""Catalogues of which nobody rates anything, in a browser: a heart, how often, and no filters that filter nothing."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, expect

from serving.schemas import RatingScale
from tests.browser.web_page import Site, ids_of, running_site, settled, visit
from tests.ui.stub_api import COUNTS, EVENTS

pytestmark = [pytest.mark.slow, pytest.mark.timeout(120), pytest.mark.xdist_group("browser")]


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory, browser: Browser) -> Iterator[Site]:
    with running_site(tmp_path_factory.mktemp("web_page")) as site:
        yield site


@pytest.fixture(params=[COUNTS, EVENTS], ids=["counts", "events"])
def scale(request: pytest.FixtureRequest) -> RatingScale:
    found: RatingScale = request.param
    return found


@pytest.fixture
def site(running: Site, scale: RatingScale) -> Site:
    running.stub.reset()
    running.stub.scale, running.stub.described = scale, False
    return running


def test_heart_is_given_and_taken_back(site: Site, browser: Browser, scale: RatingScale) -> None:
    with visit(browser, f"{site.url}/?user=1") as page:
        expect(page.get_by_text("Filters")).to_have_count(0)
        expect(page.get_by_text("50 ×")).to_have_count(20 if scale is COUNTS else 0)
        first = ids_of(page, "for_you")[0]
        page.locator(f'[data-list="for_you"] [data-movie-id="{first}"] .heart button').click()
        expect(page.get_by_text("Thank you: you like it. The lists know it now")).to_be_visible()
        assert site.stub.added[1] == {first: scale.highest}
        settled(page, quiet=100)
        assert first not in ids_of(page, "for_you")
        own = ids_of(page, "rated")[0]
        page.locator(f'[data-list="rated"] [data-movie-id="{own}"] .heart button[aria-pressed="true"]').click()
        expect(page.get_by_text("Thank you: taken back. The lists know it now")).to_be_visible()
        settled(page, quiet=100)
        assert site.stub.added[1] == {first: scale.highest} | {own: 0.0}
        assert own not in ids_of(page, "rated")


def test_newcomer_says_only_what_they_like(site: Site, browser: Browser) -> None:
    with visit(browser, f"{site.url}/new_here") as page:
        expect(page.get_by_role("button", name="I do not like")).to_have_count(0)
        page.locator('[data-list="asked"] [data-event="unseen"]').first.click()
        page.locator('[data-list="asked"] [data-event="like"]').first.click()
        expect(page.get_by_role("heading", name="For you")).to_be_visible()
        expect(page.locator(".picks button")).to_have_count(1)
