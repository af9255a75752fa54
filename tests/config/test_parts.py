"""The parts pages are put together from."""

from types import SimpleNamespace

import pytest
from django import forms
from django.core.paginator import Paginator
from django.template import Context, Template, TemplateSyntaxError
from django.template.loader import render_to_string
from django.test import RequestFactory

from config.templatetags import parts
from formulary.models import JobState
from formulary.rules.tables import Fault


def drawn(source, **context):
    return Template(source).render(Context(context))


def test_every_state_of_a_job_has_its_words():
    assert {state: parts.STATES[state][1] for state in JobState.values} == dict(JobState.choices)


def test_text_from_people_is_escaped_in_badges_hints_and_panels():
    bad = "<script>x</script>"
    source = "{% badge t %}{% state t %}{% panel title=t %}{{ t }}{% endpanel %}{% hint %}{{ t }}{% endhint %}"
    assert bad not in drawn(source, t=bad)
    assert drawn(source, t=bad).count("&lt;script&gt;") == 5


def test_unknown_tone_is_refused_at_once():
    with pytest.raises(TemplateSyntaxError, match="pink"):
        drawn('{% badge "基药" tone="pink" %}')


def test_empty_word_draws_no_badge():
    assert drawn('{% badge "" %}') == ""


def test_panel_and_hint_keep_what_they_hold():
    page = drawn('{% panel title="库存" %}<b>7</b>{% hint %}七<i>日</i>{% endhint %}{% endpanel %}')
    assert "<h2>库存</h2>" in page
    assert "<b>7</b>" in page
    assert '<div class="bubble">七<i>日</i></div>' in page


def test_line_of_numbers_breaks_where_a_number_is_missing():
    assert parts.sparkline([1, 2, None, 3, 4]).count("M") == 2


def test_line_of_equal_numbers_and_of_none_can_be_drawn():
    assert "<path" in parts.sparkline([5, 5, 5])
    assert "—" in parts.sparkline([None, None])


def test_pager_keeps_the_query_and_goes_to_the_asked_page():
    request = RequestFactory().get("/x/", {"q": "氨氯地平", "page": "3"})
    page = Paginator(range(100), 10).page(3)
    text = render_to_string("components/_pager.html", {"page": page}, request)
    assert "第 21–30 条，共 100 条" in text
    assert "?q=%E6%B0%A8%E6%B0%AF%E5%9C%B0%E5%B9%B3&amp;page=4" in text
    assert '<span aria-current="page">3</span>' in text


def test_single_page_needs_no_pager():
    page = Paginator(range(3), 10).page(1)
    assert render_to_string("components/_pager.html", {"page": page}, RequestFactory().get("/")).strip() == ""


def test_list_of_faults_names_every_place_and_value():
    faults = [Fault("库存", 12, "数量", "12盒", "应为整数"), Fault("消耗", None, "日期", "", "缺少这一列")]
    text = render_to_string("components/faults.html", {"faults": faults})
    for word in ("共 2 处", "库存", "12盒", "应为整数", "缺少这一列", "（空）"):
        assert word in text


def job(**changes):
    fields = {"pk": 7, "title": "计划", "state": "running", "progress": 60, "note": "", "is_over": False}
    return SimpleNamespace(**fields | {"finished_at": None, "started_at": None, "created_at": None} | changes)


def test_running_job_asks_again_and_a_finished_one_does_not():
    running = render_to_string("components/job.html", {"job": job(), "poll_url": "/j/7/", "result_url": "/r/"})
    assert 'hx-get="/j/7/"' in running
    assert "/r/" not in running
    over = job(state="done", is_over=True, progress=100)
    done = render_to_string("components/job.html", {"job": over, "poll_url": "/j/7/", "result_url": "/r/"})
    assert "hx-get" not in done
    assert 'href="/r/"' in done


class Wish(forms.Form):
    name = forms.CharField(label="名称", help_text="不超过 40 字")
    q = forms.CharField(label="搜索", required=False, widget=forms.SearchInput)


def test_field_ties_label_help_and_error_to_the_input():
    form = Wish({"name": ""})
    text = render_to_string("components/form.html", {"form": form})
    assert '<label for="id_name">' in text
    assert 'aria-describedby="id_name_helptext id_name_error"' in text
    assert 'id="id_name_helptext"' in text
    assert 'id="id_name_error"' in text
    assert 'class="field search"' in text


def test_filters_are_live_only_with_a_target():
    request = RequestFactory().get("/alerts/")
    live = render_to_string("components/filters.html", {"form": Wish(), "target": "#rows"}, request)
    plain = render_to_string("components/filters.html", {"form": Wish()}, request)
    assert 'hx-target="#rows"' in live
    assert "hx-" not in plain
