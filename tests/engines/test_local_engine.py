"""This machine's processors keep the contract of engines."""

import pytest

from engines import Engine, LocalEngine
from tests.engines.contract import EngineContract


class TestLocalEngine(EngineContract):
    @pytest.fixture
    def engine(self) -> Engine:
        return LocalEngine()
