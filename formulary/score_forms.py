"""A score sheet as a page: its rows in order, what was filled in beforehand, and what was typed."""

from dataclasses import dataclass
from decimal import Decimal, InvalidOperation

from django import forms

from formulary.models import ScoreTemplate
from formulary.rules.scorecard import Answer, How, ScoreRefused, points_of, prefilled


@dataclass
class Line:
    """One item on the page; `number` names its fields."""

    number: int
    item: object
    answer: Answer
    known: Answer | None
    source: str
    fault: str = ""

    @property
    def changed(self):
        return self.known is not None and self.answer.given and bool(self.answer.reason)

    @property
    def earned(self):
        try:
            return points_of(self.item, self.answer)
        except ScoreRefused:
            return None


class SheetForm:
    """`answers` of what was posted (or stored, or known beforehand); `faults` by item key."""

    def __init__(self, template, *, facts, words, stored=None, data=None):
        self.template, self.facts, self.words = template, facts, words
        self.known = prefilled(template, words)
        self.faults = {}
        numbers = {item.key: number for number, item in enumerate(template.items)}
        self.numbers = numbers
        if data is not None:
            self.answers = {item.key: self._posted(item, numbers[item.key], data) for item in template.items}
        else:
            self.answers = stored if stored else dict(self.known)

    def is_valid(self):
        return not self.faults

    @property
    def dimensions(self):
        return [(one, [self._line(item) for item in one.items]) for one in self.template.dimensions]

    def _line(self, item):
        fact = {How.COST: "日费用"}.get(item.how) or {
            "基本药物": "基药",
            "集中带量采购": "集采",
            "贮藏温度": "贮藏",
        }.get(item.label, item.label)
        row = self.facts.get("费用位置" if item.label == "日费用" else fact, {})
        source = f"{row['value']}（{row['source']}）" if row and item.key in self.known else ""
        return Line(
            self.numbers[item.key],
            item,
            self.answers.get(item.key, Answer()),
            self.known.get(item.key),
            source,
            self.faults.get(item.key, ""),
        )

    def _posted(self, item, number, data):
        option = data.get(f"option-{number}", "")
        answer = Answer(
            option=int(option) if option.isdecimal() and len(option) < 4 else None,
            value=self._number(item, data.get(f"value-{number}", "")),
            own=self._number(item, data.get(f"own-{number}", "")),
            lowest=self._number(item, data.get(f"lowest-{number}", "")),
            reason=data.get(f"reason-{number}", "")[:200],
        )
        try:
            points_of(item, answer)
        except ScoreRefused as refused:
            self.faults[item.key] = str(refused)
            return Answer(reason=answer.reason)
        return answer

    def _number(self, item, text):
        if not text.strip():
            return None
        try:
            value = Decimal(text.strip())
        except InvalidOperation:
            value = Decimal("NaN")
        if not value.is_finite() or abs(value) >= Decimal(10) ** 9:
            self.faults[item.key] = f"{item.label}：值“{text.strip()[:20]}”有误，应为数"
            return None
        return value


class TemplateFileForm(forms.Form):
    form = forms.ChoiceField(label="适用", choices=ScoreTemplate.Form.choices)
    title = forms.CharField(label="名称", max_length=120)
    source = forms.CharField(label="依据", max_length=200, required=False, help_text="指南、文号或会议决议")
    file = forms.FileField(label="评分表文件", widget=forms.FileInput(attrs={"accept": ".xlsx,.xls,.csv"}))


class SkipForm(forms.Form):
    reason = forms.CharField(label="不评分的理由", max_length=300, widget=forms.Textarea(attrs={"rows": 2}))
