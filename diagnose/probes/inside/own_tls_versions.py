"""Reads which versions of TLS the program that listens on the site's port is told to speak, where
it ends TLS itself and refuses the current ones."""

from diagnose.model.server import Listeners
from diagnose.model.tls import Handshake
from diagnose.probes import ProbeContext, probe
from diagnose.probes.inside.program_logs import is_front
from diagnose.probes.inside.unanswered import emit_if_too_slow

#: protocol_version (RFC 8446 section 6.2).
_PROTOCOL_VERSION = 70


@probe(after=Handshake, needs=Listeners)
async def own_tls_versions(ctx: ProbeContext, handshake: Handshake, listeners: Listeners) -> None:
    """Look once for the setting, when a handshake of the site's port was refused for its version,
    or only an old version succeeded."""
    port = str(ctx.target.port)
    is_here = bool(listeners.on(ctx.target.port)) and not is_front(listeners, port)
    if handshake.port != ctx.target.port or not is_here or not _refuses_current(handshake):
        return
    if not ctx.further_requests.begin("the versions of TLS of a program"):
        return
    # Imported late: few programs end TLS themselves, and fewer refuse the current versions.
    from diagnose.parsers.frameworks import framework_variables
    from diagnose.parsers.program_place import parse_place
    from diagnose.probes.inside.framework_files import emit_frameworks
    from diagnose.probes.inside.own_settings import PATIENCE, SCRIPT

    words = ("sh", "-c", SCRIPT, "sh", port, *framework_variables())
    result = await ctx.machine.run(*words, timeout=PATIENCE)
    emit_if_too_slow(ctx, "the settings of the application", result)
    await emit_frameworks(ctx, parse_place(result.out), frozenset({"tls_versions"}), port)


def _refuses_current(handshake: Handshake) -> bool:
    if handshake.variant == "old":
        return handshake.failure is None
    alert = handshake.alert
    return handshake.is_browser_like and alert is not None and alert.code == _PROTOCOL_VERSION
