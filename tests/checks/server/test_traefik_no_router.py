"""server.traefik-no-router: when it fires, and when it is silent."""

from dataclasses import replace

import pytest

from diagnose.model import Applicability, Command, Confidence, Edit, Severity
from diagnose.model.containers import (
    ComposeFile,
    ComposeService,
    Container,
    Containers,
    Namespace,
)
from diagnose.model.traefik import Router
from diagnose.model.web_servers import ServerFile, WebServerConfig
from tests.support.check_evidence import judge
from tests.support.traefik_evidence import NOT_FOUND, ROUTER, TRAEFIK, state

CHECK = "server.traefik-no-router"


@pytest.mark.parametrize(
    ("router", "reason"),
    [
        (replace(ROUTER, entry_points=("web",)), "entry_point"),
        (replace(ROUTER, tls=False), "plain"),
        (replace(ROUTER, status="disabled", errors=("middleware a does not exist",)), "errors"),
        (replace(ROUTER, status="disabled", filtered="unhealthy", container="app"), "unhealthy"),
        (
            replace(ROUTER, status="disabled", filtered="not_enabled", container="app"),
            "not_enabled",
        ),
        (replace(ROUTER, status="disabled", filtered="stopped", container="app"), "stopped"),
        (replace(ROUTER, rule="Host(`x`)", has_name=False, takes=False), "no_name"),
    ],
)
def test_fires_with_the_reason(router: Router, reason: str) -> None:
    (claim,) = judge(CHECK, TRAEFIK, state(router), NOT_FOUND)
    assert claim.facts[reason] is True
    assert claim.confidence is Confidence.CERTAIN


def test_fires_as_a_warning_on_another_path() -> None:
    (claim,) = judge(CHECK, TRAEFIK, state(replace(ROUTER, takes=False)), NOT_FOUND)
    assert (claim.severity, claim.facts["other_path"]) == (Severity.WARNING, True)


def test_fires_without_certainty_on_files() -> None:
    plain = replace(ROUTER, tls=False)
    (claim,) = judge(CHECK, TRAEFIK, state(plain, running=False), NOT_FOUND)
    assert claim.confidence is Confidence.LIKELY


def test_silent_where_a_router_takes_the_page_or_may() -> None:
    assert not judge(CHECK, TRAEFIK, state(ROUTER), NOT_FOUND)
    plain = replace(ROUTER, tls=False)
    assert not judge(CHECK, TRAEFIK, state(plain, replace(ROUTER, takes=None)), NOT_FOUND)


def test_silent_where_the_application_answers_or_other_routers_may_be_there() -> None:
    plain = state(replace(ROUTER, tls=False))
    assert not judge(CHECK, TRAEFIK, plain, replace(NOT_FOUND, body="<html>nothing</html>"))
    assert not judge(CHECK, TRAEFIK, plain, replace(NOT_FOUND, status=200))
    assert not judge(CHECK, TRAEFIK, state(complete=False), NOT_FOUND)


SHOP = """\
http:
  routers:
    shop:
      rule: Host('shop.example.com')
      entryPoints:
        - https
      service: shpo
      middlewares: [auth@docker]
  services:
    shop: {loadBalancer: {servers: [{url: "http://127.0.0.1:3000"}]}}
  middlewares:
    auth: {basicAuth: {}}
"""
LIST = "Host(`shop.example.com`,`a.example`)"


def config(static: str = "") -> WebServerConfig:
    files = (ServerFile("/etc/t.yml", SHOP, None), ServerFile("/etc/traefik/traefik.yml", static))
    return WebServerConfig(product="traefik", path="/etc/traefik/traefik.yml", files=files)


