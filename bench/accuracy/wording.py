"""The words of docs/accuracy.md."""

__all__ = ["HEADINGS", "TEXT"]

HEADINGS = {
    "warm": "warm",
    "by_time": "by time",
    "first_1": "first 1",
    "first_3": "first 3",
    "first_5": "first 5",
    "first_10": "first 10",
    "tail": "warm, tail items",
    "cold": "cold, among themselves",
    "cold_among_all": "cold, among all",
    "all_titles": "warm and cold targets, among all",
    "swapped": "another user's targets",
    "renamed": "another title's targets",
    "temporal": "all users",
    "temporal_known": "users with a history",
}

TEXT = """# Accuracy

What the models find on the bundled data, on users that nothing was tuned or trained on.
{warning}
{circumstances}

## Protocol

Users are divided into 5 folds by a hash of their id; every user is tested once. For each fold

1. parameters are searched on the users outside it: four rounds of validation that hold out each of them once;
2. all models are fitted again, with the parameters found, on all users outside the fold, and know the tags of those
   users only;
3. the test users' known ratings are folded in, and all titles they have not rated are ranked. Nothing is sampled.

A target is a hidden rating of at least 4. A view says which ratings are known; all others are hidden:

| view | known |
| --- | --- |
| warm | a random 80 % of the user's ratings |
| by time | the earliest 80 % |
| first n | the earliest n |
| tail items | as in warm; targets are those on the least rated titles, which hold the last third of all ratings |
| cold | as in warm, without the 10 % of the titles ({n_held_back}) that are removed from training and all histories |

Users with a target are in the view, so the views have somewhat different users. Figures are means over the users of all
folds. {n_trials_fold} configurations were tried in each fold, {n_trials} in all with the temporal window.

**Intervals.** In tables of differences the intervals hold for the whole family of comparisons together: with 95 %
probability *all* of them cover. They come from the studentised max-t bootstrap over users (Westfall & Young 1993;
[Romano & Wolf 2005](https://doi.org/10.1111/j.1468-0262.2005.00615.x)); a family is all comparisons of one section, in
all its tables. A *win* is an interval above 0, a *loss* one below, anything else a *tie*. Where fewer than
{minimum_differing} users differ no interval covers as it says; the comparison is left out and *not judged*. Intervals
of single figures are plain 95 % bootstrap intervals over users.

**Limits of these figures.** Every user is tested, so the 610 users on whom the defaults and search ranges were once
chosen are among the tested; the search within each fold never sees its test users. The tests of one fold share a model:
intervals are about other users, not about other training data. Coverage is the mean over folds, of some 120 users each.

## Bars

{bars}

## NDCG@10 by view

{ndcg}

{ndcg_intervals}

Targets on titles that no training user has rated cannot be found by any of these models and are left out above. Counted
as missed they change the hybrid to: {strict}.

## The hybrid minus each other model

NDCG@10. {ours_verdict}

{ours_long}

{ours_short}

## Other libraries on the same splits

They get the same matrices: the first round of validation to tune on (our ALS has no more; EASE and the weights of the
hybrid are tuned on all four), the same training part, the same known ratings. Their lists are judged by the same code.
They have no features of titles.

{peers}

## Recall, precision, coverage and diversity

Recall@10:

{recall}

Precision@10:

{precision}

Coverage@10, the share of the titles that stand in somebody's list:

{coverage}

Diversity@10, 1 − mean cosine of the features of two titles of a list:

{diversity}

## Titles that nobody has rated

NDCG@10. A model that cannot score such titles puts them last. `cosine` is the similarity of the survey features alone,
`metadata_count` ranks titles by the number of metadata rows about them, without reading the rows: popular titles have
more.

{cold}

Recall@10:

{cold_recall}

{cold_verdict}

{cold_differences}

## One cut through time

Ratings before the first cut-off train, those up to the second validate; then everything before the second trains, and
{temporal_users} users are judged on what they liked afterwards. Many had rated nothing before; the second column leaves
them out. NDCG@10, then recall@10:

{temporal}

{temporal_recall}

{temporal_verdict}

{temporal_differences}

## What each term of the hybrid is worth

The hybrid minus itself without one term, NDCG@10; the other weights stay as they are. `no_prior` is without popularity
and neighbours. {ablation_verdict}

{ablation_long}

{ablation_short}

## Can the measurement be believed?

{repeats}

NDCG@10 when everybody is judged on somebody else's targets, and when every title's targets are given to another title.
What remains in the first case is what everybody likes; in the second nothing may remain.

{checks}

## What was tuned

{tuned}
"""
