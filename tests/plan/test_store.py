"""Where the store is: the same place by every name it has."""

from pathlib import Path

import pytest

from gateway.errors import ConfigInvalid
from gateway.plan.compile import compile_plan, store_path


@pytest.mark.parametrize("url", ["sqlite:link.db", "sqlite:folder/gateway.db"])
def test_a_link_is_the_file_it_leads_to(tmp_path: Path, url: str) -> None:
    """Two gateways by two names would both have had it, each with a lock beside its own name; and
    the room that is guarded is that of the disk where the file is."""
    real = tmp_path / "disk" / "gateway.db"
    real.parent.mkdir()
    (tmp_path / "link.db").symlink_to(real)
    (tmp_path / "folder").symlink_to(real.parent)
    config = tmp_path / "routes.yaml"
    config.write_text(f"version: 1\nstore: {{url: '{url}'}}\n")
    assert compile_plan(config, {}, generation=1).store.path == real.resolve()
    assert store_path(config, {}) == real.resolve()


def test_a_path_that_no_file_can_have_is_a_mistake_and_no_crash(tmp_path: Path) -> None:
    config = tmp_path / "routes.yaml"
    config.write_text('version: 1\nstore: {url: "sqlite:a\\0b"}\n')
    with pytest.raises(ConfigInvalid, match="is no store"):
        compile_plan(config, {}, generation=1)
