"""国家基本药物目录: one row a 品种, its 剂型规格 text taken apart into (salt, form, strengths).

A number may stand again under a second category with other forms: each row is an entry of its own. △ asks for a specialist or
trained physician, sometimes for one form only ("注射液△"). Rows without a form name a class (结核病用药) that notes explain.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from formulary.rules import dosage_forms as forms
from formulary.rules.cells import Reader
from formulary.rules.lists.entries import Entry, Item, Layout, Rows, natural_key
from formulary.rules.lists.sections import DERIVED, part_of
from formulary.rules.name_text import canonical, split_outside
from formulary.rules.names import DrugName, expand_names, parse_name
from formulary.rules.tables import Fault, Table

LAYOUT = Layout(
    "国家基本药物目录",
    required={
        "section": ("目录部分", "部分"),
        "number": ("序号", "编号"),
        "name": ("品种名称", "药品名称", "通用名"),
        "text": ("剂型规格", "剂型、规格", "剂型及规格"),
    },
    optional={
        "category": ("一级分类",),
        "second": ("二级分类",),
        "function": ("功能",),
        "remark": ("备注",),
        "specialist": ("专科医师指导标识",),
    },
)
DERIVED_LAYOUT = Layout(
    "国家基本药物目录 品种×剂型推导表",
    required={
        "section": ("目录部分", "部分"),
        "number": ("序号", "编号"),
        "name": ("品种名称", "药品名称"),
        "salt": ("盐基酸根",),
        "form": ("剂型",),
        "strength": ("规格",),
    },
    optional={"check": ("需人工核对",)},
)
SPECIALIST = "△"
# 血友病用药, 避孕药: a class that notes explain, not a drug to match.
_CLASS_ENDS = ("用药", "类药物", "避孕药", "用疫苗")


@dataclass(frozen=True)
class FormSpec:
    """One dosage form that a row lists: its salt or ester in the list's words, and the strengths as written."""

    salt: str
    form: str
    strengths: tuple[str, ...]


def read(table: Table, faults: list[Fault]) -> list[Entry]:
    rows = Rows(table, LAYOUT)
    return [entry for index in range(len(rows)) if (entry := _entry(rows, index, faults)) is not None]


def _entry(rows: Rows, index: int, faults: list[Fault]) -> Entry | None:
    empty = [field for field in ("section", "number", "name") if not rows.get(index, field)]
    for field in empty:
        faults.append(Fault(rows.table.name, rows.table.rows[index], rows.column(field), "", "不能为空"))
    if empty:
        return None
    section, number, name, text = (rows.get(index, field) for field in ("section", "number", "name", "text"))
    specs = () if name.endswith(_CLASS_ENDS) else form_specs(text)
    chinese = "中成药" in section
    part, remark = part_of(section), rows.get(index, "remark")
    marked = SPECIALIST in remark or rows.get(index, "specialist") == "是"
    return Entry(
        key=natural_key(part, number, *(rows.get(index, f) for f in ("category", "second", "function")), name),
        row=rows.table.rows[index],
        name=name,
        attributes=rows.attributes(index),
        number=number,
        form="、".join(dict.fromkeys(spec.form for spec in specs))[:250],
        strength=text,
        category=SPECIALIST if marked else "",
        section=part,
        items=items_of(name, specs, chinese=chinese),
    )


def read_derived(table: Table, faults: list[Fault]) -> list[Entry]:
    """The derived 品种×剂型 table: kept to compare with, linked to nothing, for the list itself says the same."""
    rows, reader = Rows(table, DERIVED_LAYOUT), Reader(table, faults)
    for field in ("section", "number", "name"):
        reader.text(rows.column(field), required=True)
    return [_derived_row(rows, index) for index in range(len(rows))]


def _derived_row(rows: Rows, index: int) -> Entry:
    section, number, name, salt, form, strength = (rows.get(index, field) for field in DERIVED_LAYOUT.required)
    return Entry(
        key=natural_key(DERIVED, part_of(section), number, name, salt, form, strength),
        row=rows.table.rows[index],
        name=name,
        attributes=rows.attributes(index),
        number=number,
        form=form,
        strength=strength,
        category="待核对" if rows.get(index, "check") == "是" else "",
        section=DERIVED,
    )


