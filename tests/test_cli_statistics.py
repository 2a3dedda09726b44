"""Commands for what counts say: limits, fits, toys, workspaces."""

import json
from pathlib import Path

import pytest

import renp
from cases import OBSERVED, PAIRS, TEXT, Command, written
from relative import relative
from renp.scenario import Scenario


def test_limits_on_chosen_couplings(command: Command, file: Path) -> None:
    every = command("limits", file, "--json").json()["limits"]
    chosen = command("limits", file, "--json", "--couplings", "magnetic-moment 11, electric-moment 33").json()
    assert chosen["limits"].keys() == {"magnetic-moment", "electric-moment"}
    assert chosen["limits"]["electric-moment"] == relative({"33": every["electric-moment"]["33"]}, rel=1e-12)
    all_magnetic = command("limits", file, "--json", "--couplings", "magnetic-moment").json()
    assert list(all_magnetic["limits"]) == ["magnetic-moment"]
    assert list(all_magnetic["limits"]["magnetic-moment"]) == ["11", "12", "13", "22", "23", "33"]
    wrong = command("limits", file, "--couplings", "magnetic-moment 44")
    assert wrong.status == 2
    assert "magnetic-moment 11" in wrong.err


def test_significance_of_a_coupling(command: Command, file: Path) -> None:
    answer = command("fit", file, "--expected", "--significance", "magnetic-moment 12", "--json").json()
    scenario = Scenario.read(file)
    likelihood = scenario.likelihood()
    values = {coupling.name: coupling.value for coupling in scenario.couplings}
    truth = {"magnetic-moment 12": values["magnetic-moment 12"]}
    direct = renp.discovery(likelihood, "magnetic-moment 12", truth)
    assert answer["significance"] == relative(direct.significance, rel=1e-9)


def test_bounds_lists_the_catalogue(command: Command) -> None:
    answer = command("bounds")
    assert answer.status == 0
    assert "Borexino Phase II" in answer.out


def test_bounds_of_a_model(command: Command, tmp_path: Path) -> None:
    answer = command("bounds", written(tmp_path, TEXT), "--json")
    assert answer.status == 0
    content = json.dumps(answer.json())
    assert "excluded" in content
    assert "allowed" in content


@pytest.mark.slow
def test_limits_by_method_and_profiled(command: Command, tmp_path: Path) -> None:
    path = written(tmp_path, OBSERVED + "[statistics]\nnormalisation_error = 0.05\n")
    answer = command("limits", path, "--method", "cls", "--profiled", "--json").json()
    assert (answer["method"], answer["profiled"], answer["kind"]) == ("cls", True, "observed")
    assert set(answer["limits"]["magnetic-moment"]) == PAIRS
    assert command("limits", path, "--method", "bayes").status == 2


def test_limits_of_the_other_couplings_of_the_file(command: Command, tmp_path: Path) -> None:
    mediator = (
        '[[interaction]]\nkind = "vector-mediator"\nmass = "1 keV"\nelectron = 1.0\nleft = { "11" = 1.0 }\n'
    )
    path = written(tmp_path, TEXT + mediator)
    answer = command("limits", path, "--json").json()
    s = Scenario.read(path)
    light = {"vector-mediator": {"strength": renp.VectorMediator(1e3, 1.0, left={(1, 1): 1.0})}}
    limits = renp.upper_limits(s.experiment, s.neutrinos, 0.9, couplings=light).limits
    assert answer["limits"]["vector-mediator"] == relative(limits["vector-mediator"], rel=1e-12)


def test_fit_finds_the_moment_of_expected_counts(command: Command, file: Path) -> None:
    answer = command("fit", file, "--expected", "--json").json()
    assert "3e-11" in json.dumps(answer) or "e-11" in json.dumps(answer)
    assert command("fit", file).status == 2  # no counts
    assert "--expected" in command("fit", file).err


def test_fit_scans_a_parameter(command: Command, tmp_path: Path) -> None:
    path = written(tmp_path, OBSERVED)
    picture = tmp_path / "profile.png"
    assert command("fit", path, "--profile", "magnetic-moment 12", "-o", picture).status == 0
    assert picture.read_bytes().startswith(b"\x89PNG")
    wrong = command("fit", path, "--profile", "magnetic-moment 11")
    assert wrong.status == 2
    assert "magnetic-moment 12" in wrong.err


