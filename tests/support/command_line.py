"""`diagnose` as a program of its own."""

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
ENVIRONMENT = {"PATH": os.environ["PATH"], "LANG": "C.UTF-8", "HOME": "/nonexistent"}


def diagnose(*words: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "diagnose", *words],
        cwd=ROOT,
        env={**ENVIRONMENT, **environment},
        capture_output=True,
        encoding="utf-8",
        timeout=60,
        check=False,
    )


def diagnose_without(library: str, *words: str) -> subprocess.CompletedProcess[str]:
    """The program as where a library is not installed."""
    code = (
        f"import sys; sys.modules[{library!r}] = None; from diagnose.cli.main import main;"
        f" sys.exit(main({list(words)!r}))"
    )
    return subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT, env=ENVIRONMENT, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