@pytest.mark.parametrize(
    ("errors", "removed", "added", "sure"),
    [
        (
            "error while parsing rule Host('shop.example.com'): 1:6: illegal rune literal",
            "rule: Host('shop.example.com')",
            "rule: Host(`shop.example.com`)",
            True,
        ),
        ('entryPoint "https" doesn\'t exist', "- https", "- websecure", True),
        ('the service "shpo@file" does not exist', "service: shpo", "service: shop", False),
        (
            'middleware "auth@docker" does not exist',
            "middlewares: [auth@docker]",
            "middlewares: [auth@file]",
            True,
        ),
    ],
)
def test_fires_with_the_edit_of_the_file(errors: str, removed: str, added: str, sure: bool) -> None:
    router = replace(
        ROUTER,
        rule="Host('shop.example.com')",
        entry_points=("https",),
        status="disabled",
        errors=(errors,),
    )
    (claim,) = judge(CHECK, TRAEFIK, state(router), config(), NOT_FOUND)
    assert claim.fix
    (edit,) = claim.fix.steps
    assert isinstance(edit, Edit)
    assert [line.strip("-+ ") for line in edit.diff.split("\n") if line[:1] in {"-", "+"}][2:] == [
        removed.strip("- "),
        added.strip("- "),
    ]
    assert claim.fix.applicability is (Applicability.AUTOMATIC if sure else Applicability.REVIEW)


def test_fires_without_an_edit_where_nobody_watches_the_files() -> None:
    router = replace(ROUTER, status="disabled", rule="Host('shop.example.com')")
    router = replace(router, errors=("error while parsing rule",))
    static = config("providers:\n  file:\n    watch: false\n")
    (claim,) = judge(CHECK, TRAEFIK, state(router), static, NOT_FOUND)
    assert claim.fix
    assert claim.fix.applicability is Applicability.MANUAL
    assert claim.facts["setting"] == "rule: Host(`shop.example.com`)"


def test_fires_with_the_label_of_a_container() -> None:
    router = replace(ROUTER, name="shop@docker", container="app", rule=LIST, status="disabled")
    router = replace(router, errors=("error while parsing rule: got 2, expected one of [1]",))
    (claim,) = judge(CHECK, TRAEFIK, state(router), NOT_FOUND)
    rule = "Host(`shop.example.com`) || Host(`a.example`)"
    assert claim.facts["setting"] == f"traefik.http.routers.shop.rule={rule}"
    plain = replace(ROUTER, name="shop@docker", container="app", tls=False)
    (claim,) = judge(CHECK, TRAEFIK, state(plain), NOT_FOUND)
    assert claim.facts["setting"] == "traefik.http.routers.shop.tls=true"


def test_fires_on_a_pattern_of_version_2() -> None:
    old = replace(ROUTER, rule="HostRegexp(`{s:[a-z]+}.example.com`)", has_name=False, takes=False)
    (claim,) = judge(CHECK, TRAEFIK, state(old), NOT_FOUND)
    assert claim.facts["old_pattern"] is True
    assert claim.facts["setting"] == r"rule: HostRegexp(`^(?:[a-z]+)\.example\.com$`)"
    (claim,) = judge(CHECK, TRAEFIK, state(replace(old, rule="Host(`{s:x}.example`)")), NOT_FOUND)
    assert claim.facts["no_name"] is True


def test_fires_without_another_middleware_in_the_place_of_one_that_closes_the_site() -> None:
    """`auth` is only like the name that is missing, and may let everybody in."""
    error = 'middleware "auth2@file" does not exist'
    router = replace(ROUTER, status="disabled", errors=(error,))
    (claim,) = judge(CHECK, TRAEFIK, state(router), config(), NOT_FOUND)
    assert claim.facts["message"] == error
    assert not claim.facts["setting"]


@pytest.mark.parametrize("lines", ["service:\n        - shop", "service: [ shop ]"])
def test_fires_where_the_service_is_a_list(lines: str) -> None:
    error = 'the service "║24║shop@file" does not exist'
    router = replace(ROUTER, status="disabled", errors=(error,))
    own = config()
    files = tuple(replace(f, text=f.text.replace("service: shpo", lines)) for f in own.files)
    (claim,) = judge(CHECK, TRAEFIK, state(router), replace(own, files=files), NOT_FOUND)
    assert claim.fix
    (edit,) = claim.fix.steps
    assert isinstance(edit, Edit)
    assert "+      service: shop\n" in edit.diff
    assert claim.facts["setting"] == "service: shop"


