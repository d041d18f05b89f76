"""Finds the target's server at a cloud provider by its public address, and reads its rules.

It runs only where `--cloud` asks for it, a port of the target does not answer, and no look into the
server does the same.
"""

from diagnose.model import Host, Vantage
from diagnose.model.tcp import Connection
from diagnose.probes import ProbeContext, probe


@probe(after=Connection)
async def unanswered(ctx: ProbeContext, connection: Connection) -> None:
    """Look once, at the first port that does not answer."""
    if not ctx.options.cloud or not _is_silent(connection) or not ctx.options.wants("cloud"):
        return
    silent = next(filter(_is_silent, ctx.observed(Connection)))
    if silent is connection and not ctx.options.by_proxy and not _is_inside(ctx):
        from diagnose.probes.cloud_rules import look_by_address

        await look_by_address(ctx, connection.address)


def _is_silent(connection: Connection) -> bool:
    failure = connection.failure
    return (
        connection.purpose == "target"
        and connection.vantage is Vantage.HERE
        and failure is not None
        and failure.kind == "timeout"
    )


def _is_inside(ctx: ProbeContext) -> bool:
    return any(host.vantage is Vantage.SERVER for host in ctx.observed(Host))
