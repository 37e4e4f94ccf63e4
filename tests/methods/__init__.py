"""Tests of the documented methods of both clients, over the mock. Failures of the network: `tests/reliability`."""
