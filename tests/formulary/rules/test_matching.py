"""The matcher in small dictionaries, and the hand-checked names of the real lists."""

import csv
import re
from pathlib import Path

import pytest

from formulary.rules.linking import known_medicine, plan_links
from formulary.rules.lists import neml
from formulary.rules.lists.entries import Entry, Item, item_of
from formulary.rules.matching import How, Matcher
from formulary.rules.names import parse_name

CHECKED = Path(__file__).with_name("matched_names_checked.csv")
# Drugs that stand beside the checked ones in the lists and must never be taken for them.
DECOYS = [
    ("氯化钠", "注射剂"), ("氯化钾", "注射剂"), ("头孢呋辛", "注射剂"), ("头孢呋辛", "口服常释剂型"), ("氧氟沙星", "口服常释剂型"),
    ("奥美拉唑", "口服常释剂型"), ("奥美拉唑", "注射剂"), ("西酞普兰", "口服常释剂型"), ("西替利嗪", "口服常释剂型"), ("门冬胰岛素", "注射剂"),
    ("胰岛素", "注射剂"), ("重组人凝血因子Ⅷ", "注射剂"), ("丙酚替诺福韦", "口服常释剂型"), ("达拉非尼", "口服常释剂型"), ("炔诺酮", "口服常释剂型"),
    ("氟比洛芬", "贴膏剂"), ("厄贝沙坦氨氯地平", "口服常释剂型"), ("氢化泼尼松", "软膏剂"), ("克林霉素磷酸酯", "注射剂"), ("门冬胰岛素30", "注射剂"),
]  # fmt: skip


def medicine(name, group, *, chinese=False):
    return known_medicine(f"{name}〔{group}〕", name, group, chinese_medicine=chinese)


def matcher(*names, decisions=None):
    return Matcher((medicine(name, group) for name, group in names), decisions)


def test_same_name_in_the_same_group_is_exact():
    match = matcher(("阿莫西林", "口服常释剂型")).match(parse_name("阿莫西林", "胶囊"))
    assert (match.medicines, match.how) == (("阿莫西林〔口服常释剂型〕",), How.EXACT)


def test_salt_unsaid_on_one_side_is_set_aside():
    known = matcher(("氨溴索", "注射剂"))
    assert known.match(parse_name("盐酸氨溴索注射液")).how is How.SALT
    assert known.match(parse_name("氨溴索注射剂")).how is How.NORMALISED


def test_other_salt_is_a_question_not_a_match():
    match = matcher(("苯磺酸瑞马唑仑", "注射剂")).match(parse_name("注射用甲苯磺酸瑞马唑仑"))
    assert not match.found
    assert match.candidates[0].medicine == "苯磺酸瑞马唑仑〔注射剂〕"


def test_two_salts_of_one_substance_leave_a_bare_name_open():
    assert not matcher(("青霉素钾", "注射剂"), ("青霉素钠", "注射剂")).match(parse_name("青霉素", "注射剂")).found


def test_other_form_group_never_matches():
    match = matcher(("布洛芬", "口服常释剂型")).match(parse_name("布洛芬注射液"))
    assert not match.found
    assert "剂型组不同" in match.candidates[0].why


def test_name_without_a_form_means_every_form():
    match = matcher(("阿托品", "注射剂"), ("阿托品", "眼膏剂")).match(parse_name("硫酸阿托品"))
    assert set(match.medicines) == {"阿托品〔注射剂〕", "阿托品〔眼膏剂〕"}


def test_former_name_in_brackets_leads_to_the_drug():
    known = matcher(("坦洛新(坦索罗辛)", "缓释控释剂型"))
    assert known.match(parse_name("盐酸坦索罗辛缓释胶囊")).found
    assert matcher(("坦索罗辛", "缓释控释剂型")).match(parse_name("坦洛新（坦索罗辛）", "缓释胶囊")).found


