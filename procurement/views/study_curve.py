"""The trade-off curve as points of a small drawing made on the server: money to the right, coverage upwards."""

from decimal import Decimal

from config.templatetags.figures import pct, wan
from procurement.rules.outcomes import covered_share, room

WIDTH, HEIGHT = 640, 260
NEAR = 14
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
        }
        for spend, share, trial in rows
    ]
    previous = None
    for point in points:
        point["each"] = worth(previous, point)
        previous = point
    return {
        "points": points,
        "marks": marks(points),
        "path": " ".join(f"{'L' if k else 'M'}{p['x']:.1f} {p['y']:.1f}" for k, p in enumerate(points)),
        "across": [
            {"at": across(v), "text": wan(v), "anchor": anchor}
            for v, anchor in {spends[-1]: "end", spends[0]: "start"}.items()
        ],
        "up": [{"at": up(v), "text": pct(v)} for v in dict.fromkeys((min(shares), max(shares)))],
        "box": {"w": WIDTH, "h": HEIGHT, "left": LEFT, "right": WIDTH - RIGHT, "top": TOP, "bottom": HEIGHT - BOTTOM},
    }


def marks(points):
    """What is written beside the points: one mark for points that fall together, the first one below the line."""
    found = []
    for point in points:
        near = found and abs(point["x"] - found[-1]["x"]) < NEAR and abs(point["y"] - found[-1]["y"]) < NEAR
        if near:
            found[-1]["text"] += f"、{point['label']}"
        else:
            found.append({"x": point["x"], "y": point["y"], "text": point["label"]})
    for place, mark in enumerate(found):
        last = place == len(found) - 1
        mark["anchor"] = "start" if place == 0 else "end" if last else "middle"
        mark["dx"], mark["dy"] = (10, 16) if place == 0 and not last else (0, -11)
    return found


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
