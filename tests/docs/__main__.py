"""`make docs`: writes the generated pages anew."""

from tests.docs.pages import PAGES

for path, render in PAGES.items():
    path.write_text(render(), encoding="utf-8")
