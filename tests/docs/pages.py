"""Which files under docs/ are generated, and by what."""

import json
from collections.abc import Callable
from pathlib import Path

from gateway.config.schema import config_schema
from tests.docs import configuration, delivery, reference

DOCS = Path(__file__).parents[2] / "docs"

PAGES: dict[Path, Callable[[], str]] = {
    DOCS / "configuration.md": configuration.render,
    DOCS / "delivery.md": delivery.render,
    DOCS / "reference.md": reference.render,
    DOCS / "routes.schema.json": lambda: json.dumps(config_schema(), indent=2) + "\n",
}
