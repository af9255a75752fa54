"""Groups as 医保目录 counts them."""

import pytest

from formulary.rules.dosage_forms import lookup, near


@pytest.mark.parametrize(
    ("form", "group", "route", "release"),
    [
        ("分散片", "口服常释剂型", "口服", ""), ("肠溶胶囊", "口服常释剂型", "口服", "肠溶"), ("软胶囊", "口服常释剂型", "口服", ""),
        ("控释片", "缓释控释剂型", "口服", "控释"), ("肠溶缓释片", "肠溶缓释片", "口服", "肠溶缓释"), ("干混悬剂", "口服液体剂", "口服", ""),
        ("注射用无菌粉末", "注射剂", "注射", ""), ("乳膏", "软膏剂", "外用", ""), ("鼻喷雾剂", "吸入剂", "鼻用", ""),
        ("吸入用溶液", "吸入剂", "吸入", ""), ("口崩片", "口腔崩解片", "口服", ""), ("阴道栓", "栓剂", "阴道", ""), ("滴眼液", "滴眼剂", "眼用", ""),
    ],
)  # fmt: skip
def test_western_form_has_its_group(form, group, route, release):
    known = lookup(form)
    assert (known.group, known.route, known.release) == (group, route, release)


def test_chinese_medicine_keeps_tablets_and_capsules_apart():
    assert lookup("胶囊", chinese=True).group != lookup("片", chinese=True).group
    assert lookup("水蜜丸", chinese=True).group == lookup("浓缩丸", chinese=True).group == "丸剂"


def test_group_name_is_a_form_of_itself():
    for form in ("口服常释剂型", "缓释控释剂型", "注射剂", "吸入剂", "软膏剂"):
        assert lookup(form).group == form


def test_unknown_form_is_not_guessed():
    assert lookup("气球") is None


def test_near_groups_are_other_groups():
    assert near("口服常释剂型", "口腔崩解片")
    assert not near("口服常释剂型", "口服常释剂型")
    assert not near("口服常释剂型", "注射剂")
