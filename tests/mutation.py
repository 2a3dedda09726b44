"""Mutants of the physics core, each run against the nearest tests: `make mutation` writes docs/mutation.md.

A mutant is the package with one expression changed. Those tried are drawn once and for all from every change
that the source allows, over the files in proportion to their code. One warm process has imported what is
heavy, and forks for each mutant; a copy of the package for each of two workers holds the changed file.
Two arguments, `k/n`, restrict the run to a part; the page is written by a whole run only.
"""

import argparse
import ast
import copy
import hashlib
import os
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[1]
NUMBER, WORKERS, PATIENCE = 150, 2, 1800.0

# The nearest tests of a file, cheapest first; the examples in its own documentation run before them.
FORMULA = ["oracle_spinors", "accuracy", "properties", "reference_values", "gradients", "whole_atom"]
INTERACTIONS = [
    "models",
    "flavour_basis",
    "contract",
    "oracle_spinors",
    "properties",
    "letter_equations",
    "bad_input",
]
NEAREST = {
    "compensated.py": ["accuracy", "gradients", "differential"],
    "neutrinos.py": [
        "reference_values",
        "accuracy",
        "properties",
        "citations",
        "bad_input",
        "gradients",
        "sterile",
    ],
    "laser.py": ["real_atoms"],
    "spectrum.py": ["bad_input", "oracle_spinors", "real_atoms", "accuracy"],
    "differential.py": ["differential", "bad_input", "whole_atom"],
    "experiment.py": ["letter_equations", "real_atoms", "bad_input", "results", "limits", "units", "target"],
    "poles.py": ["bad_input", "real_atoms"],
    "atoms": ["reference_values", "real_atoms", "bad_input", "citations", "whole_atom", "idle_keys"],
    "interactions": INTERACTIONS,
    "interactions/contract.py": ["contract", "bad_input", "whole_atom"],
    "formula": FORMULA,
    "formula/kinematics.py": ["accuracy", *FORMULA, "differential", "real_atoms"],
    "formula/master_formula.py": [*FORMULA, "real_atoms"],
    "formula/differential_formula.py": ["differential", "whole_atom"],
    "formula/steps.py": ["whole_atom", "accuracy", "oracle_spinors"],
    "formula/line.py": ["real_atoms", "likelihood"],
}

SWAPPED: dict[type[ast.AST], type[ast.AST]] = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.Div,
    ast.Div: ast.Mult,
    ast.Pow: ast.Mult,
    ast.Lt: ast.LtE,
    ast.LtE: ast.Lt,
    ast.Gt: ast.GtE,
    ast.GtE: ast.Gt,
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.Is: ast.IsNot,
    ast.IsNot: ast.Is,
    ast.In: ast.NotIn,
    ast.NotIn: ast.In,
    ast.And: ast.Or,
    ast.Or: ast.And,
    ast.BitAnd: ast.BitOr,
    ast.BitOr: ast.BitAnd,
}

PAIRS = [("real", "imag"), ("sin", "cos"), ("min", "max"), ("minimum", "maximum"), ("any", "all")]
OTHERS = {one: other for pair in PAIRS for one, other in (pair, pair[::-1])}

# Why a mutant may survive: (file, before, after).
SAME: dict[tuple[str, str, str], str] = {
    ("spin.py", "2", "3"): "weights are relative to their sum: a factor of all components drops out",
    ("spin.py", "1", "2"): "a wave without weight, or one more term of the sum whose factorials do not exist",
    ("experiment.py", "200", "201"): "the most pieces of a quadrature that ends long before",
    ("kinematics.py", "52", "53"): "what the ratio lacks, the rest has",
    ("contract.py", "1e-09", "1.5000000000000002e-09"): "between rounding errors and faults of order 1",
    ("contract.py", "0", "1"): "only the shape of q² is used there",
}

