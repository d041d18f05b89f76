"""nginx.challenge-folder: when it fires, and when it is silent."""

from dataclasses import replace

from diagnose.model import Applicability, Edit, Vantage
from diagnose.model.containers import NginxContainer
from diagnose.model.renewal import ChallengeFolder
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
