"""The names in files of other web servers than nginx."""

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from diagnose.machine import CommandResult, FileContent
from diagnose.probes.inside import site_names
from tests.lab import certificates


class Files:
    """A machine that has these files."""

    def __init__(self, files: dict[str, str], **outputs: str) -> None:
        self.files, self.outputs = files, outputs

    async def run(self, *argv: str, timeout: float = 8.0) -> CommandResult:
        """The engines' lists, or the names by which nginx-proxy finds containers."""
        words = {"VIRTUAL_HOST": "hosts", ".Destination": "ended"}
        name = next((key for word, key in words.items() if word in argv[2]), "engines")
        if "part()" in argv[2]:
            name = "engines"
        return CommandResult(argv, 0, self.outputs.get(name, ""), "", 0.0)

    async def read_all(self, pattern: str) -> tuple[FileContent, ...]:
        text = self.files.get(pattern)
        return () if text is None else (FileContent(path=pattern, text=text),)


def names(**files: str) -> tuple[str, ...]:
    paths = {
        "apache": "/etc/apache2/sites-enabled/*", "caddy": "/etc/caddy/Caddyfile",
        "haproxy": "/etc/haproxy/haproxy.cfg", "traefik": "/etc/traefik/*/*",
    }  # fmt: skip
    machine = Files({paths[product]: text for product, text in files.items()})
    return asyncio.run(site_names.site_names(machine))  # type: ignore[arg-type]


APACHE = """\
<VirtualHost *:443>
    ServerName https://Shop.acme.net:443
    # ServerName old.acme.net
</VirtualHost>
ServerName localhost
"""
CADDY = "{\n\temail a@acme.net\n}\nshop.acme.net, http://wiki.acme.net:8080 {\n\tfile_server\n}\n"
HAPROXY = """\
frontend web
    acl shop hdr(host) -i shop.acme.net
    use_backend wiki if { hdr(host),field(1,:) -i wiki.acme.net }
    # acl old hdr(host) old.acme.net
"""
TRAEFIK = "http:\n  routers:\n    a:\n      rule: Host(`shop.acme.net`) || Host(`wiki.acme.net`)\n"


def test_names_of_each_server() -> None:
    assert names(apache=APACHE) == ("shop.acme.net",)
    assert names(caddy=CADDY) == ("shop.acme.net", "wiki.acme.net")
    assert names(haproxy=HAPROXY) == ("shop.acme.net", "wiki.acme.net")
    assert names(traefik=TRAEFIK) == ("shop.acme.net", "wiki.acme.net")
    assert names(apache=APACHE, haproxy=HAPROXY) == ("shop.acme.net", "wiki.acme.net")


def test_the_certificate_names_the_site_of_a_haproxy_that_names_none() -> None:
    bind = "frontend web\n    bind :443 ssl crt {} alpn h2\n    # bind :8443 ssl crt /etc/old.pem\n"
    issued = certificates.leaf("shop.acme.net", "*.acme.net")
    for path, file in (("/etc/ssl/a.pem", "/etc/ssl/a.pem"), ("/etc/ssl/", "/etc/ssl/*")):
        text = issued.chain + issued.key_pem
        machine = Files({"/etc/haproxy/haproxy.cfg": bind.format(path), file: text})
        assert asyncio.run(site_names.site_names(machine)) == ("shop.acme.net",)  # type: ignore[arg-type]
    machine = Files({"/etc/haproxy/haproxy.cfg": HAPROXY + bind.format("/etc/ssl/a.pem")})
    found = asyncio.run(site_names.site_names(machine))  # type: ignore[arg-type]
    assert found == ("shop.acme.net", "wiki.acme.net")


LISTED = """
@@@ docker
{"ID": "%s", "Names": "shop", "State": "running", "Labels": "traefik.http.routers.a.rule=%s"}
"""


