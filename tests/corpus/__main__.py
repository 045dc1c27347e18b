"""`make corpus`: GitHub's published example payloads, signed, through a running gateway.

They are npm's `@octokit/webhooks-examples` (its api.github.com set), fetched into .cache and never
committed. Each has to be accepted, typed, valid by its family's schema and delivered with its payload
byte for byte. Prints what became which type, and what has no place in the vocabulary. Exit 1 if not.
"""

import asyncio
import shutil
import subprocess
import sys
import tarfile
import tempfile
from collections import Counter
from pathlib import Path

import orjson

from tests.app.running import receiving, running
from tests.providers.reading import faults_of

PACKAGE = "@octokit/webhooks-examples"
CACHE = Path(__file__).parents[2] / ".cache"
AT_ONCE = 50


def fetch() -> list[tuple[str, bytes]]:
    """Each example as (GitHub's event, body)."""
    folder = CACHE / "webhooks-examples"
    folder.mkdir(parents=True, exist_ok=True)
    if not list(folder.glob("*.tgz")):
        npm = shutil.which("npm")
        if npm is None:
            sys.exit("npm is needed to fetch the examples")
        subprocess.run(
            [npm, "pack", "--silent", PACKAGE], cwd=folder, check=True, stdout=subprocess.DEVNULL
        )
    with tarfile.open(max(folder.glob("*.tgz"))) as packed:
        member = packed.extractfile("package/api.github.com/index.json")
        assert member is not None
        events = orjson.loads(member.read())
    return [
        (event["name"], orjson.dumps(example)) for event in events for example in event["examples"]
    ]


async def push(examples: list[tuple[str, bytes]]) -> tuple[Counter[tuple[str, str]], list[str]]:
    """Sends all; gives (event and action, type) by count, and what went wrong."""
    problems: list[str] = []
    types: Counter[tuple[str, str]] = Counter()
    room = asyncio.Semaphore(AT_ONCE)
    with tempfile.TemporaryDirectory() as folder:
        async with receiving() as receiver, running(Path(folder), receiver, EVERYTHING) as one:

            async def send(number: int) -> None:
                event, body = examples[number]
                async with room:
                    status, answer = await one.github(f"corpus-{number}", body, event)
                if status != 202 or answer["status"] != "accepted":
                    problems.append(f"{event}: answered {status} {answer}")

            await asyncio.gather(*(send(number) for number in range(len(examples))))
            await receiver.wait(len(examples) - len(problems))
            for _, sent in receiver.taken:
                document = orjson.loads(sent)
                event, body = examples[int(document["providerid"].removeprefix("corpus-"))]
                action = orjson.loads(body).get("action", "")
                types[f"{event}.{action}" if action else event, document["type"]] += 1
                if body not in sent:
                    problems.append(f"{event}: the payload is not byte for byte what was sent")
                problems += [
                    f"{event}: {fault}"
                    for fault in faults_of(document["type"], document["data"]["event"])
                ]
    return types, problems


EVERYTHING = """\
version: 1
server: {listen: "127.0.0.1:0"}
admin: {listen: "127.0.0.1:0"}
store: {min_free: 1MiB}
sources:
  github: {provider: github, secrets: ["${GITHUB_SECRET}"]}
targets:
  sink: {url: "RECEIVER/hooks"}
routes:
  - {name: all, on: ["*", "*.*", "*.*.*"], to: [sink]}
"""


def main() -> None:
    """Prints the tables; exit 1 if anything is not as promised."""
    examples = fetch()
    types, problems = asyncio.run(push(examples))
    by_type: Counter[str] = Counter()
    for (_, type), count in types.items():
        by_type[type] += count
    for type, count in sorted(by_type.items()):
        print(f"{count:5}  {type}")
    others = sorted((word, count) for (word, type), count in types.items() if type == "other")
    print("\nother:", ", ".join(f"{word} ({count})" for word, count in others))
    print(f"\n{len(examples)} examples, {sum(types.values())} delivered, {len(problems)} problems")
    for problem in problems:
        print(f"  {problem}")
    sys.exit(1 if problems else 0)


if __name__ == "__main__":
    main()
