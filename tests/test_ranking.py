"""Impacts of what is uncertain on a coupling, and correlations."""

import matplotlib.pyplot as plt
import numpy as np
import pytest
from iminuit import Minuit

import renp
from cases import DAY
from relative import relative
from renp.errors import InputError
from renp.results.ranking import Ranking
from renp.results.style import symbols

YB, NU = renp.Atom.named("Yb"), renp.Neutrinos(0.01)
COUNTS, SECONDS, RATE = np.array([330.0, 260.0]), 10 * DAY, 2e-4
ERRORS = {"normalisation": 0.06, "background": 0.15}
RUNS = renp.Experiment(YB, renp.Target(), [1.068, 1.07], SECONDS, RATE, counts=COUNTS)
UNIT = {"mu": renp.MagneticMoment({(1, 1): 1.0})}
UNSURE = renp.Nuisances(normalisation_error=0.06, background_error=0.15)


@pytest.fixture(scope="module")
def likelihood() -> renp.Likelihood:
    return renp.Likelihood(RUNS, NU, UNIT, nuisances=UNSURE)


@pytest.fixture(scope="module")
def ranked(likelihood: renp.Likelihood) -> Ranking:
    return renp.ranking(likelihood, "mu")


def fitted(**held: float) -> tuple[float, float, dict[str, float], dict[str, float]]:
    """Return best fit and upper end of the moment, pulls and their errors, by Minuit and bisection alone."""
    bare = renp.Experiment(YB, renp.Target(), [1.068, 1.07], SECONDS)
    standard = np.asarray(renp.expected_counts(bare, NU))
    moment = renp.Weak() + renp.MagneticMoment({(1, 1): 1e-11})
    signal = np.asarray(renp.expected_counts(bare, NU, moment)) - standard

    def chi2(x: float, normalisation: float, background: float) -> float:
        rates = [(1 + ERRORS[n]) ** pull for n, pull in zip(ERRORS, (normalisation, background), strict=True)]
        mean = rates[0] * (standard + x * signal) + rates[1] * RATE * SECONDS
        return (
            float(np.sum(2 * (mean - COUNTS + COUNTS * np.log(COUNTS / mean))))
            + normalisation**2
            + background**2
        )

    def least(**fixed: float) -> Minuit:
        judge = Minuit(chi2, **{"x": 10.0, "normalisation": 0.0, "background": 0.0} | held | fixed)
        judge.limits["x"] = (0, None)
        judge.tol = 1e-6
        judge.strategy = 2
        for name in held | fixed:
            judge.fixed[name] = True
        judge.migrad()
        judge.hesse()
        return judge

    best = least()
    low, high = best.values["x"], best.values["x"] + 60.0
    for _ in range(40):
        middle = (low + high) / 2
        low, high = (middle, high) if least(x=middle).fval < best.fval + 2.705543454 else (low, middle)
    pulls, errors = ({n: getattr(best, of)[n] for n in ERRORS} for of in ("values", "errors"))
    return 1e-11 * best.values["x"] ** 0.5, 1e-11 * low**0.5, pulls, errors


@pytest.mark.slow
def test_impacts_equal_fits_with_a_parameter_held(ranked: Ranking) -> None:
    value, limit, pulls, errors = fitted()
    assert (ranked.value, ranked.limit) == (relative(value, rel=1e-4), relative(limit, rel=1e-4))
    for row, name in enumerate(ranked.parameters):
        assert ranked.pulls[row] == relative(pulls[name], rel=1e-2)
        assert ranked.pull_errors[row] == relative(errors[name], rel=1e-2)
        at_best = fitted(**{name: pulls[name]})
        for side, sign in (("down", -1), ("up", 1)):
            for fit, error in (("prefit", 1.0), ("postfit", errors[name])):
                there = fitted(**{name: pulls[name] + sign * error})
                found = getattr(ranked, f"value_{fit}")[side][row], getattr(ranked, f"limit_{fit}")[side][row]
                assert found == (
                    relative(there[0] - at_best[0], rel=0.02),
                    relative(there[1] - at_best[1], rel=0.02),
                )


