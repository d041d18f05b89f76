"""nginx's configuration, masked in place."""

import re

from diagnose.model import Evidence
from diagnose.model.nginx import ConfigFile, NginxConfig
from diagnose.parsers.nginx.config import parse
from diagnose.recording.redaction import Mask
from diagnose.recording.redaction_names import host_names
from tests.support.check_evidence import NOW, SHOP

CONFIG = """\
http {
    server {  # shop.example.com at 198.51.100.7
        listen 198.51.100.7:443 ssl;
        server_name shop.example.com other.acme.net;
        location /ws { proxy_pass http://10.1.2.3:3000; proxy_set_header Cookie "a=sesame"; }
    }
}
"""


def test_a_configuration_is_masked_and_its_directives_are_still_where_they_stand() -> None:
    config = NginxConfig(
        path="/etc/nginx/nginx.conf",
        main=parse(CONFIG, "/etc/nginx/nginx.conf"),
        files=(ConfigFile("/etc/nginx/nginx.conf", CONFIG),),
    )
    evidence = Evidence(SHOP, NOW, (config,))
    masked = Mask(host_names(evidence)).mask_value(config)
    text = masked.files[0].text
    assert not re.search("shop|acme|198|sesame|10.1", text)
    assert text.count("\n") == CONFIG.count("\n")
    assert masked.main == parse(text, "/etc/nginx/nginx.conf")
