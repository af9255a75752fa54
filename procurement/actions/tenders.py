"""Passing agreed volume on, scoring institutions, working out the surplus. The only writer of tenders carried out."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from decimal import Decimal

from django.db import transaction
from django.db.models import Sum
from django.utils import timezone

from config.access import Permission
from formulary.actions.history import record
from formulary.models import Alliance, Institution, Person
from formulary.queries import scope_of
from formulary.rules.cells import Reader
from formulary.rules.tables import DataRefused, Fault, read_tables
from procurement.models import Commitment, ScoreSheet, SurplusCase, Tender, TenderProduct, VolumeTransfer
from procurement.queries.settings import buying_settings
from procurement.queries.tenders import assessment_figures, surplus_inputs
from procurement.rules import surplus
from procurement.rules.surplus import Item, Terms
from procurement.rules.tender_progress import most_to_give

GIVER, TAKER = "giver", "taker"


class TenderRefused(Exception):
    """A step of a tender cannot be taken; the message is for the person who asked."""


def propose_transfer(
    giver: Commitment, taker: Commitment, quantity: int, why: str, *, by: Person, now: dt.datetime
) -> VolumeTransfer:
    """Asks both institutions to hand on agreed volume of the same product of the same tender."""
    _buyer(by, giver.tender.alliance)
    if (giver.tender_id, giver.product_id) != (taker.tender_id, taker.product_id):
        raise TenderRefused("只能在同一批次的同一产品之间调整约定量")
    if giver.pk == taker.pk or giver.institution_id is None or taker.institution_id is None:
        raise TenderRefused("应在两家不同的机构之间调整")
    if not why.strip():
        raise TenderRefused("请写明调整理由")
    _refuse_too_much(giver, quantity)
    if VolumeTransfer.objects.filter(giver=giver, taker=taker, state="proposed").exists():
        raise TenderRefused("这两家机构之间已有待同意的调整")
    with transaction.atomic():
        made = VolumeTransfer.objects.create(
            giver=giver, taker=taker, quantity=quantity, why=why.strip()[:200], proposed_at=now, proposed_by=by
        )
        data = {"from": str(giver.institution), "to": str(taker.institution), "quantity": quantity, "why": why}
        record("提出约定量调整", made, alliance=giver.tender.alliance, by=by, now=now, data=data)
    return made


def answer_transfer(
    row: VolumeTransfer, side: str, agreed: bool, words: str, *, by: Person, now: dt.datetime
) -> VolumeTransfer:
    """One side's word. When both have agreed the volume moves, and the sum over the alliance stays what was signed."""
    with transaction.atomic():
        found = VolumeTransfer.objects.select_for_update().get(pk=row.pk)
        found = VolumeTransfer.objects.select_related(
            "giver__institution", "taker__institution", "giver__tender__alliance", "giver__product"
        ).get(pk=found.pk)
        mine = found.giver if side == GIVER else found.taker
        scope = scope_of(by, Permission.REPORT_NEED)
        if scope is None or mine.institution_id not in scope.institution_ids:
            raise TenderRefused("只能代表本机构表态")
        if found.state != VolumeTransfer.State.PROPOSED:
            raise TenderRefused("这项调整已经办结")
        if getattr(found, f"{side}_at") is not None:
            raise TenderRefused("本机构已经同意")
        if not agreed and not words.strip():
            raise TenderRefused("不同意时请写明理由")
        if agreed:
            setattr(found, f"{side}_at", now)
            setattr(found, f"{side}_by", by)
        else:
            found.state, found.answer = VolumeTransfer.State.REFUSED, words.strip()[:200]
        if found.giver_at and found.taker_at:
            _move(found)
        found.save()
        data = {"side": side, "agreed": agreed, "state": found.state, "quantity": found.quantity, "words": words}
        record("约定量调整表态", found, alliance=found.giver.tender.alliance, by=by, now=now, data=data)
    return found


