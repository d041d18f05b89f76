"""TLS is fine, and the answers are not."""

from .. import certificates, site
from ..lab import Lab
from ..scenario import healthy, scenario

MINE = (site.CONF,)
APPLICATION = "the application has to be mended"
REDIRECT = "return 301 https://$host$request_uri;"
PASS = "proxy_pass http://127.0.0.1:3000; proxy_set_header Host $http_host;"
HSTS = 'add_header Strict-Transport-Security "max-age=31536000" always;'
TLS = "ssl_session_timeout 5m;"


@scenario(outside="http.no-redirect", differs=MINE)
def plain_http_is_served(lab: Lab) -> None:
    """Port 80 serves the site itself."""
    lab.change(REDIRECT, PASS)


@scenario(outside="http.no-redirect", differs=MINE)
def plain_http_leads_to_an_application_that_is_gone(lab: Lab) -> None:
    """502 on port 80, and the site works on 443: a leftover of the time before TLS."""
    lab.change(REDIRECT, "proxy_pass http://127.0.0.1:3001;")


@scenario(outside="http.no-redirect", differs=MINE)
def plain_http_is_served_and_has_the_challenges(lab: Lab) -> None:
    """certbot's folder is the one of port 80, and https has an application alone: the redirect
    leaves a location for the challenges."""
    lab.server.write("/var/www/html/index.html", "<p>shop</p>")
    start, end = site.HTTP.index("  location /.well"), site.HTTP.index("  location / {")
    lab.edit(site.HTTP[start:end], "")
    lab.change(REDIRECT, "root /var/www/html;")


#: What comes with the package answers on port 80, too.
WELCOME = {"redhat": "its own block answers", "nginx.org": "its own block answers"}


@scenario(outside="http.port-closed", differs=MINE, not_on=WELCOME)
def nothing_on_port_80(lab: Lab) -> None:
    """There is no block for port 80."""
    lab.change(site.HTTP, "")


@scenario(outside="http.redirect-loop", differs=MINE)
def one_block_redirects_itself(lab: Lab) -> None:
    """One block for 80 and 443, and it redirects to https in any case."""
    lab.edit(site.HTTP, "")
    lab.edit("listen 443 ssl;", "listen 80;\n  listen 443 ssl;")
    lab.change("  location / {", f"  {REDIRECT}\n\n  location / {{")


@scenario(outside="http.redirect-loop", differs=MINE)
def application_does_not_know_of_https(lab: Lab) -> None:
    """The application redirects to https and is not told that it is there already."""
    lab.application("--mode", "redirect-to-https")
    lab.change("    proxy_set_header X-Forwarded-Proto https;\n", "")


@scenario(outside="http.redirect-downgrade", differs=MINE)
def https_leads_back_to_http(lab: Lab) -> None:
    """The secure site redirects to the plain one, which answers."""
    lab.edit(REDIRECT, PASS)
    lab.change(TLS, f"{TLS}\n  return 301 http://$host$request_uri;")


@scenario(
    outside="http.redirect-wrong-host", differs=MINE,
    not_on={"nginx.org": "its own block is the first of port 80"},
)  # fmt: skip
def redirect_to_an_underscore(lab: Lab) -> None:
    """server_name _ and a redirect to https://$server_name."""
    lab.edit(REDIRECT, "return 301 https://$server_name$request_uri;")
    lab.change("listen 80;\n  server_name shop.example.com;", "listen 80;\n  server_name _;")


@scenario(
    outside="http.plain-to-tls-port",
    differs=MINE,
    not_on={
        "nginx.org": "the default block of port 80 has no certificate, and nginx would not start"
    },
)
def tls_on_both_ports(lab: Lab) -> None:
    """One block, and `ssl` on port 80 as well."""
    lab.edit(site.HTTP, "")
    lab.change("listen 443 ssl;", "listen 80 ssl;\n  listen 443 ssl;")


@scenario(
    outside="http.acme-challenge-blocked",
    also=("certificate.expires-soon",),
    manual="the authority has to be asked again",
)
def hidden_files_are_denied(lab: Lab) -> None:
    """The rule for hidden files comes before the location of the challenges, and the certificate
    should have been renewed."""
    leaf = certificates.leaf(starts=-85, ends=5)
    lab.install(leaf.chain, leaf.key_pem)
    lab.change("  location /.well", "  location ~ /\\. {\n    deny all;\n  }\n\n  location /.well")


