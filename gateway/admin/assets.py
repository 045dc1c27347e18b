"""Where the templates and static files are: in the installed package, or beside it in a checkout."""

from pathlib import Path

import gateway
from gateway.errors import GatewayError


class TemplatesMissing(GatewayError):
    """The pages' files are not where they belong."""


def folder() -> Path:
    """The folder of templates. Raises `TemplatesMissing`."""
    package = Path(gateway.__file__).parent
    # The wheel carries `templates/` as `gateway/_templates` (pyproject.toml, force-include).
    places = (package / "_templates", package.parent / "templates")
    for place in places:
        if (place / "base.html").is_file():
            return place
    looked = " and ".join(str(place) for place in places)
    raise TemplatesMissing(f"the dashboard's templates are missing (looked in {looked}): reinstall")
