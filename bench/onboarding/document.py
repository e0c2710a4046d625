"""The words of docs/onboarding.md."""

from collections.abc import Sequence
from typing import Final

import numpy as np

from bench.onboarding.measuring import JUDGED, Measured
from bench.onboarding.methods import CONTROL, DEFAULT, METHODS, SETTINGS
from bench.onboarding.tables import (
    best_by_fold,
    chosen_by_fold,
    differences,
    favoured,
    gain_table,
    ndcg_table,
    open_words,
    question_table,
    settings_table,
)
from recsys_core.evaluation import SimultaneousIntervals

__all__ = ["document"]

TEXT: Final = """# What to ask newcomers about

Somebody new is asked about a few titles: "seen it? how many stars?". Which ones? Asking about the most popular titles
gets answers that tell little; asking about telling ones gets "not seen". `recsys_core.onboarding` asks for what
brings most: P(the person knows the title) × what the answer is worth to the recommender.

```python
onboarding = fit_onboarding(train, OnboardingParameters(), rating_scale=MOVIELENS.rating_scale)
onboarding.next_titles(answers, asked_nums, 5)     # item numbers to ask about next; never the same twice
```

**Asking by expected gain instead of by popularity raises NDCG@10 from {control_3} to {default_3} after 3 answers and
from {control_q10} to {default_q10} after 10 questions**; 5 answers take {questions_5} questions instead of
{control_questions_5} (medians). With no answer at all it is {nothing}, with half of all that a person rated
{everything}.

![NDCG@10 by answers given and by questions shown](images/onboarding.png)

{circumstances}

## The method

1. **Worth.** Training users play newcomers. Half of their ratings can be asked about, what they liked of the other half
   is to be found; then the other way round. A cheap recommender (popularity, and EASE as far as there are answers)
   that was fitted without them answers. A list of titles is grown greedily (Golbandi, Koren & Lempel 2010): next comes
   the title that raises the mean NDCG@10 of *all* newcomers most after those before it. Who does not know it gains
   nothing, so this is P(known) × gain, and titles that tell the same are not both asked about early.
2. **P(known | answers so far).** A Gaussian factor model of who rated what. "Seen" and "not seen" both count: who does
   not know one film of the 1940s is not asked about the next one. The next title is the one with the largest
   worth · P(known | answers) / P(known).

Fitting takes about a second on the bundled data and 6 s on 160,000 users with 3.8 million ratings; what is stored are a
few hundred numbers and a small matrix, no ratings. A model of all bundled ratings asks a newcomer first about
{first_titles}. Popularity would ask about {popular_titles}.

## How it is measured

Five folds; hybrid and methods are fitted on the training users of each, with default parameters. A held-out person's
ratings are halved by a hash: one half is what they can answer with, the other half's ratings of at least 4 are the
targets; then the halves change places (two rows a person; intervals resample people). They are asked one title at a
time, at most 100. A title outside the answerable half is "not seen" and costs a question. The hybrid recommends from
the answers alone; "not seen" tells it nothing. No title of the answerable half competes, whether it was asked about or
not: otherwise asking about popular titles would gain by taking them out of the way. Who has not got to n answers after
100 questions is judged with those given. Methods marked * adapt to the answers.

The choice is made on the validation users of each fold by the mean of six figures: NDCG@10 after 1, 3 and 5 answers and
after 5, 10 and 20 questions. Of the methods that cannot be told from the best one, the one with the fewest questions
for 5 answers is taken. That is **{favoured}**.

### Validation users

{validation}

Settings of the default on the same users ("seed" is another set of simulated newcomers; "ten titles a page" shows ten
before it hears the answers):

{settings}

### Test users

{test}

Differences to asking about popular titles, paired by person. The {n_comparisons} intervals of 95 % hold all together
(studentised max-t bootstrap, ±{critical:.2f} standard errors; Bonferroni's would be wider).

{gains}

{by_fold}

Where titles that were not asked about stay in the ranking (and can only be in the way), the gain of the default over
popularity is: {open}.

### How many questions that takes

Median number of questions for 1, 3 and 5 answers, and the share of people who gave 5 answers within 20 questions: with
*all* ratings of a person as answers, as it would be in life, and with the *half* of the tables above (101: not within
100 questions).

{questions}

## What limits this

- Who rated a title knows it; who did not may know it, too. Real people answer more often than this simulation, and
  MovieLens users are people who rate many films.
- Where titles that could have been asked about and were not stay in the ranking, popularity is ahead after many
  questions (the line under the table of differences): a popular title that the person knows but was not asked about
  takes a place in the list and cannot be a target here. In real life that happens, too; the tables show what the
  *answers* tell.
- All 610 people are validation users of one fold and test users of another. Which methods and settings are offered at
  all was found on validation users: {n_configurations} configurations in these tables and about 50 more of the same
  kinds before (exponents and weights of the variance, factors, noise, D-optimal design, knowledge gradient, more halves
  per newcomer, longer lists). The settings matter little beside the method; the choice by each fold's own validation
  users, above, is free of the other folds' test users.
- The worth of titles is measured with a cheap recommender. One of the same kind as the model that is served might
  choose better titles for it.

Why it is built so: [decision 6](decisions/0006-onboarding.md).
"""


def document(
    measured: Measured, circumstances: str, *, first_titles: Sequence[str], popular_titles: Sequence[str]
) -> str:
    names, found = differences(measured)
    return TEXT.format(
        circumstances=circumstances,
        first_titles=_listed(first_titles),
        popular_titles=_listed(popular_titles),
        **_told(measured, DEFAULT, "default"),
        **_told(measured, CONTROL, "control"),
        questions_5=_median(measured, DEFAULT),
        control_questions_5=_median(measured, CONTROL),
        nothing=_short(measured.arrays["test/nothing"].mean()),
        everything=_short(measured.arrays["test/everything"].mean()),
        favoured=METHODS[favoured(measured)].label.removesuffix("*"),
        validation=ndcg_table(measured, "validation").markdown(),
        settings=settings_table(measured).markdown(),
        test=ndcg_table(measured, "test").markdown(),
        gains=gain_table(names, found).markdown(),
        n_comparisons=len(found.mean),
        critical=found.critical,
        by_fold=_by_fold(measured),
        open=open_words(measured),
        questions=question_table(measured).markdown(),
        n_configurations=len(METHODS) + len(SETTINGS),
    )


def _told(measured: Measured, method: str, name: str) -> dict[str, str]:
    return {
        f"{name}_3": _short(measured.ndcg("test", method, ("answers", 3)).mean()),
        f"{name}_q10": _short(measured.ndcg("test", method, ("questions", 10)).mean()),
    }


def _by_fold(measured: Measured) -> str:
    chosen = best_by_fold(measured)
    found: SimultaneousIntervals = chosen_by_fold(measured, chosen)
    labels = [METHODS[name].label.removesuffix("*") for name in chosen]
    counts = ", ".join(f"{label} ({labels.count(label)} of {len(labels)})" for label in dict.fromkeys(labels))
    return (
        f"When each fold takes the method that is best on its own validation users ({counts}), the mean of the "
        f"{len(JUDGED)} figures on its test users rises by {found.mean[0]:+.3f} [{found.ci_low[0]:+.3f}, "
        f"{found.ci_high[0]:+.3f}]."
    )


def _median(measured: Measured, method: str) -> str:
    return f"{np.median(measured.questions(f'whole/{method}')[:, -1]):.0f}"


def _short(value: float) -> str:
    return f"{value:.3f}".removeprefix("0")


def _listed(titles: Sequence[str]) -> str:
    return ";\n".join(f"*{title}*" for title in titles)