def test_fires_where_the_folder_is_a_file() -> None:
    text = "providers:\n  file:\n    directory: /etc/traefik/dynamic/shop.yml\n"
    path = "/etc/traefik/traefik.yml"
    own = WebServerConfig(product="traefik", path=path, files=(ServerFile(path, text),))
    (claim,) = judge(CHECK, TRAEFIK, state(running=False), own, NOT_FOUND)
    assert claim.facts["folder"] == "/etc/traefik/dynamic/shop.yml"
    assert claim.fix
    edit, restart = claim.fix.steps
    assert isinstance(edit, Edit)
    assert "+    filename: /etc/traefik/dynamic/shop.yml\n" in edit.diff
    assert isinstance(restart, Command)
    assert restart.argv == ("systemctl", "restart", "traefik")
    whole = replace(own, files=(ServerFile(path, text.replace("/shop.yml", "")),))
    (claim,) = judge(CHECK, TRAEFIK, state(running=False), whole, NOT_FOUND)
    assert not claim.facts["folder"]


def test_silent_where_a_file_has_the_router_that_traefik_did_not_take() -> None:
    assert judge(CHECK, TRAEFIK, state(), NOT_FOUND)
    assert not judge(CHECK, TRAEFIK, state(), config(), NOT_FOUND)


PLAIN = """\
http:
  routers:
    shop:
      rule: Host(`shop.example.com`)
      entryPoints: [web]
      service: shop
"""


def written(text: str) -> WebServerConfig:
    files = (ServerFile("/etc/t.yml", text, None),)
    return WebServerConfig(product="traefik", path="/etc/traefik/traefik.yml", files=files)


def test_fires_with_both_faults_of_a_router_at_once() -> None:
    """After the guide of cr0x.net: on the entry point of port 80 alone, and without `tls`."""
    router = replace(ROUTER, entry_points=("web",), tls=False)
    (claim,) = judge(CHECK, TRAEFIK, state(router), written(PLAIN), NOT_FOUND)
    assert claim.fix
    (edit,) = claim.fix.edits
    added = [line for line in edit.diff.split("\n") if line.startswith("+ ")]
    assert added == ["+      tls: {}", "+      entryPoints: [websecure]"]
    assert claim.fix.applicability is Applicability.REVIEW
    label = replace(router, name="shop@docker", container="app")
    (claim,) = judge(CHECK, TRAEFIK, state(label), NOT_FOUND)
    assert claim.facts["setting"] == "traefik.http.routers.shop.entrypoints=websecure"
    assert claim.facts["further"] == "traefik.http.routers.shop.tls=true"


def test_fires_with_the_entry_point_beside_the_own_one() -> None:
    router = replace(ROUTER, entry_points=("web",))
    for text in (PLAIN, PLAIN.replace(" [web]", "\n        - web")):
        (claim,) = judge(CHECK, TRAEFIK, state(router), written(text), NOT_FOUND)
        assert claim.fix
        (edit,) = claim.fix.edits
        assert "web, websecure]" in edit.diff or "+        - websecure" in edit.diff
        assert claim.facts["further"] == ""


@pytest.mark.parametrize(
    ("name", "sure"),
    [
        ("https", True),
        ("web-secure", True),
        ("web_secured", True),
        ("internal", False),
        ("vpn", False),
    ],
)
def test_an_entry_point_of_another_kind_is_not_opened_by_itself(name: str, sure: bool) -> None:
    router = replace(ROUTER, entry_points=(name,))
    text = PLAIN.replace("[web]", f"[{name}]")
    (claim,) = judge(CHECK, TRAEFIK, state(router), written(text), NOT_FOUND)
    assert claim.fix
    assert claim.fix.edits
    assert claim.fix.applicability is (Applicability.AUTOMATIC if sure else Applicability.REVIEW)


def test_the_router_of_http_is_not_moved() -> None:
    router = replace(ROUTER, entry_points=("web",), tls=False)
    text = PLAIN + "      middlewares: [redirect-to-https]\n"
    cases = (
        (state(router), text),
        (state(replace(router, service="noop@internal")), PLAIN),
        (state(router, replace(router, name="other@file")), PLAIN),
        (state(replace(router, takes=False)), PLAIN),
    )
    for each, file in cases:
        (claim,) = judge(CHECK, TRAEFIK, each, written(file), NOT_FOUND)
        assert claim.fix
        assert not claim.fix.edits


