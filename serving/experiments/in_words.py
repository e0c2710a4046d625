"""A report as a table and sentences for people."""

from serving.experiments.reporting import ArmReport, ExperimentReport

__all__ = ["in_words"]


def in_words(found: ExperimentReport) -> str:
    """The report as a table and sentences for people."""
    lines = [
        f"{found.experiment}: {found.verdict}",
        f"  {found.why}",
        "",
        *_arms(found),
        "",
        *_differences(found),
        "",
        f"People count from their first exposure for {found.window_hours:g} hours; 'waiting' are still within theirs.",
        f"Intervals hold together, for all arms, metrics and looks, with {found.confidence:.0%} confidence.",
        f"Sample ratio: p = {found.sample_ratio_p_value:.2g} (mismatch below .001).",
    ]
    if found.n_people_in_several_arms:
        lines.append(f"Left out, seen in more than one arm: {found.n_people_in_several_arms:,}.")
    if found.n_people_in_undeclared_arms:
        lines.append(f"Left out, seen in an arm that is not declared: {found.n_people_in_undeclared_arms:,}.")
    return "\n".join(lines)


def _arms(found: ExperimentReport) -> list[str]:
    width = max(12, *(len(arm.arm) + len(arm.model) + 5 for arm in found.arms))
    heads = ("share", "people", "waiting", "shown", "clicks", "ratings", "click rate", "rating rate", "mean rating")
    rows = ["".join([f"{'arm (model)':{width}}", *(f"{head:>12}" for head in heads)])]
    for arm in found.arms:
        cells = (
            f"{arm.share:.0%}" if round(arm.share * 100, 6).is_integer() else f"{arm.share:.1%}",
            *(f"{n:,}" for n in _counts(arm)),
            *(_figure(value) for value in (arm.click_through_rate, arm.rating_rate, arm.mean_rating)),
        )
        rows.append("".join([f"{f'{arm.arm} ({arm.model})':{width}}", *(f"{cell:>12}" for cell in cells)]))
    return [row.rstrip() for row in rows]


def _counts(arm: ArmReport) -> tuple[int, ...]:
    return arm.n_people, arm.n_people - arm.n_finished, arm.n_impressions, arm.n_clicks, arm.n_ratings


def _differences(found: ExperimentReport) -> list[str]:
    width = max(len(f"{each.arm} − {each.control}") for each in found.comparisons) + 2
    rows = []
    for each in found.comparisons:
        for metric in each.metrics:
            decides = "  (decides)" if metric.metric == found.metric else ""
            span = "too few" if metric.low is None else f"[{metric.low:+.4f}, {metric.high:+.4f}]"
            value = "–" if metric.difference is None else f"{metric.difference:+.4f}"
            name = metric.metric.replace("_", " ")
            rows.append(f"{f'{each.arm} − {each.control}':{width}}{name:20}{value:>9}  {span}{decides}")
    return rows


def _figure(value: float | None) -> str:
    return "–" if value is None else f"{value:.4f}"
