"""Acid radicals and metals at the ends of a generic name: what may be set aside as 盐基, and what is the substance itself.

盐酸氨溴索 is 氨溴索 with 盐酸; 氯沙坦钾 is 氯沙坦 with 钾. But 氯化钾, 硫酸镁, 碳酸氢钠, 葡萄糖酸钙 and 硫酸亚铁 are substances: without
their metal nothing is left to name. 酯 (esters) and 酸的衍生物 are other substances and never set aside here.
"""

from __future__ import annotations

import re
from functools import lru_cache


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


# Longest first, so that 对甲苯磺酸 is not read as 磺酸.
_ACIDS = sorted(
    _words(
        "对甲苯磺酸 甲苯磺酸 苯磺酸 甲磺酸 乙磺酸 羟乙磺酸 三苯乙酸 硫酸氢 盐酸 硫酸 氢溴酸 磷酸 硝酸 马来酸 富马酸 枸橼酸 酒石酸 重酒石酸 "
        "乳酸 琥珀酸 苹果酸 草酸 苯甲酸 甲硫酸 碳酸 醋酸 脯氨酸 双羟萘酸 乳糖酸 二盐酸 半富马酸"
    ),
    key=len,
    reverse=True,
)
_METALS = sorted(
    _words("二钠 三钠 四钠 一钠 钠 钾 二钾 钙 镁 锌 叔丁胺 乙醇胺 葡甲胺 双葡甲胺 氨丁三醇"),
    key=len,
    reverse=True,
)
# What is left after an acid must not begin like this: then the acid was part of a substance.
_METAL_HEADS = _words(
    "钠 钾 钙 镁 锌 铁 亚铁 铝 铜 锂 钡 锑 铋 镧 铵 二铵 单铵 氢钠 氢钾 氢钙 二氢 氢二 钆 锰 铬 酯 二甲酯 甲酯 乙酯 苄酯"
)
# What is left before a metal must not end like this: an inorganic or simple acid has no name without its metal, and these
# substances carry it in every list.
_ANION_ENDS = _words(
    "氯化 溴化 碘化 氟化 氧化 氢氧化 硫化 碳酸氢 碳酸 硫酸 亚硫酸 亚硫酸氢 硫代硫酸 磷酸 磷酸氢 磷酸二氢 硝酸 亚硝酸 硼酸 枸橼酸 枸橼酸氢 枸橼酸铋 "
    "醋酸 乳酸 葡萄糖酸 门冬氨酸 谷氨酸 丙酸 苯甲酸 水杨酸 丙戊酸 羟丁酸 苯妥英 硫喷妥 甘油磷酸 依地酸 依地酸钙 膦甲酸 荧光素 美司 亚叶酸 "
    "色甘酸 玻璃酸 多库酯 二巯丙磺 二巯丁二 氯膦酸 帕米膦酸 卡膦酸 磺胺醋酰 甘露特 阿魏酸 泛影酸 锑 葡萄糖酸锑 硝普 异甘草酸 聚卡波非 碘 "
    "甘草酸 磺达肝癸 卡络磺 斑蝥酸 鱼腥草素 舒更葡糖 甘氨双唑 硫酸铝 碳酸铝 硫酸镁钠 酮咯酸 磷霉素 卡前列素 水飞蓟宾 胆酸 丁酸 山梨酸 氢钾"
)
# Names that begin like an acid or end like a salt but are one substance in every list.
_WHOLE = {
    "硝酸甘油", "硝酸异山梨酯", "单硝酸异山梨酯", "苯甲酸雌二醇", "苯甲酸苄酯", "富马酸二甲酯", "水杨酸", "水杨酸甲酯", "碳酸锂", "碳酸镧",
    "乳酸菌", "乳酸菌素", "乳酸钠林格", "乳酸林格", "碳酸氢钠林格", "醋酸钠林格", "双羟萘酸噻嘧啶", "碳酸酰胺", "磷酸肌酸", "磷酸肌酸钠", "醋酸棉酚",
    "枸橼酸铋雷尼替丁", "氨茶碱", "磷酸铝", "碳酸钙D3", "硫酸软骨素",
    "醋酸赖氨酸", "门冬氨酸钾镁", "盐酸", "醋酸", "硫酸", "硼酸", "乳酸", "磷酸", "枸橼酸", "富马酸", "苯甲酸", "琥珀酸", "精氨酸", "赖氨酸",
    "硫酸鱼精蛋白锌", "磷酸钠盐", "碳酸钙", "硝酸银",
}  # fmt: skip
# Esters that the national lists name by the parent drug: 医保目录 writes 氟替卡松, 氯倍他索 …, and no other ester of it is listed.
_LISTED_BY_PARENT = {
    "丙酸氟替卡松": ("氟替卡松", "丙酸"), "丙酸氯倍他索": ("氯倍他索", "丙酸"), "丙酸倍氯米松": ("倍氯米松", "丙酸"),
    "二丙酸倍氯米松": ("倍氯米松", "二丙酸"), "棕榈酸帕利哌酮": ("帕利哌酮", "棕榈酸"), "帕利哌酮棕榈酸酯": ("帕利哌酮", "棕榈酸酯"),
    "琥珀酸氢化可的松": ("氢化可的松", "琥珀酸"), "琥珀酸钠氢化可的松": ("氢化可的松", "琥珀酸钠"),
    "氢化可的松琥珀酸": ("氢化可的松", "琥珀酸"), "甲泼尼龙琥珀酸": ("甲泼尼龙", "琥珀酸"), "泼尼松龙磷酸": ("泼尼松龙", "磷酸"),
    "倍他米松磷酸": ("倍他米松", "磷酸"), "红霉素乳糖酸": ("红霉素", "乳糖酸"),
}  # fmt: skip
# Inside a compound name the first partner keeps its metal: 哌拉西林钠他唑巴坦钠.
_INNER_METAL = re.compile(
    r"(西林|巴坦|哌酮|噻肟|呋辛|唑林|西丁|地嗪|美唑|曲松|培南|他汀|沙坦|维酸|芬酸|拉唑|洛芬|鲁司特|司他丁)[钠钾钙镁](?=[\u4e00-\u9fff/])"
)
_HYDRATE = re.compile(r"(?:一|二|三|半|倍半|无)?水合物$|[一二三半]水$")


