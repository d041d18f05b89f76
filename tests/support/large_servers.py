"""Servers with much on them: evidence of n rules, elements, listeners or server blocks."""

from diagnose.model import Observation, Vantage
from diagnose.model.server import Listener, Listeners
from diagnose.parsers.linux.sockets import Socket, listening_sockets
from tests.support.check_evidence import REFUSED
from tests.support.firewall_rules import connected, host, nic
from tests.support.nginx_evidence import BUILD, RUNNING, config
from tests.support.packets import DROP, dport, field, nft, saved, served


def _address(number: int) -> str:
    """Return an address of a network that is nobody's: 10.0.0.0/8."""
    return f"10.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}"


def nft_rules(count: int) -> tuple[Observation, ...]:
    """So many addresses that are banned by a rule each, and a rule that drops the port."""
    bans = ([field("ip", "saddr", _address(number * 3)), DROP] for number in range(count))
    return served(nft(*bans, [dport(443), DROP]))


def iptables_rules(count: int) -> tuple[Observation, ...]:
    lines = [f"-A INPUT -s {_address(number * 3)}/32 -j DROP" for number in range(count)]
    return served(saved(*lines, "-A INPUT -p tcp -m tcp --dport 443 -j DROP"))


def set_elements(count: int) -> tuple[Observation, ...]:
    """A set of so many banned addresses, and a rule that drops the port."""
    elements = [_address(number * 3) for number in range(count)]
    banned = {"name": "banned", "type": "ipv4_addr", "elem": elements}
    rule = [field("ip", "saddr", "@banned"), DROP]
    return served(nft(rule, [dport(443), DROP], sets=(banned,)))


def listeners(count: int) -> tuple[Observation, ...]:
    """So many listening sockets, none of which is on 443."""
    lines = [
        f"LISTEN 0 511 {_address(number)}:{1024 + number % 60_000} 0.0.0.0:* "
        f'users:(("app{number}",pid={number + 10},fd=6))'
        for number in range(count)
    ]
    sockets = listening_sockets("\n".join(("State Recv-Q Send-Q Local Peer Process", *lines)))
    return (host(), nic(), _listeners(sockets), connected(failure=REFUSED))


def _listeners(sockets: tuple[Socket, ...]) -> Listeners:
    return Listeners(
        vantage=Vantage.SERVER,
        sockets=tuple(
            Listener(
                vantage=Vantage.SERVER, address=socket.address, port=socket.port,
                family=socket.family, process=socket.process,
            )
            for socket in sockets
        ),
    )  # fmt: skip


def server_blocks(count: int) -> tuple[Observation, ...]:
    """So many sites of nginx, each with its name, certificate and one location."""
    blocks = "".join(
        f"server {{ listen 443 ssl; server_name s{number}.example.com;\n"
        f"  ssl_certificate /etc/ssl/{number}.pem; ssl_certificate_key /etc/ssl/{number}.key;\n"
        f"  location / {{ proxy_pass http://127.0.0.1:{3000 + number % 1000}; }} }}\n"
        for number in range(count)
    )
    return (*served(), BUILD, RUNNING, config(blocks))
