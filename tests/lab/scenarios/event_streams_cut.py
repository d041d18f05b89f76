"""An event stream that a limit of HAProxy or nginx ends between two comments (issue 182 of
haproxy/haproxy)."""

from .. import haproxy, site
from ..lab import Lab
from ..scenario import healthy, scenario
from .frameworks import PAGES
from .haproxy import haproxy_scenario, healthy_haproxy

URL = f"https://{site.NAME}/events"
WORDS = "The EventSource connection is closed again and again, timeout tunnel has no impact"
CHECK = "http.event-stream-cut"
NGINX = """\
  location /events {
    proxy_pass http://127.0.0.1:3001;
    proxy_buffering off;
    proxy_read_timeout 10s;
    proxy_set_header Host $host;
    proxy_set_header X-Forwarded-Proto $scheme;
  }

"""


def _stream(lab: Lab) -> None:
    server = lab.server
    lab.spawn(server, server.application("stream_server", "15", "3001"), 3001)


def _haproxy(lab: Lab, limit: str) -> None:
    _stream(lab)
    config = haproxy.GLOBAL.replace("timeout server 1m", f"timeout server {limit}")
    front = haproxy.HTTPS.replace(
        "    default_backend", "    use_backend events if { path_beg /events }\n    default_backend"
    )
    events = "backend events\n    server a 127.0.0.1:3001\n"
    haproxy.serve(lab, f"{config}{haproxy.HTTP}{front}{haproxy.BACKEND}{events}")


@haproxy_scenario(outside=None, server=CHECK, target=URL, args=(WORDS,), differs=(haproxy.CONFIG,))
def event_stream_is_silent_for_longer_than_haproxy_waits(lab: Lab) -> None:
    _haproxy(lab, "10s")


@healthy_haproxy(target=URL, args=(WORDS,))
def event_stream_has_time_in_haproxy(lab: Lab) -> None:
    _haproxy(lab, "5m")


@scenario(outside=None, server=CHECK, target=URL, args=(WORDS,), differs=(site.CONF,))
def event_stream_is_silent_for_longer_than_nginx_waits(lab: Lab) -> None:
    _stream(lab)
    lab.change(PAGES, NGINX + PAGES)


@healthy(target=URL, args=(WORDS,))
def event_stream_has_time_in_nginx(lab: Lab) -> None:
    _stream(lab)
    lab.change(PAGES, NGINX.replace("10s", "1h") + PAGES)
