"""Compressed copies that are older than their files."""

import asyncio
import shlex
import subprocess
from pathlib import Path

import pytest

from diagnose.model.site_folders import PrecompressedFile
from diagnose.probes.inside import precompressed_files
from diagnose.probes.inside.precompressed_files import SCRIPT
from tests.support.fake_context import Looking
from tests.support.nginx_evidence import RUNNING, config
from tests.support.page_evidence import loads, script, sheet
from tests.support.recorded_machine import RecordedMachine

PAGE = loads(sheet(), script(), script("https://cdn.example.net/x.js"))
PATHS = ("/srv/index.html", "/srv/app.css", "/srv/app.js")


def looked(lines: str, answer: str) -> tuple[PrecompressedFile, ...]:
    asked = shlex.join(("sh", "-c", SCRIPT, "sh", *PATHS))
    ctx = Looking(RecordedMachine({asked: answer}))
    ctx.emit(RUNNING)
    site = config(f"server {{ listen 443 ssl; server_name shop.example.com; root /srv; {lines} }}")

    async def work() -> None:
        await precompressed_files.copies.work(ctx, PAGE, site)

    asyncio.run(work())
    return ctx.observed(PrecompressedFile)


def test_a_copy_with_another_content() -> None:
    (copy,) = looked("gzip_static on;", "7200 differs /srv/app.js.gz\n")
    assert (copy.path, copy.copy_path) == ("/srv/app.js", "/srv/app.js.gz")
    assert (copy.url, copy.older_by, copy.differs) == (PAGE.files[1].url, 7200, True)


def test_a_copy_that_was_not_compared_and_one_that_is_the_same() -> None:
    answer = "60 unknown /srv/app.css.br\n60 same /srv/app.js.gz\nx y\n"
    (copy,) = looked("gzip_static on;", answer)
    assert (copy.copy_path, copy.differs) == ("/srv/app.css.br", None)


@pytest.mark.parametrize("lines", ["", "gzip_static off;", "gzip on;"])
def test_nothing_is_looked_at_where_nginx_sends_no_copies(lines: str) -> None:
    assert not looked(lines, "7200 differs /srv/app.js.gz\n")


def test_the_script(tmp_path: Path) -> None:
    for name, text, copied in (("a b", b"new", b"old"), ("same", b"x", b"x"), ("late", b"n", b"o")):
        file = tmp_path / name
        file.write_bytes(copied)
        subprocess.run(["gzip", "-k", file], check=True)
        file.write_bytes(text)
        subprocess.run(["touch", "-d", "2026-01-02", file], check=True)
        when = "2026-01-03" if name == "late" else "2026-01-01"
        subprocess.run(["touch", "-d", when, f"{file}.gz"], check=True)
    paths = [str(tmp_path / name) for name in ("a b", "same", "late", "gone")]
    done = subprocess.run(["sh", "-c", SCRIPT, "sh", *paths], capture_output=True, text=True)
    assert done.stdout.splitlines() == [
        f"86400 differs {tmp_path}/a b.gz",
        f"86400 same {tmp_path}/same.gz",
    ]
