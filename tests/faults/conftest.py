"""One durable PostgreSQL and one nursery for all faults; a town for each test."""

import os

import pytest

from miaohui.server.postgres import EmbeddedPostgres

pytest.register_assert_rewrite("tests.faults.books", "tests.faults.customers")  # they speak for the tests

from tests.faults.town import DURABLE, Nursery, Town  # noqa: E402


@pytest.fixture(scope="session")
def faults_folder(tmp_path_factory):
    """Where everything lies; open to the user that PostgreSQL runs as."""
    folder = tmp_path_factory.mktemp("faults")
    if os.geteuid() == 0:
        folder.chmod(0o755)
    return folder


@pytest.fixture(scope="session")
def durable(faults_folder):
    """A PostgreSQL that may be killed."""
    with EmbeddedPostgres(faults_folder / "postgres", DURABLE) as postgres:
        yield postgres


@pytest.fixture(scope="session")
def nursery():
    """Starts servers."""
    made = Nursery()
    yield made
    made.close()


@pytest.fixture
async def town(durable, nursery, faults_folder):
    """A workspace of this test's own, with no process yet."""
    async with Town(durable, nursery, faults_folder) as made:
        yield made
