"""Cards: everything escaped, links safe, reasons in words."""

import xml.etree.ElementTree as ET
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from serving.schemas import Because, Movie, RecommendedMovie
from ui.cards import card_of, hero_html, row_html
from ui.motifs import _MOTIFS
from ui.placeholder import placeholder_svg
from ui.rows import CardEvent
from ui.titles import shown_title, with_year
from ui.tmdb import Art
from ui.why import parts_of, why_text
from ui.wrapping import fit_lines, text_width

ALIEN = RecommendedMovie(
    movie_id=1200,
    title="Aliens (1986)",
    year=1986,
    genres=["Action", "Horror", "Sci-Fi"],
    imdb_id="0090605",
    tmdb_id=679,
    rank=1,
    score=16.74,
    sources={"collaborative": 14.98, "content": 1.76, "popularity": 0.0},
    because=[
        Because(movie_id=1214, title="Alien (1979)", contribution=5.0),
        Because(movie_id=1240, title="Terminator, The (1984)", contribution=3.0),
        Because(movie_id=5, title="Father of the Bride Part II (1995)", contribution=-1.0),
    ],
)
HOSTILE = '<script>alert(1)</script>" onmouseover="alert(2)\' & (1999)'


class Parsed(HTMLParser):
    """Tags and attributes as a browser sees them."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.links: list[dict[str, str | None]] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += attrs
        if tag == "a":
            self.links.append(dict(attrs))


@pytest.mark.parametrize(
    ("title", "shown"),
    [
        ("Terminator, The (1984)", "The Terminator (1984)"),
        ("Toy Story (1995)", "Toy Story (1995)"),
        ("City of Lost Children, The (Cité des enfants perdus, La) (1995)", "The City of Lost Children (1995)"),
        ("Avventura, L' (1960)", "L'Avventura (1960)"),
        ("Good, the Bad and the Ugly, The (1966)", "The Good, the Bad and the Ugly (1966)"),
        ("Babylon 5", "Babylon 5"),
        ("(500) Days of Summer (2009)", "(500) Days of Summer (2009)"),
        ("Fawlty Towers (1975-1979)", "Fawlty Towers (1975)"),
    ],
)
def test_titles_are_written_as_people_write_them(title, shown):
    assert with_year(title) == shown


@given(st.text(max_size=60))
def test_no_title_is_too_odd_to_show(title):
    assert isinstance(shown_title(title).name, str)


def test_reason_names_the_titles_that_raised_the_score():
    assert why_text(ALIEN) == "because of Alien (1979) and The Terminator (1984)"
    assert why_text(ALIEN, n_titles=1) == "because of Alien (1979)"


def test_reason_without_titles_is_the_strongest_source():
    bare = ALIEN.model_copy(update={"because": None})
    assert why_text(bare) == "liked by people with your taste"
    assert why_text(bare.model_copy(update={"sources": None})) == ""
    assert why_text(bare.model_copy(update={"sources": {"magic": 2.0}})) == "mostly magic"
    assert why_text(ALIEN, "cold") == "popular with newcomers"


@given(st.dictionaries(st.text(min_size=1, max_size=8), st.floats(-100, 100), max_size=5))
def test_parts_of_the_bar_are_shares_of_one(sources):
    parts = parts_of(ALIEN.model_copy(update={"sources": sources, "terms": None}))
    assert {part.source for part in parts} == {name for name, value in sources.items() if abs(value) >= 0.005}
    assert sum(part.share for part in parts) == pytest.approx(1.0 if parts else 0.0)


def test_parts_of_the_bar_are_the_sources_that_made_the_list():
    terms = {"als": 4.0, "popularity": 1.0, "recent_popularity": 2.0, "dislikes": -1.0, "constant": -3.0}
    parts = parts_of(ALIEN.model_copy(update={"terms": terms}))
    assert [part.text for part in parts] == ["ALS +4.00", "popularity +3.00", "disliked titles -1.00"]
    assert sum(part.share for part in parts) == pytest.approx(1.0)


def test_a_title_that_nobody_has_rated_is_marked():
    for new in (True, False):
        html = row_html("r", [card_of(ALIEN.model_copy(update={"new": new}))], heading="For you")
        assert (">New</span>" in html) == new


def test_card_links_to_tmdb_and_imdb_in_a_new_tab():
    links = Parsed(row_html("r", [card_of(ALIEN)], heading="For you", action="rate")).links
    outside = [link for link in links if link["target"] == "_blank"]
    assert {link["href"] for link in outside} == {
        "https://www.themoviedb.org/movie/679",
        "https://www.imdb.com/title/tt0090605/",
    }
    assert all("noopener" in str(link["rel"]) for link in outside)
    assert all(link["aria-label"] for link in links)


@pytest.mark.parametrize("imdb_id", [None, "", "javascript:alert(1)", "../x", "12/34", "²³"])
def test_imdb_id_that_is_no_number_gives_no_link(imdb_id):
    card = card_of(Movie(movie_id=1, title="A (2000)", imdb_id=imdb_id))
    assert card.imdb_href is None
    assert card.tmdb_href is None
    assert not [link for link in Parsed(row_html("r", [card], heading="x")).links if link["target"] == "_blank"]


@pytest.mark.parametrize("action", ["rate", "taste", "ask", "pick", "none"])
@pytest.mark.parametrize("form", ["row", "grid", "list", "hero"])
def test_every_text_of_the_data_is_escaped(action, form):
    movie = ALIEN.model_copy(
        update={
            "title": HOSTILE,
            "genres": [HOSTILE, "Horror"],
            "because": [Because(movie_id=1, title=HOSTILE, contribution=1.0)],
            "sources": {HOSTILE: 1.0},
        }
    )
    card = card_of(movie, Art(id=679, overview=HOSTILE), note=HOSTILE)
    html = (
        hero_html("r", card, kicker=HOSTILE, action=action)
        if form == "hero"
        else row_html("r", [card], heading=HOSTILE, subtitle=HOSTILE, action=action, form=form)
    )
    parsed = Parsed(html)
    assert "script" not in parsed.tags
    assert not [name for name, _ in parsed.attributes if name.startswith("on")]
    assert "&lt;script&gt;" in html


def test_poster_lies_over_the_drawn_card_and_has_words_for_it():
    art = Art(id=679, poster_path="/r1x5JGpyqZU8PYhbs4UcrO1Xb6x.jpg")
    html = row_html("r", [card_of(ALIEN, art, images="https://image.tmdb.org/t/p")], heading="x")
    assert 'src="https://image.tmdb.org/t/p/w342/r1x5JGpyqZU8PYhbs4UcrO1Xb6x.jpg"' in html
    assert 'alt="Picture of Aliens (1986)"' in html
    assert html.index("<svg") < html.index("<img")


def test_bar_says_in_words_what_it_shows():
    html = row_html("r", [card_of(ALIEN)], heading="x")
    assert 'Score 16.74: collaborative +14.98, content +1.76"' in html


@pytest.mark.parametrize("genre", [*_MOTIFS, "Telenovela", "Cookery", "style 3", "(no genres listed)"])
def test_every_genre_has_a_drawn_card(genre):
    svg = placeholder_svg(1, "Some Film (1994)", 1994, [genre])
    root = ET.fromstring(svg)
    assert root.get("aria-label") == "Drawn card: Some Film (1994)"
    assert svg == placeholder_svg(1, "Some Film (1994)", 1994, [genre])


def test_drawn_cards_without_genres_are_not_all_of_one_drawing():
    drawn = [placeholder_svg(number, f"Title {number}", None, []) for number in range(20)]
    assert len({len(ET.fromstring(svg).findall(".//{*}path")) for svg in drawn}) > 2


def test_drawn_cards_of_two_films_of_one_genre_differ():
    assert placeholder_svg(1, "A", None, ["Horror"]) != placeholder_svg(2, "A", None, ["Horror"])


@given(
    st.text(st.characters(exclude_categories=["C", "Z"], include_characters=" <>&\"'"), max_size=120),
    st.lists(st.sampled_from([*_MOTIFS, "<b>"]), max_size=4),
)
def test_drawn_card_is_well_formed_for_every_title(title, genres):
    ET.fromstring(placeholder_svg(3, title, 1950, genres))


@given(st.text("abc WMil漢", max_size=90))
def test_lines_fit_the_card(title):
    lines, size = fit_lines(title, 290, (50.0, 38.0, 25.0), 4)
    assert len(lines) <= 4
    assert all(text_width(line) * size <= 290 + 1e-9 for line in lines)


def test_title_keeps_its_words_in_order():
    lines, size = fit_lines("The Lord of the Rings", 290, (50.0, 38.0, 25.0), 4)
    assert " ".join(lines) == "The Lord of the Rings"
    assert size == 50.0


@pytest.mark.parametrize(
    "sent",
    [None, [], "click", {}, {"kind": "delete", "movie_id": 1}, {"kind": "click"}, {"kind": "click", "movie_id": ""},
     {"kind": "click", "movie_id": "a\0"}],
)  # fmt: skip
def test_message_that_no_card_sends_is_ignored(sent):
    assert CardEvent.read(sent) is None


def test_message_of_a_card_is_read():
    sent = {"kind": "rating", "movie_id": "1200", "rank": 3, "value": 4}
    assert CardEvent.read(sent) == CardEvent("rating", 1200, 3, 4.0)
    assert CardEvent.read({**sent, "rank": 0, "value": 99}) == CardEvent("rating", 1200, None, None)


def test_a_title_with_a_picture_and_a_page_of_its_own_shows_them_first():
    own = ALIEN.model_copy(update={"picture_url": 'https://a.example/"x.jpg', "link_url": "https://a.example/p/1"})
    html = row_html("r", [card_of(own, Art(id=679, poster_path="/x.jpg"), images="https://i.example")], heading="x")
    assert 'src="https://a.example/&#34;x.jpg"' in html
    assert "i.example" not in html
    links = [link for link in Parsed(html).links if link["target"] == "_blank"]
    assert [link["href"] for link in links][:2] == ["https://a.example/p/1"] * 2
    assert all("noopener" in str(link["rel"]) for link in links)
