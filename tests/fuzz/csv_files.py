"""CSV files with anything in any place."""

from collections.abc import Callable
from pathlib import Path
from random import Random
from tempfile import gettempdir

from fuzz.scenario_files import LETTERS, line
from renp.scenario import Scenario
from renp.scenario.runs_file import read_runs

HEADINGS = (
    *(
        "photon_energy [eV]",
        "photon_energy [nm]",
        "duration [day]",
        "counts",
        "background [1/day]",
        "efficiency",
    ),
    *(
        "background_error",
        "efficiency_error",
        "control_ratio",
        "control_counts",
        "note",
        "Duration (hour)",
        "Counts",
    ),
    *("", "photon_energy", "x", "duration [eV]", '"note"', "duration [day^99999999]", "[day]", "note [eV]"),
)
CELLS = (
    *(
        "1.068",
        "1157",
        "10",
        "118",
        "0.1",
        "0",
        "-1",
        "340.0",
        "1,068",
        "1,07",
        "1.234,5",
        "1,234.5",
        "1e400",
        "nan",
    ),
    *(
        "inf",
        "",
        " ",
        '"a, b"',
        '"a\nb"',
        '"',
        '""',
        "'",
        "#",
        "x",
        "9" * 400,
        "40 %",
        "%",
        "-5%",
        "1e-400",
        "١",
        "\0",
    ),
    *(
        '"1,0685"',
        "1 000",
        "1'000",
        "1.068 eV",
        "=1+1",
        "#DIV/0!",
        "TRUE",
        "2026-11-29",
        "a" * 5000,
        "\u2028",
        "é",
    ),
)


def text_of(random: Random) -> bytes:
    """Return a file."""
    mark = random.choice((",", ", ", ";", "\t", "|", ",", ","))
    names = list(HEADINGS[:1] + HEADINGS[2:4]) if random.random() < 0.6 else []
    names += random.sample(HEADINGS, random.randrange(0, 3))
    rows = [mark.join(names)]
    usual = {"photon_energy [eV]": "1.068", "duration [day]": "10", "counts": "118"}
    for _ in range(random.randrange(0, 5)):
        cells = [usual.get(name, "0.1") if random.random() < 0.7 else random.choice(CELLS) for name in names]
        rows.append(mark.join(cells + random.choices(CELLS, k=random.choice((0, 0, 0, 1)))))
    text = random.choice(("\n", "\n", "\r\n", "\r")).join(rows) + random.choice(("\n", ""))
    for _ in range(random.choice((0, 0, 1, 3))):
        k = random.randrange(len(text) + 1)
        text = (
            line(text, random) if random.random() < 0.3 else text[:k] + random.choice(LETTERS) + text[k + 1 :]
        )
    encoded = text.encode(random.choice(("utf-8", "utf-8", "utf-8-sig", "utf-16")), errors="replace")
    return encoded if random.random() < 0.95 else encoded[: len(encoded) // 2] + b"\xff\xfe\x80" + encoded


HEAD = '[atom]\nname = "Yb"\n[neutrinos]\nlightest_mass = "0.01 eV"\n[runs]\nfile = "{}"\n'


def case(random: Random) -> tuple[bytes, Callable[[], bool]]:
    """Return a file, and what reads it as runs of a scenario."""
    content = text_of(random)

    def read() -> bool:
        path = Path(gettempdir()) / "renp-fuzz-runs.csv"
        path.write_bytes(content)
        if random.random() < 0.5:
            return not read_runs(path).problems
        Scenario.from_text(HEAD.format(path))
        return True

    return content, read
