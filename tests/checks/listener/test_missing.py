from dataclasses import replace

import pytest

from diagnose.model import (
    Applicability,
    Confidence,
    Edit,
    Failure,
    ServedAddress,
    Severity,
    Vantage,
)
from diagnose.model.containers import Container, ContainerPort, Containers, State
from diagnose.model.server import Listener, Listeners
from diagnose.model.web_servers import SiteRedirect, SiteSocket, WebServerConfig, WebSite
from tests.support.check_evidence import REFUSED, SHOP, judge
from tests.support.firewall_rules import ADDRESS, connected, host, listening
from tests.support.front_evidence import CLOUDFLARE, EDGE, behind, edge_page
from tests.support.nginx_evidence import FILE, HOST, RUNNING, SITE, config
from tests.support.server_tcp_evidence import kernel_drop


def test_fires_where_nothing_listens_on_the_port() -> None:
    (claim,) = judge("listener.missing", host(), listening(22), connected(failure=REFUSED))
    assert str(claim.about) == "443/tcp"
    assert [subject.port for subject in claim.covers] == [443, 80]
    assert claim.confidence is Confidence.CERTAIN


def test_fires_for_the_port_alone_where_80_listens() -> None:
    (claim,) = judge("listener.missing", host(), listening(80), connected(failure=REFUSED))
    assert [subject.port for subject in claim.covers] == [443]
    assert claim.severity is None


def test_names_the_program_that_serves_port_80_alone() -> None:
    """Issue 2 of maximmasiutin/TinyWeb, whose usual program has no TLS."""
    sockets = tuple(
        Listener(address=address, port=port, family=4, pid=9, process=process)
        for address, port, process in (
            ("0.0.0.0", 80, "tinyweb"),
            ("0.0.0.0", 22, "sshd"),
            ("0.0.0.0", 8181, "java"),
            ("127.0.0.1", 5432, "postgres"),
        )
    )
    observations = (
        host(),
        Listeners(vantage=Vantage.SERVER, sockets=sockets),
        connected(failure=REFUSED),
    )
    (claim,) = judge("listener.missing", *observations)
    assert claim.facts["only"] == "tinyweb"
    assert claim.facts["programs"] == ("tinyweb 80", "java 8181")
    assert claim.facts["java"] is True


def test_names_the_port_at_which_nginx_serves_the_name() -> None:
    elsewhere = config(SITE.replace("443 ssl", "8443 ssl"))
    refused = (host(), connected(failure=REFUSED), RUNNING, elsewhere)
    (claim,) = judge("listener.missing", *refused, listening(80, 8443))
    assert (claim.facts["elsewhere"], claim.facts["there"]) == (
        "8443", "https://shop.example.com:8443/",
    )  # fmt: skip
    assert claim.confidence is Confidence.LIKELY
    # It is not loaded, or serves another name.
    (claim,) = judge("listener.missing", *refused, listening(80))
    assert claim.facts["elsewhere"] == ""
    assert claim.confidence is Confidence.CERTAIN
    other = config(SITE.replace("443 ssl", "8443 ssl").replace("shop.", "blog."))
    (claim,) = judge("listener.missing", *refused[:-1], other, listening(80, 8443))
    assert claim.facts["elsewhere"] == ""


PLAIN_SITE = """\
server {
    listen 8001;
    server_name shop.example.com;
    root /srv;
}
"""


def test_names_the_port_at_which_nginx_serves_the_name_in_plain_http_alone() -> None:
    """Issue 991 of jeessy2/ddns-go: the address was meant to be http://…:8001/."""
    refused = (host(), connected(failure=REFUSED), RUNNING)
    (claim,) = judge("listener.missing", *refused, config(PLAIN_SITE), listening(8001))
    assert (claim.facts["plain_elsewhere"], claim.facts["there"]) == (
        "8001", "http://shop.example.com:8001/",
    )  # fmt: skip
    assert claim.confidence is Confidence.LIKELY
    usual = config(PLAIN_SITE.replace("8001", "80"))
    (claim,) = judge("listener.missing", *refused, usual, listening(80))
    assert claim.facts["there"] == "http://shop.example.com/"


