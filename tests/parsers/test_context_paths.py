import pytest

from diagnose.parsers.context_paths import (
    MAX_PATHS,
    NamedPaths,
    context_paths,
    parse_named_paths,
    template_prefix,
)


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("server.servlet.context-path=/jeecg-boot", "/jeecg-boot"),
        ("    context-path: /jeecg-boot  # Boot 2", "/jeecg-boot"),
        ('    contextPath: "/shop/"', "/shop"),
        ("--server.servlet.context-path=/server-prefix", "/server-prefix"),
        ("-Dserver.servlet.contextPath=/a/b", "/a/b"),
        ("spring.mvc.servlet.path=/api", "/api"),
        ("SPRING_MVC_SERVLET_PATH=/api", "/api"),
        ("spring.webflux.base-path: /rest", "/rest"),
        ("quarkus.http.root-path=/v1", "/v1"),
        ("SERVER_SERVLET_CONTEXT_PATH=/shop", "/shop"),
        ("    context-path: ${CONTEXT_PATH:/shop}", "/shop"),
        ("server.context-path = /old", "/old"),
        ("webapp jeecg-boot", "/jeecg-boot"),
        ("webapp shop.war", "/shop"),
        ("webapp shop#admin", "/shop/admin"),
        ("webapp shop##2.1.war", "/shop"),
    ],
)
def test_a_prefix_is_read(line: str, expected: str) -> None:
    assert context_paths(f"{line}\n") == (expected,)


@pytest.mark.parametrize(
    "line",
    [
        "# server.servlet.context-path=/shop",
        "server.servlet.context-path=/",
        "server.servlet.context-path=",
        "server.servlet.context-path=${PATH_OF_IT}",
        "webapp ROOT",
        "webapp ROOT.war",
        "webapp ../etc",
        "server.port=8080",
        "context-path: //shop",
    ],
)
def test_what_is_no_prefix_is_not(line: str) -> None:
    assert context_paths(line) == ()


def test_each_is_named_once_and_there_are_few() -> None:
    lines = [f"webapp app{number}" for number in range(9)]
    assert context_paths("\n".join(lines + lines)) == tuple(f"/app{n}" for n in range(MAX_PATHS))


@pytest.mark.parametrize(
    ("words", "prefixes"),
    [
        ("subUrl=/grafana", ("/grafana",)),
        ("context path '/app", ("/app",)),
        ("http://localhost:5173/app/", ("/app",)),
        ("http://localhost:8888/jupyter/lab", ("/jupyter/lab", "/jupyter")),
        ("ROOT_URL=https://shop.example.com/kb/", ("/kb",)),
        ("--prefix=/usr/local", ()),
        ("context path: /", ()),
        ("http://127.0.0.1:9000/a//b", ()),
        ("http://127.0.0.1:9000/../etc", ()),
    ],
)
def test_a_program_names_its_prefix(words: str, prefixes: tuple[str, ...]) -> None:
    assert parse_named_paths(f"told {words}\n") == NamedPaths(prefixes=prefixes)


@pytest.mark.parametrize("place", ["{id}", ":id", "<id>", "[id]"])
def test_a_place_for_a_name_is_never_a_prefix(place: str) -> None:
    words = f"http://127.0.0.1:9065/hooks/{place}"
    assert parse_named_paths(f"told {words}\n") == NamedPaths(templates=(words,))
    assert template_prefix(words) == "/hooks"
    assert template_prefix("http://127.0.0.1:9065/hooks") == ""


def test_what_java_is_set_to_is_sure() -> None:
    assert parse_named_paths(
        "server.servlet.context-path=/shop\ntold context path /shop\n"
    ) == NamedPaths(settings=("/shop",))
