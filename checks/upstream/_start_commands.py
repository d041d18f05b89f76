"""The command that starts the program of a port on which nothing listens, where one file of this
server alone names the port."""

import posixpath
import shlex
from collections.abc import Mapping

from checks.listener._missing_networks import told_network
from diagnose.model import Applicability, Command, Evidence, Fix, commands
from diagnose.model.containers import Containers
from diagnose.model.program_logs import StartFile
from diagnose.model.start_commands import (
    keep_project,
    pm2,
    start_pm2_at_boot,
    start_user_unit,
)
from diagnose.model.steps import Effect

_NONE: Mapping[str, object] = {
    "start": "",
    "start_file": "",
    "start_pm2": False,
    "start_npm": False,
    "missing_network": "",
    "session_unit": "",
    "pm2_stopped": False,
    "supervisor_stopped": False,
    "unit_stopped": "",
    "starter_user": "",
}


def start_facts(evidence: Evidence, port: int) -> Mapping[str, object]:
    """Return the facts about the command: `start`, "" if none is known, and `start_file`, which
    names the port (`start_named`) or is the only project. `start_pm2` asks for pm2's own list to
    be saved, `start_npm` for a service, and `missing_network` is that which it lacks.
    `session_unit` is a unit of `starter_user` that ended with that user's last session, and
    `pm2_stopped` and `supervisor_stopped` tell that what keeps the program does not run, and
    `unit_stopped` is a service that nobody started."""
    file = _start_file(evidence, port)
    if file is None:
        return _NONE
    is_project = file.starter in {"project", "other"}
    is_npm = is_project and not file.has_pm2
    return {
        "start": _as_owner(file, _command(file)),
        "start_file": f"program:{file.path}" if file.starter == "supervisor" else file.path,
        "start_named": file.starter != "other",
        "start_pm2": file.starter in {"saved", "ecosystem"} or (is_project and not is_npm),
        "start_npm": is_npm,
        "missing_network": told_network(evidence) if file.starter == "compose" else "",
        "session_unit": _unit(file) if file.starter == "user" and not file.is_up else "",
        "pm2_stopped": file.starter in {"saved", "ecosystem"} and not file.is_up,
        "supervisor_stopped": _is_unsupervised(file),
        "unit_stopped": _service(file) if file.starter == "unit" else "",
        "starter_user": file.owner,
    }


def start_fix(evidence: Evidence, port: int) -> Fix | None:
    """Return the commands that start the program of a port and let it start with the server, where
    one file of this server alone names the port; None where a person has to look first."""
    file = _start_file(evidence, port)
    steps = _start_steps(file) if file and file.owner not in {"", "UNKNOWN"} else ()
    return Fix(steps, Applicability.REVIEW) if steps else project_fix(evidence, port)


def _start_file(evidence: Evidence, port: int) -> StartFile | None:
    return next(
        (start_file for start_file in evidence.good(StartFile) if start_file.port == port), None
    )


def _start_steps(file: StartFile) -> tuple[Command, ...]:
    user, home, tool = file.owner, file.home, file.tool
    match file.starter:
        case "supervisor" if _is_unsupervised(file):
            # Its programs start with it.
            return (commands.enable_service(tool, now=True),)
        case "supervisor":
            start = Command(
                ("supervisorctl", "start", file.path),
                Effect.START,
                undo=("supervisorctl", "stop", file.path),
            )
            return (start,)
        case "unit":
            return (commands.enable_service(_service(file), now=True),)
        case "user" if file.user_id and not file.is_up:
            return start_user_unit(user, file.user_id, _unit(file), lingers=file.lingers)
        case "saved" if home and tool and not file.is_up:
            return (*_at_boot(file), pm2(user, home, tool, "resurrect"))
        case "ecosystem" if home and tool and not file.is_up:
            start = pm2(user, home, tool, "start", file.path)
            save = pm2(user, home, tool, "save", effect=Effect.CHANGE)
            return (start, save, *_at_boot(file))
        case "project" if not file.has_pm2 and tool and user != "root":
            return keep_project(user, file.path, tool, file.script)
        case _:
            return ()


def _is_unsupervised(file: StartFile) -> bool:
    return file.starter == "supervisor" and bool(file.tool) and not file.is_up


def _at_boot(file: StartFile) -> tuple[Command, ...]:
    """Let pm2 start with the server: by the unit that is there, or by one that it writes."""
    if file.boots:
        return (commands.enable_service(f"pm2-{file.owner}", now=False),)
    return start_pm2_at_boot(file.owner, file.home, file.tool)


def _service(file: StartFile) -> str:
    return _unit(file).removesuffix(".service")


def _unit(file: StartFile) -> str:
    return posixpath.basename(file.path)


def project_fix(evidence: Evidence, port: int) -> Fix | None:
    """Return the start of the only compose file that names a port, after the network that it lacks
    is made, if a pasted message tells of one. None where another file names the port, or the
    engine has made containers of this one before: these tell more."""
    file = _start_file(evidence, port)
    if file is None or file.starter != "compose" or _was_made(evidence, file.path):
        return None
    name = told_network(evidence)
    create = (commands.create_network("docker", name),) if name else ()
    return Fix((*create, commands.start_project("docker", file.path)), Applicability.REVIEW)


def _was_made(evidence: Evidence, path: str) -> bool:
    containers = (container for item in evidence.good(Containers) for container in item.containers)
    return any(
        container.compose is not None and path in container.compose.files
        for container in containers
    )


def _command(file: StartFile) -> str:
    path = shlex.quote(file.path)
    match file.starter:
        case "supervisor":
            return f"supervisorctl start {path}"
        case "saved":
            return "pm2 resurrect"
        case "unit":
            return f"systemctl enable --now {shlex.quote(_service(file))}"
        case "user":
            return f"systemctl --user start {shlex.quote(_unit(file))}"
        case "ecosystem":
            return f"pm2 start {path}"
        case "compose":
            return f"docker compose -f {path} up -d"
        case "project" | "other":
            run = file.script if file.script == "start" else f"run {shlex.quote(file.script)}"
            name = shlex.quote(posixpath.basename(file.path) or "app")
            if file.has_pm2:
                return f"pm2 start npm --name {name} --cwd {path} -- {run}"
            return f"npm --prefix {path} {run}"


def _as_owner(file: StartFile, command: str) -> str:
    """Return the command for root, who starts what belongs to another user as that one."""
    is_own = file.starter in {"supervisor", "unit", "compose"} or file.owner in {
        "",
        "root",
        "UNKNOWN",
    }
    return command if is_own else f"sudo -iu {shlex.quote(file.owner)} {command}"
