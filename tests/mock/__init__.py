"""Tests of the mock: plain HTTP, real browsers and clients of other publishers. The SDK itself is tested elsewhere."""
