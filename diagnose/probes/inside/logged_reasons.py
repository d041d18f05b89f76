"""Reads why requests of visitors failed from the log of the program behind the site, after such a
request in the log of the web server, or after a person's words: the page itself may be answered.
Then it looks whether that still holds. Nothing is sent.
"""

import html
import posixpath
import re
import shlex
from collections.abc import Iterable
from dataclasses import replace
from typing import Literal

from diagnose.model import Vantage
from diagnose.model.containers import CONTAINER_PROCESSES, NginxContainer
from diagnose.model.http import Exchange
from diagnose.model.logs import FailedRequests, LogLine
from diagnose.model.nginx import NginxConfig
from diagnose.model.program_logs import ProgramLine, ToldReason
from diagnose.model.server import Listeners
from diagnose.model.symptom import Symptom
from diagnose.model.web_servers import WebServerConfig
from diagnose.parsers.log_reasons import LogReason, log_reasons, nameless_refusal
from diagnose.parsers.nginx.error_log import matching_lines, upstream_authority
from diagnose.parsers.program_place import ProgramPlace, parse_place
from diagnose.parsers.sanitize import UNSAFE, clean
from diagnose.parsers.whole_numbers import whole_number
from diagnose.probes import ProbeContext, probe
from diagnose.probes.inside import own_settings, program_logs
from diagnose.probes.inside.unanswered import emit_if_too_slow
from diagnose.probes.inside.web_folders import web_folders
from diagnose.probes.inside.web_servers.readers import WEB_SERVERS

#: Seconds. Older lines belong to earlier problems.
RECENT_SECONDS = 600
#: Most lines of a file: it rarely has the time in a form that is understood.
LINES = 40
#: Where the program lives, with the time of the machine.
PLACE_SCRIPT = f'echo "now $(date +%s)"\n{own_settings.SCRIPT}'

#: A page that names a folder below that of the application (Nextcloud, phpBB, Joomla).
_PAGE_FOLDER = re.compile(
    r"[^<>\n]{0,40}\bwrit(?:e|able|ing)\b[^<>\n\"]{0,30}"
    r"\"(?P<folder>[A-Za-z][\w-]{0,60}(?:/[\w-]{1,60}){0,4})\""
    r" (?:directory|folder)[^<>\n]{0,40}"
)
#: The address of a page at the beginning of a message.
_PAGE_URL = re.compile(r"\A\W{0,4}(?:https?|wss?)://\S{1,500}(?=\s)")
#: What a program wrote into its error output (ngx_http_fastcgi_module).
_STDERR = 'FastCGI sent in stderr: "'

#: Statuses that say something else than that a path is unknown or a login is missing.
_UNTOLD = frozenset({401, 404, 405, 407, 429})
#: Statuses with which programs keep a visitor out.
_KEPT_OUT = frozenset({401, 403, 429})
#: Words of a person that may be about what the program itself does.
_KINDS = frozenset(
    {
        "status", "upload", "other", "login", "cookie", "csrf", "blank", "page-files", "data",
        "application", "no-space", "file-denied", "websocket", "websocket-status",
        "websocket-closed", "sometimes", "incomplete", "download",
    }
)  # fmt: skip


@probe(after=FailedRequests, needs=Listeners)
async def after_logged_request(
    ctx: ProbeContext, failure: FailedRequests, listeners: Listeners
) -> None:
    if failure.status >= 400 and failure.status not in _UNTOLD:
        await _read(ctx, listeners, failure.path)


@probe(after=ProgramLine, needs=Listeners)
async def after_line(ctx: ProbeContext, line: ProgramLine, listeners: Listeners) -> None:
    reasons = _reasons(line.message, ctx.target.host)
    if reasons and not ctx.observed(NginxContainer):
        place, _ = await _place(ctx, line.endpoint, reasons)
        await _emit_true(ctx, listeners, line.endpoint, place, line.equivalent, reasons)


@probe(after=LogLine, needs=Listeners)
async def after_error_output(ctx: ProbeContext, line: LogLine, listeners: Listeners) -> None:
    """What PHP wrote into its error output is in nginx's log."""
    is_denied = line.text.startswith(_STDERR) and "ermission denied" in line.text
    authority = upstream_authority(line) if is_denied else ""
    endpoint = authority.removeprefix("unix:") if "/" in authority else authority.rpartition(":")[2]
    path = ctx.target.path_without_query
    if not endpoint or ctx.observed(NginxContainer):
        return
    if not matching_lines([line], host=ctx.target.host, path=path):
        return
    if not any((page.status or 0) >= 500 for page in ctx.observed(Exchange)):
        return
    if ctx.further_requests.begin(f"what {endpoint} may not use"):
        reasons = [
            log_reason for log_reason in log_reasons(line.text, "") if log_reason.kind == "denied"
        ]
        place, _ = await _place(ctx, endpoint, reasons)
        source = f"grep 'ermission denied' {shlex.quote(line.file)}"
        await _emit_true(ctx, listeners, endpoint, place, source, reasons)


