"""An application: complete or refused with every fault, answered, checked by somebody else, accepted with its findings."""

import datetime as dt

import pytest

from config.access import Permission, Role
from formulary.actions import applications
from formulary.actions.applications import Blocked
from formulary.actions.deputies import name_deputy
from formulary.models import Adjustment, Event, Presentation, RuleException
from formulary.queries.applications import applications as listed
from formulary.queries.applications import verbs_for, waiting_application_count
from formulary.queries.reach import scope_of
from formulary.rules.adjustment_life import Kind, MoveRefused, Verb
from formulary.rules.application import ApplicationFaults
from formulary.rules.attachments import FileRefused
from formulary.rules.who import NotAllowed
from tests.conftest import NOW, TODAY
from tests.formulary.governance import draft, govern, submitted

PDF = b"%PDF-1.7 evidence"


@pytest.fixture(autouse=True)
def sources(settings):
    """No stock and no prices in this small world unless a test brings them."""
    settings.EVIDENCE = {}


@pytest.fixture
def world(world):
    return govern(world)


def test_an_application_runs_from_draft_to_scoring_with_a_question_between(world):
    pharmacist, secretary = world.people[Role.PHARMACIST], world.people[Role.SECRETARY]
    row = submitted(world)
    assert row.number == "2026-001"
    applications.send_back(row, by=secretary, now=NOW, note="请说明与阿莫西林颗粒的差别")
    applications.edit(row, by=pharmacist, now=NOW, monthly_use=480)
    with pytest.raises(ApplicationFaults, match="请答复"):
        applications.submit(row, by=pharmacist, now=NOW)
    applications.submit(row, by=pharmacist, now=NOW, note="成人吞服方便")
    applications.accept(row, by=secretary, now=NOW)
    assert row.state == "scoring"
    assert [step.verb for step in row.steps.all()] == ["create", "submit", "return", "edit", "submit", "accept"]
    assert row.monthly_use == 480
    assert Event.objects.latest("number").verb == "形式审查通过调整申请"


def test_every_fault_is_told_at_once(world):
    row = draft(world, reason="短", indication="", monthly_use=None, interests="", department="", lowest_level="")
    with pytest.raises(ApplicationFaults) as told:
        applications.submit(row, by=row.applicant, now=NOW)
    assert told.value.faults == [
        "请选择最低使用级别",
        "请填写科室",
        "申请理由至少 10 个字",
        "请填写适应证",
        "请填写预计月用量",
        "请声明与生产、配送企业的利益关系，没有则写“无”",
    ]
    row.refresh_from_db()
    assert (row.state, row.facts) == ("draft", {})


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"code": "M1"}, "已在目录中"),
        ({"kind": Kind.REMOVE}, "目录中没有"),
        ({"kind": Kind.LEVEL, "code": "M1", "lowest_level": "基层"}, "已如所申请"),
        ({"kind": Kind.REPLACE}, "引一退一"),
        ({"reason": "患者身份证 320115199001011234 用过其他药无效"}, "身份证号"),
        ({"indication": "患者：张三丰 咽炎"}, "患者姓名"),
    ],
)
def test_what_does_not_fit_the_list_or_names_a_patient_is_refused(world, given, told):
    row = draft(world, **given)
    with pytest.raises(ApplicationFaults, match=told):
        applications.submit(row, by=row.applicant, now=NOW)


def test_the_evidence_is_frozen_with_its_day_and_the_findings_with_the_step(world):
    row = submitted(world)
    assert row.facts["on"] == TODAY.isoformat()
    assert row.facts["drug"]["title"] == "阿莫西林胶囊 0.25g"
    assert row.facts["use"] == {"total": 0, "places": []}
    codes = {finding["code"] for finding in row.steps.get(verb="submit").findings}
    assert codes == {"evaluation_missing", "class_unknown", "applicant_title"}


def test_who_wrote_it_does_not_check_it(world):
    secretary = world.people[Role.SECRETARY]
    row = submitted(world, by=secretary)
    with pytest.raises(NotAllowed, match="自己的申请"):
        applications.accept(row, by=secretary, now=NOW)
    assert applications.accept(row, by=world.office, now=NOW).state == "scoring"


def test_a_deputy_writes_on_behalf_and_is_not_the_checker_either(world):
    head, secretary = world.people[Role.HEAD], world.people[Role.SECRETARY]
    name_deputy(world.alliance, secretary, valid_from=TODAY, valid_to=TODAY, reason="出差", by=head, now=NOW)
    row = draft(world, at=world.h1, by=head)
    applications.submit(row, by=secretary, now=NOW)
    step = row.steps.get(verb="submit")
    assert (row.applicant, step.by, step.on_behalf_of) == (head, secretary, head)
    with pytest.raises(NotAllowed):
        applications.accept(row, by=secretary, now=NOW)


def test_a_deputy_of_the_secretary_checks_for_the_secretary(world):
    member, secretary = world.people[Role.COMMITTEE], world.people[Role.SECRETARY]
    row = submitted(world)
    with pytest.raises(NotAllowed):
        applications.accept(row, by=member, now=NOW)
    name_deputy(world.alliance, member, valid_from=TODAY, valid_to=TODAY, reason="培训", by=secretary, now=NOW)
    applications.accept(row, by=member, now=NOW)
    assert row.steps.get(verb="accept").on_behalf_of == secretary


def test_strangers_of_another_institution_change_nothing(world):
    row = draft(world, at=world.h1, by=world.people[Role.HEAD])
    for act in (applications.submit, applications.withdraw):
        with pytest.raises(NotAllowed):
            act(row, by=world.people[Role.PHARMACIST], now=NOW)
    with pytest.raises(NotAllowed):
        applications.create(
            world.alliance, kind=Kind.ADD, institution=world.h1, by=world.people[Role.PHARMACIST], now=NOW
        )


