import pytest

from diagnose.parsers.tunnels import (
    TunnelEnd,
    config_files,
    ends_of_command,
    ends_of_config,
    parse_clients,
)


@pytest.mark.parametrize(
    ("words", "end"),
    [
        ("ssh -N -R 8080:localhost:3000 user@vps", TunnelEnd("localhost", 3000)),
        ("/usr/bin/ssh -R *:80:127.0.0.1:3000 vps", TunnelEnd("127.0.0.1", 3000)),
        ("autossh -M 0 -R0.0.0.0:443:[::1]:3000 vps", TunnelEnd("::1", 3000)),
        (
            "cloudflared tunnel --url http://localhost:8080",
            TunnelEnd("localhost", 8080, (), "http"),
        ),
        ("cloudflared tunnel --url=https://127.0.0.1", TunnelEnd("127.0.0.1", 443, (), "https")),
        ("ngrok http 8080", TunnelEnd("localhost", 8080)),
        (
            "ngrok http --domain=shop.example.com http://10.0.0.5:80",
            TunnelEnd("10.0.0.5", 80, ("shop.example.com",), "http"),
        ),
    ],
)
def test_commands(words: str, end: TunnelEnd) -> None:
    assert ends_of_command(words.split()) == (end,)


@pytest.mark.parametrize(
    "words", ["ssh -L 8080:localhost:80 vps", "ssh -R 1080 vps", "frpc -c a.toml", "ngrok", ""]
)
def test_commands_that_name_no_end(words: str) -> None:
    assert ends_of_command(words.split()) == ()


def test_configurations() -> None:
    toml = (
        'serverAddr = "vps"\nauth.token = "secret"\n[[proxies]]\nname = "web"\ntype = "http"\n'
        'localPort = 8080\ncustomDomains = ["shop.example.com", "www.example.com"]\n'
    )
    end = TunnelEnd("127.0.0.1", 8080, ("shop.example.com", "www.example.com"), "http", 6, 7)
    assert ends_of_config("frpc", toml) == (end,)
    ini = "[common]\nserver_addr = vps\n[web]\nlocal_ip = 10.0.0.5\nlocal_port = 80\n"
    assert ends_of_config("frpc", ini) == (TunnelEnd("10.0.0.5", 80, line=5),)
    ingress = (
        "tunnel: 6ff42ae2\ncredentials-file: /root/x.json\ningress:\n"
        "  - hostname: shop.example.com\n    service: http://localhost:8080\n"
        "  - service: http_status:404\n"
    )
    end = TunnelEnd("localhost", 8080, ("shop.example.com",), "http", 5)
    assert ends_of_config("cloudflared", ingress) == (end,)
    ngrok = (
        'version: "2"\ntunnels:\n  web:\n    proto: http\n    addr: 8080\n    domain: a.ngrok.app\n'
    )
    assert ends_of_config("ngrok", ngrok) == (
        TunnelEnd("localhost", 8080, ("a.ngrok.app",), line=5),
    )
    assert ends_of_config("ssh", ngrok) == ends_of_config("frpc", "") == ()


def test_the_configuration_that_a_command_names() -> None:
    assert config_files(["frpc", "-c", "frpc.toml"], "/srv/frp") == ("/srv/frp/frpc.toml",)
    assert config_files(["frpc", "--config=/a.toml"], "/") == ("/a.toml",)
    assert config_files(["cloudflared", "tunnel", "run"], "/")[0] == "/etc/cloudflared/config.yml"
    assert config_files(["ssh", "-c", "aes128-ctr"], "/") == ()


def test_a_client_with_a_network_of_its_own() -> None:
    text = (
        "tunnel 9 cloudflared\nfolder /\napart\ngroup 0::/system.slice/docker-0a1b.scope\n"
        "own 4F11\nany 1F90\nany x\n cloudflared\n tunnel\n"
    )
    (client,) = parse_clients(text)
    assert client.is_apart
    assert (client.own_ports, client.ports) == ((20241,), (20241, 8080))
    assert client.path("/etc/cloudflared/config.yml") == "/proc/9/root/etc/cloudflared/config.yml"
    assert client.words == ("cloudflared", "tunnel")
