"""`make bench`: every benchmark in a process of its own, printed as ratios, written to var/bench.json."""

import json
import os
import platform
import subprocess
import sys
from pathlib import Path

NAMES = ("forecast", "watch", "plan", "pages", "api")
OUT = Path("var/bench.json")
CHILD = "import json,sys; from benchmarks.{0} import run; json.dump(run(), open(sys.argv[1], 'w'), ensure_ascii=False)"


def main() -> int:
    OUT.parent.mkdir(exist_ok=True)
    results = {"machine": {"cores": os.cpu_count(), "python": platform.python_version()}}
    wanted = sys.argv[1:] or NAMES
    for name in wanted:
        print(f"== {name}", flush=True)
        part = OUT.with_name(f"bench-{name}.json")
        done = subprocess.run([sys.executable, "-c", CHILD.format(name), str(part)], check=False)
        results[name] = json.loads(part.read_text(encoding="utf-8")) if done.returncode == 0 else {"failed": True}
    OUT.write_text(json.dumps(results, ensure_ascii=False, indent=1), encoding="utf-8")
    print(f"已写入 {OUT}")
    return int(any(part and part.get("failed") for part in results.values()))


if __name__ == "__main__":
    sys.exit(main())