PAGE = """\
# What the tests catch

The physics core (atoms, neutrinos, interactions, formula, line, spectra, counts) with one expression changed at a
time: another sign or operator, another constant, a comparison turned, indices exchanged, a term dropped, a conjugate
forgotten. {number} such mutants, drawn once from all that the source allows, are each run against the nearest tests
of `make test`; it is killed if one of them fails. Made by `make mutation`.

**{killed} of {number} are killed: {score} %.**

| file | mutants | killed |
|---|---|---|
{rows}

Those that survive:

| where | before | after | why |
|---|---|---|---|
{survived}
"""


@dataclass(frozen=True)
class Mutant:
    """One changed expression."""

    file: str
    line: int
    start: int
    end: int
    before: str
    after: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.before} → {self.after}"


def core() -> list[Path]:
    """Return the files of the physics core."""
    source = ROOT / "src" / "renp"
    files = [source / name for name in NEAREST if name.endswith(".py") and "/" not in name]
    for folder in ("atoms", "interactions", "formula"):
        files += (source / folder).glob("*.py")
    return sorted(files)


def changed(node: ast.AST) -> Iterator[ast.AST]:
    """Yield what an expression may become."""

    def with_(**fields: object) -> ast.AST:
        other = copy.copy(node)
        for name, value in fields.items():
            setattr(other, name, value)
        return other

    match node:
        case ast.BinOp(left=left, op=op, right=right):
            if type(op) in SWAPPED:
                yield with_(op=SWAPPED[type(op)]())
            if isinstance(op, ast.MatMult):
                yield with_(left=right, right=left)
            else:
                yield left  # the second term or factor dropped
        case ast.UnaryOp(op=ast.USub() | ast.Not() | ast.Invert(), operand=operand):
            yield operand
        case ast.Compare(left=left, ops=[op], comparators=[right]) if type(op) in SWAPPED:
            yield with_(ops=[SWAPPED[type(op)]()])
            if isinstance(op, ast.Lt | ast.LtE | ast.Gt | ast.GtE):
                yield with_(left=right, comparators=[left])
        case ast.BoolOp(op=op):
            yield with_(op=SWAPPED[type(op)]())
        case ast.IfExp(body=body, orelse=orelse):
            yield with_(body=orelse, orelse=body)
        case ast.Constant(value=bool() as value):
            yield ast.Constant(not value)
        case ast.Constant(value=int() | float() | complex() as value):
            yield ast.Constant(value + 1 if isinstance(value, int) else value * 1.5)
        case ast.Call(func=ast.Attribute(value=value, attr="conj"), args=[]):
            yield value
        case ast.Attribute(value=value, attr="T"):
            yield value
        case ast.Call(func=ast.Attribute(attr="where"), args=[condition, first, second]):
            yield with_(args=[condition, second, first])
        case ast.Call(args=[*rest, ast.Constant(str() as bra), ast.Constant(str() as ket)]) if bra != ket:
            yield with_(args=[*rest, ast.Constant(ket), ast.Constant(bra)])
        case ast.Attribute(attr=name) if name in OTHERS:
            yield with_(attr=OTHERS[name])
        case ast.Subscript(slice=ast.Tuple(elts=[first, second, *rest])):
            yield with_(slice=ast.Tuple([second, first, *rest], ast.Load()))
        case _:
            pass


def expressions(node: ast.AST) -> Iterator[ast.AST]:
    """Yield expressions that compute something: no annotation, message, text or declaration."""
    if isinstance(node, ast.Raise | ast.JoinedStr) or (
        isinstance(node, ast.keyword) and node.arg == "strict"
    ):
        return
    if isinstance(node, ast.expr):
        yield node
    for name, value in ast.iter_fields(node):
        if name in ("annotation", "returns", "decorator_list"):
            continue
        if isinstance(node, ast.AnnAssign) and ast.unparse(node.annotation) in ("TypeAlias", "Final"):
            continue
        for child in value if isinstance(value, list) else [value]:
            if isinstance(child, ast.AST):
                yield from expressions(child)


