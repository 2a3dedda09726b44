"""Compute what the papers' simple atom costs, and print the documentation's tables about it."""

import sys

import renp
from renp.atoms.atom import symbols
from renp.atoms.effects import APPROXIMATIONS
from renp.atoms.width import DIPOLES, FIELDS, reference_width
from renp.constants import DAY
from renp.papers.circular_light import light_rows
from renp.papers.real_atoms import atom_row, effect_rows, mediator_limits

NU = renp.Neutrinos(0.01)
CLEARANCE = 1e-6
AIMS = (
    ("limits", "magnetic-moment", 1e11, "worst magnetic limit (10⁻¹¹ μ_B)"),
    ("limits", "electric-moment", 1e11, "worst electric limit (10⁻¹¹ μ_B)"),
    ("ordering", "both", 1, "ordering (σ)"),
    ("nature", "both", 1, "Dirac or Majorana (σ)"),
    ("lightest-mass", "both", 1e3, "error of the mass (meV)"),
)


def note(text: str) -> None:
    """Tell the person who waits."""
    print(text, file=sys.stderr)


def first_table() -> list[str]:
    """Return counts, limits and contrast of ytterbium and xenon."""
    lines = [
        "| atom | approximation | counts | magnetic (μ_B) | electric (μ_B) | vector mediator | scalar mediator | contrast |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for name in ("Yb", "Xe"):
        for approximation in APPROXIMATIONS:
            row = atom_row(name, approximation)
            every = row.worst | mediator_limits(name, approximation)
            limits = " | ".join("none" if x == float("inf") else f"{x:.2e}" for x in every.values())
            lines.append(
                f"| {name} | {approximation} | {row.counts:.1f} | {limits} | {100 * row.contrast:.2g} % |"
            )
            note(lines[-1])
    return lines


def plans() -> list[str]:
    """Return the best plan of every atom for every aim."""
    lines = [
        "| atom | approximation | width | " + " | ".join(title for *_, title in AIMS) + " |",
        "|" + "---|" * (3 + len(AIMS)),
    ]
    within = renp.Constraints(candidates=400, clearance=CLEARANCE)
    choices = [(approximation, "published") for approximation in APPROXIMATIONS] + [("full", "golden-rule")]
    for name in symbols():
        for approximation, width in choices:
            target = renp.Target(width=width)
            runs = renp.Experiment(renp.Atom.named(name, approximation), target, [0.5], 70 * DAY)
            cells = []
            for aim, elements, unit, _ in AIMS:
                try:
                    best = renp.plan(aim, runs, NU, elements=elements, constraints=within)
                    cells.append(f"{unit * best.reached:.3g}")
                except renp.InputError:  # no run of this length can exclude any mass
                    cells.append("none")
            lines.append(f"| {name} | {approximation} | {width} | " + " | ".join(cells) + " |")
            note(lines[-1])
    return lines


def effects() -> list[str]:
    """Return what each effect makes of both papers' set-ups."""
    lines = [
        "| effects | counts | μ_11 (10⁻¹¹ μ_B) | μ_33 (10⁻¹¹ μ_B) | vector mediator | scalar mediator | contrast |",
        "|---|---|---|---|---|---|---|",
    ]
    for row in effect_rows():
        cells = [f"{row.counts:.1f}", f"{1e11 * row.mu_11:.3f}", f"{1e11 * row.mu_33:.3f}"]
        cells += ["none" if x == float("inf") else f"{x:.2e}" for x in (row.vector, row.scalar)]
        lines.append(f"| {row.effects} | " + " | ".join(cells) + f" | {100 * row.contrast:.2g} % |")
        note(lines[-1])
    return lines


def light() -> list[str]:
    """Return what runs in left and right light say of each element."""
    lines = [
        "| element | largest asymmetry | days until the sign is known (3 σ) | until the phase (0.5 rad) | limit of both lights / linear |",
        "|---|---|---|---|---|",
    ]
    for row in light_rows():
        phase = "real" if row.phase_days != row.phase_days else f"{row.phase_days:.3g}"
        lines.append(f"| {row.element} | {row.largest:.2g} | {row.days:.3g} | {phase} | {row.ratio:.3f} |")
        note(lines[-1])
    return lines


def widths() -> list[str]:
    """Return Γ_0 in every convention."""
    conventions = [(field, dipole) for field in FIELDS for dipole in DIPOLES]
    lines = [
        "| atom | " + " | ".join(f"{field}, {dipole}" for field, dipole in conventions) + " | golden rule |",
        "|" + "---|" * (2 + len(conventions)),
    ]
    for name in symbols():
        atom = renp.Atom.named(name)
        cells = [f"{1e3 * reference_width(atom, field=one[0], dipole=one[1]):.3g}" for one in conventions]
        cells.append(f"{1e3 * reference_width(atom, 'golden-rule'):.3g}")
        lines.append(f"| {name} | " + " | ".join(cells) + " |")
    return lines


if __name__ == "__main__":
    from pathlib import Path

    page = Path(sys.argv[1]).read_text(encoding="utf-8")
    tables = {"first": first_table, "effects": effects, "light": light, "plans": plans, "widths": widths}
    for marker in sys.argv[2:] or tables:
        table = tables[marker]()
        begin, end = f"<!-- {marker} -->\n", f"<!-- end of {marker} -->"
        head, rest = page.split(begin)
        page = head + begin + "\n".join(table) + "\n" + rest[rest.index(end) :]
    Path(sys.argv[1]).write_text(page, encoding="utf-8")
