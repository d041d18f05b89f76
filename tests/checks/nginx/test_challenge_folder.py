"""nginx.challenge-folder: when it fires, and when it is silent."""

from dataclasses import replace

import pytest

from diagnose.model import Applicability, Command, Confidence, Edit, Vantage
from diagnose.model.containers import NginxContainer
from diagnose.model.http import Exchange
from diagnose.model.renewal import ChallengeFolder
from diagnose.model.server import Listener, Listeners
from tests.support.check_evidence import judge
from tests.support.nginx_evidence import BUILD, RUNNING, config

CHECK = "nginx.challenge-folder"
SPA = """\
server {
    listen 443 ssl;
    server_name shop.example.com;
    root /srv/spa;
    location / {
        try_files $uri /index.html;
    }
}
"""
REDIRECT = """\
server {
    listen 80;
    server_name shop.example.com;
    return 301 https://$host$request_uri;
}
"""
SPLIT = """\
server {
    listen 80;
    server_name shop.example.com;
    location /.well-known/acme-challenge/ {
        root /var/www/acme;
    }
    location / {
        return 301 https://$host$request_uri;
    }
}
"""


def written(folder: str, name: str = "shop.example.com") -> ChallengeFolder:
    return ChallengeFolder(
        vantage=Vantage.SERVER,
        tool="certbot",
        source="/etc/letsencrypt/renewal/shop.example.com.conf",
        name=name,
        folder=folder,
    )


def test_silent_where_a_link_leads_to_the_same_folder() -> None:
    settings = replace(
        written("/srv/current"), same_as=("/var/www/acme/.well-known/acme-challenge",)
    )
    assert not judge(CHECK, settings, config(SPA + SPLIT), BUILD, RUNNING)
    assert judge(CHECK, written("/srv/current"), config(SPA + SPLIT), BUILD, RUNNING)


def test_silent_about_folders_of_a_container() -> None:
    container = NginxContainer(vantage=Vantage.SERVER, pid=7)
    assert not judge(CHECK, written("/srv/data"), config(SPA + SPLIT), BUILD, RUNNING, container)


def test_fires_on_a_redirect_to_the_sites_own_root_and_splits_it() -> None:
    observations = (written("/var/www/acme"), config(SPA + REDIRECT), BUILD, RUNNING)
    (claim,) = judge(CHECK, *observations)
    assert claim.facts["looked"] == "/srv/spa/.well-known/acme-challenge"
    assert claim.fix
    assert claim.fix.applicability is Applicability.REVIEW
    edit = claim.fix.steps[0]
    assert isinstance(edit, Edit)
    assert "+    location ^~ /.well-known/acme-challenge/ {\n" in edit.diff


def test_fires_on_another_folder_and_an_application() -> None:
    assert judge(CHECK, written("/var/www/html"), config(SPA + SPLIT), BUILD, RUNNING)
    proxied = SPA.replace("try_files $uri /index.html", "proxy_pass http://127.0.0.1:3000")
    (claim,) = judge(CHECK, written("/srv/spa"), config(proxied + REDIRECT), BUILD, RUNNING)
    assert not claim.facts["looked"]


def test_silent_on_the_same_folder_and_on_other_names() -> None:
    assert not judge(CHECK, written("/var/www/acme"), config(SPA + SPLIT), BUILD, RUNNING)
    assert not judge(CHECK, written("/srv/spa"), config(SPA + REDIRECT), BUILD, RUNNING)
    other = written("/x", "www.example.net")
    assert not judge(CHECK, other, config(SPA + REDIRECT), BUILD, RUNNING)


def test_follows_what_the_redirect_writes_for_the_name() -> None:
    for target in (
        "https://$server_name$request_uri",
        "https://$http_host$uri",
        "https://shop.example.com$request_uri",
        "https://${host}:443$request_uri",
    ):
        redirect = REDIRECT.replace("https://$host$request_uri", target)
        observations = (config(SPA + redirect), BUILD, RUNNING)
        (claim,) = judge(CHECK, written("/var/www/acme"), *observations)
        assert claim.facts["looked"] == "/srv/spa/.well-known/acme-challenge"
        assert not judge(CHECK, written("/srv/spa"), *observations)


def test_follows_another_name_of_this_nginx_and_no_other() -> None:
    www = SPA.replace("server_name shop.example.com", "server_name www.example.com")
    redirect = REDIRECT.replace("$host", "www.example.com")
    assert judge(CHECK, written("/var/www/acme"), config(www + redirect), BUILD, RUNNING)
    assert not judge(CHECK, written("/srv/spa"), config(www + redirect), BUILD, RUNNING)
    for target in (
        "other.example.net$request_uri",
        "$unknown$request_uri",
        "$host/",
        "$host:8443/",
    ):
        redirect = REDIRECT.replace("$host$request_uri", target)
        assert not judge(CHECK, written("/var/www/acme"), config(SPA + redirect), BUILD, RUNNING)


