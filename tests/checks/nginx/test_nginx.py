"""The view of nginx that its checks share."""

from dataclasses import replace

from checks.nginx import Nginx, file_line
from diagnose.model import Observation
from diagnose.model.dns import Resolution
from diagnose.model.files import NginxStart
from diagnose.model.nginx import NginxProcess, NginxState
from tests.support.check_evidence import evidence
from tests.support.nginx_evidence import BUILD, FILE, RUNNING, SITE, STOPPED, config


def view(*observations: Observation) -> Nginx:
    return Nginx.of(evidence(*observations))


def test_without_a_configuration_nothing_is_selected() -> None:
    nginx = view(BUILD, RUNNING)
    assert (nginx.servers, nginx.selected_servers()) == ((), ())
    assert list(nginx.location_matches("/")) == []


def test_the_block_of_the_targets_name_is_selected_on_every_socket() -> None:
    other = SITE.replace("listen 443 ssl", "listen 443 ssl default_server")
    text = other.replace("shop.example.com;", "blog.example.com;") + SITE
    (selected,) = view(config(text)).selected_servers()
    assert (selected.server.names, selected.name_match) == (("shop.example.com",), "exact")


def test_a_location_that_two_sockets_share_is_yielded_once() -> None:
    text = SITE.replace("listen 443 ssl;", "listen 443 ssl; listen 203.0.113.10:443 ssl;")
    resolution = Resolution(name="shop.example.com", family=4, addresses=("203.0.113.10",))
    nginx = view(config(text), resolution)
    assert len(nginx.selected_servers()) == 2
    (location_match,) = nginx.location_matches("/")
    assert location_match.block.args == ("/",)


def test_a_container_s_master_is_not_this_machines() -> None:
    foreign = NginxProcess(pid=5, binary="/usr/sbin/nginx", foreign=True)
    assert view(NginxState(installed=True, masters=(foreign,))).master is None
    master = view(replace(RUNNING, masters=(foreign, *RUNNING.masters))).master
    assert master is not None
    assert master.pid == 7


def test_how_it_would_be_started_matters_only_while_it_does_not_run() -> None:
    start = NginxStart(unit="nginx.service", state="failed")
    assert view(STOPPED, start).start is start
    assert view(RUNNING, start).start is None


def test_a_relative_path_starts_at_the_main_files_folder() -> None:
    nginx = view(config())
    assert nginx.resolve_path("shop.pem") == "/etc/nginx/shop.pem"
    assert nginx.resolve_path("/srv/shop.pem") == "/srv/shop.pem"


def test_a_directive_has_a_file_a_line_and_a_location() -> None:
    nginx = view(config())
    block = nginx.servers[0].block
    location = nginx.location(block)
    assert location is not None
    assert (file_line(block), location.file, location.line) == (f"{FILE}:2", FILE, 2)


def test_the_folder_that_the_running_nginx_sees_otherwise_is_named() -> None:
    master = NginxProcess(pid=7, binary="/usr/sbin/nginx", private=("/tmp",))
    nginx = view(NginxState(installed=True, masters=(master,)))
    assert nginx.private_folder("/tmp/app.sock") == "/tmp"
    assert nginx.private_folder("/run/app.sock") == ""
    assert view(STOPPED).private_folder("/tmp/app.sock") == ""
