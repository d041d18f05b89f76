"""Scenarios of server.apache-redirect-not-rewritten: a real Apache."""

from .. import apache, site
from ..lab import Lab
from .apache import FILES, apache_scenario, healthy_apache

MANAGE = f"https://{site.NAME}/manage"
#: The site without the fields by which applications know the visitors' address.
SITE = apache.HTTPS.replace("    ProxyPreserveHost On\n", "").replace(
    "    RequestHeader set X-Forwarded-Proto https\n", ""
)
PASS = "    ProxyPass / http://127.0.0.1:3000/\n"
REVERSE = "    ProxyPassReverse / http://127.0.0.1:3000/\n"
MEMBERS = ("http://node1:3000", "http://node2:3000")
BALANCER = (
    "    <Proxy balancer://cluster>\n"
    + "".join(f"        BalancerMember {member}\n" for member in MEMBERS)
    + "    </Proxy>\n    ProxyPass / balancer://cluster/\n"
)
MODULES = ("proxy_balancer", "lbmethod_byrequests", "slotmem_shm")


def _serve(lab: Lab, lines: str) -> None:
    """The application redirects /manage to the scheme and the Host that it gets."""
    lab.application("--mode", "scheme-in-redirect")
    text = SITE.replace(PASS + REVERSE, lines)
    apache.serve(lab, f"{text}\n{apache.HTTP}")


def _balance(lab: Lab, lines: str) -> None:
    hosts = lab.server.read("/etc/hosts")
    lab.server.write("/etc/hosts", f"{hosts}127.0.0.1 node1 node2\n")
    lab.undo(lambda: lab.server.write("/etc/hosts", hosts))
    lab.application("--mode", "scheme-in-redirect")
    text = SITE.replace(PASS + REVERSE, BALANCER + lines)
    apache.install(lab, f"{text}\n{apache.HTTP}")
    apache.enable(lab, *MODULES)
    lab.undo(lambda: apache.disable(lab, *MODULES))
    apache.start(lab)


@apache_scenario(
    outside="http.redirect-wrong-host",
    server="server.apache-redirect-not-rewritten",
    target=MANAGE,
    differs=FILES,
)
def apache_lets_the_applications_address_out(lab: Lab) -> None:
    _serve(lab, PASS)


@apache_scenario(
    outside="http.redirect-wrong-host",
    server="server.apache-redirect-not-rewritten",
    target=MANAGE,
    differs=FILES,
)
def apache_lets_the_address_of_a_member_out(lab: Lab) -> None:
    """http://fixunix.com/solaris-rss/567683-apache-load-balancer-redirections-pwned.html: the
    members' names are in the server's /etc/hosts."""
    _balance(lab, "")


@healthy_apache(target=MANAGE)
def apache_rewrites_the_redirects_of_each_member(lab: Lab) -> None:
    _balance(lab, "".join(f"    ProxyPassReverse / {member}/\n" for member in MEMBERS))


@healthy_apache(target=MANAGE)
def apache_rewrites_the_redirects_of_the_application(lab: Lab) -> None:
    _serve(lab, PASS + REVERSE)


#: "After the login I am redirected to …, and no page is shown."
AFTER_LOGIN = "ログインすると http://127.0.0.1:3000/home にリダイレクトされてページが表示されません"


@apache_scenario(
    outside=None,
    server="server.apache-redirect-not-rewritten",
    args=(AFTER_LOGIN,),
    differs=FILES,
)
def apache_lets_the_address_out_after_a_login(lab: Lab) -> None:
    """https://runebook.dev/ja/docs/apache_http_server/mod/mod_proxy/proxypassreverse: no run logs
    in, and a person tells where the redirect leads."""
    apache.serve(lab, f"{SITE.replace(PASS + REVERSE, PASS)}\n{apache.HTTP}")


@healthy_apache(args=(AFTER_LOGIN,))
def apache_rewrites_the_redirect_after_a_login(lab: Lab) -> None:
    """The same message, of the time before."""
    apache.serve(lab, f"{SITE}\n{apache.HTTP}")
