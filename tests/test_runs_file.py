"""Runs in CSV files as spreadsheets write them: each guess is said, and what is ambiguous explained."""

from pathlib import Path

import pytest

from cases import HEAD
from renp.cli import main
from renp.scenario import Scenario
from renp.scenario.runs_file import RunsFile, read_runs

HEADINGS = "photon_energy [eV], duration [day], counts"
RUN = {"photon_energy": "1.0685 eV", "duration": "10 day", "counts": 118}
SEMICOLONS = "columns are separated by semicolons"
COMMAS = "numbers have decimal commas: 1,0685 is 1.0685"


def read(folder: Path, content: str | bytes) -> RunsFile:
    path = folder / "runs.csv"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return read_runs(path)


def file(row: str, headings: str = HEADINGS, mark: str = ",") -> str:
    return headings.replace(", ", mark) + "\n" + row + "\n"


READ: dict[str, tuple[str | bytes, list[str]]] = {
    "plain": (file("1.0685, 10, 118"), []),
    "semicolons": (file("1.0685;10;118", mark=";"), [SEMICOLONS]),
    "tabs": (file("1.0685\t10\t118", mark="\t"), ["columns are separated by tabs"]),
    "declared": ("sep=;\n" + file("1.0685;10;118", mark=";"), [SEMICOLONS]),
    "decimal commas": (file("1,0685;10;118", mark=";"), [SEMICOLONS, COMMAS]),
    "decimal commas in quotes": (file('"1,0685",10,118'), [COMMAS]),
    "a count as a decimal number": (file("1.0685,10,118.0"), []),
    "a count with a decimal comma": (file("1,0685;10;118,0", mark=";"), [SEMICOLONS, COMMAS]),
    "capitals": (
        file("1.0685,10,118", "Photon Energy [eV], DURATION (day), Counts"),
        [
            "'Photon Energy [eV]' is photon_energy [eV]",
            "'DURATION (day)' is duration [day]",
            "'Counts' is counts",
        ],
    ),
    "quotes after a space": (file('1.0685, 10, 118, "a, b"', HEADINGS + ", note"), []),
    "a note over lines": (file('1.0685, 10, 118, "a\n# b\n\nc"', HEADINGS + ", note"), []),
    "empty columns": (file("1.0685,10,118,,", HEADINGS + ",,"), []),
    "more cells than headings": (file("1.0685,10,118,,"), []),
    "empty rows": (file("1.0685,10,118\n,,\n\n ,, \n"), []),
    "comments": ("# a\n" + file('# "b\n"# c, d",,\n1.0685,10,118'), []),
    "a mark of UTF-8": (b"\xef\xbb\xbf" + file("1.0685,10,118").encode(), []),
    "UTF-16": (file("1.0685,10,118").encode("utf-16"), []),
    "Windows-1252": (
        file("1.0685,10,118,F\u00e4hre", HEADINGS + ", note").encode("cp1252"),
        ["letters are those of Windows-1252, since they are none of UTF-8"],
    ),
    "ends of lines of Windows": (file("1.0685,10,118").replace("\n", "\r\n"), []),
    "ends of lines of old": (file("1.0685,10,118").replace("\n", "\r"), []),
}


@pytest.mark.parametrize("name", READ)
def test_a_table_of_a_spreadsheet_is_read_and_guesses_are_said(name: str, tmp_path: Path) -> None:
    content, notes = READ[name]
    found = read(tmp_path, content)
    assert found.problems == []
    assert [run for _, run in found.runs] == [RUN]
    assert found.notes == notes


@pytest.mark.parametrize(
    ("cell", "value"), [("0.4", 0.4), ("40 %", 0.4), ("40.00%", 0.4), ("4e-1", 0.4)], ids=str
)
def test_a_part_in_per_cent(cell: str, value: float, tmp_path: Path) -> None:
    found = read(tmp_path, file(f"1.0685,10,{cell}", HEADINGS.replace("counts", "efficiency")))
    assert found.runs[0][1]["efficiency"] == value


def test_a_decimal_comma_needs_one_number_that_can_be_nothing_else(tmp_path: Path) -> None:
    assert read(tmp_path, file("1,068;10;118\n1,07;10;4", mark=";")).runs[0][1]["photon_energy"] == "1.068 eV"
    assert read(tmp_path, file("0,068;10;118", mark=";")).runs[0][1]["photon_energy"] == "0.068 eV"