def test_fires_on_a_location_of_its_own_without_a_root() -> None:
    """The root was moved to the block of https with everything else."""
    empty = SPLIT.replace("{\n        root /var/www/acme;\n    }", "{}")
    seen = (written("/srv/spa"), replace(BUILD, prefix="/usr/share/nginx"), RUNNING)
    (claim,) = judge(CHECK, config(SPA + empty), *seen)
    assert str(claim.facts["looked"]).endswith("/html/.well-known/acme-challenge")
    assert claim.fix
    edit = claim.fix.steps[0]
    assert isinstance(edit, Edit)
    assert "+        root /srv/spa;" in edit.diff
    rooted = empty.replace("listen 80;", "listen 80;\n    root /srv/spa;")
    assert not judge(CHECK, config(SPA + rooted), *seen)
    anything = empty.replace("location /.well-known/acme-challenge/ {}", "location /a {}")
    anything = anything.replace("return 301 https://$host$request_uri;", "")
    assert not judge(CHECK, config(SPA + anything), *seen)


PROGRAM = SPLIT.replace("root /var/www/acme;", "proxy_pass http://127.0.0.1:32400;")


def listening(process: str) -> Listeners:
    socket = Listener(
        vantage=Vantage.SERVER, address="127.0.0.1", port=32400, family=4, process=process
    )
    return Listeners(vantage=Vantage.SERVER, sockets=(socket,))


def made_up(status: int, body: str = "no") -> Exchange:
    url = "http://shop.example.com/.well-known/acme-challenge/diagnose-1"
    return Exchange(
        url=url, method="GET", address="203.0.113.10", port=80, purpose="acme", status=status,
        body=body,
    )  # fmt: skip


def test_certain_where_a_program_refuses_what_nobody_ordered() -> None:
    given = (config(SPA + PROGRAM), BUILD, RUNNING)
    folder = written("/usr/share/nginx/html")
    (claim,) = judge(CHECK, folder, *given, listening("plex"), made_up(401))
    assert claim.confidence is Confidence.CERTAIN
    assert claim.facts["status"] == 401
    for other, process, answer in (
        (written("/srv/app/public"), "plex", made_up(401)),
        (folder, "apache2", made_up(401)),
        (folder, "docker-proxy", made_up(401)),
        (folder, "node", made_up(200)),
        (folder, "plex", made_up(502)),
        (folder, "plex", made_up(404, "<center>nginx</center>")),
    ):
        (claim,) = judge(CHECK, other, *given, listening(process), answer)
        assert claim.confidence is Confidence.LIKELY, (process, answer)


def test_opens_challenges_alone_where_the_site_has_a_password() -> None:
    general = PROGRAM.replace("/.well-known/acme-challenge/", "/media/")
    general = general.replace("listen 80;", "listen 80;\n    auth_basic x;")
    general = general.replace(
        "return 301 https://$host$request_uri", "proxy_pass http://[::1]:32400"
    )
    given = (written("/usr/share/nginx/html"), BUILD, RUNNING, listening("plex"), made_up(401))
    (claim,) = judge(CHECK, config(general), *given)
    assert claim.fix
    assert claim.fix.applicability is Applicability.REVIEW
    assert "auth_basic off;" in claim.fix.edits[0].diff
    (claim,) = judge(CHECK, config(general.replace("    auth_basic x;\n", "")), *given)
    assert claim.fix
    assert claim.fix.applicability is Applicability.AUTOMATIC
    assert "auth_basic" not in claim.fix.edits[0].diff


@pytest.mark.parametrize("line", ["root /var/www/acme;", "alias /var/www/acme/;"])
def test_fires_and_corrects_the_folder_of_the_location_and_renews(line: str) -> None:
    """After issue 187 of acmesh-official/acme.sh: an `alias`, and -w with the same folder."""
    site = SPLIT.replace("root /var/www/acme;", line)
    (claim,) = judge(CHECK, written("/srv/acme"), config(SPA + site), BUILD, RUNNING)
    assert claim.fix
    assert claim.fix.applicability is Applicability.REVIEW
    assert "+        root /srv/acme;" in claim.fix.edits[0].diff
    commands = [step.argv for step in claim.fix.steps if isinstance(step, Command)]
    renewal = ("certbot", "renew", "--cert-name", "shop.example.com")
    assert [argv[:4] for argv in commands].count(renewal) == 1
    assert commands[-1] == ("nginx", "-s", "reload")


def test_a_location_for_all_that_is_well_known_keeps_its_folder() -> None:
    """Its other files would be gone: those of Apple Pay, Matrix, a login."""
    site = SPLIT.replace("/.well-known/acme-challenge/", "/.well-known/")
    (claim,) = judge(CHECK, config(site), RUNNING, BUILD, written("/srv/acme"))
    assert "root /srv/acme;" not in str(claim.fix)
