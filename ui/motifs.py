"""What is drawn on a card of each genre: plain shapes of one ink, varied by a seed."""

import math
import random
import zlib
from collections.abc import Callable
from typing import Final

from ui.shapes import HEIGHT, WIDTH, circle, ridge, ring, shape, sparks, star

__all__ = ["motif_of"]


def motif_of(genre: str, ink: str, seed: int) -> str:
    """SVG of ``genre`` for a card of 342 × 513; the same seed draws the same picture."""
    draw = _MOTIFS.get(genre) or _OTHERS[zlib.crc32(genre.encode()) % len(_OTHERS)]
    return draw(ink, random.Random(seed))


def _planets(ink: str, chance: random.Random) -> str:
    x, y, r = chance.uniform(110, 240), chance.uniform(130, 190), chance.uniform(52, 78)
    tilt = chance.uniform(-28, 28)
    rings = "".join(
        f'<ellipse cx="{x:.1f}" cy="{y:.1f}" rx="{r * wide:.1f}" ry="{r * wide * 0.24:.1f}" fill="none" stroke="{ink}" '
        f'stroke-opacity="{0.75 / wide:.2f}" stroke-width="2.5" transform="rotate({tilt:.1f} {x:.1f} {y:.1f})"/>'
        for wide in (1.5, 1.75, 2.3)
    )
    moon = circle(x + r * 1.5, y - r * 1.25, r * 0.2, ink, 0.7)
    return (
        sparks(ink, chance, 46)
        + circle(x, y, r, ink, 0.3)
        + circle(x - r * 0.2, y - r * 0.2, r * 0.72, ink, 0.25)
        + rings
        + moon
    )


def _moonlit_wood(ink: str, chance: random.Random) -> str:
    x, y = chance.uniform(110, 240), chance.uniform(130, 170)
    trees = ""
    for step in range(9):
        left = step * 42 - 10 + chance.uniform(-8, 8)
        top = chance.uniform(195, 285)
        trees += shape([(left, HEIGHT), (left + 7, top), (left + 14, HEIGHT)], "#050507", 0.85)
        for branch in range(3):
            height = top + 40 + branch * 34
            reach = chance.choice((-1, 1)) * chance.uniform(18, 34)
            trees += shape(
                [(left + 6, height + 8), (left + 7 + reach, height - 16), (left + 8, height)], "#050507", 0.85
            )
    return circle(x, y, 118, ink, 0.08) + circle(x, y, 92, ink, 0.12) + circle(x, y, 68, ink, 0.8) + trees


def _confetti(ink: str, chance: random.Random) -> str:
    drawn = ""
    for _ in range(34):
        x, y, size = chance.uniform(0, WIDTH), chance.uniform(20, 330), chance.uniform(7, 20)
        colour, opacity = chance.choice((ink, "#ffffff", "#ff7a59", "#ffd166")), chance.uniform(0.35, 0.85)
        if chance.random() < 0.5:
            drawn += circle(x, y, size / 2, colour, opacity)
        else:
            drawn += (
                f'<rect x="{x:.1f}" y="{y:.1f}" width="{size:.1f}" height="{size * 0.45:.1f}" rx="2" fill="{colour}" '
                f'fill-opacity="{opacity:.2f}" transform="rotate({chance.uniform(0, 180):.0f} {x:.1f} {y:.1f})"/>'
            )
    return drawn


def _curtain(ink: str, chance: random.Random) -> str:
    folds = "".join(
        f'<rect x="{step * 38 + chance.uniform(-5, 5):.1f}" y="0" width="{chance.uniform(12, 26):.1f}" '
        f'height="{HEIGHT}" fill="{ink}" fill-opacity="{chance.uniform(0.04, 0.14):.2f}"/>'
        for step in range(10)
    )
    x = chance.uniform(110, 232)
    light = shape([(x - 12, 0), (x + 12, 0), (x + 130, 430), (x - 130, 430)], ink, 0.2)
    return folds + light + f'<ellipse cx="{x:.1f}" cy="318" rx="128" ry="26" fill="{ink}" fill-opacity="0.32"/>'


