"""schemathesis against the mock, in-process: few examples of everything, the same ones on each run.

`make contract` runs the same configuration over HTTP, with more examples.
"""

from __future__ import annotations

import pytest
import tomllib  # type: ignore[import-not-found]  # since 3.11, which schemathesis needs
from schemathesis.checks import CHECKS, load_all_checks

from tests.contract.coverage import COVERAGE
from tests.contract.excuses import COMPATIBLE_EXCUSES, EXCUSES
from tests.contract.probe import COMPATIBLE, CONFIG, OPTIONS, probe
from tests.spec.document import OPERATIONS

PHASES = ("examples", "coverage", "fuzzing", "stateful")
SAME_SPEC = ("examples", "fuzzing", "stateful")  # the coverage phase draws nothing by chance


@pytest.mark.timeout(120)
def test_schemathesis_finds_nothing_wrong_with_the_mock() -> None:
    outcome = probe(5)
    assert not outcome.failures, outcome.summary()
    assert not outcome.errors, outcome.summary()
    assert not outcome.violations, outcome.summary()
    assert {name: outcome.phases[name] for name in PHASES} == dict.fromkeys(PHASES, "success")
    assert outcome.cases > 50 * len(OPERATIONS)


@pytest.mark.timeout(120)
def test_schemathesis_finds_nothing_wrong_with_the_paths_under_v1() -> None:
    outcome = probe(8, spec=COMPATIBLE, base="/v1", phases=("examples", "coverage", "fuzzing"))
    assert not outcome.failures, outcome.summary()
    assert not outcome.errors, outcome.summary()
    assert not outcome.violations, outcome.summary()
    assert outcome.cases > 100 * len(COMPATIBLE["paths"])


@pytest.mark.timeout(120)
def test_a_seed_repeats_every_request_and_every_answer() -> None:
    first, second = (probe(2, phases=SAME_SPEC) for _ in range(2))
    assert first.cases == second.cases > len(OPERATIONS)
    assert first.transcript == second.transcript
    assert first.logins == second.logins > 1, "tokens live for seconds, so that a run needs several"


def test_every_check_is_on_and_every_phase() -> None:
    load_all_checks()
    config = tomllib.loads(CONFIG.read_text())
    assert "checks" not in config, "a check is switched off by an excuse, with its operations and its reason"
    assert "phases" not in config
    assert "operations" not in config
    assert len(CHECKS.get_all_names()) >= 14


def test_excuses_say_why_and_for_which_operations_only() -> None:
    described = {
        operation["operationId"] for path in COMPATIBLE["paths"].values() for operation in path.values()
    }
    for excuse in (*EXCUSES, *COMPATIBLE_EXCUSES):
        assert len(excuse.reason) > 40
        assert excuse.operations <= OPERATIONS.keys() | described
    names = [excuse.name for excuse in (*EXCUSES, *COMPATIBLE_EXCUSES)]
    assert len(set(names)) == len(names)


def test_the_key_of_the_configuration_is_the_one_of_the_specs_examples() -> None:
    config = tomllib.loads(CONFIG.read_text())
    assert config["auth"]["openapi"]["apiKeyHeader"]["api_key"] == OPTIONS.api_key
    assert OPTIONS.api_key in str(OPERATIONS["createToken"]["requestBody"])


def test_what_a_run_makes_use_of_is_noted() -> None:
    probe(1, phases=("examples",), operations=("listTrendingModels",))
    assert ("listTrendingModels", "") in COVERAGE.seen["mock.operations"]
    assert ("listTrendingModels", "200") in COVERAGE.seen["mock.statuses"]
    assert ("TrendingModel", "rank") in COVERAGE.seen["mock.answer_fields"]
