"""Scenario files of any content, written in any way that TOML has, for what must hold for all of them."""

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from hypothesis import strategies as st

Table = dict[str, Any]

ATOM_FILE = """name = "mine"
[e]
label = "e"
wavenumber = 17288.4
J = 0
source = "mine"
verified = true
[v]
label = "v"
wavenumber = 17992.0
J = 1
source = "mine"
verified = true
"""
NUFIT = ("nufit-6.0", "nufit-5.2")
EFFECTS = ("spin", "states", "orbit", "orders")


@dataclass(frozen=True)
class File:
    """A scenario file: its tables, its text, and the files that it names."""

    tables: Table
    text: str
    others: dict[str, str] = field(default_factory=dict)
    """Text of each by its path from the folder of the scenario file."""

    def write(self, folder: Path) -> Path:
        """Write it and the others, and return its path."""
        for name, text in self.others.items():
            (folder / name).parent.mkdir(exist_ok=True)
            (folder / name).write_text(text, encoding="utf-8")
        path = folder / "scenario.toml"
        path.write_text(self.text, encoding="utf-8")
        return path


# What a file says


def quantities(low: float, high: float, *units: str) -> st.SearchStrategy[str]:
    """Return numbers with a unit; their sizes are those of the first one."""
    return st.builds(lambda x, unit: f"{x!r} {unit}", st.floats(low, high), st.sampled_from(units))


def some(required: dict[str, Any], optional: dict[str, Any]) -> st.SearchStrategy[Table]:
    """Return tables with any of the optional keys, in any order."""
    return st.fixed_dictionaries(required, optional=optional).flatmap(
        lambda table: st.permutations(list(table.items())).map(dict)
    )


def sizes(low: float = 1e-13, high: float = 1e-9) -> st.SearchStrategy[float | str]:
    """Return the size of an element of a matrix, real or complex."""
    real = st.floats(low, high)
    return real | st.builds(lambda a, b: f"{a!r}+{b!r}j", real, real)


def matrices(nature: str) -> st.SearchStrategy[Any]:
    """Return elements, or for Dirac neutrinos sometimes all rows."""
    pairs = ("12", "13", "23") if nature == "majorana" else ("11", "12", "23", "33")
    by_pair = {pair: st.floats(1e-13, 1e-9) if pair in ("11", "33") else sizes() for pair in pairs}
    elements = st.fixed_dictionaries({}, optional=by_pair)
    if nature == "majorana":
        return elements
    numbers = st.lists(st.floats(0, 1e-9), min_size=6, max_size=6)
    return elements | numbers.map(lambda x: [[x[0], x[1], x[2]], [x[1], x[3], x[4]], [x[2], x[4], x[5]]])


def with_light_that_it_sees(atom: Table) -> Table:
    """Return the table with linear light and unprepared states if its spins are averaged."""
    approximation = atom.get("approximation", "papers")
    if approximation == "full" or "spin" in approximation:
        return atom
    seen = {key: value for key, value in atom.items() if key != "prepared"}
    return {key: "linear" if key == "polarisation" else value for key, value in seen.items()}


