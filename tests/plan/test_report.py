"""What a check says to programs, and what a reload says of a change."""

import base64
import dataclasses
from pathlib import Path

import orjson
import pytest
import trustme
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from gateway.plan.compile import compile_plan
from gateway.plan.plan import Plan
from gateway.plan.report import changes, check_report
from tests.plan.one import RIGHT

KEYS = ["file", "line", "column", "path", "message", "hint"]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "good").write_text("a-secret-of-more-than-sixteen-bytes\n")
    return tmp_path


def compiled(folder: Path, text: str, generation: int = 1) -> Plan:
    file = folder / "routes.yaml"
    file.write_text(text, "utf-8")
    return compile_plan(file, {}, generation=generation)


def change(folder: Path, old: str, new: str) -> tuple[str, ...]:
    assert RIGHT.count(old) == 1
    return changes(compiled(folder, RIGHT), compiled(folder, RIGHT.replace(old, new)))


def test_the_report_for_programs_has_exactly_its_keys(folder: Path) -> None:
    file = folder / "routes.yaml"
    file.write_text(
        RIGHT.replace("file:good", "a-literal-of-sixteen-bytes", 1).replace("hub]", "x]")
    )
    found = orjson.loads(orjson.dumps(check_report(file, {}).to_json()))
    assert list(found) == ["ok", "errors", "warnings"]
    assert found["ok"] is False
    (error,), (warning,) = found["errors"], found["warnings"]
    assert list(error) == list(warning) == KEYS
    assert (error["file"], error["line"], error["path"]) == (str(file), 19, "routes[1].from[0]")
    assert warning["message"] == "the secret stands in the file itself"
    assert "a-literal" not in orjson.dumps(found).decode()


def test_a_right_file_is_ok_for_programs(folder: Path) -> None:
    (folder / "routes.yaml").write_text(RIGHT)
    found = check_report(folder / "routes.yaml", {}).to_json()
    assert found == {"ok": True, "errors": [], "warnings": []}


def test_a_warning_alone_is_ok(folder: Path) -> None:
    (folder / "routes.yaml").write_text(RIGHT.replace("127.0.0.1:8081", "0.0.0.0:8081"))
    report = check_report(folder / "routes.yaml", {})
    assert report.ok
    (warning,) = report.warnings
    assert (warning.path, warning.line) == ("admin.listen", 3)


def test_a_plan_is_immutable_and_has_its_generation(folder: Path) -> None:
    plan = compiled(folder, RIGHT, generation=7)
    assert plan.generation == 7
    for thing, name in (
        (plan, "generation"),
        (plan.sources["hub"], "closed"),
        (plan.store, "path"),
    ):
        with pytest.raises(dataclasses.FrozenInstanceError):
            setattr(thing, name, None)


def test_the_same_file_changes_nothing(folder: Path) -> None:
    assert changes(compiled(folder, RIGHT, 1), compiled(folder, RIGHT, 2)) == ()


MORE = (
    'tls: {ca: ca.pem}, auth: {oauth2: {token_url: "https://id.test/", client_id: a, '
    'client_secret: "file:good"}}, sign: ["file:ed", "file:good"], fair_by: payload.a, '
    'headers: {X-A: "file:good", X-B: "{{ payload.b }}"}, breaker: {}, health: {path: /}'
)
TIED = "order_by: payload.a\n    debounce: {by: payload.a, wait: 1s}\n    transform: {a: ['{{ type }}', 1]}"


def everything(folder: Path) -> Plan:
    url, on = 'url: "http://127.0.0.1:9000/"', "on: [vcs.push]"
    text = RIGHT.replace(url, f"{url}, {MORE}").replace(on, f"{on}\n    {TIED}")
    return compiled(folder, text)


