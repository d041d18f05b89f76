"""Requests to the application of one route, one part changed at a time, and their repetition as a
control."""

from diagnose.model import Vantage
from diagnose.model.frozen import frozen
from diagnose.model.requests import ComparedRequest
from diagnose.parsers.host_addresses import addresses_of
from diagnose.parsers.nginx.proxied_request import RequestVariant
from diagnose.parsers.nginx.upstreams import sent_certificate
from diagnose.parsers.own_scheme import plain_addresses
from diagnose.parsers.request_fields import MASKED
from diagnose.parsers.sanitize import clean
from diagnose.parsers.secrets import is_secret_name
from diagnose.parsers.set_cookie import secure_cookie
from diagnose.parsers.upstream_answers import absolute_location
from diagnose.parsers.whole_numbers import whole_number
from diagnose.probes import ProbeContext
from diagnose.probes.inside.application_requests import send_request, user_fields
from diagnose.probes.inside.raw_answers import RawAnswer
from diagnose.probes.inside.upstream_routes import UpstreamRoute


@frozen
class Asking:
    """Requests to the application of one route, until `until` (seconds since the run began), for
    the target's own page or, as `kind` says, for another."""

    ctx: ProbeContext
    route: UpstreamRoute
    until: float
    method: str = "GET"
    kind: type[ComparedRequest] = ComparedRequest

    async def ask(
        self, variant: RequestVariant, is_control: bool = False
    ) -> ComparedRequest | None:
        """Send a request and emit the response; None if it was too late or not possible."""
        ctx, at = self.ctx, self.ctx.elapsed()
        if at >= min(self.until, ctx.options.timeout - 1.5):
            return None
        answer = await send_request(ctx, self.route, variant.request, self.method)
        if answer is None or _lacks_certificate(self.route, answer):
            return None
        head = answer.head
        hidden = is_secret_name(variant.name) or variant.name.lower() in user_fields(ctx)
        return ctx.emit(
            self.kind(
                vantage=Vantage.SERVER,
                at=at,
                took=ctx.elapsed() - at,
                equivalent=answer.equivalent,
                failure=answer.fault,
                target=self.route.upstream.target,
                path=self.route.path,
                address=answer.peer[0],
                port=answer.peer[1],
                part=variant.part,
                name=clean(variant.name, 60),
                change=variant.change,
                original=_shown_value(variant.original, hidden),
                value=_shown_value(variant.value, hidden),
                is_control=is_control,
                status=head.status,
                reason=head.reason,
                location=absolute_location(answer.field("Location"), ctx.target.url),
                is_html=answer.is_html,
                body=ctx.options.request.mask_secrets(head.body),
                internal_redirect=answer.field("X-Accel-Redirect"),
                method=self.method,
                length=_length(answer),
                secure_cookies=tuple(filter(None, map(secure_cookie, answer.fields("Set-Cookie")))),
                plain_addresses=plain_addresses(answer.text, ctx.target.host),
                host_addresses=addresses_of(
                    "\n".join(
                        (answer.text, *answer.fields("Link"), answer.field("Content-Location"))
                    ),
                    variant.request.field("Host") or "",
                ),
            )
        )


def _lacks_certificate(route: UpstreamRoute, answer: RawAnswer) -> bool:
    """Return whether the application wants the client certificate that nginx sends, and this
    request does not: what it says is nothing that visitors get."""
    head = answer.head
    is_told = head.status in {400, 495, 496} and "SSL certificate" in head.body
    return is_told and route.upstream.secure and sent_certificate(route.place) is not None


async def control(
    asking: Asking, as_nginx: RequestVariant, variant: RequestVariant, number: int
) -> None:
    """Repeat both requests, in an order that an application that answers by turns contradicts.

    If the `number` of changes tried is small, so is the chance that earlier answers showed an
    application that refuses at random: then both are repeated twice.
    """
    order = (variant, as_nginx, as_nginx, variant) if number <= 3 else (variant, as_nginx)
    for request in order:
        await asking.ask(request, is_control=True)


def _shown_value(text: str, is_hidden: bool) -> str:
    return MASKED if is_hidden and text else clean(text, 200)


def _length(answer: RawAnswer) -> int | None:
    return whole_number(answer.field("Content-Length"), 15)
