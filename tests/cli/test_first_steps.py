"""The first ten minutes: init, add, check, serve, a signed request, a look, a stop."""

import asyncio
import hashlib
import hmac
import json
import re
import signal
import stat
from pathlib import Path

import aiohttp
import pytest

from tests.app.process import Process, free_port
from tests.cli.commands import gateway


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def begun(folder: Path) -> Process:
    """A folder after `init` and `add github`, on ports that are free here."""
    assert gateway(folder, "init").code == 0
    assert gateway(folder, "add", "github").code == 0
    public, admin = free_port(), free_port()
    text = (folder / "routes.yaml").read_text()
    text = text.replace("127.0.0.1:8080", f"127.0.0.1:{public}")
    text = text.replace("127.0.0.1:8081", f"127.0.0.1:{admin}")
    text = text.replace("sqlite:gateway.db", "sqlite:gateway.db\n  min_free: 1MiB")
    (folder / "routes.yaml").write_text(text)
    return Process(folder, f"http://127.0.0.1:{public}", f"http://127.0.0.1:{admin}")


def test_what_is_printed_says_url_content_type_secret_and_events(tmp_path: Path) -> None:
    assert gateway(tmp_path, "init", "--public-url", "https://in.acme.example").code == 0
    said = gateway(tmp_path, "add", "github")
    secret = (tmp_path / "secrets/github").read_text().strip()
    assert len(secret) == 64
    for part in ("https://in.acme.example/in/github", "application/json", secret, "Events:"):
        assert part in said.out


def test_nobody_else_can_read_the_secrets(tmp_path: Path) -> None:
    begun(tmp_path)
    assert mode(tmp_path / "secrets") == 0o700
    assert mode(tmp_path / "secrets/github") == 0o600


def test_init_twice_overwrites_nothing(tmp_path: Path) -> None:
    begun(tmp_path)
    before = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    again = gateway(tmp_path, "init")
    assert again.code == 0
    assert "kept" in again.out
    assert {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()} == before


def test_add_keeps_comments_and_refuses_a_second_of_the_name(tmp_path: Path) -> None:
    begun(tmp_path)
    comments = re.findall(r"#.*", (tmp_path / "routes.yaml").read_text())
    assert gateway(tmp_path, "add", "github", "--name", "github-mobile").code == 0
    assert re.findall(r"#.*", (tmp_path / "routes.yaml").read_text()) == comments
    second = gateway(tmp_path, "add", "github")
    assert (second.code, "--name" in second.err) == (1, True)
    assert gateway(tmp_path, "add", "githob").code == 1
    assert gateway(tmp_path, "check").code == 0


@pytest.mark.parametrize("text", [b"sources: [\n", b"a: 1\na: 2\n", b"\xff\xfe", b"- a\n", b""])
def test_add_to_a_broken_file_says_so_and_leaves_it(tmp_path: Path, text: bytes) -> None:
    (tmp_path / "routes.yaml").write_bytes(text)
    ended = gateway(tmp_path, "add", "github")
    assert ended.code == 1
    assert "gateway check" in ended.err
    assert (tmp_path / "routes.yaml").read_bytes() == text


async def test_a_signed_request_is_taken_and_seen(tmp_path: Path) -> None:
    one = begun(tmp_path)
    secret = (tmp_path / "secrets/github").read_text().strip().encode()
    body = json.dumps({"ref": "refs/heads/main"}).encode()
    headers = {
        "X-GitHub-Event": "push",
        "X-GitHub-Delivery": "72d3162e-cc78-11e3-81ab-4c9367dc0958",
        "X-Hub-Signature-256": "sha256=" + hmac.new(secret, body, hashlib.sha256).hexdigest(),
        "Content-Type": "application/json",
    }
    try:
        async with aiohttp.ClientSession() as session:
            await one.start(session)
            async with session.post(
                f"{one.public}/in/github", data=body, headers=headers
            ) as answer:
                assert (answer.status, (await answer.json())["status"]) == (202, "accepted")
            headers["X-Hub-Signature-256"] = "sha256=" + "0" * 64
            async with session.post(
                f"{one.public}/in/github", data=body, headers=headers
            ) as answer:
                assert answer.status == 401
            second = await asyncio.to_thread(gateway, tmp_path, "serve")
            assert (second.code, f"{one.process.pid}" in second.err) == (1, True)  # type: ignore[union-attr]  # it runs
            (row,) = (
                await asyncio.to_thread(gateway, tmp_path, "events", "list", "--json")
            ).out.splitlines()
            assert json.loads(row)["type"] == "vcs.push"
            assert mode(tmp_path / "control.sock") == 0o600
            assert await one.end(signal.SIGTERM) == 0
    finally:
        if one.process is not None and one.process.returncode is None:
            await one.end(signal.SIGKILL)
    after = gateway(tmp_path, "events", "list", "--json")
    assert json.loads(after.out)["state"] == "unrouted"
    assert not (tmp_path / "control.sock").exists()


@pytest.mark.parametrize(
    ("words", "code"),
    [(["--version"], 0), (["--help"], 0), (["nonsense"], 2), (["check", "--nonsense"], 2),
     (["check", "-c", "nothere.yaml"], 1), (["-c", "nothere.yaml", "check"], 1),
     (["events", "show", "evt_nothing"], 1), (["schema", "nonsense"], 1), (["schema", "vcs"], 0),
     (["providers", "github", "--json"], 0), (["reload"], 1), (["status"], 0),
     (["pause", "source", "nothing"], 1)],
)  # fmt: skip
def test_exit_codes(tmp_path: Path, words: list[str], code: int) -> None:
    begun(tmp_path)
    ended = gateway(tmp_path, *words)
    assert ended.code == code, ended
    assert bool(ended.err) == bool(code)
