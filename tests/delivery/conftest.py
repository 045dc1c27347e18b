"""The event that most tests of rendering are about."""

import pytest

from gateway.model.records import Work
from tests.delivery.rendering import stored


@pytest.fixture
def event() -> Work:
    return stored()