def test_the_largest_impact_comes_first(ranked: Ranking) -> None:
    sizes = np.maximum(*(np.abs(ranked.limit_postfit[side]) for side in ("down", "up")))
    assert np.all(np.diff(sizes) <= 0)
    assert sizes[-1] > 0
    assert set(ranked.parameters) == set(ERRORS)


def test_a_ranking_has_table_json_and_data_set(ranked: Ranking) -> None:
    content, data = ranked.json(), ranked.dataset()
    assert content["limit_postfit"]["up"] == ranked.limit_postfit["up"].tolist()
    assert data.limit_postfit.units == "μ_B"
    assert (
        float(data.limit_prefit.sel(side="down", parameter="background"))
        == (ranked.limit_prefit["down"][ranked.parameters.index("background")])
    )
    assert "Δlimit postfit down (μ_B)" in ranked.table().columns
    assert "Δvalue prefit up (μ_B)" in ranked.full_table().columns


@pytest.mark.parametrize("of", ["limit", "value"])
def test_a_picture_has_a_bar_for_each_impact(ranked: Ranking, of: str) -> None:
    figure = ranked.plot(of=of)
    left, right = figure.axes
    widths = sorted(bar.get_width() for bar in right.patches)
    shown = [getattr(ranked, f"{of}_{fit}")[side] for fit in ("prefit", "postfit") for side in ("down", "up")]
    assert widths == relative(sorted(np.concatenate(shown)), rel=1e-12)
    assert [label.get_text() for label in left.get_yticklabels()] == list(map(symbols, ranked.parameters))
    plt.close(figure)


@pytest.mark.slow
def test_what_is_free_has_no_impact_before_the_fit() -> None:
    free = renp.Nuisances(free=["lightest_mass"], normalisation_error=0.06)
    likelihood = renp.Likelihood(RUNS, NU, UNIT, nuisances=free)
    ranked = renp.ranking(likelihood, "mu", likelihood.asimov(likelihood.point(mu=5e-11)))
    row = ranked.parameters.index("lightest_mass")
    assert np.isnan(ranked.limit_prefit["up"][row])
    assert np.isnan(ranked.pulls[row])
    plt.close(ranked.plot())


@pytest.mark.parametrize(("name", "nuisances", "said"), [
    ("background", UNSURE, "coupling = 'background': must be one of mu"),
    ("nu", UNSURE, "parameter = "),
    ("mu", None, "without nuisances"),
])  # fmt: skip
def test_wrong_arguments(name: str, nuisances: renp.Nuisances | None, said: str) -> None:
    with pytest.raises(InputError, match=said):
        renp.ranking(renp.Likelihood(RUNS, NU, UNIT, nuisances=nuisances), name)


def test_correlations_are_those_of_minuit(likelihood: renp.Likelihood) -> None:
    best = renp.fit(likelihood)
    found = best.correlations()
    judge = renp.minuit(likelihood, likelihood.data, best.coordinates)
    judge.migrad()
    judge.hesse()
    np.testing.assert_allclose(
        found.correlation, np.asarray(judge.covariance.correlation()), rtol=0, atol=2e-3
    )
    assert found.names == likelihood.names
    figure = found.plot()
    texts = [text.get_text() for text in figure.axes[0].texts]
    assert texts[1] == f"{100 * found.correlation[0, 1]:+.0f}".replace("-", "−")  # %
    assert found.full_table().columns == ("parameter", *likelihood.names)
    plt.close(figure)


def test_what_has_no_error_has_no_correlations(likelihood: renp.Likelihood) -> None:
    fixed = renp.fit(likelihood, fixed=["background"])
    assert fixed.correlations().names == ("mu", "normalisation")