def needs_specialist(remark: str, form: str) -> bool:
    """Does the remark ask for a specialist for this form? "注射液△" speaks of injections only, "△" or "注释2 △" of all."""
    if SPECIALIST not in remark:
        return False
    named = [
        word for word in re.split("[、，,]", remark.split(SPECIALIST, 1)[0].strip()) if forms.lookup(word, chinese=True)
    ]
    if not named:
        return True
    wanted = forms.lookup(form) or forms.lookup(form, chinese=True)
    groups = {table(word) for word in named for table in (_western_group, _chinese_group)}
    return wanted is None or bool(groups & {_western_group(form), _chinese_group(form)})


def _western_group(form: str) -> str:
    known = forms.lookup(form)
    return known.group if known else ""


def _chinese_group(form: str) -> str:
    known = forms.lookup(form, chinese=True)
    return known.group if known else ""


# --- the text of 剂型规格

_RELEASES = ("肠溶缓释", "肠溶", "缓释", "控释", "双释放")
_FORM_WORDS = sorted(
    {
        *forms.WESTERN_FORMS,
        *forms.CHINESE_FORMS,
        "糖浆组合包装",
        "氯化钠注射液",
        "葡萄糖注射液",
        "煎膏剂(膏滋)",
        "灌肠剂",
        "膏药",
    }
    - {
        "片",
        "丸",
        "膏",
        "散",
        "水",
        "液",
        "贴",
        "油",
        "饮",
        "浆",
        "露",
        "茶",
        "汤",
        "丹",
        "酒",
        "酊",
        "栓",
        "锭",
        "注射",
        "颗粒",
        "霜",
    }
    | {"缓释颗粒", "肠溶颗粒"},
    key=lambda word: (-len(word), word),
)
_WORD = (
    "(?:"
    + "|".join(re.escape(word) for word in _FORM_WORDS)
    + r")(?:\([ⅠⅡⅢ、型]+\)|\(含消旋\)|\(腹腔用药\)|\(含甘油、山梨醇\))?"
)
_GROUPED = r"(?:" + "|".join(_RELEASES) + r")\((?:片剂|片|胶囊|、)+\)"
# A whole name where the list gives one in place of a form: 人干扰素α1b注射液, 小儿复方氨基酸注射液(18AA-Ⅰ).
_NAMED = r"(?:(?:注射用)?人(?:干扰素|胰岛素)[α-ω]?\d?[A-Z]?(?:注射液)?(?:\([^()]*\))?|(?<![\u4e00-\u9fff])[\u4e00-\u9fff]{3,10}注射液\([\dA-ZⅠ-Ⅻ-]+\))"
_SALT = r"\((?!总)[^()]*(?:盐|酸|酯|钾|钠|钙|三醇|结合型|酯化物)[^()]*\)"
_HEAD = rf"(?:{_SALT})?(?:{_GROUPED}|{_WORD}|{_NAMED})"
_LIST = rf"({_HEAD}(?:、{_HEAD})*)"
_FIRST_HEAD = re.compile(rf"{_LIST}(?:：|$)")
_LATER_HEAD = re.compile(rf"{_LIST}：")


def form_specs(text: str) -> tuple[FormSpec, ...]:
    """The forms and strengths of one cell, in order. Forms that share strengths ("片剂、胶囊：0.25g") each get them."""
    return tuple(spec for line in text.splitlines() for spec in _line(line))


def _line(line: str) -> Iterator[FormSpec]:
    """One line may hold several "forms：strengths" one behind the other; a head is known by its form words and its colon."""
    marked = canonical(line.replace("：", "⟦")).replace("⟦", "：")
    if "：" not in marked:  # 注射用人干扰素α1b∶10μg
        marked = re.sub(rf"^{_LIST}:", r"\1：", marked)
    first = _FIRST_HEAD.match(marked)
    if first is None:
        head, _, rest = marked.partition("：")
        if head:
            yield FormSpec("", head, _strengths(rest))
        return
    heads = [first, *_LATER_HEAD.finditer(marked, first.end())]
    for position, found in enumerate(heads):
        end = heads[position + 1].start() if position + 1 < len(heads) else len(marked)
        strengths = _strengths(marked[found.end() : end])
        for salt, form in _forms(found[1]):
            yield FormSpec(salt, form, strengths)