def _two_circles(ink: str, chance: random.Random) -> str:
    x, y, r = chance.uniform(140, 170), chance.uniform(160, 195), chance.uniform(72, 92)
    apart = r * chance.uniform(0.8, 1.05)
    drawn = circle(x, y, r, ink, 0.42) + circle(x + apart, y + chance.uniform(-24, 24), r, "#ffffff", 0.22)
    return drawn + "".join(
        ring(x + apart / 2, y, r * (1.5 + step * 0.28), ink, 0.22 - step * 0.05) for step in range(3)
    )


def _speed(ink: str, chance: random.Random) -> str:
    drawn = ""
    for _ in range(13):
        x, thick, length = chance.uniform(-90, WIDTH), chance.uniform(3, 24), chance.uniform(110, 320)
        y = chance.uniform(10, 330)
        drawn += shape(
            [
                (x, y),
                (x + length, y - length * 0.62),
                (x + length + thick, y - length * 0.62),
                (x + thick * 0.2, y + thick),
            ],
            ink,
            chance.uniform(0.12, 0.6),
        )
    return drawn


def _converging(ink: str, chance: random.Random) -> str:
    x, y = chance.uniform(120, 222), chance.uniform(150, 200)
    drawn = ""
    for step in range(18):
        start = 2 * math.pi * step / 18 + chance.uniform(-0.08, 0.08)
        spread = chance.uniform(0.03, 0.11)
        far = [(x + 520 * math.cos(start + turn), y + 520 * math.sin(start + turn)) for turn in (-spread, spread)]
        drawn += shape([(x, y), *far], ink, chance.uniform(0.1, 0.32))
    return drawn + circle(x, y, 34, "#0a0c10", 0.95) + ring(x, y, 34, ink, 0.95, 3) + circle(x, y, 10, ink, 0.95)


def _blinds(ink: str, chance: random.Random) -> str:
    lean = chance.uniform(-0.22, 0.22)
    slats = "".join(
        shape(
            [(0, y), (WIDTH, y + WIDTH * lean), (WIDTH, y + WIDTH * lean + 12), (0, y + 12)],
            ink,
            0.10 + 0.42 * (y + 60) / 420,
        )
        for y in range(-60, 340, 27)
    )
    x = chance.uniform(120, 222)
    hat = (
        f'<path d="M{x - 78:.1f} 252 q78 -34 156 0 q-78 22 -156 0 z M{x - 44:.1f} 244 q6 -70 44 -58 q38 -12 44 58 z '
        f'M{x - 34:.1f} 250 h68 q4 56 -18 74 q66 22 80 190 h-192 q14 -168 80 -190 q-22 -18 -18 -74 z" '
        'fill="#07080b" fill-opacity="0.92"/>'
    )
    return slats + hat


def _mountains(ink: str, chance: random.Random) -> str:
    x, y = chance.uniform(90, 252), chance.uniform(110, 160)
    sun = circle(x, y, 88, ink, 0.14) + circle(x, y, 56, ink, 0.85)
    return sun + ridge(300, 150, 3, "#06231f", 0.5, chance) + ridge(350, 120, 4, "#04191a", 0.75, chance)


def _bubbles(ink: str, chance: random.Random) -> str:
    colours = (ink, "#ff7ab6", "#6ee7f2", "#ffffff")
    drawn = ""
    for step in range(9):
        x, y, r = chance.uniform(20, 322), chance.uniform(50, 310), chance.uniform(22, 66)
        drawn += circle(x, y, r, colours[step % 4], 0.42) + circle(x - r * 0.3, y - r * 0.32, r * 0.2, "#ffffff", 0.6)
    return drawn


