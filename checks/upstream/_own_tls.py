"""A program that could not start, as its own TLS names a file that is not there: the web server in
front speaks TLS with visitors, and the program needs none."""

from checks.nginx import Nginx
from diagnose.model import Command, Edit, Evidence, commands
from diagnose.model.applications import ReadSetting
from diagnose.model.program_logs import FailedUnit
from diagnose.parsers.nginx.locations import proxy_pass_of


def own_tls(evidence: Evidence, unit: FailedUnit) -> ReadSetting | None:
    """Return the line that switches TLS of a failed service's program on; None if it is not known,
    or if the web server speaks TLS with the program."""
    reads = (read for read in evidence.good(ReadSetting) if read.topic == "own-tls")
    own = (read for read in reads if read.unit == f"{unit.unit}.service")
    return None if not unit.has_failed or _speaks_tls(evidence) else next(own, None)


def _speaks_tls(evidence: Evidence) -> bool:
    """Return whether nginx passes the target's page on with TLS, or is not what passes it on."""
    matches = Nginx.of(evidence).location_matches(evidence.target.path_without_query)
    passes = [line for match in matches if (line := proxy_pass_of(match))]
    return not passes or any(not line.args[0].startswith("http://") for line in passes)


def tls_steps(read: ReadSetting) -> tuple[Edit | Command, ...]:
    # Imported late: few programs end so.
    from checks.upstream._setting_fixes import setting_fix

    edits = tuple(step for step in setting_fix((read,)).steps if isinstance(step, Edit))
    unit = read.unit.removesuffix(".service")
    # After several failed starts systemd refuses further ones.
    return (*edits, commands.reset_failed(unit), commands.restart_dead_service(unit))


def tls_facts(read: ReadSetting | None) -> dict[str, object]:
    return {
        "tls_key": read.key if read else "",
        "tls_place": read.place if read else "",
    }
