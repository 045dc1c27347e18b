"""docs/configuration.md: a head written by hand, then every key as the shapes describe it."""

from gateway.config.schema import config_schema
from tests.docs.tables import table

HEAD = """\
# Configuration

One file, `routes.yaml`, in git. This page lists every key; it is generated from the code, so it is
what the gateway reads. Unknown and doubled keys are errors, and `gateway check` reports all mistakes
of a file at once, each with its line and column. Editors complete and check the file by
[routes.schema.json](routes.schema.json) (`gateway schema config`).

## Values

| written | means |
|---|---|
| `${NAME}` | the environment's variable; an error where it is unset or empty |
| `${NAME:-default}` | the same with a value for when it is unset or empty |
| `$${` | a `${` that is meant as text |
| `file:secrets/github` | a secret read from a file, its trailing newline cut; relative paths count from the folder of routes.yaml |
| `credential:github` | a secret from systemd's `$CREDENTIALS_DIRECTORY` |
| `500ms` `5s` `5m` `24h` `30d` | durations |
| `64KiB` `25MB` | sizes |
| `100/s` `600/m` | rates |

Variables are put into values only, never into keys, after the YAML was read, so nothing in a value
can change the file's structure. Inside an expression a variable is a constant, never template text.
Secret files are read again at each reload. Names of sources, targets and routes begin with a letter
or digit and hold `a-z 0-9 _ -`, at most 63.

A source whose secret is unset, empty, unreadable or shorter than 16 bytes is **closed**: it answers
503, the rest runs, and `gateway check` exits 1.

## Reload

`gateway reload` or SIGHUP compiles the whole file and swaps it in at once, or refuses it and keeps
the old one. A changed `listen` or `store` is named and waits for a restart. Routes, targets and
order keys are fixed when an event is accepted; URLs, policies, formats, transforms and headers are read
anew at each attempt.

## Expressions

`when`, `order_by`, `debounce.by`, `transform` and a target's `fair_by` and `headers` are written in
Jinja2's syntax, over these names:

| name | is |
|---|---|
| `event` | the normalized fields: `event.branch == 'main'` |
| `payload` | the sender's own JSON: `payload.repository.full_name` |
| `headers` | the request's headers, by name in any case: `headers['x-github-event']` |
| `source` `type` `id` | the source's name, the event's type, the event's id |

- `a.b` and `a['b']` mean the key `b`, never an attribute of Python's. What is not there is *missing*:
  false, equal to nothing, smaller and larger than nothing, empty when printed. Nothing fails for it.
- Methods of texts: `startswith` `endswith` `lower` `upper` `strip` `split`. Filters: `lower` `upper`
  `length` `default` `first` `last` `trim` `int` `float` `string` `tojson` `join`. Tests: `defined`
  `none` `in`. Comparisons, `and` `or` `not`, `a if b else c`, arithmetic on numbers, `~` joins texts.
- `for` loops only in a `transform`. No other statement, no import, no call of anything else.
- 10,000 steps and 256 KiB of output an event. A condition, an `order_by` or a `debounce.by` that
  fails or runs out of them holds that route's deliveries with the reason (`expression`); the sender
  still gets its 2xx.
- A `transform` value that is exactly one `{{ … }}` keeps its JSON type; anything else is text.

"""

_ORDER = (
    ("Server", "server", "`server`"),
    ("Admin", "admin", "`admin`"),
    ("Store", "store", "`store`"),
    ("Source", "source", "A source: `sources.NAME`"),
    ("Limits", "limits", "`sources.NAME.limits`"),
    ("Verify", "verify", "`sources.NAME.verify`, for `provider: custom`"),
    ("RuleShape", "rule", "`sources.NAME.rules[]`, for `provider: custom`"),
    ("FieldShape", "field", "`sources.NAME.rules[].fields.NAME`"),
    ("Target", "target", "A target: `targets.NAME`"),
    ("Endpoint", "endpoint", "`targets.NAME.endpoints[]`"),
    ("Breaker", "breaker", "`targets.NAME.breaker`"),
    ("Health", "health", "`targets.NAME.health`"),
    ("Retry", "retry", "`targets.NAME.retry`"),
    ("Auth", "auth", "`targets.NAME.auth`"),
    ("Basic", "basic", "`targets.NAME.auth.basic`"),
    ("OAuth2", "oauth2", "`targets.NAME.auth.oauth2`"),
    ("BodyHmac", "hmac", "`targets.NAME.auth.hmac`"),
    ("Tls", "tls", "`targets.NAME.tls`"),
    ("Route", "route", "A route: `routes[]`"),
    ("Debounce", "debounce", "`routes[].debounce`"),
)
_PLACES = {name: place for name, place, _ in _ORDER}


def render() -> str:
    """The whole page."""
    schema = config_schema()
    parts = [HEAD, "## The keys\n\n", _keys(schema)]
    shapes = schema["$defs"]
    assert set(shapes) == set(_PLACES), "a shape without a place on the page"
    for name, place, title in _ORDER:
        about = shapes[name].get("description", "")
        parts.append(f'\n<a id="{place}"></a>\n\n### {title}\n\n{about}\n\n{_keys(shapes[name])}')
    return "".join(parts)


def _keys(shape: dict) -> str:
    required = set(shape.get("required", ()))
    rows = []
    for key, said in shape["properties"].items():
        name = f"`{key}`" + (" **required**" if key in required else "")
        rows.append((name, _kind(said), _about(said)))
    return table(("key", "takes", "means"), rows)


def _about(said: dict) -> str:
    about = said.get("description", "")
    default = said.get("default")
    if default in (None, "") or "efault" in about:
        return about
    shown = str(default).lower() if isinstance(default, bool) else default
    return f"{about} Default `{shown}`."


def _kind(said: dict) -> str:
    if "$ref" in said:
        place = _PLACES[said["$ref"].rpartition("/")[2]]
        return f"[{place}](#{place})"
    if "anyOf" in said:
        return " or ".join(_kind(one) for one in said["anyOf"] if one.get("type") != "null")
    if "enum" in said:
        return " ".join(f"`{one}`" for one in said["enum"])
    if "const" in said:
        return f"`{said['const']}`"
    if "examples" in said:
        return "like " + " ".join(f"`{one}`" for one in said["examples"])
    if said.get("type") == "array":
        return f"list of {_kind(said['items'])}"
    if said.get("type") == "object":
        values = said.get("patternProperties") or {"": said["additionalProperties"]}
        return f"name → {_kind(next(iter(values.values())))}"
    return {"string": "text", "boolean": "true, false", "integer": "number"}.get(
        said.get("type", ""), "any value"
    )
