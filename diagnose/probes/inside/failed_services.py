"""Probe for services of systemd, and programs of pm2 and supervisor, that failed, where nothing
listens on the site's port or at the application's address: one of them may be what should listen
there.

Web servers have readers of their own (`diagnose.probes.inside.web_servers`).
"""

import posixpath
import re
import shlex
from collections.abc import Iterator
from dataclasses import replace
from typing import get_args

from diagnose.machine import CommandResult
from diagnose.machine.script_files import read_script
from diagnose.model import Vantage
from diagnose.model.containers import NginxContainer
from diagnose.model.frozen import frozen
from diagnose.model.program_logs import SERVICES_LIST, FailedUnit, Manager
from diagnose.model.server import Listeners
from diagnose.model.services import ServiceFailure
from diagnose.parsers.linux.start_failures import names_no_port, start_failure
from diagnose.parsers.linux.start_needs import lack_of
from diagnose.parsers.linux.unit_corrections import fault_of
from diagnose.parsers.program_words import telling_line
from diagnose.parsers.sanitize import clean
from diagnose.parsers.whole_numbers import whole_number
from diagnose.probes import ProbeContext, probe
from diagnose.probes.inside.unanswered import emit_if_too_slow
from diagnose.probes.inside.unit_corrections import emit_correction
from diagnose.probes.inside.unit_rules import forbidding_setting
from diagnose.probes.inside.web_servers.readers import WEB_SERVERS

SCRIPT = read_script(__file__, "failed_services.sh")

#: Seconds for the list and the journals.
PATIENCE = 6.0


_MANAGERS: dict[str, Manager] = {manager: manager for manager in get_args(Manager)}


@frozen
class ListedUnit:
    """A service in the output of SCRIPT: `unit` is its name without ".service", `state` systemd's
    word, `user` that of the unit ("" for root). `names_endpoint` is True if the unit's file names
    the endpoint, `is_local` if that file is in /etc. `log` is the file of a program that systemd
    does not manage, "" for the journal. `properties` are the lines that begin with "="."""

    unit: str
    state: str
    user: str
    names_endpoint: bool
    is_local: bool
    journal: str
    manager: Manager = "systemd"
    log: str = ""
    properties: tuple[tuple[str, str], ...] = ()

    def get(self, name: str) -> str:
        """Return systemd's value of a property, "" if it is not known."""
        return clean(dict(self.properties).get(name, ""), 60)

    @property
    def command(self) -> str:
        """The command that shows what it wrote."""
        if self.log:
            return f"tail -n 60 {shlex.quote(self.log)}"
        return f"journalctl -b -n 60 -u {shlex.quote(self.unit)}"


@probe(after=Listeners)
async def failed_services(ctx: ProbeContext, listeners: Listeners) -> None:
    """Where nothing listens on the target's port, a service that failed may be the reason."""
    port = ctx.target.port
    if listeners.failure is not None or listeners.on(port):
        return
    at = ctx.elapsed()
    result = await _run(ctx, str(port))
    if ctx.options.wants("listener"):
        for failure in start_failures(result.out, port, at, result.took):
            if failure.reason == "port-permission":
                await emit_correction(ctx, failure.unit, "port")
            ctx.emit(failure)
    await _emit_files(ctx, port, result)
    if not ctx.observed(NginxContainer):
        await _emit_units(ctx, str(port), at, result)


@probe(after=Listeners)
async def reported_services(ctx: ProbeContext, listeners: Listeners) -> None:
    """Where the site's port is served, and somebody pasted that a program may not read a file of
    TLS, a service of which the journal says the same of a file in that folder: a certificate and
    its key lie together."""
    symptom, port = ctx.target.symptom, ctx.target.port
    reported_failure = start_failure(symptom.text, port) if symptom is not None else None
    if (
        reported_failure is None
        or not reported_failure.file
        or listeners.failure is not None
        or not listeners.on(port)
    ):
        return
    result = await _run(ctx, str(port))
    for failure in start_failures(result.out, port, ctx.elapsed(), result.took):
        is_told = posixpath.dirname(failure.file) == posixpath.dirname(reported_failure.file)
        if failure.reason == "file-permission" and is_told:
            # Imported late: few services fail so.
            from diagnose.probes.inside.web_servers.start_files import emit_service_file

            ctx.emit(failure)
            await emit_service_file(ctx, failure.unit, failure.file)


