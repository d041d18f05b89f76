"""Scenarios of nginx.client-closed-request: clients do not wait for the answer.

After https://blog.csdn.net/sunyuhua_keyboard/article/details/149403552: 499 for a POST of the
page's script, whose timeout is shorter than the application needs.
"""

from ..lab import Lab
from ..scenario import healthy, scenario
from .nginx_other_requests_failed import log_of_its_own, visit

MANY = "nginx 日志里大量 499 状态码"
CLIENT = "how long the client waits is its own setting"


def _given_up(lab: Lab, times: int) -> None:
    argv = lab.server.application("late_server", "3009", "/api/data", "3")
    lab.spawn(lab.server, argv, 3009)
    log_of_its_own(lab, "  location /api/ { proxy_pass http://127.0.0.1:3009; }\n")
    for _ in range(times):
        visit(lab, "/api/data", "-d", "{}", "-m", "0.5")


@scenario(outside=None, server="nginx.client-closed-request", args=(MANY,), manual=CLIENT)
def script_does_not_wait_for_the_answer(lab: Lab) -> None:
    """A message asks about it."""
    _given_up(lab, 3)


@healthy()
def visitors_who_left_before_the_answer(lab: Lab) -> None:
    """A note without a message."""
    _given_up(lab, 3)