@pytest.mark.parametrize("names", ["", "server_name _;"])
def test_names_the_port_of_the_block_without_a_name(names: str) -> None:
    """It answers every name that no other block has."""
    nameless = config(PLAIN_SITE.replace("server_name shop.example.com;", names))
    refused = (host(), connected(failure=REFUSED), RUNNING)
    (claim,) = judge("listener.missing", *refused, nameless, listening(8001))
    assert (claim.facts["there"], claim.confidence) == (
        "http://shop.example.com:8001/", Confidence.LIKELY,
    )  # fmt: skip


DEFAULT = PLAIN_SITE.replace("shop.example.com", "_").replace("8001", "80")
PLACEHOLDER = PLAIN_SITE.replace("shop.example.com", "your.domain.com").replace("8001", "80")


def test_names_no_port_where_the_default_block_stands_in_for_a_name_that_no_block_has() -> None:
    """Issue 9 of 131mm/ssweb-web.py: the run is made again there."""
    refused = (host(), connected(failure=REFUSED), RUNNING, listening(80))
    welcome = DEFAULT.replace("/srv", "/var/www/html")
    (claim,) = judge("listener.missing", *refused, config(welcome + PLACEHOLDER))
    assert (claim.facts["plain_elsewhere"], claim.confidence) == ("", Confidence.CERTAIN)
    assert claim.served_at == ServedAddress("http://shop.example.com/", is_named=False)
    assert claim.facts["unnamed"]
    (claim,) = judge("listener.missing", *refused, config(welcome))
    assert (claim.facts["plain_elsewhere"], claim.served_at) == ("80", None)
    elsewhere = PLACEHOLDER.replace("listen 80", "listen 81")
    (claim,) = judge("listener.missing", *refused, config(welcome + elsewhere))
    assert claim.served_at is None


def _published(*ports: ContainerPort, state: State = "running") -> Containers:
    container = Container(engine="docker", id="c1", name="maven", ports=ports, state=state)
    return Containers(vantage=Vantage.SERVER, containers=(container,))


def test_names_the_port_that_a_container_publishes() -> None:
    refused = (host(), connected(failure=REFUSED), listening(22, 8080))
    published = _published(ContainerPort(8080, 8080, "0.0.0.0"))
    (claim,) = judge("listener.missing", *refused, published)
    assert (claim.facts["container_elsewhere"], claim.facts["there"]) == (
        "maven", "http://shop.example.com:8080/",
    )  # fmt: skip
    assert claim.confidence is Confidence.LIKELY


@pytest.mark.parametrize(
    "containers",
    [
        _published(ContainerPort(8080)),
        _published(ContainerPort(8080, 8080, "127.0.0.1")),
        _published(ContainerPort(5432, 5432, "0.0.0.0")),
        _published(ContainerPort(8080, 8080, "0.0.0.0"), state="exited"),
    ],
    ids=["declared", "loopback", "database", "stopped"],
)
def test_is_certain_where_no_container_has_a_site_for_visitors(containers: Containers) -> None:
    refused = (host(), connected(failure=REFUSED), listening(22))
    (claim,) = judge("listener.missing", *refused, containers)
    assert claim.facts["there"] == ""
    assert claim.confidence is Confidence.CERTAIN


def test_a_bare_name_leads_to_the_stopped_container_that_publishes_port_80_alone() -> None:
    bare = replace(SHOP, input="shop.example.com")
    own = (host(), connected(failure=REFUSED), listening(22))
    stopped = _published(ContainerPort(80, 80, "0.0.0.0"), state="exited")
    (claim,) = judge("listener.missing", *own, stopped, target=bare)
    assert claim.served_at == ServedAddress("http://shop.example.com/", is_named=False)
    both = _published(
        ContainerPort(80, 80, "0.0.0.0"), ContainerPort(443, 443, "0.0.0.0"), state="exited"
    )
    typed = replace(SHOP, input="https://shop.example.com/")
    for containers, target in ((stopped, typed), (both, bare)):
        (claim,) = judge("listener.missing", *own, containers, target=target)
        assert claim.served_at is None


def _apache(*redirects: SiteRedirect) -> WebServerConfig:
    site = WebSite(names=(SHOP.host,), sockets=(SiteSocket(8080),), redirects=redirects)
    return WebServerConfig(vantage=Vantage.SERVER, product="apache", path="a", sites=(site,))


