"""Loads the demonstration alliance step by step; each step is one transaction and is skipped when its rows are there."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from time import perf_counter
from typing import NamedTuple

from django.db import transaction
from django.utils import timezone

from fixtures import tables
from formulary.models import Alliance, Person
from procurement.actions.demo.applications import load_applications
from procurement.actions.demo.catalogue import load_catalogue, publish_version
from procurement.actions.demo.central import load_central, load_runs
from procurement.actions.demo.facts import load_facts
from procurement.actions.demo.governance import load_committee
from procurement.actions.demo.life import load_past, load_present
from procurement.actions.demo.lists import load_lists
from procurement.actions.demo.money import load_money
from procurement.actions.demo.people import found_alliance
from procurement.actions.demo.price_cases import load_price_cases
from procurement.actions.demo.scorecards import load_scorecards
from procurement.actions.demo.steps import ALLIANCE_CODE, ALLIANCE_NAME, PASSWORD, Loading
from procurement.actions.demo.stories import load_reserve, load_stories
from procurement.actions.demo.supply import load_rules, load_supply

SEED = 7
STEPS: tuple[tuple[str, Callable[[Loading], dict[str, int]]], ...] = (
    ("政策目录", load_lists),
    ("规则值", load_rules),
    ("药品与产品", load_catalogue),
    ("用药目录", publish_version),
    ("供应商与报价", load_supply),
    ("库存与用量", load_facts),
    ("约定量与预算", load_money),
    ("药事委员会", load_committee),
    ("评分表", load_scorecards),
    ("已往的会议与版本", load_past),
    ("调整申请与缺药登记", load_applications),
    ("进行中的会议与公示", load_present),
    ("中心药房", load_central),
    ("中心药房配送", load_runs),
    ("储备", load_reserve),
    ("短缺专案与周报", load_stories),
    ("价格个案", load_price_cases),
)


class DemoRefused(Exception):
    """The database holds a real alliance; invented facts must not be mixed with its own."""


class Done(NamedTuple):
    """One step: what it made (empty when its rows were there) and how long it took."""

    title: str
    counts: dict[str, int]
    seconds: float


def load_demo(
    *,
    as_of: dt.date | None = None,
    seed: int = SEED,
    by: Person | None,
    now: dt.datetime,
    files: tables.Files | None = None,
) -> Iterator[Done]:
    """Yields each step as it is done. `as_of` is the last day of stock and use: yesterday unless given.

    `files` is a reduced alliance for tests. A second run starts from what is there. Raises DemoRefused.
    """
    others = Alliance.objects.exclude(code=ALLIANCE_CODE).first()
    if others is not None:
        raise DemoRefused(f"数据库中已有医共体“{others}”，演示数据只能装入空库，未写入任何内容")
    last = as_of or timezone.localdate(now) - dt.timedelta(days=1)
    wanted = files or tables.load()
    began = perf_counter()
    new = not Alliance.objects.exists()
    with transaction.atomic():
        alliance = found_alliance(wanted, as_of=last, by=by, now=now)
    counts = {"机构": alliance.institutions.count(), "人员": Person.objects.count()} if new else {}
    yield Done("机构与人员", counts, perf_counter() - began)
    loading = Loading(wanted, alliance, last, seed, by, now)
    for title, step in STEPS:
        began = perf_counter()
        with transaction.atomic():
            counts = step(loading)
        yield Done(title, counts, perf_counter() - began)


__all__ = ["ALLIANCE_CODE", "ALLIANCE_NAME", "PASSWORD", "SEED", "DemoRefused", "Done", "load_demo"]
