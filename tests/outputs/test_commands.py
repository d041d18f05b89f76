"""Commands that people copy from pages: whatever a fact holds, nothing else runs than what the
page names."""

import re
import shutil
import subprocess
from functools import cache
from pathlib import Path

import pytest

from diagnose.checking.texts import check_text, fill
from diagnose.i18n import LANGUAGES
from diagnose.model.view import View
from diagnose.outputs.markdown import render
from tests.support.hostile_report import hostile

CHECKS = Path(__file__).parent.parent.parent / "checks"
IDS = sorted(
    f"{path.parent.name}.{path.stem.replace('_', '-')}"
    for path in CHECKS.glob("*/*.md")
    if not path.stem.endswith(".zh") and not path.stem.startswith("_")
)

#: What a name, a path, a URL or a header may hold; `pwned` is a program.
PAYLOADS = (
    "$(pwned)", "`pwned`", "; pwned ;", "' ; pwned ; '", '" ; pwned ; "', "a && pwned", "| pwned",
    "x\npwned\n", "https://x.example/?a=1&pwned", "a>pwned", "$(pwned)'$(pwned)\"$(pwned)",
    "<(pwned)", "\\'$(pwned)", "'$(pwned)", "\"'$(pwned)'\"",
)  # fmt: skip

#: Runs each of its arguments in a shell that has no programs: each that it would run is written
#: down, a word a line behind a mark.
CAGE = r"""
PATH=/nonexistent
enable -n kill test [ exec
command_not_found_handle() { { printf '>'; printf ' %q' "$@"; echo; } >&3; }
for given in "$@"; do ( eval "$given" ) </dev/null >/dev/null 2>&1 3>&3; done
"""

_SPAN = re.compile(r"`([^`\n]*)`")
#: A span that is typed into a shell begins with a program; one of nginx ends in ";" or "{".
_PROGRAM = re.compile(r"[a-z][\w./-]*\s")


class Everything(dict[str, object]):
    """Every fact that a page may ask for, each the same text."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.text = text

    def __missing__(self, key: str) -> str:
        return self.text

    def get(self, key: str, default: object = None) -> object:
        return self.text


def ran(*commands: str, folder: Path) -> list[str]:
    """The programs that a shell would run for these commands, with their arguments."""
    bash = shutil.which("bash")
    assert bash is not None
    script = f"exec 3>ran\n{CAGE}"
    subprocess.run(
        [bash, "--norc", "-c", script, "cage", *commands],
        cwd=folder, timeout=120, check=False, stdin=subprocess.DEVNULL, env={},
    )  # fmt: skip
    return (folder / "ran").read_text("utf-8", "surrogateescape").splitlines()


@cache
def texts() -> tuple[tuple[str, str], ...]:
    """Each text of the pages in which there is code, with its language: many checks share steps."""
    return tuple(
        dict.fromkeys(
            (text, lang)
            for check_id in IDS
            for lang in LANGUAGES
            for page in [check_text(check_id, lang)]
            for text in (
                page.summary, page.meaning, page.remedy, page.verify, *page.steps.values()
            )
            if "`" in text
        )
    )  # fmt: skip


def commands(fact: str) -> set[str]:
    """What is typed into a shell, if each fact of the pages is this text."""
    facts = Everything(fact)
    return {
        span
        for text, lang in texts()
        for span in _SPAN.findall(fill(text, facts, lang))
        if span != fact and _PROGRAM.match(span) and not span.rstrip("}` ").endswith((";", "{"))
    }


@cache
def without_fact() -> frozenset[str]:
    """Those in which no fact stands: they are the same whatever it holds."""
    return frozenset(commands("a") & commands("b"))


def pwned(lines: list[str]) -> list[str]:
    return [line for line in lines if line.split(" ")[1:2] == ["pwned"]]


def test_the_cage_sees_what_runs(tmp_path: Path) -> None:
    assert ran("curl -sI $(pwned) 'a b'", folder=tmp_path) == ["> pwned", "> curl -sI a\\ b"]


def test_a_command_without_a_fact_runs_nothing_else(tmp_path: Path) -> None:
    assert not pwned(ran(*sorted(without_fact()), folder=tmp_path))


@pytest.mark.parametrize("payload", PAYLOADS)
def test_no_fact_of_a_page_runs(payload: str, tmp_path: Path) -> None:
    typed = commands(payload) - without_fact()
    # A span ends at the end of a line, and a fact that has several leaves few.
    few = 20 if "\n" in payload else 100
    assert len(typed) > few
    lines = ran(*sorted(typed), folder=tmp_path)
    assert len(lines) > few
    assert not pwned(lines)
    assert not (tmp_path / "pwned").exists()


@pytest.mark.parametrize("payload", PAYLOADS)
def test_no_text_of_a_ticket_runs(payload: str, tmp_path: Path) -> None:
    page = render(hostile(payload), View())
    blocks = re.findall(r"^(`{3,})sh\n(.*?)\n\1$", page, re.MULTILINE | re.DOTALL)
    assert blocks
    assert not pwned(ran(*(block for _, block in blocks), folder=tmp_path))


def test_an_ordinary_fact_is_typed_as_it_is() -> None:
    facts = {"name": "shop.example.com", "port": 443, "file": "/etc/nginx/a b.conf"}
    assert (
        fill("`curl https://{{name}}:{{port}}/`", facts) == "`curl https://shop.example.com:443/`"
    )
    assert fill('`grep "[\'\\"]a" {{file}}`', facts) == "`grep \"['\\\"]a\" '/etc/nginx/a b.conf'`"
    assert fill("`cat {{file}}` shows `{{file}}`", facts) == (
        "`cat '/etc/nginx/a b.conf'` shows `/etc/nginx/a b.conf`"
    )