def test_names_the_port_of_apaches_site() -> None:
    refused = (host(), connected(failure=REFUSED), listening(8080))
    (claim,) = judge("listener.missing", *refused, _apache())
    assert (claim.facts["server_elsewhere"], claim.facts["there"]) == (
        "Apache", "http://shop.example.com:8080/",
    )  # fmt: skip
    assert claim.confidence is Confidence.LIKELY
    # It is not loaded, or leads to https.
    (claim,) = judge("listener.missing", *refused[:-1], listening(22), _apache())
    assert claim.confidence is Confidence.CERTAIN
    redirect = SiteRedirect("/", "https://shop.example.com/")
    (claim,) = judge("listener.missing", *refused, _apache(redirect))
    assert claim.confidence is Confidence.CERTAIN


@pytest.mark.parametrize(
    "text",
    [
        PLAIN_SITE.replace("root /srv", "return 301 https://$host$request_uri"),
        PLAIN_SITE.replace("root /srv", "location / { rewrite ^ https://$host$uri permanent; }\n#"),
        f"{PLAIN_SITE}{PLAIN_SITE.replace('8001', '8443 ssl')}",
        PLAIN_SITE.replace("shop.", "blog."),
    ],
)
def test_is_certain_where_https_is_wanted_or_another_name_is_served(text: str) -> None:
    refused = (host(), connected(failure=REFUSED), RUNNING)
    (claim,) = judge("listener.missing", *refused, config(text), listening(8001))
    assert claim.facts["plain_elsewhere"] == ""
    assert claim.confidence is Confidence.CERTAIN


def test_fires_as_a_note_where_nobody_looked_from_outside_and_80_listens() -> None:
    (claim,) = judge("listener.missing", host(), listening(80))
    assert (claim.severity, claim.confidence) == (Severity.NOTE, Confidence.POSSIBLE)


@pytest.mark.parametrize(("name", "address"), [("localhost", "127.0.0.1"), ("127.0.0.1",) * 2])
def test_fires_and_explains_a_refusal_by_this_machines_own_address(name: str, address: str) -> None:
    """https://localhost/ on the server, with http alone."""
    target = replace(SHOP, host=name)
    refusal = connected(address, failure=REFUSED)
    (claim,) = judge("listener.missing", host(), listening(80), refusal, target=target)
    assert (claim.severity, claim.confidence) == (None, Confidence.CERTAIN)
    assert refusal in claim.because


def test_fires_as_a_note_for_a_local_name_of_another_machine() -> None:
    """The refusal came from this machine, and the list from the server."""
    target = replace(SHOP, host="localhost")
    refusal = connected("127.0.0.1", failure=REFUSED)
    there = host(via="ssh://web")
    (claim,) = judge("listener.missing", there, listening(80), refusal, target=target)
    assert claim.severity is Severity.NOTE


def test_silent_where_this_machines_own_address_answers_all_the_same() -> None:
    """The rules of a container engine lead it past the sockets."""
    target = replace(SHOP, host="localhost")
    answer = connected("127.0.0.1")
    assert not judge("listener.missing", host(), listening(80), answer, target=target)


def test_fires_and_adds_tcp_where_nginx_listens_for_http3_alone() -> None:
    text = SITE.replace(
        "    listen 443 ssl;\n", "    listen 443 quic reuseport;\n    listen [::]:443 quic;\n"
    )
    (claim,) = judge(
        "listener.missing", HOST, listening(80), connected(failure=REFUSED), config(text), RUNNING
    )
    assert claim.facts["quic"] == f"{FILE}:3"
    assert claim.fix
    assert claim.fix.applicability is Applicability.AUTOMATIC
    edit = claim.fix.steps[0]
    assert isinstance(edit, Edit)
    assert "+    listen 443 ssl;\n+    listen [::]:443 ssl;\n" in edit.diff


@pytest.mark.parametrize(
    ("listen", "line"),
    [
        ("# listen 443 ssl;", "+    listen 443 ssl;"),
        ("listen 80;\n    #listen 443 ssl http2;", "+    listen 443 ssl http2;"),
        ("listen 80;", "+    listen 443 ssl;"),
    ],
)
def test_fires_and_lets_the_block_with_the_certificate_listen(listen: str, line: str) -> None:
    text = SITE.replace("listen 443 ssl;", listen)
    seen = host(), listening(80), connected(failure=REFUSED), RUNNING
    (claim,) = judge("listener.missing", *seen, config(text), masked=False)
    assert str(claim.facts["unheard"]).endswith(":2")
    assert claim.facts["commented"] == ("#" in listen)
    assert claim.fix
    assert claim.fix.applicability is Applicability.REVIEW
    assert line in claim.fix.edits[0].diff


