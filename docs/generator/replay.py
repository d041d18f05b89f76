"""Runs `diagnose` in this process and returns what it prints."""

import contextlib
import io
import os
from functools import cache
from pathlib import Path

from diagnose.cli.main import main

EVIDENCE = Path(__file__).parents[1] / "evidence"


def printed(*words: str) -> str:
    """Return what `diagnose WORDS…` prints to stdout, at 80 columns and without colour."""
    buffer = io.BytesIO()
    os.environ["COLUMNS"] = "80"
    with (
        io.TextIOWrapper(buffer, "utf-8", write_through=True) as stream,
        contextlib.redirect_stdout(stream),
        contextlib.redirect_stderr(io.StringIO()),
    ):
        main(list(words))
        return buffer.getvalue().decode()


def recordings() -> tuple[str, ...]:
    """Return the names of the recorded runs."""
    return tuple(sorted(path.stem for path in EVIDENCE.glob("*.jsonl")))


@cache
def replayed(name: str, lang: str, *options: str) -> str:
    """Return the output of a recorded run, judged by the checks of today."""
    return printed("replay", str(EVIDENCE / f"{name}.jsonl"), "--lang", lang, *options)
