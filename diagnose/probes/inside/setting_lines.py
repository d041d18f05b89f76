"""Looks for an address that the site's answers name, and that visitors cannot use, in the settings
of the application: its unit, the environment of its container, small files of its folder. Only
where an answer names such an address, or refused the site's own origin."""

import re
import shlex
from collections.abc import Iterator

from diagnose.machine import CommandResult
from diagnose.machine.script_files import read_script
from diagnose.model import Vantage
from diagnose.model.applications import BuildScript, SettingLine
from diagnose.model.containers import NginxContainer
from diagnose.model.http import Exchange, Upgrade
from diagnose.model.nginx import NginxConfig
from diagnose.model.pages import Page, PageFileResponse
from diagnose.model.server import Listeners
from diagnose.model.web_servers import WebServerConfig
from diagnose.probes import ProbeContext, probe
from diagnose.probes.inside.program_logs import endpoints_of, is_front
from diagnose.probes.inside.unanswered import emit_if_too_slow

SCRIPT = read_script(__file__, "setting_lines.sh")
#: Seconds for the script, and most lines that are kept.
PATIENCE, MAX_LINES = 5.0, 4
#: What refuses an origin, and what a handshake with a foreign one is answered.
_URL = re.compile(r"(?:https?|wss?)://[\w.:\[\]-]{1,260}")
_SENT = re.compile(r"-H '?Origin: https?://([\w.-]{1,253})")
_REFUSED = frozenset({400, 401, 403, 404})


@probe(after=Exchange, needs=Listeners)
async def after_answer(ctx: ProbeContext, _: Exchange, listeners: Listeners) -> None:
    await _look_for_lines(ctx, listeners)


@probe(after=Page, needs=Listeners)
async def after_page(ctx: ProbeContext, _: Page, listeners: Listeners) -> None:
    await _look_for_lines(ctx, listeners)


@probe(after=PageFileResponse, needs=Listeners)
async def after_file(ctx: ProbeContext, _: PageFileResponse, listeners: Listeners) -> None:
    await _look_for_lines(ctx, listeners)


@probe(after=Upgrade, needs=Listeners)
async def after_websocket(ctx: ProbeContext, _: Upgrade, listeners: Listeners) -> None:
    await _look_for_lines(ctx, listeners)


@probe(after=NginxConfig, needs=Listeners)
async def after_nginx(ctx: ProbeContext, _: NginxConfig, listeners: Listeners) -> None:
    await _look_for_lines(ctx, listeners)


@probe(after=WebServerConfig, needs=Listeners)
async def after_server(ctx: ProbeContext, _: WebServerConfig, listeners: Listeners) -> None:
    await _look_for_lines(ctx, listeners)


async def _look_for_lines(ctx: ProbeContext, listeners: Listeners) -> None:
    if ctx.observed(NginxContainer):
        return
    urls, names = tuple(_named_urls(ctx)), tuple(_refused_names(ctx))
    if not urls and not names:
        return
    # Imported late: few answers name such an address.
    from diagnose.parsers.setting_lines import (
        bare_addresses,
        parse_setting_lines,
        wrong_addresses,
    )

    wrong = wrong_addresses(urls, ctx.target.host)
    addresses = (*wrong, *bare_addresses(wrong), *names)
    for endpoint in dict.fromkeys(endpoints_of(ctx, ctx.target.path)) if addresses else ():
        new = [address for address in addresses if _begin(ctx, listeners, endpoint, address)]
        if not new:
            continue
        at = ctx.elapsed()
        words = ("sh", "-c", SCRIPT, "sh", endpoint, f"https://{ctx.target.host}", *new)
        result = await ctx.machine.run(*words, timeout=PATIENCE)
        emit_if_too_slow(ctx, "the settings of the application", result)
        lines = [*parse_setting_lines(result.out, new)]
        _tell_build(ctx, result)
        for line in lines[-MAX_LINES:]:
            ctx.emit(
                SettingLine(
                    vantage=Vantage.SERVER,
                    at=at,
                    took=result.took,
                    equivalent=line.command
                    or shlex.join(("grep", "-nF", "-e", line.address, line.file)),
                    address=line.address,
                    text=line.text,
                    file=line.file,
                    number=line.number,
                    unit=line.unit,
                    container=line.container,
                )
            )


def _tell_build(ctx: ProbeContext, result: CommandResult) -> None:
    from diagnose.parsers.setting_lines import parse_build, unit_of

    build = parse_build(result.out, ctx.target.host)
    if build is None or ctx.observed(BuildScript):
        return
    ctx.emit(
        BuildScript(
            vantage=Vantage.SERVER,
            took=result.took,
            equivalent=shlex.join(("grep", "-n", '"build"', f"{build.folder}/package.json")),
            program=build.program,
            folder=build.folder,
            file=build.file,
            number=build.number,
            text=build.text,
            unit=unit_of(result.out),
        )
    )


def _begin(ctx: ProbeContext, listeners: Listeners, endpoint: str, address: str) -> bool:
    slot = f"settings of {endpoint} with {address}"
    return not is_front(listeners, endpoint) and ctx.further_requests.begin(slot)


def _named_urls(ctx: ProbeContext) -> Iterator[str]:
    """Yield the addresses that visitors are told and that may be wrong for them."""
    for answer in ctx.observed(Exchange):
        if answer.purpose in {"target", "redirect", "login"}:
            onward = answer.header("Location") or ""
            yield from (url for url in (onward, *answer.mentions) if "://" in url)
            if "%3A%2F%2F" in onward or "%3a%2f%2f" in onward or "=http" in onward:
                from diagnose.parsers.setting_lines import addresses_in_query

                yield from addresses_in_query(onward)
    for page in ctx.observed(Page):
        files = (file.url for file in page.files)
        yield from (*page.requests, *files, *page.posts, *page.insecure_frames, *page.plain_sockets)
        yield from filter(None, (page.base,))
    for response in ctx.observed(PageFileResponse):
        yield from (*response.mentions, *response.requests)
    if ctx.target.symptom is not None:
        yield from _URL.findall(ctx.target.symptom.text[:2048])


def _refused_names(ctx: ProbeContext) -> Iterator[str]:
    """Yield the name of the origin that a WebSocket or a message about CORS shows refused, and that
    of the site where an answer names its address with http."""
    target, plain = ctx.target, f"http://{ctx.target.host}"
    if target.uses_tls and any(
        url == plain or url.startswith(f"{plain}/") for url in _named_urls(ctx)
    ):
        yield target.host
    handshakes = (
        upgrade for upgrade in ctx.observed(Upgrade) if upgrade.is_visit and not upgrade.accepted
    )
    if any(handshake.status in _REFUSED for handshake in handshakes):
        yield ctx.target.host
    symptom = ctx.target.symptom
    if symptom is not None and symptom.kind == "cors":
        for answer in ctx.observed(Exchange):
            sent = _SENT.search(answer.equivalent)
            if sent and answer.purpose in {"target", "cross-origin"}:
                yield sent[1].lower()
                return