@probe(after=Exchange, needs=Listeners)
async def program_of_the_port(ctx: ProbeContext, _: Exchange, listeners: Listeners) -> None:
    await _after_words(ctx, listeners)


@probe(after=NginxConfig, needs=Listeners)
async def program_behind_nginx(ctx: ProbeContext, _: NginxConfig, listeners: Listeners) -> None:
    await _after_words(ctx, listeners)


@probe(after=WebServerConfig, needs=Listeners)
async def program_behind_a_server(
    ctx: ProbeContext, _: WebServerConfig, listeners: Listeners
) -> None:
    await _after_words(ctx, listeners)


async def _after_words(ctx: ProbeContext, listeners: Listeners) -> None:
    await _after_page_words(ctx, listeners)
    symptom = ctx.target.symptom
    if symptom is not None and is_about_program(symptom):
        await _read(ctx, listeners, ctx.target.path)
    if symptom is not None and not ctx.observed(NginxContainer):
        await _believe(ctx, listeners, symptom.text)


async def _after_page_words(ctx: ProbeContext, listeners: Listeners) -> None:
    """The page itself names a folder of the application that it may not write, or says that the
    program keeps the visitor out."""
    pages = [page for page in ctx.observed(Exchange) if page.is_page_of(ctx.target)]
    if any(page.status in _KEPT_OUT for page in pages):
        # Imported late: few pages are refused.
        from diagnose.probes.inside.program_bans import observe_page_ban

        await observe_page_ban(ctx, listeners)
    bodies = [html.unescape(page.body) for page in pages if (page.status or 0) >= 500]
    named = _PAGE_FOLDER.search(bodies[0]) if bodies else None
    root = next(web_folders(ctx), "") if named else ""
    if named is None or not root.startswith("/") or ctx.observed(NginxContainer):
        return
    path = posixpath.join(root, named["folder"])
    reason = LogReason("denied", clean(named[0].strip(), 300), path=path)
    for endpoint in dict.fromkeys(program_logs.endpoints_of(ctx, ctx.target.path)):
        is_asked = not program_logs.is_front(listeners, endpoint)
        if is_asked and ctx.further_requests.begin(f"whether {endpoint} may write {path}"):
            place, _ = await _place(ctx, endpoint, ())
            source = f"namei -l {shlex.quote(path)}"
            await _emit_true(ctx, listeners, endpoint, place, source, [reason], by="page")


async def _believe(ctx: ProbeContext, listeners: Listeners, message: str) -> None:
    """Record what a pasted line of the program's own says, where the server still is so: the
    program may not be able to write a log."""
    reasons = [
        log_reason
        for log_reason in log_reasons(message, "")
        if log_reason.kind in {"denied", "unreached"}
    ]
    refusal = nameless_refusal(message)
    # What names the site is said by a visitor, who was refused by the site. The address of the page
    # that somebody puts beside a program's own words is none of them.
    text = _PAGE_URL.sub(" ", refusal.text) if refusal is not None else ""
    if not reasons and refusal is not None and ctx.target.host not in text:
        reasons = [refusal]
    for reason in reasons[:1]:
        for endpoint in dict.fromkeys(program_logs.endpoints_of(ctx, ctx.target.path)):
            is_new = ctx.further_requests.begin(f"what {endpoint} is said to lack")
            if is_new and not program_logs.is_front(listeners, endpoint):
                source = f"namei -l {shlex.quote(reason.path)}" if reason.path else "ss -ltnp"
                place, _ = await _place(ctx, endpoint, reasons)
                await _emit_true(ctx, listeners, endpoint, place, source, reasons, by="message")


def is_about_program(symptom: Symptom) -> bool:
    """Return whether words may be about what the program behind the site does."""
    is_untold = symptom.kind == "status" and symptom.number in _UNTOLD
    return symptom.kind in _KINDS and not is_untold


def log_words(ctx: ProbeContext, age: int, endpoint: str) -> tuple[str, ...]:
    """Return the command that prints the logs of a program, also those beside the folder that the
    web server serves of it."""
    folders = dict.fromkeys(posixpath.dirname(root) for root in web_folders(ctx))
    own = [folder for folder in folders if folder.count("/") > 1 and not UNSAFE.search(folder)]
    head = f"lines={LINES} folder={shlex.quote(''.join(own[:1]))}\n"
    return ("sh", "-c", head + program_logs.LOG_SCRIPT, "sh", str(age), endpoint)