def test_a_hard_finding_stops_acceptance_until_an_exception_says_why(world):
    row = submitted(world, lowest_level="基层")
    Presentation.objects.filter(pk=world.drugs["M2"].pk).update(needs_cold_chain=True)
    world.alliance.institutions.filter(pk=world.t1.pk).update(cold_capacity=0)
    secretary = world.people[Role.SECRETARY]
    with pytest.raises(Blocked, match="湖熟没有冷藏条件"):
        applications.accept(row, by=secretary, now=NOW)
    with pytest.raises(Blocked):
        applications.accept(row, by=secretary, now=NOW, exceptions={"cold_chain": "  "})
    row.refresh_from_db()
    assert row.state == "submitted"
    assert not RuleException.objects.exists()
    applications.accept(row, by=secretary, now=NOW, exceptions={"cold_chain": "十二月前配齐冰箱", "spec_limit": "无关"})
    kept = row.exceptions.get()
    assert (kept.code, kept.reason, kept.by) == ("cold_chain", "十二月前配齐冰箱", secretary)
    assert "cold_chain" in {finding["code"] for finding in row.steps.get(verb="accept").findings}


def test_refusing_and_returning_need_words(world):
    row = submitted(world)
    secretary = world.people[Role.SECRETARY]
    for act in (applications.refuse, applications.send_back):
        with pytest.raises(MoveRefused, match="请写明"):
            act(row, by=secretary, now=NOW, note=" ")
    applications.refuse(row, by=secretary, now=NOW, note="超出诊疗科目")
    assert row.state == "refused"


def test_numbers_go_on_within_the_year(world):
    assert [draft(world).number for _ in range(3)] == ["2026-001", "2026-002", "2026-003"]


def test_an_unchanged_form_leaves_no_step(world):
    row = draft(world)
    applications.edit(row, by=row.applicant, now=NOW, department="全科")
    assert row.steps.count() == 1


@pytest.mark.parametrize(
    ("name", "content", "told"),
    [
        ("a.exe", b"MZ", "类型不能上传"),
        ("a.pdf", b"<html>", "内容不是 pdf"),
        ("a.pdf", b"", "空文件"),
        ("a.pdf", PDF + b"0" * 11 * 1024 * 1024, "应不大于 10 MB"),
        ("noname", PDF, "类型不能上传"),
    ],
)
def test_a_file_that_does_not_fit_is_refused_in_words(world, name, content, told, settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path
    row = draft(world)
    with pytest.raises(FileRefused, match=told):
        applications.attach(row, name, content, by=row.applicant, now=NOW)
    assert not row.files.exists()


def test_a_file_is_kept_with_its_checksum_under_a_name_that_nobody_gave(world, settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path
    row = draft(world)
    file = applications.attach(row, "../说明书.pdf", PDF, by=row.applicant, now=NOW)
    with file.file.open("rb") as kept:
        assert kept.read() == PDF
    assert "说明书" not in file.file.name
    assert len(file.sha256) == 64
    with pytest.raises(FileRefused, match="已经上传过"):
        applications.attach(row, "又一份.pdf", PDF, by=row.applicant, now=NOW)
    applications.submit(row, by=row.applicant, now=NOW)
    with pytest.raises(FileRefused, match="不能再加附件"):
        applications.attach(row, "新.pdf", PDF + b"2", by=row.applicant, now=NOW)


def test_the_buttons_are_what_the_person_may_do(world):
    row = submitted(world)
    shown = {role: {verb.value for verb in verbs_for(row, person, TODAY)} for role, person in world.people.items()}
    assert shown[Role.PHARMACIST] == {"withdraw"}
    assert shown[Role.SECRETARY] == {"accept", "return", "refuse"}
    assert all(not verbs for role, verbs in shown.items() if role not in (Role.PHARMACIST, Role.SECRETARY))


def test_drafts_are_seen_by_their_own_institution_only(world):
    own, other = draft(world), draft(world, at=world.h1, by=world.people[Role.HEAD])
    scope = scope_of(world.people[Role.PHARMACIST], Permission.SEE_GOVERNANCE)
    assert list(listed(scope)) == [own]
    applications.submit(other, by=other.applicant, now=NOW)
    assert set(listed(scope)) == {own, other}
    assert list(listed(scope, state="submitted")) == [other]
    assert list(listed(scope, words="阿莫西林", institution=world.t1.pk)) == [own]


def test_the_counter_tells_what_waits_for_a_person(world):
    row = submitted(world)
    assert waiting_application_count(world.people[Role.SECRETARY]) == 1
    assert waiting_application_count(world.people[Role.PHARMACIST]) == 0
    applications.send_back(row, by=world.people[Role.SECRETARY], now=NOW, note="请补充说明书")
    assert waiting_application_count(world.people[Role.SECRETARY]) == 0
    assert waiting_application_count(world.people[Role.PHARMACIST]) == 1


def test_a_replacement_names_what_it_drops_and_keeps_its_facts(world):
    row = submitted(world, kind=Kind.REPLACE, drops=world.drugs["M1"])
    assert row.facts["drops"]["drug"]["title"] == "氨氯地平片 5mg"
    assert row.facts["drops"]["drug"]["listed"] is True


def test_two_people_do_not_both_decide(world):
    row = submitted(world)
    stale = Adjustment.objects.get(pk=row.pk)
    applications.accept(row, by=world.people[Role.SECRETARY], now=NOW)
    with pytest.raises(MoveRefused):
        applications.refuse(stale, by=world.office, now=NOW + dt.timedelta(minutes=1), note="不符")
    assert Verb.REFUSE not in row.steps.values_list("verb", flat=True)