@healthy()
def challenges_are_passed_to_a_tool_that_renews_now_and_then(lab: Lab) -> None:
    """https://github.com/acmesh-official/acme.sh/issues/6358: `--standalone --httpport 88`. Nobody
    listens there while nothing renews."""
    lab.change("    root /var/www/acme;", "    proxy_pass http://127.0.0.1:88;")


DOTS_DENIED = "  location ~ /\\. {\n    deny all;\n  }\n\n"
TOKEN = "8nYiIsdsdsd2cfLZwsdsdPxNhCA"
CHALLENGE = f"http://{site.NAME}/.well-known/acme-challenge/{TOKEN}"
SAID = f"Invalid response from {CHALLENGE}: 403"


def challenge_beside_hidden_files(lab: Lab, location: str) -> None:
    lab.server.write(f"{site.ACME}/{TOKEN}", f"{TOKEN}.thumbprint")
    lab.change("  location /.well", f"{DOTS_DENIED}  location {location}/.well")


@scenario(outside="http.acme-challenge-blocked", target=CHALLENGE, differs=MINE)
def address_of_a_challenge_among_hidden_files(lab: Lab) -> None:
    """https://github.com/spinupwp/wordpress-nginx/issues/17: the person names the address that the
    authority could not read."""
    challenge_beside_hidden_files(lab, "")


@scenario(
    outside="http.acme-challenge-blocked", target=CHALLENGE, args=(SAID,), differs=MINE,
)  # fmt: skip
def refused_challenge_among_hidden_files(lab: Lab) -> None:
    """The same, with certbot's own words."""
    challenge_beside_hidden_files(lab, "")


@healthy(target=CHALLENGE)
def address_of_a_challenge_before_hidden_files(lab: Lab) -> None:
    """`^~`: the expression is not asked."""
    challenge_beside_hidden_files(lab, "^~ ")


@scenario(outside="http.redirect-drops-path", differs=MINE)
def redirect_to_the_home_page(lab: Lab) -> None:
    """Whatever was asked for on port 80, the home page it is."""
    lab.change(REDIRECT, "return 301 https://$host/;")


@scenario(outside="http.server-error", manual=APPLICATION)
def application_answers_500(lab: Lab) -> None:
    """nginx does its part."""
    lab.application("--mode", "error")


def redirecting(lab: Lab, code: int) -> None:
    lab.change("return 301", f"return {code}")


@healthy()
def redirect_by_308(lab: Lab) -> None:
    """Permanent, method kept."""
    redirecting(lab, 308)


@healthy()
def redirect_by_302(lab: Lab) -> None:
    """Temporary."""
    redirecting(lab, 302)


@healthy()
def redirect_by_307(lab: Lab) -> None:
    """Temporary, method kept."""
    redirecting(lab, 307)


@healthy()
def hsts(lab: Lab) -> None:
    """With a good certificate it traps nobody."""
    lab.change(TLS, f"{TLS}\n  {HSTS}")


@healthy()
def home_page_moved_within_the_site(lab: Lab) -> None:
    """/ redirects to /en/, which is there."""
    lab.change(TLS, f"{TLS}\n  location = / {{ return 302 /en/; }}")


@healthy()
def home_page_needs_a_password(lab: Lab) -> None:
    """401 is an answer."""
    lab.change(TLS, f"{TLS}\n  location = / {{ return 401; }}")


@healthy()
def home_page_is_not_there(lab: Lab) -> None:
    """An interface for programs: 404 on /, and nothing is wrong."""
    lab.change(TLS, f"{TLS}\n  location = / {{ return 404; }}")


@healthy()
def application_on_a_unix_socket(lab: Lab) -> None:
    """proxy_pass http://unix:…"""
    argv = lab.server.python(*lab.application_service.argv[1:], "--unix", "/run/app.sock")
    lab.spawn(lab.server, argv, lab.server.path("/run/app.sock").exists)
    lab.change("proxy_pass http://127.0.0.1:3000;", "proxy_pass http://unix:/run/app.sock;")