WRONG: dict[str, tuple[str | bytes, str]] = {
    "thousands or decimals": (
        file("1,068;10;118", mark=";"),
        "line 2, photon_energy = '1,068' may be 1.068 or 1068: must be written without a comma",
    ),
    "thousands or a whole number": (
        file("1.068;10;1.180", mark=";"),
        "line 2, counts = '1.180' may be 1.180 or 1180: must be written without a point",
    ),
    "what a spreadsheet cannot compute": (file("#N/A,10,118"), "line 2, photon_energy = '#N/A': must be"),
    "commas in a heading": ('photon_energy [eV];duration [day];"a, b, c"\n1;1;1\n', "a column 'a, b, c'"),
    "both marks": (
        file("1,0685;10.5;118", mark=";"),
        "line 2, photon_energy = '1,0685' has a comma and line 2, duration = '10.5' a point",
    ),
    "decimal commas between commas": (
        file("1,0685,10,118"),
        "line 2 has 4 cells: must have 3 (decimal commas need",
    ),
    "a column without a heading": (file("1.0685,10,118,5"), "line 2 has 4 cells: must have 3"),
    "a heading too few": (file("1.0685,5,10,118", "photon_energy [eV],,duration [day]"), "without a heading"),
    "open quotes": (file('1.0685,10,"118'), "line 2: quotes that are opened and not closed"),
    "a workbook": (b"PK\x03\x04" + bytes(99), "is a workbook or an archive"),
    "a huge cell": (file("1.0685,10,118," + 200_000 * "x", HEADINGS + ", note"), "line 2: field larger than"),
    "a huge count": (file("1.0685,10," + 5000 * "9"), "must be a whole number, at least 0"),
    "an infinite count": (file("1.0685,10,1e400"), "must be a whole number, at least 0"),
    "a part of a count": (file("1.0685,10,118.5"), "counts = '118.5': must be a whole number"),
    "per cent of a time": (
        file("1.0685,10 %,118"),
        "duration = '10 %': must be a number with a decimal point",
    ),
    "nothing": ("", "must have photon_energy and duration"),
    "an empty cell": (file("1.0685,,118"), "duration = '': must be a number"),
    "zero characters": (file("1.0685\0,10,118"), "must be a number"),
}


@pytest.mark.parametrize("name", WRONG)
def test_what_cannot_be_read_in_one_way_is_explained(name: str, tmp_path: Path) -> None:
    content, words = WRONG[name]
    found = read(tmp_path, content)
    assert found.runs == []
    assert words in found.problems[0]


def test_a_scenario_has_the_guesses(tmp_path: Path) -> None:
    read(tmp_path, file("1,0685;10;118", mark=";"))
    (tmp_path / "a.toml").write_text(f'{HEAD}[runs]\nfile = "runs.csv"\n')
    scenario = Scenario.read(tmp_path / "a.toml")
    assert scenario.notes == (f"runs.csv: {SEMICOLONS}", f"runs.csv: {COMMAS}")
    assert scenario.experiment.photon_energy.tolist() == [1.0685]


DOUBTS: dict[str, tuple[str, str]] = {
    "mass": (HEAD.replace("0.01 eV", "10 eV"), "line 4, neutrinos.lightest_mass: 10 eV is heavier"),
    "duration": (
        f'{HEAD}[[run]]\nphoton_energy = "1.068 eV"\nduration = "10 s"\n',
        "line 7, run[1].duration: 10 s is a short run",
    ),
    "moment": (
        f'{HEAD}[[interaction]]\nkind = "magnetic-moment"\nelements = {{ "11" = 3 }}\n',
        "line 7, interaction[1].elements: a moment of 3 μ_B is larger than any bound",
    ),
}


@pytest.mark.parametrize("name", DOUBTS)
def test_what_may_be_meant_otherwise_gets_a_line_of_doubt(name: str) -> None:
    text, words = DOUBTS[name]
    (found,) = Scenario.from_text(text).notes
    assert found.startswith(words)


def test_what_is_usual_gets_none(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    def said(text: str, *options: str) -> str:
        (tmp_path / "a.toml").write_text(text)
        with pytest.raises(SystemExit):
            main(["validate", str(tmp_path / "a.toml"), *options])
        return capsys.readouterr().err

    heavy = HEAD.replace("0.01 eV", "10 eV")
    assert said(HEAD) == ""
    assert said(heavy).startswith("note: line 4, neutrinos.lightest_mass")
    assert said(heavy, "--quiet") == ""