def _balloons(ink: str, chance: random.Random) -> str:
    drawn = ""
    for step, colour in enumerate((ink, "#ff8a7a", "#8fe3c4", "#ffffff", "#c9a6ff")):
        x, y, r = 50 + step * 61 + chance.uniform(-12, 12), chance.uniform(90, 220), chance.uniform(30, 46)
        drawn += (
            f'<path d="M{x:.1f} {y + r * 1.25:.1f} q{chance.uniform(-26, 26):.1f} 70 '
            f'{171 - x:.1f} {400 - y - r * 1.25:.1f}" fill="none" stroke="#ffffff" '
            'stroke-opacity="0.35" stroke-width="1.5"/>'
            f'<ellipse cx="{x:.1f}" cy="{y:.1f}" rx="{r:.1f}" ry="{r * 1.22:.1f}" fill="{colour}" fill-opacity="0.75"/>'
        )
        drawn += circle(x - r * 0.3, y - r * 0.45, r * 0.17, "#ffffff", 0.7)
    return drawn


def _crescent(ink: str, chance: random.Random) -> str:
    x, y, r = chance.uniform(120, 222), chance.uniform(140, 180), chance.uniform(66, 86)
    moon = (
        f'<path d="M{x:.1f} {y - r:.1f} a{r:.1f} {r:.1f} 0 1 0 {r:.1f} {r * 1.3:.1f} '
        f'a{r * 0.82:.1f} {r * 0.82:.1f} 0 1 1 {-r:.1f} {-r * 1.3:.1f} z" fill="{ink}" fill-opacity="0.85"/>'
    )
    stars = "".join(
        star(chance.uniform(16, 326), chance.uniform(30, 310), chance.uniform(5, 17), ink, chance.uniform(0.4, 0.95))
        for _ in range(13)
    )
    return circle(x, y, r * 1.7, ink, 0.08) + moon + stars + sparks(ink, chance, 26)


def _keyhole(ink: str, chance: random.Random) -> str:
    x, y = chance.uniform(130, 212), chance.uniform(140, 170)
    rings = "".join(ring(x, y + 30, 92 + step * 30, ink, 0.34 - step * 0.07, 1.5) for step in range(5))
    light = shape([(x - 20, y + 50), (x + 20, y + 50), (x + 96, HEIGHT), (x - 96, HEIGHT)], ink, 0.16)
    return (
        rings
        + light
        + circle(x, y, 40, ink, 0.85)
        + shape([(x - 17, y + 24), (x + 17, y + 24), (x + 36, y + 118), (x - 36, y + 118)], ink, 0.85)
    )


def _viewfinder(ink: str, chance: random.Random) -> str:
    x, y = chance.uniform(130, 212), chance.uniform(160, 200)
    corners = "".join(
        f'<path d="M{cx} {cy + 44 * dy} v{-44 * dy} h{44 * dx}" fill="none" stroke="{ink}" '
        'stroke-opacity="0.8" stroke-width="4"/>'
        for cx, cy, dx, dy in ((40, 60, 1, 1), (302, 60, -1, 1), (40, 320, 1, -1), (302, 320, -1, -1))
    )
    lens = "".join(ring(x, y, 26 + step * 22, ink, 0.6 - step * 0.11, 2) for step in range(5))
    return lens + corners + circle(x, y, 12, ink, 0.9) + circle(58, 84, 7, "#ff5a4f", 0.95)


def _rays(ink: str, chance: random.Random) -> str:
    x, y = chance.uniform(130, 212), chance.uniform(235, 265)
    drawn = ""
    for step in range(13):
        angle = math.pi + math.pi * step / 13
        ends = [(x + 500 * math.cos(angle + turn), y + 500 * math.sin(angle + turn)) for turn in (0.0, math.pi / 26)]
        drawn += shape([(x, y), *ends], ink, 0.24)
    return drawn + star(x, y - 44, 82, ink, 0.85, 5) + ridge(345, 60, 6, "#0d0f08", 0.7, chance)


def _mesa(ink: str, chance: random.Random) -> str:
    x, y = chance.uniform(100, 242), chance.uniform(175, 205)
    sun = "".join(circle(x, y, 100 - step * 22, ink, 0.18 + step * 0.18) for step in range(3))
    left = chance.uniform(-30, 60)
    mesas = shape([(left, 330), (left + 22, 240), (left + 96, 240), (left + 122, 330)], "#2a0f05", 0.8) + shape(
        [(left + 170, 330), (left + 186, 268), (left + 250, 268), (left + 276, 330)], "#2a0f05", 0.65
    )
    return sun + mesas + f'<rect x="0" y="326" width="{WIDTH}" height="187" fill="#1e0a03" fill-opacity="0.75"/>'


