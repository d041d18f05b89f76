"""HAProxy's own pages where the site has its pages. After the Configuration Manual's "monitor-uri"
and "stats uri", and questions about a site that shows "Statistics Report for HAProxy"."""

from .. import haproxy
from ..haproxy import SITE
from ..lab import Lab
from .haproxy import haproxy_scenario, healthy_haproxy


def _with(lab: Lab, lines: str) -> None:
    text = "".join(f"    {line}\n" for line in lines.split("\n"))
    haproxy.serve(lab, SITE.replace("    option forwardfor\n", f"    option forwardfor\n{text}"))


@haproxy_scenario(outside=None, server="server.haproxy-path-taken", differs=(haproxy.CONFIG,))
def haproxy_says_at_the_start_page_that_it_runs(lab: Lab) -> None:
    _with(lab, "monitor-uri /")


@haproxy_scenario(outside=None, server="server.haproxy-path-taken", differs=(haproxy.CONFIG,))
def statistics_take_the_whole_site(lab: Lab) -> None:
    _with(lab, "stats enable\nstats uri /")


@haproxy_scenario(outside=None, server="server.haproxy-path-taken", differs=(haproxy.CONFIG,))
def statistics_with_a_password_take_the_whole_site(lab: Lab) -> None:
    _with(lab, "stats uri /\nstats auth admin:secret")


@haproxy_scenario(outside=None, server="server.haproxy-path-taken", differs=(haproxy.CONFIG,))
def statistics_of_the_defaults_take_the_whole_site(lab: Lab) -> None:
    line = "    timeout tunnel 1h\n"
    haproxy.serve(lab, SITE.replace(line, f"{line}    stats uri /\n"))


@healthy_haproxy()
def haproxys_own_pages_have_paths_of_their_own(lab: Lab) -> None:
    _with(lab, "monitor-uri /alive\nstats enable\nstats uri /haproxy")
