"""T-10: nothing that is not public is connected to, however its address is spelled."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import suppress
from ipaddress import ip_address
from pathlib import Path

import pytest
from receiver import Receiver, Reply

from kontora.settings import Settings
from kontora.work import egress, egress_rules
from kontora.work.egress import Client, Unanswered
from kontora.work.egress_rules import Refused, Rules, is_public, parse

# Each leads, in one reading or another, to this machine or to a network behind it.
HOSTS = """
127.0.0.1 127.1 127.0.1 127.000.000.001 0127.0.0.1 0177.0.0.1 0177.0.0.01 0x7f.0.0.1 0x7f000001
0x7F.0x0.0x0.0x1 2130706433 017700000001 127.0.0.1. 127.127.127.127 0 0.0.0.0 0x0 00000000
localhost LOCALHOST localhost. localhost.localdomain ip6-localhost [::1] [::] [0:0:0:0:0:0:0:1]
[::ffff:127.0.0.1] [::ffff:7f00:1] [0:0:0:0:0:ffff:127.0.0.1] [::127.0.0.1] [::7f00:1]
[64:ff9b::127.0.0.1] [64:ff9b::7f00:1] [64:ff9b:1::1] [2002:7f00:1::] [2002:a00:1::1]
[2001::1] [2001:0:7f00:1::] [2001:db8::1] [fe80::1] [fe80::1%25lo] [::1%25lo] [fec0::1] [fc00::1]
[fd00::1] [fd00:ec2::254] [ff02::1] [100::1] [2606:4700::5efe:7f00:1] [5f00::1] [3fff::1]
[::ffff:0:7f00:1]
10.0.0.1 10.255.255.255 172.16.0.1 172.31.255.254 192.168.0.1 192.168.1.254 100.64.0.1
100.127.255.254 100.100.100.200 169.254.169.254 169.254.170.2 2852039166 0xa9fea9fe
0251.0376.0251.0376 [::ffff:169.254.169.254] 168.63.129.16 192.0.0.192 192.0.2.1 192.88.99.1
198.18.0.1 198.51.100.1 203.0.113.1 224.0.0.1 239.255.255.250 240.0.0.1 255.255.255.255
127.0.0.1.nip.example metadata.internal db.internal ①②⑦.⓪.⓪.① 127。0。0。1 ⓛocalhost
loc\u00adalhost 127.0.0.256 1.1 0x7f.1 [::1 ::1] [127.0.0.1] 127.0.0.1%00.example.org xn--
""".split()
URLS = """
http://user@127.0.0.1/ http://user:pw@127.0.0.1/ http://example.org@127.0.0.1/
http://127.0.0.1#@example.org/ http://127.0.0.1?@example.org/ http://example.org\\@127.0.0.1/
http:\\\\127.0.0.1\\ http:/127.0.0.1/ http:127.0.0.1 //127.0.0.1/ http:///127.0.0.1/ http://:80/
file:///etc/passwd ftp://127.0.0.1/ gopher://127.0.0.1:6379/_x dict://127.0.0.1/ javascript:1
jar:http://127.0.0.1!/ unix:///var/run/docker.sock HTTP://127.0.0.1/ hTTps://[::1]/ http://127.0.0.1:0/
http://127.0.0.1:99999/ http://127.0.0.1:-1/ https://8.8.8.8:22/ http://8.8.8.8/ https://8.8.8.8:6379/
https://exa%6dple.org/ https://127.0.0.1:443\r\nHost:x/ https://127.0.0.1\t/ https://%31%32%37.0.0.1/
""".splitlines()
ODD = [each for line in URLS for each in line.split(" ") if each]
PUBLIC = ["8.8.8.8", "1.1.1.1", "2606:4700::1111", "2a00:1450:4001::1", "::ffff:8.8.8.8"]


@pytest.fixture(scope="module")
def listener() -> Iterator[Receiver]:
    with Receiver(Reply(200, body=b"reached")) as receiver:
        yield receiver


def to_this_machine(host: str, port: int) -> list[str]:
    """A resolver under whose names all lead here; some names also pretend to be public."""
    return ["127.0.0.1", "::1"]


def spellings(port: int) -> list[str]:
    found = [f"{scheme}://{host}:{port}/" for host in HOSTS for scheme in ("http", "https")]
    return [*found, *ODD, *(each.replace("127.0.0.1", f"127.0.0.1:{port}") for each in ODD)]


def test_no_spelling_leads_to_an_address_that_is_not_public(listener: Receiver) -> None:
    client = Client(Rules(), resolve=to_this_machine, seconds=2)
    assert len(set(HOSTS)) + len(set(ODD)) >= 80
    wrong = []
    for url in spellings(listener.port):
        try:
            client.send("POST", url, body=b"x")
            wrong.append(url)
        except Refused:
            pass
        except Unanswered as error:
            wrong.append(f"{url}: {error}")
    assert wrong == []
    assert listener.connections == 0


def test_the_listener_counts_when_the_check_is_taken_out(
    listener: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The negative control: without the check the same spellings arrive."""
    monkeypatch.setattr(Rules, "check", lambda *_given: None)
    client = Client(Rules(), resolve=to_this_machine, seconds=0.5)
    before = listener.connections
    for url in spellings(listener.port):
        if url.startswith("http://") and any(each in url for each in ("127", "local", "example")):
            with suppress(Refused, Unanswered):
                client.send("POST", url, body=b"x")
    assert listener.connections - before >= 8


