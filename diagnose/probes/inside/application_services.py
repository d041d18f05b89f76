"""Probes for services of systemd that failed, where nothing listens at the application's address
or on the port of the site: one of them may be the application.
"""

import re
import shlex
from collections.abc import Iterator

from diagnose.machine.script_files import read_script
from diagnose.model import Vantage
from diagnose.model.containers import NginxContainer
from diagnose.model.program_logs import FailedUnit
from diagnose.model.server import Listeners
from diagnose.parsers.program_words import telling_line
from diagnose.parsers.sanitize import clean
from diagnose.probes import ProbeContext, probe
from diagnose.probes.inside.unanswered import emit_if_too_slow

UNITS_SCRIPT = read_script(__file__, "failed_applications.sh")

#: Seconds for the list and the journals.
PATIENCE = 6.0

#: Web servers, whose starts are read elsewhere.
_FRONTS = frozenset({"nginx", "openresty", "apache2", "httpd", "caddy", "haproxy", "traefik"})


@probe(after=Listeners)
async def services_of_a_silent_port(ctx: ProbeContext, listeners: Listeners) -> None:
    """Where nothing listens on the target's port, a service that failed may be the reason."""
    port = ctx.target.port
    if listeners.failure is None and not listeners.on(port) and not ctx.observed(NginxContainer):
        await look_at_units(ctx, str(port))


async def look_at_units(ctx: ProbeContext, endpoint: str) -> None:
    """Emit the services that failed; nothing listens at the endpoint."""
    at = ctx.elapsed()
    words = ("sh", "-c", UNITS_SCRIPT, "sh", endpoint)
    result = await ctx.machine.run(*words, timeout=PATIENCE)
    emit_if_too_slow(ctx, "the services that failed", result)
    for unit in parse_units(result.out, endpoint, at, result.took):
        ctx.emit(unit)


def parse_units(text: str, endpoint: str, at: float, took: float) -> Iterator[FailedUnit]:
    """Parse the output of UNITS_SCRIPT. Web servers are left out: others read them."""
    for block in re.split(r"^unit ", text, flags=re.MULTILINE)[1:]:
        head, _, journal = block.partition("\n")
        name, state, named, local = f"{head}   ".split(" ")[:4]
        unit = clean(name, 100).removesuffix(".service")
        line = telling_line(journal)
        is_named = re.search(rf"(?<![\w.]){re.escape(endpoint)}(?!\w)", journal) is not None
        if unit not in _FRONTS:
            yield FailedUnit(
                vantage=Vantage.SERVER,
                at=at,
                took=took,
                equivalent=f"journalctl -b -n 60 -u {shlex.quote(unit)}",
                unit=unit,
                state=clean(state, 30),
                endpoint=endpoint,
                message=line.text if line else _ending(journal),
                names_endpoint=named == "yes" or is_named,
                is_local=local == "yes",
            )


def _ending(journal: str) -> str:
    """Return how the program ended, in systemd's words; "" if it did not say."""
    endings = re.findall(r"Main process exited, (code=[^\n]{1,100})", journal)
    return clean(endings[-1], 100) if endings else ""
