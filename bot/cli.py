"""The command ``nindy``."""

from __future__ import annotations

import asyncio
import os
import sys
import time
import warnings
from pathlib import Path

# Rasa and TensorFlow talk at import; what they say is not for the people who start Nindy.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "0")
os.environ.setdefault("SQLALCHEMY_SILENCE_UBER_WARNING", "1")
os.environ.setdefault("RASA_TELEMETRY_ENABLED", "false")
warnings.filterwarnings("ignore")

import typer  # noqa: E402

from bot import log, settings  # noqa: E402
from bot.errors import StartupError  # noqa: E402
from bot.privacy import new_key  # noqa: E402
from bot.settings import Settings  # noqa: E402

cli = typer.Typer(no_args_is_help=True, add_completion=False, help="Nindy, HAI-DJPb's assistant.")


@cli.command()
def up() -> None:
    """Train if needed, then run everything in one process until Ctrl-C."""
    read = _settings()
    from bot.app import up as run

    _train_if_needed()
    asyncio.run(run(read, lambda: _say_addresses(read)))


@cli.command()
def train() -> None:
    """Train the model of today's data."""
    _settings()
    _train()


@cli.command()
def match(
    text: str = typer.Argument("", help="One message."),
    file: Path = typer.Option(None, "--file", help="A file with one message per line."),
) -> None:
    """Print what the matcher makes of messages, one JSON line each."""
    _settings()
    _train_if_needed()
    from bot.nlu.command import match_lines

    lines = file.read_text(encoding="utf-8").splitlines() if file else [text]
    for line in match_lines(lines):
        print(line)


@cli.command()
def key() -> None:
    """Print a fresh key for NINDY_ENCRYPTION_KEYS or NINDY_INDEX_KEY."""
    print(new_key())


def main() -> None:
    """Run the command; what stops a start is one clear line and exit code 2."""
    try:
        cli(standalone_mode=False)
    except StartupError as error:
        print(f"nindy: {error}", file=sys.stderr)
        sys.exit(2)
    except typer.Abort:
        sys.exit(130)
    except Exception as error:
        import click

        if not isinstance(error, click.ClickException):
            raise
        error.show()
        sys.exit(error.exit_code)


def _settings() -> Settings:
    read = settings.load()
    log.configure(read.log_level)
    return read


def _train_if_needed() -> None:
    from bot.app import PROJECT
    from bot.turn import training

    if not training.model_path(PROJECT).exists():
        _train()


def _train() -> None:
    print("Training the model ...", flush=True)
    began = time.monotonic()
    from bot.app import PROJECT
    from bot.turn import training

    path = training.train(PROJECT)
    print(f"Trained in {time.monotonic() - began:.0f} s: {path.relative_to(PROJECT)}", flush=True)


def _say_addresses(read: Settings) -> None:
    base = f"http://{read.host}"
    print(
        f"""
Nindy is up. Ctrl-C stops it.
  {base}:{read.sandbox_port}/  the phone: write to Nindy, press buttons, switch faults on
  {base}:{read.edge_port}/webhooks/whatsapp  the public edge, where WhatsApp delivers
  {base}:{read.desk_port}/  the agents' desk (a placeholder for now)
""",
        flush=True,
    )
