"""The command `remora`: parsing only. What a command does lives in the module it calls, imported when it is called."""

from __future__ import annotations

import argparse
import asyncio
import os
import sys
from collections.abc import Callable, Coroutine, Sequence
from typing import Any

from . import __version__

Run = Callable[[argparse.Namespace], int]


class CommandParser(argparse.ArgumentParser):
    """One command. What is wrong with its arguments is told with its own usage.

    `words`: the positionals by name, where the last may be absent. argparse takes it as absent once an option follows the
    word before it, and gives back what comes later; that is read once more, behind the words it did take.
    """

    words: tuple[str, ...] = ()

    def parse_known_args(self, args: Any = None, namespace: Any = None) -> tuple[Any, list[str]]:
        """As argparse's, with words and options in any order, and with nothing left over."""
        parsed, rest = super().parse_known_args(args, namespace)
        if rest and self.words:
            taken = [word for word in (getattr(parsed, name) for name in self.words) if word is not None]
            again, rest = super().parse_known_args([*taken, *rest])
            for name in self.words:
                setattr(parsed, name, getattr(again, name))
        if rest:
            self.error(f"unrecognized arguments: {' '.join(rest)}")
        return parsed, []


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs one command; the exit code is 0, 1 for a failure that was said, 2 for wrong usage, 130 for Ctrl-C."""
    parser = _parser()
    parsed = parser.parse_args(arguments)
    if parsed.run is None:
        parser.print_help()
        return 2
    try:
        code: int = parsed.run(parsed)
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        sys.stderr.close()
        return 1
    return code


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="remora", description="The sidecar that keeps every service's LLM calls answered."
    )
    parser.set_defaults(run=None)
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", parser_class=CommandParser)
    _add_serve(commands)
    _add_simulate(commands)
    _add_callers(commands)
    _add_files(commands)
    _add_inject(commands)
    version = commands.add_parser("version", help="print the version")
    version.set_defaults(run=_version)
    return parser


def _add_serve(commands: Any) -> None:
    serve = commands.add_parser("serve", help="run the sidecar")
    serve.add_argument(
        "--config", metavar="FILE", help="configuration; without it, providers come from the environment"
    )
    serve.add_argument("--ready-file", metavar="PATH", help="written with the addresses when it serves")
    serve.add_argument("--simulator", action="store_true", help="answer every model from the built-in simulator")
    serve.add_argument("--log-level", choices=("debug", "info", "warning", "error"), default="info")
    in_place = "; in place of the configuration's"
    serve.add_argument(
        "--listen-grpc", metavar="ADDRESS", action="append", default=[], help=f"where calls come in{in_place}"
    )
    serve.add_argument("--listen-probe", metavar="ADDRESS", help=f"where the kubelet probes{in_place}")
    serve.add_argument("--drain-s", metavar="SECONDS", type=float, help=f"for running answers to end{in_place}")
    serve.add_argument("--max-bytes-in-flight", metavar="BYTES", type=int, help=f"of the requests under way{in_place}")
    serve.set_defaults(run=_serve)


def _add_simulate(commands: Any) -> None:
    simulate = commands.add_parser("simulate", help="run the provider simulator alone")
    simulate.add_argument("--port", type=int, default=0, help="0 (default) picks a free one")
    simulate.add_argument("--script", metavar="FILE", help="what happens to which request")
    simulate.add_argument("--ready-file", metavar="PATH", help="written with the addresses when it serves")
    simulate.set_defaults(run=_simulate)


def _add_callers(commands: Any) -> None:
    from . import cli_chat, cli_health

    chat: CommandParser = commands.add_parser("chat", help="ask a model and watch the answer, failovers and all")
    cli_chat.add_chat_arguments(chat)
    chat.words = ("model", "text")
    chat.set_defaults(run=cli_chat.run_chat)
    health = commands.add_parser("health", help="show how the upstreams are")
    cli_health.add_health_arguments(health)
    health.set_defaults(run=cli_health.run_health)


def _add_files(commands: Any) -> None:
    check = commands.add_parser("check", help="validate a configuration")
    check.add_argument("file", metavar="FILE")
    check.set_defaults(run=_check)
    schema = commands.add_parser("schema", help="print the configuration's JSON schema")
    schema.set_defaults(run=_schema)
    classify = commands.add_parser("classify", help="say what upstream error answers mean")
    classify.add_argument("file", metavar="FILE")
    classify.set_defaults(run=_classify)
    explain = commands.add_parser("explain", help="say what a request would meet now: its chain, and every skip")
    explain.add_argument("file", metavar="FILE", help="a ChatRequest as JSON or YAML; '-': standard input")
    explain.add_argument(
        "--config", metavar="FILE", help="configuration; without it, providers come from the environment"
    )
    explain.add_argument(
        "--address", help="the sidecar whose health counts (default: REMORA_ADDRESS, else 127.0.0.1:7650)"
    )
    explain.add_argument("--json", dest="as_json", action="store_true", help="one JSON object")
    explain.set_defaults(run=_explain)
    demo = commands.add_parser("demo", help="watch calls survive dying providers")
    demo.set_defaults(run=_demo)


def _add_inject(commands: Any) -> None:
    from . import cli_inject

    inject = commands.add_parser("inject", help="run the Kubernetes webhook that puts the sidecar into pods")
    cli_inject.add_inject_arguments(inject)
    inject.set_defaults(run=cli_inject.run_inject)


def _serve(parsed: argparse.Namespace) -> int:
    from .config.source import Source
    from .ready import ReadyFile, StartError

    try:  # first of all: an earlier process's file must not outlive a start that fails
        ready = ReadyFile(parsed.ready_file)
    except StartError as error:
        print(str(error), file=sys.stderr)
        return 1
    # A child loads the configuration while this process imports what serves: both take a while.
    source = Source(parsed.config) if parsed.config is not None or not parsed.simulator else None
    try:
        return _serve_from(source, ready, parsed)
    finally:
        if source is not None:
            source.close()


def _serve_from(source: Any, ready: Any, parsed: argparse.Namespace) -> int:
    from . import app
    from .config.override import override
    from .config.problem import ConfigError
    from .config.secret import SecretError
    from .config.settings import Settings
    from .core.catalog import Catalog
    from .ready import StartError
    from .server.listening import ListenError

    try:
        told = override(parsed.listen_grpc, parsed.listen_probe, parsed.drain_s, parsed.max_bytes_in_flight)
        applied = told.applied
        settings = Settings(Catalog({}))
        if source is not None:
            outcome = source.load()
            for note in outcome.notes:
                print(note, file=sys.stderr)
            settings = outcome.for_serving()
        run = app.serve_simulator if parsed.simulator else app.serve
        return _run(run(applied(settings), ready, parsed.log_level, source=source, transform=applied))
    except (ConfigError, ListenError, SecretError, StartError) as error:
        print(str(error), file=sys.stderr)
        return 1


def _simulate(parsed: argparse.Namespace) -> int:
    from . import simulator

    return _run(simulator.run(parsed.port, parsed.script, parsed.ready_file))


def _check(parsed: argparse.Namespace) -> int:
    from .config import check

    return check.run(parsed.file, sys.stdout, sys.stderr, os.environ)


def _schema(parsed: argparse.Namespace) -> int:
    from .config import schema

    print(schema.text())
    return 0


def _classify(parsed: argparse.Namespace) -> int:
    from . import vectors

    return vectors.run(parsed.file, sys.stdout, sys.stderr)


def _explain(parsed: argparse.Namespace) -> int:
    from . import cli_explain

    return cli_explain.run_explain(parsed)


def _version(parsed: argparse.Namespace) -> int:
    print(__version__)
    return 0


def _demo(parsed: argparse.Namespace) -> int:
    from . import demo

    return demo.run()


def _run(main: Coroutine[Any, Any, int]) -> int:
    """On uvloop, which serves the same calls with a tenth less CPU."""
    import uvloop

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(main)


if __name__ == "__main__":
    sys.exit(main())
