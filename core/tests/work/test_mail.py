"""Mails leave after the commit, once, and what becomes of them is seen."""

from __future__ import annotations

import datetime as dt
import email
import socket
import ssl
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from email.policy import default
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from aiosmtpd.controller import Controller
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from kontora import clock, smtp
from kontora.access.principal import system
from kontora.errors import Conflict, Invalid, SettingsError
from kontora.lifecycle.site import Site
from kontora.work import mail
from kontora.work.runner import run_pending

SENDER = "Kontora <crm@example.org>"


class Postbox:
    """A mail server's end: keeps what it took; `answers` are given first, one for each try."""

    def __init__(self, *answers: str) -> None:
        self.answers = list(answers)
        self.taken: list[Any] = []

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        if self.answers:
            return self.answers.pop(0)
        self.taken.append(email.message_from_bytes(envelope.content, policy=default))
        return "250 OK"


@contextmanager
def serving(site: Site, postbox: Postbox, query: str = "", **more: Any) -> Iterator[None]:
    """The site hands its mails to `postbox` within the block."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    controller = Controller(postbox, hostname="127.0.0.1", port=port, **more)
    controller.start()
    try:
        url = f"smtp://localhost:{port}{query}"
        before = site.settings
        site.settings = replace(before, mail_server=smtp.parse(url, SENDER))
        yield
        site.settings = before
    finally:
        controller.stop()


def send(site: Site, **more: Any) -> UUID:
    with site.write(system("test")) as session:
        return mail.send(session, "anna@example.org", "Привет", "A text.\n", **more)


def work(site: Site) -> dict[str, int]:
    return run_pending(site.work_site())


def row(site: Site, mail_id: UUID) -> dict[str, Any]:
    with site.read(system("test")) as session:
        found = mail.get(session, mail_id)
    return {**found, "state": mail.state_of(found)}


def test_a_mail_is_sent_by_the_server(site: Site) -> None:
    postbox = Postbox()
    with serving(site, postbox):
        made = send(site, html="<p>A text.</p>")
        assert postbox.taken == []
        assert work(site) == {"done": 1}
    (taken,) = postbox.taken
    assert (taken["To"], taken["Subject"]) == ("anna@example.org", "Привет")
    assert str(made) in taken["Message-ID"]
    assert taken.get_body(("plain",)).get_content().strip() == "A text."
    assert taken.get_body(("html",)).get_content().strip() == "<p>A text.</p>"
    assert row(site, made)["state"] == "sent"


def test_what_is_rolled_back_is_not_sent(site: Site) -> None:
    with pytest.raises(RuntimeError), site.write(system("test")) as session:
        mail.send(session, "anna@example.org", "Hello", "A text.")
        raise RuntimeError
    assert work(site) == {}
    assert not (site.settings.home / "outbox").exists()


def test_a_temporary_refusal_is_tried_again(site: Site) -> None:
    postbox = Postbox("451 Come back later")
    with serving(site, postbox):
        made = send(site)
        assert work(site) == {"failed": 1}
        found = row(site, made)
        assert (found["state"], found["error"]) == (
            "queued",
            "The server answered 451 Come back later",
        )
        with clock.frozen(clock.now() + dt.timedelta(seconds=60)):
            assert work(site) == {"done": 1}
    assert len(postbox.taken) == 1
    assert (row(site, made)["state"], row(site, made)["error"]) == ("sent", None)


def test_a_permanent_refusal_fails_at_once_and_can_be_tried_again(site: Site) -> None:
    postbox = Postbox("550 No such mailbox")
    with serving(site, postbox):
        made = send(site)
        work(site)
        with clock.frozen(clock.now() + dt.timedelta(days=2)):
            assert work(site) == {}
        assert row(site, made)["state"] == "failed"
        with site.write(system("test")) as session:
            mail.again(session, made)
        assert work(site) == {"done": 1}
        with pytest.raises(Conflict), site.write(system("test")) as session:
            mail.again(session, made)
    assert len(postbox.taken) == 1


def test_a_server_that_is_away_is_tried_until_the_job_is_dead(site: Site) -> None:
    with serving(site, Postbox()):
        away = replace(site.settings, mail_server=smtp.parse("smtp://localhost:1", SENDER))
    site.settings = away
    made, now = send(site), clock.now()
    for day in range(mail.ATTEMPTS + 2):
        with clock.frozen(now + dt.timedelta(days=day)):
            work(site)
    found = row(site, made)
    assert (found["state"], found["job_state"], found["attempts"]) == (
        "failed",
        "dead",
        mail.ATTEMPTS,
    )
    assert "cannot be reached" in found["error"]


def test_a_killed_send_repeats_with_the_same_message_id(site: Site) -> None:
    """The limit of SMTP: when the answer is not kept, the mail goes twice, and can be told so."""
    postbox = Postbox()
    with serving(site, postbox):
        made = send(site)
        work(site)
        with site.write(system("test")) as session:
            table = mail.MAIL
            mail.run(session, table.update().values(state="queued", sent_at=None))
            mail._queue(session, made)
        work(site)
    first, second = postbox.taken
    assert first["Message-ID"] == second["Message-ID"]


@pytest.fixture
def certificate(tmp_path: Path) -> tuple[Path, Path]:
    """A certificate for localhost that no system trusts, and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = dt.datetime.now(dt.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .sign(key, hashes.SHA256())
    )
    cert_file, key_file = tmp_path / "cert.pem", tmp_path / "key.pem"
    cert_file.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    key_file.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return cert_file, key_file


