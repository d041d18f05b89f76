"""`diagnose web` as a process, until it says where it is."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[2]


class Running(NamedTuple):
    process: "subprocess.Popen[str]"
    url: str
    #: What it said on standard error at the beginning.
    said: str


@contextmanager
def serving(folder: Path, *words: str) -> Iterator[Running]:
    """On a free port, with files of its own; gone at the end, with what it started."""
    environment = {
        "PATH": os.environ["PATH"],
        "LANG": "C.UTF-8",
        "HOME": str(folder),
        "XDG_STATE_HOME": str(folder),
        "PYTHONPATH": str(ROOT),
    }
    process = subprocess.Popen(
        [sys.executable, "-m", "diagnose", "web", "--port", "0", *words],
        cwd=folder,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        yield _begun(process)
    finally:
        process.kill()
        process.communicate()


def _begun(process: "subprocess.Popen[str]") -> Running:
    assert process.stderr is not None
    # Where it is, how to come there, how it ends.
    said = "".join(process.stderr.readline() for _ in range(3))
    url = re.search(r"http://\S+", said)
    assert url, f"it ended with {process.wait()}: {said}"
    return Running(process, url[0], said)
