from diagnose.parsers.haproxy.statistics import parse_statistics

#: Of HAProxy 3.0, without most of the columns.
TABLE = """\
# pxname,svname,scur,slim,status,wrew,addr,
http,FRONTEND,0,4000,OPEN,0,,
https,FRONTEND,1,4000,OPEN,3,,
app,app1,0,,no check,,127.0.0.1:3000,
app,BACKEND,0,400,UP,12,,
app,BACKEND,0,400,UP,many,,
"""


def test_the_proxies_in_which_a_field_had_no_room() -> None:
    statistics = parse_statistics(TABLE)
    assert statistics
    assert statistics.failed_rewrites == ("https", "app")
    older = parse_statistics(TABLE.replace("wrew", "other"))
    assert older
    assert older.failed_rewrites == ()
