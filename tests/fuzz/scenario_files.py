"""Scenario files with anything in any place."""

import re
from collections.abc import Callable
from random import Random

import numpy as np

from renp.experiment import expected_counts
from renp.scenario import Scenario, preset_names, preset_text

BASES = (
    *(preset_text(name) for name in preset_names()),
    """[atom]
name = "Sr"
approximation = ["spin", "orders"]
polarisation = "left"
prepared = 0
boost = "1e-4 eV"
[neutrinos]
ordering = "inverted"
nature = "majorana"
lightest_mass = "5 meV"
majorana_phases = ["1 rad", "20 deg"]
dm2_32 = "-2.5e-3 eV^2"
[laser]
gaussian = "1e-6 eV"
[target]
density = "1e27 / m^3"
volume = "1 liter"
width = "0.002 / s"
[[interaction]]
kind = "magnetic-moment"
elements = { "12" = "1e-11+2e-11j" }
[[interaction]]
kind = "vector-mediator"
mass = "1 keV"
electron = 1e-8
left = { "12" = 1e-9 }
basis = "flavour"
[[run]]
photon_energy = "1500 nm"
duration = "10 day"
counts = 12
background = "0.1 / day"
background_error = "5 %"
efficiency = 0.4
[[run]]
photon_energy = "0.88 eV"
duration = "240 hour"
counts = 0
background = "0.1 / day"
[[planned]]
photon_energy = "0.88 eV"
duration = "1 week"
[statistics]
confidence_level = 0.9
normalisation_error = 0.05
linewidth_error = 0.1
calibration_error = "1e-6 eV"
free = ["lightest_mass"]
[scan]
result = "limits"
couplings = ["magnetic-moment 12"]
[[scan.axis]]
parameter = "neutrinos.lightest_mass"
log = { from = "1 meV", to = "0.05 eV", points = 5 }
[[scan.axis]]
parameter = ["run[1].duration", "run[2].duration"]
values = [["1 day", "2 day"], ["3 day", "4 day"]]
""",
)

VALUES = (
    [
        "nan",
        "inf",
        "-inf",
        "0",
        "-0.0",
        "-1",
        "1e400",
        "-1e308",
        "5e-324",
        "true",
        "false",
        "1979-05-27",
        "07:32:00",
        "[]",
        "{}",
        "[[]]",
        "[nan]",
        "0x10",
        "1_0",
    ]
    + ["9" * 400, "[" * 400 + "]" * 400, "{ a = {} }", "[1, 'a']", "[1, 2, 3]", "{ '11' = 1, '21' = [2] }"]
    + [
        f'"{text}"'
        for text in (
            *(
                "",
                " ",
                "x",
                "0",
                "1",
                "10^99999999 day",
                "1e999999999 eV",
                "1e400 eV",
                "-1 day",
                "0 nm",
                "0 eV",
            ),
            *("1 eV^99999999", "2**9**9**9 eV", "1 /", "/ eV", "1 eV eV", "1 kg*(eV)", "nan eV", "inf day"),
            *(
                "1,5 eV",
                "١ eV",
                "1 µeV",
                "1 Å",
                "1 eV\\u0000",
                "5 %",
                "-5 %",
                "1e5 %",
                "% ",
                "nan %",
                "1e-11+xj",
            ),
            *("run[1].duration", "run[0].x", "interaction[1].foo", "interaction[99].mass", "photon_energy"),
            *(
                "neutrinos.majorana_phases[9]",
                "interaction[1].elements.99",
                "a.b",
                "[.",
                "scan.result",
                "run.counts",
            ),
            *(
                "majorana",
                "dirac",
                "left",
                "full",
                "inverted",
                "flavour",
                "limits",
                "plan",
                "all",
                "lightest_mass",
            ),
            *(
                "vector-mediator",
                "couplings",
                "Yb",
                "../../etc/passwd",
                "/dev/zero",
                "a\\u0000b",
                "9" * 300,
                "é" * 99,
            ),
            *(
                "1 day",
                "1 eV",
                "1 1/cm",
                "1 rad",
                "1 liter",
                "1 T",
                "1 degC",
                "1 dB",
                "1 eV/c^2",
                "1 percent",
            ),
        )
    ]
)
LETTERS = "\0\r\t\"'\\[]{}=.#,+-eE09\u2028\ufeff٣é🎲\n"


def mutated(text: str, random: Random) -> str:
    """Return a file with one to four changes."""
    for _ in range(random.choice((1, 1, 1, 2, 4))):
        text = random.choice((value, value, value, line, letter, key))(text, random)
    return text


def value(text: str, random: Random) -> str:
    """Give a key another value."""
    places = list(re.finditer(r"= *([^\n#]+)", text))
    if not places:
        return text
    place = random.choice(places)
    return text[: place.start(1)] + random.choice(VALUES) + text[place.end(1) :]


def line(text: str, random: Random) -> str:
    """Remove, repeat or move a line."""
    lines = text.splitlines(keepends=True) or ["\n"]
    k = random.randrange(len(lines))
    one = lines.pop(k) if random.random() < 0.7 else lines[k]
    if random.random() < 0.6:
        lines.insert(random.randrange(len(lines) + 1), one)
    return "".join(lines)


def letter(text: str, random: Random) -> str:
    """Change, remove or add letters."""
    k = random.randrange(len(text) + 1)
    length = random.choice((0, 1, 1, 5))
    return (
        text[:k]
        + random.choice(("", random.choice(LETTERS), random.choice(LETTERS) * 3))
        + text[k + length :]
    )


def key(text: str, random: Random) -> str:
    """Give a value another key: one of the file, or a misspelt one."""
    places = list(re.finditer(r"^ *([^=\n#]+?) *=", text, re.MULTILINE))
    if not places:
        return text
    place, other = random.choice(places), random.choice(places)[1]
    new = random.choice((other, other.upper(), f"{other}.x", f'"{other}"', other[:-1], "''"))
    return text[: place.start(1)] + new + text[place.end(1) :]


def case(random: Random) -> tuple[str, Callable[[], bool]]:
    """Return a file, and what reads it; counts of some that are right are computed."""
    text = mutated(random.choice(BASES), random)
    computed = random.random() < 0.02

    def read() -> bool:
        found = Scenario.from_text(text)
        assert np.all(np.isfinite(np.asarray(found.experiment.runs.duration)))
        if computed:
            try:
                counts = expected_counts(found.experiment, found.neutrinos, found.model)
            except FloatingPointError:  # of a coupling of 10³⁰⁸
                return True
            assert np.all(np.isfinite(np.asarray(counts))), counts
        return True

    return text, read
