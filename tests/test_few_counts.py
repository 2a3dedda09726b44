"""Limits where counts are few: published tables, closed forms, and coverage."""

import numpy as np
import pytest
from scipy import optimize, stats

import renp
from cases import DAY, NU, YB
from relative import relative
from renp.inference.few_counts import intervals, limits
from renp.inference.intervals import outermost
from renp.inference.lengthened import lengthened_end
from renp.inference.outcomes import Method, Outcomes, margins, observed, outcomes
from renp.inference.signal import Signal

SPAN = (0.0, 40.0)

# Phys. Rev. D 57 (1998) 3873, Table IV, 90 % C.L.: from memory. Rows n₀ = 0 … 10, columns as in BACKGROUNDS.
BACKGROUNDS = (0.0, 0.5, 1.0, 1.5, 2.0, 2.5, 3.0, 3.5, 4.0, 5.0)
TABLE = """\
0.00,2.44 0.00,1.94 0.00,1.61 0.00,1.33 0.00,1.26 0.00,1.18 0.00,1.08 0.00,1.06 0.00,1.01 0.00,0.98
0.11,4.36 0.00,3.86 0.00,3.36 0.00,2.91 0.00,2.53 0.00,2.19 0.00,1.88 0.00,1.59 0.00,1.39 0.00,1.22
0.53,5.91 0.03,5.41 0.00,4.91 0.00,4.41 0.00,3.91 0.00,3.45 0.00,3.04 0.00,2.67 0.00,2.33 0.00,1.73
1.10,7.42 0.60,6.92 0.10,6.42 0.00,5.92 0.00,5.42 0.00,4.92 0.00,4.42 0.00,3.95 0.00,3.53 0.00,2.78
1.47,8.60 1.17,8.10 0.74,7.60 0.24,7.10 0.00,6.60 0.00,6.10 0.00,5.60 0.00,5.10 0.00,4.60 0.00,3.60
1.84,9.99 1.53,9.49 1.25,8.99 0.93,8.49 0.43,7.99 0.00,7.49 0.00,6.99 0.00,6.49 0.00,5.99 0.00,4.99
2.21,11.47 1.90,10.97 1.61,10.47 1.33,9.97 1.08,9.47 0.65,8.97 0.15,8.47 0.00,7.97 0.00,7.47 0.00,6.47
3.56,12.53 3.06,12.03 2.56,11.53 2.09,11.03 1.59,10.53 1.18,10.03 0.89,9.53 0.39,9.03 0.00,8.53 0.00,7.53
3.96,13.99 3.46,13.49 2.96,12.99 2.51,12.49 2.14,11.99 1.81,11.49 1.51,10.99 1.06,10.49 0.66,9.99 0.00,8.99
4.36,15.30 3.86,14.80 3.36,14.30 2.91,13.80 2.53,13.30 2.19,12.80 1.88,12.30 1.59,11.80 1.33,11.30 0.43,10.30
5.50,16.50 5.00,16.00 4.50,15.50 4.00,15.00 3.50,14.50 3.04,14.00 2.63,13.50 2.27,13.00 1.94,12.50 1.19,11.50
"""
ROWS = [[tuple(map(float, cell.split(","))) for cell in row.split()] for row in TABLE.splitlines()]


def one_run(background: float, counts: float) -> tuple[Outcomes, Outcomes]:
    expected = Signal(np.array([background]), np.array([1.0]))
    every = outcomes(expected.between(*SPAN))
    assert every is not None
    assert every.distribution == "outcomes"
    return every, observed(expected, np.array([counts]))


@pytest.mark.parametrize("background", [0.0, 3.0, pytest.param(None, marks=pytest.mark.slow)])
def test_feldman_and_cousins_table_iv(background: float | None) -> None:
    """To the printed digits, all rows; intervals are lengthened as in Sec. IV C."""
    columns = BACKGROUNDS if background is None else (background,)
    for n, row in enumerate(ROWS):
        for b, published in zip(BACKGROUNDS, row, strict=True):
            if b in columns:
                every, here = one_run(b, n)
                [(lower, upper)] = intervals(every, here, "feldman-cousins", 0.90)
                assert lower == pytest.approx(published[0], abs=0.0051), (n, b)
                assert lengthened_end(here, upper, 0.90) == pytest.approx(published[1], abs=0.0051), (n, b)


