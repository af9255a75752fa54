"""Dosage forms and the groups that 医保目录 counts them in.

Source of the western groups: 国家医保药品目录 凡例 (口服常释剂型 covers plain, film-coated, dispersible and enteric tablets and
hard, soft and enteric capsules; 软膏剂 covers creams; …). For 中成药 the 凡例 keeps 片剂, 胶囊, 软胶囊, 滴丸 … apart; only 丸剂
covers 水丸, 蜜丸, 水蜜丸, 浓缩丸, 糊丸 and 微丸. 口服液 is the single-dose 合剂 (药典), but the lists name them apart.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache, lru_cache

from formulary.rules.tables import clean

UNKNOWN_GROUP = "未注明剂型"


@dataclass(frozen=True)
class DosageForm:
    """A form as written, its group, the route that 一品两规 counts by, and its release (缓释, 肠溶, …)."""

    form: str
    group: str
    route: str
    release: str = ""


ORAL, INJECTED, TOPICAL, INHALED = "口服", "注射", "外用", "吸入"
EYE, NOSE, EAR, RECTAL, VAGINAL, OTHER = "眼用", "鼻用", "耳用", "直肠", "阴道", "其他"

# group → (route, forms as the lists write them). The group's own name is a form too.
_WESTERN: dict[str, tuple[str, str]] = {
    "口服常释剂型": (
        ORAL,
        "片 片剂 普通片 普通片剂 薄膜衣片 糖衣片 包衣片 浸膏片 分散片 划痕片 胶囊 胶囊剂 硬胶囊 软胶囊 软胶囊剂 胶丸 微丸胶囊 "
        "肠溶片 肠溶片剂 肠溶胶囊 肠溶胶囊剂 肠溶软胶囊 肠溶微丸胶囊 口服常释片剂 口服常释片剂片剂 口服常释剂型(不含分散片) 多层片",
    ),
    "口腔崩解片": (ORAL, "口崩片 口腔崩解片剂"),
    "咀嚼片": (ORAL, "咀嚼片剂"),
    "泡腾片": (ORAL, "泡腾片剂"),
    "舌下片": (ORAL, "舌下片剂 舌下含片"),
    "含片": (ORAL, "口含片 含片剂"),
    "口溶膜": (ORAL, "口溶膜剂"),
    "缓释控释剂型": (
        ORAL,
        "缓释片 缓释片剂 控释片 控释片剂 缓释包衣片 缓释胶囊 缓释胶囊剂 控释胶囊 缓释剂型 控释剂型 缓控释剂型 缓释控释 缓释微丸胶囊",
    ),
    "肠溶缓释片": (ORAL, "肠溶缓释片剂"),
    "肠溶缓释胶囊": (ORAL, ""),
    "双释放肠溶胶囊": (ORAL, ""),
    "缓控释颗粒剂": (ORAL, "缓释颗粒 缓释颗粒剂 控释颗粒"),
    "缓释混悬剂": (ORAL, "缓释混悬液 缓释干混悬剂"),
    "口服液体剂": (
        ORAL,
        "口服溶液 口服溶液剂 口服液 口服液剂 口服混悬液 口服混悬剂 混悬液 混悬剂 干混悬剂 肠溶干混悬剂 糖浆 糖浆剂 干糖浆 滴剂 "
        "口服滴剂 合剂 口服乳剂 口服乳 混悬滴剂 口服用浓溶液 口服浓溶液 口服溶液用散",
    ),
    "混悬凝胶剂": (ORAL, "混悬凝胶"),
    "颗粒剂": (ORAL, "颗粒 细粒剂 细粒 肠溶颗粒 肠溶颗粒剂 泡腾颗粒"),
    "口服散剂": (ORAL, "散 散剂 口服散 粉剂 口服粉剂"),
    "滴丸剂": (ORAL, "滴丸"),
    "丸剂": (ORAL, "丸"),
    "锭剂": (ORAL, ""),
    "注射剂": (
        INJECTED,
        "注射液 注射剂型 注射 针剂 注射用无菌粉末 注射用浓溶液 粉针剂 冻干粉针 冻干粉针剂 水针 乳状注射液 注射用乳剂 注射用混悬液 "
        "注射用溶液 注射用 输液 大容量注射液 小容量注射液 注射用冻干 浓溶液",
    ),
    "脂质体注射剂": (INJECTED, "注射用脂质体 脂质体注射液 脂质体"),
    "微球注射剂": (INJECTED, "注射用微球 微球"),
    "缓释微球注射剂": (INJECTED, "注射用缓释微球"),
    "缓释注射剂": (INJECTED, "缓释注射液"),
    "封管液": (INJECTED, "封管注射液"),
    "植入剂": (OTHER, "缓释植入剂"),
    "玻璃体内植入剂": (EYE, ""),
    "眼用注射剂": (EYE, "眼用注射液 眼内注射溶液 眼内注射液"),
    "冲洗剂": (TOPICAL, "冲洗液"),
    "眼内冲洗液": (EYE, ""),
    "软膏剂": (TOPICAL, "软膏 乳膏 乳膏剂 霜剂 霜 糊剂 油膏剂"),
    "凝胶剂": (TOPICAL, "凝胶 乳胶剂"),
    "胶浆剂": (TOPICAL, "胶浆"),
    "外用液体剂": (
        TOPICAL,
        "外用溶液 外用溶液剂 外用液 洗剂 洗液 搽剂 擦剂 涂膜剂 含漱液 漱口液 漱口剂 含漱剂 溶液(外用)",
    ),
    "涂剂": (TOPICAL, ""),
    "溶液剂": (OTHER, "溶液"),
    "液体剂": (OTHER, ""),
    "乳剂": (ORAL, ""),
    "外用散剂": (TOPICAL, "撒粉 外用散"),
    "外用冻干制剂": (TOPICAL, ""),
    "酊剂": (TOPICAL, "酊"),
    "醑剂": (TOPICAL, "醑"),
    "贴剂": (TOPICAL, "透皮贴剂 透皮贴 贴片 贴"),
    "贴膏剂": (TOPICAL, "贴膏 凝胶贴膏 凝胶贴膏剂 巴布膏 巴布膏剂 橡胶膏剂"),
    "栓剂": (RECTAL, "栓 肛门栓 直肠栓 阴道栓 阴道栓剂"),  # 医保目录 lists vaginal ones (硝呋太尔-制霉菌素) as 栓剂
    "阴道膨胀栓": (VAGINAL, "膨胀栓"),
    "灌肠剂": (RECTAL, "灌肠液"),
    "阴道片": (VAGINAL, "阴道片剂"),
    "阴道泡腾片": (VAGINAL, ""),
    "阴道泡腾胶囊": (VAGINAL, ""),
    "阴道胶囊": (VAGINAL, ""),
    "阴道软胶囊": (VAGINAL, "阴道用软胶囊 阴道胶丸"),
    "阴道凝胶剂": (VAGINAL, "阴道凝胶 阴道用凝胶"),
    "阴道乳膏剂": (VAGINAL, "阴道乳膏 阴道用乳膏"),
    "滴眼剂": (EYE, "滴眼液"),
    "眼膏剂": (EYE, "眼膏"),
    "眼用凝胶剂": (EYE, "眼用凝胶"),
    "滴鼻剂": (NOSE, "滴鼻液"),
    "滴耳剂": (EAR, "滴耳液"),
    "吸入剂": (
        INHALED,
        "气雾剂 吸入气雾剂 粉雾剂 吸入粉雾剂 吸入用溶液 吸入用溶液剂 吸入溶液 吸入溶液剂 吸入用混悬液 吸入混悬液 雾化溶液 "
        "雾化吸入溶液 雾化吸入用溶液 雾化吸入用混悬液 雾化吸入混悬液 鼻喷雾剂 鼻用喷雾剂 鼻喷剂 吸入粉雾剂用胶囊 吸入喷雾剂 吸入用",
    ),
    "喷雾剂": (OTHER, "喷剂"),
    "气体剂型": (INHALED, "气体"),
    "放射密封籽源": (OTHER, "密封籽源"),
    "组合包装": (ORAL, "糖浆组合包装"),
    "宫内节育系统": (OTHER, ""),
    "口颊粘膜溶液": (ORAL, "口颊黏膜溶液"),
}

# 中成药: group → (route, forms). 凡例: only 丸剂 covers several kinds.
_CHINESE: dict[str, tuple[str, str]] = {
    "丸剂": (ORAL, "丸 水丸 蜜丸 大蜜丸 小蜜丸 水蜜丸 浓缩丸 糊丸 微丸 蜡丸"),
    "丹剂": (ORAL, "丹"),
    "片剂": (ORAL, "片 薄膜衣片 糖衣片 浸膏片"),
    "分散片": (ORAL, ""),
    "肠溶片": (ORAL, ""),
    "缓释片": (ORAL, ""),
    "胶囊剂": (ORAL, "胶囊 硬胶囊"),
    "软胶囊剂": (ORAL, "软胶囊"),
    "肠溶胶囊": (ORAL, ""),
    "胶丸": (ORAL, ""),
    "滴丸剂": (ORAL, "滴丸 口含滴丸"),
    "颗粒剂": (ORAL, "颗粒 泡腾颗粒"),
    "咀嚼片": (ORAL, ""),
    "含片": (ORAL, ""),
    "流浸膏": (ORAL, "流浸膏剂"),
    "贴剂": (TOPICAL, "贴"),
    "泡沫剂": (VAGINAL, ""),
    "散剂": (ORAL, "散 汤散"),
    "口服液": (ORAL, ""),
    "合剂": (ORAL, ""),
    "糖浆剂": (ORAL, "糖浆"),
    "煎膏剂": (ORAL, "煎膏 蜜膏 煎膏剂(膏滋)"),
    "膏剂": (OTHER, "膏"),  # the name alone does not say whether it is eaten or stuck on
    "露剂": (ORAL, "露"),
    "汤剂": (ORAL, "汤"),
    "水剂": (ORAL, "水"),
    "液": (ORAL, ""),
    "饮": (ORAL, ""),
    "浆": (ORAL, ""),
    "锭剂": (ORAL, "锭"),
    "茶剂": (ORAL, "茶"),
    "胶剂": (ORAL, ""),
    "酊剂": (TOPICAL, "酊"),
    "酒剂": (TOPICAL, "酒"),
    "口服乳液": (ORAL, ""),
    "注射剂": (INJECTED, "注射液"),
    "注射用无菌粉末": (INJECTED, "注射用"),  # the lists name 注射用血塞通 beside 血塞通注射液
    "软膏剂": (TOPICAL, "软膏"),
    "乳膏剂": (TOPICAL, "乳膏"),
    "凝胶剂": (TOPICAL, "凝胶"),
    "凝胶膏剂": (TOPICAL, "凝胶膏 巴布膏 巴布膏剂"),
    "眼膏剂": (EYE, "眼膏"),
    "滴眼剂": (EYE, "滴眼液"),
    "滴耳剂": (EAR, "滴耳液"),
    "滴鼻剂": (NOSE, "滴鼻液"),
    "栓剂": (RECTAL, "栓"),
    "灌肠剂": (RECTAL, "灌肠液"),
    "贴膏剂": (TOPICAL, "贴膏 橡胶膏"),
    "贴膜剂": (TOPICAL, "贴膜"),
    "膏药": (TOPICAL, ""),
    "口腔贴片": (ORAL, ""),
    "搽剂": (TOPICAL, ""),
    "涂剂": (TOPICAL, ""),
    "涂膜剂": (TOPICAL, ""),
    "洗剂": (TOPICAL, "洗液"),
    "溶液剂": (TOPICAL, ""),
    "气雾剂": (OTHER, ""),
    "喷雾剂": (OTHER, ""),
    "油": (TOPICAL, ""),
    "阴道泡腾片": (VAGINAL, ""),
}

# Groups that lists confuse: the same drug in a near group is a question for a person, never an automatic match.
_NEAR: tuple[frozenset[str], ...] = (
    frozenset({"口服常释剂型", "口腔崩解片", "咀嚼片", "泡腾片", "舌下片", "含片", "口溶膜"}),
    frozenset({"缓释控释剂型", "肠溶缓释片", "肠溶缓释胶囊", "双释放肠溶胶囊", "缓控释颗粒剂", "缓释混悬剂"}),
    frozenset({"口服液体剂", "溶液剂", "液体剂", "乳剂", "混悬凝胶剂", "口颊粘膜溶液"}),
    frozenset({"颗粒剂", "口服散剂"}),
    frozenset({"外用液体剂", "溶液剂", "涂剂", "酊剂", "冲洗剂", "醑剂", "喷雾剂"}),
    frozenset({"注射剂", "脂质体注射剂", "微球注射剂", "缓释微球注射剂", "缓释注射剂", "封管液", "眼用注射剂"}),
    frozenset({"吸入剂", "喷雾剂", "气体剂型", "溶液剂", "液体剂"}),
    frozenset({"栓剂", "阴道膨胀栓", "阴道片", "阴道泡腾片", "阴道胶囊", "阴道软胶囊"}),
    frozenset({"软膏剂", "凝胶剂", "阴道乳膏剂", "阴道凝胶剂", "胶浆剂"}),
    frozenset({"贴剂", "贴膏剂", "凝胶膏剂", "膏药"}),
    frozenset({"合剂", "口服液", "液", "饮", "糖浆剂", "水剂", "口服乳液"}),
    frozenset({"丸剂", "丹剂", "胶丸", "滴丸剂"}),
    frozenset({"外用冻干制剂", "注射剂", "注射用无菌粉末"}),
    frozenset({"膏剂", "膏药", "贴膏剂", "煎膏剂", "软膏剂", "乳膏剂"}),
)


def _release(form: str) -> str:
    for word in ("缓释", "控释", "缓控释", "双释放", "肠溶"):
        if word in form:
            return "肠溶缓释" if "肠溶" in form and word != "肠溶" else word
    return ""


def _index(groups: dict[str, tuple[str, str]]) -> dict[str, DosageForm]:
    index: dict[str, DosageForm] = {}
    for group, (route, forms) in groups.items():
        for form in (group, *forms.split()):
            route_here = NOSE if form.startswith("鼻") else VAGINAL if form.startswith("阴道") else route
            index.setdefault(clean(form), DosageForm(form, group, route_here, _release(form)))
    return index


WESTERN_FORMS = _index(_WESTERN)
CHINESE_FORMS = _index(_CHINESE)
# Words that say how, not in what form: as the end of a name they would cut a substance in two.
_NOT_AN_ENDING = {"注射", "注射用", "吸入用", "霜", "气体", "油", "胶剂"}


@lru_cache(maxsize=4096)
def lookup(form: str, *, chinese: bool = False) -> DosageForm | None:
    """The form as the table knows it, or None. Brackets and a trailing 剂/型 are forgiven."""
    text = clean(form)
    first, second = (CHINESE_FORMS, WESTERN_FORMS) if chinese else (WESTERN_FORMS, CHINESE_FORMS)
    for spelling in _spellings(text):
        for table in (first, second):
            if spelling in table:
                return table[spelling]
    return None


def _spellings(text: str) -> list[str]:
    bare = text.split("(", 1)[0].strip()
    tried = [text, bare]
    for word in (text, bare):
        tried += [word.removesuffix("剂型"), word.removesuffix("剂"), word.removesuffix("型"), word + "剂"]
    return [word for word in tried if word]


@cache
def suffixes(*, chinese: bool) -> tuple[str, ...]:
    """Form words that may end a drug name, longest first."""
    words = set(CHINESE_FORMS if chinese else WESTERN_FORMS) - _NOT_AN_ENDING
    return tuple(sorted(words, key=lambda word: (-len(word), word)))


# Words for the same form; coating is no other form for a list that writes 片剂.
_SAME_FORMS = {
    "片": "片剂", "普通片": "片剂", "普通片剂": "片剂", "薄膜衣片": "片剂", "糖衣片": "片剂", "包衣片": "片剂", "素片": "片剂", "胶囊": "胶囊剂",
    "硬胶囊": "胶囊剂", "硬胶囊剂": "胶囊剂", "注射剂": "注射液", "水针": "注射液", "粉针剂": "注射用无菌粉末", "冻干粉针": "注射用无菌粉末",
    "注射用": "注射用无菌粉末", "冻干粉针剂": "注射用无菌粉末", "口崩片": "口腔崩解片", "口服液": "口服溶液", "滴眼液": "滴眼剂", "滴鼻液": "滴鼻剂", "滴耳液": "滴耳剂",
}  # fmt: skip


@lru_cache(maxsize=65536)
def same_form(first: str, second: str) -> bool:
    """片 and 薄膜衣片, 胶囊 and 胶囊剂, 颗粒 and 颗粒剂 are one form; 片剂 and 分散片 are two."""
    return bool(first) and _plain(first) == _plain(second)


def _plain(form: str) -> str:
    text = clean(form).split("(", 1)[0]
    text = _SAME_FORMS.get(text, text)
    return text if text in ("片剂", "胶囊剂", "散剂") else text.removesuffix("剂")


def near(first: str, second: str) -> bool:
    """Groups that lists write for one another often enough that a person should look."""
    return first != second and any(first in family and second in family for family in _NEAR)
