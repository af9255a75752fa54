"""An optimiser's plan as rows of the database, and back: what is stored gives the same workbook and JSON again."""

from __future__ import annotations

from dataclasses import asdict
from decimal import Decimal
from typing import Any

from formulary.models import Alliance, Institution, Presentation, Product
from procurement.models import Plan, PlanLine, Unmet
from procurement.optimiser import plan as shapes
from procurement.optimiser.case import Case, case_from_json
from procurement.rules.plan_summary import class_name
from procurement.rules.quotes import product_of


def case_of(plan: Plan) -> Case | None:
    """The case a plan was solved from; None before it was built."""
    return None if plan.case is None else case_from_json(plan.case)


def rows_of(plan: Plan, alliance: Alliance, case: Case, result: shapes.Plan) -> tuple[list[PlanLine], list[Unmet]]:
    """Lines and unmet needs, not yet saved."""
    sites = dict(Institution.objects.filter(alliance=alliance).values_list("code", "pk"))
    drugs = {row.code: row for row in case.drugs}
    rows = {row.code: row for row in case.products}
    codes = {code: product_of(code, row.supplier) for code, row in rows.items()}
    products = dict(Product.objects.filter(code__in=set(codes.values())).values_list("code", "pk"))
    presentations = dict(Presentation.objects.filter(code__in=list(drugs)).values_list("code", "pk"))
    lines = [
        PlanLine(
            plan=plan,
            institution_id=sites[line.institution],
            product_id=products[codes[line.product]],
            supplier_code=rows[line.product].supplier,
            packs=line.packs,
            quantity=line.quantity,
            amount=line.amount,
            need_class=class_name(drugs[rows[line.product].drug]),
            reason=line.reason,
        )
        for line in result.lines
    ]
    unmet = [
        Unmet(
            plan=plan,
            institution_id=sites[row.institution],
            presentation_id=presentations[row.drug],
            quantity=row.quantity,
            need_class=row.kind,
            reason=row.reason,
            remedy=row.remedy,
        )
        for row in result.unmet
    ]
    return lines, unmet


def fields_of(result: shapes.Plan) -> dict[str, Any]:
    """The parts of a plan that are kept as JSON on its row."""
    return {
        "status": result.status,
        "goals": [asdict(goal) for goal in result.goals],
        "checks": [asdict(check) for check in result.checks],
        "commitments": [asdict(row) for row in result.commitments],
        "transfers": [asdict(row) for row in result.transfers],
        "replay": asdict(result.replay),
        "seconds": asdict(result.seconds),
        "reasons": {
            "clashes": [asdict(row) for row in result.clashes],
            "unexplained": result.unexplained,
            "worths": [asdict(row) for row in result.worths],
        },
    }


def plan_of(plan: Plan, case: Case) -> shapes.Plan:
    """The stored plan as the optimiser gave it, in the order it gave it."""
    keys = {(product_of(row.code, row.supplier), row.supplier): row.code for row in case.products}
    lines = plan.lines.order_by("pk").values_list(
        "institution__code", "product__code", "supplier_code", "packs", "quantity", "amount", "reason"
    )
    unmet = plan.unmet.order_by("pk").values_list(
        "institution__code", "presentation__code", "quantity", "need_class", "reason", "remedy"
    )
    return shapes.Plan(
        status=plan.status,
        goals=[shapes.GoalResult(**goal) for goal in plan.goals],
        lines=[
            shapes.PlanLine(site, keys[product, supplier], packs, quantity, amount, reason)
            for site, product, supplier, packs, quantity, amount, reason in lines
        ],
        unmet=[shapes.Unmet(*row) for row in unmet],
        commitments=[shapes.CommitmentResult(**row) for row in plan.commitments],
        checks=[shapes.RuleCheck(**row) for row in plan.checks],
        coverage=[
            shapes.Coverage(c["kind"], c["need"], c["covered"], c["lines"], c["unmet_lines"])
            for c in plan.summary["coverage"]
        ],
        sites=[_site(row) for row in plan.summary["sites"]],
        transfers=[shapes.Transfer(**row) for row in plan.transfers],
        replay=shapes.Replay(**plan.replay),
        seconds=shapes.Seconds(**plan.seconds),
        clashes=[_clash(row) for row in plan.reasons.get("clashes", [])],
        unexplained=plan.reasons.get("unexplained", 0),
        worths=[shapes.Worth(**row) for row in plan.reasons.get("worths", [])],
    )


def _clash(row: dict[str, Any]) -> shapes.Clash:
    return shapes.Clash(
        kind=row["kind"],
        sites=tuple(row["sites"]),
        said=row["said"],
        facts=tuple(row["facts"]),
        ways=tuple(shapes.WayOut(**way) for way in row["ways"]),
        given_up=row["given_up"],
    )


def _site(row: dict[str, Any]) -> shapes.SiteSummary:
    return shapes.SiteSummary(
        institution=row["code"],
        name=row["name"],
        spend=Decimal(row["spend"]),
        budget=None if row["budget"] is None else Decimal(row["budget"]),
        essential_share=row["essential_share"],
        essential_floor=row["essential_floor"],
        insurance_share=row["insurance_share"],
        insurance_floor=row["insurance_floor"],
        covered=row["covered"],
    )
