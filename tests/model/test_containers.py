from diagnose.model.containers import Container, Containers, Namespace
from tests.support.summaries import summary_text

WEB = Container(engine="docker", id="ab", name="web")
APP = Namespace(pid=7, processes=("node", "sh"), sockets=(("0.0.0.0", 3000), ("127.0.0.1", 9229)))


def test_a_namespace_listens_on_the_port_of_its_socket_only() -> None:
    assert APP.listens(3000)
    assert not APP.listens(80)
    assert not Namespace(pid=7).listens(3000)


def test_loopback_of_a_container_is_not_reachable_from_outside() -> None:
    assert not APP.listens(9229)
    assert not Namespace(pid=7, sockets=(("::1", 3000),)).listens(3000)
    both = Namespace(pid=7, sockets=(("127.0.0.1", 3000), ("172.17.0.2", 3000)))
    assert both.listens(3000)


def test_the_summary_names_the_containers_or_else_the_processes() -> None:
    assert summary_text(Containers(containers=(WEB,), namespaces=(APP,)))[1] == "web"
    assert summary_text(Containers(namespaces=(APP,)))[1] == "node (pid 7)"
    assert summary_text(Containers())[1] == "none"


def test_the_summary_is_bounded() -> None:
    assert summary_text(Containers(containers=(WEB,) * 500))[1].count("web") == 12
