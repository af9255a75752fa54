"""Files of prescription counts: read whole or refused with every fault."""

import datetime as dt

import pytest

from formulary.rules.prescriptions import Counted, quarter, read
from formulary.rules.tables import DataRefused

SITES = {"H1": 1, "T1": 2}
HEAD = "机构编码,季度,处方总数,含基药处方数\n"


def take(text, reach=(1, 2)):
    return read((HEAD + text).encode(), name="处方.csv", institutions=SITES, reach=frozenset(reach))


def test_counts_by_institution_and_quarter():
    assert take('H1,2026Q3,"1,200",900\nT1,2026年第3季度,80,80\n') == [
        Counted(1, dt.date(2026, 7, 1), 900, 1200),
        Counted(2, dt.date(2026, 7, 1), 80, 80),
    ]


@pytest.mark.parametrize("text", ["2026Q4", "2026年第4季度", "2026年第四季度", "2026-4", "2026 q4"])
def test_quarters_as_people_write_them(text):
    assert quarter(text) == dt.date(2026, 10, 1)


@pytest.mark.parametrize("text", ["", "2026Q5", "2026", "第三季度", "2026-10"])
def test_other_words_are_no_quarter(text):
    assert quarter(text) is None


def test_every_fault_is_told_with_its_place():
    with pytest.raises(DataRefused) as refused:
        take("X9,2026Q3,10,1\nH1,下季,10,1\nH1,2026Q3,0,1\nH1,2026Q3,10,11\nT1,2026Q3,10,-1\n", reach=(1,))
    told = [(fault.row, fault.column, fault.value) for fault in refused.value.faults]
    assert told == [
        (2, "机构编码", "X9"),
        (3, "季度", "下季"),
        (4, "处方总数", "0"),
        (5, "含基药处方数", "11"),
        (6, "机构编码", "T1"),
        (6, "含基药处方数", "-1"),
    ]


def test_the_same_quarter_twice_and_no_rows_are_refused():
    with pytest.raises(DataRefused, match="一行"):
        take("H1,2026Q3,10,1\nH1,2026Q3,10,2\n")
    with pytest.raises(DataRefused, match="没有数据行"):
        take("")
    with pytest.raises(DataRefused, match="应有列"):
        read("甲,乙\n1,2\n".encode(), name="处方.csv", institutions=SITES, reach=frozenset())