@pytest.mark.parametrize(
    ("counts", "background", "level", "printed"),
    [
        (0, 0.0, 0.90, 2.303),
        (0, 3.0, 0.95, 2.996),
        (3, 3.0, 0.90, 4.362),
        (5, 3.0, 0.95, 7.663),
        (10, 3.0, 0.90, 12.407),
        (100, 100.0, 0.95, 21.374),
    ],
)
def test_cls_of_one_run_is_a_ratio_of_poisson_sums(
    counts: int, background: float, level: float, printed: float
) -> None:
    """P(n ≤ n₀ | s + b) = (1 − CL) P(n ≤ n₀ | b)."""

    def excess(s: float) -> float:
        ratio = stats.poisson.cdf(counts, s + background) / stats.poisson.cdf(counts, background)
        return float(ratio) - (1 - level)

    every, here = one_run(background, counts)
    exact = optimize.brentq(excess, *SPAN, xtol=1e-13)
    assert exact == pytest.approx(printed, abs=0.0005)
    assert intervals(every, here, "cls", level)[0][1] == relative(exact, rel=1e-9)


@pytest.mark.parametrize("method", ["cls", "feldman-cousins"])
@pytest.mark.parametrize("null", [[0.2, 0.1], [2.0, 1.0, 0.5]])
def test_coverage_is_at_least_nominal(method: Method, null: list[float]) -> None:
    """The probability of outcomes that accept the truth; today's asymptotic limits reach 0.64."""
    expected = Signal(np.array(null), np.linspace(1.0, 0.4, len(null)))
    every = outcomes(expected.between(0.0, 12.0))
    assert every is not None
    for truth in (0.0, 0.3, 1.0, 3.0, 8.0):
        at = np.array([truth])
        held = (margins(every, every, at, method, 0.90)[0] > 0) @ every.both(at, method)[1][0]
        assert held >= 0.90 - 1e-9


def test_drawn_outcomes_give_the_limits_of_all(monkeypatch: pytest.MonkeyPatch) -> None:
    expected = Signal(np.array([3.0, 1.5]), np.array([1.0, 0.7]))
    here = observed(expected, np.array([5.0, 1.0]))
    every = outcomes(expected.between(0.0, 25.0))
    monkeypatch.setattr("renp.inference.outcomes.MOST_OUTCOMES", 10)
    drawn = outcomes(expected.between(0.0, 25.0))
    assert every is not None
    assert drawn is not None
    assert (every.distribution, drawn.distribution) == ("outcomes", "toys")
    ends = [intervals(one, here, "cls", 0.90)[0][1] for one in (every, drawn)]
    assert ends[1] == relative(ends[0], rel=0.02)


def test_many_counts_in_many_runs_are_left_to_the_formula() -> None:
    assert outcomes(Signal(np.full(4, 50.0), np.ones(4)).between(*SPAN)) is None


@pytest.mark.sampled
@pytest.mark.parametrize("size", [504.0, 1e4, 1e7])
@pytest.mark.parametrize("excess", [-2.0, 0.0, 2.0])
def test_unified_intervals_of_many_counts_are_those_of_the_formula(size: float, excess: float) -> None:
    """N(x) = N_0 (1 − 0.3 x)² in two runs, mirrored at x = 10/3: χ² with one degree of freedom, in 2√N."""
    null = size * np.array([1.0, 0.5])
    expected = Signal(null, -0.6 * null, 0.09 * null, signed=True)
    found = limits(expected, null + excess * np.sqrt(null), "feldman-cousins", 0.90)
    assert found is not None
    assert found.distribution == "toys"
    total = 1.5 * size
    best = (total + excess * (1 + np.sqrt(0.5)) * np.sqrt(size)) / total
    amplitudes = np.sqrt(best) + np.array([1.0, -1.0]) * 1.645 / (2 * np.sqrt(total))
    low, high = (1 - amplitudes) / 0.3
    mirrored = [(low, high), (20 / 3 - high, 20 / 3 - low)]
    assert sorted(found.accepted) == [pytest.approx(ends, abs=0.03 * (high - low)) for ends in mirrored]