def tls(certificate: tuple[Path, Path]) -> dict[str, Any]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*certificate)
    return {"tls_context": context, "require_starttls": True}


def test_a_trusted_server_gets_the_mail_encrypted(
    site: Site, certificate: tuple[Path, Path]
) -> None:
    postbox = Postbox()
    query = f"?starttls=1&cafile={certificate[0]}"
    with serving(site, postbox, query, **tls(certificate)):
        send(site)
        assert work(site) == {"done": 1}
    assert len(postbox.taken) == 1


def test_a_server_that_is_not_trusted_gets_nothing(
    site: Site, certificate: tuple[Path, Path]
) -> None:
    postbox = Postbox()
    with serving(site, postbox, "?starttls=1", **tls(certificate)):
        made = send(site)
        assert work(site) == {"failed": 1}
    assert postbox.taken == []
    assert "No safe connection" in row(site, made)["error"]


def test_a_server_without_encryption_gets_nothing_when_it_is_demanded(site: Site) -> None:
    postbox = Postbox()
    with serving(site, postbox, "?starttls=1"):
        made = send(site)
        assert work(site) == {"failed": 1}
    assert postbox.taken == []
    assert "STARTTLS" in row(site, made)["error"]


@pytest.mark.parametrize(
    "address",
    [
        "anna@example.org\r\nBcc: evil@example.org",
        "anna@example.org\n",
        "anna@example.org, evil@example.org",
        "Anna <anna@example.org>",
        "anna",
        "@example.org",
        "",
        "a b@example.org",
    ],
)
def test_only_one_plain_address_is_taken(site: Site, address: str) -> None:
    with site.write(system("test")) as session:
        if address.strip() == "anna@example.org":
            mail.send(session, address, "Hello", "x")  # a blank at the end is only cut off
            return
        with pytest.raises(Invalid):
            mail.send(session, address, "Hello", "x")


@pytest.mark.parametrize("end", ["\r", "\n", "\r\n"])
def test_a_subject_with_a_line_end_is_refused(site: Site, end: str) -> None:
    with pytest.raises(Invalid), site.write(system("test")) as session:
        mail.send(session, "anna@example.org", f"Hello{end}Bcc: evil@example.org", "x")


def test_without_a_server_the_mail_lies_in_the_outbox(site: Site) -> None:
    made = send(site)
    assert work(site) == {"done": 1}
    (file,) = (site.settings.home / "outbox").iterdir()
    assert file.stat().st_mode & 0o077 == 0
    assert email.message_from_bytes(file.read_bytes(), policy=default)["Subject"] == "Привет"
    assert row(site, made)["state"] == "kept"
    with site.write(system("test")) as session:
        mail.again(session, made)
    work(site)
    assert len(list((site.settings.home / "outbox").iterdir())) == 1


def test_a_secret_is_forgotten_once_it_was_sent(site: Site) -> None:
    later = clock.now() + dt.timedelta(hours=1)
    with serving(site, Postbox()):
        made, plain = send(site, secret_until=later), send(site)
        work(site)
    assert row(site, made)["text"] is None
    assert row(site, plain)["text"] == "A text.\n"


def test_a_secret_in_the_outbox_is_forgotten_when_it_opens_nothing(site: Site) -> None:
    now = clock.now()
    made = send(site, secret_until=now + dt.timedelta(hours=1))
    work(site)
    forget(site)
    assert row(site, made)["text"] is not None
    with clock.frozen(now + dt.timedelta(hours=2)):
        forget(site)
    assert row(site, made)["text"] is None
    assert list((site.settings.home / "outbox").iterdir()) == []


def forget(site: Site) -> None:
    from kontora.work import jobs

    with closing(site.database.write_engine.connect()) as connection, connection.begin():
        jobs.enqueue(connection, "core.forget_mail_secrets")
    assert work(site)["done"] == 1


@pytest.mark.parametrize(
    ("url", "sender", "word"),
    [
        ("http://mail.example.org", SENDER, "no address of a mail server"),
        ("smtp://", SENDER, "no address of a mail server"),
        ("smtp://mail.example.org:port", SENDER, "port"),
        ("smtp://mail.example.org?tls=1", SENDER, "unknown option"),
        ("smtp://mail.example.org", "", "KONTORA_MAIL_FROM"),
        ("smtp://mail.example.org", "nobody", "KONTORA_MAIL_FROM"),
        ("smtp://anna:secret@mail.example.org", SENDER, "in the clear"),
        ("smtps://mail.example.org?cafile=/nowhere", SENDER, "not there"),
        ("smtps://mail.example.org?timeout=x", SENDER, "timeout"),
    ],
)
def test_a_wrong_setting_names_itself(url: str, sender: str, word: str) -> None:
    with pytest.raises(SettingsError, match=word):
        smtp.parse(url, sender)


def test_the_password_of_the_server_is_shown_nowhere() -> None:
    made = smtp.parse("smtps://anna:p%40ss@mail.example.org", SENDER)
    assert (made.host, made.port, made.user, made.password) == (
        "mail.example.org",
        465,
        "anna",
        "p@ss",
    )
    assert "p@ss" not in repr(made)
