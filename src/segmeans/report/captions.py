"""What to see in each figure, in words with the numbers of the study."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

from segmeans.plain import plain_number, plain_numbers, plain_share, set_share
from segmeans.records import KRow, ProfileRow, Strand, StudyRecord, TargetingRecord
from segmeans.segments.levels import levels_of, row_said
from segmeans.segments.words import feature_words, plain_text

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from segmeans.segments.value import SegmentValue


class Words(NamedTuple):
    """The title of a figure, which says what to see, and its caption, which says of what."""

    title: str
    caption: str


def _many(k: int) -> str:
    return "1 segment" if k == 1 else f"{k} segments"


def _points(share: float) -> str:
    return f"{100 * share:.1f} points"


def elbow(record: StudyRecord) -> Words:
    """Say where the inertia bends, if it does, and what one segment more or less would do."""
    verdict, rows = record.verdict, {row.k: row for row in record.k_table}
    k = verdict.recommended_k
    if verdict.elbow is None:
        title = "Inertia has no clear elbow"
    elif verdict.elbow == k:
        title = f"Inertia bends at k = {k}, the recommended number"
    else:
        title = f"Inertia bends at k = {verdict.elbow}; {_many(k)} recommended"
    told = [
        "Inertia is the sum of squared distances of the customers to the centres of their "
        "segments, in prepared units; it falls with every further segment."
    ]
    if k in rows:
        told.append(f"{_many(k)} explain{'s' if k == 1 else ''} "
                    f"{plain_share(rows[k].explained)} of the spread.")  # fmt: skip
        if k - 1 in rows:
            told.append(f"The last one adds {_points(_gain(rows, k))}")
            told[-1] += f", one more {_points(_gain(rows, k + 1))}." if k + 1 in rows else "."
        elif k + 1 in rows:
            told.append(f"A second one would add {_points(_gain(rows, k + 1))}.")
    return Words(title, " ".join(told))


def _gain(rows: dict[int, KRow], k: int) -> float:
    return rows[k].explained - rows[k - 1].explained


def silhouette(record: StudyRecord, means: NDArray[np.float64], below: float, drawn: int) -> Words:
    """Say how clearly customers belong to their segments.

    Parameters
    ----------
    record : StudyRecord
    means : ndarray of shape (k,)
        Mean silhouette per segment; empty when there is one segment.
    below : float
        Share of customers with a silhouette below 0.
    drawn : int
        Customers that were measured.
    """
    known = {row.k: row.silhouette for row in record.k_table if row.silhouette is not None}
    best = max(known, key=lambda k: known[k])
    title = f"Silhouette is highest at k = {best} ({known[best]:.2f})"
    if len(known) == 1:
        title = f"Silhouette {known[best]:.2f} at k = {best}"
    if record.k in known and best != record.k:
        title = f"Silhouette {known[record.k]:.2f} at k = {record.k}, "
        title += f"highest at k = {best} ({known[best]:.2f})"
    elif record.verdict.recommended_k == 1:
        title = (
            f"No silhouette makes a case for segments (highest: {known[best]:.2f} at k = {best})"
        )
    told = [
        "Silhouette of a customer: 1 far inside the own segment, 0 on a border, below 0 nearer to "
        "another segment."
    ]
    if len(means):
        clear, vague = int(means.argmax()), int(means.argmin())
        names = [plain_text(segment.name) for segment in record.segments]
        told.append(
            f"Clearest: {names[clear]} (mean {means[clear]:.2f}); least clear: {names[vague]} "
            f"({means[vague]:.2f}). {plain_share(below)} of the customers lie nearer to another "
            "segment."
        )
    told.append(_drawn(record, drawn))
    return Words(title, " ".join(filter(None, told)))


def _drawn(record: StudyRecord, drawn: int) -> str:
    everyone = record.funnel.assigned
    return "" if drawn >= everyone else f"Shown: {drawn:,} of {everyone:,} customers, at random."


def plain_map(record: StudyRecord, across: str, upwards: str, drawn: int) -> Words:
    """Say what a map over two features shows."""
    words = feature_words((across, upwards))
    title = f"{_who(record)} by {words[across]} and {words[upwards]}"
    told = f"Each mark is a customer; {_centres(record)}."
    return Words(title, f"{told} {_drawn(record, drawn) or _everyone(drawn)}")


def chosen_map(
    record: StudyRecord, across: str, upwards: str, share: float, right: float, drawn: int
) -> Words:
    """Say what a map over two of more features shows and how far to trust it.

    Parameters
    ----------
    record : StudyRecord
    across, upwards : str
    share : float
        Of the variance of all features, what these two have.
    right : float
        Share of customers that are nearest, in these two, to the centre of their own segment.
    drawn : int
        Customers in the picture.
    """
    title = plain_map(record, across, upwards, drawn).title
    told = [
        f"Two of {len(record.preparation.features)} features, which have {plain_share(share)} of "
        "the spread."
    ]
    if record.k > 1:
        told.append(
            f"They alone place {plain_share(right)} of the customers in their right segment; who "
            "lies among others here differs from them in the rest."
        )
    told.append(f"Each mark is a customer; {_centres(record)}.")
    told.append(_drawn(record, drawn))
    return Words(title, " ".join(filter(None, told)))


def _who(record: StudyRecord) -> str:
    return "Customers" if record.k == 1 else _many(record.k)


def _centres(record: StudyRecord) -> str:
    if record.k == 1:
        return "the cross is the centre of them all"
    return "the discs are the centres of the segments, numbered from the largest"


def _everyone(drawn: int) -> str:
    return f"All {drawn:,} customers are shown."


def plane_map(
    record: StudyRecord, shares: tuple[float, float], right: float, features: int, drawn: int
) -> Words:
    """Say how much of the spread a map of principal components shows and how far to trust it.

    Parameters
    ----------
    record : StudyRecord
    shares : tuple of two floats
        Share of the variance along each axis.
    right : float
        Share of customers that are nearest, in the picture, to the centre of their own segment.
    features : int
        How many features the segments were formed from.
    drawn : int
        Customers in the picture.
    """
    shown = plain_share(sum(shares))
    title = f"{_who(record)} in the plane that shows most of the spread ({shown})"
    told = [
        f"The two axes are the first principal components of {features} features and show {shown} "
        "of the spread."
    ]
    if record.k > 1:
        told.append(
            f"The picture places {plain_share(right)} of the customers in their right segment; "
            "neighbours here may differ in what it leaves out."
        )
    told.append(f"Each mark is a customer; {_centres(record)}.")
    told.append(_drawn(record, drawn))
    return Words(title, " ".join(filter(None, told)))


def profile(record: StudyRecord, largest: ProfileRow, shown: int, rows: int) -> Words:
    """Say how to read the heat map and which difference is the largest.

    Parameters
    ----------
    record : StudyRecord
    largest : ProfileRow
        The one with the largest effect.
    shown, rows : int
        Features and levels in the picture, and in all.
    """
    told = [
        "Numbers are means, for categories shares, in plain units; colour says how far a segment "
        "lies from everyone, in standard deviations (bold: at least half of one).",
        f"Largest difference: {difference(record, largest)}.",
        _strongest_only(shown, rows),
    ]
    return Words(f"What sets the {_many(record.k)} apart", " ".join(filter(None, told)))


def _strongest_only(shown: int, rows: int) -> str:
    return "" if shown == rows else f"Shown: the {shown} rows of {rows} that differ most."


def difference(record: StudyRecord, row: ProfileRow) -> str:
    """Say one row of the profile as half a sentence.

    Parameters
    ----------
    record : StudyRecord
    row : ProfileRow

    Returns
    -------
    str
        Such as ``"high income, low spending has annual income 88.2 against 60.6 for everyone"``.
    """
    name = plain_text(record.segments[row.segment - 1].name)
    words = feature_words(dict.fromkeys(line.feature for line in record.profile))[row.feature]
    if row.share is not None:
        here, everyone = plain_share(row.share), plain_share(row.everyone)
    else:
        here, everyone = plain_numbers([row.mean, row.everyone])
    said = row_said(row, words, levels_of(record.profile), here)
    return f'"{name}" has {said} against {everyone} for everyone ({row.effect:+.1f} SD)'


def bars(shown: int, rows: int) -> Words:
    """Say how to read the bars; arguments as for :func:`profile`."""
    told = (
        "Bars show how far a segment lies from everyone, in standard deviations; full colour from "
        "half a standard deviation on. Numbers are means, for categories shares."
    )
    return Words("Each segment against everyone", f"{told} {_strongest_only(shown, rows)}".strip())


def sizes(record: StudyRecord) -> Words:
    """Say how large the largest and the smallest segment are and who belongs to none."""
    segments = record.segments
    largest = max(segments, key=lambda segment: segment.size)
    smallest = min(segments, key=lambda segment: segment.size)
    title = (
        f"The largest segment holds {plain_share(largest.share)} of the customers, "
        f"the smallest {plain_share(smallest.share)}"
    )
    funnel = record.funnel
    told = [f"{funnel.assigned:,} of {funnel.rows:,} rows are in a segment."]
    if funnel.unscored:
        reasons = "; ".join(f"{rows:,} {plain_text(why)}" for why, rows in funnel.unscored.items())
        told.append(f"Not scored: {reasons}.")
    return Words(title, " ".join(told))


def pairs(record: StudyRecord, drawn: int, features: int) -> Words:
    """Say what the pair plot shows."""
    told = (
        "Below the diagonal every pair of features in plain units; on it, how often each value "
        "occurs in each segment."
    )
    title = (
        f"{'Customers' if record.k == 1 else _many(record.k)} in every pair of {features} features"
    )
    return Words(title, " ".join(filter(None, (told, _drawn(record, drawn)))))


def evidence(record: StudyRecord, values: Mapping[str, Sequence[tuple[int, float]]]) -> Words:
    """Say in how many measures the recommended number of segments leads.

    Parameters
    ----------
    record : StudyRecord
    values : mapping of str to sequence of (int, float)
        Per measure, all of them better when higher, its value for every k.
    """
    k = record.verdict.recommended_k
    best = [max(points, key=lambda point: point[1])[0] for points in values.values()]
    leads = sum(one == k for one in best)
    title = f"k = {k} leads in {leads} of {len(values)} measures"
    if k == 1:
        title = f"No number of segments is recommended; {len(values)} measures over k"
    told = (
        "All measures are better when higher. Agreement of resamples and prediction strength ask "
        "whether new customers would give the same segments, the least steady segment whether all "
        "of them come back; the silhouette asks how clear they are, the gap how much clearer than "
        "in data without segments. Bands are intervals or standard errors. No measure decides "
        "alone."
    )
    return Words(title, told)


def stability(record: StudyRecord, found: Sequence[float]) -> Words:
    """Say how many segments are found again in new samples.

    Parameters
    ----------
    record : StudyRecord
    found : sequence of float, one per segment
        Mean Jaccard similarity with the best match in resamples.
    """
    steady = sum(value >= 0.75 for value in found)
    title = f"{steady} of {_many(record.k)} come back in new samples of the customers"
    if steady == record.k:
        title = f"All {_many(record.k)} come back in new samples of the customers"
    least = min(range(len(found)), key=lambda place: found[place])
    told = (
        f"Left: Jaccard similarity with the best match in resamples, its mean and its spread; from "
        f"0.75 on a segment can be relied on. Least steady: "
        f"{plain_text(record.segments[least].name)} ({found[least]:.2f}). Right: shadow values of "
        "the customers, twice the distance to the own centre by the distances to the two nearest: "
        "their middle, the middle half and the middle nine tenths."
    )
    return Words(title, told)


STAYS = 0.9
"""Share of a segment in one cluster from which on it counts as one unit."""


def splits(record: StudyRecord, strands: Sequence[Strand]) -> Words:
    """Say which segments would split with one more, and which were units with one fewer.

    Parameters
    ----------
    record : StudyRecord
    strands : sequence of Strand
        Those in the picture.
    """
    k = record.k
    names = {segment.number: plain_text(segment.name) for segment in record.segments}
    before = _together(strands, k - 1, lambda strand: strand.origin)
    after = _together(strands, k, lambda strand: strand.target)
    parted = [segment for segment, share in after.items() if share < STAYS]
    if len(parted) == 1:
        title = f"One segment more would split “{names[parted[0]]}”"
    elif len(parted) == k:
        title = f"One segment more would split {'both' if k == 2 else 'all'} of them"
    elif after:
        title = f"One segment more would split {len(parted) or 'none'} of the {k}"
    else:
        title = f"How {_many(k)} come together"
    told = [
        "Each band is the customers of one segment, as wide as there are many; each bar is a "
        f"cluster. Across: the solutions from k = {strands[0].k} to {strands[-1].k + 1}."
    ]
    if before:
        whole = sum(share >= STAYS for share in before.values())
        told.append(
            f"With one segment fewer {'all' if whole == k else whole or 'none'} of the {k} would "
            f"still be together (at least {set_share(STAYS)} of each in one cluster): what stays "
            "together there is a unit."
        )
    if parted:
        least = min(parted, key=lambda segment: after[segment])
        told.append(
            f"With one more the largest part of “{names[least]}” would be "
            f"{plain_share(after[least])} of it."
        )
    return Words(title, " ".join(told))


def _together(
    strands: Sequence[Strand], step: int, side: Callable[[Strand], int]
) -> dict[int, float]:
    """Return, per segment, the share of its customers in the one cluster that has most of them."""
    held: dict[int, dict[int, int]] = {}
    for strand in strands:
        if strand.k == step:
            of = held.setdefault(strand.segment, {})
            of[side(strand)] = of.get(side(strand), 0) + strand.customers
    return {segment: max(of.values()) / sum(of.values()) for segment, of in sorted(held.items())}


FEW_HALFWAY = 0.1
"""Customers halfway, per member, below which a segment counts as standing apart."""


def gorge(record: StudyRecord, halfway: NDArray[np.float64], drawn: int) -> Words:
    """Say how many segments stand apart from everyone else.

    Parameters
    ----------
    record : StudyRecord
    halfway : ndarray of shape (k,)
        Customers, members or not, with a similarity in the middle third, per member.
    drawn : int
        Customers that were measured.
    """
    apart = int((halfway < FEW_HALFWAY).sum())
    many = "all" if apart == record.k else f"{apart or 'none'} of the"
    names = [plain_text(segment.name) for segment in record.segments]
    least, most = int(halfway.argmin()), int(halfway.argmax())
    middle = (
        "Customers in the grey middle are halfway: "
        f"{100 * halfway[least]:.0f} for every 100 members of “{names[least]}”, "
        f"{100 * halfway[most]:.0f} of “{names[most]}”."
    )
    if halfway[most] < 0.005:
        middle = "Hardly anyone lies halfway, in the grey middle."
    told = [
        "Two peaks with a gorge between them: members are similar to their segment, all others are "
        f"not. {middle} Heights are shares of the members and of all others.",
        _drawn(record, drawn),
    ]
    return Words(f"A gorge sets {many} {record.k} segments apart", " ".join(filter(None, told)))


def shadow(record: StudyRecord, means: NDArray[np.float64], drawn: int) -> Words:
    """Say whose customers are deep inside and whose are near a border.

    Parameters
    ----------
    record : StudyRecord
    means : ndarray of shape (k,)
        Mean shadow value of each segment.
    drawn : int
        Customers that were measured.
    """
    names = [plain_text(segment.name) for segment in record.segments]
    deep, near = int(means.argmin()), int(means.argmax())
    title = f"“{names[deep]}” lies deepest inside, “{names[near]}” nearest to a border"
    if f"{means[deep]:.2f}" == f"{means[near]:.2f}":
        title = f"All segments are equally near to their borders ({means[deep]:.2f})"
    told = [
        "Each band is the customers of one segment, from the deepest inside to the nearest to a "
        "border. Shadow value: twice the distance to the own centre over the sum of the distances "
        "to the two nearest centres. Right: to which segment the customers would go next.",
        _drawn(record, drawn),
    ]
    return Words(title, " ".join(filter(None, told)))


def value(record: StudyRecord, worth: Sequence[SegmentValue]) -> Words:
    """Say which segment brings the most, for its size.

    Parameters
    ----------
    record : StudyRecord
    worth : sequence of SegmentValue
        With the share of revenue.
    """
    best = max(worth, key=lambda one: one.revenue_share or 0.0)
    name = plain_text(record.segments[best.segment - 1].name)
    title = (
        f"{plain_share(best.customer_share)} of the customers bring "
        f"{plain_share(best.revenue_share)} of the revenue: “{name}”"
    )
    told = (
        "Ring: share of the customers; disc: share of the revenue. A disc right of its ring: "
        "the segment brings more than its size. Index: revenue per customer, everyone = 100."
    )
    return Words(title, told)


def targeting(record: StudyRecord, found: TargetingRecord) -> Words:
    """Say which segment is the most attractive one, and how to read the evaluation plot."""
    rated = [one for one in found.segments if one.attractive is not None]
    names = {segment.number: plain_text(segment.name) for segment in record.segments}
    out = len(found.segments) - len(rated)
    if not rated:
        return Words("Every segment is knocked out", "None passes all criteria that are known.")
    best = max(rated, key=lambda one: one.attractive or 0.0)
    title = f"Most attractive: {names[best.segment]} ({best.attractive:.1f} of 10)"
    weights = ", ".join(f"{name} {plain_number(weight)}" for name, weight in found.weights.items())
    told = [
        f"Weighted mean of ratings from 0 to 10 (weights: {weights}); the lines reach as far as "
        "other weights lead, each up to twice as large or half as large (5 to 95 %).",
        f"First under {plain_share(best.first)} of such weights.",
    ]
    if all(one.competitive is not None for one in rated):
        told.append("The area of a disc is the number of customers. Upper right: serve first.")
    elif any(one.passes is None for target in rated for one in target.criteria):
        told.append("Hollow: a criterion is still to be answered.")
    if out:
        told.append(
            f"{out} of {len(found.segments)} segments {'is' if out == 1 else 'are'} knocked out."
        )
    return Words(title, " ".join(told))
