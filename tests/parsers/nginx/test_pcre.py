import pytest

from diagnose.parsers.nginx.pcre import is_supported_pcre, pcre_matches, pcre_search


def test_classes_are_those_of_ascii() -> None:
    assert is_supported_pcre(r"^/[[:alpha:]]+$")
    assert pcre_matches(r"^/[[:alpha:]]+$", "/abc", ignore_case=False)
    assert not pcre_matches(r"^/\d", "/\u0663", ignore_case=False)


def test_groups_have_names_without_pythons_p() -> None:
    match = pcre_search(r"^/(?<lang>zh|en)/", "/zh/a", ignore_case=False)
    assert match is not None
    assert match["lang"] == "zh"


def test_case_is_ignored_only_on_request() -> None:
    assert pcre_matches(r"\.png$", "/A.PNG", ignore_case=True)
    assert not pcre_matches(r"\.png$", "/A.PNG", ignore_case=False)


@pytest.mark.parametrize(
    "pattern", [r"^/a\Kb", r"\Qa\E", "(?|a|b)", "(*UTF8)a", "[[:ascii:]]", "(", "a{99999999999}"]
)
def test_what_python_cannot_say_is_not_understood(pattern: str) -> None:
    assert not is_supported_pcre(pattern)
    assert not pcre_matches(pattern, "/ab", ignore_case=False)
