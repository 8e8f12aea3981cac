"""The container's files: pinned, not root, health asked, and no setting that is none."""

import re
import tomllib
from pathlib import Path

import pytest

from config.settings import PREFIX, Settings, unknown_variables

ROOT = Path(__file__).parents[2]
DOCKERFILE = (ROOT / "Dockerfile").read_text(encoding="utf-8")
IGNORED = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
COMPOSE = (ROOT / "compose.yaml").read_text(encoding="utf-8")


def instructions() -> list[tuple[str, str]]:
    """Every instruction with its argument, continued lines joined, comments left out."""
    lines = "\n".join(line for line in DOCKERFILE.splitlines() if not line.startswith("#"))
    joined = re.sub(r"\s*\\\n\s*", " ", lines)
    return [(word, rest) for word, _, rest in (x.partition(" ") for x in joined.splitlines() if x)]


def arguments(word: str) -> list[str]:
    return [rest for name, rest in instructions() if name == word]


def test_every_base_image_is_pinned_to_a_version_and_a_debian_release() -> None:
    bases = arguments("FROM")
    assert bases
    for base in bases:
        assert re.match(r"python:3\.\d+-slim-[a-z]+(@sha256:[0-9a-f]{64})?( AS \w+)?$", base), base


def test_both_stages_have_the_same_python_for_the_environment_is_copied() -> None:
    assert len({base.split()[0] for base in arguments("FROM")}) == 1


def test_the_python_is_one_that_the_project_takes() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    least = int(project["requires-python"].removeprefix(">=3."))
    assert int(re.findall(r"python:3\.(\d+)", arguments("FROM")[0])[0]) >= least


def test_the_user_is_a_number_and_not_root() -> None:
    user = arguments("USER")[-1]
    assert re.fullmatch(r"[1-9]\d*:[1-9]\d*", user)


def test_nothing_is_installed_after_the_user_is_set() -> None:
    after = [word for word, _ in instructions()]
    assert not {"RUN", "COPY", "ADD"} & set(after[after.index("USER") :])


def test_health_is_asked_by_a_program_that_compiles() -> None:
    (check,) = arguments("HEALTHCHECK")
    assert "/healthz" in check
    (script,) = re.findall(r'"-c", "(.*)"\]$', check)
    compile(script, "HEALTHCHECK", "exec")


def test_libraries_are_installed_by_their_hashes_only() -> None:
    installs = re.findall(r"pip\b[^&]* install [^&]*", " ".join(arguments("RUN")))
    assert installs
    assert all("--require-hashes" in line or "--no-index" in line for line in installs)


def test_the_image_says_the_projects_version() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert f'org.opencontainers.image.version="{project["version"]}"' in DOCKERFILE


def test_what_is_copied_is_what_the_build_may_see() -> None:
    named = {name for line in arguments("COPY") if "--from" not in line for name in line.split()}
    assert IGNORED[1] == "*"
    assert {line[1:] for line in IGNORED if line.startswith("!")} == named - {"./"}


def test_every_package_of_the_project_is_in_the_image() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    packages = project["tool"]["setuptools"]["packages"]["find"]["include"]
    assert {f"!{name.rstrip('*')}" for name in packages} <= set(IGNORED)


@pytest.mark.parametrize(
    "text", [pytest.param(DOCKERFILE, id="Dockerfile"), pytest.param(COMPOSE, id="compose.yaml")]
)
def test_every_variable_is_a_setting(text: str) -> None:
    named = re.findall(rf"{PREFIX}[A-Z_]+", text)
    assert named
    assert unknown_variables(dict.fromkeys(named, "")) == ()


def test_the_health_check_and_the_program_agree_on_the_address() -> None:
    default = Settings.model_fields["http_listen"].default
    assert f"DADKHAH_HTTP_LISTEN={default}" in arguments("ENV")[-1]


@pytest.mark.parametrize(
    "line",
    ["read_only: true", "cap_drop: [ALL]", "no-new-privileges:true", "stop_grace_period: 15s"],
)
def test_compose_keeps_its_limits(line: str) -> None:
    dadkhah = COMPOSE.partition("\n  dadkhah:\n")[2].partition("\n  postgres:\n")[0]
    assert line in dadkhah


def test_compose_holds_no_secret() -> None:
    assert not re.search(r"(PASSWORD|TOKEN|DATABASE_URL):", COMPOSE)