@pytest.mark.parametrize(
    "text",
    [
        SITE.replace("443 ssl", "80").replace("server_name shop", "server_name www"),
        SITE.replace("443 ssl", "80").replace("    ssl_certificate shop.pem;\n", ""),
        SITE.replace("443 ssl", "8443 ssl"),
        SITE.replace("listen 443 ssl", "# listen 8443 ssl"),
    ],
)
def test_fires_and_edits_no_block_that_is_not_the_sites_or_listens_elsewhere(text: str) -> None:
    seen = host(), listening(80), connected(failure=REFUSED), RUNNING
    (claim,) = judge("listener.missing", *seen, config(text), masked=False)
    assert not claim.facts["unheard"]


def test_silent_where_something_listens() -> None:
    assert not judge("listener.missing", listening(443))
    assert not judge("listener.missing", listening(443, address="127.0.0.1"))


def test_silent_where_something_answers_all_the_same() -> None:
    """TLS ends at a load balancer, or a container's port is led past the sockets."""
    assert not judge("listener.missing", listening(80), connected("198.51.100.80"))
    assert not judge("listener.missing", listening(80), connected(ADDRESS))


def test_silent_where_the_list_could_not_be_read() -> None:
    failed = Listeners(vantage=Vantage.SERVER, failure=Failure("denied", "no"))
    assert not judge("listener.missing", failed, connected(failure=REFUSED))


def test_fires_with_the_kernels_own_word() -> None:
    drop = kernel_drop("NO_SOCKET", function="tcp_v4_rcv", was_reset=True)
    (claim,) = judge("listener.missing", host(), listening(22), connected(failure=REFUSED), drop)
    assert drop in claim.because
    assert claim.facts["kernel"] == "NO_SOCKET, tcp_v4_rcv"


@pytest.mark.parametrize(
    ("status", "open_ports", "expected"),
    [(521, (22,), [Confidence.CERTAIN]), (521, (80,), [Confidence.LIKELY]), (522, (22,), [])],
)
def test_fires_behind_a_cdn_that_is_refused(
    status: int, open_ports: tuple[int, ...], expected: list[Confidence]
) -> None:
    """The CDN itself takes connections. What it says of silence is about packets that are lost."""
    page = edge_page(status, headers=CLOUDFLARE)
    edge = replace(connected(), address=EDGE)
    observations = (*behind(page, edge), listening(*open_ports), RUNNING, config())
    found = judge("listener.missing", *observations)
    assert [claim.confidence for claim in found] == expected
    assert all(claim.facts["behind"] for claim in found)


def _program(port: int, process: str, address: str = "0.0.0.0") -> Listener:
    return Listener(address=address, port=port, family=4, pid=port, process=process)


def test_fires_as_a_warning_where_several_programs_listen_for_a_bare_name() -> None:
    sockets = (_program(3100, "node"), _program(8082, "bbs-go"), _program(22, "sshd"))
    both = Listeners(vantage=Vantage.SERVER, sockets=sockets)
    bare = replace(SHOP, input="shop.example.com")
    (claim,) = judge("listener.missing", host(), both, connected(failure=REFUSED), target=bare)
    assert (claim.severity, claim.confidence) == (Severity.WARNING, Confidence.LIKELY)
    assert claim.facts["several"] == (
        "http://shop.example.com:3100/", "http://shop.example.com:8082/",
    )  # fmt: skip


def test_is_certain_where_https_was_typed_or_one_program_is_inner() -> None:
    several = (_program(3100, "node"), _program(8082, "bbs-go"))
    both = Listeners(vantage=Vantage.SERVER, sockets=several)
    typed = replace(SHOP, input="https://shop.example.com/")
    (claim,) = judge("listener.missing", host(), both, connected(failure=REFUSED), target=typed)
    assert (claim.severity, claim.confidence) == (None, Confidence.CERTAIN)
    inner = replace(both, sockets=(several[0], _program(8082, "bbs-go", "127.0.0.1")))
    bare = replace(SHOP, input="shop.example.com")
    (claim,) = judge("listener.missing", host(), inner, connected(failure=REFUSED), target=bare)
    assert not claim.facts["several"]