def _move(row: VolumeTransfer) -> None:
    giver = Commitment.objects.select_for_update().get(pk=row.giver_id)
    taker = Commitment.objects.select_for_update().get(pk=row.taker_id)
    _refuse_too_much(giver, row.quantity)
    giver.quantity -= row.quantity
    taker.quantity += row.quantity
    Commitment.objects.bulk_update([giver, taker], ["quantity"])
    row.state = VolumeTransfer.State.DONE


def _refuse_too_much(giver: Commitment, quantity: int) -> None:
    most = most_to_give(giver.quantity, giver.bought, giver.signed_minimum)
    if not 0 < quantity <= most:
        raise TenderRefused(
            f"{giver.institution}最多可调出 {most:,}（约定 {giver.quantity:,}，已采购 {giver.bought:,}，"
            f"签约下限 {giver.signed_minimum:,}）"
        )


def score(
    tender: Tender, institution: Institution, given: Mapping[str, Decimal], *, note: str, by: Person, now: dt.datetime
) -> ScoreSheet:
    """A new sheet by the items in force: measured items from figures, the others as given (by name).

    Raises TenderRefused naming every missing or impossible mark.
    """
    _buyer(by, tender.alliance)
    today = timezone.localdate(now)
    figures = assessment_figures(tender, institution, today=today)
    rows, faults = [], []
    for name, points, measure in buying_settings(tender.alliance, today)["vbp.assessment_items"]:
        most = Decimal(str(points))
        if measure:
            got = surplus.score(figures[measure], most)
        elif name not in given:
            faults.append(f"“{name}”还没有评分")
            continue
        else:
            got = given[name]
            if not 0 <= got <= most:
                faults.append(f"“{name}”应在 0 与 {most} 分之间，收到 {got}")
        rows.append(
            {"name": name, "points": str(most), "got": str(got), "how": measure, "figure": figures.get(measure)}
        )
    if faults:
        raise TenderRefused("；".join(faults))
    total = sum((Decimal(row["got"]) for row in rows), Decimal(0))
    with transaction.atomic():
        made = ScoreSheet.objects.create(
            tender=tender, institution=institution, rows=rows, total=total, at=now, by=by, note=note.strip()[:300]
        )
        record("集采考核评分", made, alliance=tender.alliance, by=by, now=now, data={"total": total, "rows": rows})
    return made


def work_out_surplus(
    tender: Tender, terms: Terms, sources: Mapping[str, str], *, by: Person, now: dt.datetime
) -> SurplusCase:
    """Computes 结余留用 from today's inputs and keeps them all. Products without a former price are told, not guessed."""
    _buyer(by, tender.alliance)
    problems = terms.problems()
    today = timezone.localdate(now)
    inputs = surplus_inputs(tender, today=today)
    bare = [row["name"] for row in inputs if row["prior_price"] is None]
    if not inputs:
        problems.append("批次没有产品，无法测算")
    if bare:
        problems.append(f"{len(bare)} 个产品没有集采前价：{'、'.join(bare[:3])}，请先导入")
    if problems:
        raise TenderRefused("；".join(problems))
    names = ("code", "name", "base", "prior_price", "bought", "award_price", "other_spend")
    results = [surplus.work_out(Item(**{name: row[name] for name in names}), terms) for row in inputs]
    saving, keep = surplus.kept(results, terms)
    shown = {
        "基金支付比例": terms.fund_share,
        "参保使用比例": terms.insured_share,
        "留用比例": terms.ratio,
        "考核系数": terms.factor,
    }
    with transaction.atomic():
        made = SurplusCase.objects.create(
            tender=tender,
            alliance=tender.alliance,
            inputs=[
                {"name": name, "value": str(value), "on": today.isoformat(), "source": sources.get(name, "")}
                for name, value in shown.items()
            ],
            rows=[
                {
                    **{name: str(getattr(result.item, name)) for name in names},
                    "share": str(row["share"]),
                    "source": row["source"],
                    "budget": str(result.budget),
                    "spent": str(result.spent),
                    "saving": str(result.saving),
                }
                for result, row in zip(results, inputs, strict=True)
            ],
            saving=saving,
            kept=keep,
            at=now,
            by=by,
        )
        record("测算结余留用", made, alliance=tender.alliance, by=by, now=now, data={"saving": saving, "kept": keep})
    return made


