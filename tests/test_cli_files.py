"""What commands write: presets, reports, pictures and data."""

import csv
import json
import re
import subprocess
import sys
from pathlib import Path

import matplotlib.image
import matplotlib.pyplot as plt
import pytest
import xarray as xr

import renp
from cases import PAIRS, TEXT, Answer, Command, written
from renp.scenario import preset_names, preset_text

WRONG = TEXT.replace('"Yb"', '"Ybb"').replace('"10 day"', '"-10 day"').replace("3e-11", "nan")


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
    command("spectrum", file, "--photon-energy", "1.068,1.0708", "--output", path)
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


@pytest.mark.parametrize("more", [(), ("-o", "counts.csv")])
def test_a_column_without_a_picture_is_named(more: tuple[str, ...], command: Command) -> None:
    answer = command("counts", "run.toml", "--column", "single", *more)
    assert answer.status == 2
    assert "column = single: must be left out without a picture (.png, .pdf, .svg)" in answer.err
