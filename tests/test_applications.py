"""The files of diagnose/applications: each is right, and recognizes itself only."""

import tomllib
from itertools import chain

import pytest

from diagnose.parsers.applications import application_ids, recognize
from tests.support.application_index import (
    OUT_OF_DATE,
    all_problems,
    application_files,
    is_current,
    problems,
)

TABLES = {path.stem: tomllib.loads(path.read_text("utf-8")) for path in application_files()}
GOOD = 'name = "A"\nsources = ["https://example.com/"]\n[recognized]\ntitle = ["A program"]\n'


def test_every_file_is_right() -> None:
    assert not all_problems()


def test_the_index_is_current() -> None:
    assert is_current(), OUT_OF_DATE
    assert application_ids() == tuple(sorted(TABLES))


@pytest.mark.parametrize("name", TABLES)
def test_an_application_recognizes_itself_and_no_other(name: str) -> None:
    recognized = TABLES[name]["recognized"]
    responses: list[tuple[str, tuple[tuple[str, str], ...]]] = [
        (f"<title>{entry.rstrip('*')}</title>", ()) for entry in recognized.get("title", ())
    ]
    responses += [(entry, ()) for entry in recognized.get("page", ())]
    responses += [
        ("", (("Set-Cookie", f"{entry.rstrip('*')}=1"),)) for entry in recognized.get("cookie", ())
    ]
    for entry in recognized.get("header", ()):
        field, _, value = entry.partition(":")
        responses.append(("", ((field.strip(), value.strip() or "1"),)))
    for text, headers in responses:
        known = recognize(text, headers)
        assert known is not None
        assert known[0].id == name, (text, headers)


def test_a_command_is_that_of_one_application() -> None:
    commands = list(chain(*(tables["recognized"].get("command", ()) for tables in TABLES.values())))
    assert len(commands) == len(set(commands))


def test_a_file_that_is_right_has_no_problem() -> None:
    assert problems("a.toml", GOOD) == []


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("name = ", "a.toml: Invalid"),
        ("x" * 20_000, "longer than"),
        (GOOD.replace("name", "names"), "no key names"),
        (GOOD.replace('["https://example.com/"]', "[]"), "sources is missing"),
        (GOOD.replace("title", "titles"), "[recognized] has no titles"),
        (GOOD.replace("A program", "A*"), "fewer than"),
        (f"{GOOD}[websocket]\npath = 'ws'", "write [[websocket]]"),
        (f"{GOOD}[[websocket]]\n", "[[websocket]] needs path"),
        (f"{GOOD}[[websocket]]\npath = 1", "write a str"),
        (f"{GOOD}[[timeout]]\nseconds = '600'", "write a int"),
        (f"{GOOD}[[upload]]\nsize = '50 MB'", "nginx's"),
        (f"{GOOD}[[message]]\ntext = 'Lost'\nmeans = 'websocket'", "fewer than"),
        (f"{GOOD}[[message]]\ntext = 'Connection lost'\nmeans = 'socket'", "means is one of"),
        (f"{GOOD}[[port]]\nnumber = 9000\npath = '/ws'", "[[port]] needs opened_by"),
        (f"{GOOD}[uri]\nkept = false", "[uri] holds"),
        (f"{GOOD}[setting]\nurl = 'x'", "[setting] may hold"),
    ],
)
def test_a_problem_is_told_in_words(text: str, problem: str) -> None:
    assert any(problem in line for line in problems("a.toml", text)), problems("a.toml", text)