def test_nothing_seen_and_nothing_expected_allows_events_2_303() -> None:
    runs = renp.Experiment(YB, renp.Target(), [1.068], DAY, counts=[0])
    mu = renp.MagneticMoment({(1, 1): 1.0})
    found = renp.upper_limits(runs, NU, couplings={"mu": mu}, method="cls")
    assert [*found.distributions.values()] == [{"mu": "outcomes"}]
    kind, label = next((k, e) for k, of in found.limits.items() for e in of)
    events = renp.experiment.signal_counts(runs, NU, mu)[0] * found.limits[kind][label] ** 2
    null = renp.expected_counts(runs, NU)[0]
    # CLs without counts is exp(−s), whatever the background.
    assert float(events) == relative(np.log(10), rel=1e-6)
    assert null > 0
    assert "outcomes of few counts" in str(found)


def test_expected_is_the_median_and_feldman_cousins_has_lower_ends() -> None:
    runs = renp.Experiment(YB, renp.Target(), [1.068], DAY)
    found = renp.upper_limits(
        runs, NU, method="cls", bands=True, couplings={"mu": renp.MagneticMoment({(1, 1): 1.0})}
    )
    kind, label = next((k, e) for k, of in found.limits.items() for e in of)
    assert found.bands is not None
    assert found.limits[kind][label] == found.expected[kind][label] == found.bands[kind][label][2]
    assert np.all(np.diff(found.bands[kind][label]) >= 0)
    seen = renp.Experiment(YB, renp.Target(), [1.068], DAY, counts=[40])
    unified = renp.upper_limits(seen, NU, method="feldman-cousins")
    low, high = unified.ends["magnetic-moment"]["11"]
    assert 0 < low < high == unified.limits["magnetic-moment"]["11"]


# Two models with a sign: the second solution within reach, and far away; in three runs they return elsewhere.
INTERFERES = [
    Signal(np.array([9.0]), np.array([-6.0]), np.array([1.5]), signed=True),
    Signal(np.array([2.0, 1.0, 0.5]), np.array([1.5, -1.0, -0.4]), np.array([0.6, 0.5, 0.1]), signed=True),
]
TWO_RUNS = Signal(np.array([2.0, 1.0]), np.array([1.5, -1.0]), np.array([0.6, 0.5]), signed=True)


@pytest.mark.parametrize("expected", INTERFERES)
@pytest.mark.parametrize("counts", [0, 1, 3])
def test_best_fits_of_couplings_with_a_sign_are_global(expected: Signal, counts: int) -> None:
    """Against ln L on 4·10⁵ points."""
    n = np.array([4.0 * counts, 1.0, 2.0])[: len(expected.null)]
    here = observed(expected, n)
    x = np.linspace(-30, 30, 400_001)
    mean = expected.null + x[:, None] * (expected.linear + x[:, None] * np.asarray(expected.square))
    log = np.sum(n * np.log(mean) - mean, axis=1)
    assert here.most[0] >= np.max(log)
    assert here.most[0] == relative(np.max(log), rel=1e-8)


def enumerated(expected: Signal, x: float, counts: list[float], method: str) -> bool:
    """Whether counts of one or two runs accept x at 90 %: all outcomes, each with its best fit on a grid."""
    n = [np.arange(60.0)] * len(counts)
    every = np.stack([a.ravel() for a in np.meshgrid(*n, indexing="ij")], axis=1)
    grid = np.linspace(-12, 12, 48_001)

    def rates(g: np.ndarray) -> np.ndarray:
        return expected.null + g[:, None] * (expected.linear + g[:, None] * np.asarray(expected.square))

    log_rates, total = np.log(rates(grid)), rates(grid).sum(axis=1)
    most = np.array([np.max(log_rates @ one - total) for one in every])
    there = rates(np.array([x]))[0]
    rise = np.maximum(2 * (most - (every @ np.log(there) - there.sum())), 0)
    mine = rise[np.flatnonzero(np.all(every == counts, axis=1))[0]]
    no_less = rise >= mine - 1e-6
    p, p_0 = (np.sum(np.prod(stats.poisson.pmf(every, mu), axis=1)[no_less]) for mu in (there, expected.null))
    return bool(p > 0.1 * p_0 if method == "cls" else p > 0.1)


@pytest.mark.slow
def test_an_outcome_is_as_unlikely_as_itself() -> None:
    """Or what was seen would be missing from its own p-value: best fits are found to the last digits."""
    rng = np.random.default_rng(16)
    for _ in range(20):
        null, square = 10 ** rng.uniform(-1, 0.9, 2), rng.uniform(0.05, 1, 2)
        expected = Signal(null, rng.uniform(-2, 2, 2) * np.sqrt(null * square), square, signed=True)
        every = outcomes(expected.reach(null[None], 7.0))
        assert every is not None
        for k in np.flatnonzero(every.null > 1e-3):
            alone = observed(expected, every.counts[k])
            assert float(alone.most[0]) == pytest.approx(float(every.most[k]), abs=1e-12)


