"""Asks an application by curl, with nobody's password or without one, and emits its answer."""

from diagnose.model import Vantage
from diagnose.model.backends import BackendLogin
from diagnose.model.frozen import frozen
from diagnose.probes import ProbeContext
from diagnose.probes.inside.backends import PATIENCE
from diagnose.probes.inside.unanswered import curl_or_unseen

#: Nobody's user and password, as curl sends them in the field Authorization (RFC 7617).
_NOBODY = ("-u", "diagnose:diagnose")


@frozen
class LoginRequest:
    """A request to an application by curl: its address, its header fields and curl's options.
    `with_password` adds nobody's password."""

    url: str
    fields: tuple[str, ...]
    options: tuple[str, ...]
    with_password: bool


async def emit_login(
    ctx: ProbeContext, request: LoginRequest, target: str, path: str
) -> tuple[BackendLogin, str] | None:
    """Ask the application `target` for what visitors get at a path. Emit its answer and return it
    with its text; None if it cannot be asked."""
    at = ctx.elapsed()
    options = (*request.options, *(_NOBODY if request.with_password else ()))
    response = await curl_or_unseen(ctx, request.url, request.fields, options, PATIENCE)
    if response is None:
        return None
    login = ctx.emit(
        BackendLogin(
            vantage=Vantage.SERVER,
            at=at,
            took=response.took,
            equivalent=response.equivalent,
            failure=None if response.status else response.failure,
            target=target,
            requested=path,
            with_password=request.with_password,
            status=response.status,
            body=response.body,
        )
    )
    return login, response.text
