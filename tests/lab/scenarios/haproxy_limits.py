"""HAProxy counts the requests of an address, and its limit is below what a page needs."""

from .. import haproxy
from ..lab import Lab
from .answering_rules import ruled
from .haproxy import haproxy_scenario, healthy_haproxy

TABLE = "stick-table type ip size 100k expire 15s store http_req_rate(10s)"
TRACK = "http-request track-sc0 src"
MESSAGE = "429 Too Many Requests"


def _limited(lab: Lab, number: int) -> None:
    limit = f"http-request deny deny_status 429 if {{ sc_http_req_rate(0) gt {number} }}"
    haproxy.serve(lab, ruled(TABLE, TRACK, limit))


@haproxy_scenario(
    outside=None,
    server="server.haproxy-rule-refuses",
    args=(MESSAGE,),
    differs=(haproxy.CONFIG,),
)
def haproxy_limits_an_address_to_twenty_requests(lab: Lab) -> None:
    """https://github.com/python/psf-salt/pull/509: `sc_http_req_rate(0) gt 20` in ten seconds."""
    _limited(lab, 20)


@healthy_haproxy(args=(MESSAGE,))
def haproxy_limits_an_address_to_a_thousand_requests(lab: Lab) -> None:
    """No visitor of pages meets it."""
    _limited(lab, 1000)
