"""A site of files and of a program, and one of the program's paths has no location."""

from .. import site
from ..lab import Lab
from ..scenario import healthy, scenario
from .frameworks import MINE
from .nginx_other_requests_failed import log_of_its_own

INFO = f"https://{site.NAME}/socket/sample/info"
PASSED = "  location /socket/sample/ { proxy_pass http://127.0.0.1:3001; }\n"


def _files_and_a_program(lab: Lab, more: str = "") -> None:
    program = lab.server.application(
        "paths_server", "3001", "/api/list:json", "/socket/sample/info:json"
    )
    lab.spawn(lab.server, program, 3001)
    lab.server.write("/srv/tutorial/socket/readme.html", "the pages")
    lab.undo(lambda: lab.server.sh("rm -rf /srv/tutorial"))
    files = "  location /socket/ { root /srv/tutorial; }\n"
    log_of_its_own(lab, f"  location /api/ {{ proxy_pass http://127.0.0.1:3001; }}\n{files}{more}")


@scenario(outside=None, server="nginx.path-not-passed", target=INFO, differs=MINE)
def first_request_of_sockjs_is_looked_for_among_the_files(lab: Lab) -> None:
    """https://github.com/gexiangdong/tutorial/issues/2"""
    _files_and_a_program(lab)


@scenario(outside=None, server="nginx.path-not-passed", target=INFO, differs=MINE)
def the_other_paths_go_to_a_group(lab: Lab) -> None:
    """`proxy_pass http://app;`, and `upstream app` has the program's port."""
    _files_and_a_program(lab)
    text = lab.server.read(site.CONF).replace("http://127.0.0.1:3001", "http://app")
    lab.configure(f"upstream app {{\n  server 127.0.0.1:3001 fail_timeout=0;\n}}\n{text}")


@scenario(
    outside="http.server-error", server="upstream.refused", target=INFO, differs=MINE,
)  # fmt: skip
def a_digit_of_the_port_is_wrong_in_one_of_two_locations(lab: Lab) -> None:
    """The other location leads to the program, which has the path."""
    _files_and_a_program(lab, PASSED)
    lab.change(PASSED, PASSED.replace("3001", "3002"))


@healthy(target=INFO)
def first_request_of_sockjs_is_passed_on(lab: Lab) -> None:
    _files_and_a_program(lab, PASSED)


@healthy(target=f"https://{site.NAME}/socket/other/info")
def neither_the_files_nor_the_program_has_the_path(lab: Lab) -> None:
    _files_and_a_program(lab)
