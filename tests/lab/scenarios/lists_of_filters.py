"""A list of filters in an included file refuses what the site needs (issue 243 of
matomo-org/docker)."""

from .. import site
from ..lab import Lab
from ..scenario import healthy, scenario

FILE = "/etc/nginx/block-exploits.conf"
LIST = """\
set $block_file_injections 0;
if ($query_string ~ "[a-zA-Z0-9_]=http://") {
    set $block_file_injections 1;
}
if ($query_string ~ "[a-zA-Z0-9_]=(\\.\\.//?)+") {
    set $block_file_injections 1;
}
if ($block_file_injections = 1) {
    return 403;
}
"""
URL = f"https://{site.NAME}/"


def _listed(lab: Lab) -> None:
    lab.server.write(FILE, LIST)
    lab.undo(lambda: lab.server.sh(f"rm -f {FILE}"))
    lab.change("  location / {\n", f"  include {FILE};\n\n  location / {{\n")


@scenario(
    outside=None, server="nginx.rule-refuses",
    target=f"{URL}?rec=1&url=http://blog.example.com/", manual="which requests pass is a choice",
)  # fmt: skip
def list_of_filters_refuses_an_address_in_the_query(lab: Lab) -> None:
    _listed(lab)


@healthy(target=f"{URL}?rec=1&url=https://blog.example.com/")
def list_of_filters_lets_the_query_pass(lab: Lab) -> None:
    _listed(lab)