async def look_at_units(ctx: ProbeContext, endpoint: str) -> None:
    """Emit the services that failed; nothing listens at the endpoint."""
    at = ctx.elapsed()
    result = await _run(ctx, endpoint)
    await _emit_units(ctx, endpoint, at, result)
    port = whole_number(endpoint)
    await _emit_files(ctx, port or 0, result)
    if port is not None and not any(unit.endpoint == endpoint for unit in _likely(ctx)):
        # Imported late: most applications run.
        from diagnose.probes.inside.start_commands import emit_start_file

        await emit_start_file(ctx, port)


def _likely(ctx: ProbeContext) -> Iterator[FailedUnit]:
    return (unit for unit in ctx.observed(FailedUnit) if unit.names_endpoint)


async def look_at_own_units(ctx: ProbeContext, endpoint: str) -> None:
    """Emit the services that fail although a program listens at the endpoint that is theirs."""
    at = ctx.elapsed()
    result = await _run(ctx, endpoint, "failed")
    for unit in failed_units(result.out, endpoint, at, result.took):
        is_unnamed = names_no_port(unit.message)
        is_systemd = unit.manager == "systemd" and unit.has_failed
        if is_systemd and (unit.names_endpoint or is_unnamed):
            # Imported late: few services find their port taken.
            from diagnose.probes.inside.own_copies import port_owner

            copy, holder = (
                await port_owner(ctx, unit.unit, endpoint)
                if unit.port_in_use or is_unnamed
                else (0, "")
            )
            # Only its own program shows that the port is that of a service which names none.
            if unit.names_endpoint or copy:
                if fault_of(unit.message) == "forking":
                    await emit_correction(ctx, unit.unit, "forking")
                own = replace(unit, is_open=True, names_endpoint=True, copy=copy, holder=holder)
                ctx.emit(replace(own, port_in_use=unit.port_in_use or bool(copy)))


async def _run(ctx: ProbeContext, endpoint: str, *only: str) -> CommandResult:
    result = await ctx.machine.run("sh", "-c", SCRIPT, "sh", endpoint, *only, timeout=PATIENCE)
    emit_if_too_slow(ctx, SERVICES_LIST, result)
    return result


async def _emit_units(ctx: ProbeContext, endpoint: str, at: float, result: CommandResult) -> None:
    for unit in failed_units(result.out, endpoint, at, result.took):
        name = f"{unit.unit}.service"
        is_asked = unit.manager == "systemd" and unit.has_failed
        line = unit.message if is_asked else ""
        _, setting = await forbidding_setting(ctx.machine, name, line)
        if setting.startswith("ProtectHome="):
            await emit_correction(ctx, unit.unit, "home", line)
        if fault := fault_of(line):
            await emit_correction(ctx, unit.unit, fault, line)
        elif line:
            # Imported late: most applications run.
            from diagnose.probes.inside.missing_files import emit_switch
            from diagnose.probes.inside.start_needs import emit_need

            await emit_need(ctx, unit.unit, line)
            await emit_switch(ctx, unit.unit, line)
        if unit.has_failed and unit.message and not (is_asked and lack_of(unit.message)):
            # Imported late: most applications run.
            from diagnose.probes.inside.program_needs import emit_need_of_unit

            await emit_need_of_unit(ctx, unit)
        ctx.emit(replace(unit, setting=setting))


async def _emit_files(ctx: ProbeContext, port: int, result: CommandResult) -> None:
    """Emit who may read the files of TLS that the services could not read."""
    for failure in start_failures(result.out, port, ctx.elapsed(), result.took):
        if failure.reason == "file-permission":
            # Imported late: few services fail so.
            from diagnose.probes.inside.web_servers.start_files import emit_service_file

            await emit_service_file(ctx, failure.unit, failure.file)


def parse_units(text: str) -> Iterator[ListedUnit]:
    """Parse the output of SCRIPT. Web servers are left out: others read them."""
    for block in re.split(r"^unit ", text, flags=re.MULTILINE)[1:]:
        head, _, rest = block.partition("\n")
        lines = rest.split("\n")
        properties = [line[1:].partition(" ") for line in lines if line.startswith("=")]
        journal = "\n".join(line for line in lines if not line.startswith("="))
        name, state, user, named, local, manager, log = f"{head}       ".split(" ", 6)[:7]
        unit = clean(name, 100).removesuffix(".service")
        if unit not in WEB_SERVERS:
            yield ListedUnit(
                unit,
                "" if state == "-" else clean(state, 30),
                "" if user == "-" else clean(user, 60),
                named == "yes",
                local == "yes",
                journal,
                _MANAGERS.get(manager, "systemd"),
                clean(log.strip(), 300),
                tuple((key, value.strip()) for key, _, value in properties),
            )


