"""Write checks/index.json: the observation kinds that each check needs (docs/adr/0023).

make index
python -m tests.support.check_index --verify      exits with 1 if the index is out of date
"""

import json
import sys

from diagnose.checking.registry import INDEX, all_checks, index_entry

OUT_OF_DATE = "checks/index.json is out of date. Run: make index"


def index_text() -> str:
    """Return the index of all checks, which are imported for it: one check a line, so that
    branches that add different checks can be merged."""
    lines = (
        f"  {json.dumps(check.id)}: {json.dumps(index_entry(check))}" for check in all_checks()
    )
    return "{\n" + ",\n".join(lines) + "\n}\n"


def is_current() -> bool:
    """Return True if the index is there and right."""
    return INDEX.exists() and INDEX.read_text("utf-8") == index_text()


def write_index() -> None:
    INDEX.write_text(index_text(), "utf-8")


if __name__ == "__main__":
    if sys.argv[1:] == ["--verify"]:
        sys.exit(None if is_current() else OUT_OF_DATE)
    write_index()
