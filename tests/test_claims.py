"""What the papers say in words: each sentence with a number has its row, and rows their verdicts."""

import re
from math import inf
from pathlib import Path

import numpy as np
import pytest

import renp
from relative import relative
from renp.cli.output import print_verdicts
from renp.datafiles import read_toml
from renp.papers import claims, letter
from renp.papers.errata import ERRATA
from renp.results.advantage import Advantage
from renp.results.comparison import Comparison, Number

PAGE = (Path(__file__).parents[1] / "docs" / "reference" / "sentences.md").read_text(encoding="utf-8")
FILES = ("letter.toml", "proceeding.toml", "claims.toml")


def rows() -> list[str]:
    return [entry["key"] for file in FILES for entry in read_toml(file)["number"]]


def test_every_row_stands_in_the_list_of_sentences_and_no_other() -> None:
    answered = [line.rpartition("|")[0].rpartition("|")[2] for line in PAGE.splitlines() if "| ✓ |" in line]
    text = " ".join(answered)
    known = set(rows()) | {"renp.bounds.effective", "data/scattering.toml", "renp init letter"}
    assert set(re.findall(r"`([^`]+)`", text)) == known
    named = set(re.findall(r"(?<!\*)\*([a-z-]+)\*(?!\*)", text))
    assert named == {erratum.key for erratum in ERRATA}


def test_every_sentence_is_ticked() -> None:
    lines = [line for line in PAGE.splitlines() if line.startswith("| ") and "place" not in line]
    assert lines
    assert all(line.startswith("| ✓ |") for line in lines)


@pytest.mark.parametrize(
    ("published", "computed", "within", "verdict"),
    [
        (2.0, 2.09, (0.95, 1.05), "holds"),
        (2.0, 2.11, (0.95, 1.05), "differs"),
        (1.0, 0.98, (0.0, 1.0), "holds"),
        (100.0, 350.0, (1.0, inf), "holds"),
        (0.0, 0.0, (0.0, 0.0), "holds"),
    ],
)
def test_a_verdict_is_what_the_sentence_allows(
    published: float, computed: float, within: tuple[float, float], verdict: str
) -> None:
    assert Number("a", "b", published, "letter", computed, within=within).verdict == verdict


def test_limits_are_those_of_the_package() -> None:
    found, known = claims.limits(10.0), letter.limits(10).limits
    for kind, of in known.items():
        assert found[kind] == {e: relative(limit, rel=1e-8) for e, limit in of.items()}


def test_elements_are_told_apart_by_a_fit() -> None:
    """The exposure is that at which `renp.fit` would reject the other element at Δχ² = 2.71."""
    days = claims.identification()["magnetic-moment"]["33"]["23"]
    scenario = letter.setup()
    given, nu = scenario.experiment, scenario.neutrinos
    energies, time = np.asarray(given.photon_energy), days * 86400.0
    runs = renp.Experiment(scenario.atom, given.target, energies, time)
    seen = np.asarray(renp.expected_counts(runs, nu, renp.Weak() + renp.MagneticMoment({(3, 3): 3e-11})))
    counted = renp.Experiment(scenario.atom, given.target, energies, time, counts=seen)
    other = renp.Likelihood(counted, nu, {"mu_23": renp.MagneticMoment({(2, 3): 1.0})})
    assert float(renp.fit(other).chi2) == relative(2.7055, rel=1e-3)


def toy() -> Advantage:
    mass = np.geomspace(1e-3, 1e5, 9)
    reach = {"vector": {"papers": 1e-12 * mass, "full": np.full(9, inf)}}
    existing = {"vector": {"one": np.full(9, 1e-8), "red giants": np.full(9, 1e-13)}}
    return Advantage(mass=mass, existing=existing, reach=reach, made_by={})


def test_an_advantage_is_a_ratio_with_a_verdict() -> None:
    assert toy().orders("vector", 1e1) == relative(3.0, rel=1e-9)
    assert toy().least_orders("vector", 1e-3, 1e3) == relative(1.0, rel=1e-9)
    papers, full = toy().diagnosis
    assert "3 to 4 orders from 1 to 10 eV, 7 orders at 0.001 eV, better from 0.001 to 1e+03 eV" in papers
    assert papers.endswith("for a coupling of neutrinos of 1, better from 0.001 to 0.01 eV.")
    assert full == "vector, full atom: RENP sees nothing."


def test_an_advantage_has_gaps() -> None:
    """Where other limits end, RENP is better again: the masses between are not."""
    giants = np.array([1e-8] * 3 + [1e-14] * 3 + [inf] * 3)
    existing = {"vector": {"one": np.full(9, 1e-6), "red giants": giants}}
    one = Advantage(
        mass=toy().mass, existing=existing, reach={"vector": {"papers": np.full(9, 1e-10)}}, made_by={}
    )
    (said,) = one.diagnosis
    assert said.endswith("of 1, better from 0.001 to 0.1 eV and from 1e+03 to 1e+05 eV.")


def test_the_terminal_shows_every_row_with_its_remark(capsys: pytest.CaptureFixture[str]) -> None:
    numbers = tuple(Number(str(k), f"row {k}", 1.0, "letter", 1.0 + k, f"remark {k}") for k in range(70))
    print_verdicts(Comparison(numbers=numbers, made_by={}))
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 2 + 2 * 70
    assert "holds" in lines[2]
    assert lines[3] == "    remark 0"
    assert "differs" in lines[4]
