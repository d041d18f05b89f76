"""What browsers in other languages, clients of programs and visitors write of a site."""

# ruff: noqa: E501 -- messages are pasted whole

import pytest

from diagnose.parsers.symptoms import symptom_of


@pytest.mark.parametrize(
    ("kind", "messages"),
    [
        ("redirects", (
            "shop.example.com hat Sie zu oft weitergeleitet.",
            "Fehler: Umleitungsfehler. Die Website leitet um, dass sie nie beendet werden kann.",
            "La page n’est pas redirigée correctement",
            "shop.example.com vous a redirigé à de trop nombreuses reprises.",
            "shop.example.com te ha redirigido demasiadas veces.",
            "La página no está siendo redireccionada adecuadamente",
            "A página não está redirecionando corretamente",
            "Сайт shop.example.com выполнил переадресацию слишком много раз.",
            "Неверное перенаправление на странице",
            "ページの自動転送設定が正しくありません",
            "此页面未能正确地重定向",
        )),
        ("stream", (
            "Die Antwort kommt erst komplett am Ende statt Wort für Wort",
            "Le streaming SSE ne marche pas, tout arrive d'un coup à la fin",
            "la respuesta llega todo de golpe al final",
            "a resposta chega tudo de uma vez",
            "ответ приходит сразу целиком, а не по словам",
            "ストリーミングが効かず、最後にまとめて表示される",
        )),
        ("incomplete", ("Downloads brechen immer bei 1 GB ab", "le téléchargement est interrompu")),
        ("download", ("Le PDF se télécharge au lieu de s'afficher", "Bilder werden als Download angeboten statt angezeigt")),
        ("ranges", ("iPhone plays no video from our site", "Video kann nicht vorgespult werden", "MEDIA_ERR_SRC_NOT_SUPPORTED")),
        ("frame", ("shop.example.com will not allow Firefox to display the page if another site has embedded it.",)),
        ("csp", ("ReferenceError: SharedArrayBuffer is not defined",)),
        ("mime", (
            "net::ERR_BLOCKED_BY_ORB",
            "OTS parsing error: invalid sfntVersion: 1008813135",
            "Uncaught SyntaxError: Unexpected token '<' (at main.js:1:1)",
        )),
        ("data", ("Unexpected token '<', \"<!DOCTYPE \"... is not valid JSON",)),
        ("page-files", ("Failed to find a valid digest in the 'integrity' attribute for resource",)),
        ("not-loaded", (
            "my .htaccess rewrite rules do not work",
            "RewriteRule is ignored by Apache",
            "htaccess wird ignoriert",
            "伪静态规则不生效",
        )),
        ("not-secure", ("navigator.mediaDevices is undefined",)),
        ("client-policy", ("CLEARTEXT communication to shop.example.com not permitted by network security policy",)),
        ("websocket", (
            "connect_error: xhr poll error",
            "SignalR works locally, on the server it falls back to long polling",
            "веб-сокеты не работают через nginx",
            "웹소켓 연결이 안 돼요",
        )),
        ("websocket-closed", (
            "вебсокет отваливается через минуту, nginx перед нодой",
            "Shiny app: \"Disconnected from the server\" after 60 seconds",
            "socket.io disconnects with \"transport close\"",
        )),
        ("not-through-proxy", ("works on http://203.0.113.9:3000 but not on my domain",)),
        ("invalid-response", ("net::ERR_RESPONSE_HEADERS_TOO_BIG",)),
        ("certificate", ("Failed to register a ServiceWorker: An SSL certificate error occurred when fetching the script.",)),
    ],
)  # fmt: skip
def test_words(kind: str, messages: tuple[str, ...]) -> None:
    symptoms = {message: symptom_of(message) for message in messages}
    assert {
        message: each.kind if each else None for message, each in symptoms.items()
    } == dict.fromkeys(messages, kind)


@pytest.mark.parametrize(
    ("message", "status"),
    [
        ("веб-сокеты не работают через nginx, ошибка 400", ("websocket-status", 400)),
        ('INFO: 127.0.0.1:5 - "WebSocket /ws" 403', ("websocket-status", 403)),
        ("No route found for GET /api/items", ("status", 404)),
        ("rewrite 规则不起作用 404", ("status", 404)),
        (
            "Rewrite rules fail on subdirectories or subdomains, yielding an Internal Server Error",
            ("status", 500),
        ),
        ("A bad HTTP response code (404) was received when fetching the script.", ("status", 404)),
    ],
)
def test_statuses(message: str, status: tuple[str, int]) -> None:
    symptom = symptom_of(message)
    assert symptom
    assert (symptom.kind, symptom.number) == status


@pytest.mark.parametrize(
    "words", ["PageNotFoundException is in my controller", "o.s.web.servlet.PageNotFound"]
)
def test_a_page_that_is_not_found_is_no_name(words: str) -> None:
    symptom = symptom_of(words)
    assert symptom is None or symptom.kind != "name"