def _waves(ink: str, chance: random.Random) -> str:
    bars = ""
    for step in range(19):
        height = 40 + 190 * abs(math.sin(step * 0.55 + chance.uniform(0, 0.6))) * chance.uniform(0.6, 1.0)
        bars += (
            f'<rect x="{12 + step * 17}" y="{190 - height / 2:.1f}" width="9" height="{height:.1f}" rx="4.5" '
            f'fill="{ink}" fill-opacity="{chance.uniform(0.4, 0.85):.2f}"/>'
        )
    return bars


def _globe(ink: str, chance: random.Random) -> str:
    x, y, r = 171, chance.uniform(160, 190), chance.uniform(100, 124)
    lines = "".join(
        f'<ellipse cx="{x}" cy="{y:.1f}" rx="{r * wide:.1f}" ry="{r * high:.1f}" fill="none" stroke="{ink}" '
        'stroke-opacity="0.5" stroke-width="1.6"/>'
        for part in (0.05, 0.36, 0.7)
        for wide, high in ((part, 1.0), (1.0, part))
    )
    return circle(x, y, r, ink, 0.16) + ring(x, y, r, ink, 0.85, 2.5) + lines


def _hills(ink: str, chance: random.Random) -> str:
    x, y = chance.uniform(90, 252), chance.uniform(110, 160)
    sun = ring(x, y, chance.uniform(70, 92), ink, 0.35, 3) + circle(x, y, chance.uniform(36, 54), ink, 0.8)
    slopes = ""
    for step in range(4):
        top, swing = 230 + step * 32 + chance.uniform(-8, 8), chance.choice((-1, 1)) * chance.uniform(30, 60)
        slopes += (
            f'<path d="M0 {top:.1f} q{WIDTH / 4} {-swing:.1f} {WIDTH / 2} 0 t{WIDTH / 2} 0 V{HEIGHT} H0 z" '
            f'fill="{ink}" fill-opacity="{0.34 - step * 0.06:.2f}"/>'
        )
    return sun + slopes


def _tiles(ink: str, chance: random.Random) -> str:
    drawn = ""
    for row in range(4):
        for column in range(4):
            x, y, turned = 22 + column * 78, 26 + row * 78, chance.randrange(4)
            opacity = chance.uniform(0.12, 0.6)
            drawn += (
                f'<path d="M0 0 h64 a64 64 0 0 1 -64 64 z" fill="{ink}" fill-opacity="{opacity:.2f}" '
                f'transform="translate({x} {y}) rotate({turned * 90} 32 32)"/>'
            )
    return drawn


def _orbits(ink: str, chance: random.Random) -> str:
    x, y = chance.uniform(130, 212), chance.uniform(150, 190)
    drawn = circle(x, y, 26, ink, 0.85)
    for step in range(4):
        r, angle = 56 + step * 34, chance.uniform(0, 2 * math.pi)
        moon = circle(x + r * math.cos(angle), y + r * math.sin(angle), chance.uniform(7, 15), ink, 0.8)
        drawn += ring(x, y, r, ink, 0.5 - step * 0.08) + moon
    return drawn


_OTHERS: Final = (_hills, _tiles, _orbits, _two_circles, _bubbles)
"""Of genres that no drawing is of; each has one of them."""
_MOTIFS: Final[dict[str, Callable[[str, random.Random], str]]] = {
    "Action": _speed,
    "Adventure": _mountains,
    "Animation": _bubbles,
    "Children": _balloons,
    "Comedy": _confetti,
    "Crime": _blinds,
    "Documentary": _viewfinder,
    "Drama": _curtain,
    "Fantasy": _crescent,
    "Film-Noir": _blinds,
    "Horror": _moonlit_wood,
    "IMAX": _globe,
    "Musical": _waves,
    "Mystery": _keyhole,
    "Romance": _two_circles,
    "Sci-Fi": _planets,
    "Thriller": _converging,
    "War": _rays,
    "Western": _mesa,
}
