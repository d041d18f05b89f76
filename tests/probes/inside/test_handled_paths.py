"""What Caddy's configuration says of what the page lacks."""

import asyncio
import json
import shlex
from dataclasses import replace
from typing import Any

from diagnose.machine import CommandResult
from diagnose.model import Observation
from diagnose.model.files import SiblingFile
from diagnose.model.http import Exchange, Upgrade
from diagnose.model.pages import PageFileResponse
from diagnose.model.server_rules import HandledPath
from diagnose.parsers.nginx.sibling_folders import paths_in
from diagnose.probes.inside import handled_paths
from diagnose.probes.inside.file_access import ACCESS_SCRIPT
from tests.support.caddy_evidence import CADDY, caddy_config, document
from tests.support.fake_context import Looking
from tests.support.recorded_machine import RecordedMachine
from tests.support.web_server_evidence import APACHE, HTTPS, LISTENING, apache_config

STYLE = PageFileResponse(
    page="https://shop.example.com/", file_kind="stylesheet", status=403,
    url="https://shop.example.com/a.css?v=1", address="203.0.113.10", port=443,
)  # fmt: skip
SOCKET = Upgrade(
    url="wss://shop.example.com/ws", path="/ws", address="203.0.113.10", port=443, status=403
)


def handled(*observations: Observation) -> list[HandledPath]:
    made: Any = document("shop.example.com")
    closed = {"handle": [{"handler": "static_response", "status_code": 403}]}
    made["apps"]["http"]["servers"]["srv0"]["routes"][0]["handle"][0]["routes"].insert(0, closed)
    result = CommandResult((), 0, json.dumps(made), "", 0.0)
    ctx = Looking(RecordedMachine({shlex.join(CADDY.test): result}))
    for observation in (CADDY, *observations):
        ctx.emit(observation)
    probe: Any = handled_paths.path_of_file
    asyncio.run(probe.work(ctx, STYLE))
    return list(ctx.observed(HandledPath))


CONFIG = caddy_config("shop.example.com {\n}\n", document("shop.example.com"))


def test_a_refused_file_and_a_refused_websocket() -> None:
    style, socket = handled(CONFIG, STYLE, SOCKET)
    assert (style.path, style.websocket) == ("/a.css", False)
    assert [rule.status for rule in style.rules] == [403]
    assert (socket.path, socket.websocket) == ("/ws", True)


def test_nothing_is_looked_for_that_came_or_where_another_configuration_runs() -> None:
    assert not handled(CONFIG, replace(STYLE, status=200, headers=(("Content-Type", "text/css"),)))
    assert not handled(replace(CONFIG, loaded=False), STYLE)
    assert not handled(CONFIG, replace(STYLE, url="https://cdn.example.com/a.css"))
    assert not handled(STYLE)


def _with_files(path: str, *, there: bool = True) -> HandledPath:
    made: Any = document("shop.example.com")
    routes = made["apps"]["http"]["servers"]["srv0"]["routes"][0]["handle"][0]["routes"]
    routes.insert(0, {"handle": [{"handler": "vars", "root": "/srv/app"}]})
    routes.append({"handle": [{"handler": "file_server"}]})
    result = CommandResult((), 0, json.dumps(made), "", 0.0)
    commands: dict[str, str | CommandResult] = {shlex.join(CADDY.test): result}
    if there:
        commands[shlex.join(("test", "-f", f"/srv/app{path}"))] = ""
    ctx = Looking(RecordedMachine(commands))
    style = replace(STYLE, status=404, url=f"https://shop.example.com{path}")
    for observation in (CADDY, CONFIG, style):
        ctx.emit(observation)
    probe: Any = handled_paths.path_of_file
    asyncio.run(probe.work(ctx, style))
    (handled_path,) = ctx.observed(HandledPath)
    return handled_path


def test_a_file_that_a_file_server_behind_the_application_has() -> None:
    path = _with_files("/static/a.css")
    assert (path.unserved_file, path.unserved_root, path.application) == (
        "/srv/app/static/a.css", "/srv/app", "127.0.0.1:3000",
    )  # fmt: skip


def test_no_file_that_is_not_there_or_hidden() -> None:
    assert not _with_files("/static/a.css", there=False).unserved_file
    for path in ("/.env", "/static/../manage.py", "/static/%2e/a.css"):
        assert not _with_files(path).unserved_file


