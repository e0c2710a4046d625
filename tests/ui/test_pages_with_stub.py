"""Each page, without a browser, before a stub of the API: what it asks, and what it says."""

import json
import re
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from serving.schemas import AssignedArm, Event, Movie, ServedModel
from tests.ui.local_tmdb import V3_KEY, local_tmdb
from tests.ui.stub_api import COUNTS, EVENTS, STARS, VERSION, Stub, catalogue, running_stub
from ui.pages import PAGES
from ui.rows import CardEvent, show_html
from ui.session import _messenger
from ui.tmdb import ATTRIBUTION, Artwork
from ui.views import for_you
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
    page.slider(key="years").set_value((1931, 1932)).run()
    assert "Nothing fits these filters" in html_of(page)


@pytest.mark.parametrize("text", ["abc", "--1", "-", "1.5", "", "٣", str(2**63), "9" * 30, "<script>alert(1)</script>"])
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


def told(stub: Stub) -> list[list[Event]]:
    """The events that the page has sent, by call."""
    _messenger().submit(int).result(10)  # after all that was told before
    return [request.events for request in stub.feedback]


def where(event: Event) -> tuple[object, ...]:
    return event.movie_id, event.rank, event.experiment, event.arm, event.model_version


def test_impressions_are_told_once_per_list(stub, open_page):
    page = open_page(stub.url, user="1")
    page.run()
    html = html_of(page.run())
    rows = [[*ids_of(html, "top"), *ids_of(html, "for_you")]]
    rows += [ids_of(html, name) for name in ("because_0", "because_1", "new", "popular", "rated")]
    calls = told(stub)
    assert [[event.movie_id for event in call] for call in calls] == rows
    assert all([event.rank for event in call] == list(range(1, len(call) + 1)) for call in calls)
    assert {event.kind for call in calls for event in call} == {"impression"}


def test_every_click_has_an_impression_and_only_the_answers_for_the_person_name_the_arm(stub, open_page, monkeypatch):
    stub.experiment = AssignedArm(experiment="autumn", arm="treatment")
    rows: dict[str, tuple[str, Callable[[CardEvent], None]]] = {}

    def kept(key: str, html: str, on_event: Callable[[CardEvent], None]) -> None:
        rows[key] = html, on_event
        show_html(key, html, on_event)

    monkeypatch.setattr(for_you, "show_html", kept)
    assert "experiment autumn, arm treatment" in html_of(open_page(stub.url, user="1"))
    shown = {where(event) for call in told(stub) for event in call}
    for name, (html, on_event) in rows.items():
        movie_id, rank = map(int, re.findall(r'data-movie-id="(\d+)" data-rank="(\d+)"', html)[-1])
        stub.feedback.clear()
        on_event(CardEvent("click", movie_id, rank))
        ((click,),) = told(stub)
        assert where(click) in shown
        tested = ("autumn", "treatment", VERSION) if name in {"top", "for_you", "new"} else (None, None, None)
        assert (click.experiment, click.arm, click.model_version) == tested, name
    assert set(rows) == {"top", "for_you", "because_0", "because_1", "new", "popular", "rated"}


def test_somebody_with_more_ratings_than_a_request_takes_is_shown_none_of_the_best(stub, open_page):
    rated = {8_000_000 + number: 1.0 for number in range(600)}
    for movie_id in rated:
        stub.extra[movie_id] = Movie(movie_id=movie_id, title=f"Film {movie_id} (2001)", year=2001, genres=["Drama"])
    popular = list(catalogue().movies)[:200]
    stub.added[77] = {**rated, **dict.fromkeys(popular, 4.5)}
    html = html_of(open_page(stub.url, user="77"))
    assert {"New to you", "Popular", "Your ratings"} <= set(headings_of(html))
    for name in ("popular", "because_0", "new"):
        assert not set(popular) & set(ids_of(html, name))


@pytest.mark.parametrize(
    ("ratings", "liked"),
    [
        ({1: 10.0, 2571: 9.0, 3: 2.0}, ["Toy Story", "The Matrix"]),
        ({1: 2.0, 2571: 1.0, 50: 1.0}, ["Toy Story"]),
        ({1: 5.0, 50: 5.0}, []),
    ],
    ids=["scale of ten", "strict person", "all alike"],
)
def test_titles_rated_above_the_persons_own_mean_are_the_liked_ones(stub, open_page, ratings, liked):
    stub.extra[3] = Movie(movie_id=3, title="Grumpier Old Men (1995)", year=1995, genres=["Comedy"])
    stub.added[77] = ratings
    headings = headings_of(html_of(open_page(stub.url, user="77")))
    assert [text for text in headings if text.startswith("Because")] == [f"Because you liked {name}" for name in liked]


def test_genre_that_the_catalogue_lacks_is_a_note_with_those_there_are(stub, open_page):
    lacking = "Telenovela"
    stub.extra[3] = Movie(movie_id=3, title="Gone (1995)", year=1995, genres=[lacking])
    page = open_page(stub.url, user="1")
    stub.extra.clear()  # another model is served now
    page.multiselect(key="genres").set_value(["Drama", lacking]).run()
    html = html_of(page)
    assert f"This catalogue has no titles of {lacking}" in html
    assert "there are titles of Action, Adventure" in html


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


