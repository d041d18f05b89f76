import asyncio
import json
import shlex
from dataclasses import replace

from diagnose.model import Failure, Unseen
from diagnose.model.tls import Handshake
from diagnose.model.traefik import DEFAULT_CERTIFICATE, CertificateStore, TraefikState
from diagnose.model.web_servers import WebServer, WebServerConfig
from diagnose.probes.inside.containers import SCRIPT
from diagnose.probes.inside.web_servers.processes import Candidate, ServerProcess
from diagnose.probes.inside.web_servers.traefik import READER
from tests.support.certificates import LEAF
from tests.support.fake_context import Looking
from tests.support.recorded_machine import RecordedMachine

PROGRAM, STATIC = "/usr/local/bin/traefik", "/etc/traefik/traefik.yml"
VERSION = "Version:      3.1.2\nCodename:     comte\nGo version:   go1.22.5\n"
FILES = {
    STATIC: "entryPoints:\n  websecure: {address: ':443'}\n"
    "providers:\n  file: {filename: /etc/t.yml}\n",
    "/etc/t.yml": "http:\n  routers:\n    shop: {rule: 'Host(`shop.example.com`)', service: shop}\n"
    "  services:\n    shop: {loadBalancer: {servers: [{url: 'http://127.0.0.1:3000'}]}}\n",
}
API = "curl -sf --noproxy '*' -m 4 http://127.0.0.1:8080/api/rawdata"
ROUTER = {
    "entryPoints": ["websecure"],
    "service": "shop",
    "rule": "Host(`shop.example.com`)",
    "tls": {},
    "status": "enabled",
}


def process(title: str = "traefik", ports: tuple[int, ...] = (443,)) -> ServerProcess:
    return ServerProcess(10, "traefik", title, PROGRAM, 100.0, 0, ports=ports)


def look(
    given: ServerProcess,
    commands: dict[str, str] | None = None,
    files: dict[str, str | Failure] | None = None,
    given_before: tuple[Handshake, ...] = (),
) -> tuple[Looking, WebServer | None, WebServerConfig | None]:
    known = {f"{PROGRAM} version": VERSION} | (commands or {})
    ctx = Looking(RecordedMachine(known, FILES if files is None else files))

    ctx.observations += given_before

    async def work() -> tuple[WebServer | None, WebServerConfig | None]:
        server = await READER.describe(ctx, Candidate("traefik", PROGRAM, given, None))
        return server, await READER.read_config(ctx, server) if server else None

    return ctx, *asyncio.run(work())


def state_of(ctx: Looking) -> TraefikState:
    (state,) = ctx.observed(TraefikState)
    return state


def test_the_files_of_the_file_provider() -> None:
    ctx, server, config = look(process())
    assert server
    assert config
    assert (server.version, server.test, server.reload) == ("3.1.2", (), ())
    state = state_of(ctx)
    assert (state.is_running, state.complete, state.path) == (False, True, STATIC)
    (router,) = state.routers
    assert (router.takes, router.tls, router.entry_points) == (True, False, ("websecure",))
    assert config.sites[0].routes[0].port == 3000
    assert not ctx.observed(Unseen)


def test_the_api_comes_first_and_is_asked_where_it_listens() -> None:
    answer = json.dumps({"routers": {"shop@docker": ROUTER}, "services": {}})
    ctx, _, _ = look(process(ports=(443, 8080)), {API: answer})
    state = state_of(ctx)
    assert (state.is_running, state.complete) == (True, True)
    assert state.routers[0].name == "shop@docker"
    without, _, _ = look(process(), {API: answer})
    assert not state_of(without).is_running


def test_a_provider_that_is_not_read_is_said() -> None:
    title = "traefik --entrypoints.websecure.address=:443 --providers.docker=true"
    ctx, _, config = look(process(title), files={})
    assert config
    assert (config.complete, state_of(ctx).complete) == (False, False)
    assert [unseen.what for unseen in ctx.observed(Unseen)] == ["Traefik's routers of docker"]


def test_the_labels_of_containers_are_read_where_the_api_is_off() -> None:
    """`docker ps -a --format '{{json .}}'`, in docker's form, written by hand."""
    labels = "traefik.http.routers.shop.rule=Host(`shop.example.com`),traefik.enable=true"
    listed = {
        "ID": "a" * 64, "Image": "shop", "Labels": labels, "Names": "shop", "Networks": "proxy",
        "Ports": "3000/tcp", "State": "running", "Status": "Up 2 minutes (unhealthy)",
    }  # fmt: skip
    title = (
        "traefik --entrypoints.websecure.address=:443 --providers.docker=true"
        " --providers.docker.exposedbydefault=false"
    )
    asked = shlex.join(("sh", "-c", SCRIPT, "sh", "all"))
    output = {asked: f"\n@@@ docker\n{json.dumps(listed)}\n"}
    ctx, _, config = look(process(title), output, files={})
    assert config
    assert (config.complete, state_of(ctx).complete) == (True, True)
    (router,) = state_of(ctx).routers
    assert (router.name, router.filtered, router.has_name) == ("shop@docker", "unhealthy", True)
    # Docker that does not answer this user tells nothing.
    ctx, _, _ = look(process(title), {asked: "\n@@@ docker\npermission denied\n"}, files={})
    assert not state_of(ctx).complete


def test_files_that_cannot_be_read_or_understood_are_said() -> None:
    denied = Failure("denied", "Permission denied", 13)
    ctx, _, config = look(process(), files={STATIC: denied})
    assert config is None
    assert {unseen.what for unseen in ctx.observed(Unseen)} == {STATIC, "Traefik's configuration"}
    broken, _, _ = look(process(), files={STATIC: "entryPoints: ["})
    assert STATIC in {each.what for each in broken.observed(Unseen)}


def test_another_program_of_that_name_is_none() -> None:
    ctx = Looking(RecordedMachine({f"{PROGRAM} version": "usage: traefik\n"}))
    assert asyncio.run(READER.describe(ctx, Candidate("traefik", PROGRAM, process(), None))) is None


def test_the_file_of_a_resolver_is_looked_at_where_visitors_get_the_default_certificate() -> None:
    text = "certificatesResolvers: {le: {acme: {storage: /etc/traefik/acme.json}}}\n"
    files: dict[str, str | Failure] = {**FILES, STATIC: f"{FILES[STATIC]}{text}"}
    commands = {"stat -L -c %a /etc/traefik/acme.json": "644\n"}
    leaf = replace(LEAF, subject=f"CN={DEFAULT_CERTIFICATE}")
    shake = Handshake(address="203.0.113.10", port=443, server_name="shop", chain=(leaf,))
    ctx, _, _ = look(process(), commands, files, (shake,))
    assert state_of(ctx).stores == (CertificateStore("le", "/etc/traefik/acme.json", 0o644),)
    assert state_of(ctx).stores[0].is_open
    ctx, _, _ = look(process(), commands, files)
    assert not state_of(ctx).stores
    ctx, _, _ = look(process(), {}, files, (shake,))
    assert not state_of(ctx).stores[0].is_open


def test_what_stands_beside_a_file_counts_for_nothing() -> None:
    """Traefik takes the file, the command line or the environment ("Configuration
    Introduction")."""
    title = "traefik --entrypoints.web.address=:80 --providers.docker=true"
    ctx, _, config = look(process(title))
    state = state_of(ctx)
    assert config
    assert (state.path, state.complete) == (STATIC, True)
    assert [point.name for point in state.points] == ["websecure"]
    assert state.ignored == ("entrypoints.web.address=:80",)
