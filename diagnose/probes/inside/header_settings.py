"""Reads where the program that refuses a large header, or has no room for its own, has its limit:
its systemd unit, Tomcat's server.xml, Jetty's .ini files, Authelia's configuration.yml, Spring
Boot's application.properties or application.yml. Only the line of the limit is kept
(docs/adr/0092)."""

import posixpath
from dataclasses import replace

from diagnose.model import Vantage
from diagnose.model.applications import ReadSetting
from diagnose.model.http import Exchange
from diagnose.model.requests import HeaderTrial
from diagnose.parsers.authelia_buffers import authelia_size
from diagnose.parsers.header_sizes import (
    SizeLine,
    jetty_size,
    spring_response_size,
    tomcat_response_size,
    tomcat_size,
    unit_size,
)
from diagnose.parsers.program_place import ProgramPlace, argument_value
from diagnose.parsers.query_characters import (
    spring_query_characters,
    tomcat_query_characters,
)
from diagnose.parsers.read_settings import is_plain
from diagnose.parsers.spring_yaml import yaml_query_characters, yaml_response_size
from diagnose.probes import ProbeContext
from diagnose.probes.inside.own_setting_files import MAX_FILE

_INI_FILES = ("start.d/server.ini", "start.d/http.ini", "start.ini")
_PROGRAMS = ("gunicorn", "uvicorn")
YAML = (".yml", ".yaml")
#: Names of Node's own processes, and what its frameworks write into X-Powered-By.
_NODE = frozenset({"node", "nodejs", "MainThread"})
_NODE_FIELDS = frozenset({"express", "next.js", "nuxt", "sails <sailsjs.com>"})


async def emit_header_setting(ctx: ProbeContext, place: ProgramPlace, trial: HeaderTrial) -> None:
    """Emit the line that raises the limit of the program, if it is known."""
    if place.container or not place.pid:
        return
    if place.process not in _NODE and _is_node(ctx, place):
        place = replace(place, process="node")
    size_lines = list[tuple[str, SizeLine]]()
    for path, kind in _files(place):
        file = await ctx.machine.read(path, MAX_FILE)
        if file.failure is not None:
            continue
        line = _size(file.text, kind, trial)
        if line is not None and is_plain(line.line):
            size_lines.append((file.real or path, line))
    for path, line in size_lines[:1]:
        _emit(ctx, place, "header-limit", path, line, unsure=len(size_lines) > 1)


def _size(text: str, kind: str, trial: HeaderTrial) -> SizeLine | None:
    if kind == "tomcat":
        return tomcat_size(text, trial.port)
    if kind == "jetty":
        return jetty_size(text)
    if kind == "authelia":
        return authelia_size(text)
    return unit_size(text, kind, trial.served)


def _is_node(ctx: ProbeContext, place: ProgramPlace) -> bool:
    """Return whether a program of Node.js has another name: the one that it gave its own process,
    or that of a script which starts it. Its answers tell it."""
    if place.process.startswith("next-server") or place.words[:1] == ("next-server",):
        return True
    pages = [page for page in ctx.observed(Exchange) if page.is_page_of(ctx.target)]
    powers = {(page.header("X-Powered-By") or "").lower() for page in pages}
    return bool(powers & _NODE_FIELDS) or any(page.header("kbn-name") for page in pages)


def _emit(
    ctx: ProbeContext, place: ProgramPlace, topic: str, path: str, line: SizeLine, unsure: bool
) -> None:
    ctx.emit(
        ReadSetting(
            vantage=Vantage.SERVER, at=ctx.elapsed(), application="program", topic=topic,
            key=line.key, file=path, number=line.number, line=line.line, new=line.new,
            added=line.added, unsure=unsure, process=place.process, unit=place.unit,
            starter=place.starter,
        )
    )  # fmt: skip


