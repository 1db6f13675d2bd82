import pytest

from mesh import Mesh


@pytest.fixture(scope="module")
def mesh():
    """One mesh for a module's tests; logs are shown when something failed."""
    with Mesh() as running:
        yield running


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item):
    outcome = yield
    report = outcome.get_result()
    if report.failed and "mesh" in getattr(item, "funcargs", {}):
        item.funcargs["mesh"].print_logs()
