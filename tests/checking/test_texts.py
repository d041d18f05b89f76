"""The words of a check, and how facts get into them."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from diagnose.checking import texts
from diagnose.checking.texts import check_text, fact_text, fill, join_continued, text_path


def test_facts_are_put_in_and_dollars_are_left_alone() -> None:
    text = "proxy_set_header Upgrade $http_upgrade; on {{address}}"
    assert fill(text, {"address": "203.0.113.10"}) == (
        "proxy_set_header Upgrade $http_upgrade; on 203.0.113.10"
    )


def test_a_fact_that_was_not_given_is_an_error() -> None:
    with pytest.raises(KeyError, match="port"):
        fill("port {{port}}", {})


def test_sections_stand_only_where_their_fact_is_there() -> None:
    text = "{{#icmp}}by ICMP {{icmp}}{{/icmp}}{{^icmp}}by a reset{{/icmp}}"
    assert fill(text, {"icmp": "3/13"}) == "by ICMP 3/13"
    assert fill(text, {"icmp": ""}) == fill(text, {}) == "by a reset"


def test_one_has_words_of_its_own() -> None:
    text = "{{#days}}in {{days}} day{{^days.one}}s{{/days.one}}{{/days}}"
    assert [fill(text, {"days": days}) for days in (1, 2, 11, 0)] == [
        "in 1 day", "in 2 days", "in 11 days", "",
    ]  # fmt: skip
    assert fill("{{#days.one}}tomorrow{{/days.one}}", {}) == ""


def test_an_indented_line_that_begins_with_a_section_goes_on_with_the_line_before() -> None:
    page = "{{#a}}\n    {{#b}}Replace it.{{/b}}\n    {{#c}} Close it.{{/c}}\n  {{/a}}\n"
    joined = "{{#a}}{{#b}}Replace it.{{/b}}{{#c}} Close it.{{/c}}{{/a}}\n"
    assert join_continued(page) == joined


def test_other_lines_stand_for_themselves() -> None:
    page = "{{#known}}\n- item\n{{/known}}\n`location / {\n    {{line}}\n}`\n    index index.php;\n"
    assert join_continued(page) == page


def test_the_place_of_the_steps_is_left_to_the_front_end() -> None:
    assert fill("Do this:\n{{fix}}", {}) == "Do this:\n{{fix}}"


def test_a_fact_is_not_read_as_words() -> None:
    assert fill("{{name}}", {"name": "{{port}} $x"}) == "{{port}} $x"


@pytest.mark.parametrize(
    ("value", "lang", "text"),
    [
        (("a", "b"), "en", "a, b"),
        (("a", "b"), "zh", "a、b"),
        (3.0, "en", "3"),
        (2.54, "en", "2.5"),
        (datetime(2026, 11, 24, 12, 30, tzinfo=UTC), "en", "2026-11-24 12:30 UTC"),
        (443, "zh", "443"),
    ],
)
def test_facts_read_as_a_person_writes_them(value: object, lang: str, text: str) -> None:
    assert fact_text(value, lang) == text


@pytest.mark.parametrize(("lang", "text"), [("en", "to `a`, `b` now"), ("zh", "to `a`、`b` now")])
def test_of_a_list_in_a_span_of_code_each_item_is_a_span(lang: str, text: str) -> None:
    assert fill("to `{{names}}` now", {"names": ("a", "b")}, lang) == text
    assert fill("to `{{names}}` now", {"names": "a, b"}, lang) == "to `a, b` now"


def test_the_words_of_a_check_have_their_parts() -> None:
    said = check_text("tcp.refused", "en")
    assert "{{" in said.title
    assert "\n" not in said.title
    assert "{{fix}}" in said.remedy


def test_a_page_that_is_not_translated_is_shown_in_english(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    english = text_path("tcp.refused", "en")
    monkeypatch.setattr(
        texts, "text_path", lambda _, lang: english if lang == "en" else tmp_path / "none.md"
    )
    texts.check_text.cache_clear()
    try:
        assert check_text("tcp.refused", "zh") == check_text("tcp.refused", "en")
    finally:
        texts.check_text.cache_clear()


@pytest.mark.parametrize(
    ("place", "text"),
    [("/etc/a.conf:3", "passes / on (/etc/a.conf:3), and"), ("", "passes / on, and")],
)
def test_parentheses_go_with_an_empty_fact(place: str, text: str) -> None:
    assert fill("passes / on ({{place}}), and", {"place": place}) == text
    chinese = text.replace(" (", "（").replace(")", "）")
    assert fill("passes / on（{{place}}）, and", {"place": place}) == chinese


@pytest.mark.parametrize(
    ("text", "filled"),
    [
        ("`{{line}};`", "`proxy_pass http://a b;`"),
        ("`location @app { {{line}}; … }`", "`location @app { proxy_pass http://a b; … }`"),
        ("`<Directory {{line}}>`", "`<Directory proxy_pass http://a b>`"),
        ("`cat {{line}}`", "`cat 'proxy_pass http://a b'`"),
        ("`find {{line}} -exec ls {} \\;`", "`find 'proxy_pass http://a b' -exec ls {} \\;`"),
    ],
)
def test_only_the_facts_of_commands_are_quoted(text: str, filled: str) -> None:
    assert fill(text, {"line": "proxy_pass http://a b"}) == filled


@pytest.mark.parametrize(
    ("text", "facts", "filled"),
    [
        (
            "`{{place}} { {{line}} }`",
            {"place": "location ^~ /static/", "line": "proxy_pass http://127.0.0.1:5212;"},
            "`location ^~ /static/ { proxy_pass http://127.0.0.1:5212; }`",
        ),
        ("`if ({{name}} = a) { … }`", {"name": "$http_up"}, "`if ($http_up = a) { … }`"),
        ("`acl a { {{name}} -m found }`", {"name": "hdr(host)"}, "`acl a { hdr(host) -m found }`"),
        ("`location {{name}} { … }`", {"name": "/a;{"}, "`location '/a;{' { … }`"),
        ("`nft add {{name}} '{ a, b }'`", {"name": "a b"}, "`nft add 'a b' '{ a, b }'`"),
        ("`awk '{print}' {{name}}`", {"name": "a b"}, "`awk '{print}' 'a b'`"),
    ],
)  # fmt: skip
def test_a_block_of_a_configuration_is_not_quoted_for_the_shell(
    text: str, facts: dict[str, object], filled: str
) -> None:
    assert fill(text, facts) == filled
