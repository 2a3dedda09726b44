"""The command line: exit codes, what goes to stdout, stderr and files, and the reproduction of the letter."""

import csv
import json
import os
import re
import subprocess
import sys
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import matplotlib.image
import matplotlib.pyplot as plt
import numpy as np
import pytest
import xarray as xr

import renp
from cases import DAY
from relative import relative
from renp.cli import main
from renp.results import Catalogue
from renp.scenario import Scenario, preset_names, preset_text

TEXT = """\
[atom]
name = "Yb"
[neutrinos]
lightest_mass = "0.01 eV"
[[interaction]]
kind = "magnetic-moment"
elements = { "12" = 3e-11 }
[[run]]
photon_energy = "1.068 eV"
duration = "10 day"
[[run]]
photon_energy = "1.0708 eV"
duration = "5 day"
background = "0.1 / day"
"""
OBSERVED = TEXT.replace('"10 day"\n', '"10 day"\ncounts = 130\n') + "counts = 40\n"
MAJORANA = TEXT.replace("[[interaction]]", 'nature = "majorana"\n[[interaction]]')
WITHOUT_RUNS = TEXT[: TEXT.index("[[run]]")]
ON_SHELL = """\
[atom]
name = "Yb"
[neutrinos]
lightest_mass = "0.01 eV"
[[interaction]]
kind = "vector-mediator"
mass = "0.471 eV"
electron = 1e-8
left = { "11" = 1e-9 }
"""
WRONG = TEXT.replace('"Yb"', '"Ybb"').replace('"10 day"', '"-10 day"').replace("3e-11", "nan")

PAIRS = {"11", "12", "13", "22", "23", "33"}
ENERGIES = ["--photon-energy", "1.068,1.0708"]


class Answer(NamedTuple):
    """What one command did."""

    status: int
    out: str
    err: str

    def json(self) -> Any:
        """Return the one JSON document on stdout, without NaN or infinity."""
        return json.loads(self.out, parse_constant=lambda name: pytest.fail(f"{name} is not JSON"))


Command = Callable[..., Answer]


