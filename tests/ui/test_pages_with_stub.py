"""Each page, without a browser, before a stub of the API: what it asks, and what it says."""

import json
import re
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from serving.schemas import Movie
from tests.ui.local_tmdb import V3_KEY, local_tmdb
from tests.ui.stub_api import VERSION, running_stub
from ui.pages import PAGES
from ui.tmdb import ATTRIBUTION
from ui.views.model import metric_table

ROOT = Path(__file__).parents[2]


def html_of(page: AppTest) -> str:
    """All HTML of a page; no exception may have ended it."""
    assert not page.exception
    rows = [json.loads(row.proto.json)["html"] for row in page.get("bidi_component")]
    return "\n".join([*(block.proto.body for block in page.get("html") if "<style>" not in block.proto.body), *rows])


def ids_of(html: str, name: str) -> list[int]:
    """Movie ids of the row ``name``, in order."""
    section = re.search(rf'<section[^>]*data-list="{name}".*?</section>', html, re.DOTALL)
    assert section, f"no row {name}"
    return [int(found) for found in re.findall(r'data-movie-id="(\d+)"', section[0])]


def headings_of(html: str) -> list[str]:
    return [text.strip() for text in re.findall(r"<h2[^>]*>(.*?)</h2>", html)]


def test_known_person_gets_rows_with_reasons(stub, open_page):
    html = html_of(open_page(stub.url, user="1"))
    headings = headings_of(html)
    assert headings[1] == "For you"
    assert [heading for heading in headings if heading.startswith("Because you liked ")]
    assert {"New to you", "Popular", "Your ratings"} <= set(headings)
    assert "because of " in html
    assert "Hybrid model, version 7" in html


def test_rows_of_one_page_repeat_nothing_of_the_first(stub, open_page):
    html = html_of(open_page(stub.url, user="1"))
    shown = [*ids_of(html, "top"), *ids_of(html, "for_you")]
    assert len(shown) == len(set(shown)) == 20
    assert not set(shown) & set(ids_of(html, "because_0"))
    assert not set(shown) & set(ids_of(html, "new"))
    assert not set(stub.rated(1)) & {*shown, *ids_of(html, "because_0"), *ids_of(html, "new"), *ids_of(html, "popular")}


def test_another_model_gives_another_list(stub, open_page):
    page = open_page(stub.url, user="1")
    hybrid = html_of(page)
    page.session_state["model"] = "content"
    content = html_of(page.run())
    assert ids_of(hybrid, "for_you") != ids_of(content, "for_you")
    assert "Content model" in content


def test_alpha_and_filters_reach_the_api(stub, open_page):
    page = open_page(stub.url, user="1")
    before = ids_of(html_of(page), "for_you")
    page.slider(key="alpha").set_value(0.0).run()
    assert ids_of(html_of(page), "for_you") != before
    page.multiselect(key="genres").set_value(["Western"]).run()
    movies = [stub.movies[movie_id] for movie_id in ids_of(html_of(page), "for_you")]
    assert movies
    assert all("Western" in movie.genres for movie in movies)
    page.slider(key="years").set_value((1900, 1901)).run()
    assert "Nothing fits these filters" in html_of(page)


@pytest.mark.parametrize("text", ["abc", "-1", "0", "1.5", "", "٣", "9" * 30, "<script>alert(1)</script>"])
def test_user_id_that_is_no_number_is_explained(stub, open_page, text):
    page = open_page(stub.url)
    page.text_input(key="user").set_value(text).run()
    html = html_of(page)
    assert "That is not a user id" in html
    assert "<script" not in html


def test_stranger_is_told_so_and_sees_what_suits_newcomers(stub, open_page):
    html = html_of(open_page(stub.url, user="999999"))
    assert "User 999999 is new here" in html
    assert "what newcomers like" in html
    assert "Your ratings" not in headings_of(html)


@pytest.mark.parametrize("path", PAGES)
def test_api_that_is_down_is_a_friendly_message(open_page, path):
    with running_stub() as gone:
        pass
    page = open_page(gone.url, path)
    html = html_of(page)
    assert "The recommender is away" in html
    assert "recsys serve" in html
    assert "Traceback" not in html
    assert page.button(key="again")


@pytest.mark.parametrize("path", ["for_you", "new_here", "compare"])
def test_api_without_a_model_is_said(stub, open_page, path):
    stub.ready = False
    assert "No model yet" in html_of(open_page(stub.url, path))


def test_page_comes_back_with_the_api(stub, open_page):
    with running_stub() as gone:
        pass
    page = open_page(gone.url)
    open_page(stub.url)
    page.button(key="again").click().run()
    assert "For you" in headings_of(html_of(page))