atoms = st.one_of(
    some(
        {"name": st.sampled_from(["Yb", "Xe", "Hg", "Sr", "Ba", "Ca"])},
        {
            "approximation": st.sampled_from(["papers", "full"])
            | st.lists(st.sampled_from(EFFECTS), unique=True),
            "polarisation": st.sampled_from(["linear", "left", "right"]),
            "prepared": st.just(0),
            "boost": quantities(0, 1e-3, "eV", "meV"),
        },
    ).map(with_light_that_it_sees),
    some(
        {
            "name": st.sampled_from(["Yb", "unser Atom", 'ä "b" \\ #']),
            "E_eg": st.sampled_from(["2.14349 eV", "2000 meV", "600 nm"]),
            "E_vg": st.sampled_from(["2.23072 eV", "500 nm", "600 THz"]),
        },
        {"boost": quantities(0, 1e-3, "eV")},
    ),
    some({"file": st.just("atoms/mine.toml")}, {"approximation": st.just("papers")}),
)
OF_PULSES = ("detuning", "polarisability_g", "polarisability_e", "seed_photons")
shot = {"energy": "1 mJ", "duration": "20 ps", "waist": "3 mm"}  # shapes of few programs
shots = st.sampled_from([[shot], [{**shot, "delay": "5 ps", "direction": "left"}, shot]])
preparations = some(
    {
        "length": st.sampled_from(["1 cm", "10 mm"]),
        "repetition": st.just("2 / s"),
        "polarisability": st.just(0.01),  # of atoms without levels, too
    },
    {
        "pulses": shots,
        "trigger": st.just([shot]),
        "coherence": st.sampled_from([1e-3, [0.0, 1e-3]]),
        "decay_time": st.just("3 ms"),
        "dephasing_time": st.just("2.5 us"),
        "inhomogeneous_width": st.sampled_from(["1e-9 eV", "10 MHz"]),
        "detuning": st.just("-1e-7 eV"),
        "polarisability_g": st.just(0.5),
        "polarisability_e": st.just(0.7),
        "gate": st.just(["0 s", "1 us"]),
        "seed_photons": st.just(0.5),
    },
).map(
    lambda one: one if "pulses" in one else {key: one[key] for key in one if key not in OF_PULSES},
)
targets = some(
    {},
    {
        "density": quantities(0.1, 10, "/ angstrom^3", "/ nm^3"),
        "photon_density": quantities(1e20, 1e22, "/ cm^3", "1/m^3"),
        "volume": quantities(1, 1000, "cm^3", "ml", "liter"),
        "dynamical_factor": st.floats(0, 1),
        "refractive_index": st.floats(1, 1.001),
        "width": quantities(1e-3, 1, "Hz", "/ s", "/ minute") | st.just("published"),
    },
) | some(
    {"preparation": preparations, "density": quantities(1e17, 1e18, "/ cm^3")},
    {"volume": quantities(1, 100, "cm^3", "ml")},  # not much wider than the beam
)
lasers = some(
    {},
    {
        "gaussian": quantities(0, 1e-6, "eV"),
        "lorentzian": quantities(0, 1e-6, "eV"),
        "offset": quantities(-1e-6, 1e-6, "eV", "meV"),
    },
)


@st.composite
def neutrinos(draw: Any) -> Table:
    """Return [neutrinos]; only the splitting of its ordering is there."""
    ordering = draw(st.sampled_from(["normal", "inverted"]))
    large = "dm2_31" if ordering == "normal" else "dm2_32"
    sign = 1 if ordering == "normal" else -1
    nature = draw(st.sampled_from(["dirac", "majorana"]))
    phases = {"majorana_phases": st.lists(quantities(0, 6, "rad", "deg"), min_size=2, max_size=2)}
    table: Table = draw(
        some(
            {
                "lightest_mass": quantities(0.001, 0.05, "eV") | quantities(1, 50, "meV"),
                "nature": st.just(nature),
            },
            {
                "release": st.sampled_from(NUFIT),
                **(phases if nature == "majorana" else {}),
                "sin2_theta12": st.floats(0.2, 0.4),
                "sin2_theta13": st.floats(0.01, 0.03),
                "sin2_theta23": st.floats(0.4, 0.6),
                "delta_cp": quantities(0, 6, "rad", "deg"),
                "dm2_21": quantities(7e-5, 8e-5, "eV^2"),
                large: quantities(2.4e-3, 2.6e-3, "eV^2").map(lambda x: x if sign > 0 else f"-{x}"),
            },
        )
    )
    if draw(st.integers(0, 3)) == 0:
        table |= {"dm2_41": "0.3 eV^2", "sin2_theta14": draw(st.floats(0, 0.1))}
    return {"ordering": ordering, **table} if ordering == "inverted" or draw(st.booleans()) else table


