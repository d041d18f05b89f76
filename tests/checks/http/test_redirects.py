from checks.http._redirects import NginxRedirect, find_redirect, selected_servers
from checks.nginx import Nginx
from diagnose.model.http import Exchange
from tests.support.check_evidence import evidence
from tests.support.redirect_evidence import AROUND, PLAIN, SITE, config, led

TO_HTTPS = led("http://shop.example.com/", "https://shop.example.com/")


def redirect(answer: Exchange, text: str = PLAIN + SITE) -> NginxRedirect | None:
    return find_redirect(Nginx.of(evidence(*AROUND, config(text), answer)), answer)


def test_the_directive_is_found_by_its_destination() -> None:
    found = redirect(TO_HTTPS)
    assert found is not None
    assert (found.code, found.target) == ("301", "https://$host$request_uri")
    assert found.parts == ("https", "$host", "$request_uri")
    assert found.is_replaceable
    assert found.return_directive("https://a.example") == "return 301 https://a.example;"


def test_another_destination_or_status_is_not_nginx() -> None:
    assert redirect(led("http://shop.example.com/", "https://www.example.com/")) is None
    assert (
        redirect(led("http://shop.example.com/", "https://shop.example.com/", status=302)) is None
    )


def test_a_rewrite_with_groups_is_followed_and_stays_as_it_is() -> None:
    rewrite = "rewrite ^/old/(.*)$ https://shop.example.com/new/$1 permanent;"
    text = f"server {{\n listen 80;\n server_name shop.example.com;\n {rewrite}\n}}\n"
    found = redirect(led("http://shop.example.com/old/a", "https://shop.example.com/new/a"), text)
    assert found is not None
    assert found.directive.name == "rewrite"
    assert not found.is_replaceable


def test_a_rule_comes_before_the_files_of_its_location() -> None:
    rules = "rewrite ^/old/(.*)$ https://shop.example.com/new/$1 permanent; try_files $uri @app;"
    locations = f" location / {{ {rules} }}\n location @app {{ return 404; }}\n"
    text = f"server {{\n listen 80;\n server_name shop.example.com;\n{locations}}}\n"
    found = redirect(led("http://shop.example.com/old/a", "https://shop.example.com/new/a"), text)
    assert found is not None
    assert found.directive.name == "rewrite"


def test_inside_an_if_only_where_conditions_count() -> None:
    inner = "if ($scheme = http) { return 301 https://$host$request_uri; }"
    text = f"server {{\n listen 80;\n server_name shop.example.com;\n {inner}\n}}\n"
    nginx = Nginx.of(evidence(*AROUND, config(text), TO_HTTPS))
    assert find_redirect(nginx, TO_HTTPS) is not None
    assert find_redirect(nginx, TO_HTTPS, conditions=False) is None


def test_the_server_that_answered_is_selected_by_port_and_name() -> None:
    nginx = Nginx.of(evidence(*AROUND, config(PLAIN + SITE), TO_HTTPS))
    ((socket, server, match_kind),) = selected_servers(nginx, TO_HTTPS)
    assert (socket.address, server.names, match_kind) == ("*", ("shop.example.com",), "exact")
