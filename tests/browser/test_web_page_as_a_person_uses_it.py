"""What a person does on the web page, done in a browser before a stub of the API."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from serving.schemas import Movie
from tests.browser.web_page import Site, ids_of, running_site, settled, visit
from tests.ui.local_tmdb import V3_KEY
from tests.ui.stub_api import serving
from tests.waiting import wait_until

pytestmark = [pytest.mark.slow, pytest.mark.timeout(120), pytest.mark.xdist_group("browser")]


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory, browser: Browser) -> Iterator[Site]:
    with running_site(tmp_path_factory.mktemp("web_page")) as site:
        yield site


@pytest.fixture
def site(running: Site) -> Site:
    running.stub.reset()
    return running


def kinds_sent(site: Site) -> list[tuple[str, int]]:
    return [(event.kind, event.movie_id) for request in site.stub.feedback for event in request.events]


def test_model_toggle_and_alpha_change_the_list(site: Site, browser: Browser) -> None:
    with visit(browser, f"{site.url}/?user=1") as page:
        hybrid = ids_of(page, "for_you")
        assert len(hybrid) == 19, "the first of twenty is the large card"
        page.get_by_role("radio", name="Content").or_(page.get_by_role("button", name="Content")).first.click()
        expect(page.locator('[data-list="for_you"]')).to_contain_text("Content model")
        settled(page, quiet=100)
        content = ids_of(page, "for_you")
        assert content != hybrid
        assert "model=Content" in page.url
        page.get_by_role("radio", name="Hybrid").or_(page.get_by_role("button", name="Hybrid")).first.click()
        expect(page.locator('[data-list="for_you"]')).to_contain_text("Hybrid model")
        slider = page.get_by_role("slider", name="Balance α")
        slider.focus()
        slider.press("Home")
        wait_until(lambda: "alpha=0" in page.url)
        settled(page, quiet=100)
        assert ids_of(page, "for_you") != hybrid


def test_page_of_an_address_shows_that_person_and_model(site: Site, browser: Browser) -> None:
    with visit(browser, f"{site.url}/?user=5&model=ALS") as page:
        expect(page.locator('[data-list="top"]')).to_contain_text("Top pick for user 5")
        expect(page.locator('[data-list="for_you"]')).to_contain_text("ALS model")


def test_link_of_a_card_opens_a_tab_of_its_own_and_is_told(site: Site, browser: Browser) -> None:
    with visit(browser, f"{site.url}/?user=1") as page:
        card = page.locator('[data-list="for_you"] .card').first
        movie = site.stub.movies[int(str(card.get_attribute("data-movie-id")))]
        for name, address in (
            ("TMDB", f"https://www.themoviedb.org/movie/{movie.tmdb_id}"),
            ("IMDb", f"https://www.imdb.com/title/tt{movie.imdb_id}/"),
        ):
            with page.context.expect_page() as opened:
                card.get_by_role("link", name=name).click()
            tab = opened.value
            tab.wait_for_load_state()
            assert tab.url == address
            assert tab.evaluate("window.opener") is None
            tab.close()
        wait_until(lambda: kinds_sent(site).count(("click", movie.movie_id)) == 2)


def test_stars_are_given_with_the_keyboard_and_change_the_list(site: Site, browser: Browser) -> None:
    with visit(browser, f"{site.url}/?user=1") as page:
        first = ids_of(page, "for_you")[0]
        stars = page.locator(f'[data-list="for_you"] [data-movie-id="{first}"] .stars button')
        stars.first.focus()
        for _ in range(3):
            page.keyboard.press("ArrowRight")
        page.keyboard.press("Enter")
        expect(page.get_by_text("4 of 5 stars. The lists know it now")).to_be_visible()
        assert site.stub.added[1] == {first: 4.0}
        settled(page, quiet=100)
        assert first not in ids_of(page, "for_you")


def test_newcomer_picks_titles_and_gets_a_list_at_once(site: Site, browser: Browser) -> None:
    with visit(browser, f"{site.url}/new_here") as page:
        expect(page.get_by_role("heading", name="Popular")).to_be_visible()
        page.get_by_role("textbox", name="Search a title").fill("matrix")
        page.keyboard.press("Enter")
        page.get_by_role("button", name="I like The Matrix (1999)").first.click()
        expect(page.get_by_role("heading", name="For you")).to_be_visible()
        page.get_by_role("button", name=re.compile("^I do not like")).last.click()
        expect(page.locator(".picks button")).to_have_count(2)
        assert re.search(r"liked=2571", page.url)
        assert "disliked=" in page.url
        page.get_by_role("button", name=re.compile("^Take The Matrix")).click()
        expect(page.locator(".picks button")).to_have_count(1)


def test_similar_titles_are_found_by_searching_and_picking(site: Site, browser: Browser) -> None:
    with visit(browser, f"{site.url}/similar") as page:
        page.get_by_role("textbox", name="Search a title").fill("godfather")
        page.keyboard.press("Enter")
        page.get_by_role("button", name="Show titles like The Godfather (1972)").first.click()
        expect(page.get_by_role("heading", name="Most like The Godfather")).to_be_visible()
        assert "movie=858" in page.url
        settled(page, quiet=100)
        assert len(ids_of(page, "similar")) == 24


def test_pages_are_reached_from_the_navigation(site: Site, browser: Browser) -> None:
    with visit(browser, site.url) as page:
        for name, heading in (("Compare", "Compare the models"), ("Model", "The model"), ("New here", "New here?")):
            page.get_by_role("link", name=name, exact=True).first.click()
            expect(page.get_by_role("heading", name=heading)).to_be_visible()


def test_posters_come_over_the_drawn_cards_and_missing_ones_leave_them(site: Site, browser: Browser) -> None:
    with visit(browser, f"{site.url}/?user=1") as page:
        cards = page.locator('[data-list="for_you"] .card')
        wait_until(lambda: page.locator('[data-list="for_you"] img.photo.loaded').count())
        for card in cards.all()[:6]:
            movie = site.stub.movies[int(str(card.get_attribute("data-movie-id")))]
            missing = (movie.tmdb_id or 0) % 2
            if movie.tmdb_id != 862:
                expect(card.locator("img.photo")).to_have_count(0 if missing else 1)
            expect(card.locator("svg.drawn")).to_have_count(1)
        expect(page.get_by_text("not endorsed or certified by TMDB")).to_be_visible()
        assert V3_KEY not in page.content()


def test_title_that_is_a_script_does_not_run(site: Site, browser: Browser) -> None:
    title = '<img src=x onerror="window.hacked=1"><script>window.hacked=1</script> \'n\' "q" (2001)'
    site.stub.extra[7_000_001] = Movie(movie_id=7_000_001, title=title, year=2001, genres=["<b>War</b>"])
    with visit(browser, f"{site.url}/similar?movie=7000001") as page:
        expect(page.get_by_role("heading", level=2).first).to_contain_text("<script>window.hacked=1</script>")
        assert page.evaluate("window.hacked") is None


def test_phone_shows_rows_that_scroll_sideways_and_a_page_that_does_not(site: Site, browser: Browser) -> None:
    for path in ("/?user=1", "/new_here?liked=260", "/similar?movie=260", "/compare?user=1", "/model"):
        with visit(browser, site.url + path, 390, 844) as page:
            wide = page.evaluate(
                """() => [...document.querySelectorAll('.stMainBlockContainer *')].filter(element =>
                  !element.closest('.cards.row, .table-frame, .backdrop, svg, .sr-only')
                  && element.getBoundingClientRect().right > innerWidth + 1).map(element => element.className)"""
            )
            assert wide == [], f"wider than the screen on {path}"
            if path == "/?user=1":
                row = page.locator(".cards.row").first
                card = row.locator(".card").nth(1).bounding_box()
                assert card is not None
                assert 120 < card["width"] < 200
                assert row.evaluate("row => { row.scrollLeft = 300; return row.scrollLeft }") > 200


def test_api_that_goes_down_and_comes_back(site: Site, browser: Browser) -> None:
    def no_trace_of_python(page: Page) -> None:
        text = page.locator("body").inner_text()
        assert "Traceback" not in text
        assert "Error" not in text

    port = int(site.stub.url.rsplit(":", 1)[1])
    site.stub.stop()
    with visit(browser, f"{site.url}/?user=1") as page:
        expect(page.get_by_text("The recommender is away")).to_be_visible()
        expect(page.get_by_text("recsys serve")).to_be_visible()
        no_trace_of_python(page)
        with serving(site.stub.app, port):
            page.get_by_role("button", name="Try again").click()
            expect(page.get_by_role("heading", name="For you", exact=True, level=2)).to_be_visible()