def test_a_name_that_changes_its_address_gains_nothing(listener: Receiver) -> None:
    """Rebinding: the first answer is public, every later one is this machine."""
    answers = iter([["8.8.8.8"]])
    asked: list[str] = []

    def flipping(host: str, port: int) -> list[str]:
        asked.append(host)
        return next(answers, ["127.0.0.1"])

    tried: list[str] = []

    def connect(address: tuple[str, int], *_more: object) -> socket.socket:
        tried.append(address[0])
        raise OSError("no network in tests")

    before = listener.connections
    client = Client(Rules(), resolve=flipping, seconds=2)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(egress.socket, "create_connection", connect)
        with pytest.raises(Unanswered):
            client.send("POST", "https://flip.example:8443/", body=b"x")
    with pytest.raises(Refused):
        client.send("POST", "https://flip.example:8443/", body=b"x")
    assert tried == ["8.8.8.8"], "the judged address, not the name, is connected to"
    assert asked == ["flip.example", "flip.example"]
    assert listener.connections == before


def test_of_several_addresses_only_the_public_ones_are_tried(listener: Receiver) -> None:
    tried: list[str] = []

    def connect(address: tuple[str, int], *_more: object) -> socket.socket:
        tried.append(address[0])
        raise OSError("no network in tests")

    client = Client(Rules(), resolve=lambda *_: ["127.0.0.1", "8.8.8.8", "10.0.0.1"], seconds=2)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(egress.socket, "create_connection", connect)
        with pytest.raises((Refused, Unanswered)):
            client.send("GET", "https://mixed.example/")
    assert tried == ["8.8.8.8"]


def test_where_the_socket_really_ended_is_judged_too() -> None:
    """Something between us and the address may lead elsewhere, for example a rule of the system."""
    with Receiver() as receiver:
        real = socket.create_connection

        def elsewhere(_address: object, *more: float) -> socket.socket:
            return real(("127.0.0.1", receiver.port), *more)

        client = Client(Rules(), resolve=lambda *_: ["8.8.8.8"], seconds=2)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(egress.socket, "create_connection", elsewhere)
            with pytest.raises(Refused):
                client.send("POST", "https://ends.example/", body=b"x")
        assert receiver.requests == []


@pytest.mark.parametrize("address", PUBLIC)
def test_public_addresses_are_public(address: str) -> None:
    assert is_public(ip_address(address))


# Redirects


def allowing() -> Rules:
    return Rules.of(["127.0.0.1/32"])


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_judged_anew(status: int, listener: Receiver) -> None:
    """The first hop is listed by name, the second is the same machine under another name."""
    before = listener.connections
    with Receiver(Reply(status, {"Location": f"http://other.example:{listener.port}/"})) as first:
        client = Client(Rules.of(["named.example"]), resolve=to_this_machine, seconds=3)
        with pytest.raises(Refused):
            client.send("GET", f"http://named.example:{first.port}/")
        assert len(first.requests) == 1
    assert listener.connections == before


def test_a_body_is_sent_on_only_where_the_redirect_keeps_it(listener: Receiver) -> None:
    for status, expected in ((307, 200), (308, 200), (301, 301), (302, 302), (303, 303)):
        with Receiver(Reply(status, {"Location": listener.url})) as first:
            answer = Client(allowing()).send("POST", first.url, body=b"keep me")
        assert answer.status == expected
        if expected == 200:
            last = listener.requests[-1]
            assert (last.method, last.body) == ("POST", b"keep me")


