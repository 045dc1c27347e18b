"""A target's headers: which names are the gateway's own."""

from pathlib import Path

import pytest

from gateway.errors import ConfigInvalid
from gateway.plan.compile import compile_plan

TEXT = """\
version: 1
sources: {{}}
targets:
  sink: {{url: "http://127.0.0.1:9/x", headers: {{{name}: "v"}}}}
routes: []
"""


@pytest.mark.parametrize(
    "name", ["Webhook-Signature", "webhook-id", "Gateway-Event-Id", "traceparent", "Host"]
)
def test_a_header_of_the_gateways_own_cannot_be_set(tmp_path: Path, name: str) -> None:
    file = tmp_path / "routes.yaml"
    file.write_text(TEXT.format(name=name))
    with pytest.raises(ConfigInvalid, match="cannot be set here"):
        compile_plan(file, {}, generation=1)


def test_any_other_can(tmp_path: Path) -> None:
    file = tmp_path / "routes.yaml"
    file.write_text(TEXT.format(name="X-Webhook-Token"))
    plan = compile_plan(file, {}, generation=1)
    assert [name for name, _ in plan.targets["sink"].headers] == ["X-Webhook-Token"]
