"""Which quotes become rows of a case, under which code, and how agreed volume is shared over them."""

from dataclasses import replace
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from procurement.rules.quotes import Quote, best_for, choose, product_of, share_out

BOTH = frozenset({"H1", "T1"})
BASE = Quote("P1", "S1", Decimal("10.00"), BOTH)


def test_only_quote_keeps_the_code_of_its_product():
    assert choose([BASE]) == {"P1": BASE}


def test_dearer_quote_with_no_advantage_is_left_out():
    assert choose([replace(BASE, supplier="S2", price=Decimal("10.01")), BASE]) == {"P1": BASE}


def test_equal_quotes_leave_the_lower_supplier_code():
    assert choose([replace(BASE, supplier="S2"), BASE]) == {"P1": BASE}


def test_dearer_quote_that_reaches_further_is_a_row_of_its_own():
    near = replace(BASE, reach=frozenset({"H1"}))
    far = replace(BASE, supplier="S2", price=Decimal("10.50"))
    rows = choose([near, far])
    assert list(rows) == ["P1@S1", "P1@S2"]
    assert (best_for(rows, "H1"), best_for(rows, "T1"), best_for(rows, "X")) == ("P1@S1", "P1@S2", None)
    assert [product_of(code, quote.supplier) for code, quote in rows.items()] == ["P1", "P1"]


def test_limited_supply_keeps_the_next_dearer_quote():
    assert len(choose([replace(BASE, supply=50), replace(BASE, supplier="S2", price=Decimal(11))])) == 2


def test_blocked_quote_never_pushes_out_another():
    blocked = replace(BASE, price=Decimal(1), label="红3")
    assert "P1@S2" in choose([blocked, replace(BASE, supplier="S2")])


@given(st.integers(0, 10**6), st.lists(st.integers(0, 10**4), min_size=1, max_size=6))
def test_sharing_out_loses_nothing(quantity, weights):
    parts = share_out(quantity, weights)
    assert sum(parts) == quantity
    assert all(part == 0 for part, weight in zip(parts, weights, strict=True) if not weight and sum(weights))


def test_sharing_out_follows_the_weights():
    assert share_out(10, [1, 2]) == [3, 7]
    assert share_out(5, [0, 0]) == [5, 0]
    assert share_out(5, []) == []
