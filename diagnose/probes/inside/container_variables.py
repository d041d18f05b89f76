"""The environment of the container whose program has failed, beside the files that it comes from,
and the database that refused the program's login."""

import shlex

from diagnose.machine import Machine
from diagnose.machine.container import ContainerMachine
from diagnose.machine.script_files import read_script
from diagnose.model import Vantage
from diagnose.model.containers import DatabaseLogin, Engine, OutdatedContainer
from diagnose.model.program_logs import ProgramLine
from diagnose.parsers.container_variables import (
    changed_variables,
    files_of,
    parse_variables,
    refused_user,
    refusing_database,
)
from diagnose.probes import ProbeContext
from diagnose.probes.inside.unanswered import emit_if_too_slow

SCRIPT = read_script(__file__, "container_variables.sh")
LOGINS = read_script(__file__, "database_logins.sh")
_ENGINES: dict[str, Engine] = {"docker": "docker", "podman": "podman"}
#: Seconds for a script, and bytes of a file.
PATIENCE, MAX_FILE = 6.0, 128 << 10


async def emit_environment(ctx: ProbeContext, line: ProgramLine) -> None:
    """Emit what is wrong with the environment of a container, by a line of its log."""
    words = line.equivalent.split()
    engine = _ENGINES.get(words[0]) if words[1:2] == ["logs"] else None
    name = words[-1] if words else ""
    if engine is None or name.startswith("-"):
        return
    if not ctx.further_requests.begin(f"the environment of the container {name}"):
        return
    machine = ctx.machine
    server = machine.server if isinstance(machine, ContainerMachine) else machine
    await _emit_outdated(ctx, server, engine, name)
    if user := refused_user(line.message):
        await _emit_login(ctx, server, (engine, name), (user, line.message))


async def _emit_outdated(ctx: ProbeContext, server: Machine, engine: Engine, name: str) -> None:
    at = ctx.elapsed()
    result = await server.run("sh", "-c", SCRIPT, "sh", engine, name, timeout=PATIENCE)
    emit_if_too_slow(ctx, "the environment of the container", result)
    own, variables = parse_variables(result.out)
    if own is None or not variables:
        return
    file = await server.read(own.files[0], MAX_FILE)
    if file.failure is not None:
        return
    texts = dict[str, str]()
    for path in files_of(own, file.text)[:8]:
        other = await server.read(path, MAX_FILE)
        if other.failure is None:
            texts[path] = other.text
    changed = changed_variables(own, file.text, texts, variables)
    if changed:
        command = shlex.join((engine, "inspect", "-f", "{{json .Config.Env}}", name))
        ctx.emit(
            OutdatedContainer(
                vantage=Vantage.SERVER, at=at, took=result.took, equivalent=command,
                engine=engine, name=name, compose=own, changed=changed,
            )
        )  # fmt: skip


async def _emit_login(
    ctx: ProbeContext, server: Machine, container: tuple[Engine, str], login: tuple[str, str]
) -> None:
    (engine, name), (user, message), at = container, login, ctx.elapsed()
    result = await server.run("sh", "-c", LOGINS, "sh", engine, name, user, timeout=PATIENCE)
    emit_if_too_slow(ctx, "the databases beside the container", result)
    database = refusing_database(result.out)
    if database is not None:
        ctx.emit(
            DatabaseLogin(
                vantage=Vantage.SERVER, at=at, took=result.took, message=message,
                equivalent=shlex.join((engine, "logs", "--tail", "50", database.name)),
                engine=engine, name=database.name, product=database.product, application=name,
                user=user, is_same_password=database.is_same_password, reason=database.reason,
            )
        )  # fmt: skip
