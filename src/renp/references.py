"""References by key, and which of them are behind a result.

Every value that rests on someone's work has ``references``, keys of ``data/references.bib``: an atom those of
its levels, neutrinos those of their release, an interaction those of its formula, a target that of its width.
A result keeps in ``made_by["references"]`` the keys of all that it was made from, its method included.
"""

from collections.abc import Iterable, Mapping
from functools import cache

from renp.datafiles import read_text
from renp.errors import InputError

OWN = "renp"
"""Key of the package itself."""

PAPERS = ("ge-2023-letter", "ge-2023-proceeding")
"""Keys of the papers whose formula the package computes."""


@cache
def entries() -> dict[str, str]:
    """Return every BibTeX entry by its key.

    Examples
    --------
    >>> entries()["cowan-2011"].splitlines()[0]
    '@article{cowan-2011,'
    """
    blocks = read_text("references.bib").split("\n@")[1:]
    texts = ["@" + block[: block.index("\n}") + 2] for block in blocks]
    return {text[text.index("{") + 1 : text.index(",")]: text for text in texts}


def merged(*groups: Iterable[str]) -> tuple[str, ...]:
    """Return the keys of all groups once each, in the order of their first appearance.

    Examples
    --------
    >>> merged(("a", "b"), ("b", "c"))
    ('a', 'b', 'c')
    """
    return tuple(dict.fromkeys(key for group in groups for key in group))


def references_of(value: object) -> tuple[str, ...]:
    """Return the keys behind a value, or behind each of several; none where it rests on nothing.

    Examples
    --------
    >>> import renp
    >>> references_of(renp.Neutrinos(0.01, release="nufit-5.1"))
    ('gonzalez-garcia-2021', 'esteban-2020')
    """
    if isinstance(value, Mapping):
        return references_of(list(value.values()))
    if isinstance(value, list | tuple):
        return merged(*(references_of(one) for one in value))
    return tuple(getattr(value, "references", ()))


def split_keys(text: str) -> tuple[str, ...]:
    r"""Return keys written one on a line; a BibTeX entry among them ends where its braces do.

    Examples
    --------
    >>> split_keys("renp\n@misc{own,\n  title = {Own}\n}\nread-2002")
    ('renp', '@misc{own,\n  title = {Own}\n}', 'read-2002')
    """
    keys: list[str] = []
    for line in text.splitlines():
        if keys and keys[-1].count("{") > keys[-1].count("}"):
            keys[-1] += "\n" + line
        else:
            keys.append(line)
    return tuple(keys)


def bibtex(keys: Iterable[str]) -> str:
    """Return the entries of keys as BibTeX; an entry given instead of its key stands as it is.

    Raises
    ------
    InputError
        For a key that no entry has.

    Examples
    --------
    >>> print(bibtex(["parker-2018"]).splitlines()[2])
      title = {Measurement of the fine-structure constant as a test of the Standard Model},
    """
    return "\n".join(f"{_entry(key)}\n" for key in merged(keys))


def citations(*values: object) -> str:
    """Return the references behind results, or behind what they are made from, as BibTeX.

    They are collected from what was used: levels of atoms, the release of oscillation parameters,
    interactions, the reference width, the method, bounds. The package itself comes first.

    Parameters
    ----------
    values
        Results, or atoms, neutrinos, interactions, targets, experiments, likelihoods and scenarios. None at
        all gives the package and the two papers whose formula it computes.

    Returns
    -------
    str
        BibTeX entries, each once.

    Raises
    ------
    InputError
        For a value that has no references.

    Examples
    --------
    >>> import renp
    >>> nu = renp.Neutrinos(0.01)
    >>> limits = renp.upper_limits(
    ...     renp.Experiment(renp.Atom.named("Yb"), renp.Target(), [1.068], 10 * 86400.0), nu, method="cls"
    ... )
    >>> [line for line in renp.citations(limits).splitlines() if line.startswith("@")][-2:]
    ['@article{cowan-2011,', '@article{read-2002,']
    """
    for value in values:
        if not hasattr(value, "references"):
            raise InputError("value", repr(value)[:60], "a result, or something a result is made from")
    found = merged(*(references_of(value) for value in values)) if values else PAPERS
    return bibtex(merged((OWN,), found))


def _entry(key: str) -> str:
    if key.startswith("@"):
        return key.strip()
    if key not in entries():
        raise InputError("reference", repr(key), "a key of data/references.bib, or a BibTeX entry")
    return entries()[key]
