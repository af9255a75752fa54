"""`make bundle`: one folder that installs without a network: the source, all wheels, and a script.

The wheels fit the Python and platform that made the bundle; make it on a machine like the one it is for.
"""

import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
INSTALL = """#!/usr/bin/env bash
# 离线安装：在目标机器上解压后运行 bash install.sh [安装目录]
set -euo pipefail
here="$(cd "$(dirname "$0")" && pwd)"
target="${1:-/opt/yaoheng}"
mkdir -p "$target"
tar -xzf "$here/source.tar.gz" -C "$target"
cd "$target"
make ready PIP_FLAGS="--no-index --find-links $here/wheels"
echo "已安装到 $target；下一步见 README“投入使用”。"
"""


def main(target: Path) -> None:
    shutil.rmtree(target, ignore_errors=True)
    wheels = target / "wheels"
    wheels.mkdir(parents=True)
    download = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--prefer-binary"]
    subprocess.run([*download, "-r", str(ROOT / "requirements.txt"), "-d", str(wheels)], check=True)
    subprocess.run(
        ["git", "-C", str(ROOT), "archive", "--format=tar.gz", "-o", str((target / "source.tar.gz").resolve()), "HEAD"],
        check=True,
    )
    script = target / "install.sh"
    script.write_text(INSTALL, encoding="utf-8")
    script.chmod(0o755)
    count = len(list(wheels.iterdir()))
    print(f"离线安装包：{target}（{count} 个依赖包、源码、install.sh）")  # noqa: T201


if __name__ == "__main__":
    main(Path(sys.argv[1]).resolve())