def interactions(nature: str) -> st.SearchStrategy[Table]:
    """Return one [[interaction]]."""
    matrix = matrices(nature)
    kinds = ["magnetic-moment", "electric-moment"]
    bases = st.sampled_from(["mass", "flavour"])
    photon = some({"kind": st.sampled_from(kinds), "elements": matrix}, {"basis": bases})
    if nature == "majorana":
        return photon
    shared = {"mass": quantities(10, 1000, "eV", "keV"), "electron": st.floats(1e-9, 1e-6)}
    basis = {"basis": bases, "width": quantities(0.1, 1, "eV")}
    own = {"left": matrix, "right": matrix, "electron_vector": st.floats(1e-9, 1e-6)}
    vector = some({"kind": st.just("vector-mediator"), **shared}, own | basis)
    scalar = some(
        {"kind": st.just("scalar-mediator"), **shared}, {"scalar": matrix, "pseudoscalar": matrix, **basis}
    )
    return photon | vector | scalar


@st.composite
def runs(draw: Any) -> list[Table]:
    """Return [[run]] tables: all have counts or none."""
    counted = {"counts": st.integers(0, 1000)} if draw(st.booleans()) else {}
    part = st.floats(0, 1) | st.integers(0, 100).map(lambda x: f"{x} %")
    control, uncertain = {}, {"background_error": part}
    if draw(st.booleans()):
        control = {"control_ratio": st.floats(0.1, 10)}
        uncertain = {}
        if draw(st.booleans()):
            control["control_counts"] = st.integers(0, 1000)
    one = some(
        {
            "photon_energy": quantities(0.7, 1.07, "eV") | quantities(1200, 1700, "nm"),
            "duration": quantities(0, 100, "day", "hour", "s", "week"),
            **counted,
            **control,
        },
        {
            "background": quantities(0, 10, "/ day", "/ hour", "Hz"),
            "efficiency": part,
            **uncertain,
            "efficiency_error": part,
            "polarisation": st.sampled_from(["linear", "left", "right"]),
        },
    )
    found: list[Table] = draw(st.lists(one, max_size=4))
    return [
        {key: x for key, x in run.items() if key != "background_error" or "background" in run}
        for run in found
    ]


@st.composite
def planned(draw: Any) -> list[Table]:
    """Return [[planned]] tables: runs without counts."""
    some_runs: list[Table] = draw(runs())
    return [
        {key: x for key, x in run.items() if key not in ("counts", "control_counts")} for run in some_runs
    ]


@st.composite
def statistics(
    draw: Any, runs: list[Table], nature: str, release: str, wide: bool, kinds: list[str]
) -> Table:
    """Return [statistics]; errors of single backgrounds stand here or with the runs, if counts do not decide.

    NuFIT 5.2 has no error of every parameter for the inverted ordering.
    """
    relative = st.floats(0, 1)
    backgrounds = relative
    measured = st.lists(st.just("sin2_theta12"), max_size=1)
    every = nature == "dirac" and release == NUFIT[0]
    controlled = any("control_ratio" in run for run in runs)
    own = any("background_error" in run for run in runs)
    if not (own or controlled):
        backgrounds = relative | st.lists(relative, min_size=len(runs), max_size=len(runs))
    dark = any({"background", "control_counts"} & run.keys() for run in runs)
    decided = {"background_error": backgrounds} if dark or not runs else {}
    if not own and draw(st.booleans()):
        decided = {"background_degree": st.integers(0, 3)}
    heavy = quantities(0.1, 1, "eV") | quantities(100, 1000, "meV")
    known = some({"limit": heavy}, {"confidence_level": st.floats(0.5, 0.99)})
    known = known | some({"value": heavy, "error": heavy}, {})
    others = {"beta": known} if nature == "dirac" else {"double_beta": known}
    masses = [f"{kind} strength.mass" for kind in dict.fromkeys(kinds) if "mediator" in kind]
    table: Table = draw(
        some(
            {},
            {
                "confidence_level": st.floats(0.5, 0.99),
                "oscillation": measured | st.just("all") if every else measured,
                "free": st.lists(st.sampled_from(["lightest_mass", *masses]), max_size=2, unique=True),
                "normalisation_error": relative,
                **decided,
                "amplitude_errors": st.just(False),
                "calibration_error": quantities(0, 1e-4, "eV", "meV"),
                **({"linewidth_error": relative} if wide else {}),
            },
        )
    )
    if table.get("normalisation_error") and draw(st.booleans()):
        table["common"] = ["normalisation"]
    if "lightest_mass" in table.get("free", []) and draw(st.booleans()):
        table["measured_masses"] = draw(some({"sum": known}, others))
    return table


