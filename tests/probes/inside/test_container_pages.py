"""The page of an application in the folder of an nginx in a container."""

import asyncio
from dataclasses import replace
from typing import Any

import pytest

from diagnose.machine import FileContent, container
from diagnose.model import Failure, Vantage
from diagnose.model.nginx import ContainerNginx, ContainerPage
from diagnose.parsers.nginx import config as nginx_parser
from diagnose.probes.inside import container_pages as probes
from tests.support.check_evidence import SHOP
from tests.support.fake_context import Looking
from tests.support.nginx_evidence import SITE, config
from tests.support.page_errors import page
from tests.support.recorded_machine import RecordedMachine
from tests.support.web_server_evidence import APACHE, LISTENING, apache_config

EMPTY = '<!doctype html><script src="/main.js"></script><div id="root"></div>'
TEXT = "http { server { listen 80; location / { root /srv/html; %s } } }"
BEHIND = ContainerNginx(
    vantage=Vantage.SERVER,
    engine="docker",
    container="web",
    endpoints=(("127.0.0.1", 3000),),
    port=80,
    pid=42,
)


def looked(
    monkeypatch: pytest.MonkeyPatch,
    *,
    lines: str = "",
    path: str = "/work",
    status: int = 404,
    front: str = EMPTY,
    with_apache: bool = False,
    files: tuple[str, ...] = (),
) -> list[tuple[str, str]]:
    texts = dict.fromkeys(files, "") | {"/srv/html/index.html": front}

    class Inside:
        def __init__(self, *_: object) -> None:
            pass

        async def read(self, name: str, limit: int = 0) -> FileContent:
            missing = Failure("missing", "No such file or directory", 2)
            return FileContent(name, texts.get(name, ""), None, None if name in texts else missing)

    monkeypatch.setattr(container, "ContainerMachine", Inside)
    ctx = Looking(RecordedMachine({}))
    ctx.target = replace(SHOP, path=path)
    ctx.observations += [APACHE, LISTENING, apache_config()] if with_apache else [config(SITE)]
    behind = replace(BEHIND, main=nginx_parser.parse(TEXT % lines, "web:/etc/nginx/nginx.conf"))
    answer = replace(page(status), url=f"https://shop.example.com{path}")
    probe: Any = probes.after_a_page
    asyncio.run(probe.work(ctx, answer, behind))
    return [(seen.path, seen.page) for seen in ctx.observed(ContainerPage)]


def test_finds_the_page_of_the_application(monkeypatch: pytest.MonkeyPatch) -> None:
    found = [("/srv/html/work", "/srv/html/index.html")]
    assert looked(monkeypatch) == found
    assert looked(monkeypatch, lines="try_files $uri =404;") == found


def test_finds_it_behind_apache(monkeypatch: pytest.MonkeyPatch) -> None:
    assert looked(monkeypatch, with_apache=True) == [("/srv/html/work", "/srv/html/index.html")]


@pytest.mark.parametrize(
    "case",
    [
        {"status": 200},
        {"status": 502},
        {"path": "/main.css"},
        {"path": "/api/users"},
        {"lines": "try_files $uri /index.html;"},
        {"lines": "return 404;"},
        {"front": "<!doctype html><h1>Shop</h1><p>Words, and more words of it.</p>"},
        {"files": ("/srv/html/work",)},
    ],
)
def test_there_is_none(monkeypatch: pytest.MonkeyPatch, case: dict[str, Any]) -> None:
    assert looked(monkeypatch, **case) == []
