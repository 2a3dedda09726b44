"""Every erratum of the papers: the spinors bear out the corrected form, and not the printed one."""

from pathlib import Path

import pytest

from errata_reference import REFERENCE, page
from relative import relative
from renp.papers.errata import ERRATA, Erratum
from renp.papers.formulas import CONVENTIONS, standard_model

PAGE = Path(__file__).parents[1] / "docs" / "errata.md"


@pytest.mark.parametrize("erratum", ERRATA, ids=lambda erratum: erratum.key)
def test_spinors_bear_out_the_corrected_form(erratum: Erratum) -> None:
    printed, corrected = erratum.values()
    independent = REFERENCE[erratum.key]()
    # Differences of two spectra, 10⁻³ of them, lose three digits.
    assert corrected == relative(independent, rel=1e-9)
    assert abs(printed - independent) > 4e-3 * abs(independent)


def test_every_erratum_has_its_reference() -> None:
    assert set(REFERENCE) == {erratum.key for erratum in ERRATA}


def test_printed_forms_are_never_the_default() -> None:
    assert CONVENTIONS[0] == "corrected"
    assert standard_model.__defaults__ == ("corrected",)


def test_the_page_of_the_documentation_is_up_to_date() -> None:
    """Made by `make errata`."""
    assert PAGE.read_text(encoding="utf-8") == page()
