from dataclasses import replace

import pytest

from diagnose.model import Applicability, Command, Confidence, Edit, commands
from diagnose.model.containers import (
    ComposeFile,
    ComposeService,
    Container,
    Containers,
    Namespace,
    NginxContainer,
)
from diagnose.model.nginx import UpstreamTry
from tests.support.check_evidence import REFUSED, judge, texts
from tests.support.nginx_evidence import BUILD, FILE, RUNNING, SITE, config
from tests.support.upstream_evidence import logged, page

CHECK = "upstream.none-live"
GROUP = "upstream shop { server 127.0.0.1:3001 fail_timeout=600s; server 127.0.0.1:3002; }\n"
TEXT = GROUP + SITE.replace("127.0.0.1:3000", "shop")
SAID = logged("no live upstreams while connecting to upstream", upstream="http://shop/")
BEFORE = logged(
    "connect() failed (111: Connection refused) while connecting to upstream",
    upstream="http://127.0.0.1:3001/",
)
ANSWERS = UpstreamTry(
    target="http://shop", host="127.0.0.1", port=3001, status=200, asked=True, file=FILE, line=9
)


def test_fires_when_they_answer_again() -> None:
    (claim,) = judge(CHECK, config(TEXT), BUILD, RUNNING, page(), SAID, BEFORE, ANSWERS)
    assert claim.facts["group"] == "shop"
    assert claim.facts["seconds"] == 600
    assert claim.facts["reasons"] == (BEFORE.text,)
    assert claim.fix
    assert claim.fix.steps[-1] == commands.reload_nginx(("nginx",))


def test_fires_where_answers_of_the_application_count() -> None:
    """After pull request 4185 of decocms/studio: one path answers 503."""
    passed = "proxy_pass http://shop;"
    line = "proxy_next_upstream error timeout http_502 http_503;"
    text = TEXT.replace(passed, f"{passed}\n        {line}")
    (claim,) = judge(CHECK, config(text), BUILD, RUNNING, page(), SAID, ANSWERS)
    assert claim.facts["counting"] == line.removesuffix(";")
    assert claim.fix
    assert claim.fix.applicability is Applicability.REVIEW
    (edit,) = (step for step in claim.fix.steps if isinstance(step, Edit))
    assert "server 127.0.0.1:3001 fail_timeout=600s max_fails=0;" in edit.diff
    assert "server 127.0.0.1:3002 max_fails=0;" in edit.diff
    (claim,) = judge(CHECK, config(text), BUILD, RUNNING, page(), SAID, BEFORE, ANSWERS)
    assert not claim.facts["counting"], "a connection failed"
    found = text.replace("http_502 http_503", "http_404")
    (claim,) = judge(CHECK, config(found), BUILD, RUNNING, page(), SAID, ANSWERS)
    assert not claim.facts["counting"], "404 is no failure"


def test_fires_where_all_are_marked_down() -> None:
    text = TEXT.replace("fail_timeout=600s", "down").replace("3002;", "3002 down;")
    (claim,) = judge(CHECK, config(text), BUILD, RUNNING, page(), SAID)
    assert claim.facts["down"]
    assert claim.confidence is Confidence.CERTAIN
    (unlogged,) = judge(CHECK, config(text), BUILD, RUNNING, page())
    assert unlogged.facts["down"]
    assert unlogged.confidence is Confidence.LIKELY
    assert not judge(CHECK, config(TEXT.replace("3002;", "3002 down;")), page(), SAID)


def test_fires_where_all_connections_are_taken() -> None:
    text = TEXT.replace("fail_timeout=600s", "max_conns=4").replace("3002;", "3002 max_conns=6;")
    (claim,) = judge(CHECK, config(text), BUILD, RUNNING, page(), SAID, ANSWERS)
    assert claim.facts["limit"] == 10
    (claim,) = judge(CHECK, config(text), BUILD, RUNNING, page(), SAID, BEFORE, ANSWERS)
    assert claim.facts["failed"]