def test_names_of_containers() -> None:
    rule = "Host(`shop.acme.net`) && PathPrefix(`/a`)"
    machine = Files({}, engines=LISTED % ("5e" * 32, rule), hosts="wiki.acme.net\n")
    assert asyncio.run(site_names.site_names(machine)) == ("shop.acme.net",)  # type: ignore[arg-type]
    plain = Files({}, engines=LISTED % ("5e" * 32, ""), hosts="a.acme.net, b.acme.net\nlocalhost\n")
    assert asyncio.run(site_names.site_names(plain)) == ("a.acme.net", "b.acme.net")  # type: ignore[arg-type]


def test_names_of_a_web_server_whose_container_has_ended() -> None:
    mounts = "/srv/a/conf.d\t/etc/nginx/conf.d\n/srv/a/data\t/var/lib/grafana\n"
    text = "server {\n    server_name shop.acme.net;\n}\n"
    files = {"/srv/a/conf.d/*": text, "/srv/a/data/*": text.replace("shop", "wiki")}
    machine = Files(files, ended=mounts)
    assert asyncio.run(site_names.site_names(machine)) == ("shop.acme.net",)  # type: ignore[arg-type]
    certificate = certificates.good().chain
    machine = Files({"/srv/a/certs/*": certificate}, ended="/srv/a/certs\t/certs\n")
    assert "shop.example.com" in asyncio.run(site_names.site_names(machine))  # type: ignore[arg-type]


@pytest.mark.parametrize("product", ["apache", "caddy", "haproxy", "traefik"])
def test_no_file_and_no_name(product: str) -> None:
    assert names() == ()
    assert names(**{product: ""}) == ()
    assert names(**{product: "ServerName 192.0.2.1\n:443 {\n}\nHost(`a.local`)\n"}) == ()


@given(st.text(max_size=300))
def test_any_text_is_read(text: str) -> None:
    for product in ("apache", "caddy", "haproxy", "traefik"):
        names(**{product: f"{APACHE if product == 'apache' else ''}{text}"})


def test_a_server_without_a_name_has_that_of_its_certificate() -> None:
    pem = certificates.leaf("*.acme.net", "shop.acme.net").pem
    lines = {
        "/etc/haproxy/haproxy.cfg": "frontend web\n    bind :443 ssl crt /etc/ssl/shop.pem\n",
        "/etc/caddy/Caddyfile": ":443 {\n\ttls /etc/ssl/shop.pem /etc/ssl/shop.key\n}\n",
    }
    for path, text in lines.items():
        machine = Files({path: text, "/etc/ssl/shop.pem": pem})
        assert asyncio.run(site_names.site_names(machine)) == ("shop.acme.net",)  # type: ignore[arg-type]


def test_certificates_of_a_folder() -> None:
    text = "frontend web\n    bind :443 ssl crt /etc/haproxy/certs/ alpn h2\n"
    pem = certificates.leaf("wiki.acme.net").pem
    machine = Files({"/etc/haproxy/haproxy.cfg": text, "/etc/haproxy/certs/*": pem})
    assert asyncio.run(site_names.site_names(machine)) == ("wiki.acme.net",)  # type: ignore[arg-type]


def test_certbots_certificates_name_the_site_where_those_of_the_files_are_not_there() -> None:
    text = "frontend web\n    bind :443 ssl crt /etc/haproxy/certs/\n"
    kept = {"/etc/letsencrypt/live/*/cert.pem": certificates.leaf("wiki.acme.net").pem}
    machine = Files({"/etc/haproxy/haproxy.cfg": text, **kept})
    assert asyncio.run(site_names.site_names(machine)) == ("wiki.acme.net",)  # type: ignore[arg-type]
    for files in (kept, {"/etc/haproxy/haproxy.cfg": "frontend web\n    bind :80\n", **kept}):
        assert not asyncio.run(site_names.site_names(Files(files)))  # type: ignore[arg-type]


def test_a_name_in_the_files_is_the_site() -> None:
    pem = certificates.leaf("mail.acme.net").pem
    text = f"{HAPROXY}    bind :443 ssl crt /etc/ssl/shop.pem\n"
    machine = Files({"/etc/haproxy/haproxy.cfg": text, "/etc/ssl/shop.pem": pem})
    expected = ("shop.acme.net", "wiki.acme.net")
    assert asyncio.run(site_names.site_names(machine)) == expected  # type: ignore[arg-type]
