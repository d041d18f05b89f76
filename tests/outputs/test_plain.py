import pytest

from diagnose.model.view import View
from diagnose.outputs.plain import render as plain
from diagnose.parsers.sanitize import UNSAFE
from tests.support.hostile_report import hostile
from tests.support.report_builder import (
    healthy,
    mended,
)

VIEW = View(hostname="laptop", privileged=False)


def test_columns_are_one_line_a_finding() -> None:
    cause, symptom = plain(mended(), VIEW).splitlines()
    assert cause.split("\t") == [
        "https://shop.example.com/",
        "error",
        "nginx.door-locked",
        "cause",
        "certain",
        "203.0.113.10:443",
        "nginx listens on 203.0.113.10:443 without ssl",
    ]
    assert symptom.split("\t")[3] == "symptom"
    assert plain(healthy(), VIEW).split("\t")[:2] == ["https://shop.example.com/", "ok"]


@pytest.mark.parametrize("text", ["a\x1b[2Jb", "a\x9bb", "a\u202eb", "a\x7fb"])
def test_a_line_of_columns_is_harmless(text: str) -> None:
    made = plain(hostile(text), View())
    assert not UNSAFE.search(made.replace("\n", "").replace("\t", ""))
