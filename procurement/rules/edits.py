"""What the audit of an edited plan means for the round: broken rules need words, worse goals are warnings. Pure.

The audit is the JSON that `procurement.round_audit` keeps on the round: `changed` lines, `checks` (rule, checked, broken,
worst), `worse` goals (name, before, after), `spend_before` and `spend_after` as text in yuan.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def broken_rules(audit: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Checks that fail on the edited lines; none for lines that were not changed."""
    return [check for check in audit.get("checks", []) if check["broken"]]


def broken_in_words(audit: Mapping[str, Any]) -> str:
    """机构预算 1 处、起订包数 2 处; "" when every rule holds."""
    return "、".join(f"{check['rule']} {check['broken']} 处" for check in broken_rules(audit))


def refusal(audit: Mapping[str, Any], note: str) -> str:
    """Why the edited plan may not pass without words ("" = it may)."""
    words = broken_in_words(audit)
    if not words or note.strip():
        return ""
    return f"修改后的采购行不符合规则：{words}。如仍同意，请写明理由"
