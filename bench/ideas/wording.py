"""The words of docs/ideas.md."""

__all__ = ["HEADINGS", "TEXT"]

HEADINGS = {"warm": "warm", "by_time": "by time", "first_3": "first 3", "cold": "cold"}

TEXT = """# Ideas

**{n_configurations} configurations were tried for {n_ideas} ideas**; {n_beside} of them stand beside for orientation.
Their {n_comparisons} comparisons in whole recipes are one family; the verdicts come from it alone.

{circumstances}

{verdicts}

Several strengths of an idea were tried, and the verdict quotes the one with the largest sum of gains; its interval
already pays for that choice. *Kept* means that the defaults of the recommender have the idea. A difference is always
the configuration minus what it is measured against: where the plain recipe has the idea and the configuration goes
without it, a loss speaks for the idea.

## How this is measured

Users are divided into 5 folds by a hash of their id. In each of 5 rounds the model is fitted on three fifths of the
users and judged on the *validation* fifth; the round's test fifth is never read. Over the rounds everybody is in
validation once: {users}. Users without a target in a view are not in it.

Every idea is one change of one recipe whose parameters are fixed: nothing is tuned for an idea, and nothing for the
recipe it is measured against. The plain recipe is

```
S = α(n)·[z(ALS) + 1.5·z(EASE) + .6·z(content)] + (1 − α(n))·z(log popularity),   α(n) = n / (n + 40)
```

with ALS of 128 factors, regularization 20, confidence weight 5 and rating power 3, EASE of regularization 50 and rating
power 2 without features, and content without the words of the titles. Recipes and parts, for the size of things:

{recipes}

{cold}

| view | known of a validation user | ranked |
| --- | --- | --- |
| warm | a random 80 % of the ratings | all other titles |
| by time | the earliest 80 % | all other titles |
| first 3 | the earliest 3 | all other titles |
| cold | as in warm | only the 10 % of the titles that were removed from training and from all histories |

A target is a hidden rating of at least 4.

**Intervals** are paired by user and hold for a whole family: with 95 % probability all {n_comparisons} of the
differences in recipes cover, and all {n_alone} of the differences of parts by themselves. They come from the max-t
bootstrap over users (Westfall & Young 1993;
[Romano & Wolf 2005](https://doi.org/10.1111/j.1468-0262.2005.00615.x)) and reach ±{critical} and ±{critical_alone}
standard errors; 1.96 would be without a correction. A *win* is an interval above 0, a *loss* one below, anything else
a *tie*. **An idea holds when one of its strengths wins on some view and loses on none, in the whole recipe**; what a
part gains by itself does not count, since another part may already know it.

**Limits.** The intervals are about other users, not about other data sets. Half of those on warm reach further than
±{reach}: a tie is not a proof that an idea is worth nothing. All users are validation users once, so whoever chose the
defaults by this page has seen, in this way, also the people on whom `docs/accuracy.md` judges; there, each fold tunes
and fits without its test users, but the *list* of ideas is not free of them.

## Idea by idea

{sections}

## What recency of the history would take

A rating's weight here depends on how many ratings the same user made after it. The models themselves do not change:
EASE and ALS are fitted as before, and only the row that is folded in is weighted. To build it:

- scoring needs the *order* of a user's ratings. `Scorer.score` and `HybridModel.score` take ratings alone; they would
  take weights (or timestamps) of the same sparsity beside them, and so would explanations and the batch of
  recommendations;
- the API would keep or receive the time of each rating; a list of liked titles without times counts in full;
- ALS's stored user factors would be those of weighted rows, or be folded in anew;
- the weights depend on rank and not on the clock, so that the same history always gives the same answer.

Whose history is it? MovieLens asks newcomers to rate many titles in one sitting, in an order that the site chooses.
There "newest" means "shown last", and a gain may come from the order of the site's lists. Measured apart, for users
who made all their ratings within 24 hours and for the others (intervals hold together for this small table):

{recency}

## Not on this page

Calibrated genre mixes and MMR change what a list is good for, not how well targets are found: their curves of
accuracy against diversity are in [diversity.md](diversity.md).
"""