def test_number_of_a_variant_is_never_exchanged():
    known = matcher(("二甲双胍恩格列净(Ⅰ)", "口服常释剂型"))
    assert not known.match(parse_name("二甲双胍恩格列净片(Ⅲ)")).found
    assert known.match(parse_name("二甲双胍恩格列净片(I)")).found
    assert not matcher(("环孢素", "滴眼剂")).match(parse_name("环孢素滴眼液(Ⅱ)")).found


def test_name_without_number_fits_a_drug_that_covers_several():
    known = matcher(("缬沙坦氨氯地平Ⅰ；缬沙坦氨氯地平Ⅱ", "口服常释剂型"))
    assert known.match(parse_name("缬沙坦氨氯地平片")).how is How.VARIANT
    assert known.match(parse_name("缬沙坦氨氯地平Ⅱ口服常释剂型")).how is How.NORMALISED


@pytest.mark.parametrize(
    ("asked", "known", "group"),
    [
        ("氯化钠注射液", "氯化钾", "注射剂"), ("头孢呋辛片", "头孢呋辛酯", "口服常释剂型"), ("氧氟沙星片", "左氧氟沙星", "口服常释剂型"),
        ("奥美拉唑肠溶片", "艾司奥美拉唑", "口服常释剂型"), ("人胰岛素注射液", "门冬胰岛素", "注射剂"), ("门冬胰岛素注射液", "门冬胰岛素30", "注射剂"),
        ("复方阿司匹林片", "阿司匹林", "口服常释剂型"), ("小儿布洛芬栓", "布洛芬", "栓剂"), ("重组人凝血因子Ⅷ注射剂", "人凝血因子Ⅷ", "注射剂"),
        ("人凝血因子Ⅸ注射剂", "人凝血因子Ⅷ", "注射剂"), ("睾酮注射液", "丙酸睾酮", "注射剂"), ("雌二醇片", "戊酸雌二醇", "口服常释剂型"),
        ("丙戊酸镁片", "丙戊酸钠", "口服常释剂型"), ("氟奋乃静注射液", "癸氟奋乃静", "注射剂"), ("紫杉醇注射液", "紫杉醇(白蛋白结合型)", "注射剂"),
        ("磷霉素散", "磷霉素氨丁三醇", "口服散剂"), ("甘油片", "硝酸甘油", "口服常释剂型"), ("水飞蓟宾胶囊", "水飞蓟宾葡甲胺", "口服常释剂型"),
        ("左氧氟沙星氯化钠注射液", "左氧氟沙星", "注射剂"), ("地塞米松注射液", "地塞米松棕榈酸酯", "注射剂"), ("双氯芬酸二乙胺凝胶", "双氯芬酸", "凝胶剂"),
        ("替诺福韦二吡呋酯片", "丙酚替诺福韦", "口服常释剂型"), ("氯吡格雷阿司匹林片", "氯吡格雷", "口服常释剂型"), ("去甲肾上腺素注射液", "肾上腺素", "注射剂"),
    ],
)  # fmt: skip
def test_lookalike_is_never_matched(asked, known, group):
    assert not matcher((known, group)).match(parse_name(asked)).found
    back = matcher((parse_name(asked).full, parse_name(asked).form_group))
    assert not back.match(parse_name(known, group)).found


@pytest.mark.parametrize(
    ("asked", "known"),
    [("小柴胡汤丸", "小柴胡颗粒"), ("银翘解毒液", "银翘解毒颗粒"), ("复方丹参片", "丹参片"), ("狗皮膏(改进型)", "狗皮膏"), ("云南白药", "云南白药膏"),
     ("六味地黄丸", "麦味地黄丸"), ("生脉饮(党参方)", "生脉饮"), ("香砂养胃丸", "香砂平胃丸"), ("妇康片", "妇康宁片")],
)  # fmt: skip
def test_chinese_medicine_of_similar_name_is_never_matched(asked, known):
    parsed = parse_name(known, chinese_medicine=True)
    known_one = Matcher([known_medicine(1, known, parsed.form_group or "未注明剂型", chinese_medicine=True)])
    assert not known_one.match(parse_name(asked, chinese_medicine=True)).found