def start_failures(text: str, port: int, at: float, took: float) -> Iterator[ServiceFailure]:
    """Yield the services whose journal says why they could not open the port, from the output of
    SCRIPT."""
    for listed in parse_units(text):
        if failure := start_failure(listed.journal, port, dict(listed.properties).get("exec", "")):
            yield ServiceFailure(
                vantage=Vantage.SERVER,
                at=at,
                took=took,
                equivalent=f"journalctl -n 60 -u {shlex.quote(listed.unit)}",
                unit=listed.unit,
                state=listed.state,
                user=listed.user,
                reason=failure.reason,
                message=failure.message,
                file=failure.file,
            )


def failed_units(text: str, endpoint: str, at: float, took: float) -> Iterator[FailedUnit]:
    """Yield every service with the line that says most, from the output of SCRIPT."""
    port = whole_number(endpoint)
    for listed in parse_units(text):
        failure = start_failure(listed.journal, port) if port is not None else None
        loaded = {"masked": "masked", "bad-setting": "invalid", "error": "invalid"}
        yield FailedUnit(
            vantage=Vantage.SERVER,
            at=at,
            took=took,
            equivalent=listed.command,
            unit=listed.unit,
            state=listed.state,
            endpoint=endpoint,
            message=_message(listed),
            names_endpoint=listed.names_endpoint or _writes_of(listed.journal, endpoint),
            is_local=listed.is_local,
            manager=listed.manager,
            file_state=loaded.get(listed.get("load"), listed.get("file")),
            sub_state=listed.get("sub"),
            ports=tuple(filter(None, map(whole_number, listed.get("ports").split()))),
            age=whole_number(listed.get("age")),
            restarts=whole_number(listed.get("restarts")) or 0,
            has_own_network=listed.get("private") == "yes",
            port_in_use=failure is not None and failure.reason == "port-in-use",
        )


def _message(listed: ListedUnit) -> str:
    """Return the line that says most of why it does not run. Of a service that nobody started its
    old words say nothing, and systemd's say whether it left it out."""
    if listed.state == "inactive" and listed.get("load") in {"", "loaded", "masked"}:
        reasons = _LEFT_OUT.findall(listed.journal)
        return clean(reasons[-1], 300) if reasons else ""
    line = telling_line(listed.journal)
    return line.text if line else _ending(listed.journal)


def _writes_of(journal: str, endpoint: str) -> bool:
    """Return whether a line names the endpoint as the service's own. A client that could not
    connect names it too."""
    at_endpoint = re.compile(rf"(?<![\w.]){re.escape(endpoint)}(?!\w)")
    lines = (line for line in journal.split("\n") if at_endpoint.search(line[:2000]))
    return any(_SERVER.search(line[:2000]) or not _CLIENT.search(line[:2000]) for line in lines)


#: What a client writes of a server that it does not reach.
_CLIENT = re.compile(r"connect|ECONNREFUSED|refused|unreachable|timed out", re.IGNORECASE)

#: What opens a server's own socket, beside such words: Ruby names a bind(2) that fails "connect(2)"
#: (Puma, Unicorn, Thin).
_SERVER = re.compile(
    r"/(?:puma/binder|unicorn/socket_helper|thin/backends/unix_server)\.rb:\d"
    r"|\bUNIXServer\b|\bunix_server\b|unable to bind|failed to (?:bind|listen)"
)

#: systemd's words where it does not start a unit: a condition that is not met (in its old words
#: too), or another unit that it requires and that failed.
_LEFT_OUT = re.compile(
    r"^ ?(.{0,200}(?:was skipped because|Condition check resulted in|Dependency failed for)"
    r".{0,200})$",
    re.MULTILINE,
)


def _ending(journal: str) -> str:
    """Return how the program ended, in systemd's words; "" if it did not say."""
    endings = re.findall(r"Main process exited, (code=[^\n]{1,100})", journal)
    return clean(endings[-1], 100) if endings else ""
