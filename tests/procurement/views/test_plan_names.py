"""Sentences of the optimiser on the page: names for codes, readable numbers."""

from types import SimpleNamespace

import pytest

from procurement.views.plan_names import Names, separated

CASE = {
    "institutions": [{"code": "CC-H01", "name": "县医院"}],
    "drugs": [{"code": "D1", "name": "缩宫素注射液", "strength": "1ml:10单位", "unit": "支"}],
    "products": [{"code": "D1-2", "drug": "D1", "maker": "马鞍山丰原", "price": "36.69", "pack": 10}],
    "suppliers": [{"code": "S03", "name": "华康医药"}],
}


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        (
            "冷藏容量再增加 2460，即可加购 D1-2 246 包（9025.74 元）",
            "冷藏容量再增加 2,460，即可加购 缩宫素注射液 1ml:10单位（马鞍山丰原） 246 包（9,025.74 元）",
        ),
        ("不足 S03 的起送金额", "不足 华康医药 的起送金额"),
        ("CC-H01、D1：恰好用足（限 1800）", "县医院、缩宫素注射液 1ml:10单位：恰好用足（限 1,800）"),
        ("未知编码 D9-9 照原样", "未知编码 D9-9 照原样"),
        ("", ""),
    ],
)
def test_codes_of_a_sentence_become_names(said, shown):
    assert Names(SimpleNamespace(case=CASE)).in_words(said) == shown


def test_plan_without_a_case_keeps_its_codes():
    assert Names(SimpleNamespace(case=None)).in_words("不足 S03 的起送金额") == "不足 S03 的起送金额"


def test_long_numbers_get_separators_and_dates_do_not():
    assert (
        separated("净需求 26428，2026-11-22 前，余量 2154324.49") == "净需求 26,428，2026-11-22 前，余量 2,154,324.49"
    )