def test_impressions_are_told_once_per_list(stub, open_page):
    page = open_page(stub.url, user="1")
    page.run()
    page.run()
    from ui.session import _messenger

    _messenger().submit(int).result(10)  # after all that was told before
    shown = [[event.movie_id for event in request.events] for request in stub.feedback]
    assert len(shown) == 2, "the list for the person, and the one that is new to them"
    assert {event.kind for request in stub.feedback for event in request.events} == {"impression"}
    assert {event.model_version for request in stub.feedback for event in request.events} == {VERSION}


def test_feedback_that_fails_disturbs_nobody(stub, open_page):
    stub.feedback_fails = True
    assert "For you" in headings_of(html_of(open_page(stub.url, user="1")))


def test_newcomer_sees_popular_titles_before_any_pick(stub, open_page):
    html = html_of(open_page(stub.url, "new_here"))
    assert headings_of(html) == ["We ask you", "Popular"]


def test_picks_in_the_address_give_a_list_at_once(stub, open_page):
    html = html_of(open_page(stub.url, "new_here", liked="260,1196,abc,999999999", disliked="1721"))
    assert "For you" in headings_of(html)
    assert "Titanic (1997)" in html
    listed = {*ids_of(html, "top"), *ids_of(html, "list")}
    assert not {260, 1196, 1721} & listed
    assert not {260, 1196, 1721} & set(ids_of(html, "asked"))


def test_search_shows_what_was_found_or_that_nothing_was(stub, open_page):
    page = open_page(stub.url, "new_here")
    page.text_input(key="q").set_value("matrix").run()
    assert 2571 in ids_of(html_of(page), "found")
    page.text_input(key="q").set_value("zzzz").run()
    assert "No film of that name" in html_of(page)


def test_title_that_is_a_script_is_shown_as_text(stub, open_page):
    stub.extra[7_000_001] = Movie(
        movie_id=7_000_001,
        title='<script>alert("x")</script> (2001)',
        year=2001,
        genres=['"><img src=x onerror=alert(1)>'],
    )
    page = open_page(stub.url, "new_here", liked="7000001")
    page.text_input(key="q").set_value("script").run()
    html = html_of(page)
    assert "&lt;script&gt;" in html
    assert "<script" not in html
    assert "<img src=x" not in html


def test_similar_films_of_the_address(stub, open_page):
    html = html_of(open_page(stub.url, "similar", movie="2571"))
    assert "Most like The Matrix" in headings_of(html)
    assert 2571 not in ids_of(html, "similar")
    assert "not in the catalogue" in html_of(open_page(stub.url, "similar", movie="987654321"))


def test_compared_lists_mark_what_they_share(stub, open_page):
    html = html_of(open_page(stub.url, "compare", user="1"))
    lists = {model: ids_of(html, model) for model in ("hybrid", "als", "content")}
    assert [len(listed) for listed in lists.values()] == [10, 10, 10]
    shared = set(lists["hybrid"]) & set(lists["content"])
    assert shared
    for movie_id in shared:
        assert f"Content #{lists['content'].index(movie_id) + 1}" in html


def test_model_page_has_version_metrics_aliases_and_plots(stub, open_page):
    page = open_page(stub.url, "model")
    html = html_of(page)
    assert f"Version {VERSION}" in html
    assert "previous_champion" in html
    assert "0.3487" in html
    assert len(page.get("image")) == 2


def test_posters_come_with_a_key_which_is_not_on_the_page(stub, open_page):
    with local_tmdb() as tmdb:
        page = open_page(stub.url, environment={"TMDB_API_KEY": V3_KEY, "TMDB_API_URL": tmdb.url}, user="1")
        html = html_of(page)
        ids = ids_of(html, "for_you")
    assert f"https://image.tmdb.org/t/p/w342/poster{stub.movies[ids[0]].tmdb_id}.jpg" in html
    assert ATTRIBUTION in html
    assert V3_KEY not in html
    assert V3_KEY not in repr(page.session_state)


def test_app_has_all_pages_and_opens_the_first(stub, open_page):
    open_page(stub.url)  # for the environment
    app = AppTest.from_file(str(ROOT / "app.py"), default_timeout=30).run()
    assert "For you" in headings_of(html_of(app))


def test_accuracy_of_short_lists_comes_first_and_a_low_gini_is_the_best():
    table = metric_table(
        {
            "als": {"coverage@10": 0.1, "gini@10": 0.9, "ndcg@20": 0.3, "ndcg@10": 0.2, "other": 1.0},
            "hybrid": {"coverage@10": 0.2, "gini@10": 0.95, "ndcg@20": 0.4, "ndcg@10": 0.3, "other": 0.5},
        }
    )
    assert table["columns"] == ["ndcg@10", "coverage@10", "gini@10", "ndcg@20", "other"]
    als = next(row for row in table["rows"] if row["model"] == "als")
    assert [cell["best"] for cell in als["cells"]] == [False, False, True, False, True]