STATIC = """\
providers:
  file: {directory: /etc/traefik/dynamic}
http:
  middlewares:
    headers:
      headers: {frameDeny: true}
"""
MISSING = replace(
    ROUTER,
    status="disabled",
    errors=('middleware "headers@file" does not exist',),
    name="shop@file",
)
IN_STATIC = "+  middlewares:\n+    headers:\n+      headers: {frameDeny: true}\n"


def static_config(static: str, dynamic: str = SHOP) -> WebServerConfig:
    path = "/etc/traefik/traefik.yml"
    files = (ServerFile(path, static), ServerFile("/etc/traefik/dynamic/shop.yml", dynamic))
    return WebServerConfig(product="traefik", path=path, files=files)


def test_fires_with_the_edit_for_what_stands_in_the_static_file() -> None:
    dynamic = SHOP.partition("  middlewares:")[0]
    (claim,) = judge(CHECK, TRAEFIK, state(MISSING), static_config(STATIC, dynamic), NOT_FOUND)
    assert claim.facts["in_static"] is True
    assert claim.fix
    assert claim.fix.applicability is Applicability.REVIEW
    (edit,) = claim.fix.steps
    assert isinstance(edit, Edit)
    assert IN_STATIC in edit.diff


def test_fires_with_the_members_beside_those_that_are_there() -> None:
    (claim,) = judge(CHECK, TRAEFIK, state(MISSING), static_config(STATIC), NOT_FOUND)
    assert claim.fix
    (edit,) = claim.fix.steps
    assert isinstance(edit, Edit)
    assert "   middlewares:\n+    headers:\n" in edit.diff


@pytest.mark.parametrize(
    "dynamic",
    [
        SHOP.replace("auth: {", "headers: {"),
        SHOP.replace("  middlewares:\n", "  middlewares: {}\n"),
        SHOP.replace("  ", "    "),
        "tls: {}\n",
    ],
)
def test_fires_with_words_where_the_file_is_written_in_another_way(dynamic: str) -> None:
    (claim,) = judge(CHECK, TRAEFIK, state(MISSING), static_config(STATIC, dynamic), NOT_FOUND)
    assert claim.fix
    assert claim.fix.applicability is Applicability.MANUAL
    assert claim.facts["in_static"] is True


def test_the_dashboard_of_the_static_file_is_not_opened() -> None:
    inner = "  routers:\n    api:\n      rule: Host(`t.example.com`)\n      service: api@internal\n"
    dynamic = SHOP.partition("  middlewares:")[0]
    for static, by in ((STATIC, Applicability.REVIEW), (f"{STATIC}{inner}", Applicability.MANUAL)):
        config = static_config(static, dynamic.replace("routers:", "tcpish:"))
        (claim,) = judge(CHECK, TRAEFIK, state(MISSING), config, NOT_FOUND)
        assert claim.fix
        assert claim.fix.applicability is by


def test_fires_for_a_router_in_the_static_file_alone() -> None:
    static = "http:\n  routers:\n    shop:\n      rule: Host(`shop.example.com`)\n"
    config = WebServerConfig(
        product="traefik", path="/t.yml", files=(ServerFile("/t.yml", static),)
    )
    (claim,) = judge(CHECK, TRAEFIK, state(), config, NOT_FOUND)
    assert (claim.facts["in_static"], claim.facts["no_name"]) == (True, True)


def test_a_static_file_that_a_provider_reads_is_dynamic() -> None:
    config = static_config(STATIC)
    both = replace(config, files=(config.files[0], *config.files))
    (claim,) = judge(CHECK, TRAEFIK, state(MISSING), both, NOT_FOUND)
    assert claim.facts["in_static"] is False


COMPOSE_FILE = "/srv/stack/compose.yml"
SERVICE = """\
services:
  app:
    image: app:1
    healthcheck:
      test: curl -f http://localhost:8080/up
"""


