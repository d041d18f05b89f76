"""How long it takes to define and to use values made by `frozen`, by msgspec and by dataclasses.

    python -m tests.bench.value_classes          the table of docs/adr/0004-a-faster-dataclass.md

One hundred classes, most of them kinds of observation (keywords only, equal only to themselves, a
`ClassVar`, defaults that are inherited), are written to a module for each way and compiled. A fresh
process, which has imported what every run needs anyway, defines and uses them. Times are the
minimum and the median of 20 processes, in ms of processor time. Nothing here fails: it measures.
"""

import compileall
import inspect
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

from diagnose.model.frozen import frozen

PROCESSES = 20
CLASSES = 100
INSTANCES = 10_000

WAYS = {
    "frozen": {
        "module": "frozen",
        "imports": "from dataclasses import field, replace\nfrom frozen import frozen",
        "kind": "@frozen(kw_only=True, eq=False)\nclass {name}{base}:",
        "value": "@frozen\nclass {name}:",
        "base": "({})",
    },
    "msgspec": {
        "module": "msgspec",
        "imports": "from msgspec import Struct, field\nfrom msgspec.structs import replace",
        "kind": "class {name}{base}, frozen=True, kw_only=True, eq=False):",
        "value": "class {name}(Struct, frozen=True):",
        "base": "({}",
    },
    "dataclass": {
        "module": "dataclasses",
        "imports": "from dataclasses import dataclass, field, replace",
        "kind": "@dataclass(frozen=True, slots=True, kw_only=True, eq=False)\nclass {name}{base}:",
        "value": "@dataclass(frozen=True, slots=True)\nclass {name}:",
        "base": "({})",
    },
}

VALUE_BODY = """
    number: int
    protocol: str = "tcp"
    flags: tuple[str, ...] = ()
"""
KIND_BODY = """
    layer: ClassVar[str] = "tcp"

    address: str
    port: int = 443
    names: tuple[str, ...] = ()
    reason: str | None = None
    value: Value0 = Value0(1)
    facts: Mapping[str, object] = field(default_factory=dict)
"""
BASE_BODY = """
    layer: ClassVar[str] = ""

    vantage: str = "here"
    at: float = 0.0
    took: float = 0.0
    equivalent: str = ""
    failure: str | None = None
"""

USE = """
import json, pickle, sys, time
import asyncio, dataclasses, datetime, enum, importlib, typing

def timed(work):
    begin = time.process_time()
    result = work()
    return (time.process_time() - begin) * 1000, result

way, module, count = sys.argv[1], sys.argv[2], int(sys.argv[3])
taken = {}
taken["import it"], _ = timed(lambda: importlib.import_module(module))
taken["define 100 classes"], classes = timed(lambda: importlib.import_module(f"classes_{way}"))
Kind, Value, numbers = classes.Kind0, classes.Value0, range(count)
taken["make 10,000 kinds"], kinds = timed(
    lambda: [Kind(address="192.0.2.1", port=n, at=1.5) for n in numbers])
taken["make 10,000 values"], values = timed(lambda: [Value(n, "udp") for n in numbers])
taken["replace 10,000 times"], _ = timed(lambda: [classes.replace(k, at=2.0) for k in kinds])
taken["compare 10,000 values"], _ = timed(lambda: [v == values[0] for v in values])
taken["hash 10,000 values"], _ = timed(lambda: set(values))
taken["pickle 10,000 kinds"], data = timed(lambda: pickle.dumps(kinds, 5))
taken["unpickle 10,000 kinds"], again = timed(lambda: pickle.loads(data))
assert again[9].port == kinds[9].port and again[9] != kinds[9] and Kind.layer == "tcp"
assert hash(kinds[0]) == object.__hash__(kinds[0]) and kinds[0].facts is not kinds[1].facts
assert Kind.__mro__[1] is classes.Base and isinstance(kinds[0], classes.Base)
try:
    kinds[0].port = 1
except AttributeError:
    print(json.dumps(taken))
"""


def module_text(way: str) -> str:
    """Return a module of one hundred classes, made in one of the ways."""
    words = WAYS[way]
    base = words["base"].format("Struct") if way == "msgspec" else ""
    values = [words["value"].format(name=f"Value{n}") + VALUE_BODY for n in range(CLASSES // 4)]
    kinds = [
        words["kind"].format(name=f"Kind{n}", base=words["base"].format("Base")) + KIND_BODY
        for n in range(CLASSES - CLASSES // 4 - 1)
    ]
    head = "from collections.abc import Mapping\nfrom typing import ClassVar\n" + words["imports"]
    root = words["kind"].format(name="Base", base=base) + BASE_BODY
    return "\n\n\n".join([head, *values, root, *kinds])


def measure(way: str, folder: str) -> dict[str, float]:
    """Run one fresh process; return ms by what was done."""
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join((folder, *sys.path))}
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    argv = [sys.executable, "-c", USE, way, WAYS[way]["module"], str(INSTANCES)]
    run = subprocess.run(argv, env=environment, capture_output=True, text=True, check=True)
    taken: dict[str, float] = json.loads(run.stdout)
    return taken


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        # Alone: its package would be imported with it, and defines classes too.
        shutil.copy(inspect.getfile(frozen), folder)
        for way in WAYS:
            Path(folder, f"classes_{way}.py").write_text(module_text(way), "utf-8")
        compileall.compile_dir(folder, quiet=1)
        runs: dict[str, list[dict[str, float]]] = {way: [] for way in WAYS}
        for _ in range(PROCESSES):
            for way, times in runs.items():
                times.append(measure(way, folder))
    print(f"{'ms: minimum / median':26}", *(f"{way:>16}" for way in WAYS))
    for name in runs["frozen"][0]:
        cells = [[times[name] for times in runs[way]] for way in WAYS]
        texts = [f"{min(cell):.1f} / {statistics.median(cell):.1f}" for cell in cells]
        print(f"{name:26}", *(f"{text:>16}" for text in texts))


if __name__ == "__main__":
    main()
