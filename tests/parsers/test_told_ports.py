import pytest

from diagnose.parsers.told_ports import told_port


@pytest.mark.parametrize(
    ("text", "port"),
    [
        ("timed out 8448", 8448),
        ("8448 timed out", 8448),
        ("connection refused on port 8448", 8448),
        ("shop.example.com 的8443端口连接超时", 8443),
        ("端口8443打不开", 8443),
        ("ポート8443に接続できません", 8443),
        ("Port 8443 ist nicht erreichbar", 8443),
        ("el puerto 8443 no responde", 8443),
        ("порт 8443 закрыт", 8443),
        ("dial tcp 203.0.113.10:8448: i/o timeout", 8448),
        ("SSL error connecting shop.example.com (203.0.113.10:993): certificate has expired", 993),
        ("telnet shop.example.com 8443 times out", 8443),
        ("I opened port 8443 in the firewall but the connection times out", 8443),
        # Two ports, that of another program, or of one behind the site.
        ("ports 8443 and port 8448 time out", None),
        ("port 22 works, the page times out", None),
        ("my app runs on port 3000 behind nginx, connection refused", None),
        ("nginx listens on port 8080 and the site times out", None),
        ("node 监听 3000 端口，网站打不开", None),
        ("connect ECONNREFUSED 127.0.0.1:3000", None),
        ("192.168.1.5:8080 refused", None),
        # What somebody did to a port, one that works, and the address of a visitor.
        ("I closed port 8080 in the firewall and now my site is unreachable", None),
        ("site refused, iptables allows port 2222", None),
        ("port 8443 works but the site times out", None),
        ("ssh works on port 2222 but site refused", None),
        ("端口8443正常，但是网站超时", None),
        ("port 8443 is not reachable", 8443),
        ("site times out, ports 80 and 8443 are open in the security group", None),
        ("connection reset by 203.0.113.9:5123", None),
        ("client: 198.51.100.7:54321 timed out", None),
        ("smtp port 2587 refused", None),
        ("error 11000 and 12345 times", None),
        ("port 99999 refused", None),
    ],
)
def test_the_port_that_fails_is_the_only_one_that_words_name(text: str, port: int | None) -> None:
    assert told_port(text) == port