async def emit_response_header_setting(
    ctx: ProbeContext, place: ProgramPlace, endpoint: str
) -> None:
    """Emit the line by which Tomcat takes larger headers of a response, if its file is read."""
    if place.container or not place.pid or not endpoint.isdecimal():
        return
    for path, kind in _response_files(place):
        file = await ctx.machine.read(path, MAX_FILE)
        if file.failure is not None:
            continue
        line = (
            tomcat_response_size(file.text, int(endpoint[:5]))
            if kind == "tomcat"
            else yaml_response_size(file.text)
            if path.endswith(YAML)
            else spring_response_size(file.text)
        )
        if line is not None and is_plain(line.line):
            _emit(ctx, place, "response-header-limit", file.real or path, line, unsure=False)
        return


async def emit_query_characters(
    ctx: ProbeContext, place: ProgramPlace, endpoint: str, characters: str
) -> None:
    """Emit the line by which Tomcat takes these characters in a query, if its file is read."""
    if place.container or not place.pid or not endpoint.isdecimal():
        return
    for path, kind in _response_files(place):
        file = await ctx.machine.read(path, MAX_FILE)
        if file.failure is not None:
            continue
        line = (
            tomcat_query_characters(file.text, int(endpoint[:5]), characters)
            if kind == "tomcat"
            else yaml_query_characters(file.text, characters)
            if path.endswith(YAML)
            else spring_query_characters(file.text, characters)
        )
        if line is not None and is_plain(line.line):
            _emit(ctx, place, "query-characters", file.real or path, line, unsure=False)
        return


def _response_files(place: ProgramPlace) -> list[tuple[str, str]]:
    """Return the files of a Tomcat, or of Spring Boot in the order in which they win."""
    tomcat = [(path, kind) for path, kind in _files(place) if kind == "tomcat"]
    return tomcat or [(path, "spring") for path in spring_files(place)]


def spring_files(place: ProgramPlace) -> list[str]:
    """Return the files of Spring Boot in the order in which they win; [] for what is not Java."""
    if "java" not in " ".join((place.process, *place.words[:1])):
        return []
    names = ("spring.config.location", "spring.config.additional-location")
    paths = list[str]()
    for option in (*(f"--{name}" for name in names), *(f"-D{name}" for name in names)):
        value = (argument_value(place.words, option) or "").partition(",")[0]
        path = value.removeprefix("optional:").removeprefix("file:")
        if path.endswith((".properties", *YAML)):
            paths.append(path)
        elif path.endswith("/"):
            paths += [f"{path}application.properties", f"{path}application.yml"]
    # Those of a folder above win; at one place those in .properties do.
    usual = (
        "config/application.properties", "config/application.yml",
        "application.properties", "application.yml", "application.yaml",
    )  # fmt: skip
    at = place.folder or "/"
    return [posixpath.normpath(posixpath.join(at, path)) for path in (*paths, *usual)]


def _files(place: ProgramPlace) -> list[tuple[str, str]]:
    """Return the files in which the limit may stand, and whose they are."""
    command = " ".join((place.process, *place.words))
    for option, kind, names in (
        ("-Dcatalina.base=", "tomcat", ("conf/server.xml",)),
        ("-Djetty.base=", "jetty", _INI_FILES),
    ):
        base = next((word[len(option) :] for word in place.words if word.startswith(option)), "")
        if base.startswith("/"):
            return [(posixpath.join(base, name), kind) for name in names]
    if place.process == "authelia":
        named = (argument_value(place.words, "--config") or "").partition(",")[0]
        path = named or "configuration.yml"
        return [(posixpath.normpath(posixpath.join(place.folder or "/", path)), "authelia")]
    kind = next((program for program in _PROGRAMS if program in command), "")
    if not kind and place.process in _NODE:
        kind = "node"
    # A folder of additions may set the command anew.
    units = [path for path in place.unit_files if path.endswith((".service", ".conf"))]
    return [(path, kind) for path in units] if kind else []
