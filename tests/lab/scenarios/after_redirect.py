"""The page redirects to another page of the same site, as most applications do ("/" to "/login"),
and what fails is that page."""

from .. import certificates, site
from ..lab import Lab
from ..scenario import UNLOGGED, healthy, scenario

FOLDER = "/var/www/shop"
DEPLOY = "its files are a person's"
ALIAS = "www.shop.example.com"


def _behind(lab: Lab, location: str) -> None:
    """`/` redirects to /app/, which this block serves."""
    before, rest = (
        site.HTTPS[: site.HTTPS.index("  location /")],
        "location = / { return 302 /app/; }",
    )
    lab.configure(f"{site.MAP}{before}  root {FOLDER};\n  {rest}\n  {location}\n}}\n{site.HTTP}")


@scenario(
    outside="http.redirect-to-error",
    server="upstream.refused",
    manual="the application has to be started",
)
def application_is_down_behind_a_redirect(lab: Lab) -> None:
    """nginx itself redirects, and the application below /app/ is down."""
    _behind(lab, "location /app/ { proxy_pass http://127.0.0.1:3999; }")


@scenario(
    outside="http.redirect-to-error", server="nginx.redirect-cycle", manual=DEPLOY, not_on=UNLOGGED
)
def single_page_application_without_its_index_behind_a_redirect(lab: Lab) -> None:
    """After a container's nginx.conf: the build of the pages went into another folder."""
    _behind(lab, "location /app/ { try_files $uri $uri/ /app/index.html; }")


@scenario(outside=None, server="nginx.index-missing", manual=DEPLOY, not_on=UNLOGGED)
def folder_without_an_index_behind_a_redirect(lab: Lab) -> None:
    lab.server.write(f"{FOLDER}/app/notes.txt", "hello\n")
    _behind(lab, "location /app/ { }")


@healthy()
def page_that_nobody_may_see_behind_a_redirect(lab: Lab) -> None:
    """A rule of nginx refuses it: this may be meant, and the verdict says 403."""
    _behind(lab, "location /app/ { deny all; }")


@scenario(outside="certificate.expired", manual="a certificate has to be issued")
def certificate_of_two_names_has_expired(lab: Lab) -> None:
    """http leads to the other name of the same server. The redirect is right: one fault."""
    issued = certificates.leaf(site.NAME, ALIAS, ends=-3)
    lab.server.write(site.PEM, issued.chain)
    lab.server.write(site.KEY, issued.key_pem, 0o600)
    names = f"server_name {site.NAME}"
    text = site.configuration().replace(names, f"{names} {ALIAS}")
    lab.router.write("/run/names", f"203.0.113.10 {site.NAME}\n203.0.113.10 {ALIAS}\n")
    lab.names.restart()
    lab.configure(text.replace("https://$host", f"https://{ALIAS}"))
