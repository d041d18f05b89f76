"""A reload of nginx ends the open WebSockets, because the old workers have little time.

https://github.com/kubernetes/ingress-nginx/issues/2461 (worker_shutdown_timeout 10s).
"""

import time

from .. import site
from ..lab import Lab
from ..scenario import healthy, scenario

TARGET, CONFIG = f"wss://{site.NAME}/ws", "/etc/nginx/nginx.conf"
WORDS = "the websockets are closed after each reload of nginx"


def _give_time(lab: Lab, time: str) -> None:
    text = lab.server.read(CONFIG)
    lab.server.write(CONFIG, f"worker_shutdown_timeout {time};\n{text}")
    lab.restart_nginx()


@scenario(
    target=TARGET, args=(WORDS,), outside=None, server="websocket.ended-by-reload",
    differs=(CONFIG,),
)  # fmt: skip
def old_workers_have_ten_seconds(lab: Lab) -> None:
    _give_time(lab, "10s")


@scenario(
    target=TARGET, args=("the websocket drops every 20 seconds although both sides keep sending",),
    outside=None, server="websocket.ended-by-reload", differs=(CONFIG,),
)  # fmt: skip
def a_program_has_just_reloaded_nginx(lab: Lab) -> None:
    """A controller reloads nginx with each change of the backends. After
    https://github.com/kubernetes/ingress-nginx/issues/2647."""
    _give_time(lab, "10s")
    time.sleep(6)
    lab.server.sh("nginx -s reload")


@healthy(target=TARGET, args=(WORDS,))
def old_workers_have_five_minutes(lab: Lab) -> None:
    _give_time(lab, "300s")
