"""Figures like the letter's for any atom, neutrinos and runs."""

import json
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pytest

import renp
from cases import DAY
from relative import relative
from renp.papers import letter
from renp.results.moments import MomentSpectra

SR = renp.Atom.named("Sr")
INVERTED = renp.Neutrinos(0.01, "inverted", "majorana")
ENERGIES = [0.884, 0.8846, 0.8865]


def runs(**changes: object) -> renp.Experiment:
    given = {"target": renp.Target(), "photon_energy": ENERGIES, "duration": 10 * DAY} | changes
    return renp.Experiment(SR, **given)  # type: ignore[arg-type]


@pytest.mark.slow
def test_spectra_are_those_of_each_element_beside_the_standard_model() -> None:
    spectra = MomentSpectra.compute(SR, INVERTED, 2e-11, ENERGIES)
    for kind in (renp.MagneticMoment, renp.ElectricMoment):
        assert list(spectra.by_element[kind.kind]) == ["12", "13", "23"]
        for (i, j), element in {(1, 2): "12", (1, 3): "13", (2, 3): "23"}.items():
            model = renp.Weak() + kind({(i, j): 2e-11})
            alone = renp.spectral_function(ENERGIES, SR, INVERTED, model)
            np.testing.assert_allclose(spectra.by_element[kind.kind][element], alone, rtol=1e-13)


def test_spectra_say_what_they_were_made_from(tmp_path: Path) -> None:
    path = MomentSpectra.compute(SR, INVERTED, 2e-11, ENERGIES).save(tmp_path / "spectra.json")
    made_by = json.loads(path.read_text(encoding="utf-8"))["made_by"]
    assert "inverted" in made_by["neutrinos"]
    assert "majorana" in made_by["neutrinos"]
    assert "'Sr'" in made_by["atom"]
    assert "esteban-2024" in made_by["references"]


@pytest.mark.sampled
@pytest.mark.parametrize("neutrinos", [INVERTED, renp.Neutrinos(0.001), renp.Neutrinos(0.2, "inverted")])
def test_figure_shows_every_threshold(neutrinos: renp.Neutrinos) -> None:
    spectra = MomentSpectra.compute(SR, neutrinos)
    figure = spectra.plot()
    whole, _, near, _ = figure.axes
    low, high = whole.get_xlim()
    assert all(low < edge < high for edge in spectra.thresholds.values())
    left, right = near.get_xlim()
    assert all(left < spectra.thresholds[pair] < right for pair in ("11", "12", "22"))
    assert right - left < 0.3 * (high - low) or neutrinos.lightest_mass == 0.2
    plt.close(figure)


def test_neutrinos_too_heavy_for_the_atom_have_a_figure_of_nothing() -> None:
    spectra = MomentSpectra.compute(SR, renp.Neutrinos(1.0))
    assert spectra.threshold_values == {}
    plt.close(spectra.plot())


@pytest.mark.slow
def test_curves_are_the_limits_at_each_exposure() -> None:
    target = renp.Target(volume=50.0)
    curves = renp.limit_curves(runs(target=target, background=0.1 / DAY), INVERTED, 0.95, [2.0, 30.0])
    for k, days in enumerate((4.0, 60.0)):  # at half of 100 cm³
        here = runs(target=target, background=0.1 / DAY, duration=days * DAY)
        limits = renp.upper_limits(here, INVERTED, 0.95).limits
        for kind, of_kind in limits.items():
            assert curves.by_element[kind].keys() == of_kind.keys()
            for element, limit in of_kind.items():
                assert curves.by_element[kind][element][k] == relative(limit, rel=1e-10)


def test_limits_of_any_size_are_in_the_figure() -> None:
    weak = renp.limit_curves(runs(target=renp.Target(width=1e-6)), INVERTED, exposure=[1.0, 10.0])
    figure = weak.plot()
    top = max(curve.max() for of in weak.by_element.values() for curve in of.values())
    assert top < figure.axes[0].get_ylim()[1]
    assert {t.get_text() for t in figure.axes[0].texts} == {"12", "13", "23"}  # Borexino's, of those drawn
    plt.close(figure)


def test_saved_pictures_embed_fonts_that_can_be_edited(tmp_path: Path) -> None:
    path = MomentSpectra.compute(SR, INVERTED, omega=ENERGIES).save(tmp_path / "spectra.pdf")
    assert b"/Type3" not in path.read_bytes()


def test_pictures_follow_the_users_size_of_font() -> None:
    with plt.rc_context({"font.size": 20}):
        figure = MomentSpectra.compute(SR, INVERTED, omega=ENERGIES).plot()
    axes = figure.axes[2]
    assert axes.xaxis.label.get_size() == relative(22, rel=1e-12)
    assert axes.get_xticklabels()[0].get_size() == relative(20, rel=1e-12)
    assert figure.legends[0].get_texts()[0].get_size() == relative(18, rel=1e-12)
    plt.close(figure)


def test_a_limit_that_is_not_there_is_explained() -> None:
    above = renp.upper_limits(runs(photon_energy=[0.8878, 0.888]), INVERTED)
    assert "none: no run is sensitive to it" in str(above).splitlines()[0]
    assert "none" not in str(renp.upper_limits(runs(), INVERTED))


@pytest.mark.parametrize("exposure", [[1.0], [2.0, 1.0], [0.0, 1.0], [-1.0, 1.0], [[1.0, 2.0]], "1"])
def test_exposures_are_checked(exposure: object) -> None:
    with pytest.raises(renp.InputError, match="exposure"):
        renp.limit_curves(runs(), INVERTED, exposure=exposure)  # type: ignore[arg-type]


def test_runs_without_a_curve_are_refused() -> None:
    with pytest.raises(renp.InputError, match="left out: limits over the exposure are expected"):
        renp.limit_curves(runs(counts=[1, 2, 3]), INVERTED)
    with pytest.raises(renp.InputError, match="duration"):
        renp.limit_curves(runs(duration=0.0), INVERTED)


def test_which_elements_the_letter_and_the_package_find_best() -> None:
    """The remarks of the validation rest on these."""
    setup = letter.setup()
    ten, hundred = (letter.limits(days).limits["magnetic-moment"] for days in (10, 100))
    assert min(ten, key=ten.__getitem__) == "12"
    assert min(hundred, key=hundred.__getitem__) == "11"
    assert max(ten, key=ten.__getitem__) == max(hundred, key=hundred.__getitem__) == "33"
    gains = [ten[e] / hundred[e] for e in ten]
    assert 1.79 < min(gains) < max(gains) < 1.89
    background = np.asarray(renp.expected_counts(setup.experiment, setup.neutrinos))
    for element, gaussian in (((1, 1), "1.62e-11"), ((1, 2), "1.68e-11"), ((3, 3), "3.4e-11")):
        moment = renp.MagneticMoment({element: 1e-11})
        signal = np.asarray(renp.expected_counts(setup.experiment, setup.neutrinos, moment))
        found = 1e-11 * (2.7055 / np.sum(signal**2 / background)) ** 0.25
        assert f"{found:.3g}" == gaussian
