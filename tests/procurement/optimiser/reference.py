"""An independent, slow and plain model of interfaces §2, straight from the case with dictionaries and scipy's MILP.

It shares nothing with the optimiser: every (institution, product) pair is a variable, rules are written as loops over
codes, each goal is solved from scratch and frozen by a row.
"""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
from scipy.optimize import Bounds, LinearConstraint, milp

from procurement.optimiser.case import Case

BIG = 200


class Rows:
    def __init__(self) -> None:
        self.names: list[tuple] = []
        self.at: dict[tuple, int] = {}
        self.whole: list[int] = []
        self.rows: list[tuple[dict, float, float]] = []

    def var(self, *name, whole: bool = False) -> tuple:
        if name not in self.at:
            self.at[name] = len(self.names)
            self.names.append(name)
            self.whole.append(int(whole))
        return name

    def row(self, terms: dict, low: float = -np.inf, high: float = np.inf) -> None:
        self.rows.append((terms, low, high))


def facts(case: Case) -> dict:
    """N, U and who may buy what."""
    reach: dict[str, set[str]] = {}
    for s, i in case.deliveries:
        reach.setdefault(s, set()).add(i)
    sites, drugs = [i.code for i in case.institutions], [d.code for d in case.drugs]
    offered = {
        (i, p.code)
        for i in sites
        for p in case.products
        if p.label != "红3" and (p.supplier not in reach or i in reach[p.supplier])
    }
    need = {(i, d): 0 for i in sites for d in drugs}
    limit = {}
    for n in case.needs:
        need[n.institution, n.drug] = max(0, n.demand + n.safety - n.stock - n.in_transit)
        limit[n.institution, n.drug] = n.limit
    most = {}
    for i in sites:
        for d in drugs:
            can = [p for p in case.products if p.drug == d and (i, p.code) in offered]
            k = max((p.pack for p in can), default=1)
            own = sum(
                math.ceil(Fraction(c.remaining, p.pack)) * p.pack
                for p in can
                for c in case.commitments
                if c.product == p.code and c.institution == i
            )
            u = max(need[i, d] + k - 1, own)
            codes = {p.code for p in case.products if p.drug == d}
            if any(c.institution is None and c.product in codes for c in case.commitments):
                u = max(u, math.ceil(Fraction(13, 10) * need[i, d]) + k - 1)
            u = max(u, sum(math.ceil(Fraction(n.low, p.pack)) * p.pack for p in can for n in case.pins
                           if n.product == p.code and n.institution == i))  # fmt: skip
            most[i, d] = u if limit.get((i, d)) is None else limit[i, d]
    return {"sites": sites, "drugs": drugs, "offered": offered, "need": need, "most": most}


def kind(drug) -> int:
    if drug.emergency:
        return 1
    if drug.essential:
        return 3
    return {"甲": 4, "乙": 5, "国谈": 5, "无": 6}[drug.insurance]


def reference_goals(case: Case) -> list[float]:
    """The nine values of the exact lexicographic optimum."""
    return _in_order(*_model(case))


def least_given(case: Case, reached: list[float], number: int) -> float:
    """The least that goal `number` (from 0) can be in a plan whose goals above do not exceed what was reached there."""
    m, goals = _model(case)
    for g, value in enumerate(reached[:number], start=1):
        m.row(goals[g], high=value + 2e-6 * max(1.0, value))
    return _least(m, goals[number + 1])


def _model(case: Case) -> tuple[Rows, dict[int, dict]]:
    f, m = facts(case), Rows()
    pack = {p.code: p.pack for p in case.products}
    price = {p.code: float(p.price) for p in case.products}
    goals: dict[int, dict] = {g: {} for g in range(1, 10)}
    for i in f["sites"]:
        _site(case, f, m, goals, i, pack, price)
    for p in case.products:
        if p.supply is not None:
            m.row({m.var("x", i, p.code, whole=True): p.pack for i in f["sites"]}, high=p.supply)
        z = m.var("z", p.code, whole=True)
        for i in f["sites"]:
            m.row({m.var("x", i, p.code): 1, z: -BIG}, high=0)
        if not p.in_use:
            goals[9][z] = 1
    if case.total_budget is not None:
        m.row({("x", i, p): price[p] for i in f["sites"] for p in pack}, high=float(case.total_budget))
    if case.group_limit is not None:
        group = {d.code: d.group for d in case.drugs}
        for g in {name for name in group.values() if name}:
            m.row({("z", p.code): 1 for p in case.products if group[p.drug] == g}, high=case.group_limit)
    for number, c in enumerate(case.commitments):
        r = m.var("r", number)
        where = f["sites"] if c.institution is None else [c.institution]
        m.row({r: 1} | {("x", i, c.product): pack[c.product] for i in where}, low=c.remaining)
        goals[2][r] = price[c.product] / pack[c.product]
    for pin in case.pins:
        where = f["sites"] if pin.institution is None else [pin.institution]
        high = np.inf if pin.high is None else pin.high
        m.row({("x", i, pin.product): pack[pin.product] for i in where}, low=pin.low, high=high)
    return m, goals


