"""Programs that write their own address into their pages and redirects
(applications/addressed_server.py)."""

from .. import site
from ..lab import Lab
from ..scenario import healthy, scenario
from .nginx_host_not_passed import HOST, PAGES, SCHEME, addressed

URL = f"https://{site.NAME}"
OWN = "the program's own address is its setting"
BLOCKED = (
    f"Mixed Content: The page at '{URL}/' was loaded over HTTPS, but requested an insecure script "
    f"'http://{site.NAME}/dist/app.js'. This request has been blocked; the content must be served "
    "over HTTPS."
)
ACTIONS = (
    "`x-forwarded-host` header with value `192.0.2.66:31000` does not match `origin` header with "
    f"value `{site.NAME}` from a forwarded Server Actions request. Aborting the action."
)
GRAFANA = "If you're seeing this Grafana has failed to load its application files"


def _below(lab: Lab, mode: str, folder: str, more: str = "") -> None:
    """A program below a folder that nginx cuts off; nothing is at the root."""
    server = lab.server
    lab.spawn(server, server.application("guarded_server", "root-only", "3002"), 3002)
    lab.spawn(server, server.application("addressed_server", mode, "3001"), 3001)
    lines = (
        "    proxy_pass http://127.0.0.1:3001/;\n    proxy_set_header X-Forwarded-Proto https;\n"
    )
    block = f"  location {folder} {{\n{lines}{HOST}{more}  }}\n"
    lab.change(PAGES, PAGES.replace("3000", "3002") + block)


@scenario(outside="http.mixed-content", args=(BLOCKED,), manual=OWN)
def program_believes_no_proxy(lab: Lab) -> None:
    """Issue 231 of Leantime/leantime: nginx tells the scheme, and the page loads http files until
    LEAN_APP_URL is set."""
    addressed(lab, "links")


@healthy(args=(BLOCKED,))
def program_knows_its_own_address(lab: Lab) -> None:
    addressed(lab, f"links={URL}")


@scenario(outside="http.base-path-missing", target=f"{URL}/firefly/login", differs=(site.CONF,))
def base_address_lacks_the_folder(lab: Lab) -> None:
    """Issue 4467 of firefly-iii/firefly-iii: <base href> of the page names the root of the site."""
    _below(lab, "base-href", "/firefly/")


@healthy(target=f"{URL}/firefly/login")
def base_address_has_the_folder(lab: Lab) -> None:
    _below(lab, "base-href", "/firefly/", "    proxy_set_header X-Forwarded-Prefix /firefly;\n")


@scenario(
    outside="http.redirect-to-error", server="http.redirect-leaves-folder",
    target=f"{URL}/grafana/", args=(GRAFANA,), manual=OWN,
)  # fmt: skip
def grafana_does_not_know_its_folder(lab: Lab) -> None:
    """Issue 10422 of grafana/grafana: root_url without the folder."""
    _below(lab, "grafana", "/grafana/")


@healthy(target=f"{URL}/grafana/", args=(GRAFANA,))
def grafana_knows_its_folder(lab: Lab) -> None:
    """The message stands in its page for the case that its files do not come."""
    upgrade = "    proxy_http_version 1.1;\n    proxy_set_header Upgrade $http_upgrade;\n"
    connection = "    proxy_set_header Connection $connection_upgrade;\n"
    _below(lab, "grafana=/grafana", "/grafana/", upgrade + connection)


@healthy(target=f"{URL}/login", args=(ACTIONS,))
def message_of_a_host_that_is_passed_now(lab: Lab) -> None:
    """Issue 1012 of ding113/claude-code-hub, after the Host is passed on."""
    lab.spawn(lab.server, lab.server.application("guarded_server", "nextjs", "3001"), 3001)
    lab.change(PAGES, PAGES.replace("127.0.0.1:3000", "127.0.0.1:3001"))


BEHIND_LOGIN = (
    f"Mixed Content: The page at '{URL}/projects' was loaded over HTTPS, but requested an insecure "
    f"XMLHttpRequest endpoint 'http://{site.NAME}/api/v1/tickets'. This request has been blocked"
)


@scenario(
    outside="http.mixed-content", args=(BEHIND_LOGIN,),
    manual="from outside, the message alone says whether it is healed",
)  # fmt: skip
def page_behind_a_login_requests_http(lab: Lab) -> None:
    """The visitor's page is closed to others: its message shows what it requests."""
    addressed(lab, f"links={URL}", PAGES.replace(SCHEME, ""))


@scenario(outside="http.mixed-content", args=(BEHIND_LOGIN,), manual=OWN)
def scheme_is_told_and_not_believed_behind_a_login(lab: Lab) -> None:
    """nginx tells the scheme: what is left is the program's own setting."""
    addressed(lab, f"links={URL}")


@scenario(outside="http.page-file-missing", manual=OWN)
def address_of_the_files_lacks_its_scheme(lab: Lab) -> None:
    """ASSET_URL=files.example.com in place of https://files.example.com: a relative address."""
    addressed(lab, "links=files.example.com/desk")
