"""Which span to replay, and how many warnings a pharmacist can handle."""

import datetime as dt

from django import forms

DATE = forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
LONGEST_DAYS, NIGHTLY_DAYS = 730, 91


class ReplayForm(forms.Form):
    first = forms.DateField(label="自", widget=DATE, error_messages={"required": "请填写起始日", "invalid": "应为日期"})
    last = forms.DateField(label="至", widget=DATE, error_messages={"required": "请填写截止日", "invalid": "应为日期"})
    step_days = forms.TypedChoiceField(
        label="间隔", coerce=int, choices=[(1, "每天（定阈值用，3 个月以内）"), (7, "每周一夜（快，看长期）")]
    )

    def __init__(self, *args, newest=None, **kwargs):
        super().__init__(*args, **kwargs)
        self.newest = newest

    def clean(self):
        first, last = self.cleaned_data.get("first"), self.cleaned_data.get("last")
        if not first or not last:
            return self.cleaned_data
        if first > last:
            self.add_error("first", f"应不晚于截止日 {last}")
        elif self.newest and last > self.newest:
            self.add_error("last", f"应不晚于已有数据的最后一天 {self.newest}")
        elif (last - first).days > (LONGEST_DAYS if self.cleaned_data.get("step_days") == 7 else NIGHTLY_DAYS + 1):
            self.add_error("first", "时间太长：每周最多 730 天，每天最多 92 天")
        return self.cleaned_data


class BudgetForm(forms.Form):
    """A GET form: how many new warnings a pharmacist can handle in a day."""

    per_day = forms.FloatField(label="每位药师每天能处理几条", min_value=0.01, max_value=1000, required=False)


class AdoptForm(forms.Form):
    threshold = forms.FloatField(min_value=0.05, max_value=0.95)


def span_of(newest):
    """Three months of nights that end two weeks before the newest data, so that every window is over."""
    last = newest - dt.timedelta(days=14)
    return {"first": last - dt.timedelta(days=NIGHTLY_DAYS), "last": last, "step_days": 1}
