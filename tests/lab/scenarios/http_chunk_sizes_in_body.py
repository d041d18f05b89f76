"""Scenarios of http.chunk-sizes-in-body."""

from ..lab import Lab
from ..scenario import healthy, scenario
from .page_assets import FOLDER, _serve

PAGE = "<!doctype html><title>Shop</title><h1>Tea</h1>\r\n"
ABOUT = f"<!doctype html><title>Chunks</title><pre>{len(PAGE):x}\r\nTea\r\n0\r\n\r\n</pre>\n"


def _page(lab: Lab, text: str) -> None:
    """The page is as an application sends it."""
    _serve(lab, f"  root {FOLDER};\n", **{"index.html": text})


@scenario(outside="http.chunk-sizes-in-body", manual="the application has to send the page alone")
def page_that_its_application_divides_into_chunks(lab: Lab) -> None:
    """After https://github.com/Cotonti/Cotonti/issues/805."""
    _page(lab, f"{len(PAGE):x}\r\n{PAGE}\r\n0\r\n\r\n")


@healthy()
def page_about_chunks(lab: Lab) -> None:
    _page(lab, ABOUT)
