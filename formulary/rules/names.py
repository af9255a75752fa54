"""A Chinese drug name taken apart: substance, salt, dosage form and its group, route, release.

Everything is kept, nothing guessed: what brackets say is a form, a strength, a variant (Ⅱ, 30R), another name, or a remark,
and each goes to its own field. `matching.py` decides what may differ between two names of one 品种.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import lru_cache

from formulary.rules import dosage_forms as forms
from formulary.rules.name_text import canonical, split_outside, take_last_bracket
from formulary.rules.salts import split_salt

_ROMAN_END = re.compile(r"[ⅠⅡⅢⅣⅤⅥⅦⅧⅨⅩⅪⅫ]+(?:型)?$")
# Ⅷ and Ⅸ of a factor, Ⅱ of a receptor are the substance, not a variant of it.
_NUMBERED_SUBSTANCE = ("因子", "因子A", "受体", "胶原", "丹参酮", "血管紧张素", "凝血酶")
_AMINO_ACIDS = re.compile(r"\d{1,2}AA(?:-[A-ZⅠ-Ⅻ]+)*$")  # 复方氨基酸18AA = 复方氨基酸(18AA)
_SAID_TWICE = re.compile(r"^(.{2,})/\1$")  # 利福平/利福平Ⅱ
_STRENGTH_TAIL = re.compile(
    r"^(?P<name>.*[^\d/.%:,])(?P<tail>\d[\d.]*(?:万|%)?(?:[/:x*+,]?\d*\.?\d*)*(?:MG|G|ML|UG|μG|MCG|KG|L|IU|U|%|单位|万单位)[^\u4e00-\u9fff]*(?:及以上)?)$"
)
_ONLY_STRENGTH = re.compile(
    r"^[\d.,:/%x*+~-]*(?:MG|G|ML|UG|μG|IU|U|万单位|单位|万IU|%|L|I)*(?:[:/]?[\d.]+(?:MG|G|ML|%)?)*$"
)
_REMARKS = (
    "指",
    "含",
    "以",
    "按",
    "供",
    "每",
    "相当于",
    "不含",
    "仅",
    "限",
    "流标",
    "预充式",
    "冻干",
    "天然",
    "合成",
    "薄膜衣",
    "糖衣",
    "无糖",
    "无蔗糖",
    "果味",
    "浓缩",
)
_FORMER = ("又称:", "又名:", "曾用名:", "原名:", "即", "又称", "又名")
_QUALIFIER_ENDS = ("细胞", "型", "方", "注射", "输注", "酵母", "单胞菌", "杆菌", "炼", "用", "途径")
_PREFIXES = (("注射用", "注射用"), ("吸入用", "吸入剂"), ("雾化吸入用", "吸入剂"), ("冻干", ""))


@dataclass(frozen=True)
class DrugName:
    """One name, taken apart.

    substance: canonical active part without salt and form (左氧氟沙星). salt: 盐酸, 钠 … or "". form: as written, "" if none.
    form_group: what 医保目录 counts by ("" when no form is known). route, release: from the form. raw: as given.
    variant: Ⅰ, Ⅱ … behind the name. qualifier: what brackets distinguish (30R, CHO细胞). aliases: other names in brackets.
    """

    substance: str
    salt: str = ""
    form: str = ""
    form_group: str = ""
    route: str = ""
    release: str = ""
    raw: str = ""
    variant: str = ""
    qualifier: str = ""
    aliases: tuple[str, ...] = ()
    full: str = ""
    chinese_medicine: bool = False


@dataclass
class _Parts:
    """What the name says while it is being taken apart."""

    base: str
    variant: str = ""
    qualifiers: list[str] = field(default_factory=list)
    aliases: list[str] = field(default_factory=list)


@lru_cache(maxsize=65536)
def parse_name(raw: str, form: str = "", *, chinese_medicine: bool = False, salt: str = "") -> DrugName:
    """Takes a name apart; a form or salt known from another column goes before what the name itself says.

    A name never parses to an empty substance: where nothing would be left, the whole canonical text stays.
    """
    text = canonical(raw)
    parts = _Parts(text)
    _strip_brackets(parts)
    prefix_group = "" if chinese_medicine else _strip_prefix(parts)
    own_form = _strip_form(parts, chinese=chinese_medicine)
    _strip_brackets(parts, before_form=bool(own_form))
    if chinese_medicine:
        prefix_group = _strip_prefix(parts)
    _strip_variant(parts)
    full = _SAID_TWICE.sub(r"\1", parts.base.replace("(", "").replace(")", "")) or text
    substance, own_salt = (full, "") if chinese_medicine else split_salt(full)
    known = _form_of(form, own_form, prefix_group, chinese=chinese_medicine)
    return DrugName(
        substance=substance,
        salt=canonical(salt) or own_salt,
        form=form.strip() or (known.form if known else own_form),
        form_group=known.group if known else "",
        route=known.route if known else "",
        release=known.release if known else "",
        raw=raw,
        variant=parts.variant,
        qualifier=",".join(sorted(parts.qualifiers)),
        aliases=tuple(dict.fromkeys(alias for alias in parts.aliases if alias and (alias != full or parts.variant))),
        full=full,
        chinese_medicine=chinese_medicine,
    )


def _form_of(given: str, own: str, prefix_group: str, *, chinese: bool) -> forms.DosageForm | None:
    """The form column first; but 注射用…脂质体, 眼用注射液 in the name itself say more than a bare 注射剂 beside it."""
    own_form = forms.lookup(own, chinese=chinese) if own else None
    if prefix_group == "吸入剂" and (own_form is None or own_form.group in ("溶液剂", "口服液体剂", "外用液体剂")):
        own_form = forms.DosageForm("吸入用" + own, "吸入剂", forms.INHALED)
    elif prefix_group and own_form is None:
        own_form = forms.lookup(prefix_group, chinese=chinese)
    if not given.strip():
        return own_form
    column = forms.lookup(canonical(given), chinese=chinese)
    if column is None:
        return own_form or forms.DosageForm(given.strip(), canonical(given), forms.OTHER)
    return column


def _strip_prefix(parts: _Parts) -> str:
    group = ""
    for prefix, named in _PREFIXES:
        rest = parts.base.removeprefix(prefix)
        if rest != parts.base and len(rest) >= 2:
            parts.base, group = rest, group or named
    return group


def _strip_form(parts: _Parts, *, chinese: bool) -> str:
    base = _without_strength(parts.base, chinese=chinese)
    for suffix in forms.suffixes(chinese=chinese):
        if base.endswith(suffix) and len(base) > len(suffix):
            rest = base[: -len(suffix)]
            if rest.endswith(("(", "/", "、")) or (chinese and len(rest) < 2):
                continue
            parts.base = rest
            return suffix
    return ""


def _without_strength(base: str, *, chinese: bool) -> str:
    """Cuts "… 250mg", "… 20/40mg" off the end, but only behind a form word: 羟乙基淀粉130/0.4 keeps its numbers."""
    found = _STRENGTH_TAIL.match(base)
    if found and found["name"].endswith(forms.suffixes(chinese=chinese)):
        return found["name"]
    return base


def _strip_brackets(parts: _Parts, *, before_form: bool = False) -> None:
    """Takes brackets off the end, one after another, and files what they say.

    A strength behind the form is a remark; before it (葡萄糖(36%)注射液) it is the composition and stays.
    """
    while (split := take_last_bracket(_outside_strength(parts.base))) is not None:
        parts.base, inside = split
        if before_form and _is_strength(inside):
            parts.qualifiers.append(inside)
        else:
            _file(parts, inside)


def _outside_strength(base: str) -> str:
    found = re.match(r"^(.*\))[\d.]+%?(?:MG|G|ML)?$", base)
    return found[1] if found and not found[1].endswith("-)") else base


def _file(parts: _Parts, inside: str) -> None:
    if not inside or _is_strength(inside) or re.search(r"\d(?:G|MG|ML)$", parts.base):
        return
    if _ROMAN_END.fullmatch(inside):
        parts.variant = inside.removesuffix("型") + parts.variant
    elif inside.startswith(_FORMER):
        parts.aliases.append(re.sub("^(?:" + "|".join(_FORMER) + ")", "", inside))
    elif inside.startswith(_REMARKS):
        return
    elif len(inside) == 1 and "\u4e00" <= inside <= "\u9fff":
        parts.aliases.append(parts.base[:-1] + inside)
    elif _is_another_name(inside):
        parts.aliases.append(inside)
    else:
        parts.qualifiers.append(inside)


def _is_strength(inside: str) -> bool:
    return bool(_ONLY_STRENGTH.match(inside)) and any(unit in inside for unit in ("G", "ML", "%", "单位", "IU"))


def _is_another_name(inside: str) -> bool:
    chinese = sum("\u4e00" <= sign <= "\u9fff" for sign in inside)
    return chinese >= 2 and not inside.endswith(_QUALIFIER_ENDS) and not inside[0].isdigit()


def _strip_variant(parts: _Parts) -> None:
    code = _AMINO_ACIDS.search(parts.base)
    if code and code.start() >= 2:
        parts.qualifiers.append(code[0])
        parts.base = parts.base[: code.start()]
    found = _ROMAN_END.search(parts.base)
    if found and found.start() >= 2 and not parts.base[: found.start()].endswith(_NUMBERED_SUBSTANCE):
        parts.variant = found[0].removesuffix("型") + parts.variant
        parts.base = parts.base[: found.start()]


def expand_names(raw: str, *, chinese_medicine: bool = False) -> list[str]:
    """The single names that one cell lists: "甲；乙" and, for 中成药, "九味羌活丸(颗粒)" → 九味羌活丸, 九味羌活颗粒."""
    pieces = split_outside(raw.replace(";", "；"), "；")
    if not chinese_medicine:
        return pieces
    names = [name for piece in pieces for part in split_outside(piece, "、") for name in _expand_forms(part)]
    return list(dict.fromkeys(names))


def _expand_forms(raw: str) -> list[str]:
    split = take_last_bracket(canonical(raw))
    if split is None:
        return [raw]
    head, inside = split
    listed = inside.split("、")
    if not all(forms.lookup(word, chinese=True) or word in ("膏剂",) for word in listed):
        before = take_last_bracket(head)  # 生脉片(颗粒)(党参方)
        if before and all(forms.lookup(word, chinese=True) for word in before[1].split("、")):
            return [f"{name}({inside})" for name in _expand_forms(head)]
        return [raw]
    parts = _Parts(take_last_bracket(head)[0] if take_last_bracket(head) else head)  # type: ignore[index]
    _strip_form(parts, chinese=True)
    return [head, *(parts.base + word.removesuffix("片剂") + ("片" if word == "片剂" else "") for word in listed)]
