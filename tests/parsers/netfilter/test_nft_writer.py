"""Rules of nft's JSON in nft's words, and whether nft would make the same of them. That it does,
`tests/lab/test_rules_written.py` shows."""

from typing import Any

import pytest

from diagnose.parsers.netfilter import nft_writer
from diagnose.parsers.netfilter.roundtrip import survives_roundtrip
from tests.support.netfilter_expectations import ACCEPT, DROP, field, match, meta, state


def limit(**fields: Any) -> dict[str, Any]:
    return {"limit": {"rate": 9, "burst": 5, "per": "second"} | fields}


@pytest.mark.parametrize(
    ("said", "text"),
    [
        (limit(burst=90), "limit rate 9/second burst 90 packets"),
        (limit(burst=0), "limit rate 9/second"),
        (limit(inv=True, rate_unit="kbytes", burst=20, burst_unit="mbytes"),
         "limit rate over 9 kbytes/second burst 20 mbytes"),
        ({"limit": "lax"}, 'limit name "lax"'),
        ({"quota": {"val": 9, "val_unit": "mbytes", "used": 2, "used_unit": "bytes", "inv": True}},
         "quota over 9 mbytes used 2 bytes"),
        ({"quota": "much"}, 'quota name "much"'),
        ({"counter": {"packets": 3, "bytes": 180}}, "counter"),
        ({"counter": "seen"}, 'counter name "seen"'),
        ({"log": None}, "log"),
        ({"log": {"prefix": "a  b", "level": "debug"}}, 'log prefix "a  b" level debug'),
        ({"log": {"group": 3, "snaplen": 64, "queue-threshold": 10}},
         "log group 3 snaplen 64 queue-threshold 10"),
        ({"log": {"flags": ["tcp sequence", "skuid"]}}, "log flags tcp sequence flags skuid"),
        ({"log": {"flags": "all"}}, "log flags all"),
        ({"masquerade": {"flags": ["random", "persistent"]}}, "masquerade random,persistent"),
        ({"redirect": {"port": 8080, "flags": "random"}}, "redirect to :8080 random"),
        ({"dnat": {"family": "ip6", "addr": "fd00::1", "port": 80}}, "dnat ip6 to [fd00::1]:80"),
        ({"dnat": {"family": "ip6", "addr": {"range": ["fd00::1", "fd00::9"]}, "port": 80}},
         "dnat ip6 to [fd00::1]-[fd00::9]:80"),
        (match(field("tcp flags"), "syn"), "tcp flags == syn"),
        (match(field("tcp flags"), "syn", "in"), "tcp flags syn"),
        (state("new"), "ct state new"),
        (match(meta("iifname"), "mark"), 'meta iifname "mark"'),
        (match(meta("iifname"), "eth0"), "meta iifname eth0"),
        (match(meta("iifname"), "@inner"), "meta iifname @inner"),
        ({"vmap": {"key": meta("iifname"), "data": {"set": [["eth*", DROP], ["*", ACCEPT]]}}},
         'meta iifname vmap { "eth*" : drop, * : accept }'),
        ({"mangle": {"key": meta("mark"), "value": {"&": [{"^": [meta("mark"), 3]}, 255]}}},
         "meta mark set (meta mark ^ 3) & 255"),
        ({"map": {"op": "update", "elem": field("ip saddr"), "data": 3, "map": "@marks"}},
         "update @marks { ip saddr : 3 }"),
        ({"ct helper": "ftp"}, 'ct helper set "ftp"'),
    ],
)  # fmt: skip
def test_all_that_a_rule_has_is_written(said: dict[str, Any], text: str) -> None:
    assert nft_writer.rule([said]) == text
    assert survives_roundtrip([said])


def test_what_is_in_quotes_is_one_word_of_a_command() -> None:
    said = 'iifname { "a", "b" } log prefix "no  web: " drop comment "a \'b\' {"'
    assert nft_writer.split_rule(said) == (
        "iifname", "{", '"a",', '"b"', "}", "log", "prefix", '"no  web: "', "drop", "comment",
        '"a \'b\' {"',
    )  # fmt: skip
