"""The addresses in a browser's message, and the machine's name that nginx tells an application."""

from dataclasses import replace

from checks.http._reported_addresses import machine_name_line, reported_addresses
from diagnose.model.symptom import Symptom
from diagnose.parsers.symptoms import symptom_of
from tests.support.check_evidence import SHOP, evidence
from tests.support.nginx_evidence import RUNNING, SITE, config

HOST = "        proxy_set_header Host $host;\n"


def told(text: str) -> list[str]:
    return list(reported_addresses(evidence(target=replace(SHOP, symptom=Symptom("name", text)))))


def test_the_addresses_of_a_browsers_message() -> None:
    assert told("GET http://backend:8000/api net::ERR_NAME_NOT_RESOLVED") == [
        "http://backend:8000/api"
    ]
    assert told("WebSocket connection to 'ws://web1/x' failed:") == ["ws://web1/x"]
    assert told('while connecting to upstream: "http://backend:8000/", net::ERR_FAILED') == []
    assert list(reported_addresses(evidence())) == []


def test_an_address_that_was_cut_is_none() -> None:
    assert told("Mixed Content: the page requested an insecure script 'http://s…") == []


def test_addresses_are_those_of_the_whole_message() -> None:
    """People write long: the address stands far behind the words that are shown."""
    url = "http://shop.example.com/rest/events"
    words = (
        "Mixed content: after the move to the new machine the portal opens, and the list stays "
        "empty. I followed the guide of version 4.1, and locally all works. The console says: the "
        f"page was loaded over HTTPS, but requested '{url}'. This request has been blocked."
    )
    symptom = symptom_of(words)
    assert symptom is not None
    assert url not in symptom.shown
    assert url in list(reported_addresses(evidence(target=replace(SHOP, symptom=symptom))))


def test_addresses_of_a_configuration_are_none() -> None:
    words = (
        "net::ERR_CONNECTION_REFUSED. My block: location / { proxy_pass http://localhost:3000; }"
    )
    assert told(words) == []
    far = "Mixed Content: blocked 'http://shop.example.com/a.js'. " + "and so on " * 60
    assert told(f"{far} see http://localhost:9000/guide") == ["http://shop.example.com/a.js"]


def test_the_machines_name_in_a_field_of_nginx() -> None:
    line = HOST.replace("$host", "$hostname")
    field, place = machine_name_line(evidence(RUNNING, config(SITE.replace(HOST, line))))
    assert field == "Host"
    assert place
    assert machine_name_line(evidence(RUNNING, config(SITE))) == ("", "")
