from dataclasses import replace

from diagnose.model import Target
from diagnose.model.applications import KnownApplication
from diagnose.model.pages import WebSocketPath
from diagnose.parsers.symptoms import symptom_of
from diagnose.probes.further_requests import FurtherRequests
from diagnose.probes.outside.known_applications import emit_application, emit_named_application
from tests.probes.outside.test_websocket import Looking

N8N = "<title>n8n.io - Workflow Automation</title>"
SHOP = "https://shop.example.com"


def look(text: str, path: str = "/", page: str = "", times: int = 1) -> Looking:
    run = Looking(Target(f"{SHOP}{path}", "https", "shop.example.com", 443, path))
    run.further_requests = FurtherRequests()  # type: ignore[attr-defined]
    for _ in range(times):
        emit_application(run, text, (), f"{SHOP}{page or path}")  # type: ignore[arg-type]
    return run


def test_an_application_is_told_once_with_the_websocket_that_it_needs() -> None:
    run = look(N8N, times=2)
    (known,) = run.observed(KnownApplication)
    assert (known.id, known.name, known.folder, known.by) == ("n8n", "n8n", "/", "title")
    (websocket,) = run.observed(WebSocketPath)
    assert (websocket.path, websocket.library, websocket.need) == ("/rest/push", "n8n", "required")


def test_its_websocket_is_below_its_folder() -> None:
    run = look("<title>Grafana</title>", "/grafana/", "/grafana/login")
    (websocket,) = run.observed(WebSocketPath)
    assert (websocket.path, websocket.need) == ("/grafana/api/live/ws", "optional")


def test_a_relative_websocket_begins_at_the_base_of_the_page() -> None:
    """Issue 21395 of minio/minio: its page of a bucket lies deeper."""
    console = "<title>MinIO Console</title>"
    for base, path in (
        ("", "/browser/ws/objectManager"),
        ("<base href=/>", "/ws/objectManager"),
        ("<base href='/minio/ui/'>", "/minio/ui/ws/objectManager"),
        ("<base href=https://cdn.example.net/>", "/browser/ws/objectManager"),
    ):
        (websocket,) = look(base + console, "/browser/photos").observed(WebSocketPath)
        assert websocket.path == path


def test_one_that_opens_without_a_login_is_marked() -> None:
    (websocket,) = look("<title>Odoo</title>", "/web/login").observed(WebSocketPath)
    assert (websocket.path, websocket.opens) == ("/websocket", True)


def test_one_that_names_itself_before_a_login() -> None:
    """Jenkins refuses its first page with 403 and the field X-Jenkins."""
    for fields, names in (((("X-Jenkins", "2.89"),), ["Jenkins"]), ((("Server", "nginx"),), [])):
        run = Looking(Target(SHOP, "https", "shop.example.com", 443))
        run.further_requests = FurtherRequests()  # type: ignore[attr-defined]
        emit_named_application(run, fields, f"{SHOP}/")  # type: ignore[arg-type]
        assert [known.name for known in run.observed(KnownApplication)] == names
        assert not run.observed(WebSocketPath)


BROKEN = "It appears that your reverse proxy set up is broken."


def told(message: str, text: str = "<title>Manage</title>") -> tuple[KnownApplication, ...]:
    target = Target(SHOP, "https", "shop.example.com", 443)
    run = Looking(replace(target, symptom=symptom_of(message)))
    run.further_requests = FurtherRequests()  # type: ignore[attr-defined]
    emit_application(run, text, (), f"{SHOP}/manage/")  # type: ignore[arg-type]
    return run.observed(KnownApplication)


def test_an_application_is_known_by_its_own_words_where_the_page_does_not_show_it() -> None:
    (known,) = told(BROKEN)
    assert (known.id, known.by) == ("jenkins", "message")
    (known,) = told(BROKEN, N8N)
    assert (known.id, known.by) == ("n8n", "title")
    assert not told("502 Bad Gateway")


def test_a_page_of_another_program_is_none() -> None:
    run = look("<title>Shop</title>")
    assert not run.observed(KnownApplication)
    assert not run.observed(WebSocketPath)
