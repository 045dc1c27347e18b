"""The JSON Schema of routes.yaml, for editors: printed by `gateway schema config`."""

from gateway.config.shapes import File


def config_schema() -> dict[str, object]:
    """JSON Schema, draft 2020-12."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "routes.yaml of the webhook gateway",
        **_mapping(File.model_json_schema(mode="validation")),
    }


def _mapping(value: dict[str, object]) -> dict[str, object]:
    """Without the titles pydantic makes of names, and defaults that are not as the file writes
    them (a duration's is a number of seconds here; its description says it in words)."""
    kept = {key: one for key, one in value.items() if not _superfluous(key, one, value)}
    return {key: _tidy(one) for key, one in kept.items()}


def _tidy(value: object) -> object:
    if isinstance(value, list):
        return [_tidy(one) for one in value]
    return _mapping(value) if isinstance(value, dict) else value


def _superfluous(key: str, value: object, within: dict[str, object]) -> bool:
    if key == "title":
        return isinstance(value, str)  # a property may be called `title`
    return key == "default" and (value is None or "examples" in within)