def _forms(head: str) -> Iterator[tuple[str, str]]:
    salt = ""
    for each in split_outside(head, "、"):
        found = re.match(rf"^({_SALT})(.*)$", each)
        word = each
        if found:
            salt, word = found[1][1:-1], found[2]
        grouped = re.fullmatch(rf"({'|'.join(_RELEASES)})\((.*)\)", word)
        for form in [grouped[1] + part for part in grouped[2].split("、")] if grouped else [word]:
            yield salt, form


def _strengths(text: str) -> tuple[str, ...]:
    return tuple(split_outside(text, "、")) if text.strip("、 ") else ()


# --- items to match


def items_of(name: str, specs: tuple[FormSpec, ...], *, chinese: bool = False) -> tuple[Item, ...]:
    """What a row asks the matcher: a name per salt and form, or per name that a 中成药 cell lists."""
    return _chinese_items(name, specs) if chinese else _western_items(name, specs)


def _western_items(name: str, specs: tuple[FormSpec, ...]) -> tuple[Item, ...]:
    """One item per salt and form; the salts that a row names are all of its one 品种.

    Esters and carriers are tried under their own name first (头孢呋辛酯), then under the 品种.
    """
    items = []
    for spec in specs:
        readings = [parse_name(raw, form) for raw, form in _readings(name, spec)]
        readings = list(dict.fromkeys(readings))
        items.append(Item(readings[0], tuple(readings[1:]), spec.form, spec.strengths))
    return tuple(items)


def _readings(name: str, spec: FormSpec) -> Iterator[tuple[str, str]]:
    form, salt = spec.form, spec.salt
    for carrier in ("氯化钠", "葡萄糖"):
        if form == f"{carrier}注射液":
            yield name + carrier, "注射液"
            form = "注射液"
    if re.fullmatch(_NAMED, form):
        yield re.sub(r"\([^()]*[、和][^()]*\)$", "", form), "注射剂"
        return
    bare = re.sub(r"\(含[^()]*\)|\(腹腔用药\)", "", form)
    variants = re.search(r"\(([ⅠⅡⅢ、型]+)\)$", bare)
    if variants:
        bare = bare[: variants.start()]
    if salt and not salt.endswith(("盐", "钾", "钠", "钙")):
        yield from _derived(name, salt, bare)
    yield name, bare


def _derived(name: str, salt: str, form: str) -> Iterator[tuple[str, str]]:
    acid = re.sub("^(?:盐酸盐|含)", "", salt)
    if acid.startswith(name):
        yield acid, form
    elif acid.endswith("结合型"):
        yield f"{name}({acid})", form
    else:
        yield name + acid, form
        if acid.endswith("酯"):
            yield acid.removesuffix("酯") + name, form


def _chinese_items(name: str, specs: tuple[FormSpec, ...]) -> tuple[Item, ...]:
    """One item per name that the cell lists; its strengths are those of the form that the name ends in."""
    listed = [parse_name(each, chinese_medicine=True) for each in expand_names(name, chinese_medicine=True)]
    return tuple(Item(each, (), *_spec_of(each, listed, specs)) for each in listed)


_SAME_FORM = {
    "口服液": "合剂",
    "液": "合剂",
    "饮": "合剂",
    "水剂": "酊剂",
    "膏剂": "煎膏剂",
    "丹剂": "丸剂",
    "胶丸": "胶囊剂",
    "露剂": "糖浆剂",
}


def _spec_of(each: DrugName, listed: list[DrugName], specs: tuple[FormSpec, ...]) -> tuple[str, tuple[str, ...]]:
    if len(listed) == 1:
        strengths = tuple(s for spec in specs for s in spec.strengths) if len(specs) == 1 else ()
        return "、".join(spec.form for spec in specs), strengths
    wanted = {each.form_group, _SAME_FORM.get(each.form_group, "")}
    for spec in specs:
        if _chinese_group(spec.form) in wanted:
            return spec.form, spec.strengths
    return each.form, ()
