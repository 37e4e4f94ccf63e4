"""The contract tests notice what they are for: each planted fault makes the test that is named with it fail.

Here a few of them are proven; `make contract` proves all.
"""

from __future__ import annotations

import os

import pytest

from tests.contract.faults_planted import FAULTS, Fault
from tests.contract.planting import LONGEST, ROOT, prove, spoilt

ALL = os.environ.get("CONTRACT_ALL_FAULTS") == "1"
PROVEN = [pytest.param(fault, id=fault.name) for fault in FAULTS if ALL or fault.sample]


@pytest.mark.parametrize("fault", [pytest.param(fault, id=fault.name) for fault in FAULTS])
def test_a_planted_fault_has_its_place_in_the_product(fault: Fault) -> None:
    assert spoilt(fault) != (ROOT / fault.file).read_text(encoding="utf-8")


def test_faults_are_planted_in_every_layer() -> None:
    files = [fault.file for fault in FAULTS]
    for layer in (
        "indoxrouter_mock/",
        "indoxrouter_ext/",
        "templates/runtime/",
        "templates/macros/",
        "templates/model",
    ):
        assert any(file.startswith(layer) for file in files), layer
    assert len({fault.name for fault in FAULTS}) == len(FAULTS) >= 40
    assert {fault.file.partition("/")[0] for fault in FAULTS if fault.sample} >= {
        "indoxrouter_mock",
        "templates",
        "indoxrouter_ext",
    }


@pytest.mark.timeout(LONGEST + 70)
@pytest.mark.parametrize("fault", PROVEN)
def test_a_planted_fault_is_caught_by_the_named_test(fault: Fault) -> None:
    verdict = prove(fault)
    assert verdict.caught, f"{fault.test} did not notice that {fault.name}:\n{verdict.output[-3000:]}"
