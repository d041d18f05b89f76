from diagnose.model import Target
from diagnose.model.applications import KnownApplication
from diagnose.model.pages import WebSocketPath
from diagnose.probes.further_requests import FurtherRequests
from diagnose.probes.outside.known_applications import emit_application
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


def test_a_page_of_another_program_is_none() -> None:
    run = look("<title>Shop</title>")
    assert not run.observed(KnownApplication)
    assert not run.observed(WebSocketPath)
