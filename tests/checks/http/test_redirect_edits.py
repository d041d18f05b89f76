from checks.http import _redirect_edits
from checks.http._redirects import find_redirect
from checks.nginx import Nginx
from checks.nginx._edits import Changes, config_edits
from diagnose.model import Applicability, Edit
from diagnose.model.http import Exchange
from diagnose.parsers.nginx import edits
from tests.support.check_evidence import evidence
from tests.support.redirect_evidence import AROUND, PLAIN, SITE, config, led

PAGES = """
server {
    listen 80;
    server_name shop.example.com;

    location / {
        root /srv/shop;
    }
}
"""
SERVED = Exchange(url="http://shop.example.com/", address="203.0.113.10", port=80, status=200)


def known(text: str) -> Nginx:
    return Nginx.of(evidence(*AROUND, config(text)))


def added(nginx: Nginx, changes: Changes) -> list[str]:
    edits = [step for step in config_edits(nginx, changes) if isinstance(step, Edit)]
    lines = (line for edit in edits for line in edit.diff.splitlines()[2:])
    return [line[1:].strip() for line in lines if line.startswith("+")]


def test_a_target_is_replaced_where_it_stands() -> None:
    nginx, answer = (
        known(PLAIN + SITE),
        led("http://shop.example.com/", "https://shop.example.com/"),
    )
    redirect = find_redirect(nginx, answer)
    assert redirect is not None
    changes: Changes = {}
    _redirect_edits.replace_target(redirect, "https://www.example.com", changes)
    assert added(nginx, changes) == ["return 301 https://www.example.com;"]


def test_pages_on_port_80_become_a_redirect() -> None:
    nginx, changes = known(PAGES + SITE), Changes()
    assert _redirect_edits.redirect_to_https(nginx, [SERVED], changes)
    assert "return 301 https://$host$request_uri;" in added(nginx, changes)


def test_no_redirect_to_a_name_that_tls_does_not_serve() -> None:
    nginx, changes = known(PAGES), Changes()
    assert not _redirect_edits.redirect_to_https(nginx, [SERVED], changes)
    assert not changes


def test_without_a_change_a_person_does_it() -> None:
    fix = _redirect_edits.fix(known(PAGES), {}, "by-hand")
    assert fix == _redirect_edits.by_hand("by-hand")
    assert fix.applicability is Applicability.MANUAL


def test_one_step_of_indentation_is_that_of_the_file() -> None:
    (server,) = {id(server.block): server.block for server in known(PAGES).servers}.values()
    inner = (server.block or ())[0]
    assert edits.indent_step(f"http {{\n{PAGES}}}\n", server, inner) == "    "
    assert _redirect_edits.if_block("($a)", "b;", "  ") == ["if ($a) {", "  b;", "}"]
