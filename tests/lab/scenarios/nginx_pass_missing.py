"""The settings of a proxy are there, and the proxy is not. After questions on Server Fault and
Stack Overflow: "nginx shows its welcome page instead of my application"."""

from ..lab import Lab
from ..scenario import scenario

PASS = "    proxy_pass http://127.0.0.1:3000;\n"


@scenario(outside="http.not-the-site", server="nginx.pass-missing")
def line_that_passes_pages_on_is_gone(lab: Lab) -> None:
    lab.change(f"  location / {{\n{PASS}", "  location / {\n")


@scenario(outside="http.not-the-site", server="nginx.pass-missing")
def line_that_passes_pages_on_stands_in_a_comment(lab: Lab) -> None:
    lab.change(f"  location / {{\n{PASS}", f"  location / {{\n    #{PASS.lstrip()}")