def test_decision_of_a_person_goes_before_every_rule():
    key = ("羟甲唑啉", "喷雾剂")
    names = (("羟甲唑啉", "吸入剂"), ("羟甲唑啉", "喷雾剂"))
    asked = parse_name("羟甲唑啉", "喷雾剂")
    assert matcher(*names).match(asked).medicines == ("羟甲唑啉〔喷雾剂〕",)
    decided = matcher(*names, decisions={key: "羟甲唑啉〔吸入剂〕"}).match(asked)
    assert (decided.medicines, decided.how) == (("羟甲唑啉〔吸入剂〕",), How.DECISION)
    refused = matcher(*names, decisions={key: None}).match(asked)
    assert (refused.medicines, refused.how) == ((), How.DECISION)


def entry(name, form=""):
    return Entry(key=name + form, row=2, name=name, form=form, attributes={}, items=(item_of(name, form),))


def test_new_names_found_a_drug_and_later_rows_find_it():
    plan = plan_links([entry("氨溴索", "注射剂"), entry("盐酸氨溴索注射液")], Matcher())
    assert len(plan.new) == 1
    assert {link.entry for link in plan.links} == {0, 1}
    assert [link.how for link in plan.links] == [How.NONE, How.SALT]


def test_names_of_the_defining_list_are_never_taken_for_one_another():
    rows = [entry("二甲双胍", "缓释控释剂型"), entry("盐酸二甲双胍", "缓释控释剂型")]
    assert len(plan_links(rows, Matcher(), defining=True).new) == 2
    assert len(plan_links(rows, Matcher(), defining=False).new) == 1


def test_similar_name_becomes_one_question_for_all_its_rows():
    known = matcher(("羟甲唑啉", "吸入剂"))
    plan = plan_links([entry("羟甲唑啉", "喷雾剂"), entry("羟甲唑啉", "喷雾剂")], known)
    assert not plan.links
    (question,) = plan.questions.values()
    assert [position for position, _, _ in question.waiting] == [0, 1]
    assert question.candidates[0].medicine == "羟甲唑啉〔吸入剂〕"


# --- the hand-checked names


def checked():
    with CHECKED.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def partner(row):
    return re.fullmatch(r"(.+)〔(.+)〕", row["matched_partner"]).groups()


@pytest.fixture(scope="module")
def dictionary():
    """Every partner of the checked names as one 品种 each, and the decoys beside them."""
    pairs = {(*partner(row), row["source_list"] == "基药中成药") for row in checked() if row["matched_partner"]}
    known = [medicine(name, group, chinese=chinese) for name, group, chinese in sorted(pairs)]
    return Matcher([*known, *(medicine(name, group) for name, group in DECOYS)])


def readings(row):
    if row["source_list"] == "基药":
        (item,) = neml.items_of(row["raw_name"], neml.form_specs(row["form"]))
    elif row["source_list"] == "基药中成药":
        item = Item(parse_name(row["raw_name"], chinese_medicine=True))
    else:
        item = item_of(row["raw_name"])
    return item.name, *item.alternatives


def test_at_least_two_hundred_names_were_checked_by_hand():
    rows = checked()
    assert len(rows) >= 200
    assert {row["verdict"] for row in rows} == {"正确", "无对应", "待人工"}


@pytest.mark.parametrize("row", checked(), ids=lambda row: f"{row['raw_name']} {row['form']}".strip())
def test_checked_name_finds_its_partner_and_no_other(row, dictionary):
    match = dictionary.match(*readings(row))
    if row["verdict"] == "正确":
        assert match.medicines == (row["matched_partner"],)
    else:
        assert not match.found
