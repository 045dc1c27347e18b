"""400 different GitHub pushes of 7.5 KB, signed once; each request carries an id of its own."""

import hashlib
import hmac
import uuid
from collections.abc import Iterator
from functools import cache

import orjson

SECRET = "bench-secret-of-enough-length-0123456789"
BODIES = 400
SIZE = 7_500


def commit(seed: str, number: int) -> dict[str, object]:
    """One commit as GitHub writes it."""
    digest = hashlib.sha1(f"{seed}/{number}".encode()).hexdigest()
    person = {
        "name": f"Dev {digest[:5]}",
        "email": f"{digest[:8]}@example.com",
        "username": digest[:6],
    }
    return {
        "id": digest, "tree_id": digest[::-1], "distinct": True,
        "message": f"Change {digest[:12]} because {digest[20:]}",
        "timestamp": "2026-01-05T09:30:00+01:00",
        "url": f"https://github.com/octo/repo/commit/{digest}",
        "author": person, "committer": person,
        "added": [f"src/{digest[:4]}.py"], "removed": [], "modified": ["README.md"],
    }  # fmt: skip


def body(number: int, size: int = SIZE) -> bytes:
    """A push of about `size` bytes."""
    seed = f"push-{number}"
    owner = {"login": "octo", "id": 1000 + number, "type": "Organization", "name": "octo"}
    push: dict[str, object] = {
        "ref": f"refs/heads/topic-{number}", "before": "0" * 40, "after": commit(seed, 0)["id"],
        "created": False, "deleted": False, "forced": False, "base_ref": None,
        "compare": f"https://github.com/octo/repo/compare/{number}",
        "repository": {
            "id": number, "name": "repo", "full_name": "octo/repo", "private": False,
            "owner": owner, "html_url": "https://github.com/octo/repo", "default_branch": "main",
        },
        "pusher": {"name": "octo", "email": "octo@example.com"}, "sender": owner,
    }  # fmt: skip
    commits: list[dict[str, object]] = []
    push["commits"] = commits
    push["head_commit"] = commit(seed, 0)
    while len(orjson.dumps(push)) < size:
        commits.append(commit(seed, len(commits)))
    return orjson.dumps(push)


@cache
def signed(size: int = SIZE) -> tuple[tuple[bytes, bytes], ...]:
    """Each body with its signature in hex."""
    bodies = [body(number, size) for number in range(BODIES)]
    key = SECRET.encode()
    return tuple((one, hmac.new(key, one, hashlib.sha256).hexdigest().encode()) for one in bodies)


def prepared(count: int, size: int = SIZE) -> Iterator[tuple[bytes, bytes]]:
    """`count` whole requests as head and body; GitHub signs the body, not the delivery's id."""
    heads = [
        (
            b"POST /in/github HTTP/1.1\r\nHost: 127.0.0.1\r\nUser-Agent: GitHub-Hookshot/bench\r\n"
            b"Accept: */*\r\nContent-Type: application/json\r\nContent-Length: %d\r\n"
            b"X-GitHub-Event: push\r\nX-GitHub-Hook-ID: 1\r\nX-Hub-Signature-256: sha256=%s\r\n"
            b"X-GitHub-Delivery: " % (len(one), signature),
            one,
        )
        for one, signature in signed(size)
    ]
    run = uuid.uuid4().hex[:24]
    for number in range(count):
        head, one = heads[number % BODIES]
        yield head + b"%s%08x\r\n\r\n" % (run.encode(), number), one