@pytest.mark.slow
def test_toys_scatter_around_the_file(command: Command, file: Path) -> None:
    answer = command("toys", file, "--toys", "300", "--json", "--quiet").json()
    assert answer["toys"] == 300
    assert answer["parameters"]["magnetic-moment 12"]["true"] == relative(3e-11, rel=1e-6)
    covered = command(
        "toys", file, "--toys", "200", "--coverage", "magnetic-moment 12", "--json", "-q"
    ).json()
    assert {row["exposure"] for row in covered["coverage"]} == {1.0, 0.01}


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:jsonschema.RefResolver is deprecated:DeprecationWarning")
def test_workspace_is_one_of_pyhf(command: Command, tmp_path: Path) -> None:
    import pyhf

    path = written(tmp_path, OBSERVED + "[statistics]\nnormalisation_error = 0.05\n")
    content = command("workspace", path, "magnetic-moment 12").json()
    model = pyhf.Workspace(content).model()
    assert model.config.poi_name == "mu"
    assert command("workspace", path, "magnetic-moment 11").status == 2


def test_the_sheet_of_an_atom(command: Command) -> None:
    answer = command("atoms", "Yb", "--json")
    rows = {row["quantity"]: row["value"] for row in answer.json()["rows"]}
    assert rows["w_L"] == 0
    assert command("atoms", "Yy").status == 2


@pytest.mark.slow
def test_a_fit_tells_as_text_what_is_wrong_with_it(command: Command, tmp_path: Path) -> None:
    """A second minimum is named as in JSON: counts return where the square outweighs the interference."""
    text = """
        [[run]]
        photon_energy = "1.0688 eV"
        duration = "20 day"
        counts = 400
        [atom]
        name = "Yb"
        [neutrinos]
        lightest_mass = "10 meV"
        [[interaction]]
        kind = "vector-mediator"
        mass = "1 keV"
        electron = 1e-9
        left = { "11" = 1e-9 }
    """
    file = written(tmp_path, text)
    (sentence,) = command("fit", file, "--json").json()["diagnosis"]
    assert "another minimum, equally low" in sentence
    assert sentence in command("fit", file).out


@pytest.mark.slow
def test_several_files_are_one_likelihood(command: Command, tmp_path: Path) -> None:
    """Two files of one run each give what one file of both runs gives; other neutrinos are refused."""
    first, second = OBSERVED.split("[[run]]")[1:]
    head = f"[statistics]\nnormalisation_error = 0.1\n{OBSERVED[: OBSERVED.index('[[run]]')]}"
    shared = head.replace("0.1", '0.1\ncommon = ["normalisation"]', 1)
    runs = {
        "all": f"{head}[[run]]{first}[[run]]{second}",
        "one": f"{shared}[[run]]{first}",
        "two": f"{shared}[[run]]{second}",
    }
    files = {name: tmp_path / f"{name}.toml" for name in runs}
    for name, text in runs.items():
        files[name].write_text(text, encoding="utf-8")
    only = ["--couplings", "magnetic-moment 12", "--json"]
    together = command("limits", files["one"], files["two"], *only).json()
    alone = command("limits", files["all"], *only).json()
    assert together["limits"]["magnetic-moment"]["12"] == relative(
        alone["limits"]["magnetic-moment"]["12"], rel=1e-9
    )
    fits = [command("fit", *some, "--json").json() for some in ([files["one"], files["two"]], [files["all"]])]
    assert fits[0]["chi2"] == relative(fits[1]["chi2"], rel=1e-9)
    files["two"].write_text(f"{head}[[run]]{second}", encoding="utf-8")
    names = list(command("fit", files["one"], files["two"], "--json").json()["parameters"])
    assert names[-2:] == ["normalisation", "normalisation two"]
    files["two"].write_text(runs["two"].replace("0.01 eV", "0.02 eV"), encoding="utf-8")
    refused = command("limits", files["one"], files["two"])
    assert refused.status == 2
    assert "neutrinos: has to be as in" in refused.err