@lru_cache(maxsize=65536)
def split_salt(name: str) -> tuple[str, str]:
    """("盐酸氨溴索") → ("氨溴索", "盐酸"); ("氯沙坦钾") → ("氯沙坦", "钾"); ("氯化钾") → ("氯化钾", "")."""
    text = _HYDRATE.sub("", name)
    if text in _WHOLE or not text:
        return text or name, ""
    if text in _LISTED_BY_PARENT:
        return _LISTED_BY_PARENT[text]
    children = "小儿" if text.startswith("小儿") else ""
    text = text.removeprefix("小儿") if len(text) > 3 else text
    base, acid = _without_acid(text)
    base, metal = _without_metal(base)
    inner = _INNER_METAL.search(base)
    base = _INNER_METAL.sub(r"\1", base)
    if base in _LISTED_BY_PARENT:
        base, ester = _LISTED_BY_PARENT[base]
        acid += ester
    return children + base, acid + metal + (inner[0][-1] if inner and not metal else "")


def _without_acid(text: str) -> tuple[str, str]:
    for acid in _ACIDS:
        rest = text.removeprefix(acid)
        if rest != text and len(rest) >= 2 and not rest.startswith(_METAL_HEADS) and text not in _WHOLE:
            return rest, acid
    return text, ""


def _without_metal(text: str) -> tuple[str, str]:
    if text in _WHOLE:
        return text, ""
    for metal in _METALS:
        rest = text.removesuffix(metal)
        if rest != text and len(rest) >= 2 and not rest.endswith(_ANION_ENDS):
            return rest, metal
    return text, ""


_SAME_SALT = {
    "重酒石酸": "酒石酸",
    "硫酸氢": "硫酸",
    "二盐酸": "盐酸",
    "半富马酸": "富马酸",
    "对甲苯磺酸": "甲苯磺酸",
    "二钠": "钠",
    "二钾": "钾",
}


def conflicting(first: str, second: str) -> bool:
    """Both name a salt and not the same one: 苯磺酸 against 甲苯磺酸."""
    return bool(first and second and _SAME_SALT.get(first, first) != _SAME_SALT.get(second, second))