@pytest.mark.parametrize(
    "observations",
    [
        (page(), SAID, replace(ANSWERS, status=None, failure=REFUSED)),
        (page(200), SAID, ANSWERS),
        (page(), BEFORE, ANSWERS),
        (page(), SAID, ANSWERS, replace(BEFORE, text="connect() failed (13: Permission denied)")),
        (page(), replace(SAID, upstream="http://other/"), ANSWERS),
    ],
    ids=["still down", "the door opens", "no such line", "nginx alone may not", "another group"],
)
def test_silent_when(observations: tuple[object, ...]) -> None:
    assert not judge(CHECK, config(TEXT), BUILD, RUNNING, *observations)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "comment",
    ["# Cannot connect to network of this container", "#         shop_default (unreachable)"],
)
def test_fires_where_nginx_proxy_shares_no_network_with_the_container(comment: str) -> None:
    """After issue 1253 of nginx-proxy."""
    group = f"upstream shop {{\n  {comment}\n  server 127.0.0.1 down;\n}}\n"
    text = TEXT.replace(GROUP, group)
    # The stand-in for a comment says nothing of networks.
    (claim,) = judge(CHECK, config(text), BUILD, RUNNING, page(), SAID, masked=False)
    assert claim.facts["no_network"]
    assert claim.fix
    assert claim.fix.applicability is Applicability.MANUAL
    assert not claim.facts["down"]
    (claim,) = judge(CHECK, config(text.replace(comment, "# shop")), page(), SAID)
    assert claim.facts["down"]
    assert claim.fix
    assert "+  server 127.0.0.1;" in str(claim.fix.steps[0]).replace("\\n", "\n")
    assert claim.fix.applicability is Applicability.REVIEW


def test_fires_where_nginx_proxy_does_not_know_the_port() -> None:
    """After issue 201 of nginx-proxy: its file is made anew, so `down` is not taken out there."""
    group = "upstream shop {\n  # Container: shop\n  server 172.17.0.2 down;\n}\n"
    (claim,) = judge(CHECK, config(TEXT.replace(GROUP, group)), page(), SAID, masked=False)
    assert (claim.facts["no_port"], claim.facts["down"]) == (True, False)
    assert claim.fix
    assert claim.fix.applicability is Applicability.MANUAL
    assert any("VIRTUAL_PORT=PORT" in text for text in texts(CHECK, claim))


def test_fires_where_docker_gen_names_the_container_alone() -> None:
    """The form before version 1; somebody's own comment about another server is no container."""
    group = "upstream shop {\n  # shop_1\n  server 172.17.0.2 down;\n}\n"
    text = TEXT.replace(GROUP, group)
    own = NginxContainer(pid=7, engine="docker", name="proxy")
    known = Containers(containers=(Container(engine="docker", id="b" * 64, name="shop_1"),))
    (claim,) = judge(CHECK, config(text), page(), SAID, own, known, masked=False)
    assert (claim.facts["no_port"], claim.facts["application"]) == (True, "shop_1")
    assert any("VIRTUAL_PORT=PORT" in step for step in texts(CHECK, claim))
    inner = Namespace(pid=8, container="b" * 64, sockets=(("0.0.0.0", 8080), ("127.0.0.1", 9)))
    seen = replace(known, namespaces=(inner,))
    (claim,) = judge(CHECK, config(text), page(), SAID, own, seen, masked=False)
    assert any("VIRTUAL_PORT=8080" in step for step in texts(CHECK, claim))
    (claim,) = judge(CHECK, config(text), page(), SAID, own, masked=False)
    assert claim.facts["down"]