@pytest.mark.parametrize(
    ("query", "n_unknown", "picks"),
    [
        ({"liked": "260,999999"}, 1, [260]),
        ({"liked": "260", "disliked": "888888", "unseen": "999999,1196"}, 2, [260]),
        ({"liked": "999999,999999"}, 1, []),
        ({"liked": "1", "disliked": "1"}, 0, [1]),
        ({"liked": "1,2", "disliked": "2,1,260"}, 0, [1, 2, 260]),
        ({"unseen": "9999999999"}, 1, []),
        ({"liked": f"{2**31},{2**63},0,-5,1e3,٣, 260,1"}, 3, [260, 1]),
    ],
)
def test_address_with_ids_that_the_api_refuses_shows_the_page_all_the_same(stub, open_page, query, n_unknown, picks):
    page = open_page(stub.url, "new_here", **query)
    html = html_of(page)
    assert headings_of(html)[-1] in {"We ask you", "Popular"}
    assert [text for text in headings_of(html) if text == "For you"] == (["For you"] if picks else [])
    chips = re.findall(r'<span data-movie-id="(\d+)"', html)
    assert [int(movie_id) for movie_id in chips] == picks
    notes = [caption.value for caption in page.caption]
    assert [note.split()[0] for note in notes] == ([str(n_unknown)] if n_unknown else [])
    assert not {*ids_of(html, "list"), *ids_of(html, "asked")} & set(picks)


def test_catalogue_that_changes_under_a_visit_costs_one_try(stub, open_page):
    stub.extra[7_000_002] = Movie(movie_id=7_000_002, title="Gone (2001)", year=2001, genres=["Drama"])
    page = open_page(stub.url, "new_here", liked="7000002,260")
    assert "Gone (2001)" in html_of(page)
    stub.extra.clear()
    assert "That did not work" in html_of(page.run())
    page.button(key="again").click().run()
    assert "For you" in headings_of(html_of(page))
    assert [caption.value for caption in page.caption] == [
        "1 title in the address is not in this catalogue, and left out."
    ]


def test_search_shows_what_was_found_or_that_nothing_was(stub, open_page):
    page = open_page(stub.url, "new_here")
    page.text_input(key="q").set_value("matrix").run()
    assert 2571 in ids_of(html_of(page), "found")
    page.text_input(key="q").set_value("zzzz").run()
    assert "No title of that name" in html_of(page)


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


def test_similar_titles_of_the_address(stub, open_page):
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


def test_model_page_evaluates_the_champion_whatever_else_is_served(stub, open_page):
    other = ServedModel(
        reference="3",
        version="3",
        loaded_at=datetime(2026, 11, 20, tzinfo=UTC),
        n_users=1,
        n_items=1,
        n_titles=1,
        seconds_to_load=0.1,
        dataset="movielens",
        rating_scale=STARS,
        user_ids="integer",
        item_ids="integer",
        genres=[],
        years=None,
    )
    stub.more_served = [other]
    html = html_of(open_page(stub.url, "model"))
    assert "Version 3" in html
    assert "No evaluation of this version" not in html
    assert "0.3487" in html


def test_plot_that_is_damaged_leaves_the_rest_of_the_page(stub, open_page):
    stub.damaged_plots = True
    html = html_of(open_page(stub.url, "model"))
    assert html.count("The image is damaged") == 2
    assert "previous_champion" in html


def test_rows_of_one_run_share_a_deadline_for_posters(stub, open_page, monkeypatch):
    deadlines: list[float | None] = []

    def find(self: Artwork, tmdb_ids: object, deadline: float | None = None) -> dict[int, object]:
        deadlines.append(deadline)
        return {}

    monkeypatch.setattr(Artwork, "find", find)
    page = open_page(stub.url, user="1")
    assert len(deadlines) == 7, "once for each row"
    page.run()
    counts = Counter(deadlines)
    assert None not in counts
    assert list(counts.values()) == [7, 7]


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


@pytest.mark.parametrize("scale", [COUNTS, EVENTS], ids=["counts", "events"])
def test_where_nobody_rates_hearts_are_asked_for_and_dislikes_are_not(stub, open_page, scale):
    stub.scale = scale
    html = html_of(open_page(stub.url, user="1"))
    assert "Your history" in headings_of(html)
    assert "star" not in re.sub(r'class="[^"]*"', "", html)
    assert html.count('aria-label="I like ') > 100
    assert ("50 ×" in html) == (scale is COUNTS)
    asked = html_of(open_page(stub.url, "new_here"))
    assert 'data-event="like"' in asked
    assert "islike" not in asked


@pytest.mark.parametrize("value", [1.0, 0.0])
def test_a_heart_is_sent_as_the_scale_has_it(stub, open_page, monkeypatch, value):
    stub.scale = COUNTS
    handlers = {}
    monkeypatch.setattr(for_you, "show_html", lambda key, html, on_event: handlers.update({key: on_event}))
    page = open_page(stub.url, user="1")
    assert not page.exception
    handlers["for_you"](CardEvent("rating", 260, 3, value))
    (sent,) = [event for call in told(stub) for event in call if event.kind == "rating"]
    assert sent.rating == COUNTS.highest * value


def test_a_catalogue_without_genres_and_years_has_no_filters_and_no_word_of_films(stub, open_page):
    stub.described = False
    for path in PAGES:
        page = open_page(stub.url, path, user="1")
        html = html_of(page)
        assert "went wrong" not in html
        assert not [box for box in page.multiselect if box.key == "genres"]
        assert not [slider for slider in page.slider if slider.key == "years"]
        assert not re.search(
            "film|movielens|TMDB|poster of", re.sub("data-movie-id|<svg.*?</svg>|movie=", "", html), re.I
        )


def test_genres_and_years_of_the_catalogue_are_the_filters(stub, open_page):
    page = open_page(stub.url, user="1")
    assert page.multiselect(key="genres").options == sorted({g for m in stub.movies.values() for g in m.genres})
    assert (page.slider(key="years").min, page.slider(key="years").max) == (1931, 2018)
