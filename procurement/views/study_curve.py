"""The trade-off curve as points of a small drawing made on the server: money to the right, coverage upwards."""

from decimal import Decimal

from config.templatetags.figures import pct, wan
from procurement.rules.outcomes import covered_share, room

WIDTH, HEIGHT = 640, 260
LEFT, RIGHT, TOP, BOTTOM = 64, 28, 30, 44


def curve(trials):
    """Points with their words, ticks of both axes, the line through them; coordinates in the drawing's own units."""
    rows = sorted(
        ((float(Decimal(t.outcome["spend"])), covered_share(t.outcome) or 0.0, t) for t in trials), key=lambda r: r[:2]
    )
    spends, shares = [row[0] for row in rows], [row[1] for row in rows]
    across = scale(min(spends), max(spends), LEFT, WIDTH - RIGHT)
    up = scale(min(shares), max(shares), HEIGHT - BOTTOM, TOP)
    points = [
        {
            "x": across(spend),
            "y": up(share),
            "label": trial.name.removeprefix("预算 "),
            "spend": trial.outcome["spend"],
            "share": share,
            "suppliers": trial.outcome["suppliers"],
            "unmet": len(trial.outcome["unmet"]),
            "room": room(trial.outcome),
            "end": "end" if across(spend) > WIDTH - 90 else "middle" if across(spend) > LEFT + 30 else "start",
        }
        for spend, share, trial in rows
    ]
    previous = None
    for point in points:
        point["each"] = worth(previous, point)
        previous = point
    return {
        "points": points,
        "path": " ".join(f"{'L' if k else 'M'}{p['x']:.1f} {p['y']:.1f}" for k, p in enumerate(points)),
        "across": [{"at": across(v), "text": wan(v)} for v in dict.fromkeys((spends[0], spends[-1]))],
        "up": [{"at": up(v), "text": pct(v)} for v in dict.fromkeys((min(shares), max(shares)))],
        "box": {"w": WIDTH, "h": HEIGHT, "left": LEFT, "right": WIDTH - RIGHT, "top": TOP, "bottom": HEIGHT - BOTTOM},
    }


def worth(before, point):
    """Percentage points of coverage that ten thousand yuan more bought on the way to this point; None on level ground."""
    if before is None:
        return None
    money = (float(point["spend"]) - float(before["spend"])) / 10_000
    return (point["share"] - before["share"]) * 100 / money if money > 0.01 else None


def scale(low, high, start, end):
    """Linear from values to the drawing; a single value stands in the middle."""
    if high - low < 1e-9:
        return lambda _: (start + end) / 2
    return lambda value: start + (value - low) / (high - low) * (end - start)
