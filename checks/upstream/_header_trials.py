"""Whom a trial with a growing cookie asked."""

from checks.nginx import Nginx
from diagnose.model.requests import HeaderTrial
from diagnose.parsers.urls import is_loopback_host


def is_own_port(nginx: Nginx, trial: HeaderTrial) -> bool:
    """Return whether the application that was asked is a block of this nginx, behind another."""
    return is_loopback_host(trial.address) and any(
        listen.port == trial.port for server in nginx.servers for listen in server.listens
    )
