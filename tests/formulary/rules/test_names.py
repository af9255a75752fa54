"""Names taken apart by hand, and what spelling may never change."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from formulary.rules.name_text import canonical, split_outside
from formulary.rules.names import expand_names, parse_name
from formulary.rules.salts import conflicting, split_salt

CHINESE = st.text(alphabet="氯化钾钠注射液片盐酸左氧氟沙星复方（）()[]ⅠⅡII 0125mgＡＢ%：∶-αβ;；、甲乙", max_size=24)
ANY = st.text(max_size=30)


@pytest.mark.parametrize(
    ("raw", "substance", "salt", "group"),
    [
        ("盐酸氨溴索片", "氨溴索", "盐酸", "口服常释剂型"),
        ("氯沙坦钾胶囊", "氯沙坦", "钾", "口服常释剂型"),
        ("硫酸氢氯吡格雷片", "氯吡格雷", "硫酸氢", "口服常释剂型"),
        ("对甲苯磺酸索拉非尼片", "索拉非尼", "对甲苯磺酸", "口服常释剂型"),
        ("注射用头孢曲松钠", "头孢曲松", "钠", "注射剂"),
        ("吸入用硫酸沙丁胺醇溶液", "沙丁胺醇", "硫酸", "吸入剂"),
        ("盐酸二甲双胍缓释片(Ⅲ)", "二甲双胍", "盐酸", "缓释控释剂型"),
        ("左乙拉西坦口服常释剂型250mg", "左乙拉西坦", "", "口服常释剂型"),
        ("达比加群酯口服常释剂型 75/150mg", "达比加群酯", "", "口服常释剂型"),
        ("玻璃酸钠滴眼剂 5ml:5mg (0.1%)", "玻璃酸钠", "", "滴眼剂"),
        ("小儿盐酸异丙嗪片", "小儿异丙嗪", "盐酸", "口服常释剂型"),
        ("注射用哌拉西林钠他唑巴坦钠", "哌拉西林他唑巴坦", "钠", "注射剂"),
        ("替硝唑阴道泡腾片", "替硝唑", "", "阴道泡腾片"),
        ("孟鲁司特钠咀嚼片", "孟鲁司特", "钠", "咀嚼片"),
    ],
)
def test_western_name_gives_substance_salt_and_group(raw, substance, salt, group):
    name = parse_name(raw)
    assert (name.substance, name.salt, name.form_group) == (substance, salt, group)


@pytest.mark.parametrize(
    "substance",
    ["氯化钾", "氯化钠", "硫酸镁", "碳酸氢钠", "葡萄糖酸钙", "硫酸亚铁", "丙戊酸钠", "丙戊酸镁", "硝酸甘油", "硝酸异山梨酯", "枸橼酸铋钾",
     "苯妥英钠", "碳酸锂", "乳酸钠林格", "门冬氨酸钾镁", "硫代硫酸钠", "左氧氟沙星氯化钠", "玻璃酸钠", "苯甲酸雌二醇", "琥珀酸亚铁", "胞磷胆碱"],
)  # fmt: skip
def test_salt_that_is_the_substance_is_never_set_aside(substance):
    assert split_salt(substance) == (substance, "")


def test_salts_conflict_only_when_both_are_said_and_differ():
    assert conflicting("苯磺酸", "甲苯磺酸")
    assert conflicting("钾", "钠")
    assert not conflicting("", "钠")
    assert not conflicting("重酒石酸", "酒石酸")


@pytest.mark.parametrize(
    ("raw", "variant", "qualifier", "aliases"),
    [
        ("缬沙坦氨氯地平Ⅰ", "Ⅰ", "", ()),
        ("缬沙坦氨氯地平II口服常释剂型", "Ⅱ", "", ()),
        ("二甲双胍恩格列净片（III）", "Ⅲ", "", ()),
        ("硫酸钡Ⅰ型", "Ⅰ", "", ()),
        ("埃索美拉唑(艾司奥美拉唑)", "", "", ("艾司奥美拉唑",)),
        ("美沙拉秦（嗪）", "", "", ("美沙拉嗪",)),
        ("精蛋白人胰岛素混合(30R)[精蛋白重组人胰岛素混合(30R)]", "", "30R", ("精蛋白重组人胰岛素混合(30R)",)),
        ("复方氨基酸注射液(15AA-II)", "", "15AA-Ⅱ", ()),
        ("复方氨基酸18AA", "", "18AA", ()),
        ("中/长链脂肪乳(C8-24Ve)注射剂", "", "C8-24VE", ()),
        ("注射用紫杉醇（白蛋白结合型）", "", "白蛋白结合型", ()),
        ("注射用血塞通(冻干)", "", "", ()),
        ("碘海醇注射剂 100ml:30g(I)", "", "", ()),
        ("左炔诺孕酮口服常释剂型（流标）", "", "", ()),
    ],
)
def test_brackets_are_filed_by_what_they_say(raw, variant, qualifier, aliases):
    name = parse_name(raw)
    assert (name.variant, name.qualifier, name.aliases) == (variant, qualifier, aliases)


def test_numeral_of_a_factor_is_the_substance():
    assert parse_name("人凝血因子Ⅷ").substance != parse_name("人凝血因子Ⅸ").substance


def test_latin_letter_of_a_name_is_not_read_as_a_numeral():
    assert parse_name("青霉素V钾片").substance == "青霉素V"
    assert parse_name("维生素C注射液").substance == "维生素C"


def test_composition_before_the_form_tells_two_mixtures_apart():
    first, second = (parse_name(f"中长链脂肪乳/氨基酸(16)/葡萄糖({n}%)注射液") for n in (30, 36))
    assert (first.substance, first.qualifier) != (second.substance, second.qualifier)


def test_form_column_goes_before_the_form_in_the_name():
    assert parse_name("双氯芬酸", "缓释控释剂型").form_group == "缓释控释剂型"
    assert parse_name("无名药", "从未见过的剂型").form_group == "从未见过的剂型"


@pytest.mark.parametrize(
    ("raw", "names"),
    [
        ("九味羌活丸(颗粒)", ["九味羌活丸", "九味羌活颗粒"]),
        ("养阴清肺丸（膏、颗粒）", ["养阴清肺丸", "养阴清肺膏", "养阴清肺颗粒"]),
        ("生脉饮(党参方)、生脉片(颗粒)(党参方)", ["生脉饮(党参方)", "生脉片(党参方)", "生脉颗粒(党参方)"]),
        ("云南白药（胶囊、膏）", ["云南白药", "云南白药胶囊", "云南白药膏"]),
        ("瘀血痹胶囊（颗粒、片剂）", ["瘀血痹胶囊", "瘀血痹颗粒", "瘀血痹片"]),
        ("双黄连注射液；注射用双黄连(冻干)", ["双黄连注射液", "注射用双黄连(冻干)"]),
        ("强力枇杷膏（蜜炼）、强力枇杷露", ["强力枇杷膏（蜜炼）", "强力枇杷露"]),
        ("狗皮膏(改进型)", ["狗皮膏(改进型)"]),
    ],
)
def test_chinese_cell_lists_its_names(raw, names):
    assert expand_names(raw, chinese_medicine=True) == names


def test_western_cell_is_split_at_semicolons_only():
    assert expand_names("美托洛尔；美托洛尔Ⅱ") == ["美托洛尔", "美托洛尔Ⅱ"]
    assert expand_names("对氨基水杨酸、异烟肼") == ["对氨基水杨酸、异烟肼"]


def test_chinese_medicine_keeps_acid_words_and_its_own_groups():
    name = parse_name("银黄口服液", chinese_medicine=True)
    assert (name.substance, name.form_group) == ("银黄", "口服液")
    assert parse_name("复方丹参片", chinese_medicine=True).form_group == "片剂"
    assert parse_name("复方丹参胶囊", chinese_medicine=True).form_group == "胶囊剂"


@given(ANY | CHINESE)
def test_canonical_spelling_is_stable(text):
    assert canonical(canonical(text)) == canonical(text)


@given(CHINESE)
def test_width_of_brackets_and_signs_changes_nothing(text):
    wide = text.replace("(", "（").replace(")", "）").replace(":", "：").replace("A", "Ａ").replace("1", "１")
    first, second = parse_name(text), parse_name(wide)
    assert (first.substance, first.salt, first.form_group, first.variant, first.qualifier) == (
        second.substance, second.salt, second.form_group, second.variant, second.qualifier,
    )  # fmt: skip


@given(ANY | CHINESE, st.booleans())
def test_no_name_loses_its_substance(text, chinese):
    assert bool(parse_name(text, chinese_medicine=chinese).substance) == bool(canonical(text))


@given(CHINESE)
def test_splitting_outside_brackets_keeps_every_sign(text):
    kept = "".join(split_outside(text, "、"))
    assert sorted("".join(kept.split()).replace("、", "")) == sorted("".join(text.split()).replace("、", ""))