@pytest.mark.parametrize(("port", "right"), [(3000, "http://localhost:3000"), (8080, "")])
def test_fires_with_what_a_health_check_has_to_ask(port: int, right: str) -> None:
    app = Container(
        engine="docker",
        id="a" * 64,
        name="app",
        state="running",
        status="Up 2 minutes (unhealthy)",
        compose=ComposeService("stack", "app", "/srv/stack", (COMPOSE_FILE,)),
    )
    own = Namespace(7, container=app.id, sockets=(("0.0.0.0", port),))
    router = replace(ROUTER, status="disabled", filtered="unhealthy", container="app")
    seen = Containers(engines=("docker",), containers=(app,), namespaces=(own,))
    file = ComposeFile(path=COMPOSE_FILE, text=SERVICE)
    (claim,) = judge(CHECK, TRAEFIK, state(router), NOT_FOUND, seen, file, masked=False)
    assert claim.facts["right_health"] == right
    assert claim.fix
    assert claim.fix.applicability is (Applicability.REVIEW if right else Applicability.MANUAL)


@pytest.mark.parametrize(
    ("text", "words", "tester"),
    [
        ("services:\n  app:\n    image: app:1\n", "/bin/sh: wget: not found", "wget"),
        ("services:\n  app:\n    image: app:1\n", "sh: 1: curl: not found", "curl"),
        (
            "services:\n  app:\n    image: app:1\n",
            'exec: "curl": executable file not found in $PATH',
            "curl",
        ),
        # The file has a test of its own.
        (SERVICE, "/bin/sh: curl: not found", "curl"),
        # It is hidden, or the application fails it.
        (
            "services:\n  app:\n    image: app:1\n    healthcheck: #hidden\n",
            "/bin/sh: curl: not found",
            "",
        ),
        ("services:\n  app:\n    image: app:1\n", "HTTP/1.1 404 Not Found", ""),
    ],
)
def test_fires_with_a_test_whose_program_the_image_lacks(
    text: str, words: str, tester: str
) -> None:
    app = Container(
        engine="docker", id="a" * 64, name="app", state="running", last_words=words,
        status="Up 2 minutes (unhealthy)",
        compose=ComposeService("stack", "app", "/srv/stack", (COMPOSE_FILE,)),
    )  # fmt: skip
    own = Namespace(7, container=app.id, sockets=(("0.0.0.0", 3000),))
    router = replace(ROUTER, status="disabled", filtered="unhealthy", container="app")
    seen = Containers(engines=("docker",), containers=(app,), namespaces=(own,))
    file = ComposeFile(path=COMPOSE_FILE, text=text)
    (claim,) = judge(CHECK, TRAEFIK, state(router), NOT_FOUND, seen, file, masked=False)
    assert claim.facts["lacking_tester"] == tester
    assert claim.fix
    edits = [step for step in claim.fix.steps if isinstance(step, Edit)]
    assert ["disable: true" in edit.diff for edit in edits] == [True] * bool(tester)


def test_a_test_on_which_another_container_waits_stays() -> None:
    app = Container(
        engine="docker", id="a" * 64, name="app", state="running", last_words="curl: not found",
        status="Up 2 minutes (unhealthy)",
        compose=ComposeService("stack", "app", "/srv/stack", (COMPOSE_FILE,)),
    )  # fmt: skip
    waiting = ComposeService(
        "stack", "job", "/srv/stack", (COMPOSE_FILE,), conditions=(("app", "service_healthy"),)
    )
    job = replace(app, id="b" * 64, name="job", last_words="", status="Up", compose=waiting)
    own = Namespace(7, container=app.id, sockets=(("0.0.0.0", 3000),))
    router = replace(ROUTER, status="disabled", filtered="unhealthy", container="app")
    seen = Containers(engines=("docker",), containers=(app, job), namespaces=(own,))
    file = ComposeFile(path=COMPOSE_FILE, text="services:\n  app:\n    image: app:1\n")
    (claim,) = judge(CHECK, TRAEFIK, state(router), NOT_FOUND, seen, file, masked=False)
    assert claim.facts["lacking_tester"] == ""
