"""Commands for plans, and the scenario files that they write."""

import json
import tomllib
from pathlib import Path

import numpy as np
import pytest

from cases import DAY, OBSERVED, TEXT, Command, written
from relative import relative
from renp.scenario import Scenario


@pytest.mark.slow
def test_plan_writes_a_scenario_that_reaches_what_it_says(command: Command, tmp_path: Path) -> None:
    path, picture, planned = written(tmp_path, TEXT), tmp_path / "plan.png", tmp_path / "plan.toml"
    options = ("--elements", "magnetic-moment", "--total", "70 day", "--candidates", "200", "--json")
    limits = ("--laser-range", "1.0 eV, 1.0717 eV", "--clearance", "1e-6 eV")
    answer = command("plan", path, *options, *limits, "--scenario", planned, "-o", picture)
    assert answer.status == 2  # the file's runs have different backgrounds
    assert "background" in answer.err
    path.write_text(TEXT.replace('background = "0.1 / day"', ""))
    answer = command("plan", path, *options, *limits, "--scenario", planned, "-o", picture)
    assert answer.status == 0, answer.err
    said = json.loads(answer.out)
    assert said["optimality_gap"] < 1e-4
    assert sum(said["duration_days"]) == relative(70, rel=1e-12)
    assert picture.stat().st_size > 10_000
    check = json.loads(command("limits", planned, "--json").out)["limits"]["magnetic-moment"]
    assert max(check.values()) == relative(max(said["limits"].values()), rel=1e-6)


FIRST = 'photon_energy = "1.068 eV"{0}duration = "40 day"{0}background = "2 / day"{0}efficiency = 0.5'
SECOND = FIRST.replace("1.068", "1.0708").replace("40", "30")
HEAD = '[atom]\nname = "Yb"  # our own\n[neutrinos]\nlightest_mass = "10 meV"\n'
CSV = "photon_energy [eV], duration [day], background [1/day], efficiency\n1.068,40,2,0.5\n1.0708,30,2,0.5\n"
FORMS = {
    "tables": f"{HEAD}[[run]]\n{FIRST}\n[statistics]\n[[ run ]] # second\n{SECOND}\n".format("\n"),
    "inline": f"run = [\n  {{{{ {FIRST} }}}},\n  {{{{ {SECOND} }}}},\n]\n{HEAD}".format(", "),
    "csv": f'{HEAD}[runs]\nfile = "runs.csv"\n',
}


@pytest.mark.sampled
@pytest.mark.parametrize("form", FORMS)
def test_a_planned_file_has_what_the_plan_was_computed_with(
    command: Command, tmp_path: Path, form: str
) -> None:
    (tmp_path / "runs.csv").write_text(CSV)
    (tmp_path / "there").mkdir()
    path, planned = written(tmp_path, FORMS[form]), tmp_path / "there" / "plan.toml"
    options = ("--elements", "magnetic-moment", "--candidates", "100", "--json", "--quiet")
    said = command("plan", path, *options, "--scenario", planned).json()
    scenario = Scenario.read(planned)
    assert scenario.experiment.photon_energy.tolist() == said["photon_energy"]
    assert np.asarray(scenario.experiment.background).tolist() == [2 / DAY] * len(said["photon_energy"])
    assert np.asarray(scenario.experiment.efficiency).tolist() == [0.5] * len(said["photon_energy"])
    check = command("limits", planned, "--json").json()["limits"]["magnetic-moment"]
    assert max(check.values()) == pytest.approx(max(said["limits"].values()), rel=1e-6, abs=0)
    assert '[atom]\nname = "Yb"  # our own' in scenario.text
    assert 'lightest_mass = "10 meV"' in scenario.text
    assert "# Plan for limits" in scenario.text
    before = planned.read_text()
    answer = command("plan", path, *options, "--scenario", planned)
    assert answer.status == 2
    assert "a file that does not exist yet" in answer.err
    assert planned.read_text() == before
    assert command("plan", path, *options, "--scenario", path).status == 2


def test_a_plan_after_runs_is_written_with_them(command: Command, tmp_path: Path) -> None:
    path = written(tmp_path, OBSERVED.replace('background = "0.1 / day"\n', ""))
    planned = tmp_path / "plan.toml"
    options = ("--total", "30 day", "--candidates", "100", "--json", "--quiet", "--after")
    said = command("plan", path, *options, "--scenario", planned).json()
    scenario = Scenario.read(planned)
    assert scenario.experiment.photon_energy.tolist() == [1.068, 1.0708]
    assert np.asarray(scenario.experiment.counts).tolist() == [130, 40]
    next_runs = tomllib.loads(planned.read_text())["planned"]
    assert [float(run["photon_energy"].removesuffix(" eV")) for run in next_runs] == said["photon_energy"]


@pytest.mark.slow
def test_an_atom_file_is_named_from_where_the_plan_lies(command: Command, tmp_path: Path) -> None:
    level = 'label = "{}"\nwavenumber = {}\nJ = {}\nsource = "mine"\nverified = true\n'
    atom = 'name = "mine"\n[e]\n' + level.format("e", 17288.4, 0) + "[v]\n" + level.format("v", 17992.0, 1)
    (tmp_path / "atoms").mkdir()
    (tmp_path / "atoms" / "mine.toml").write_text(atom)
    path = written(tmp_path, TEXT.replace('name = "Yb"', 'file = "atoms/mine.toml"'))
    (tmp_path / "there").mkdir()
    planned = tmp_path / "there" / "plan.toml"
    path.write_text(path.read_text().replace('background = "0.1 / day"\n', ""))
    assert command("plan", path, "--candidates", "100", "--scenario", planned).status == 0
    assert Scenario.read(planned).atom == Scenario.read(path).atom


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--laser-range", "1.0 eV"), "two photon energies"),
        (("--laser-range", "1.0717 eV, 1.08 eV"), "highest threshold"),
        (("--total", "70"), "a quantity with a unit"),
        (("--lightest-masses", "a,b"), "a list of masses"),
        (("--least-duration", "80 day"), "at most the total time"),
        (("--aim", "best"), "must be"),
    ],
)
def test_plan_explains_what_cannot_be(
    command: Command, tmp_path: Path, options: tuple[str, ...], message: str
) -> None:
    path = written(tmp_path, TEXT.replace('background = "0.1 / day"', ""))
    answer = command("plan", path, *options)
    assert answer.status == 2
    assert message in answer.err
