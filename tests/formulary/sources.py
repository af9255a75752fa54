"""Evidence of a small world: tests fill the lists, settings.EVIDENCE names the functions."""

from collections import defaultdict

ROWS = defaultdict(list)
EVIDENCE = {name: f"tests.formulary.sources.{name}" for name in ("use", "stock", "price", "purchase", "commitment")}


def _rows(name, presentations, institutions=None):
    rows = [row for row in ROWS[name] if presentations is None or row.presentation in presentations]
    return [row for row in rows if institutions is None or row.institution in institutions]


def use(alliance, presentations, on, *, months=12, institutions=None):
    return _rows("use", presentations, institutions)


def stock(alliance, presentations, on):
    return _rows("stock", presentations)


def price(alliance, presentations, on):
    return _rows("price", presentations)


def purchase(alliance, presentations, on, *, months=12, institutions=None):
    return _rows("purchase", presentations, institutions)


def commitment(alliance, presentations, on):
    return _rows("commitment", presentations)