def import_official(row: SurplusCase, raw: bytes, name: str, *, by: Person, now: dt.datetime) -> SurplusCase:
    """Lays the 医保 result (产品编码, 结余金额) beside a computation. Raises DataRefused with every fault."""
    _buyer(by, row.alliance)
    headers = {"产品编码", "结余金额"}
    table = next((t for t in read_tables(raw, name=name, headers=headers).values() if headers <= set(t.columns)), None)
    if table is None:
        raise DataRefused([Fault("", None, "结余金额", "", "没有含“产品编码”“结余金额”两列的工作表")], source=name)
    faults: list[Fault] = []
    reader = Reader(table, faults)
    codes = reader.text("产品编码", required=True)
    amounts = reader.money("结余金额", required=True, minimum=Decimal("-1e12"))
    reader.unique("产品编码")
    known = {each["code"] for each in row.rows}
    for index, code in enumerate(codes):
        if code is not None and code not in known:
            reader.fault(index, "产品编码", code, "不在本批次的测算中")
    if faults:
        raise DataRefused(faults, source=name)
    with transaction.atomic():
        row.official = {code: str(amount) for code, amount in zip(codes, amounts, strict=True)}
        row.official_name = name[:200]
        row.save(update_fields=["official", "official_name"])
        total = sum((amount or Decimal(0) for amount in amounts), Decimal(0))
        record(
            "导入医保结余核定", row, alliance=row.alliance, by=by, now=now, data={"rows": len(codes), "total": total}
        )
    return row


def import_prior_prices(tender: Tender, raw: bytes, name: str, *, by: Person, now: dt.datetime) -> int:
    """集采前价 by product (产品编码, 集采前均价, 来源) for products of the tender. Raises DataRefused with every fault."""
    _buyer(by, tender.alliance)
    headers = {"产品编码", "集采前均价", "来源"}
    tables = read_tables(raw, name=name, headers=headers).values()
    table = next((t for t in tables if {"产品编码", "集采前均价"} <= set(t.columns)), None)
    if table is None:
        raise DataRefused([Fault("", None, "集采前均价", "", "没有含“产品编码”“集采前均价”两列的工作表")], source=name)
    faults: list[Fault] = []
    reader = Reader(table, faults)
    codes = reader.text("产品编码", required=True)
    prices = reader.money("集采前均价", required=True)
    sources = reader.text("来源")
    reader.unique("产品编码")
    known = {each.product.code: each for each in tender.products.select_related("product")}
    for index, code in enumerate(codes):
        if code is not None and code not in known:
            reader.fault(index, "产品编码", code, "不是本批次的产品")
    if faults:
        raise DataRefused(faults, source=name)
    rows: list[TenderProduct] = []
    for code, price, source in zip(codes, prices, sources, strict=True):
        each = known[str(code)]
        each.prior_price, each.source = price, (source or name)[:200]
        rows.append(each)
    with transaction.atomic():
        TenderProduct.objects.bulk_update(rows, ["prior_price", "source"])
        record("导入集采前价", tender, alliance=tender.alliance, by=by, now=now, data={"rows": len(rows), "file": name})
    return len(rows)


def agreed_in_all(tender: Tender) -> int:
    """What the alliance signed for: passing volume on never changes it."""
    return Commitment.objects.filter(tender=tender).aggregate(total=Sum("quantity"))["total"] or 0


def _buyer(by: Person, alliance: Alliance) -> None:
    scope = scope_of(by, Permission.RUN_PLANS)
    if scope is None or scope.alliance.pk != alliance.pk:
        raise TenderRefused("您的角色不能办理集采批次")
