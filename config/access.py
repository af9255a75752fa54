"""Who may do what: roles × permissions in one table. Imports no app; changing it is a reviewable diff."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol


class Permission(StrEnum):
    """One question each; pages, actions and the API ask nothing else."""

    SEE_HOME = "see_home"
    SEE_DRUGS = "see_drugs"
    SEE_FORMULARY = "see_formulary"
    SEE_GOVERNANCE = "see_governance"
    PROPOSE = "propose"
    CHECK_PROPOSALS = "check_proposals"
    REQUEST_DRUGS = "request_drugs"
    ANSWER_REQUESTS = "answer_requests"
    SCORE = "score"
    RUN_MEETINGS = "run_meetings"
    VOTE = "vote"
    OBJECT = "object"
    DECIDE_SUBSETS = "decide_subsets"
    CONFIRM_NOTICES = "confirm_notices"
    PUBLISH_FORMULARY = "publish_formulary"
    MANAGE_COMMITTEE = "manage_committee"
    IMPORT_LISTS = "import_lists"
    DECIDE_MATCHES = "decide_matches"
    SEE_STOCK = "see_stock"
    IMPORT_STOCK = "import_stock"
    SEE_ALERTS = "see_alerts"
    HANDLE_ALERTS = "handle_alerts"
    RUN_WATCH = "run_watch"
    SET_THRESHOLDS = "set_thresholds"
    SEE_TRANSFERS = "see_transfers"
    PLAN_TRANSFERS = "plan_transfers"
    SIGN_TRANSFERS = "sign_transfers"
    MOVE_TRANSFERS = "move_transfers"
    SET_RESERVE = "set_reserve"
    KEEP_RESERVE = "keep_reserve"
    APPROVE_RELEASE = "approve_release"
    MANAGE_SHORTAGE = "manage_shortage"
    SEE_PLANS = "see_plans"
    RUN_PLANS = "run_plans"
    REPORT_NEED = "report_need"
    APPROVE_PLANS = "approve_plans"
    RECEIVE_GOODS = "receive_goods"
    SEE_JOBS = "see_jobs"
    SEE_HISTORY = "see_history"
    ADMINISTER = "administer"


class Scope(StrEnum):
    """Whether a role reaches all institutions of its alliance or only its own."""

    ALLIANCE = "alliance"
    INSTITUTION = "institution"


@dataclass(frozen=True)
class RoleRow:
    label: str
    description: str
    scope: Scope
    permissions: frozenset[Permission]


P = Permission
_EVERYONE = frozenset({P.SEE_HOME, P.SEE_DRUGS, P.SEE_FORMULARY})
_READER = _EVERYONE | {P.SEE_GOVERNANCE, P.SEE_STOCK, P.SEE_ALERTS, P.SEE_TRANSFERS, P.SEE_PLANS}
_TRANSFERS = frozenset({P.PLAN_TRANSFERS, P.SIGN_TRANSFERS, P.MOVE_TRANSFERS})


class Role(StrEnum):
    COMMITTEE = "committee"
    SECRETARY = "secretary"
    PROCUREMENT = "procurement"
    PHARMACIST = "pharmacist"
    HEAD = "head"
    AUDITOR = "auditor"
    BUREAU = "bureau"
    ADMINISTRATOR = "administrator"


ROLES: dict[Role, RoleRow] = {
    Role.COMMITTEE: RoleRow(
        "药事委员",
        "药事管理与药物治疗学委员会委员，评议并维护统一用药目录，审批采购轮次",
        Scope.ALLIANCE,
        _READER | {P.PROPOSE, P.SCORE, P.VOTE, P.APPROVE_PLANS},
    ),
    Role.SECRETARY: RoleRow(
        "委员会秘书",
        "委员会办公室，导入政策目录、处理名称匹配、准备会议，管理短缺专案",
        Scope.ALLIANCE,
        _READER
        | {P.IMPORT_LISTS, P.DECIDE_MATCHES, P.SEE_HISTORY, P.SEE_JOBS, P.SET_THRESHOLDS, P.RUN_WATCH}
        | {P.PROPOSE, P.CHECK_PROPOSALS, P.RUN_MEETINGS, P.PUBLISH_FORMULARY, P.MANAGE_COMMITTEE}
        | {P.ANSWER_REQUESTS, P.DECIDE_SUBSETS, P.MANAGE_SHORTAGE},
    ),
    Role.PROCUREMENT: RoleRow(
        "采购员",
        "医共体采购中心，编制并优化采购计划，管理储备与短缺专案",
        Scope.ALLIANCE,
        _READER
        | {P.RUN_PLANS, P.SEE_JOBS, P.IMPORT_STOCK, P.RUN_WATCH, P.PROPOSE, P.PLAN_TRANSFERS, P.ANSWER_REQUESTS}
        | {P.SET_THRESHOLDS, P.SET_RESERVE, P.APPROVE_RELEASE, P.MANAGE_SHORTAGE},
    ),
    Role.PHARMACIST: RoleRow(
        "药师",
        "成员机构药房，上报库存、用量与采购需求，收货验收，处置缺药预警，办理调剂",
        Scope.INSTITUTION,
        _READER
        | _TRANSFERS
        | {P.IMPORT_STOCK, P.HANDLE_ALERTS, P.PROPOSE, P.OBJECT, P.CONFIRM_NOTICES}
        | {P.REPORT_NEED, P.RECEIVE_GOODS, P.REQUEST_DRUGS, P.KEEP_RESERVE},
    ),
    Role.HEAD: RoleRow(
        "机构负责人",
        "成员机构负责人，确认本机构采购和机构目录，可提出调整申请与异议，可代表本机构签字调剂；牵头机构负责人审批大额采购",
        Scope.INSTITUTION,
        _READER
        | {P.PROPOSE, P.OBJECT, P.CONFIRM_NOTICES, P.SIGN_TRANSFERS, P.APPROVE_RELEASE}
        | {P.REPORT_NEED, P.APPROVE_PLANS, P.REQUEST_DRUGS, P.DECIDE_SUBSETS},
    ),
    Role.AUDITOR: RoleRow(
        "审计员", "查看全部记录并核验操作链，不能修改", Scope.ALLIANCE, _READER | {P.SEE_HISTORY, P.SEE_JOBS}
    ),
    Role.BUREAU: RoleRow("卫生健康局", "主管部门，查看医共体目录、短缺与采购执行", Scope.ALLIANCE, _READER),
    Role.ADMINISTRATOR: RoleRow(
        "系统管理员",
        "维护账号、机构与主数据，不参与业务决定",
        Scope.ALLIANCE,
        _EVERYONE | {P.ADMINISTER, P.SEE_JOBS, P.SEE_HISTORY},
    ),
}
ALLIANCE_ROLES = frozenset(role for role, row in ROLES.items() if row.scope is Scope.ALLIANCE)
INSTITUTION_ROLES = frozenset(ROLES) - ALLIANCE_ROLES


class HasRoles(Protocol):
    """What the table needs to know of a person."""

    @property
    def roles(self) -> Iterable[str]: ...


def can(person: HasRoles, permission: Permission) -> bool:
    """May this person do it anywhere? Where (which institutions) is `formulary.queries.scope_of`."""
    return any(permission in ROLES[Role(role)].permissions for role in person.roles)


def roles_with(permission: Permission) -> frozenset[Role]:
    return frozenset(role for role, row in ROLES.items() if permission in row.permissions)
