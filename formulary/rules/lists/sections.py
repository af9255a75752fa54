"""The parts (部分) of a list that a later edition replaces one by one, and the tables that stand beside a list.

A later 医保目录 file without 饮片 leaves the 饮片 of the earlier one in force; the 饮片 file alone hides no western drug. So every
stored row knows its part, by one name whatever words the year's file uses.
"""

from __future__ import annotations

import re

from formulary.rules.tables import clean

WESTERN = "西药"
CHINESE = "中成药"
PIECES = "饮片"
BIDS = "申报"
DERIVED = "推导"
# Tables of their own under a list's kind: a file of the list itself says nothing of their rows.
BESIDE = frozenset({PIECES, BIDS, DERIVED})
# A table that somebody derived from a list is stored as an edition of its own, never as the list.
EDITION_SUFFIX = {DERIVED: "（品种×剂型推导）"}
NOTES = {
    PIECES: "饮片按名称整行保存，不对应西药和中成药品种，不影响药品状态",
    BIDS: "申报表的每一行都已保存；“非中选”的申报不计为中选",
    DERIVED: "此文件是由目录推导的“品种×剂型”表，非官方目录：另立版本逐行保存供核对，不参与药品状态",
}
_LOST = re.compile(r"非|未|落|流|弃|废")


def part_of(words: str) -> str:
    """西药, 中成药, 饮片, 谈判西药, 竞价中成药 …: the one name of what a file calls "协议期内谈判药品部分-中成药".

    Words that name none of them are their own part.
    """
    text = clean(words)
    if PIECES in text:
        return PIECES
    way = next((way for way in ("谈判", "竞价", "商保", "商业健康保险") if way in text), "")
    if CHINESE in text:
        return way + CHINESE
    if way or any(word in text for word in (WESTERN, "化学药", "生物制品")):
        return way + WESTERN
    return text[:40]


def is_win(category: str) -> bool:
    """Is a row of 集采 with this 类别 a win (中选, 主供, 备供)? 非中选, 未中选, 流标, 非主品规 are not."""
    return _LOST.match(category) is None
