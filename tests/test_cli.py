"""The command line: exit codes, what goes to stdout, stderr and files."""

import json
import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import renp
from cases import OBSERVED, PAIRS, TEXT, Answer, Command, written
from relative import relative
from renp.results import Catalogue
from renp.scenario import Scenario

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

ENERGIES = ["--photon-energy", "1.068,1.0708"]


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


@pytest.mark.slow
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


def test_ctrl_c_ends_a_command_without_more_words(
    command: Command, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupt(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("renp.scenario.Scenario.read", interrupt)
    assert command("counts", file) == Answer(130, "", "renp: interrupted\n")


@pytest.mark.parametrize(("name", "status"), [("SIGINT", 130), ("SIGTERM", 143)])
def test_a_signal_that_becomes_another_error_ends_a_command(
    command: Command, file: Path, monkeypatch: pytest.MonkeyPatch, name: str, status: int
) -> None:
    def load(*_: object, **__: object) -> None:
        try:
            signal.raise_signal(getattr(signal, name))
        except KeyboardInterrupt:
            raise RuntimeError("an extension cannot be initialised") from None

    monkeypatch.setattr("renp.scenario.Scenario.read", load)
    said = "interrupted" if status == 130 else "terminated"
    assert command("counts", file) == Answer(status, "", f"renp: {said}\n")


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
