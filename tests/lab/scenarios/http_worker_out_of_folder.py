"""Scenarios of http.worker-out-of-folder.

After https://github.com/GoogleChrome/workbox/issues/985: the worker lies with the other static
files.
"""

from .. import apache, caddy, haproxy, site
from ..lab import Lab
from ..scenario import healthy, scenario
from .apache import apache_scenario
from .caddy import caddy_scenario
from .fields_of_other_servers import _apache, _caddy, _haproxy
from .haproxy import haproxy_scenario
from .page_policies import _sends

CHECK, URL = "http.worker-out-of-folder", f"https://{site.NAME}"
MESSAGE = (
    f"Failed to register a ServiceWorker for scope ('{URL}/') with script ('{URL}/static/sw.js'):"
    " The path of the provided scope ('/') is not under the max scope allowed ('/static/')."
)
SCRIPT = "<script>navigator.serviceWorker.register('/static/sw.js', {scope: '/'})</script>\n"
FILES = {"static/sw.js": "self.addEventListener('fetch', () => {});\n"}


@scenario(outside=CHECK, server=CHECK, args=(MESSAGE,), differs=(site.CONF,))
def worker_lies_with_the_static_files(lab: Lab) -> None:
    _sends(lab, SCRIPT, **FILES)


@apache_scenario(outside=CHECK, server=CHECK, args=(MESSAGE,), differs=(apache.SITE,))
def worker_of_apache_lies_with_the_static_files(lab: Lab) -> None:
    _apache(lab, SCRIPT, **FILES)
    apache.start(lab)


@caddy_scenario(outside=CHECK, server=CHECK, args=(MESSAGE,), differs=(caddy.CONFIG,))
def worker_of_caddy_lies_with_the_static_files(lab: Lab) -> None:
    _caddy(lab, SCRIPT, "encode gzip", **FILES)


@haproxy_scenario(outside=CHECK, server=CHECK, args=(MESSAGE,), differs=(haproxy.CONFIG,))
def worker_behind_haproxy_lies_with_the_static_files(lab: Lab) -> None:
    _haproxy(lab, SCRIPT, "# no fields", **FILES)


@healthy(args=(MESSAGE,))
def worker_may_have_a_wider_scope(lab: Lab) -> None:
    _sends(lab, SCRIPT, "Service-Worker-Allowed /", **FILES)
