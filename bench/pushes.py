"""GitHub pushes as GitHub writes them, 400 different ones, and requests made of them.

Every field of a real push is here, with the repository's and the sender's URLs, for they are most
of its bytes and decide how it parses and compresses. Each request has a body and an id of its own:
the last file name of the body carries a number, so a signature costs the load two blocks of
SHA-256 and not a hundred (the HMAC of all that stands before is computed once).
"""

import base64
import hashlib
import hmac
import random
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

import orjson

SECRET = "bench-secret-of-enough-length-0123456789"
BODIES = 400
SIZE = 7_500
"""Bytes, of most bodies: one commit with the repository, organization and sender it belongs to."""
MARK = "0" * 12
"""Stands where each request's number goes, at the end of the body."""
_REPOSITORIES = 40
_PEOPLE = 25
_ORG = "acme"


def _split(text: str) -> tuple[str, ...]:
    return tuple(text.split())


_WORDS = _split(
    "add remove fix cache retry parser deploy queue metrics login token header timeout schema test "
    "release config docs index worker client server upload invoice order customer email webhook "
    "route balance limit error message column table query report build image volume user session"
)
_REPOSITORY_URLS = _split(
    "forks keys{/key_id} collaborators{/collaborator} teams hooks issues/events{/number} events "
    "assignees{/user} branches{/branch} tags git/blobs{/sha} git/tags{/sha} git/refs{/sha} "
    "git/trees{/sha} statuses/{sha} languages stargazers contributors subscribers subscription "
    "commits{/sha} git/commits{/sha} comments{/number} issues/comments{/number} contents/{+path} "
    "compare/{base}...{head} merges {archive_format}{/ref} downloads issues{/number} pulls{/number} "
    "milestones{/number} notifications{?since,all,participating} labels{/name} releases{/id} "
    "deployments"
)
_REPOSITORY_NAMES = _split(
    "forks keys collaborators teams hooks issue_events events assignees branches tags blobs "
    "git_tags git_refs trees statuses languages stargazers contributors subscribers subscription "
    "commits git_commits comments issue_comment contents compare merges archive downloads issues "
    "pulls milestones notifications labels releases deployments"
)
_USER_URLS = {
    "followers_url": "followers", "following_url": "following{/other_user}",
    "gists_url": "gists{/gist_id}", "starred_url": "starred{/owner}{/repo}",
    "subscriptions_url": "subscriptions", "organizations_url": "orgs", "repos_url": "repos",
    "events_url": "events{/privacy}", "received_events_url": "received_events",
}  # fmt: skip
Json = dict[str, object]


def _sha(*seed: object) -> str:
    return hashlib.sha1(repr(seed).encode()).hexdigest()


def _node(kind: str, number: int) -> str:
    return base64.b64encode(f"{kind}{number}".encode()).decode()


def _user(login: str, number: int, kind: str = "User") -> Json:
    api = f"https://api.github.com/users/{login}"
    return {
        "login": login, "id": number, "node_id": _node(f"04:{kind}", number),
        "avatar_url": f"https://avatars.githubusercontent.com/u/{number}?v=4", "gravatar_id": "",
        "url": api, "html_url": f"https://github.com/{login}",
        **{name: f"{api}/{path}" for name, path in _USER_URLS.items()},
        "type": kind, "user_view_type": "public", "site_admin": False,
    }  # fmt: skip


def _repository(number: int, pushed_at: int) -> Json:
    name = _WORDS[-1 - number]
    full, ident = f"{_ORG}/{name}", 186_853_002 + 7919 * number
    api, web = f"https://api.github.com/repos/{full}", f"https://github.com/{full}"
    urls = zip(_REPOSITORY_NAMES, _REPOSITORY_URLS, strict=True)
    owner = {"name": _ORG, "email": None, **_user(_ORG, 21_031_067, "Organization")}
    return {
        "id": ident, "node_id": _node("010:Repository", ident), "name": name, "full_name": full,
        "private": True, "owner": owner, "html_url": web, "description": None, "fork": False,
        "url": api, **{f"{what}_url": f"{api}/{path}" for what, path in urls},
        "created_at": 1_557_933_565 + number, "updated_at": "2025-11-15T15:20:41Z",
        "pushed_at": pushed_at, "git_url": f"git://github.com/{full}.git",
        "ssh_url": f"git@github.com:{full}.git", "clone_url": f"{web}.git", "svn_url": web,
        "homepage": None, "size": 100 + 31 * number, "stargazers_count": 0, "watchers_count": 0,
        "language": "Python", "has_issues": True, "has_projects": True, "has_downloads": True,
        "has_wiki": True, "has_pages": False, "has_discussions": False, "forks_count": 0,
        "mirror_url": None, "archived": False, "disabled": False, "open_issues_count": number,
        "license": None, "allow_forking": True, "is_template": False,
        "web_commit_signoff_required": False, "topics": [], "visibility": "private", "forks": 0,
        "open_issues": number, "watchers": 0, "default_branch": "main", "stargazers": 0,
        "master_branch": "main", "organization": _ORG, "custom_properties": {},
    }  # fmt: skip