def test_neither_do_the_same_keys_certificates_and_transforms(folder: Path) -> None:
    ca, key = trustme.CA(), Ed25519PrivateKey.generate()
    ca.cert_pem.write_to_path(folder / "ca.pem")
    (folder / "ed").write_text("whsk_" + base64.b64encode(key.private_bytes_raw()).decode())
    before = everything(folder)
    assert changes(before, everything(folder)) == ()
    assert before.oauth2s == everything(folder).oauth2s, "its token is good over a reload"
    trustme.CA().cert_pem.write_to_path(folder / "ca.pem")
    assert changes(before, everything(folder)) == ("target ledger: auth, tls changed",)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("127.0.0.1:8080", "127.0.0.1:8082", "server.listen: 127.0.0.1:8080 → 127.0.0.1:8082"),
        ("127.0.0.1:8081", "127.0.0.1:8082", "admin.listen: 127.0.0.1:8081 → 127.0.0.1:8082"),
    ],
)
def test_a_changed_listener_is_named_and_waits(folder: Path, old: str, new: str, said: str) -> None:
    assert change(folder, old, new) == (f"{said}, waits for the restart",)


def test_a_changed_store_is_named_and_waits(folder: Path) -> None:
    (said,) = change(folder, "sqlite:gateway.db", "sqlite:///var/x.db")
    assert said == f"store.url: {folder}/gateway.db → /var/x.db, waits for the restart"


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('url: "http://127.0.0.1:9000/"', 'url: "http://127.0.0.1:9001/"', "target ledger: url"),
        ('127.0.0.1:9000/"', '127.0.0.1:9000/", retry: {cap: 9m}', "target ledger: retry"),
        (
            '127.0.0.1:9000/"',
            '127.0.0.1:9000/", auth: {bearer: "file:good"}',
            "target ledger: auth",
        ),
        ("on: [vcs.push]", "on: [vcs.*]", "route pushes: on"),
        ("on: [vcs.push]", "on: [vcs.push]\n    transform: {a: 1}", "route pushes: transform"),
        ("from: [hub]", "from: [pay]", "route pushes: from"),
        ("on: [vcs.push]", "on: [vcs.push]\n    when: event.branch", "route pushes: when"),
        ("provider: stripe", "tolerance: 9m, provider: stripe", "source pay: "),
        ("provider: stripe", "closed: true, provider: stripe", "source pay: closed"),
        ("provider: stripe", "limits: {rate: 5/s}, provider: stripe", "source pay: limits"),
        ("provider: stripe", "allow_ips: [10.0.0.0/8], provider: stripe", "source pay: allow"),
        ("provider: stripe", "redelivery: ignore, provider: stripe", "source pay: redelivery"),
    ],
)
def test_a_change_names_what_changed_in_the_words_of_the_file(
    folder: Path, old: str, new: str, said: str
) -> None:
    (line,) = change(folder, old, new)
    assert line.startswith(said)
    assert line.endswith(" changed")


def test_a_changed_server_is_named_once(folder: Path) -> None:
    new = '127.0.0.1:8080", trusted_proxies: [10.0.0.1], public_url: "https://a.example"'
    said = change(folder, '127.0.0.1:8080"', new.removesuffix('"') + '"')
    assert said == ("server.public_url: changed", "server.trusted_proxies: changed")


def test_a_changed_retention_applies_and_is_named(folder: Path) -> None:
    said = change(folder, "sqlite:gateway.db", 'sqlite:gateway.db", retention: "9d')
    assert said == ("store.retention: changed",)


def test_a_changed_secret_is_named_and_not_shown(folder: Path) -> None:
    before = compiled(folder, RIGHT)
    (folder / "good").write_text("another-secret-of-sixteen-bytes\n")
    said = changes(before, compiled(folder, RIGHT))
    assert said == tuple(f"source {name}: secrets changed" for name in ("hub", "pay", "own"))


def test_what_comes_and_goes_is_named(folder: Path) -> None:
    before = compiled(folder, RIGHT)
    text = RIGHT.replace("ledger", "books").replace("name: all", "name: every")
    assert set(changes(before, compiled(folder, text))) >= {
        "target books: added",
        "target ledger: removed",
        "route every: added",
        "route all: removed",
    }
