"""Forms of purchase rounds, orders and payments."""

import datetime as dt
from decimal import Decimal

from django import forms

from formulary.rules.tables import clean
from procurement.forms import SEARCH, Choice, FilterForm
from procurement.rules import acceptance, needs
from procurement.rules import orders as order_rules
from procurement.rules import rounds as round_rules

DAY = {"widget": forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")}


class RoundFilter(FilterForm):
    words = forms.CharField(label="名称", required=False, widget=forms.TextInput(attrs={"type": "search"}))
    state = Choice("状态", "全部状态", list(round_rules.STATE_NAMES.items()))


class RoundForm(forms.Form):
    title = forms.CharField(label="轮次名称", max_length=120)
    tender = forms.ModelChoiceField(
        label="采购范围",
        queryset=None,
        required=False,
        empty_label="常规采购：全部在用品规",
        help_text="选一个集采批次时，只报该批次有约定量的品规，约定量按批次执行期折算。",
    )
    start = forms.DateField(label="采购期起始日", **DAY)
    end = forms.DateField(label="采购期终止日", **DAY)
    due = forms.DateField(label="报量截止日", help_text="各机构在此日前核对并上报；逾期可按预测代入并写明原因。", **DAY)

    def __init__(self, *args, tenders, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["tender"].queryset = tenders


class NoteForm(forms.Form):
    note = forms.CharField(label="说明", required=False, max_length=300, widget=forms.Textarea(attrs={"rows": 2}))


class OptimiseForm(forms.Form):
    """The few settings of a round's plan; everything else follows the dated rules."""

    total_budget = forms.DecimalField(
        label="本轮总预算（元）",
        required=False,
        min_value=Decimal(0),
        max_digits=14,
        decimal_places=2,
        help_text="留空则按预算表。",
    )
    time_limit = forms.TypedChoiceField(
        label="求解时限",
        coerce=int,
        choices=[(30, "30 秒（试算）"), (120, "2 分钟"), (300, "5 分钟"), (600, "10 分钟")],
    )


class ReportFilter(FilterForm):
    words = forms.CharField(label="药品", required=False, widget=SEARCH)
    show = Choice(
        "显示",
        "全部品规",
        [("bare", "未说明的"), ("asked", "须说明的"), ("changed", "改动过的"), ("bought", "报量大于 0 的")],
    )


class LineFilter(FilterForm):
    words = forms.CharField(label="药品", required=False, widget=SEARCH)
    institution = Choice("机构", "全部机构")
    show = Choice("显示", "全部采购行", [("disputed", "有异议待答复"), ("changed", "与计划不同的")])


class DisputeForm(forms.Form):
    wanted = forms.IntegerField(label="希望包数", min_value=0, max_value=2_000_000_000)
    reason = forms.CharField(label="理由", max_length=200)


class AnswerForm(forms.Form):
    accepted = forms.TypedChoiceField(
        label="决定", coerce=lambda value: value == "yes", choices=[("yes", "采纳"), ("no", "不采纳")]
    )
    words = forms.CharField(label="答复", required=False, max_length=200)


class DecideForm(forms.Form):
    note = forms.CharField(label="审批意见", required=False, max_length=300, widget=forms.Textarea(attrs={"rows": 2}))
    agreed = forms.TypedChoiceField(
        coerce=lambda value: value == "yes", choices=[("yes", "同意"), ("no", "退回")], widget=forms.HiddenInput
    )


class OrderFilter(FilterForm):
    words = forms.CharField(
        label="订单", required=False, widget=forms.TextInput(attrs={"type": "search", "placeholder": "订单号或供应商"})
    )
    state = Choice("状态", "全部状态", list(order_rules.STATE_NAMES.items()))
    supplier = Choice("供应商", "全部供应商")


class PayableFilter(FilterForm):
    state = Choice("状态", "全部", [("overdue", "逾期未付"), ("open", "未付"), ("paid", "已付")])
    supplier = Choice("供应商", "全部供应商")
    institution = Choice("机构", "全部机构")


class PayForm(forms.Form):
    paid_on = forms.DateField(label="付款日", **DAY)
    voucher = forms.CharField(label="凭证号", required=False, max_length=60)


class ReceiveForm(forms.Form):
    arrived_on = forms.DateField(label="到货日", **DAY)
    slip = forms.CharField(label="随货单号", required=False, max_length=60)


class FileForm(forms.Form):
    file = forms.FileField(label="报量表", widget=forms.ClearableFileInput(attrs={"accept": ".xlsx,.xls,.csv"}))


REASON_CHOICES = [("", "—"), *((reason, reason) for reason in acceptance.REASONS)]
NEED_REASONS = needs.REASONS


def need_values(post):
    """(line id → (quantity, reason), line id → fault) from the fields q_<id> and r_<id> of a page."""
    given, faults = {}, {}
    for name, raw in post.items():
        if not name.startswith("q_") or not name[2:].isdigit():
            continue
        pk, text = int(name[2:]), clean(raw).replace(",", "")
        if text.isdecimal() and len(text) <= 10 and int(text) <= 2_000_000_000:
            given[pk] = (int(text), post.get(f"r_{pk}", ""))
        else:
            faults[pk] = f"“{raw}”应为不小于 0 的整数（最小单位）"
    return given, faults


def came_values(post, line_ids):
    """Per order line its one or two batches as written at the door, and faults in words by line id."""
    found, faults = {}, {}
    for pk in line_ids:
        for part in ("a", "b"):
            cells = {
                name: post.get(f"{name}_{part}_{pk}", "").strip()
                for name in ("came", "refused", "batch", "expiry", "reason", "note")
            }
            if not cells["came"]:
                continue
            try:
                one = acceptance.Came(
                    delivered=_whole(cells["came"]),
                    refused=_whole(cells["refused"] or "0"),
                    open_packs=0,
                    batch=cells["batch"][:40],
                    expiry=dt.date.fromisoformat(cells["expiry"]) if cells["expiry"] else None,
                    reason=cells["reason"] if cells["reason"] in acceptance.REASONS else "",
                    note=cells["note"][:200],
                )
            except ValueError:
                faults[pk] = "到货与拒收应为不小于 0 的整数，有效期应为日期"
                continue
            found.setdefault(pk, []).append(one)
    return found, faults


def _whole(text):
    number = int(clean(text).replace(",", ""))
    if not 0 <= number <= 2_000_000_000:
        raise ValueError(text)
    return number
