"""Plain SVG shapes on a card of 342 × 513."""

import math
import random
from typing import Final

__all__ = ["HEIGHT", "WIDTH", "circle", "ridge", "ring", "shape", "sparks", "star"]

WIDTH: Final = 342
HEIGHT: Final = 513


def circle(x: float, y: float, r: float, ink: str, opacity: float, more: str = "") -> str:
    """A filled circle."""
    return f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{r:.1f}" fill="{ink}" fill-opacity="{opacity:.2f}" {more}/>'


def ring(x: float, y: float, r: float, ink: str, opacity: float, width: float = 2) -> str:
    """The outline of a circle."""
    return (
        f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{r:.1f}" fill="none" stroke="{ink}" '
        f'stroke-opacity="{opacity:.2f}" stroke-width="{width:.1f}"/>'
    )


def shape(points: list[tuple[float, float]], ink: str, opacity: float) -> str:
    """A filled polygon."""
    path = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
    return f'<polygon points="{path}" fill="{ink}" fill-opacity="{opacity:.2f}"/>'


def star(x: float, y: float, r: float, ink: str, opacity: float, n_points: int = 4) -> str:
    """A star that points up."""
    points = []
    for step in range(2 * n_points):
        reach = r if step % 2 == 0 else r * 0.32
        angle = math.pi * step / n_points - math.pi / 2
        points.append((x + reach * math.cos(angle), y + reach * math.sin(angle)))
    return shape(points, ink, opacity)


def sparks(ink: str, chance: random.Random, n: int, lowest: float = 300, largest: float = 2.2) -> str:
    """Small dots in the upper part."""
    return "".join(
        circle(
            chance.uniform(0, WIDTH),
            chance.uniform(0, lowest),
            chance.uniform(0.6, largest),
            ink,
            chance.uniform(0.25, 0.9),
        )
        for _ in range(n)
    )


def ridge(base: float, height: float, n: int, ink: str, opacity: float, chance: random.Random) -> str:
    """A mountain ridge, filled down to the lower edge."""
    points = [(-10.0, float(HEIGHT))]
    for step in range(2 * n + 1):
        x = (WIDTH + 20) * step / (2 * n) - 10
        up = height * chance.uniform(0.55, 1.0) if step % 2 else height * chance.uniform(0.0, 0.3)
        points.append((x, base - up))
    return shape([*points, (WIDTH + 10.0, HEIGHT)], ink, opacity)
