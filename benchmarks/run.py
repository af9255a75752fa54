"""`make bench`: every benchmark in a process of its own, printed as ratios, written to var/bench.json.

    python -m benchmarks.run [part …]      BENCH_WATCH=5x2000 for a smaller alliance in the watch

Pages, requests and the watch need the demonstration alliance; it is made once in var/bench, beside the working database.
"""

from __future__ import annotations

import json
import os
import platform
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

NAMES = ("forecast", "watch", "plan", "pages", "governance", "api")
ON_DEMONSTRATION = frozenset({"watch", "pages", "api"})
OUT = Path("var/bench.json")
PLACE = Path("var/bench")
DEMONSTRATION = (
    ("migrate", "--verbosity", "0"),
    ("load_demo",),
    ("watch",),
    ("plan_alliance", "--time-limit", "20", "--out", str(PLACE / "plan.xlsx")),
)
CHILD = "import json,sys; from benchmarks.{0} import run; json.dump(run(), open(sys.argv[1], 'w'), ensure_ascii=False)"


def main() -> int:
    OUT.parent.mkdir(exist_ok=True)
    load = os.getloadavg()[0]
    results: dict = {"machine": {"cores": os.cpu_count(), "python": platform.python_version(), "load": round(load, 2)}}
    print(f"{os.cpu_count()} 核，开始时负载 {load:.1f}")
    wanted = sys.argv[1:] or NAMES
    if ON_DEMONSTRATION & set(wanted):
        _demonstration()
    for name in wanted:
        began = time.perf_counter()
        part = OUT.with_name(f"bench-{name}.json")
        done = subprocess.run([sys.executable, "-c", CHILD.format(name), str(part)], check=False, env=_place())
        found = json.loads(part.read_text(encoding="utf-8")) if done.returncode == 0 else None
        results[name] = found or {"failed": True}
        print(f"\n== {name}（{time.perf_counter() - began:.0f} 秒）")
        for line in _lines(results[name]):
            print(f"  {line}")
    OUT.write_text(json.dumps(results, ensure_ascii=False, indent=1), encoding="utf-8")
    failed = [name for name in wanted if "'failed': True" in str(results[name])]
    print(f"\n已写入 {OUT}" + (f"；失败：{'、'.join(failed)}" if failed else ""))
    return int(bool(failed))


def _place() -> dict[str, str]:
    """Figures never touch the working database; DATABASE_URL still chooses another one."""
    return os.environ | {"YAOHENG_VAR": str(PLACE.resolve())}


def _demonstration() -> None:
    """A second run starts from what is there."""
    (PLACE / "static").mkdir(parents=True, exist_ok=True)
    for command in DEMONSTRATION:
        done = subprocess.run(
            [sys.executable, "manage.py", *command], check=False, env=_place(), capture_output=True, text=True
        )
        if done.returncode:
            raise SystemExit(f"演示数据没有装好（{command[0]}）：\n{done.stdout}{done.stderr}")


def _lines(found: dict, above: str = "") -> Iterator[str]:
    """One line for each thing measured, its figures side by side."""
    figures = {key: value for key, value in found.items() if not isinstance(value, dict)}
    if figures:
        said = " · ".join(f"{key} {value}" for key, value in figures.items())
        yield f"{above:36} {said}" if above else said
    for key, value in found.items():
        if isinstance(value, dict):
            yield from _lines(value, f"{above} {key}".strip())


if __name__ == "__main__":
    sys.exit(main())