@pytest.mark.sampled
@pytest.mark.parametrize("method", ["cls", "feldman-cousins"])
@pytest.mark.parametrize(
    ("expected", "counts"),
    [
        (INTERFERES[0], [4.0]),
        (INTERFERES[0], [12.0]),
        (TWO_RUNS, [3.0, 2.0]),
    ],
)
def test_couplings_with_a_sign_accept_what_enumeration_accepts(
    expected: Signal, counts: list[float], method: Method
) -> None:
    """At both sides of each end; of the first model there are two solutions, mirrored at x = 2."""
    found = limits(expected, np.array(counts), method, 0.90)
    assert found is not None
    assert found.distribution == "outcomes"
    for low, high in found.accepted:
        step = 1e-4 * (high - low)
        assert enumerated(expected, low + step, counts, method)
        assert enumerated(expected, high - step, counts, method)
        assert not enumerated(expected, low - step, counts, method)
        assert not enumerated(expected, high + step, counts, method)
    if method == "feldman-cousins" and len(counts) == 1:
        # N(x) = N(4 − x), so that nothing tells the solutions apart.
        mirrored = sorted((4 - high, 4 - low) for low, high in found.accepted)
        assert mirrored == [relative(end, rel=1e-7) for end in sorted(found.accepted)]


def test_what_is_accepted_in_a_narrow_interval_beyond_others_is_found() -> None:
    """From −3.2203 to −3.2193, where outcomes change order; the next interval begins at −3.193."""
    expected = Signal(np.array([3.1, 4.2]), np.array([1.1, 1.4]), np.array([0.9, 0.7]), signed=True)
    found = limits(expected, np.array([4.0, 6.0]), "feldman-cousins", 0.90)
    assert found is not None
    [(low, _)] = found.accepted
    assert enumerated(expected, low + 3e-4, [4.0, 6.0], "feldman-cousins")
    assert not enumerated(expected, low - 3e-4, [4.0, 6.0], "feldman-cousins")
    assert low == relative(-3.2202998, rel=1e-6)


@pytest.mark.parametrize("method", ["cls", "feldman-cousins"])
@pytest.mark.parametrize("expected", INTERFERES)
def test_coverage_of_couplings_with_a_sign_is_at_least_nominal(expected: Signal, method: Method) -> None:
    """On either side of the mirror, which is at x = 2 for the first model."""
    every = outcomes(expected.between(-6.0, 8.0))
    assert every is not None
    for truth in (-2.0, -0.3, 0.0, 0.5, 1.9, 2.1, 4.0, 5.0):
        at = np.array([truth])
        held = (margins(every, every, at, method, 0.90)[0] > 0) @ every.both(at, method)[1][0]
        assert held >= 0.90 - 1e-9


@pytest.mark.sampled
@pytest.mark.parametrize("expected", [INTERFERES[0], TWO_RUNS])
def test_the_expected_limit_is_the_median_over_all_outcomes(expected: Signal) -> None:
    found = limits(expected, None, "feldman-cousins", 0.90, (-1.0, 0.0, 1.0))
    assert found is not None
    each, weight = [], []
    for n in np.ndindex(*[int(m + 6 * np.sqrt(m)) + 3 for m in expected.null]):
        p = np.prod(stats.poisson.pmf(n, expected.null))
        if p > 0.01 or len(n) == 1:
            one = limits(expected, np.array(n, dtype=float), "feldman-cousins", 0.90)
            assert one is not None
            each.append(outermost(one.accepted))
            weight.append(p)
    order = np.argsort(each)
    total = np.cumsum(np.array(weight)[order])
    missing = 1 - total[-1]
    for deviation, size in zip((-1.0, 0.0, 1.0), found.band, strict=True):
        part = stats.norm.cdf(deviation)
        low, high = np.searchsorted(total, [max(part - missing, 0.0), part])
        high = min(high, len(each) - 1)
        assert np.array(each)[order][low] * (1 - 1e-6) <= size <= np.array(each)[order][high] * (1 + 1e-6)


