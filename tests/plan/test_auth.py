"""How a target knows us, from the file: each way, and every slip in it on its line, no value shown."""

import base64
from pathlib import Path

import pytest
import trustme
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from gateway.errors import ConfigInvalid
from gateway.plan.compile import compile_plan
from gateway.plan.plan import Plan, Target

SECRET = "a-secret-nobody-may-see"
ENV = {"S": SECRET, "EMPTY": "", "TWO": "a\nb"}
TEXT = """\
version: 1
sources: {}
targets:
  sink:
    url: https://127.0.0.1:9/x
MORE
routes: []
"""


def read(folder: Path, more: str) -> Plan:
    file = folder / "routes.yaml"
    file.write_text(TEXT.replace("MORE", "\n".join(f"    {line}" for line in more.splitlines())))
    return compile_plan(file, ENV, generation=1)


def one(folder: Path, more: str) -> Target:
    return read(folder, more).targets["sink"]


def test_basic_and_bearer_become_one_header(tmp_path: Path) -> None:
    basic = one(tmp_path, 'auth: {basic: {user: us, password: "${S}"}}')
    assert basic.authorization == "Basic " + base64.b64encode(f"us:{SECRET}".encode()).decode()
    assert one(tmp_path, 'auth: {bearer: "${S}"}').authorization == f"Bearer {SECRET}"
    assert SECRET not in repr(basic)


def test_oauth2_is_kept_as_written_and_shows_no_secret(tmp_path: Path) -> None:
    how = one(
        tmp_path,
        'auth: {oauth2: {token_url: "https://id.test/t", client_id: us, client_secret: "${S}"}}',
    ).oauth2
    assert how is not None
    assert (how.client_id, how.client_secret, how.send, how.scope) == ("us", SECRET, "basic", "")
    assert SECRET not in repr(how)


def test_an_hmac_signs_what_its_pattern_says(tmp_path: Path) -> None:
    how = one(
        tmp_path, 'auth: {hmac: {header: X-Sig, secret: "${S}", signed: "{timestamp}.{body}"}}'
    ).hmac
    assert how is not None
    assert how.signed == ("{timestamp}", ".", "{body}")
    assert SECRET not in repr(how)


@pytest.mark.parametrize("whole", [False, True])
def test_an_ed25519_key_is_read_in_both_ways_it_is_written(tmp_path: Path, *, whole: bool) -> None:
    key = Ed25519PrivateKey.generate()
    raw = key.private_bytes_raw() + (key.public_key().public_bytes_raw() if whole else b"")
    text = "whsk_" + base64.b64encode(raw).decode()
    (kept,) = one(tmp_path, f'sign: ["{text}"]').sign
    assert not isinstance(kept, bytes)
    assert kept.public_key().public_bytes_raw() == key.public_key().public_bytes_raw()


@pytest.mark.parametrize(
    ("more", "line", "said"),
    [
        ("auth: {}", 6, "one way to be known is wanted"),
        ('auth: {bearer: "${S}", hmac: {header: X, secret: "${S}"}}', 6, "one way to be known"),
        ('auth: {bearer: "${NOBODY}"}', 6, "NOBODY"),
        ('auth: {bearer: "${TWO}"}', 6, "printable ASCII"),
        ('auth: {basic: {user: "a:b", password: "${S}"}}', 6, "no colon"),
        ('auth: {oauth2: {token_url: "id", client_id: a, client_secret: "${S}"}}', 6, "no http(s) URL"),
        ('auth: {hmac: {header: "X Y", secret: "${S}"}}', 6, "no header's name"),
        ('auth: {hmac: {header: webhook-id, secret: "${S}"}}', 6, "cannot be set here"),
        ('auth: {hmac: {header: Host, secret: "${S}"}}', 6, "cannot be set here"),
        ('auth: {hmac: {header: Gateway-Event, secret: "${S}"}}', 6, "cannot be set here"),
        ('auth: {hmac: {header: X-Y, secret: "${S}", signed: "{body}.{ts}"}}', 6, "{ts} is none"),
        ('auth: {oauth2: {token_url: "https://[::1", client_id: a, client_secret: "${S}"}}', 6, "no URL"),
        ('auth: {oauth2: {token_url: "https://i:99999", client_id: a, client_secret: "${S}"}}', 6, "no URL"),
        ('auth: {oauth2: {token_url: "https://a:b@i/", client_id: a, client_secret: "${S}"}}', 6, "credentials"),
        ('headers: {X-Y: "file:nowhere"}', 6, "cannot read the secret file"),
        ('auth: {hmac: {header: X-Y, secret: "${S}", signed: "{id}"}}', 6, "body is not in it"),
        ('headers: {authorization: x}\nauth: {bearer: "${S}"}', 7, "sets 'authorization' too"),
        ('headers: {X-Y: x}\nauth: {hmac: {header: x-y, secret: "${S}"}}', 7, "sets 'x-y' too"),
        ('sign: ["whsk_AAAA"]', 6, "32 or 64 bytes"),
        ('sign: ["whsk_%%%"]', 6, "32 or 64 bytes"),
        (f'sign: ["whsk_{base64.b64encode(bytes(64)).decode()}"]', 6, "not the public key"),
        ("tls: {ca: nowhere.pem}", 6, "cannot use 'nowhere.pem'"),
        ("tls: {ca: routes.yaml}", 6, "not a PEM file"),
        ("tls: {key: routes.yaml}", 6, "a key without its certificate"),
        ("tls: {certificate: routes.yaml}", 6, "not a PEM file"),
        ("auth: {beerer: x}", 6, "beerer"),
    ],
)  # fmt: skip
def test_a_slip_is_said_on_its_line_and_no_value_with_it(
    tmp_path: Path, more: str, line: int, said: str
) -> None:
    with pytest.raises(ConfigInvalid) as refused:
        read(tmp_path, more)
    (problem,) = refused.value.problems
    assert problem.line == line
    assert said in f"{problem.message} {problem.hint}"
    assert SECRET not in str(refused.value)


