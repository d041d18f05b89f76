"""An application that forces https on a port that speaks plain HTTP."""

from .. import site
from ..lab import HERE, Lab
from ..scenario import healthy, scenario

TARGET = f"http://{site.NAME}:8000/"
PERSON = "a person decides where TLS ends"


def serve(lab: Lab, *options: str) -> None:
    """The application itself, open to visitors on port 8000."""
    add = "firewall-cmd -q --add-port=8000/tcp"
    lab.server.sh(f"{add} && {add} --permanent")
    program = str(HERE / "application.py")
    argv = lab.server.python(program, "--host", "0.0.0.0", "--port", "8000", *options)
    lab.spawn(lab.server, argv, 8000)


@scenario(outside="http.redirect-to-error", target=TARGET, manual=PERSON)
def application_forces_https_without_tls(lab: Lab) -> None:
    """Issue 205 of googlecodelabs/your-first-pwapp: http://ADDRESS:8000/ leads to https there."""
    serve(lab, "--mode", "forces-https")


@healthy(target=TARGET)
def application_without_tls_forces_nothing(lab: Lab) -> None:
    serve(lab)
