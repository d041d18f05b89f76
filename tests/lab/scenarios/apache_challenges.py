"""Challenges of ACME that Apache passes on, or refuses by a rule of an application's .htaccess."""

from .. import apache
from ..apache import HTTP, HTTPS
from ..lab import Lab
from .apache import apache_scenario, healthy_apache
from .server_pages import of_files

PATH = "/.well-known/acme-challenge/5cQ2Gb"
URL = f"http://shop.example.com{PATH}"
MESSAGE = (
    "Certbot failed to authenticate some domains (authenticator: webroot). Domain: shop.example.com"
    f" Type: unauthorized Detail: Invalid response from {URL}: 404"
)
HTML = "/var/www/html"


def passed_on(lab: Lab, before: str = "") -> None:
    """All is passed on to an application; certbot has no settings for the site yet."""
    lab.application("--mode", "no-challenge")
    lab.server.write(f"{HTML}{PATH}", "token")
    lab.undo(lambda: lab.server.sh(f"rm -rf {HTML}/.well-known"))
    apache.serve(lab, f"{HTTPS.replace('    ProxyPass /ws', f'{before}    ProxyPass /ws')}\n{HTTP}")


@apache_scenario(
    outside=None, server="server.acme-challenge-passed", target=MESSAGE, differs=(apache.SITE,)
)
def apache_passes_the_first_challenge_on(lab: Lab) -> None:
    """https://github.com/go-gitea/gitea/issues/9366: ProxyPass / takes the challenge too."""
    passed_on(lab)


@healthy_apache(target=URL)
def apache_leaves_the_first_challenge_out(lab: Lab) -> None:
    passed_on(lab, "    ProxyPass /.well-known !\n")


ROOT = "/var/www/shop"
RULES = """\
<IfModule mod_rewrite.c>
  RewriteEngine on
  RewriteCond %{{REQUEST_URI}} !{}\\.well-known/acme-challenge/.*
  RewriteRule ^(\\.|autotest|occ|issue|indie|db_|console).* - [R=404,L]
</IfModule>
"""


def nextcloud(lab: Lab, mark: str) -> None:
    """A site of files whose .htaccess hides what begins with a dot."""
    socket = "    ProxyPass /ws ws://127.0.0.1:3000/ws\n"
    text = of_files(ROOT, "All").replace("    <Directory", f"{socket}    <Directory", 1)
    lab.server.write(f"{ROOT}/index.html", "<!doctype html><title>Cloud</title><h1>Cloud</h1>\n")
    lab.server.write(f"{ROOT}/.htaccess", RULES.format(mark))
    lab.server.write(f"{ROOT}{PATH}", "token\n")
    apache.serve(lab, f"{text}\n{HTTP}")


HIDDEN = URL.replace("http:", "https:")


@apache_scenario(
    outside=None, server="server.rule-refuses", target=HIDDEN, differs=(f"{ROOT}/.htaccess",)
)
def an_htaccess_hides_challenges_by_a_condition_that_always_holds(lab: Lab) -> None:
    """https://github.com/nextcloud/server/issues/663: REQUEST_URI begins with a slash."""
    nextcloud(lab, "^")


@healthy_apache(target=HIDDEN)
def an_htaccess_hides_no_challenges(lab: Lab) -> None:
    nextcloud(lab, "^/")
