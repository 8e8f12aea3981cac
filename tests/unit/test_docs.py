"""The checks of the documents: they pass, and each sees what it is there for."""

import pytest

from tools import check_docs as docs

COMMANDS = docs.text("docs/commands.md")
README = docs.text("README.md")


def test_the_documents_fit_the_program() -> None:
    assert docs.problems() == []


def test_a_setting_without_a_row_is_told() -> None:
    without = README.replace("| `DADKHAH_CONTACT` |", "| contact |")
    assert docs.settings_problems(without) == [
        "README.md: no row for DADKHAH_CONTACT with its default, none"
    ]


def test_a_wrong_default_is_told() -> None:
    wrong = README.replace("| `DADKHAH_HOST_DELAY` | `5` |", "| `DADKHAH_HOST_DELAY` | `9` |")
    assert docs.settings_problems(wrong) == [
        "README.md: no row for DADKHAH_HOST_DELAY with its default, 5"
    ]


def test_a_setting_that_is_gone_is_told() -> None:
    more = README + "\n| `DADKHAH_MOOD` | `good` | how it feels |\n"
    assert docs.settings_problems(more) == ["README.md: DADKHAH_MOOD is no setting"]


def test_every_command_is_walked_with_its_options() -> None:
    walked = dict(docs.commands())
    assert "--no-check" in walked["feeds add"]
    assert {"demo", "db backup", "deliveries settle"} <= walked.keys()


@pytest.mark.parametrize(
    ("written", "instead", "problem"),
    [
        pytest.param("### `dadkhah audit`", "### Audit", "no heading for `dadkhah audit`", id="no"),
        pytest.param("--dry-run", "dry", "`dadkhah digest`: --dry-run is missing", id="option"),
        pytest.param("### `dadkhah demo`", "### `dadkhah dem`", "`dadkhah dem` is no", id="gone"),
    ],
)
def test_a_command_that_is_not_told_right_is_told(written: str, instead: str, problem: str) -> None:
    found = docs.command_problems(COMMANDS.replace(written, instead), README)
    assert any(problem in line for line in found)


def test_a_top_command_without_a_row_in_the_readme_is_told() -> None:
    found = docs.command_problems(COMMANDS, README.replace("| `doctor` |", "| doctor |"))
    assert found == ["README.md: `doctor` has no row in the table of commands"]


def test_a_key_without_a_row_is_told() -> None:
    found = docs.row_problems("docs/export.md", "key", ["url", "mood"])
    assert found == ["docs/export.md: the key mood is missing"]


@pytest.mark.parametrize(
    ("link", "problem"),
    [
        pytest.param("docs/export.md", None, id="a file"),
        pytest.param("docs/export.md#reasons", None, id="a heading"),
        pytest.param("#where-to-read-on", None, id="a heading of its own"),
        pytest.param("https://example.org/none", None, id="elsewhere"),
        pytest.param("docs/none.md", "leads nowhere", id="no file"),
        pytest.param("docs/export.md#none", "names no heading", id="no heading"),
    ],
)
def test_links_lead_somewhere(link: str, problem: str | None) -> None:
    found = docs.link_problems("README.md", f"see [this]({link})")
    assert found == ([] if problem is None else [f"README.md: the link {link} {problem}"])


def test_links_in_code_are_no_links() -> None:
    assert docs.link_problems("README.md", "```\n[x](none.md)\n```\n") == []


@pytest.mark.parametrize("folder", ["work", "root", "home"])
def test_a_path_of_one_machine_is_told(folder: str) -> None:
    path = f"/{folder}/" + "somebody"
    assert docs.path_problems("a.md", f"one\nsee {path}") == ["a.md:2: a path of one machine"]
    assert docs.path_problems("a.md", f"https://example.org{path}") == []
