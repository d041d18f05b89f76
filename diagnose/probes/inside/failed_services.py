"""Probe for services that should have the target's port and could not start.

It looks only where nothing listens on the port. Web servers have readers of their own.
"""

import re
import shlex
from collections.abc import Iterator

from diagnose.machine.script_files import read_script
from diagnose.model import Vantage
from diagnose.model.server import Listeners
from diagnose.model.services import ServiceFailure
from diagnose.parsers.linux.start_failures import start_failure
from diagnose.parsers.sanitize import clean
from diagnose.probes import ProbeContext, probe

SCRIPT = read_script(__file__, "failed_services.sh")

#: Services that other checks judge.
_JUDGED = frozenset({"nginx", "openresty", "tengine", "apache2", "httpd", "caddy", "haproxy"})


@probe(after=Listeners)
async def failed_services(ctx: ProbeContext, listeners: Listeners) -> None:
    is_open = listeners.failure is not None or bool(listeners.on(ctx.target.port))
    if is_open or not ctx.options.wants("listener"):
        return
    at = ctx.elapsed()
    result = await ctx.machine.run("sh", "-c", SCRIPT)
    for failure in parse_failures(result.out, ctx.target.port, at, result.took):
        ctx.emit(failure)


def parse_failures(text: str, port: int, at: float, took: float) -> Iterator[ServiceFailure]:
    """Parse the output of SCRIPT."""
    for block in re.split(r"^unit ", text, flags=re.MULTILINE)[1:]:
        head, _, journal = block.partition("\n")
        name, _, rest = head.partition(" ")
        state, _, user = rest.partition(" ")
        unit = clean(name, 100).removesuffix(".service")
        failure = None if unit in _JUDGED else start_failure(journal, port)
        if failure:
            yield ServiceFailure(
                vantage=Vantage.SERVER,
                at=at,
                took=took,
                equivalent=f"journalctl -n 60 -u {shlex.quote(unit)}",
                unit=unit,
                state=clean(state, 30),
                user=clean(user, 60),
                reason=failure.reason,
                message=failure.message,
                file=failure.file,
            )
