"""A second nginx on the same port, after article 19092 of dqzboy: "expired at random"."""

from ..lab import Lab
from ..scenario import healthy, scenario


def _beside(lab: Lab, *listens: str) -> None:
    for listen in listens:
        lab.edit(listen, f"{listen[:-1]} reuseport;")
    lab.restart_nginx()


@scenario(
    outside=None, server="listener.two-nginx",
    manual="the one that ends removes the pid file of both, so that a person has to wait for it",
)  # fmt: skip
def second_nginx_beside_the_first(lab: Lab) -> None:
    """The pid file was lost, and nginx was started once more."""
    _beside(lab, "listen 443 ssl;", "listen 80;")
    lab.server.path("/run/nginx.pid").unlink()
    lab.server.run([lab.platform.binary], check=True)


@healthy()
def sockets_of_their_own_for_each_worker(lab: Lab) -> None:
    """`reuseport` as it is meant: one master, one socket for each worker."""
    _beside(lab, "listen 443 ssl;", "listen 80;")