@pytest.fixture
def command(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Command:
    monkeypatch.chdir(tmp_path)

    def run(*arguments: str | Path) -> Answer:
        capsys.readouterr()
        with pytest.raises(SystemExit) as caught:
            main([str(a) for a in arguments])
        return Answer(int(caught.value.code or 0), *capsys.readouterr())

    return run


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return written(tmp_path, TEXT)


def written(folder: Path, text: str) -> Path:
    path = folder / "a.toml"
    path.write_text(text, encoding="utf-8")
    return path


def scenario() -> Scenario:
    return Scenario.from_text(TEXT)


# Numbers and keys


def test_spectrum_equals_python(command: Command, file: Path) -> None:
    answer = command("spectrum", file, *ENERGIES, "--json").json()
    s = scenario()
    omega = [1.068, 1.0708]
    assert set(answer) >= {"photon_energy", "spectral_function", "standard_model", "pairs"}
    assert answer["photon_energy"] == omega
    total = renp.spectral_function(omega, s.atom, s.neutrinos, s.model)
    np.testing.assert_allclose(answer["spectral_function"], total, rtol=1e-14)
    standard = renp.spectral_function(omega, s.atom, s.neutrinos)
    np.testing.assert_allclose(answer["standard_model"], standard, rtol=1e-14)


def test_pairs_are_unordered_and_add_up(command: Command, file: Path) -> None:
    answer = command("spectrum", file, *ENERGIES, "--json").json()
    s = scenario()
    ordered = renp.spectral_function([1.068, 1.0708], s.atom, s.neutrinos, s.model, by_pair=True)
    assert set(answer["pairs"]) == PAIRS
    np.testing.assert_allclose(
        sum(map(np.asarray, answer["pairs"].values())), answer["spectral_function"], rtol=1e-14
    )
    np.testing.assert_allclose(answer["pairs"]["12"], ordered[0, 1] + ordered[1, 0], rtol=1e-14)
    np.testing.assert_allclose(answer["pairs"]["33"], ordered[2, 2], rtol=1e-14)


def test_spectrum_has_a_grid_of_its_own(command: Command, file: Path) -> None:
    answer = command("spectrum", file, "--json").json()
    assert len(answer["photon_energy"]) > 100
    assert np.all(np.diff(answer["photon_energy"]) > 0)


@pytest.mark.parametrize("text", ["1157 nm", "1157nm", "259.1 THz , 1157 nm", " 1.0716006779014715"])
def test_photon_energies_may_have_units(command: Command, file: Path, text: str) -> None:
    answer = command("spectrum", file, "--photon-energy", text, "--json").json()
    assert answer["photon_energy"][-1] == relative(1239.8419843320025 / 1157, rel=1e-12)


def test_counts_equal_python(command: Command, file: Path) -> None:
    answer = command("counts", file, "--json").json()
    s = scenario()
    assert set(answer) >= {"photon_energy", "duration_days", "expected", "standard_model"}
    assert answer["photon_energy"] == [1.068, 1.0708]
    assert answer["duration_days"] == [10, 5]
    expected = renp.expected_counts(s.experiment, s.neutrinos, s.model)
    np.testing.assert_allclose(answer["expected"], expected, rtol=1e-14)
    np.testing.assert_allclose(
        answer["standard_model"], renp.expected_counts(s.experiment, s.neutrinos), rtol=1e-14
    )


def test_limits_equal_python(command: Command, file: Path) -> None:
    answer = command("limits", file, "--json").json()
    s = scenario()
    limits = renp.upper_limits(s.experiment, s.neutrinos, 0.9).limits
    assert answer["confidence_level"] == 0.9
    assert set(answer["limits"]) == {"magnetic-moment", "electric-moment"}
    for kind, of_kind in limits.items():
        assert answer["limits"][kind] == relative(of_kind, rel=1e-12)
        assert set(of_kind) == PAIRS


def test_limits_are_observed_where_there_are_counts(command: Command, tmp_path: Path) -> None:
    answer = command("limits", written(tmp_path, OBSERVED), "--json").json()
    s = Scenario.from_text(OBSERVED)
    assert answer["kind"] == "observed"
    expected = renp.upper_limits(scenario().experiment, s.neutrinos).limits["magnetic-moment"]["11"]
    observed = renp.upper_limits(s.experiment, s.neutrinos).limits["magnetic-moment"]["11"]
    assert answer["limits"]["magnetic-moment"]["11"] == relative(observed, rel=1e-12)
    assert observed != relative(expected, rel=1e-2)


def test_majorana_limits_have_no_diagonal(command: Command, tmp_path: Path) -> None:
    answer = command("limits", written(tmp_path, MAJORANA), "--json").json()
    assert all(list(of_kind) == ["12", "13", "23"] for of_kind in answer["limits"].values())


def test_limits_without_sensitivity_are_null(command: Command, tmp_path: Path) -> None:
    above = TEXT.replace("1.068 eV", "1.08 eV").replace("1.0708 eV", "1.09 eV")
    answer = command("limits", written(tmp_path, above), "--json").json()
    assert set(answer["limits"]["electric-moment"].values()) == {None}


def test_atoms_equal_python(command: Command) -> None:
    answer = command("atoms", "--json").json()
    assert answer["Yb"]["E_eg"] == renp.Atom.named("Yb").E_eg
    assert {level["state"] for level in answer["Yb"]["levels"]} >= {"e", "v"}


# stdout, stderr and status


COMMANDS = [
    ["init"],
    ["validate", "FILE"],
    ["spectrum", "FILE", *ENERGIES],
    ["counts", "FILE"],
    ["limits", "FILE"],
    ["atoms"],
]
by_name = pytest.mark.parametrize("arguments", COMMANDS, ids=[c[0] for c in COMMANDS])


def with_file(arguments: list[str], file: Path) -> list[str]:
    return [str(file) if a == "FILE" else a for a in arguments]


@by_name
def test_json_is_all_of_stdout(command: Command, file: Path, arguments: list[str]) -> None:
    answer = command(*with_file(arguments, file), "--json")
    assert answer.status == 0
    assert isinstance(answer.json(), dict)
    assert answer.err == ""


@by_name
def test_without_options_something_is_shown(command: Command, file: Path, arguments: list[str]) -> None:
    answer = command(*with_file(arguments, file))
    assert answer.status == 0
    assert len(answer.out.splitlines()) >= 1
    assert not answer.out.startswith("{")


@pytest.mark.parametrize("arguments", COMMANDS[1:], ids=[c[0] for c in COMMANDS[1:]])
def test_quiet_prints_nothing(command: Command, file: Path, arguments: list[str]) -> None:
    assert command(*with_file(arguments, file), "--quiet") == Answer(0, "", "")


def test_quiet_with_json_prints_json_only(command: Command, file: Path, tmp_path: Path) -> None:
    answer = command("counts", file, "--quiet", "--json", "--output", tmp_path / "a.csv")
    assert len(answer.json()["expected"]) == 2
    assert answer.err == ""


def test_quiet_keeps_errors(command: Command) -> None:
    answer = command("counts", "none.toml", "--quiet")
    assert (answer.status, answer.out) == (2, "")
    assert "none.toml: 1 problem" in answer.err


def test_output_is_announced_on_stderr(command: Command, file: Path, tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    answer = command("counts", file, "--json", "--output", path)
    assert answer.err == f"wrote {path}\n"
    assert len(answer.json()["expected"]) == 2


ERRORS = [
    (
        ["spectrum", "FILE", "--photon-energy", "1.068,3"],
        "photon-energy[1] = 3.0: must be a photon energy in eV",
    ),
    (["spectrum", "FILE", "--photon-energy", "1.068,"], "photon-energy = 1.068,: must be a list such as"),
    (["spectrum", "FILE", "--photon-energy", "1.068,2 kg"], "photon-energy = 1.068,2 kg: must be a list"),
    (["spectrum", "FILE", "--photon-energy", "nan"], "photon-energy[0] = nan: must be a photon energy in eV"),
    (["counts", "none.toml"], "none.toml: 1 problem\n  cannot be read: "),
    (["counts", "FOLDER"], "1 problem\n  cannot be read: "),
    (
        ["counts", "FILE", "--output", "a.xyz"],
        "output = a.xyz: must be a file ending in .png, .pdf, .svg, .nc",
    ),
    (["counts", "FILE", "--output", "a"], "output = a: must be a file ending in .png, .pdf, .svg, .nc"),
    (
        ["counts", "FILE", "--output", "nowhere/a.csv"],
        "output = nowhere/a.csv: must be in a folder that exists",
    ),
    (["counts", "FILE", "--output", "FOLDER/taken.csv"], "output = "),
    (["validate", "FILE", "--output", "nowhere/a.json"], "output = nowhere/a.json: must be in a folder that"),
    (["validate", "FILE", "--output", "a.png"], "output = a.png: must be a file ending in .json"),
    (["init", "leter"], "preset = 'leter': must be 'letter' or"),
    (["init", "--output", "FILE"], "must be a file that does not exist yet"),
    (["init", "--output", "nowhere/a.toml"], "output = nowhere/a.toml: must be in a folder that exists"),
    (["reproduce", "--output", "FILE"], "must be a folder, which is made if it does not exist"),
    (["reproduce", "--output", "FILE/report"], "must be "),
    (["counts"], "counts"),
    (["cuonts", "FILE"], 'Unknown command "cuonts". Did you mean "counts"?'),
    (["counts", "FILE", "--jsn"], "--jsn"),
]


@pytest.mark.parametrize(("arguments", "words"), ERRORS, ids=[" ".join(a) for a, _ in ERRORS])
def test_wrong_use_is_one_message_and_status_2(
    command: Command, file: Path, tmp_path: Path, arguments: list[str], words: str
) -> None:
    (tmp_path / "taken.csv").mkdir()
    places = {"FILE": str(file), "FOLDER": str(tmp_path)}
    answer = command(*[re.sub("FILE|FOLDER", lambda m: places[m[0]], a) for a in arguments])
    assert answer.status == 2
    assert answer.out == ""
    assert answer.err.startswith("renp: ")
    assert words in answer.err
    assert "Traceback" not in answer.err


@pytest.mark.parametrize("name", ["counts", "limits"])
def test_commands_on_runs_need_runs(command: Command, tmp_path: Path, name: str) -> None:
    answer = command(name, written(tmp_path, WITHOUT_RUNS), "--json")
    assert (answer.status, answer.out) == (2, "")
    assert "run: is missing: this command needs at least one [[run]]" in answer.err


def test_spectrum_needs_no_runs(command: Command, tmp_path: Path) -> None:
    assert command("spectrum", written(tmp_path, WITHOUT_RUNS), *ENERGIES, "--json").status == 0


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (
            OSError(28, "No space left on device"),
            "the output cannot be read or written (No space left on device)",
        ),
        (OSError(5, "Input/output error", "/x"), "/x cannot be read or written (Input/output error)"),
        (MemoryError(), "there is not enough memory for this"),
    ],
)
def test_what_fails_around_is_no_failure_of_ours(
    error: Exception, words: str, command: Command, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr("renp.cli.scenarios.show", fail)
    answer = command("validate", file, "--json")
    assert answer.status == 1
    assert answer.err == f"renp: {words}\n"


def test_a_seed_of_many_digits_is_the_users_error(command: Command, file: Path) -> None:
    answer = command("toys", file, "--seed", "9" * 23)
    assert answer.status == 2
    assert "is too large a number" in answer.err


def test_overflow_is_a_users_error(command: Command, tmp_path: Path) -> None:
    answer = command("counts", written(tmp_path, TEXT.replace("3e-11", "1e160")))
    assert answer.status == 2
    doubt, error = answer.err.splitlines()
    assert doubt.startswith("note: line 7, interaction[1].elements: a moment of 1e+160 μ_B")
    assert error == "renp: the expected counts overflows: an input is far too large"


def test_impossible_counts_are_a_users_error(command: Command, tmp_path: Path) -> None:
    answer = command("limits", written(tmp_path, OBSERVED.replace("1.068 eV", "1.08 eV")))
    assert answer.status == 2
    assert "counts[0] = 130.0: must be 0, since at 1.08 eV no pair can be emitted" in answer.err


def test_failure_of_ours_is_status_1(command: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail() -> Catalogue:
        raise RuntimeError("a defect")

    monkeypatch.setattr(Catalogue, "compute", fail)
    answer = command("atoms", "--json")
    assert (answer.status, answer.out) == (1, "")
    assert "RuntimeError: a defect" in answer.err
    assert answer.err.endswith("renp: this is a failure of renp itself; the lines above say where\n")


@pytest.mark.filterwarnings("default::renp.PoleWarning")
@pytest.mark.parametrize(("option", "notes"), [([], 1), (["--quiet"], 0)], ids=["", "quiet"])
def test_warnings_are_notes_on_stderr(
    command: Command, tmp_path: Path, option: list[str], notes: int
) -> None:
    path = written(tmp_path, ON_SHELL)
    answer = command("spectrum", path, "--photon-energy", "1.0,1.05", "--json", *option)
    assert answer.status == 0
    assert len(answer.json()["spectral_function"]) == 2
    assert len(re.findall(r"^note: a mediator of mass 0\.471 eV is on shell", answer.err, re.M)) == notes
    assert len(answer.err.splitlines()) == notes


@pytest.mark.parametrize("arguments", [["--help"], ["counts", "--help"], []], ids=" ".join)
def test_help(command: Command, arguments: list[str]) -> None:
    answer = command(*arguments)
    assert answer.status == 0
    assert "Usage: renp" in answer.out


def test_version(command: Command) -> None:
    assert command("--version") == Answer(0, f"{renp.__version__}\n", "")


@pytest.mark.parametrize(
    "code",
    [
        "import renp",
        "import renp, renp.cli; renp.cli.main(['--help'])",
        "import renp.cli; renp.cli.main(['limits', '--help'])",
    ],
)
def test_help_and_import_do_without_jax(code: str) -> None:
    check = "import atexit, sys; atexit.register(lambda: print('jax' in sys.modules, file=sys.stderr))"
    done = subprocess.run(
        [sys.executable, "-c", f"{check}; {code}"], capture_output=True, text=True, check=True
    )
    assert done.stderr == "False\n"


def test_installed_command(tmp_path: Path) -> None:
    renp_command = Path(sys.executable).with_name("renp")
    done = subprocess.run(
        [renp_command, "validate", written(tmp_path, WRONG)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 2
    assert done.stdout == ""
    assert "a.toml: 3 problems\n  line 2, atom.name: 'Ybb'" in done.stderr


# init and validate


@pytest.mark.parametrize("preset", preset_names())
def test_init_prints_and_writes_the_preset(command: Command, tmp_path: Path, preset: str) -> None:
    path = tmp_path / "new.toml"
    assert command("init", preset).out == preset_text(preset)
    assert command("init", preset, "--output", path) == Answer(0, "", f"wrote {path}\n")
    assert path.read_text(encoding="utf-8") == preset_text(preset)
    assert command("validate", path).status == 0


def test_init_starts_with_the_letter(command: Command) -> None:
    assert command("init", "--json").json() == {"preset": "letter", "scenario": preset_text("letter")}


def test_init_does_not_overwrite(command: Command, file: Path) -> None:
    assert command("init", "--output", file).status == 2
    assert file.read_text(encoding="utf-8") == TEXT


def test_validate_says_every_problem(command: Command, tmp_path: Path) -> None:
    answer = command("validate", written(tmp_path, WRONG))
    assert (answer.status, answer.out) == (2, "")
    first, *others = answer.err.splitlines()
    assert first.endswith("a.toml: 3 problems")
    assert ["Ybb" in others[0], "nan" in others[1], "-10 day" in others[2] or "-864000" in others[2]] == [
        True
    ] * 3


def test_validate_with_json_lists_the_problems(command: Command, tmp_path: Path) -> None:
    answer = command("validate", written(tmp_path, WRONG), "--json")
    assert answer.status == 2
    assert answer.json()["valid"] is False
    assert len(answer.json()["problems"]) == 3


def test_validate_with_json_of_a_valid_file(command: Command, file: Path) -> None:
    assert command("validate", file, "--json").json() == {"valid": True, "problems": [], "notes": []}


# Files


@pytest.mark.parametrize(
    ("name", "ending", "start"),
    [
        ("spectrum", ".png", b"\x89PNG"),
        ("limits", ".png", b"\x89PNG"),
        ("atoms", ".png", b"\x89PNG"),
        ("counts", ".pdf", b"%PDF-"),
        ("counts", ".svg", b"<?xml"),
    ],
)
def test_pictures(command: Command, file: Path, tmp_path: Path, name: str, ending: str, start: bytes) -> None:
    path = tmp_path / f"a{ending}"
    arguments = [name] if name == "atoms" else [name, str(file)]
    assert command(*arguments, "--output", path, "--quiet").status == 0
    assert path.read_bytes().startswith(start)
    assert plt.get_fignums() == []


def test_png_is_a_picture_of_something(command: Command, file: Path, tmp_path: Path) -> None:
    command("counts", file, "--output", tmp_path / "a.png")
    pixels = matplotlib.image.imread(tmp_path / "a.png")
    assert min(pixels.shape[:2]) > 400
    assert pixels.std() > 0.01


def test_netcdf(command: Command, file: Path, tmp_path: Path) -> None:
    path = tmp_path / "a.nc"
    answer = command("counts", file, "--output", path, "--json").json()
    with xr.open_dataset(path, engine="h5netcdf") as data:
        assert data["expected"].to_numpy().tolist() == answer["expected"]
        assert data["photon_energy"].attrs["units"] == "eV"
        assert data.attrs["renp"] == renp.__version__
        assert "0.01" in data.attrs["neutrinos"]


def test_csv(command: Command, file: Path, tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    answer = command("counts", file, "--output", path, "--json").json()
    lines = path.read_text(encoding="utf-8").splitlines()
    comments = [line for line in lines if line.startswith("# ")]
    assert comments[0] == f"# renp: {renp.__version__}"
    assert any(line.startswith("# neutrinos: ") for line in comments)
    rows = list(csv.DictReader(lines[len(comments) :]))
    assert [float(row["expected"]) for row in rows] == answer["expected"]
    assert [float(row["photon energy (eV)"]) for row in rows] == answer["photon_energy"]


def test_csv_of_a_spectrum_has_the_pairs(command: Command, file: Path, tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    command("spectrum", file, *ENERGIES, "--output", path)
    (header,) = [
        line for line in path.read_text(encoding="utf-8").splitlines() if "photon energy (eV)" in line
    ]
    assert set(re.findall(r"\b[1-3]{2}\b", header)) == PAIRS


def test_json_file(command: Command, file: Path, tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    answer = command("limits", file, "--output", path, "--json").json()
    content = json.loads(path.read_text(encoding="utf-8"))
    assert content.pop("made_by")["renp"] == renp.__version__
    assert content == answer


@pytest.mark.parametrize("ending", [".json", ".csv", ".nc"])
def test_saved_fits_tell_the_scenario_and_what_was_uncertain(
    command: Command, tmp_path: Path, ending: str
) -> None:
    """Two files that differ in an error of a rate alone differ in how they were made."""
    made = []
    for error in (0.05, 0.3):
        text = preset_text("letter") + f"normalisation_error = {error}\n"
        path = tmp_path / f"fit{error}{ending}"
        assert command("fit", written(tmp_path, text), "--expected", "--output", path, "--quiet").status == 0
        content = path.read_bytes()
        assert f"normalisation_error = {error}".encode() in content
        made.append(content)
    assert made[0] != made[1]


def test_limits_on_chosen_couplings(command: Command, file: Path) -> None:
    every = command("limits", file, "--json").json()["limits"]
    chosen = command("limits", file, "--json", "--couplings", "magnetic-moment 11, electric-moment 33").json()
    assert chosen["limits"].keys() == {"magnetic-moment", "electric-moment"}
    assert chosen["limits"]["electric-moment"] == relative({"33": every["electric-moment"]["33"]}, rel=1e-12)
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


def test_validate_writes_its_report(command: Command, tmp_path: Path) -> None:
    path = tmp_path / "report.json"
    assert command("validate", written(tmp_path, WRONG), "--output", path, "--quiet").status == 2
    assert len(json.loads(path.read_text(encoding="utf-8"))["problems"]) == 3


@pytest.mark.parametrize("ending", [".csv", ".json", ".nc"])
def test_files_tell_the_inputs(command: Command, file: Path, tmp_path: Path, ending: str) -> None:
    path = tmp_path / f"a{ending}"
    command("counts", file, "--output", path, "--quiet")
    if ending == ".nc":
        with xr.open_dataset(path, engine="h5netcdf") as data:
            text = str(data.attrs)
    else:
        text = path.read_text(encoding="utf-8")
    assert re.search(r"\b3(\.0*)?e-11", text)


# The reproduction


class Report(NamedTuple):
    """One run of `renp reproduce`."""

    folder: Path
    answer: Answer


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Report:
    from contextlib import redirect_stderr, redirect_stdout
    from io import StringIO

    folder = tmp_path_factory.mktemp("reproduce") / "report"
    out, err = StringIO(), StringIO()
    with redirect_stdout(out), redirect_stderr(err), pytest.raises(SystemExit) as caught:
        main(["reproduce", "--output", str(folder), "--json"])
    return Report(folder, Answer(int(caught.value.code or 0), out.getvalue(), err.getvalue()))


FIGURES = (
    "letter-figure-2",
    "letter-figure-3",
    "mediator-reach",
    "proceeding-figure-1",
    "proceeding-figure-2",
    "plan",
    "contrast",
    "helicity-asymmetry",
    "advantage",
    "companion",
)


def test_reproduce_writes_page_figures_and_numbers(report: Report) -> None:
    assert report.answer.status == 0
    names = {path.name for path in report.folder.iterdir()}
    assert names >= {"report.html", "numbers.json", *(f"{name}.pdf" for name in FIGURES)}
    assert all(path.read_bytes().startswith(b"%PDF-") for path in report.folder.glob("*.pdf"))
    assert plt.get_fignums() == []


def test_reproduce_tells_the_numbers_as_json(report: Report) -> None:
    written_numbers = json.loads((report.folder / "numbers.json").read_text(encoding="utf-8"))
    assert report.answer.json()["numbers"] == written_numbers["numbers"]
    assert {key: written_numbers["made_by"][key] for key in ("renp", "scenario")} == {
        "renp": renp.__version__,
        "scenario": preset_text("letter"),
    }


def test_reproduce_shows_progress_on_stderr(report: Report) -> None:
    assert "13/13" in report.answer.err


def test_reproduce_tells_each_step_where_stderr_is_no_terminal(report: Report) -> None:
    lines = report.answer.err.splitlines()
    assert (
        lines.index("1/13 letter: spectra") < lines.index("2/13 letter: limits") < lines.index("13/13 page")
    )


def test_reproduce_writes_each_figure_as_soon_as_it_is_made(report: Report) -> None:
    first, last = (report.folder / name for name in ("letter-figure-2.pdf", "plan.pdf"))
    assert first.stat().st_mtime < last.stat().st_mtime - 1


def test_page_is_self_contained(report: Report) -> None:
    page = (report.folder / "report.html").read_text(encoding="utf-8")
    sources = re.findall(r"""(?:src|href)\s*=\s*["']([^"']*)""", page)
    assert len(sources) >= 4
    for source in sources:
        assert source.startswith("data:image/png;base64,") or (report.folder / source).is_file()
    assert not re.search(r"<script|<link|@import|url\(", page)
    assert not re.search(r"https?://", page)


def test_page_has_figures_table_and_input(report: Report) -> None:
    page = (report.folder / "report.html").read_text(encoding="utf-8")
    assert page.count("<img ") == len(FIGURES)
    for number in report.answer.json()["numbers"]:
        assert f"<td>{number['published']:g}</td><td>{number['computed']:.4g}</td>" in page
    assert "density = &#34;1e21 / cm^3&#34;" in page
    assert f"renp {renp.__version__}" in page


@pytest.mark.parametrize(
    ("key", "published", "computed"),
    [
        ("events-per-day", 173, 172.8),
        ("counts-1.068", 120, 117.1),
        ("magnetic-worst-10", 3.5e-11, 3.46e-11),
        ("ratio-33", 2.75, 2.84),
    ],
)
def test_published_beside_computed(report: Report, key: str, published: float, computed: float) -> None:
    (number,) = [n for n in report.answer.json()["numbers"] if n["key"] == key]
    assert number["published"] == published
    assert number["computed"] == relative(computed, rel=2e-3)
    assert number["ratio"] == relative(number["computed"] / published, rel=1e-12)


def test_numbers_that_differ_have_a_remark(report: Report) -> None:
    numbers = report.answer.json()["numbers"]
    silent = [n["key"] for n in numbers if abs(n["ratio"] - 1) > 0.05 and not n["remark"]]
    assert silent == []


def test_limits_equal_those_of_the_command(report: Report, command: Command, tmp_path: Path) -> None:
    answer = command("limits", written(tmp_path, preset_text("letter")), "--json").json()
    numbers = {n["key"]: n["computed"] for n in report.answer.json()["numbers"]}
    magnetic = answer["limits"]["magnetic-moment"].values()
    assert numbers["magnetic-best-10"] == relative(min(magnetic), rel=1e-12)
    assert numbers["magnetic-worst-10"] == relative(max(magnetic), rel=1e-12)


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


# Fits, toys, workspaces


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


@pytest.mark.filterwarnings("ignore:jsonschema.RefResolver is deprecated:DeprecationWarning")
def test_workspace_is_one_of_pyhf(command: Command, tmp_path: Path) -> None:
    import pyhf

    path = written(tmp_path, OBSERVED + "[statistics]\nnormalisation_error = 0.05\n")
    content = command("workspace", path, "magnetic-moment 12").json()
    model = pyhf.Workspace(content).model()
    assert model.config.poi_name == "mu"
    assert command("workspace", path, "magnetic-moment 11").status == 2


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


def test_ctrl_c_ends_a_command_without_more_words(
    command: Command, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupt(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("renp.scenario.Scenario.read", interrupt)
    answer = command("counts", file)
    assert (answer.status, answer.out, answer.err) == (130, "", "")


@pytest.mark.slow
def test_compilations_are_kept_where_there_is_a_place(tmp_path: Path) -> None:
    path = written(tmp_path, TEXT)
    keep = tmp_path / "cache"
    plain = {key: value for key, value in os.environ.items() if not key.startswith("JAX_")}
    for place in (keep, Path(os.devnull)):
        run = [sys.executable, "-c", "import sys, renp.cli; renp.cli.main(sys.argv[1:])"]
        answer = subprocess.run(
            [*run, "spectrum", str(path), *ENERGIES, "--json"],
            env=plain | {"XDG_CACHE_HOME": str(place)},
            capture_output=True,
            check=True,
        )
        assert answer.stderr == b""
        assert json.loads(answer.stdout)["photon_energy"] == [1.068, 1.0708]
    assert any((keep / "renp" / "jax").iterdir())


def test_the_sheet_of_an_atom(command: Command) -> None:
    answer = command("atoms", "Yb", "--json")
    rows = {row["quantity"]: row["value"] for row in answer.json()["rows"]}
    assert rows["w_L"] == 0
    assert command("atoms", "Yy").status == 2


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
