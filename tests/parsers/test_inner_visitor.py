import pytest

from diagnose.parsers.inner_visitor import tells_inner_visitor


@pytest.mark.parametrize(
    "text",
    [
        "Desde fuera https://shop.example.com funciona, pero dentro de casa no se puede conectar",
        "The site works from the internet but not from my home network",
        "I can reach it on mobile data, from inside the network it refuses the connection",
        "from home it does not work, from outside it works fine",
        "my router has no NAT loopback",
        "Von außen funktioniert die Seite, aber im Heimnetz nicht",
        "de l’extérieur ça marche, mais pas depuis le réseau local",
        "fora de casa funciona, dentro de casa não abre",
        "извне работает, из локальной сети не открывается",
        "外网可以访问，内网打不开",
    ],
)
def test_only_from_inside_it_fails(text: str) -> None:
    assert tells_inner_visitor(text)


@pytest.mark.parametrize(
    "text",
    [
        "works inside my LAN, not from outside",
        "im LAN erreichbar, extern nicht erreichbar",
        "Desde dentro funciona, desde fuera no",
        "from outside it does not work, at home it does not either",
        "works outside of docker, inside the container it cannot connect",
        "works on the internet explorer but not in chrome",
        "the site cannot be opened",
        "内网可以，外网不行",
    ],
)
def test_from_outside_it_fails_or_nothing_is_told(text: str) -> None:
    assert not tells_inner_visitor(text)