def _commit(web: str, who: Json, chance: random.Random, seed: object) -> Json:
    sha = _sha("commit", seed)
    person = {
        "name": str(who["login"]).title(),
        "email": f"{who['id']}+{who['login']}@users.noreply.github.com", "username": who["login"],
    }  # fmt: skip
    files = [f"{'/'.join(chance.sample(_WORDS, 2))}.py" for _ in range(chance.randint(1, 4))]
    return {
        "id": sha, "tree_id": _sha("tree", seed), "distinct": True,
        "message": " ".join(chance.sample(_WORDS, chance.randint(4, 12))).capitalize(),
        "timestamp": f"2026-01-05T09:{chance.randint(10, 59)}:{chance.randint(10, 59)}+01:00",
        "url": f"{web}/commit/{sha}", "author": person, "committer": person,
        "added": files[1:], "removed": [], "modified": files[:1],
    }  # fmt: skip


def push(number: int, size: int = SIZE) -> Json:
    """A push of about `size` bytes, at least some 7,000: as many commits as that takes."""
    chance = random.Random(number)
    repository = _repository(number % _REPOSITORIES, 1_767_600_000 + number)
    person = number % _PEOPLE
    login = f"{_WORDS[person][:3]}{_WORDS[-1 - person]}"
    who = _user(login, 4_000_000 + 977 * person)
    web = f"https://github.com/{repository['full_name']}"
    commits = [_commit(web, who, chance, (number, 0))]
    before = _sha("before", number)
    organization = {
        "login": _ORG, "id": 21_031_067, "node_id": _node("012:Organization", 21_031_067),
        "url": f"https://api.github.com/orgs/{_ORG}", "description": "",
        "repos_url": f"https://api.github.com/orgs/{_ORG}/repos",
        "avatar_url": "https://avatars.githubusercontent.com/u/21031067?v=4",
    }  # fmt: skip
    found: Json = {
        "ref": f"refs/heads/{chance.choice(_WORDS)}-{number}", "before": before, "after": "",
        "repository": repository,
        "pusher": {"name": login, "email": f"{login}@users.noreply.github.com"},
        "organization": organization, "sender": who, "created": False, "deleted": False,
        "forced": False, "base_ref": None, "compare": "", "commits": commits,
    }  # fmt: skip
    room = size - len(orjson.dumps(found)) - len(orjson.dumps(commits[0]))
    each = len(orjson.dumps(commits[0]))
    commits += [
        _commit(web, who, chance, (number, more)) for more in range(1, 1 + max(0, room // each))
    ]
    after = str(commits[-1]["id"])
    found |= {"after": after, "compare": f"{web}/compare/{before[:12]}...{after[:12]}"}
    last = dict(commits[-1])
    found["head_commit"] = last | {"modified": [f"changes/{MARK}.md"]}
    return found


def small(number: int) -> Json:
    """What is the same in a push of 1 KB: no URLs, as other senders write it."""
    whole = push(number)
    repository = whole["repository"]
    assert isinstance(repository, dict)
    kept = ("id", "name", "full_name", "private", "default_branch")
    whole["repository"] = {name: repository[name] for name in kept}
    return {
        name: whole[name]
        for name in ("ref", "before", "after", "repository", "pusher", "head_commit")
    }


@dataclass(frozen=True, slots=True)
class Template:
    """A body in which only the number at its end is still to be written."""

    start: bytes
    end: bytes
    proof: hmac.HMAC
    """Of `start`."""

    def body(self, number: int) -> tuple[bytes, bytes, bytes]:
        """`start`, the rest, and the signature of both in hex."""
        rest = b"%012x%s" % (number, self.end)
        proof = self.proof.copy()
        proof.update(rest)
        return self.start, rest, proof.hexdigest().encode()


@cache
def templates(size: int = SIZE) -> tuple[Template, ...]:
    """The different bodies. size: bytes; under 7,000 they are `small`."""
    count = BODIES if size < 50_000 else 20
    made = []
    for number in range(count):
        whole = orjson.dumps(push(number, size) if size >= 7_000 else small(number))
        start, mark, end = whole.rpartition(MARK.encode())
        assert mark
        made.append(Template(start, end, hmac.new(SECRET.encode(), start, hashlib.sha256)))
    return tuple(made)


Pieces = tuple[bytes, bytes, bytes]
"""A request: its head, and its body in two pieces of which the first is shared."""


def requests(count: int, size: int = SIZE, *, same: bool = False) -> Iterator[Pieces]:
    """`count` whole requests. same: one delivery, sent again and again."""
    made = templates(size)
    run = uuid.uuid4().int >> 80
    for one in range(count):
        number = 0 if same else one
        start, rest, signature = made[number % len(made)].body((run + number) % 16**12)
        head = (
            b"POST /in/github HTTP/1.1\r\nHost: 127.0.0.1\r\nUser-Agent: GitHub-Hookshot/044aadd\r\n"
            b"Content-Length: %d\r\nAccept: */*\r\nContent-Type: application/json\r\n"
            b"X-GitHub-Delivery: %s\r\nX-GitHub-Event: push\r\nX-GitHub-Hook-ID: 292430182\r\n"
            b"X-GitHub-Hook-Installation-Target-ID: 21031067\r\n"
            b"X-GitHub-Hook-Installation-Target-Type: organization\r\n"
            b"X-Hub-Signature-256: sha256=%s\r\n\r\n"
            % (len(start) + len(rest), delivery_id(run, number), signature)
        )
        yield head, start, rest


def delivery_id(run: int, number: int) -> bytes:
    """As GitHub writes one. run: 48 bits that no other run has."""
    return str(uuid.UUID(int=run << 80 | 0x4000 << 64 | 0x8000 << 48 | number)).encode()
