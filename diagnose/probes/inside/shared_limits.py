"""Which visitors were refused together, by an access log that has refusals with 429."""

from collections.abc import Sequence

from diagnose.model import Vantage
from diagnose.model.visitor import SharedLimit
from diagnose.parsers.access_log import AccessLine
from diagnose.parsers.rate_limits import is_about_limits
from diagnose.parsers.shared_limits import shared_refusal
from diagnose.probes import ProbeContext
from diagnose.probes.inside.log_texts import LoggedSite, LogTexts, command

#: Seconds. Older refusals belong to earlier problems.
_RECENT_SECONDS = 600


def emit_shared_limit(
    ctx: ProbeContext, site: LoggedSite, texts: LogTexts, path: str, lines: Sequence[AccessLine]
) -> None:
    """Emit the request that is refused to several visitors."""
    since = max(texts.clock - _RECENT_SECONDS, int(site.loaded))
    symptom = ctx.target.symptom
    # Of a log of several sites a person's words tell whose the requests are.
    is_told = symptom is not None and is_about_limits(symptom.text)
    is_shared = path in site.shared and not is_told
    refusal = shared_refusal(lines, site.names, is_shared, since)
    if refusal is None:
        return
    ctx.emit(
        SharedLimit(
            vantage=Vantage.SERVER,
            at=texts.at,
            took=texts.took,
            equivalent=command(ctx, site, path),
            file=path,
            method=refusal.method,
            path=refusal.path,
            clients=refusal.clients,
            first=refusal.first,
            written=refusal.written,
            admitted=refusal.admitted,
            is_from_page=refusal.is_from_page,
            server=site.server,
        )
    )
