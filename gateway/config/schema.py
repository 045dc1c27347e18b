"""The JSON Schema of routes.yaml, for editors: printed by `gateway schema config`."""

from gateway.config.shapes import File


def config_schema() -> dict[str, object]:
    """JSON Schema, draft 2020-12."""
    found = File.model_json_schema(mode="validation")
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "routes.yaml of the webhook gateway",
        **{key: value for key, value in found.items() if key != "title"},
    }