def mutants_of(file: Path) -> list[Mutant]:
    """Return every mutant of a file."""
    text = file.read_bytes()
    starts = [0]
    for line in text.splitlines(keepends=True):
        starts.append(starts[-1] + len(line))
    found = []
    for node in expressions(ast.parse(text)):
        start = starts[node.lineno - 1] + node.col_offset
        end = starts[node.end_lineno - 1] + node.end_col_offset
        for other in changed(node):
            before, after = ast.unparse(node), ast.unparse(ast.fix_missing_locations(other))
            if before != after:
                name = str(file.relative_to(ROOT / "src" / "renp"))
                found.append(Mutant(name, node.lineno, start, end, before, after))
    return found


def drawn() -> list[Mutant]:
    """Return the mutants that are tried: a change elsewhere in the source does not change which."""
    every: dict[str, Mutant] = {}
    for file in core():
        for mutant in mutants_of(file):
            key = f"{Path(mutant.file).name} {mutant.before} {mutant.after}"
            while key in every:
                key += "'"
            every[key] = mutant
    lots = sorted(every, key=lambda key: hashlib.sha256(key.encode()).digest())
    return sorted((every[key] for key in lots[:NUMBER]), key=lambda m: (m.file, m.start, m.end, m.after))


def tests_of(mutant: Mutant) -> list[str]:
    """Return the files of tests that are run against a mutant, cheapest first."""
    folder = mutant.file.partition("/")[0]
    nearest = NEAREST.get(mutant.file, NEAREST.get(folder, []))
    return [str(ROOT / "tests" / f"test_{name}.py") for name in nearest]


def warm_up() -> None:
    """Import what is heavy and is not the package; nothing is computed, so that JAX may be forked."""
    # JAX reads these when it is imported, before the tests set them: what a mutant leaves as it is is at hand.
    os.environ.setdefault("JAX_COMPILATION_CACHE_DIR", str(ROOT / ".pytest_cache" / "jax"))
    os.environ.setdefault("JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS", "0.1")
    import equinox  # noqa: F401
    import hypothesis  # noqa: F401
    import jax
    import jaxtyping  # noqa: F401
    import matplotlib.figure  # noqa: F401
    import mpmath  # noqa: F401
    import pint  # noqa: F401
    import pytest  # noqa: F401
    import scipy.integrate
    import scipy.optimize
    import scipy.stats  # noqa: F401
    import sympy  # noqa: F401
    import xarray  # noqa: F401

    jax.config.update("jax_enable_x64", True)


def attempt(mutant: Mutant, package: Path, log: Path) -> None:
    """Run the tests in a process of their own, which ends with 1 where one of them fails."""
    import pytest

    status = 1
    try:
        os.setpgid(0, 0)
        output = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        os.dup2(output, 1)
        os.dup2(output, 2)
        sys.dont_write_bytecode = True
        sys.path.insert(0, str(package.parent))
        os.environ["PYTHONPATH"] = str(package.parent)
        os.chdir(ROOT)
        options = ["-x", "-q", "--tb=line", "-p", "no:cacheprovider", "-c", str(ROOT / "pyproject.toml")]
        options += ["-W", "ignore::pytest.PytestAssertRewriteWarning"]  # what is warm cannot be rewritten
        # The examples in a process of their own: they import the file under another name.
        for arguments in ([str(package / mutant.file)], tests_of(mutant)):
            if (pid := os.fork()) == 0:
                os._exit(pytest.main([*options, *arguments]))
            status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
            if status not in (0, 5):  # 5: a file without examples
                break
            status = 0
    finally:
        sys.stdout.flush()
        os._exit(status)