async def _read(ctx: ProbeContext, listeners: Listeners, path: str) -> None:
    """Read the log of the program that answers a path, once."""
    if ctx.observed(NginxContainer):
        return
    for endpoint in dict.fromkeys(program_logs.endpoints_of(ctx, path)):
        if program_logs.is_front(listeners, endpoint):
            continue
        if not ctx.further_requests.begin(f"why {endpoint} refused"):
            continue
        words = log_words(ctx, RECENT_SECONDS + int(ctx.elapsed()), endpoint)
        result = await ctx.machine.run(*words, timeout=program_logs.PATIENCE)
        emit_if_too_slow(ctx, "the log of the application", result)
        for log in program_logs.parse_logs(result.out):
            if re.search(r"\b(?i:ban(?:ned)?|blocked|locked)\b", log.text):
                # Imported late: few programs keep a visitor out.
                from diagnose.probes.inside.program_bans import observe_logged_ban

                await observe_logged_ban(ctx, endpoint, log)
            reasons = _reasons(log.text, ctx.target.host)
            if not reasons or log.process in CONTAINER_PROCESSES:
                continue
            place, age = await _place(ctx, endpoint, reasons)
            if log.source.startswith("journalctl") and age < RECENT_SECONDS:
                # It was started anew since: what it wrote before is over.
                words = log_words(ctx, age, endpoint)
                again = await ctx.machine.run(*words, timeout=program_logs.PATIENCE)
                texts = [parse_log.text for parse_log in program_logs.parse_logs(again.out)]
                reasons = _reasons("\n".join(texts), ctx.target.host)
            await _emit_true(ctx, listeners, endpoint, place, log.source, reasons)


def _reasons(text: str, host: str) -> tuple[LogReason, ...]:
    """Return the reasons in a text; where none names an address, also that one was refused."""
    reasons = log_reasons(text, host)
    refusal = nameless_refusal(text)
    is_named = refusal is None or any(reason.kind == "unreached" for reason in reasons)
    return reasons if is_named or refusal is None else (*reasons, refusal)


async def _place(
    ctx: ProbeContext, endpoint: str, reasons: Iterable[LogReason]
) -> tuple[ProgramPlace, int]:
    """Return where the program lives, with those variables of its environment that lines name, and
    for how many seconds it has run."""
    names = dict.fromkeys(
        reason.name for reason in reasons if reason.name.replace("_", "").isalnum()
    )
    if any(reason.kind == "unreached" for reason in reasons):
        # Imported late: few logs tell of another program.
        from diagnose.parsers.peer_addresses import VARIABLES

        names |= dict.fromkeys(VARIABLES)
    words = ("sh", "-c", PLACE_SCRIPT, "sh", endpoint, *names)
    result = await ctx.machine.run(*words, timeout=own_settings.PATIENCE)
    first, _, rest = result.out.partition("\n")
    place = parse_place(rest)
    now = whole_number(first.removeprefix("now ")) or 0
    age = now - place.started if now and place.started else RECENT_SECONDS
    return place, max(age, 0)


async def _emit_true(
    ctx: ProbeContext,
    listeners: Listeners,
    endpoint: str,
    place: ProgramPlace,
    source: str,
    reasons: Iterable[LogReason],
    by: Literal["log", "message", "page"] = "log",
) -> None:
    """Record the reasons that still hold, each once. `source` is the command that shows it, and
    `by` is where the line stands. What a web server says of its own files is judged by the checks
    that know how it uses them."""
    if place.is_front or place.process in WEB_SERVERS:
        return
    at = ctx.elapsed()
    known = {(seen.reason, seen.name, seen.path, seen.port) for seen in ctx.observed(ToldReason)}
    for reason in reasons:
        if (reason.kind, reason.name, reason.path, reason.port) in known:
            continue
        told_reason = ToldReason(
            vantage=Vantage.SERVER, at=at, equivalent=source, reason=reason.kind,
            message=reason.text, endpoint=endpoint, source=by,
            process=place.process or place.container,
            name=reason.name, value=reason.value, path=reason.path, host=reason.host,
            port=reason.port, unit=place.unit, container=place.container, engine=place.engine,
        )  # fmt: skip
        confirmed = await _confirmed_reason(ctx, listeners, place, told_reason)
        if confirmed is not None:
            ctx.emit(replace(confirmed, vantage=Vantage.SERVER, at=at, equivalent=source))


async def _confirmed_reason(
    ctx: ProbeContext, listeners: Listeners, place: ProgramPlace, reason: ToldReason
) -> ToldReason | None:
    """Return the reason with what is known of it now; None if it does not hold, or is not known."""
    # Imported late: few logs name a reason.
    from diagnose.probes.inside import peer_services, reason_controls

    if reason.reason in {"variable", "option", "list"}:
        return await reason_controls.setting(ctx.machine, place, reason)
    if reason.reason in {"denied", "absent"}:
        return await reason_controls.path(ctx.machine, place, reason)
    find = peer_services.unreached if reason.port else peer_services.unnamed
    return await find(ctx.machine, own_settings.SCRIPT, listeners, place, reason)
