"""The JSON Schemas in the package, as they are printed."""

import json
from pathlib import Path

#: The schema of reports inside that of lines.
REPORT_BUNDLE = "report-1"

_FOLDER = Path(__file__).parents[1] / "schema"


def report_schema() -> str:
    """Return the schema of `diagnose --json`."""
    return _FOLDER.joinpath(f"{REPORT_BUNDLE}.json").read_text("utf-8")


def lines_schema() -> str:
    """Return the schema of the lines of `diagnose fleet` and `diagnose watch --jsonl`, with that of
    reports inside it (JSON Schema 2020-12, section 9.3.1: a bundle)."""
    schema = json.loads(_FOLDER.joinpath("lines-1.json").read_text("utf-8"))
    schema["$defs"][REPORT_BUNDLE] = json.loads(report_schema())
    return json.dumps(schema, indent=2) + "\n"
