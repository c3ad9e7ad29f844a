"""What all tests share: the two policies, a cache of their own, and hypothesis without a clock."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

# Not the user's cache folder, and one that all workers and runs share.
os.environ.setdefault("JIEBEI_CACHE", str(Path(__file__).resolve().parents[1] / ".pytest_cache" / "jiebei"))

# The same examples on every run, and none fails because a machine is slow.
settings.register_profile(
    "jiebei", derandomize=True, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)
settings.load_profile("jiebei")


@pytest.fixture(scope="session")
def article():
    from jiebei_lib.policy import load_policy

    return load_policy("article")


@pytest.fixture(scope="session")
def published():
    from jiebei_lib.policy import load_policy

    return load_policy("published")


@pytest.fixture(scope="session", params=["article", "published"])
def policy(request):
    """Each of the built-in policies in turn."""
    from jiebei_lib.policy import load_policy

    return load_policy(request.param)