def test_after_three_redirects_it_ends() -> None:
    with Receiver(lambda request: Reply(307, {"Location": "/again"})) as circle:
        with pytest.raises(Unanswered, match="3"):
            Client(allowing()).send("POST", circle.url, body=b"x")
        assert len(circle.requests) == 4


# Limits of time and size


def test_a_receiver_that_hangs_costs_no_more_than_the_deadline() -> None:
    with Receiver(Reply(200, seconds=60)) as slow, pytest.raises(Unanswered, match=r"0\.3 seconds"):
        Client(allowing(), seconds=0.3).send("POST", slow.url, body=b"x")


def test_neither_does_one_that_answers_drop_by_drop() -> None:
    with (
        Receiver(Reply(200, body=b"x" * 1000, drip=0.05)) as slow,
        pytest.raises(Unanswered, match=r"0\.4 seconds"),
    ):
        Client(allowing(), seconds=0.4).send("GET", slow.url)


def test_nor_a_name_that_nobody_resolves_in_time() -> None:
    import threading

    ended = threading.Event()

    def slowly(host: str, port: int) -> list[str]:
        ended.wait(30)
        return ["127.0.0.1"]

    with pytest.raises(Unanswered, match=r"0\.2 seconds"):
        Client(allowing(), resolve=slowly, seconds=0.2).send("GET", "http://slow.example/")
    ended.set()


def test_nor_one_that_is_silent_while_encryption_begins() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        with pytest.raises(Unanswered, match=r"0\.3 seconds"):
            Client(allowing(), seconds=0.3).send("GET", f"https://127.0.0.1:{port}/")


def test_an_answer_is_read_up_to_its_limit() -> None:
    with Receiver(Reply(200, body=b"y" * 5000)) as wordy:
        answer = Client(allowing(), most_bytes=1000).send("GET", wordy.url)
    assert (len(answer.body), answer.truncated, answer.status) == (1000, True, 200)


def test_proxies_of_the_environment_are_not_used(
    listener: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Receiver() as proxy:
        for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "https_proxy"):
            monkeypatch.setenv(name, f"http://127.0.0.1:{proxy.port}")
        assert Client(allowing()).send("GET", listener.url).body == b"reached"
        assert proxy.connections == 0


# What an operator lists


def test_a_listed_network_is_reached_unencrypted_and_on_any_port(
    listener: Receiver, tmp_path: Path
) -> None:
    settings = Settings.from_env(
        {"KONTORA_HOME": str(tmp_path), "KONTORA_EGRESS_ALLOW": "127.0.0.1/32, Erp.Example"}
    )
    rules = Rules.of(settings.egress_allow)
    assert Client(rules).send("POST", listener.url, body=b"x").status == 200
    by_name = f"http://erp.example:{listener.port}/"
    assert Client(rules, resolve=to_this_machine).send("GET", by_name).status == 200


def test_a_listed_name_does_not_open_the_metadata_of_a_cloud() -> None:
    rules = Rules.of(["erp.example"])
    for address in ("169.254.169.254", "fe80::1", "0.0.0.0", "fd00:ec2::254", "::ffff:169.254.0.1"):
        assert not rules.lists("erp.example", ip_address(address))
        with pytest.raises(Refused):
            rules.check(parse("https://erp.example/"), ip_address(address))


def test_forms_hear_early_what_would_be_refused_later() -> None:
    for url in (
        "http://example.org/",
        "https://10.0.0.1/",
        "https://localhost/",
        "https://a.b:22/",
    ):
        with pytest.raises(Refused):
            Rules().check_early(parse(url))
    Rules().check_early(parse("https://example.org/hooks?x=1"))
    Rules.of(["10.0.0.0/8"]).check_early(parse("http://erp.internal:8080/"))


def test_refusals_do_not_tell_the_address() -> None:
    client = Client(Rules(), resolve=lambda *_: ["10.20.30.40"], seconds=2)
    with pytest.raises(Refused) as refused:
        client.send("GET", "https://inner.example/")
    assert "10.20" not in f"{refused.value} {refused.value.remedy}"
    assert egress_rules.Refused is Refused
