"""Scenarios of http.size-limit-told."""

from ..lab import Lab
from ..scenario import healthy, scenario

NEXT = ("Uncaught Error: Body exceeded 1 MB limit.",)


@scenario(
    outside="http.size-limit-told", args=NEXT,
    manual="the limit is raised in the source of the application",
)  # fmt: skip
def body_too_large_for_a_server_action(lab: Lab) -> None:
    """After issue 49891 of Next.js: a form with a file, behind a web server that takes it."""


@healthy()
def site_whose_application_has_a_limit(lab: Lab) -> None:
    """Without the message nothing shows it."""