ends = {"from": st.just("1 meV"), "to": st.just("0.02 eV"), "points": st.integers(1, 50)}
axes = st.one_of(
    st.fixed_dictionaries(
        {"parameter": st.just("neutrinos.lightest_mass"), spacing: st.fixed_dictionaries(ends | extra)}
    )
    for spacing, extra in {"grid": {}, "log": {}, "random": {"seed": st.integers(0, 9)}}.items()
) | st.sampled_from(
    [
        {"parameter": "neutrinos.lightest_mass", "values": ["1 meV", "0.02 eV"]},
        {"parameter": ["neutrinos.lightest_mass", "target.volume"], "values": [["1 meV", "1 ml"]]},
    ]
)
acting = {
    "counts": {},
    "significance": {},
    "limits": {
        "couplings": st.just(["magnetic-moment 12"]),
        "profiled": st.booleans(),
        "sign": st.sampled_from(["either", "positive", "negative"]),
    },
    "plan": {
        "profiled": st.booleans(),
        "aim": st.just("limits"),
        "elements": st.sampled_from(["both", "magnetic-moment"]),
        "total": quantities(1, 100, "day"),
        "frequencies": st.integers(1, 9),
    },
}
scans = st.one_of(
    some({"result": st.just(result), "axis": st.lists(axes, min_size=1, max_size=1)}, keys)
    for result, keys in acting.items()
)


@st.composite
def contents(draw: Any) -> tuple[Table, dict[str, str]]:
    """Return the tables of a file, and the files that it names."""
    tables: Table = {"atom": draw(atoms), "neutrinos": draw(neutrinos())}
    others = {"atoms/mine.toml": ATOM_FILE} if "file" in tables["atom"] else {}
    for name, strategy in (("target", targets), ("laser", lasers)):
        if draw(st.booleans()):
            tables[name] = draw(strategy)
    terms = draw(st.lists(interactions(tables["neutrinos"]["nature"]), max_size=3))
    if terms:
        tables["interaction"] = terms
    seen = with_light_that_it_sees(tables["atom"] | {"polarisation": "left"}).get("polarisation") == "left"
    seen = seen and "name" in tables["atom"] and "E_eg" not in tables["atom"]
    made = [one if seen else _in_linear_light(one) for one in draw(runs())]
    if made and draw(st.integers(0, 3)) == 0:
        tables["runs"] = {"file": "data/runs.csv"}
        others["data/runs.csv"] = csv(made)
    elif made:
        tables["run"] = made
    if draw(st.integers(0, 3)) == 0 and (later := draw(planned())):
        tables["planned"] = [one if seen else _in_linear_light(one) for one in later]
    if draw(st.booleans()):
        nu = tables["neutrinos"]
        line = tables.get("laser", {})
        wide = any(float(line.get(name, "0").split()[0]) > 0 for name in ("gaussian", "lorentzian"))
        kinds = [term["kind"] for term in terms]
        known = nu["nature"], nu.get("release", NUFIT[0]), wide, kinds
        tables["statistics"] = draw(statistics(made, *known))
    if made and draw(st.integers(0, 3)) == 0:
        tables["scan"] = draw(scans)
        # Plans take no control measurements, and errors that all runs have in common.
        own = {"control_ratio", "efficiency_error", "background_error"}
        listed = isinstance(tables.get("statistics", {}).get("background_error"), list)
        if tables["scan"]["result"] == "plan" and (listed or any(own & run.keys() for run in made)):
            tables["scan"] = {"result": "counts", "axis": tables["scan"]["axis"]}
    return tables, others


def _in_linear_light(run: Table) -> Table:
    return run | {"polarisation": "linear"} if "polarisation" in run else run


