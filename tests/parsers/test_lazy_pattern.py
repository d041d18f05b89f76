import re

import pytest

from diagnose.parsers.lazy_pattern import lazy_pattern


def test_it_does_what_the_compiled_one_does() -> None:
    late, early = lazy_pattern(r"(\d+)", re.ASCII), re.compile(r"(\d+)", re.ASCII)
    for text in ("a1b22", "", "３"):
        assert late.findall(text) == early.findall(text)
        assert late.sub("x", text) == early.sub("x", text)
    assert (late.pattern, late.flags) == (early.pattern, early.flags)
    assert lazy_pattern(rb"\r?\n").split(b"a\r\nb") == [b"a", b"b"]


def test_it_is_compiled_when_it_is_first_used_and_not_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    compiled: list[str] = []
    real = re.compile

    def note(pattern: str, flags: int) -> re.Pattern[str]:
        compiled.append(pattern)
        return real(pattern, flags)

    monkeypatch.setattr(re, "compile", note)
    late = lazy_pattern("a")
    assert compiled == []
    assert late.search("ba") is not None
    assert late.search("b") is None
    assert compiled == ["a"]
