"""HAProxy cannot be asked for its configuration: its statistics and the times of its files tell."""

from dataclasses import replace

from diagnose.model import Applicability, Confidence
from diagnose.model.backends import BackendVisit
from diagnose.model.haproxy import HaproxyStatus, ServerState
from diagnose.model.web_servers import WebServerConfig
from tests.support.check_evidence import judge
from tests.support.haproxy_evidence import CONFIG, SERVER, TEXT, config, page

CHECK = "server.reload-needed"
VISIT = BackendVisit(target="http://127.0.0.1:3000", requested="/", path="/", status=200)


def changed(at: float = 1010.0) -> WebServerConfig:
    known = config()
    return replace(known, files=(replace(known.files[0], changed=at),))


def running(address: str, state: str = "DOWN", name: str = "a") -> HaproxyStatus:
    servers = (
        ServerState("stats", "b", "UP", address="127.0.0.1:9"),
        ServerState("app", name, state, "L4CON", address=address),
    )
    return HaproxyStatus(path="/run/haproxy/admin.sock", servers=servers)


def test_fires_when_the_statistics_have_another_address() -> None:
    (claim,) = judge(CHECK, SERVER, changed(), page(503), running("127.0.0.1:3001"))
    assert claim.confidence is Confidence.CERTAIN
    assert claim.facts["file"] == CONFIG
    assert claim.facts["running"] == "a 127.0.0.1:3001"
    assert claim.facts["written"] == "a 127.0.0.1:3000"
    assert claim.fix
    assert claim.fix.applicability is Applicability.AUTOMATIC


def test_fires_when_the_statistics_have_no_such_backend() -> None:
    other = HaproxyStatus(path="/s", servers=(ServerState("old", "o", "UP"),))
    (claim,) = judge(CHECK, SERVER, changed(), page(503), other)
    assert claim.facts["running"] == ""


def test_fires_less_certainly_when_the_application_of_the_file_answers() -> None:
    up = running("127.0.0.1:3000", "UP")
    (claim,) = judge(CHECK, SERVER, changed(), page(503), up, VISIT)
    assert claim.confidence is Confidence.LIKELY
    assert claim.facts["answer"] == 200


def test_silent_when_the_file_is_older_or_the_same_is_loaded() -> None:
    assert not judge(CHECK, SERVER, changed(990.0), page(503), running("127.0.0.1:3001"))
    assert not judge(CHECK, SERVER, changed(), page(503), running("127.0.0.1:3000"), VISIT)
    assert not judge(CHECK, SERVER, changed(), page(503), running("", "UP"))
    assert not judge(CHECK, SERVER, changed(), page(200), running("127.0.0.1:3001"))


MAP = "/etc/haproxy/hosts.map"
BY_MAP = TEXT.replace("default_backend app", f"use_backend %[req.hdr(host),lower,map({MAP},none)]")
ROWS = "shop.example.com app\n"


def mapped(at: float, text: str = BY_MAP) -> WebServerConfig:
    known = config(text, ROWS)
    return replace(known, maps=(replace(known.maps[0], changed=at),))


def test_fires_on_a_map_that_is_newer_than_what_was_loaded() -> None:
    (claim,) = judge(CHECK, SERVER, mapped(1010.0), page(404), VISIT)
    assert claim.confidence is Confidence.LIKELY
    assert claim.facts["file"] == MAP


def test_silent_on_a_map_that_is_loaded_or_does_not_choose_the_backend() -> None:
    assert not judge(CHECK, SERVER, mapped(990.0), page(404), VISIT)
    assert not judge(CHECK, SERVER, mapped(1010.0), page(404))
    assert not judge(CHECK, SERVER, mapped(1010.0), page(200), VISIT)
    assert not judge(CHECK, SERVER, mapped(1010.0, TEXT), page(404), VISIT)


def test_fires_where_haproxy_refuses_what_its_newer_file_passes_on() -> None:
    words = "Request forbidden by administrative rules."
    refused = page(403, body=f"<html><body><h1>403 Forbidden</h1>\n{words}\n</body></html>")
    (claim,) = judge(CHECK, SERVER, changed(), refused, VISIT)
    assert claim.facts["answer"] == 200
    assert claim.fix
    assert claim.fix.applicability is Applicability.REVIEW
    assert not judge(CHECK, SERVER, changed(990.0), refused, VISIT)
    assert not judge(CHECK, SERVER, changed(), page(403, body="Not you"), VISIT)
    denies = TEXT.replace("default_backend app", "http-request deny\n    default_backend app")
    known = config(denies)
    ruled = replace(known, files=(replace(known.files[0], changed=1010.0),))
    assert not judge(CHECK, SERVER, ruled, refused, VISIT)
