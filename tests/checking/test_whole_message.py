"""A long message is judged as a whole: the part that is shown is for reports alone."""

import re
from pathlib import Path

from diagnose.model.symptom import Symptom
from diagnose.parsers.symptoms import other_symptom, symptom_of

ROOT = Path(__file__).parents[2]
#: Where the shown part is quoted, and where what stands near the words of the fault comes first.
_QUOTING = {"checks/http/_refused_forms.py", "diagnose/parsers/underscored_fields.py"}
_SHOWN = re.compile(r"\b(?:symptom|told|reported|pasted|message)\.(?:shown|excerpt)\b")


def test_no_check_and_no_probe_judges_by_the_shown_part() -> None:
    files = [
        path
        for folder in ("checks", "diagnose/checking", "diagnose/parsers", "diagnose/probes")
        for path in (ROOT / folder).rglob("*.py")
    ]
    reading = {
        str(path.relative_to(ROOT)) for path in files if _SHOWN.search(path.read_text("utf-8"))
    }
    assert len(files) > 900
    assert reading <= _QUOTING


def test_the_text_is_the_whole_message() -> None:
    filling = "Our shop is behind nginx, and customers tell us about it since last Monday. " * 3
    read = symptom_of(f"502 Bad Gateway. {filling} See 'https://shop.example.com/end'")
    assert read is not None
    assert read.text.endswith("'https://shop.example.com/end'")
    assert len(read.shown) < len(read.text)
    assert other_symptom(filling).text == filling.strip()
    assert len(other_symptom(filling).shown) < 130


def test_a_short_message_is_shown_as_it_is() -> None:
    assert Symptom("other", "the site is odd").shown == "the site is odd"
