"""The words of docs/diversity.md."""

__all__ = ["TEXT"]

TEXT = """# Diversity as a setting

`recsys_core.reranking` re-orders a person's best titles so that the list is more varied. Three methods share one
greedy step: at each place it takes the title with the largest

`(1 − diversity) · relevance + diversity · addition`,

where relevance is the hybrid's score moved to 0..1 over the person's 100 best unseen titles (best 1, last 0), and the
methods differ in the addition:

| method | what a title adds | source |
|---|---|---|
| MMR | minus its cosine to the most similar title already listed | Carbonell & Goldstein 1998 |
| DPP | the growth of the log determinant of the listed titles' cosines | Chen, Zhang & Zhou 2018 |
| Calibrated | minus the divergence (Kullback–Leibler) of the list's genres from the liked ones | Steck 2018 |

Cosines are over all features (genre, decade, title, tags, genome), those that diversity@10 is measured with: MMR and
DPP are judged here by what they aim at. The genre distance (nats) is Calibrated's own aim, and independent of the other
two. The same `diversity` is a different amount of it in different methods; `diversity` 0 is the ranking itself, bit for
bit.

## Which method, and how much

**{best} with diversity {setting:g} is the suggested setting for who asks for variety; the default is 0, off.**

| users | NDCG@10 | against off | diversity@10 | genre distance |
|---|---:|---:|---:|---:|
| {n_users} that it was chosen on | {ndcg} | {against} | {diversity} | {genres} |
| {n_fresh} others (folds {fresh_folds}) | {fresh_ndcg} | {fresh_against} | {fresh_diversity} | {fresh_genres} |

The rule: a method's setting is the largest one up to which no interval allows a loss of more than {tolerance:.0%} of
NDCG@10; the method is the one whose lists are then the most diverse. The rule and the eight values were written after a
first look at the curves, so the choice was tried on other users, whose figures decided nothing. Intervals in this table
are those of one comparison. How little MMR differs from DPP at small settings is shown below.

Off stays the default: {n_better} of {n_comparisons} settings raise NDCG@10 with an interval above 0. The hybrid is
tuned
for accuracy, and variety is a wish that a person can state. Variety in one list is not variety over all lists: coverage
hardly moves before much accuracy is lost, since every person's list is chosen from the same 100 best titles as before.

![NDCG against diversity, coverage and genre distance](images/diversity.png)

{circumstances}

## The curves

Models are fitted with default parameters on each fold's training part (`n_folds=5`, `validation_share=0.2`); 80 % of a
validation user's ratings are known, the positives of the rest are targets, all unseen titles compete. Coverage is that
of one fold's users, averaged over the folds. Differences are paired by user; the {n_comparisons} intervals of 95 % hold
all together (studentised max-t bootstrap, ±{critical:.2f} standard errors). In bold, each method's setting by the
rule.

{table}

## DPP against MMR at equal diversity

NDCG@10 where the lists of both are equally diverse (each curve interpolated between its settings, by user; intervals
hold together). The interval excludes 0 at {n_apart} of these {n_levels} levels.

{equal}

## How many candidates

{best} at {setting:g}, with relevance stretched over fewer or more candidates:

{pools}

## Time

One request (one person, 20 titles from 100 candidates, from the scores on; median of 300, one thread): {times}.
Prepare a `Reranker` once for a catalogue; `rerank` prepares it on every call.
"""
