"""How many connections and files nginx's workers may have, and how to raise that."""

from checks.nginx import Nginx
from checks.nginx._commands import config_test_command, reload_steps, restart_commands
from checks.nginx._edits import config_edits
from checks.nginx._file_limits import raised_limit
from diagnose.model import Applicability, Edit, Fix, Manual, Where
from diagnose.model.nginx import ConfigFile, Directive
from diagnose.parsers.nginx import config as nginx_parser
from diagnose.parsers.nginx import edits
from diagnose.parsers.nginx.config import children
from diagnose.parsers.whole_numbers import whole_number

#: nginx's default (ngx_core_module, worker_connections).
DEFAULT_CONNECTIONS = 512


def worker_connections(nginx: Nginx) -> int:
    """Return worker_connections from the configuration on disk."""
    values = [
        directive.args[0]
        for directive in _events_directives(nginx, "worker_connections")
        if directive.args
    ]
    return (whole_number(values[-1]) if values else None) or DEFAULT_CONNECTIONS


def _events_directives(nginx: Nginx, name: str) -> list[Directive]:
    blocks = [
        directive
        for directive in (nginx.config.main if nginx.config else ())
        if directive.name == "events"
    ]
    return [directive for block in blocks for directive in children(block, name)]


# Fix


def limit_fix(nginx: Nginx, connections: int, files: int | None, restart: bool) -> Fix:
    """Raise the limits, by a reload or a restart.

    The limit of the unit is raised too, by a restart: a worker that may not raise its own keeps it.
    A worker without a free descriptor cannot receive the master's message to quit, because that
    message carries a descriptor (ngx_read_channel). After a reload it would still be there.
    """
    changes: dict[str, list[edits.TextEdit]] = {}
    if connections != worker_connections(nginx):
        _set_value(
            nginx,
            changes,
            "worker_connections",
            connections,
            _events_directives(nginx, "worker_connections"),
        )
    if files:
        main = nginx.config.main if nginx.config else ()
        directives = [directive for directive in main if directive.name == "worker_rlimit_nofile"]
        _set_value(nginx, changes, "worker_rlimit_nofile", files, directives)
    file_edits: tuple[Edit, ...] = config_edits(nginx, changes)
    raised = raised_limit(nginx, max(files, 1024)) if files and restart else ()
    commands = (
        (config_test_command(nginx), *restart_commands(nginx)) if restart else reload_steps(nginx)
    )
    if not file_edits:
        return Fix((Manual("raise", Where.SERVER), *commands), Applicability.MANUAL)
    # A restart cuts current connections; a reload keeps them.
    return Fix(
        (*file_edits, *raised, *commands),
        Applicability.REVIEW if restart else Applicability.AUTOMATIC,
    )


def _set_value(
    nginx: Nginx,
    changes: dict[str, list[edits.TextEdit]],
    name: str,
    value: int,
    directives: list[Directive],
) -> None:
    """Set a directive: change it where it exists, or add it in the block where it belongs."""
    line = f"{name} {value};"
    main = nginx.config.file(nginx.config.path) if nginx.config else None
    if directives:
        changes.setdefault(directives[-1].file, []).append(
            edits.replace_directive(directives[-1], line)
        )
    elif main and (change := _insertion(main, line, inside_events=name == "worker_connections")):
        changes.setdefault(main.path, []).append(change)


def _insertion(main: ConfigFile, line: str, inside_events: bool) -> edits.TextEdit | None:
    tree = nginx_parser.parse(main.text, main.path)
    events = next((directive for directive in tree if directive.name == "events"), None)
    if events is None:
        return None
    if inside_events:
        return edits.insert_first(main.text, events, [line])
    return edits.insert_before(main.text, events, [line])
