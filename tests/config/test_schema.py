"""The JSON Schema that editors use: the shipped file names it and is valid by it."""

from pathlib import Path

import jsonschema
import pytest
from ruamel.yaml import YAML

from gateway.config.schema import config_schema
from gateway.plan.report import check_report

SHIPPED = Path(__file__).parents[2] / "routes.yaml"
SECRETS = ["GITHUB_WEBHOOK_SECRET", "STRIPE_SIGNING_SECRET", "CIRCLECI_WEBHOOK_SECRET"]
ENVIRON = dict.fromkeys([*SECRETS, "ORDERS_WEBHOOK_SECRET"], "a-secret-of-more-than-16-bytes")
ENVIRON["GITLAB_WEBHOOK_TOKEN"] = "whsec_" + "QUJD" * 11  # a plain token would be a warning


def shipped() -> dict[str, object]:
    data = YAML(typ="safe", pure=True).load(SHIPPED.read_text("utf-8"))
    assert isinstance(data, dict)
    return data


def test_the_shipped_file_names_the_schema_and_is_valid_by_it() -> None:
    first = SHIPPED.read_text("utf-8").splitlines()[0]
    named = first.removeprefix("# yaml-language-server: $schema=")
    assert (SHIPPED.parent / named).is_file()
    jsonschema.Draft202012Validator.check_schema(config_schema())
    jsonschema.validate(shipped(), config_schema())


def test_an_unknown_key_is_invalid_by_it() -> None:
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({**shipped(), "sever": {}}, config_schema())


@pytest.mark.parametrize(
    "target",
    [{}, {"timeout": "5s"}, {"url": "http://a/", "endpoints": [{"url": "http://b/"}]}],
)
def test_a_target_has_one_url_or_several_endpoints(target: dict[str, object]) -> None:
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({**shipped(), "targets": {"a": target}}, config_schema())


def test_the_shipped_file_is_right_once_its_secrets_are_set() -> None:
    report = check_report(SHIPPED, ENVIRON)
    assert (report.errors, report.warnings) == ((), ())


def test_every_key_has_a_description() -> None:
    definitions = config_schema()["$defs"]
    assert isinstance(definitions, dict)
    for name, shape in definitions.items():
        for key, one in shape["properties"].items():
            assert one.get("description"), f"{name}.{key}"