def _apache_files(*lines: str) -> list[HandledPath]:
    """Return what is known of a lost file of a site that has these lines."""
    site = HTTPS.replace(
        "    ProxyPass /ws", "".join(f"    {line}\n" for line in lines) + "    ProxyPass /ws"
    )
    ctx = Looking(RecordedMachine({shlex.join(("test", "-f", "/srv/app/a.css")): ""}))
    for observation in (APACHE, apache_config(site), replace(STYLE, status=404)):
        ctx.emit(observation)
    probe: Any = handled_paths.path_of_file
    asyncio.run(probe.work(ctx, STYLE))
    return list(ctx.observed(HandledPath))


def test_a_file_of_the_document_root_that_apache_passes_on() -> None:
    (path,) = _apache_files("DocumentRoot /srv/app")
    assert (path.unserved_file, path.application) == ("/srv/app/a.css", "127.0.0.1:3000")
    assert not _apache_files("DocumentRoot /srv/other")
    assert not _apache_files("DocumentRoot /srv/app", "ProxyPass /a.css !")
    assert not _apache_files("DocumentRoot /srv/app", "Alias /a.css /srv/a.css")
    assert not _apache_files()


FOUND = """\
uid 33
path {path}
part 0 root 0 root 644 regular file||{path}
"""


def _siblings(*observations: Observation, status: int = 404) -> list[str]:
    """Return the files that are found beside the application for a style sheet of the page."""
    lost = replace(STYLE, status=status, url="https://shop.example.com/static/a.css")
    paths = paths_in((), ["/srv/shop"], "/static/a.css")
    asked = shlex.join(("sh", "-c", ACCESS_SCRIPT, "sh", "", "10", *paths))
    commands: dict[str, str | CommandResult] = {
        "readlink -- /proc/20/cwd": "/srv/shop\n",
        asked: FOUND.format(path=paths[0]),
    }
    ctx = Looking(RecordedMachine(commands))
    for observation in (apache_config(HTTPS), *observations, lost):
        ctx.emit(observation)
    probe: Any = handled_paths.path_of_file
    for _ in range(2):
        asyncio.run(probe.work(ctx, lost))
    return [sibling.path for sibling in ctx.observed(SiblingFile) if sibling.of_program]


def test_a_file_in_the_folder_of_the_program_that_answers_is_found_once() -> None:
    assert _siblings(APACHE, LISTENING) == ["/srv/shop/static/a.css"]
    assert not _siblings(APACHE, LISTENING, status=200)
    assert not _siblings(APACHE)
    assert not _siblings(replace(APACHE, container="web"), LISTENING)


def test_a_file_of_apache_in_whose_place_a_page_came() -> None:
    files = HTTPS.replace("    ProxyPass / http://127.0.0.1:3000/\n", "    DocumentRoot /srv/app\n")
    page = replace(STYLE, status=200, is_html=True, headers=(("Content-Type", "text/html"),))
    for there, status, expected in (
        (True, 200, ["/srv/app/a.css"]),
        (False, 200, []),
        (True, 404, []),
    ):
        commands: dict[str, str | CommandResult] = {}
        if there:
            commands[shlex.join(("test", "-f", "/srv/app/a.css"))] = ""
        ctx = Looking(RecordedMachine(commands))
        for observation in (APACHE, apache_config(files), replace(page, status=status)):
            ctx.emit(observation)
        probe: Any = handled_paths.path_of_file
        asyncio.run(probe.work(ctx, page))
        found = [path.replaced_file for path in ctx.observed(HandledPath)]
        assert list(filter(None, found)) == expected


def test_a_file_of_an_alias_that_apache_passes_on() -> None:
    line = "    ProxyPass / http://127.0.0.1:3000/\n"
    site = apache_config(HTTPS.replace(line, f"    Alias /static /srv/shop/static\n{line}"))
    file = "/srv/shop/static/app.css"
    found = []
    for status in (0, 1):
        result = CommandResult((), status, "", "", 0.0)
        ctx = Looking(RecordedMachine({f"test -f {file}": result}))
        ctx.target = replace(ctx.target, path="/static/app.css")
        page = Exchange(
            url=f"{ctx.target.origin}/static/app.css", address="203.0.113.10", port=443, status=404
        )
        for observation in (APACHE, site, page):
            ctx.emit(observation)
        probe: Any = handled_paths.path_of_data
        asyncio.run(probe.work(ctx, page))
        found += [(path.path, path.unserved_file) for path in ctx.observed(HandledPath)]
    assert found == [("/static/app.css", file)]