@pytest.mark.parametrize(
    ("null", "linear", "square", "method", "level"),
    [
        ([1.6, 0.6], [1.0, 0.2], [0.2, 0.4], "cls", 0.68),
        ([1.5, 0.3], [2.8, 0.1], [1.4, 0.8], "feldman-cousins", 0.90),
    ],
)
def test_bands_are_quantiles_of_the_limits_of_all_outcomes(
    null: list[float], linear: list[float], square: list[float], method: Method, level: float
) -> None:
    """Where limits are beyond the stretch that is looked at first, and where intervals are narrow."""
    expected = Signal(*map(np.array, (null, linear, square)), signed=True)
    found = limits(expected, None, method, level, (-1.0, 0.0, 1.0))
    assert found is not None
    assert np.all(np.diff(found.band) >= 0)
    every = outcomes(expected.between(-3.0, 3.0))
    assert every is not None
    likely = every.some(np.argsort(-every.null)[:12])
    each = [outermost(intervals(every, likely.some(np.array([k])), method, level)) for k in range(12)]
    order, missing = np.argsort(each), 1 - np.sum(likely.null)
    total = np.cumsum(likely.null[order])
    for deviation, size in zip((-1.0, 0.0, 1.0), found.band, strict=True):
        part = stats.norm.cdf(deviation)
        low, high = np.searchsorted(total, [part - missing, part])
        assert np.array(each)[order][low] * (1 - 1e-6) <= size <= np.array(each)[order][high] * (1 + 1e-6)


@pytest.mark.parametrize("method", ["cls", "feldman-cousins"])
def test_limits_on_a_mediator_from_few_counts(method: str) -> None:
    """Of either sign; both solutions are there, and limits are their outermost end."""
    runs = renp.Experiment(YB, renp.Target(), [1.068], DAY, counts=[12])
    light = renp.VectorMediator(1e3, 1.0, left={(1, 1): 1.0})
    found = renp.upper_limits(runs, NU, couplings={"vector-mediator": {"g": light}}, method=method)
    low, high = found.ends["vector-mediator"]["g"]
    assert low < 0 < high
    assert found.limits["vector-mediator"]["g"] == max(-low, high)
    assert found.distributions["vector-mediator"]["g"] == "outcomes"
    # Both ends expect equally many counts: as only one run is there, only counts tell couplings apart.
    at = [renp.expected_counts(runs, NU, renp.Weak() + end * light)[0] for end in (low, high)]
    assert float(at[0]) == relative(float(at[1]), rel=1e-6)


@pytest.mark.parametrize(("background", "published"), [(3.0, 1.08), (5.0, 0.98)])
def test_lengthened_limits_for_users(background: float, published: float) -> None:
    """Nothing seen: the end of Table IV, which does not grow with the background."""
    rate = float(renp.expected_counts(renp.Experiment(YB, renp.Target(), [1.068], 1.0), NU)[0])
    runs = renp.Experiment(YB, renp.Target(), [1.068], background / rate, counts=[0])
    mu = {"magnetic-moment": {"11": renp.MagneticMoment({(1, 1): 1.0})}}
    found, plain = (
        renp.upper_limits(runs, NU, couplings=mu, method="feldman-cousins", lengthened=flag)
        for flag in (True, False)
    )
    limit = found.limits["magnetic-moment"]["11"]
    events = renp.experiment.signal_counts(runs, NU, renp.MagneticMoment({(1, 1): limit}))[0]
    assert float(events) == pytest.approx(published, abs=0.0051)
    assert plain.limits["magnetic-moment"]["11"] < limit
    assert found.expected["magnetic-moment"]["11"] >= plain.expected["magnetic-moment"]["11"]
    assert "lengthened" in found.title
    assert found.json()["lengthened"] is True


def test_lengthened_is_refused_where_it_has_no_meaning() -> None:
    one, two = (renp.Experiment(YB, renp.Target(), e, DAY) for e in ([1.068], [1.068, 1.07]))
    light = {"g": renp.VectorMediator(1e3, 1.0, left={(1, 1): 1.0})}
    for runs, options in (
        (one, {"method": "cls"}),
        (two, {"method": "feldman-cousins"}),
        (one, {"method": "feldman-cousins", "couplings": light}),
        (one, {"method": "feldman-cousins", "nuisances": renp.Nuisances(normalisation_error=0.1)}),
    ):
        with pytest.raises(renp.InputError, match="lengthened"):
            renp.upper_limits(runs, NU, lengthened=True, **options)
