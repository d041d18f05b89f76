"""Write the files of a new check: the check, its page, its test and a scenario of the laboratory.

    make new-check LAYER=tcp NAME=my_check

Nothing that exists is overwritten. `tests/untranslated.txt` gets the check's id, until its Chinese
page is there, and the index is written again.
"""

import re
import sys
from pathlib import Path

from diagnose.model import LAYERS
from tests.support.check_index import write_index

ROOT = Path(__file__).parents[2]
UNTRANSLATED = ROOT / "tests" / "untranslated.txt"

CHECK = '''\
"""What is wrong, and how the evidence shows it. Name the source (RFC section, man page)."""

from collections.abc import Iterator

from diagnose.checking.registry import check
from diagnose.model import Claim, Evidence, Severity, Subject
from diagnose.model.tcp import Connection


@check(severity=Severity.ERROR, needs=[Connection])
def {name}(evidence: Evidence) -> Iterator[Claim]:
    failed = tuple(connection for connection in evidence.of(Connection) if connection.failure)
    if not failed:
        return
    yield Claim(
        about=Subject(port=evidence.target.port),
        because=failed,
        facts={{"port": evidence.target.port, "target": evidence.target.url}},
    )
'''

PAGE = """\
# What is wrong on port {{port}}
What visitors see, in one or two sentences.
## What it means
Why this happens.
## What to do
What the steps do.
{{fix}}
## How to check
`diagnose {{target}}` reports no error.
## In general
What is wrong
What it is, what visitors see, the usual reasons.

1. Look: `ss -ltn`
2. Check: `diagnose example.com`
"""

TEST = '''\
"""{check_id}: when it fires, and when it is silent."""

from dataclasses import replace

from diagnose.model import Failure
from diagnose.model.tcp import Connection
from tests.support.check_evidence import judge

OPEN = Connection(address="192.0.2.1", family=4, port=443)
FAILED = replace(OPEN, failure=Failure("refused", "Connection refused", 111))


def test_fires_on_what_is_wrong() -> None:
    (claim,) = judge("{check_id}", FAILED)
    assert claim.because == (FAILED,)


def test_silent_on_a_healthy_site() -> None:
    assert not judge("{check_id}", OPEN)
'''

SCENARIO = '''\
"""Scenarios of {check_id}."""

from ..lab import Lab
from ..scenario import scenario


@scenario(outside="{check_id}", server="{check_id}", needs=lambda: "not written yet")
def {name}(lab: Lab) -> None:
    """What somebody did to the server."""
    lab.change("old text", "new text")
'''


def files(layer: str, name: str) -> dict[Path, str]:
    """The text of each new file, by its path."""
    words = {"name": name, "check_id": f"{layer}.{name.replace('_', '-')}"}
    return {
        ROOT / "checks" / layer / f"{name}.py": CHECK.format(**words),
        ROOT / "checks" / layer / f"{name}.md": PAGE,
        ROOT / "tests" / "checks" / layer / f"test_{name}.py": TEST.format(**words),
        ROOT / "tests" / "lab" / "scenarios" / f"{layer}_{name}.py": SCENARIO.format(**words),
    }


def main(layer: str, name: str) -> str:
    """Write them. Returns why that was refused, "" on success."""
    if layer not in LAYERS:
        return f"There is no layer {layer!r}. Layers: {', '.join(LAYERS)}."
    if not re.fullmatch(r"[a-z][a-z0-9]*(_[a-z0-9]+)*", name):
        return (
            f"{name!r} is no name of a check: small letters, digits and underscores, like my_check."
        )
    texts = files(layer, name)
    for path in texts:
        if path.exists():
            return f"{path.relative_to(ROOT)} exists already. Nothing was written."
    for path, text in texts.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
        print(path.relative_to(ROOT))
    listed = {*UNTRANSLATED.read_text("utf-8").split(), f"{layer}.{name.replace('_', '-')}"}
    UNTRANSLATED.write_text("".join(f"{check_id}\n" for check_id in sorted(listed)), "utf-8")
    write_index()
    print("Next: replace what is in them; write the Chinese page, or leave its line in", end=" ")
    print(f"{UNTRANSLATED.relative_to(ROOT)}. After a change of `needs`: make index.")
    return ""


if __name__ == "__main__":
    if len(sys.argv) != 3 or not all(sys.argv[1:]):
        sys.exit("Say which: make new-check LAYER=tcp NAME=my_check")
    sys.exit(main(*sys.argv[1:]) or 0)
