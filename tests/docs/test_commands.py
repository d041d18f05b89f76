"""Every command of the documentation is run, or says why not."""

import re
import subprocess
from pathlib import Path
from typing import Any

import pytest

from docs.generator.pages import sources
from docs.generator.words import LANGUAGES
from tests.support.fences import Fence, fences

#: The commands of each fence of a page, and their status.
Session = tuple[tuple[tuple[str, ...], int | None], ...]

PAGES = {f"{lang}/{path}": file for lang in LANGUAGES for path, file in sources(lang).items()}
FENCES = {name: fences(file.read_text("utf-8")) for name, file in PAGES.items()}
#: What is run of a page, in its order: later commands may use the files of earlier ones. Pages of
#: both languages that run the same are run once.
SESSIONS = {
    tuple((fence.commands, fence.status) for fence in page_fences if fence.status is not None): name
    for name, page_fences in reversed(FENCES.items())
}

#: The site of the pages. The stand-in listens on loopback only, so its inside is not judged.
_SITE = re.compile(r"(https?://)?shop\.example\.com(?=[/ ]|$)")


def in_words_of_the_stand_in(command: str, authority: str) -> str:
    return _SITE.sub(lambda match: f"--outside {match[1] or ''}{authority}", command)


@pytest.mark.parametrize("session", [each for each in SESSIONS if each], ids=SESSIONS.get)
def test_the_commands_of_a_page_run(session: Session, site: Any, tmp_path: Path) -> None:
    for commands, status in session:
        script = "\n".join(in_words_of_the_stand_in(line, site.authority) for line in commands)
        result = subprocess.run(
            ["sh", "-ec", script],
            cwd=tmp_path, env=site.environment, capture_output=True, text=True, timeout=60,
            check=False,
        )  # fmt: skip
        assert result.returncode == status, f"{script}\n{result.stdout}\n{result.stderr}"
        assert "Traceback" not in result.stderr


@pytest.mark.parametrize("name", PAGES)
def test_every_fence_has_a_mark_and_a_command(name: str) -> None:
    for fence in FENCES[name]:
        assert fence.commands, fence
        assert fence.status is not None or len(fence.reason) > 3, fence


def test_no_shell_command_stands_in_another_kind_of_fence() -> None:
    for name, file in PAGES.items():
        for kind, body in re.findall(
            r"^```(\w*)\n(.*?)^```$", file.read_text("utf-8"), re.M | re.S
        ):
            assert kind == "console" or not re.search(r"^\$ ", body, re.MULTILINE), name
            assert kind not in {"", "sh", "bash", "shell"}, name


def test_a_fence_is_read() -> None:
    page = "<!-- run: 2 -->\n```console\n$ a b\nx\n    $ y\n$ c\n```\n\n```console\n$ d\n```\n"
    assert fences(page) == [Fence(("a b", "c"), "run: 2"), Fence(("d",), "")]
    assert [fence.status for fence in fences(page)] == [2, None]


def test_the_site_is_replaced_as_a_word() -> None:
    assert in_words_of_the_stand_in("diagnose https://shop.example.com/", "localhost:1") == (
        "diagnose --outside https://localhost:1/"
    )
    assert in_words_of_the_stand_in("scp shop.example.com.pem x", "localhost:1").startswith(
        "scp shop.example.com.pem"
    )
