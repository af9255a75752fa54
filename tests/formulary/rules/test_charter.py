"""The charter is read from rule values and stored without losing a fraction."""

from fractions import Fraction

from formulary.rules.antimicrobials import group_share, is_antimicrobial
from formulary.rules.charter import Charter, as_stored, read_charter


def test_stored_charter_reads_back_exactly():
    charter = Charter(quorum=Fraction(2, 3), pass_share=Fraction(3, 5), secret=False, rounds=3)
    assert read_charter(as_stored(charter).get) == charter


def test_group_is_asked_for_new_and_for_removed_antimicrobials_only():
    charter = Charter()
    assert group_share("add", charter) == group_share("replace", charter) == Fraction(2, 3)
    assert group_share("remove", charter) == Fraction(1, 2)
    assert group_share("level", charter) is None


def test_antiviral_and_tuberculosis_drugs_are_no_antimicrobials_here():
    assert is_antimicrobial("抗感染药")
    assert not is_antimicrobial("抗病毒药")
    assert not is_antimicrobial("抗结核药")
