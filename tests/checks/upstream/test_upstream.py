"""The backends that the checks of this layer share."""

from checks.nginx import Nginx
from checks.upstream import Backend, backend_log_lines, backends
from diagnose.model import Observation
from tests.support.check_evidence import REFUSED, evidence
from tests.support.nginx_evidence import RUNNING, front
from tests.support.upstreams import DIRECT, line, proxied, talk, tried

OTHER = "http://127.0.0.1:4000"


def backends_of(*observations: Observation) -> tuple[Backend, ...]:
    return backends(Nginx.of(evidence(*observations)))


def test_the_backend_of_the_requested_path_comes_first() -> None:
    site = proxied(DIRECT, more="} location /api { proxy_pass http://127.0.0.1:4000;")
    first, second = backends_of(site)
    assert (first.paths, second.paths) == (("/",), ())
    assert (first.proxy_target.target, second.proxy_target.target) == (DIRECT, OTHER)


def test_two_spellings_of_the_same_servers_are_one_backend() -> None:
    site = proxied(DIRECT, more=f"}} location /api {{ proxy_pass {DIRECT}/v1/;")
    (backend,) = backends_of(site)
    assert len(backend.location_matches) == 2


def test_a_websocket_that_was_tried_at_the_front_is_a_path() -> None:
    (backend,) = backends_of(proxied(DIRECT), front(502, "/live"))
    assert backend.paths == ("/", "/live")


def test_attempts_and_variants_belong_to_their_target() -> None:
    connect, request = tried(), tried(asked=True)
    variant, foreign = talk(DIRECT), tried(OTHER)
    (backend,) = backends_of(proxied(DIRECT), connect, request, variant, foreign)
    assert backend.connect_attempts == (connect,)
    assert backend.request_attempts == (request,)
    assert backend.variants == (variant,)


def test_one_server_that_accepts_is_enough() -> None:
    group = "upstream app { server 127.0.0.1:3000; server 127.0.0.1:3001; }\n"
    dead = tried("http://app", failure=REFUSED)
    alive = tried("http://app", port=3001)
    (backend,) = backends_of(proxied("http://app", group), dead)
    assert (backend.is_tried, backend.is_down, backend.is_up) == (False, False, False)
    (backend,) = backends_of(proxied("http://app", group), dead, alive)
    assert (backend.is_tried, backend.is_down, backend.is_up) == (True, False, False)
    (backend,) = backends_of(proxied(DIRECT), tried(failure=REFUSED))
    assert backend.is_down
    (backend,) = backends_of(proxied(DIRECT), tried())
    assert backend.is_up


def test_log_lines_count_since_the_configuration_was_loaded() -> None:
    text = "connect() failed (111: Connection refused) while connecting to upstream"
    new, old = line(text, f"{DIRECT}/", 111), line(text, f"{DIRECT}/", 111, when=999_000.0)
    nginx = Nginx.of(evidence(proxied(DIRECT), RUNNING, old, new))
    (backend,) = backends(nginx)
    (observation,) = backend_log_lines(nginx, backend, r"connect\(\) failed", 111)
    assert observation.when == new.when
    assert backend_log_lines(nginx, backend, r"connect\(\) failed", 110) == ()