def test_a_literal_secret_and_an_open_way_are_warned_of(tmp_path: Path) -> None:
    plan = read(
        tmp_path,
        "auth: {oauth2: {token_url: 'http://id.test/t', client_id: a, client_secret: abc}}",
    )
    said = " ".join(problem.message for problem in plan.warnings)
    assert "goes there unencrypted" in said
    assert "stands in the file itself" in said


@pytest.mark.parametrize("held", ["file:x", "credential:x", "a${b", "a{{b}}"])
@pytest.mark.parametrize("how", ['bearer: "${ODD}"', 'basic: {user: us, password: "${ODD}"}'])
def test_a_secret_is_no_text_to_be_read_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, held: str, how: str
) -> None:
    monkeypatch.setitem(ENV, "ODD", held)
    plan = read(tmp_path, f"auth: {{{how}}}")
    basic = "Basic " + base64.b64encode(f"us:{held}".encode()).decode()
    assert plan.targets["sink"].authorization in {f"Bearer {held}", basic}
    assert "stands in the file itself" not in str(plan.warnings)


def test_a_header_may_be_read_from_a_file_whatever_is_in_it(tmp_path: Path) -> None:
    (tmp_path / "key").write_text("k-{{ 1 }}-${S}\n")
    ((name, value),) = one(tmp_path, 'headers: {X-Key: "file:key"}').headers
    assert (name, value.constant) == ("X-Key", "k-{{ 1 }}-${S}")


def test_what_no_answer_may_show_is_known(tmp_path: Path) -> None:
    (tmp_path / "key").write_text("k-0123456789")
    more = """auth: {bearer: "${S}"}
headers: {X-A: "file:key", X-B: "Token ${S}", X-C: "written here", X-D: "${S} {{ id }}"}"""
    assert set(one(tmp_path, more).hidden) == {
        SECRET.encode(), b"k-0123456789", f"Token {SECRET}".encode(),
    }  # fmt: skip


@pytest.mark.parametrize("url", ["http://127.0.0.1/", "https://127.0.0.1/"])
def test_a_certificate_that_nobody_is_shown_is_warned_of(tmp_path: Path, url: str) -> None:
    file = tmp_path / "routes.yaml"
    text = TEXT.replace("https://127.0.0.1:9/x", url).replace("MORE", "    tls: {}")
    file.write_text(text.replace("routes: []", "routes: [{name: r, to: [sink]}]"))
    warned = [one.message for one in compile_plan(file, ENV, generation=1).warnings]
    assert warned == (["nothing here is https: it is not used"] if url[:5] == "http:" else [])


def test_certificates_are_read_from_the_files_folder(tmp_path: Path) -> None:
    ca = trustme.CA()
    ca.cert_pem.write_to_path(tmp_path / "ca.pem")
    ours = ca.issue_cert("us.test")
    ours.private_key_and_cert_chain_pem.write_to_path(tmp_path / "us.pem")
    tls = one(tmp_path, "tls: {ca: ca.pem, certificate: us.pem}").tls
    assert tls is not None
    assert len(tls.context.get_ca_certs()) == 1