def _site(case, f, m, goals, i, pack, price) -> None:
    site = next(s for s in case.institutions if s.code == i)
    drug = {d.code: d for d in case.drugs}
    for p in case.products:
        x, y = m.var("x", i, p.code, whole=True), m.var("y", i, p.code, whole=True)
        m.row({x: 1, y: -BIG}, high=0)
        m.row({x: 1, y: -p.minimum_packs}, low=0)
        if (i, p.code) not in f["offered"]:
            m.row({x: 1}, high=0)
        goals[8][x] = price[p.code]
    for d in f["drugs"]:
        terms = {("x", i, p.code): p.pack for p in case.products if p.drug == d}
        u = m.var("u", i, d)
        m.row(terms | {u: 1}, low=f["need"][i, d])
        m.row(terms, high=f["most"][i, d])
        goals[kind(drug[d])][u] = 1 / float(drug[d].daily)
        here = [p for p in case.products if p.drug == d and (i, p.code) in f["offered"]]
        lose = {("x", i, p.code): p.pack for p in here if p.status == "非中选"}
        win = {("x", i, p.code): -float(case.nonwinning_ratio) * p.pack for p in here if p.status in ("中选", "备供")}
        if lose and win:
            m.row(lose | win, high=0)
    for s in case.suppliers:
        mine = [p for p in case.products if p.supplier == s.code]
        w = m.var("w", i, s.code, whole=True)
        goals[9][w] = 1
        m.row({("x", i, p.code): price[p.code] for p in mine} | {w: -float(s.minimum_order)}, low=0)
        for p in mine:
            m.row({("x", i, p.code): 1, w: -BIG}, high=0)
    spend = {("x", i, p.code): price[p.code] for p in case.products}
    if site.budget is not None:
        m.row(spend, high=float(site.budget))
    if site.cold_capacity is not None:
        m.row({("x", i, p.code): p.pack for p in case.products if drug[p.drug].cold}, high=site.cold_capacity)
    for name, floor, counts in (
        ("e", site.essential_floor, lambda d: d.essential),
        ("m", site.insurance_floor, lambda d: d.insurance != "无"),
    ):
        if floor is not None:
            t = m.var(name, i)
            goals[7][t] = 1
            part = {
                ("x", i, p.code): price[p.code] * (bool(counts(drug[p.drug])) - float(floor)) for p in case.products
            }
            m.row(part | {t: 1}, low=0)


def _in_order(m: Rows, goals: dict[int, dict]) -> list[float]:
    found = []
    for g in range(1, 10):
        value = _least(m, goals[g])
        if goals[g]:
            m.row(goals[g], high=value + 2e-6 * max(1.0, value))
        found.append(value)
    return found


def _least(m: Rows, goal: dict) -> float:
    size = len(m.names)
    cost = _dense(m, goal, size)
    if not cost.any():
        return 0.0
    upper = np.array([1.0 if name[0] in "yzw" else np.inf for name in m.names])
    rows = np.array([_dense(m, terms, size) for terms, _, _ in m.rows])
    limits = LinearConstraint(rows, [low for _, low, _ in m.rows], [high for _, _, high in m.rows])
    answer = milp(cost, integrality=m.whole, bounds=Bounds(0, upper), constraints=limits, options={"mip_rel_gap": 0.0})
    if not answer.success:
        raise RuntimeError(answer.message)
    return float(answer.fun)


def _dense(m: Rows, terms: dict, size: int) -> np.ndarray:
    row = np.zeros(size)
    for name, weight in terms.items():
        row[m.at[name]] += weight
    return row
