"""Each fault has its place in the product and its test; of a few, `make test` proves that the test notices.

`make planted` proves all of them.
"""

from __future__ import annotations

import pytest

from tests.patience import ALL
from tests.planted.fault import Fault, all_faults
from tests.planted.finder import module_of, node_of
from tests.planted.proof import LONGEST, prove

FAULTS = [pytest.param(fault, id=fault.name.replace(" ", "-")) for fault in all_faults()]
SAMPLE = [each for each in FAULTS if isinstance(each.values[0], Fault) and each.values[0].sample]


def test_every_fault_has_its_target_in_the_product() -> None:
    # Raises for a name that was renamed, with those that are like it.
    assert all(module_of(fault.package, fault.target).startswith(fault.package) for fault in all_faults())


def test_every_fault_has_a_test_that_has_to_notice_it() -> None:
    assert all("::" in node_of(fault.noticed_by) for fault in all_faults())


def test_faults_are_planted_in_every_layer() -> None:
    planted = {fault.package.partition(".")[0] for fault in all_faults()}
    assert planted >= {"indoxrouter", "indoxrouter_ext", "indoxrouter_mock"}
    assert {fault.package.partition(".")[0] for fault in all_faults() if fault.sample} == planted
    assert len(all_faults()) >= 120


@pytest.mark.skipif(not ALL, reason="each starts a run of tests: make test-all, make planted")
@pytest.mark.timeout(LONGEST + 30)
@pytest.mark.parametrize("fault", SAMPLE)
def test_a_planted_fault_is_noticed_by_its_test(fault: Fault) -> None:
    verdict = prove(fault)
    assert verdict.noticed, f"{fault.name}: {verdict.reason}\n{verdict.output[-3000:]}"
