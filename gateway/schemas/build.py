"""Writes the families' JSON Schemas from the vocabulary: `python -m gateway.schemas.build`.

What a field is stands in `gateway.providers.vocabulary`; here stands only how that is said in JSON
Schema, and the rules between fields.
"""

import json
from pathlib import Path

from gateway.providers import vocabulary
from gateway.providers.vocabulary import FAMILIES, FIELDS, OTHER, FieldWord

Json = dict[str, object]

GATEWAY = "gateway"
"""Our own events: the fields that every family has."""

_KINDS: dict[str, Json] = {
    "text": {"type": "string", "minLength": 1},
    "integer": {"type": "integer"},
    "boolean": {"type": "boolean"},
    "time": {
        "type": "string",
        "format": "date-time",
        "pattern": r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$",
    },
}
_COMMIT: Json = {"type": "string", "pattern": "^[0-9a-f]{7,64}$", "not": {"pattern": "^0+$"}}
_SHAPES: dict[str, Json] = {
    "sha": _COMMIT,
    "before_sha": _COMMIT,
    "ref": {"type": "string", "pattern": "^refs/(heads|tags)/[\\s\\S]"},
    "currency": {"type": "string", "pattern": "^[A-Z]{3}$"},
}
"""Fields whose text has a form of its own."""

_REF_RULE: Json = {
    "$comment": "A git ref has exactly one short name: a tag `main` never passes for the branch.",
    "if": {"required": ["ref"]},
    "then": {"oneOf": [{"required": ["branch"]}, {"required": ["tag"]}]},
    "else": {"not": {"required": ["branch", "tag"]}},
}
_FORK_RULE: Json = {
    "$comment": "A run for a fork's change names no branch: a fork's `main` is not ours.",
    "if": {"required": ["head_repo"]},
    "then": {"properties": {"ref": False, "branch": False, "tag": False}},
}
_OUTCOME_RULE: Json = {
    "$comment": "Only what is finished has an outcome.",
    "if": {"required": ["outcome"]},
    "then": {"required": ["status"], "properties": {"status": {"const": "finished"}}},
}
_MONEY_RULE: Json = {
    "$comment": "An amount says nothing without its currency.",
    "dependentRequired": {name: ["currency"] for name in ("amount", "refunded_amount", "fee")},
}


def build(family: str) -> Json:
    """One family's schema."""
    common = family == GATEWAY
    names = vocabulary.fields_of(("meta",) if common else (family,))
    words = [
        word for word in FIELDS.values() if word.name in names and not (common and _special(word))
    ]
    schema: Json = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": f"urn:gateway:schema:{family}",
        "title": f"Normalized fields of `{family}` events",
        "description": _about(family),
        "type": "object",
        "properties": {word.name: _property(word) for word in words},
        "additionalProperties": False,
    }
    if rules := _rules(family, frozenset(word.name for word in words)):
        schema["allOf"] = rules
    return schema


def _about(family: str) -> str:
    types = ", ".join(FAMILIES.get(family, (f"{family}.*",)))
    return f"`data.event` of: {types}. What is not known is left out, never null, never guessed."


def _special(word: FieldWord) -> bool:
    """Whether some family does without it."""
    return len(word.families) < len(FAMILIES) - 1


def _property(word: FieldWord) -> Json:
    shape = {"type": "string", "enum": list(word.values)} if word.values else None
    described = {"description": f"{word.meaning[0].upper()}{word.meaning[1:]}."}
    return {**described, **(shape or _SHAPES.get(word.name) or _KINDS[word.kind])}


def _rules(family: str, names: frozenset[str]) -> list[Json]:
    rules = []
    if "ref" in names and family != OTHER:
        rules.append(_REF_RULE)
    if family == "ci":
        rules.append(_FORK_RULE)
    if "outcome" in names:
        rules.append(_OUTCOME_RULE)
    if "amount" in names:
        rules.append(_MONEY_RULE)
    return rules


def text(family: str) -> str:
    """One family's schema as it stands in its file."""
    return json.dumps(build(family), indent=2, ensure_ascii=False) + "\n"


def main() -> None:
    """Writes every family's file beside this one."""
    for family in (*FAMILIES, GATEWAY):
        Path(__file__).with_name(f"{family}.json").write_text(text(family), "utf-8")


if __name__ == "__main__":
    main()
