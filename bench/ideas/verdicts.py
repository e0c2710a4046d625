"""From figures to differences with intervals that hold for all ideas together, and to a verdict for each idea."""

from collections.abc import Sequence
from dataclasses import dataclass

from bench.accuracy.tables import number
from bench.ideas.folds import COLD, VIEWS
from bench.ideas.idea import Configuration, Idea
from bench.ideas.measuring import Figures, alone
from recsys_core.evaluation import Series, Verdict, simultaneous_means, verdict

__all__ = ["Difference", "Family", "Outcome", "compare", "outcome", "views_of"]

N_SAMPLES = 4_000


@dataclass(frozen=True, slots=True)
class Difference:
    """A configuration minus what it is measured against on one view, in the whole recipe or its part by itself."""

    configuration: Configuration
    view: str
    in_recipe: bool
    mean: float
    ci_low: float
    ci_high: float
    n_users: int

    @property
    def verdict(self) -> Verdict:
        return verdict(self.ci_low, self.ci_high)

    @property
    def gain(self) -> float:
        """What the idea gives: the difference, or its opposite where the configuration is without the idea."""
        return -self.mean if self.configuration.role == "without" else self.mean

    @property
    def gain_verdict(self) -> Verdict:
        if self.configuration.role == "without":
            return verdict(-self.ci_high, -self.ci_low)
        return self.verdict

    @property
    def text(self) -> str:
        return f"{number(self.mean, '+')} [{number(self.ci_low, '+')}, {number(self.ci_high, '+')}] {self.verdict}"


@dataclass(frozen=True, slots=True)
class Family:
    """Differences in whole recipes, and those of parts by themselves: two families, each with joint intervals.

    They reach ``critical`` (``critical_alone``) standard errors to either side.
    """

    differences: tuple[Difference, ...]
    critical: float
    critical_alone: float

    def count(self, *, in_recipe: bool) -> int:
        return sum(d.in_recipe == in_recipe for d in self.differences)

    def of(self, configuration: Configuration, *, in_recipe: bool = True) -> tuple[Difference, ...]:
        """By view."""
        return tuple(d for d in self.differences if d.configuration == configuration and d.in_recipe == in_recipe)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of an idea, and the figures that say so."""

    word: str
    why: str


def views_of(idea: Idea) -> tuple[str, ...]:
    return (COLD,) if idea.cold else VIEWS


def compare(figures: Figures, ideas: Sequence[Idea], *, seed: int = 0, n_samples: int = N_SAMPLES) -> Family:
    """Every configuration of every idea on every view, in its recipe and, where a part has scores, by itself."""
    asked, series = [], []
    for idea in ideas:
        for configuration in idea.configurations:
            ours, other = configuration.name, configuration.against.name
            pairs = [(ours, other, True)]
            if configuration.part is not None:
                pairs.append((alone(configuration.part, ours), alone(configuration.part, other), False))
            for view in views_of(idea):
                columns, user_ids = figures.ndcg[view], figures.user_ids[view]
                for column, reference, in_recipe in pairs:
                    asked.append((configuration, view, in_recipe, len(user_ids)))
                    series.append(Series(columns[column] - columns[reference], user_ids))
    differences: list[Difference] = []
    critical = {True: 0.0, False: 0.0}
    for kind in critical:
        nums = [num for num, (_, _, in_recipe, _) in enumerate(asked) if in_recipe == kind]
        if not nums:
            continue
        found = simultaneous_means([series[num] for num in nums], n_samples=n_samples, seed=seed)
        critical[kind] = found.critical
        for num, mean, low, high in zip(nums, found.mean, found.ci_low, found.ci_high, strict=True):
            configuration, view, _, n_users = asked[num]
            differences.append(Difference(configuration, view, kind, float(mean), float(low), float(high), n_users))
    return Family(tuple(differences), critical[True], critical[False])


def outcome(idea: Idea, family: Family) -> Outcome:
    """An idea holds where one of its strengths wins on a view and loses on none, in the whole recipe.

    With ``idea.every`` each of them has to.
    """
    judged = [family.of(c) for c in idea.configurations if c.role != "beside"]
    if not judged:
        return Outcome("not an idea", "for orientation")
    won = [by_view for by_view in judged if any(d.gain_verdict == "win" for d in by_view)]
    holding = [by_view for by_view in won if all(d.gain_verdict != "loss" for d in by_view)]
    if idea.every and len(holding) < len(judged):
        doubtful = next(by_view for by_view in judged if by_view not in holding)
        largest = max(doubtful, key=lambda d: d.gain)
        why = f"not against every setting tried: {_shown(largest)}"
        return Outcome("kept, gain not shown here" if idea.built else "not kept", why)
    if holding:
        best = max(holding, key=lambda by_view: sum(d.gain for d in by_view))
        return Outcome("kept" if idea.built else "**holds, not built**", _said(best, "win"))
    if won:
        best = max(won, key=lambda by_view: sum(d.gain for d in by_view))
        word = "kept, though not for all" if idea.built else "not kept"
        return Outcome(word, f"{_said(best, 'win')}, but {_said(best, 'loss', named=False)}")
    if not any(d.gain_verdict == "loss" for by_view in judged for d in by_view):
        largest = max((d for by_view in judged for d in by_view), key=lambda d: d.gain)
        why = f"no difference that could not be chance; largest gain: {_shown(largest)}"
    else:
        lost = min((by_view for by_view in judged), key=lambda by_view: sum(d.gain for d in by_view))
        why = f"nothing won; {_said(lost, 'loss')}"
    return Outcome("kept, gain not shown here" if idea.built else "not kept", why)


def _said(by_view: Sequence[Difference], wanted: Verdict, *, named: bool = True) -> str:
    """The views on which a configuration ends as ``wanted``, with their differences."""
    found = [d for d in by_view if d.gain_verdict == wanted]
    name = f"{by_view[0].configuration.name}: " if named else ""
    return name + ", ".join(f"{d.view.replace('_', ' ')} {d.text}" for d in found)


def _shown(difference: Difference) -> str:
    return f"{difference.configuration.name}, {difference.view.replace('_', ' ')} {difference.text}"
