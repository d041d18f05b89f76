"""Asks an application that has no such page once more, where the server in front tells it another
folder than the one below which visitors reach it: with that folder in the same field, and with
nothing else changed."""

from diagnose.model import Vantage
from diagnose.model.requests import PrefixTrial
from diagnose.model.web_servers import SiteRoute, WebServerConfig
from diagnose.parsers.base_path_references import is_folder
from diagnose.parsers.sent_fields import folder_field, sent_fields
from diagnose.probes import ProbeContext
from diagnose.probes.inside.unanswered import curl_or_unseen

#: Seconds for the request.
_PATIENCE = 3


async def ask_with_own_folder(
    ctx: ProbeContext, config: WebServerConfig, route: SiteRoute, path: str
) -> None:
    """Emit the answer to the folder of the route; at the root, to no such field at all."""
    told, own = folder_field(config, route), route.path.rstrip("/")
    if told is None or route.scheme != "http" or not path.startswith("/"):
        return
    if (own and not is_folder(own)) or not ctx.further_requests.begin("own folder in a field"):
        return
    at = ctx.elapsed()
    fields = [f"Host: {ctx.target.authority}", "X-Forwarded-Proto: https"]
    fields += [
        f"{field.name}: {own if field == told else field.value}"
        for field in sent_fields(config, route)
        if own or field != told
    ]
    url = f"http://{route.authority}{path}"
    response = await curl_or_unseen(ctx, url, tuple(fields), ("--noproxy", "*"), _PATIENCE)
    if response is None:
        return
    ctx.emit(
        PrefixTrial(
            vantage=Vantage.SERVER,
            at=at,
            took=response.took,
            equivalent=response.equivalent,
            failure=None if response.status else response.failure,
            target=route.target,
            page=f"{ctx.target.origin}{ctx.target.path}",
            prefix=own or "/",
            field=told.name if own else "",
            status=response.status,
        )
    )
