"""The framework that answers, by what no other writes."""

import pytest

from diagnose.parsers.known_frameworks import frameworks_of_answer, frameworks_of_command


def known(text: str = "", *headers: tuple[str, str]) -> list[str]:
    return [each.id for each in frameworks_of_answer(text, headers)]


@pytest.mark.parametrize(
    ("name", "text", "header"),
    [
        ("express", "", ("X-Powered-By", "Express")),
        ("nextjs", "", ("X-Powered-By", "Next.js")),
        ("uvicorn", "", ("Server", "uvicorn")),
        ("gunicorn", "", ("server", "gunicorn/20.0.4")),
        ("flask", "", ("Server", "Werkzeug/3.0.1 Python/3.12.3")),
        ("waitress", "", ("Server", "waitress")),
        ("hypercorn", "", ("Server", "hypercorn-h11")),
        ("daphne", "", ("Server", "daphne")),
        ("tornado", "", ("Server", "TornadoServer/6.4")),
        ("jetty", "", ("Server", "Jetty(9.4.44.v20210927)")),
        ("wildfly", "", ("X-Powered-By", "Undertow/1")),
        ("aspnet", "", ("Server", "Kestrel")),
        ("django", "", ("Set-Cookie", "csrftoken=a; Path=/")),
        ("codeigniter", "", ("Set-Cookie", "ci_session=a; Path=/")),
        ("symfony", "", ("X-Debug-Token", "3b5a1c")),
        ("blazor", '<script src="_framework/blazor.server.js">', ("X", "1")),
        ("fastapi", "<title>FastAPI - Swagger UI</title>", ("X", "1")),
        ("fastapi", '{"detail":"Not Found"}', ("X", "1")),
        ("nuxt", '<div id="__nuxt">', ("X", "1")),
        ("phoenix", '<div data-phx-main id="phx-1">', ("X", "1")),
        ("spring", "<html><body><h1>Whitelabel Error Page</h1>", ("X", "1")),
        ("rails", '<meta name="csrf-param" content="authenticity_token" />', ("X", "1")),
        ("tomcat", "<hr/><h3>Apache Tomcat/9.0.65</h3>", ("X", "1")),
        ("nestjs", '{"message":"Cannot GET /a","error":"Not Found"}', ("X", "1")),
    ],
)
def test_a_framework_is_known_by_its_answer(name: str, text: str, header: tuple[str, str]) -> None:
    assert known(text, header) == [name]


def test_an_answer_that_many_programs_write_is_no_framework() -> None:
    assert known("<h1>404 Not Found</h1>", ("Server", "nginx"), ("X-Powered-By", "PHP/8.2")) == []
    assert known('{"error":"not found"}', ("Set-Cookie", "session=1"), ("Via", "uvicorn")) == []


def test_words_come_before_the_server_that_runs_them() -> None:
    assert known('{"detail":"Not Found"}', ("Server", "uvicorn")) == ["fastapi", "uvicorn"]


def test_a_process_names_its_server_and_no_language() -> None:
    def names(command: str) -> list[str]:
        return [each.id for each in frameworks_of_command(command)]

    assert names("/srv/a/bin/python /srv/a/bin/gunicorn app:app") == ["gunicorn"]
    assert names("java -jar /srv/quarkus-app/quarkus-run.jar") == ["quarkus"]
    assert names("java -jar shop.jar") == names("node server.js") == []