def csv(runs: list[Table]) -> str:
    """Return a CSV file with what the runs have, each number in one unit."""
    units = {"photon_energy": "eV", "duration": "day", "background": "1/day"}
    usual = {"background": 0.0, "efficiency": 1.0, "background_error": 0.0, "efficiency_error": 0.0}
    given = ("counts", "control_counts", "control_ratio", *units, *usual, "polarisation")
    usual["polarisation"] = "linear"
    names = [name for name in given if any(name in run for run in runs)]
    names = list(dict.fromkeys(names))
    rows = [[_number(run.get(name, usual.get(name))) for name in names] for run in runs]
    # Of a wavelength or a rate in other units only the size is of use here.
    rows = [
        [str(1.05 if name == "photon_energy" else x) for name, x in zip(names, row, strict=True)]
        for row in rows
    ]
    head = [f"{name} [{units[name]}]" if name in units else name for name in names]
    return "\n".join(["# our runs", ", ".join(head), *(", ".join(row) for row in rows)]) + "\n"


def _number(value: Any) -> Any:
    if not isinstance(value, str) or value in ("linear", "left", "right"):
        return value
    number = float(value.split()[0])
    return number / 100 if "%" in value else number


# How it is written


def value_text(value: Any) -> str:
    """Return a value in one line."""
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{key_text(key)} = {value_text(x)}" for key, x in value.items()) + " }"
    if isinstance(value, list):
        return "[" + ", ".join(value_text(x) for x in value) + "]"
    return json.dumps(value, ensure_ascii=False) if isinstance(value, (str, bool)) else repr(value)


def key_text(key: str) -> str:
    """Return a key, in quotes where it is a number."""
    return f'"{key}"' if key.isdigit() else key


class Writer:
    """Writes tables in ways that are drawn; ``draw`` returns one of several."""

    def __init__(self, draw: Any) -> None:
        self._draw, self._comments = draw, 0

    def comment(self) -> str:
        """Return a comment that no other line has, or nothing."""
        if not self._draw(st.booleans()):
            return ""
        self._comments += 1
        return f"  # note {self._comments}."

    def file(self, tables: Table) -> str:
        """Return the text: what has no heading comes first."""
        top, below = [], []
        for name, table in tables.items():
            style = self._draw(st.sampled_from(["heading", "heading", "inline", "dotted"]))
            many = isinstance(table, list)
            if style == "heading" or (many and style == "dotted") or (style == "dotted" and not table):
                below.append(self._tables(name, table) if many else self._headed(f"[{name}]", name, table))
            elif style == "inline":
                top.append(self._inline(name, table))
            else:
                top.append("".join(f"{name}.{self._line(key, x)}" for key, x in table.items()))
        return "".join(["# all of it\n", *top, *below])

    def _line(self, key: str, value: Any) -> str:
        if isinstance(value, str) and '"' not in value and self._draw(st.booleans()):
            return f"{key_text(key)} = '{value}'{self.comment()}\n"
        return f"{key_text(key)} = {value_text(value)}{self.comment()}\n"

    def _headed(self, heading: str, name: str, table: Table) -> str:
        """Return a table with its heading; tables in it may have headings of their own, which come last."""
        own = [
            key
            for key, value in table.items()
            if ((isinstance(value, dict) and value) or key == "axis") and self._draw(st.booleans())
        ]
        text = f"{heading}{self.comment()}\n"
        text += "".join(self._line(key, value) for key, value in table.items() if key not in own)
        for key in own:
            below = f"{name}.{key}"
            value = table[key]
            if isinstance(value, list):
                text += self._tables(below, value)
            else:
                text += self._headed(f"[{below}]", below, value)
        return text + self._draw(st.sampled_from(["", "\n"]))

    def _tables(self, name: str, tables: list[Table]) -> str:
        heading = self._draw(st.sampled_from([f"[[{name}]]", f"[[ {name} ]]"]))
        return "".join(self._headed(heading, name, table) for table in tables)

    def _inline(self, name: str, value: Any) -> str:
        if not isinstance(value, list):
            return f"{name} = {value_text(value)}{self.comment()}\n"
        lines = "".join(f"  {value_text(table)},{self.comment()}\n" for table in value)
        return f"{name} = [\n{lines}]\n"


@st.composite
def scenario_files(draw: Any) -> File:
    """Return any scenario file, in any of TOML's forms."""
    tables, others = draw(contents())
    return File(tables, Writer(draw).file(tables), others)
