"""Scenarios of server.traefik-no-entry-point: Traefik in a container."""

from ..lab import Lab
from ..traefik_labels import ENABLE, RULE, STATIC, serve
from .traefik_labels import healthy_labels, label_scenario

SECURE = '  websecure:\n    address: ":443"\n'


@label_scenario(outside="tcp.refused", server="server.traefik-no-entry-point")
def traefik_in_a_container_has_no_entry_point_for_https(lab: Lab) -> None:
    """https://github.com/traefik/traefik/issues/9235: the compose file publishes port 443, and the
    arguments have no entry point for it."""
    serve(lab, ENABLE, *RULE, is_secure=False)


@label_scenario(outside="tcp.refused", server="server.traefik-no-entry-point")
def traefik_does_not_read_an_argument_beside_its_file(lab: Lab) -> None:
    """https://doc.traefik.io/traefik/getting-started/configuration-overview/: the file, the command
    line and the environment exclude each other."""
    serve(lab, ENABLE, *RULE, static=STATIC)


@healthy_labels()
def traefik_has_an_argument_and_a_file_with_the_same_entry_point(lab: Lab) -> None:
    """The argument counts for nothing and does no harm."""
    serve(lab, ENABLE, *RULE, static=STATIC + SECURE)