def run(mutants: list[Mutant], folder: Path) -> dict[Mutant, tuple[str, float]]:
    """Return the fate of each mutant and the time until then, s."""
    original = ROOT / "src" / "renp"
    packages = [folder / str(k) / "renp" for k in range(WORKERS)]
    for package in packages:
        shutil.copytree(original, package, copy_function=shutil.copy2)
    fates: dict[Mutant, tuple[str, float]] = {}
    busy: dict[int, tuple[Mutant, Path, float]] = {}
    waiting = list(enumerate(mutants))
    while waiting or busy:
        while waiting and packages:
            k, mutant = waiting.pop(0)
            package = packages.pop()
            text, target = (original / mutant.file).read_bytes(), package / mutant.file
            after = f"({mutant.after})".encode() if mutant.after else b""
            target.write_bytes(text[: mutant.start] + after + text[mutant.end :])
            os.utime(target, (k + 1, k + 1))  # no compiled file is of that time
            pid = os.fork()
            if pid == 0:
                attempt(mutant, package, folder / f"{k}.log")
            busy[pid] = mutant, package, time.monotonic()
        time.sleep(0.05)
        for pid, (mutant, package, start) in list(busy.items()):
            passed = time.monotonic() - start
            done, status = os.waitpid(pid, os.WNOHANG)
            if not done and passed <= PATIENCE:
                continue
            if not done:
                os.killpg(pid, signal.SIGKILL)
                os.waitpid(pid, 0)
            fates[mutant] = ("out of time" if not done else "killed" if status else "survived", passed)
            print(
                f"{len(fates)}/{len(mutants)} {fates[mutant][0]} after {passed:.0f} s: {mutant}", flush=True
            )
            shutil.copy2(original / mutant.file, package / mutant.file)
            del busy[pid]
            packages.append(package)
    return fates


def page(fates: dict[Mutant, str]) -> str:
    """Return the page that says what the tests catch."""
    rows, names = [], sorted({mutant.file for mutant in fates})
    for name in names:
        own = [fate for mutant, fate in fates.items() if mutant.file == name]
        rows.append(f"| `{name}` | {len(own)} | {len(own) - own.count('survived')} |")
    survived = [mutant for mutant, fate in fates.items() if fate == "survived"]
    killed = len(fates) - len(survived)
    told = [f"| `{m.file}` {m.line} | `{m.before}` | `{m.after}` | {reason(m)} |" for m in survived]
    return PAGE.format(
        number=len(fates),
        killed=killed,
        score=f"{100 * killed / len(fates):.0f}",
        rows="\n".join(rows),
        survived="\n".join(told),
    )


def reason(mutant: Mutant) -> str:
    """Return why a mutant survives, where that is known."""
    return SAME.get((Path(mutant.file).name, mutant.before, mutant.after), "not known: a test is missing")


def main() -> None:
    """Try the mutants, print their fates, and write the page after a whole run."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("part", nargs="?", default="1/1")
    parser.add_argument("--file", default="")
    parser.add_argument("--list", action="store_true")
    arguments = parser.parse_args()
    k, n = map(int, arguments.part.split("/"))
    mutants = [mutant for mutant in drawn() if mutant.file.startswith(arguments.file)][k - 1 :: n]
    if arguments.list:
        print("\n".join(map(str, mutants)))
        return
    warm_up()
    with tempfile.TemporaryDirectory() as folder:
        # Without any change all tests have to pass, or every mutant would seem to be killed.
        unchanged = {tuple(tests_of(m)): Mutant(m.file, 0, 0, 0, "", "") for m in mutants}
        fates = run([*unchanged.values(), *mutants], Path(folder))
    broken = [m.file for m in unchanged.values() if fates.pop(m)[0] != "survived"]
    if broken:
        sys.exit(f"the tests fail without a change: those of {', '.join(broken)}")
    text = page({mutant: fates[mutant][0] for mutant in mutants})
    print(text)
    if n == 1 and not arguments.file:
        (ROOT / "docs" / "mutation.md").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
