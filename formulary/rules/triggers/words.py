"""Words that several triggers share."""

from __future__ import annotations

from formulary.rules.triggers.kinds import Drug, Edition


def source(edition: Edition) -> tuple[tuple[str, str], ...]:
    """Where a list finding comes from."""
    begins = f"{edition.valid_from} 起"
    named = f"{edition.title}（{edition.document}）" if edition.document else edition.title
    pairs = (("依据", named), ("施行", begins))
    return (*pairs, ("比较", f"与前一版 {edition.before}")) if edition.before else pairs


def monthly(drug: Drug, label: str = "月均用量") -> tuple[str, str]:
    """Mean monthly use in the alliance, or that no month is known."""
    if not drug.use:
        return (label, "没有用量数据")
    return (label, f"{drug.monthly:,} {drug.unit}（近 {len(drug.use)} 个月）")