def test_fires_and_writes_the_port_into_the_compose_file() -> None:
    group = "upstream shop {\n  # Container: shop\n  server 172.17.0.2 down;\n}\n"
    path = "/srv/shop/compose.yaml"
    file = ComposeFile(
        path=path, text="services:\n  web:\n    environment:\n      - VIRTUAL_HOST=a.example\n"
    )
    service = ComposeService("shop", "web", "/srv/shop", (path,))
    shop = Container(engine="docker", id="b" * 64, name="shop", state="running", compose=service)
    inner = Namespace(pid=8, container="b" * 64, sockets=(("0.0.0.0", 8080),))
    seen = (Containers(containers=(shop,), namespaces=(inner,)), file)
    (claim,) = judge(CHECK, config(TEXT.replace(GROUP, group)), page(), SAID, *seen, masked=False)
    assert claim.fix
    assert claim.fix.applicability is Applicability.REVIEW
    assert "+      - VIRTUAL_PORT=8080\n" in claim.fix.edits[0].diff


def apart(path: str, application: str = "shop_default") -> tuple[NginxContainer, Containers]:
    """nginx-proxy in np_default, by the compose file at this path, and the application apart."""
    service = ComposeService("np", "nginx-proxy", "/srv/np", (path,)) if path else None
    proxy = Container(
        engine="docker", id="a" * 64, name="nginx-proxy", state="running",
        networks=("np_default",), compose=service,
    )  # fmt: skip
    shop = Container(
        engine="docker", id="b" * 64, name="shop", state="running", networks=(application,)
    )
    own = NginxContainer(
        pid=7, engine="docker", digest="a" * 64, name="nginx-proxy", networks=("np_default",)
    )
    return own, Containers(containers=(proxy, shop))


def test_fires_and_gives_nginx_proxy_the_network_of_the_application() -> None:
    """Issue 743 of nginx-proxy. Without a compose file the engine connects it."""
    comments = "# Container: shop\n  #     networks:\n  #         shop_default (unreachable)"
    text = TEXT.replace(GROUP, f"upstream shop {{\n  {comments}\n  server 127.0.0.1 down;\n}}\n")
    path = "/srv/np/compose.yaml"
    lines = "services:\n  nginx-proxy:\n    image: nginxproxy/nginx-proxy\n"
    file = ComposeFile(path=path, text=lines)
    observations = (config(text), page(), SAID, file)
    (claim,) = judge(CHECK, *observations, *apart(path), masked=False)
    assert claim.fix
    assert claim.fix.applicability is Applicability.REVIEW
    assert "+      - shop_default\n" in claim.fix.edits[0].diff
    assert "+    external: true\n" in claim.fix.edits[0].diff
    (claim,) = judge(CHECK, *observations, *apart(""), masked=False)
    assert claim.fix
    first = claim.fix.steps[0]
    assert isinstance(first, Command)
    assert first.argv == ("docker", "network", "connect", "shop_default", "nginx-proxy")
    # A container that has the server's network has no other.
    (claim,) = judge(CHECK, *observations, *apart("", "host"), masked=False)
    assert claim.fix
    assert claim.fix.applicability is Applicability.MANUAL


def test_fires_with_the_network_that_nginx_proxy_names() -> None:
    comments = "# Container: shop\n  #     networks:\n  #         shop_default (unreachable)"
    group = f"upstream shop {{\n  {comments}\n  server 127.0.0.1 down;\n}}\n"
    text = TEXT.replace(GROUP, group)
    (claim,) = judge(CHECK, config(text), BUILD, RUNNING, page(), SAID, masked=False)
    assert (claim.facts["network"], claim.facts["application"]) == ("shop_default", "shop")
    steps = "\n".join(texts(CHECK, claim))
    assert "docker network connect shop_default nginx-proxy" in steps
    # Of two networks a person chooses.
    two = text.replace("networks:", "networks:\n  #         back (unreachable)")
    (claim,) = judge(CHECK, config(two), BUILD, RUNNING, page(), SAID, masked=False)
    assert claim.facts["network"] == ""
